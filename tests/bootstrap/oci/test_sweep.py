"""OCI: at every request one failure, then again: the same state, nothing twice, the evidence whole.

Each step is run by itself from where the steps before it have left the tenancy, so that every request that
it sends can be made to fail, in every way, without repeating the others. What only reads fails in one way
at each place, in turn; what changes something fails in all of them.
"""

from __future__ import annotations

import itertools

import pytest

from scripts.bootstrap.oci import CLOUD
from scripts.bootstrap.run import BlockedError, FailedError
from tests.bootstrap.fakes.killed import killed_after, must_say, told
from tests.bootstrap.fakes.server import FaultKind, Logged, repeated, ways
from tests.bootstrap.oci.conftest import STACK, World
from tests.bootstrap.oci.ground import ADMINISTRATOR

CHANGES: tuple[FaultKind, ...] = ("throttle", "error", "denied", "lost")
"""How each request that changes something fails; that it is cut off before is among the reads'."""
GROUPS = (
    ("whoami", "fence", "people", "place", "contacts"),
    ("key", "secrets"),
    ("state", "evidence"),
    ("deployer",),
    ("break_glass",),
    ("proof", "retire"),
)


def reads(logged: Logged) -> bool:
    """Whether a request changes nothing."""
    return logged.request.method in ("GET", "HEAD") or logged.request.path == "/oauth2/v1/token"


def test_killed_while_retiring(world: World) -> None:
    """The key in use goes last; the refusal says why, and who opens the seal does finish, unharmed."""
    step = next(s for s in CLOUD.steps if s.final)
    world.run(None, final=False)
    sealed = next(u for u in world.tenancy.all("users") if u["userName"].endswith("-break-glass"))["ocid"]
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
            must_say(
                trouble, f"{STACK}-break-glass", f"bootstrap oci {STACK} --step retire", "bootstrap lend oci"
            )
            world.sign_in(sealed, "break-glass")
            assert told(world.runner(), step) is None
            world.sign_in(ADMINISTRATOR, "administrator")
        assert world.state() == wanted, calls
        assert world.tenancy.all("apikeys", userId=sealed), "the sealed key is still there"
    assert refused == 1, "after the last key"


def test_the_seal_does_not_retire_itself(world: World) -> None:
    """Whoever opens it before anything was retired, with the evidence or without."""
    step = next(s for s in CLOUD.steps if s.final)
    world.run(None, final=False)
    sealed = next(u for u in world.tenancy.all("users") if u["userName"].endswith("-break-glass"))["ocid"]
    world.sign_in(sealed, "break-glass")
    (planned,) = world.runner().survey([step]).steps
    assert {c.arguments["user_id"] for c in planned.before.calls} == {ADMINISTRATOR}
    world.chain.file.unlink()
    with pytest.raises(BlockedError, match="not the first credential"):
        world.runner().survey([step])
    named = world.runner(world.settings(initial_user=ADMINISTRATOR))
    (planned,) = named.survey([step]).steps
    assert {c.arguments["user_id"] for c in planned.before.calls} == {ADMINISTRATOR}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_every_request_fails_once(world: World, group: tuple[str, ...]) -> None:
    tried = 0
    for step in (s.id for s in CLOUD.steps):
        if step not in group:
            world.run(None, step, final=False)
            continue
        world.save(step)
        first = len(world.server.requests)
        world.run(None, step)
        expected, asked = world.state(), world.server.requests[first:]
        twice = repeated([one.request for one in asked], [reads(one) for one in asked])
        for index, logged in enumerate(asked):
            for kind in ways(index, reads=reads(logged), again=twice[index], changes=CHANGES):
                world.restore(step)
                world.server.fail_at(index, kind)
                try:
                    world.run(None, step)
                except (FailedError, BlockedError):
                    if world.tenancy.all("apikeys", userId=ADMINISTRATOR):
                        world.run(None, step)
                assert world.server.calm() == 0, "it struck"
                at = f"{step}: {logged.request.method} {logged.request.target} {kind}"
                assert world.state() == expected, at
                assert world.chain.problems() == []
                tried += 1
    assert tried >= len(group)
    print(f"oci {group[0]}…: {tried} failures")
