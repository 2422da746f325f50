"""How much our manifest, plan and components add to a preview of the same resources."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from scripts.bench.measure import Figure, in_turn, ratio, seconds
from scripts.bench.stage import stage

TENANT = "131041-shinjuku"
"""The typical tenant: all 20 businesses in three packages."""
LIMIT = 1.3


def figures(rounds: int, stack: str = TENANT) -> Iterator[Figure]:
    """Preview `stack` as new, and the bare program with its resources, in a twin and a backend of their own.

    Both previews are of a stack that has nothing yet, by the same engine, host, twin and SDK.
    """
    with stage() as here:
        state = here.state(stack)
        here.renewed()
        ours, plain = here.tenant(stack), here.bare(state, "bare")
        (mine, theirs) = in_turn((ours.run, plain.run), rounds, seconds)
    detail = f"{plain.resources} resources"
    yield Figure("preview, seconds", statistics.median(mine), "s", detail=detail)
    yield Figure("preview of the bare program, seconds", statistics.median(theirs), "s", detail=detail)
    yield Figure("preview / bare program", ratio(mine, theirs), "×", LIMIT, f"median of {rounds} pairs")
