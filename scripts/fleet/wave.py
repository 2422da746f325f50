"""One wave of a run: its stacks are admitted as there is room, waited for, and judged at the gate."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from scripts.fleet import rollout
from scripts.fleet.model import Outcome, RunId
from scripts.fleet.rollout import Rates, Row, State
from scripts.fleet.tables import Run, Status

if TYPE_CHECKING:
    from scripts.fleet.runner import Coordinator

LOOK = 0.1
"""Seconds between two looks at the stacks, at least."""
SHARE = 20
"""A look at the 1,788 stacks of the country takes longer than one at ten: each is followed by a pause of
this many times its length, so that looking takes a twentieth of a core, however many there are."""
LONGEST = 2.0
"""Seconds of the longest pause."""


def pause(began: float, least: float = LOOK) -> None:
    """Wait before the next look, after one that began at `began` (time.monotonic)."""
    time.sleep(max(least, min(SHARE * (time.monotonic() - began), LONGEST)))


def drive(here: Coordinator, run: RunId, round_: int, wave: int, last: int) -> bool:
    """Do a wave; whether to go on to the next.

    Can be cut off and begun again: the tables say what has been admitted, and a stack that is given to
    the queue a second time is given once.
    """
    database = here.database
    head = database.run(run)
    if head.status == "ended" or head.round != round_:
        return False
    rows = database.rows(run)
    for row in rows:  # the queue may not have heard of it, if we were cut off between the two
        if row.state == "queued":
            here.enqueue_stack(run, round_, row.stack)
    while True:
        began = time.monotonic()
        states = database.states(run)
        rows = [_now(row, *states[row.stack]) for row in rows]
        status, _ = database.status(run)
        if status == "active" and rollout.over(rows, wave):
            break
        if status != "active" and _drained(here, rows, status):
            return False
        if status == "active":
            _admit(here, head, rows, wave)
        pause(began)
    broken = database.stopped_by_policy(run)
    closed = rollout.gate(rows, wave, last, head.options, broken)
    closed = closed or rollout.approval(wave, head.approved, last, head.options)
    if closed is not None:
        database.set_status(run, "stopping", closed, before=("active",))
    return closed is None


def _now(row: Row, state: State, outcome: Outcome | Literal[""]) -> Row:
    """`row` as it is by now; most are as they were."""
    if row.state == state and row.outcome == outcome:
        return row
    return replace(row, state=state, outcome=outcome)


def _drained(here: Coordinator, rows: list[Row], status: Status) -> bool:
    """Whether nothing runs any more of a run that is being stopped."""
    if status == "cutting":
        here.worker.stop("cancelled")
    return not any(row.state in ("queued", "running") for row in rows)


def _admit(here: Coordinator, head: Run, rows: list[Row], wave: int) -> None:
    """Give to the queue what may begin now; stop the run where its failure budget is spent."""
    over_budget = rollout.spent(rows, head.options)
    if over_budget is not None:
        here.database.set_status(head.id, "stopping", over_budget, before=("active",))
        return
    if not any(row.state == "waiting" and row.wave == wave for row in rows):
        return
    room = here.room()

    def choose(elsewhere: Sequence[Row], rates: Rates, now: float) -> list[str]:
        return rollout.admitted(rows, wave, room, head.options, rates, now, elsewhere)

    longest = max((rate.seconds for rate in head.options.rates.values()), default=0.0)
    for stack in here.database.admit(head.id, choose, longest):
        here.enqueue_stack(head.id, head.round, stack)
