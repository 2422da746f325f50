"""Values for computed properties that no record speaks of: of the right type, and sensible by their names."""

from __future__ import annotations

from providers.twin.schema import Type
from providers.twin.scope import Scope, now
from providers.twin.sdk import snake
from providers.wire import Value

_TIMES = (
    "createdat",
    "createdate",
    "createdtime",
    "creationdate",
    "creationtime",
    "createtime",
    "createddate",
    "lastmodified",
    "lastmodifiedtime",
    "lastupdated",
    "updatedat",
    "modifiedat",
    "timecreated",
    "updatetime",
)
_UNITS = ("ownerid", "accountid", "awsaccountid", "registryid", "owneraccount")


def arn(scope: Scope, service: str) -> str:
    """An ARN of the common form `arn:aws:SERVICE:REGION:ACCOUNT:KIND/ID`."""
    kind = snake(scope.type.split(":")[-1]).replace("_", "-")
    return scope.fill(f"arn:{{partition}}:{service}:{{region}}:{{unit}}:{kind}/{{id}}")


def value(scope: Scope, name: str, type_: Type, service: str) -> Value:
    """A value for the computed property `name`: zero values where the name says nothing, as providers have
    it.
    """
    kind = type_.kind
    low = name.lower()
    if kind in {"str", "enum"}:
        if low == "arn":
            return arn(scope, service)
        if low in {"status", "state"}:
            return "ACTIVE"
        if low in _UNITS:
            return scope.unit
        if low in _TIMES:
            return now()
    return empty(type_)


def empty(type_: Type) -> Value:
    """The zero value of a type, as the bridged providers report what is not set; None for objects."""
    return {"str": "", "enum": "", "bool": False, "int": 0, "num": 0, "list": [], "map": {}}.get(type_.kind)
