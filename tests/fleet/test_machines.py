"""Who counts as gone, who takes over, and who stops: on one machine and between two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from scripts.fleet import database as databases
from scripts.fleet.away import is_away
from scripts.fleet.database import Database
from scripts.fleet.machines import Patience, Presence, Sightings
from scripts.fleet.model import RunId, StackResult
from scripts.fleet.options import Options, Rate
from scripts.fleet.rollout import Rates, admitted
from scripts.fleet.runner import new_run
from scripts.fleet.tables import TURN, Executor
from tests.conftest import wait_for
from tests.fleet.conftest import GROUP
from tests.fleet.drills import ref

QUICK = Patience(beat=0.05, fence=0.4, cut=0.3, lease=1.0)


@dataclass(slots=True)
class Machine:
    """A coordinator's presence on a machine of its own, and what it was told."""

    presence: Presence
    orphans: list[str] = field(default_factory=list[str])
    fenced: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])


Machines = Callable[..., Machine]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'fleet.sqlite'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=GROUP)])
def either(request: pytest.FixtureRequest, url: str) -> str:
    """On PostgreSQL too, where statements go side by side."""
    return request.getfixturevalue("postgres") if request.param == "postgres" else url


@pytest.fixture
def machines(url: str, tmp_path: Path) -> Iterator[Machines]:
    joined: list[tuple[Presence, Database]] = []

    def join(host: str, database: Database | None = None, patience: Patience = QUICK) -> Machine:
        mine = database or Database(url)
        orphans: list[str] = []
        fenced: list[tuple[str, float]] = []
        presence = Presence(
            mine,
            tmp_path / host,
            2,
            orphans.append,
            lambda why: fenced.append((why, time.monotonic())),
            host=host,
            patience=patience,
        )
        presence.join()
        joined.append((presence, mine))
        return Machine(presence, orphans, fenced)

    yield join
    for presence, mine in joined:
        presence.leave(clean=False)
        mine.close()


def ghost(database: Database, host: str, lock: Path, beat: int = 7) -> Executor:
    """A coordinator that is in the table, and of which nothing else is known."""
    one = Executor(f"{host}-1-{lock.name}", host, str(lock), 2, beat, dead=False)
    database.join(one)
    return one


def test_silence_is_counted_from_when_we_first_looked() -> None:
    sightings, one = Sightings(), Executor("a", "h", "", 1, 5, dead=False)
    assert sightings.silent(one, 1000.0) == 0.0, "how long it was silent before, nobody knows"
    assert sightings.silent(one, 1030.0) == 30.0
    assert sightings.silent(replace(one, beat=6), 1059.0) == 0.0
    assert sightings.silent(replace(one, beat=6), 1060.0) == 1.0


def test_of_another_machine_only_the_silence_of_a_whole_lease_counts(
    machines: Machines, url: str, tmp_path: Path
) -> None:
    database = Database(url)
    # The file of its lock is there, and free: on another machine that says nothing.
    (tmp_path / "free").touch()
    gone = ghost(database, "b", tmp_path / "free")
    began = time.monotonic()
    here = machines("a")
    wait_for(lambda: bool(here.orphans), seconds=10)
    assert time.monotonic() - began >= QUICK.lease
    assert here.orphans == [gone.id]
    assert here.presence.dead_hosts == {"b"}
    assert [e.id for e in database.executors()] == [here.presence.id]
    database.close()


def test_on_this_machine_a_free_lock_counts_at_once_and_a_held_one_never(
    machines: Machines, url: str, tmp_path: Path
) -> None:
    database = Database(url)
    held = machines("a", patience=replace(QUICK, beat=600.0))  # it never says that it lives
    (tmp_path / "free").touch()
    gone = ghost(database, "a", tmp_path / "free")
    here = machines("a")
    assert here.orphans == [gone.id]
    time.sleep(QUICK.lease * 1.5)
    assert here.orphans == [gone.id], "the other one's lock is held"
    assert here.presence.dead_hosts == frozenset(), "this machine lives"
    assert held.fenced == []
    database.close()


def test_a_machine_of_which_another_coordinator_lives_is_not_gone(
    machines: Machines, url: str, tmp_path: Path
) -> None:
    database = Database(url)
    there = machines("b")
    gone = ghost(database, "b", tmp_path / "none")
    here = machines("a")
    wait_for(lambda: bool(here.orphans or there.orphans), seconds=10)
    assert [*here.orphans, *there.orphans] == [gone.id], "one of them, and once"
    assert here.presence.dead_hosts == frozenset()
    database.close()


def test_one_that_is_slow_is_left_alone(machines: Machines) -> None:
    slow = machines("b", patience=replace(QUICK, beat=QUICK.lease / 2, fence=QUICK.lease))
    here = machines("a")
    time.sleep(QUICK.lease * 2.5)
    assert here.orphans == slow.orphans == []
    assert slow.fenced == []
    assert here.presence.dead_hosts == frozenset()


def test_one_that_was_taken_over_from_stops_at_once_and_does_not_come_back(
    machines: Machines, url: str
) -> None:
    database = Database(url)
    here = machines("a")
    assert database.claim(here.presence.id, "other", ["other"])
    wait_for(lambda: len(here.fenced) == 2, seconds=10)
    assert [why for why, _ in here.fenced] == ["taken over", "taken over"], "first gently, then at once"
    (row,) = database.executors()
    assert row.dead
    assert row.taker == "other"
    database.close()


