"""`./jichitai fleet soak`: kill the fleet's parts at random moments, and prove that nothing is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scripts.cli import console as consoles
from scripts.cli.exits import Exit
from scripts.cli.fleet.options import help_of
from scripts.cli.options import Json, Quiet
from stacks.text import Text


def soak(
    kills: Annotated[
        int, typer.Option("--kills", min=1, help=help_of("落とす回数", "How often something is killed"))
    ] = 200,
    size: Annotated[
        int, typer.Option("--stacks", min=1, help=help_of("訓練用スタックの数", "Stacks of a drill run"))
    ] = 100,
    coordinators: Annotated[
        int, typer.Option("--coordinators", min=1, help=help_of("同時に動かす数", "How many share the work"))
    ] = 1,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=1, help=help_of("それぞれの同時実行数", "Stacks at once in each")),
    ] = 3,
    seed: Annotated[
        int,
        typer.Option("--seed", help=help_of("同じ値なら同じ順に落とす", "The same kills for the same seed")),
    ] = 0,
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            metavar="URL",
            help=help_of("空のデータベース（既定: 一時的な SQLite）", "An empty database (default: SQLite)"),
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> int:
    """Kill coordinators, workers and forks of drill runs; exit code 4 when anything is lost or doubled."""
    from scripts.fleet.soak import soak as drill

    console = consoles.begin(json=json, quiet=quiet)
    with tempfile.TemporaryDirectory(prefix="jichitai-soak-") as folder:
        found = drill(
            Path(folder),
            database or f"sqlite:///{folder}/fleet.sqlite",
            kills=kills,
            size=size,
            slots=jobs,
            coordinators=coordinators,
            seed=seed,
            told=console.say,
        )
    if json:
        console.document(
            {
                "kills": dict(found.kills),
                "runs": found.runs,
                "stacks": found.stacks,
                "begun": found.begun,
                "seconds": round(found.seconds, 1),
                "wrong": found.wrong,
            }
        )
    for line in found.wrong:
        console.say(line, "bad")
    killed = ", ".join(f"{kind} {number}" for kind, number in sorted(found.kills.items()))
    console.say(
        Text(
            ja=f"{found.kills.total()} 回落とし（{killed}）、{found.stacks} スタックのうち"
            f"問題は {len(found.wrong)} 件（{found.seconds:.0f} 秒）",
            en=f"{found.kills.total()} kills ({killed}), {found.stacks} stacks, {len(found.wrong)} wrong"
            f" ({found.seconds:.0f} s)",
        ),
        "bad" if found.wrong else "good",
    )
    return Exit.DIFFERENT if found.wrong else Exit.OK
