"""さくら: at every request one failure, then again: the same state, nothing twice, the evidence whole.

Each step is run by itself from where the steps before it have left the project, so that every request
that it sends can be made to fail, in every way, without repeating the others. What only reads fails in one
way at each place, in turn; what changes something fails in all of them.
"""

from __future__ import annotations

import itertools

import pytest

from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.sakura import CLOUD
from tests.bootstrap.fakes.killed import killed_after, must_say, told
from tests.bootstrap.fakes.server import FaultKind, Logged, repeated, ways
from tests.bootstrap.sakura.conftest import STACK, World

CHANGES: tuple[FaultKind, ...] = ("throttle", "error", "denied", "lost")
"""How each request that changes something fails; that it is cut off before is among the reads'."""
GROUPS = (
    ("whoami", "contacts", "fence", "people", "key", "secrets"),
    ("state",),
    ("copy", "deployer"),
    ("break_glass",),
    ("proof",),
    ("evidence", "retire"),
)


def reads(logged: Logged) -> bool:
    """Whether a request changes nothing."""
    path = logged.request.path
    return logged.request.method in ("GET", "HEAD") or path.endswith(("/oauth2/token", "/unveil"))


def as_pipeline(world: World) -> None:
    """Sign in by the pipeline's own credential."""
    name = f"jichitai-{STACK}-deployer"
    found = next(d for _, _, _, d in world.store.documents() if d.get("name") == name)
    key = next(d for _, _, _, d in world.store.documents() if d.get("_principal") == found["ID"])
    world.sign_in(found["ID"], key["kid"], "deployer")


def finish(world: World, step: str) -> None:
    """Run it again; where the first credential went on the way, as the pipeline."""
    try:
        world.run(None, step)
    except FailedError as error:
        if step != "retire" or error.failure.kind != "invalid":
            raise
        as_pipeline(world)
        world.run(None, step)
        world.sign_in(world.administrator.principal, world.administrator.kid, "administrator")


def test_killed_while_retiring(world: World) -> None:
    """The key is refused once it is off; the refusal says why, and the pipeline does finish."""
    step = next(s for s in CLOUD.steps if s.final)
    world.run(None, final=False)
    world.save("retire")
    world.run(None, "retire")
    wanted, refused = world.state(), 0
    for calls in itertools.count(1):
        world.restore("retire")
        if not killed_after(world.runner(), step, calls):
            break
        trouble = told(world.runner(), step)
        if trouble is not None:
            refused += 1
            must_say(trouble, f"bootstrap sakura {STACK} --step retire", f"bootstrap lend sakura {STACK}")
            as_pipeline(world)
            assert told(world.runner(), step) is None
            world.sign_in(world.administrator.principal, world.administrator.kid, "administrator")
        assert world.state() == wanted, calls
        assert world.chain.problems() == []
    assert refused >= 2, "after the key is off, and after it is deleted"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_every_request_fails_once(world: World, group: tuple[str, ...]) -> None:
    tried = 0
    for step in (s.id for s in CLOUD.steps):
        if step not in group:
            if step == group[0] or tried == 0:
                world.run(None, step)
            continue
        world.save(step)
        first = len(world.server.requests)
        world.run(None, step)
        expected, asked = world.state(), world.server.requests[first:]
        twice = repeated([one.request for one in asked], [reads(one) for one in asked])
        for index, logged in enumerate(asked):
            for kind in ways(index, reads=reads(logged), again=twice[index]):
                world.restore(step)
                world.server.fail_at(index, kind)
                try:
                    world.run(None, step)
                except (FailedError, BlockedError):
                    finish(world, step)
                assert world.server.calm() == 0, "it struck"
                at = f"{step}: {logged.request.method} {logged.request.path} {kind}"
                assert world.state() == expected, at
                assert world.chain.problems() == []
                tried += 1
    assert tried >= len(group)
    print(f"sakura {group[0]}…: {tried} failures")
