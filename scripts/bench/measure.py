"""Measuring: commands in turn, medians, ratios of one run."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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


def in_turn(works: Sequence[Callable[[], object]], rounds: int) -> list[list[float]]:
    """Wall seconds of each of `works`, A B A B …, after one round that is not counted.

    In turn, because the machine's speed drifts: a ratio of neighbours stays true.
    """
    for work in works:
        work()
    turns = [[seconds(work) for work in works] for _ in range(rounds)]
    return [list(times) for times in zip(*turns, strict=True)]


def ratio(first: Sequence[float], second: Sequence[float]) -> float:
    """The median of the ratios of neighbours."""
    return statistics.median(a / b for a, b in zip(first, second, strict=True))
