"""Google Cloud on loopback: one project as it is handed over, and the APIs that the bootstrap speaks.

Addresses, parameters and bodies are judged by the published discovery documents (`published`), permissions
by the IAM policies that the project, its buckets, keys and service accounts really carry. Tokens come from
signed JWTs of registered service account keys, from refresh tokens, and from workload identity federation,
whose conditions are evaluated. What the fake does not model, it refuses.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives import serialization

from tests.bootstrap.fakes.identity import Bearers, Issuer, key_of
from tests.bootstrap.fakes.server import Answer, Refused, Request, Router
from tests.bootstrap.google import published
from tests.bootstrap.google.permissions import METHODS, ROLES, SERVICE_OF, holds

PROJECT, NUMBER = "gov-131041-prod", "123456789012"
ADMIN = "admin@gcas.example.go.jp"
SERVICES = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com")
"""On from the beginning."""

Handler = Callable[[Request, str, str], Answer]

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def refuse(status: int, code: str, message: str) -> Answer:
    """A refusal in the form of google.rpc.Status; `code` goes into the details as the reason."""
    reason = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code}]
    error = {"code": status, "message": message, "status": _STATUS.get(status, "UNKNOWN"), "details": reason}
    return Answer(status, {"error": error}, {"X-Request-Id": f"g-{time.monotonic_ns():x}"})


def etag(value: Any) -> str:
    """The tag of a value."""
    text = json.dumps(value, sort_keys=True).encode()
    return base64.b64encode(hashlib.sha256(text).digest()[:6]).decode()


@dataclass
class World:
    """Everything that the fake remembers; copied to look at or to go back to."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    policies: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    services: set[str] = field(default_factory=lambda: set(SERVICES))
    objects: dict[str, list[dict[str, Any]]] = field(default_factory=dict[str, list[dict[str, Any]]])
    keys: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    number: int = 0

    def next(self) -> int:
        """A number that was not used before."""
        self.number += 1
        return self.number


