"""The whole life of tenants on Google Cloud: the real engine, the twin, the manifests of this repository."""

from __future__ import annotations

import pytest

from scripts.cli.exits import Exit
from tests.conftest import ONE_STATE, Cloning
from tests.lifecycle import inventories, lives
from tests.lifecycle.lives import changes, each, made, succeeded, torn_down

TYPICAL, TOWN, SHARED = "131083-koto", "013676-okushiri", "370002-kagawa-shared"
OTHERS = sorted(set(lives.of_cloud("google")) - {TYPICAL, TOWN, SHARED})
LOGS = ("gcp:logging/projectBucketConfig:ProjectBucketConfig", "retentionDays=1")


@pytest.mark.xdist_group("lifecycle-google-typical")
def test_the_life_of_a_three_package_ward(cloning: Cloning) -> None:
    clone = cloning()
    seen = succeeded(clone, "preview", TYPICAL)
    handed_over = {(row.type, row.id) for row in clone.rows()}
    assert made(clone) == [], "a preview makes nothing"

    first = succeeded(clone, "up", TYPICAL)
    assert 100 <= first["resources"] <= 220
    inventories.holds(clone.state(TYPICAL), TYPICAL)
    assert {"baseline", "lgwan", "iaas", "paas", "saas"} <= set(first["layers"])
    assert len(seen["changes"]) == len(first["changes"]), "the preview was right"
    assert len(first["outputs"]["tenant"]["clouds"]["google"]["urls"]) == 3

    assert changes(succeeded(clone, "up", TYPICAL)) == []
    assert changes(succeeded(clone, "refresh", TYPICAL)) == []
    assert changes(succeeded(clone, "drift", TYPICAL)) == []

    # Behind the engine's back: two things changed, one gone.
    rows = {row.name: row for row in clone.rows() if row.name}
    subnet, logs = rows["google-iaas-main-mynumber-app"], rows["google-baseline-logs"]
    alarm = rows["google-saas-residents-service-alarm"]
    tamper = ("twin", "tamper")
    assert clone.run(*tamper, subnet.id, "--set", "privateIpGoogleAccess=false").code == Exit.OK
    assert clone.run(*tamper, logs.id, "--set", "retentionDays=1").code == Exit.OK
    assert clone.run(*tamper, alarm.id, "--delete").code == Exit.OK
    drift = clone.run("drift", TYPICAL, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    found = {c["resource"]: c for c in drift.document["changes"]}
    assert set(found) == {subnet.name, logs.name, alarm.name}
    assert found[alarm.name]["operation"] == "delete"
    (access,) = found[subnet.name]["properties"]
    assert (access["property"], access["old"], access["new"]) == ("privateIpGoogleAccess", True, False)
    (days,) = found[logs.name]["properties"]
    assert (days["property"], days["new"]) == ("retentionDays", 1)
    assert sorted(changes(succeeded(clone, "refresh", TYPICAL))) == sorted(changes(drift.document))
    repaired = succeeded(clone, "up", TYPICAL)
    assert {c["resource"] for c in repaired["changes"]} >= {subnet.name, logs.name, alarm.name}
    assert clone.run("drift", TYPICAL).code == Exit.OK

    torn_down(clone, TYPICAL)
    left = {(row.type, row.id) for row in clone.rows()}
    assert handed_over <= left, "what the unit had when it was handed over is still there"

    # Keys that are gone keep their names; the tenant comes up again all the same.
    again = succeeded(clone, "up", TYPICAL)
    rings = {row.id.rsplit("/", 1)[-1] for row in clone.rows() if row.name == "google-baseline-key-ring"}
    assert rings == {"jt131083p-keys-2"}
    assert again["resources"] == first["resources"]
    assert changes(succeeded(clone, "up", TYPICAL)) == []
    clone.close()


@each(TOWN, SHARED)
def test_a_town_and_a_shared_tenant_come_up_stay_and_go(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.whole(clone, stack, 220, LOGS)
    clone.close()


@each(*OTHERS)
def test_every_other_manifest_comes_up(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.comes_up(clone, stack, 220)
    clone.close()
