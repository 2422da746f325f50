"""Steps for what Pulumi keeps: two keys, the bucket of the state, and the evidence in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.bootstrap.aws import policies
from scripts.bootstrap.aws.session import AwsSession
from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.steps import Context, Finding, Problem
from stacks.text import Text

NONE = ("NoSuchBucket", "404", "NotFound", "NoSuchKey")
HISTORY_DAYS = 366
"""How long older versions of the state are kept, days: a year of history."""
KeyLook = Callable[[Context[AwsSession]], Finding]


def look_key(alias: Callable[[Context[AwsSession]], str], purpose: Text, *, alarms: bool) -> KeyLook:
    """The `look` of a key that goes by `alias`."""

    def look(c: Context[AwsSession]) -> Finding:
        name = alias(c)
        policy = policies.key(c.session.names, alarms=alarms)
        said = c.session.read("kms", "DescribeKey", KeyId=name, absent=("NotFoundException",))
        if said is None:
            return _key_without_alias(c, name, purpose, policy)
        meta: Mapping[str, Any] = said["KeyMetadata"]
        key_id = str(meta["KeyId"])
        facts = {"alias": name, "key": meta["Arn"], "state": meta["KeyState"]}
        if not alarms:
            facts["secrets_provider"] = c.session.names.secrets_provider(name)
        if _tags(c, key_id) != _wanted_tags(c, name):
            return Finding(facts=facts, problem=_foreign(name))
        if meta["KeyState"] != "Enabled":
            return Finding(facts=facts, problem=_not_enabled(name, str(meta["KeyState"])))
        calls: list[Call] = []
        rotation = (c.session.read("kms", "GetKeyRotationStatus", KeyId=key_id) or {})["KeyRotationEnabled"]
        if not rotation:
            calls.append(_rotate(key_id))
        there = (c.session.read("kms", "GetKeyPolicy", KeyId=key_id, PolicyName="default") or {})["Policy"]
        if not policies.same(_parsed(there), policy):
            calls.append(
                Call(
                    "kms",
                    "PutKeyPolicy",
                    {"KeyId": key_id, "PolicyName": "default", "Policy": policies.written(policy)},
                    Text("鍵のポリシー", "the key's policy"),
                )
            )
        return Finding(facts=facts | {"rotation": rotation}, calls=tuple(calls))

    return look


def _key_without_alias(
    c: Context[AwsSession], alias: str, purpose: Text, policy: policies.Document
) -> Finding:
    """Make the key, or give its name to the one that an attempt before this has made."""
    orphan = _orphan(c, alias)
    key_id: str | Later = orphan or Later("KeyId", "create", ("KeyMetadata", "KeyId"))
    calls: list[Call] = []
    if orphan is None:
        calls.append(
            Call(
                "kms",
                "CreateKey",
                {
                    "Description": purpose.en,
                    "KeyUsage": "ENCRYPT_DECRYPT",
                    "KeySpec": "SYMMETRIC_DEFAULT",
                    "Policy": policies.written(policy),
                    "Tags": [{"TagKey": k, "TagValue": v} for k, v in _wanted_tags(c, alias).items()],
                },
                purpose,
                id="create",
            )
        )
    calls.append(_rotate(key_id))
    calls.append(
        Call(
            "kms",
            "CreateAlias",
            {"AliasName": alias, "TargetKeyId": key_id},
            Text("鍵の名前", "the key's name"),
        )
    )
    return Finding(facts={"alias": alias, "key": orphan}, calls=tuple(calls))


def _orphan(c: Context[AwsSession], alias: str) -> str | None:
    """Our key without a name: CreateKey takes effect even where its answer is lost, and has no token by
    which AWS would know a repetition."""
    named = {a.get("TargetKeyId") for a in _pages(c, "ListAliases", "Aliases")}
    for key in _pages(c, "ListKeys", "Keys"):
        if key["KeyId"] not in named and _tags(c, key["KeyId"]) == _wanted_tags(c, alias):
            return str(key["KeyId"])
    return None


def _pages(c: Context[AwsSession], operation: str, field: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        said = c.session.read("kms", operation, **marker) or {}
        found += said.get(field, [])
        if not said.get("Truncated"):
            return found
        marker = {"Marker": said["NextMarker"]}


def _rotate(key_id: str | Later) -> Call:
    return Call(
        "kms", "EnableKeyRotation", {"KeyId": key_id}, Text("鍵を毎年更新", "a new key material each year")
    )


def _wanted_tags(c: Context[AwsSession], alias: str) -> dict[str, str]:
    return c.settings.owner | {"jichitai-key": alias.removeprefix("alias/")}


def _tags(c: Context[AwsSession], key_id: str) -> dict[str, str]:
    said = c.session.read("kms", "ListResourceTags", KeyId=key_id, absent=("AccessDeniedException",)) or {}
    return {t["TagKey"]: t["TagValue"] for t in said.get("Tags", []) if t["TagKey"].startswith("jichitai-")}


def _parsed(text: str) -> Any:
    import json

    return json.loads(text)


def look_bucket(c: Context[AwsSession]) -> Finding:
    """The bucket of the state: domestic, private, versioned, locked, encrypted with our key, over TLS."""
    bucket = c.session.names.bucket
    try:
        head = c.session.read("s3", "HeadBucket", Bucket=bucket, absent=NONE)
    except Exception as error:
        failure = c.session.judge(error)
        if failure is not None and failure.kind == "denied":
            # The name is taken, and not by this account: names of buckets are the world's.
            return Finding(facts={"bucket": bucket}, problem=_foreign(bucket))
        raise
    if head is None:
        return Finding(facts={"bucket": None}, calls=(_create(c, bucket), *_settings(c, bucket)))
    facts: dict[str, Any] = {"bucket": bucket}
    tags = c.session.read("s3", "GetBucketTagging", Bucket=bucket, absent=("NoSuchTagSet",)) or {}
    ours = {t["Key"]: t["Value"] for t in tags.get("TagSet", [])}
    # An attempt that was cut off before it could tag leaves an empty bucket, and nothing can be lost.
    marked = all(ours.get(k) == v for k, v in c.settings.owner.items())
    if not marked and (ours or not _empty(c, bucket)):
        return Finding(facts=facts, problem=_foreign(bucket))
    place = (c.session.read("s3", "GetBucketLocation", Bucket=bucket) or {}).get("LocationConstraint")
    if place != c.settings.region:
        return Finding(facts=facts | {"region": place}, problem=_elsewhere(bucket, str(place)))
    calls = [call for call in _settings(c, bucket) if not _is_so(c, bucket, call)]
    facts |= {"backend": c.session.names.backend}
    facts |= {"region": place, "lacking": [call.operation for call in calls]}
    lock = c.session.read(
        "s3",
        "GetObjectLockConfiguration",
        Bucket=bucket,
        absent=("ObjectLockConfigurationNotFoundError",),
    )
    if lock is None:
        return Finding(facts=facts, problem=_no_lock(bucket))
    return Finding(facts=facts, calls=tuple(calls))


def _create(c: Context[AwsSession], bucket: str) -> Call:
    return Call(
        "s3",
        "CreateBucket",
        {
            "Bucket": bucket,
            "CreateBucketConfiguration": {"LocationConstraint": c.settings.region},
            "ObjectLockEnabledForBucket": True,
            "ObjectOwnership": "BucketOwnerEnforced",
        },
        Text("状態を置くバケット", "the bucket of the state"),
    )


def _settings(c: Context[AwsSession], bucket: str) -> list[Call]:
    """Each setting of the bucket, in the order in which they are made: closed first.

    The bucket has Object Lock, for the evidence; but no default retention, with which S3 takes no object
    without a checksum, and Pulumi does not always send one. The state's history is kept by its versions,
    which nobody but the break-glass role may delete (the bucket's policy).
    """
    names = c.session.names
    tags = [{"Key": k, "Value": v} for k, v in c.settings.owner.items()]
    public = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    rule = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": f"arn:aws:kms:{names.region}:{names.account}:{names.state_key}",
        },
        "BucketKeyEnabled": True,
    }
    lifecycle = {
        "ID": "history",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": HISTORY_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    sent: list[tuple[str, dict[str, Any], Text]] = [
        ("PutBucketTagging", {"Tagging": {"TagSet": tags}}, Text("所有の印", "whose it is")),
        (
            "PutPublicAccessBlock",
            {"PublicAccessBlockConfiguration": dict.fromkeys(public, True)},
            Text("公開の禁止", "never public"),
        ),
        (
            "PutBucketOwnershipControls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
            Text("ACL を使わない", "no ACLs"),
        ),
        (
            "PutBucketVersioning",
            {"VersioningConfiguration": {"Status": "Enabled"}},
            Text("版の保存", "versions are kept"),
        ),
        (
            "PutBucketEncryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
            Text("自分の鍵で暗号化", "encrypted with our own key"),
        ),
        (
            "PutBucketLifecycleConfiguration",
            {"LifecycleConfiguration": {"Rules": [lifecycle]}},
            Text(f"古い版は {HISTORY_DAYS} 日", f"older versions for {HISTORY_DAYS} days"),
        ),
        (
            "PutBucketPolicy",
            {"Policy": policies.written(policies.bucket(names))},
            Text("TLS のみ、履歴を守る", "TLS only, history is guarded"),
        ),
    ]
    return [Call("s3", op, {"Bucket": bucket, **arguments}, why) for op, arguments, why in sent]


_ABSENT = (
    "NoSuchTagSet",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchBucketPolicy",
)
"""What S3 says of a setting that was never made (S3 API reference, "List of error codes")."""


def _is_so(c: Context[AwsSession], bucket: str, call: Call) -> bool:
    """Whether a setting is there as `call` would make it: each `Put…` has its `Get…`."""
    said = c.session.read("s3", "Get" + call.operation.removeprefix("Put"), Bucket=bucket, absent=_ABSENT)
    if said is None:
        return False
    if call.operation == "PutBucketPolicy":
        return policies.same(_parsed(said["Policy"]), _parsed(call.arguments["Policy"]))
    wanted = next(v for k, v in call.arguments.items() if k != "Bucket")
    shell = next(k for k in call.arguments if k != "Bucket")
    return _covers(said.get(shell, said), wanted)


def _covers(there: Any, wanted: Any) -> bool:
    """Whether all of `wanted` is in `there`, which may say more."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            _covers(there.get(k), v)  # pyright: ignore[reportUnknownMemberType]
            for k, v in wanted.items()  # pyright: ignore[reportUnknownVariableType]
        )
    if isinstance(wanted, list):
        return isinstance(there, list) and all(
            any(_covers(t, w) for t in there)  # pyright: ignore[reportUnknownVariableType]
            for w in wanted  # pyright: ignore[reportUnknownVariableType]
        )
    return there == wanted


