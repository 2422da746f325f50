"""The identity that deploys: nobody's but the pipeline's, by its own OIDC token, without any secret."""

from __future__ import annotations

import json
from typing import Any

from scripts.bootstrap.azure import errors, names
from scripts.bootstrap.azure.roles import define
from scripts.bootstrap.azure.session import DEPLOYER, Azure
from scripts.bootstrap.azure.store import IN, grant, identity, principal
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Problem
from stacks.text import Text

C = Context[Azure]
PROOF = "bootstrap/proof.json"

NO_PIPELINE = Problem(
    "by_hand",
    Text("どのパイプラインがデプロイするのかが分かりません。", "it is not known which pipeline deploys"),
    Text(
        "OIDC の発行者と subject を指定してください（./jichitai bootstrap --help）。",
        "Name the OIDC issuer and its subjects (./jichitai bootstrap --help).",
    ),
)


def look_federation(c: C) -> Finding:
    """The deployer's identity, and a federated credential for each job that may be it."""
    pipeline = c.settings.pipeline
    if pipeline is None:
        return Finding(problem=NO_PIPELINE)
    if len(pipeline.subjects) > names.MOST_SUBJECTS:
        return Finding(problem=_too_many(len(pipeline.subjects)))
    found, problem, make = identity(c, names.DEPLOYER)
    if problem:
        return Finding(facts={"identity": names.DEPLOYER}, problem=problem)
    calls: list[Call] = [] if found else [make]
    where = {**IN, "resource_name": names.DEPLOYER}
    have = (
        {f.name: f for f in c.session.listed("msi", "federated_identity_credentials.list", **where)}
        if found
        else {}
    )
    wanted = {names.credential(subject): subject for subject in pipeline.subjects}
    for name, subject in wanted.items():
        now = have.get(name)
        audiences = [names.audience(pipeline)]
        if now and (now.issuer, now.subject, list(now.audiences)) == (pipeline.issuer, subject, audiences):
            continue
        body = {"properties": {"issuer": pipeline.issuer, "subject": subject, "audiences": audiences}}
        arguments: dict[str, Any] = {
            **where,
            "federated_identity_credential_resource_name": name,
            "parameters": body,
        }
        why = Text(f"{subject} だけを受け入れる", f"take {subject}, and nothing like it")
        calls.append(Call("msi", "federated_identity_credentials.create_or_update", arguments, why))
    for name in sorted(set(have) - set(wanted)):
        why = Text("ほかの身元の受け入れをやめる", "stop taking another identity")
        arguments = {**where, "federated_identity_credential_resource_name": name}
        calls.append(Call("msi", "federated_identity_credentials.delete", arguments, why))
    facts = {"subjects": sorted(f.subject for f in have.values()), "issuer": pipeline.issuer}
    return Finding(facts=facts, calls=tuple(calls))


def _too_many(count: int) -> Problem:
    return Problem(
        "impossible",
        Text(
            f"subject が {count} 個あります。1つの身元に登録できるのは {names.MOST_SUBJECTS} 個までです。",
            f"there are {count} subjects; one identity takes {names.MOST_SUBJECTS}",
        ),
        Text(
            "環境（environment）でまとめるなどして減らしてください。",
            "Use fewer, say one environment for all.",
        ),
    )


def look_deployer(c: C) -> Finding:
    """What the deployer may do: its own role, a bounded right to grant, the state, the key."""
    s = c.settings
    if s.pipeline is None:
        return Finding(problem=NO_PIPELINE)
    found, problem, _ = identity(c, names.DEPLOYER)
    if problem:
        return Finding(problem=problem)
    role, calls = names.role_id(s), _role(c)
    if found is None:
        # The identity is made by the step before; what hangs on its principal comes when it is there.
        who: Any = principal(None, f"federation/{names.DEPLOYER}")
    else:
        who = principal(found, names.DEPLOYER)
    unit = names.unit(s)
    calls += grant(c, unit, names.DEPLOYER, who, role)
    calls += grant(c, unit, names.DEPLOYER, who, names.built_in(s, names.ACCESS_ADMIN), names.boundary(s))
    for container in (names.STATE, names.EVIDENCE):
        scope, blobs = names.container_id(s, container), names.built_in(s, names.BLOB_CONTRIBUTOR)
        calls += grant(c, scope, names.DEPLOYER, who, blobs)
    key = names.key_id(s, names.SECRETS_KEY)
    calls += grant(c, key, names.DEPLOYER, who, names.built_in(s, names.CRYPTO_USER))
    if found is None:
        return Finding(facts={"role": role, "granted": []}, calls=tuple(calls))
    given = sorted(
        str(a.role_definition_id).rpartition("/")[2]
        for a in c.session.assignments(str(who))
        if str(a.scope).lower() == unit.lower()
    )
    extra = [g for g in given if g not in (role.rpartition("/")[2], names.ACCESS_ADMIN)]
    if extra:
        return Finding(facts={"beyond": extra}, problem=_too_much(extra))
    return Finding(facts={"role": role, "granted": given}, calls=tuple(calls))


