"""`aws:iam/getPolicyDocument`: a policy document rendered as JSON, as the AWS provider renders it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from providers.twin.behaviour import Refusal
from providers.wire import Value


def render(arguments: Mapping[str, Value]) -> dict[str, Value]:
    """The document for `arguments`, with sources merged first and overrides last; statements replace by
    Sid.
    """
    statements: list[dict[str, Any]] = []
    sources = [
        *([arguments["sourceJson"]] if arguments.get("sourceJson") else []),
        *(arguments.get("sourcePolicyDocuments") or []),
    ]
    for text in sources:
        _merge(statements, _statements(text), unique=True)
    own = [_statement(item) for item in arguments.get("statements") or []]
    _merge(statements, own, unique=not sources)
    overrides = [
        *([arguments["overrideJson"]] if arguments.get("overrideJson") else []),
        *(arguments.get("overridePolicyDocuments") or []),
    ]
    for text in overrides:
        _merge(statements, _statements(text), unique=False)
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = statements
    return {
        "json": json.dumps(document, indent=2, ensure_ascii=False),
        "minifiedJson": json.dumps(document, separators=(",", ":"), ensure_ascii=False),
        "version": document["Version"],
    }


def _merge(into: list[dict[str, Any]], new: list[dict[str, Any]], *, unique: bool) -> None:
    for statement in new:
        sid = statement.get("Sid")
        there = next((at for at, old in enumerate(into) if sid and old.get("Sid") == sid), None)
        if there is None:
            into.append(statement)
        elif unique:
            raise Refusal(
                "InvalidPolicyDocument",
                f"duplicate Sid ({sid}). Remove the Sid or ensure the Sid is unique.",
                0,
            )
        else:
            into[there] = statement


def _statements(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text).get("Statement", [])
    except (ValueError, AttributeError):
        raise Refusal("InvalidPolicyDocument", f"{text[:40]!r} is not a policy document", 0) from None
    return found if isinstance(found, list) else [found]


def _statement(item: Mapping[str, Value]) -> dict[str, Any]:
    """One statement; Terraform's `&{…}` stands for a policy variable `${…}`."""
    statement: dict[str, Any] = {}
    if item.get("sid"):
        statement["Sid"] = item["sid"]
    statement["Effect"] = item.get("effect") or "Allow"
    for key, name in (
        ("actions", "Action"),
        ("notActions", "NotAction"),
        ("resources", "Resource"),
        ("notResources", "NotResource"),
    ):
        if item.get(key):
            statement[name] = _one(item[key])
    for key, name in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if item.get(key):
            statement[name] = _principals(item[key])
    conditions: dict[str, dict[str, Any]] = {}
    for condition in item.get("conditions") or []:
        place = conditions.setdefault(condition["test"], {})
        values = [*_many(place.get(condition["variable"])), *condition["values"]]
        place[condition["variable"]] = _one(values, keep_order=True)
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principals(items: list[Mapping[str, Value]]) -> Any:
    found: dict[str, list[str]] = {}
    for item in items:
        found.setdefault(item["type"], []).extend(item["identifiers"])
    if set(found) == {"*"}:
        return "*"
    return {kind: _one(values) for kind, values in sorted(found.items())}


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _one(values: list[Any], *, keep_order: bool = False) -> Any:
    """A single value bare, several in order; the provider sorts sets and turns `&{` into `${`."""
    texts = [value.replace("&{", "${") if isinstance(value, str) else value for value in values]
    ordered = texts if keep_order else sorted(set(texts), reverse=True)
    return ordered[0] if len(ordered) == 1 else ordered
