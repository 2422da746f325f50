"""A child tenancy over HTTP, as far as the bootstrap speaks to it: the real `oci` SDK stands in front.

Requests are verified as OCI does (draft-cavage signatures of registered API keys, or of a session token
with the key that it was made for), their bodies by the SDK's own published models, and whether the caller may
by the tenancy's statements, which this file reads by itself and not by the code that it tests.
"""

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


class Tenancy(Router):
    """The tenancy. `rows` is all that it holds: kind → id → resource, in the API's own words."""

    def __init__(self, administrator_key: str, *, statements: tuple[str, ...] = ()) -> None:
        super().__init__(refuse)
        self.rows: dict[str, dict[str, Row]] = {}
        self.issuer = Issuer()
        self.regions = [("ap-tokyo-1", "NRT", True), ("ap-osaka-1", "KIX", False)]
        self.slow = 1
        """How many times a thing that takes a while is seen unfinished."""
        self._signing = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._numbers = itertools.count(1)
        self._who = ""
        self.url = ""
        self._hand_over(
            administrator_key,
            statements or ("Allow group Administrators to manage all-resources in tenancy",),
        )
        for method, template, need, function in self._routes_of():
            self.add(method, template, self._guarded(need, function))

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
        return f"ocid1.{kind}.oc1.ap-tokyo-1.{next(self._numbers):08d}{secrets.token_hex(8)}"

    # --- who calls ---

    def _guarded(self, need: str, function: Callable[..., Answer]) -> Callable[..., Answer]:
        def run(request: Request, **parts: str) -> Answer:
            self._who = self._verify(request)
            if need:
                self._require(need, parts)
            answer = function(request, **parts)
            return Answer(
                answer.status, answer.body, {"opc-request-id": secrets.token_hex(8).upper(), **answer.headers}
            )

        return run

    def _verify(self, request: Request) -> str:
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
                claims = jwt.decode(key_id[3:], self._signing.public_key(), algorithms=["RS256"])
            except jwt.PyJWTError:
                raise refused from None
            der = base64.b64decode(claims["public_key"])
            return str(claims["sub"]), serialization.load_der_public_key(der)
        tenancy, user, fingerprint = key_id.split("/")
        found = self.all("apikeys", userId=user, fingerprint=fingerprint)
        if tenancy != TENANCY or not found:
            raise refused
        return user, serialization.load_pem_public_key(str(found[0]["keyValue"]).encode())

    def _require(self, need: str, parts: dict[str, str]) -> None:
        if parts.get("user") == self._who and need.endswith("own"):
            return
        verb, what = need.removesuffix(" own").split(" ")
        own = next((u["id"] for u in self.all("users", ocid=self._who)), "")
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

    # --- routes ---

    def _routes_of(self) -> list[tuple[str, str, str, Callable[..., Answer]]]:
        i, d = "/20160918", "/admin/v1"
        return [
            (
                "GET",
                f"{i}/tenancies/{{key}}",
                "",
                lambda r, key: Answer(body={"id": TENANCY, "name": "setagaya", "homeRegionKey": "NRT"}),
            ),
            ("GET", f"{i}/tenancies/{{key}}/regionSubscriptions", "inspect tenancies", self._subscribed),
            ("GET", f"{i}/users/{{key}}", "", self._user),
            ("GET", f"{i}/userGroupMemberships", "inspect groups", self._memberships),
            (
                "GET",
                f"{i}/groups",
                "inspect groups",
                lambda r: Answer(
                    body=[
                        {"id": g["ocid"], "name": g["displayName"], "compartmentId": TENANCY}
                        for g in self.all("groups")
                    ]
                ),
            ),
            (
                "GET",
                f"{i}/domains",
                "inspect domains",
                lambda r: Answer(
                    body=[{"id": "ocid1.domain.oc1..d", "displayName": "Default", "url": self.url}]
                ),
            ),
            (
                "GET",
                f"{i}/compartments",
                "inspect compartments",
                self._listed("compartments", "name", "lifecycleState"),
            ),
            (
                "POST",
                f"{i}/compartments",
                "manage compartments",
                self._made(
                    "compartments",
                    "identity",
                    "CreateCompartmentDetails",
                    "compartment",
                    unique="name",
                    state="ACTIVE",
                ),
            ),
            ("GET", f"{i}/policies", "inspect policies", self._listed("policies", "name")),
            (
                "POST",
                f"{i}/policies",
                "manage policies",
                self._made(
                    "policies", "identity", "CreatePolicyDetails", "policy", unique="name", state="ACTIVE"
                ),
            ),
            (
                "PUT",
                f"{i}/policies/{{key}}",
                "manage policies",
                self._changed("policies", "identity", "UpdatePolicyDetails"),
            ),
            *(
                route
                for kind, path in (
                    ("apikeys", "apiKeys"),
                    ("authtokens", "authTokens"),
                    ("secretkeys", "customerSecretKeys"),
                    ("smtp", "smtpCredentials"),
                )
                for route in (
                    ("GET", f"{i}/users/{{user}}/{path}", "inspect users own", self._credentials(kind)),
                    (
                        "DELETE",
                        f"{i}/users/{{user}}/{path}/{{key}}",
                        "manage users own",
                        self._uncredited(kind),
                    ),
                )
            ),
            ("POST", f"{i}/users/{{user}}/apiKeys", "manage users own", self._upload),
            ("POST", f"{i}/users/{{user}}/customerSecretKeys", "manage users own", self._secret_key),
            ("GET", "/20180608/vaults", "inspect vaults", self._listed("vaults")),
            (
                "GET",
                "/20180608/vaults/{key}",
                "read vaults",
                lambda r, key: Answer(body=self._ripe(self.one("vaults", key))),
            ),
            ("POST", "/20180608/vaults", "manage vaults", self._vault),
            ("GET", "/20180608/keys", "inspect keys", self._listed("keys")),
            ("POST", "/20180608/keys", "manage keys", self._new_key),
            ("GET", "/20180608/secrets", "inspect secrets", self._listed("secrets", ("name", "secretName"))),
            ("POST", "/20180608/secrets", "manage secrets", self._new_secret),
            ("GET", "/20190301/secretbundles/{key}", "read secret-bundles", self._bundle),
            ("GET", "/n", "", lambda r: Answer(body=NAMESPACE)),
            ("POST", "/n/{ns}/b", "manage buckets", self._new_bucket),
            (
                "GET",
                "/n/{ns}/b/{bucket}",
                "read buckets",
                lambda r, ns, bucket: Answer(body=self._shown(self._bucket(bucket))),
            ),
            ("POST", "/n/{ns}/b/{bucket}", "manage buckets", self._set_bucket),
            ("GET", "/n/{ns}/b/{bucket}/l", "read buckets", self._lifecycle),
            ("PUT", "/n/{ns}/b/{bucket}/l", "manage buckets", self._set_lifecycle),
            ("GET", "/n/{ns}/b/{bucket}/o/{+name}", "read objects", self._get_object),
            ("HEAD", "/n/{ns}/b/{bucket}/o/{+name}", "read objects", self._get_object),
            ("PUT", "/n/{ns}/b/{bucket}/o/{+name}", "manage objects", self._put_object),
            ("GET", "/20181201/topics", "inspect ons-topics", self._listed("topics", "name")),
            (
                "POST",
                "/20181201/topics",
                "manage ons-topics",
                self._made(
                    "topics",
                    "ons",
                    "CreateTopicDetails",
                    "onstopic",
                    unique="name",
                    state="ACTIVE",
                    also="topicId",
                ),
            ),
            (
                "GET",
                "/20181201/subscriptions",
                "inspect ons-subscriptions",
                self._listed("subscriptions", "topicId"),
            ),
            (
                "POST",
                "/20181201/subscriptions",
                "manage ons-subscriptions",
                self._made(
                    "subscriptions", "ons", "CreateSubscriptionDetails", "onssubscription", state="PENDING"
                ),
            ),
            (
                "GET",
                "/20200909/serviceConnectors",
                "inspect serviceconnectors",
                self._items("connectors", "displayName"),
            ),
            ("POST", "/20200909/serviceConnectors", "manage serviceconnectors", self._connector),
            *(
                route
                for kind, path, model in (
                    ("users", "Users", "User"),
                    ("groups", "Groups", "Group"),
                    ("apps", "Apps", "App"),
                    ("trusts", "IdentityPropagationTrusts", "IdentityPropagationTrust"),
                    ("passwordpolicies", "PasswordPolicies", ""),
                    ("factors", "AuthenticationFactorSettings", ""),
                    ("providers", "IdentityProviders", ""),
                )
                for route in (
                    ("GET", f"{d}/{path}", "inspect domains", self._scim(kind)),
                    ("POST", f"{d}/{path}", "manage domains", self._scim_made(kind, model)),
                    ("GET", f"{d}/{path}/{{key}}", "read domains", self._scim_one(kind)),
                    ("PUT", f"{d}/{path}/{{key}}", "manage domains", self._scim_put(kind, model)),
                    ("PATCH", f"{d}/{path}/{{key}}", "manage domains", self._scim_patch(kind)),
                )
            ),
        ]

    def __call__(self, request: Request) -> Answer:
        """Also what is not signed as the rest is: the exchange of tokens, and S3."""
        if request.path == "/oauth2/v1/token":
            return self._in_words(self._exchange, request)
        if request.path.startswith("/compat/"):
            return self._s3(request)
        return super().__call__(request)

    def _in_words(self, function: Callable[[Request], Answer], request: Request) -> Answer:
        try:
            return function(request)
        except Refused as refused:
            return Answer(refused.status, {"error": refused.code, "error_description": refused.message})

    # --- identity ---

    def _subscribed(self, request: Request, key: str) -> Answer:
        del request, key
        return Answer(
            body=[
                {"regionName": n, "regionKey": k, "isHomeRegion": h, "status": "READY"}
                for n, k, h in self.regions
            ]
        )

    def _user(self, request: Request, key: str) -> Answer:
        del request
        found = self.all("users", ocid=key)
        if not found:
            raise Refused(404, "NotAuthorizedOrNotFound", "no such user")
        return Answer(
            body={
                "id": key,
                "compartmentId": TENANCY,
                "name": found[0]["userName"],
                "lifecycleState": "ACTIVE",
            }
        )

    def _memberships(self, request: Request) -> Answer:
        who = next((u["id"] for u in self.all("users", ocid=request.one("userId"))), "")
        found = [g for g in self.all("groups") if any(m["value"] == who for m in g.get("members", []))]
        return Answer(
            body=[
                {
                    "id": f"m{n}",
                    "userId": request.one("userId"),
                    "groupId": g["ocid"],
                    "lifecycleState": "ACTIVE",
                }
                for n, g in enumerate(found)
            ]
        )

    def _credentials(self, kind: str) -> Callable[..., Answer]:
        def listed(request: Request, user: str) -> Answer:
            del request
            return Answer(
                body=[{k: v for k, v in r.items() if k != "key"} for r in self.all(kind, userId=user)]
            )

        return listed

    def _uncredited(self, kind: str) -> Callable[..., Answer]:
        def gone(request: Request, user: str, key: str) -> Answer:
            del request
            found = [r for r in self.all(kind, userId=user) if key in (r["id"], r.get("fingerprint"))]
            if not found:
                raise Refused(404, "NotAuthorizedOrNotFound", "no such credential")
            del self.rows[kind][found[0]["id"]]
            return Answer(204)

        return gone

    def _upload(self, request: Request, user: str) -> Answer:
        check("identity", "CreateApiKeyDetails", request.json)
        pem = request.json["key"]
        if len(self.all("apikeys", userId=user)) >= 3:
            raise Refused(400, "LimitExceeded", "a user has three API keys at most")
        if self.all("apikeys", userId=user, fingerprint=print_of(pem)):
            raise Refused(409, "ApiKeyAlreadyExists", "the key exists")
        row = {
            "id": self.new("apikey"),
            "userId": user,
            "keyValue": pem,
            "fingerprint": print_of(pem),
            "lifecycleState": "ACTIVE",
        }
        return Answer(body=self.put("apikeys", row))

    def _secret_key(self, request: Request, user: str) -> Answer:
        check("identity", "CreateCustomerSecretKeyDetails", request.json)
        if len(self.all("secretkeys", userId=user)) >= 2:
            raise Refused(400, "LimitExceeded", "a user has two customer secret keys at most")
        row = {
            "id": secrets.token_hex(20),
            "userId": user,
            "displayName": request.json["displayName"],
            "key": secrets.token_urlsafe(32),
            "lifecycleState": "ACTIVE",
        }
        return Answer(body=self.put("secretkeys", row))

    # --- plain resources ---

    def _listed(self, kind: str, *filters: str | tuple[str, str]) -> Callable[[Request], Answer]:
        def listed(request: Request) -> Answer:
            found = [
                self._ripe(r)
                for r in self.all(kind)
                if r.get("compartmentId") == request.one("compartmentId")
            ]
            for each in filters:
                asked, field = each if isinstance(each, tuple) else (each, each)
                if request.one(asked):
                    found = [r for r in found if str(r.get(field)) == request.one(asked)]
            return Answer(body=found)

        return listed

    def _items(self, kind: str, *filters: str) -> Callable[[Request], Answer]:
        plain = self._listed(kind, *filters)
        return lambda request: Answer(body={"items": plain(request).body})

    def _ripe(self, row: Row) -> Row:
        """What takes a while: each look at it is a step towards its end."""
        if row.get("_waits"):
            row["_waits"] -= 1
        elif "_then" in row:
            row["lifecycleState"] = row.pop("_then")
        return {k: v for k, v in row.items() if not k.startswith("_")}

    def _made(
        self, kind: str, service: str, model: str, ocid: str, *, unique: str = "", state: str, also: str = ""
    ) -> Callable[[Request], Answer]:
        def made(request: Request) -> Answer:
            body = request.json
            check(service, model, body)
            self._place(body["compartmentId"])
            if unique and self.all(kind, **{unique: body[unique], "compartmentId": body["compartmentId"]}):
                raise Refused(409, f"{ocid.title()}AlreadyExists", f"{body[unique]} exists already")
            number = self.new(ocid)
            row = {**body, "id": number, "lifecycleState": state, **({also: number} if also else {})}
            return Answer(body=self.put(kind, row))

        return made

    def _changed(self, kind: str, service: str, model: str) -> Callable[..., Answer]:
        def changed(request: Request, key: str) -> Answer:
            check(service, model, request.json)
            row = self.one(kind, key)
            row.update(request.json)
            return Answer(body=row)

        return changed

    def _place(self, compartment: str) -> None:
        if compartment != TENANCY:
            self.one("compartments", compartment)

    # --- vault ---

    def _slow(self, kind: str, row: Row, first: str, last: str) -> Answer:
        return Answer(
            body=self._shown(
                self.put(kind, {**row, "lifecycleState": first, "_waits": self.slow, "_then": last})
            )
        )

    def _shown(self, row: Row) -> Row:
        return {k: v for k, v in row.items() if not k.startswith("_")}

    def _vault(self, request: Request) -> Answer:
        check("key_management", "CreateVaultDetails", request.json)
        self._place(request.json["compartmentId"])
        row = {
            **request.json,
            "id": self.new("vault"),
            "managementEndpoint": self.url,
            "cryptoEndpoint": self.url,
        }
        return self._slow("vaults", row, "CREATING", "ACTIVE")

    def _new_key(self, request: Request) -> Answer:
        check("key_management", "CreateKeyDetails", request.json)
        if not self.all("vaults", lifecycleState="ACTIVE"):
            raise Refused(409, "IncorrectState", "the vault is not active")
        row = {
            **request.json,
            "id": self.new("key"),
            "vaultId": self.all("vaults")[0]["id"],
            "currentKeyVersion": "1",
        }
        return self._slow("keys", row, "CREATING", "ENABLED")

    def _new_secret(self, request: Request) -> Answer:
        body = request.json
        check("vault", "CreateSecretDetails", body)
        self.one("vaults", body["vaultId"])
        if self.one("keys", body["keyId"])["lifecycleState"] != "ENABLED":
            raise Refused(409, "IncorrectState", "the key is not enabled")
        if self.all("secrets", secretName=body["secretName"]):
            raise Refused(409, "AlreadyExists", "a secret of that name exists")
        if bool(body.get("enableAutoGeneration")) == bool(body.get("secretContent")):
            raise Refused(400, "InvalidParameter", "either secretContent or automatic generation")
        row = {**body, "id": self.new("vaultsecret"), "_value": secrets.token_urlsafe(48)}
        return self._slow("secrets", row, "CREATING", "ACTIVE")

    def _bundle(self, request: Request, key: str) -> Answer:
        del request
        row = self.one("secrets", key)
        content = {"contentType": "BASE64", "content": base64.b64encode(row["_value"].encode()).decode()}
        return Answer(body={"secretId": key, "versionNumber": 1, "secretBundleContent": content})

    # --- object storage ---

    def _bucket(self, name: str) -> Row:
        found = self.rows.get("buckets", {}).get(name)
        if found is None:
            raise Refused(
                404,
                "BucketNotFound",
                f"Either the bucket named '{name}' does not exist or you are not authorized",
            )
        return found

    def _new_bucket(self, request: Request, ns: str) -> Answer:
        body = request.json
        check("object_storage", "CreateBucketDetails", body)
        self._place(body["compartmentId"])
        if body["name"] in self.rows.get("buckets", {}):
            raise Refused(409, "BucketAlreadyExists", "the bucket exists")
        self._may_encrypt(body)
        return Answer(body=self.put("buckets", {**body, "id": body["name"], "namespace": ns}))

    def _may_encrypt(self, body: Row) -> None:
        """Object Storage uses a key only where a statement lets it."""
        if not body.get("kmsKeyId"):
            return
        self.one("keys", body["kmsKeyId"])
        texts = [t.lower() for p in self.all("policies") for t in p["statements"]]
        if not any(t.startswith("allow service objectstorage-ap-tokyo-1 to use keys") for t in texts):
            raise Refused(400, "InsufficientServicePermissions", "the service may not use the key")

    def _set_bucket(self, request: Request, ns: str, bucket: str) -> Answer:
        del ns
        check("object_storage", "UpdateBucketDetails", request.json)
        row = self._bucket(bucket)
        self._may_encrypt(request.json)
        row.update(request.json)
        return Answer(body=self._shown(row))

    def _lifecycle(self, request: Request, ns: str, bucket: str) -> Answer:
        del request, ns
        found = self._bucket(bucket).get("_lifecycle")
        if found is None:
            raise Refused(404, "LifecyclePolicyNotFound", "there is none")
        return Answer(body={"items": found})

    def _set_lifecycle(self, request: Request, ns: str, bucket: str) -> Answer:
        del ns
        check("object_storage", "PutObjectLifecyclePolicyDetails", request.json)
        texts = [t.lower() for p in self.all("policies") for t in p["statements"]]
        if not any(
            t.startswith("allow service objectstorage-ap-tokyo-1 to manage object-family") for t in texts
        ):
            raise Refused(400, "InsufficientServicePermissions", "the service may not delete versions")
        self._bucket(bucket)["_lifecycle"] = request.json["items"]
        return Answer(body=request.json)

    def _get_object(self, request: Request, ns: str, bucket: str, name: str) -> Answer:
        del request, ns
        found = self._bucket(bucket).get("_objects", {}).get(name)
        if not found or found[-1] is None:
            raise Refused(404, "ObjectNotFound", f"The object '{name}' does not exist")
        content, headers = found[-1]
        return Answer(200, content, {"Content-Type": "application/octet-stream", **headers})

    def _put_object(self, request: Request, ns: str, bucket: str, name: str) -> Answer:
        del ns
        headers = {n: v for n, v in request.headers.items() if n.startswith("opc-meta-")}
        self._bucket(bucket).setdefault("_objects", {}).setdefault(name, []).append((request.body, headers))
        return Answer(200, None, {"etag": secrets.token_hex(8)})

    def _s3(self, request: Request) -> Answer:
        """Objects by S3, signed with a customer secret key. botocore says what the signature must be."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        told = re.match(
            r"AWS4-HMAC-SHA256 Credential=(\w+)/\S+, SignedHeaders=(\S+), Signature=(\w+)",
            request.headers.get("authorization", ""),
        )
        key = self.rows.get("secretkeys", {}).get(told[1]) if told else None
        if told is None or key is None:
            return Answer(403, b"<Error><Code>InvalidAccessKeyId</Code></Error>")
        kept = {n: request.headers[n] for n in told[2].split(";")}
        signed = AWSRequest(request.method, f"http://{request.headers['host']}{request.target}", headers=kept)
        signed.context["timestamp"] = request.headers["x-amz-date"]
        auth = S3SigV4Auth(Credentials(key["id"], key["key"]), "s3", "ap-tokyo-1")
        if told[3] != auth.signature(auth.string_to_sign(signed, auth.canonical_request(signed)), signed):
            return Answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        found = re.fullmatch(r"/compat/\w+/([\w-]+)/(.+)", request.path)
        self._who = str(key["userId"])
        try:
            self._require("read objects" if request.method == "GET" else "manage objects", {})
            bucket = self._bucket(found[1] if found else "")
        except Refused as refused:
            return Answer(refused.status, f"<Error><Code>{refused.code}</Code></Error>".encode())
        objects = bucket.setdefault("_objects", {}).setdefault(found[2] if found else "", [])
        if request.method == "PUT":
            objects.append((request.body, {}))
        elif request.method == "DELETE":
            objects.append(None)
        elif not objects or objects[-1] is None:
            return Answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            return Answer(200, objects[-1][0], {"Content-Type": "application/octet-stream"})
        return Answer(204 if request.method == "DELETE" else 200)

    # --- connectors ---

    def _connector(self, request: Request) -> Answer:
        check("sch", "CreateServiceConnectorDetails", request.json)
        if not self.all("topics", topicId=request.json["target"]["topicId"]):
            raise Refused(400, "InvalidParameter", "the topic does not exist")
        row = {**request.json, "id": self.new("serviceconnector"), "lifecycleState": "ACTIVE"}
        self.put("connectors", row)
        return Answer(202, None, {"opc-work-request-id": self.new("workrequest")})

    # --- the domain ---

    def _scim(self, kind: str) -> Callable[[Request], Answer]:
        def listed(request: Request) -> Answer:
            found = self.all(kind)
            asked = re.fullmatch(r'(\w+) eq "([^"]*)"', request.one("filter"))
            if asked:
                found = [r for r in found if r.get(asked[1]) == asked[2]]
            # members and rules come only to those who ask for all attributes; secrets never in a list
            hidden = (
                {"clientSecret"}
                if request.one("attributeSets")
                else {"clientSecret", "members", "impersonationServiceUsers"}
            )
            shown = [{k: v for k, v in r.items() if k not in hidden} for r in found]
            return Answer(
                body={
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                    "totalResults": len(shown),
                    "Resources": shown,
                    "startIndex": 1,
                    "itemsPerPage": 50,
                }
            )

        return listed

    def _scim_one(self, kind: str) -> Callable[..., Answer]:
        return lambda request, key: Answer(body=self.one(kind, key))

    def _scim_made(self, kind: str, model: str) -> Callable[[Request], Answer]:
        name = {"users": "userName", "groups": "displayName", "apps": "displayName", "trusts": "name"}.get(
            kind, "name"
        )

        def made(request: Request) -> Answer:
            body = request.json
            check("identity_domains", model, body)
            if self.all(kind, **{name: body[name]}):
                raise Refused(409, "uniqueness", f"{name} {body[name]} is taken")
            self._mentioned(body)
            number = f"{next(self._numbers):032x}"
            row = {**body, "id": number, "ocid": self.new(kind.removesuffix("s"))}
            if kind == "apps":
                row |= {"name": secrets.token_hex(16), "clientSecret": f"idcscs-{secrets.token_hex(16)}"}
            return Answer(201, self.put(kind, row))

        return made

    def _mentioned(self, body: Row) -> None:
        for one in [*(body.get("members") or []), *(body.get("impersonationServiceUsers") or [])]:
            user = self.rows["users"].get(str(one["value"]))
            if user is None:
                raise Refused(400, "invalidValue", "the user does not exist")
        for client in body.get("oauthClients") or []:
            if not self.all("apps", name=client):
                raise Refused(400, "invalidValue", "the OAuth client does not exist")

    def _scim_put(self, kind: str, model: str) -> Callable[..., Answer]:
        def put(request: Request, key: str) -> Answer:
            check("identity_domains", model, request.json)
            self._mentioned(request.json)
            old = self.one(kind, key)
            return Answer(200, self.put(kind, {**request.json, "id": key, "ocid": old["ocid"]}))

        return put

    def _scim_patch(self, kind: str) -> Callable[..., Answer]:
        def patch(request: Request, key: str) -> Answer:
            check("identity_domains", "PatchOp", request.json)
            row = self.one(kind, key)
            for one in request.json["Operations"]:
                if str(one["op"]).lower() != "add" or one["path"] != "members":
                    raise Refused(400, "invalidSyntax", "the fake patches members only")
                self._mentioned({"members": one["value"]})
                row.setdefault("members", []).extend(one["value"])
            return Answer(200, row)

        return patch

    def _exchange(self, request: Request) -> Answer:
        """RFC 8693: an issuer's token for a session token, where a trust says so."""
        kind, _, basic = request.headers.get("authorization", "").partition(" ")
        client, _, secret = base64.b64decode(basic).decode().partition(":")
        app = next(iter(self.all("apps", name=client)), None)
        if kind != "Basic" or app is None or app["clientSecret"] != secret or not app["active"]:
            raise Refused(401, "invalid_client", "Client authentication failed.")
        form = request.form
        if form.get("requested_token_type") != "urn:oci:token-type:oci-upst" or not form.get("public_key"):
            raise Refused(400, "invalid_request", "public_key and requested_token_type are required")
        token = form.get("subject_token", "")
        for trust in self.all("trusts", issuer=self.issuer.url, active=True):
            if client not in trust["oauthClients"]:
                continue
            try:
                claims = self.issuer.verify(token, trust["clientClaimValues"])
            except jwt.PyJWTError as error:
                raise Refused(401, "invalid_grant", "the subject token is not valid") from error
            for rule in trust["impersonationServiceUsers"]:
                if rule["rule"] == f"sub eq {claims['sub']}":
                    return Answer(body={"token": self._session(rule["value"], form["public_key"])})
        raise Refused(401, "invalid_grant", "no trust for this token")

    def _session(self, user: str, public_key: str) -> str:
        row = self.rows["users"][user]
        if not row["active"]:
            raise Refused(401, "invalid_grant", "the user is not active")
        now = int(time.time())
        claims = {"sub": row["ocid"], "iat": now, "exp": now + 3600, "public_key": public_key}
        return jwt.encode(claims, self._signing, algorithm="RS256")
