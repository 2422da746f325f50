"""Service principals' keys and tokens, and what a credential is: the part of IAM that signs in."""

from __future__ import annotations

import re
import secrets
import time
import uuid
from typing import Any, Final

from providers.twin.sakura import access
from providers.twin.sakura.faults import Refused, bad, conflict, missing
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc

TOKEN_SECONDS: Final = 3600
"""How long a bearer token is valid (facts: sakura-api.md §2.2)."""
_KEYS_AT_MOST: Final = 10
"""The specification says that there is a limit, not which; this is the twin's."""
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _body(place: Place) -> Doc:
    return dict(place.body) if isinstance(place.body, dict) else {}


def context(place: Place) -> Any:
    """GET /auth/context: the credential in use, and the project that it is limited to."""
    who = access.caller(place.store, place.headers)
    return {"resource_id": int(who.id), "auth_type": who.kind, "limited_to_project_id": int(place.account)}


def _check_public_key(pem: str) -> None:
    """Refused (400) unless it is an RSA key of 2048 to 4096 bits, as the specification says."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        found = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise bad("public_key is invalid") from error
    if not isinstance(found, RSAPublicKey) or not 2048 <= found.key_size <= 4096:
        raise bad("public_key must be RSA with 2048 to 4096 bits")


def upload_key(place: Place, id_: str) -> Any:
    """POST /service-principals/:id/upload-key."""
    place.find("iam/service-principals", id_, "")
    pem = str(_body(place).get("public_key") or "")
    _check_public_key(pem)
    if len(_keys(place, id_)) >= _KEYS_AT_MOST:
        raise conflict("conflict", "no more keys can be registered")
    return 201, put_key(place, id_, pem)


def put_key(place: Place, principal: str, pem: str) -> Doc:
    """Register a public key."""
    number = str(uuid.uuid4())
    doc = {
        "ID": number,
        "id": number,
        "kid": secrets.token_hex(20),
        "status": "enabled",
        "key_origin": "user",
        "public_key": pem,
        "created_at": place.now(),
        "key_expires_at": None,
        "_principal": principal,
    }
    return place.store.put("principalkey", "", number, doc)


def _keys(place: Place, id_: str) -> list[Doc]:
    return [k for k in place.all("principalkey", "") if k["_principal"] == id_]


def principal_keys(place: Place, id_: str) -> Any:
    """GET /service-principals/:id/keys."""
    place.find("iam/service-principals", id_, "")
    found = _keys(place, id_)
    return {"items": found, "count": len(found), "next": None, "previous": None}


def switch_key(place: Place, id_: str, key: str, verb: str) -> Any:
    """POST /service-principals/:id/keys/:key/{enable,disable}."""
    doc = _key(place, id_, key)
    doc["status"] = f"{verb}d"
    return place.store.put("principalkey", "", key, doc)


def delete_key(place: Place, id_: str, key: str) -> Any:
    """DELETE /service-principals/:id/keys/:key. Tokens that were issued for it stay valid until they end."""
    _key(place, id_, key)
    place.store.remove("principalkey", "", key)
    return 204, None


def _key(place: Place, id_: str, key: str) -> Doc:
    doc = place.find("principalkey", key, "")
    if doc["_principal"] != id_:
        raise missing()
    return doc


def token(place: Place) -> Any:
    """POST /service-principals/oauth2/token: RFC 7523, verified against the keys that were uploaded."""
    import jwt

    given = _body(place)
    refused = Refused(401, "unauthorized", "the assertion is not valid")
    if given.get("grant_type") != _GRANT:
        raise bad("grant_type is invalid")
    try:
        assertion = str(given.get("assertion") or "")
        kid = str(jwt.get_unverified_header(assertion).get("kid"))
        key = next((k for k in place.all("principalkey", "") if k["kid"] == kid), None)
        if key is None or key["status"] != "enabled":
            raise refused
        claims: Doc = jwt.decode(
            assertion,
            key["public_key"],
            algorithms=["RS256"],
            options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_aud": False},
        )
    except jwt.PyJWTError as error:
        raise refused from error
    if (
        claims["iss"] != key["_principal"]
        or claims["sub"] != key["_principal"]
        or not str(claims["aud"]).endswith("/oauth2/token")
    ):
        raise refused
    bearer = secrets.token_urlsafe(32)
    until = time.time() + TOKEN_SECONDS
    place.store.put(
        "bearer", "", bearer, {"ID": bearer, "until": until, "principal": claims["sub"], "_platform": True}
    )
    return {
        "access_token": bearer,
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "token_expired_at": place.now(),
    }


_ROLES: Final = (
    ("owner", "オーナー", "project"),
    (access.CREATOR, "作成・削除", "project"),
    (access.VIEWER, "リソース閲覧", "project"),
)


def roles(place: Place) -> Any:
    """GET /iam-roles: those that the twin knows; the platform has more."""
    del place
    found = [
        {"id": i, "name": n, "description": n, "category": "resource", "lowest_grantable_resource": lowest}
        for i, n, lowest in _ROLES
    ]
    return {"items": found, "count": len(found), "next": None, "previous": None}


_N: Final = r"(\d+)"
_K: Final = r"([0-9a-f-]{36})"
ROUTES: Final = (
    (("GET",), re.compile(access.CONTEXT), context),
    (("GET",), re.compile("/iam-roles"), roles),
    (("POST",), re.compile("/service-principals/oauth2/token"), token),
    (("POST",), re.compile(f"/service-principals/{_N}/upload-key"), upload_key),
    (("GET",), re.compile(f"/service-principals/{_N}/keys"), principal_keys),
    (("POST",), re.compile(f"/service-principals/{_N}/keys/{_K}/(enable|disable)"), switch_key),
    (("DELETE",), re.compile(f"/service-principals/{_N}/keys/{_K}"), delete_key),
)
