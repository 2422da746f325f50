"""`./jichitai fleet status` and `report`: how runs fared, on the terminal and as files."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console, plain
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet.choose import DatabaseOption, runs_of
from scripts.cli.fleet.options import help_of
from scripts.cli.fleet.run import run_of
from scripts.cli.options import Full, Json
from scripts.engine.places import REPO, private
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.fleet.model import Outcome, RunHead
    from scripts.fleet.report.schema import Group, Report

RUNS = 15
"""Runs that are listed."""
GROUPS, LINES, NAMES = 20, 8, 6
"""Of groups on a terminal: how many, lines of each, stacks named of each; `--diff` shows them all."""
ALWAYS = 10_000

Which = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]",
        show_default=False,
        help=help_of("実行の名前、その先頭、latest", "A run, the beginning of its name, or latest"),
    ),
]
Newest = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]", help=help_of("実行の名前（既定: 最新）", "The run (default: the newest)")
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        show_default=False,
        help=help_of(
            "書く場所（既定: .jichitai/fleet/reports/実行）",
            "Where to write (default: .jichitai/fleet/reports/RUN)",
        ),
    ),
]


def status(run: Which = None, full: Full = False, database: DatabaseOption = None, json: Json = False) -> int:
    """Without a run: the runs that there were. With one: how it fares, what differs, what failed."""
    console = consoles.begin(json=json)
    runs = runs_of(database)
    if run is None:
        _list(console, runs.heads())
        return Exit.OK
    from scripts.fleet.report.document import report_of

    report = report_of(runs.summary(run_of(runs, run)))
    if console.json:
        sys.stdout.write(report.model_dump_json(indent=1) + "\n")
        return Exit.OK
    show_counts(console, report)
    show_groups(console, report, full=full)
    show_failures(console, report, full=full)
    return Exit.OK


def report(
    run: Newest = "latest",
    output: Output = None,
    full: Full = False,
    database: DatabaseOption = None,
    json: Json = False,
) -> int:
    """Write a run's report as JSON, CSV and a page; with --json the JSON goes to standard output too."""
    console = consoles.begin(json=json)
    runs = runs_of(database)
    from scripts.fleet.report.document import report_of
    from scripts.fleet.report.files import write

    made = report_of(runs.summary(run_of(runs, run)))
    folder = output or private(REPO) / "fleet" / "reports" / made.run
    try:
        written = write(made, folder, console.language)
    except OSError as error:
        raise Trouble(
            Exit.USAGE,
            Text("報告を書けません。", "The report cannot be written."),
            where=str(error.filename or folder),
            why=error.strerror,
            do=Text("書ける場所を --output で指定してください。", "Name a folder that can be written to."),
        ) from None
    if console.json:
        sys.stdout.write(made.model_dump_json(indent=1) + "\n")
        return Exit.OK
    show_counts(console, made)
    show_groups(console, made, full=full)
    show_failures(console, made, full=full)
    for file in written:
        console.line(str(file.relative_to(REPO) if file.is_relative_to(REPO) else file))
    return Exit.OK


def _list(console: Console, heads: Sequence[RunHead]) -> None:
    from scripts.fleet.report.words import OPERATIONS, OUTCOMES

    if console.json:
        console.document({"runs": [_head(head) for head in heads]})
        return
    if not heads:
        console.say(
            Text(
                "まだ何も実行していません。./jichitai fleet preview --all で始められます。",
                "Nothing has run yet; ./jichitai fleet preview --all would be a start.",
            )
        )
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        Text("実行", "run"),
        Text("操作", "operation"),
        Text("開始", "started"),
        Text("結果", "outcome"),
    ):
        table.add_column(console.t(title))
    for head in heads[:RUNS]:
        counts = "  ".join(
            f"{console.t(t)} {head.counts[o]}" for o, t in OUTCOMES.items() if head.counts.get(o)
        )
        way = "" if head.ended else console.t(Text("（実行中）", " (under way)"))
        table.add_row(head.run, console.t(OPERATIONS[head.operation]), _local(head.started), counts + way)
    console.show(table)


