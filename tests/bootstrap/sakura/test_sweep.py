"""さくら: at every request one failure, then again: the same state, nothing twice, the evidence whole.

Each step is run by itself from where the steps before it have left the project, so that every request
that it sends can be made to fail, in every way, without repeating the others. What only reads fails in one
way at each place, in turn; what changes something fails in all of them.
"""

from __future__ import annotations

import pytest

from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.sakura import CLOUD
from tests.bootstrap.fakes.server import FaultKind, Logged, ways
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


def finish(world: World, step: str) -> None:
    """Run it again; where the first credential went on the way, as the pipeline."""
    try:
        world.run(None, step)
    except FailedError as error:
        if step != "retire" or error.failure.kind != "invalid":
            raise
        name = f"jichitai-{STACK}-deployer"
        found = next(d for _, _, _, d in world.store.documents() if d.get("name") == name)
        key = next(d for _, _, _, d in world.store.documents() if d.get("_principal") == found["ID"])
        world.sign_in(found["ID"], key["kid"], "deployer")
        world.run(None, step)
        world.sign_in(world.administrator.principal, world.administrator.kid, "administrator")


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
        for index, logged in enumerate(asked):
            for kind in ways(index, reads=reads(logged)):
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