def _empty(c: Context[AwsSession], bucket: str) -> bool:
    said = c.session.read("s3", "ListObjectVersions", Bucket=bucket, MaxKeys=1) or {}
    return not said.get("Versions") and not said.get("DeleteMarkers")


def look_evidence(c: Context[AwsSession]) -> Finding:
    """A copy of the evidence in the bucket, where nobody can change it for as long as it must be kept."""
    body = c.evidence.settled("evidence")
    bucket, key = c.session.names.bucket, f"evidence/{c.settings.stack}.jsonl"
    head = c.session.read("s3", "HeadObject", Bucket=bucket, Key=key, absent=NONE)
    wanted = hashlib.sha256(body).hexdigest()
    there = (head or {}).get("Metadata", {}).get("sha256")
    facts = {"object": f"s3://{bucket}/{key}", "sha256": there}
    if there == wanted or (there is not None and not body):
        return Finding(facts=facts)
    if there is not None and len(body) < int((head or {}).get("ContentLength", 0)):
        return Finding(facts=facts, problem=_shorter(f"s3://{bucket}/{key}", str(c.evidence.file)))
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    until += timedelta(days=366 * c.settings.archive_years)
    return Finding(
        facts=facts,
        calls=(
            Call(
                "s3",
                "PutObject",
                {
                    "Bucket": bucket,
                    "Key": key,
                    "Body": body,
                    "ContentType": "application/jsonl",
                    "Metadata": {"sha256": wanted},
                    "ChecksumAlgorithm": "SHA256",
                    "ObjectLockMode": "GOVERNANCE",
                    "ObjectLockRetainUntilDate": until.isoformat(),
                },
                Text("証跡の写し", "a copy of the evidence"),
            ),
        ),
    )


