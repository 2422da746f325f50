"""Previews on each cloud beside AWS, in one run: against the bare program, and of a hundred resources."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.bench.measure import Cost, Figure, cost, in_turn, ratio
from scripts.bench.stage import Preview, Stage, stage

BARE_LIMIT = 1.3
"""Of a preview of a three-package tenant over the bare program with the same resources."""
HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """An all-in-one town (about a hundred resources) and a tenant of three packages (about two hundred).

    `limit` is how many times AWS's hundred resources this cloud's may take: 2.7 s on Google Cloud and OCI,
    3 s on Azure, where AWS takes 2.3 (issue 4).
    """

    town: str
    typical: str
    limit: float | None = None


PAIRS: Mapping[str, Pair] = {
    "aws": Pair("163210-funahashi", "131041-shinjuku"),
    "google": Pair("013676-okushiri", "131083-koto", 2.7 / 2.3),
    "azure": Pair("325252-ama", "131202-nerima", 3.0 / 2.3),
    "oci": Pair("014591-biei", "131121-setagaya", 2.7 / 2.3),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What each round of the town, the typical tenant, and its bare program cost."""

    previews: tuple[Preview, Preview, Preview]
    town: Sequence[Cost]
    typical: Sequence[Cost]
    bare: Sequence[Cost]

    def hundred(self) -> list[Cost]:
        """A hundred resources, round by round: on the line through the town and the tenant.

        No tenant has exactly a hundred; the town is near enough that the line moves it by a few per cent.
        """
        small, large = self.previews[0].resources, self.previews[1].resources
        share = (HUNDRED - small) / (large - small)
        return [
            Cost(*(t + share * (w - t) for t, w in zip(town, typical, strict=True)))
            for town, typical in zip(self.town, self.typical, strict=True)
        ]


def figures(rounds: int) -> Iterator[Figure]:
    """Everything in turn, so that what else the machine does falls on all alike.

    The ratio to AWS is one of processor seconds: on a machine that is shared, minutes of somebody else's
    work between two previews would decide one of clock seconds, which is given beside it.
    """
    with stage() as here:
        states = {cloud: here.state(pair.typical) for cloud, pair in PAIRS.items()}
        here.renewed()
        previews = {cloud: _previews(here, cloud, states[cloud]) for cloud in PAIRS}
        times = iter(in_turn([one.run for three in previews.values() for one in three], rounds, cost))
        found = {
            cloud: Measured(three, next(times), next(times), next(times)) for cloud, three in previews.items()
        }
    reference = found["aws"].hundred()
    for cloud, measured in found.items():
        yield from _against_bare(cloud, measured, rounds)
        yield from _against_aws(cloud, measured, reference)


def _against_bare(cloud: str, measured: Measured, rounds: int) -> Iterator[Figure]:
    typical, bare = [c.wall for c in measured.typical], [c.wall for c in measured.bare]
    count = measured.previews[2].resources
    detail = f"{count} resources; bare program {statistics.median(bare):.2f} s"
    yield Figure(f"{cloud}: preview of three packages", statistics.median(typical), "s", detail=detail)
    detail = f"median of {rounds} pairs"
    yield Figure(f"{cloud}: preview / bare program", ratio(typical, bare), "×", BARE_LIMIT, detail)


def _against_aws(cloud: str, measured: Measured, reference: Sequence[Cost]) -> Iterator[Figure]:
    hundred = measured.hundred()
    wall, processor = [c.wall for c in hundred], [c.processor for c in hundred]
    town = measured.previews[0].resources
    detail = f"{statistics.median(processor):.2f} processor seconds; by {town} resources of a town"
    yield Figure(f"{cloud}: preview of 100 resources", statistics.median(wall), "s", detail=detail)
    limit = PAIRS[cloud].limit
    if limit is not None:
        name = f"{cloud}: preview of 100 resources / AWS's"
        detail = f"processor seconds; by the clock {ratio(wall, [c.wall for c in reference]):.2f}"
        value = ratio(processor, [c.processor for c in reference])
        yield Figure(name, value, "×", round(limit, 2), detail)


def _previews(here: Stage, cloud: str, state: Mapping[str, object]) -> tuple[Preview, Preview, Preview]:
    pair = PAIRS[cloud]
    return here.tenant(pair.town), here.tenant(pair.typical), here.bare(state, f"bare-{cloud}")
