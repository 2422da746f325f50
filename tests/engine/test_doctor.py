"""doctor: what it finds, and the command that mends what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scripts.cli import doctor as module
from scripts.cli.exits import Exit
from scripts.engine.model import Engine


@pytest.fixture
def app() -> typer.Typer:
    result = typer.Typer()
    result.command()(module.doctor)
    return result


def test_json_names_everything_that_was_looked_at(engine: Engine, app: typer.Typer) -> None:
    done = CliRunner().invoke(app, ["--json"], env={"JICHITAI_LANG": "ja"})
    assert done.exit_code == 0, done.output
    found = {f["name"]: f for f in json.loads(done.stdout)}
    assert set(found) >= {"python", "engine", "host", "disk", "cache", "passphrase", "plugins", "twin"}
    assert engine.version in found["engine"]["detail"]
    assert {f["level"] for f in found.values()} <= {"ok", "note"}
    assert set(found["engine"]) == {"name", "level", "title", "detail", "mend"}


@pytest.mark.parametrize(("language", "words"), [("ja", "がありません"), ("en", "there is no Pulumi CLI")])
def test_missing_engine_is_a_problem_with_a_command(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    monkeypatch.setattr(module, "findings", lambda: list(_findings(environment, tmp_path)))
    done = CliRunner().invoke(app, [], env={"JICHITAI_LANG": language})
    assert done.exit_code == Exit.ENGINE
    assert words in done.stdout
    assert f"→ {module.FIX}" in done.stdout


def test_passphrase_that_others_can_read_is_a_problem(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / ".jichitai" / "passphrase"
    file.parent.mkdir()
    file.write_text("x")
    file.chmod(0o644)
    (found,) = [f for f in _findings({"HOME": str(tmp_path), "PATH": ""}, tmp_path) if f.name == "passphrase"]
    assert found.level == "problem"
    assert found.mend == f"chmod 600 '{file}'"


_findings = module.findings
