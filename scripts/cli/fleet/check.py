"""`./jichitai fleet check`: the policies over the states of many stacks, without engine or cloud."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet.choose import DatabaseOption, chosen, listed, opened
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Cloud, Quiet
from scripts.fleet.selection import Selection
from stacks.text import Text

if TYPE_CHECKING:
    from policies.evaluate import Finding, Result

NAMES = 5
"""Stacks of a rule that are named on a terminal."""


def _option(flag: str, ja: str, en: str) -> typer.models.OptionInfo:
    return typer.Option(flag, help=help_of(ja, en), show_default=False)


Form = Annotated[
    Literal["text", "json", "sarif", "junit", "markdown"],
    typer.Option(
        "--format",
        help=help_of("出力の形式（text は規則ごとの要約）", "Form of the report (text: a summary by rule)"),
    ),
]
Json = Annotated[bool, _option("--json", "--format json と同じ", "The same as --format json")]
Output = Annotated[Path | None, _option("--output", "報告を書くファイル", "File to write the report to")]
Exceptions = Annotated[Path | None, _option("--exceptions", "例外のファイル", "A file of exceptions")]
Baseline = Annotated[Path | None, _option("--baseline", "既知の指摘のファイル", "A file of known findings")]
SettingsFile = Annotated[Path | None, _option("--settings", "パラメーターのファイル", "A file of parameters")]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "none"],
    typer.Option(
        "--fail-on", help=help_of("この重大さ以上の指摘で終了コード 10", "Exit code 10 from this severity on")
    ),
]
Strict = Annotated[
    bool, _option("--strict", "まだ判定できないものも不合格", "What cannot be told yet fails too")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        show_default=False,
        help=help_of("プロセス数（既定: コア数）", "Processes (default: cores)"),
    ),
]
DryRun = Annotated[bool, _option("--dry-run", "対象を示すだけ", "Only list what is meant")]


def check(
    selection: Selection,
    form: Form = "text",
    json: Json = False,
    output: Output = None,
    exceptions: Exceptions = None,
    baseline: Baseline = None,
    settings: SettingsFile = None,
    fail_on: FailOn = "low",
    strict: Strict = False,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    real: Cloud = False,
    database: DatabaseOption = None,
    quiet: Quiet = False,
) -> int:
    """Judge the states of the stacks that are meant; with no selection, of all that are built."""
    form = "json" if json else form
    console = consoles.begin(json=form == "json" and output is None, quiet=quiet)
    refs = chosen(selection, opened(selection, database), everything=True)
    if dry_run:
        listed(console, refs)
        return Exit.OK
    from policies.report import render
    from scripts.cli.check import code_of, options_of, put
    from scripts.fleet.checking import judge_all

    options = options_of(exceptions, baseline, settings, None)
    from policies.evaluate import Result

    total, absent, began = Result(), 0, time.monotonic()
    with _progress(console, len(refs)) as tick:
        for judged in judge_all([r.stack for r in refs], options, cloud=real, jobs=jobs, tick=tick):
            absent += not judged.built
            if judged.built:
                total.add(judged.result())
    if absent == len(refs):
        raise _nothing_built(real=real)
    text = _summary(total, console) if form == "text" else render(form, total, console.language)
    put(console, text, output)
    _tell(console, total, absent, time.monotonic() - began)
    return code_of(total, [], fail_on, strict=strict)


def _nothing_built(*, real: bool) -> Trouble:
    cloud = " --cloud" if real else ""
    return Trouble(
        Exit.USAGE,
        Text("構築済みのスタックがありません。", "None of these stacks has been built yet."),
        do=Text(f"./jichitai fleet up{cloud} で構築します。", f"./jichitai fleet up{cloud} builds them."),
    )


@contextmanager
def _progress(console: Console, total: int) -> Generator[Callable[[int], None]]:
    """A bar on a terminal, nothing elsewhere: what came out is said at the end."""
    if not console.live:
        yield lambda _done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console.err, transient=True) as bar:
        task = bar.add_task(console.t(Text("ポリシー検査", "judging")), total=total)
        yield lambda done: bar.update(task, completed=done)


def _summary(result: Result, console: Console) -> str:
    """The findings by rule, worst first: how many stacks and resources, and what to do."""
    from policies.report.words import SEVERITIES, sorted_findings

    rules: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted_findings(result):
        if finding.counts:
            rules[finding.rule.id].append(finding)
    lines: list[str] = []
    for name, found in rules.items():
        rule = found[0].rule
        stacks = list(dict.fromkeys(f.stack for f in found))
        count = Text(
            f"{len(stacks)}スタック・{len(found)}リソース", f"{len(stacks)} stacks, {len(found)} resources"
        )
        lines.append(f"{name} [{console.t(SEVERITIES[rule.severity])}] {console.t(rule.title)}")
        lines.append(
            f"  {console.t(count)}: {', '.join(stacks[:NAMES])}{' …' if len(stacks) > NAMES else ''}"
        )
        lines.append(f"  {console.t(Text('対処', 'what to do'))}: {console.t(rule.remedy)}")
        lines.append("")
    lines += [f"! {console.t(note)}" for note in result.notes]
    return "".join(f"{line}\n" for line in lines)


def _tell(console: Console, result: Result, absent: int, seconds: float) -> None:
    from policies.report.words import summary

    said = summary(result) + Text(f"（{seconds:.1f} 秒）", f" ({seconds:.1f} s)")
    console.told = True
    console.say(said, "good" if not result.open else "bad")
    if absent:
        console.say(Text(f"未構築のため対象外: {absent}", f"not built, and so not judged: {absent}"))
