"""A run that ends as `kill -9` ends it, and what the next one tells people."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.bootstrap import refusals
from scripts.bootstrap.run import BlockedError, FailedError, Runner
from scripts.bootstrap.steps import Step
from scripts.cli.exits import Trouble


class Killed(BaseException):
    """Nothing catches it, so nothing more is written: neither `failed` nor `interrupted`."""


def killed_after(runner: Runner[Any], step: Step[Any], calls: int) -> bool:
    """Run a step and kill it once so many calls were made; whether it had so many to make."""
    made, count = runner.session.perform, [0]

    def perform(call: Any, arguments: Any) -> Any:
        answer = made(call, arguments)
        count[0] += 1
        if count[0] == calls:
            raise Killed
        return answer

    runner.session.perform = perform
    outcome = runner.survey([step])
    try:
        runner.apply(outcome, lambda _: None)
    except Killed:
        return True
    return False


def told(runner: Runner[Any], step: Step[Any]) -> Trouble | None:
    """What the command says when `step` is run again; None where it comes to its end."""
    cloud, settings = runner.cloud, runner.settings
    try:
        runner.apply(runner.survey([step]), lambda _: None)
    except BlockedError as error:
        return refusals.blocked(error, settings, refusals.retired(runner.chain, cloud, settings))
    except FailedError as error:
        gone = refusals.retired(runner.chain, cloud, settings)
        return refusals.failed(error, settings, gone, changed=False)
    return None


def must_say(trouble: Trouble, *words: str) -> None:
    """That the refusal says that the retirement had begun, and names who goes on, in both languages."""
    if trouble.do is None:
        pytest.fail("nothing is said of what to do")
    assert "did not come to its end" in trouble.do.en
    assert "終わっていません" in trouble.do.ja
    for word in words:
        assert word in trouble.do.en
        assert word in trouble.do.ja
    assert trouble.details["retirement_begun"] is True
