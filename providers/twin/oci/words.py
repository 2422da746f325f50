"""Short words for writing OCI tables: resource tokens, references, and the answers OCI gives."""

from __future__ import annotations

from typing import Any

from providers.twin.behaviour import Answer, Behaviour, Maker, Ref, Unique, belongs, holds, mentions

NOT_FOUND = Answer(
    "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found: {value}", 404
)
TAKEN = Answer("NameAlreadyExists", "{value} already exists in the compartment or tenancy", 409)
IN_USE = Answer("IncorrectState", "{id} is in use by {value} and cannot be deleted", 409)


def token(short: str) -> str:
    """`Core.Vcn` → `oci:Core/vcn:Vcn`."""
    module, name = short.rsplit(".", 1)
    return f"oci:{module}/{name[0].lower()}{name[1:]}:{name}"


def short_of(resource: str) -> str:
    """`oci:Core/vcn:Vcn` → `Core.Vcn`."""
    _, module, name = resource.split(":")
    return f"{module.split('/')[0]}.{name}"


def hold(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.holds` with short tokens."""
    return holds(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def name(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.mentions` with short tokens."""
    return mentions(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def part(path: str, *kinds: str, anywhere: bool = False) -> Ref:
    """`behaviour.belongs` with short tokens."""
    return belongs(path, *(token(kind) for kind in kinds), anywhere=anywhere)


def one(scope: str, value: str) -> tuple[Unique, ...]:
    """A name that only one resource may have."""
    return (Unique(scope, value, TAKEN),)


def thing(kind: str, *, everywhere: bool = False, state: str = "ACTIVE", **more: Any) -> Behaviour:
    """The record of a type whose OCIDs are `ocid1.<kind>.…`; `everywhere`: identity, no region."""
    where = "" if everywhere else "{region}"
    computed: dict[str, Maker] = {"state": state, "timeCreated": "{now}", **more.pop("computed", {})}
    more.setdefault("in_use", IN_USE)
    more.setdefault("id", f"ocid1.{kind}.oc1.{where}.aaaaaaaa{{alnum52}}")
    more.setdefault("missing", NOT_FOUND)
    more.setdefault("exists", TAKEN)
    return Behaviour(autoname="", computed=computed, everywhere=everywhere, **more)
