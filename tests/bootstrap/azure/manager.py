"""Azure Resource Manager: PUT, GET, PATCH, DELETE and POST on anything that has an id."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.bootstrap.azure import models
from tests.bootstrap.azure.fake import (
    SUBSCRIPTION,
    TENANT,
    UNIT,
    Azure,
    etag,
    request_id,
    sound,
    type_of,
)
from tests.bootstrap.fakes.server import Answer, Refused, Request

JAPAN = ("japaneast", "japanwest")
SLOW = ("Microsoft.Storage/storageAccounts",)
"""Types that are made by a long-running operation: 202, and an address to ask at."""
ALWAYS_OK = frozenset(
    {
        "Microsoft.KeyVault/vaults/keys",
        "Microsoft.Security/securityContacts",
        "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
    }
)
"""Types whose PUT answers 200 for a new one as well; the clients take nothing else."""
ALWAYS_CREATED = frozenset({"Microsoft.Authorization/roleDefinitions"})
"""Types whose PUT answers 201 for a change as well; the clients take nothing else."""
BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
ENCRYPTION = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def register(azure: Azure) -> None:
    """Registers Resource Manager's addresses."""
    manager = Manager(azure)
    azure.router.add("GET", "/subscriptions", manager.subscriptions)
    azure.router.add("POST", UNIT + "/providers/{space}/register", manager.provider)
    azure.router.add("GET", UNIT + "/providers/{space}", manager.provider)
    azure.router.add("GET", "/operations/{number}", manager.operation)
    for method, function in (
        ("GET", manager.get),
        ("PUT", manager.put),
        ("PATCH", manager.put),
        ("DELETE", manager.delete),
        ("POST", manager.post),
    ):
        azure.router.add(method, "/subscriptions/{+rest}", function)
        azure.router.add(method, "/providers/{+rest}", function)


