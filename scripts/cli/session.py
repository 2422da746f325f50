"""Everything between a command and the engine: target, manifest, engine, twin, lock.

`opened` gives a `Session` in which the engine can run: nothing invalid gets past it, only one at a
time is in it, and its environment leads to the twin unless the real cloud was asked for.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.target import Environment, Target, resolve
from scripts.engine.environment import Target as Where
from scripts.engine.host.lean import VARIABLE as LEAN
from scripts.engine.locks import BusyError, Holder, only_one
from scripts.engine.model import Engine, EngineError, Progress
from scripts.engine.places import REPO, private, tenant_file, tenant_files, tenants
from scripts.engine.progress import Progress as RunProgress
from scripts.engine.stores import Store
from scripts.engine.workspace import Workspace
from stacks.text import Text

if TYPE_CHECKING:
    from providers.twin.client import Running


ROOM = 16 * 2**20
"""Bytes that a run needs: a state of 200 resources is 0.3 MB, written twice, with history and logs."""


KEPT = 50
"""Runs whose logs are kept: about half a megabyte each."""
FILES_A_RUN = 3


@dataclass(slots=True)
class Session:
    """An open stack: who, where, and how to run the engine on it."""

    console: Console
    target: Target
    where: Where
    workspace: Workspace
    manifest: Mapping[str, Any]
    """The tenant as it stands in its file (already validated)."""
    variables: dict[str, str]
    dead_hosts: tuple[str, ...] = ()
    """Machines known to be gone: the locks of their engines may be taken away."""

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.target.stack

    @property
    def logs(self) -> Path:
        """The folder of the runs' logs."""
        return private(self.workspace.repo) / "logs"

    def log(self, verb: str) -> Path:
        """The event log of a run that starts now; of older runs the newest `KEPT` are kept."""
        now = datetime.now()
        for old in sorted(self.logs.glob("*.*"))[: -KEPT * FILES_A_RUN]:
            old.unlink(missing_ok=True)
        return self.logs / f"{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03d}-{self.stack}-{verb}.jsonl"


def find_target(query: str, environment: Environment | None, verb: str, repo: Path = REPO) -> Target:
    """The stack that `query` means. Raises Trouble where there is none or more than one."""
    from stacks.registry.governments import load_governments
    from stacks.registry.search import find

    stacks = tenant_files(repo).keys()
    bodies = tuple(load_governments().values())
    return resolve(
        query, environment, verb=verb, stacks=stacks, find=lambda word: find(word, bodies), bodies=bodies
    )


@contextlib.contextmanager
def opened(
    console: Console,
    query: str,
    environment: Environment | None,
    *,
    verb: str,
    cloud: bool,
    locked: bool = True,
    built: bool = False,
    store: Store | None = None,
    repo: Path = REPO,
) -> Generator[Session]:
    """Open the stack that `query` means for `verb`.

    In this order: target, lock, manifest, engine, twin, stack. Raises Trouble at the first that
    fails; the engine has then not been started. `locked` is false for commands that only read,
    `built` true for those that want a stack that is there already.
    """
    target = find_target(query, environment, verb, repo)
    where: Where = "cloud" if cloud else "twin"
    if cloud and not tenant_file(repo, target.stack).is_relative_to(tenants(repo)):
        raise _only_generated(target.stack, repo)
    with contextlib.ExitStack() as stack:
        if locked:
            _lock(stack, private(repo) / "locks" / f"{where}-{target.stack}.lock", verb, target.stack)
        _room(repo)
        twin = stack.enter_context(_twin_starting(where, repo))
        manifest = valid_manifest(console, target, repo)
        workspace = Workspace(ready_engine(console, repo), repo, where, store=store)
        with engine_errors(target.stack):
            variables = workspace.environment()
            if built and not _is_built(workspace, target.stack):
                raise not_built(target.stack, cloud=cloud)
            if locked:
                workspace.ensure_stack(target.stack)
        # On a real cloud a twin that the shell has been told of must not answer in its place.
        variables.pop("PULUMI_DEBUG_PROVIDERS", None)
        if twin is not None:
            from scripts.cli.sakura import attached

            variables |= _attached(console, twin) | attached(manifest, twin_folder(repo)) | {LEAN: "true"}
        yield Session(console, target, where, workspace, manifest, variables)


