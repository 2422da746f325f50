"""What the commands on the twin share: their options, the store, and what is written down of a resource."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from providers.twin import client
from providers.twin.sakura import admin as sakura_admin
from scripts.cli import sakura
from scripts.cli.exits import Exit, Trouble
from stacks.text import Text, language_of

if TYPE_CHECKING:
    from providers.twin.store import Row, Store

SAY = language_of()


def help_of(ja: str, en: str) -> str:
    """A line of help in the reader's language."""
    return Text(ja, en).say(SAY)


Folder = Annotated[
    Path | None, typer.Option("--dir", metavar="DIR", help=help_of("ツインの場所", "Where the twin is"))
]
Unit = Annotated[
    str,
    typer.Option(
        "--unit",
        "-u",
        help=help_of("アカウント・プロジェクトなどの ID", "Account, project, subscription or tenancy"),
    ),
]
Region = Annotated[str, typer.Option("--region", "-r", help=help_of("リージョン", "Region"))]
Kind = Annotated[
    str,
    typer.Option(
        "--type", "-t", help=help_of("種類（Vpc、aws:ec2/vpc:Vpc など）", "Type: Vpc, aws:ec2/vpc:Vpc, …")
    ),
]
What = Annotated[
    str,
    typer.Argument(metavar="ID", help=help_of("ID、ARN、または名前", "Id, ARN or name"), show_default=False),
]


@contextmanager
def store_of(folder: Path | None) -> Generator[Store]:
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


def record_of(row: Row) -> dict[str, Any]:
    """One resource as `--json` shows it."""
    return {
        "type": row.type,
        "id": row.id,
        "name": row.name or row.state.get("name") or "",
        "cloud": row.cloud,
        "unit": row.unit,
        "region": row.region,
        "madeBy": "program" if row.inputs else "cloud",
    }


def item_record(item: sakura_admin.Item) -> dict[str, Any]:
    """One resource of さくら in the form of `record_of`."""
    return {
        "type": item.type,
        "id": item.id,
        "name": item.name,
        "cloud": sakura.CLOUD,
        "unit": item.unit,
        "region": item.zone,
        "madeBy": "program" if item.ours else "cloud",
    }


def place_of(folder: Path | None) -> Path:
    """Where the twin is: `folder`, else the usual place."""
    return folder or client.default_folder()


def item_of(folder: Path | None, what: str, kind: str, unit: str, region: str) -> sakura_admin.Item | None:
    """The one thing on さくら that is called `what`; None where there is none. Raises Trouble for several."""
    units = ((owner, place) for owner, place in sakura.units(place_of(folder)) if unit in ("", owner))
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
