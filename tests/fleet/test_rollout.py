"""Waves, admission, budget, gates and retries: pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.fleet.model import Cause, StackRef
from scripts.fleet.options import Options, Rate
from scripts.fleet.rollout import (
    AGAIN,
    LONGEST,
    Rates,
    Row,
    State,
    admitted,
    approval,
    gate,
    listed,
    over,
    spent,
    wait,
    waves,
    worth_another,
)
from stacks.text import Text

CLOUDS = ("aws", "azure", "google", "oci", "sakura")
SAID = Text("x", "x")


def ref(number: int, *clouds: str, kind: str = "city") -> StackRef:
    code = f"{number:06}"
    return StackRef(
        code,
        f"{code}-x",
        "x",
        "p",
        kind,
        "production",
        clouds,
        tuple("u" for _ in clouds),
        (),
        (code,),
        Path(),
    )


def row(number: int, wave: int = 0, state: State = "waiting", clouds: tuple[str, ...] = ("aws",)) -> Row:
    return Row(f"{number:06}-x", wave, state, "", clouds, tuple(f"{c}:{number % 3}" for c in clouds))


refs = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CLOUDS), min_size=1, max_size=2, unique=True),
        st.sampled_from(["city", "town"]),
    ),
    max_size=60,
).map(lambda some: [ref(n, *clouds, kind=kind) for n, (clouds, kind) in enumerate(some)])
shares = st.lists(st.floats(0.01, 1.0), max_size=4).map(sorted)


@given(refs, st.integers(0, 10), shares)
def test_every_stack_is_in_exactly_one_wave(stacks: list[StackRef], canary: int, parts: list[float]) -> None:
    placed = waves(stacks, canary, parts)
    assert placed.keys() == {r.stack for r in stacks}
    sizes = Counter(placed.values())
    if canary and stacks:
        assert sizes[0] == min(canary, len(stacks))
    assert max(placed.values(), default=0) <= max(len(parts), 1)


def test_the_canary_is_small_and_of_every_cloud() -> None:
    stacks = [ref(n, "aws") for n in range(5)]
    stacks += [ref(10, "aws", kind="village"), ref(11, "oci"), ref(12, "google", kind="town")]
    placed = waves(stacks, 3, (0.5, 1.0))
    assert {s for s, w in placed.items() if w == 0} == {"000010-x", "000011-x", "000012-x"}
    assert Counter(placed.values()) == {0: 3, 1: 2, 2: 3}


def test_waves_by_list_take_the_rest_last() -> None:
    stacks = [ref(n, "aws") for n in range(4)]
    placed = listed(stacks, [{"000002"}, {"000000-x", "000003-x"}])
    assert placed == {"000000-x": 1, "000001-x": 2, "000002-x": 0, "000003-x": 1}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["waiting", "queued", "running", "ended"]),
            st.lists(st.sampled_from(CLOUDS), min_size=1, max_size=2, unique=True),
        ),
        max_size=40,
    ),
    st.integers(0, 12),
    st.dictionaries(st.sampled_from(CLOUDS), st.integers(1, 4)),
    st.none() | st.integers(1, 3),
)
def test_no_limit_is_ever_exceeded(
    drawn: list[tuple[int, State, list[str]]], room: int, limits: dict[str, int], account: int | None
) -> None:
    rows = [row(n, wave, state, tuple(clouds)) for n, (wave, state, clouds) in enumerate(drawn)]
    options = Options(clouds=limits, account=account)
    begun = admitted(rows, 1, room, options, Rates(), 0.0)
    chosen = [r for r in rows if r.stack in begun]
    assert all(r.wave == 1 and r.state == "waiting" for r in chosen)
    before = [r for r in rows if r.state in ("queued", "running")]
    assert len(begun) <= max(room - len(before), 0)
    for cloud, limit in limits.items():
        now = sum(cloud in r.clouds for r in chosen)
        assert now == 0 or now + sum(cloud in r.clouds for r in before) <= limit
    if account is not None and chosen:
        counted = Counter(a for r in (*before, *chosen) for a in r.accounts)
        assert all(counted[a] <= account for r in chosen for a in r.accounts)


def test_what_must_wait_holds_nobody_up_and_other_runs_count() -> None:
    rows = [row(0, clouds=("aws",)), row(1, clouds=("oci",)), row(2, clouds=("aws",))]
    elsewhere = [row(9, state="running", clouds=("aws",))]
    assert admitted(rows, 0, 9, Options(clouds={"aws": 1}), Rates(), 0.0, elsewhere) == ["000001-x"]


def test_a_rate_lets_so_many_begin_in_a_time() -> None:
    rates, options = Rates(), Options(rates={"aws": Rate(2, 60.0)})
    rows = [row(n) for n in range(5)]
    assert len(admitted(rows, 0, 9, options, rates, 0.0)) == 2
    later = [replace(r, state="running") if n < 2 else r for n, r in enumerate(rows)]
    assert admitted(later, 0, 9, options, rates, 59.0) == []
    assert len(admitted(later, 0, 9, options, rates, 60.0)) == 2


def test_a_wave_is_over_when_it_and_those_before_it_are() -> None:
    assert over([row(0, 0, "ended"), row(1, 1, "waiting")], 0)
    assert not over([row(0, 0, "running"), row(1, 1, "ended")], 1)


def test_the_budget_stops_new_work_only_when_it_is_exceeded() -> None:
    rows = [replace(row(n, 0, "ended"), outcome="failed") for n in range(3)]
    assert spent(rows, Options(budget=None)) is None
    assert spent(rows, Options(budget=3)) is None
    assert "3" in (spent(rows, Options(budget=2)) or SAID).en


def test_the_gate() -> None:
    good = [replace(row(n, 0, "ended"), outcome="changed") for n in range(9)]
    bad = replace(row(9, 0, "ended"), outcome="failed")
    assert gate([*good, bad], 0, 0, Options()) is None, "after the last wave nothing is held up"
    assert gate(good, 0, 1, Options()) is None
    assert gate([*good, bad], 0, 1, Options(tolerance=0.1)) is None
    closed = gate([*good, bad], 0, 1, Options(tolerance=0.09))
    assert closed is not None
    assert "000009-x" in closed.en
    policies = gate([*good, bad], 0, 1, Options(tolerance=1.0), [bad.stack])
    assert policies is not None, "a policy is not a matter of shares"


def test_approval_is_asked_for_each_wave_but_the_last() -> None:
    asked = Options(approve=True)
    assert approval(0, 0, 2, Options()) is None
    assert approval(0, 0, 2, asked) is not None
    assert approval(0, 1, 2, asked) is None
    assert approval(1, 1, 2, asked) is not None
    assert approval(2, 2, 2, asked) is None


@pytest.mark.parametrize("cause", ["refused", "denied", "quota", "policy", "program", "exists", "protected"])
def test_what_stays_wrong_is_not_tried_again(cause: str) -> None:
    again = [Cause(c, SAID, "", SAID) for c in sorted(AGAIN)]
    assert worth_another(again, 1, Options(retries=3))
    assert not worth_another(again, 4, Options(retries=3))
    assert not worth_another([], 1, Options())
    assert not worth_another([*again, Cause(cause, SAID, "", SAID)], 1, Options())


@given(st.text(min_size=1, max_size=20), st.integers(1, 30), st.floats(0.1, 10))
def test_waits_grow_within_bounds_and_repeat(stack: str, attempt: int, backoff: float) -> None:
    options = Options(backoff=backoff)
    seconds = wait(stack, attempt, options)
    assert seconds == wait(stack, attempt, options)
    assert min(backoff * 2 ** (attempt - 1) * 0.5, LONGEST) <= seconds <= LONGEST
