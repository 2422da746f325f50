"""The durable runner: DBOS workflows over the run database, worked by warm forks.

Two workflows. `rollout` goes through a run's waves: it admits stacks to the queue within the limits,
waits, and judges the gate. `stack` does one stack, with its retries. Both are named after the run, its
round and the stack, so that whoever begins them a second time finds them; both may be cut off anywhere
and be begun again by any coordinator, since all that they decide on is read from the tables.

Arguments and results are JSON: nothing in a shared database is ever unpickled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator

from dbos import DBOS, WorkflowSerializationFormat

from scripts.fleet.database import Database
from scripts.fleet.model import RunId
from scripts.fleet.runner import Coordinator, Setting
from scripts.fleet.wave import drive

_here: Coordinator | None = None


@contextlib.contextmanager
def opened(database: Database, setting: Setting) -> Generator[Coordinator]:
    """This process's coordinator, for as long as the block lasts. One at a time."""
    global _here
    _here = Coordinator(database, setting)
    try:
        _here.open()
        yield _here
    finally:
        _here.close()
        _here = None


def _coordinator() -> Coordinator:
    if _here is None:
        raise RuntimeError("no coordinator is open in this process")
    return _here


@DBOS.step(name="work")
def _work(run: str, round_: int, stack: str, attempt: int) -> float | None:
    return _coordinator().work(RunId(run), round_, stack, attempt)


@DBOS.workflow(
    name="stack", max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
)
def stack_workflow(run: str, round_: int, stack: str) -> int:
    """Do one stack of a run, as often as it takes; the number of attempts."""
    attempt = 1
    while (seconds := _work(run, round_, stack, attempt)) is not None:
        DBOS.sleep(seconds)
        attempt += 1
    return attempt


@DBOS.step(name="wave")
def _wave(run: str, round_: int, wave: int, last: int) -> bool:
    return drive(_coordinator(), RunId(run), round_, wave, last)


@DBOS.step(name="waves")
def _waves(run: str) -> int:
    return max((row.wave for row in _coordinator().database.rows(RunId(run))), default=0)


@DBOS.step(name="close")
def _end(run: str) -> None:
    _coordinator().database.set_status(RunId(run), "ended")


@DBOS.workflow(
    name="rollout", max_recovery_attempts=None, serialization_type=WorkflowSerializationFormat.PORTABLE
)
def rollout_workflow(run: str, round_: int) -> int:
    """Roll a round of a run out, wave by wave; the last wave that was begun."""
    last = _waves(run)
    for wave in range(last + 1):
        if not _wave(run, round_, wave, last):
            break
    _end(run)
    return last
