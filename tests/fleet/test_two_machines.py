"""Two machines on one PostgreSQL, with nothing else in common but the backend of the states."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.engine.places import REPO
from scripts.fleet.database import Database
from scripts.fleet.drill import BACKEND, HOST, Entry, journal
from scripts.fleet.model import RunId
from scripts.fleet.options import Options
from scripts.fleet.runner import new_run
from scripts.fleet.soak import below, overlaps, parents, repeated
from tests.conftest import wait_for
from tests.fleet.conftest import GROUP
from tests.fleet.drills import ref

pytestmark = GROUP
LEASE = 3.0
"""Seconds of silence that these machines wait for one another."""


@dataclass(slots=True)
class Pair:
    """What both machines can reach, and the coordinators on them."""

    folder: Path
    database: Database
    processes: dict[str, subprocess.Popen[bytes]] = field(
        default_factory=dict[str, "subprocess.Popen[bytes]"]
    )

    def run(self, *names: str) -> RunId:
        """A run that nobody works on yet."""
        run = new_run("up")
        stacks = [(ref(name), 0, "", None) for name in names]
        self.database.create(run, "up", "twin", "", Options(backoff=0.2, retries=50), stacks)
        return run

    def start(self, host: str, run: RunId, slots: int = 2) -> None:
        """A coordinator on a machine."""
        own = self.folder / host
        (own / "drill").mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "scripts.fleet.drill", str(own), self.database.url, run, str(slots)]
        with (own / "log").open("ab") as log:
            self.processes[host] = subprocess.Popen(
                [*command, str(LEASE)],
                cwd=REPO,
                env={**os.environ, HOST: host, BACKEND: str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def signal(self, host: str, number: signal.Signals) -> float:
        """Send a signal to all processes of a machine; when that was."""
        root = self.processes[host].pid
        at = time.time()
        for pid in [root, *below(root, parents())]:
            os.kill(pid, number)
        return at

    def entries(self, what: str = "", host: str = "") -> list[Entry]:
        """What was noted, of one kind or one machine."""
        found = journal(self.folder)
        return [e for e in found if what in ("", e.what) and host in ("", e.host)]

    def in_hand(self, host: str) -> set[str]:
        """The stacks that a machine has begun and not ended."""
        return {e.stack for e in self.entries("begin", host)} - {e.stack for e in self.entries("end", host)}

    def finish(self, run: RunId) -> None:
        """Wait until a run is over, and those who worked on it have left."""
        wait_for(lambda: self.database.status(run)[0] == "ended", seconds=60)
        for process in self.processes.values():
            process.wait(30)

    def judge(self, run: RunId, names: set[str]) -> None:
        """Each stack was done, by one at a time, and never again once its result was written."""
        assert self.database.states(run) == dict.fromkeys(names, ("ended", "changed"))
        ended = {(str(run), stack): at for stack, at in self.database.ended_at(run).items()}
        assert overlaps(self.entries()) == []
        assert repeated(self.entries(), ended) == []
        assert Counter(e.stack for e in self.entries("end")) == dict.fromkeys(names, 1)
        assert self.database.executors() == [], "all have left, or were struck off"
        assert list((self.folder / "engines").iterdir()) == [], "no stack is left locked"


@pytest.fixture
def pair(tmp_path: Path, postgres: str) -> Iterator[Pair]:
    two = Pair(tmp_path, Database(postgres))
    yield two
    for process in two.processes.values():
        process.kill()
        process.wait()
    two.database.close()


def test_a_machine_that_vanishes_is_taken_over_and_its_locks_only_then(pair: Pair) -> None:
    names = {f"00000{n}-long" for n in range(4)}
    run = pair.run(*sorted(names))
    pair.start("a", run)
    wait_for(lambda: len(pair.in_hand("a")) == 2, seconds=30)
    at = pair.signal("a", signal.SIGKILL)
    had = pair.in_hand("a")
    assert len(had) == 2
    pair.start("b", run)
    pair.finish(run)
    pair.judge(run, names)
    freed = pair.entries("freed")
    assert {e.stack for e in freed} == had
    assert {e.host for e in freed} == {"b"}
    assert min(e.at for e in freed) - at > LEASE * 0.9, "not before it was known to be gone"
    assert {e.stack for e in pair.entries("end", "b")} >= had


def test_a_machine_that_is_merely_slow_is_never_taken_over(pair: Pair) -> None:
    run = pair.run("000001-slow")
    pair.start("a", run)
    wait_for(lambda: bool(pair.in_hand("a")), seconds=30)
    pair.start("b", run)
    wait_for(lambda: len(pair.database.executors()) == 2, seconds=30)
    watched = time.time()
    pair.finish(run)
    pair.judge(run, {"000001-slow"})
    begin, end = pair.entries()
    assert (begin.what, begin.host, end.what, end.host) == ("begin", "a", "end", "a")
    assert end.at - begin.at > LEASE * 2, "far longer than silence would have been waited for"
    assert end.at > watched, "the other one was there, and saw that it lives"
