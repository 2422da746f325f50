"""What a tenancy's fake stands on: its resources, who calls, and whether they may."""

from __future__ import annotations

import base64
import copy
import email.utils
import hashlib
import itertools
import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.bootstrap.fakes.identity import Issuer
from tests.bootstrap.fakes.server import Answer, Refused, Request, Router
from tests.bootstrap.oci.models import check

TENANCY = "ocid1.tenancy.oc1..aaaaaaaabihg7pinocah2ynyvfj73uefwqpndu5mabcdefghijklmnopqrst"
ADMINISTRATOR = "ocid1.user.oc1..aaaaaaaaadministrator"
NAMESPACE = "axsetagaya"
VERBS = ("inspect", "read", "use", "manage")
FAMILIES = {
    "object-family": ("buckets", "objects"),
    "secret-family": ("secrets", "secret-bundles"),
    "ons-family": ("ons-topics", "ons-subscriptions"),
}
Row = dict[str, Any]


def refuse(status: int, code: str, message: str) -> Answer:
    """As OCI words it."""
    return Answer(status, {"code": code, "message": message})


def normal(pem: str) -> str:
    """A key without what may differ between two copies of it."""
    return "".join(pem.split())


def print_of(pem: str) -> str:
    """A public key's fingerprint, as OCI computes it."""
    key = serialization.load_pem_public_key(pem.encode())
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashlib.md5(der, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


class Ground(Router):
    """`rows` is all that a tenancy holds: kind → id → resource, in the API's own words."""

    def __init__(self, administrator_key: str, *, statements: tuple[str, ...] = ()) -> None:
        super().__init__(refuse)
        self.rows: dict[str, dict[str, Row]] = {}
        self.issuer = Issuer()
        self.regions = [("ap-tokyo-1", "NRT", True), ("ap-osaka-1", "KIX", False)]
        self.patience = 1
        """How many times a thing that takes a while is seen unfinished."""
        self.signing = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.numbers = itertools.count(1)
        self.who = ""
        self.url = ""
        self._hand_over(
            administrator_key,
            statements or ("Allow group Administrators to manage all-resources in tenancy",),
        )

    # --- what is there at first ---

    def _hand_over(self, key: str, statements: tuple[str, ...]) -> None:
        self.put("users", {"id": "user1", "ocid": ADMINISTRATOR, "userName": "administrator", "active": True})
        self.put(
            "groups",
            {
                "id": "group1",
                "ocid": "ocid1.group.oc1..a",
                "displayName": "Administrators",
                "members": [{"value": "user1", "type": "User"}],
            },
        )
        self.put(
            "policies",
            {
                "id": "ocid1.policy.oc1..a",
                "compartmentId": TENANCY,
                "name": "Tenant Admin Policy",
                "statements": list(statements),
                "lifecycleState": "ACTIVE",
            },
        )
        self.put(
            "apikeys",
            {
                "id": "key1",
                "userId": ADMINISTRATOR,
                "keyValue": key,
                "fingerprint": print_of(key),
                "lifecycleState": "ACTIVE",
            },
        )
        self.put(
            "authtokens",
            {"id": "ocid1.credential.oc1..token", "userId": ADMINISTRATOR, "lifecycleState": "ACTIVE"},
        )
        self.put(
            "passwordpolicies", {"id": "p1", "name": "PasswordPolicy", "schemas": ["s"], "minLength": 12}
        )
        self.put("factors", {"id": "f1", "schemas": ["s"], "totpEnabled": True})
        self.put("providers", {"id": "i1", "schemas": ["s"], "partnerName": "GCAS", "enabled": True})

    def put(self, kind: str, row: Row) -> Row:
        self.rows.setdefault(kind, {})[str(row["id"])] = row
        return row

    def all(self, kind: str, **fields: Any) -> list[Row]:
        found = self.rows.get(kind, {}).values()
        return [r for r in found if all(r.get(n) == v for n, v in fields.items())]

    def one(self, kind: str, id_: str) -> Row:
        row = self.rows.get(kind, {}).get(id_)
        if row is None:
            raise Refused(
                404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."
            )
        return row

    def snapshot(self) -> dict[str, dict[str, Row]]:
        return copy.deepcopy(self.rows)

    def new(self, kind: str) -> str:
        return f"ocid1.{kind}.oc1.ap-tokyo-1.{next(self.numbers):08d}{secrets.token_hex(8)}"

    # --- who calls ---

    def guarded(self, need: str, function: Callable[..., Answer]) -> Callable[..., Answer]:
        def run(request: Request, **parts: str) -> Answer:
            self.who = self.verify(request)
            if need:
                self.require(need, parts)
            answer = function(request, **parts)
            return Answer(
                answer.status, answer.body, {"opc-request-id": secrets.token_hex(8).upper(), **answer.headers}
            )

        return run

    def verify(self, request: Request) -> str:
        """The user who signed. 401 for an unknown key, a wrong signature, a wrong date, a stale token."""
        told = dict(re.findall(r'(\w+)="([^"]*)"', request.headers.get("authorization", "")))
        refused = Refused(
            401,
            "NotAuthenticated",
            "The required information to complete authentication was not provided or was incorrect.",
        )
        if not {"keyId", "headers", "signature"} <= set(told):
            raise refused
        at = email.utils.parsedate_tz(request.headers.get("date", ""))
        if at is None or abs(email.utils.mktime_tz(at) - time.time()) > 300:
            raise refused
        user, key = self._key(told["keyId"], refused)
        target = f"{request.method.lower()} {request.target}"
        lines = [
            f"{name}: {target if name == '(request-target)' else request.headers.get(name, '')}"
            for name in told["headers"].split()
        ]
        digest = request.headers.get("x-content-sha256")
        if digest and digest != base64.b64encode(hashlib.sha256(request.body).digest()).decode():
            raise refused
        try:
            key.verify(
                base64.b64decode(told["signature"]),
                "\n".join(lines).encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
        except InvalidSignature:
            raise refused from None
        return user

    def _key(self, key_id: str, refused: Refused) -> tuple[str, Any]:
        if key_id.startswith("ST$"):
            try:
                claims = jwt.decode(key_id[3:], self.signing.public_key(), algorithms=["RS256"])
            except jwt.PyJWTError:
                raise refused from None
            der = base64.b64decode(claims["public_key"])
            return str(claims["sub"]), serialization.load_der_public_key(der)
        tenancy, user, fingerprint = key_id.split("/")
        found = self.all("apikeys", userId=user, fingerprint=fingerprint)
        if tenancy != TENANCY or not found:
            raise refused
        return user, serialization.load_pem_public_key(str(found[0]["keyValue"]).encode())

    def require(self, need: str, parts: dict[str, str]) -> None:
        if parts.get("user") == self.who and need.endswith("own"):
            return
        verb, what = need.removesuffix(" own").split(" ")
        own = next((u["id"] for u in self.all("users", ocid=self.who)), "")
        groups = [
            g["displayName"].lower()
            for g in self.all("groups")
            if any(m["value"] == own for m in g.get("members", []))
        ]
        for policy in self.all("policies"):
            for text in policy["statements"]:
                found = re.match(r"allow group (\S+) to (\w+) ([\w-]+) in ", text, re.IGNORECASE)
                if (
                    found
                    and found[1].lower() in groups
                    and VERBS.index(found[2].lower()) >= VERBS.index(verb)
                ):
                    kinds = (found[3].lower(), *FAMILIES.get(found[3].lower(), ()))
                    if what in kinds or "all-resources" in kinds:
                        return
        raise Refused(404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")

    # --- plain resources ---

    def listed(self, kind: str, *filters: str | tuple[str, str]) -> Callable[[Request], Answer]:
        def listed(request: Request) -> Answer:
            found = [
                self.ripe(r) for r in self.all(kind) if r.get("compartmentId") == request.one("compartmentId")
            ]
            for each in filters:
                asked, field = each if isinstance(each, tuple) else (each, each)
                if request.one(asked):
                    found = [r for r in found if str(r.get(field)) == request.one(asked)]
            return Answer(body=found)

        return listed

    def items(self, kind: str, *filters: str) -> Callable[[Request], Answer]:
        plain = self.listed(kind, *filters)
        return lambda request: Answer(body={"items": plain(request).body})

    def ripe(self, row: Row) -> Row:
        """What takes a while: each look at it is a step towards its end."""
        if row.get("_waits"):
            row["_waits"] -= 1
        elif "_then" in row:
            row["lifecycleState"] = row.pop("_then")
        return {k: v for k, v in row.items() if not k.startswith("_")}

    def made(
        self, kind: str, service: str, model: str, ocid: str, *, unique: str = "", state: str, also: str = ""
    ) -> Callable[[Request], Answer]:
        def made(request: Request) -> Answer:
            body = request.json
            check(service, model, body)
            self.place(body["compartmentId"])
            if unique and self.all(kind, **{unique: body[unique], "compartmentId": body["compartmentId"]}):
                raise Refused(409, f"{ocid.title()}AlreadyExists", f"{body[unique]} exists already")
            number = self.new(ocid)
            row = {**body, "id": number, "lifecycleState": state, **({also: number} if also else {})}
            return Answer(body=self.put(kind, row))

        return made

    def changed(self, kind: str, service: str, model: str) -> Callable[..., Answer]:
        def changed(request: Request, key: str) -> Answer:
            check(service, model, request.json)
            row = self.one(kind, key)
            row.update(request.json)
            return Answer(body=row)

        return changed

    def place(self, compartment: str) -> None:
        if compartment != TENANCY:
            self.one("compartments", compartment)

    def slow(self, kind: str, row: Row, first: str, last: str) -> Answer:
        return Answer(
            body=self.shown(
                self.put(kind, {**row, "lifecycleState": first, "_waits": self.patience, "_then": last})
            )
        )

    def shown(self, row: Row) -> Row:
        return {k: v for k, v in row.items() if not k.startswith("_")}
