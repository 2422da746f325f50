"""Which stacks a fleet command is about: criteria of the same kind widen, different kinds narrow.

`--prefecture 東京都 --prefecture 大阪府 --on aws` is every stack of either prefecture that uses AWS.
Whatever is misspelt is reported at once, each with the nearest valid value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase

from scripts.fleet.model import ENDED, Operation, RunId, Runs, StackRef
from stacks.problems import Problem, Problems, nearest, unknown
from stacks.registry import LocalGovernment, Registry
from stacks.registry.clouds import CLOUDS
from stacks.registry.search import find
from stacks.text import Text, language_of

KINDS: Mapping[str, str] = {
    "prefecture": "prefecture",
    "city": "city",
    "town": "town",
    "village": "village",
    "special_ward": "special_ward",
    "都道府県": "prefecture",
    "市": "city",
    "町": "town",
    "村": "village",
    "特別区": "special_ward",
}
ENVIRONMENTS: Mapping[str, str] = {
    "production": "production",
    "verification": "verification",
    "本番": "production",
    "検証": "verification",
}
OPTIONS: Mapping[str, str] = {
    "prefecture": "--prefecture",
    "kind": "--kind",
    "cloud": "--on",
    "package": "--package",
    "environment": "--environment",
}
"""How each attribute is asked for; `--cloud` is the real cloud, everywhere."""

LATEST = "latest"
"""Stands for the newest run in `--failed-in`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, as it was written. Empty tuples and None ask for nothing.

    `who` are codes, names, readings, stack names, or patterns of stack names (`13*-verification`).
    `changed_since` is a git reference, `failed_in` a run or `latest`.
    """

    who: tuple[str, ...] = ()
    prefecture: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    cloud: tuple[str, ...] = ()
    package: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    changed_since: str | None = None
    failed_in: str | None = None
    drifted: bool = False
    everything: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for, not even everything."""
        return not any(getattr(self, f.name) for f in fields(self))

    def words(self) -> tuple[str, ...]:
        """The selection as words of a command line."""
        found: list[str] = [*self.who]
        for name, option in OPTIONS.items():
            for value in getattr(self, name):
                found += [option, value]
        if self.changed_since:
            found += ["--changed-since", self.changed_since]
        if self.failed_in:
            found += ["--failed-in", self.failed_in]
        found += ["--drifted"] * self.drifted + ["--all"] * self.everything
        return tuple(found)

    def __str__(self) -> str:
        return " ".join(w if re.fullmatch(r"[\w@%+=:,./-]+", w) else shlex.quote(w) for w in self.words())


Changed = Callable[[str], Collection[str]]
"""The paths (relative to the repository) that differ from a git reference. Raises `Problems`."""


def select(
    selection: Selection, refs: Sequence[StackRef], known: Registry, *, runs: Runs | None, changed: Changed
) -> tuple[StackRef, ...]:
    """The stacks that are meant, in the order of `refs`; perhaps none.

    `runs` is None where nothing has ever run. Raises `Problems` with everything that means nothing.
    """
    problems: list[Problem] = []
    wanted: list[set[str]] = []
    for name, allowed, of in _attributes(known, refs):
        values = [v.strip() for given in getattr(selection, name) for v in given.split(",") if v.strip()]
        if not values:
            continue
        meant = {_plain(allowed, value) for value in values}
        problems += [_unknown(name, value, allowed) for value in values if _plain(allowed, value) is None]
        wanted.append({ref.stack for ref in refs if not meant.isdisjoint(of(ref))})
    if selection.who:
        wanted.append(set(_called(selection.who, refs, known, problems)))
    try:
        wanted += _by_history(selection, refs, runs)
        if selection.changed_since:
            wanted.append(affected(changed(selection.changed_since), refs))
    except Problems as wrong:
        problems += wrong.problems
    if problems:
        raise Problems(problems, language_of())
    return tuple(ref for ref in refs if all(ref.stack in stacks for stacks in wanted))


_TITLES: Mapping[str, Text] = {
    "prefecture": Text("都道府県", "prefecture"),
    "kind": Text("団体の種別", "kind of body"),
    "cloud": Text("クラウド", "cloud"),
    "package": Text("カタログの製品", "catalogue entry"),
    "environment": Text("環境", "environment"),
}


def _unknown(name: str, value: str, allowed: Mapping[str, str]) -> Problem:
    """Any spelling may be the nearest one; only one of each is listed."""
    found = unknown(f"unknown-{name}", (OPTIONS[name],), value, allowed, _TITLES[name])
    return replace(found, allowed=tuple(dict.fromkeys(allowed.values())))


def _attributes(
    known: Registry, refs: Sequence[StackRef]
) -> Iterator[tuple[str, Mapping[str, str], Callable[[StackRef], Collection[str]]]]:
    """Each criterion that compares an attribute: its name, what may be written, what a stack has."""
    packages = dict.fromkeys([*known.catalogue, *(p for ref in refs for p in ref.packages)])
    yield "prefecture", prefectures(known.governments.values()), lambda ref: (ref.prefecture,)
    yield "kind", KINDS, lambda ref: (ref.kind,)
    yield "cloud", {name: name for name in CLOUDS}, lambda ref: ref.clouds
    yield "package", {name: name for name in packages}, lambda ref: ref.packages
    yield "environment", ENVIRONMENTS, lambda ref: (ref.environment,)


