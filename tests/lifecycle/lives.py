"""What tenants live through on the real engine, the same for every cloud."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from providers.twin import client
from scripts.cli.exits import Exit
from tests.conftest import Clone, wait_for
from tests.lifecycle import inventories
from tests.stacks.examples import STACKS, value_of


def of_cloud(cloud: str) -> tuple[str, ...]:
    """The example stacks that are on `cloud` and nowhere else."""
    return tuple(stack for stack in STACKS if list(value_of(stack)["clouds"]) == [cloud])


def each(*stacks: str) -> Any:
    """A test for each of `stacks`, in a process of its own."""
    marks = pytest.mark.xdist_group
    return pytest.mark.parametrize("stack", [pytest.param(s, marks=marks(f"lifecycle-{s}")) for s in stacks])


def changes(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(c["operation"], c["type"], c["resource"]) for c in document["changes"]]


def made(clone: Clone) -> list[str]:
    """What exists in the twin beyond what the unit had when it was handed over."""
    return sorted(f"{row.type} {row.name}" for row in clone.rows() if row.name)


def succeeded(clone: Clone, *arguments: str) -> dict[str, Any]:
    ended = clone.run(*arguments, "--json")
    assert ended.code == Exit.OK, ended.err
    return ended.document


def torn_down(clone: Clone, stack: str) -> None:
    """Unprotect, `up`, destroy: nothing is left."""
    gone = clone.run("destroy", stack, "--yes")
    if gone.code == Exit.REFUSED:
        clone.protect(stack, on=False)
        succeeded(clone, "up", stack)
        gone = clone.run("destroy", stack, "--yes")
    assert gone.code == Exit.OK, gone.err
    assert made(clone) == []


def comes_up(clone: Clone, stack: str, most: int) -> None:
    """`stack` comes up as its inventory says, with at most `most` resources."""
    first = succeeded(clone, "up", stack)
    assert 50 < first["resources"] <= most
    inventories.holds(clone.state(stack), stack)


def whole(clone: Clone, stack: str, most: int, tampered: tuple[str, str]) -> None:
    """`up`, `up` and `refresh` without a change, drift that somebody made, `destroy`.

    `tampered` is a type, and what somebody sets in one resource of it: `property=value`.
    """
    comes_up(clone, stack, most)
    assert changes(succeeded(clone, "up", stack)) == []
    assert changes(succeeded(clone, "refresh", stack)) == []
    type_, setting = tampered
    row = next(row for row in clone.rows() if row.type == type_ and row.name)
    assert clone.run("twin", "tamper", row.id, "--type", row.type, "--set", setting).code == Exit.OK
    drift = clone.run("drift", stack, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    ((found),) = drift.document["changes"]
    assert (found["operation"], found["resource"]) == ("update", row.name)
    assert [p["property"] for p in found["properties"]] == [setting.partition("=")[0]]
    torn_down(clone, stack)


def killed(clone: Clone, stack: str, after: int) -> None:
    """`up` is killed once `after` resources exist, then finishes: nothing is lost or doubled."""
    client.ensure(clone.twin)
    process = clone.start("up", stack)
    wait_for(lambda: len(made(clone)) > after, seconds=300)  # a shared machine may be slow
    pid = clone.engine_pid()
    assert pid is not None
    os.kill(process.pid, signal.SIGKILL)
    os.killpg(pid, signal.SIGKILL)
    before = len(made(clone))
    finished = succeeded(clone, "up", stack)
    assert after < before < finished["resources"], "killed too late to show anything"
    recorded = [
        f"{r['type']} {r['id']}"
        for r in clone.state(stack)["resources"]
        if r.get("custom") and not r.get("external") and not r["type"].startswith("pulumi:")
    ]
    assert sorted(recorded) == sorted(f"{row.type} {row.id}" for row in clone.rows() if row.name)
    assert clone.run("drift", stack).code == Exit.OK
