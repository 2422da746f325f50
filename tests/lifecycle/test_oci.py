"""The whole life of tenants on OCI: the real engine, the twin, the manifests of this repository."""

from __future__ import annotations

import pytest

from scripts.cli.exits import Exit
from tests.conftest import ONE_STATE, Cloning
from tests.lifecycle import inventories, lives
from tests.lifecycle.lives import changes, each, made, succeeded, torn_down

TYPICAL, TOWN, SHARED = "131121-setagaya", "014591-biei", "320005-shimane-shared"
OTHERS = sorted(set(lives.of_cloud("oci")) - {TYPICAL, TOWN, SHARED})
BUCKET = ("oci:ObjectStorage/bucket:Bucket", "accessType=ObjectRead")


@pytest.mark.xdist_group("lifecycle-oci-typical")
def test_the_life_of_a_typical_tenant_on_oci(cloning: Cloning) -> None:
    clone = cloning()
    seen = succeeded(clone, "preview", TYPICAL)
    handed_over = {(row.type, row.id) for row in clone.rows()}
    assert made(clone) == [], "a preview makes nothing"

    first = succeeded(clone, "up", TYPICAL)
    assert 120 <= first["resources"] <= 220
    assert set(first["layers"]) == {"baseline", "lgwan", "iaas", "paas", "saas"}
    assert {op for counts in first["layers"].values() for op in counts} <= {"create", "read"}
    assert len(seen["changes"]) == len(first["changes"]), "the preview was right"
    assert len(first["outputs"]["tenant"]["clouds"]["oci"]["urls"]) == 3

    # Nothing to do, and nothing different, as long as nobody changes anything.
    assert changes(succeeded(clone, "up", TYPICAL)) == []
    assert changes(succeeded(clone, "refresh", TYPICAL)) == []
    assert changes(succeeded(clone, "drift", TYPICAL)) == []
    inventories.holds(clone.state(TYPICAL), TYPICAL)

    # Behind the engine's back: two things changed, one gone.
    rows = {row.type: row for row in clone.rows() if row.name}
    bucket = rows["oci:ObjectStorage/bucket:Bucket"]
    queue = rows["oci:Queue/queue:Queue"]
    alarm = rows["oci:Monitoring/alarm:Alarm"]
    assert clone.run("twin", "tamper", bucket.id, "--set", "accessType=ObjectRead").code == Exit.OK
    assert clone.run("twin", "tamper", queue.id, "--set", "retentionInSeconds=60").code == Exit.OK
    assert clone.run("twin", "tamper", alarm.id, "--delete").code == Exit.OK
    drift = clone.run("drift", TYPICAL, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    found = {c["resource"]: c for c in drift.document["changes"]}
    assert set(found) == {bucket.name, queue.name, alarm.name}
    assert found[alarm.name]["operation"] == "delete"
    (access,) = found[bucket.name]["properties"]
    assert access["property"] == "accessType"
    assert (access["old"], access["new"]) == ("NoPublicAccess", "ObjectRead")
    assert sorted(changes(succeeded(clone, "refresh", TYPICAL))) == sorted(changes(drift.document))
    repaired = succeeded(clone, "up", TYPICAL)
    assert {c["resource"] for c in repaired["changes"]} >= {bucket.name, queue.name, alarm.name}
    assert clone.run("drift", TYPICAL).code == Exit.OK

    torn_down(clone, TYPICAL)
    left = {(row.type, row.id) for row in clone.rows()}
    assert handed_over <= left, "what the unit had when it was handed over is still there"
    clone.close()


@each(TOWN, SHARED)
def test_a_town_and_a_shared_tenant_come_up_stay_and_go(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.whole(clone, stack, 220, BUCKET)
    clone.close()


@each(*OTHERS)
def test_every_other_manifest_comes_up(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.comes_up(clone, stack, 220)
    clone.close()
