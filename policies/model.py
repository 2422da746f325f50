"""Resources as the rules' input, whatever they were read from."""

from __future__ import annotations

import gc
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a stack: its properties are outputs where the cloud has answered, else inputs.

    `dependencies` are URNs; `property_dependencies` the URNs behind each property, None where they are not
    told: the engine shows a resource without them before it is made.
    """

    urn: str
    type: str
    name: str
    props: Mapping[str, Any]
    id: str = ""
    provider: str = ""
    """URN of its provider."""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] | None = field(default_factory=dict)
    custom: bool = True
    external: bool = False
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """The resources of one stack; `notes` say what could not be read, with the reason in two languages."""

    name: str
    resources: tuple[Resource, ...]
    source: str = ""
    """The file or stack that it was read from, for reports."""
    pending: tuple[str, ...] = ()
    """URNs of operations that an interrupted run has left."""
    outputs: Mapping[str, Any] = field(default_factory=dict)


def name_of(urn: str) -> str:
    """The last part of a URN."""
    return urn.rsplit("::", 1)[-1]


@contextmanager
def uncollected() -> Generator[None]:
    """No garbage collection within: a state is a tree without cycles, of many small objects.

    Looking for cycles among them takes a seventh of the time that reading and judging take.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
