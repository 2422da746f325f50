"""Who signs: an OIDC issuer like GitHub's, and bearer tokens that expire and can be revoked."""

from __future__ import annotations

import itertools
import secrets
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@lru_cache(maxsize=4)
def key_of(name: str) -> rsa.RSAPrivateKey:
    """One key a name and process: generating one takes a tenth of a second."""
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Issuer:
    """An OIDC issuer; `token` gives what a pipeline's job would get from it."""

    url: str = "https://token.actions.githubusercontent.com"

    def token(self, subject: str, audience: str, *, seconds: int = 600, **claims: Any) -> str:
        """A signed token for a job with this subject. `seconds` may be negative: an expired one."""
        now = int(time.time())
        body = {"iss": self.url, "sub": subject, "aud": audience, "iat": now - 5, "nbf": now - 5}
        return jwt.encode(
            {**body, "exp": now + seconds, **claims},
            key_of(self.url),
            algorithm="RS256",
            headers={"kid": "1"},
        )

    def verify(self, token: str, audience: str | list[str]) -> dict[str, Any]:
        """The claims of a token of this issuer. Raises jwt.InvalidTokenError."""
        return jwt.decode(
            token, key_of(self.url).public_key(), algorithms=["RS256"], audience=audience, issuer=self.url
        )


@dataclass
class Bearers:
    """Bearer tokens by value: whose they are and until when."""

    _known: dict[str, tuple[str, float]] = field(default_factory=dict[str, tuple[str, float]])
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def issue(self, who: str, seconds: float = 3600.0) -> str:
        """A new token for `who`."""
        token = f"fake-{next(self._numbers)}-{secrets.token_urlsafe(24)}"
        self._known[token] = (who, time.time() + seconds)
        return token

    def adopt(self, token: str, who: str, seconds: float = 3600.0) -> None:
        """Takes a token that was made elsewhere as one of `who`."""
        self._known[token] = (who, time.time() + seconds)

    def who(self, token: str) -> str:
        """Whose token it is; "" for one that is unknown, revoked or expired."""
        name, until = self._known.get(token, ("", 0.0))
        return name if until > time.time() else ""

    def revoke(self, who: str) -> None:
        """Makes every token of `who` useless."""
        self._known = {token: entry for token, entry in self._known.items() if entry[0] != who}
