"""The progress of a run: drawn in place on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.cli.console import Console
from scripts.engine.events import Place, place_of
from scripts.engine.failures import is_news
from scripts.engine.progress import Progress
from stacks.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

EVERY = 3.0
"""Seconds between two plain lines."""
SHOWN = 4
"""Steps under way that are named at once."""

DOING: dict[str, Text] = {
    "create": Text("作成中", "creating"),
    "create-replacement": Text("作り直し中", "replacing"),
    "replace": Text("作り直し中", "replacing"),
    "update": Text("変更中", "updating"),
    "delete": Text("削除中", "deleting"),
    "delete-replaced": Text("旧い方を削除中", "deleting the old"),
    "read": Text("読み取り中", "reading"),
    "refresh": Text("照合中", "comparing"),
    "same": Text("確認中", "checking"),
    "import": Text("取り込み中", "importing"),
}
_ALWAYS = Text("処理中", "working on")
_STARTING = Text("プログラムを読み込み中", "loading the program")


def step_text(op: str, place: Place, console: Console) -> str:
    """One step as people say it: `creating  iaas / ec2.Vpc aws-iaas-main`."""
    return f"{console.t(DOING.get(op, _ALWAYS))}  {place}"


@dataclass(slots=True)
class Screen:
    """What is on the screen while the engine runs."""

    console: Console
    title: Text
    began: float = field(default_factory=time.monotonic)
    _last: float = 0.0
    _failed: int = 0
    _errors: int = 0
    live: Live | None = None

    def look(self, progress: Progress) -> None:
        """Draw the progress if it is time to."""
        now = time.monotonic()
        self._failures(progress)
        if self.live is not None:
            self.live.update(self._drawing(progress))
        elif now - self._last >= EVERY and now - self.began >= EVERY:
            self._last = now
            self.console.say(self.line(progress))

    def line(self, progress: Progress) -> str:
        """The progress on one line."""
        seconds = time.monotonic() - self.began
        count = self._count(progress)
        running = [step_text(op, place, self.console) for op, place in progress.running.values()]
        current = running[0] if running else self.console.t(_STARTING) if not progress.done else ""
        more = f" (+{len(running) - 1})" if len(running) > 1 else ""
        return f"{self.console.t(self.title)}  {count}  {seconds:.0f} s  {current}{more}".rstrip()

    def _count(self, progress: Progress) -> str:
        total = progress.total
        failed = Text(f" 失敗 {progress.failed}", f" {progress.failed} failed") if progress.failed else ""
        done = f"{progress.done}/{total}" if total else f"{progress.done}"
        return done + self.console.t(failed)

    def _failures(self, progress: Progress) -> None:
        """Tell failures as they come, not at the end of a run of many minutes."""
        if progress.failed > self._failed:
            self._failed = progress.failed
            for said in progress.errors[self._errors :]:
                if said.urn and is_news(said.message):
                    first = said.message.splitlines()[0][:300]
                    self.console.say(f"{place_of(said.urn)}: {first}", "bad")
            self._errors = len(progress.errors)

    def _drawing(self, progress: Progress) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.spinner import Spinner
        from rich.table import Table

        seconds = time.monotonic() - self.began
        head = Table.grid(padding=(0, 1))
        head.add_row(
            Spinner("dots"),
            self.console.t(self.title),
            ProgressBar(total=progress.total or None, completed=progress.done, width=30),
            self._count(progress),
            f"{seconds:.0f} s",
        )
        running = list(progress.running.values())
        lines = [f"    {step_text(op, place, self.console)}" for op, place in running[:SHOWN]]
        if len(running) > SHOWN:
            lines.append(f"    … +{len(running) - SHOWN}")
        if not running and not progress.done:
            lines.append(f"    {self.console.t(_STARTING)}")
        from rich.text import Text as Line

        return Group(head, *(Line(line, style="dim", no_wrap=True, overflow="ellipsis") for line in lines))


@contextmanager
def following(console: Console, title: Text) -> Generator[Screen]:
    """A screen for one run of the engine."""
    screen = Screen(console, title)
    if not console.live:
        yield screen
        return
    from rich.live import Live

    with Live(console=console.err, refresh_per_second=8, transient=True) as live:
        screen.live = live
        yield screen
