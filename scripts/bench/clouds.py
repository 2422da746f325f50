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

    `limit` is how many times the machine's own measure this cloud's hundred resources may take: 2.7 s on
    Google Cloud and OCI, 3 s on Azure, "where AWS takes 2.3" (issue 4). That figure is of a plain program
    of AWS (facts/engine.md), so the measure is one: a tenant of ours on AWS is faster, and gets faster.
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
        """A hundred resources, round by round."""
        return on_the_line(self.previews[0].resources, self.town, self.previews[1].resources, self.typical)


def on_the_line(small: int, town: Sequence[Cost], large: int, typical: Sequence[Cost]) -> list[Cost]:
    """A hundred resources, round by round: on the line through a town's and a larger tenant's.

    None has exactly a hundred; the town is near enough that the line moves it by a few per cent.
    """
    share = (HUNDRED - small) / (large - small)
    return [
        Cost(*(t + share * (w - t) for t, w in zip(one, other, strict=True)))
        for one, other in zip(town, typical, strict=True)
    ]


def figures(rounds: int) -> Iterator[Figure]:
    """Everything in turn, so that what else the machine does falls on all alike.

    The ratio to the plain program is one of processor seconds: on a machine that is shared, minutes of
    somebody else's work between two previews would decide one of clock seconds, which is given beside it.
    """
    with stage() as here:
        states = {cloud: here.state(pair.typical) for cloud, pair in PAIRS.items()}
        plain_town = here.state(PAIRS["aws"].town)
        here.renewed()
        previews = {cloud: _previews(here, cloud, states[cloud]) for cloud in PAIRS}
        plain = here.bare(plain_town, "bare-aws-town")
        runs = [one.run for three in previews.values() for one in three]
        times = iter(in_turn([*runs, plain.run], rounds, cost))
        found = {
            cloud: Measured(three, next(times), next(times), next(times)) for cloud, three in previews.items()
        }
        plain_times = next(times)
    aws = found["aws"]
    reference = on_the_line(plain.resources, plain_times, aws.previews[2].resources, aws.bare)
    detail = f"{statistics.median(c.processor for c in reference):.2f} processor seconds"
    seen = statistics.median(c.wall for c in reference)
    yield Figure(
        "a plain program of AWS, 100 resources", seen, "s", detail=f"{detail}; 2.3 s in facts/engine.md"
    )
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
        name = f"{cloud}: preview of 100 resources / the plain program's"
        detail = f"processor seconds; by the clock {ratio(wall, [c.wall for c in reference]):.2f}"
        value = ratio(processor, [c.processor for c in reference])
        yield Figure(name, value, "×", round(limit, 2), detail)


def _previews(here: Stage, cloud: str, state: Mapping[str, object]) -> tuple[Preview, Preview, Preview]:
    pair = PAIRS[cloud]
    return here.tenant(pair.town), here.tenant(pair.typical), here.bare(state, f"bare-{cloud}")
