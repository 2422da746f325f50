"""Who shares the work: each coordinator says that it lives, and takes over from those that do not.

On this machine a coordinator's file lock says it for certain and at once. Of another machine only its
heartbeat is seen; it counts as gone when that has stood still for `LEASE` seconds of our own clock (no
two clocks are compared). A coordinator that cannot write its heartbeat stops its own work well before,
so that a stack is never in two hands: `FENCE`, then two chances to save the state, end within the lease.
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

BEAT = 1.0
"""Seconds between two heartbeats."""
FENCE = 15.0
"""Seconds without a heartbeat after which a coordinator stops its own work, where others might take it."""
LEASE = 60.0
"""Seconds after which a silent coordinator of another machine counts as gone."""
CUT = 10.0
"""Seconds after the fence at which what is still under way is cut off."""


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
    ) -> None:
        self.host = socket.gethostname()
        self.id = f"{self.host}-{os.getpid()}-{secrets.token_hex(4)}"
        self.dead_hosts: frozenset[str] = frozenset()
        self._database = database
        self._slots = slots
        self._orphaned, self._fenced = orphaned, fenced
        self._sightings = Sightings()
        self._over = threading.Event()
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / f"{self.id}.lock"
        self._lock = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._beat = 0
        self._written = time.monotonic()
        self._fences = 0
        self._others = False
        self._thread = threading.Thread(target=self._live, daemon=True, name="heartbeat")

    def join(self) -> None:
        """Be one of those who share the work."""
        self._database.join(Executor(self.id, self.host, str(self._file), self._slots, 0, dead=False))
        self.look()
        self._thread.start()

    def leave(self, *, clean: bool) -> None:
        """Leave. `clean` when all that we had begun has ended: else others see us gone, and take over."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if clean:
            self._database.leave(self.id)
            self._file.unlink(missing_ok=True)
        os.close(self._lock)

    def look(self) -> None:
        """See who is gone, and take over from them."""
        gone: set[str] = set()
        living: set[str] = set()
        for other in self._database.executors():
            if other.id == self.id:
                continue
            if not self._gone(other):
                living.add(other.host)
                continue
            gone.add(other.host)
            self._database.declare_dead(other.id)
            self._orphaned(other.id)
            self._database.leave(other.id)
            with contextlib.suppress(OSError):
                Path(other.lock).unlink()
        self._others = bool(living - {self.host})
        self.dead_hosts = frozenset((self.dead_hosts | gone) - living - {self.host})

    def _gone(self, other: Executor) -> bool:
        if other.dead:
            return True
        file = Path(other.lock)
        if other.host == self.host and file.exists():
            return not _held(file)
        return self._sightings.silent(other, time.monotonic()) > LEASE

    def _live(self) -> None:
        while not self._over.wait(BEAT):
            self._beat += 1
            try:
                if not self._database.beat(self.id, self._beat):
                    self._fences = 2
                    self._fenced("taken over")
                    return
                self._written = time.monotonic()
                self._fences = 0
                self.look()
            except SQLAlchemyError:
                self._silence()

    def _silence(self) -> None:
        """Our heartbeat cannot be written: stop our work before somebody else may begin it."""
        silent = time.monotonic() - self._written
        due = 0 if not self._others or silent < FENCE else 1 if silent < FENCE + CUT else 2
        if due > self._fences:
            self._fences = due
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
