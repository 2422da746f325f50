"""The fleet's commands that run no engine, as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.cli.app import run
from scripts.cli.exits import Exit


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JICHITAI_LANG", "en")
    monkeypatch.setenv("NO_COLOR", "1")


def test_init_writes_for_whoever_is_named_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tenants"
    words = ["fleet", "init", "札幌市", "--prefecture", "鳥取県", "--to", str(folder), "--json"]
    assert run([*words, "--dry-run"]) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    assert (said["result"], said["stacks"]) == ("planned", 20 + 1)
    assert not folder.exists()
    assert run(words) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    files = sorted(f.name for f in folder.iterdir())
    assert said["result"] == "written"
    assert [f"Pulumi.{name}.yaml" for name in said["new"]] == files
    assert len(files) == 21
    assert "Pulumi.011002-sapporo.yaml" in files
    first = (folder / files[0]).read_text(encoding="utf-8").splitlines()[0]
    schema = Path(folder, first.partition("$schema=")[2]).resolve()
    assert schema.name == "stack.schema.json"
    assert schema.is_file(), "an editor finds the schema from there"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Nobody was named"),
        (["--all", "--share", "aws=60,gcpp=40"], "There is no cloud `gcpp`"),
        (["--prefecture", "東京府"], "There is no prefecture `東京府`"),
        (["新宿苦"], "No local government is called"),
        (["--all", "--assignments", "/nonexistent.csv"], "The file cannot be read"),
    ],
)
def test_init_says_what_was_wrong_and_writes_nothing(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tenants"
    assert run(["fleet", "init", *words, "--to", str(folder)]) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert not folder.exists()


def test_an_assignment_that_cannot_be_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, folder = tmp_path / "a.csv", tmp_path / "tenants"
    # The ASP package wants a private endpoint to the vendor, which さくら does not have.
    table.write_text(
        "code,cloud,packages\n011002,sakura,residents-tax welfare-asp childcare-health\n", encoding="utf-8"
    )
    code = run(["fleet", "init", "--all", "--assignments", str(table), "--to", str(folder), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert code == said["exit"] == Exit.INVALID
    assert {p["rule"] for p in said["error"]["problems"]} == {"cloud-lacks"}
    assert not folder.exists()


def test_list_and_estimate_over_the_committed_stacks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fleet", "list", "新宿区", "--environment", "production", "--json"]) == Exit.OK
    said = json.loads(capsys.readouterr().out)
    assert [s["stack"] for s in said["stacks"]] == ["131041-shinjuku"]
    assert run(["fleet", "estimate", "新宿区", "--jobs", "2", "--json"]) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert made["jobs"] == 2
    assert sum(s["stacks"] for s in made["shares"]) == 2
    assert run(["fleet", "list", "--prefecture", "東京", "--on", "awz"]) == Exit.USAGE
    assert "nearest: aws" in capsys.readouterr().err
    assert run(["fleet", "list", "新宿区", "--kind", "village"]) == Exit.USAGE
    assert "No stack is meant" in capsys.readouterr().err


def test_check_of_what_is_not_built_says_how_to_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fleet", "check", "370002-kagawa-shared"]) in (Exit.USAGE, Exit.OK, Exit.FINDINGS)
    assert run(["fleet", "check", "131041", "--dry-run"]) == Exit.OK
    assert "131041-shinjuku" in capsys.readouterr().out


def test_status_and_report_of_a_database_in_which_nothing_ran(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ["--database", f"sqlite:///{tmp_path}/fleet.sqlite"]
    assert run(["fleet", "status", *database]) == Exit.OK
    assert "Nothing has run yet" in capsys.readouterr().err
    assert run(["fleet", "report", *database]) == Exit.USAGE
    assert run(["fleet", "status", "--database", "mysql://x"]) == Exit.USAGE
