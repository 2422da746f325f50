"""Which stack is meant: a code, a name, its reading, or the stack's own name.

Pure: the local governments and the stacks that exist are given.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from scripts.cli.exits import Exit, Trouble
from stacks.registry import LocalGovernment
from stacks.text import Text

Environment = Literal["production", "verification"]

SUFFIX = "-verification"
NEAREST = 5

ENVIRONMENTS: dict[str, Environment] = {"production": "production", "verification": "verification"}


@dataclass(frozen=True, slots=True)
class Target:
    """A stack that exists."""

    stack: str

    @property
    def environment(self) -> Environment:
        """本番 or 検証, by the stack's name."""
        return "verification" if self.stack.endswith(SUFFIX) else "production"

    @property
    def code(self) -> str:
        """The local government's code."""
        return self.stack.partition("-")[0]


def stack_name(body: LocalGovernment, environment: Environment) -> str:
    """The name of a local government's stack."""
    return body.slug + (SUFFIX if environment == "verification" else "")


def resolve(
    query: str,
    environment: Environment | None,
    *,
    verb: str,
    stacks: Collection[str],
    find: Callable[[str], Sequence[LocalGovernment]],
    bodies: Iterable[LocalGovernment],
) -> Target:
    """The one stack that `query` means, in `environment` (default: what the query says, else production).

    `find` is the registry's search, `bodies` all that it knows, `stacks` those with a manifest,
    `verb` the command that is to be suggested. Raises Trouble for none, for several, and for a body
    without a manifest.
    """
    word = unicodedata.normalize("NFKC", query).strip().removesuffix(".yaml").rpartition("/")[2]
    word = word.removeprefix("Pulumi.")
    if word in stacks and environment is None:
        return Target(word)
    if word.endswith(SUFFIX):
        word = word.removesuffix(SUFFIX)
        environment = environment or "verification"
    wanted: Environment = environment or "production"
    found = find(word)
    if not found:
        raise _unknown(query, word, bodies, stacks, verb)
    if len(found) > 1:
        raise _ambiguous(query, found, verb)
    stack = stack_name(found[0], wanted)
    if stack in stacks:
        return Target(stack)
    # A shared tenant that the body hosts, `<code>-<romaji>-shared`, is meant where it is the only one.
    hosted = [
        t for s in stacks if s.startswith(f"{found[0].slug}-") and (t := Target(s)).environment == wanted
    ]
    if len(hosted) == 1:
        return hosted[0]
    raise _no_manifest(found[0], wanted, stacks, verb)


def _unknown(
    query: str, word: str, bodies: Iterable[LocalGovernment], stacks: Collection[str], verb: str
) -> Trouble:
    from stacks.rules.body import code_problem

    if code := re.match(r"[0-9]{6}(?=-|$)", word):
        governments = {body.code: body for body in bodies}
        if code[0] not in governments:
            # A digit mistyped, a ward: said as `validate` says it of a manifest.
            problem = code_problem((), code[0], governments)
            return Trouble(Exit.USAGE, problem.message, do=problem.remedy)
    spellings: dict[str, LocalGovernment] = {}
    for body in bodies:
        for spelling in (body.name, body.full_name, body.romaji, body.kana):
            spellings.setdefault(spelling, body)
    near = difflib.get_close_matches(word, spellings, n=NEAREST * 2, cutoff=0.6)
    candidates = list(dict.fromkeys(spellings[s] for s in near))[:NEAREST]
    lines = [f"./jichitai {verb} {s}" for s in difflib.get_close_matches(word, stacks, n=NEAREST)]
    lines += [f"{b.code}  {b.full_name}  {b.romaji}" for b in candidates]
    listed = "\n".join(lines)
    return Trouble(
        Exit.USAGE,
        Text(
            ja=f"「{query}」に当てはまる地方公共団体がありません。",
            en=f"no local government is called “{query}”",
        ),
        why=Text(ja=f"近い候補:\n{listed}", en=f"nearest:\n{listed}") if lines else None,
        do=Text(
            ja="6桁の団体コード、名称、読み（ローマ字・かな）のどれかで指定してください。",
            en="Give the six-digit code, the name, or its reading (romaji or kana).",
        ),
    )


def _ambiguous(query: str, found: Sequence[LocalGovernment], verb: str) -> Trouble:
    listed = "\n".join(f"{b.code}  {b.prefecture} {b.name}  ./jichitai {verb} {b.code}" for b in found)
    return Trouble(
        Exit.USAGE,
        Text(
            ja=f"「{query}」は {len(found)} 団体に当てはまります。何もしていません。",
            en=f"“{query}” means {len(found)} local governments; nothing was done",
        ),
        why=Text(ja=f"候補:\n{listed}", en=f"candidates:\n{listed}"),
        do=Text(ja="団体コードで指定してください。", en="Say which by its code."),
    )


def _no_manifest(body: LocalGovernment, wanted: Environment, stacks: Collection[str], verb: str) -> Trouble:
    option = " --environment verification" if wanted == "verification" else ""
    others = sorted(s for s in stacks if s.startswith(f"{body.code}-"))
    there = "\n".join(f"./jichitai {verb} {s}" for s in others)
    kind = Text(ja="検証環境" if wanted == "verification" else "本番環境", en=wanted)
    return Trouble(
        Exit.USAGE,
        Text(
            ja=f"{body.full_name}（{body.code}）の{kind.ja}のマニフェストがまだありません。",
            en=f"{body.full_name} ({body.code}) has no manifest for {kind.en} yet",
        ),
        why=Text(ja=f"あるもの:\n{there}", en=f"there is:\n{there}") if others else None,
        do=Text(
            ja=f"作成: ./jichitai new {body.code} --cloud aws{option}",
            en=f"Make one: ./jichitai new {body.code} --cloud aws{option}",
        ),
    )
