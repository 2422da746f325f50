"""`./jichitai fleet init`: a valid manifest for every local government."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet.choose import troubled
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Json, Quiet
from scripts.engine.places import REPO, generated, tenants
from stacks.problems import Problems
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.fleet.country import Draft, Written
    from stacks.country import Planned, Wishes

SHOWN = 20
"""Problems that are shown on a screen; `--json` has them all."""


def _option(flag: str, metavar: str | None, ja: str, en: str, **more: Any) -> Any:
    return typer.Option(flag, metavar=metavar, help=help_of(ja, en), show_default=False, **more)


Who = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[BODY...]", help=help_of("団体コード、名称", "Codes or names"), show_default=False
    ),
]
Everybody = Annotated[bool, _option("--all", None, "1,788団体すべて", "All 1,788 bodies")]
Prefectures = Annotated[
    list[str] | None, _option("--prefecture", "NAME", "その都道府県の団体", "The bodies of a prefecture")
]
To = Annotated[
    Path | None,
    _option(
        "--to",
        "FOLDER",
        "書く場所（既定: .jichitai/fleet/tenants、ツイン用）",
        "Where to write (default: .jichitai/fleet/tenants, for the twin)",
    ),
]
Share = Annotated[
    str | None,
    _option("--share", "aws=60,…", "クラウドの割合（重み）", "Weights of the clouds"),
]
Assignments = Annotated[
    Path | None,
    _option(
        "--assignments",
        "CSV",
        "団体ごとの割当: code,cloud,unit,gateway,population,packages",
        "What each body has: code,cloud,unit,gateway,population,packages",
    ),
]
Hubs = Annotated[
    Path | None,
    _option(
        "--hubs", "CSV", "都道府県のハブ: prefecture,cloud,gateway", "The hubs: prefecture,cloud,gateway"
    ),
]
ExampleHubs = Annotated[
    bool,
    _option(
        "--example-hubs",
        None,
        "例示のハブIDを入れる（ツインでLGWAN接続まで構築）",
        "Made-up hub ids, so that the twin builds the LGWAN links too",
    ),
]
Shared = Annotated[
    Literal["account", "network", "application"],
    typer.Option("--shared", help=help_of("共同利用の分離方式", "Isolation of 共同利用 groups")),
]
GroupSize = Annotated[
    int,
    typer.Option("--group", min=1, max=10, help=help_of("共同利用の最大団体数", "Bodies in a group at most")),
]
Verification = Annotated[
    bool, _option("--verification", None, "検証環境のものも作る", "For verification environments too")
]
DryRun = Annotated[bool, _option("--dry-run", None, "書かずに示す", "Show, and write nothing")]


def init(
    who: Who = None,
    everybody: Everybody = False,
    prefecture: Prefectures = None,
    to: To = None,
    share: Share = None,
    assignments: Assignments = None,
    hubs: Hubs = None,
    example_hubs: ExampleHubs = False,
    shared: Shared = "account",
    group: GroupSize = 8,
    verification: Verification = False,
    dry_run: DryRun = False,
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Write a valid manifest for every body; what somebody has edited is never overwritten."""
    console = consoles.begin(json=json, quiet=quiet)
    if not (who or prefecture or everybody):
        raise Trouble(
            Exit.USAGE,
            Text("どの団体か指定されていません。", "Nobody was named."),
            do=Text(
                "全団体なら --all、または団体コードや --prefecture を指定してください。",
                "--all means every body; or name codes, or use --prefecture.",
            ),
        )
    folder = (to.absolute() if to else generated(REPO)).resolve()
    wishes = _wishes(share, assignments, hubs, folder, example_hubs, shared, group, verification)
    wanted = None if everybody else _wanted(who or [], prefecture or [])
    country = _planned(console, wishes, folder)
    _stop_if_invalid(console, country)
    stop_if_built(country, everybody=everybody)
    if dry_run:
        _tell(console, country, None, wanted)
        return Exit.OK
    from scripts.fleet.country import write

    try:
        written = write(country, wanted)
    except OSError as error:
        raise _unwritable(folder, error) from None
    _tell(console, country, written, wanted)
    return Exit.OK


