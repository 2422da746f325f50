"""From a selection on the command line to the stacks that it means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Json, Quiet
from scripts.engine.places import REPO, tenants
from scripts.fleet.model import Runs, StackRef
from scripts.fleet.selection import Selection
from stacks.problems import Problem, Problems
from stacks.text import Text

NAMED = 10
"""Stacks that a refusal names; `--json` has them all."""

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        show_default=False,
        help=help_of(
            "実行の記録（postgresql://…。既定はこの中の SQLite、または JICHITAI_FLEET_DATABASE）",
            "Where runs are kept: postgresql://… (default: SQLite here, or JICHITAI_FLEET_DATABASE)",
        ),
    ),
]


def show(
    selection: Selection, database: DatabaseOption = None, json: Json = False, quiet: Quiet = False
) -> int:
    """List the stacks that a selection means; with no selection, all of them."""
    console = consoles.begin(json=json, quiet=quiet)
    listed(console, chosen(selection, opened(selection, database), everything=True))
    return Exit.OK


def chosen(selection: Selection, runs: Runs | None, *, everything: bool = False) -> tuple[StackRef, ...]:
    """The stacks that `selection` means, at least one.

    Raises Trouble where it means nothing that there is, or where nothing was asked for and that is
    not to mean `everything`.
    """
    from scripts.fleet.git import changed_paths
    from scripts.fleet.selection import select
    from scripts.fleet.stacks import stack_refs
    from stacks.registry import registry

    if selection.is_empty and not everything:
        raise Trouble(
            Exit.USAGE,
            Text("対象が指定されていません。何もしていません。", "Nothing was selected; nothing was done."),
            do=Text(
                "団体コードや --prefecture などで絞るか、全部なら --all を付けてください。"
                "対象は ./jichitai fleet list で確かめられます。",
                "Name codes, or use --prefecture and the like; --all means all of them. "
                "./jichitai fleet list shows what is meant.",
            ),
        )
    refs = stack_refs(REPO)
    try:
        found = select(
            selection, refs, registry(), runs=runs, changed=lambda reference: changed_paths(REPO, reference)
        )
    except Problems as wrong:
        raise troubled(wrong.problems) from None
    if not found:
        raise Trouble(
            Exit.USAGE,
            Text("当てはまるスタックがありません。", "No stack is meant by this selection."),
            why=Text(f"マニフェストは{len(refs)}件あります。", f"There are {len(refs)} manifests."),
            do=Text(
                "条件を緩めてください。同じ種類の条件は「または」、異なる種類は「かつ」です。",
                "Ask for less: criteria of one kind widen the selection, different kinds narrow it.",
            ),
        )
    return found


def committed(refs: Sequence[StackRef]) -> None:
    """A real unit is built from what a team has committed. Raises Trouble for what `fleet init` made up."""
    made_up = [r for r in refs if not r.path.is_relative_to(tenants(REPO))]
    if not made_up:
        return
    names = ", ".join(r.stack for r in made_up[:NAMED])
    raise Trouble(
        Exit.REFUSED,
        Text(
            f"{len(made_up)}スタックのマニフェストは、fleet init が作ったツイン用のものです。"
            "何もしていません。",
            f"The manifests of {len(made_up)} stacks were made by `fleet init`, for the twin;"
            " nothing was done.",
        ),
        why=f"{names}{' …' if len(made_up) > NAMED else ''}",
        do=Text(
            "払い出された値を記入し、stacks/tenants に置いてコミットしてください"
            "（./jichitai fleet init --to stacks/tenants）。または対象から外してください。",
            "Fill in what was handed over, put them into stacks/tenants and commit them"
            " (./jichitai fleet init --to stacks/tenants); or leave them out of the selection.",
        ),
        details={"stacks": [r.stack for r in made_up]},
    )


def opened(selection: Selection, database: str | None) -> Runs | None:
    """The run database, where the selection asks what has happened before."""
    if not (selection.failed_in or selection.drifted):
        return None
    return runs_of(database)


def runs_of(database: str | None) -> Any:
    """The run database. Raises Trouble for one of another kind or version, and for one out of reach."""
    from sqlalchemy.exc import SQLAlchemyError

    from scripts.fleet.database import Database, url_of
    from scripts.fleet.schema import UnusableError

    try:
        return Database(url_of(database, REPO))
    except UnusableError as error:
        raise Trouble(Exit.REFUSED, error.what, why=error.why, do=error.do) from None
    except SQLAlchemyError as error:
        raise Trouble(
            Exit.USAGE,
            Text("実行の記録を開けません。", "The record of runs cannot be opened."),
            why=str(getattr(error, "orig", None) or error).strip(),
            do=Text(
                "--database（または JICHITAI_FLEET_DATABASE）の宛先と、接続の権限を確かめてください。",
                "Check the address in --database (or JICHITAI_FLEET_DATABASE), and that it lets you in.",
            ),
        ) from None
    except ValueError as wrong:
        raise Trouble(
            Exit.USAGE,
            Text(
                f"「{wrong}」のデータベースは使えません。", f"A database of the kind {wrong} cannot be used."
            ),
            do=Text(
                "postgresql://… か sqlite:///… を指定してください。", "Give postgresql://… or sqlite:///…"
            ),
        ) from None


def troubled(problems: Sequence[Problem], what: Text | None = None) -> Trouble:
    """Problems of an input, all at once, as one thing to tell."""

    def told(language: Any) -> str:
        return "\n".join(line for p in problems for line in p.lines(language))

    return Trouble(
        Exit.USAGE,
        what or Text("指定に誤りがあります。何もしていません。", "Something was misspelt; nothing was done."),
        why=Text(told("ja"), told("en")),
        details={"problems": [p.record() for p in problems]},
    )


def listed(console: Console, refs: Sequence[StackRef]) -> None:
    """Show the stacks that are meant: what `--dry-run` does."""
    if console.json:
        from scripts.fleet.model import record

        console.document({"stacks": [{**record(r), "path": _shown(r)} for r in refs], "count": len(refs)})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in (
        Text("スタック", "stack"),
        Text("団体", "body"),
        Text("クラウド", "clouds"),
        Text("製品", "packages"),
        Text("ファイル", "file"),
    ):
        table.add_column(console.t(title), overflow="fold")
    for r in refs:
        table.add_row(r.stack, r.name, ", ".join(r.clouds), ", ".join(r.packages), _shown(r))
    console.show(table)
    clouds = Counter(c for r in refs for c in r.clouds)
    count = ", ".join(f"{cloud} {number}" for cloud, number in clouds.most_common())
    console.say(Text(f"{len(refs)}スタック（{count}）", f"{len(refs)} stacks ({count})"))


def _shown(ref: StackRef) -> str:
    return str(ref.path.relative_to(REPO) if ref.path.is_relative_to(REPO) else ref.path)
