"""What a deployment stack makes by its ARM template: it is not in the state on its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from policies.extract.azure import data
from policies.facts import Credential, Facts, Kind
from policies.props import Props

MADE: Mapping[str, int] = {
    "microsoft.dbforpostgresql/flexibleservers": data.OLDEST_POSTGRES,
    "microsoft.dbformysql/flexibleservers": data.OLDEST_MYSQL,
}
"""Types in a template that are judged, and their oldest major version that is still mended."""


def _made_up(template: Props, value: Any) -> bool:
    """Whether a password is a secure parameter that Azure fills in: `[newGuid()]`, or nothing at all."""
    if not isinstance(value, str) or not value.startswith("[parameters('"):
        return False
    name = value.removeprefix("[parameters('").partition("'")[0]
    parameter = template.block("parameters", name)
    if not isinstance(parameter, Props) or str(parameter.get("type")).lower() != "securestring":
        return False
    return parameter.get("defaultValue") in (None, "", "[newGuid()]")


def deployment_stack(p: Props) -> Facts | None:
    """The server that a stack's template makes; None where it makes nothing that is judged."""
    template = p.block("template")
    resources = template.blocks("resources") if isinstance(template, Props) else []
    if not isinstance(template, Props) or not isinstance(resources, list):
        return Facts("azure", Kind.OTHER)
    for one in resources:
        oldest = MADE.get(str(one.get("type")).lower())
        inner = one.block("properties")
        if oldest is None or not isinstance(inner, Props):
            continue
        flat = {**one.raw, **inner.raw}
        made_up = _made_up(template, flat.get("administratorLoginPassword"))
        if made_up:
            del flat["administratorLoginPassword"]
        facts = data.server(Props(flat), oldest)
        if made_up:
            # Nobody knows the password; whether one is accepted at all is a setting beside the server.
            facts = replace(facts, credential=Credential(literal=False, cloud_managed=True), access=None)
        return facts
    return None


TABLE: dict[str, Any] = {
    "resources:deploymentstackatresourcegroup": deployment_stack,
    "resources:deploymentstackatsubscription": deployment_stack,
}
