"""Entra ID's tokens, and the two data planes that a proof uses: blobs and keys of a vault."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt

from tests.bootstrap.azure.fake import ADMIN, ADMIN_ID, TENANT, Azure, request_id
from tests.bootstrap.fakes.server import Answer, Refused, Request

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BLOB = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def register(azure: Azure) -> None:
    """Registers the token endpoint and the data planes."""
    plane = Planes(azure)
    azure.router.add("GET", "/{tenant}/v2.0/.well-known/openid-configuration", plane.configuration)
    azure.router.add("GET", "/v1.0/{+rest}", plane.graph)
    azure.router.add("GET", "/common/discovery/instance", plane.discovery)
    azure.router.add("POST", "/{tenant}/oauth2/v2.0/token", plane.token)
    azure.router.add("POST", "/keys/{key}//{operation}", plane.crypto)
    azure.router.add("POST", "/keys/{key}/{operation}", plane.crypto)
    azure.router.add("*", "/keys/{key}/", plane.crypto)
    azure.router.add("*", "/blobs/{account}/{container}/{+blob}", plane.blob)


class Planes:
    """Tokens, blobs, keys."""

    def __init__(self, azure: Azure) -> None:
        self.azure = azure

    def configuration(self, request: Request, tenant: str) -> Answer:
        """OpenID discovery, which MSAL begins with."""
        base = f"https://{request.headers['host']}/{tenant}"
        body = {
            "issuer": f"{base}/v2.0",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }
        return Answer(200, body)

    def graph(self, request: Request, rest: str) -> Answer:
        """Microsoft Graph, for those whom the agency lets read its directory."""
        who = self.azure.who(request)
        if who not in self.azure.readers:
            raise Refused(
                403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
            )
        if rest == "policies/identitySecurityDefaultsEnforcementPolicy":
            return Answer(200, {"isEnabled": False}, {"request-id": "g1"})
        if rest == "identity/conditionalAccess/policies":
            return Answer(200, {"value": self.azure.access_policies}, {"request-id": "g2"})
        raise Refused(404, "Request_ResourceNotFound", rest)

    def discovery(self, request: Request) -> Answer:
        """Instance discovery, which the SDK for Go begins with: which names are Entra ID's."""
        host = request.headers["host"]
        place = f"https://{host}/{TENANT}/v2.0/.well-known/openid-configuration"
        entry = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        return Answer(200, {"tenant_discovery_endpoint": place, "api-version": "1.1", "metadata": [entry]})

    def token(self, request: Request, tenant: str) -> Answer:
        """Client credentials: a secret, or an assertion of a federated identity."""
        form = request.form
        if tenant != TENANT:
            return _error("invalid_request", "AADSTS90002: Tenant not found.")
        if form.get("grant_type") != "client_credentials":
            return _error("unsupported_grant_type", "AADSTS70003: unsupported grant type")
        if "client_secret" in form:
            if self.azure.world.secrets.get(form["client_id"]) != form["client_secret"]:
                return _error("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
            if abs(self.azure.skew) > 300:
                return _error(
                    "invalid_client",
                    "AADSTS700024: Client assertion is not within its valid time range.",
                    401,
                )
            return self._given(ADMIN_ID, form)
        if form.get("client_assertion_type") != ASSERTION:
            return _error("invalid_request", "AADSTS7000218: no client_assertion or client_secret", 401)
        return self._federated(form)

    def _federated(self, form: Mapping[str, str]) -> Answer:
        client, assertion = form["client_id"], form["client_assertion"]
        identities = self.azure.of_type("Microsoft.ManagedIdentity/userAssignedIdentities")
        identity = next((i for i in identities if i["properties"]["clientId"] == client), None)
        if identity is None:
            return _error("unauthorized_client", f"AADSTS700016: Application '{client}' was not found.", 400)
        claims = jwt.decode(assertion, options={"verify_signature": False})
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
        for credential in self.azure.of_type(kind):
            body = credential["properties"]
            ours = credential["id"].lower().startswith(identity["id"].lower() + "/")
            if not ours or (body["issuer"], body["subject"]) != (claims["iss"], claims["sub"]):
                continue
            try:
                self.azure.issuers[body["issuer"]].verify(assertion, body["audiences"])
            except jwt.ExpiredSignatureError:
                return _error(
                    "invalid_client",
                    "AADSTS700024: Client assertion is not within its valid time range.",
                    401,
                )
            except jwt.InvalidTokenError as error:
                return _error("invalid_client", f"AADSTS700213: {error}", 401)
            return self._given(identity["properties"]["principalId"], form)
        text = "AADSTS70021: No matching federated identity record found for presented assertion."
        return _error("invalid_client", text, 401)

    def _given(self, principal: str, form: Mapping[str, str]) -> Answer:
        audience = form.get("scope", "").split(" ")[0].removesuffix("/.default")
        token = self.azure.token(principal, aud=audience, appid=form["client_id"])
        return Answer(200, {"token_type": "Bearer", "expires_in": 3599, "access_token": token})

    def crypto(self, request: Request, key: str, operation: str = "read") -> Answer:
        """Encrypts or decrypts, for who may. The public key is kept back: the vault does it all."""
        keys = self.azure.of_type("Microsoft.KeyVault/vaults/keys")
        found = next((k for k in keys if k["name"] == key), None)
        if not request.bearer:
            place = f"https://{request.headers['host']}/{TENANT}"
            challenge = f'Bearer authorization="{place}", resource="https://vault.azure.net"'
            return Answer(401, None, {"WWW-Authenticate": challenge})
        who = self.azure.who(request)
        action = f"Microsoft.KeyVault/vaults/keys/{operation}/action"
        refused = operation == "read" or found is None
        if refused or not self.azure.may(who, action, found["id"] if found else "", data=True):
            raise Refused(
                403, "Forbidden", f"Caller is not authorized to perform action {operation} on the key."
            )
        value = base64.urlsafe_b64decode(request.json["value"] + "==")
        if operation == "decrypt" and not value.startswith(b"sealed:"):
            raise Refused(400, "BadParameter", "Bad ciphertext")
        done = value[7:] if operation == "decrypt" else b"sealed:" + value
        text = base64.urlsafe_b64encode(done).decode().rstrip("=")
        return Answer(200, {"kid": f"https://v.vault.azure.net/keys/{key}/1", "value": text}, request_id())

    def blob(self, request: Request, account: str, container: str, blob: str) -> Answer:
        """Put, get and look at a block blob; versions are kept, and a policy keeps them."""
        world = self.azure.world
        kind = "Microsoft.Storage/storageAccounts/blobServices/containers"
        place = next(
            (c for c in self.azure.of_type(kind) if f"/{account}/" in c["id"] and c["name"] == container),
            None,
        )
        who = self.azure.who(request)
        verb = "write" if request.method == "PUT" else "read"
        if place is None or not self.azure.may(who, f"{BLOB}/{verb}", place["id"], data=True):
            if place is None:
                raise Refused(404, "ContainerNotFound", "The specified container does not exist.")
            raise Refused(403, "AuthorizationPermissionMismatch", "This request is not authorized.")
        versions = world.blobs.setdefault(f"{place['id']}/{blob}", [])
        if request.method == "PUT":
            if request.headers.get("if-none-match") == "*" and versions:
                raise Refused(409, "BlobAlreadyExists", "The specified blob already exists.")
            versions.append({"data": request.body.decode("latin-1"), "by": who})
            return Answer(
                201,
                None,
                {**request_id(), **self._head(versions[-1]), "x-ms-request-server-encrypted": "true"},
            )
        if not versions:
            return Answer(404, None, {**request_id(), "x-ms-error-code": "BlobNotFound"})
        data = versions[-1]["data"].encode("latin-1")
        head = {
            **request_id(),
            **self._head(versions[-1]),
            "x-ms-blob-type": "BlockBlob",
            "Content-Type": "application/json",
        }
        head["Content-Range"] = f"bytes 0-{len(data) - 1}/{len(data)}"
        return Answer(206, data, head)

    @staticmethod
    def _head(version: dict[str, Any]) -> dict[str, str]:
        data = version["data"].encode("latin-1")
        return {
            "ETag": f'"{hashlib.sha256(data).hexdigest()[:16]}"',
            "Last-Modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(0)),
            "Content-MD5": base64.b64encode(hashlib.md5(data).digest()).decode(),
        }


def _error(code: str, text: str, status: int = 400) -> Answer:
    body = {
        "error": code,
        "error_description": text,
        "error_codes": [int("".join(filter(str.isdigit, text.split(":")[0])) or 0)],
    }
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


__all__ = ["ADMIN", "Planes", "register"]
