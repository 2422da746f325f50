"""The table of cells says what the rooms make: every type in it is made, every type made is in it."""

from __future__ import annotations

from collections.abc import Callable

from components.google.cells import CELLS
from providers.twin.google.words import token
from tests.components.google.conftest import STACKS, Made

BETWEEN = {
    "projects.IAMMember", "projects.IAMCustomRole", "projects.Service", "storage.BucketIAMMember",
    "pubsub.TopicIAMMember", "pubsub.SubscriptionIAMBinding", "compute.InstanceGroup",
    "compute.RegionHealthCheck",
}  # fmt: skip
"""What joins cells to each other and is none itself: permissions, groups of servers, services."""


def test_cells_and_rooms_agree(build: Callable[..., Made]) -> None:
    made = {r.type for stack in STACKS for r in build(stack).values() if r.type.startswith("gcp:")}
    listed = {token(short) for cells in CELLS.values() for cell in cells.values() for short in cell.types}
    assert listed - made == set()
    assert made - listed == {token(short) for short in BETWEEN}


def test_no_cell_is_empty_without_a_reason() -> None:
    assert set(CELLS) == {"baseline", "lgwan", "iaas", "paas", "saas"}
    assert all(cell.types or cell.note for cells in CELLS.values() for cell in cells.values())
