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
        Literal["all", "preview", "clouds", "plan", "validate", "policies", "sakura", "bootstrap", "country"],
        typer.Argument(help=Text("測るもの", "What to measure").say(_LANGUAGE)),
    ] = "all",
    rounds: Annotated[
        int, typer.Option(min=1, max=50, help=Text("繰り返しの数", "Rounds").say(_LANGUAGE))
    ] = 5,
    json: Annotated[
        bool, typer.Option("--json", help=Text("JSON で出す", "Print JSON").say(_LANGUAGE))
    ] = False,
) -> None:
    """Measure, and say what is within its limit. Ends with 4 when something is not."""
    console = consoles.begin(json=json)
    found: list[Figure] = []
    for figure in _figures(what, rounds):
        found.append(figure)
        mark = "note" if figure.limit is None else "good" if figure.good else "bad"
        limit = f" (≤ {figure.limit:g})" if figure.limit is not None else ""
        console.say(f"{figure.name}: {figure.value:.3g} {figure.unit}{limit}  {figure.detail}", mark)
    if json:
        console.document([figure.record() for figure in found])
    if not all(figure.good for figure in found):
        raise typer.Exit(int(Exit.DIFFERENT))


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
