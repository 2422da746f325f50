"""Which stacks need no work, and what makes them need it again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from scripts.cli.exits import Trouble
from scripts.cli.fleet.run import allowed_failures, duration, wave_plan
from scripts.fleet.live import Look
from scripts.fleet.model import Count, Operation, StackResult
from scripts.fleet.skip import Fingerprints, Last, code_of, needless, stamp_of
from tests.fleet.drills import ref

FOUND = (Count("aws:ec2/vpc:Vpc", "create", 1),)


def result(operation: Operation) -> StackResult:
    return StackResult("a", operation, "changed", seconds=3.0, attempts=1, changes=FOUND, digest="d")


def test_after_an_up_there_is_nothing_to_change_and_after_a_preview_what_that_found() -> None:
    after_up = {("a", "up"): Last("f", "s", result("up"))}
    for operation in ("up", "preview"):
        one = needless(operation, "a", "f", "s", after_up)
        assert one is not None
        assert (one.operation, one.outcome, one.changes, one.digest) == (operation, "skipped", (), "")
    after_preview = {("a", "preview"): Last("f", "s", result("preview"))}
    seen = needless("preview", "a", "f", "s", after_preview)
    assert seen is not None
    assert (seen.changes, seen.digest, seen.seconds) == (FOUND, "d", 0.0)
    assert needless("up", "a", "f", "s", after_preview) is None


@pytest.mark.parametrize("operation", ["refresh", "drift", "destroy"])
def test_what_looks_at_the_cloud_is_never_skipped(operation: Operation) -> None:
    assert needless(operation, "a", "f", "s", {("a", operation): Last("f", "s", result(operation))}) is None


def test_another_fingerprint_state_or_stack_must_run() -> None:
    last = {("a", "up"): Last("f", "s", result("up"))}
    assert needless("up", "a", "g", "s", last) is None
    assert needless("up", "a", "f", "t", last) is None
    assert needless("up", "b", "f", "s", last) is None


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for folder in ("stacks/tenants", "policies", "components/aws", "components/oci"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("1", encoding="utf-8")
    (tmp_path / "components" / "tenant.py").write_text("1", encoding="utf-8")
    (tmp_path / "manifest.yaml").write_text("a: 1", encoding="utf-8")
    code_of.cache_clear()
    return tmp_path


def test_a_fingerprint_covers_manifest_plan_code_versions_and_dates(repo: Path) -> None:
    stack = replace(ref("000000-a", "aws"), path=repo / "manifest.yaml")
    make = Fingerprints(repo, "3.259.0", policies=True)

    def now(plan: str = "plan", day: date = date(2026, 11, 24), by: Fingerprints = make) -> str:
        code_of.cache_clear()
        return by.of(stack, plan, day)

    first = now()
    assert now() == first
    assert now(day=date(2026, 11, 25)) == first, "no date in it"
    assert now(plan="other") != first
    assert now(by=replace(make, engine="3.260.0")) != first
    assert now(by=replace(make, policies=False)) != first
    for file, concerns in (
        ("components/oci/a.py", False),
        ("stacks/tenants/a.py", False),
        ("components/aws/a.py", True),
        ("components/tenant.py", True),
        ("policies/a.py", True),
        ("manifest.yaml", True),
    ):
        before = now()
        (repo / file).write_text("expires: 2", encoding="utf-8")
        assert (now() != before) is concerns, file
    assert now(day=date(2026, 11, 25)) != now(), "what runs out may have"


def test_a_stamp_is_of_one_state(tmp_path: Path) -> None:
    folder = tmp_path / ".jichitai" / "state" / "twin" / ".pulumi" / "stacks" / "jichitai"
    folder.mkdir(parents=True)
    assert stamp_of(tmp_path, "twin", "a") == ""
    (folder / "a.json").write_text("{}", encoding="utf-8")
    first = stamp_of(tmp_path, "twin", "a")
    assert first
    assert stamp_of(tmp_path, "twin", "a") == first
    (folder / "new").write_text("{}", encoding="utf-8")
    (folder / "new").replace(folder / "a.json")
    assert stamp_of(tmp_path, "twin", "a") != first, "written anew, if with the same content"


def test_what_can_be_said_of_a_run_as_it_goes_on() -> None:
    stacks = {
        name: ref(name, *clouds) for name, clouds in (("a", ("aws",)), ("b", ("aws", "oci")), ("c", ("oci",)))
    }
    look = Look(stacks)
    assert look.take(dict.fromkeys(stacks, "waiting"), 0.0) == []
    assert look.left(0.0, 0.0) is None, "nothing is known yet"
    look.take({"a": "running", "b": "running", "c": "waiting"}, 1.0)
    assert look.take({"a": "changed", "b": "failed", "c": "running"}, 11.0) == ["b"]
    assert look.done == 2
    assert look.rate(10.0, 0.0) == pytest.approx(0.2)
    assert look.left(10.0, 0.0) == pytest.approx(5.0)
    assert look.slowest(15.0) == [("c", 4.0)]
    assert {c: n.total() for c, n in look.by_cloud().items()} == {"aws": 2, "oci": 2}
    assert look.take({"a": "changed", "b": "failed", "c": "unchanged"}, 80.0) == []
    assert look.rate(80.0, 0.0) == pytest.approx(1 / 60), "of the last minute"


def test_options_are_read(tmp_path: Path) -> None:
    assert wave_plan(None) == ((), [])
    assert wave_plan("10%, 50%,100%") == ((0.1, 0.5, 1.0), [])
    file = tmp_path / "waves"
    file.write_text("a # first\nb\n\nc\n", encoding="utf-8")
    assert wave_plan(str(file)) == ((), [{"a", "b"}, {"c"}])
    assert [duration("--x", t) for t in ("90s", "30m", "2h", "5")] == [90, 1800, 7200, 5]
    assert [allowed_failures(t, 50) for t in ("3", "5%", "0")] == [3, 2, 0]


@pytest.mark.parametrize("waves", ["50%,10%", "0%", "x%", "/nothing/there", "110%"])
def test_waves_that_mean_nothing_are_refused(waves: str) -> None:
    with pytest.raises(Trouble):
        wave_plan(waves)


@pytest.mark.parametrize("text", ["", "x", "-1m", "0"])
def test_times_and_numbers_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(Trouble):
        duration("--time-limit", text)
    with pytest.raises(Trouble):
        allowed_failures(text if text != "0" else "-2%", 10)
