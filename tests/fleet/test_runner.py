"""The durable runner with a stand-in for the engine: everything but the engine is real."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from scripts.fleet.drill import journal
from scripts.fleet.model import RunId, StackResult
from scripts.fleet.options import Options
from scripts.fleet.runner import Coordinator, new_run
from tests.fleet.drills import begin, coordinator, finish, outcomes, ref

QUICK = Options(backoff=0.05)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coordinator]:
    folder = tmp_path_factory.mktemp("fleet")
    with coordinator(folder, f"sqlite:///{folder / 'fleet.sqlite'}") as opened:
        yield opened


def begun(here: Coordinator, run: RunId) -> list[str]:
    return [e.stack for e in journal(here.setting.repo / "drill") if e.run == run and e.what == "begin"]


def test_every_stack_is_done_once_and_what_can_be_retried_is(here: Coordinator) -> None:
    run = begin(here, ["000000-a", "000001-flaky", "000002-bad", "000003-d"], QUICK)
    summary = finish(here, run)
    assert outcomes(summary) == {
        "000000-a": "changed", "000001-flaky": "changed", "000002-bad": "failed", "000003-d": "changed",
    }  # fmt: skip
    by_stack = {r.stack: r for r in summary.results}
    assert by_stack["000001-flaky"].attempts == 2
    assert by_stack["000002-bad"].attempts == 1, "what stays wrong is not tried again"
    assert by_stack["000002-bad"].causes[0].cause == "refused"
    assert by_stack["000000-a"].command == "./jichitai up 000000-a"
    assert sorted(begun(here, run)) == ["000000-a", "000001-flaky", "000001-flaky", "000002-bad", "000003-d"]


def test_the_gate_holds_the_next_wave_and_resume_does_exactly_the_rest(here: Coordinator) -> None:
    run = begin(here, [("000010-a", 0), ("000011-bad", 0), ("000012-c", 1)], QUICK)
    summary = finish(here, run)
    assert outcomes(summary) == {"000010-a": "changed", "000011-bad": "failed", "000012-c": "waiting"}
    assert summary.stopped is not None
    assert "000011-bad" in summary.stopped.en
    before = len(begun(here, run))
    round_ = here.database.next_round(run)
    assert round_ == 2
    assert here.database.next_round(run) is None, "it is under way"
    here.begin(run, round_)
    here.begin(run, round_)
    summary = finish(here, run)
    assert begun(here, run)[before:] == ["000011-bad"], "what had ended is not run again"
    assert outcomes(summary)["000012-c"] == "waiting"


def test_a_policy_closes_the_gate_whatever_the_tolerance(here: Coordinator) -> None:
    names = [(f"0000{n}-a", 0) for n in range(20, 29)] + [("000029-policy", 0), ("000030-b", 1)]
    summary = finish(here, begin(here, names, Options(tolerance=0.5)))
    assert outcomes(summary)["000030-b"] == "waiting"
    assert summary.stopped is not None
    assert "polic" in summary.stopped.en


def test_the_budget_stops_new_work(here: Coordinator) -> None:
    names = [f"0001{n:02}-bad" for n in range(30)]
    summary = finish(here, begin(here, names, Options(budget=2)))
    failed = [r for r in summary.results if r.outcome == "failed"]
    assert 3 <= len(failed) <= 3 + here.room(), "what ran already finishes, no more"
    assert any(r.outcome == "waiting" for r in summary.results)
    assert summary.stopped is not None


def test_a_wave_waits_for_approval_and_resume_is_the_approval(here: Coordinator) -> None:
    run = begin(here, [("000040-a", 0), ("000041-b", 1), ("000042-c", 2)], Options(approve=True))
    assert outcomes(finish(here, run)) == {
        "000040-a": "changed",
        "000041-b": "waiting",
        "000042-c": "waiting",
    }
    here.begin(run, here.database.next_round(run, approved=1) or 0)
    assert outcomes(finish(here, run))["000041-b"] == "changed"
    assert outcomes(here.database.summary(run))["000042-c"] == "waiting"
    here.begin(run, here.database.next_round(run, approved=2) or 0)
    assert set(outcomes(finish(here, run)).values()) == {"changed"}


def test_stopping_lets_what_runs_finish(here: Coordinator) -> None:
    run = begin(here, [f"0002{n:02}-a" for n in range(40)], QUICK)
    _until(lambda: bool(begun(here, run)))
    here.database.set_status(run, "stopping", before=("active",))
    summary = finish(here, run)
    done = {r.stack for r in summary.results if r.outcome == "changed"}
    assert done == set(begun(here, run)), "each that had begun was finished"
    assert {r.outcome for r in summary.results} == {"changed", "waiting"}


def test_cutting_ends_what_runs_and_resume_takes_it_up(here: Coordinator) -> None:
    run = begin(here, ["000300-slow", "000301-a"], QUICK)
    _until(lambda: "000300-slow" in begun(here, run))
    here.database.set_status(run, "cutting", before=("active",))
    began = time.monotonic()
    summary = finish(here, run)
    assert time.monotonic() - began < 4, "it was cut short"
    assert outcomes(summary)["000300-slow"] == "cancelled"
    assert here.database.next_round(run) == 2
    assert outcomes(here.database.summary(run))["000300-slow"] == "waiting"
    here.database.set_status(run, "ended")


def test_a_stack_over_its_time_fails_and_says_so(here: Coordinator) -> None:
    summary = finish(here, begin(here, ["000310-slow"], Options(seconds=0.5)))
    (result,) = summary.results
    assert result.outcome == "failed"
    assert result.causes[0].cause == "time_limit"
    assert result.attempts == 1


def test_limits_per_cloud_hold_over_all_runs(here: Coordinator) -> None:
    options = Options(clouds={"aws": 1})
    runs = [begin(here, [f"00040{n}-{x}" for x in "abc"], options) for n in range(2)]
    for run in runs:
        finish(here, run)
    spans: list[tuple[float, float]] = []
    entries = [e for e in journal(here.setting.repo / "drill") if e.run in runs]
    for entry in entries:
        if entry.what == "begin":
            end = next(e.at for e in entries if e.what == "end" and e.stack == entry.stack)
            spans.append((entry.at, end))
    assert len(spans) == 6
    assert all(end <= later for (_, end), (later, _) in pairwise(sorted(spans))), "one at a time"


def test_what_was_skipped_is_never_begun(here: Coordinator) -> None:
    run = new_run("up")
    done = StackResult("000500-a", "up", "skipped")
    stacks = [(ref("000500-a"), 0, "f", done), (ref("000501-b"), 0, "f", None)]
    here.database.create(run, "up", "twin", "", QUICK, stacks)
    here.begin(run, 1)
    assert outcomes(finish(here, run)) == {"000500-a": "skipped", "000501-b": "changed"}
    assert begun(here, run) == ["000501-b"]


def test_the_last_good_result_is_remembered_by_its_fingerprint(here: Coordinator) -> None:
    finish(here, begin(here, ["000510-a", "000511-bad"], QUICK))
    last = here.database.last("twin", ["up"])
    assert last["000510-a", "up"].fingerprint == "000510-a"
    assert ("000511-bad", "up") not in last


def test_a_stack_that_was_taken_away_meanwhile_stays_open_for_whoever_took_it(here: Coordinator) -> None:
    run = begin(here, ["000520-long"], QUICK)
    _until(lambda: bool(begun(here, run)))
    here.database.begin(run, "000520-long", "another")
    entries = here.setting.repo / "drill"
    _until(lambda: any(e.run == run and e.what == "end" for e in journal(entries)))
    _until(lambda: not here.worker.running)
    time.sleep(0.2)
    assert here.database.states(run) == {"000520-long": ("running", "")}, (
        "what came of it here is not written"
    )
    here.database.release("another")
    here.take_over(here.presence.id)
    assert outcomes(finish(here, run)) == {"000520-long": "changed"}
    assert begun(here, run) == ["000520-long"] * 2


def test_runs_are_listed_newest_first_with_their_counts(here: Coordinator) -> None:
    run = begin(here, ["000600-a"], QUICK)
    finish(here, run)
    heads = here.database.heads()
    assert [h.run for h in heads] == sorted((h.run for h in heads), reverse=True)
    assert next(h for h in heads if h.run == run).counts == {"changed": 1}
    with pytest.raises(KeyError):
        here.database.summary(RunId("nothing"))


def _until(condition: object) -> None:
    assert callable(condition)
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
