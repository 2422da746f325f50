"""The table of what each cell is on OCI says all that is made, and nothing that is not."""

from __future__ import annotations

from collections.abc import Callable

from components.cells import short, types_of
from tests.components.oci.conftest import Built
from tests.components.oci.test_whole import STACKS, everything_ours


def test_the_types_of_the_cells_are_those_that_are_made(build: Callable[..., Built]) -> None:
    made = {
        short(one.type)
        for stack in STACKS
        for one in build(stack, baseline=everything_ours(stack)).values()
        if one.type.startswith("oci:")
    }
    assert types_of("oci") == made
