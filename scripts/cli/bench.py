"""`./jichitai bench`: how fast it is on this machine, as ratios of one run and figures against limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from scripts.bench.measure import Figure
from scripts.cli import console as consoles
from scripts.cli.exits import Exit
from stacks.text import Text, language_of

_LANGUAGE = language_of()


def bench(
    what: Annotated[
        Literal[
            "all",
            "preview",
            "clouds",
            "plan",
            "validate",
            "policies",
            "sakura",
            "bootstrap",
            "country",
            "fleet",
            "fleet-country",
            "fleet-scaling",
            "fleet-growth",
        ],
        typer.Argument(help=Text("測るもの", "What to measure").say(_LANGUAGE)),
    ] = "all",
    rounds: Annotated[
        int, typer.Option(min=1, max=50, help=Text("繰り返しの数", "Rounds").say(_LANGUAGE))
    ] = 5,
    stacks: Annotated[
        int | None,
        typer.Option(
            min=2,
            help=Text("fleet*: スタックの数（既定 200、国全体）", "fleet*: stacks (200; the country)").say(
                _LANGUAGE
            ),
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, help=Text("fleet*: 同時実行数", "fleet*: stacks at once").say(_LANGUAGE))
    ] = 2,
    database: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help=Text("fleet-scaling: PostgreSQL の URL", "fleet-scaling: PostgreSQL").say(_LANGUAGE),
            show_default=False,
        ),
    ] = "",
    json: Annotated[
        bool, typer.Option("--json", help=Text("JSON で出す", "Print JSON").say(_LANGUAGE))
    ] = False,
) -> None:
    """Measure, and say what is within its limit. Ends with 4 when something is not."""
    console = consoles.begin(json=json)
    found: list[Figure] = []
    for figure in _measured(what, rounds, stacks, jobs, database):
        found.append(figure)
        mark = "note" if figure.limit is None else "good" if figure.good else "bad"
        limit = f" (≤ {figure.limit:g})" if figure.limit is not None else ""
        console.say(f"{figure.name}: {figure.value:.3g} {figure.unit}{limit}  {figure.detail}", mark)
    if json:
        console.document([figure.record() for figure in found])
    if not all(figure.good for figure in found):
        raise typer.Exit(int(Exit.DIFFERENT))


def _measured(what: str, rounds: int, stacks: int | None, jobs: int, database: str) -> Iterable[Figure]:
    if not what.startswith("fleet"):
        return _figures(what, rounds)
    from scripts.bench import fleet

    if what == "fleet-country":
        return fleet.country(jobs, stacks)
    if what == "fleet-growth":
        return fleet.growth((50, 200, 800) if stacks is None else (stacks,), jobs)
    if what == "fleet-scaling":
        if not database:
            raise typer.BadParameter("--database postgresql://…")
        return fleet.scaling(database, stacks or 200)
    return fleet.throughput(stacks or 200, jobs)


def _figures(what: str, rounds: int) -> Iterable[Figure]:
    from scripts.bench import preview, pure

    if what in ("all", "plan"):
        yield from pure.planning(rounds)
    if what in ("all", "validate"):
        yield from pure.validation()
    if what in ("all", "preview"):
        yield from preview.figures(rounds)
    if what == "clouds":
        from scripts.bench import clouds

        yield from clouds.figures(rounds)
    if what == "sakura":
        from scripts.bench import sakura

        yield from sakura.figures(rounds)
    if what == "bootstrap":
        from scripts.bench import bootstrap

        yield from bootstrap.figures()
    if what == "country":
        from scripts.bench import country

        yield from country.figures()
    if what in ("all", "policies"):
        from scripts.bench import policies

        yield from policies.figures(rounds)
