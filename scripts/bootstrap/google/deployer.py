"""The identity that deploys: nobody's but the pipeline's, by its own OIDC token, without any key."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.calls import Call
from scripts.bootstrap.google import names
from scripts.bootstrap.google.policy import Grant, lacking, setting, with_grants
from scripts.bootstrap.google.session import DEPLOYER, Google
from scripts.bootstrap.google.store import KEYS, foreign
from scripts.bootstrap.google.unit import parent
from scripts.bootstrap.steps import Context, Finding, Pipeline, Problem, Settings
from stacks.text import Text

C = Context[Google]
POOLS = "projects.locations.workloadIdentityPools"
PROOF = "bootstrap/proof.json"

NO_PIPELINE = Problem(
    "by_hand",
    Text(
        "どのパイプラインがデプロイするのかが分かりません。",
        "it is not known which pipeline deploys",
    ),
    Text(
        "OIDC の発行者と subject を指定してください（./jichitai bootstrap --help）。",
        "Name the OIDC issuer and its subjects (./jichitai bootstrap --help).",
    ),
)


def project_policy(c: C) -> dict[str, Any]:
    """The project's IAM policy, conditions included."""
    found = c.session.read(
        "cloudresourcemanager",
        "projects.getIamPolicy",
        resource=parent(c.settings),
        body={"options": {"requestedPolicyVersion": 3}},
    )
    return found or {}


def pool_name(settings: Settings) -> str:
    """The workload identity pool, with the project's id."""
    return f"{parent(settings)}/locations/global/workloadIdentityPools/{names.POOL}"


def look_federation(c: C) -> Finding:
    """The pool and its provider: which issuer's tokens are taken, and of which jobs."""
    pipeline = c.settings.pipeline
    if pipeline is None:
        return Finding(problem=NO_PIPELINE)
    pool = c.session.read("iam", f"{POOLS}.get", name=pool_name(c.settings))
    provider_name = f"{pool_name(c.settings)}/providers/{names.provider_id(pipeline)}"
    provider = c.session.read("iam", f"{POOLS}.providers.get", name=provider_name)
    facts = {
        "pool": (pool or {}).get("state"),
        "issuer": (provider or {}).get("oidc", {}).get("issuerUri"),
        "condition": (provider or {}).get("attributeCondition"),
    }
    calls: list[Call] = []
    if pool is None:
        calls.append(_new_pool(c.settings))
    elif names.mark(c.settings) not in pool.get("description", ""):
        what = foreign(f"プール {names.POOL}", f"the workload identity pool {names.POOL}", c.settings)
        return Finding(facts=facts, problem=what)
    elif pool.get("state") == "DELETED":
        why = Text(
            "削除されたプールを戻す（30日は名前が残ります）", "restore the pool, whose name stays for 30 days"
        )
        restore = {"name": pool_name(c.settings), "body": {}}
        calls.append(Call("iam", f"{POOLS}.undelete", restore, why))
    elif pool.get("disabled"):
        enable = {"name": pool_name(c.settings), "updateMask": "disabled", "body": {"disabled": False}}
        calls.append(Call("iam", f"{POOLS}.patch", enable, Text("プールを有効にする", "enable the pool")))
    calls += _provider(c.settings, pipeline, provider_name, provider)
    return Finding(facts=facts, calls=tuple(calls))


def _new_pool(settings: Settings) -> Call:
    arguments = {
        "parent": f"{parent(settings)}/locations/global",
        "workloadIdentityPoolId": names.POOL,
        "body": {"displayName": "Jichitai pipelines", "description": names.mark(settings)},
    }
    why = Text("外の身元を受け入れるプールを作る", "make the pool that takes identities from outside")
    return Call("iam", f"{POOLS}.create", arguments, why)


def _provider(
    settings: Settings, pipeline: Pipeline, name: str, found: Mapping[str, Any] | None
) -> list[Call]:
    oidc: dict[str, Any] = {"issuerUri": pipeline.issuer}
    if pipeline.audience:
        oidc["allowedAudiences"] = [pipeline.audience]
    body = {
        "attributeMapping": {"google.subject": "assertion.sub"},
        "attributeCondition": names.condition(pipeline),
        "oidc": oidc,
        "disabled": False,
    }
    if found is None:
        arguments = {
            "parent": pool_name(settings),
            "workloadIdentityPoolProviderId": names.provider_id(pipeline),
            "body": {**body, "displayName": names.provider_id(pipeline), "description": names.mark(settings)},
        }
        why = Text("発行者と、受け入れる subject を登録する", "register the issuer and the exact subjects")
        return [Call("iam", f"{POOLS}.providers.create", arguments, why)]
    now = {
        "attributeMapping": found.get("attributeMapping"),
        "attributeCondition": found.get("attributeCondition"),
        "oidc": {key: value for key, value in found.get("oidc", {}).items() if value},
        "disabled": found.get("disabled", False),
    }
    change = {key: value for key, value in body.items() if now[key] != value}
    if not change:
        return []
    arguments = {"name": name, "updateMask": ",".join(sorted(change)), "body": change}
    why = Text("受け入れる条件を正す", "correct what is taken")
    return [Call("iam", f"{POOLS}.providers.patch", arguments, why)]


