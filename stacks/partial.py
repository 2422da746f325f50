"""What can still be judged of a manifest that is structurally wrong somewhere.

All errors at once: a misspelt field must not hide that a range overlaps. What is broken is cut
out, noted, and the rest judged; rules that would need what was cut stay silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

from stacks.manifest import Tenant
from stacks.problems import Path, Problem
from stacks.shape import shape

_MAPS = ("clouds", "packages", "members", "exceptions", "internet", "contacts")

# Stand in for what is required and broken, and are taken out again. None of it is ever judged.
_STAND_INS: Mapping[str, Any] = {
    "code": "131041",
    "environment": "production",
    "clouds": {
        "aws": {"unit": "1", "address_space": "10.0.0.0/16", "lgwan": {"mode": "hub"}},
    },
    "network": {"on_premises": ["10.0.0.0/16"]},
    "packages": {},
    "contacts": {"operations": {"name": "-", "organisation": "-", "email": "a@b.c"}},
}
_EMPTY: Mapping[str, Any] = {"clouds": {}, "contacts": {}}


def rest_of(value: object, problems: Sequence[Problem]) -> tuple[Tenant | None, frozenset[str]]:
    """The tenant that is left of `value` without what `problems` (of its shape) found, and the
    top-level fields that are broken. None where nothing can be judged."""
    if not isinstance(value, Mapping):
        return None, frozenset()
    left: dict[str, Any] = deepcopy(dict(cast(Mapping[str, Any], value)))
    broken: set[str] = set()
    for problem in problems:
        _cut(left, problem)
        broken.add(str(problem.path[0]) if problem.path else "")
    made, still = shape(Tenant, _complete(left)[0])
    if made is None:
        # Cutting left something else incomplete: those fields go altogether.
        for problem in still:
            left.pop(str(problem.path[0]) if problem.path else "", None)
            broken.add(str(problem.path[0]) if problem.path else "")
    whole, stood_in = _complete(left)
    made, _ = shape(Tenant, whole)
    if made is None:
        return None, frozenset(broken)
    update = {name: _EMPTY[name] for name in stood_in if name in _EMPTY}
    return made.model_copy(update=update), frozenset(broken | stood_in)


def _cut(left: dict[str, Any], problem: Problem) -> None:
    path = problem.path
    if not path:
        return
    if problem.rule == "unknown-field":
        _delete(left, path)
    elif path[0] in _MAPS and len(path) > 1:
        _delete(left, path[:2])
    else:
        left.pop(str(path[0]), None)


def _delete(left: dict[str, Any], path: Path) -> None:
    here: Any = left
    for part in path[:-1]:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(here, dict):
        cast(dict[object, Any], here).pop(path[-1], None)


def _complete(left: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """`left` with stand-ins for the required fields that it lacks, and their names."""
    lacking = {name for name in _STAND_INS if name not in left or left[name] == {} != _STAND_INS[name]}
    return {**left, **{name: _STAND_INS[name] for name in lacking}}, lacking
