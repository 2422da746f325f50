"""All OCI behaviours, each table loaded when one of its types is first used.

What every OCI resource has in common is added here: its compartment, what the common names of properties
refer to, limits of tags and names, and what the published models say cannot be changed in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

from providers.twin.behaviour import Behaviour, Ref, Refusal
from providers.twin.oci import models
from providers.twin.oci.words import hold, token
from providers.twin.scope import Scope

_TABLES = ("network", "compute", "identity", "guard", "storage", "balancers")
_COMMON: tuple[Ref, ...] = (
    hold("compartmentId", "Identity.Compartment"),
    hold("vcnId", "Core.Vcn"),
    hold("subnetId", "Core.Subnet"),
    hold("nsgIds[]", "Core.NetworkSecurityGroup"),
    hold("networkSecurityGroupIds[]", "Core.NetworkSecurityGroup"),
    hold("drgId", "Core.Drg"),
    hold("vaultId", "Kms.Vault"),
    hold("kmsKeyId", "Kms.Key"),
)
"""What these properties refer to wherever they are."""
MOST_FREEFORM, MOST_DEFINED = 10, 64
"""Tags that a resource can have (Tagging documentation, "Tagging Limits")."""


def _tags(scope: Scope) -> None:
    """Tags within their limits; a defined one is defined."""
    free, defined = scope.inputs.get("freeformTags") or {}, scope.inputs.get("definedTags") or {}
    if len(free) > MOST_FREEFORM or len(defined) > MOST_DEFINED:
        raise Refusal(
            "LimitExceeded", f"A resource can have {MOST_FREEFORM} free-form and {MOST_DEFINED} defined tags"
        )
    for key, value in free.items():
        if len(key) > 100 or not key.isascii() or "." in key or " " in key or len(str(value)) > 256:
            raise Refusal("InvalidParameter", f"freeformTags: '{key}' is not a valid tag")
    for key in defined:
        if scope.find(token("Identity.Tag"), key, None) is None:
            raise Refusal("InvalidParameter", f"definedTags: there is no tag {key}")


def _name(scope: Scope) -> None:
    for key in ("displayName", "name"):
        value = scope.inputs.get(key)
        if isinstance(value, str) and not 1 <= len(value) <= 255:
            raise Refusal("InvalidParameter", f"{key} must have 1 to 255 characters")


def _whole(short: str, record: Behaviour) -> Behaviour:
    own = {ref.path for ref in record.refs}
    return replace(
        record,
        api=f"oci:{short}" if models.knows(short) else "",
        fixed=record.fixed | models.fixed(short),
        refs=(*record.refs, *(ref for ref in _COMMON if ref.path not in own)),
        rules=(_tags, _name, *record.rules),
    )


@lru_cache(maxsize=1)
def every() -> Mapping[str, Behaviour]:
    """All records by token."""
    found: dict[str, Behaviour] = {}
    for name in _TABLES:
        table: Mapping[str, Behaviour] = import_module(f"providers.twin.oci.{name}").TABLE
        found |= {token(short): _whole(short, record) for short, record in table.items()}
    return found


def tokens() -> Mapping[str, str]:
    """The token of each type that has a record, by its short name."""
    return {
        short: token(short) for name in _TABLES for short in import_module(f"providers.twin.oci.{name}").TABLE
    }


def behaviour(resource: str) -> Behaviour | None:
    """The record of `oci:Core/vcn:Vcn` and the like, or None when nobody has written one."""
    return every().get(resource)
