"""Emergencies, alarms, the evidence's copy, and the end of the first credential."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.bootstrap.azure import errors, names
from scripts.bootstrap.azure.deployer import look_proof, store_is_there
from scripts.bootstrap.azure.session import Azure
from scripts.bootstrap.azure.store import IN, grant, holds
from scripts.bootstrap.azure.unit import foreign, ours
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Azure]
ACTION_GROUP = "ag-jichitai-bootstrap"


@dataclass(frozen=True, slots=True)
class Sealed:
    """Who may enter in an emergency: an account or group of the agency's Entra ID.

    `id` is its object id, `caller` how the activity log names it (a user's sign-in name).
    """

    id: str
    caller: str


def sealed(settings: Settings) -> Sealed | None:
    """The option `break_glass`: `<object id>:<sign-in name>`."""
    id_, _, caller = settings.options.get("break_glass", "").partition(":")
    return Sealed(id_.lower(), caller or id_) if id_ else None


def look_break_glass(c: C) -> Finding:
    """The sealed account of the agency's Entra ID owns the subscription; whatever it does is alarmed."""
    who = sealed(c.settings)
    if who is None:
        return Finding(problem=_NO_HOLDER)
    if who.id == c.session.object_id.lower():
        return Finding(facts={"holder": who.id}, problem=_SAME_HANDS)
    scope, role = names.unit(c.settings), names.built_in(c.settings, names.OWNER)
    held = _owners(c)
    facts = {"holder": who.id, "owner": who.id in held}
    if who.id in held:
        return Finding(facts=facts, note=_SEAL)
    kind = c.settings.options.get("break_glass_type", "User")
    return Finding(facts=facts, calls=tuple(grant(c, scope, who.id, who.id, role, kind=kind)), note=_SEAL)


def _owners(c: C) -> set[str]:
    found = c.session.listed("authorization", "role_assignments.list_for_subscription")
    return {
        str(a.principal_id).lower()
        for a in found
        if str(a.role_definition_id).lower().endswith(names.OWNER)
        and str(a.scope).lower() == names.unit(c.settings).lower()
    }


_NO_HOLDER = Problem(
    "by_hand",
    Text("緊急時に使う身元が決まっていません。", "it is not said who may enter in an emergency"),
    Text(
        "封をしたアカウントを --set break_glass=<オブジェクトID>:<サインイン名> で指定してください。",
        "Name the account that the agency sealed: --set break_glass=<object id>:<sign-in name>.",
    ),
)
_SAME_HANDS = Problem(
    "unsafe",
    Text(
        "最初の認証情報と緊急用の身元が同じです。",
        "the first credential and the one for emergencies are the same",
    ),
    Text("別のアカウントかグループを break_glass に指定してください。", "Name another account or group."),
)
_SEAL = Text(
    "封（多要素の鍵の保管、条件付きアクセスの除外）は Entra ID の持ち主である払い出し元が掛けます。",
    "The seal itself (its keys in a safe, conditional access) is the agency's, which owns Entra ID.",
)


def first_administrator(c: C) -> tuple[str, str]:
    """The credential that was handed over: its object id, and how the activity log names it.

    It is who began this evidence; another identity names it by `retire`. ("", "") where it is not known.
    """
    told, _, caller = c.settings.options.get("retire", "").partition(":")
    if told:
        return told.lower(), caller or told
    records = c.evidence.read()
    began = records[0]["who"] if records else c.identity.id
    return (c.session.object_id.lower(), c.identity.id) if began == c.identity.id else ("", str(began))


def alarms(c: C) -> Mapping[str, list[dict[str, str]]]:
    """Alarm → what an entry of the activity log must be to raise it."""
    who = sealed(c.settings)

    def administrative(field: str, value: str) -> list[dict[str, str]]:
        return [{"field": "category", "equals": "Administrative"}, {"field": field, "equals": value}]

    return {
        "jichitai-break-glass": administrative("caller", who.caller if who else ""),
        "jichitai-first-administrator": administrative("caller", first_administrator(c)[1]),
        "jichitai-new-assignment": administrative(
            "operationName", "Microsoft.Authorization/roleAssignments/write"
        ),
        "jichitai-new-federation": administrative(
            "operationName",
            "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        ),
    }


def look_alarms(c: C) -> Finding:
    """Notices by mail about the activity log's entries."""
    s = c.settings
    email = s.contact("security")["email"]
    body: dict[str, Any] = {
        "location": "Global",
        "tags": s.owner,
        "properties": {
            "groupShortName": "jichitai",
            "enabled": True,
            "emailReceivers": [{"name": "security", "emailAddress": email, "useCommonAlertSchema": True}],
        },
    }
    where = {**IN, "action_group_name": ACTION_GROUP}
    group = c.session.read("monitor", "action_groups.get", **where)
    calls: list[Call] = []
    if group is not None and not ours(s, group.get("tags")):
        problem = foreign(f"アクション グループ {ACTION_GROUP}", f"the action group {ACTION_GROUP}", s)
        return Finding(facts={"group": ACTION_GROUP}, problem=problem)
    if (
        group is None
        or not holds(group["properties"], {"enabled": True})
        or email not in str(group["properties"])
    ):
        why = Text(f"{email} への通知先を作る", f"make the channel to {email}")
        calls.append(Call("monitor", "action_groups.create_or_update", {**where, "action_group": body}, why))
    set_: list[str] = []
    for name, conditions in alarms(c).items():
        there = c.session.read("monitor", "activity_log_alerts.get", **IN, activity_log_alert_name=name)
        if there is not None and not ours(s, there.get("tags")):
            return Finding(facts={"alarm": name}, problem=foreign(f"アラート {name}", f"the alert {name}", s))
        wanted = _alarm(s, conditions)
        if there is not None and holds(there["properties"], wanted["properties"]):
            set_.append(name)
            continue
        arguments = {**IN, "activity_log_alert_name": name, "activity_log_alert_rule": wanted}
        why = Text(f"警報 {name} を設定する", f"set the alarm {name}")
        calls.append(Call("monitor", "activity_log_alerts.create_or_update", arguments, why))
    return Finding(facts={"channel": email if group else None, "alarms": set_}, calls=tuple(calls))


def _alarm(settings: Settings, conditions: list[dict[str, str]]) -> dict[str, Any]:
    group = f"{names.group(settings)}/providers/Microsoft.Insights/actionGroups/{ACTION_GROUP}"
    return {
        "location": "Global",
        "tags": settings.owner,
        "properties": {
            "enabled": True,
            "scopes": [names.unit(settings)],
            "condition": {"allOf": conditions},
            "actions": {"actionGroups": [{"actionGroupId": group}]},
        },
    }


def look_evidence(c: C) -> Finding:
    """Whether the evidence so far lies where nobody can change it."""
    body = c.evidence.settled("evidence")
    lines = body.count(b"\n")
    name = f"bootstrap/{c.settings.stack}/{lines:06}-{hashlib.sha256(body).hexdigest()[:12]}.jsonl"
    try:
        found = c.session.blob(names.EVIDENCE, name) if store_is_there(c) else None
    except Exception as error:
        if not errors.forbidden(error):  # the step `access` has not let us in yet
            raise
        found = None
    if found is not None:
        return Finding(facts={"blob": name, "intact": found == body})
    arguments = {"container": names.EVIDENCE, "name": name, "data": body}
    why = Text(f"ここまでの記録 {lines} 行を写す", f"copy the {lines} records so far")
    return Finding(facts={"blob": None}, calls=(Call("blob", "upload", arguments, why),))


def look_retire(c: C) -> Finding:
    """Every role of the credential that was handed over goes, the owner's last."""
    member, called = first_administrator(c)
    if not member:
        return Finding(facts={"first": called}, problem=_not_the_first(called))
    glass = sealed(c.settings)
    try:
        if member in (_deployer(c), glass.id if glass else ""):
            return Finding(facts={"member": member}, problem=_not_the_first(called))
        # What has begun was proven; the right to read the proof is among what is taken away.
        begun = c.evidence.last("retire", "begin") is not None
        proof = look_proof(c) if not begun else Finding()
        if proof.state != "done":
            return Finding(facts={"retired": False}, problem=proof.problem, waiting=_PROOF_FIRST)
        found = [a for a in c.session.assignments(member) if str(a.principal_id).lower() == member]
    except Exception as error:
        # Who has retired itself may not even look any more: that is the proof.
        if errors.forbidden(error) and c.evidence.last("retire", "begin") is not None:
            return Finding(facts={"retired": member, "access": "refused"})
        raise
    unit = names.unit(c.settings).lower()
    here = [a for a in found if str(a.scope).lower().startswith(unit)]
    facts = {"member": member, "assignments": len(here), "inherited": len(found) - len(here)}
    if here and (glass is None or glass.id not in _owners(c)):
        return Finding(facts=facts, waiting=_GLASS_FIRST)
    owner_last = sorted(
        here, key=lambda a: (str(a.scope).lower() == unit, str(a.role_definition_id).endswith(names.OWNER))
    )
    calls = tuple(
        Call(
            "authorization",
            "role_assignments.delete_by_id",
            {"role_assignment_id": a.id},
            Text("最初の認証情報の権限を外す", "take a role from the first credential"),
        )
        for a in owner_last
    )
    return Finding(facts=facts, calls=calls, note=_SECRETS)


def _deployer(c: C) -> str:
    """The deployer's principal, "" where it is not there."""
    found = c.session.read("msi", "user_assigned_identities.get", **IN, resource_name=names.DEPLOYER)
    return str(found["properties"]["principalId"]).lower() if found else ""


def _not_the_first(called: str) -> Problem:
    return Problem(
        "unsafe",
        Text(
            f"これは最初の認証情報ではありません（記録を始めたのは {called} です）。",
            f"this is not the first credential ({called} began this evidence)",
        ),
        Text(
            "最初の認証情報で実行するか、--set retire=<オブジェクトID>:<サインイン名> で指定してください。",
            "Run it with the first credential, or name that one: --set retire=<object id>:<sign-in name>.",
        ),
    )


_PROOF_FIRST = Text(
    "パイプラインが新しい道で入れたことを確かめてから、最初の認証情報を止めます。",
    "The first credential is retired only after the pipeline has come in by the new road.",
)
_GLASS_FIRST = Text(
    "緊急用の身元が所有者になってから、最初の認証情報を止めます。",
    "The first credential is retired only once the account for emergencies is an owner.",
)
_SECRETS = Text(
    "秘密の値やサインイン中のセッションは払い出し元の Entra ID でしか消せません。権限はすべて外れます。",
    "Only the agency's Entra ID ends its secrets and sessions; without roles they open nothing here.",
)
