"""Secrets at rest: the store keeps a keyed digest in a secret's place, never the secret.

That is enough to tell whether a secret has changed; the value itself comes back from the engine, which has
it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from providers.wire import Path, Value

MARK = "$sealed"
LOST = "(sealed)"
"""Shown for a secret whose value nobody here knows: one that was changed behind the engine's back."""


def _digest(value: Value, key: bytes) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.blake2b(text.encode(), key=key, digest_size=16).hexdigest()


def seal(properties: Mapping[str, Value], secrets: Iterable[Path], key: bytes) -> dict[str, Value]:
    """A copy of `properties` with a digest in the place of everything at `secrets`."""
    result = dict(properties)
    for path in secrets:
        if path and path[0] in result:
            result[str(path[0])] = _sealed(result[str(path[0])], path[1:], key)
    return result


def _sealed(value: Value, path: Path, key: bytes) -> Value:
    if not path:
        return value if isinstance(value, dict) and MARK in value else {MARK: _digest(value, key)}
    step, rest = path[0], path[1:]
    if isinstance(value, dict) and step in value:
        return {**value, step: _sealed(value[step], rest, key)}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [_sealed(item, rest, key) if at == step else item for at, item in enumerate(value)]
    return value


def unseal(stored: Value, known: Value, key: bytes, secrets: set[Path], path: Path = ()) -> Value:
    """`stored` with secrets restored from `known` where they are still the same; their paths go to
    `secrets`.
    """
    if isinstance(stored, dict):
        if MARK in stored:
            secrets.add(path)
            return known if known is not None and _digest(known, key) == stored[MARK] else LOST
        inner = known if isinstance(known, dict) else {}
        return {
            name: unseal(item, inner.get(name), key, secrets, (*path, name)) for name, item in stored.items()
        }
    if isinstance(stored, list):
        items = known if isinstance(known, list) else []
        return [
            unseal(item, items[at] if at < len(items) else None, key, secrets, (*path, at))
            for at, item in enumerate(stored)
        ]
    return stored
