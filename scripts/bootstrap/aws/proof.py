"""The last steps: prove the new road by using it, and only then retire the credential that was handed over.

The proof is an object in the bucket that only the deployer can put there (the bucket's policy), holding
what only the secrets key can have encrypted: the fingerprint of the road, so that a road that was
changed since has to be proven anew. Whoever reads it back has seen all of it work: federation, the
role, the bucket and the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.bootstrap.aws import access, policies
from scripts.bootstrap.aws.session import DEPLOYER, RETIRE, AwsSession
from scripts.bootstrap.aws.state import NONE
from scripts.bootstrap.calls import Call, Later, Secret
from scripts.bootstrap.steps import Context, Finding, Pipeline, Problem
from stacks.text import Text

KEY = "proof/road"
CONTEXT = {"jichitai": "proof"}


def fingerprint(c: Context[AwsSession], pipeline: Pipeline) -> str:
    """What the road is, in short: who may walk it, what they may do, where it leads."""
    names = c.session.names
    road: list[Any] = [
        policies.web_trust(
            access.provider_arn(c, pipeline),
            access.pipeline_host(pipeline),
            pipeline,
            pipeline.audience or access.AUDIENCE,
        ),
        policies.deployer(names),
        policies.boundary(names, c.settings.regions),
        names.bucket,
        names.secrets_key,
    ]
    return hashlib.sha256("\n".join(map(str, road)).encode()).hexdigest()


def proven(c: Context[AwsSession]) -> bool:
    """Whether the road as it is now has been used."""
    if c.settings.pipeline is None:
        return False
    names = c.session.names
    said = c.session.read("s3", "GetObject", Bucket=names.bucket, Key=KEY, absent=NONE)
    if said is None:
        return False
    sealed: bytes = said["Body"].read()
    opened = c.session.read(
        "kms",
        "Decrypt",
        CiphertextBlob=sealed,
        EncryptionContext=CONTEXT,
        absent=("InvalidCiphertextException", "NotFoundException"),
    )
    wanted = fingerprint(c, c.settings.pipeline).encode()
    return opened is not None and opened["Plaintext"] == wanted


def look_prove(c: Context[AwsSession]) -> Finding:
    """Walk the road once, as the pipeline: become the deployer, list the bucket, encrypt with the key."""
    pipeline, names = c.settings.pipeline, c.session.names
    if pipeline is None:
        return Finding(problem=access.no_pipeline())
    place = f"s3://{names.bucket}/{KEY}"
    if proven(c):
        return Finding(facts={"proof": place, "fingerprint": fingerprint(c, pipeline)})
    if not c.settings.token_file:
        return Finding(facts={"proof": None}, waiting=_in_the_pipeline(c, pipeline))
    try:
        token = Path(c.settings.token_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        return Finding(facts={"proof": None}, problem=_no_token(c.settings.token_file, error))
    become = {
        "RoleArn": names.role_arn(names.deployer),
        "RoleSessionName": "jichitai-proof",
        "WebIdentityToken": Secret(token),
        "DurationSeconds": 900,
    }
    encrypt = {
        "KeyId": names.secrets_key,
        "Plaintext": fingerprint(c, pipeline),
        "EncryptionContext": CONTEXT,
    }
    sealed = Later("ciphertext", "sealed", ("CiphertextBlob",))
    put = {"Bucket": names.bucket, "Key": KEY, "Body": sealed, "ChecksumAlgorithm": "SHA256"}
    return Finding(
        facts={"proof": None},
        calls=(
            Call(
                "sts",
                "AssumeRoleWithWebIdentity",
                become,
                Text("パイプラインの身元でロールになる", "become the role, as the pipeline"),
                id=DEPLOYER,
            ),
            Call(
                "s3",
                "ListObjectsV2",
                {"Bucket": names.bucket, "Prefix": ".pulumi/", "MaxKeys": 1},
                Text("状態の置き場を読む", "read where the state is"),
                by=DEPLOYER,
            ),
            Call(
                "kms",
                "Encrypt",
                encrypt,
                Text("秘密の鍵で暗号化", "encrypt with the key"),
                "sealed",
                DEPLOYER,
            ),
            Call("s3", "PutObject", put, Text("証拠を置く", "leave the proof"), by=DEPLOYER),
        ),
    )


def _in_the_pipeline(c: Context[AwsSession], pipeline: Pipeline) -> Text:
    subjects = ", ".join(pipeline.subjects)
    command = f"./jichitai bootstrap aws {c.settings.stack} --token-file FILE"
    return Text(
        f"新しい経路をまだ使っていません。パイプライン（{subjects}）の OIDC トークンを渡して、"
        f"もう一度実行してください: {command}（手順は docs/bootstrap.ja.md）",
        f"the new road has not been used yet. Run this again with an OIDC token of the pipeline "
        f"({subjects}): {command} (how: docs/bootstrap.md)",
    )


def _no_token(file: str, error: OSError) -> Problem:
    return Problem(
        "by_hand",
        Text(f"トークンを読めません: {file}", f"the token cannot be read: {file}"),
        Text(
            f"--token-file を確かめてください（{error.strerror}）。",
            f"Check --token-file ({error.strerror}).",
        ),
    )


def look_retire(c: Context[AwsSession]) -> Finding:
    """The keys, the password and the sessions of the user that was handed over; a role is the agency's."""
    user = _initial_user(c)
    if user is None:
        return Finding(
            facts={"initial": c.identity.id},
            note=Text(
                f"{c.identity.id} はロールで、長期の鍵がありません。"
                "割り当ての解除は払い出し元（GCAS の SSO）に依頼してください。",
                f"{c.identity.id} is a role without long-lived keys; ask the Digital Agency to take the "
                "assignment (SSO of GCAS) away",
            ),
        )
    keys = c.session.read("iam", "ListAccessKeys", UserName=user, absent=access.ABSENT)
    if keys is None:
        return Finding(facts={"user": user, "gone": True})
    found: list[Mapping[str, Any]] = keys.get("AccessKeyMetadata", [])
    profile = c.session.read("iam", "GetLoginProfile", UserName=user, absent=access.ABSENT)
    sealed = c.session.read("iam", "GetUserPolicy", UserName=user, PolicyName="retired", absent=access.ABSENT)
    facts = {
        "user": user,
        "keys": {k["AccessKeyId"]: k["Status"] for k in found},
        "password": profile is not None,
        "sessions_revoked": sealed is not None,
    }
    if not found and profile is None and sealed is not None:
        return Finding(facts=facts)
    calls = _retirement(c, user, found, password=profile is not None)
    if not c.session.reader and not proven(c):
        return Finding(
            facts=facts,
            calls=calls,
            waiting=Text(
                "新しい経路が使えると確かめるまで、最初の認証情報は残します（手順 prove）。",
                "the initial credential stays until the new road has been used (step prove)",
            ),
        )
    return Finding(facts=facts, calls=calls)


