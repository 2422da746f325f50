"""The state store that the bootstrap made, used by the real Pulumi as the pipeline, with a lent key."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scripts.bootstrap.lend import LendError, lent
from scripts.engine.install import ensure
from tests.bootstrap.sakura.conftest import STACK, World


def as_deployer(world: World) -> None:
    """The pipeline: its own credential, and nobody else's, in the environment."""
    name = f"jichitai-{STACK}-deployer"
    found = next(d for _, _, _, d in world.store.documents() if d.get("name") == name)
    key = next(d for _, _, _, d in world.store.documents() if d.get("_principal") == found["ID"])
    world.sign_in(found["ID"], key["kid"], "deployer")


def keys(world: World) -> list[str]:
    return [id_ for kind, _, id_, _ in world.store.documents() if kind == "permissionkey"]


@pytest.fixture(scope="session")
def pulumi_cli() -> str:
    """The engine; found before a test has a home of its own."""
    return str(ensure(lambda _: None).path)


def pulumi(cli: str, folder: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [cli, *arguments, "--non-interactive", "--color", "never"],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PULUMI_"))}
        | {"PULUMI_HOME": str(folder / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
        | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pulumi_lives_on_the_store_and_the_passphrase(pulumi_cli: str, world: World, tmp_path: Path) -> None:
    world.run()
    as_deployer(world)
    (tmp_path / "project").mkdir()
    folder = tmp_path / "project"
    (folder / "Pulumi.yaml").write_text(
        "name: tiny\nruntime: yaml\nconfig: {word: {type: string}}\noutputs: {word: '${word}'}\n"
    )
    with lent(world.settings(proof=False)) as loan:
        environment = dict(loan.environment)
        assert len(keys(world)) == 1
        pulumi(pulumi_cli, folder, environment, "stack", "init", "dev")
        pulumi(pulumi_cli, folder, environment, "config", "set", "--secret", "word", "秘密")
        assert pulumi(pulumi_cli, folder, environment, "config", "get", "word").strip() == "秘密"
        assert '"passphrase"' in pulumi(pulumi_cli, folder, environment, "stack", "export")
    assert keys(world) == [], "what was lent is taken back"
    assert "秘密" not in (folder / "Pulumi.dev.yaml").read_text()
    found = [d["key"] for kind, _, _, d in world.store.documents() if kind == "object"]
    assert any(name.startswith(".pulumi/stacks/tiny/dev") for name in found)
    with lent(world.settings(proof=False)) as loan:
        pulumi(pulumi_cli, folder, dict(loan.environment), "stack", "rm", "dev", "--yes")


def test_what_is_lent_is_taken_back_whatever_happens(world: World) -> None:
    world.run()
    as_deployer(world)
    with pytest.raises(ZeroDivisionError), lent(world.settings(proof=False)):
        raise ZeroDivisionError
    assert keys(world) == []


def test_what_a_killed_run_left_goes_with_the_next_but_one(world: World) -> None:
    world.run()
    as_deployer(world)
    with lent(world.settings(proof=False)):
        (left,) = keys(world)
        document = world.store.get("permissionkey", "tky01", left)
    assert document is not None
    world.store.put("permissionkey", "tky01", left, document)  # as if it had never been taken back
    with lent(world.settings(proof=False)):
        assert left in keys(world), "it may be another pipeline's, at work"
    old = (datetime.now(UTC) - timedelta(hours=13)).isoformat()
    world.store.put("permissionkey", "tky01", left, {**document, "created_at": old})
    with lent(world.settings(proof=False)):
        assert left not in keys(world)
    assert keys(world) == []


def test_nothing_to_lend(world: World) -> None:
    settings = replace(world.settings(proof=False), stack="131059-bunkyo-verification")
    with pytest.raises(LendError, match="state store"), lent(settings):
        pass
