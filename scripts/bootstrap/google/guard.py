"""Emergencies, alarms, the evidence's copy, and the end of the first credential."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.calls import Call
from scripts.bootstrap.google import errors, names
from scripts.bootstrap.google.deployer import look_proof, project_policy, service_account
from scripts.bootstrap.google.policy import Grant, held, lacking, setting, with_grants, without
from scripts.bootstrap.google.session import Google
from scripts.bootstrap.google.store import foreign, ours
from scripts.bootstrap.google.unit import parent
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Google]
OWNER = "roles/owner"
NOTICE_SECONDS = 300
"""The least time between two notices of one log-based alert (Monitoring, "Log-based alerting policies")."""


def first_administrator(c: C) -> str:
    """The credential that was handed over: the one that began this evidence, unless it is named."""
    records = c.evidence.read()
    return c.settings.options.get("retire") or (records[0]["who"] if records else c.identity.id)


def deployer_member(settings: Settings) -> str:
    """The deployer as policies name it."""
    return f"serviceAccount:{names.account(settings, names.DEPLOYER)}"


def seal_role(settings: Settings) -> str:
    """The project's own role for breaking the seal, full name."""
    return f"{parent(settings)}/roles/{names.SEAL_ROLE}"


def look_break_glass(c: C) -> Finding:
    """An owner that is switched off. Its holders can switch it on, and nothing else; that is alarmed."""
    s = c.settings
    holders = [h for h in s.options.get("break_glass", "").split(",") if h]
    if not holders:
        return Finding(problem=_NO_HOLDER)
    purpose = Text("緊急用のサービスアカウントを作る", "make the account for emergencies")
    found, wrong, make = service_account(c, names.BREAK_GLASS, purpose)
    if wrong is not None:
        return wrong
    account = names.account(s, names.BREAK_GLASS)
    resource = f"{parent(s)}/serviceAccounts/{account}"
    calls: list[Call] = [] if found else [make]
    if found is None or not found.get("disabled"):
        seal = {"name": resource, "body": {}}
        why = Text("止めておく（封をする）", "switch it off: sealed")
        calls.append(Call("iam", "projects.serviceAccounts.disable", seal, why))
    calls += _seal_role(c)
    own = c.session.read(
        "iam", "projects.serviceAccounts.getIamPolicy", resource=resource, options_requestedPolicyVersion=3
    )
    grants = [
        Grant(role, holder)
        for holder in holders
        for role in (seal_role(s), "roles/iam.serviceAccountTokenCreator")
    ]
    if lacking(own, grants):
        why = Text("封を解ける人を決める", "name who may break the seal")
        policy = with_grants(own, grants)
        calls.append(setting("iam", "projects.serviceAccounts.setIamPolicy", resource, policy, why))
    project = project_policy(c)
    owner = [Grant(OWNER, f"serviceAccount:{account}")]
    if lacking(project, owner):
        why = Text("緊急用の権限を与える", "grant it what an emergency takes")
        policy = with_grants(project, owner)
        calls.append(setting("cloudresourcemanager", "projects.setIamPolicy", parent(s), policy, why))
    facts = {"account": account, "sealed": (found or {}).get("disabled"), "holders": holders}
    return Finding(facts=facts, calls=tuple(calls))


def _seal_role(c: C) -> list[Call]:
    found = c.session.read("iam", "projects.roles.get", name=seal_role(c.settings))
    role = {
        "title": "Jichitai break-glass seal",
        "description": names.mark(c.settings),
        "includedPermissions": list(names.SEAL_PERMISSIONS),
        "stage": "GA",
    }
    if found is None:
        arguments: dict[str, Any] = {
            "parent": parent(c.settings),
            "body": {"roleId": names.SEAL_ROLE, "role": role},
        }
        why = Text("封を解くための役割を作る", "make the role for breaking the seal")
        return [Call("iam", "projects.roles.create", arguments, why)]
    if sorted(found.get("includedPermissions", ())) == list(names.SEAL_PERMISSIONS):
        return []
    arguments = {
        "name": seal_role(c.settings),
        "updateMask": "includedPermissions",
        "body": {"includedPermissions": list(names.SEAL_PERMISSIONS)},
    }
    why = Text("役割の中身を正す", "correct what the role contains")
    return [Call("iam", "projects.roles.patch", arguments, why)]


_NO_HOLDER = Problem(
    "by_hand",
    Text("緊急時に封を解く人が決まっていません。", "it is not said who may break the seal in an emergency"),
    Text(
        "--set break_glass=group:ADDRESS（または user:ADDRESS、コンマ区切り）で指定してください。",
        "Give --set break_glass=group:ADDRESS (or user:ADDRESS; several with commas).",
    ),
)


