"""A stand-in for the engine, for drills: every stack is a few short steps that survive being cut off.

It takes the stack's locks and keeps its state as the real operation does, and writes down each beginning
and end, so that a drill can prove what a fleet promises. `python -m scripts.fleet.drill` is a coordinator
with this stand-in in place of the engine; JICHITAI_DRILL_HOST has it pass for another machine, which has
nothing in common with others but the database and the backend, JICHITAI_DRILL_BACKEND.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from scripts.engine.locks import BusyError, only_one
from scripts.engine.model import Engine
from scripts.fleet.model import Cause, StackRef, StackResult, record, taken
from stacks.text import Text

STEPS = 3
STEP_SECONDS = 0.05
SLOW_SECONDS = 2.5
LONG_SECONDS = 1.0
"""A step of a stack whose name says `slow`, or `long`."""
HOST, BACKEND = "JICHITAI_DRILL_HOST", "JICHITAI_DRILL_BACKEND"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: a process began or ended the work on a stack. `at` is wall time.

    `freed`: it took away the lock that an engine of another machine had left.
    """

    what: Literal["begin", "end", "freed"]
    run: str
    stack: str
    pid: int
    at: float
    host: str = ""


def preload(_clouds: Sequence[str]) -> None:
    """Nothing to import."""


def work(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Go through the steps of one stack; what an earlier process has done stays done."""
    own = Path(request["repo"]) / "drill"
    folder = Path(os.environ.get(BACKEND) or own)
    host = os.environ.get(HOST, "")
    ref = taken(StackRef, request["ref"])
    began = time.monotonic()
    result = StackResult(ref.stack, request["operation"], "changed", datetime.now(UTC))
    told = Entry("begin", request["run"], ref.stack, os.getpid(), time.time(), host)
    with _locked(own / "locks" / f"{ref.stack}.lock"), contextlib.ExitStack() as stack:
        try:
            stack.enter_context(_engines(folder, told, request["dead_hosts"]))
        except BusyError:
            busy = Cause("busy", _SAID, "another machine's engine", _SAID)
            result = replace(result, outcome="failed", causes=(busy,))
        else:
            note(folder, replace(told, at=time.time()))
            _steps(folder / "state" / f"{ref.stack}.json", ref.stack)
            if (cause := _failing(ref.stack, request["attempt"])) is not None:
                result = replace(result, outcome="failed", causes=(cause,))
            note(folder, replace(told, what="end", at=time.time()))
    result = replace(result, seconds=time.monotonic() - began, attempts=request["attempt"])
    return {"result": record(result), "lines": [], "stamp": ""}


def _steps(file: Path, stack: str) -> None:
    """What is left of a stack's steps, each kept as soon as it is done."""
    file.parent.mkdir(parents=True, exist_ok=True)
    done = json.loads(file.read_text(encoding="utf-8")) if file.exists() else 0
    seconds = SLOW_SECONDS if "slow" in stack else LONG_SECONDS if "long" in stack else STEP_SECONDS
    for step in range(done, STEPS):
        time.sleep(seconds)
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(str(step + 1), encoding="utf-8")
        draft.replace(file)


@contextlib.contextmanager
def _engines(folder: Path, told: Entry, dead_hosts: Sequence[str]) -> Generator[None]:
    """The engine's own lock: a file in the backend, which an engine that is killed leaves behind.

    On one machine our lock before it says that such an engine is dead. Raises BusyError for one of a
    machine that is not known to be gone.
    """
    file = folder / "engines" / told.stack
    file.parent.mkdir(parents=True, exist_ok=True)
    holder = file.read_text(encoding="utf-8") if file.exists() else told.host
    if holder != told.host:
        if holder not in dead_hosts:
            raise BusyError(None)
        note(folder, replace(told, what="freed", at=time.time()))
    file.write_text(told.host, encoding="utf-8")
    yield
    file.unlink()


_SAID = Text(ja="訓練", en="a drill")


def _failing(stack: str, attempt: int) -> Cause | None:
    """A stack fails by its name: `bad` for good, `flaky` the first time, `policy` by a policy."""
    if "flaky" in stack and attempt == 1:
        return Cause("transient", _SAID, "throttled", _SAID)
    if "policy" in stack:
        return Cause("policy", _SAID, "policy NET-001", _SAID)
    return Cause("refused", _SAID, "refused", _SAID) if "bad" in stack else None


@contextlib.contextmanager
def _locked(file: Path) -> Generator[None]:
    """The stack's lock, waited for: the process that had it may still be leaving."""
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(only_one(file, "drill"))
                break
            except BusyError:
                time.sleep(0.02)
        yield


def note(folder: Path, entry: Entry) -> None:
    """Add a line to the journal, whole or not at all: one write to the end of the file."""
    line = json.dumps(record(entry)) + "\n"
    handle = os.open(folder / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def journal(folder: Path) -> list[Entry]:
    """All that was noted, in order."""
    file = folder / "journal"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [taken(Entry, json.loads(line)) for line in lines]


def main(arguments: Sequence[str]) -> int:
    """`FOLDER DATABASE RUN SLOTS [LEASE]`: a coordinator that goes on with a run until it is over.

    LEASE shortens how long machines wait for one another, all in the same measure (seconds).
    """
    from scripts.fleet.database import Database
    from scripts.fleet.machines import Patience
    from scripts.fleet.model import RunId
    from scripts.fleet.runner import Setting
    from scripts.fleet.worker import Kit
    from scripts.fleet.workflows import opened

    folder, url, name, slots, *lease = arguments
    usual = Patience()
    part = float(lease[0]) / usual.lease if lease else 1.0
    patience = Patience(*(seconds * part for seconds in (usual.beat, usual.fence, usual.cut, usual.lease)))
    run = RunId(name)
    database = Database(url)
    engine = Engine(Path("/nonexistent"), "0", "cache", own_host=False)
    setting = Setting(
        Path(folder),
        engine,
        int(slots),
        (),
        kit=Kit("scripts.fleet.drill"),
        host=os.environ.get(HOST, ""),
        patience=patience,
    )
    with opened(database, setting) as here:
        here.begin(run, database.status(run)[1])
        while database.status(run)[0] != "ended" and not here.fenced:
            time.sleep(0.05)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