class Manager:
    """Resource Manager's verbs."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.checks: dict[str, Callable[[str, dict[str, Any]], None]] = {
            "microsoft.authorization/roleassignments": self._assignment,
            "microsoft.storage/storageaccounts": self._account,
            "microsoft.keyvault/vaults": self._vault,
            f"{BLOBS}/containers/immutabilitypolicies".lower(): self._immutability,
        }

    def subscriptions(self, request: Request) -> Answer:
        """What the caller may see."""
        who = self.azure.who(request)
        seen = [s for s in self.azure.subscriptions if self.azure.may(who, "x/read", f"/subscriptions/{s}")]
        found = [
            {"id": f"/subscriptions/{s}", "subscriptionId": s, "tenantId": TENANT, "state": "Enabled"}
            for s in seen
        ]
        return Answer(200, {"value": found}, request_id())

    def provider(self, request: Request, space: str) -> Answer:
        """Registration of a namespace."""
        write = request.method == "POST"
        self._allowed(request, UNIT, f"{space}/register/action" if write else f"{space}/read")
        if write:
            self.azure.world.registered.add(space.lower())
        on = space.lower() in self.azure.world.registered
        body = {"namespace": space, "registrationState": "Registered" if on else "NotRegistered"}
        return Answer(200, body, request_id())

    def operation(self, request: Request, number: str) -> Answer:
        """A long-running operation: the first question finds it running."""
        self.azure.who(request)
        waiting = self.azure.world.pending
        id_ = waiting.get(number, "")
        if id_.startswith("!"):
            waiting[number] = id_[1:]
            return Answer(202, None, {"Location": self._place(request, number), "Retry-After": "0"})
        found = self.azure.find(id_)
        return (
            Answer(200, found, request_id()) if found else self.azure.router.refuse(404, "NotFound", number)
        )

    def get(self, request: Request, rest: str) -> Answer:
        """A resource, or all of a type."""
        id_ = _id(request)
        if len(id_.rpartition("/providers/")[2].split("/")) % 2 == 0 and "/providers/" in id_:
            return self._all(request, id_)
        kind = type_of(id_)
        self._allowed(request, id_, f"{kind}/read")
        found = self.azure.find(id_)
        if found is None:
            if kind == "Microsoft.Resources/subscriptions":
                raise Refused(404, "SubscriptionNotFound", f"{id_} could not be found.")
            raise Refused(404, "ResourceNotFound", f"The Resource '{id_}' was not found.")
        return Answer(200, found, {**request_id(), "ETag": etag(found)})

    def _all(self, request: Request, id_: str) -> Answer:
        scope, _, rest = id_.rpartition("/providers/")
        kind = "/".join([rest.split("/")[0], *rest.split("/")[1::2]])
        self._allowed(request, scope or id_, f"{kind}/read")
        found = [r for r in self.azure.of_type(kind) if r["id"].lower().startswith(id_.lower())]
        if kind.lower().endswith("/roleassignments"):
            found = [r for r in self.azure.of_type(kind) if r["id"].lower().startswith(scope.lower())]
        asked = re.search(r"(?:assignedTo\('|principalId eq ')([^']+)'", request.one("$filter"))
        if asked:
            found = [r for r in found if r["properties"].get("principalId") == asked[1]]
        return Answer(200, {"value": found}, request_id())

    def put(self, request: Request, rest: str) -> Answer:
        """Makes or changes a resource."""
        id_, azure = _id(request), self.azure
        kind = type_of(id_)
        self._allowed(request, id_, f"{kind}/write")
        body: Any = request.json
        if not request.one("api-version"):
            raise Refused(400, "MissingApiVersionParameter", "The api-version query parameter is required.")
        known = {k.lower(): k for k in (*models.SOURCES, models.LOCKS)}
        if kind.lower() not in known:
            raise Refused(400, "NotModelled", f"the fake has no {kind}")
        kind = known[kind.lower()]
        now = azure.find(id_)
        if request.method == "PATCH":
            if now is None:
                raise Refused(404, "ResourceNotFound", f"The Resource '{id_}' was not found.")
            body = _merged(
                {
                    k: v
                    for k, v in now.items()
                    if k in ("location", "tags", "sku", "kind", "identity", "properties")
                },
                body,
            )
        self._placed(request, id_, kind, body)
        sound(kind, body if request.method == "PUT" else request_body(body))
        if check := self.checks.get(kind.lower()):
            check(id_, body)
        made = azure.add(id_, _settled(kind, id_, body, now))
        azure.made(kind, id_)
        new = kind in ALWAYS_CREATED or (now is None and kind not in ALWAYS_OK)
        if kind in SLOW and now is None:
            number = uuid.uuid4().hex
            azure.world.pending[number] = f"!{id_}"
            return Answer(
                202, None, {**request_id(), "Location": self._place(request, number), "Retry-After": "0"}
            )
        return Answer(201 if new else 200, made, {**request_id(), "ETag": etag(made)})

    def delete(self, request: Request, rest: str) -> Answer:
        """Takes a resource away, and what is in it."""
        id_ = _id(request)
        self._allowed(request, id_, f"{type_of(id_)}/delete")
        if self.azure.find(id_) is None:
            return Answer(204, None, request_id())
        given = self.azure.of_type("Microsoft.Authorization/roleAssignments")
        if any(a["properties"]["roleDefinitionId"].lower() == id_.lower() for a in given):
            raise Refused(
                400, "RoleDefinitionHasAssignments", f"There are existing role assignments for {id_}."
            )
        gone = self.azure.world.resources.pop(id_.lower())
        for inner in [k for k in self.azure.world.resources if k.startswith(id_.lower() + "/")]:
            del self.azure.world.resources[inner]
        return Answer(200, gone, request_id())

    def post(self, request: Request, rest: str) -> Answer:
        """The one action there is: locking an immutability policy."""
        id_, _, action = _id(request).rpartition("/")
        self._allowed(request, id_, f"{type_of(id_)}/{action}/action")
        found = self.azure.find(id_)
        if found is None or action.lower() != "lock":
            raise Refused(404, "ResourceNotFound", f"The Resource '{id_}' was not found.")
        if request.headers.get("if-match") != etag_of(found):
            raise Refused(
                412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."
            )
        found["properties"]["state"] = "Locked"
        found["etag"] = etag(found["properties"])
        return Answer(200, found, {**request_id(), "ETag": found["etag"]})

    # --- what is refused

    def _allowed(self, request: Request, scope: str, action: str) -> None:
        who = self.azure.who(request)
        if not self.azure.may(who, action, scope):
            text = f"The client '{who}' does not have authorization to perform '{action}' over '{scope}'."
            raise Refused(403, "AuthorizationFailed", text)

    def _placed(self, request: Request, id_: str, kind: str, body: Mapping[str, Any]) -> None:
        space = kind.split("/")[0].lower()
        if space not in self.azure.world.registered:
            text = f"The subscription is not registered to use namespace '{kind.split('/')[0]}'."
            raise Refused(409, "MissingSubscriptionRegistration", text)
        location = body.get("location")
        if location and location.lower() not in (*JAPAN, "global") and self._fenced():
            raise Refused(403, "RequestDisallowedByPolicy", f"Resource '{id_}' was disallowed by policy.")
        group = re.match(r"(/subscriptions/[^/]+/resourceGroups/[^/]+)/", id_, re.I)
        if group and self.azure.find(group[1]) is None:
            raise Refused(404, "ResourceGroupNotFound", f"Resource group '{group[1]}' could not be found.")
        parent = id_.rsplit("/", 2)[0]
        # A blob service is there with its account, and has one name.
        inside = type_of(parent) if "/providers/" in parent else ""
        child = inside.count("/") >= 1 and not parent.lower().endswith("/providers") and inside != BLOBS
        extension = "/providers/microsoft.authorization/" in id_.lower()
        if child and not extension and self.azure.find(parent) is None:
            raise Refused(404, "ParentResourceNotFound", f"Can not perform requested operation: no {parent}")

    def _fenced(self) -> bool:
        return bool(self.azure.of_type("Microsoft.Authorization/policyAssignments"))

    def _assignment(self, id_: str, body: dict[str, Any]) -> None:
        given = body["properties"]
        role = given["roleDefinitionId"]
        if (
            self.azure.find(role) is None
            and self.azure.find("/providers" + role.rpartition("/providers")[2]) is None
        ):
            raise Refused(
                400, "RoleDefinitionDoesNotExist", f"The specified role definition '{role}' does not exist."
            )
        for other in self.azure.of_type("Microsoft.Authorization/roleAssignments"):
            same = other["id"].rsplit("/", 1)[0].lower() == id_.rsplit("/", 1)[0].lower()
            theirs = other["properties"]
            if (
                same
                and other["id"].lower() != id_.lower()
                and theirs["principalId"] == given["principalId"]
                and theirs["roleDefinitionId"].rpartition("/")[2] == role.rpartition("/")[2]
            ):
                raise Refused(409, "RoleAssignmentExists", "The role assignment already exists.")
        given["scope"] = id_.rpartition("/providers/")[0]

    def _account(self, id_: str, body: dict[str, Any]) -> None:
        name = id_.rpartition("/")[2]
        if not re.fullmatch(r"[a-z0-9]{3,24}", name):
            raise Refused(400, "AccountNameInvalid", f"{name} is not a valid storage account name.")
        others = [r for r in self.azure.of_type("Microsoft.Storage/storageAccounts") if r["name"] == name]
        if any(o["id"].lower() != id_.lower() for o in others):
            raise Refused(
                409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken."
            )
        encryption = body["properties"].get("encryption", {})
        if encryption.get("keySource") == "Microsoft.Keyvault":
            identity = encryption["identity"]["userAssignedIdentity"]
            found = self.azure.find(identity)
            vault = encryption["keyvaultproperties"]["keyvaulturi"].split("//")[1].split(".")[0]
            key = next(
                (k for k in self.azure.of_type("Microsoft.KeyVault/vaults/keys") if f"/{vault}/" in k["id"]),
                None,
            )
            usable = (
                found
                and key
                and self.azure.may(
                    found["properties"]["principalId"],
                    "Microsoft.KeyVault/vaults/keys/wrap/action",
                    key["id"],
                    data=True,
                )
            )
            if not usable:
                text = "The operation failed because of authentication issue on the keyvault."
                raise Refused(400, "KeyVaultAuthenticationFailure", text)

    def _vault(self, id_: str, body: dict[str, Any]) -> None:
        if body["properties"]["tenantId"] != TENANT:
            raise Refused(400, "BadRequest", "The tenant of a vault must be its subscription's.")
        now = self.azure.find(id_)
        if (
            now
            and now["properties"].get("enablePurgeProtection")
            and not body["properties"].get("enablePurgeProtection")
        ):
            raise Refused(400, "BadRequest", 'The property "enablePurgeProtection" cannot be set to false.')

    def _immutability(self, id_: str, body: dict[str, Any]) -> None:
        now = self.azure.find(id_)
        if now and now["properties"].get("state") == "Locked":
            days = body["properties"]["immutabilityPeriodSinceCreationInDays"]
            if days < now["properties"]["immutabilityPeriodSinceCreationInDays"]:
                raise Refused(
                    412, "ContainerImmutabilityPolicyFailure", "A locked policy cannot be shortened."
                )

    @staticmethod
    def _place(request: Request, number: str) -> str:
        return f"https://{request.headers['host']}/operations/{number}?api-version=1"


def request_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a merged body a client could have sent."""
    inner = {k: v for k, v in body.get("properties", {}).items() if k not in _SERVER}
    return {**body, "properties": inner}