def _plain(allowed: Mapping[str, str], value: str) -> str | None:
    return allowed.get(value) or allowed.get(value.lower())


def prefectures(bodies: Iterable[LocalGovernment]) -> dict[str, str]:
    """The prefectures by name (with or without 都府県), reading and first two digits of their codes."""
    found: dict[str, str] = {}
    for body in bodies:
        if body.kind == "prefecture":
            short = body.name if body.name == "北海道" else body.name[:-1]
            for word in (body.name, short, body.romaji, body.kana, body.code[:2], body.code):
                found[word] = body.name
    return found


def _called(
    words: Sequence[str], refs: Sequence[StackRef], known: Registry, problems: list[Problem]
) -> Iterator[str]:
    """The stacks that `words` name; of a body also the shared stack that it is a member of."""
    names = {ref.stack for ref in refs}
    for word in words:
        if word in names:
            yield word
            continue
        if any(sign in word for sign in "*?["):
            found = [name for name in names if fnmatchcase(name, word)]
        else:
            codes = {body.code for body in find(word, known.governments.values())}
            found = [r.stack for r in refs if r.code in codes or not codes.isdisjoint(r.members)]
        if not found:
            problems.append(_nobody(word, refs, known))
        yield from found


def _nobody(word: str, refs: Sequence[StackRef], known: Registry) -> Problem:
    bodies = find(word, known.governments.values())
    if bodies:
        code = bodies[0].code
        listed = "、".join(b.full_name for b in bodies[:3])
        return Problem(
            "no-manifest",
            (word,),
            Text(f"{listed}のマニフェストがありません。", f"There is no manifest of {listed}."),
            Text(
                f"./jichitai fleet init {code}、または ./jichitai new {code} で作れます。",
                f"./jichitai fleet init {code} or ./jichitai new {code} makes one.",
            ),
            found=word,
        )
    spellings = [ref.stack for ref in refs]
    spellings += [n for b in known.governments.values() for n in (b.name, b.full_name, b.romaji, b.code)]
    near = nearest(word, spellings)
    return Problem(
        "unknown-stack",
        (word,),
        Text(
            f"「{word}」に当てはまる団体もスタックもありません。", f"No body and no stack is called `{word}`."
        ),
        Text("団体コード、名称、スタック名で指定してください。", "Give a code, a name, or a stack's name."),
        found=word,
        nearest=near,
    )


def _by_history(selection: Selection, refs: Sequence[StackRef], runs: Runs | None) -> Iterator[set[str]]:
    if selection.failed_in:
        yield failed_in(selection.failed_in, runs)
    if selection.drifted:
        yield drifted(refs, runs)


def failed_in(run: str, runs: Runs | None) -> set[str]:
    """The stacks that a run has not brought to an end. Raises `Problems` where there is no such run."""
    heads = list(runs.heads()) if runs is not None else []
    name = heads[0].run if run == LATEST and heads else RunId(run)
    if runs is None or name not in {head.run for head in heads}:
        what = Text("実行", "run")
        ids = [str(head.run) for head in heads[:5]]
        raise Problems([unknown("unknown-run", ("--failed-in",), run, ids, what)], language_of())
    return {r.stack for r in runs.summary(name).results if r.outcome not in ENDED}


_SETTLING: frozenset[Operation] = frozenset({"drift", "refresh", "up", "destroy"})
"""Operations after which it is known whether a stack has drifted."""


def drifted(refs: Sequence[StackRef], runs: Runs | None) -> set[str]:
    """The stacks whose newest finished operation is a `drift` that found something."""
    found: set[str] = set()
    left = {ref.stack for ref in refs}
    for head in runs.heads() if runs is not None else ():
        if head.operation not in _SETTLING or not left or runs is None:
            continue
        for result in runs.summary(head.run).results:
            if result.stack in left and result.outcome in ("changed", "unchanged"):
                left.discard(result.stack)
                if head.operation == "drift" and result.outcome == "changed":
                    found.add(result.stack)
    return found


def affected(paths: Collection[str], refs: Sequence[StackRef]) -> set[str]:
    """The stacks that a change of these paths may change.

    A stack's own file, an entry of the catalogue that it uses, a folder of a cloud that it is on; any
    other part of the program, its settings or the lock file: all of them.
    """
    everything = {ref.stack for ref in refs}
    found: set[str] = set()
    for path in paths:
        parts = path.split("/")
        if parts[:2] == ["stacks", "tenants"]:
            found |= {ref.stack for ref in refs if ref.path.as_posix().endswith(f"/{path}")}
        elif parts[:3] == ["stacks", "registry", "packages"]:
            entry = parts[-1].removesuffix(".yaml")
            found |= {ref.stack for ref in refs if entry in ref.packages}
        elif parts[0] == "components" and parts[1] in CLOUDS:
            found |= {ref.stack for ref in refs if parts[1] in ref.clouds}
        elif parts[0] == "providers" and parts[1] == "sakura":
            found |= {ref.stack for ref in refs if "sakura" in ref.clouds}
        elif parts[0] in ("components", "stacks") or path in ("Pulumi.yaml", "requirements.lock"):
            return everything
        elif path.endswith(".yaml") and parts[-1].startswith("Pulumi."):
            found |= {ref.stack for ref in refs if ref.path.as_posix().endswith(f"/{path}")}
    return found
