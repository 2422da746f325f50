"""One failure at every call, of every kind; then the same command: the same subscription, nothing twice."""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest

from scripts.bootstrap.azure import CLOUD
from scripts.bootstrap.run import BlockedError, FailedError
from tests.bootstrap.azure.conftest import Quiet, Unit, shape
from tests.bootstrap.azure.entra import ADMIN_ID
from tests.bootstrap.fakes.killed import killed_after, must_say, told
from tests.bootstrap.fakes.server import FAULTS, FaultKind, repeated, ways

PARTS = [
    ["whoami", "providers", "group", "contacts", "fence", "signin"],
    ["keys", "state", "archive"],
    ["roles", "federation", "deployer"],
    ["breakglass", "alarms", "access", "proof", "evidence"],
]


@pytest.mark.parametrize("steps", PARTS, ids=lambda steps: steps[0])
def test_a_failure_at_any_call_and_then_again(unit: Unit, steps: list[str]) -> None:
    token, struck = unit.pipeline_token(), 0
    for step in CLOUD.steps:
        if step.id == steps[0]:
            break
        unit.run([step.id], token_file=token)
    for step in steps:
        before, evidence = unit.azure.snapshot(), _read(unit)
        began, first = unit.server.count, len(unit.server.requests)
        unit.run([step], token_file=token)
        calls, wanted = unit.server.count - began, shape(unit.azure.world)
        counted = [e for e in unit.server.requests[first:] if unit.server.counted(e.request)]
        reads = [one.request.method == "GET" for one in counted]
        twice = repeated([one.request for one in counted], reads)
        for index in range(calls):
            for kind in ways(index, reads=reads[index], again=twice[index], each=4):
                unit.azure.restore(before)
                unit.chain.file.write_bytes(evidence)
                unit.server.fail_at(index, kind)
                struck += _twice(unit, step, token)
                assert shape(unit.azure.world) == wanted, (step, index, kind)
                assert unit.chain.problems() == [], (step, index, kind)
    assert struck > 2 * len(steps)
    print(f"azure {steps[0]}…: {struck} failures")


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


def test_interrupted_again_and_again(unit: Unit) -> None:
    token = unit.pipeline_token()
    pristine = unit.azure.snapshot()
    unit.run(token_file=token)
    wanted = shape(unit.azure.world)
    unit.azure.restore(pristine)
    unit.chain.file.unlink()
    steps, interruptions = [s for s in CLOUD.steps if not s.final], 0
    while True:
        runner = unit.runner(token_file=token)
        runner.listener = Impatient()
        try:
            runner.apply(runner.survey(steps), lambda step: None)
            break
        except KeyboardInterrupt:
            interruptions += 1
            assert interruptions < 60
    assert interruptions > 12
    assert shape(unit.azure.world) == wanted
    assert unit.chain.problems() == []


def test_retired_once_whatever_fails(unit: Unit) -> None:
    token = unit.pipeline_token()
    unit.run(token_file=token)
    before, evidence = unit.azure.snapshot(), _read(unit)
    began = unit.server.count
    unit.run(["retire"], token_file=token)
    calls, wanted = unit.server.count - began, shape(unit.azure.world)
    for index in range(calls):
        for kind in ("denied", "lost"):
            unit.azure.restore(before)
            unit.chain.file.write_bytes(evidence)
            unit.server.fail_at(index, kind)
            with contextlib.suppress(FailedError, BlockedError):
                unit.run(["retire"], token_file=token)
            unit.server.calm()
            with contextlib.suppress(BlockedError):  # who is retired already does not even see the unit
                unit.run(["retire"], token_file=token)
            assert shape(unit.azure.world) == wanted, (index, kind)
            assert unit.chain.problems() == []


def test_killed_while_retiring(unit: Unit) -> None:
    """Who has no role left does not see the unit; the refusal says why, and who goes on does finish."""
    token, step = unit.pipeline_token(), next(s for s in CLOUD.steps if s.final)
    unit.run(token_file=token)
    before, evidence, refused = unit.azure.snapshot(), _read(unit), 0
    unit.run(["retire"], token_file=token)
    wanted = shape(unit.azure.world)
    for calls in itertools.count(1):
        unit.azure.restore(before)
        unit.chain.file.write_bytes(evidence)
        if not killed_after(unit.runner(token_file=token), step, calls):
            break
        trouble = told(unit.runner(token_file=token), step)
        if trouble is not None:
            refused += 1
            who = f"--set retire={ADMIN_ID}:"
            must_say(trouble, "az login", who, f"bootstrap azure {unit.settings.stack} --step retire")
        assert shape(unit.azure.world) == wanted, calls
        assert unit.chain.problems() == []
    assert refused == 1, "after the last role"


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("kind", FAULTS[:-1])
def test_signing_in_fails_once(unit: Unit, index: int, kind: FaultKind) -> None:
    """Finding Entra ID, and asking it for a token."""
    unit.server.counted = lambda request: True
    unit.server.fail_at(index, kind)
    with contextlib.suppress(FailedError):
        unit.run(["whoami"])
    assert unit.server.calm() == 0
    assert unit.run(["whoami"]).changed == 0