_SERVER = (
    "provisioningState",
    "primaryEndpoints",
    "creationTime",
    "principalId",
    "clientId",
    "tenantId",
    "vaultUri",
    "keyUri",
    "keyUriWithVersion",
    "state",
    "scope",
)


def etag_of(found: Mapping[str, Any]) -> str:
    """The tag that a resource carries in its body."""
    return str(found.get("etag", ""))


def _id(request: Request) -> str:
    return unquote(request.path).rstrip("/")


def _merged(now: Any, change: Any) -> Any:
    if not isinstance(now, dict) or not isinstance(change, dict):
        return change
    return {**now, **{k: _merged(now.get(k), v) for k, v in change.items()}}


def _settled(kind: str, id_: str, body: Mapping[str, Any], now: Mapping[str, Any] | None) -> dict[str, Any]:
    """A body with what the server adds to it."""
    made: dict[str, Any] = copy.deepcopy(dict(body))
    inner = made.setdefault("properties", {})
    name = id_.rpartition("/")[2]
    if kind == "Microsoft.ManagedIdentity/userAssignedIdentities":
        inner["principalId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"principal:{id_.lower()}"))
        inner["clientId"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"client:{id_.lower()}"))
        inner["tenantId"] = TENANT
    elif kind == "Microsoft.KeyVault/vaults":
        inner["vaultUri"] = f"https://{name}.vault.azure.net/"
    elif kind == "Microsoft.KeyVault/vaults/keys":
        vault = id_.split("/")[-3]
        inner["keyUri"] = f"https://{vault}.vault.azure.net/keys/{name}"
    elif kind.endswith("/immutabilityPolicies"):
        inner["state"] = ((now or {}).get("properties") or {}).get("state", "Unlocked")
        made["etag"] = etag(inner)
    elif kind == "Microsoft.Storage/storageAccounts":
        inner["primaryEndpoints"] = {"blob": f"https://{name}.blob.core.windows.net/"}
    if kind in SLOW:
        inner["provisioningState"] = "Succeeded"
    return made


__all__ = ["SUBSCRIPTION", "Manager", "register"]
