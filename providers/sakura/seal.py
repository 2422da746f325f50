"""Write-only values: what the state holds instead of a password.

Check replaces the value of every write-only property by a digest of it, and the process keeps the value
itself in memory for the request that follows. So neither inputs nor outputs in the state contain it (not even
encrypted), a changed password is still seen as a change, and no version counter is needed. The digest is
salted with the URN and slow to compute (scrypt), because passwords are short.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from stacks.text import Text

from .errors import SakuraError
from .model import Field, Json, ListOf, Record, Type

PREFIX: Final = "sealed:"
_COST: Final = {"n": 2**12, "r": 8, "p": 1}
"""scrypt's parameters: some 15 ms and 4 MiB a value."""

_lock = threading.Lock()
_values: dict[str, str] = {}
_digests: dict[tuple[str, str], str] = {}


def seal(fields: Iterable[Field], values: Mapping[str, Json], salt: str) -> dict[str, Json]:
    """`values` with every write-only text replaced by its digest."""
    return _walk(fields, values, lambda text: _seal(text, salt))


def unseal(fields: Iterable[Field], values: Mapping[str, Json]) -> dict[str, Json]:
    """`values` with the texts themselves. SakuraError when one is not in this process's memory."""
    return _walk(fields, values, _unseal)


def _walk(
    fields: Iterable[Field], values: Mapping[str, Json], change: Callable[[str], str]
) -> dict[str, Json]:
    kinds = {field.name: field for field in fields}
    return {
        key: _one(kinds[key], value, change)
        if key in kinds
        else value  # unknown properties are Check's business
        for key, value in values.items()
    }


def _one(field: Field, value: Json, change: Callable[[str], str]) -> Json:
    if field.write_only and isinstance(value, str):
        return change(value)
    if field.write_only and isinstance(value, list):
        return [change(item) if isinstance(item, str) else item for item in value]
    return _inside(field.type, value, change)


def _inside(type_: Type, value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(type_, Record) and isinstance(value, Mapping):
        return _walk(type_.fields, value, change)
    if isinstance(type_, ListOf) and isinstance(value, list):
        return [_inside(type_.item, item, change) for item in value]
    return value


def _seal(text: str, salt: str) -> str:
    if text.startswith(PREFIX) or not text:
        return text
    with _lock:
        known = _digests.get((salt, text))
    if known:
        return known
    digest = PREFIX + hashlib.scrypt(text.encode(), salt=salt.encode(), dklen=16, **_COST).hex()
    with _lock:
        _digests[salt, text] = digest
        _values[digest] = text
    return digest


def _unseal(text: str) -> str:
    if not text.startswith(PREFIX):
        return text
    with _lock:
        value = _values.get(text)
    if value is None:
        raise SakuraError(
            Text(
                ja="書き込み専用の値（パスワードや鍵）が手元にありません。状態には保存されないため、"
                "プログラムを実行する pulumi up で渡してください。",
                en="A write-only value (a password or key) is not at hand: it is never in the state, so "
                "it must come "
                "from the program, in `pulumi up`.",
            )
        )
    return value
