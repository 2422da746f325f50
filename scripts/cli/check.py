"""`./jichitai check`: the policies over exported state or a preview, without engine or cloud."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Cloud, Quiet, which
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from policies.evaluate import Options, Result
    from policies.model import Stack
    from policies.settings import Settings

_SAY = language_of()


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(_SAY)


Stacks = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TENANT...]", help=_help("検査する団体・スタック", "Tenants to check"), show_default=False
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        "-f",
        help=_help(
            "書き出した状態か preview --json（- は標準入力）",
            "An exported state or preview --json (-: standard input)",
        ),
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help=_help("構築済みのスタックすべて", "Every stack that has been built"))
]
Form = Annotated[
    Literal["text", "json", "sarif", "junit", "markdown"],
    typer.Option("--format", help=_help("出力の形式", "Form of the report")),
]
Json = Annotated[
    bool, typer.Option("--json", help=_help("--format json と同じ", "The same as --format json"))
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help=_help("報告を書くファイル", "File to write the report to")),
]
Exceptions = Annotated[
    Path | None,
    typer.Option("--exceptions", help=_help("例外のファイル（YAML）", "A file of exceptions (YAML)")),
]
Baseline = Annotated[
    Path | None, typer.Option("--baseline", help=_help("既知の指摘のファイル", "A file of known findings"))
]
Write = Annotated[
    bool,
    typer.Option(
        "--write-baseline", help=_help("今の指摘を既知として書き出す", "Write today's findings as known")
    ),
]
SettingsFile = Annotated[
    Path | None,
    typer.Option("--settings", help=_help("パラメーターのファイル（YAML）", "A file of parameters (YAML)")),
]
FailOn = Annotated[
    Literal["critical", "high", "medium", "low", "none"],
    typer.Option(
        "--fail-on", help=_help("この重大さ以上の指摘で終了コード 10", "Exit code 10 from this severity on")
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help=_help("まだ判定できないものも不合格にする", "What cannot be told yet fails too")
    ),
]
Which = Annotated[
    str | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="production|verification",
        show_default=False,
        help=_help("環境（既定: 名前とタグから）", "Environment (default: by name and tags)"),
    ),
]


def check(
    tenants: Stacks = None,
    file: Files = None,
    everything: Everything = False,
    form: Form = "text",
    json: Json = False,
    output: Output = None,
    exceptions: Exceptions = None,
    baseline: Baseline = None,
    write_baseline: Write = False,
    settings: SettingsFile = None,
    fail_on: FailOn = "low",
    strict: Strict = False,
    environment: Which = None,
    cloud: Cloud = False,
    quiet: Quiet = False,
) -> int:
    """Check against the policies. 0 clean, 10 findings, 11 something could not be read."""
    form = "json" if json else form
    console = consoles.begin(json=form == "json" and output is None, quiet=quiet)
    from policies.report import render

    if write_baseline and baseline is None:
        raise Trouble(
            Exit.USAGE,
            Text("--write-baseline には --baseline が要ります。", "--write-baseline needs --baseline"),
            do=Text("書き出すファイルを --baseline で指定してください。", "Name the file with --baseline."),
        )
    options = options_of(exceptions, None if write_baseline else baseline, settings, environment)
    result, troubles = judged(
        console, tenants or [], file or [], everything, options, environment, cloud=cloud
    )
    put(console, render(form, result, console.language), output)
    if write_baseline and baseline is not None:
        _write_baseline(baseline, result)
        return Exit.OK
    if output is not None:
        from policies.report.words import summary

        console.say(summary(result), "good" if not result.open else "bad")
    return code_of(result, troubles, fail_on, strict=strict)


def judged(
    console: Console,
    tenants: list[str],
    files: list[str],
    everything: bool,
    options: Options,
    environment: str | None,
    *,
    cloud: bool,
    detailed: bool = False,
) -> tuple[Result, list[Trouble]]:
    """Everything that was asked for, judged; what could not be read is told, and the rest judged.

    Raises Trouble when nothing was asked for, or the only thing cannot be read.
    """
    from policies.evaluate import Result, judge
    from scripts.cli.states import manifest_of

    sources = _sources(console, tenants, files, everything, environment, cloud=cloud)
    total = Result()
    troubles: list[Trouble] = []
    for read in sources:
        try:
            stacks, notes = read()
        except Trouble as trouble:
            if len(sources) == 1:
                raise
            console.trouble(replace_reported(trouble))
            troubles.append(trouble)
            total.notes.append(trouble.what + Text(f"（{trouble.where}）", f" ({trouble.where})"))
            continue
        for index, stack in enumerate(stacks):
            mine = replace(tenant_options(options, stack), detailed=detailed)
            total.add(judge(stack, mine, notes if index == 0 else ()))
            if manifest_of(stack.name) is None:
                total.sources[stack.name] = stack.source
    return total, troubles


def replace_reported(trouble: Trouble) -> Trouble:
    """The same trouble, told without a document of its own."""
    trouble.reported = True
    return trouble


def _sources(
    console: Console,
    tenants: list[str],
    files: list[str],
    everything: bool,
    environment: str | None,
    *,
    cloud: bool,
) -> list[Any]:
    from functools import partial

    from scripts.cli import states
    from scripts.cli.session import find_target

    names = states.built(cloud=cloud) if everything else []
    if everything and not names:
        raise Trouble(
            Exit.USAGE,
            Text("構築済みのスタックがありません。", "No stack has been built yet"),
            do=Text("./jichitai up 団体コード で構築します。", "./jichitai up CODE builds one."),
        )
    names += [find_target(t, which(environment), "check").stack for t in tenants]
    if not names and not files:
        raise Trouble(
            Exit.USAGE,
            Text("検査する対象がありません。", "There is nothing to check"),
            do=Text(
                "団体コード、--file、--all のどれかを指定してください。", "Give a code, --file or --all."
            ),
        )
    return [partial(states.state_of, console, n, cloud=cloud) for n in dict.fromkeys(names)] + [
        partial(states.from_file, f) for f in files
    ]


def tenant_options(options: Options, stack: Stack) -> Options:
    """`options` with what the stack's own manifest says, where there is one."""
    from policies.exceptions import BadExceptions
    from policies.tenant import environment_said, exceptions_of, parameters_of
    from scripts.cli.states import manifest_of

    manifest = manifest_of(stack.name)
    if manifest is None:
        return options
    try:
        own = exceptions_of(manifest)
    except BadExceptions as error:
        raise Trouble(Exit.INVALID, error.text, where=stack.name) from None
    return replace(
        options,
        parameters=parameters_of(manifest, options.parameters),
        exceptions=(*options.exceptions, *own),
        environment=options.environment or environment_said(manifest),
    )


