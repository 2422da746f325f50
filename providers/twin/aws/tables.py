"""All AWS behaviours, each service's table loaded when one of its types is first used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module

from providers.twin.aws.words import token
from providers.twin.behaviour import Behaviour

_MODULES: Mapping[str, tuple[str, ...]] = {
    "network": ("ec2", "vpc", "ec2transitgateway", "directconnect", "networkfirewall"),
}
"""Table module → Pulumi modules it speaks for."""
_WHERE = {module: table for table, modules in _MODULES.items() for module in modules}


@lru_cache(maxsize=32)
def _table(name: str) -> Mapping[str, Behaviour]:
    table: Mapping[str, Behaviour] = import_module(f"providers.twin.aws.{name}").TABLE
    return {token(short): record for short, record in table.items()}


def behaviour(resource: str) -> Behaviour | None:
    """The record of `aws:ec2/vpc:Vpc` and the like, or None when nobody has written one."""
    table = _WHERE.get(resource.split(":")[1].split("/")[0])
    return _table(table).get(resource) if table else None


def every() -> dict[str, Behaviour]:
    """All records by token."""
    return {key: record for table in _MODULES for key, record in _table(table).items()}
