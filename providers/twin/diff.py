"""What changes between two sets of inputs, and whether the cloud can do it in place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from providers.twin.behaviour import Behaviour
from providers.twin.world import DEFAULTS
from providers.wire import UNKNOWN, Path, Value, path_text


@dataclass(frozen=True, slots=True)
class Change:
    """One changed place. `kind` is "add", "delete" or "update"; `replaces` when it cannot be done in
    place.
    """

    path: str
    kind: str
    replaces: bool


def diff(
    behaviour: Behaviour, olds: Mapping[str, Value], news: Mapping[str, Value], ignore: Iterable[str] = ()
) -> list[Change]:
    """Every change from the old inputs to the new ones, except below the paths in `ignore`.

    A new value that is not known yet counts as a change: it may be one.
    """
    ignored = tuple(ignore)
    changes: list[Change] = []
    for path, kind in _walk(olds, news, ()):
        text = path_text(path)
        if path[0] == DEFAULTS or any(_below(text, prefix) for prefix in ignored):
            continue
        shrinks = str(path[0]) in behaviour.grows and not _grew(
            olds.get(str(path[0])), news.get(str(path[0]))
        )
        changes.append(Change(text, kind, shrinks or _replaces(behaviour, path)))
    return changes


def deletes_first(behaviour: Behaviour, olds: Mapping[str, Value], news: Mapping[str, Value]) -> bool:
    """Whether a replacement must wait for the old one to go: its name would clash, or the record says so.

    pulumi-terraform-bridge decides the same way: an explicit name that stays the same cannot be had twice.
    """
    if behaviour.delete_first:
        return True
    if not behaviour.unique:
        return False
    auto = behaviour.autoname
    if auto in (news.get(DEFAULTS) or ()):
        return False
    return auto in news and olds.get(auto) == news.get(auto)


def _walk(old: Value, new: Value, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            before, after = old.get(key), new.get(key)
            if before is None and after is None:
                continue
            if before is None:
                yield (*path, key), "add"
            elif after is None:
                yield (*path, key), "delete"
            else:
                yield from _walk(before, after, (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        if old == new or _same_set(old, new):
            return
        for at in range(max(len(old), len(new))):
            if at >= len(old):
                yield (*path, at), "add"
            elif at >= len(new):
                yield (*path, at), "delete"
            else:
                yield from _walk(old[at], new[at], (*path, at))
    elif new is UNKNOWN or old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path, "update"


def _same_set(old: list[Value], new: list[Value]) -> bool:
    """Lists of ids and names are sets to the clouds: their order is nothing that could be changed."""
    if not all(isinstance(item, str) for item in (*old, *new)):
        return False
    return sorted(old) == sorted(new)


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith((f"{prefix}.", f"{prefix}["))


def _grew(old: Value, new: Value) -> bool:
    """Whether the range `new` holds all of `old`; one that is not known yet is taken to."""
    if new is UNKNOWN:
        return True
    try:
        return ip_network(str(old)).subnet_of(ip_network(str(new)))  # type: ignore[arg-type]  # one family
    except (TypeError, ValueError):
        return False


def _replaces(behaviour: Behaviour, path: Path) -> bool:
    if str(path[0]) in behaviour.fixed:
        return True
    names = re.sub(r"\[\d+\]", "", path_text(path))
    return any(_below(names, fixed) or _below(fixed, names) for fixed in behaviour.fixed if "." in fixed)
