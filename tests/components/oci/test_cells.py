"""The table of what each cell is on OCI says all that is made, and nothing that is not."""

from __future__ import annotations

from collections.abc import Callable

import yaml

from providers.twin.oci.words import short_of
from scripts.engine.places import REPO
from tests.components.oci.conftest import Built
from tests.components.oci.test_whole import STACKS, everything_ours

CELLS = yaml.safe_load((REPO / "components" / "oci" / "cells.yaml").read_text("utf-8"))


def test_no_cell_is_empty_without_a_reason() -> None:
    assert set(CELLS) == {"baseline", "lgwan", "iaas", "paas", "saas"}
    for layer, cells in CELLS.items():
        for name, cell in cells.items():
            assert cell["ja"], (layer, name)
            assert cell["en"], (layer, name)
            assert cell["types"] or cell["reason"], (layer, name)


def test_the_types_of_the_cells_are_those_that_are_made(build: Callable[..., Built]) -> None:
    said = {kind for cells in CELLS.values() for cell in cells.values() for kind in cell["types"]}
    made = {
        short_of(one.type)
        for stack in STACKS
        for one in build(stack, baseline=everything_ours(stack)).values()
        if one.type.startswith("oci:")
    }
    assert said == made