class Google:
    """The fake. `router` is what is served; `world` may be looked into, and changed as others would."""

    def __init__(self) -> None:
        self.world = World()
        self.bearers = Bearers()
        self.issuer = Issuer()
        self.issuers: dict[str, Issuer] = {self.issuer.url: self.issuer}
        self.router = Router(refuse, step="[^/:]+")
        self.skew = 0.0
        self.retired: set[str] = set()
        project = f"projects/{PROJECT}"
        self.world.things[project] = {
            "name": f"projects/{NUMBER}",
            "projectId": PROJECT,
            "state": "ACTIVE",
            "displayName": "新宿区 本番",
            "parent": "folders/42",
        }
        self.world.policies[project] = {
            "version": 1,
            "bindings": [{"role": "roles/owner", "members": [f"user:{ADMIN}"]}],
        }

    # --- what tests do to it

    def snapshot(self) -> World:
        """A copy of everything."""
        return copy.deepcopy(self.world)

    def restore(self, world: World) -> None:
        """Back to a copy."""
        self.world = copy.deepcopy(world)

    def service_account_file(self, name: str, *roles: str) -> dict[str, Any]:
        """Registers a service account with a key; the key's file as the console hands it out."""
        email = f"{name}@{PROJECT}.iam.gserviceaccount.com"
        self.add_account(email)
        key_id = hashlib.sha256(email.encode()).hexdigest()[:40]
        private = key_of(key_id)
        self.world.keys[key_id] = {"email": email, "disabled": False, "keyType": "USER_MANAGED"}
        policy = self.world.policies[f"projects/{PROJECT}"]
        for role in roles:
            policy["bindings"].append({"role": role, "members": [f"serviceAccount:{email}"]})
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": key_id,
            "private_key": pem.decode(),
            "client_email": email,
            "client_id": "1",
        }

    def add_account(self, email: str) -> dict[str, Any]:
        """A service account."""
        name = f"projects/{PROJECT}/serviceAccounts/{email}"
        self.world.things[name] = {
            "name": name,
            "email": email,
            "projectId": PROJECT,
            "uniqueId": str(10**20 + self.world.next()),
            "disabled": False,
        }
        self.world.policies.setdefault(name, {"version": 1, "bindings": []})
        return self.world.things[name]

    # --- serving

    def serve(self, id_: str, handler: Handler) -> None:
        """Serves a method: who asks, may they, is it well-formed; then `handler(request, who, name)`."""
        permission, api = METHODS[id_], id_.split(".")[0]
        about = published.method(id_)

        def answer(request: Request, **path: str) -> Answer:
            name = _name(request.path)
            who = self._who(request)
            if api in SERVICE_OF and SERVICE_OF[api] not in self.world.services:
                text = f"{SERVICE_OF[api]} has not been used in project {NUMBER} before or it is disabled."
                raise Refused(403, "SERVICE_DISABLED", text)
            if permission and not self.may(who, permission, name):
                raise Refused(403, "IAM_PERMISSION_DENIED", f"Permission '{permission}' denied for {who}")
            upload = request.path.startswith("/upload/")
            wrong = list(published.wrong_query(id_, request.query))
            wrong += [] if upload else published.wrong_body(id_, request.json)
            if wrong:
                raise Refused(400, "INVALID", "; ".join(wrong))
            found = handler(request, who, name)
            return Answer(
                found.status, found.body, {**found.headers, "X-Request-Id": f"g-{self.world.next()}"}
            )

        path = published.address(id_)
        self.router.add(about["httpMethod"], path, answer)
        if "mediaUpload" in about:
            self.router.add(about["httpMethod"], "/upload" + path, answer)

    def thing(self, name: str) -> dict[str, Any] | None:
        """What has this name, be it written with the project's id or with its number."""
        return self.world.things.get(name.replace(f"projects/{NUMBER}", f"projects/{PROJECT}", 1))

    def existing(self, name: str) -> dict[str, Any]:
        """The same. Raises Refused where there is nothing."""
        found = self.thing(name)
        if found is None:
            raise Refused(404, "NOT_FOUND", f"{name} was not found.")
        return found

    def _who(self, request: Request) -> str:
        who = self.bearers.who(request.bearer)
        if not who:
            raise Refused(401, "ACCESS_TOKEN_EXPIRED", "Request had invalid authentication credentials.")
        kind, _, email = who.partition(":")
        account = self.world.things.get(f"projects/{PROJECT}/serviceAccounts/{email}")
        if kind == "serviceAccount" and (account is None or account["disabled"]):
            raise Refused(401, "ACCOUNT_STATE_INVALID", "The service account is disabled or deleted.")
        return who

    def may(self, who: str, permission: str, resource: str) -> bool:
        """Whether the policies of the resource, of what it is in and of the project give a permission."""
        places = {f"projects/{PROJECT}", resource}
        places |= {name for name in self.world.policies if resource.startswith(name + "/")}
        for place in places:
            for binding in self.world.policies.get(place, {}).get("bindings", []):
                if who in binding["members"] and holds(self.contents(binding["role"]), permission):
                    return True
        return False

    def contents(self, role: str) -> tuple[str, ...]:
        """The permissions of a role, predefined or the project's own."""
        if role.startswith("projects/"):
            own = self.world.things.get(role, {})
            return () if own.get("deleted") else tuple(own.get("includedPermissions", ()))
        return ROLES.get(role, ())

    def set_policy(self, name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Replaces the IAM policy of a resource. Raises Refused: an old etag, conditions below version 3."""
        now = self.world.policies.setdefault(name, {"version": 1, "bindings": []})
        given = wanted.get("etag")
        if given and given != etag(now):
            text = "There were concurrent policy changes. Please retry the whole read-modify-write."
            raise Refused(409, "ABORTED", text)
        bindings = list(wanted.get("bindings", []))
        if any("condition" in b for b in bindings) and wanted.get("version") != 3:
            raise Refused(400, "INVALID", "Policies with conditions must have version 3.")
        for binding in bindings:
            self._existing(binding)
        new = {"version": 3 if any("condition" in b for b in bindings) else 1, "bindings": bindings}
        self.world.policies[name] = copy.deepcopy(new)
        return self.policy(name)

    def policy(self, name: str, version: int = 3) -> dict[str, Any]:
        """The IAM policy of a resource as it is read: conditions are hidden from those who read version 1."""
        now = self.world.policies.get(name, {"version": 1, "bindings": []})
        shown = copy.deepcopy(now)
        if version < 3:
            for binding in shown["bindings"]:
                if binding.pop("condition", None):
                    binding["role"] += "_withcond_0123456789abcdef0123"
            shown["version"] = 1
        return {**shown, "etag": etag(now)}

    def _existing(self, binding: Mapping[str, Any]) -> None:
        for member in binding["members"]:
            kind, _, name = member.partition(":")
            account = f"projects/{PROJECT}/serviceAccounts/{name}"
            ours = name.endswith(f"@{PROJECT}.iam.gserviceaccount.com")
            if kind == "serviceAccount" and ours and account not in self.world.things:
                raise Refused(400, "INVALID", f"Service account {name} does not exist.")
            if kind not in ("user", "group", "domain", "serviceAccount", "principal", "principalSet"):
                raise Refused(400, "INVALID", f"The member {member} is of an unknown type.")
        role = binding["role"]
        if role.startswith("projects/") and role not in self.world.things:
            raise Refused(400, "INVALID", f"Role {role} does not exist.")


def _name(path: str) -> str:
    """The name of what a path is about, with the project's id and without the verb."""
    name = unquote(re.sub(r"^(/upload)?/(storage/)?v\d/", "", path).partition(":")[0])
    name = re.sub(r"/(iam|lockRetentionPolicy)$", "", name) if name.startswith("b/") else name
    return re.sub(rf"^projects/({NUMBER}|-)(?=/|$)", f"projects/{PROJECT}", name)