def test_only_one_takes_over_and_another_where_that_one_is_gone(either: str, tmp_path: Path) -> None:
    database = Database(either)
    gone = ghost(database, "b", tmp_path / "none")
    assert database.claim(gone.id, "x", ["x", "y"])
    assert not database.claim(gone.id, "y", ["x", "y"])
    assert database.claim(gone.id, "x", ["x", "y"]), "it may begin again what it was at"
    assert database.claim(gone.id, "y", ["y"]), "x is gone itself"
    database.close()


class Hung(Database):
    """A database whose network swallows everything from a moment on: no answer, no refusal."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.broken = threading.Event()
        self.mended = threading.Event()
        self.refusing = False

    def beat(self, executor: str, beat: int) -> bool:
        if self.broken.is_set():
            if self.refusing:
                raise OperationalError("UPDATE", {}, Exception("connection refused"))
            self.mended.wait(30)
        return super().beat(executor, beat)


@contextmanager
def hung(url: str, *, refusing: bool) -> Generator[Hung]:
    database = Hung(url)
    database.refusing = refusing
    try:
        yield database
    finally:
        database.mended.set()


@pytest.mark.parametrize("refusing", [True, False])
def test_one_that_cannot_say_that_it_lives_stops_before_others_take_over(
    machines: Machines, url: str, refusing: bool
) -> None:
    with hung(url, refusing=refusing) as database:
        cut_off = machines("b", database)
        other = machines("a")
        wait_for(lambda: cut_off.presence.watched, seconds=10)
        database.broken.set()
        since = time.monotonic()
        wait_for(lambda: len(cut_off.fenced) == 2, seconds=10)
        gently, at_once = (at - since for _, at in cut_off.fenced)
        assert QUICK.fence - 2 * QUICK.beat <= gently < at_once
        assert at_once < QUICK.lease
        assert other.orphans == [], "nobody has taken over yet"
        wait_for(lambda: bool(other.orphans), seconds=10)
        assert other.orphans == [cut_off.presence.id]
        assert time.monotonic() - since > at_once


def test_alone_on_a_database_that_is_away_one_goes_on(machines: Machines, url: str) -> None:
    with hung(url, refusing=True) as database:
        here = machines("a", database)
        database.broken.set()
        time.sleep(QUICK.fence + QUICK.cut + 0.2)
        assert here.fenced == [], "there is nobody who could take its stacks"


def test_a_rate_holds_over_all_who_share_a_database_and_over_all_runs(either: str) -> None:
    """Three coordinators, each with a run of its own, admit as fast as they can."""
    rate = Rate(3, 0.5)
    options = Options(rates={"aws": rate})
    databases = [Database(either) for _ in range(3)]
    runs: list[RunId] = []
    for database in databases:
        runs.append(new_run("up"))
        stacks = [(ref(f"{n:06}-a"), 0, "", None) for n in range(4)]
        database.create(runs[-1], "up", "twin", "", options, stacks)
    begun: list[float] = []
    until = time.monotonic() + 20

    def share(database: Database, run: RunId) -> None:
        def choose(_elsewhere: object, rates: Rates, now: float) -> list[str]:
            some = admitted(rows, 0, 99, options, rates, now)
            begun.extend([now] * len(some))
            return some

        left = 4
        while left and time.monotonic() < until:
            rows = database.rows(run)
            left -= len(database.admit(run, choose, rate.seconds))
            time.sleep(0.02)

    threads = [threading.Thread(target=share, args=pair) for pair in zip(databases, runs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begun.sort()
    assert len(begun) == 12, "all were admitted in the end"
    assert all(later - earlier > rate.seconds for earlier, later in zip(begun, begun[3:], strict=False))
    assert any(later - earlier < rate.seconds for earlier, later in pairwise(begun)), "not one by one"
    for database in databases:
        database.close()


def test_whoever_has_lost_a_stack_has_no_say_in_its_result(either: str) -> None:
    database = Database(either)
    run = new_run("up")
    database.create(run, "up", "twin", "", Options(), [(ref("000001-a"), 0, "", None)])
    mine, theirs = StackResult("000001-a", "up", "cancelled"), StackResult("000001-a", "up", "changed")
    database.begin(run, "000001-a", "mine")
    database.release("mine")
    assert not database.end(run, 1, mine, (), None, "mine"), "nobody has it"
    database.begin(run, "000001-a", "theirs")
    assert not database.end(run, 1, mine, (), None, "mine")
    assert database.end(run, 1, theirs, (), None, "theirs")
    assert not database.end(run, 1, mine, (), None, "mine")
    assert database.result(run, "000001-a").outcome == "changed"
    database.close()


@GROUP
def test_a_machine_that_stands_still_in_a_transaction_lets_go_of_its_rows(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "HOLD", 0.5)
    still, other = Database(postgres), Database(postgres)
    run = new_run("up")
    other.create(run, "up", "twin", "", Options(), [(ref("000001-a"), 0, "", None)])
    other.admit(run, lambda _rows, _rates, _now: [])
    connection = still.engine.connect()
    connection.execute(sa.update(TURN).values(turns=0))
    began = time.monotonic()
    assert other.admit(run, lambda _rows, _rates, _now: ["000001-a"]) == ["000001-a"]
    assert 0.2 < time.monotonic() - began < 10
    with pytest.raises(DBAPIError) as ended:
        connection.execute(sa.update(TURN).values(turns=0))
    assert is_away(ended.value), "it begins again, once it is awake"
    connection.close()
    still.close()
    other.close()
