"""Stacks whose difference is the same: so that a person reviews ten groups and not 1,788 previews.

Two steps take out of a difference what is only that stack's. First, where it is made, what is known
to be its own: stack, code, units, names, private addresses (their prefix lengths stay). Then, where
all are compared, ids that occur in no other stack. An id that several stacks share (a role of the
cloud's, another account that is let in) stays, and so does every public address: what sets a stack
apart for a reviewer must not be smoothed away.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address

from scripts.fleet.model import Cause, DiffLine, StackRef, StackResult

_ADDRESS = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
_ID = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # a UUID
    r"|\bocid1\.[a-z]+\.[a-z0-9.-]*\.[a-z0-9]+"
    r"|\b(?:[a-z]+-)+[0-9a-f]{8,17}\b"  # vpc-0a1b2c3d4e5f60718
    r"|\b[0-9]{12}\b"  # an AWS account, a resource of さくら
    r"|\b[0-9a-f]{16,64}\b"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Stacks with one and the same difference. `digest` names it; `changes` counts resources by operation."""

    digest: str
    stacks: tuple[str, ...]
    lines: tuple[DiffLine, ...]
    changes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Stacks that failed for one and the same reason; `cause` is that of the first of them."""

    stacks: tuple[str, ...]
    cause: Cause


def normalised(lines: Iterable[DiffLine], ref: StackRef) -> tuple[DiffLine, ...]:
    """The lines without what is known to be the stack's own, each once, in a fixed order."""
    own = _own(ref)
    return _ordered(_rewritten(line, lambda text: own.sub(_word, text)) for line in lines)


def digest_of(lines: Iterable[DiffLine]) -> str:
    """A name for a difference: the same for the same lines, whatever their order; empty for none."""
    rows = sorted([x.op, x.type, x.name, x.property, x.old, x.new] for x in lines)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest() if rows else ""


def grouped(results: Iterable[StackResult], diffs: Mapping[str, tuple[DiffLine, ...]]) -> tuple[Group, ...]:
    """The stacks that differ, by what differs; the largest group first.

    `diffs` are what `normalised` gave, by the results' digests. A result whose difference is not
    known is in no group.
    """
    stacks: dict[str, list[str]] = defaultdict(list)
    for result in results:
        if result.digest and result.digest in diffs:
            stacks[result.digest].append(result.stack)
    lone = _lone_ids({d: (diffs[d], len(names)) for d, names in stacks.items()})
    merged: dict[str, tuple[list[str], tuple[DiffLine, ...]]] = {}
    for digest, names in stacks.items():
        lines = _without(diffs[digest], lone) if len(names) == 1 else diffs[digest]
        merged.setdefault(digest_of(lines), ([], lines))[0].extend(names)
    groups = [
        Group(digest, tuple(sorted(names)), lines, _changes(lines))
        for digest, (names, lines) in merged.items()
    ]
    return tuple(sorted(groups, key=lambda g: (-len(g.stacks), g.stacks)))


def failures(results: Iterable[StackResult], refs: Mapping[str, StackRef]) -> tuple[FailureGroup, ...]:
    """The stacks that failed, by their first cause; the largest group first."""
    found: dict[tuple[str, str, str], tuple[list[str], Cause]] = {}
    for result in results:
        if result.outcome == "failed" and result.causes:
            cause = result.causes[0]
            ref = refs.get(result.stack)
            why = _ID.sub("…", _own(ref).sub("…", cause.why) if ref else cause.why)
            found.setdefault((cause.cause, cause.place, why), ([], cause))[0].append(result.stack)
    groups = [FailureGroup(tuple(sorted(stacks)), cause) for stacks, cause in found.values()]
    return tuple(sorted(groups, key=lambda g: (-len(g.stacks), g.stacks)))