def _retirement(
    c: Context[AwsSession], user: str, keys: list[Mapping[str, Any]], *, password: bool
) -> tuple[Call, ...]:
    """First all is made unusable, then it is deleted; the key that we came with by a role made for it."""
    names, by = c.session.names, ""
    calls: list[Call] = []
    arn = f"arn:aws:iam::{names.account}:user/{user}"
    if c.identity.id == arn or c.session.reader:
        by = RETIRE
        if not c.session.reader:
            role = access.look_role(
                c,
                names.retire,
                policies.retire_trust(arn),
                Text("最初の認証情報を廃止するためのロール", "the role that retires the initial credential"),
                inline={"retire": policies.retire(names, arn)},
            )
            calls += role.calls
            become = {"RoleArn": names.role_arn(names.retire), "RoleSessionName": "retire"}
            why = Text("廃止のためのロールになる", "become that role")
            calls.append(Call("sts", "AssumeRole", become | {"DurationSeconds": 900}, why, id=RETIRE))
    if password:
        why = Text("コンソールのパスワードを消す", "the console's password is deleted")
        calls.append(Call("iam", "DeleteLoginProfile", {"UserName": user}, why, by=by))
    for key in keys:
        if key["Status"] == "Active":
            why = Text("鍵を無効にする", "the key is deactivated")
            arguments = {"UserName": user, "AccessKeyId": key["AccessKeyId"], "Status": "Inactive"}
            calls.append(Call("iam", "UpdateAccessKey", arguments, why, by=by))
    deny = {
        "UserName": user,
        "PolicyName": "retired",
        "PolicyDocument": policies.written(policies.nothing_at_all()),
    }
    why = Text("開いているセッションも拒む", "sessions that are open are refused")
    calls.append(Call("iam", "PutUserPolicy", deny, why, by=by))
    for key in keys:
        why = Text("鍵を削除する", "the key is deleted")
        arguments = {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
        calls.append(Call("iam", "DeleteAccessKey", arguments, why, by=by))
    return tuple(calls)


def _initial_user(c: Context[AwsSession]) -> str | None:
    """The IAM user that was handed over: us, or the one that an earlier run has begun to retire."""
    if c.identity.kind == "user":
        return c.identity.id.rpartition("/")[2]
    begun = c.evidence.last("retire", "begin")
    return str(begun["before"]["user"]) if begun is not None and "user" in begun["before"] else None