def _role(c: C) -> list[Call]:
    block = {"actions": names.deployer_actions(), "notActions": names.NEVER}
    title, does = f"Jichitai Deployer {c.settings.stack}", "jichitai bootstrap: what the components need"
    why = Text("デプロイ用の役割を決める", "define the deployer's role")
    return define(c, names.role_id(c.settings), title, does, block, why)


def _too_much(roles: list[str]) -> Problem:
    return Problem(
        "unsafe",
        Text(
            f"{names.DEPLOYER} に、手順が与えていない権限があります: {', '.join(roles)}",
            f"{names.DEPLOYER} holds roles that the steps did not give: {', '.join(roles)}",
        ),
        Text(
            "要らなければ外してから、もう一度実行してください。",
            "Remove them unless needed, then run this again.",
        ),
    )


def undo_deployer(c: C) -> tuple[Call, ...]:
    """Its role assignments and its own role go; the identity is the step before's."""
    found, problem, _ = identity(c, names.DEPLOYER)
    if found is None or problem:
        return ()
    calls: list[Call] = []
    for assignment in c.session.assignments(str(principal(found, names.DEPLOYER))):
        why = Text("権限を外す", "take a role away")
        calls.append(
            Call("authorization", "role_assignments.delete_by_id", {"role_assignment_id": assignment.id}, why)
        )
    return tuple(calls)


def undo_federation(c: C) -> tuple[Call, ...]:
    """No job is taken any more. The identity stays: the lock keeps it, and alone it opens nothing."""
    where = {**IN, "resource_name": names.DEPLOYER}
    if c.session.read("msi", "user_assigned_identities.get", **where) is None:
        return ()
    calls: list[Call] = []
    for found in c.session.listed("msi", "federated_identity_credentials.list", **where):
        why = Text("受け入れをやめる", "stop taking it")
        arguments = {**where, "federated_identity_credential_resource_name": found.name}
        calls.append(Call("msi", "federated_identity_credentials.delete", arguments, why))
    return tuple(calls)


def store_is_there(c: C) -> bool:
    """Whether the storage account is: before that, its name leads nowhere."""
    account = names.account(c.settings)
    return (
        c.session.read("storage", "storage_accounts.get_properties", **IN, account_name=account) is not None
    )


def look_access(c: C) -> Finding:
    """That we may read the proof and add the evidence, until we are retired: an owner may not, by itself."""
    s, me = c.settings, c.session.object_id
    found, _, _ = identity(c, names.DEPLOYER)
    if found is not None and principal(found, names.DEPLOYER) == me:
        return Finding(facts={"by": "the deployer's own roles"})
    kind = "User" if c.identity.kind == "user" else "ServicePrincipal"
    calls: list[Call] = []
    for container, role in ((names.STATE, names.BLOB_READER), (names.EVIDENCE, names.BLOB_CONTRIBUTOR)):
        scope = names.container_id(s, container)
        calls += grant(c, scope, me, me, names.built_in(s, role), kind=kind)
    return Finding(facts={"reader": me}, calls=tuple(calls))


def expected(c: C) -> str:
    """What the road is, as the proof says it."""
    pipeline = c.settings.pipeline
    road = {
        "identity": names.identity_id(c.settings, names.DEPLOYER),
        "issuer": pipeline.issuer if pipeline else "",
        "subjects": list(pipeline.subjects) if pipeline else [],
        "actions": names.deployer_actions(),
        "never": list(names.NEVER),
        "boundary": names.boundary(c.settings),
    }
    return json.dumps(road, sort_keys=True)


def look_proof(c: C) -> Finding:
    """Whether the pipeline has come in by the new road: what only it may write is there.

    In the pipeline (with its token) the deployer uses the key and writes the proof into the state's
    container, where the first administrator, an owner without data roles, may not even read.
    """
    if c.settings.pipeline is None:
        return Finding(problem=NO_PIPELINE)
    try:
        found = c.session.blob(names.STATE, PROOF) if store_is_there(c) else None
    except Exception as error:
        if not errors.forbidden(error):
            raise
        return Finding(facts={"proof": "not readable"}, waiting=_READER)
    if found is not None and found.decode() == expected(c):
        return Finding(facts={"proof": PROOF})
    if not c.settings.token_file:
        return Finding(facts={"proof": None}, waiting=_IN_THE_PIPELINE)
    key = {"key": names.SECRETS_KEY, "value": "jichitai"}
    blob = {
        "container": names.STATE,
        "name": PROOF,
        "data": expected(c).encode(),
        "overwrite": found is not None,
    }
    calls = (
        Call("crypto", "encrypt", key, Text("鍵を使ってみる", "use the key"), by=DEPLOYER),
        Call("blob", "upload", blob, Text("証拠を置く", "leave the proof"), by=DEPLOYER),
    )
    return Finding(facts={"proof": None}, calls=calls)


_IN_THE_PIPELINE = Text(
    "パイプラインの中で、その OIDC トークンを使ってこの手順を実行してください（--token-file）。",
    "Run this step in the pipeline, with its OIDC token (--token-file).",
)
_READER = Text(
    "状態のコンテナーを読む権限がまだ効いていません。数分待って、もう一度実行してください。",
    "The right to read the state's container is not in force yet; run this again in a few minutes.",
)
