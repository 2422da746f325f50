"""What comes before a run: which stacks need no work, in which wave each is, and the run's own record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from scripts.engine.model import Engine
from scripts.engine.workspace import Workspace
from scripts.fleet import rollout
from scripts.fleet.born import bear, cheap, salt_of
from scripts.fleet.database import Database
from scripts.fleet.model import Operation, RunId, StackRef, StackResult, Target
from scripts.fleet.options import Options
from scripts.fleet.runner import new_run
from scripts.fleet.skip import SKIPPED_BY, Fingerprints, needless, stamp_of
from stacks.planning import plan
from stacks.problems import Problems
from stacks.reading import read
from stacks.registry import registry
from stacks.validation import checked


def fingerprints(refs: Iterable[StackRef], repo: Path, engine: Engine, options: Options) -> dict[str, str]:
    """The fingerprint of each stack; empty for one whose manifest is not valid (it fails when it runs)."""
    make = Fingerprints(repo, engine.version, options.policies)
    known = registry()
    found: dict[str, str] = {}
    for ref in refs:
        document, problems = read(ref.path.name, ref.path.read_bytes())
        found[ref.stack] = ""
        if document is None or problems:
            continue
        try:
            tenant = checked(document.value["config"]["jichitai:tenant"], stack=ref.stack)
        except (Problems, KeyError, TypeError):
            continue
        found[ref.stack] = make.of(ref, repr(plan(tenant, known)))
    return found


def salt_for(workspace: Workspace, refs: Sequence[StackRef]) -> str:
    """A salt for the stacks that are new: that of one which the engine makes, if need be, now.

    Empty where the backend makes its stacks itself. Raises EngineError.
    """
    new = [ref.stack for ref in refs if not workspace.stack_exists(ref.stack)] if cheap(workspace) else []
    if not new:
        return ""
    bear(workspace, new[0], "")
    return salt_of(workspace, new[0])


def skips(
    database: Database,
    operation: Operation,
    target: Target,
    refs: Iterable[StackRef],
    prints: Mapping[str, str],
    repo: Path,
) -> dict[str, StackResult]:
    """The stacks that need no work, with the results that stand for it."""
    last = database.last(target, SKIPPED_BY.get(operation, ()))
    found: dict[str, StackResult] = {}
    for ref in refs:
        fingerprint = prints.get(ref.stack, "")
        if not fingerprint or not any((ref.stack, before) in last for before in SKIPPED_BY[operation]):
            continue
        stamp = stamp_of(repo, target, ref.stack)
        one = needless(operation, ref.stack, fingerprint, stamp, last)
        if one is not None:
            found[ref.stack] = one
    return found


def create(
    database: Database,
    operation: Operation,
    target: Target,
    refs: Sequence[StackRef],
    selection: str,
    options: Options,
    *,
    repo: Path,
    engine: Engine,
    canary: int = 0,
    shares: Sequence[float] = (),
    lists: Sequence[Collection[str]] = (),
) -> RunId:
    """Write a new run into the database: nothing of it has begun."""
    run = new_run(operation)
    prints: dict[str, str] = {}
    skipped: dict[str, StackResult] = {}
    if operation in SKIPPED_BY:
        prints = fingerprints(refs, repo, engine, options)
        if options.skip:
            skipped = skips(database, operation, target, refs, prints, repo)
    left = [ref for ref in refs if ref.stack not in skipped]
    placed = rollout.listed(left, lists) if lists else rollout.waves(left, canary, shares)
    database.create(
        run,
        operation,
        target,
        selection,
        options,
        [(ref, placed.get(ref.stack, 0), prints.get(ref.stack, ""), skipped.get(ref.stack)) for ref in refs],
    )
    return run
