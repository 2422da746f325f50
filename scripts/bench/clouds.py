"""Previews on each cloud beside AWS, in one run: against the bare program, and of a hundred resources."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.bench.measure import Figure, in_turn, ratio
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
    """Seconds of each round of the town, the typical tenant, and its bare program."""

    pair: tuple[Preview, Preview, Preview]
    town: Sequence[float]
    typical: Sequence[float]
    bare: Sequence[float]

    def hundred(self) -> list[float]:
        """Seconds of a hundred resources, round by round: on the line through the town and the tenant.

        No tenant has exactly a hundred; the town is near enough that the line moves it by a few per cent.
        """
        small, large = self.pair[0].resources, self.pair[1].resources
        return [
            town + (HUNDRED - small) * (typical - town) / (large - small)
            for town, typical in zip(self.town, self.typical, strict=True)
        ]


def figures(rounds: int) -> Iterator[Figure]:
    """Everything in turn, so that what else the machine does falls on all alike."""
    with stage() as here:
        states = {cloud: here.state(pair.typical) for cloud, pair in PAIRS.items()}
        here.renewed()
        previews = {cloud: _previews(here, cloud, states[cloud]) for cloud in PAIRS}
        times = iter(in_turn([one.run for three in previews.values() for one in three], rounds))
        found = {
            cloud: Measured(three, next(times), next(times), next(times)) for cloud, three in previews.items()
        }
    reference = found["aws"].hundred()
    for cloud, measured in found.items():
        count = measured.pair[2].resources
        yield Figure(
            f"{cloud}: preview of three packages",
            statistics.median(measured.typical),
            "s",
            detail=f"{count} resources; bare program {statistics.median(measured.bare):.2f} s",
        )
        yield Figure(
            f"{cloud}: preview / bare program",
            ratio(measured.typical, measured.bare),
            "×",
            BARE_LIMIT,
            f"median of {rounds} pairs",
        )
        hundred = measured.hundred()
        detail = f"{measured.pair[0].resources} resources in {statistics.median(measured.town):.2f} s"
        yield Figure(f"{cloud}: preview of 100 resources", statistics.median(hundred), "s", detail=detail)
        limit = PAIRS[cloud].limit
        if limit is not None:
            yield Figure(
                f"{cloud}: preview of 100 resources / AWS's", ratio(hundred, reference), "×", round(limit, 2)
            )


def _previews(here: Stage, cloud: str, state: Mapping[str, object]) -> tuple[Preview, Preview, Preview]:
    pair = PAIRS[cloud]
    return here.tenant(pair.town), here.tenant(pair.typical), here.bare(state, f"bare-{cloud}")
