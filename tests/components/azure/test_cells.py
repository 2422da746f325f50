"""The table of cells says what is made: no type without a cell, none in a cell that nothing makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.components.azure.conftest import EXAMPLES, WARD, build, built, tenant_plan
from tests.components.azure.test_published import verification

CELLS: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[3] / "components/azure/cells.yaml").read_text(encoding="utf-8")
)


def certified(manifest: dict[str, Any]) -> None:
    """A package with a certificate of its own, in a unit where nothing is adopted."""
    unit = manifest["clouds"]["azure"]["unit"]
    manifest["clouds"]["azure"]["baseline"] = {}  # and nothing adopted: all of the baseline is made
    manifest["packages"]["residents"]["certificate"] = (
        f"/subscriptions/{unit}/resourceGroups/c/providers/Microsoft.KeyVault/vaults/central/secrets/tls"
    )


def test_every_cell_is_made_and_everything_made_has_a_cell() -> None:
    listed = {t for layer in CELLS.values() for cell in layer.values() for t in cell["types"]}
    made: set[str] = set()
    for found in (
        *map(built, EXAMPLES),
        build(tenant_plan(WARD, verification)),
        build(tenant_plan(WARD, certified)),
    ):
        made |= {m.type.removeprefix("azure-native:") for m in found.values()}
    assert listed == made


def test_every_cell_speaks_both_languages_and_an_empty_one_gives_its_reason() -> None:
    for layer in CELLS.values():
        for cell in layer.values():
            assert cell["ja"]
            assert cell["en"]
    assert [name for layer in CELLS.values() for name, cell in layer.items() if not cell["types"]] == [
        "default_network"
    ]
