"""What the published models say of values: enums, patterns and bounds of Google's discovery documents.

`models.json` is derived from them by `python -m scripts.codegen.google`; nothing is read over a network.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("models.json")


@cache
def _all() -> Mapping[str, Mapping[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def limits(token: str) -> Mapping[str, list[Any]]:
    """The limits of a resource's properties by path, in `api.Limit.form`'s order."""
    return _all()["limits"].get(token, {})


def unknown(token: str) -> frozenset[str]:
    """The properties of a resource, by path, that its API's model does not have."""
    return frozenset(_all()["unknown"].get(token, ()))
