"""`./jichitai fleet preview|up|refresh|drift|destroy`, and what concerns a run that there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet.choose import DatabaseOption, chosen, committed, listed, opened, runs_of
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Cloud, Json, Quiet, Yes
from scripts.fleet.model import Operation, RunId, StackRef, Target
from scripts.fleet.options import Options, Rate
from scripts.fleet.selection import Selection
from stacks.registry.clouds import CLOUDS
from stacks.text import Text

CANARY = 3
"""Stacks that go first where something is changed and nothing else was said."""
WAVES = (0.1, 1.0)
"""The waves after the canary, as cumulative shares."""
CHANGING: frozenset[Operation] = frozenset({"up", "refresh", "destroy"})
"""Operations that begin with a canary: they write."""
BUDGET = 0.05
"""The share of stacks that may fail before no new work is begun, where something is changed."""

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=256,
        help=help_of("同時に扱うスタック数（既定: コア数）", "Stacks worked on at once (default: cores)"),
        show_default=False,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=help_of("対象を示すだけ", "Only list what is meant"))]
CanaryOption = Annotated[
    int | None,
    typer.Option(
        "--canary",
        min=0,
        help=help_of(
            "先に行う数（既定: 変更する操作で 3）",
            "Stacks that go first (default: 3 where something changes)",
        ),
        show_default=False,
    ),
]
WavesOption = Annotated[
    str | None,
    typer.Option(
        "--waves",
        metavar="10%,50%,100%|FILE",
        help=help_of(
            "残りを分ける割合（累積）、または波ごとのスタック名を空行で区切ったファイル",
            "Cumulative shares of the rest, or a file of stacks with an empty line between waves",
        ),
        show_default=False,
    ),
]
Approve = Annotated[
    bool,
    typer.Option("--approve", help=help_of("波ごとに承認を待つ", "Wait for approval after each wave")),
]
MaxFailures = Annotated[
    str | None,
    typer.Option(
        "--max-failures",
        metavar="N|N%",
        help=help_of(
            "失敗がこれを超えたら新しい作業を始めない（既定: 変更する操作で 5%）",
            "Begin nothing new once more than this failed (default: 5% where something changes)",
        ),
        show_default=False,
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        "--tolerance",
        min=0,
        max=1,
        help=help_of("波の中で失敗してもよい割合", "Share of a wave that may fail at its gate"),
    ),
]
Retries = Annotated[
    int, typer.Option("--retries", min=0, max=20, help=help_of("再試行の回数", "Attempts after the first"))
]
TimeLimit = Annotated[
    str,
    typer.Option(
        "--time-limit", metavar="60m", help=help_of("スタックあたりの制限時間", "Time limit of a stack")
    ),
]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="CLOUD=N",
        help=help_of("クラウドごとの同時実行数", "Stacks at once on a cloud"),
        show_default=False,
    ),
]
AccountLimit = Annotated[
    int | None,
    typer.Option(
        "--limit-per-account",
        min=1,
        help=help_of("アカウントごとの同時実行数", "Stacks at once in one account"),
        show_default=False,
    ),
]
RateOption = Annotated[
    list[str] | None,
    typer.Option(
        "--rate",
        metavar="CLOUD=N/60s",
        help=help_of("クラウドごとに、時間あたり始める数", "Stacks begun on a cloud in a time"),
        show_default=False,
    ),
]
NoSkip = Annotated[
    bool,
    typer.Option("--no-skip", help=help_of("変わっていないスタックも実行する", "Run unchanged stacks too")),
]
NoPolicies = Annotated[
    bool, typer.Option("--no-policies", help=help_of("ポリシーを見ない", "Do not ask the policies"))
]


def preview(
    selection: Selection,
    jobs: Jobs = None,
    limit: Limit = None,
    limit_per_account: AccountLimit = None,
    rate: RateOption = None,
    max_failures: MaxFailures = None,
    retries: Retries = 3,
    time_limit: TimeLimit = "60m",
    no_skip: NoSkip = False,
    no_policies: NoPolicies = False,
    real: Cloud = False,
    dry_run: DryRun = False,
    database: DatabaseOption = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """See what `up` would do to each stack, without doing it."""
    options = _options("preview", limit, limit_per_account, rate, retries, time_limit, no_skip, no_policies)
    return _begin("preview", selection, options, jobs, max_failures, real, dry_run, database, quiet, json)


def drift(
    selection: Selection,
    jobs: Jobs = None,
    limit: Limit = None,
    limit_per_account: AccountLimit = None,
    rate: RateOption = None,
    max_failures: MaxFailures = None,
    retries: Retries = 3,
    time_limit: TimeLimit = "60m",
    real: Cloud = False,
    dry_run: DryRun = False,
    database: DatabaseOption = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Show what was changed behind the engine's back. Exit code 4 when something was."""
    options = _options("drift", limit, limit_per_account, rate, retries, time_limit, False, False)
    return _begin("drift", selection, options, jobs, max_failures, real, dry_run, database, quiet, json)


