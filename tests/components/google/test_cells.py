"""The table of cells says what the rooms make: every type in it is made, every type made is in it."""

from __future__ import annotations

from collections.abc import Callable

from components.cells import short, types_of
from tests.components.google.conftest import STACKS, Made


def test_cells_and_rooms_agree(build: Callable[..., Made]) -> None:
    made = {short(r.type) for stack in STACKS for r in build(stack).values() if r.type.startswith("gcp:")}
    assert types_of("google") == made
