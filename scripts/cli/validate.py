"""`./jichitai validate`: every problem of every manifest at once, with the line it is on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape
from rich.text import Text as RichText

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Json, Quiet
from scripts.engine.places import REPO, tenant_files, tenants
from stacks.problems import LABELS, Problem, Problems, say
from stacks.registry import registry
from stacks.text import Text, language_of
from stacks.validation import File
from stacks.validation import validate as judge

EXCERPT = 120
"""Columns of a source line that are shown."""

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[FILE...]",
        help=Text(
            "検査するファイル(既定は stacks/tenants のすべて)", "Files to check (default: all stacks)"
        ).say(language_of()),
    ),
]


def validate(files: Files = None, json: Json = False, quiet: Quiet = False) -> int:
    """Check manifests; says everything that is wrong, where, and what to do."""
    console = consoles.begin(json=json, quiet=quiet)
    fleet = sorted({*tenants(REPO).glob("Pulumi.*.y*ml"), *tenant_files(REPO).values()})
    wanted = [f.absolute() for f in files] if files else fleet
    found, problems = read_files(wanted)
    # A draft kept elsewhere stands in for the stack file of its name.
    names = {f.name for f in wanted}
    others = [] if not files else read_files([f for f in fleet if f.name not in names])[0]
    problems += judged(found, others)
    if console.json:
        console.document(_document(wanted, problems))
    else:
        _show(console, found, problems)
    return Exit.INVALID if problems else Exit.OK


def judged(files: list[File], others: list[File]) -> list[Problem]:
    """Every problem of `files`, or what is wrong with the catalogue that they are judged by."""
    try:
        registry()
    except Problems as wrong:
        # A catalogue entry is wrong: what depends on it cannot be judged.
        return list(wrong.problems)
    return judge(files, others=others)


def read_files(paths: list[Path]) -> tuple[list[File], list[Problem]]:
    """The files, and a problem for each that cannot be read."""
    files: list[File] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(File.at(path, REPO))
        except OSError as error:
            problems.append(
                Problem(
                    "unreadable",
                    (),
                    Text(
                        f"ファイルを読めません({error.strerror})。",
                        f"The file cannot be read: {error.strerror}.",
                    ),
                    Text("パスと読み取り権限を確かめてください。", "Check the path and that it may be read."),
                    file=str(path),
                )
            )
    return files, problems


def _document(wanted: list[Path], problems: list[Problem]) -> dict[str, Any]:
    return {
        "result": "invalid" if problems else "valid",
        "files": len(wanted),
        "problems": [problem.record() for problem in problems],
    }


def _show(console: Console, files: list[File], problems: list[Problem]) -> None:
    texts = {file.name: file.data.decode("utf-8", errors="replace").splitlines() for file in files}
    for problem in problems:
        console.show(Group(*problem_lines(console, problem, texts.get(problem.file or "", [])), ""))
    if problems:
        wrong = len({problem.file for problem in problems})
        console.say(
            Text(
                f"{wrong}ファイルに{len(problems)}件の誤りがあります。",
                f"{len(problems)} problem{'s' if len(problems) > 1 else ''} in {wrong} "
                f"file{'s' if wrong > 1 else ''}.",
            ),
            "bad",
        )
    elif files:
        console.say(
            Text(
                f"{len(files)}ファイルすべて有効です。",
                f"{len(files)} file{'s are' if len(files) > 1 else ' is'} valid.",
            ),
            "good",
        )
    else:
        raise Trouble(
            Exit.USAGE,
            Text("検査するマニフェストがありません。", "There is no manifest to check."),
            do=Text("./jichitai new 団体コード で作れます。", "./jichitai new CODE writes one."),
        )


def problem_lines(console: Console, problem: Problem, source: list[str]) -> list[RichText]:
    """A problem as lines: place, message, the source line with a caret, details."""
    language = console.language
    lines = [
        RichText.from_markup(f"[bold]{escape(problem.place)}[/] [cyan]{escape(problem.yaml_path)}[/]"),
        RichText(f"  {problem.message.say(language)}", style="red"),
    ]
    if problem.line is not None and problem.column is not None and 0 < problem.line <= len(source):
        lines += _excerpt(source[problem.line - 1], problem.line, problem.column)
    details = [
        ("found", problem.found),
        ("allowed", ", ".join(say(a, language) for a in problem.allowed) or None),
        ("nearest", problem.nearest),
        ("remedy", problem.remedy.say(language)),
    ]
    for label, value in details:
        if value is not None:
            line = RichText(f"  {LABELS[label].say(language)}: ", style="dim")
            lines.append(line.append(value, style="green" if label == "nearest" else "default"))
    return lines


def _excerpt(line: str, number: int, column: int) -> list[RichText]:
    """The source line and a caret under the column, as wide as the characters before it are on screen."""
    shown = "".join(c if c.isprintable() else " " for c in line)[:EXCERPT]
    if column > EXCERPT:
        return [RichText(f"  {number:>4} | {shown}…", style="dim", no_wrap=True)]
    before = RichText(shown[: column - 1]).cell_len
    return [
        RichText(f"  {number:>4} | {shown}", no_wrap=True),
        RichText(f"       | {' ' * before}^", style="red", no_wrap=True),
    ]
