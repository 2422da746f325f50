"""The run database's version: made, brought up, refused; and which errors are waited for."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from scripts.cli.app import run as command
from scripts.cli.exits import Exit
from scripts.fleet import schema
from scripts.fleet.away import is_away
from scripts.fleet.database import Database, engine_of
from scripts.fleet.model import RunId
from scripts.fleet.options import Options
from scripts.fleet.runner import new_run
from scripts.fleet.tables import SCHEMA
from tests.fleet.conftest import GROUP
from tests.fleet.drills import ref

FIRST = """
CREATE TABLE fleet_runs (id VARCHAR PRIMARY KEY, operation VARCHAR NOT NULL, target VARCHAR NOT NULL,
  selection TEXT NOT NULL, options JSON NOT NULL, status VARCHAR NOT NULL, round INTEGER NOT NULL,
  approved INTEGER NOT NULL, started FLOAT NOT NULL, ended FLOAT, stopped JSON);
CREATE TABLE fleet_stacks (run VARCHAR NOT NULL, stack VARCHAR NOT NULL, position INTEGER NOT NULL,
  wave INTEGER NOT NULL, ref JSON NOT NULL, fingerprint VARCHAR NOT NULL, state VARCHAR NOT NULL,
  round INTEGER NOT NULL, executor VARCHAR NOT NULL, outcome VARCHAR NOT NULL, began FLOAT, result JSON,
  PRIMARY KEY (run, stack));
CREATE TABLE fleet_diffs (digest VARCHAR PRIMARY KEY, lines JSON NOT NULL);
CREATE TABLE fleet_last (target VARCHAR NOT NULL, stack VARCHAR NOT NULL, operation VARCHAR NOT NULL,
  fingerprint VARCHAR NOT NULL, stamp VARCHAR NOT NULL, result JSON NOT NULL, at FLOAT NOT NULL,
  PRIMARY KEY (target, stack, operation));
CREATE TABLE fleet_executors (id VARCHAR PRIMARY KEY, host VARCHAR NOT NULL, lock VARCHAR NOT NULL,
  slots INTEGER NOT NULL, beat BIGINT NOT NULL, dead BOOLEAN NOT NULL);
INSERT INTO fleet_runs VALUES
  ('20261124T000000Z-up-aaaa', 'up', 'twin', '', '{}', 'ended', 1, 0, 1.0, 2.0, NULL);
