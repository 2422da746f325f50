"""The list condition, which is JSON as the whole query string (facts: sakura-api.md §2.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from providers.twin.sakura.faults import bad
from providers.twin.sakura.store import Doc

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


def parse(text: str) -> Any:
    """A query string: JSON when it looks like it, else pairs. Refused (400) when it is broken JSON."""
    decoded = unquote(text)
    if decoded.startswith("{"):
        try:
            return json.loads(decoded)
        except ValueError as error:
            raise bad("検索条件の形式が正しくありません。", "invalid_format") from error
    return dict(parse_qsl(text, keep_blank_values=True))


def select(docs: list[Doc], condition: Any) -> tuple[list[Doc], int, int]:
    """The page asked for, where it starts, and how many match in all."""
    if not isinstance(condition, Mapping):
        return docs, 0, len(docs)
    wanted = condition.get("Filter") or {}
    found = [doc for doc in docs if all(_matches(doc, key, value) for key, value in wanted.items())]
    for key in reversed(condition.get("Sort") or []):
        reverse = str(key).startswith("-")
        name = str(key).lstrip("-")
        found.sort(key=lambda doc: str(_at(doc, name) or ""), reverse=reverse)
    start = int(condition.get("From") or 0)
    count = int(condition.get("Count") or 0) or len(found)
    return found[start : start + count], start, len(found)


def _matches(doc: Doc, key: str, value: Any) -> bool:
    for sign, compare in _COMPARE.items():
        if key.endswith(sign):
            now = _at(doc, key.removesuffix(sign))
            return now is not None and compare(str(now), str(value))
    if key == "Tags.Name":
        tags = doc.get("Tags") or []
        groups = value if isinstance(value, list) else [value]
        # A nested list: all of these tags. A plain list: any of these.
        return any(set(g) <= set(tags) if isinstance(g, list) else g in tags for g in groups)
    now = _at(doc, key)
    if isinstance(value, list):
        return any(_equal(now, each) for each in value)
    if isinstance(value, str) and isinstance(now, str) and key.rsplit(".", 1)[-1] in ("Name", "Description"):
        # Partial match; words joined by %20 must all occur.
        return all(unquote(word) in now for word in value.split("%20"))
    return _equal(now, value)


def _equal(now: Any, value: Any) -> bool:
    if isinstance(now, bool):
        return now == (str(value).lower() in ("1", "true"))
    return str(now) == str(value)


def _at(doc: Any, path: str) -> Any:
    for key in path.split("."):
        doc = doc.get(key) if isinstance(doc, Mapping) else None
    return doc
