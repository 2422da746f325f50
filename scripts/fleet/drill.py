"""A stand-in for the engine, for drills: every stack is a few short steps that survive being cut off.

It takes the stack's lock and keeps its state as the real operation does, and writes down each beginning
and end, so that a drill can prove what a fleet promises. `python -m scripts.fleet.drill` is a coordinator
with this stand-in in place of the engine.
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
SLOW_SECONDS = 5.0
"""A step of a stack whose name says `slow`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: a process began or ended the work on a stack. `at` is wall time."""

    what: Literal["begin", "end"]
    run: str
    stack: str
    pid: int
    at: float


def preload(_clouds: Sequence[str]) -> None:
    """Nothing to import."""


def work(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Go through the steps of one stack; what an earlier process has done stays done."""
    folder = Path(request["repo"]) / "drill"
    ref = taken(StackRef, request["ref"])
    began = time.monotonic()
    started = datetime.now(UTC)
    with _locked(folder / "locks" / f"{ref.stack}.lock"):
        note(folder, Entry("begin", request["run"], ref.stack, os.getpid(), time.time()))
        file = folder / "state" / f"{ref.stack}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        done = json.loads(file.read_text(encoding="utf-8")) if file.exists() else 0
        for step in range(done, STEPS):
            time.sleep(SLOW_SECONDS if "slow" in ref.stack else STEP_SECONDS)
            draft = file.with_suffix(f".{os.getpid()}")
            draft.write_text(str(step + 1), encoding="utf-8")
            draft.replace(file)
        result = StackResult(ref.stack, request["operation"], "changed", started)
        if (cause := _failing(ref.stack, request["attempt"])) is not None:
            result = replace(result, outcome="failed", causes=(cause,))
        note(folder, Entry("end", request["run"], ref.stack, os.getpid(), time.time()))
    result = replace(result, seconds=time.monotonic() - began, attempts=request["attempt"])
    return {"result": record(result), "lines": [], "stamp": ""}


def _failing(stack: str, attempt: int) -> Cause | None:
    """A stack fails by its name: `bad` for good, `flaky` the first time, `policy` by a policy."""
    said = Text(ja="訓練", en="a drill")
    if "flaky" in stack and attempt == 1:
        return Cause("transient", said, "throttled", said)
    if "policy" in stack:
        return Cause("policy", said, "policy NET-001", said)
    return Cause("refused", said, "refused", said) if "bad" in stack else None


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
    """`FOLDER DATABASE RUN SLOTS`: a coordinator that goes on with a run until it is over."""
    from scripts.fleet.database import Database
    from scripts.fleet.model import RunId
    from scripts.fleet.runner import Setting
    from scripts.fleet.worker import Kit
    from scripts.fleet.workflows import opened

    folder, url, name, slots = arguments
    run = RunId(name)
    database = Database(url)
    engine = Engine(Path("/nonexistent"), "0", "cache", own_host=False)
    setting = Setting(Path(folder), engine, int(slots), (), kit=Kit("scripts.fleet.drill"))
    with opened(database, setting) as here:
        here.begin(run, database.status(run)[1])
        while database.status(run)[0] != "ended" and not here.fenced:
            time.sleep(0.05)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
