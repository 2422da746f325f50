"""What is known before any manifest is read: local governments, businesses, the catalogue.

The catalogue is imported on use: its models build on `stacks.manifest`, which itself needs
`stacks.registry.clouds`, so that importing it here would close a circle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from stacks.registry.businesses import Business, load_businesses
from stacks.registry.governments import LocalGovernment, load_governments
from stacks.registry.search import find as _find

if TYPE_CHECKING:
    from stacks.registry.catalogue import Entry

__all__ = ["Business", "LocalGovernment", "Registry", "find", "registry"]


@dataclass(frozen=True, slots=True)
class Registry:
    """The 1,788 local governments by code, the 20 businesses in official order, the catalogue by id."""

    governments: Mapping[str, LocalGovernment]
    businesses: Mapping[str, Business]
    catalogue: Mapping[str, Entry]


@cache
def registry() -> Registry:
    """The registry of this repository, read once a process.

    Raises `stacks.problems.Problems` if a catalogue entry is wrong.
    """
    from stacks.registry.catalogue import load_catalogue

    businesses = load_businesses()
    return Registry(_governments(), businesses, load_catalogue(businesses))


@cache
def _governments() -> Mapping[str, LocalGovernment]:
    return load_governments()


def find(query: str) -> tuple[LocalGovernment, ...]:
    """Every local government that `query` may mean, in order of code: see `stacks.registry.search`."""
    return _find(query, _governments().values())
