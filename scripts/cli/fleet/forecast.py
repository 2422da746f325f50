"""`./jichitai fleet estimate`: how long a first `up` on the real clouds would take, with its arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit
from scripts.cli.fleet.choose import DatabaseOption, chosen, opened
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Json
from scripts.fleet.selection import Selection
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.text import Text

if TYPE_CHECKING:
    from scripts.fleet.estimate import Estimate
    from scripts.fleet.model import StackRef

RESOURCES = 150
"""Of a stack where there is no state to count them in."""

Memory = Annotated[
    float,
    typer.Option("--memory", min=1, help=help_of("計算機のメモリ（GiB）", "Memory of the machine, GiB")),
]
Machines = Annotated[int, typer.Option("--machines", min=1, help=help_of("計算機の台数", "Machines"))]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        show_default=False,
        help=help_of("同時に扱うスタック数（既定: メモリから）", "Stacks at once (default: by memory)"),
    ),
]


def estimate(
    selection: Selection,
    memory: Memory = 24,
    machines: Machines = 1,
    jobs: Jobs = None,
    database: DatabaseOption = None,
    json: Json = False,
) -> int:
    """Show the arithmetic; with no selection, of all stacks."""
    console = consoles.begin(json=json)
    refs = chosen(selection, opened(selection, database), everything=True)
    from scripts.fleet.estimate import estimate as reckon
    from scripts.fleet.estimate import jobs_of

    made = reckon(
        [
            (cast(CloudName, cloud), _own(ref), RESOURCES)
            for ref in refs
            for cloud in ref.clouds
            if cloud in CLOUDS
        ],
        jobs or jobs_of(memory) * machines,
    )
    if console.json:
        from dataclasses import asdict

        console.document(asdict(made))
        return Exit.OK
    _show(console, made)
    return Exit.OK


def _own(ref: StackRef) -> bool:
    """Whether the stack has circuits of its own."""
    try:
        return "mode: own" in ref.path.read_text(encoding="utf-8")
    except OSError:
        return False


def _show(console: Console, made: Estimate) -> None:
    from scripts.fleet.estimate import CALLS, MEMORY_MB, PACES

    for share in made.shares:
        pace = PACES[share.cloud]
        slow = pace.circuit if share.own_circuits and pace.circuit else pace.chain[0]
        way = Text("専用線", "own circuits") if share.own_circuits else Text("ハブ", "hub")
        console.line(f"{share.cloud} ({console.t(way)}): {share.stacks}")
        waited = f"{console.t(slow.what)} {share.waiting:g} min [{slow.basis}] {console.t(slow.source)}"
        console.line(f"  {console.t(Text('待ち', 'waiting'))}: {waited}")
        asked = (
            f"{share.resources} × {CALLS} / {pace.rate:g}/s = {share.requests:.1f} min"
            f" [{pace.rate_basis}] {console.t(pace.rate_source)}"
        )
        console.line(f"  {console.t(Text('要求', 'requests'))}: {asked}")
        total = share.minutes * share.stacks
        console.line(f"  max({share.waiting:g}, {share.requests:.1f}) × {share.stacks} = {total:,.0f} min")
    longest = max(share.minutes for share in made.shares)
    console.line(f"({made.stack_minutes:,.0f} min / {made.jobs} + {longest:g} min) / 60 = {made.hours:.1f} h")
    console.line(
        Text(
            f"同時 {made.jobs} スタック × {MEMORY_MB} MB = {made.memory_gb:.1f} GiB。"
            "実クラウドで測った値ではない。",
            f"{made.jobs} stacks at once × {MEMORY_MB} MB = {made.memory_gb:.1f} GiB. "
            "None of this was measured on a real cloud.",
        )
    )
