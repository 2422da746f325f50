"""What the five rooms make of the example tenants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network, ip_address
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.google.iaas.filtering import proxy_subnet, regional_subnets, rules, services_address
from stacks.plan import CloudPlan
from tests.components.google.conftest import ANSWERS, STACKS, Made, cloud_plan

Build = Callable[..., Made]


def of(made: Made, kind: str) -> Iterator[tuple[str, SimpleNamespace]]:
    return ((name, r) for name, r in made.items() if r.type.rsplit(":", 1)[-1] == kind)


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_open_unencrypted_or_abroad(build: Build, stack: str) -> None:
    made, plan = build(stack), cloud_plan(stack)
    domestic = {plan.region, plan.recovery_region, *plan.zones, "global", plan.region.upper()}
    for name, resource in made.items():
        inputs = resource.inputs
        for place in ("location", "region", "zone"):
            assert inputs.get(place) is None or inputs[place] in domestic, name
        text = json.dumps(inputs)
        assert "accessConfigs" not in text, f"{name} has a public address"
        assert '"password' not in text.lower(), f"{name} has a password"
        assert not resource.type.endswith(":Key"), f"{name} is a service-account key"
    for name, bucket in of(made, "Bucket"):
        assert bucket.inputs["publicAccessPrevention"] == "enforced", name
        assert bucket.inputs["encryption"]["defaultKmsKeyName"], name
    for name, database in of(made, "DatabaseInstance"):
        settings = database.inputs["settings"]
        assert settings["ipConfiguration"]["ipv4Enabled"] is False, name
        assert settings["backupConfiguration"]["location"] == plan.recovery_region
        assert database.inputs["encryptionKeyName"]
    for name, subnet in of(made, "Subnetwork"):
        if subnet.inputs["purpose"] == "PRIVATE":
            assert subnet.inputs["logConfig"]["flowSampling"] == 1.0, name
    for name, network in of(made, "Network"):
        assert network.inputs["deleteDefaultRoutesOnCreate"] is True, name
    for _, server in of(made, "Instance"):
        if server.type == "gcp:compute/instance:Instance":
            assert server.inputs["shieldedInstanceConfig"]["enableSecureBoot"] is True
            assert server.inputs["metadata"]["enable-oslogin"] == "TRUE"


@pytest.mark.parametrize("stack", STACKS)
def test_protection_is_as_the_manifest_says(build: Build, stack: str) -> None:
    made, plan = build(stack), cloud_plan(stack)
    flags = [
        resource.inputs[flag]
        for resource in made.values()
        for flag in ("deletionProtection", "deletionProtectionEnabled")
        if flag in resource.inputs
    ]
    assert flags
    assert set(flags) == {plan.protect}
    (archive,) = (b for n, b in of(made, "Bucket") if n == "baseline-archive")
    assert archive.inputs["retentionPolicy"] == {
        "retentionPeriod": str(2555 * 86_400),
        "isLocked": plan.protect,
    }


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_on_order_is_not_made_and_what_is_adopted_neither(build: Build, stack: str) -> None:
    made, plan = build(stack), cloud_plan(stack)
    kinds = {resource.type.split(":")[-1] for resource in made.values()}
    assert ("InterconnectAttachment" in kinds) == (plan.lgwan.mode == "own" and not plan.lgwan.awaiting)
    assert ("Spoke" in kinds) == (plan.lgwan.gateway is not None)
    parts = {
        "configuration_recording": "ProjectFeed",
        "threat_detection": "V2ProjectNotificationConfig",
        "posture_management": "ManagementProjectSecurityHealthAnalyticsCustomModule",
        "account_guards": "DefaultServiceAccounts",
        "audit_log": "IAMAuditConfig",
    }
    for part, kind in parts.items():
        assert (kind in kinds) == (part not in plan.baseline.adopted), part


def test_adopted_ids_are_read_and_not_made(build: Build) -> None:
    plan = cloud_plan("013676-okushiri")
    keys = {
        p: f"projects/p/locations/l/keyRings/r/cryptoKeys/{p}" for p in ("logs", "data", "backup", "messages")
    }
    adopted = {
        **plan.baseline.adopted,
        "keys": keys,
        "audit_log": {"bucket": "central-logs"},
        "alarms": {"channel": "projects/p/notificationChannels/1"},
        "backup": {"vault": "projects/p/locations/l/backupVaults/v"},
    }
    made = build("013676-okushiri", baseline=replace(plan.baseline, adopted=adopted))
    read = {name for name, resource in made.items() if resource.adopted}
    assert read == {
        "baseline-archive", "baseline-alarms", "baseline-vault",
        *(f"baseline-key-{purpose}" for purpose in keys),
    }  # fmt: skip
    assert not list(of(made, "KeyRing"))
    assert not [name for name in made if name.startswith("baseline-watch")]


def test_the_default_network_is_closed_only_where_there_is_one(build: Build) -> None:
    closed = {name for name in build("013676-okushiri") if name.startswith("baseline-default-")}
    assert {"baseline-default-ingress", "baseline-default-egress"} <= closed
    none = {**ANSWERS, "gcp:compute/getNetworks:getNetworks": {"networks": []}}
    made = build("013676-okushiri", answers=none)
    assert "baseline-default-ingress" not in made


@pytest.mark.parametrize("stack", STACKS)
def test_addresses_do_not_overlap(stack: str) -> None:
    for network in cloud_plan(stack).networks.values():
        ranges: list[IPv4Network] = [*regional_subnets(network).values(), proxy_subnet(network)]
        for number, first in enumerate(ranges):
            assert first.subnet_of(network.cidr)
            assert not any(first.overlaps(other) for other in ranges[number + 1 :])
            assert ip_address(services_address(network)) not in first
        assert services_address(network) in network.cidr
        assert proxy_subnet(network).prefixlen <= 26


@pytest.mark.parametrize("stack", STACKS)
def test_rules_open_no_more_than_the_allow_list(build: Build, stack: str) -> None:
    plan, made = cloud_plan(stack), build(stack)
    for key, network in plan.networks.items():
        packages = tuple(p for p in plan.packages.values() if p.network == key)
        for rule in rules(network, packages):
            assert all(tag.endswith("-app") for tag in rule.tags)
            world = IPv4Network("0.0.0.0/0") in rule.ranges
            assert not world or (network.egress and rule.direction == "EGRESS")
        assert len([n for n, _ in of(made, "NetworkFirewallPolicyAssociation") if key in n]) == 1
    for name, rule in of(made, "Firewall"):
        if name.endswith("-data"):
            assert rule.inputs["destinationRanges"] == ["10.0.0.9/32"], "only its own database"
            assert len(rule.inputs["targetTags"]) == 1


def test_each_pair_has_its_own_folder_and_nobody_else_may(build: Build) -> None:
    plan, made = cloud_plan("131083-koto"), build("131083-koto")
    folders = dict(of(made, "ManagedFolder"))
    assert len(folders) == len(plan.handovers)
    for pair in plan.handovers:
        policy = made[f"paas-handover-main-{pair.key}-pair"].inputs
        bindings = {b["role"]: b["members"] for b in json.loads(policy["policyData"])["bindings"]}
        assert set(bindings) == {"roles/storage.objectCreator", "roles/storage.objectViewer"}
        sender, receiver = bindings["roles/storage.objectCreator"], bindings["roles/storage.objectViewer"]
        assert not set(sender) & set(receiver)
        assert all(pair.sender in member for member in sender)
        assert all(pair.receiver in member for member in receiver)


def test_bodies_that_are_isolated_share_no_network(build: Build) -> None:
    made, plan = build("370002-kagawa-shared"), cloud_plan("370002-kagawa-shared")
    assert len(list(of(made, "Network"))) == len(plan.networks) == 2
    exported = {n: s.inputs["linkedVpcNetwork"]["includeExportRanges"] for n, s in of(made, "Spoke")}
    ranges = [IPv4Network(text) for found in exported.values() for text in found]
    assert not any(a.overlaps(b) for i, a in enumerate(ranges) for b in ranges[i + 1 :])


def test_circuits_of_several_networks_have_vlans_of_their_own(build: Build) -> None:
    shared, own = cloud_plan("370002-kagawa-shared"), cloud_plan("131083-koto")
    made = build("370002-kagawa-shared", lgwan=own.lgwan)
    tags = [a.inputs["vlanTag8021q"] for _, a in of(made, "InterconnectAttachment")]
    assert sorted(tags) == [401, 402, 402, 403]
    by_interconnect: dict[str, list[int]] = {}
    for _, attachment in of(made, "InterconnectAttachment"):
        by_interconnect.setdefault(attachment.inputs["interconnect"], []).append(
            attachment.inputs["vlanTag8021q"]
        )
    assert all(len(set(found)) == len(shared.networks) for found in by_interconnect.values())


def test_large_postgresql_is_alloydb(build: Build) -> None:
    made = build("221007-shizuoka")
    clusters = dict(of(made, "Cluster"))
    assert set(clusters) == {"paas-residents-database", "paas-tax-database"}
    assert all("initialUser" not in cluster.inputs for cluster in clusters.values())


def test_an_unanswered_question_is_an_error_for_people(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    from pulumi_gcp import compute

    def denied(**_: Any) -> None:
        raise PermissionError("permission denied")

    monkeypatch.setattr(compute, "get_networks", denied)
    with pytest.raises(pulumi.RunError, match=r"compute\.networks\.list"):
        build("013676-okushiri", answers=dict(ANSWERS))


def test_plan_is_the_manifests(google_plan: Callable[[str], CloudPlan]) -> None:
    assert google_plan("221007-shizuoka").region == "asia-northeast2"
