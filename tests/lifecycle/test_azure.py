"""The whole life of tenants on Azure: the real engine, the twin, the manifests of this repository."""

from __future__ import annotations

import pytest

from scripts.cli.exits import Exit
from tests.conftest import Cloning
from tests.lifecycle import inventories
from tests.lifecycle.test_aws import STACKS, changes, made, succeeded, torn_down
from tests.stacks.examples import TENANTS

TYPICAL = "131202-nerima"
MINE = [s for s in STACKS if "azure:" in (TENANTS / f"Pulumi.{s}.yaml").read_text("utf-8")]


@pytest.mark.parametrize(
    "stack", [pytest.param(s, marks=pytest.mark.xdist_group(f"lifecycle-{s}")) for s in MINE if s != TYPICAL]
)
def test_every_manifest_comes_up_stays_and_goes(cloning: Cloning, stack: str) -> None:
    clone = cloning()
    first = succeeded(clone, "up", stack)
    assert 100 <= first["resources"] <= 240
    inventories.holds(clone.state(stack), stack)
    assert changes(succeeded(clone, "up", stack)) == []
    assert changes(succeeded(clone, "refresh", stack)) == []
    torn_down(clone, stack)
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