def _foreign(name: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"{name} はすでにあり、このツールがこのスタックのために作ったものではありません。",
            f"{name} exists already, and was not made by this tool for this stack",
        ),
        Text(
            "持ち主を確かめてください。手で作ったものなら、中身を移して削除してから、もう一度実行します。",
            "Find out whose it is. If it was made by hand, move what is in it, delete it, run this again.",
        ),
    )


def _not_enabled(name: str, state: str) -> Problem:
    return Problem(
        "unsafe",
        Text(f"鍵 {name} は使えない状態です（{state}）。", f"the key {name} cannot be used ({state})"),
        Text(
            "削除の予定や無効化を、誰がなぜ行ったか確かめ、取り消してから実行してください。",
            "Find out who disabled it or scheduled its deletion; take that back, then run this again.",
        ),
    )


def _elsewhere(name: str, region: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"バケット {name} は別のリージョン（{region}）にあります。", f"the bucket {name} is in {region}"
        ),
        Text(
            "空であることを確かめて削除してから、もう一度実行してください。",
            "Make sure that it is empty, delete it, and run this again.",
        ),
    )


def _no_lock(name: str) -> Problem:
    return Problem(
        "by_hand",
        Text(
            f"バケット {name} はオブジェクトロックなしで作られています。",
            f"the bucket {name} was made without object lock",
        ),
        Text(
            "中身があれば移し、削除してから、もう一度実行してください（ロックは作成時に決まります）。",
            "Move what is in it, delete it, and run this again: the lock is decided when a bucket is made.",
        ),
    )


def _shorter(copy: str, file: str) -> Problem:
    return Problem(
        "unsafe",
        Text(
            "手元の証跡が、バケットにある写しより短くなっています。",
            "the evidence here is shorter than its copy",
        ),
        Text(
            f"別の計算機での続きなら、写しを手元に移してから実行してください: aws s3 cp {copy} {file}",
            f"If this goes on from another machine, fetch the copy first: aws s3 cp {copy} {file}",
        ),
    )
