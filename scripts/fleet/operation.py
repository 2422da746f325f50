"""One operation on one stack, in a process of its own that has everything imported already.

The same steps as a single command (`scripts.cli.perform`): the stack's lock, what a dead engine left,
the engine, its events. Only the program and the policies are served from this process instead of from
two new ones (`scripts.fleet.program`).
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from scripts.cli import sakura
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.perform import perform
from scripts.cli.render import changed
from scripts.cli.session import Session, busy, twin_folder
from scripts.cli.target import Target as Named
from scripts.engine.environment import quiet_home
from scripts.engine.events import Step
from scripts.engine.failures import Failure, failures_of
from scripts.engine.locks import BusyError, only_one
from scripts.engine.model import Engine, EngineError
from scripts.engine.places import private
from scripts.engine.recovery import read_state
from scripts.engine.run import Run
from scripts.engine.workspace import Workspace
from scripts.fleet.born import bear
from scripts.fleet.groups import digest_of, normalised
from scripts.fleet.model import (
    Cause,
    Count,
    DiffLine,
    Operation,
    Outcome,
    StackRef,
    StackResult,
    Target,
    adapted,
    record,
    taken,
)
from scripts.fleet.program import run_main, served, write_pack
from scripts.fleet.skip import stamp_of
from stacks.text import Text

VERBS: Mapping[Operation, tuple[str, ...]] = {
    "preview": ("preview",),
    "up": ("up", "--skip-preview", "--yes"),
    "refresh": ("refresh", "--skip-preview", "--yes"),
    "drift": ("refresh", "--preview-only"),
    "destroy": ("destroy", "--skip-preview", "--yes"),
}
"""The engine's words for each operation, as the single commands use them."""

PROGRAMS: frozenset[Operation] = frozenset({"preview", "up"})
"""The operations that run the tenant's program; the others work from the state alone."""

BUSY_SECONDS = 45.0
"""How long a stack that is in use is waited for: an engine whose worker died ends within seconds."""
GARBAGE = "300"
"""The engine lives for seconds: it collects its garbage when there is three times as much as it needs, not
as much again. A tenth less of its processor time, 50 MB more (`GOGC`; one that is set is kept)."""
BUSY_LOOK = 0.25
"""Seconds between two looks."""

NOT_BUILT = Text(ja="まだ構築されていません。", en="it has not been built yet")


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is asked to do.

    `slot` is the number of the place in the worker, for what must not be shared; `salt` another
    stack's, for new ones; `dead_hosts` are machines known to be gone, whose engines' locks may be
    taken away; `attempt` counts from 1.
    """

    run: str
    ref: StackRef
    operation: Operation
    target: Target
    engine: Engine
    repo: Path
    slot: int = 0
    attempt: int = 1
    salt: str = ""
    policies: bool = True
    dead_hosts: tuple[str, ...] = ()


@dataclass(slots=True)
class FleetSession(Session):
    """A stack of a fleet, opened: its logs go to the run's own folder."""

    run: str = ""

    @property
    def logs(self) -> Path:
        """The folder of this run's logs."""
        return logs_of(self.workspace.repo, self.run)

    def log(self, verb: str) -> Path:
        """The event log of a run of the engine that starts now."""
        return self.logs / f"{self.stack}-{verb}-{time.time_ns() // 1_000_000}.jsonl"


def logs_of(repo: Path, run: str) -> Path:
    """Where a run keeps the logs of what failed."""
    return private(repo) / "fleet" / "logs" / run


def preload(clouds: Sequence[str]) -> None:
    """Import all that a stack on these clouds needs, so that no fork has to."""
    for module in (
        "components.tenant",
        "policies.live.server",
        "providers.twin.client",
        "providers.twin.sakura.handover",
        "stacks.planning",
        "stacks.reading",
        "stacks.validation",
    ):
        import_module(module)
    from stacks.registry import registry

    registry()  # read once, kept in its module
    for kind in (Task, StackResult, DiffLine):
        adapted(kind)
    for cloud in clouds:
        rooms = import_module(f"components.{cloud}")
        # In the tenant's order: a room that comes first would bind the name to the module it imports.
        for name in ("provider", *rooms.__all__):
            getattr(rooms, name)


