"""What people do to a unit's twin from outside: look, tamper, reset, break. Safe while it runs (SQLite)."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from providers.twin.sakura import client
from providers.twin.sakura.place import settings_hash, shown
from providers.twin.sakura.store import Doc, Store, set_at

HIDDEN: Final = frozenset({"bearer", "principalkey"})
"""Kinds that are credentials of the twin itself."""
FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "throttle": {"effect": "refuse", "status": 503, "code": "too_many_request"},
    "transient": {"effect": "refuse", "status": 503, "code": "busy"},
    "slow": {"effect": "delay"},
    "stuck": {"effect": "stuck"},
    "lost-reply": {"effect": "drop"},
    "zone": {"effect": "refuse", "status": 503, "code": "service_unavailable"},
}
"""The kinds of fault that the other clouds' twin knows, in the words of this one."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something in a unit's twin. `type` is what the API calls it, such as `sakura:switch`."""

    unit: str
    folder: Path
    kind: str
    zone: str
    id: str
    doc: Doc

    @property
    def type(self) -> str:
        """The kind, told from other clouds' types by the cloud's name."""
        return f"sakura:{self.kind}"

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return str(self.doc.get("Name") or self.doc.get("name") or self.doc.get("display_name") or "")

    @property
    def ours(self) -> bool:
        """Did a program make it?"""
        return not self.doc.get("_platform")

    @property
    def body(self) -> Any:
        """The document, as the API shows it."""
        return shown(self.doc)


@contextlib.contextmanager
def _opened(folder: Path) -> Generator[Store]:
    store = Store(folder / "sakura.sqlite")
    try:
        yield store
    finally:
        store.close()


def listing(unit: str, folder: Path, *, everything: bool = False) -> Iterator[Item]:
    """What is in a unit: what programs made, or with `everything` also what the platform offers."""
    with _opened(folder) as store:
        for kind, zone, id_, doc in store.documents():
            item = Item(unit, folder, kind, zone, id_, doc)
            if kind not in HIDDEN and (everything or item.ours):
                yield item


def find(units: Iterator[tuple[str, Path]], value: str, type_: str = "") -> list[Item]:
    """Everything with this id or name, in any of `units`; `type_` is a type or its last part."""
    return [
        item
        for unit, folder in units
        for item in listing(unit, folder, everything=True)
        if value in (item.id, item.name) and (not type_ or type_ in (item.type, item.kind))
    ]


def tamper(item: Item, changes: Mapping[str, str | None]) -> None:
    """Change a document behind the engine's back: {dotted path: value as JSON or text, or None for null}."""
    doc = item.doc
    for path, text in changes.items():
        set_at(doc, path, None if text is None else _parsed(text))
    if "SettingsHash" in doc:
        doc["SettingsHash"] = settings_hash(doc["Settings"])
    if "ExpressionHash" in doc:
        doc["ExpressionHash"] = settings_hash(doc["Expression"])
    with _opened(item.folder) as store:
        store.put(item.kind, item.zone, item.id, doc)


def remove(item: Item) -> None:
    """Delete a document behind the engine's back."""
    with _opened(item.folder) as store:
        store.remove(item.kind, item.zone, item.id)


def reset(unit: str, folder: Path) -> int:
    """Stop a unit's twin and forget all that it knows; how many resources that were."""
    gone = sum(1 for _ in listing(unit, folder))
    client.stop(folder)
    shutil.rmtree(folder)
    return gone


def put_fault(folder: Path, name: str, kind: str, where: str, seconds: float, times: int) -> bool:
    """Put a fault in force; False when this twin has none of that kind (`region` and `circuit`)."""
    known = FAULTS.get(kind)
    if known is None:
        return False
    path = {"path": f"^/{where}/"} if kind == "zone" else {}
    client.add_fault(folder, name, {**known, **path, "seconds": seconds, "times": times})
    return True


def clear_faults(folder: Path, name: str | None = None) -> None:
    """Take a fault back, or all of them."""
    with _opened(folder) as store:
        store.clear_faults(name)


def faults(folder: Path) -> list[tuple[str, dict[str, Any], int]]:
    """Name, body and how often it struck, of every fault in force."""
    with _opened(folder) as store:
        return store.faults()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
