"""The chain: whatever is done to a line shows, and a crash in the middle of one is mended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.bootstrap.evidence import Chain, digest, unit_of, verify

UNIT = "aws 111122223333"


def chain_of(folder: Path, records: int) -> Chain:
    chain = Chain(folder / "evidence" / "aws" / "stack.jsonl", UNIT)
    for number in range(records):
        chain.append("arn:someone", "done", f"step{number}", after={"n": number}, requests=[])
    return chain


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    chain = chain_of(tmp_path, 3)
    assert chain.problems() == []
    records = chain.read()
    assert [r["n"] for r in records] == [1, 2, 3]
    assert records[0]["prev"] == digest(UNIT.encode())
    assert {"who", "at", "step", "event", "unit"} <= set(records[0])
    assert chain.file.stat().st_mode & 0o077 == 0
    assert unit_of(chain.file) == UNIT


@settings(max_examples=60)
@given(data=st.data())
def test_any_change_shows(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A line changed, removed, doubled, moved or put in: the chain is broken. Only cutting the end is not
    seen, which is what the copy in the state store is for."""
    chain = chain_of(tmp_path_factory.mktemp("chain"), 5)
    lines = chain.lines()
    kind = data.draw(st.sampled_from(["change", "remove", "double", "swap", "insert"]))
    at = data.draw(st.integers(0, 3))
    changed = list(lines)
    if kind == "change":
        record = json.loads(lines[at])
        record["who"] = "somebody else"
        changed[at] = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
    elif kind == "remove":
        del changed[at]
    elif kind == "double":
        changed.insert(at, lines[at])
    elif kind == "swap":
        changed[at], changed[at + 1] = changed[at + 1], changed[at]
    else:
        changed.insert(at, b'{"n":1,"prev":"","unit":"aws 111122223333","step":"x","event":"done"}')
    assert verify(changed, UNIT) != []
    assert verify(lines, UNIT) == []


@pytest.mark.parametrize("kept", [0, 1, 20, -1])
def test_a_torn_line_is_mended_and_said(tmp_path: Path, kept: int) -> None:
    """kill -9 or a full disk in the middle of a write."""
    chain = chain_of(tmp_path, 2)
    whole = chain.file.read_bytes()
    torn = b'{"n":3,"prev":"abc","step":"state"'[: kept or None]
    chain.file.write_bytes(whole + torn)
    assert [b.line for b in chain.problems()] == [3]
    chain.append("arn:someone", "done", "state", requests=[])
    assert chain.problems() == []
    events = [r["event"] for r in chain.read()]
    assert events == ["done", "done", "healed", "done"]
    assert chain.read()[2]["dropped_bytes"] == len(torn)


def test_another_units_chain_is_not_taken_for_ours(tmp_path: Path) -> None:
    chain = chain_of(tmp_path, 2)
    other = Chain(chain.file, "aws 999988887777")
    assert len(other.problems()) >= 2


def test_lines_that_are_no_records(tmp_path: Path) -> None:
    chain = chain_of(tmp_path, 1)
    chain.file.write_bytes(chain.file.read_bytes() + b"[]\nnot json\n")
    assert [b.line for b in chain.problems()] == [2, 3]
    for problem in chain.problems():
        assert problem.what.ja
        assert problem.what.en
    chain.file.write_bytes(b"nothing\n")
    assert unit_of(chain.file) == ""


def test_what_a_copy_holds(tmp_path: Path) -> None:
    """All but the last records of the step that copies."""
    chain = chain_of(tmp_path, 2)
    before = chain.file.read_bytes()
    chain.append("a", "begin", "evidence")
    chain.append("a", "done", "evidence")
    assert chain.settled("evidence") == before
    chain.append("a", "begin", "contacts")
    assert chain.settled("evidence") == chain.file.read_bytes()
    found: Any = chain.last("evidence", "begin")
    assert found["n"] == 3
    assert chain.last("nothing", "done") is None