def work(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """`operate` for a worker: JSON in, JSON out."""
    task = taken(Task, request)
    result, steps = operate(task)
    lines = normalised(lines_of(steps), task.ref)
    return {
        "result": record(replace(result, digest=digest_of(lines))),
        "lines": [record(line) for line in lines],
        "stamp": stamp_of(task.repo, task.target, task.ref.stack),
    }


def lines_of(steps: Sequence[Step]) -> tuple[DiffLine, ...]:
    """The differences that the steps make, one a property."""
    found: list[DiffLine] = []
    for step in steps:
        place = step.place
        if not step.changes:
            found.append(DiffLine(step.op, place.type, place.name))
        for change in step.changes:
            old, new = (json.dumps(v, ensure_ascii=False) for v in (change.old, change.new))
            found.append(DiffLine(step.op, place.type, place.name, change.path, old, new))
    return tuple(found)


def operate(task: Task) -> tuple[StackResult, tuple[Step, ...]]:
    """Do what `task` asks; the result, and the steps that change something. Raises nothing of ours."""
    began = time.monotonic()
    result = StackResult(task.ref.stack, task.operation, "failed", datetime.now(UTC), attempts=task.attempt)
    steps: tuple[Step, ...] = ()
    try:
        run = _run(task)
        if run is None:
            result = replace(result, outcome="skipped", skipped=NOT_BUILT)
        else:
            steps = tuple(changed(run.progress.finished.values()))
            result = replace(
                result,
                outcome=_outcome(run, steps),
                changes=_counts(steps),
                causes=tuple(_cause(f) for f in failures_of(run.progress, run.said, run.code)),
            )
            _keep_logs(run, keep=result.outcome == "failed")
    except Trouble as trouble:
        result = replace(result, causes=(_of_trouble(trouble),))
    except EngineError as error:
        result = replace(result, causes=(Cause("engine", error.text, error.text.en, _AGAIN),))
    return replace(result, seconds=time.monotonic() - began), steps


def _run(task: Task) -> Run | None:
    """Open the stack and run the engine on it; None where there is nothing to work on."""
    where = f"{task.target}-{task.ref.stack}.lock"
    with contextlib.ExitStack() as stack:
        _own_lock(stack, private(task.repo) / "locks" / where, task)
        workspace = Workspace(task.engine, task.repo, task.target)
        if task.operation in PROGRAMS:
            bear(workspace, task.ref.stack, task.salt)
        elif not _built(workspace, task.ref.stack):
            return None
        variables = {"GOGC": GARBAGE} | workspace.environment() | {"PULUMI_HOME": str(_home(task))}
        variables.pop("PULUMI_DEBUG_PROVIDERS", None)
        manifest = _manifest(workspace, task.ref.stack)
        if task.operation == "destroy" and manifest.get("protect", True):
            raise Trouble(Exit.REFUSED, _PROTECTED, do=_UNPROTECT)
        if task.target == "twin":
            variables |= _attached(task) | stack.enter_context(_sakura(manifest, task))
        # The rules are in this process, or not asked: never in a pack that the engine starts.
        session = FleetSession(
            console=Console(quiet=True),
            target=Named(task.ref.stack),
            where=task.target,
            workspace=workspace,
            manifest=manifest,
            variables=variables | {"JICHITAI_POLICIES": "off"},
            dead_hosts=task.dead_hosts,
            run=task.run,
        )
        verb = list(VERBS[task.operation])
        if task.operation in PROGRAMS:
            services = stack.enter_context(served(run_main))
            verb += services.options
            if task.policies:
                session.variables |= services.variables
                verb += ["--policy-pack", str(write_pack(private(task.repo) / "fleet" / "pack"))]
        return _patiently(session, verb)


def _own_lock(stack: contextlib.ExitStack, file: Path, task: Task) -> None:
    """Our lock on the stack. Waits for a while: a worker that is being replaced may still be leaving."""
    doing = f"./jichitai fleet {task.operation} ({task.run})"
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            stack.enter_context(only_one(file, doing))
        except BusyError as error:
            if time.monotonic() > until:
                raise busy(task.ref.stack, error.holder) from None
            time.sleep(BUSY_LOOK)
        else:
            return


def _patiently(session: Session, verb: Sequence[str]) -> Run:
    """Run the engine, waiting for one that lives on without its worker: it ends by itself, and soon."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return perform(session, verb, Text("", ""), sure=True)
        except Trouble as trouble:
            if trouble.exit != Exit.BUSY or time.monotonic() > until:
                raise
            time.sleep(BUSY_LOOK)


def _home(task: Task) -> Path:
    """The engine's home for this slot: it writes credentials and logs there, which are not to be shared."""
    return quiet_home(private(task.repo) / "fleet" / "homes" / f"{task.target}-{os.getppid()}-{task.slot}")


def _built(workspace: Workspace, stack: str) -> bool:
    if not workspace.stack_exists(stack):
        return False
    state = read_state(workspace, stack)
    return state is None or bool(state.get("resources") or state.get("pending_operations"))


def _manifest(workspace: Workspace, stack: str) -> Mapping[str, Any]:
    from stacks.reading import read

    file = workspace.tenant_file(stack)
    document, _ = read(file.name, file.read_bytes())
    return document.value["config"]["jichitai:tenant"] if document is not None else {}


def _attached(task: Task) -> dict[str, str]:
    """The variables that attach the engine to the twin, started if need be."""
    from providers.twin.client import TwinError, debug_providers, ensure

    try:
        return {"PULUMI_DEBUG_PROVIDERS": debug_providers(ensure(twin_folder(task.repo)))}
    except TwinError as error:
        raise Trouble(
            Exit.TWIN, Text(ja="ツインを起動できません。", en="The twin cannot be started."), why=error.text
        ) from error


@contextlib.contextmanager
def _sakura(manifest: Mapping[str, Any], task: Task) -> Generator[dict[str, str]]:
    """さくら has a twin a unit, a process each: it runs for as long as its stack is worked on."""
    from providers.twin.sakura import client

    clouds = manifest.get("clouds", {})
    if sakura.CLOUD not in clouds:
        yield {}
        return
    place = sakura.folder(twin_folder(task.repo), str(clouds[sakura.CLOUD]["unit"]))
    ran = client.status(place) is not None
    try:
        yield sakura.attached(manifest, twin_folder(task.repo))
    finally:
        if not ran:
            with contextlib.suppress(client.SakuraTwinError, OSError):
                client.stop(place)


def _outcome(run: Run, steps: Sequence[Step]) -> Outcome:
    if run.code == 0:
        return "changed" if steps else "unchanged"
    return "cancelled" if run.stopped else "failed"


def _counts(steps: Sequence[Step]) -> tuple[Count, ...]:
    counted = Counter((step.place.type, step.op) for step in steps)
    return tuple(Count(type_, op, number) for (type_, op), number in sorted(counted.items()))


def _cause(failure: Failure) -> Cause:
    place = str(failure.place) if failure.place is not None else ""
    return Cause(failure.cause, failure.what, failure.why, failure.do, place)


def _of_trouble(trouble: Trouble) -> Cause:
    why = trouble.why.en if isinstance(trouble.why, Text) else trouble.why or ""
    cause = _TROUBLES.get(trouble.exit, "engine")
    return Cause(cause, trouble.what, why, trouble.do or _AGAIN, trouble.where)


def _keep_logs(run: Run, *, keep: bool) -> None:
    """Keep the log of a failure, packed; of what went well the result says it all (2 MB a stack)."""
    if keep and run.log.exists():
        with run.log.open("rb") as source, gzip.open(f"{run.log}.gz", "wb", compresslevel=3) as packed:
            shutil.copyfileobj(source, packed)
        run.log.unlink()
        return
    for suffix in (".jsonl", ".out", ".err"):
        run.log.with_suffix(suffix).unlink(missing_ok=True)


_TROUBLES: dict[int, str] = {
    Exit.BUSY: "busy",
    Exit.TWIN: "provider",
    Exit.DISK: "disk",
    Exit.REFUSED: "protected",
}
_AGAIN = Text(
    ja="同じコマンドをもう一度実行してください。続きから進みます。",
    en="Run the same command again: it goes on from there.",
)
_PROTECTED = Text(ja="削除保護が有効です。", en="It is protected against deletion.")
_UNPROTECT = Text(
    ja="マニフェストの protect を false にし、`up` してから `destroy` してください。",
    en="Set `protect: false` in the manifest, `up`, and then `destroy`.",
)
