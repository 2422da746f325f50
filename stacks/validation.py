"""Both doors to a valid manifest: the Pulumi program's and the command line's.

`checked` takes the value that the engine hands over; `validate` takes files and knows lines. Behind
both are the same rules, so that what passes one passes the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path as FilePath
from typing import Any, cast

from stacks.manifest import Tenant
from stacks.partial import Broken, heard, rest_of
from stacks.planning import stack_name
from stacks.problems import Path, Problem, Problems, nearest
from stacks.reading import locate, read
from stacks.registry import Registry, registry
from stacks.rules import RULES, Context, judge
from stacks.rules.fleet import Stack, judge_fleet
from stacks.shape import shape
from stacks.text import Text, language_of

JAPAN = timezone(timedelta(hours=9), "JST")

KEY = "jichitai:tenant"
"""Where the manifest is in a stack file: under `config`."""

BASE: Path = ("config", KEY)


def today_in_japan() -> date:
    """The date in Japan: exceptions expire by it, wherever the program runs."""
    return datetime.now(JAPAN).date()


def checked(value: object, *, stack: str, today: date | None = None) -> Tenant:
    """The tenant of `stack` in `value`, the JSON value of `jichitai:tenant`.

    Raises `Problems` with everything that is wrong; its text is for people.
    """
    tenant, _, problems = _judge(value, registry(), today or today_in_japan())
    if tenant is not None and not problems:
        problems = list(_stack_problems(tenant, registry(), stack, path=()))
    if tenant is None or problems:
        raise Problems(problems, language_of())
    return tenant


@dataclass(frozen=True, slots=True)
class File:
    """A stack file: its path as it is to be shown, and its bytes."""

    name: str
    data: bytes

    @classmethod
    def at(cls, path: FilePath, root: FilePath | None = None) -> File:
        """The file at `path`, shown relative to `root` where it is under it. Raises OSError."""
        inside = root is not None and path.is_relative_to(root)
        return cls(str(path.relative_to(root) if inside and root else path), path.read_bytes())

    @property
    def stack(self) -> str | None:
        """The stack's name by the file's, or None where the file is not named as Pulumi names it."""
        name = FilePath(self.name).name
        if name.startswith("Pulumi.") and name.endswith((".yaml", ".yml")):
            return name.removeprefix("Pulumi.").rpartition(".")[0]
        return None


def validate(
    files: Iterable[File], *, others: Iterable[File] = (), today: date | None = None
) -> list[Problem]:
    """Every problem of every file, in the order of the files and their lines.

    `others` are stack files that are not judged but whose units and ranges are taken. Never raises
    for any content. `today` is the date in Japan that exceptions are compared with.
    """
    known, day = registry(), today or today_in_japan()
    problems: list[Problem] = []
    stacks: list[Stack] = []
    sources: list[File | None] = []
    for other in others:
        tenant, broken, _ = _judge_file(other, known, day)
        if tenant is not None:
            stacks.append(Stack(other.stack or other.name, tenant, broken))
            sources.append(None)
    for file in files:
        tenant, broken, found = _judge_file(file, known, day)
        problems.extend(found)
        if tenant is not None:
            stacks.append(Stack(file.stack or file.name, tenant, broken))
            sources.append(file)
    for number, problem in judge_fleet(stacks):
        if (file := sources[number]) is not None:
            # Read once more: keeping the trees of a whole country would cost more than these few.
            document, _ = read(file.name, file.data)
            problems.append(locate(document, problem, BASE) if document else problem)
    order = {name: number for number, name in enumerate(dict.fromkeys(p.file for p in problems))}
    return sorted(problems, key=lambda p: (order[p.file], p.line or 0, p.column or 0))


def tenants_of(files: Iterable[File]) -> Iterator[Tenant]:
    """What can be read of the tenants in `files`, whatever is wrong with them."""
    known, day = registry(), today_in_japan()
    for file in files:
        tenant, _, _ = _judge_file(file, known, day)
        if tenant is not None:
            yield tenant


def _judge(value: object, known: Registry, today: date) -> tuple[Tenant | None, Broken, list[Problem]]:
    """The tenant (or what is left of it), its broken places, and what is wrong with it."""
    tenant, problems = shape(Tenant, value)
    if tenant is not None:
        return tenant, Broken(), judge(RULES, Context(tenant, known, today))
    tenant, broken = rest_of(value, problems)
    if tenant is not None:
        problems += heard(judge(RULES, Context(tenant, known, today, broken.fields)), broken)
    return tenant, broken, problems


def _judge_file(file: File, known: Registry, today: date) -> tuple[Tenant | None, Broken, list[Problem]]:
    document, problems = read(file.name, file.data)
    if document is None:
        return None, Broken(), problems
    value, found = _manifest(document.value)
    tenant: Tenant | None = None
    broken = Broken()
    if not found:
        tenant, broken, inner = _judge(value, known, today)
        if tenant is not None and file.stack is not None and not broken.fields & _NAMING:
            inner.extend(_stack_problems(tenant, known, file.stack, path=("code",)))
        problems.extend(locate(document, problem, BASE) for problem in inner)
    problems.extend(locate(document, problem) for problem in found)
    return tenant, broken, problems


_NAMING = frozenset({"code", "environment", "usage", "isolation"})


def _manifest(value: object) -> tuple[object, list[Problem]]:
    """The manifest in a stack file's value, or why there is none."""
    if not isinstance(value, dict):
        return None, [_absent((), None)]
    top = cast(dict[str, Any], value)
    config = top.get("config")
    if not isinstance(config, dict):
        if "config" in top:
            return None, [_absent(("config",), None)]
        return None, [_absent((), nearest("config", top, 0.7))]
    entries = cast(dict[str, Any], config)
    if KEY not in entries:
        return None, [_absent(("config",), nearest(KEY, entries, 0.6))]
    return entries[KEY], []


def _absent(path: Path, misspelt: str | None) -> Problem:
    return Problem(
        "no-manifest",
        (*path, misspelt) if misspelt else path,
        Text(f"「config:」の下に「{KEY}:」がありません。", f"There is no `{KEY}:` under `config:`."),
        Text(
            "マニフェストを config: の下の jichitai:tenant: に書いてください。"
            "雛形: `./jichitai new 団体コード --cloud aws`",
            "Put the manifest under `config:`, `jichitai:tenant:`. "
            "`./jichitai new CODE --cloud aws` writes one.",
        ),
        found=misspelt,
        allowed=(f"config.{KEY}",),
        nearest=f"config.{KEY}" if misspelt else None,
    )


def _stack_problems(tenant: Tenant, known: Registry, stack: str, *, path: Path) -> Sequence[Problem]:
    """That the stack's name is not the one that the manifest asks for."""
    if tenant.code not in known.governments:
        return ()
    expected = stack_name(tenant, known)
    if stack == expected:
        return ()
    return (
        Problem(
            "stack-name",
            path,
            Text(
                f"スタック名が「{stack}」ですが、このマニフェスト(団体コード・環境・利用方式)では「{expected}」です。",
                f"The stack is called `{stack}`; by its code, environment and usage it is `{expected}`.",
            ),
            Text(
                f"ファイル名を Pulumi.{expected}.yaml にするか、code と environment を直してください。",
                f"Rename the file to Pulumi.{expected}.yaml, or mend `code` and `environment`.",
            ),
            found=stack,
            allowed=(expected,),
            nearest=expected,
        ),
    )
