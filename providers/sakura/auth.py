"""Signing in: a service principal's short-lived bearer token, else the access token (HTTP Basic).

A principal is preferred when both are given, as the official client does since 0.3.1. Tokens live in memory
only: nothing is cached on disk, so nothing can leak from there.
"""

from __future__ import annotations

import base64
import threading
import time
from typing import Any, Final

import httpx

from stacks.text import Text

from .errors import ApiError, ConfigError, Where, read_error
from .settings import Settings

_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_SECONDS: Final = 600
"""How long an assertion is valid (facts: sakura-api.md §2.2)."""
_SKEW: Final = 30
"""A token is renewed this many seconds before it ends, as the official client does."""


class Authorization:
    """Gives the Authorization header. Safe for threads: one of them renews, the others wait for it."""

    def __init__(self, settings: Settings, http: httpx.Client, token_url: str) -> None:
        self._settings, self._http, self._url = settings, http, token_url
        self._lock = threading.Lock()
        self._bearer = ""
        self._until = 0.0

    def header(self) -> str:
        """The header's value. ConfigError without credentials, ApiError when the token endpoint refuses."""
        s = self._settings
        if s.principal:
            with self._lock:
                if time.time() > self._until - _SKEW:
                    self._renew()
                return f"Bearer {self._bearer}"
        if s.token and s.secret:
            return "Basic " + base64.b64encode(f"{s.token}:{s.secret}".encode()).decode()
        raise ConfigError(
            Text(
                ja="さくらのクラウドの認証情報がありません。SAKURA_SERVICE_PRINCIPAL_ID、"
                "SAKURA_SERVICE_PRINCIPAL_KEY_KID、SAKURA_PRIVATE_KEY_PATH（サービスプリンシパル）、または "
                "SAKURA_ACCESS_TOKEN と SAKURA_ACCESS_TOKEN_SECRET を設定してください。",
                en="There are no credentials for さくらのクラウド. Set SAKURA_SERVICE_PRINCIPAL_ID, "
                "SAKURA_SERVICE_PRINCIPAL_KEY_KID and SAKURA_PRIVATE_KEY_PATH (a service principal), or "
                "SAKURA_ACCESS_TOKEN and SAKURA_ACCESS_TOKEN_SECRET.",
            )
        )

    def forget(self) -> None:
        """The API refused the token: get another next time."""
        with self._lock:
            self._until = 0.0

    def _renew(self) -> None:
        where = Where("authenticate", "service principal", self._settings.service_principal_id)
        answer = self._post(where, self._assertion())
        try:
            body: Any = answer.json()
        except ValueError:
            body = answer.text
        if answer.status_code != 200 or not isinstance(body, dict) or not body.get("access_token"):
            code, message, serial = read_error(answer.status_code, body)
            raise ApiError(
                where, answer.status_code, code or "unauthorized", message, serial, f"POST {self._url}"
            )
        self._bearer = str(body["access_token"])
        self._until = time.time() + float(body.get("expires_in", 3600))

    def _post(self, where: Where, assertion: str) -> httpx.Response:
        try:
            return self._http.post(self._url, data={"grant_type": _GRANT, "assertion": assertion})
        except httpx.HTTPError as error:
            raise ApiError(where, 0, "", str(error), "", f"POST {self._url}") from error

    def _assertion(self) -> str:
        import jwt

        s = self._settings
        now = int(time.time())
        claims = {
            "iss": s.service_principal_id,
            "sub": s.service_principal_id,
            "aud": self._url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        try:
            return jwt.encode(
                claims, s.private_key, algorithm="RS256", headers={"kid": s.service_principal_key_kid}
            )
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise ConfigError(
                Text(
                    ja="サービスプリンシパルの秘密鍵を読めません。RSAのPEM形式か確かめてください。",
                    en="The service principal's private key cannot be read. It must be RSA in PEM form.",
                )
            ) from error
