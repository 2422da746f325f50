"""The roles of our own that the components name (`stacks.azure_roles`): the deployer may not define any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.bootstrap.azure import names
from scripts.bootstrap.azure.session import Azure
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding
from stacks.azure_roles import OWN, OwnRole
from stacks.text import Text

C = Context[Azure]
BLOCKS = ("actions", "notActions", "dataActions", "notDataActions")
_MIDDLE = "/providers/Microsoft.Authorization/roleDefinitions/"


def read(c: C, role: str) -> dict[str, Any] | None:
    """A role definition by its id; None where there is none."""
    scope, _, guid = role.partition(_MIDDLE)
    return c.session.read("authorization", "role_definitions.get", scope=scope, role_definition_id=guid)


def define(
    c: C, role: str, title: str, does: str, block: Mapping[str, Sequence[str]], why: Text
) -> list[Call]:
    """The call that makes a role (by its id) give exactly `block` in the subscription, unless it does."""
    unit = names.unit(c.settings)
    wanted = {key: sorted(block.get(key, ())) for key in BLOCKS}
    now = (read(c, role) or {}).get("properties", {})
    given = [{key: sorted(one.get(key) or ()) for key in BLOCKS} for one in now.get("permissions") or []]
    where = [str(scope).lower() for scope in now.get("assignableScopes") or []]
    if given == [wanted] and where == [unit.lower()]:
        return []
    body = {
        "properties": {
            "roleName": title,
            "description": does,
            "type": "CustomRole",
            "permissions": [wanted],
            "assignableScopes": [unit],
        }
    }
    scope, _, guid = role.partition(_MIDDLE)
    arguments = {"scope": scope, "role_definition_id": guid, "role_definition": body}
    return [Call("authorization", "role_definitions.create_or_update", arguments, why)]


def look_roles(c: C) -> Finding:
    """Whether each role of ours is there and gives what it must, and nothing else."""
    unit, calls, right = c.settings.unit, list[Call](), list[str]()
    for key, role in OWN.items():
        why = Text(f"独自ロール {role.title(unit)} を定義する", f"define the role {role.title(unit)}")
        found = define(c, role.id(unit), role.title(unit), f"jichitai: {role.does}", _block(role), why)
        calls += found
        right += [] if found else [key]
    return Finding(facts={"defined": right}, calls=tuple(calls))


def _block(role: OwnRole) -> Mapping[str, Sequence[str]]:
    return {"actions": role.actions, "dataActions": role.data_actions}


def undo_roles(c: C) -> tuple[Call, ...]:
    """They go, but for those that somebody has: Azure deletes no role with assignments."""
    held = {
        str(a.role_definition_id).lower().rpartition("/")[2]
        for a in c.session.listed("authorization", "role_assignments.list_for_subscription")
    }
    calls: list[Call] = []
    for role in OWN.values():
        guid = role.guid(c.settings.unit)
        if guid in held or read(c, role.id(c.settings.unit)) is None:
            continue
        why = Text("独自ロールを消す", "delete a role of ours")
        arguments = {"scope": names.unit(c.settings), "role_definition_id": guid}
        calls.append(Call("authorization", "role_definitions.delete", arguments, why))
    return tuple(calls)
