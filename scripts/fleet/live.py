"""A run as it goes on, on a terminal: how far, how fast, what is slow, what has failed, and where.

The arithmetic is pure (`Look`), the drawing is rich's; where there is no terminal a plain line comes
every few seconds, and one for each failure at once.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scripts.cli.console import Console, plain
from scripts.fleet.model import Outcome, StackRef, StackResult
from stacks.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

EVERY = 10.0
"""Seconds between two plain lines."""
WINDOW = 60.0
"""Seconds that the rate is taken over: long enough to be steady, short enough to be true."""
SLOWEST = 4
PREFECTURES = 6
FAILURES = 5

OUTCOMES: Mapping[str, tuple[Text, str]] = {
    "changed": (Text("変更あり", "changed"), "yellow"),
    "unchanged": (Text("変更なし", "unchanged"), "green"),
    "skipped": (Text("省略", "skipped"), "dim"),
    "failed": (Text("失敗", "failed"), "bold red"),
    "cancelled": (Text("中止", "cancelled"), "magenta"),
    "running": (Text("実行中", "running"), "cyan"),
    "waiting": (Text("待ち", "waiting"), "default"),
}
OVER = frozenset({"changed", "unchanged", "skipped", "failed", "cancelled"})


@dataclass(slots=True)
class Look:
    """What can be said of a run at a moment. `states` is outcome (or running, waiting) by stack."""

    refs: Mapping[str, StackRef]
    states: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    began: dict[str, float] = field(default_factory=dict[str, float])
    ended: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])

    def take(self, states: Mapping[str, Outcome], now: float) -> list[str]:
        """Take a look at `now` (seconds, monotonic); the stacks that have failed since the last one."""
        failed: list[str] = []
        finished = 0
        for stack, state in states.items():
            before = self.states.get(stack)
            if state == before:
                continue
            if state == "running":
                self.began.setdefault(stack, now)
            elif state in OVER:
                self.began.pop(stack, None)
                finished += before is not None
                if state == "failed":
                    failed.append(stack)
            else:
                self.began.pop(stack, None)
        self.states = dict(states)
        if finished:
            self.ended.append((now, finished))
        while self.ended and self.ended[0][0] < now - WINDOW:
            self.ended.popleft()
        return failed

    def counts(self) -> Counter[str]:
        """How many stacks are where."""
        return Counter(self.states.values())

    @property
    def done(self) -> int:
        """How many stacks are over."""
        return sum(state in OVER for state in self.states.values())

    def rate(self, now: float, since: float) -> float:
        """Stacks a second, over the last `WINDOW` seconds; `since` is when the run began."""
        seconds = min(max(now - since, 0.001), WINDOW)
        return sum(number for _, number in self.ended) / seconds

    def left(self, now: float, since: float) -> float | None:
        """Seconds until all is over at this rate; None while nothing can be said."""
        rate = self.rate(now, since)
        rest = len(self.states) - self.done
        return rest / rate if rate > 0 else None

    def slowest(self, now: float) -> list[tuple[str, float]]:
        """The stacks that have run longest, with their seconds so far."""
        running = [(stack, now - began) for stack, began in self.began.items()]
        return sorted(running, key=lambda pair: -pair[1])[:SLOWEST]

    def by_cloud(self) -> dict[str, Counter[str]]:
        """The counts of each cloud; a stack on two counts in both."""
        found: dict[str, Counter[str]] = {}
        for stack, state in self.states.items():
            for cloud in self.refs[stack].clouds:
                found.setdefault(cloud, Counter())[state] += 1
        return dict(sorted(found.items()))

    def by_prefecture(self) -> dict[str, Counter[str]]:
        """The counts of each prefecture in which something runs or has failed, most of that first."""
        found: dict[str, Counter[str]] = {}
        for stack, state in self.states.items():
            found.setdefault(self.refs[stack].prefecture, Counter())[state] += 1
        lively = {name: c for name, c in found.items() if c["running"] or c["failed"]}
        return dict(sorted(lively.items(), key=lambda item: (-item[1]["failed"], -item[1]["running"])))


@dataclass(slots=True)
class Screen:
    """What is on the screen while a run goes on."""

    console: Console
    title: str
    look: Look
    since: float = field(default_factory=time.monotonic)
    failures: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=FAILURES))
    live: Live | None = None
    _last: float = 0.0

    def update(self, states: Mapping[str, Outcome]) -> list[str]:
        """Show how the run stands; the stacks that have failed since."""
        now = time.monotonic()
        failed = self.look.take(states, now)
        if self.live is not None:
            self.live.update(self.drawing(now))
        elif now - self._last >= EVERY:
            if self._last:
                self.console.say(self.line(now))
            self._last = now
        return failed

    def fail(self, result: StackResult) -> None:
        """Tell of a failure at once: what, and why."""
        cause = result.causes[0] if result.causes else None
        why = f"{self.console.t(cause.what)} {cause.why}".strip().splitlines()[0][:160] if cause else ""
        self.failures.append((result.stack, why))
        if self.live is None:
            self.console.say(f"{result.stack}: {why}", "bad")

    def line(self, now: float) -> str:
        """The run on one line."""
        counts = self.look.counts()
        parts = [
            f"{self.console.t(OUTCOMES[k][0])} {counts[k]}" for k in OUTCOMES if counts[k] and k != "waiting"
        ]
        return f"{self.title}  {self._share()}  {'  '.join(parts)}  {self._speed(now)}"

    def _share(self) -> str:
        return f"{self.look.done}/{len(self.look.states)}"

    def _speed(self, now: float) -> str:
        a_minute = self.look.rate(now, self.since) * 60
        left = self.look.left(now, self.since)
        rest = Text(f"残り {_clock(left)}", f"{_clock(left)} left") if left is not None else Text("", "")
        each = Text(f"{a_minute:.0f} 件/分", f"{a_minute:.0f} a minute")
        return f"{self.console.t(each)}  {self.console.t(rest)}".rstrip()

    def drawing(self, now: float) -> RenderableType:
        """The run as a picture: bar, counts, clouds, prefectures, the slowest, the last failures."""
        from rich.columns import Columns
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        head = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(len(self.look.states), 1), completed=self.look.done, width=36)
        head.add_row(f"[bold]{plain(self.title)}[/]", bar, self._share(), self._speed(now))
        counts = self.look.counts()
        cells = [
            f"[{style}]{self.console.t(name)} {counts[k]}[/]"
            for k, (name, style) in OUTCOMES.items()
            if counts[k]
        ]
        tables = [self._table(Text("クラウド", "cloud"), self.look.by_cloud())]
        where = dict(list(self.look.by_prefecture().items())[:PREFECTURES])
        if where:
            tables.append(self._table(Text("都道府県", "prefecture"), where))
        slow = Table(box=None, pad_edge=False, show_header=False)
        for stack, seconds in self.look.slowest(now):
            slow.add_row("[cyan]…[/]", stack, f"{seconds:.0f} s")
        for stack, why in self.failures:
            slow.add_row("[red]✗[/]", stack, plain(why))
        return Group(head, "  ".join(cells), Columns(tables, padding=(0, 4)), slow)

    def _table(self, title: Text, rows: Mapping[str, Counter[str]]) -> RenderableType:
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column(self.console.t(title))
        for name in (
            Text("済み", "done"),
            Text("実行中", "running"),
            Text("失敗", "failed"),
            Text("計", "all"),
        ):
            table.add_column(self.console.t(name), justify="right")
        for name, counts in rows.items():
            done = sum(counts[k] for k in OVER)
            failed = f"[red]{counts['failed']}[/]" if counts["failed"] else "·"
            table.add_row(name, str(done), str(counts["running"]), failed, str(counts.total()))
        return table


def _clock(seconds: float | None) -> str:
    """Seconds as m:ss or h:mm:ss."""
    whole = round(seconds or 0)
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"
