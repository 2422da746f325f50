"""`./jichitai new CODE --cloud aws`: a body's first manifest, valid as it is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated, cast

import typer

from scripts.cli import console as consoles
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.options import Json, Which, which
from scripts.cli.target import stack_name
from scripts.engine.places import REPO, tenant_files, tenants
from stacks.drafting import MARK, Order, draft, free_space, share_out
from stacks.problems import Problem, nearest
from stacks.registry import LocalGovernment, Registry, find, registry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.rules.addresses import foreign_ranges, own_spaces
from stacks.rules.body import code_problem
from stacks.text import Text, language_of
from stacks.validation import File, tenants_of, validate


def _help(ja: str, en: str) -> str:
    return Text(ja, en).say(language_of())


Code = Annotated[
    str,
    typer.Argument(
        metavar="CODE", help=_help("6桁の団体コード(名称でもよい)", "Six-digit code (or a name) of the body")
    ),
]
CloudOption = Annotated[
    str, typer.Option("--cloud", metavar="|".join(CLOUDS), help=_help("使うクラウド", "Cloud to use"))
]
Packages = Annotated[
    list[str] | None,
    typer.Option(
        "--package",
        help=_help("カタログの製品ID(複数可、既定は all-in-one)", "Catalogue entry; may be repeated"),
    ),
]
Unit = Annotated[
    str | None, typer.Option("--unit", help=_help("払い出されたアカウントなどのID", "The unit handed over"))
]
Force = Annotated[
    bool, typer.Option("--force", help=_help("既にあるファイルを書き直す", "Overwrite a file that exists"))
]


def new(
    code: Code,
    cloud: CloudOption = "aws",
    package: Packages = None,
    environment: Which = None,
    unit: Unit = None,
    force: Force = False,
    json: Json = False,
) -> int:
    """Write a valid manifest with comments; what must be filled in is marked with ★."""
    console = consoles.begin(json=json)
    known = registry()
    order = Order(
        body_called(code, known),
        _cloud(cloud),
        which(environment) or "production",
        _entries(package or ["all-in-one"], known),
        unit,
    )
    file = tenants(REPO) / f"Pulumi.{stack_name(order.body, order.environment)}.yaml"
    if file.exists() and not force:
        raise _exists(file)
    others = [File.at(f, REPO) for f in tenant_files(REPO).values() if f.name != file.name]
    text = draft(order, _space(order, known, others), known, console.language)
    shown = file.relative_to(REPO).as_posix()
    problems = validate([File(shown, text.encode())], others=others)
    if problems:
        raise _invalid(problems, console)
    _write(file, text)
    _tell(console, shown, file, text)
    return Exit.OK


def body_called(query: str, known: Registry) -> LocalGovernment:
    """The one body that `query` means. Raises Trouble where there is none, or more than one."""
    found = find(query)
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        listed = "\n".join(f"{b.code}  {b.full_name}" for b in found)
        raise Trouble(
            Exit.USAGE,
            Text(f"「{query}」は{len(found)}団体に当てはまります。", f"{query} means {len(found)} bodies."),
            why=Text(f"候補:\n{listed}", f"candidates:\n{listed}"),
            do=Text("団体コードで指定してください。", "Say which by its code."),
        )
    if len(query) == 6 and query.isascii() and query.isdigit():
        problem = code_problem((), query, known.governments)
        raise Trouble(Exit.USAGE, problem.message, do=problem.remedy)
    names = {n: b for b in known.governments.values() for n in (b.name, b.full_name, b.romaji, b.kana)}
    near = nearest(query, names)
    body = names[near] if near else None
    raise Trouble(
        Exit.USAGE,
        Text(f"「{query}」という団体はありません。", f"No local government is called {query}."),
        why=Text(f"近い候補: {body.code} {body.full_name}", f"nearest: {body.code} {body.full_name}")
        if body
        else None,
        do=Text("6桁の団体コードで指定してください。", "Give its six-digit code."),
    )


def _cloud(name: str) -> CloudName:
    if name in CLOUDS:
        return cast(CloudName, name)
    near = nearest(name, CLOUDS)
    raise Trouble(
        Exit.USAGE,
        Text(f"「{name}」というクラウドはありません。", f"There is no cloud called {name}."),
        why=Text(f"近い候補: {near}", f"nearest: {near}") if near else None,
        do=Text(f"{'、'.join(CLOUDS)} のいずれかです。", f"It is one of {', '.join(CLOUDS)}."),
    )


def _entries(names: list[str], known: Registry) -> tuple[str, ...]:
    """The entries asked for, each once. Raises Trouble for one that does not exist or serves nothing more."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known.catalogue:
            near = nearest(name, known.catalogue)
            raise Trouble(
                Exit.USAGE,
                Text(f"カタログに「{name}」はありません。", f"The catalogue has no {name}."),
                why=Text(f"近い候補: {near}", f"nearest: {near}") if near else None,
                do=Text(f"あるもの: {', '.join(known.catalogue)}", f"There is: {', '.join(known.catalogue)}"),
            )
    shares, _ = share_out([known.catalogue[name] for name in wanted], known)
    idle = [name for name, share in shares.items() if not share]
    if idle:
        raise Trouble(
            Exit.USAGE,
            Text(
                f"「{idle[0]}」の業務はすべて、前に挙げた製品が扱います。",
                f"Everything that {idle[0]} serves is served by an entry before it.",
            ),
            do=Text(
                f"--package {idle[0]} を外すか、先に書いてください。",
                f"Leave --package {idle[0]} out, or name it first.",
            ),
        )
    return wanted


