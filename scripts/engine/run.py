"""Run the engine: one process in a group of its own, followed through its event log.

The log, and the engine's own output, are files rather than pipes: if we are killed the engine
still has somewhere to write, finishes what it began and saves its state.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from scripts.engine.events import read
from scripts.engine.progress import Progress

LOOK = 0.05
"""Seconds between two looks at the event log."""
PATIENCE = 5.0
"""Seconds that the engine has to end after the second Ctrl-C, before it is killed."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the engine ended.

    `code` is the engine's exit code, negative when a signal killed it; `said` its standard error;
    `stopped` how many times the user asked it to stop; `log` is where its events are.
    """

    code: int
    progress: Progress
    said: str
    seconds: float
    stopped: int
    log: Path


class _Stopping:
    """Passes the user's wish to stop on to the engine: gently first, then at once."""

    def __init__(self, process: subprocess.Popen[bytes], notice: Callable[[int], None]) -> None:
        self._process = process
        self._notice = notice
        self.asked = 0
        self.last = 0.0

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1
        self.last = time.monotonic()
        # To the engine alone: it ends its own children when it is done with them.
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)
        self._notice(self.asked)

    @property
    def out_of_patience(self) -> bool:
        return self.asked > 1 and time.monotonic() - self.last > PATIENCE


def execute(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log: Path,
    expected: int = 0,
    look: Callable[[Progress], None] = lambda _: None,
    notice: Callable[[int], None] = lambda _: None,
) -> Run:
    """Run the engine's `command` (an operation on a stack) to its end.

    `log` is the path of the event log; standard output and error go beside it (`.out`, `.err`).
    `expected` is the number of resources that the last run knew of. `look` is called with the
    progress about twenty times a second; `notice` with the number of times that the user has asked
    to stop. Never raises for a failing engine; OSError when it cannot be started or the log's
    folder cannot be written to.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    out, err = log.with_suffix(".out"), log.with_suffix(".err")
    progress = Progress(expected=expected)
    began = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "--event-log", log],
            cwd=cwd,
            # The event log is a debugging aid of the CLI's: it must be asked for.
            env={**environment, "PULUMI_DEBUG_COMMANDS": "true"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
        )
        stopping = _Stopping(process, notice)
        with _passing_on(stopping), _never_left(process):
            for line in _lines(log, process, stopping):
                event = read(line) if line else None
                if event is not None:
                    progress.take(event)
                elif not line:
                    look(progress)
    return Run(
        code=process.returncode,
        progress=progress,
        said=err.read_text(encoding="utf-8", errors="replace"),
        seconds=time.monotonic() - began,
        stopped=stopping.asked,
        log=log,
    )


def _lines(log: Path, process: subprocess.Popen[bytes], stopping: _Stopping) -> Iterator[str]:
    """The complete lines of the log as they come; "" each time that there are none for now."""
    rest = b""
    ended = False
    with contextlib.ExitStack() as stack:
        file = None
        while True:
            if file is None:
                with contextlib.suppress(FileNotFoundError):
                    file = stack.enter_context(log.open("rb"))
            chunk = file.read() if file is not None else b""
            *complete, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", errors="replace") for line in complete if line)
            if ended and not chunk:
                if rest:  # the engine was killed in the middle of a line, or ends without a newline
                    yield rest.decode("utf-8", errors="replace")
                return
            yield ""
            if stopping.out_of_patience:
                _kill(process)
            if not ended:
                try:
                    process.wait(LOOK)
                    ended = True
                except subprocess.TimeoutExpired:
                    pass


@contextlib.contextmanager
def _passing_on(stopping: _Stopping) -> Generator[None]:
    """SIGINT, SIGTERM and SIGHUP go to the engine while it runs. Only the main thread can do it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {n: signal.signal(n, stopping) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            # Whoever asked has been heard: a second Ctrl-C must not cut off the last words.
            signal.signal(number, signal.SIG_IGN if stopping.asked else handler)


@contextlib.contextmanager
def _never_left(process: subprocess.Popen[bytes]) -> Generator[None]:
    """End the engine gently when something of ours fails; end what it may leave behind."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # An engine that was killed leaves its language host and program; they are in its group.
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