def service_account(c: C, name: str, purpose: Text) -> tuple[dict[str, Any] | None, Finding | None, Call]:
    """A service account of ours: what is there, what is wrong with it, the call that makes it."""
    email = names.account(c.settings, name)
    found = c.session.read(
        "iam", "projects.serviceAccounts.get", name=f"{parent(c.settings)}/serviceAccounts/{email}"
    )
    arguments = {
        "name": parent(c.settings),
        "body": {
            "accountId": name,
            "serviceAccount": {"displayName": purpose.en, "description": names.mark(c.settings)},
        },
    }
    make = Call("iam", "projects.serviceAccounts.create", arguments, purpose)
    if found is not None and names.mark(c.settings) not in found.get("description", ""):
        problem = foreign(f"サービスアカウント {email}", f"the service account {email}", c.settings)
        return found, Finding(facts={"account": email}, problem=problem), make
    return found, None, make


def subjects(c: C, pipeline: Pipeline) -> list[str]:
    """The members that stand for the pipeline's jobs, one a subject."""
    pool = f"projects/{c.session.number}/locations/global/workloadIdentityPools/{names.POOL}"
    return [f"principal://iam.googleapis.com/{pool}/subject/{s}" for s in pipeline.subjects]


def look_deployer(c: C) -> Finding:
    """The deployer's account, who may be it, and what it may do."""
    s, pipeline = c.settings, c.settings.pipeline
    if pipeline is None:
        return Finding(problem=NO_PIPELINE)
    purpose = Text(
        "デプロイ用のサービスアカウントを作る（鍵は作りません）", "make the deployer's account, without a key"
    )
    found, wrong, make = service_account(c, names.DEPLOYER, purpose)
    if wrong is not None:
        return wrong
    account = names.account(s, names.DEPLOYER)
    member = f"serviceAccount:{account}"
    calls: list[Call] = [] if found else [make]
    resource = f"{parent(s)}/serviceAccounts/{account}"
    own = c.session.read(
        "iam", "projects.serviceAccounts.getIamPolicy", resource=resource, options_requestedPolicyVersion=3
    )
    impersonate = [Grant("roles/iam.workloadIdentityUser", who) for who in subjects(c, pipeline)]
    calls += _granting("iam", "projects.serviceAccounts.setIamPolicy", resource, own, impersonate)
    policy = project_policy(c)
    wanted = [Grant(role, member) for role in names.deployer_roles()]
    wanted.append(Grant(names.IAM_ADMIN, member, names.boundary()))
    calls += _granting("cloudresourcemanager", "projects.setIamPolicy", parent(s), policy, wanted)
    calls += _store_grants(c, member)
    extra = [role for role in _roles(policy, member) if role not in {g.role for g in wanted}]
    facts = {"account": account if found else None, "subjects": list(pipeline.subjects), "beyond": extra}
    if extra:
        return Finding(facts=facts, problem=_too_much(account, extra))
    return Finding(facts=facts, calls=tuple(calls))


def _roles(policy: Mapping[str, Any], member: str) -> list[str]:
    return sorted({b["role"] for b in policy.get("bindings", []) if member in b["members"]})


def _too_much(account: str, roles: list[str]) -> Problem:
    what = Text(
        f"{account} に、手順が与えていない権限があります: {', '.join(roles)}",
        f"{account} holds roles that the steps did not give: {', '.join(roles)}",
    )
    do = Text(
        "要らなければ外してから、もう一度実行してください。",
        "Remove them unless needed, then run this again.",
    )
    return Problem("unsafe", what, do)


