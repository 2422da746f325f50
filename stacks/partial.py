"""What can still be judged of a manifest that is structurally wrong somewhere.

All errors at once: a misspelt field must not hide that a region is foreign. What is broken is cut
out or, where it is required, replaced by a stand-in; the rest is judged, and whatever is said about
a broken place is dropped: its author has been told what is wrong there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, cast

from stacks.manifest import Tenant
from stacks.problems import Path, Problem
from stacks.shape import shape

_ROUNDS = 4
"""Cutting may leave something else incomplete; that is mended in turn. Real manifests need two."""

_ANY = "*"
_PERSON = {"name": "-", "organisation": "-", "email": "a@b.c"}
_UNIT = {"unit": "-", "address_space": "10.0.0.0/16", "lgwan": {"mode": "hub"}}
_EXCEPTION = {"reason": "-", "approver": "-", "expires": "9999-12-31"}
_STAND_INS: Mapping[Path, Any] = {
    ("code",): "131041",
    ("environment",): "production",
    ("clouds",): {"aws": _UNIT},
    ("network",): {"on_premises": ["10.0.0.0/16"]},
    ("network", "on_premises"): ["10.0.0.0/16"],
    ("packages",): {},
    ("contacts",): {"operations": _PERSON},
    **{("clouds", _ANY, field): value for field, value in _UNIT.items()},
    ("clouds", _ANY, "lgwan", "mode"): "hub",
    ("joins", _ANY, "provider"): "exchange",
    ("joins", _ANY, "ends", _ANY, "location"): "-",
    ("joins", _ANY, "ends", _ANY, "vlan"): 1,
    ("joins", _ANY, "ends", _ANY, "asn"): 65534,
    ("clouds", _ANY, "lgwan", "circuits", _ANY, "location"): "-",
    ("clouds", _ANY, "lgwan", "circuits", _ANY, "vlan"): 1,
    ("clouds", _ANY, "lgwan", "circuits", _ANY, "asn"): 65534,
    ("members", _ANY, "on_premises"): ["10.0.0.0/16"],
    ("packages", _ANY, "catalogue"): "-",
    ("packages", _ANY, "cloud"): "aws",
    **{("contacts", _ANY, field): value for field, value in _PERSON.items()},
    **{("internet", _ANY, field): value for field, value in _EXCEPTION.items()},
    ("internet", _ANY, "destinations"): ["a.b"],
    **{("exceptions", _ANY, field): value for field, value in _EXCEPTION.items()},
    ("exceptions", _ANY, "rule"): "AA-000",
    ("exceptions", _ANY, "resource"): "-",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """The places of a manifest that are structurally wrong."""

    paths: frozenset[Path] = frozenset()

    @property
    def fields(self) -> frozenset[str]:
        """The top-level fields that have such a place."""
        return frozenset(str(path[0]) for path in self.paths if path)

    def excuses(self, path: Path) -> bool:
        """Whether what is said about `path` may come from a broken place: one that holds it, one
        inside it, or one beside it in the same small map (a circuit, a connection)."""
        return any(
            broken[: len(path)] == path
            or path[: len(broken)] == broken
            or (len(broken) > 3 and path[: len(broken) - 1] == broken[:-1])
            for broken in self.paths
        )


def rest_of(value: object, problems: Sequence[Problem]) -> tuple[Tenant | None, Broken]:
    """The tenant that is left of `value` without what `problems` (of its shape) found, and where it
    is broken. None where nothing can be judged."""
    paths: set[Path] = {problem.path for problem in problems}
    if not isinstance(value, dict):
        return None, Broken(frozenset(paths))
    left = deepcopy(cast(dict[str, Any], value))
    tenant: Tenant | None = None
    for _ in range(_ROUNDS):
        for problem in problems:
            _mend(left, problem)
        tenant, problems = shape(Tenant, left)
        if tenant is not None:
            break
        paths |= {problem.path for problem in problems}
    return tenant, Broken(frozenset(paths))


def _mend(left: dict[str, Any], problem: Problem) -> None:
    """Cut out what a problem is about, or put a stand-in there."""
    path = problem.path
    while path and isinstance(path[-1], int):
        path = path[:-1]  # A list goes as a whole, so that the numbers of its items stay right.
    if not path:
        return
    holder = _holder(left, path)
    if holder is None:
        return
    stand_in = None if problem.rule in {"unknown-field", "unknown-key", "wrong-key"} else _stand_in(path)
    if stand_in is None:
        holder.pop(path[-1], None)
    else:
        holder[path[-1]] = deepcopy(stand_in)


def _holder(left: dict[str, Any], path: Path) -> dict[Any, Any] | None:
    here: Any = left
    for part in path[:-1]:
        here = cast(Any, here).get(part) if isinstance(here, dict) else None
    return cast("dict[Any, Any] | None", here) if isinstance(here, dict) else None


def _stand_in(path: Path) -> Any:
    def fits(pattern: Path) -> bool:
        return len(pattern) == len(path) and all(a in (b, _ANY) for a, b in zip(pattern, path, strict=True))

    return next((value for pattern, value in _STAND_INS.items() if fits(pattern)), None)


def heard(problems: Iterable[Problem], broken: Broken) -> list[Problem]:
    """The problems that do not come from a broken place."""
    return [problem for problem in problems if not broken.excuses(problem.path)]