def _space(order: Order, known: Registry, others: list[File]) -> IPv4Network:
    tenants = list(tenants_of(others))
    allocated = [space for tenant in tenants for _, space in own_spaces(tenant)]
    in_use = [network for tenant in tenants for _, network in foreign_ranges(tenant)]
    space = free_space(order.body, order.environment, known, allocated, in_use)
    if space is None:
        raise Trouble(
            Exit.REFUSED,
            Text("10.0.0.0/8 に空いている /20 がありません。", "No /20 of 10.0.0.0/8 is free."),
            do=Text(
                "使われなくなったマニフェストを stacks/tenants から除いてください。",
                "Take manifests that are no longer used out of stacks/tenants.",
            ),
        )
    return space


def _exists(file: Path) -> Trouble:
    return Trouble(
        Exit.REFUSED,
        Text("マニフェストは既にあります。何もしていません。", "The manifest exists; nothing was done."),
        where=str(file),
        do=Text(
            "編集するか、書き直してよければ --force を付けてください。",
            "Edit it, or add --force to overwrite it.",
        ),
    )


def _invalid(problems: list[Problem], console: Console) -> Trouble:
    lines = "\n".join(line for p in problems for line in p.lines(console.language))
    return Trouble(
        Exit.INVALID,
        Text(
            "指定された内容では有効なマニフェストになりません。何もしていません。",
            "What was asked for gives no valid manifest; nothing was done.",
        ),
        why=lines,
        do=Text(
            "--package、--cloud、--unit を見直してください。", "Reconsider --package, --cloud and --unit."
        ),
        details={"problems": [p.record() for p in problems]},
    )


def _write(file: Path, text: str) -> None:
    """Write the file as a whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _marked(text: str) -> Iterator[tuple[int, str]]:
    """The lines to fill in, the head's own mention of the mark aside."""
    for number, line in enumerate(text.splitlines(), start=1):
        if f"# {MARK}" in line:
            yield number, line.strip()


def _tell(console: Console, shown: str, file: Path, text: str) -> None:
    stack = file.name.removeprefix("Pulumi.").removesuffix(".yaml")
    marked = list(_marked(text))
    if console.json:
        console.document(
            {
                "result": "written",
                "file": shown,
                "stack": stack,
                "fill_in": [{"line": number, "text": line} for number, line in marked],
            }
        )
        return
    console.say(Text(f"{shown} を書きました。", f"Wrote {shown}."), "good")
    console.line(Text(f"{MARK} 記入が必要な行:", f"{MARK} Lines to fill in:"))
    for number, line in marked:
        console.line(f"  {number:>3}  {line}")
    console.line(
        Text(
            f"次に: ./jichitai validate、./jichitai up {stack}",
            f"Next: ./jichitai validate, ./jichitai up {stack}",
        )
    )
