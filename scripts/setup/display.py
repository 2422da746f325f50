"""Progress of things that run side by side: one line that changes on a terminal, a line a step elsewhere."""

from __future__ import annotations

import shutil
import sys
import threading
import time
import unicodedata
from types import TracebackType
from typing import TextIO

from stacks.text import Language, Text

REPEAT_SECONDS = 15.0
"""Where lines cannot be rewritten (CI, a pipe), how long a step may go on without a new line."""


class Display:
    """Shows the latest step of each named task, with the time since the beginning."""

    def __init__(self, language: Language, out: TextIO = sys.stderr) -> None:
        self._language: Language = language
        self._out = out
        self._live = out.isatty()
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._steps: dict[str, tuple[Text, float | None]] = {}
        self._shown: dict[str, tuple[Text, float]] = {}
        self._stop = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Display:
        if self._live:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._live:
            self._ticker.join()
            self._out.write("\r\x1b[K")
            self._out.flush()

    def step(self, task: str, step: Text, fraction: float | None = None) -> None:
        """`task` is at `step`; `fraction` (0 to 1) of it is done, when that is known."""
        with self._lock:
            self._steps[task] = (step, fraction)
            if not self._live:
                self._line(task, step, fraction)

    def done(self, task: str) -> None:
        """`task` has ended: nothing more is shown of it."""
        with self._lock:
            self._steps.pop(task, None)

    def say(self, text: Text) -> None:
        """A line that stays."""
        with self._lock:
            clear = "\r\x1b[K" if self._live else ""
            self._out.write(f"{clear}{text.say(self._language)}\n")
            self._out.flush()

    def _line(self, task: str, step: Text, fraction: float | None) -> None:
        now = time.monotonic()
        before = self._shown.get(task)
        if before is not None and before[0] == step and now - before[1] < REPEAT_SECONDS:
            return
        self._shown[task] = (step, now)
        self._out.write(f"[{now - self._began:4.0f} s] {self._worded(step, fraction)}\n")
        self._out.flush()

    def _worded(self, step: Text, fraction: float | None) -> str:
        return step.say(self._language) + ("" if fraction is None else f" {fraction:4.0%}")

    def _tick(self) -> None:
        while not self._stop.wait(0.2):
            with self._lock:
                steps = " | ".join(self._worded(*step) for step in self._steps.values())
                line = f"[{time.monotonic() - self._began:4.0f} s] {steps}"
                self._out.write("\r\x1b[K" + _cut(line, shutil.get_terminal_size().columns - 1))
                self._out.flush()


def _cut(line: str, columns: int) -> str:
    """As much of `line` as fits: East Asian wide characters take two columns."""
    used = 0
    for index, character in enumerate(line):
        used += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used > columns:
            return line[:index]
    return line
