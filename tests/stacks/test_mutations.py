"""Thousands of spoilt manifests: never anything but problems, and what has none always plans."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stacks.planning import plan, stack_name
from stacks.problems import Problem, Problems
from stacks.reading import read, walk
from stacks.registry import registry
from stacks.validation import File, checked, validate
from tests.stacks.examples import STACKS, TODAY, file_name, text_of, value_of

VALUES = {stack: value_of(stack) for stack in STACKS}
TEXTS = {stack: text_of(stack) for stack in STACKS}

# Fields of every level, so that a mutation often hits a name that exists elsewhere.
KEYS = sorted({str(part) for value in VALUES.values() for path, _ in walk(value) for part in path})
WORDS = sorted({v for value in VALUES.values() for _, v in walk(value) if isinstance(v, str)})
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 4102, 10**30, 1.5, float("1e308"), "", " ", "x", "あ", "a\nb",
    "\u202e", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/8", "::/0", "131041", "013200", "2020-01-01", "9999-12-31",
    "own", "hub", "shared", "network", "account", "application", "azure", "sakura", "oracle", "y" * 600,
    [], [[]], {}, {"aws": {}}, {"": None}, [None], ["x", "x"], {"adopt": {"bucket": "b"}}, {"mode": "own"},
)  # fmt: skip

junk = st.sampled_from(JUNK) | st.sampled_from(WORDS) | st.sampled_from(list(VALUES.values()))
settle = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each holder and key in a value: where something can be changed."""
    found: list[tuple[Any, Any]] = []
    for _, inner in walk(value):
        if isinstance(inner, dict | list):
            found += [(inner, key) for key in (inner if isinstance(inner, dict) else range(len(inner)))]
    return found


def delete(holder: Any, key: Any, _: Any, __: str) -> None:
    del holder[key]


def replace(holder: Any, key: Any, new: Any, _: str) -> None:
    holder[key] = new


def rename(holder: Any, key: Any, _: Any, word: str) -> None:
    if isinstance(holder, dict):
        holder[word] = holder.pop(key)


def double(holder: Any, key: Any, _: Any, word: str) -> None:
    if isinstance(holder, dict):
        holder[word] = holder[key]
    else:
        holder.append(holder[key])


def wrap(holder: Any, key: Any, _: Any, word: str) -> None:
    holder[key] = [holder[key]] if len(word) % 2 else {word: holder[key]}


def grow(holder: Any, _: Any, new: Any, word: str) -> None:
    if isinstance(holder, dict):
        holder[word] = new
    else:
        holder.append(new)


CHANGES: tuple[Callable[[Any, Any, Any, str], None], ...] = (
    delete,
    replace,
    replace,
    rename,
    double,
    wrap,
    grow,
)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """An example's stack, and its manifest with one to four changes."""
    stack = draw(st.sampled_from(STACKS))
    holder = {"tenant": json.loads(json.dumps(VALUES[stack]))}
    for _ in range(draw(st.integers(1, 4))):
        there = places(holder)
        if not there:
            break
        where, key = there[draw(st.integers(0, len(there) - 1))]
        new = json.loads(json.dumps(draw(junk)))
        draw(st.sampled_from(CHANGES))(where, key, new, draw(st.sampled_from(KEYS) | st.text(max_size=5)))
    return stack, holder.get("tenant")


def judge(stack: str, data: bytes) -> list[Problem]:
    """What the command line says; each problem well formed."""
    problems = validate([File(file_name(stack), data)], today=TODAY)
    lines = (
        data.count(b"\n") + data.count(b"\r") + data.count("\u2028".encode()) + data.count(b"\xc2\x85") + 2
    )
    for problem in problems:
        assert problem.line is not None
        assert 1 <= problem.line <= lines
        assert problem.column is not None
        assert problem.column >= 1
        assert problem.message.ja
        assert problem.message.en
        assert problem.remedy.ja
        assert problem.remedy.en
        assert "形式に合う値" not in problem.message.ja, "a kind of error that has no words of its own"
        for language in ("ja", "en"):
            assert "\n".join(problem.lines("ja" if language == "ja" else "en"))
        json.dumps(problem.record())
    return problems


def both_doors(stack: str, data: bytes) -> None:
    """The command line and the program say the same, and what has no problem plans."""
    problems = judge(stack, data)
    document, unreadable = read(file_name(stack), data)
    if document is None or unreadable:
        assert problems
        return
    value = document.value
    inner = value.get("config", {}) if isinstance(value, dict) else {}
    if not isinstance(inner, dict) or "jichitai:tenant" not in inner:
        assert [p.rule for p in problems] == ["no-manifest"]
        return
    try:
        tenant = checked(inner["jichitai:tenant"], stack=stack, today=TODAY)
    except Problems as wrong:
        said = {(p.rule, p.path) for p in wrong.problems if p.rule != "stack-name"}
        assert said == {(p.rule, p.path) for p in problems if p.rule != "stack-name"}
        assert problems
        return
    assert problems == []
    made = plan(tenant, registry())
    assert made.stack == stack == stack_name(tenant, registry())


