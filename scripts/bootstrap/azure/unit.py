"""The subscription itself: providers, the group of what we make, contacts, where things may be, sign-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.azure import errors, names
from scripts.bootstrap.azure.session import Azure
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Azure]


def adopted(settings: Settings, part: str) -> bool:
    """Whether the manifest says that a part of the baseline is made outside of `up`."""
    return settings.part.get("baseline", {}).get(part, "created") != "created"


def ours(settings: Settings, tags: Mapping[str, str] | None) -> bool:
    """Whether tags say that something is this stack's bootstrap's."""
    return all((tags or {}).get(key) == value for key, value in settings.owner.items())


def foreign(ja: str, en: str, settings: Settings) -> Problem:
    """Something of that name exists and does not carry our mark."""
    mark = ", ".join(f"{key}={value}" for key, value in settings.owner.items())
    return Problem(
        "foreign",
        Text(
            f"{ja} はすでにあり、このスタックのものという印がありません。",
            f"{en} exists, and nothing says that it is this stack's",
        ),
        Text(
            f"別の用途なら、名前を変えるか消してください。手で作ったものなら、タグ {mark} を付けてください。",
            f"If it serves something else, rename or delete it; if you made it earlier, tag it: {mark}",
        ),
    )


def look_providers(c: C) -> Finding:
    """Which of the resource providers that the bootstrap speaks to are not registered."""
    off: list[str] = []
    for space in names.PROVIDERS:
        found = c.session.read("resources", "providers.get", resource_provider_namespace=space)
        if (found or {}).get("registrationState") != "Registered":
            off.append(space)
    calls = tuple(
        Call(
            "resources",
            "providers.register",
            {"resource_provider_namespace": space},
            Text(f"{space} を登録する", f"register {space}"),
        )
        for space in off
    )
    return Finding(facts={"off": off}, calls=calls)


def look_group(c: C) -> Finding:
    """The resource group, and the lock that keeps the deployer from deleting what is in it."""
    found = c.session.read("resources", "resource_groups.get", resource_group_name=names.GROUP)
    calls: list[Call] = []
    if found is None:
        body = {"location": c.settings.region, "tags": c.settings.owner}
        arguments = {"resource_group_name": names.GROUP, "parameters": body}
        why = Text("基盤用のリソースグループを作る", "make the resource group")
        calls.append(Call("resources", "resource_groups.create_or_update", arguments, why))
    elif not ours(c.settings, found.get("tags")):
        problem = foreign(f"リソースグループ {names.GROUP}", f"the resource group {names.GROUP}", c.settings)
        return Finding(facts={"group": names.GROUP}, problem=problem)
    elif found["location"] not in c.settings.regions:
        what = Text(
            f"リソースグループ {names.GROUP} が国外（{found['location']}）にあります。",
            f"the resource group {names.GROUP} is abroad ({found['location']})",
        )
        do = Text(
            "空なら消して、もう一度実行してください。", "Delete it if it is empty, then run this again."
        )
        return Finding(facts={"location": found["location"]}, problem=Problem("impossible", what, do))
    lock = f"{names.group(c.settings)}/providers/Microsoft.Authorization/locks/{names.LOCK}"
    if (
        found is None
        or c.session.read("resources", "resources.get_by_id", resource_id=lock, api_version="2020-05-01")
        is None
    ):
        note = "jichitai bootstrap: state, keys and evidence"
        arguments: dict[str, Any] = {
            "resource_id": lock,
            "api_version": "2020-05-01",
            "parameters": {"properties": {"level": "CanNotDelete", "notes": note}},
        }
        why = Text("中身を消せないようにする", "keep what is in it from being deleted")
        calls.append(Call("resources", "resources.begin_create_or_update_by_id", arguments, why))
    return Finding(
        facts={"group": found is not None, "location": (found or {}).get("location")}, calls=tuple(calls)
    )


def look_contacts(c: C) -> Finding:
    """Whom Defender for Cloud writes to. What `up` makes itself is left to it."""
    if not adopted(c.settings, "contacts"):
        note = Text(
            "連絡先は baseline.contacts に従い up が登録します。",
            "`up` registers the contact (baseline.contacts in the manifest).",
        )
        return Finding(facts={"by": "up"}, note=note)
    wanted = sorted({c.settings.contact("security")["email"], c.settings.contact("operations")["email"]})
    found = c.session.read("security", "security_contacts.get", security_contact_name="default")
    now = sorted(e for e in str((found or {}).get("properties", {}).get("emails", "")).split(";") if e)
    if set(wanted) <= set(now):
        return Finding(facts={"emails": now})
    body = {
        "properties": {
            "emails": ";".join(sorted({*now, *wanted})),
            "alertNotifications": {"state": "On", "minimalSeverity": "Medium"},
            "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        }
    }
    arguments = {"security_contact_name": "default", "security_contact": body}
    why = Text(f"{', '.join(wanted)} に通知を届ける", f"have notices sent to {', '.join(wanted)}")
    return Finding(
        facts={"emails": now}, calls=(Call("security", "security_contacts.create", arguments, why),)
    )


def look_fence(c: C) -> Finding:
    """The built-in policies that keep resources and groups in Japan, assigned to the subscription."""
    facts: dict[str, Any] = {}
    calls: list[Call] = []
    for name, policy in names.FENCES.items():
        scope = names.unit(c.settings)
        found = c.session.read("policy", "policy_assignments.get", scope=scope, policy_assignment_name=name)
        inner = (found or {}).get("properties", {})
        allowed = inner.get("parameters", {}).get("listOfAllowedLocations", {}).get("value", [])
        facts[name] = sorted(allowed)
        if found and not str(inner.get("policyDefinitionId", "")).lower().endswith(policy):
            problem = foreign(f"ポリシー割り当て {name}", f"the policy assignment {name}", c.settings)
            return Finding(facts=facts, problem=problem)
        if set(allowed) == set(c.settings.regions) and inner.get("enforcementMode", "Default") == "Default":
            continue
        body = {
            "properties": {
                "displayName": "Jichitai: domestic regions only",
                "policyDefinitionId": f"/providers/Microsoft.Authorization/policyDefinitions/{policy}",
                "parameters": {"listOfAllowedLocations": {"value": sorted(c.settings.regions)}},
                "enforcementMode": "Default",
            }
        }
        arguments = {"scope": scope, "policy_assignment_name": name, "parameters": body}
        why = Text("国内リージョンだけを許す", "allow domestic regions only")
        calls.append(Call("policy", "policy_assignments.create", arguments, why))
    return Finding(facts=facts, calls=tuple(calls))


def undo_fence(c: C) -> tuple[Call, ...]:
    """Our assignments go; the agency's, above, stay."""
    scope, calls = names.unit(c.settings), list[Call]()
    for name in names.FENCES:
        arguments = {"scope": scope, "policy_assignment_name": name}
        if c.session.read("policy", "policy_assignments.get", **arguments) is not None:
            why = Text("囲いを外す", "take the fence away")
            calls.append(Call("policy", "policy_assignments.delete", arguments, why))
    return tuple(calls)


