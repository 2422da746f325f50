"""Locks of engines on other machines: taken away where the machine is known to be gone, never else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from scripts.cli import perform
from scripts.cli.console import Console
from scripts.cli.exits import Exit, Trouble
from scripts.cli.session import Session
from scripts.cli.target import Target
from scripts.engine.install import ensure
from scripts.engine.recovery import read_locks
from scripts.engine.workspace import PROJECT, Workspace
from tests.conftest import REPO


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A stack without resources, which an engine on the machine `elsewhere` has locked."""
    for folder in ("stacks", "providers/sakura"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Pulumi.yaml").write_bytes((REPO / "Pulumi.yaml").read_bytes())
    workspace = Workspace(ensure(lambda _: None), tmp_path)
    subprocess.run(
        [workspace.engine.path, "stack", "init", "locked", "--non-interactive"],
        cwd=tmp_path,
        env=workspace.environment(),
        check=True,
        capture_output=True,
    )
    folder = tmp_path / ".jichitai/state/twin/.pulumi/locks/organization" / PROJECT / "locked"
    folder.mkdir(parents=True, exist_ok=True)
    held = {"pid": os.getpid(), "username": "x", "hostname": "elsewhere", "timestamp": "2026-11-24T00:00:00Z"}
    (folder / "0.json").write_text(json.dumps(held), encoding="utf-8")
    return Session(
        Console(quiet=True), Target("locked"), "twin", workspace, {"clouds": {}}, workspace.environment()
    )


def refreshed(session: Session) -> None:
    verb = ["refresh", "--yes", "--skip-preview"]
    run = perform.perform(session, verb, perform.STOPPING[0], sure=True)
    assert run.code == 0, (run.said, run.log.with_suffix(".out").read_text(encoding="utf-8"))


def test_a_machine_that_may_live_keeps_its_lock(session: Session) -> None:
    with pytest.raises(Trouble) as caught:
        refreshed(session)
    assert caught.value.exit == Exit.BUSY
    assert [holder.host for holder in read_locks(session.workspace, "locked")] == ["elsewhere"]


@pytest.mark.parametrize("seen", [True, False])
def test_a_machine_that_is_gone_loses_its_lock(
    session: Session, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    session.dead_hosts = ("elsewhere",)
    if not seen:  # as with a store that is no folder: only the engine tells of the lock
        monkeypatch.setattr(perform, "read_locks", lambda *_: ())
    refreshed(session)
    assert read_locks(session.workspace, "locked") == ()
