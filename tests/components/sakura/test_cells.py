"""The table of cells says what is made: no type without a cell, none in a cell that nothing makes."""

from __future__ import annotations

from components.cells import short, types_of
from tests.components.sakura.conftest import Building, tenant_plan
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO


def test_every_cell_is_made_and_everything_made_has_a_cell(build: Building) -> None:
    made = {
        short(found.type)
        for stack in (BUNKYO, NISEKO, AOMORI)
        for found in build(tenant_plan(stack)).values()
        if found.type.startswith("sakura:")
    }
    assert types_of("sakura") == made
