"""All Google behaviours, each service's table loaded when one of its types is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from providers.twin.behaviour import Behaviour
from providers.twin.google.words import token

_MODULES: Mapping[str, tuple[str, ...]] = {
    "network": ("compute",),
    "circuits": ("compute",),
    "balancers": ("compute",),
    "servers": ("compute", "osconfig", "backupdisasterrecovery"),
    "connectivity": ("networkconnectivity", "networksecurity", "networkservices"),
    "names": ("dns", "certificatemanager", "certificateauthority"),
    "identity": ("projects", "serviceaccount", "kms", "secretmanager"),
    "guards": ("orgpolicy", "securitycenter", "billing", "essentialcontacts", "cloudasset"),
    "signals": ("logging", "monitoring", "pubsub", "cloudscheduler"),
    "buckets": ("storage",),
    "databases": ("sql", "alloydb"),
    "containers": ("cloudrunv2", "artifactregistry"),
    "files": ("filestore",),
}
"""Table module → Pulumi modules it speaks for."""


@lru_cache(maxsize=32)
def _table(name: str) -> Mapping[str, Behaviour]:
    table: Mapping[str, Behaviour] = import_module(f"providers.twin.google.{name}").TABLE
    return {token(short): record for short, record in table.items()}


@lru_cache(maxsize=2048)
def behaviour(resource: str) -> Behaviour | None:
    """The record of `gcp:compute/network:Network` and the like, or None when nobody has written one."""
    module = resource.split(":")[1].split("/")[0]
    for table, modules in _MODULES.items():
        if module in modules and (record := _table(table).get(resource)) is not None:
            return record
    return None


def every() -> dict[str, Behaviour]:
    """All records by token."""
    return {key: record for table in _MODULES for key, record in _table(table).items()}
