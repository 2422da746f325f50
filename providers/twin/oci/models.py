"""What the published models say of the types that the twin plays: derived facts, kept beside this file.

`models.json` is made by `python -m scripts.codegen.oci` out of the installed Pulumi SDK and of the `oci`
package (a tool of the developer's, not of the user's): names, types, allowed values, what is required, and
which properties cannot be changed in place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("models.json")


@lru_cache(maxsize=1)
def _facts() -> Mapping[str, Any]:
    return json.loads(PATH.read_text("utf-8"))


def knows(short: str) -> bool:
    """Whether there is a published model for `Core.Vcn` and the like."""
    return short in _facts()["operations"]


def fixed(short: str) -> frozenset[str]:
    """The properties of a type that a change replaces it for."""
    return frozenset(_facts()["fixed"].get(short, ()))