@settings(settle, max_examples=1600)
@given(spoilt())
def test_spoilt_manifests_have_problems_or_plans(change: tuple[str, Any]) -> None:
    stack, tenant = change
    text = yaml.dump({"config": {"jichitai:tenant": tenant}}, Dumper=yaml.CSafeDumper, allow_unicode=True)
    both_doors(stack, text.encode("utf-8", "surrogatepass"))


@st.composite
def scribbled(draw: st.DrawFn) -> tuple[str, bytes]:
    """An example's text with lines and characters deleted, doubled, swapped, indented or overwritten."""
    stack = draw(st.sampled_from(STACKS))
    lines = TEXTS[stack].splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        number = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0:
                del lines[number]
            case 1:
                lines.insert(number, lines[number])
            case 2:
                other = draw(st.integers(0, len(lines) - 1))
                lines[number], lines[other] = lines[other], lines[number]
            case 3:
                lines[number] = draw(st.sampled_from(["  ", "\t", " ", "- "])) + lines[number]
            case 4:
                lines[number] = lines[number].removeprefix("  ")
            case _:
                line = lines[number]
                at = draw(st.integers(0, len(line)))
                typed = draw(
                    st.sampled_from(
                        ["", ":", "#", '"', "'", "{", "}", "[", "]", "*a", "&a ", "!x ", "\x07", "é", "0"]
                    )
                )
                lines[number] = line[:at] + typed + line[at + draw(st.integers(0, 2)) :]
        if not lines:
            break
    return stack, "".join(lines).encode()


@settings(settle, max_examples=900)
@given(scribbled())
def test_scribbled_texts_have_problems_or_plans(change: tuple[str, bytes]) -> None:
    both_doors(*change)


@pytest.mark.parametrize("value", [None, [], "text", 5, {}, {"code": None}, {"clouds": {"aws": None}}])
def test_the_programs_door_refuses_what_is_no_manifest(value: Any) -> None:
    with pytest.raises(Problems) as caught:
        checked(value, stack="131041-shinjuku", today=TODAY)
    assert caught.value.problems
    assert str(caught.value)


def test_the_program_refuses_a_manifest_under_another_stacks_name() -> None:
    with pytest.raises(Problems) as caught:
        checked(VALUES["131041-shinjuku"], stack="282014-himeji", today=TODAY)
    assert [(p.rule, p.nearest) for p in caught.value.problems] == [("stack-name", "131041-shinjuku")]


@settings(settle, max_examples=25)
@example(stacks=list(STACKS))
@given(stacks=st.lists(st.sampled_from(STACKS), min_size=2, max_size=4))
def test_a_fleet_with_doubles_says_so_for_the_later(stacks: list[str]) -> None:
    files = [File(file_name(stack), TEXTS[stack].encode()) for stack in stacks]
    problems = validate(files, today=TODAY)
    doubles = sum(len(VALUES[s]["clouds"]) * (stacks.count(s) - 1) for s in set(stacks))
    assert len([p for p in problems if p.rule == "unit-shared"]) == doubles
    assert bool(problems) is bool(doubles)


KIN: dict[str, list[Any]] = {}
for _value in VALUES.values():
    for _path, _inner in walk(_value):
        if _path and isinstance(_path[-1], str):
            KIN.setdefault(_path[-1], []).append(_inner)
KIN |= {
    "zones": [
        ["ap-northeast-1a"],
        ["ap-northeast-1d", "ap-northeast-1a"],
        ["ap-northeast-3a", "ap-northeast-3c"],
    ],
    "region": ["ap-northeast-1", "ap-northeast-3", None],
    "address_space": [f"10.{n}.0.0/{length}" for n in (16, 64, 67, 104) for length in (16, 20, 21, 22)],
    "catalogue": list(registry().catalogue),
    "size": ["small", "xlarge", None],
    "protect": [True, False],
}


@st.composite
def crossed(draw: st.DrawFn) -> tuple[str, Any]:
    """An example's manifest in which one to three values are those of the same field elsewhere."""
    stack = draw(st.sampled_from(STACKS))
    tenant = json.loads(json.dumps(VALUES[stack]))
    for _ in range(draw(st.integers(1, 3))):
        there = [(holder, key) for holder, key in places(tenant) if key in KIN]
        holder, key = there[draw(st.integers(0, len(there) - 1))]
        holder[key] = json.loads(json.dumps(draw(st.sampled_from(KIN[key]))))
    return stack, tenant


@settings(settle, max_examples=500)
@given(crossed())
def test_crossed_manifests_have_problems_or_plans(change: tuple[str, Any]) -> None:
    stack, tenant = change
    text = yaml.dump({"config": {"jichitai:tenant": tenant}}, Dumper=yaml.CSafeDumper, allow_unicode=True)
    both_doors(stack, text.encode())
