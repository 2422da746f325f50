"""`./jichitai twin …`: look into the digital twin, change things behind the engine's back, break it on
purpose.
"""

from __future__ import annotations

import json as json_module
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from providers.twin import client
from providers.twin.sakura import admin as sakura_admin
from providers.twin.sakura import client as sakura_client
from scripts.cli import console, sakura
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Json
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from providers.twin.store import Row, Store

_SAY = language_of()


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(_SAY)


app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)

Folder = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help=_help("ツインの場所", "Where the twin is"))
]
Unit = Annotated[
    str,
    typer.Option(
        "--unit",
        "-u",
        help=_help("アカウント・プロジェクトなどの ID", "Account, project, subscription or tenancy"),
    ),
]
Region = Annotated[str, typer.Option("--region", "-r", help=_help("リージョン", "Region"))]
Kind = Annotated[
    str,
    typer.Option(
        "--type", "-t", help=_help("種類（Vpc、aws:ec2/vpc:Vpc など）", "Type: Vpc, aws:ec2/vpc:Vpc, …")
    ),
]
What = Annotated[
    str,
    typer.Argument(metavar="ID", help=_help("ID、ARN、または名前", "Id, ARN or name"), show_default=False),
]


@contextmanager
def _store(folder: Path | None) -> Generator[Store]:
    """The twin's store; what goes wrong with it becomes Trouble."""
    from providers.twin.admin import AdminError, open_store
    from providers.twin.faults import FaultError
    from providers.twin.store import StoreError

    place = folder or client.default_folder()
    try:
        store = open_store(place)
    except StoreError as error:
        raise Trouble(
            Exit.TWIN,
            Text(ja="ツインの保存先を開けません。", en="The twin's store cannot be opened."),
            where=str(place),
            why=str(error),
            do=Text(ja="ディスクの空きと権限を確かめてください。", en="Check disk space and permissions."),
        ) from error
    try:
        yield store
    except (AdminError, FaultError) as error:
        raise Trouble(Exit.USAGE, error.text, where=str(place)) from error
    except StoreError as error:
        raise Trouble(
            Exit.TWIN,
            Text(ja="ツインの保存先に書き込めません。", en="The twin's store cannot be written."),
            where=str(place),
            why=str(error),
        ) from error
    finally:
        store.close()


def _record(row: Row) -> dict[str, Any]:
    return {
        "type": row.type,
        "id": row.id,
        "name": row.name or row.state.get("name") or "",
        "cloud": row.cloud,
        "unit": row.unit,
        "region": row.region,
        "madeBy": "program" if row.inputs else "cloud",
    }


