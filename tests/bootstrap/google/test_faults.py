"""One failure at every call, of every kind; then the same command again: the same project, nothing twice."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from scripts.bootstrap.google import CLOUD
from scripts.bootstrap.run import BlockedError, FailedError
from tests.bootstrap.fakes.killed import killed_after, must_say, told
from tests.bootstrap.fakes.server import FAULTS, FaultKind, repeated, ways
from tests.bootstrap.google.conftest import Quiet, Unit, shape
from tests.bootstrap.google.fake import ADMIN, PROJECT

SEALED = f"jichitai-breakglass@{PROJECT}.iam.gserviceaccount.com"
FOUR = [
    ["whoami", "services", "contacts", "fence", "signin"],
    ["keys", "state", "archive"],
    ["federation", "deployer"],
    ["breakglass", "alarms", "proof", "evidence"],
]


def _orderly(unit: Unit, token: str, until: str) -> None:
    """Everything before a step, done without trouble."""
    for step in CLOUD.steps:
        if step.id == until:
            return
        unit.run([step.id], token_file=token)


@pytest.mark.parametrize("steps", FOUR, ids=lambda steps: steps[0])
def test_a_failure_at_any_call_and_then_again(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, steps: list[str]
) -> None:
    unit.sign_in(monkeypatch, f"user:{ADMIN}")  # reading a service account's key costs a sixth of a second
    token = unit.pipeline_token()
    _orderly(unit, token, steps[0])
    struck = 0
    for step in steps:
        before, evidence = unit.google.snapshot(), _read(unit)
        began, first = unit.server.count, len(unit.server.requests)
        unit.run([step], token_file=token)
        calls, wanted = unit.server.count - began, shape(unit.google.world)
        asked = [e for e in unit.server.requests[first:] if unit.server.counted(e.request)]
        reads = [one.request.method == "GET" for one in asked]
        twice = repeated([one.request for one in asked], reads)
        for index in range(calls):
            for kind in ways(index, reads=reads[index], again=twice[index], each=4):
                unit.google.restore(before)
                unit.chain.file.write_bytes(evidence)
                unit.server.fail_at(index, kind)
                struck += _twice(unit, step, token)
                assert shape(unit.google.world) == wanted, (step, index, kind)
                assert unit.chain.problems() == [], (step, index, kind)
    assert struck > 2 * len(steps)
    print(f"google {steps[0]}…: {struck} failures")


def _twice(unit: Unit, step: str, token: str) -> bool:
    """A run that may fail or have to wait, then, if it did, another; whether the fault struck."""
    try:
        done = unit.run([step], token_file=token).waiting is None
    except (FailedError, BlockedError):
        done = False
    struck = unit.server.calm() == 0
    if not done:
        unit.run([step], token_file=token)
    return struck


def _read(unit: Unit) -> bytes:
    return unit.chain.file.read_bytes() if unit.chain.file.exists() else b""


class Impatient(Quiet):
    """Interrupts with Ctrl-C before the third call of a run."""

    def __init__(self) -> None:
        self.made = 0

    def calling(self, step: Any, call: Any) -> None:
        self.made += 1
        if self.made > 2:
            raise KeyboardInterrupt


def test_interrupted_after_every_single_call(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit.sign_in(monkeypatch, f"user:{ADMIN}")
    whole = unit.pipeline_token()
    pristine = unit.google.snapshot()
    unit.run(token_file=whole)
    wanted = shape(unit.google.world)
    unit.google.restore(pristine)
    unit.chain.file.unlink()
    steps = [s for s in CLOUD.steps if not s.final]
    interruptions = 0
    while True:
        runner = unit.runner(token_file=whole)
        runner.listener = Impatient()
        try:
            runner.apply(runner.survey(steps), lambda step: None)
            break
        except KeyboardInterrupt:
            interruptions += 1
            assert interruptions < 80
    assert interruptions > 12
    assert shape(unit.google.world) == wanted
    assert unit.chain.problems() == []
    events = [record["event"] for record in unit.chain.read()]
    assert "interrupted" in events


@pytest.mark.parametrize("kind", FAULTS)
def test_a_person_is_retired_once_whatever_fails(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    unit.sign_in(monkeypatch, f"user:{ADMIN}")
    token = unit.pipeline_token()
    unit.run(token_file=token)
    before, evidence = unit.google.snapshot(), _read(unit)
    began = unit.server.count
    unit.run(["retire"], token_file=token)
    calls, wanted = unit.server.count - began, shape(unit.google.world)
    for index in range(calls):
        unit.google.restore(before)
        unit.chain.file.write_bytes(evidence)
        unit.server.fail_at(index, kind)
        with contextlib.suppress(FailedError, BlockedError):
            unit.run(["retire"], token_file=token)
        unit.server.calm()
        unit.run(["retire"], token_file=token)
        assert shape(unit.google.world) == wanted, index
        assert unit.chain.problems() == []


def test_killed_while_retiring(unit: Unit) -> None:
    """The key is refused once it is off; the refusal says why, and who breaks the seal does finish."""
    token, step = unit.pipeline_token(), next(s for s in CLOUD.steps if s.final)
    unit.run(token_file=token)
    before, evidence, refused = unit.google.snapshot(), _read(unit), 0
    unit.run(["retire"], token_file=token)
    wanted = shape(unit.google.world)
    for calls in itertools.count(1):
        unit.google.restore(before)
        unit.chain.file.write_bytes(evidence)
        with pytest.MonkeyPatch.context() as monkeypatch:
            if not killed_after(unit.runner(token_file=token), step, calls):
                break
            trouble = told(unit.runner(token_file=token), step)
            if trouble is not None:
                refused += 1
                go_on = f"bootstrap google {unit.settings.stack} --step retire"
                must_say(trouble, "service-accounts enable jichitai-breakglass@", go_on)
                account = unit.google.world.things[f"projects/{PROJECT}/serviceAccounts/{SEALED}"]
                account["disabled"] = False
                unit.sign_in(monkeypatch, f"serviceAccount:{SEALED}")
                assert told(unit.runner(token_file=token), step) is None
                account["disabled"] = True
        assert shape(unit.google.world) == wanted, calls
        assert unit.chain.problems() == []
    assert refused >= 2, "after the key is off, and after it is deleted"


@pytest.mark.parametrize("kind", FAULTS[:-1])
def test_signing_in_fails_once(unit: Unit, kind: FaultKind) -> None:
    unit.server.counted = lambda request: True
    unit.server.fail_at(0, kind)
    with contextlib.suppress(FailedError):
        unit.run(["whoami"])
    assert unit.server.calm() == 0
    assert unit.run(["whoami"]).changed == 0
