"""Azure on loopback: one subscription as it is handed over: Resource Manager, Entra ID's tokens, blobs, keys.

Bodies are judged by the published models (`models`), permissions by the role assignments that really are
there, tokens by their kind: a client secret, or a federated assertion whose issuer, subject and audience
must be a registered credential's exactly. What the fake does not model, it refuses.
"""

from __future__ import annotations

import copy
import fnmatch
import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from tests.bootstrap.azure import models
from tests.bootstrap.fakes.identity import Bearers, Issuer
from tests.bootstrap.fakes.server import Answer, Refused, Request, Router

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
ADMIN, ADMIN_ID = "admin-app", "bbbbbbbb-0000-4000-8000-000000000001"
ADMIN_SECRET = "planted-Sec~ret.of-the-first-administrator"
UNIT = f"/subscriptions/{SUBSCRIPTION}"
BUILT_IN: Mapping[str, tuple[str, dict[str, list[str]]]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": ("Owner", {"actions": ["*"]}),
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": ("Reader", {"actions": ["*/read"]}),
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": (
        "Role Based Access Control Administrator",
        {"actions": ["Microsoft.Authorization/roleAssignments/*", "*/read"]},
    ),
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": (
        "Storage Blob Data Contributor",
        {"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*"]},
    ),
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": (
        "Storage Blob Data Reader",
        {"dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]},
    ),
    "12338af0-0e69-4776-bea7-57ae8d297424": (
        "Key Vault Crypto User",
        {"dataActions": ["Microsoft.KeyVault/vaults/keys/*"]},
    ),
    "e147488a-f6f5-4113-8e2d-b22465e65bf6": (
        "Key Vault Crypto Service Encryption User",
        {"dataActions": ["Microsoft.KeyVault/vaults/keys/wrap/action"]},
    ),
}
"""Built-in roles by id (Azure RBAC reference, "Azure built-in roles")."""


def refuse(status: int, code: str, message: str) -> Answer:
    """A refusal in Resource Manager's form."""
    return Answer(status, {"error": {"code": code, "message": message}}, request_id())


def request_id() -> dict[str, str]:
    """The header with the request's id."""
    return {"x-ms-request-id": str(uuid.uuid4())}


@dataclass
class World:
    """Everything that the fake remembers. Resources are kept by their id in lower case."""

    resources: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    registered: set[str] = field(default_factory=lambda: {"microsoft.resources", "microsoft.authorization"})
    blobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    secrets: dict[str, str] = field(default_factory=lambda: {ADMIN: ADMIN_SECRET})
    pending: dict[str, str] = field(default_factory=dict[str, str])


class Azure:
    """The fake. `router` is what is served; `world` may be looked into, and changed as others would."""

    def __init__(self) -> None:
        self.world = World()
        self.bearers = Bearers()
        self.issuer = Issuer()
        self.issuers = {self.issuer.url: self.issuer}
        self.router = Router(refuse)
        self.skew = 0.0
        self.readers: set[str] = set()
        """Who may read the agency's directory."""
        self.access_policies: list[dict[str, Any]] = []
        self.made: Callable[[str, str], None] = lambda kind, id_: None
        """Called with the type and id of everything that is made: what a data plane of its own needs."""
        self.subscriptions = [SUBSCRIPTION]
        for id_, (name, permissions) in BUILT_IN.items():
            body = {"roleName": name, "type": "BuiltInRole", "permissions": [permissions]}
            path = f"/providers/Microsoft.Authorization/roleDefinitions/{id_}"
            self.add(path, {"properties": body})
        self.assign(ADMIN_ID, "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", UNIT, "handed-over")

    # --- what tests do to it

    def snapshot(self) -> World:
        """A copy of everything."""
        return copy.deepcopy(self.world)

    def restore(self, world: World) -> None:
        """Back to a copy."""
        self.world = copy.deepcopy(world)

    def add(self, id_: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """A resource, as if somebody had made it."""
        kind = type_of(id_)
        made = {**copy.deepcopy(dict(body)), "id": id_, "name": id_.rpartition("/")[2], "type": kind}
        self.world.resources[id_.lower()] = made
        return made

    def assign(self, principal: str, role: str, scope: str, name: str) -> None:
        """A role assignment, as if somebody had made it."""
        guid = uuid.uuid5(uuid.NAMESPACE_DNS, name)
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{guid}"
        definition = f"{UNIT}/providers/Microsoft.Authorization/roleDefinitions/{role}"
        body = {"roleDefinitionId": definition, "principalId": principal, "scope": scope}
        self.add(path, {"properties": body})

    def token(self, principal: str, **claims: Any) -> str:
        """A token of a principal, with the claims that a client may read."""
        now = int(time.time())
        issuer = f"https://sts.windows.net/{TENANT}/"
        body = {"oid": principal, "tid": TENANT, "iss": issuer, "iat": now, "nbf": now - 5, "exp": now + 3600}
        body |= claims
        token = jwt.encode({**body, "uti": str(uuid.uuid4())}, "x" * 32, algorithm="HS256")
        self.bearers.adopt(token, principal)
        return token

    # --- permissions

    def who(self, request: Request) -> str:
        """The principal that asks. Raises Refused without a valid token."""
        found = self.bearers.who(request.bearer)
        if not found:
            raise Refused(
                401, "ExpiredAuthenticationToken", "The access token expiry or signature is invalid."
            )
        return found

    def may(self, principal: str, action: str, scope: str, *, data: bool = False) -> bool:
        """Whether a role assignment at the scope or above gives an action (or data action)."""
        kinds = ("dataActions", "notDataActions") if data else ("actions", "notActions")
        for assignment in self.of_type("Microsoft.Authorization/roleAssignments"):
            body = assignment["properties"]
            at = assignment["id"].lower().rpartition("/providers/microsoft.authorization/")[0]
            if body["principalId"] != principal or not (scope.lower() + "/").startswith(at + "/"):
                continue
            role = self.find(body["roleDefinitionId"])
            for block in (role or {"properties": {"permissions": []}})["properties"]["permissions"]:
                if _matches(block.get(kinds[0], []), action) and not _matches(
                    block.get(kinds[1], []), action
                ):
                    return True
        return False

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """All resources of a type."""
        return [r for r in self.world.resources.values() if r["type"].lower() == kind.lower()]

    def find(self, id_: str) -> dict[str, Any] | None:
        """A resource by its id; a built-in role from any scope."""
        found = self.world.resources.get(id_.lower())
        return found or self.world.resources.get(_tail(id_))


def _tail(role: str) -> str:
    """Built-in roles may be named from any scope."""
    found = re.search(r"(/providers/microsoft\.authorization/roledefinitions/[^/]+)$", role.lower())
    return found[1] if found else role.lower()


def _matches(patterns: list[str], action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def type_of(id_: str) -> str:
    """The type that an id is of: what stands behind its last /providers/."""
    if "/providers/" not in id_:
        inside = "resourceGroups" if "/resourcegroups/" in id_.lower() else "subscriptions"
        return f"Microsoft.Resources/{inside}"
    space, *rest = id_.rpartition("/providers/")[2].split("/")
    return "/".join([space, *rest[::2]])


def etag(value: Any) -> str:
    """The tag of a value."""
    return '"' + hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12] + '"'


def sound(kind: str, body: Mapping[str, Any]) -> None:
    """Raises Refused where the published model does not take a body."""
    problems = models.wrong(kind, body)
    if problems:
        raise Refused(400, "InvalidRequestContent", "; ".join(problems))