def _wishes(
    share: str | None,
    assignments: Path | None,
    hubs: Path | None,
    folder: Path,
    example_hubs: bool,
    shared: Literal["account", "network", "application"],
    group: int,
    verification: bool,
) -> Wishes:
    from scripts.fleet import assignments as tables
    from stacks.country import SHARE, Wishes, example_gateways
    from stacks.registry import registry

    known = registry()
    try:
        gateways = dict(example_gateways()) if example_hubs else {}
        if hubs is not None:
            gateways |= tables.hubs(str(hubs), _data(hubs), known)
        return Wishes(
            share=tables.share(share) if share else SHARE,
            assignments=tables.assignments(str(assignments), _data(assignments), known)
            if assignments
            else {},
            gateways=gateways,
            isolation=shared,
            group=group,
            environments=("production", "verification") if verification else ("production",),
            schema=Path(os.path.relpath(REPO / "stacks/schema/stack.schema.json", folder)).as_posix(),
        )
    except Problems as wrong:
        raise troubled(wrong.problems) from None


def _data(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Trouble(
            Exit.USAGE,
            Text("ファイルを読めません。", "The file cannot be read."),
            where=str(file),
            why=error.strerror,
            do=Text("パスと読み取り権限を確かめてください。", "Check the path and that it may be read."),
        ) from None


def _wanted(who: list[str], prefectures: list[str]) -> Callable[[Planned], bool]:
    """Whether a planned stack is for one of those who were named. Raises Trouble for a name of nobody."""
    from scripts.cli.new import body_called
    from scripts.fleet.selection import prefectures as spellings
    from stacks.problems import unknown
    from stacks.registry import registry

    known = registry()
    codes = {body_called(word, known).code for word in who}
    names = spellings(known.governments.values())
    wrong = [p for p in prefectures if p not in names]
    if wrong:
        what = Text("都道府県", "prefecture")
        raise troubled([unknown("unknown-prefecture", ("--prefecture",), p, names, what) for p in wrong])
    meant = {names[p] for p in prefectures}

    def wanted(planned: Planned) -> bool:
        own = {seat.body.code for seat in planned.order.seats} | {planned.order.body.code}
        return planned.order.body.prefecture in meant or not codes.isdisjoint(own)

    return wanted


def _planned(console: Console, wishes: Wishes, folder: Path) -> Draft:
    from scripts.fleet.country import plan
    from stacks.registry import registry

    try:
        with _progress(console) as tick:
            return plan(wishes, folder, REPO, registry(), console.language, tick=tick)
    except ValueError as error:
        raise Trouble(
            Exit.REFUSED,
            Text(
                "アドレスが足りません。何も書いていません。",
                "There are not enough addresses; nothing was written.",
            ),
            why=str(error),
            do=Text(
                "使われなくなったマニフェストを除くか、--verification を外してください。",
                "Take away manifests that are no longer used, or leave --verification out.",
            ),
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from None


@contextmanager
def _progress(console: Console) -> Generator[Callable[[int, int], None]]:
    """A bar while the manifests are checked; nothing where nobody watches."""
    if not console.live:
        yield lambda _done, _all: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console.err, transient=True) as bar:
        task = bar.add_task(console.t(Text("マニフェストの検査", "checking manifests")), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _stop_if_invalid(console: Console, country: Draft) -> None:
    if not country.problems:
        return
    lines = [line for p in country.problems[:SHOWN] for line in p.lines(console.language)]
    count = len(country.problems)
    raise Trouble(
        Exit.INVALID,
        Text(
            f"指定された内容では有効なマニフェストになりません（{count}件）。何も書いていません。",
            f"What was asked for gives no valid manifests ({count} problems); nothing was written.",
        ),
        why="\n".join(lines),
        do=Text(
            "--assignments、--share、--hubs を見直してください。",
            "Reconsider --assignments, --share and --hubs.",
        ),
        details={"problems": [p.record() for p in country.problems]},
    )


def stop_if_built(country: Draft, *, everybody: bool) -> None:
    """A stack that stands must not lose its manifest, nor be sent to another unit or range.

    Raises Trouble, with nothing written yet.
    """
    from scripts.cli.states import built
    from scripts.fleet.country import moved

    committed = country.folder == tenants(REPO).resolve()
    if not committed and country.folder != generated(REPO).resolve():
        return
    standing = {*built(cloud=False), *(built(cloud=True) if committed else ())}
    files = [*(country.stale if everybody else ()), *moved(country)]
    doomed = sorted(standing.intersection(_names(f.name for f in files)))
    if doomed:
        raise Trouble(
            Exit.REFUSED,
            Text(
                f"構築済みの{len(doomed)}スタックが、マニフェストを失うか、別のユニットやアドレスに移ります。"
                "何も書いていません。",
                f"{len(doomed)} stacks that stand would lose their manifest, or move to another unit or"
                " range; nothing was written.",
            ),
            why=", ".join(doomed[:SHOWN]),
            do=Text(
                "先に撤去するか（./jichitai fleet destroy）、--to で別の場所に書いてください。",
                "Tear them down first (./jichitai fleet destroy), or write elsewhere with --to.",
            ),
        )


def _unwritable(folder: Path, error: OSError) -> Trouble:
    return Trouble(
        Exit.USAGE,
        Text("マニフェストの場所を使えません。", "The folder of the manifests cannot be used."),
        where=str(error.filename or folder),
        why=error.strerror,
        do=Text("書ける場所を --to で指定してください。", "Name a folder that can be written to with --to."),
    )


def _tell(
    console: Console,
    country: Draft,
    written: Written | None,
    wanted: Callable[[Planned], bool] | None,
) -> None:
    stacks = [p for p in country.planned if wanted is None or wanted(p)]
    clouds = Counter(p.order.cloud for p in stacks)
    groups = sum(1 for p in stacks if p.order.isolation is not None)
    if console.json:
        console.document(
            {
                "result": "written" if written else "planned",
                "folder": str(country.folder),
                "stacks": len(stacks),
                "clouds": dict(clouds),
                "shared": groups,
                "new": _names(written.new if written else ()),
                "rewritten": _names(written.rewritten if written else ()),
                "unchanged": written.unchanged if written else None,
                "removed": _names(written.removed if written else ()),
                "kept": _names(f.name for f in country.kept),
            }
        )
        return
    count = ", ".join(f"{cloud} {number}" for cloud, number in clouds.most_common())
    console.line(
        Text(
            f"{len(stacks)}スタック（{count}、共同利用 {groups}）: {country.folder}",
            f"{len(stacks)} stacks ({count}; {groups} in shared use): {country.folder}",
        )
    )
    if written is None:
        console.say(Text("書いていません（--dry-run）。", "Nothing was written (--dry-run)."))
        return
    console.say(
        Text(
            f"新規 {len(written.new)}、書き換え {len(written.rewritten)}、変更なし {written.unchanged}、"
            f"削除 {len(written.removed)}、編集済みのため維持 {len(country.kept)}",
            f"{len(written.new)} new, {len(written.rewritten)} rewritten, {written.unchanged} unchanged, "
            f"{len(written.removed)} removed, {len(country.kept)} kept as somebody edited them",
        ),
        "good",
    )
    console.line(
        Text(
            "次に: ./jichitai fleet list、./jichitai fleet preview --all",
            "Next: ./jichitai fleet list, ./jichitai fleet preview --all",
        )
    )


def _names(files: Any) -> list[str]:
    names = cast(Collection[str], list(files))
    return [name.removeprefix("Pulumi.").removesuffix(".yaml") for name in names]
