"""What an API's published model says about values: enums, patterns, lengths and ranges.

For AWS from botocore's data files (only the JSON is read; botocore itself is not imported), for another
cloud from the `models.json` in its folder, which is in the same form. They are a supplement to the SDK's
types: a resource names the operation its inputs go to (`ec2:CreateVpc`) and properties meet members by
name, ignoring case.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Limit:
    """What is allowed for a scalar: one of `values`, a match of `pattern`, a length or a number within
    bounds.
    """

    values: tuple[str, ...] = ()
    pattern: str = ""
    low: float | None = None
    high: float | None = None

    def form(self) -> list[Any]:
        """The limit as JSON."""
        return [list(self.values), self.pattern, self.low, self.high]


def stamp(service: str) -> str:
    """What changes when the derived models of a cloud do; "" for AWS, whose models change with botocore's
    version."""
    derived = Path(__file__).parent / service / "models.json"
    return str(derived.stat().st_mtime_ns) if derived.is_file() else ""


@lru_cache(maxsize=2)  # the EC2 model alone is tens of megabytes once parsed
def _shapes(service: str) -> Mapping[str, Any] | None:
    derived = Path(__file__).parent / service / "models.json"
    if derived.is_file():  # a cloud's own, in the same form
        return json.loads(derived.read_text("utf-8"))
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "data" / service
    versions = sorted(folder.glob("*/service-2.json.gz")) if folder.is_dir() else []
    if not versions:
        return None
    with gzip.open(versions[-1], "rt", encoding="utf-8") as file:
        return json.load(file)


class Operation:
    """The input of one API operation, seen as a tree of members."""

    def __init__(self, name: str) -> None:
        service, _, operation = name.partition(":")
        model = _shapes(service)
        if model is None or operation not in model["operations"]:
            raise LookupError(f"botocore has no operation {name}")
        self._shapes: Mapping[str, Any] = model["shapes"]
        self.root: str = model["operations"][operation].get("input", {}).get("shape", "")

    def member(self, shape: str, name: str) -> str | None:
        """The shape of the member of `shape` that a property called `name` goes to, if there is one."""
        members: Mapping[str, Any] = self._shapes.get(shape, {}).get("members", {})
        # Lists are plural in the SDKs (`securityGroups`) and often singular in the API (`SecurityGroup`).
        wanted = {name.lower(), name.lower().removesuffix("s")}
        for member, target in members.items():
            if member.lower() in wanted:
                return target["shape"]
        return None

    def inside(self, shape: str) -> str | None:
        """The shape of the items of a list shape, or of the values of a map shape."""
        body = self._shapes.get(shape, {})
        if body.get("type") == "list":
            return body["member"]["shape"]
        if body.get("type") == "map":
            return body["value"]["shape"]
        return None

    def limit(self, shape: str) -> Limit | None:
        """What the scalar `shape` allows, or None when it says nothing."""
        body = self._shapes.get(shape, {})
        if body.get("type") not in {"string", "integer", "long", "float", "double"}:
            return None
        if body.get("enum"):
            return Limit(values=tuple(body["enum"]))
        pattern = body.get("pattern", "")
        try:
            re.compile(pattern)
        except re.error:
            pattern = ""  # the models' patterns are Java's: \\p{…} and possessive forms mean nothing here
        limit = Limit(pattern=pattern, low=body.get("min"), high=body.get("max"))
        return None if limit == Limit() else limit
