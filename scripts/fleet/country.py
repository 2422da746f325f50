"""`fleet init`: the country's manifests as files, without ever touching what somebody has edited.

A file that was written here carries a digest of itself in its second line. Whoever changes a single
character of it makes it theirs: it is then kept as it is, and planned around.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2s
from ipaddress import IPv4Network
from pathlib import Path

from scripts.engine.places import tenants
from stacks.country import Existing, Planned, Wishes, plan_country
from stacks.drafting import draft
from stacks.manifest import Environment, Tenant
from stacks.problems import Problem
from stacks.registry import Registry
from stacks.rules.addresses import foreign_ranges, own_spaces
from stacks.text import Language
from stacks.validation import File, tenants_of, validate

_STAMP = re.compile(r"\A(#[^\n]*\n)# fleet-init: ([0-9a-f]{32})\n")


@dataclass(frozen=True, slots=True)
class Draft:
    """A country as it would be written: the text of each file by its name, and what stands in the way.

    `kept` are files that are somebody's own and stay; `stale` ones of ours that the plan has no use
    for any more. `problems` is empty unless the wishes give manifests that are not valid.
    """

    folder: Path
    planned: tuple[Planned, ...]
    texts: Mapping[str, str]
    kept: tuple[Path, ...]
    stale: tuple[Path, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What a `write` did, by names of files."""

    new: tuple[str, ...]
    rewritten: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]


def stamped(text: str) -> str:
    """`text` with the digest of itself in its second line."""
    first, _, rest = text.partition("\n")
    return f"{first}\n# fleet-init: {_digest(text)}\n{rest}"


def is_untouched(data: bytes) -> bool:
    """Whether `data` is exactly what `fleet init` once wrote."""
    text = data.decode("utf-8", errors="replace")
    found = _STAMP.match(text)
    return found is not None and _digest(found[1] + text[found.end() :]) == found[2]


def _digest(text: str) -> str:
    return blake2s(text.encode("utf-8"), digest_size=16).hexdigest()


def plan(
    wishes: Wishes,
    folder: Path,
    repo: Path,
    registry: Registry,
    language: Language,
    *,
    tick: Callable[[int, int], None] = lambda _done, _all: None,
) -> Draft:
    """The country that `wishes` ask for, around what is in `folder` and in the committed stacks.

    Nothing is written. `tick` is told how many manifests of how many have been checked. Raises
    OSError where a file cannot be read, ValueError where the ranges do not suffice.
    """
    here = sorted(folder.glob("Pulumi.*.yaml"))
    committed = sorted(tenants(repo).glob("Pulumi.*.yaml")) if folder != tenants(repo) else []
    ours = [f for f in here if is_untouched(f.read_bytes())]
    kept = [f for f in here if f not in set(ours)]
    others = [File.at(f, repo) for f in (*committed, *kept)]
    planned = plan_country(wishes, existing(tenants_of(others)), registry)
    own = {f.name for f in kept}
    texts = {
        name: stamped(draft(p.order, p.space, registry, language))
        for p in planned
        # A file of somebody's that cannot be read places nobody, and is not overwritten all the same.
        if (name := f"Pulumi.{p.stack}.yaml") not in own
    }
    problems = validate(_ticking(texts, folder, tick), others=others)
    stale = [f for f in ours if f.name not in texts]
    return Draft(folder, planned, texts, tuple(kept), tuple(stale), tuple(problems))


_PLACE = re.compile(r"^\s+(?:unit|address_space): [^\s#]+", re.MULTILINE)


def moved(country: Draft) -> tuple[Path, ...]:
    """The files of ours that would name another unit or another range than they do."""
    found: list[Path] = []
    for name, text in country.texts.items():
        file = country.folder / name
        if file.exists() and set(_PLACE.findall(file.read_text(encoding="utf-8"))) != set(
            _PLACE.findall(text)
        ):
            found.append(file)
    return tuple(found)


def existing(there: Iterable[Tenant]) -> Existing:
    """Who is placed already, and which ranges are taken, by these tenants."""
    placed: set[tuple[str, Environment]] = set()
    allocated: list[IPv4Network] = []
    in_use: list[IPv4Network] = []
    for tenant in there:
        codes = tenant.members if tenant.usage == "shared" else (tenant.code,)
        placed.update((code, tenant.environment) for code in codes)
        allocated += [space for _, space in own_spaces(tenant)]
        in_use += [network for _, network in foreign_ranges(tenant)]
    return Existing(frozenset(placed), tuple(allocated), tuple(in_use))


def _ticking(texts: Mapping[str, str], folder: Path, tick: Callable[[int, int], None]) -> Iterator[File]:
    for number, (name, text) in enumerate(texts.items(), start=1):
        yield File(str(folder / name), text.encode("utf-8"))
        tick(number, len(texts))


def write(country: Draft, wanted: Callable[[Planned], bool] | None = None) -> Written:
    """Write the files of the stacks that are `wanted` (None: all, and remove what is stale).

    Each file is replaced as a whole or not at all, so that a run that is killed can be repeated.
    Raises OSError.
    """
    new: list[str] = []
    rewritten: list[str] = []
    unchanged = 0
    country.folder.mkdir(parents=True, exist_ok=True)
    for planned in country.planned:
        name = f"Pulumi.{planned.stack}.yaml"
        if name not in country.texts or (wanted is not None and not wanted(planned)):
            continue
        file = country.folder / name
        data = country.texts[name].encode("utf-8")
        before = file.read_bytes() if file.exists() else None
        if before == data:
            unchanged += 1
            continue
        (new if before is None else rewritten).append(name)
        draft_file = file.with_name(f".{name}.{os.getpid()}")
        draft_file.write_bytes(data)
        draft_file.replace(file)
    removed = country.stale if wanted is None else ()
    for file in removed:
        file.unlink(missing_ok=True)
    return Written(tuple(new), tuple(rewritten), unchanged, tuple(f.name for f in removed))
