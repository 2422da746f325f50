"""One writer a stack: our own lock, and what to make of the engine's.

Ours is held by the kernel for as long as we live, so it is certain, immediate and never stale. The
engine's is a file in the backend that a killed engine leaves behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import socket
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SLACK = 5.0
"""Seconds by which two clocks may differ: the kernel's boot time and a lock's time are whole seconds."""

_ENGINES = re.compile(r"created by (?P<user>.*)@(?P<host>\S+) \(pid (?P<pid>\d+)\) at (?P<since>[0-9T:.-]+Z)")
"""How the CLI names the holder (pkg/backend/diy/lock.go); the same on every self-managed backend."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a stack: process, machine and since when. `doing` is the command, where it is known."""

    pid: int
    host: str
    since: datetime
    doing: str = ""


class BusyError(Exception):
    """The stack is in use; `holder` says by whom, None when that cannot be read."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("the stack is in use")
        self.holder = holder


@contextlib.contextmanager
def only_one(file: Path, doing: str) -> Generator[None]:
    """Hold our lock on a stack. Raises BusyError at once when another process has it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise BusyError(_read(handle.read())) from None
        handle.truncate(0)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        record = {"pid": os.getpid(), "host": socket.gethostname(), "since": now, "doing": doing}
        handle.write(json.dumps(record))
        handle.flush()
        yield


def _read(text: str) -> Holder | None:
    try:
        said = json.loads(text)
        since = datetime.fromisoformat(said["since"])
        return Holder(int(said["pid"]), str(said["host"]), since, str(said["doing"]))
    except (ValueError, KeyError, TypeError):
        return None  # the holder is just writing it


def engines_lock(said: str) -> tuple[Holder, ...]:
    """Who holds the engine's lock, from what the engine says when it finds one; empty when it finds none."""
    if "the stack is currently locked" not in said:
        return ()
    return tuple(
        Holder(int(m["pid"]), m["host"], datetime.fromisoformat(m["since"].replace("Z", "+00:00")))
        for m in _ENGINES.finditer(said)
    )


def alive(holder: Holder) -> bool:
    """Whether the engine that took a lock may still be running.

    Another machine's process cannot be seen, so it counts as alive. On this one, a process of that
    number must exist, be a Pulumi, and have started before the lock was taken: numbers are used again.
    """
    if holder.host != socket.gethostname():
        return True
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    status = Path(f"/proc/{holder.pid}/stat")
    try:
        name, _, rest = status.read_text(encoding="utf-8", errors="replace").rpartition(")")
    except OSError:
        return Path("/proc/self").exists() is False  # no /proc (macOS): the number is all there is
    fields = rest.split()
    return (
        "pulumi" in name and fields[0] != "Z" and _began(int(fields[19])) <= holder.since.timestamp() + SLACK
    )


def _began(ticks: int) -> float:
    """When a process began (POSIX seconds), from field 22 of its /proc stat: clock ticks since boot."""
    for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines():
        if line.startswith("btime "):
            return int(line.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    return 0.0
