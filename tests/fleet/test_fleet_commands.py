"""The fleet's commands that run no engine, as people call them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import pytest

from scripts.cli import states
from scripts.cli.app import run
from scripts.cli.exits import Exit, Trouble
from scripts.cli.fleet import choose, init
from scripts.engine.environment import state_folder
from scripts.engine.places import generated, tenants
from scripts.engine.workspace import PROJECT
from scripts.fleet.country import Draft, stamped
from scripts.fleet.database import Database
from scripts.fleet.options import Options
from scripts.fleet.runner import new_run
from scripts.fleet.stacks import stack_refs


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JICHITAI_LANG", "en")
    monkeypatch.setenv("NO_COLOR", "1")


def states_of(repo: Path, where: Literal["twin", "cloud"]) -> Path:
    return state_folder(repo, where) / ".pulumi" / "stacks" / PROJECT


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


UNIT = """#
    clouds:
      aws:
        unit: "{unit}" # FILL IN
        address_space: {space} # a free range
"""


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"space": "10.1.0.0/20"}, True),
        ({"unit": "000000310001"}, True),
        ({}, False),
    ],
)
@pytest.mark.parametrize("where", ["generated", "committed"])
def test_init_moves_no_stack_that_stands(
    change: dict[str, str], refused: bool, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = generated(tmp_path) if where == "generated" else tenants(tmp_path)
    folder.mkdir(parents=True)
    usual = {"unit": "000000310000", "space": "10.0.0.0/20"}
    there = stamped(UNIT.format(**usual))
    names = ["Pulumi.310000-tottori.yaml", "Pulumi.312011-tottori.yaml"]
    for name in names:
        (folder / name).write_text(there, encoding="utf-8")
    texts = dict.fromkeys(names, stamped(UNIT.format(**usual | change)))
    country = Draft(folder.resolve(), (), texts, (), (), ())
    monkeypatch.setattr(init, "REPO", tmp_path)
    monkeypatch.setattr(states, "REPO", tmp_path)
    init.stop_if_built(country, everybody=True)  # nothing stands
    state = states_of(tmp_path, "cloud" if where == "committed" else "twin") / "310000-tottori.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}", encoding="utf-8")
    if not refused:
        init.stop_if_built(country, everybody=True)
        return
    with pytest.raises(Trouble) as told:
        init.stop_if_built(country, everybody=True)
    assert told.value.exit == Exit.REFUSED
    assert told.value.why == "310000-tottori", "the one that stands, and no other"
    assert (folder / names[0]).read_text(encoding="utf-8") == there


def test_init_takes_no_manifest_from_a_stack_that_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = generated(tmp_path)
    folder.mkdir(parents=True)
    stale = folder / "Pulumi.312011-tottori.yaml"
    monkeypatch.setattr(init, "REPO", tmp_path)
    monkeypatch.setattr(states, "REPO", tmp_path)
    state = states_of(tmp_path, "twin") / "312011-tottori.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}", encoding="utf-8")
    country = Draft(folder.resolve(), (), {}, (), (stale,), ())
    with pytest.raises(Trouble, match="lose their manifest"):
        init.stop_if_built(country, everybody=True)
    init.stop_if_built(country, everybody=False)  # then nothing is removed


@pytest.mark.parametrize(
    "words", [["up", "--yes"], ["destroy", "--yes"], ["preview"], ["drift"], ["refresh"]]
)
def test_what_init_made_up_is_never_run_on_a_real_cloud(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, name in ((generated(tmp_path), "310000-tottori"), (tenants(tmp_path), "312011-tottori")):
        folder.mkdir(parents=True)
        (folder / f"Pulumi.{name}.yaml").write_text("config: {}", encoding="utf-8")
    monkeypatch.setattr(choose, "REPO", tmp_path)
    database = ["--database", f"sqlite:///{tmp_path}/fleet.sqlite"]
    for more in ([], ["--dry-run"]):
        code = run(["fleet", *words, "--all", "--cloud", "--json", *more, *database])
        said = json.loads(capsys.readouterr().out)
        assert code == said["exit"] == Exit.REFUSED
        assert said["error"]["stacks"] == ["310000-tottori"], "the committed one may be"
        assert "stacks/tenants" in said["error"]["do"]["en"]
    assert not (tmp_path / "fleet.sqlite").exists(), "no run was made of it"
    choose.committed([r for r in stack_refs(tmp_path) if r.stack == "312011-tottori"])


def test_cancel_stops_a_run_wherever_it_is_and_says_when_it_has_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path}/fleet.sqlite"
    database = Database(url)
    name = new_run("up")
    database.create(name, "up", "twin", "", Options(), [])
    for words, status in ((["latest"], "stopping"), ([name, "--now"], "cutting")):
        assert run(["fleet", "cancel", *words, "--json", "--database", url]) == Exit.OK
        assert json.loads(capsys.readouterr().out) == {"run": name, "stopping": True}
        assert database.status(name)[0] == status
    database.set_status(name, "ended")
    assert run(["fleet", "cancel", name, "--database", url]) == Exit.OK
    assert "has ended already" in capsys.readouterr().err
    stopped = database.run(name).stopped
    assert stopped is not None
    assert "fleet cancel" in stopped.en
    assert run(["fleet", "cancel", "20990101", "--database", url]) == Exit.USAGE
    assert name in capsys.readouterr().err, "the runs that there are"
    database.close()
