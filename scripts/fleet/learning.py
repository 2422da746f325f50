"""What a fork had to load and to work out that its fork server could have had ready.

The SDKs load their parts when a class of theirs is first touched, and work out a class's property types
when the first resource of it is registered, which takes a quarter of a program's time. Importing our own
code is therefore not enough. Each fork tells what it missed, and the fork server has it ready for all
that come after. Entries are `module`, or `module:Class` for the types of a class's properties.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

OURS = ("pulumi_", "components.", "stacks.", "policies.")
"""Whose modules are worth loading for others: the SDKs' parts, and our own."""
_MODULE, _TYPES = "pulumi._types", "_types_from_py_properties"
"""The SDK's function that works out (and remembers) a class's property types: private, so looked for."""

_loaded: set[str] = set()
"""The modules that were there when the last `have` was done."""
_looked_at: set[str] = set()
"""The classes whose property types this process has asked for."""


def have(entries: Iterable[str]) -> None:
    """Have `entries` ready; none of them must matter."""
    for entry in entries:
        name, _, kind = entry.partition(":")
        with contextlib.suppress(Exception):
            module = loaded(importlib.import_module(name))
            if kind and (types := _types_of()) is not None:
                types(getattr(module, kind))
    _loaded.clear()
    _loaded.update(_present())


def loaded(module: ModuleType) -> ModuleType:
    """`module`, really loaded: a lazy one is by the first look at anything in it."""
    getattr(module, "not_there", None)  # any name but the module's own data will do
    return module


def begin() -> int:
    """In a fork: watch from here. Gives what `learnt` wants to know."""
    _looked_at.clear()
    types = _types_of()
    if types is not None and not isinstance(types, _Watched):
        setattr(sys.modules[_MODULE], _TYPES, _Watched(types))
    return len(sys.modules)


def learnt(before: int) -> list[str]:
    """What this fork missed since `begin`: of a package and its parts only the package."""
    new: set[str] = set()
    # Looking at every module copies their pages into the fork, so only where there are more than before.
    if len(sys.modules) != before:
        new = {name for name in _present() - _loaded if name.startswith(OURS)}
    modules = (name for name in new if name.rpartition(".")[0] not in new)
    return sorted({*modules, *_looked_at})


def _present() -> set[str]:
    """The names of the modules that are loaded, not only promised (importlib's LazyLoader)."""
    return {name for name, module in list(sys.modules.items()) if type(module) is ModuleType}


def _types_of() -> Callable[[type], Any] | None:
    """The SDK's function, where it is loaded and has it."""
    return getattr(sys.modules.get(_MODULE), _TYPES, None)


class _Watched:
    """The SDK's function; who is asked about, and was not known, is remembered."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._misses: Callable[[], int] = lambda: function.cache_info().misses

    def __call__(self, kind: type) -> Any:
        before = self._misses()
        found = self._function(kind)
        if self._misses() != before and kind.__module__.startswith("pulumi_"):
            _looked_at.add(f"{kind.__module__}:{kind.__qualname__}")
        return found