def look_alarms(c: C) -> Finding:
    """Notices by mail: the emergency account, the first administrator, a new owner, a new key."""
    s = c.settings
    email = s.contact("security")["email"]
    channels = c.session.every(
        "monitoring", "projects.notificationChannels.list", "notificationChannels", name=parent(s)
    )
    mine = [
        ch
        for ch in channels
        if ours(s, ch.get("userLabels", {})) and ch.get("labels", {}).get("email_address") == email
    ]
    if not mine:
        arguments = {
            "name": parent(s),
            "body": {
                "type": "email",
                "displayName": "Jichitai bootstrap",
                "labels": {"email_address": email},
                "userLabels": s.owner,
            },
        }
        why = Text(f"{email} への通知先を作る", f"make the channel to {email}")
        make = Call("monitoring", "projects.notificationChannels.create", arguments, why, id="channel")
        # The alarms need the channel's name, which the next look knows.
        return Finding(facts={"channel": None}, calls=(make,))
    policies = c.session.every("monitoring", "projects.alertPolicies.list", "alertPolicies", name=parent(s))
    have = {p["displayName"]: p for p in policies}
    calls: list[Call] = []
    for name, filter_ in alarms(c).items():
        found = have.get(name)
        if found is not None and not ours(s, found.get("userLabels", {})):
            return Finding(facts={"alarm": name}, problem=foreign(f"アラート {name}", f"the alert {name}", s))
        calls += _alarm(s, name, filter_, str(mine[0]["name"]), found)
    return Finding(facts={"channel": email, "alarms": sorted(set(have) & set(alarms(c)))}, calls=tuple(calls))


def alarms(c: C) -> Mapping[str, str]:
    """Alarm → which entries of the audit log raise it."""
    admin = first_administrator(c).partition(":")[2]
    sealed = names.account(c.settings, names.BREAK_GLASS)
    calls = "protoPayload.methodName"
    return {
        "jichitai break-glass": (
            f'protoPayload.authenticationInfo.principalEmail="{sealed}" OR '
            f'(protoPayload.resourceName:"{sealed}" AND {calls}=~"EnableServiceAccount|GenerateAccessToken")'
        ),
        "jichitai first administrator": f'protoPayload.authenticationInfo.principalEmail="{admin}"',
        "jichitai new owner": (
            f'{calls}="SetIamPolicy" AND protoPayload.serviceData.policyDelta.bindingDeltas.role="{OWNER}"'
        ),
        "jichitai new key": f'{calls}=~"(CreateServiceAccountKey|UploadServiceAccountKey)$"',
    }


def _alarm(
    settings: Settings, name: str, filter_: str, channel: str, found: Mapping[str, Any] | None
) -> list[Call]:
    body: dict[str, Any] = {
        "displayName": name,
        "combiner": "OR",
        "enabled": True,
        "conditions": [{"displayName": name, "conditionMatchedLog": {"filter": filter_}}],
        "alertStrategy": {"notificationRateLimit": {"period": f"{NOTICE_SECONDS}s"}},
        "notificationChannels": [channel],
        "severity": "CRITICAL",
        "userLabels": settings.owner,
    }
    why = Text(f"警報 {name} を設定する", f"set the alarm {name}")
    if found is None:
        arguments = {"name": parent(settings), "body": body}
        return [Call("monitoring", "projects.alertPolicies.create", arguments, why)]
    now = [c.get("conditionMatchedLog", {}).get("filter") for c in found.get("conditions", [])]
    if now == [filter_] and found.get("enabled", True) and channel in found.get("notificationChannels", ()):
        return []
    mask = "conditions,enabled,notificationChannels"
    change = {key: body[key] for key in mask.split(",")}
    arguments = {"name": found["name"], "updateMask": mask, "body": change}
    return [Call("monitoring", "projects.alertPolicies.patch", arguments, why)]


def undo_alarms(c: C) -> tuple[Call, ...]:
    """The alarms and their channel go."""
    calls: list[Call] = []
    for kind, key in (("alertPolicies", "alertPolicies"), ("notificationChannels", "notificationChannels")):
        for found in c.session.every("monitoring", f"projects.{kind}.list", key, name=parent(c.settings)):
            if ours(c.settings, found.get("userLabels", {})):
                why = Text(f"{found['displayName']} を消す", f"delete {found['displayName']}")
                calls.append(Call("monitoring", f"projects.{kind}.delete", {"name": found["name"]}, why))
    return tuple(calls)


