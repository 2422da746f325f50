"""The whole life of tenants on さくら: the real engine and provider, the HTTP twin, our own manifests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from providers.twin.sakura import admin, client
from scripts.cli.exits import Exit
from scripts.cli.sakura import units
from tests.conftest import ONE_STATE, Clone, Cloning, wait_for
from tests.lifecycle import inventories
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO

OWN = frozenset({"interface", "subnet", "ipaddress"})
"""What the platform makes with a server or router, and takes away with it."""


def made(clone: Clone) -> list[str]:
    """What programs have made in the clone's twins."""
    return sorted(
        f"{item.type} {item.name or item.id}"
        for unit, folder in units(clone.twin)
        for item in admin.listing(unit, folder)
        if item.kind not in OWN
    )


def succeeded(clone: Clone, *arguments: str) -> dict[str, Any]:
    ended = clone.run(*arguments, "--json")
    assert ended.code == Exit.OK, ended.err
    return ended.document


def gone(clone: Clone, stack: str) -> None:
    """Destroy: nothing is left."""
    ended = clone.run("destroy", stack, "--yes")
    assert ended.code == Exit.OK, ended.err
    assert made(clone) == []


class Quick(Clone):
    """Ten times the usual pace: what is shown here is the order of things, not how long they take."""

    def environment(self, **more: str) -> dict[str, str]:
        return super().environment(JICHITAI_TWIN_SPEED="600", **more)


@pytest.fixture
def clone(cloning: Cloning) -> Any:
    found = Quick(cloning().folder)
    yield found
    for _, folder in units(found.twin):
        client.stop(folder)
    found.close()


def brought_up(clone: Clone, stack: str) -> None:
    """`preview`, `up` and what is made of it; a second `up` changes nothing."""
    seen = succeeded(clone, "preview", stack)
    assert made(clone) == [], "a preview makes nothing"
    first = succeeded(clone, "up", stack)
    assert 85 <= first["resources"] <= 220
    # Own circuits end on a switch of the network: only a hub is joined by something of its own.
    joined = set() if stack == BUNKYO else {"lgwan"}
    assert set(first["layers"]) == {"baseline", "iaas", "paas", "saas"} | joined
    assert len(seen["changes"]) == len(first["changes"]), "the preview was right"
    # What the operator of the other side is told: our local router, or the switch to order a circuit for.
    state = clone.state(stack)
    kind = "Switch" if stack == BUNKYO else "LocalRouter"
    ids = {r["id"] for r in state["resources"] if r["type"] == f"sakura:network:{kind}"}
    (root,) = (r for r in state["resources"] if r["type"] == "pulumi:pulumi:Stack")
    ends = root["outputs"]["tenant"]["clouds"]["sakura"]["lgwan"]["ends"]
    assert ends
    assert set(ends.values()) <= ids
    inventories.holds(state, stack)
    assert succeeded(clone, "up", stack)["changes"] == []


@pytest.mark.parametrize(
    "stack",
    [pytest.param(s, marks=pytest.mark.xdist_group(f"lifecycle-{s}")) for s in (BUNKYO, AOMORI)],
)
def test_the_life_of_a_tenant(clone: Clone, stack: str) -> None:
    clone = Quick(clone.folder, ONE_STATE)
    clone.protect(stack, on=False)
    brought_up(clone, stack)
    assert succeeded(clone, "refresh", stack)["changes"] == []
    gone(clone, stack)


@pytest.mark.xdist_group("lifecycle-sakura-drift")
def test_a_protected_tenant_that_somebody_changes(clone: Clone) -> None:
    """Drift is seen and mended; what is protected is not destroyed."""
    brought_up(clone, NISEKO)
    ((unit, folder),) = units(clone.twin)
    items = list(admin.listing(unit, folder))
    router = next(i for i in items if i.kind == "appliance" and i.doc["Class"] == "vpcrouter")
    vault = next(i for i in items if i.kind == "vault")
    monitor = next(i for i in items if i.name.endswith(".sakuracr.jp"))
    tampered = clone.run(
        "twin", "tamper", router.id, "--set", "Settings.Router.InternetConnection.Enabled=\"True\"",
        "--set", "Settings.Router.StaticRoutes.Config=[]",
    )  # fmt: skip
    assert tampered.code == Exit.OK, tampered.err
    assert clone.run("twin", "tamper", vault.id, "--set", "Description=other").code == Exit.OK
    assert clone.run("twin", "tamper", monitor.id, "--delete").code == Exit.OK
    drift = clone.run("drift", NISEKO, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    found = {c["resource"]: c["operation"] for c in drift.document["changes"]}
    assert found == {
        "sakura-iaas-main-router": "update",
        "sakura-paas-town-vault": "update",
        "sakura-paas-registry-monitor": "delete",
    }
    succeeded(clone, "refresh", NISEKO)
    repaired = {c["resource"] for c in succeeded(clone, "up", NISEKO)["changes"]}
    assert repaired == set(found)
    assert clone.run("drift", NISEKO).code == Exit.OK
    assert clone.run("destroy", NISEKO, "--yes").code == Exit.REFUSED
    clone.protect(NISEKO, on=False)
    succeeded(clone, "up", NISEKO)
    gone(clone, NISEKO)


@pytest.mark.xdist_group("lifecycle-sakura-killed")
def test_an_engine_that_is_killed_half_way_leaves_nothing_orphaned(clone: Clone) -> None:
    clone.protect(NISEKO, on=False)
    # JICHITAI_SOAK says how many resources to wait for before the kill.
    after = int(os.environ.get("JICHITAI_SOAK", "40"))
    process = clone.start("up", NISEKO)
    wait_for(lambda: len(made(clone)) > after, 240)
    pid = clone.engine_pid()
    assert pid is not None
    os.kill(process.pid, signal.SIGKILL)
    os.killpg(pid, signal.SIGKILL)
    finished = succeeded(clone, "up", NISEKO)
    assert finished["resources"] > 80
    names = made(clone)
    assert sorted(set(names)) == names, "nothing is there twice"
    assert clone.run("drift", NISEKO).code == Exit.OK
    gone(clone, NISEKO)


def test_plain_pulumi_is_told_where_the_twin_of_a_unit_is(clone: Clone) -> None:
    told = clone.run("twin", "env", "--unit", "113703263951").out
    assert "export SAKURA_API_ROOT_URL=http://127.0.0.1:" in told
    assert "SAKURACLOUD_PROFILE_DIR" in told
    assert Path(clone.twin / "sakura" / "113703263951").is_dir()
