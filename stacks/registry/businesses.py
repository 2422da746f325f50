"""The 20 standardised businesses (標準化対象20業務), in official order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

import yaml

from stacks.text import Text


@dataclass(frozen=True, slots=True)
class Business:
    """One standardised business: `order` from 1 to 20, `system_ids` of three digits, the main one first."""

    id: str
    order: int
    name: Text
    system_ids: tuple[str, ...]

    @property
    def system_id(self) -> str:
        """The id of its main system: what hand-overs and tags carry."""
        return self.system_ids[0]


def load_businesses() -> Mapping[str, Business]:
    """The businesses by id, in official order. The file's head names the source."""
    text = resources.files("stacks.registry").joinpath("businesses.yaml").read_text(encoding="utf-8")
    rows = yaml.load(text, Loader=yaml.CSafeLoader)
    return MappingProxyType(
        {
            row["id"]: Business(row["id"], order, Text(row["ja"], row["en"]), tuple(row["system_ids"]))
            for order, row in enumerate(rows, start=1)
        }
    )
