"""Users, credentials and the identity domain of the fake: SCIM, and the exchange of tokens."""

from __future__ import annotations

import base64
import re
import secrets
import time
from collections.abc import Callable

import jwt

from tests.bootstrap.fakes.server import Answer, Refused, Request
from tests.bootstrap.oci.ground import TENANCY, Ground, Row, print_of
from tests.bootstrap.oci.models import check


class Domain(Ground):
    """Who there is, and how they come in."""

    # --- identity ---

    def subscribed(self, request: Request, key: str) -> Answer:
        del request, key
        return Answer(
            body=[
                {"regionName": n, "regionKey": k, "isHomeRegion": h, "status": "READY"}
                for n, k, h in self.regions
            ]
        )

    def user(self, request: Request, key: str) -> Answer:
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

    def memberships(self, request: Request) -> Answer:
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

    def credentials(self, kind: str) -> Callable[..., Answer]:
        def listed(request: Request, user: str) -> Answer:
            del request
            return Answer(
                body=[{k: v for k, v in r.items() if k != "key"} for r in self.all(kind, userId=user)]
            )

        return listed

    def uncredited(self, kind: str) -> Callable[..., Answer]:
        def gone(request: Request, user: str, key: str) -> Answer:
            del request
            found = [r for r in self.all(kind, userId=user) if key in (r["id"], r.get("fingerprint"))]
            if not found:
                raise Refused(404, "NotAuthorizedOrNotFound", "no such credential")
            del self.rows[kind][found[0]["id"]]
            return Answer(204)

        return gone

    def upload(self, request: Request, user: str) -> Answer:
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

    def secret_key(self, request: Request, user: str) -> Answer:
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

    # --- the domain ---

    def scim(self, kind: str) -> Callable[[Request], Answer]:
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

    def scim_one(self, kind: str) -> Callable[..., Answer]:
        return lambda request, key: Answer(body=self.one(kind, key))

    def scim_made(self, kind: str, model: str) -> Callable[[Request], Answer]:
        name = {"users": "userName", "groups": "displayName", "apps": "displayName", "trusts": "name"}.get(
            kind, "name"
        )

        def made(request: Request) -> Answer:
            body = request.json
            check("identity_domains", model, body)
            if self.all(kind, **{name: body[name]}):
                raise Refused(409, "uniqueness", f"{name} {body[name]} is taken")
            self._mentioned(body)
            number = f"{next(self.numbers):032x}"
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

    def scim_put(self, kind: str, model: str) -> Callable[..., Answer]:
        def put(request: Request, key: str) -> Answer:
            check("identity_domains", model, request.json)
            self._mentioned(request.json)
            old = self.one(kind, key)
            return Answer(200, self.put(kind, {**request.json, "id": key, "ocid": old["ocid"]}))

        return put

    def scim_patch(self, kind: str) -> Callable[..., Answer]:
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

    def exchange(self, request: Request) -> Answer:
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
        return jwt.encode(claims, self.signing, algorithm="RS256")