def _store_grants(c: C, member: str) -> list[Call]:
    """The deployer reads and writes the state, adds evidence, and uses the key of the secrets."""
    s = c.settings
    calls: list[Call] = []
    for bucket, roles in (
        (names.state_bucket(s), (names.OBJECTS,)),
        (names.evidence_bucket(s), ("roles/storage.objectCreator", "roles/storage.objectViewer")),
    ):
        policy = c.session.read(
            "storage", "buckets.getIamPolicy", bucket=bucket, optionsRequestedPolicyVersion=3
        )
        grants = [Grant(role, member) for role in roles]
        calls += _granting("storage", "buckets.setIamPolicy", bucket, policy, grants)
    key = names.key(s, names.SECRETS_KEY)
    policy = c.session.read(
        "cloudkms", f"{KEYS}.cryptoKeys.getIamPolicy", resource=key, options_requestedPolicyVersion=3
    )
    calls += _granting(
        "cloudkms", f"{KEYS}.cryptoKeys.setIamPolicy", key, policy, [Grant(names.ENCRYPT, member)]
    )
    return calls


def _granting(
    service: str, operation: str, resource: str, policy: Mapping[str, Any] | None, grants: list[Grant]
) -> list[Call]:
    missing = lacking(policy, grants)
    if not missing:
        return []
    said = ", ".join(sorted({g.role for g in missing}))
    why = Text(f"権限を与える: {said}", f"grant {said}")
    return [setting(service, operation, resource, with_grants(policy, grants), why)]


def undo_deployer(c: C) -> tuple[Call, ...]:
    """The account goes, and with it whatever it was granted."""
    account = names.account(c.settings, names.DEPLOYER)
    name = f"{parent(c.settings)}/serviceAccounts/{account}"
    found = c.session.read("iam", "projects.serviceAccounts.get", name=name)
    if found is None or names.mark(c.settings) not in found.get("description", ""):
        return ()
    why = Text("デプロイ用のサービスアカウントを消す", "delete the deployer's account")
    return (Call("iam", "projects.serviceAccounts.delete", {"name": name}, why),)


def undo_federation(c: C) -> tuple[Call, ...]:
    """The pool goes; its name stays taken for 30 days, and it can be restored until then."""
    pool = c.session.read("iam", f"{POOLS}.get", name=pool_name(c.settings))
    if (
        pool is None
        or pool.get("state") == "DELETED"
        or names.mark(c.settings) not in pool.get("description", "")
    ):
        return ()
    why = Text("プールを消す", "delete the pool")
    return (Call("iam", f"{POOLS}.delete", {"name": pool_name(c.settings)}, why),)


def look_proof(c: C) -> Finding:
    """Whether the pipeline has come in by the new road: what only it could have left is there.

    In the pipeline (with its token) the deployer uses the key and writes the proof into the state's
    bucket. The proof says what the road was, so that one of another road is none.
    """
    pipeline = c.settings.pipeline
    if pipeline is None:
        return Finding(problem=NO_PIPELINE)
    expected = {
        "deployer": names.account(c.settings, names.DEPLOYER),
        "issuer": pipeline.issuer,
        "subjects": list(pipeline.subjects),
        "audience": pipeline.audience,
        "roles": list(names.deployer_roles()),
        "boundary": names.boundary()["expression"],
    }
    body = json.dumps(expected, sort_keys=True).encode()
    found = c.session.read("storage", "objects.get", bucket=names.state_bucket(c.settings), object=PROOF)
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    if found is not None and found.get("md5Hash") == digest:
        return Finding(facts={**expected, "generation": found.get("generation")})
    if not c.settings.token_file:
        return Finding(facts={"proof": None}, waiting=_IN_THE_PIPELINE)
    text = base64.b64encode(b"jichitai").decode()
    encrypt = {"name": names.key(c.settings, names.SECRETS_KEY), "body": {"plaintext": text}}
    write = {
        "bucket": names.state_bucket(c.settings),
        "body": {"name": PROOF},
        "media": body,
        "ifGenerationMatch": (found or {}).get("generation", "0"),
    }
    calls = (
        Call(
            "cloudkms",
            f"{KEYS}.cryptoKeys.encrypt",
            encrypt,
            Text("鍵を使ってみる", "use the key"),
            by=DEPLOYER,
        ),
        Call("storage", "objects.insert", write, Text("証拠を置く", "leave the proof"), by=DEPLOYER),
    )
    return Finding(facts={"proof": None}, calls=calls)


_IN_THE_PIPELINE = Text(
    "パイプラインの中で、その OIDC トークンを使ってこの手順を実行してください（--token-file）。",
    "Run this step in the pipeline, with its OIDC token (--token-file).",
)
