"""`fleet check` and `fleet estimate`: the same findings as one by one, and arithmetic that adds up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.evaluate import Options, judge
from policies.read import read_text
from scripts.fleet.checking import judge_all
from scripts.fleet.estimate import MEMORY_MB, PACES, estimate, jobs_of
from stacks.registry.clouds import CLOUDS, CloudName


def state(number: int) -> str:
    """A state with one bucket that is closed and one group that is open to everybody."""

    def urn(type_: str, name: str) -> str:
        return f"urn:pulumi:s{number}::jichitai::{type_}::{name}"

    group = "aws:ec2/securityGroup:SecurityGroup"
    open_ = [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}]
    resources = [
        {
            "urn": urn("pulumi:pulumi:Stack", f"jichitai-s{number}"),
            "type": "pulumi:pulumi:Stack",
            "custom": False,
        },
        {
            "urn": urn(group, "open"),
            "type": group,
            "custom": True,
            "id": f"sg-{number}",
            "inputs": {"ingress": open_ if number % 2 else []},
            "outputs": {"ingress": open_ if number % 2 else []},
        },
    ]
    return json.dumps({"version": 3, "deployment": {"manifest": {}, "resources": resources}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(21):
        (tmp_path / f"s{number}.json").write_text(state(number), encoding="utf-8")
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_states_are_judged_as_each_alone(folder: Path, jobs: int) -> None:
    names = [f"s{n}" for n in range(21)]
    done: list[int] = []
    found = list(judge_all([*names, "broken"], Options(), folder=folder, jobs=jobs, tick=done.append))
    assert [j.stack for j in found] == [*names, "broken"]
    assert done == list(range(1, 23))
    for number, judged in enumerate(found[:-1]):
        (stack,), notes = read_text(state(number), "x")
        alone = judge(stack, Options(), notes)
        again = judged.result()
        key = [(f.rule.id, f.urn, f.detail) for f in alone.findings]
        assert [(f.rule.id, f.urn, f.detail) for f in again.findings] == key
        assert again.passed == alone.passed
        assert again.resources == alone.resources == 1
        assert judged.processor > 0
    counts = [len(j.findings) for j in found[:-1]]
    assert all(counts[n] > counts[n - 1] for n in range(1, 20, 2)), "the open ones have more"
    assert found[-1].built
    assert found[-1].trouble is not None
    assert "broken" in found[-1].result().notes[0].en


def test_what_has_no_state_is_not_built() -> None:
    (found,) = judge_all(["999999-nobody"], Options())
    assert not found.built
    assert found.trouble is None


stacks = st.lists(st.tuples(st.sampled_from(list(CLOUDS)), st.booleans(), st.integers(1, 400)), min_size=1)


@given(stacks, st.integers(1, 500))
def test_an_estimate_adds_up(some: list[tuple[CloudName, bool, int]], jobs: int) -> None:
    made = estimate(some, jobs)
    assert sum(s.stacks for s in made.shares) == len(some)
    assert made.stack_minutes == pytest.approx(sum(s.minutes * s.stacks for s in made.shares))
    # Never shorter than the slowest stack, nor than the waiting shared out; more places never take longer.
    slowest = max(s.minutes for s in made.shares)
    assert made.hours * 60 >= slowest
    assert made.hours * 60 >= made.stack_minutes / jobs
    assert estimate(some, jobs + 1).hours <= made.hours
    for share in made.shares:
        circuit = PACES[share.cloud].circuit
        if share.own_circuits and circuit is not None:
            assert share.waiting >= circuit.minutes


def test_a_machine_waits_for_as_many_stacks_as_its_memory_holds() -> None:
    assert jobs_of(24) * MEMORY_MB / 1024 <= 24 * 0.75 < (jobs_of(24) + 1) * MEMORY_MB / 1024
    assert jobs_of(0.1) == 1


def test_every_figure_says_where_it_is_from_in_both_languages() -> None:
    assert set(PACES) == set(CLOUDS)
    for pace in PACES.values():
        for slow in (*pace.chain, *filter(None, [pace.circuit])):
            assert slow.source.ja
            assert slow.source.en
        assert pace.rate_source.ja
        assert pace.rate_source.en