def _changing(operation: Operation) -> Callable[..., int]:
    def command(
        selection: Selection,
        jobs: Jobs = None,
        canary: CanaryOption = None,
        waves: WavesOption = None,
        approve: Approve = False,
        max_failures: MaxFailures = None,
        tolerance: Tolerance = 0.0,
        limit: Limit = None,
        limit_per_account: AccountLimit = None,
        rate: RateOption = None,
        retries: Retries = 3,
        time_limit: TimeLimit = "60m",
        no_skip: NoSkip = False,
        no_policies: NoPolicies = False,
        real: Cloud = False,
        yes: Yes = False,
        dry_run: DryRun = False,
        database: DatabaseOption = None,
        quiet: Quiet = False,
        json: Json = False,
    ) -> int:
        options = _options(
            operation, limit, limit_per_account, rate, retries, time_limit, no_skip, no_policies
        )
        return _begin(
            operation,
            selection,
            {**options, "approve": approve, "tolerance": tolerance},
            jobs,
            max_failures,
            real,
            dry_run,
            database,
            quiet,
            json,
            canary=canary,
            waves=waves,
            yes=yes,
        )

    return command


up, refresh, destroy = _changing("up"), _changing("refresh"), _changing("destroy")


def _options(
    operation: Operation,
    limit: Sequence[str] | None,
    account: int | None,
    rate: Sequence[str] | None,
    retries: int,
    time_limit: str,
    no_skip: bool,
    no_policies: bool,
) -> dict[str, Any]:
    return {
        "clouds": {cloud: _whole("--limit", n) for cloud, n in _pairs("--limit", limit)},
        "account": account,
        "rates": {cloud: _rate(n) for cloud, n in _pairs("--rate", rate)},
        "retries": retries,
        "seconds": duration("--time-limit", time_limit),
        "skip": not no_skip and operation in ("preview", "up"),
        "policies": not no_policies and os.environ.get("JICHITAI_POLICIES") != "off",
    }


def _begin(
    operation: Operation,
    selection: Selection,
    options: dict[str, Any],
    jobs: int | None,
    max_failures: str | None,
    cloud: bool,
    dry_run: bool,
    database: str | None,
    quiet: bool,
    json: bool,
    *,
    canary: int | None = None,
    waves: str | None = None,
    yes: bool = False,
) -> int:
    console = consoles.begin(json=json, quiet=quiet)
    refs = chosen(selection, opened(selection, database))
    if cloud:
        committed(refs)
    if dry_run:
        listed(console, refs)
        return Exit.OK
    target: Target = "cloud" if cloud else "twin"
    shares, lists = wave_plan(waves)
    changing = operation in CHANGING
    budget = allowed_failures(max_failures, len(refs)) if max_failures else None
    if max_failures is None and changing:
        budget = max(1, round(len(refs) * BUDGET))
    made = Options(**options, budget=budget)
    if changing and not yes and (cloud or operation == "destroy"):
        _ask(console, operation, refs, cloud=cloud)
    from scripts.cli.fleet.roll import roll

    return roll(
        console,
        operation,
        target,
        refs,
        str(selection),
        made,
        jobs=jobs or os.cpu_count() or 2,
        database=runs_of(database),
        canary=(CANARY if canary is None else canary) if changing and not lists else 0,
        shares=shares or (WAVES if changing else (1.0,)),
        lists=lists,
    )


def _ask(console: Console, operation: Operation, refs: Sequence[StackRef], *, cloud: bool) -> None:
    from scripts.cli.session import confirm

    where = Text("実クラウド", "the real cloud") if cloud else Text("ツイン", "the twin")
    production = sum(ref.environment == "production" for ref in refs)
    confirm(
        Text(
            ja=f"{where.ja}の {len(refs)} スタック（うち本番 {production}）に {operation} を行います。"
            "確認のため件数を入力してください",
            en=f"{operation} of {len(refs)} stacks ({production} in production) on {where.en}."
            " To confirm, type their number",
        ),
        console,
        expected=str(len(refs)),
    )


