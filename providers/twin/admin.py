"""What people do to a twin from outside: look, tamper, deliver, reset. Safe while it runs: SQLite
arbitrates.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

from providers.twin.clouds import CLOUDS
from providers.twin.process import STORE
from providers.twin.schema import Catalogue, SdkError
from providers.twin.store import Row, Store
from providers.wire import Value
from stacks.text import Text

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class AdminError(Exception):
    """A request that cannot be carried out; `text` says why and what to do, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def open_store(folder: Path) -> Store:
    """The store of the twin in `folder`; StoreError when it cannot be opened."""
    return Store(folder / STORE)


def listing(
    store: Store, *, everything: bool = False, unit: str = "", region: str = "", type_: str = ""
) -> Iterator[Row]:
    """Resources: those that programs made, or with `everything` also what was there and what clouds made.

    `type_` is a whole token or its last part.
    """
    for row in store.rows(unit=unit, region=region):
        if (everything or row.inputs) and (not type_ or type_ in (row.type, row.type.rsplit(":", 1)[-1])):
            yield row


def find(store: Store, value: str, type_: str = "", *, unit: str = "", region: str = "") -> Row:
    """The one resource with this id, ARN or name; AdminError when there is none or more than one."""

    def meant(row: Row) -> bool:
        return (
            (not type_ or type_ in (row.type, row.type.rsplit(":", 1)[-1]))
            and unit in ("", row.unit)
            and region in ("", row.region)
        )

    rows = [row for cloud in CLOUDS for row in store.with_value(cloud, value) if meant(row)]
    if not rows:
        rows = [row for row in store.rows() if value in (row.name, row.state.get("name")) and meant(row)]
    if not rows:
        raise AdminError(
            Text(
                ja=f"{value} というリソースはツインにありません。./jichitai twin ls で一覧を見られます",
                en=f"the twin has no resource {value}; ./jichitai twin ls lists them",
            )
        )
    if len(rows) > 1:
        found = ", ".join(sorted({f"{row.type} {row.unit} {row.region}" for row in rows}))
        raise AdminError(
            Text(
                ja=f"{value} に当てはまるリソースが {len(rows)} 個あります（{found}）。"
                "--type、--unit、--region で絞ってください",
                en=f"{value} names {len(rows)} resources ({found}); narrow it with --type, --unit, --region",
            )
        )
    return rows[0]


def tamper(store: Store, row: Row, changes: dict[str, str | None]) -> Row:
    """Changes a stored resource behind the engine's back: {path: value as JSON or text, or None to
    remove}.
    """
    state, inputs = copy.deepcopy(row.state), copy.deepcopy(row.inputs)
    settable = _inputs_of(row)
    for path, text in changes.items():
        steps = _steps(path)
        value = None if text is None else _parsed(text)
        _put(state, steps, value, path)
        if steps[0] in settable:
            _put(inputs, steps, value, path)
        if steps[0] == "tags" and "tagsAll" in state:
            _put(state, ["tagsAll", *steps[1:]], value, path)
    with store.change():
        store.rewrite(row.rid, state, inputs)
    row.state, row.inputs = state, inputs
    return row


def remove(store: Store, row: Row) -> None:
    """Deletes a stored resource behind the engine's back, with what belongs to it."""
    store.remove(row.rid)


def deliver(
    store: Store, cloud: str, unit: str, region: str, type_: str, id_: str, properties: dict[str, str]
) -> None:
    """Puts into a unit what others deliver: a circuit from a carrier, a gateway shared by a hub's
    operator.
    """
    world = CLOUDS.get(cloud)
    if world is None or not Catalogue(world.package).knows(type_):
        raise AdminError(
            Text(
                ja=f"{type_} という種類のリソースはありません",
                en=f"there is no resource type {type_}",
            )
        )
    if store.get(cloud, unit, type_, id_) is not None:
        raise AdminError(Text(ja=f"{id_} はすでにあります", en=f"{id_} is there already"))
    state: dict[str, Value] = {"region": region, "tags": {}, "tagsAll": {}}
    for path, text in properties.items():
        _put(state, _steps(path), _parsed(text), path)
    with store.change():
        rid = store.add(cloud, unit, region, type_, id_, state, {})
        store.set_handles(rid, {str(state["arn"])} if state.get("arn") else set())


def _inputs_of(row: Row) -> set[str]:
    try:
        return set(Catalogue(CLOUDS[row.cloud].package).resource(row.type).inputs)
    except (KeyError, SdkError):
        return set(row.inputs)


def _parsed(text: str) -> Value:
    """JSON where it is JSON (numbers, booleans, lists, objects, quoted strings), else the text itself."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    for name, number in _STEP.findall(path):
        steps.append(name if name else int(number))
    if not steps or isinstance(steps[0], int):
        raise AdminError(
            Text(
                ja=f"プロパティの指定 {path!r} が正しくありません"
                "（例: tags.owner=x、ingress[0].fromPort=22）",
                en=f"{path!r} is no property path (examples: tags.owner=x, ingress[0].fromPort=22)",
            )
        )
    return steps


def _put(body: Value, steps: list[str | int], value: Value, path: str) -> None:
    """Sets or (None) removes the place that `steps` leads to; makes missing objects on the way."""
    place = body
    for step in steps[:-1]:
        if isinstance(place, dict) and isinstance(step, str):
            place = place.setdefault(step, {})
        elif isinstance(place, list) and isinstance(step, int) and step < len(place):
            place = place[step]
        else:
            raise _no_such(path)
    last = steps[-1]
    if isinstance(place, dict) and isinstance(last, str):
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    elif isinstance(place, list) and isinstance(last, int) and last < len(place):
        if value is None:
            place.pop(last)
        else:
            place[last] = value
    else:
        raise _no_such(path)


def _no_such(path: str) -> AdminError:
    return AdminError(
        Text(ja=f"プロパティ {path} に当たる場所がありません", en=f"there is no place {path} in the resource")
    )
