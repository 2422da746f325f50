"""Change the twin behind the engine's back: `tamper`, `deliver`, `reset`."""

from __future__ import annotations

from typing import Annotated

import typer

from providers.twin.sakura import admin as sakura_admin
from scripts.cli import console, sakura
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Json
from scripts.cli.twin.common import (
    SAY,
    Folder,
    Kind,
    Region,
    Unit,
    What,
    help_of,
    item_of,
    item_record,
    place_of,
    record_of,
    store_of,
)
from stacks.text import Text


def tamper(
    what: What,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help=help_of("値を変える", "Set a property")),
    ] = None,
    removed: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="PATH", help=help_of("値を消す", "Remove a property")),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help=help_of("リソースごと消す", "Delete the resource"))
    ] = False,
    kind: Kind = "",
    unit: Unit = "",
    region: Region = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Change or delete a stored resource; the next refresh or drift finds it."""
    shown = console.begin(json=json)
    wanted: dict[str, str | None] = {}
    for change in changes or []:
        path, equals, value = change.partition("=")
        if not equals:
            raise Trouble(
                Exit.USAGE,
                Text(
                    ja=f"--set は PATH=VALUE の形で指定してください: {change}",
                    en=f"--set takes PATH=VALUE, not {change}",
                ),
            )
        wanted[path] = value
    wanted |= dict.fromkeys(removed or [])
    if bool(wanted) == delete:
        raise Trouble(
            Exit.USAGE,
            Text(
                ja="--set / --unset か --delete の一方を指定してください",
                en="Give either --set / --unset or --delete.",
            ),
        )
    if (item := item_of(folder, what, kind, unit, region)) is not None:
        record = item_record(item)
        if delete:
            sakura_admin.remove(item)
        else:
            sakura_admin.tamper(item, wanted)
    else:
        with store_of(folder) as store:
            from providers.twin import admin

            row = admin.find(store, what, kind, unit=unit, region=region)
            record = record_of(row)
            if delete:
                admin.remove(store, row)
            else:
                admin.tamper(store, row, wanted)
    if json:
        shown.document({**record, "deleted": delete, "changed": sorted(wanted)})
    touched = f"{record['type']} {record['id']}"
    shown.say(
        Text(ja=f"{touched} を消しました", en=f"deleted {touched}")
        if delete
        else Text(
            ja=f"{touched} の {', '.join(wanted)} を変えました",
            en=f"changed {', '.join(wanted)} of {touched}",
        ),
        "good",
    )


def deliver(
    kind: Annotated[str, typer.Argument(metavar="TYPE")],
    what: Annotated[str, typer.Argument(metavar="ID")],
    unit: Unit,
    region: Region = "ap-northeast-1",
    properties: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help=help_of("値", "A property")),
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a resource that somebody else delivers into a unit."""
    shown = console.begin(json=json)
    values = {path: value for path, _, value in (item.partition("=") for item in properties or [])}
    with store_of(folder) as store:
        from providers.twin.admin import deliver as put

        put(store, kind.split(":")[0], unit, region, kind, what, values)
    if json:
        shown.document({"type": kind, "id": what, "unit": unit, "region": region})
    shown.say(Text(ja=f"{kind} {what} を置きました", en=f"{kind} {what} is in place"), "good")


def reset(
    unit: Unit = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help=help_of("確認しない", "Do not ask"))] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Forget a unit, or everything."""
    shown = console.begin(json=json)
    what = Text(ja=f"ユニット {unit}", en=f"unit {unit}") if unit else Text(ja="すべて", en="everything")
    if not yes and not typer.confirm(
        Text(ja=f"ツインの{what.ja}を忘れますか", en=f"Forget {what.en} in the twin?").say(SAY)
    ):
        raise Trouble(Exit.REFUSED, Text(ja="何もしていません。", en="Nothing was done."))
    with store_of(folder) as store:
        gone = store.reset(unit=unit)
    for owner, place in list(sakura.units(place_of(folder))):
        if unit in ("", owner):
            gone += sakura_admin.reset(owner, place)
    if json:
        shown.document({"unit": unit or None, "forgotten": gone})
    shown.say(Text(ja=f"{gone} 個のリソースを忘れました", en=f"forgot {gone} resources"), "good")
