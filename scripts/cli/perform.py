"""Run one operation of the engine on an open stack, and come back from whatever went wrong before."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.cli.console import Console
from scripts.cli.exits import Exit
from scripts.cli.live import following
from scripts.cli.session import Session, busy, confirm, engine_errors, twin_folder
from scripts.engine.failures import Failure, failures_of
from scripts.engine.locks import Holder, alive, engines_lock
from scripts.engine.model import parse_version
from scripts.engine.places import private
from scripts.engine.recovery import (
    Doubt,
    Finder,
    Mended,
    cancel,
    doubts_of,
    read_locks,
    read_state,
    real_resources,
    settle,
    unanswered,
)
from scripts.engine.run import Run, execute
from stacks.text import Text

ALWAYS = ("--non-interactive", "--color", "never", "--suppress-progress")

STOPPING = (
    Text(
        ja="停止します。今の操作が終わるのを待って状態を保存します（もう一度 Ctrl-C で即座に止めます）。",
        en="Stopping: waiting for the steps under way, then saving the state (Ctrl-C again to stop at once)",
    ),
    Text(
        ja="即座に止めます。途中だった操作は、次の実行のときに確かめます。",
        en="Stopping at once; what was under way is looked at by the next run",
    ),
)

_EXITS: dict[str, Exit] = {
    "disk": Exit.DISK,
    "passphrase": Exit.ENGINE,
    "plugin": Exit.ENGINE,
    "engine": Exit.ENGINE,
    "program": Exit.BUG,
    "policy": Exit.FINDINGS,
}


def perform(session: Session, verb: Sequence[str], title: Text, *, sure: bool) -> Run:
    """Run `verb` (`["up", "--skip-preview", "--yes"]`) to its end, however it ends.

    What a run that died has left (a lock, open questions) is settled first; `sure` when the user
    need not be asked about it. Raises Trouble when another engine has the stack.
    """
    # The lock first: while an engine lives, the open questions in the state are its own.
    _break_lock(session, read_locks(session.workspace, session.stack))
    state = read_state(session.workspace, session.stack)
    doubts = _load_doubts(session)
    if doubts or (state or {}).get("pending_operations"):
        _settle(session, doubts, sure=sure)
    run = _once(session, verb, title, real_resources(state))
    if holders := engines_lock(run.said):
        _break_lock(session, holders)
        _settle(session, doubts, sure=sure)
        run = _once(session, verb, title, real_resources(state))
    if run.code != 0 and session.where == "twin":
        _save_doubts(session, run)
    return run


def policies(verb: str, session: Session) -> list[str]:
    """The policy pack's options: on for what changes a tenant, unless JICHITAI_POLICIES is `off`.

    JICHITAI_POLICY_CONFIG names a file of levels and parameters (`pulumi --policy-pack-config`).
    """
    if verb not in ("preview", "up") or session.variables.get("JICHITAI_POLICIES") == "off":
        return []
    config = session.variables.get("JICHITAI_POLICY_CONFIG")
    folder = session.workspace.repo / "policies"
    # From 3.259 on the engine runs an executable pack itself, which saves a second language host.
    direct = (parse_version(session.workspace.engine.version) or (0, 0, 0)) >= (3, 259, 0)
    pack = ["--policy-pack", str(folder / "pulumi-analyzer-jichitai" if direct else folder)]
    return [*pack, "--policy-pack-config", config] if config else pack


def _once(session: Session, verb: Sequence[str], title: Text, expected: int) -> Run:
    console = session.console
    with engine_errors(session.stack):
        command = session.workspace.command([*verb, *ALWAYS, *policies(verb[0], session)], session.stack)
    with following(console, title) as screen:
        return execute(
            command,
            cwd=session.workspace.repo,
            environment=session.variables,
            log=session.log(verb[0]),
            expected=expected,
            look=screen.look,
            notice=lambda times: console.say(STOPPING[min(times, 2) - 1], "warning"),
        )


def _break_lock(session: Session, holders: Sequence[Holder]) -> None:
    """Take away the lock of an engine that is dead. Raises Trouble when it may be alive."""
    for holder in holders:
        if holder.host not in session.dead_hosts and alive(holder):
            raise busy(session.stack, holder, engine=True)
        session.console.say(
            Text(
                ja=f"前の実行（プロセス {holder.pid}）は途中で止まっています。ロックを外して続けます。",
                en=f"the last run (process {holder.pid}) died half way; its lock is taken away",
            ),
            "warning",
        )
    if holders:
        with engine_errors(session.stack):
            cancel(session.workspace, session.stack)


def _settle(session: Session, extra: Sequence[Doubt], *, sure: bool) -> None:
    """Find out what the run that died has made, and take it in."""
    if session.where == "cloud":
        _ask_about(session, sure=sure)
    find = _finder(session)
    with engine_errors(session.stack):
        mended = settle(session.workspace, session.stack, extra, find)
    _doubts_file(session).unlink(missing_ok=True)
    if mended is not None:
        _tell_mended(session.console, mended)
        if mended.stale:
            targets = [part for urn in mended.stale for part in ("--target", urn)]
            title = Text("途中だったものを照合", "comparing what was under way")
            _once(session, ["refresh", "--skip-preview", "--yes", *targets], title, len(mended.stale))


def _tell_mended(console: Console, mended: Mended) -> None:
    there, gone = len(mended.adopted), len(mended.dropped)
    if there or gone:
        console.say(
            Text(
                ja=f"途中で止まった作成 {there + gone} 件: できていた {there} 件を取り込み、"
                f"できていなかった {gone} 件はこれから作ります。",
                en=f"{there + gone} creations were cut off: {there} had been made and are taken in,"
                f" {gone} had not and are made now",
            )
        )


def _ask_about(session: Session, *, sure: bool) -> None:
    """On a real cloud nobody can be asked but the user: name what may be there twice."""
    doubts = doubts_of(read_state(session.workspace, session.stack) or {})
    if not doubts:
        return
    listed = "\n".join(f"  {d.type} {d.name}" for d in doubts)
    question = Text(
        ja=f"前の実行が次のものを作りかけて止まりました。クラウドにあるかもしれません:\n{listed}\n"
        "コンソールで確かめ、あれば消すか pulumi import してください。無いものとして続けますか",
        en=f"the last run died while it made these; they may exist in the cloud:\n{listed}\n"
        "Look in the console, and delete or `pulumi import` what is there. Go on as if they were not there",
    )
    if sure:
        session.console.say(question, "warning")
    else:
        confirm(question, session.console)


def _finder(session: Session) -> Finder:
    """Asks the twin what it has; a real cloud has no such question."""
    if session.where != "twin":
        return lambda _type, _name, _known: None
    from providers.twin.process import STORE
    from providers.twin.store import Store

    units = {str(part["unit"]) for part in session.manifest["clouds"].values()}
    file = twin_folder(session.workspace.repo) / STORE
    _quiet(file)

    def find(type_: str, name: str, known: frozenset[str]) -> str | None:
        store = Store(file)
        try:
            for row in store.rows(type_=type_):
                # What hangs on somebody else's hub is in the hub's unit, and names something of ours.
                ours = row.unit in units or any(unit in json.dumps(row.inputs) for unit in units)
                if row.name == name and row.id not in known and ours:
                    return row.id
            return None
        finally:
            store.close()

    return find


STILL, LONGEST = 1.0, 20.0
"""Seconds without a new resource after which a twin has ended what an engine that died had asked it for,
and the longest that we wait for that."""


def _quiet(file: Path) -> None:
    """Wait until the twin makes nothing any more: it does not notice that its engine has died."""
    from providers.twin.store import Store

    until, last, since = time.monotonic() + LONGEST, -1, time.monotonic()
    while time.monotonic() < until:
        store = Store(file)
        count = sum(1 for _ in store.rows())
        store.close()
        if count != last:
            last, since = count, time.monotonic()
        elif time.monotonic() - since >= STILL:
            return
        time.sleep(STILL / 5)


def _doubts_file(session: Session) -> Path:
    return private(session.workspace.repo) / "doubts" / f"{session.where}-{session.stack}.json"


def _load_doubts(session: Session) -> tuple[Doubt, ...]:
    try:
        said = json.loads(_doubts_file(session).read_text(encoding="utf-8"))
        return tuple(Doubt(d["urn"], d["type"], d) for d in said)
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _save_doubts(session: Session, run: Run) -> None:
    """Remember the creations that the twin may have made before it died."""
    if not any(f.cause == "provider" for f in failures_of(run.progress, run.said, run.code)):
        return
    file = _doubts_file(session)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([dict(d.record) for d in unanswered(run.log)]), encoding="utf-8")


def exit_of(run: Run, failures: Sequence[Failure], session: Session) -> Exit:
    """The exit code that a run leads to."""
    if run.code == 0:
        return Exit.OK
    if run.stopped:
        return Exit.INTERRUPTED
    if any(f.cause == "provider" for f in failures) and session.where == "twin":
        return Exit.TWIN
    return next((_EXITS[f.cause] for f in failures if f.cause in _EXITS), Exit.FAILED)
