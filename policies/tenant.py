"""What a tenant's manifest says to the rules: approved openings, exceptions, retention, adopted parts.

Reads the plain data (`jichitai:tenant` in the stack's configuration), whoever validated it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from policies.exceptions import Accepted, day_of, read_exceptions
from policies.rules import RULES
from policies.rules.record import Environment, Opened, Parameters
from policies.settings import Level


def _map(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def parameters_of(tenant: Any, base: Parameters) -> Parameters:
    """`base` with what a manifest adds. What is malformed is left out: the manifest's own check says so."""
    manifest = _map(tenant)
    opened: list[Opened] = []
    for purpose, entry in _map(manifest.get("internet")).items():
        one = _map(entry)
        expires = day_of(one.get("expires"))
        if expires is not None:
            opened.append(Opened(str(purpose), str(one.get("approver") or ""), expires))
    adopted = {
        f"{cloud}:{part}"
        for cloud, unit in _map(manifest.get("clouds")).items()
        for part, how in _map(_map(unit).get("baseline")).items()
        if how == "adopted"
    }
    retention = _map(manifest.get("retention"))
    years = retention.get("archive_years")
    return replace(
        base,
        internet=(*base.internet, *opened),
        adopted=base.adopted | adopted,
        archive_days=years * 365 if isinstance(years, int) else base.archive_days,
        log_days=max(base.log_days, retention["log_days"])
        if isinstance(retention.get("log_days"), int)
        else base.log_days,
    )


def exceptions_of(tenant: Any) -> tuple[Accepted, ...]:
    """The exceptions of a manifest. Raises BadExceptions for another shape."""
    return read_exceptions(_map(tenant).get("exceptions"))


def environment_said(tenant: Any) -> Environment | None:
    """The environment that a manifest says, None when it says none."""
    said = _map(tenant).get("environment")
    return said if said in ("production", "verification") else None


def levels_of(tenant: Any) -> Mapping[str, Level]:
    """Levels that a manifest sets, in a file that is reviewed. The findings are still told.

    With `protect: false` the guards against deletion only warn: it says that this tenant is about to
    be taken down, which could never be done otherwise. While a circuit is on order (it has no id yet)
    that only one is there is no fault: carriers deliver months apart, and the first is used meanwhile.
    """
    manifest = _map(tenant)
    levels: dict[str, Level] = {}
    if manifest.get("protect") is False:
        levels |= {rule.id: "advisory" for rule in RULES.values() if rule.family == "DEL"}
        levels["BCK-007"] = "advisory"
    if any(
        not _map(circuit).get("id")
        for unit in _map(manifest.get("clouds")).values()
        for circuit in _map(_map(_map(unit).get("lgwan")).get("circuits")).values()
    ):
        levels["LGW-001"] = "advisory"
    return levels
