"""Who shares the work: each coordinator says that it lives, and takes over from those that do not.

On this machine a coordinator's file lock says it for certain and at once. Of another machine only its
heartbeat is seen; it counts as gone when that has stood still for the lease, by our own clock (no two
clocks are compared). A coordinator that cannot write its heartbeat stops its own work well before, so
that a stack is never in two hands: the fence, then two chances to save the state, end within the lease.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from scripts.fleet.database import Database
from scripts.fleet.tables import Executor


@dataclass(frozen=True, slots=True)
class Patience:
    """How long coordinators wait for one another, in seconds.

    `beat`: between two heartbeats. `fence`: without one, after which a coordinator stops its own work
    where others might take it; `cut`: after the fence, when what is still under way is cut off. `lease`:
    of silence, after which a coordinator of another machine counts as gone.
    """

    beat: float = 1.0
    fence: float = 15.0
    cut: float = 10.0
    lease: float = 60.0


@dataclass(slots=True)
class Sightings:
    """When each coordinator's heartbeat was last seen to move. Pure: the time is given."""

    seen: dict[str, tuple[int, float]] = field(default_factory=dict[str, "tuple[int, float]"])

    def silent(self, executor: Executor, now: float) -> float:
        """For how many seconds its heartbeat has stood still, as far as we have watched."""
        beat, since = self.seen.get(executor.id, (executor.beat - 1, now))
        if beat != executor.beat:
            self.seen[executor.id] = (executor.beat, now)
            return 0.0
        return now - since


class Presence:
    """This coordinator among the others. `orphaned` is called with the id of one that is gone.

    `fenced` is called with a reason when our own work must stop: first gently, then (again) at once.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        slots: int,
        orphaned: Callable[[str], None],
        fenced: Callable[[str], None],
        *,
        host: str = "",
        patience: Patience = Patience(),
    ) -> None:
        self.host = host or socket.gethostname()
        self.id = f"{self.host}-{os.getpid()}-{secrets.token_hex(4)}"
        self.dead_hosts: frozenset[str] = frozenset()
        self._database = database
        self._slots = slots
        self._patience = patience
        self._orphaned, self._fenced = orphaned, fenced
        self._sightings = Sightings()
        self._over = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{self.id}.lock"
        self._lock = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._beat = 0
        self._written = time.monotonic()
        self._others = False
        self._thread = threading.Thread(target=self._live, daemon=True, name="heartbeat")
        self._guard = threading.Thread(target=self._watch, daemon=True, name="fence")

    def join(self) -> None:
        """Be one of those who share the work."""
        self._written = time.monotonic()
        self._database.join(Executor(self.id, self.host, str(self._file), self._slots, 0, dead=False))
        self.look()
        self._thread.start()
        self._guard.start()

    @property
    def watched(self) -> bool:
        """Whether a coordinator of another machine lives, who would take over from us."""
        return self._others

    def leave(self, *, clean: bool) -> None:
        """Leave. `clean` when all that we had begun has ended: else others see us gone, and take over."""
        self._over.set()
        for thread in (self._thread, self._guard):
            if thread.is_alive():
                thread.join()
        if clean:
            self._database.leave(self.id)
            self._file.unlink(missing_ok=True)
        os.close(self._lock)

    def look(self) -> None:
        """See who is gone, and take over from them."""
        others = [e for e in self._database.executors() if e.id != self.id]
        gone = [e for e in others if self._gone(e)]
        living = [e for e in others if e not in gone]
        hosts = {e.host for e in living}
        self._others = bool(hosts - {self.host})
        # Before anything is taken over: what is begun then is told of them.
        self.dead_hosts = frozenset((self.dead_hosts | {e.host for e in gone}) - hosts - {self.host})
        for other in gone:
            if not self._database.claim(other.id, self.id, [self.id, *(e.id for e in living)]):
                continue  # somebody else who lives is at it
            self._orphaned(other.id)
            self._database.leave(other.id)
            with contextlib.suppress(OSError):
                Path(other.lock).unlink()

    def _gone(self, other: Executor) -> bool:
        if other.dead:
            return True
        file = Path(other.lock)
        if other.host == self.host and file.exists():
            return not _held(file)
        return self._sightings.silent(other, time.monotonic()) > self._patience.lease

    def _live(self) -> None:
        while not self._over.wait(self._patience.beat):
            self._beat += 1
            with contextlib.suppress(SQLAlchemyError):
                sent = time.monotonic()
                if not self._database.beat(self.id, self._beat):
                    break
                self._written = sent
                self.look()
        else:
            return
        self._fenced("taken over")
        if not self._over.wait(self._patience.beat):
            self._fenced("taken over")  # at once: the stacks are another's already

    def _watch(self) -> None:
        """Stop our work before somebody else may begin it, when our heartbeat cannot be written.

        In a thread that never asks the database: one behind a broken network does not even refuse.
        """
        fence, cut, fences = self._patience.fence, self._patience.cut, 0
        while not self._over.wait(self._patience.beat):
            silent = time.monotonic() - self._written
            if silent < fence:
                fences = 0
                continue
            due = 0 if not self._others else 1 if silent < fence + cut else 2
            if due > fences:
                fences = due
                self._fenced("the database is out of reach")


def _held(file: Path) -> bool:
    """Whether a process holds the lock on `file`; it dies with its process, however that ends."""
    try:
        handle = os.open(file, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)
