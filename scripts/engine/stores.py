"""A state store and secrets key of one's own choosing, instead of the clone's files.

On the clouds any that Pulumi knows. On the twin only what is on this machine: a stack of the twin has ids
that no cloud knows, and must not end up in a team's store (docs/adr/2026-11-24-state-and-secrets.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2s
from urllib.parse import parse_qs, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_ENDPOINTS: Mapping[str, tuple[str, ...]] = {
    "s3": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "awskms": ("AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"),
    "gs": ("STORAGE_EMULATOR_HOST",),
}
"""The SDKs' own variables that lead to another address, by the scheme of the URL."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where the state is and what encrypts the secrets in it, as URLs of Pulumi's."""

    backend: str
    secrets: str = "passphrase"

    @property
    def name(self) -> str:
        """A short name for folders: what belongs to one store is not mixed with another's."""
        return blake2s(f"{self.backend}\n{self.secrets}".encode(), digest_size=6).hexdigest()


def is_local(url: str, environment: Mapping[str, str]) -> bool:
    """Whether `url` leads nowhere but to this machine, as far as URL and environment say.

    A file, a passphrase, an `endpoint` or `domain` in the URL, or the SDK's variable for it.
    """
    parts = urlsplit(url)
    if url == "passphrase" or parts.scheme == "file":
        return True
    query = parse_qs(parts.query)
    named = [value for key in ("endpoint", "domain") for value in query.get(key, [])]
    if named:
        return all(_host(value) in LOOPBACK for value in named)
    if parts.hostname in LOOPBACK:
        return True
    told = next((v for n in _ENDPOINTS.get(parts.scheme, ()) if (v := environment.get(n))), "")
    return bool(told) and _host(told) in LOOPBACK


def _host(address: str) -> str:
    return urlsplit(address if "//" in address else f"//{address}").hostname or ""