def _only_generated(stack: str, repo: Path) -> Trouble:
    """A real unit is built from what a team has committed, never from what `fleet init` made up."""
    file = tenant_file(repo, stack).relative_to(repo)
    return Trouble(
        Exit.REFUSED,
        Text(
            ja=f"{stack} のマニフェストは fleet init が作ったツイン用のものです。何もしていません。",
            en=f"the manifest of {stack} was made by `fleet init`, for the twin; nothing was done",
        ),
        where=str(file),
        do=Text(
            ja="払い出された値を記入し、stacks/tenants に置いてコミットしてください"
            "（./jichitai fleet init --to stacks/tenants）。",
            en="Fill in what was handed over, put it into stacks/tenants and commit it"
            " (./jichitai fleet init --to stacks/tenants).",
        ),
    )


def valid_manifest(console: Console, target: Target, repo: Path = REPO) -> Mapping[str, Any]:
    """The tenant in the target's file. Raises Trouble, after showing everything that is wrong with it."""
    from rich.console import Group

    from scripts.cli.related import related
    from scripts.cli.validate import judged, problem_lines, read_files

    file = tenant_file(repo, target.stack)
    near = related(file, tenant_files(repo).values())
    own, problems = read_files([file])
    problems += judged(own, read_files(near)[0])
    if problems:
        source = own[0].data.decode("utf-8", errors="replace").splitlines() if own else []
        for problem in problems:
            console.err.print(Group(*problem_lines(console, problem, source), ""), highlight=False)
        raise Trouble(
            Exit.INVALID,
            Text(
                ja=f"マニフェストに誤りが {len(problems)} 件あります。エンジンは起動していません。",
                en=f"the manifest has {len(problems)} problems; the engine was not started",
            ),
            where=str(file.relative_to(repo)),
            do=Text(
                ja="上の誤りを直してください。./jichitai validate で何度でも確かめられます。",
                en="Mend what is listed; ./jichitai validate checks it again.",
            ),
            details={"problems": [p.record() for p in problems]},
        )
    from stacks.reading import read

    document, _ = read(own[0].name, own[0].data)
    return document.value["config"]["jichitai:tenant"] if document is not None else {}


def ready_engine(console: Console, repo: Path = REPO) -> Engine:
    """The engine, installed first if there is none, with progress. Raises Trouble."""
    from scripts.engine.install import ensure

    told: dict[str, float] = {}

    def report(progress: Progress) -> None:
        step = console.t(progress.step)
        if progress.elapsed - told.get(step, -10) >= 5:
            told[step] = progress.elapsed
            share = f" {progress.fraction:.0%}" if progress.fraction is not None else ""
            console.say(f"{step}{share} ({progress.elapsed:.0f} s) {progress.detail}".rstrip())

    try:
        return ensure(report, repo=repo)
    except EngineError as error:
        raise Trouble(
            Exit.ENGINE,
            Text(ja="Pulumi エンジンを用意できません。", en="The Pulumi engine cannot be had."),
            why=error.text,
            do=Text(
                ja="./jichitai doctor で足りないものを確かめてください。",
                en="./jichitai doctor shows what is missing.",
            ),
        ) from error


def busy(stack: str, holder: Holder | None, *, engine: bool = False) -> Trouble:
    """Another run has the stack."""
    if holder is None:
        why = Text(ja="別の処理が始まったところです。", en="Another run has just begun.")
    else:
        at = holder.since.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        doing = holder.doing or "pulumi"
        why = Text(
            ja=f"{doing} が {at} から実行中です（{holder.host}、プロセス {holder.pid}）。",
            en=f"{doing} has been running since {at} ({holder.host}, process {holder.pid}).",
        )
    do = Text(
        ja="終わるのを待つか、そちらを Ctrl-C で止めてから、もう一度実行してください。",
        en="Wait for it to end, or stop it with Ctrl-C, and run this again.",
    )
    if engine:
        do = Text(
            ja=f"{do.ja}その処理がもう無いと確かめたときだけ: pulumi cancel --stack {stack}",
            en=f"{do.en} Only if you are sure that it is gone: pulumi cancel --stack {stack}",
        )
    return Trouble(
        Exit.BUSY,
        Text(
            ja=f"スタック {stack} は別の処理が使っています。何もしていません。",
            en=f"another run of the stack {stack} is under way; nothing was done",
        ),
        why=why,
        do=do,
    )


def not_built(stack: str, *, cloud: bool) -> Trouble:
    """There is nothing to read, compare or tear down yet."""
    command = f"./jichitai up {stack}{' --cloud' if cloud else ''}"
    return Trouble(
        Exit.USAGE,
        Text(ja=f"{stack} はまだ構築されていません。", en=f"{stack} has not been built yet"),
        do=Text(ja=f"構築: {command}", en=f"Build it: {command}"),
    )


