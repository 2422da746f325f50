"""Begin a run, or go on with one, in this process."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

from scripts.cli.console import Console
from scripts.cli.fleet.following import close, document, exit_of, follow
from scripts.cli.session import engine_errors, ready_engine
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace
from scripts.fleet import prepare
from scripts.fleet.database import Database
from scripts.fleet.model import Operation, RunId, StackRef, Target
from scripts.fleet.options import Options
from scripts.fleet.runner import Setting
from scripts.fleet.workflows import opened
from stacks.text import Text

DOING: dict[str, Text] = {
    "preview": Text("変更の確認", "preview"),
    "up": Text("構築", "up"),
    "refresh": Text("照合", "refresh"),
    "drift": Text("差の検出", "drift"),
    "destroy": Text("撤去", "destroy"),
}


def roll(
    console: Console,
    operation: Operation,
    target: Target,
    refs: Sequence[StackRef],
    selection: str,
    options: Options,
    *,
    jobs: int,
    database: Database,
    canary: int,
    shares: Sequence[float],
    lists: Sequence[Collection[str]],
) -> int:
    """Begin a run of `refs` and stay with it; the exit code."""
    engine = ready_engine(console)
    run = prepare.create(
        database,
        operation,
        target,
        refs,
        selection,
        options,
        repo=REPO,
        engine=engine,
        canary=canary,
        shares=shares,
        lists=lists,
    )
    console.say(Text(ja=f"実行 {run}（{len(refs)} スタック）", en=f"run {run} ({len(refs)} stacks)"))
    return _with(console, database, run, jobs)


def again(console: Console, database: Database, run: RunId, *, jobs: int) -> int:
    """Go on with a run: another round of one that has ended, or a share of one that is under way."""
    head = database.run(run)
    if head.status == "ended":
        # Whoever resumes a run that waits for approval has approved.
        waves = [row.wave for row in database.rows(run) if row.state == "ended"]
        database.next_round(run, approved=max(waves, default=-1) + 1)
        console.say(Text(ja=f"{run} を続けます。", en=f"going on with {run}"))
    else:
        console.say(Text(ja=f"{run} に加わります。", en=f"joining {run}"))
    return _with(console, database, run, jobs)


def _with(console: Console, database: Database, run: RunId, jobs: int) -> int:
    head = database.run(run)
    summary = database.summary(run)
    left = {r.stack for r in summary.results if r.outcome in ("waiting", "running")}
    refs = [ref for ref in summary.stacks if ref.stack in left]
    engine = ready_engine(console)
    with engine_errors(run):
        salt = prepare.salt_for(Workspace(engine, REPO, head.target), refs) if refs else ""
    clouds = tuple(sorted({cloud for ref in refs for cloud in ref.clouds}))
    title = console.t(DOING[head.operation])
    with opened(database, Setting(REPO, engine, min(jobs, max(len(refs), 1)), clouds, salt)) as here:
        here.begin(run, head.round)
        summary, stopped = follow(console, here, run, title)
    code = exit_of(summary, stopped=stopped)
    close(console, summary, code, full=not console.quiet)
    if console.json:
        console.document(document(summary, code))
    sys.stdout.flush()
    return code