def _head(head: RunHead) -> dict[str, Any]:
    return {
        "run": head.run,
        "operation": head.operation,
        "target": head.target,
        "started": head.started.isoformat(),
        "ended": head.ended.isoformat() if head.ended else None,
        "counts": dict(head.counts),
    }


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def show_counts(console: Console, report: Report) -> None:
    """How many stacks fared how, by cloud."""
    from rich.table import Table

    from scripts.fleet.report.words import OUTCOMES

    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for stack in report.stacks:
        for cloud in stack.clouds:
            counted[cloud][stack.outcome] += 1
    present: list[Outcome] = [o for o in OUTCOMES if report.outcomes.get(o)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(report.run)
    for outcome in present:
        table.add_column(console.t(OUTCOMES[outcome]), justify="right")
    table.add_column(console.t(Text("計", "total")), justify="right")
    for cloud, counts in sorted(counted.items()):
        table.add_row(cloud, *(str(counts[o] or "") for o in present), str(counts.total()))
    whole = [str(report.outcomes.get(o, 0)) for o in present]
    table.add_row(console.t(Text("全体", "all")), *whole, str(len(report.stacks)), style="bold")
    console.show(table)
    if report.stopped is not None:
        console.say(Text(report.stopped.ja, report.stopped.en), "warning")


def show_groups(console: Console, report: Report, *, full: bool) -> None:
    """The groups of equal difference: what a person reviews."""
    if not report.groups:
        return
    stacks = sum(len(g.stacks) for g in report.groups)
    console.line("")
    console.line(
        Text(
            f"差分のあるスタックは {stacks}、差分は {len(report.groups)} 通りです。",
            f"{_many(stacks, 'stack')} differ, in {_many(len(report.groups), 'way')}.",
        )
    )
    for number, group in enumerate(report.groups[: ALWAYS if full else GROUPS], start=1):
        _group(console, group, number, full=full)
    if not full and (more := len(report.groups) - GROUPS) > 0:
        console.line(Text(f"ほか {more} 通り（--diff ですべて）", f"{more} more; --diff shows them"))


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"


def _group(console: Console, group: Group, number: int, *, full: bool) -> None:
    from scripts.fleet.report.words import CHANGES

    changes = ", ".join(f"{console.t(CHANGES.get(op, op))} {n}" for op, n in group.changes.items())
    named = ", ".join(group.stacks[: ALWAYS if full else NAMES])
    rest = "" if full or len(group.stacks) <= NAMES else " …"
    count = console.t(Text(f"{len(group.stacks)} スタック", _many(len(group.stacks), "stack")))
    console.show(f"[bold]{number:>3}. {count}[/]  {plain(changes)}  [dim]{plain(named)}{rest}[/]")
    lines = group.lines[: ALWAYS if full else LINES]
    for line in lines:
        what = f"{line.name}  {line.property}".rstrip()
        values = f": {line.old or '–'} → {line.new or '–'}" if line.property else ""
        console.line(f"       {line.operation} {line.type} {what}{values}"[: None if full else 160])
    if len(group.lines) > len(lines):
        more = len(group.lines) - len(lines)
        console.line(Text(f"       ほか {more} 行", f"       {more} more lines"))


def show_failures(console: Console, report: Report, *, full: bool) -> None:
    """What failed, by cause, with the command that repeats it."""
    commands = {s.stack: s.command for s in report.stacks}
    for group in report.failures:
        cause = group.cause
        what = cause.what.ja if console.language == "ja" else cause.what.en
        do = cause.do.ja if console.language == "ja" else cause.do.en
        count = console.t(Text(f"{len(group.stacks)} スタック", _many(len(group.stacks), "stack")))
        console.line("")
        console.show(f"[bold red]✗ {count}[/] {plain(what)} [dim]{plain(cause.place)}[/]")
        console.line(f"    {cause.why.strip()[: None if full else 300]}")
        console.line(f"    {console.t(Text('対処', 'what to do'))}: {do}")
        for stack in group.stacks[: ALWAYS if full else NAMES]:
            console.line(f"    {commands.get(stack) or stack}")
        if not full and (more := len(group.stacks) - NAMES) > 0:
            console.line(Text(f"    ほか {more}（--diff ですべて）", f"    {more} more; --diff shows them"))
