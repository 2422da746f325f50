"""All Azure behaviours, each table loaded when one of its types is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from providers.twin.azure.words import token
from providers.twin.behaviour import Behaviour

_MODULES: Mapping[str, tuple[str, ...]] = {
    "network": ("network",),
    "names": ("privatedns", "dnsresolver"),
    "identity": ("resources", "managedidentity", "authorization", "security", "consumption", "keyvault"),
    "storage": ("storage",),
    "databases": ("dbforpostgresql", "dbformysql", "resources"),
    "compute": ("compute", "maintenance", "recoveryservices"),
    "containers": ("app", "containerregistry", "logic"),
    "signals": ("monitor", "operationalinsights"),
}
"""Table module → Pulumi modules it speaks for."""


@lru_cache(maxsize=32)
def _table(name: str) -> Mapping[str, Behaviour]:
    table: Mapping[str, Behaviour] = import_module(f"providers.twin.azure.{name}").TABLE
    return {token(short): record for short, record in table.items()}


@lru_cache(maxsize=2048)
def behaviour(resource: str) -> Behaviour | None:
    """The record of `azure-native:network:Subnet` and the like, or None when nobody has written one."""
    module = resource.split(":")[1]
    for table, modules in _MODULES.items():
        if module in modules and (record := _table(table).get(resource)) is not None:
            return record
    return None


def every() -> dict[str, Behaviour]:
    """All records by token."""
    return {key: record for table in _MODULES for key, record in _table(table).items()}
