"""Killed at random moments: nothing is lost, nothing is done twice at once, nothing stays locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.fleet.drill import Entry
from scripts.fleet.soak import overlaps, repeated, soak
from tests.fleet.drills import Postgres, found_postgres

KILLS = 40
"""More in `./jichitai fleet soak`."""


def test_forty_kills_of_coordinator_worker_and_forks(tmp_path: Path) -> None:
    found = soak(tmp_path, f"sqlite:///{tmp_path / 'fleet.sqlite'}", kills=KILLS, seed=1)
    assert found.wrong == []
    assert found.kills.total() == KILLS
    assert {"coordinator", "worker"} <= found.kills.keys()


def _no_postgres() -> bool:
    try:
        found_postgres()
    except FileNotFoundError:
        return True
    return False


@pytest.mark.skipif(_no_postgres(), reason="needs PostgreSQL's programs (apt-get install postgresql)")
def test_two_coordinators_share_and_postgresql_is_killed_too(tmp_path: Path) -> None:
    server = Postgres()
    try:
        found = soak(
            tmp_path / "work",
            server.url,
            kills=8,
            coordinators=2,
            seed=2,
            disturb={"postgresql": server.disturb},
        )
    finally:
        server.remove()
    assert found.wrong == []
    assert found.kills["postgresql"] > 0


def entry(what: str, stack: str, pid: int, at: float = 0.0) -> Entry:
    return Entry("begin" if what == "begin" else "end", "r", stack, pid, at)


def test_the_judge_sees_what_would_be_wrong() -> None:
    assert overlaps([entry("begin", "a", 1), entry("end", "a", 1), entry("begin", "a", 2)]) == []
    assert overlaps([entry("begin", "a", 1), entry("begin", "a", 2), entry("end", "a", 2)]) == [], (
        "1 was killed"
    )
    assert overlaps([entry("begin", "a", 1), entry("begin", "a", 2), entry("end", "a", 1)]) != []
    assert repeated([entry("begin", "a", 1, 5.0)], {("r", "a"): 6.0}) == []
    assert repeated([entry("begin", "a", 1, 7.0)], {("r", "a"): 6.0}) != []