@app.command("ls", help=_help("リソースを一覧にする", "List resources"))
def ls(
    unit: Unit = "",
    region: Region = "",
    kind: Kind = "",
    everything: Annotated[
        bool,
        typer.Option(
            "--all", "-a", help=_help("引き渡し時からあるものも", "Also what was there at hand-over")
        ),
    ] = False,
    unmodelled: Annotated[
        bool,
        typer.Option(
            "--unmodelled",
            help=_help("使われたが再現していない種類と関数", "Types and functions used but not modelled"),
        ),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """List what is in the twin."""
    from rich.table import Table

    shown = console.begin(json=json)
    with _store(folder) as store:
        if unmodelled:
            _unmodelled(shown, store)
            return
        from providers.twin.admin import listing

        found = list(listing(store, everything=everything, unit=unit, region=region, type_=kind))
    beside = [
        item
        for owner, place in sakura.units(_place(folder))
        for item in sakura_admin.listing(owner, place, everything=everything)
        if unit in ("", owner) and region in ("", item.zone) and kind in ("", item.kind, item.type)
    ]
    records = [*map(_record, found), *map(_item_record, beside)]
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


def _item_record(item: sakura_admin.Item) -> dict[str, Any]:
    return {
        "type": item.type,
        "id": item.id,
        "name": item.name,
        "cloud": sakura.CLOUD,
        "unit": item.unit,
        "region": item.zone,
        "madeBy": "program" if item.ours else "cloud",
    }


def _place(folder: Path | None) -> Path:
    return folder or client.default_folder()


def _item(folder: Path | None, what: str, kind: str, unit: str, region: str) -> sakura_admin.Item | None:
    """The one thing on さくら that is called `what`; None where there is none. Raises Trouble for several."""
    units = ((owner, place) for owner, place in sakura.units(_place(folder)) if unit in ("", owner))
    found = [item for item in sakura_admin.find(units, what, kind) if region in ("", item.zone)]
    if len(found) > 1:
        kinds = ", ".join(sorted({f"{item.type} ({item.unit})" for item in found}))
        raise Trouble(
            Exit.USAGE,
            Text(
                ja=f"{what} に当てはまるリソースが {len(found)} 個あります（{kinds}）。"
                "--type で絞ってください",
                en=f"{what} names {len(found)} resources ({kinds}); narrow it with --type",
            ),
        )
    return found[0] if found else None


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


@app.command("show", help=_help("一つのリソースを詳しく見る", "Show one resource in full"))
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
    if (item := _item(folder, what, kind, unit, region)) is not None:
        body = {**_item_record(item), "state": item.body}
    else:
        with _store(folder) as store:
            from providers.twin.admin import find

            row = find(store, what, kind, unit=unit, region=region)
            holders = [holder.id for holder in store.holders(row.rid, limit=20)]
        body = {**_record(row), "state": row.state, "inputs": row.inputs, "heldBy": holders}
    if json:
        shown.document(body)
    else:
        shown.show(JSON(json_module.dumps(body, ensure_ascii=False)))


@app.command("tamper", help=_help("エンジンに知らせずに変える", "Change something behind the engine's back"))
def tamper(
    what: What,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help=_help("値を変える", "Set a property")),
    ] = None,
    removed: Annotated[
        list[str] | None, typer.Option("--unset", metavar="PATH", help=_help("値を消す", "Remove a property"))
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help=_help("リソースごと消す", "Delete the resource"))
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
    if (item := _item(folder, what, kind, unit, region)) is not None:
        record = _item_record(item)
        if delete:
            sakura_admin.remove(item)
        else:
            sakura_admin.tamper(item, wanted)
    else:
        with _store(folder) as store:
            from providers.twin import admin

            row = admin.find(store, what, kind, unit=unit, region=region)
            record = _record(row)
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


@app.command(
    "deliver",
    help=_help("他者が引き渡すもの（回線など）を置く", "Put in place what others deliver: a circuit, say"),
)
def deliver(
    kind: Annotated[str, typer.Argument(metavar="TYPE")],
    what: Annotated[str, typer.Argument(metavar="ID")],
    unit: Unit,
    region: Region = "ap-northeast-1",
    properties: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help=_help("値", "A property")),
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a resource that somebody else delivers into a unit."""
    shown = console.begin(json=json)
    values = {path: value for path, _, value in (item.partition("=") for item in properties or [])}
    with _store(folder) as store:
        from providers.twin.admin import deliver as put

        put(store, kind.split(":")[0], unit, region, kind, what, values)
    if json:
        shown.document({"type": kind, "id": what, "unit": unit, "region": region})
    shown.say(Text(ja=f"{kind} {what} を置きました", en=f"{kind} {what} is in place"), "good")


@app.command("reset", help=_help("引き渡し直後の姿に戻す", "Back to how units are handed over"))
def reset(
    unit: Unit = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help=_help("確認しない", "Do not ask"))] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Forget a unit, or everything."""
    shown = console.begin(json=json)
    what = Text(ja=f"ユニット {unit}", en=f"unit {unit}") if unit else Text(ja="すべて", en="everything")
    if not yes and not typer.confirm(
        Text(ja=f"ツインの{what.ja}を忘れますか", en=f"Forget {what.en} in the twin?").say(_SAY)
    ):
        raise Trouble(Exit.REFUSED, Text(ja="何もしていません。", en="Nothing was done."))
    with _store(folder) as store:
        gone = store.reset(unit=unit)
    for owner, place in list(sakura.units(_place(folder))):
        if unit in ("", owner):
            gone += sakura_admin.reset(owner, place)
    if json:
        shown.document({"unit": unit or None, "forgotten": gone})
    shown.say(Text(ja=f"{gone} 個のリソースを忘れました", en=f"forgot {gone} resources"), "good")


@app.command("fault", help=_help("障害を起こす・収める", "Cause trouble, or end it"))
def fault(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help=_help("障害の名前", "A name for it"))
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
        str, typer.Option(help=_help("失われるゾーン・リージョン・回線", "The zone, region or circuit lost"))
    ] = "",
    token: Annotated[str, typer.Option("--match", help=_help("種類のパターン", "Glob over types"))] = "",
    urn: Annotated[str, typer.Option(help=_help("URN のパターン", "Glob over URNs"))] = "",
    operation: Annotated[
        list[str] | None, typer.Option("--on", metavar="create|read|update|delete|invoke")
    ] = None,
    probability: Annotated[float, typer.Option(min=0, max=1)] = 1.0,
    call: Annotated[
        list[int] | None, typer.Option(help=_help("何回目の呼び出しか", "Which matching call, from 1"))
    ] = None,
    times: Annotated[
        int, typer.Option(min=0, help=_help("最初の何回か（0: ずっと）", "The first N calls (0: all)"))
    ] = 0,
    seconds: Annotated[float, typer.Option(min=0)] = 30.0,
    scale: Annotated[
        float,
        typer.Option(min=0, help=_help("模擬 1 秒を何秒にするか", "Real seconds a simulated second takes")),
    ] = 0.01,
    surfaced: Annotated[
        bool,
        typer.Option("--surfaced", help=_help("再試行しても収まらない", "Outlasts the provider's retries")),
    ] = False,
    seed: Annotated[int, typer.Option()] = 0,
    file: Annotated[
        Path | None,
        typer.Option("--file", help=_help("障害を書いた JSON/YAML", "Faults from a JSON or YAML file")),
    ] = None,
    clear: Annotated[
        bool,
        typer.Option("--clear", help=_help("収める（名前なしなら全部）", "End it (all, without a name)")),
    ] = False,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Put a fault in force, end it, or list what is in force."""
    shown = console.begin(json=json)
    with _store(folder) as store:
        from providers.twin import faults

        beside = list(sakura.units(_place(folder)))
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


@app.command("start", help=_help("起動する", "Start it"))
def start(folder: Folder = None, json: Json = False) -> None:
    """Start the twin, if it does not run."""
    shown = console.begin(json=json)
    running = _ensure(folder)
    if json:
        shown.document(_status(running))
    shown.say(
        Text(ja=f"ツインが動いています（PID {running.pid}）", en=f"the twin runs (PID {running.pid})"), "good"
    )


@app.command("stop", help=_help("止める（内容は残る）", "Stop it; what it remembers stays"))
def stop(folder: Folder = None, json: Json = False) -> None:
    """Stop the twin."""
    shown = console.begin(json=json)
    try:
        stopped = client.stop(folder)
    except client.TwinError as error:
        raise Trouble(Exit.TWIN, error.text) from error
    for _, place in sakura.units(_place(folder)):
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


@app.command("status", help=_help("動いているか", "Whether it runs"))
def status(folder: Folder = None, json: Json = False) -> None:
    """Say whether the twin runs, where, and how much it remembers."""
    shown = console.begin(json=json)
    running = client.status(folder)
    with _store(folder) as store:
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


@app.command("env", help=_help("素の pulumi をつなぐ", "Attach a plain pulumi"))
def env(unit: Unit = "", folder: Folder = None, json: Json = False) -> None:
    """Print the shell lines that attach a plain pulumi to the twin, starting it if need be.

    With the `unit` of a project on さくら also those that lead its provider to that unit's twin.
    """
    shown = console.begin(json=json)
    values = {"PULUMI_DEBUG_PROVIDERS": client.debug_providers(_ensure(folder))}
    if unit:
        values |= sakura.environment(_place(folder), unit)
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