"""
"""The tables as the first version made them, without a version, with a run that is over."""
OLD = RunId("20261124T000000Z-up-aaaa")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=GROUP)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    return f"sqlite:///{tmp_path / 'fleet.sqlite'}"


def execute(url: str, *statements: str) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def first(url: str) -> None:
    execute(url, *(s for s in FIRST.split(";") if s.strip()))


def version(url: str) -> int:
    engine = engine_of(url)
    with engine.connect() as connection:
        found = connection.execute(sa.select(SCHEMA.c.version)).scalar_one()
    engine.dispose()
    return found


def test_a_new_database_has_the_version_and_opens_again(url: str) -> None:
    for _ in range(2):
        Database(url).close()
    assert version(url) == schema.VERSION


def test_two_who_open_a_new_database_at_once_make_it_once(url: str) -> None:
    wrong: list[BaseException] = []

    def opening() -> None:
        try:
            Database(url).close()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=opening) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert version(url) == schema.VERSION


def test_an_earlier_one_is_brought_up_and_works(url: str) -> None:
    first(url)
    database = Database(url)
    assert [head.run for head in database.heads()] == [OLD], "what it knew is still known"
    run = new_run("up")
    database.create(run, "up", "twin", "", Options(), [(ref("000001-a"), 0, "", None)])
    assert database.admit(run, lambda _rows, _rates, _now: ["000001-a"], 60.0) == ["000001-a"]
    assert database.ended_at(run) == {}, "the column that was not there"
    database.close()
    assert version(url) == schema.VERSION


def test_an_earlier_one_with_a_run_under_way_is_left_as_it_is(url: str) -> None:
    first(url)
    execute(url, "UPDATE fleet_runs SET status = 'active'")
    for _ in range(2):
        with pytest.raises(schema.UnusableError) as refused:
            Database(url)
        assert OLD in refused.value.why.en
        assert "resume" in refused.value.do.en
    engine = engine_of(url)
    names = sa.inspect(engine).get_table_names()
    engine.dispose()
    assert SCHEMA.name not in names, "nothing was changed"
    execute(url, "UPDATE fleet_runs SET status = 'ended'")
    Database(url).close()
    assert version(url) == schema.VERSION


def test_a_newer_one_is_refused_and_left_as_it_is(url: str) -> None:
    Database(url).close()
    execute(url, f"UPDATE fleet_schema SET version = {schema.VERSION + 1}")
    with pytest.raises(schema.UnusableError, match="newer"):
        Database(url)
    assert version(url) == schema.VERSION + 1


def test_a_step_that_fails_half_way_leaves_nothing_behind(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first(url)

    def broken(connection: sa.Connection) -> None:
        connection.exec_driver_sql("ALTER TABLE fleet_runs ADD COLUMN half INTEGER")
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "STEPS", {0: broken})
        with pytest.raises(RuntimeError):
            Database(url)
    Database(url).close()
    engine = engine_of(url)
    assert "half" not in {c["name"] for c in sa.inspect(engine).get_columns("fleet_runs")}
    engine.dispose()


def test_every_earlier_version_has_a_step() -> None:
    assert sorted(schema.STEPS) == list(range(schema.VERSION))


def test_the_command_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JICHITAI_LANG", "en")
    url = f"sqlite:///{tmp_path / 'fleet.sqlite'}"
    Database(url).close()
    execute(url, "UPDATE fleet_schema SET version = 99")
    assert command(["fleet", "status", "--database", url]) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "newer Jichitai" in said
    assert "git pull" in said
    assert "Traceback" not in said
    assert command(["fleet", "status", "--database", url, "--json"]) == Exit.REFUSED
    assert "新しい版" in json.loads(capsys.readouterr().out)["error"]["what"]["ja"]
    nowhere = f"sqlite:///{tmp_path}/none/fleet.sqlite"
    assert command(["fleet", "status", "--database", nowhere]) == Exit.USAGE
    assert "cannot be opened" in capsys.readouterr().err


def test_a_mistake_of_ours_is_told_at_once_and_not_waited_for(url: str) -> None:
    database = Database(url)
    execute(url, "ALTER TABLE fleet_stacks DROP COLUMN ended")
    began = time.monotonic()
    with pytest.raises(DBAPIError, match="ended"):
        database.ended_at(OLD)
    execute(url, "DROP TABLE fleet_begun")
    run = new_run("up")
    database.create(run, "up", "twin", "", Options(), [])
    with pytest.raises(DBAPIError, match="fleet_begun"):
        database.admit(run, lambda _rows, _rates, _now: [], 60.0)
    assert time.monotonic() - began < 5
    database.close()


def test_a_database_that_is_locked_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "fleet.sqlite"
    database = Database(f"sqlite:///{file}")
    database.engine.dispose()
    monkeypatch.setattr(
        database, "engine", sa.create_engine(f"sqlite:///{file}", connect_args={"timeout": 0.01})
    )
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    released = threading.Timer(0.7, lambda: other.execute("COMMIT"))
    released.start()
    began = time.monotonic()
    run = new_run("up")
    database.create(run, "up", "twin", "", Options(), [])
    assert time.monotonic() - began > 0.5
    assert database.status(run) == ("active", 1)
    released.join()
    other.close()
    database.close()


@GROUP
def test_what_postgresql_says_is_told_apart(postgres: str) -> None:
    def error(url: str, statement: str) -> DBAPIError:
        engine = engine_of(url)
        with pytest.raises(DBAPIError) as raised, engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()
        return raised.value

    closed = "postgresql+psycopg://fleet@127.0.0.1:1/postgres"
    assert is_away(error(closed, "SELECT 1")), "nobody listens"
    assert is_away(error(postgres, "SELECT pg_terminate_backend(pg_backend_pid())")), "being shut down"
    assert not is_away(error(postgres, "SELECT nothing FROM nowhere"))
    assert not is_away(error(postgres.rpartition("/")[0] + "/nowhere", "SELECT 1")), "no such database"
    assert not is_away(error(postgres, "SELECT 1/0"))
