"""The whole life of tenants on Azure: the real engine, the twin, the manifests of this repository."""

from __future__ import annotations

import pytest

from scripts.cli.exits import Exit
from tests.conftest import ONE_STATE, Cloning
from tests.lifecycle import inventories, lives
from tests.lifecycle.lives import changes, each, made, succeeded, torn_down

TYPICAL, TOWN, SHARED = "131202-nerima", "325252-ama", "330001-okayama-shared"
STORAGE = ("azure-native:storage:StorageAccount", "publicNetworkAccess=Enabled")


@each(TOWN, SHARED)
def test_a_town_and_a_shared_tenant_come_up_stay_and_go(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    # Two networks, each with a gateway and endpoints of its own: more than a tenant of one body has.
    lives.whole(clone, stack, 230 if stack == SHARED else 140, STORAGE)
    clone.close()


def test_every_example_has_a_life() -> None:
    assert set(lives.of_cloud("azure")) == {TYPICAL, TOWN, SHARED}


@pytest.mark.xdist_group("lifecycle-azure-trouble")
def test_trouble_and_a_killed_engine_lose_and_double_nothing(cloning: Cloning) -> None:
    clone = cloning()
    fault = ("twin", "fault", "bad-day", "--kind", "transient", "--match", "*:Key", "--on", "create")
    assert clone.run(*fault, "--times", "1", "--surfaced").code == Exit.OK
    failed = clone.run("up", TOWN)
    assert failed.code == Exit.FAILED
    assert "key" in failed.err.lower(), "what failed is named"
    assert clone.run("twin", "fault", "--clear").code == Exit.OK
    lives.killed(clone, TOWN, after=len(made(clone)) + 5)
    torn_down(clone, TOWN)
    clone.close()


@pytest.mark.xdist_group("lifecycle-azure")
def test_the_life_of_a_ward(cloning: Cloning) -> None:
    clone = cloning()
    seen = succeeded(clone, "preview", TYPICAL)
    handed_over = {(row.type, row.id) for row in clone.rows()}
    assert made(clone) == [], "a preview makes nothing"

    first = succeeded(clone, "up", TYPICAL)
    assert 120 <= first["resources"] <= 220
    inventories.holds(clone.state(TYPICAL), TYPICAL)
    assert set(first["layers"]) == {"baseline", "lgwan", "iaas", "paas", "saas"}
    assert {op for counts in first["layers"].values() for op in counts} == {"create"}
    assert len(seen["changes"]) == len(first["changes"]), "the preview was right"
    assert len(first["outputs"]["tenant"]["clouds"]["azure"]["urls"]) == 3

    assert changes(succeeded(clone, "up", TYPICAL)) == []
    assert changes(succeeded(clone, "refresh", TYPICAL)) == []

    # Behind the engine's back: one thing opened, one gone.
    rows = {row.type: row for row in clone.rows() if row.name}
    archive, alarm = (
        next(r for r in clone.rows() if r.name == "azure-baseline-archive"),
        rows["azure-native:monitor:MetricAlert"],
    )
    assert clone.run("twin", "tamper", archive.id, "--set", "publicNetworkAccess=Enabled").code == Exit.OK
    assert clone.run("twin", "tamper", alarm.id, "--type", alarm.type, "--delete").code == Exit.OK
    drift = clone.run("drift", TYPICAL, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    found = {c["resource"]: c for c in drift.document["changes"]}
    assert set(found) == {archive.name, alarm.name}
    (access,) = found[archive.name]["properties"]
    assert (access["property"], access["old"], access["new"]) == (
        "publicNetworkAccess",
        "Disabled",
        "Enabled",
    )
    assert found[alarm.name]["operation"] == "delete"
    succeeded(clone, "refresh", TYPICAL)
    repaired = succeeded(clone, "up", TYPICAL)
    assert {c["resource"] for c in repaired["changes"]} >= {archive.name, alarm.name}
    assert clone.run("drift", TYPICAL).code == Exit.OK

    torn_down(clone, TYPICAL)
    assert handed_over <= {(row.type, row.id) for row in clone.rows()}
