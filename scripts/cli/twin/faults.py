"""Cause trouble in the twin: `fault`."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from providers.twin.sakura import admin as sakura_admin
from scripts.cli import console, sakura
from scripts.cli.options import Json
from scripts.cli.twin.common import Folder, help_of, place_of, store_of
from stacks.text import Text


def fault(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help=help_of("障害の名前", "A name for it"))
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="throttle|transient|slow|stuck|lost-reply|zone|region|circuit",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        str,
        typer.Option(help=help_of("失われるゾーン・リージョン・回線", "The zone, region or circuit lost")),
    ] = "",
    token: Annotated[str, typer.Option("--match", help=help_of("種類のパターン", "Glob over types"))] = "",
    urn: Annotated[str, typer.Option(help=help_of("URN のパターン", "Glob over URNs"))] = "",
    operation: Annotated[
        list[str] | None, typer.Option("--on", metavar="create|read|update|delete|invoke")
    ] = None,
    probability: Annotated[float, typer.Option(min=0, max=1)] = 1.0,
    call: Annotated[
        list[int] | None, typer.Option(help=help_of("何回目の呼び出しか", "Which matching call, from 1"))
    ] = None,
    times: Annotated[
        int, typer.Option(min=0, help=help_of("最初の何回か（0: ずっと）", "The first N calls (0: all)"))
    ] = 0,
    seconds: Annotated[float, typer.Option(min=0)] = 30.0,
    scale: Annotated[
        float,
        typer.Option(min=0, help=help_of("模擬 1 秒を何秒にするか", "Real seconds a simulated second takes")),
    ] = 0.01,
    surfaced: Annotated[
        bool,
        typer.Option("--surfaced", help=help_of("再試行しても収まらない", "Outlasts the provider's retries")),
    ] = False,
    seed: Annotated[int, typer.Option()] = 0,
    file: Annotated[
        Path | None,
        typer.Option("--file", help=help_of("障害を書いた JSON/YAML", "Faults from a JSON or YAML file")),
    ] = None,
    clear: Annotated[
        bool,
        typer.Option("--clear", help=help_of("収める（名前なしなら全部）", "End it (all, without a name)")),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a fault in force, end it, or list what is in force."""
    shown = console.begin(json=json)
    with store_of(folder) as store:
        from providers.twin import faults

        beside = list(sakura.units(place_of(folder)))
        if clear:
            for known, _, _ in store.faults():
                if name in (None, known):
                    store.set_fault(known, None)
            for _, place in beside:
                sakura_admin.clear_faults(place, name)
        elif file is not None:
            for found in faults.load(file):
                faults.put(store, found)
        elif name is not None:
            body: dict[str, Any] = {
                "kind": kind,
                "where": where,
                "type": token,
                "urn": urn,
                "probability": probability,
                "times": times,
                "seconds": seconds,
                "scale": scale,
                "surfaced": surfaced,
                "seed": seed,
                **({"operations": operation} if operation else {}),
                **({"calls": call} if call else {}),
            }
            faults.put(store, faults.parse(name, body))
            if not token and not urn:
                # What narrows a fault to a type of another cloud has no meaning there.
                for _, place in beside:
                    sakura_admin.put_fault(place, name, str(kind), where, seconds * scale, times)
        in_force = [(known, json_module.loads(body), calls) for known, body, calls in store.faults()]
    if json:
        shown.document([{"name": known, **body, "matched": calls} for known, body, calls in in_force])
        return
    for known, body, calls in in_force:
        place = body["where"] or body["type"] or body["urn"] or "*"
        shown.line(f"{known}  {body['kind']}  {place}  {calls}")
    shown.say(Text(ja=f"有効な障害: {len(in_force)}", en=f"faults in force: {len(in_force)}"))
