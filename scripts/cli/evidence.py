"""`./jichitai evidence`: a report control by control, for an auditor, as HTML and JSON."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated

import typer

from scripts.cli import console as consoles
from scripts.cli.check import judged
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Cloud, Quiet, which
from stacks.text import Text, language_of

_SAY = language_of()


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(_SAY)


def evidence(
    tenants: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TENANT...]", help=_help("団体・スタック", "Tenants"), show_default=False),
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", "-f", help=_help("書き出した状態", "An exported state"))
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help=_help("構築済みのスタックすべて", "Every stack that has been built"))
    ] = False,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help=_help(
                "書き出すファイル（.html。隣に .json も）", "File to write (.html, and .json beside it)"
            ),
        ),
    ] = Path("evidence.html"),
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            "-e",
            metavar="production|verification",
            show_default=False,
            help=_help("環境", "Environment"),
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help=_help("JSON を標準出力にも", "Print the JSON too"))
    ] = False,
    cloud: Cloud = False,
    quiet: Quiet = False,
) -> int:
    """Write the evidence: control, rules, resources, result, exceptions. 10 when there are findings."""
    console = consoles.begin(json=json, quiet=quiet)
    from policies.evaluate import Options
    from policies.report import evidence as report

    result, troubles = judged(
        console,
        tenants or [],
        file or [],
        everything,
        Options(environment=which(environment)),
        environment,
        cloud=cloud,
        detailed=True,
    )
    document = report.document(result)
    beside = output.with_suffix(".json")
    try:
        output.write_text(report.html(document), encoding="utf-8")
        beside.write_text(jsons.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Trouble(
            Exit.USAGE,
            Text("証跡を書けません。", "The evidence cannot be written"),
            where=str(output),
            why=error.strerror,
            do=Text("書ける場所を --output で指定してください。", "Name a place that can be written to."),
        ) from None
    if json:
        console.document(document)
    console.say(Text(f"証跡: {output}、{beside}", f"evidence: {output}, {beside}"), "good")
    if result.open:
        return Exit.FINDINGS
    return Exit.UNREADABLE if troubles or result.notes or not result.resources else Exit.OK
