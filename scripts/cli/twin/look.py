"""Look into the twin: `ls`, `show`."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated

import typer

from providers.twin.sakura import admin as sakura_admin
from scripts.cli import console, sakura
from scripts.cli.options import Json
from scripts.cli.twin.common import (
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

if TYPE_CHECKING:
    from providers.twin.store import Store


def ls(
    unit: Unit = "",
    region: Region = "",
    kind: Kind = "",
    everything: Annotated[
        bool,
        typer.Option(
            "--all", "-a", help=help_of("引き渡し時からあるものも", "Also what was there at hand-over")
        ),
    ] = False,
    unmodelled: Annotated[
        bool,
        typer.Option(
            "--unmodelled",
            help=help_of("使われたが再現していない種類と関数", "Types and functions used but not modelled"),
        ),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List what is in the twin."""
    from rich.table import Table

    shown = console.begin(json=json)
    with store_of(folder) as store:
        if unmodelled:
            _unmodelled(shown, store)
            return
        from providers.twin.admin import listing

        found = list(listing(store, everything=everything, unit=unit, region=region, type_=kind))
    beside = [
        item
        for owner, place in sakura.units(place_of(folder))
        for item in sakura_admin.listing(owner, place, everything=everything)
        if unit in ("", owner) and region in ("", item.zone) and kind in ("", item.kind, item.type)
    ]
    records = [*map(record_of, found), *map(item_record, beside)]
    if json:
        shown.document(records)
        return
    table = Table(box=None, header_style="bold")
    for heading in (
        Text("種類", "type"),
        Text("ID", "id"),
        Text("名前", "name"),
        Text("ユニット", "unit"),
        Text("リージョン", "region"),
    ):
        table.add_column(shown.t(heading), overflow="fold")
    for record in records:
        name = console.plain(record["name"])
        table.add_row(record["type"], console.plain(record["id"]), name, record["unit"], record["region"])
    shown.show(table)
    shown.say(Text(ja=f"{len(records)} 個のリソース", en=f"{len(records)} resources"))


def _unmodelled(shown: console.Console, store: Store) -> None:
    found = store.unmodelled()
    if shown.json:
        shown.document([{"token": token, "times": times} for token, times in found])
        return
    for token, times in found:
        shown.line(f"{token}  {times}")
    shown.say(
        Text(
            ja=f"固有の動作を再現していない種類・関数が {len(found)} 個使われました",
            en=f"{len(found)} types and functions without a model of their own were used",
        )
    )


def show(
    what: What,
    kind: Kind = "",
    unit: Unit = "",
    region: Region = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Show the properties of a stored resource."""
    from rich.json import JSON

    shown = console.begin(json=json)
    if (item := item_of(folder, what, kind, unit, region)) is not None:
        body = {**item_record(item), "state": item.body}
    else:
        with store_of(folder) as store:
            from providers.twin.admin import find

            row = find(store, what, kind, unit=unit, region=region)
            holders = [holder.id for holder in store.holders(row.rid, limit=20)]
        body = {**record_of(row), "state": row.state, "inputs": row.inputs, "heldBy": holders}
    if json:
        shown.document(body)
    else:
        shown.show(JSON(json_module.dumps(body, ensure_ascii=False)))
