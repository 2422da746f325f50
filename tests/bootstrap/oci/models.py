"""Whether a body is what the published models say: read from the `oci` package's own model classes."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import Any

from tests.bootstrap.fakes.server import Refused

_PLAIN = {"str": str, "bool": bool, "int": int, "float": (int, float), "datetime": str}


@lru_cache(maxsize=512)
def _model(service: str, name: str) -> Any:
    return getattr(importlib.import_module(f"oci.{service}.models"), name)


@lru_cache(maxsize=512)
def _facts(service: str, name: str) -> tuple[dict[str, str], dict[str, str], set[str], dict[str, set[str]]]:
    """Types by wire name, attributes by wire name, required ones, and the values allowed."""
    cls = _model(service, name)
    blank = cls()
    names: dict[str, str] = {wire: attribute for attribute, wire in blank.attribute_map.items()}
    types = {wire: str(blank.swagger_types[attribute]) for wire, attribute in names.items()}
    required = {
        wire
        for wire, attribute in names.items()
        if "**[Required]**" in (getattr(cls, attribute).__doc__ or "")
    }
    values: dict[str, set[str]] = {}
    for wire, attribute in names.items():
        told = re.search(
            r"Allowed values for this property are: ([^\n]*)", getattr(cls, attribute).__doc__ or ""
        )
        if told:
            values[wire] = set(re.findall(r'"([^"]*)"', told[1]))
    return types, names, required, values


def check(service: str, name: str, body: Any, path: str = "") -> None:
    """Raises Refused (400 InvalidParameter) for what the model does not know, lacks or does not allow."""
    if not isinstance(body, dict):
        raise Refused(400, "InvalidParameter", f"{path or name} must be an object")
    cls = _model(service, name)
    if hasattr(cls, "get_subtype"):
        chosen = cls.get_subtype(body)
        if chosen != name:
            check(service, chosen, body, path)
            return
    types, _, required, values = _facts(service, name)
    for wire, value in body.items():
        at = f"{path}.{wire}".strip(".")
        if wire not in types:
            raise Refused(400, "InvalidParameter", f"{at} is not a property of {name}")
        if value is None:
            continue
        if wire in values and str(value) not in values[wire]:
            raise Refused(400, "InvalidParameter", f"{at}: {value!r} is not one of {sorted(values[wire])}")
        _typed(service, types[wire], value, at)
    for wire in required:
        if body.get(wire) in (None, ""):
            raise Refused(400, "MissingParameter", f"{path}{wire} is required by {name}")


def _typed(service: str, kind: str, value: Any, at: str) -> None:
    listed = re.fullmatch(r"list\[(.+)\]", kind)
    if listed:
        if not isinstance(value, list):
            raise Refused(400, "InvalidParameter", f"{at} must be a list")
        for number, one in enumerate(value):
            _typed(service, listed[1], one, f"{at}[{number}]")
    elif kind.startswith("dict("):
        if not isinstance(value, dict):
            raise Refused(400, "InvalidParameter", f"{at} must be an object")
    elif kind in _PLAIN:
        if not isinstance(value, _PLAIN[kind]):
            raise Refused(400, "InvalidParameter", f"{at} must be {kind}")
    elif kind != "object":
        check(service, kind, value, at)