def _is_built(workspace: Workspace, stack: str) -> bool:
    """Whether the stack is there, and has anything where that can be read without the engine."""
    from scripts.engine.recovery import read_state

    if not workspace.stack_exists(stack):
        return False
    state = read_state(workspace, stack)
    return state is None or bool(state.get("resources") or state.get("pending_operations"))


def twin_folder(repo: Path = REPO) -> Path:
    """Where the twin of this clone keeps what it knows."""
    from providers.twin.client import default_folder

    return default_folder() if repo == REPO else private(repo) / "twin"


def _room(repo: Path) -> None:
    """Raise Trouble where the disk has no room for a run: the engine tries for minutes before it says so."""
    folder = private(repo) / "state"
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise Trouble(
            Exit.DISK,
            Text(
                ja=f"ディスクに空きがありません（残り {free // 2**20} MiB、必要 {ROOM // 2**20} MiB）。",
                en=f"The disk is full: {free // 2**20} MiB left, {ROOM // 2**20} MiB wanted.",
            ),
            where=str(folder),
            do=Text(
                ja="空きを作ってから、もう一度実行してください。何もしていません。",
                en="Free some space and run this again; nothing was done.",
            ),
        )


def _lock(stack: contextlib.ExitStack, file: Path, verb: str, name: str) -> None:
    try:
        stack.enter_context(only_one(file, f"./jichitai {verb} {name}"))
    except BusyError as error:
        raise busy(name, error.holder) from None


@contextlib.contextmanager
def _twin_starting(where: Where, repo: Path) -> Generator[Future[Running] | None]:
    """The twin, being started while the manifest is read: each takes about half a second."""
    if where != "twin":
        yield None
        return
    from providers.twin import client

    with ThreadPoolExecutor(1, thread_name_prefix="twin") as pool:
        yield pool.submit(client.ensure, twin_folder(repo))


def _attached(console: Console, twin: Future[Running]) -> dict[str, str]:
    """The variables that attach the engine to the twin, once it is there."""
    from providers.twin.client import TwinError, debug_providers

    try:
        running = twin.result()
    except TwinError as error:
        raise Trouble(
            Exit.TWIN,
            Text(ja="ツインを起動できません。", en="The twin cannot be started."),
            why=error.text,
            do=Text(
                ja="./jichitai doctor と ./jichitai twin status で確かめてください。",
                en="See ./jichitai doctor and ./jichitai twin status.",
            ),
        ) from error
    console.say(
        Text(
            ja=f"対象: デジタルツイン（プロセス {running.pid}、この計算機の中だけ）。"
            "実クラウドには --cloud を付けます。",
            en=f"target: the digital twin (process {running.pid}, on this machine only);"
            " --cloud is the real cloud",
        )
    )
    return {"PULUMI_DEBUG_PROVIDERS": debug_providers(running)}


@contextlib.contextmanager
def engine_errors(stack: str) -> Generator[None]:
    """What the engine's own set-up says, as Trouble."""
    try:
        yield
    except EngineError as error:
        from scripts.engine.failures import failures_of

        first = next(iter(failures_of(RunProgress(), f"error: {error.text.en}", 1)), None)
        known = first if first is not None and first.cause in ("passphrase", "disk") else None
        raise Trouble(
            Exit.DISK if known and known.cause == "disk" else Exit.ENGINE,
            known.what if known else Text(ja="スタックを開けません。", en="The stack cannot be opened."),
            where=stack,
            why=error.text,
            do=known.do if known else None,
        ) from error


def confirm(question: Text, console: Console, *, expected: str | None = None) -> None:
    """Ask on the terminal before something that cannot be taken back.

    `expected` is what must be typed; by default `y`. Raises Trouble when it is not, and where there
    is no terminal to ask on.
    """
    must_be_able_to_ask(question)
    hint = expected or "y/N"
    sys.stderr.write(f"{console.t(question)} [{hint}]: ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip()
    if answer.lower() not in ((expected.lower(),) if expected else ("y", "yes", "はい")):
        raise Trouble(
            Exit.REFUSED,
            Text(ja="確認されなかったので、何もしていません。", en="Not confirmed; nothing was done."),
        )


def must_be_able_to_ask(question: Text | None = None) -> None:
    """Raise Trouble where there is no terminal to ask on: better before the work than after it."""
    if not sys.stdin.isatty():
        raise Trouble(
            Exit.REFUSED,
            Text(
                ja="確認が要りますが、端末がありません。何もしていません。",
                en="this needs a confirmation and there is no terminal; nothing was done",
            ),
            why=question,
            do=Text(ja="承知の上なら --yes を付けてください。", en="Add --yes if you mean it."),
        )
