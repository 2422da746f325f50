"""The whole life of tenants on AWS: the real engine, the twin, the manifests of this repository."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.cli.exits import Exit
from tests.conftest import ONE_STATE, Cloning
from tests.lifecycle import inventories, lives
from tests.lifecycle.lives import changes, each, made, succeeded, torn_down

TYPICAL = "131041-shinjuku"
FIRST = "163210-funahashi"
"""An all-in-one town."""
SHARED = "200000-nagano-shared"
"""共同利用 with network isolation."""
ON_ORDER = "392103-shimanto"
OTHERS = sorted(set(lives.of_cloud("aws")) - {TYPICAL, FIRST, SHARED, ON_ORDER})
LOGS = ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays=1")


@pytest.mark.xdist_group("lifecycle-typical")
def test_the_life_of_a_typical_tenant(cloning: Cloning) -> None:
    clone = cloning()
    seen = succeeded(clone, "preview", TYPICAL)
    handed_over = {(row.type, row.id) for row in clone.rows()}
    assert made(clone) == [], "a preview makes nothing"

    first = succeeded(clone, "up", TYPICAL)
    assert 120 <= first["resources"] <= 220
    inventories.holds(clone.state(TYPICAL), TYPICAL)
    assert set(first["layers"]) == {"baseline", "lgwan", "iaas", "paas", "saas"}
    assert {op for counts in first["layers"].values() for op in counts} <= {"create", "read"}
    assert len(seen["changes"]) == len(first["changes"]), "the preview was right"
    urls = first["outputs"]["tenant"]["clouds"]["aws"]["urls"]
    assert len(urls) == 3
    assert succeeded(clone, "outputs", TYPICAL) == first["outputs"]

    # Nothing to do, and nothing different, as long as nobody changes anything.
    assert changes(succeeded(clone, "up", TYPICAL)) == []
    assert changes(succeeded(clone, "refresh", TYPICAL)) == []
    assert changes(succeeded(clone, "drift", TYPICAL)) == []
    assert changes(succeeded(clone, "preview", TYPICAL)) == []

    # Behind the engine's back: two things changed, one gone.
    rows = {row.type: row for row in clone.rows() if row.name}
    vpc, queue = rows["aws:ec2/vpc:Vpc"], rows["aws:cloudwatch/logGroup:LogGroup"]
    alarm = rows["aws:cloudwatch/metricAlarm:MetricAlarm"]
    assert clone.run("twin", "tamper", vpc.id, "--set", "enableDnsSupport=false").code == Exit.OK
    assert (
        clone.run("twin", "tamper", queue.id, "--type", queue.type, "--set", "retentionInDays=1").code
        == Exit.OK
    )
    assert clone.run("twin", "tamper", alarm.id, "--type", alarm.type, "--delete").code == Exit.OK
    drift = clone.run("drift", TYPICAL, "--json")
    assert drift.code == Exit.DIFFERENT, drift.err
    found = {c["resource"]: c for c in drift.document["changes"]}
    assert set(found) == {vpc.name, queue.name, alarm.name}
    assert found[alarm.name]["operation"] == "delete"
    (dns,) = found[vpc.name]["properties"]
    assert (dns["property"], dns["old"], dns["new"]) == ("enableDnsSupport", True, False)
    (days,) = found[queue.name]["properties"]
    assert (days["property"], days["new"]) == ("retentionInDays", 1)
    assert sorted(changes(succeeded(clone, "refresh", TYPICAL))) == sorted(changes(drift.document))
    repaired = succeeded(clone, "up", TYPICAL)
    assert {c["resource"] for c in repaired["changes"]} >= {vpc.name, queue.name, alarm.name}
    assert clone.run("drift", TYPICAL).code == Exit.OK

    torn_down(clone, TYPICAL)
    left = {(row.type, row.id) for row in clone.rows()}
    assert handed_over <= left, "what the unit had when it was handed over is still there"


@pytest.mark.xdist_group("lifecycle-killed")
def test_a_typical_tenant_whose_engine_is_killed_half_way(cloning: Cloning) -> None:
    clone = cloning()
    lives.killed(clone, TYPICAL, after=70)
    torn_down(clone, TYPICAL)


@pytest.mark.xdist_group("lifecycle-bare")
def test_the_whole_baseline_is_created_where_no_template_made_any(cloning: Cloning) -> None:
    clone = cloning()
    clone.edit(FIRST, {": adopted": ": created"})
    refused = clone.run("up", FIRST)
    assert refused.code == Exit.FAILED
    assert "adopted" in refused.err, "what exists already is adopted, and the message says so"
    # An account that did not come from the official templates: what they made is taken out.
    while made_by_templates := [r for r in clone.rows() if r.state.get("managedByTemplates")]:
        row = made_by_templates[0]
        where = ("--type", row.type, "--unit", row.unit, "--region", row.region)
        assert clone.run("twin", "tamper", row.id, *where, "--delete").code == Exit.OK
    first = succeeded(clone, "up", FIRST)
    assert {c["type"] for c in first["changes"]} >= {
        "aws:cloudtrail/trail:Trail",
        "aws:cfg/recorderStatus:RecorderStatus",
        "aws:guardduty/detector:Detector",
        "aws:securityhub/account:Account",
    }
    assert changes(succeeded(clone, "up", FIRST)) == []
    assert changes(succeeded(clone, "refresh", FIRST)) == []
    torn_down(clone, FIRST)
    clone.close()


@pytest.mark.xdist_group("lifecycle-circuits")
def test_circuits_on_order_arrive_one_by_one(cloning: Cloning) -> None:
    clone = cloning(**ONE_STATE)
    stack, connection = ON_ORDER, "aws:directconnect/connection:Connection"

    def arrives(circuit: str, location: str, id_: str) -> dict[str, Any]:
        where = ("--unit", "444455556666", "--set", f"location={location}")
        assert clone.run("twin", "deliver", connection, id_, *where).code == Exit.OK
        here = f"{circuit}: {{location: {location},"
        clone.edit(stack, {here: f"{here} id: {id_},"})
        return succeeded(clone, "up", stack)

    def waiting(document: dict[str, Any]) -> list[str]:
        return document["outputs"]["tenant"]["clouds"]["aws"]["lgwan"]["awaiting"]

    assert waiting(succeeded(clone, "up", stack)) == ["first", "second"]
    inventories.holds(clone.state(stack), stack)
    one = arrives("first", "EqOS1", "dxcon-ffe0b001")
    assert waiting(one) == ["second"]
    two = arrives("second", "EqTY2", "dxcon-ffe0b002")
    assert waiting(two) == []
    for document in (one, two):
        made = [type_ for operation, type_, _ in changes(document) if operation == "create"]
        assert "aws:directconnect/transitVirtualInterface:TransitVirtualInterface" in made
        assert {c["operation"] for c in document["changes"]} <= {"create", "update"}, "nothing moves"
    assert clone.run("drift", stack).code == Exit.OK
    clone.close()


@each(FIRST, SHARED)
def test_a_town_and_a_shared_tenant_come_up_stay_and_go(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.whole(clone, stack, 280, LOGS)
    clone.close()


@each(*OTHERS)
def test_every_other_manifest_comes_up(cloning: Cloning, stack: str) -> None:
    clone = cloning(**ONE_STATE)
    lives.comes_up(clone, stack, 280)
    clone.close()
