"""An upgrade replaces nothing: today's code against the state that an earlier version left behind.

`tests/recorded/` holds exported states. `JICHITAI_RECORD_STATE=1` records what today's code makes;
do that for a release, never to make this test pass.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.cli.exits import Exit
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace
from tests.conftest import Clone, Cloning

RECORDED = REPO / "tests" / "recorded"
TYPICAL = "131041-shinjuku"

SECRET = ("4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270")
"""How the engine marks a secret value in a state (sdk/go/common/resource, Sig and SecretSig)."""
BLANK = json.dumps("not recorded")


def secrets(value: Any) -> Iterator[dict[str, Any]]:
    """The secret values in a state, wherever they are."""
    if isinstance(value, dict):
        if value.get(SECRET[0]) == SECRET[1]:
            yield value
        for item in value.values():
            yield from secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from secrets(item)


def record(clone: Clone, file: Path) -> None:
    """Record what today's code makes, without any secret and without what differs from run to run."""
    assert clone.run("up", TYPICAL).code == Exit.OK
    state = json.loads(clone.run("export", TYPICAL).out)
    for secret in secrets(state):
        secret.pop("ciphertext")
        secret["plaintext"] = BLANK
    state["deployment"].pop("secrets_providers")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(json.dumps(state, sort_keys=True).encode(), mtime=0))


def restore(clone: Clone, file: Path) -> dict[str, Any]:
    """Make a recorded state the clone's state; what it records."""
    recorded = json.loads(gzip.decompress(file.read_bytes()))
    workspace = Workspace(ensure(lambda _: None), clone.folder, "twin")
    workspace.ensure_stack(TYPICAL)
    # Its secrets are encrypted anew, by the clone's own passphrase: the empty stack knows its salt.
    recorded["deployment"]["secrets_providers"] = clone.state(TYPICAL)["secrets_providers"]
    state = clone.folder / "recorded.json"
    state.write_text(json.dumps(recorded), encoding="utf-8")
    done = subprocess.run(
        [workspace.engine.path, "stack", "import", "--stack", TYPICAL, "--file", str(state)],
        # Where `stack init` ran: its stack files have the salt of the clone's passphrase.
        cwd=clone.folder / ".jichitai" / "project",
        env=workspace.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return recorded


def harm(clone: Clone) -> list[dict[str, Any]]:
    """What a preview would replace or delete."""
    seen = clone.run("preview", TYPICAL, "--json")
    assert seen.code == Exit.OK, seen.err
    harmless = {"create", "update", "read", "refresh"}
    return [change for change in seen.document["changes"] if change["operation"] not in harmless]


@pytest.mark.xdist_group("upgrade")
def test_an_upgrade_replaces_and_deletes_nothing(cloning: Cloning) -> None:
    file = RECORDED / f"{TYPICAL}.json.gz"
    if os.environ.get("JICHITAI_RECORD_STATE"):
        record(cloning(), file)
    clone = cloning()
    recorded = restore(clone, file)
    assert len(recorded["deployment"]["resources"]) > 150
    assert harm(clone) == []

    # The comparison can fail: another range is another network, and all that is in it.
    clone.edit(TYPICAL, {"address_space: 10.64.0.0/20": "address_space: 10.80.0.0/20"})
    assert "aws:ec2/vpc:Vpc" in {change["type"] for change in harm(clone)}


def test_recorded_states_hold_no_secret() -> None:
    files = list(RECORDED.glob("*.json.gz"))
    assert files
    for file in files:
        found = list(secrets(json.loads(gzip.decompress(file.read_bytes()))))
        assert found, "the state of a tenant with circuits has secrets to blank"
        assert {secret.get("plaintext") for secret in found} == {BLANK}
