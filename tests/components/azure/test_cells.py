"""The table of cells says what is made: no type without a cell, none in a cell that nothing makes."""

from __future__ import annotations

from typing import Any

from components.cells import short, types_of
from tests.components.azure.conftest import EXAMPLES, WARD, build, built, tenant_plan
from tests.components.azure.test_published import verification


def certified(manifest: dict[str, Any]) -> None:
    """A package with a certificate of its own, in a unit where nothing is adopted."""
    unit = manifest["clouds"]["azure"]["unit"]
    manifest["clouds"]["azure"]["baseline"] = {}  # and nothing adopted: all of the baseline is made
    manifest["packages"]["residents"]["certificate"] = (
        f"/subscriptions/{unit}/resourceGroups/c/providers/Microsoft.KeyVault/vaults/central/secrets/tls"
    )


def test_every_cell_is_made_and_everything_made_has_a_cell() -> None:
    made: set[str] = set()
    for found in (
        *map(built, EXAMPLES),
        build(tenant_plan(WARD, verification)),
        build(tenant_plan(WARD, certified)),
    ):
        made |= {short(m.type) for m in found.values()}
    assert types_of("azure") == made
