"""Stay with a run until it is over: progress, Ctrl-C, and how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Generator
from types import FrameType
from typing import TYPE_CHECKING, Any

from scripts.cli.console import Console, plain
from scripts.cli.exits import Exit
from scripts.fleet.database import Database
from scripts.fleet.live import OUTCOMES, Look, Screen
from scripts.fleet.model import ENDED, Outcome, RunId, RunSummary
from scripts.fleet.wave import pause
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.fleet.runner import Coordinator

LOOK = 0.25
"""Seconds between two looks at the run."""
SLOW = 5
"""The slowest stacks that are named at the end."""

_STOPPED = Text(ja="人が止めました。", en="stopped by a person")
_NOTICES = (
    Text(
        ja="停止します。実行中のスタックが終わるのを待ちます"
        "（もう一度 Ctrl-C で、状態を保存して切り上げます）。",
        en="Stopping: the stacks that run finish (Ctrl-C again: they save their state and end)",
    ),
    Text(
        ja="実行中のスタックを切り上げます。状態は保存されます（もう一度 Ctrl-C で即座に終了します）。",
        en="The stacks that run save their state and end (Ctrl-C again: leave at once)",
    ),
    Text(
        ja="即座に終了します。途中だったものは resume が確かめて続けます。",
        en="Leaving at once; `resume` looks at what was under way",
    ),
)


class _Stopping:
    """Ctrl-C: first nothing new begins, then what runs is cut short, then we are gone."""

    def __init__(self, console: Console, here: Coordinator, run: RunId) -> None:
        self._console, self._here, self._run = console, here, run
        self.asked = 0
        self._told = 0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1
        if self.asked > len(_NOTICES) - 1:
            os.write(2, b"\n")
            os._exit(int(Exit.INTERRUPTED))

    def act(self) -> None:
        """Do what was asked for since the last time: not in the handler, which may come anywhere."""
        while self._told < min(self.asked, 2):
            self._console.say(_NOTICES[self._told], "warning")
            self._told += 1
            if self._told == 1:
                self._here.database.set_status(self._run, "stopping", _STOPPED, before=("active",))
            else:
                self._here.database.set_status(self._run, "cutting", before=("active", "stopping"))
                self._here.stop("cancelled")


def follow(console: Console, here: Coordinator, run: RunId, title: str) -> tuple[RunSummary, bool]:
    """Show the run as it goes on, until it is over; its summary, and whether Ctrl-C ended it."""
    database = here.database
    summary = database.summary(run)
    screen = Screen(console, title, Look({ref.stack: ref for ref in summary.stacks}))
    stopping = _Stopping(console, here, run)
    with _handling(stopping), _drawn(console, screen):
        while True:
            began = time.monotonic()
            stopping.act()
            over = database.status(run)[0] == "ended" or bool(here.fenced)
            for stack in screen.update(_states(database, run)):
                screen.fail(database.result(run, stack))
            if over:
                break
            pause(began, LOOK)
    if here.fenced:
        console.say(_FENCED, "warning")
    return database.summary(run), stopping.asked > 0


_FENCED = Text(
    ja="実行の記録に届かなくなったため、この端末の作業を止めました。ほかの端末が引き継ぎます"
    "（resume で再び加わります）。",
    en="The record of runs was out of reach, so this machine has stopped its work; others take it over"
    " (`resume` joins again)",
)


def _states(database: Database, run: RunId) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for stack, (state, outcome) in database.states(run).items():
        found[stack] = outcome if state == "ended" and outcome else _WAY[state]
    return found


_WAY: dict[str, Outcome] = {
    "waiting": "waiting",
    "queued": "waiting",
    "running": "running",
    "ended": "waiting",
}


@contextlib.contextmanager
def _handling(stopping: _Stopping) -> Generator[None]:
    """SIGINT, SIGTERM and SIGHUP ask to stop. Only the main thread can be asked."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.signal(n, stopping) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _drawn(console: Console, screen: Screen) -> Generator[None]:
    """Draw in place on a terminal, and leave nothing of it behind."""
    if not console.live:
        yield
        return
    from rich.live import Live

    with Live(console=console.err, refresh_per_second=4, transient=True) as live:
        screen.live = live
        yield
    screen.live = None


def exit_of(summary: RunSummary, *, stopped: bool) -> Exit:
    """The exit code that a run leads to. One that only waits for approval was not confirmed."""
    counts = Counter(r.outcome for r in summary.results)
    if stopped:
        return Exit.INTERRUPTED
    if counts["failed"]:
        policy = all(c.cause == "policy" for r in summary.results if r.outcome == "failed" for c in r.causes)
        return Exit.FINDINGS if policy else Exit.FAILED
    if any(r.outcome not in ENDED for r in summary.results):
        return Exit.REFUSED
    return Exit.DIFFERENT if summary.operation == "drift" and counts["changed"] else Exit.OK


def close(console: Console, summary: RunSummary, code: Exit, *, full: bool) -> None:
    """Tell how a run ended: counts, differences by group, failures, what to do next."""
    counts = Counter(r.outcome for r in summary.results)
    seconds = ((summary.ended or summary.started) - summary.started).total_seconds()
    for result in summary.results:
        if result.outcome == "failed" and full:
            for cause in result.causes[:3]:
                console.line(f"{result.stack}  {console.t(cause.what)} {cause.place}".rstrip())
                console.line(f"    {cause.why.strip().splitlines()[0][:200] if cause.why else ''}")
                console.line(f"    {console.t(cause.do)}")
    slow = sorted((r for r in summary.results if r.seconds), key=lambda r: -r.seconds)[:SLOW]
    if slow:
        named = ", ".join(f"{r.stack} {r.seconds:.1f} s" for r in slow)
        console.say(Text(ja=f"時間のかかったもの: {named}", en=f"slowest: {named}"))
    if summary.stopped is not None:
        console.say(summary.stopped, "warning")
    parts = "  ".join(f"{console.t(OUTCOMES[k][0])} {counts[k]}" for k in OUTCOMES if counts[k])
    good = code in (Exit.OK, Exit.DIFFERENT)
    console.told = True
    console.say(f"{summary.run}: {plain(parts)}  ({seconds:.0f} s)", "good" if good else "bad")
    if not good:
        again = f"./jichitai fleet resume {summary.run}"
        console.say(Text(ja=f"続き: {again}", en=f"to go on: {again}"))
    report = f"./jichitai fleet report {summary.run}"
    console.say(Text(ja=f"報告: {report}", en=f"report: {report}"))


def document(summary: RunSummary, code: Exit) -> dict[str, Any]:
    """A run for `--json`."""
    from scripts.fleet.model import record

    counts = Counter(r.outcome for r in summary.results)
    return {
        "run": summary.run,
        "operation": summary.operation,
        "target": summary.target,
        "result": "succeeded" if code in (Exit.OK, Exit.DIFFERENT) else "failed",
        "exit": int(code),
        "started": summary.started.isoformat(),
        "ended": summary.ended.isoformat() if summary.ended else None,
        "stopped": record(summary.stopped) if summary.stopped else None,
        "counts": dict(counts),
        "stacks": [record(r) for r in summary.results],
    }
