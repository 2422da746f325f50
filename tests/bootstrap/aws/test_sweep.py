"""At every request, one failure: the run is repeated, ends in the same state, and nothing is there twice.

Steps are swept one by one, each from the state that the steps before it leave, so that a request's failure
is seen alone. A request that changes something fails in every way; one that reads fails in one way each, the
ways in turn, for it leaves nothing behind whichever it is.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto.account.models import account_backends
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sts.models import sts_backends

from scripts.bootstrap import aws
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.steps import Step
from tests.bootstrap.aws.conftest import REGION, STACK, Account, opened
from tests.bootstrap.fakes.killed import killed_after, must_say, told
from tests.bootstrap.fakes.server import FaultKind, repeated, ways

STEPS = {step.id: step for step in aws.STEPS}
ATTEMPTS = 4
WAYS: tuple[FaultKind, ...] = ("throttle", "error", "denied", "lost")
"""429, 503, 403, and a timeout: the call was done, and its answer never came."""


@dataclass(frozen=True)
class Moment:
    """All that there was at one moment: the account, the evidence, the credentials in use."""

    backends: Any
    evidence: bytes

    @classmethod
    def of(cls, account: Account) -> Moment:
        """Now."""
        file = account.chain.file
        return cls(_contents(account), file.read_bytes() if file.exists() else b"")

    def restore(self, account: Account) -> None:
        """Make it now again."""
        for backend, content in zip(_backends(account), copy.deepcopy(self.backends), strict=True):
            backend.__dict__.clear()
            backend.__dict__.update(content)
        # Names of buckets are the world's, and so is moto's book of them.
        book, held = s3_backends.bucket_accounts, s3_backends[account.account]["aws"].buckets
        for name in [n for n, (_, owner) in book.items() if owner == account.account and n not in held]:
            del book[name]
        book.update(dict.fromkeys(held, ("aws", account.account)))
        account.chain.file.write_bytes(self.evidence)
        account.become(account.key, account.secret)


def _backends(account: Account) -> list[Any]:
    number = account.account
    return [
        *(found[number]["aws"] for found in (iam_backends, sts_backends, s3_backends, account_backends)),
        *(found[number][REGION] for found in (kms_backends, sns_backends, events_backends)),
        events_backends[number]["us-east-1"],
    ]


def _contents(account: Account) -> Any:
    return copy.deepcopy([b.__dict__ for b in _backends(account)])


@dataclass(frozen=True)
class World:
    """An account, and the moments before each step and after the last."""

    account: Account
    moments: dict[str, Moment]

    def after(self, step: str) -> dict[str, Any]:
        """The state that a step leads to."""
        names = [*STEPS, "end"]
        self.moments[names[names.index(step) + 1]].restore(self.account)
        return self.account.state()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One clean run, step by step."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for account in opened(tmp_path_factory.mktemp("sweep"), monkeypatch):
            moments: dict[str, Moment] = {}
            for name, step in STEPS.items():
                moments[name] = Moment.of(account)
                if name == "evidence":
                    account.break_glass()
                account.run(steps=[step])
            moments["end"] = Moment.of(account)
            yield World(account, moments)


def _go_on(account: Account, step: Step[Any]) -> int:
    """Run until it works, as a person would; the number of runs. A retired key means: come another way."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            account.run(steps=[step])
        except FailedError as error:
            if error.failure.kind == "invalid":
                account.break_glass()
        except BlockedError:
            continue
        else:
            return attempt
    raise AssertionError(f"{step.id} does not come to an end in {ATTEMPTS} runs")


def _requests(world: World, step: str) -> list[tuple[bool, bool]]:
    """The requests of a step's run: whether each changes something, and whether it only reads again."""
    world.moments[step].restore(world.account)
    if step == "evidence":
        world.account.break_glass()
    runner, first = world.account.runner(), len(world.account.server.requests)
    runner.apply(runner.survey([STEPS[step]]), lambda _: None)
    changes = [made.changes for made in runner.recorder.made]
    asked = [one.request for one in world.account.server.requests[first:]]
    return list(zip(changes, repeated(asked, [not c for c in changes]), strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_one_failure_anywhere(world: World, step: str) -> None:
    account = world.account
    wanted = world.after(step)
    requests = _requests(world, step)
    tried = 0
    for index, (changes, again) in enumerate(requests):
        for kind in ways(index, reads=not changes, again=again, changes=WAYS):
            world.moments[step].restore(account)
            if step == "evidence":
                account.break_glass()
            account.server.fail_at(index, kind)
            _go_on(account, STEPS[step])
            account.server.calm()
            assert account.state() == wanted, f"{step}: request {index}, {kind}"
            assert account.chain.problems() == [], f"{step}: request {index}, {kind}"
            tried += 1
    assert tried >= sum(not again for _, again in requests) > 0
    print(f"aws {step}: {len(requests)} requests, {tried} failures")


def test_killed_while_retiring(world: World) -> None:
    """The key is refused from the moment it is off; the refusal says why, and who goes on does finish."""
    account, step = world.account, STEPS["retire"]
    wanted = world.after("retire")
    refused = 0
    for calls in itertools.count(1):
        world.moments["retire"].restore(account)
        if not killed_after(account.runner(), step, calls):
            break
        trouble = told(account.runner(), step)
        if trouble is not None:
            refused += 1
            must_say(trouble, account.names.role_arn(account.names.break_glass), f"bootstrap aws {STACK}")
            account.break_glass()
            assert told(account.runner(), step) is None
        assert account.state() == wanted, calls
        assert account.chain.problems() == []
    assert refused >= 2, "after the key is off, and after it is deleted"
