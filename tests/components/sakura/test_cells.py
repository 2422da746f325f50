"""The table of cells says what is made: no type without a cell, none in a cell that nothing makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.components.sakura.conftest import Building, tenant_plan
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO

CELLS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[3] / "components/sakura/cells.yaml").read_text(encoding="utf-8")
)
EMPTY = {
    "configuration_recording",
    "threat_detection",
    "budget",
    "default_network",
    "circuit_alarms",
    "hours",
    "asp",
}
"""What this cloud lacks: each says what is done instead."""


def test_every_cell_is_made_and_everything_made_has_a_cell(build: Building) -> None:
    listed = {t for layer in CELLS.values() for cell in layer.values() for t in cell["types"]}
    made = {
        found.type.removeprefix("sakura:")
        for stack in (BUNKYO, NISEKO, AOMORI)
        for found in build(tenant_plan(stack)).values()
        if found.type.startswith("sakura:")
    }
    assert listed == made


def test_every_cell_speaks_both_languages_and_an_empty_one_gives_its_reason() -> None:
    cells = {name: cell for layer in CELLS.values() for name, cell in layer.items()}
    assert all(cell["ja"] and cell["en"] for cell in cells.values())
    assert {name for name, cell in cells.items() if not cell["types"]} == EMPTY
