"""Which stack files can clash with one: a quick look, so that `up` does not judge a whole fleet.

A clash is about an address range or a unit. Both are looked for in the text, so that too many files
may be found but none is missed: `./jichitai validate` judges them all in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path

from stacks.registry.clouds import CLOUDS

_SPACES = re.compile(
    rf"""\b(?:address_space|{"|".join(map(re.escape, CLOUDS))})["']?\s*:\s*["']?(\d+\.\d+\.\d+\.\d+/\d+)"""
)
_UNITS = re.compile(r"""\bunit["']?\s*:\s*["']?([^\s"',}]+)""")


def related(own: Path, others: Iterable[Path]) -> list[Path]:
    """The files among `others` that share a unit with `own` or have a range that meets one of its ranges.

    All of them when nothing is found in `own`: it is then written in a way that we do not see through.
    Files that cannot be read are passed over; judging them is not our part.
    """
    spaces, units = _claims(own)
    rest = [f for f in others if f != own]
    if not spaces or not units:
        return rest
    found: list[Path] = []
    for file in rest:
        try:
            its_spaces, its_units = _claims(file)
        except OSError:
            continue
        if its_units & units or any(a.overlaps(b) for a in its_spaces for b in spaces):
            found.append(file)
    return found


def _claims(file: Path) -> tuple[set[IPv4Network], set[str]]:
    text = file.read_bytes().decode("utf-8", errors="replace")
    spaces: set[IPv4Network] = set()
    for cidr in _SPACES.findall(text):
        try:
            spaces.add(IPv4Network(cidr, strict=False))
        except ValueError:
            continue
    return spaces, set(_UNITS.findall(text))