class _Own:
    """Finds a stack's own words in a text."""

    def __init__(self, ref: StackRef) -> None:
        slug = "-".join(ref.stack.split("-")[:2])
        romaji = slug.partition("-")[2]
        kinds = {
            **dict.fromkeys(ref.members, "code"),
            **dict.fromkeys(ref.units, "unit"),
            **dict.fromkeys((ref.stack, slug), "stack"),
            **dict.fromkeys((ref.name, ref.name.removeprefix(ref.prefecture)), "name"),
            ref.code: "code",
            f"jt{ref.code}{ref.environment[0]}": "prefix",
            romaji: "romaji",
            romaji.capitalize(): "romaji",
        }
        # Clouds change the case of ids as they like. (No IGNORECASE: with Japanese it is very slow.)
        cased = {v: kind for word, kind in kinds.items() for v in (word, word.lower(), word.upper())}
        self.kinds = {word: kind for word, kind in cased.items() if word}
        longest = sorted(self.kinds, key=len, reverse=True)
        self.pattern = re.compile("|".join(_whole(word, self.kinds[word]) for word in longest))

    def sub(self, word: Callable[[str], str] | str, text: str) -> str:
        """`text` with each of the words replaced: by `word` of its kind, or by `word` itself."""

        def put(found: re.Match[str]) -> str:
            return word if isinstance(word, str) else word(self.kinds[found[0]])

        return self.pattern.sub(put, text)


def _whole(word: str, kind: str) -> str:
    """A pattern for `word` as a whole word: 津市 is tsu, and other names have these letters somewhere.

    A prefix may go on without a hyphen, where a cloud takes none.
    """
    return rf"(?<![A-Za-z0-9]){re.escape(word)}" + ("" if kind == "prefix" else "(?![A-Za-z0-9])")


@lru_cache(maxsize=256)
def _own(ref: StackRef) -> _Own:
    return _Own(ref)


def _word(kind: str) -> str:
    return f"<{kind}>"


def _rewritten(line: DiffLine, own: Callable[[str], str]) -> DiffLine:
    """A line with own words and private addresses replaced; equal addresses of a line get equal numbers."""
    numbers: dict[str, int] = {}

    def address(found: re.Match[str]) -> str:
        if not _is_private(found[1]):
            return found[0]
        return f"<address {numbers.setdefault(found[1], len(numbers) + 1)}>"

    def plain(text: str) -> str:
        return _ADDRESS.sub(address, own(text))

    return replace(
        line, name=own(line.name), property=plain(line.property), old=plain(line.old), new=plain(line.new)
    )


def _is_private(text: str) -> bool:
    """Whether it is an address of RFC 1918: those of a tenant; 0.0.0.0 and public ones are everybody's."""
    try:
        address = IPv4Address(text)
    except AddressValueError:
        return False
    number = int(address)
    return number >> 24 == 10 or number >> 20 == 0xAC1 or number >> 16 == 0xC0A8


def _lone_ids(diffs: Mapping[str, tuple[tuple[DiffLine, ...], int]]) -> frozenset[str]:
    """The ids that occur in the difference of a single stack."""
    seen: Counter[str] = Counter()
    for lines, stacks in diffs.values():
        for found in {i for x in lines for text in (x.property, x.old, x.new) for i in _ID.findall(text)}:
            seen[found] += stacks
    return frozenset(found for found, count in seen.items() if count == 1)


def _without(lines: Sequence[DiffLine], lone: frozenset[str]) -> tuple[DiffLine, ...]:
    return _ordered(_numbered(line, lone) for line in lines)


def _numbered(line: DiffLine, lone: frozenset[str]) -> DiffLine:
    numbers: dict[str, int] = {}

    def put(found: re.Match[str]) -> str:
        if found[0] not in lone:
            return found[0]
        return f"<id {numbers.setdefault(found[0], len(numbers) + 1)}>"

    return replace(
        line,
        property=_ID.sub(put, line.property),
        old=_ID.sub(put, line.old),
        new=_ID.sub(put, line.new),
    )


def _ordered(lines: Iterable[DiffLine]) -> tuple[DiffLine, ...]:
    return tuple(sorted(set(lines), key=lambda x: (x.type, x.name, x.property, x.op, x.old, x.new)))


def _changes(lines: Sequence[DiffLine]) -> dict[str, int]:
    """How many resources are created, updated, …: a resource counts once however many lines it has."""
    counted = Counter(op for op, _, _ in {(x.op, x.type, x.name) for x in lines})
    return dict(sorted(counted.items()))