def look_evidence(c: C) -> Finding:
    """Whether the evidence so far lies in the bucket that nobody can change."""
    body = c.evidence.settled("evidence")
    lines = body.count(b"\n")
    name = f"bootstrap/{c.settings.stack}/{lines:06}-{hashlib.sha256(body).hexdigest()[:12]}.jsonl"
    bucket = names.evidence_bucket(c.settings)
    found = c.session.read("storage", "objects.get", bucket=bucket, object=name)
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    if found is not None:
        return Finding(facts={"object": name, "intact": found.get("md5Hash") == digest})
    arguments = {"bucket": bucket, "body": {"name": name}, "media": body, "ifGenerationMatch": "0"}
    why = Text(f"ここまでの記録 {lines} 行を写す", f"copy the {lines} records so far")
    return Finding(facts={"object": None}, calls=(Call("storage", "objects.insert", arguments, why),))


def look_retire(c: C) -> Finding:
    """The credential that was handed over ends: its keys first, then whatever it may do in the project."""
    member = first_administrator(c)
    if member in (
        deployer_member(c.settings),
        f"serviceAccount:{names.account(c.settings, names.BREAK_GLASS)}",
    ):
        return Finding(facts={"member": member}, problem=_NOT_THE_FIRST)
    try:
        proof = look_proof(c)
        if proof.state != "done":
            return Finding(facts={"retired": False}, problem=proof.problem, waiting=_PROOF_FIRST)
        policy = project_policy(c)
        calls = _keys(c, member)
    except Exception as error:
        # Who has retired itself may not even look any more: that is the proof.
        if errors.forbidden(error) and c.evidence.last("retire", "begin") is not None:
            return Finding(facts={"retired": member, "access": "refused"})
        raise
    roles = held(policy, member)
    facts = {"member": member, "roles": roles, "keys": len(calls)}
    if member in c.settings.options.get("break_glass", "").split(","):
        return Finding(facts=facts, problem=_SAME_HANDS)
    if roles and OWNER not in held(policy, f"serviceAccount:{names.account(c.settings, names.BREAK_GLASS)}"):
        return Finding(facts=facts, waiting=_GLASS_FIRST)
    if roles:
        why = Text(f"{member} の権限をすべて外す", f"take every role from {member}")
        change = without(policy, member)
        calls.append(
            setting("cloudresourcemanager", "projects.setIamPolicy", parent(c.settings), change, why)
        )
    note = _SESSIONS if member.startswith("user:") else None
    return Finding(facts=facts, calls=tuple(calls), note=note)


def _keys(c: C, member: str) -> list[Call]:
    """A service account's keys: off, then deleted. Tokens made before live for an hour at most, and may
    do nothing once the roles are gone."""
    kind, _, email = member.partition(":")
    if kind != "serviceAccount" or not email.endswith(f"@{c.settings.unit}.iam.gserviceaccount.com"):
        return []
    name = f"{parent(c.settings)}/serviceAccounts/{email}"
    found = (
        c.session.read("iam", "projects.serviceAccounts.keys.list", name=name, keyTypes="USER_MANAGED") or {}
    )
    calls: list[Call] = []
    for key in found.get("keys", []):
        arguments = {"name": key["name"], "body": {}}
        if not key.get("disabled"):
            why = Text("鍵を止める", "disable the key")
            calls.append(Call("iam", "projects.serviceAccounts.keys.disable", arguments, why))
    for key in found.get("keys", []):
        why = Text("鍵を消す", "delete the key")
        calls.append(Call("iam", "projects.serviceAccounts.keys.delete", {"name": key["name"]}, why))
    return calls


_PROOF_FIRST = Text(
    "パイプラインが新しい道で入れたことを確かめてから、最初の認証情報を止めます。",
    "The first credential is retired only after the pipeline has come in by the new road.",
)
_GLASS_FIRST = Text(
    "緊急用の身元ができてから、最初の認証情報を止めます。",
    "The first credential is retired only once the account for emergencies is there.",
)
_NOT_THE_FIRST = Problem(
    "unsafe",
    Text(
        "これは最初の認証情報ではなく、手順が作った身元です。",
        "this is not the first credential, but an identity that the steps made",
    ),
    Text(
        "最初の認証情報で実行するか、--set retire=user:ADDRESS で指定してください。",
        "Run it with the first credential, or name that one: --set retire=user:ADDRESS.",
    ),
)
_SAME_HANDS = Problem(
    "unsafe",
    Text(
        "最初の認証情報と、緊急時に封を解く人が同じです。",
        "the first credential and who may break the seal are the same",
    ),
    Text(
        "別の人かグループを break_glass に指定してください。", "Name another person or group as break_glass."
    ),
)
_SESSIONS = Text(
    "人のサインイン中のセッションは払い出し元の Cloud Identity でしか切れません。権限はすべて外れます。",
    "Only the organisation's Cloud Identity ends a person's sessions; without roles they can do nothing.",
)