def wave_plan(text: str | None) -> tuple[tuple[float, ...], list[Collection[str]]]:
    """What `--waves` says: shares, or lists of stacks from a file. Raises Trouble."""
    if text is None:
        return (), []
    parts = [part.strip() for part in text.split(",")]
    if all(part.endswith("%") for part in parts):
        try:
            shares = tuple(float(part[:-1]) / 100 for part in parts)
        except ValueError:
            shares = ()
        if shares and all(0 < a <= 1 for a in shares) and list(shares) == sorted(set(shares)):
            return shares, []
        raise _wrong("--waves", text, Text("10%,50%,100% のような増える割合", "rising shares: 10%,50%,100%"))
    try:
        blocks = Path(text).read_text(encoding="utf-8").split("\n\n")
    except OSError as error:
        raise _wrong("--waves", text, Text("割合、またはファイル", "shares, or a file")) from error
    lists: list[Collection[str]] = [
        {w for line in b.splitlines() for w in line.split("#")[0].split()} for b in blocks
    ]
    return (), [names for names in lists if names]


def allowed_failures(text: str, stacks: int) -> int:
    """How many of `stacks` may fail: `3`, or `2%` (rounded down). Raises Trouble."""
    try:
        given = float(text[:-1]) if text.endswith("%") else int(text)
        number = int(stacks * given / 100) if text.endswith("%") else int(given)
    except (ValueError, OverflowError):
        given = number = -1
    if given < 0:
        raise _wrong("--max-failures", text, Text("件数か割合（3、2%）", "a number or a share (3, 2%)"))
    return number


def duration(option: str, text: str) -> float:
    """Seconds of `90s`, `30m`, `2h` or a plain number of seconds. Raises Trouble."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        seconds = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise _wrong(option, text, Text("時間（90s、30m、2h）", "a time (90s, 30m, 2h)"))
    return seconds


def _pairs(option: str, values: Sequence[str] | None) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for value in values or ():
        cloud, equals, number = value.partition("=")
        if not equals or cloud not in CLOUDS:
            raise _wrong(
                option,
                value,
                Text(f"クラウド名=値（{', '.join(CLOUDS)}）", f"CLOUD=… of {', '.join(CLOUDS)}"),
            )
        found.append((cloud, number))
    return found


def _whole(option: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise _wrong(option, text, Text("1 以上の整数", "a whole number from 1"))
    return int(text)


def _rate(text: str) -> Rate:
    number, _, seconds = text.partition("/")
    return Rate(_whole("--rate", number), duration("--rate", seconds or "60s"))


def _wrong(option: str, value: str, allowed: Text) -> Trouble:
    return Trouble(
        Exit.USAGE,
        Text(ja=f"{option} の値 {value} は使えません。", en=f"{value} is not a value of {option}"),
        why=Text(ja=f"使えるもの: {allowed.ja}", en=f"allowed: {allowed.en}"),
    )


RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="[RUN]", help=help_of("実行の名前（既定: 最新）", "The run (default: the newest)")
    ),
]


def run_of(runs: Any, name: str) -> RunId:
    """The run that is meant: by name, by its beginning, or `latest`. Raises Trouble."""
    heads = [head.run for head in runs.heads()]
    found = heads[:1] if name == "latest" else [run for run in heads if run.startswith(name)]
    if name in heads:
        return RunId(name)
    if len(found) == 1:
        return found[0]
    recent = "\n".join(heads[:5]) or "-"
    raise Trouble(
        Exit.USAGE,
        Text(ja=f"実行 {name} がありません。", en=f"there is no run {name}")
        if not found
        else Text(
            ja=f"{name} に当てはまる実行が {len(found)} 件あります。", en=f"{name} means {len(found)} runs"
        ),
        why=Text(ja=f"最近の実行:\n{recent}", en=f"recent runs:\n{recent}"),
    )


def resume(
    run: RunArgument = "latest",
    jobs: Jobs = None,
    database: DatabaseOption = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Go on with what failed or never began; join a run that is under way elsewhere."""
    console = consoles.begin(json=json, quiet=quiet)
    runs = runs_of(database)
    from scripts.cli.fleet.roll import again

    return again(console, runs, run_of(runs, run), jobs=jobs or os.cpu_count() or 2)


def cancel(
    run: RunArgument = "latest",
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help=help_of("実行中のものも、状態を保存して切り上げる", "Cut short what runs, its state saved"),
        ),
    ] = False,
    database: DatabaseOption = None,
    json: Json = False,
) -> int:
    """Have a run begin nothing new, wherever it runs."""
    console = consoles.begin(json=json)
    runs = runs_of(database)
    name = run_of(runs, run)
    why = Text(ja="fleet cancel で止めました。", en="stopped by `fleet cancel`")
    done = runs.set_status(name, "cutting" if now else "stopping", why, before=("active", "stopping"))
    if json:
        console.document({"run": name, "stopping": done})
    console.say(
        Text(
            ja=f"{name} を止めます。新しい作業は始めません。",
            en=f"{name} is being stopped; nothing new begins",
        )
        if done
        else Text(ja=f"{name} はもう終わっています。", en=f"{name} has ended already"),
        "good" if done else "note",
    )
    return Exit.OK
