"""Measuring: commands in turn, medians, ratios of one run."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a benchmark: what, how much, in which unit, and the most that it should be."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    detail: str = ""

    @property
    def good(self) -> bool:
        """Whether it is within its limit; true where there is none."""
        return self.limit is None or self.value <= self.limit

    def record(self) -> dict[str, Any]:
        """The figure as data."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "limit": self.limit,
            "good": self.good,
            "detail": self.detail,
        }


def seconds(work: Callable[[], object]) -> float:
    """Wall seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Cost(NamedTuple):
    """Seconds by the clock, and of processors: of the commands that ran, whatever else the machine did."""

    wall: float
    processor: float


def cost(work: Callable[[], object]) -> Cost:
    """What `work` costs; its processor seconds are those of the processes that it started and waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = seconds(work)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def run(command: Sequence[str | Path], cwd: Path, environment: Mapping[str, str]) -> None:
    """Run `command` to its end. Raises RuntimeError with the end of what it said when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {(done.stderr or done.stdout)[-2000:]}")


def in_turn(
    works: Sequence[Callable[[], object]], rounds: int, clock: Callable[[Callable[[], object]], T]
) -> list[list[T]]:
    """What `clock` says of each of `works`, A B A B …, after one round that is not counted.

    In turn, because the machine's speed drifts: a ratio of neighbours stays true.
    """
    for work in works:
        work()
    turns = [[clock(work) for work in works] for _ in range(rounds)]
    return [list(times) for times in zip(*turns, strict=True)]


def ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """The median of the ratios of neighbours."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))
