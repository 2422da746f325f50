"""Start, stop and attach the twin: `start`, `stop`, `status`, `env`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import typer

from providers.twin import client
from providers.twin.sakura import client as sakura_client
from scripts.cli import console, sakura
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Json
from scripts.cli.twin.common import Folder, Unit, place_of, store_of
from stacks.text import Text


def start(folder: Folder = None, json: Json = False) -> None:
    """Start the twin, if it does not run."""
    shown = console.begin(json=json)
    running = _ensure(folder)
    if json:
        shown.document(_status(running))
    shown.say(
        Text(ja=f"ツインが動いています（PID {running.pid}）", en=f"the twin runs (PID {running.pid})"), "good"
    )


def stop(folder: Folder = None, json: Json = False) -> None:
    """Stop the twin."""
    shown = console.begin(json=json)
    try:
        stopped = client.stop(folder)
    except client.TwinError as error:
        raise Trouble(Exit.TWIN, error.text) from error
    for _, place in sakura.units(place_of(folder)):
        if sakura_client.status(place) is not None:
            sakura_client.stop(place)
            stopped = True
    if json:
        shown.document({"stopped": stopped})
    shown.say(
        Text(ja="ツインを止めました", en="the twin is stopped")
        if stopped
        else Text(ja="ツインは動いていません", en="the twin was not running"),
        "good",
    )


def status(folder: Folder = None, json: Json = False) -> None:
    """Say whether the twin runs, where, and how much it remembers."""
    shown = console.begin(json=json)
    running = client.status(folder)
    with store_of(folder) as store:
        size, units = store.size(), store.units()
    if json:
        shown.document(
            {
                "running": running is not None,
                **(_status(running) if running else {}),
                "resources": size,
                "units": [{"cloud": cloud, "unit": unit} for cloud, unit in units],
            }
        )
        return
    if running is None:
        shown.line(Text(ja="ツインは動いていません", en="the twin is not running"))
    else:
        shown.line(
            Text(
                ja=f"ツインが動いています（PID {running.pid}、{client.debug_providers(running)}）",
                en=f"the twin runs (PID {running.pid}, {client.debug_providers(running)})",
            )
        )
    shown.line(Text(ja=f"{len(units)} ユニット、{size} リソース", en=f"{len(units)} units, {size} resources"))


def env(unit: Unit = "", folder: Folder = None, json: Json = False) -> None:
    """Print the shell lines that attach a plain pulumi to the twin, starting it if need be.

    With the `unit` of a project on さくら also those that lead its provider to that unit's twin.
    """
    shown = console.begin(json=json)
    values = {"PULUMI_DEBUG_PROVIDERS": client.debug_providers(_ensure(folder))}
    if unit:
        values |= sakura.environment(place_of(folder), unit)
    if json:
        shown.document(values)
    else:
        typer.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items()))


def _ensure(folder: Path | None) -> client.Running:
    try:
        return client.ensure(folder)
    except client.TwinError as error:
        raise Trouble(Exit.TWIN, error.text) from error


def _status(running: client.Running) -> dict[str, Any]:
    return {
        "pid": running.pid,
        "ports": dict(running.ports),
        "dir": str(running.folder),
        "started": running.started,
    }
