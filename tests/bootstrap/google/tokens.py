"""How one gets a token: a service account's key, a refresh token, workload identity federation."""

from __future__ import annotations

import re
import time
from typing import Any

import jwt

from tests.bootstrap.fakes.identity import key_of
from tests.bootstrap.fakes.server import Answer, Refused, Request
from tests.bootstrap.google.fake import Google

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"


def register(google: Google) -> None:
    """Registers the token endpoints and what answers who one is."""
    google.router.add("POST", "/token", lambda request: _token(google, request))
    google.router.add("POST", "/v1/token", lambda request: _exchange(google, request))


def _oauth(status: int, code: str, text: str) -> Answer:
    return Answer(status, {"error": code, "error_description": text})


def _token(google: Google, request: Request) -> Answer:
    """https://oauth2.googleapis.com/token."""
    form = request.form
    if form.get("grant_type") == "refresh_token":
        who = form.get("refresh_token", "").removeprefix("refresh-")
        if who != form.get("refresh_token") and f"user:{who}" not in google.retired:
            return _given(google, f"user:{who}")
        return _oauth(400, "invalid_grant", "Token has been expired or revoked.")
    if form.get("grant_type") != JWT_BEARER:
        return _oauth(400, "unsupported_grant_type", "Invalid grant_type")
    try:
        key_id = jwt.get_unverified_header(form["assertion"])["kid"]
        key = google.world.keys[key_id]
        claims = jwt.decode(
            form["assertion"],
            key_of(key_id).public_key(),
            algorithms=["RS256"],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (KeyError, jwt.InvalidTokenError):
        return _oauth(400, "invalid_grant", "Invalid JWT Signature.")
    now = time.time() + google.skew
    if not claims["iat"] - 600 < now < claims["exp"] or claims["exp"] - claims["iat"] > 3700:
        text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
        return _oauth(400, "invalid_grant", f"{text} Check your iat and exp values in the JWT claim.")
    if key["disabled"] or claims["iss"] != key["email"]:
        return _oauth(400, "invalid_grant", "Invalid JWT Signature.")
    return _given(google, f"serviceAccount:{key['email']}")


def _given(google: Google, who: str) -> Answer:
    token = google.bearers.issue(who)
    return Answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})


def _exchange(google: Google, request: Request) -> Answer:
    """https://sts.googleapis.com/v1/token: a pipeline's OIDC token becomes a federated one."""
    given: Any = request.json if request.headers["content-type"].startswith("application/json") else None
    form = given or request.form
    if (form.get("grant_type") or form.get("grantType")) != EXCHANGE:
        return _oauth(400, "invalid_request", "unsupported grant_type")
    token = str(form.get("subject_token") or form.get("subjectToken"))
    name = form["audience"].removeprefix("//iam.googleapis.com/")
    found = re.fullmatch(r"(projects/\d+/locations/global/workloadIdentityPools/[^/]+)/providers/[^/]+", name)
    provider = google.thing(name)
    pool = google.thing(found[1]) if found else None
    if pool is None or provider is None or any(x.get("state") != "ACTIVE" for x in (pool, provider)):
        return _oauth(
            400, "invalid_target", f"The target service indicated by the audience is invalid: {name}"
        )
    issuer = google.issuers.get(provider["oidc"]["issuerUri"])
    audiences = provider["oidc"].get("allowedAudiences") or [f"https://iam.googleapis.com/{name}"]
    try:
        if issuer is None:
            raise jwt.InvalidIssuerError("unknown issuer")
        claims = issuer.verify(token, audiences)
    except jwt.InvalidTokenError as error:
        return _oauth(400, "invalid_grant", f"The token is not accepted: {error}")
    if not allows(provider.get("attributeCondition", ""), claims):
        return _oauth(
            401, "unauthorized_client", "The given credential is rejected by the attribute condition."
        )
    assert provider["attributeMapping"]["google.subject"] == "assertion.sub"
    subject = claims["sub"]
    who = f"principal://iam.googleapis.com/{pool['name']}/subject/{subject}"
    body = {
        "access_token": google.bearers.issue(who),
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    return Answer(200, body)


def allows(condition: str, claims: dict[str, Any]) -> bool:
    """Evaluates the only form of condition that is in use: a claim in a list. Raises Refused for others."""
    if not condition:
        return True
    found = re.fullmatch(r"assertion\.(\w+) in \[((?:'[^']*'(?:, )?)+)\]", condition)
    if found is None:
        raise Refused(400, "INVALID", f"the fake cannot evaluate {condition!r}")
    return claims.get(found[1]) in re.findall(r"'([^']*)'", found[2])