def options_of(
    exceptions: Path | None, baseline: Path | None, settings: Path | None, environment: str | None
) -> Options:
    """How to judge, by the files that were named. Raises Trouble where one cannot be read."""
    from policies.evaluate import Options
    from policies.exceptions import BadExceptions, read_exceptions
    from policies.settings import BadSettings, read_settings
    from scripts.cli.states import data_file

    try:
        chosen: Settings = read_settings(
            data_file(settings, Text("設定ファイル", "settings file")) if settings else None
        )
        accepted = read_exceptions(
            data_file(exceptions, Text("例外のファイル", "file of exceptions")) if exceptions else None
        )
    except (BadExceptions, BadSettings) as error:
        raise Trouble(Exit.USAGE, error.text, where=str(settings or exceptions)) from None
    return Options(
        parameters=chosen.parameters,
        exceptions=accepted,
        baseline=_known(baseline),
        disabled=chosen.disabled,
        environment=which(environment),
    )


def _known(baseline: Path | None) -> frozenset[str]:
    from scripts.cli.states import data_file

    if baseline is None:
        return frozenset()
    value = data_file(baseline, Text("既知の指摘のファイル", "baseline file"))
    entries = value.get("findings") if isinstance(value, dict) else None
    if not isinstance(entries, dict):
        raise Trouble(
            Exit.USAGE,
            Text("既知の指摘のファイルではありません。", "This is no baseline file"),
            where=str(baseline),
            do=Text("--write-baseline で作り直せます。", "--write-baseline makes one."),
        )
    return frozenset(str(k) for k in entries)


def _write_baseline(path: Path, result: Result) -> None:
    import json

    entries = {f.fingerprint: {"rule": f.rule.id, "urn": f.urn or f.stack} for f in result.open}
    text = json.dumps({"version": 1, "findings": dict(sorted(entries.items()))}, ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")


def put(console: Console, text: str, output: Path | None) -> None:
    """Print a report, or write it to a file and say so. Raises Trouble where that cannot be done."""
    if output is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Trouble(
            Exit.USAGE,
            Text("報告を書けません。", "The report cannot be written"),
            where=str(output),
            why=error.strerror,
            do=Text("書ける場所を --output で指定してください。", "Name a place that can be written to."),
        ) from None
    console.say(Text(f"報告: {output}", f"report: {output}"))


def code_of(result: Result, troubles: list[Trouble], fail_on: str, *, strict: bool) -> int:
    """The exit code that a result leads to."""
    from policies.report.words import ORDER

    limit = len(ORDER) if fail_on == "none" else [str(s) for s in ORDER].index(fail_on) + 1
    worst = [f for f in result.open if ORDER.index(f.rule.severity) < (0 if fail_on == "none" else limit)]
    if worst or (strict and result.unsure):
        return Exit.FINDINGS
    if troubles or result.notes or not result.resources:
        return Exit.UNREADABLE
    return Exit.OK