def look_signin(c: C) -> Finding:
    """Who may do what in the subscription, as far as it shows it. Only reads."""
    try:
        found = c.session.listed("authorization", "role_assignments.list_for_subscription")
    except Exception as error:
        if errors.forbidden(error):
            return Finding(facts={"owners": "not visible"}, note=_ABOVE)
        raise
    owners = sorted(
        {str(a.principal_id) for a in found if str(a.role_definition_id).lower().endswith(names.OWNER)}
    )
    facts: dict[str, Any] = {"owners": owners, "assignments": len(found)}
    seen = c.session.sign_in()
    if seen is None:
        return Finding(facts={**facts, "directory": "not visible"}, note=_ABOVE)
    facts |= {"security_defaults": seen.security_defaults, "mfa_policies": list(seen.mfa_policies)}
    note = None if seen.security_defaults or seen.mfa_policies else _NO_MFA
    return Finding(facts=facts, note=note)


_NO_MFA = Text(
    "Entra ID に、多要素認証を求める設定が見当たりません。払い出し元（デジタル庁）に確かめてください。",
    "Nothing in Entra ID asks for MFA; take that up with the agency, whose directory it is.",
)
_ABOVE = Text(
    "多要素認証・条件付きアクセスは払い出し元の Entra ID にあり、ここからは見えません。",
    "MFA, passwords and conditional access are in the agency's Entra ID; a subscription cannot see them.",
)
