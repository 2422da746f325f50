"""All five layers of each example tenant on OCI, without the engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from components.oci import facts, grants
from providers.twin.oci.models import knows
from providers.twin.oci.tables import tokens
from stacks.plan import BaselinePlan
from stacks.registry import registry
from stacks.rules.context import Context
from stacks.rules.limits import statement_count
from stacks.validation import checked
from tests.components.oci.conftest import Built, cloud_plan, of_type
from tests.components.oci.published import problems
from tests.stacks.examples import value_of

WARD, TOWN, SHARED, CITY = (
    "131121-setagaya",
    "014591-biei",
    "320005-shimane-shared",
    "322016-matsue-verification",
)
STACKS = (WARD, TOWN, SHARED, CITY)
Build = Callable[..., Built]


def everything_ours(stack: str) -> BaselinePlan:
    """The baseline of a unit in which nothing was made from above."""
    return replace(cloud_plan(stack).baseline, adopted={})


@pytest.mark.parametrize("stack", STACKS)
def test_every_planned_resource_passes_the_published_model(build: Build, stack: str) -> None:
    built = build(stack, baseline=everything_ours(stack))
    found = [
        f"{name}: {problem}"
        for name, one in built.items()
        if one.type.startswith("oci:")
        for problem in problems(one.type, one.inputs)
    ]
    assert found == [], "\n".join(sorted({f.split(": ", 1)[1] for f in found}))


def test_every_type_that_is_planned_is_played_by_the_twin_and_published(build: Build) -> None:
    planned = {one.type for stack in STACKS for one in build(stack).values() if one.type.startswith("oci:")}
    assert planned <= set(tokens().values())
    assert all(knows(short) for short, token in tokens().items() if token in planned)


@pytest.mark.parametrize(("stack", "most"), [(WARD, 220), (TOWN, 140), (SHARED, 220), (CITY, 220)])
def test_size_of_a_stack(build: Build, stack: str, most: int) -> None:
    clouds = [one for one in build(stack).values() if one.type.startswith("oci:")]
    assert 100 <= len(clouds) <= most


@pytest.mark.parametrize("stack", STACKS)
def test_no_resource_has_more_tags_than_oci_takes(build: Build, stack: str) -> None:
    for name, one in build(stack).items():
        assert len(one.inputs.get("freeformTags") or {}) <= 10, name


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_is_public(build: Build, stack: str) -> None:
    built = build(stack)
    assert not of_type(built, "core.InternetGateway")
    for subnet in of_type(built, "core.Subnet").values():
        assert subnet.inputs["prohibitPublicIpOnVnic"] is True
        assert subnet.inputs["prohibitInternetIngress"] is True
    for bucket in of_type(built, "objectstorage.Bucket").values():
        assert bucket.inputs["accessType"] == "NoPublicAccess"
        assert bucket.inputs["kmsKeyId"]
    for balancer in of_type(built, "loadbalancer.LoadBalancer").values():
        assert balancer.inputs["isPrivate"] is True
    for defaults in of_type(built, "core.DefaultSecurityList").values():
        assert not defaults.inputs.get("ingressSecurityRules")
        assert not defaults.inputs.get("egressSecurityRules")
    gateways = of_type(built, "core.NatGateway")
    assert bool(gateways) == bool(cloud_plan(stack).networks["main"].egress if stack == CITY else False)


@pytest.mark.parametrize("stack", STACKS)
def test_rules_of_groups_are_the_flows_both_ways(build: Build, stack: str) -> None:
    built = build(stack)
    rules = of_type(built, "core.NetworkSecurityGroupSecurityRule").values()
    assert rules
    for rule in rules:
        ends = (rule.inputs.get("source"), rule.inputs.get("destination"))
        assert sum(end is not None for end in ends) == 1
        assert rule.inputs["description"]
        anywhere = "0.0.0.0/0" in ends
        assert not anywhere or (rule.inputs["direction"] == "EGRESS" and stack == CITY)


def test_only_segments_that_talk_to_the_town_hall_have_routes_to_it(build: Build) -> None:
    built = build(WARD)
    tables = of_type(built, "core.RouteTable")
    led = {
        name: {rule["destination"] for rule in table.inputs["routeRules"]} for name, table in tables.items()
    }
    assert all("10.112.0.0/16" in destinations for destinations in led.values())
    assert not any("-data-" in name or "management" in name for name in tables)
    reachable = {one.inputs["destination"] for one in of_type(built, "core.DrgRouteTableRouteRule").values()}
    subnets = {name: one.inputs["cidrBlock"] for name, one in of_type(built, "core.Subnet").items()}
    assert reachable == {cidr for name, cidr in subnets.items() if f"{name}-table" in tables}


def test_a_hub_that_is_not_shared_yet_leaves_out_what_hangs_on_it(build: Build) -> None:
    built = build(TOWN)
    assert not of_type(built, "core.DrgAttachment")
    assert not of_type(built, "core.Drg")
    assert len(of_type(built, "dns.ResolverEndpoint")) == 1


def test_a_shared_hub_is_attached_by_its_own_tables(build: Build) -> None:
    built = build(SHARED)
    attachments = of_type(built, "core.DrgAttachment")
    assert len(attachments) == 2
    assert all("drgRouteTableId" not in one.inputs for one in attachments.values())
    cidrs = {one.inputs["cidrBlocks"][0] for one in of_type(built, "core.Vcn").values()}
    assert cidrs == {"10.122.0.0/21", "10.122.8.0/21"}


def test_circuits_have_a_session_each_apart_from_every_subnet(build: Build) -> None:
    built = build(WARD)
    circuits = of_type(built, "core.VirtualCircuit").values()
    peers = [one.inputs["crossConnectMappings"][0]["oracleBgpPeeringIp"] for one in circuits]
    assert sorted(peers) == ["10.120.14.2/30", "10.120.14.6/30"]
    assert len(of_type(built, "core.DrgAttachmentManagement")) == 2


def test_an_ordered_circuit_is_left_out(build: Build) -> None:
    plan = cloud_plan(WARD)
    circuits = {key: replace(c, id=None) for key, c in plan.lgwan.circuits.items()}
    built = build(WARD, lgwan=replace(plan.lgwan, circuits=circuits, awaiting=tuple(circuits)))
    assert not of_type(built, "core.VirtualCircuit")
    assert of_type(built, "core.Drg")


def test_databases_by_engine_each_with_a_copy_in_the_other_region(build: Build) -> None:
    built = build(CITY)
    (postgresql,) = of_type(built, "psql.DbSystem").values()
    policy = postgresql.inputs["managementPolicy"]["backupPolicy"]
    assert policy["copyPolicy"]["regions"] == ["ap-osaka-1"]
    assert postgresql.inputs["credentials"]["passwordDetails"]["passwordType"] == "VAULT_SECRET"
    (mysql,) = of_type(built, "mysql.MysqlDbSystem").values()
    assert mysql.inputs["backupPolicy"]["copyPolicies"][0]["copyToRegion"] == "ap-osaka-1"
    oracle = of_type(built, "database.AutonomousDatabase")
    assert {one.inputs.get("source") for one in oracle.values()} == {None, "CROSS_REGION_DISASTER_RECOVERY"}
    first = next(one for one in oracle.values() if "source" not in one.inputs)
    assert first.inputs["secretId"]
    assert "adminPassword" not in first.inputs


def test_a_verification_environment_rests_at_night(build: Build) -> None:
    built = build(CITY)
    schedules = of_type(built, "resourcescheduler.Schedule").values()
    assert {one.inputs["action"] for one in schedules} == {"START_RESOURCE", "STOP_RESOURCE"}
    assert not of_type(build(WARD), "resourcescheduler.Schedule")


def test_the_exception_passes_the_firewall_and_nothing_else(build: Build) -> None:
    built = build(CITY)
    (urls,) = of_type(built, "networkfirewall.NetworkFirewallPolicyUrlList").values()
    assert [url["pattern"] for url in urls.inputs["urls"]] == ["patch.vendor.example"]
    out = [
        rule["networkEntityId"]
        for table in of_type(built, "core.RouteTable").values()
        for rule in table.inputs["routeRules"]
        if rule["destination"] == "0.0.0.0/0"
    ]
    assert set(out) == {"ocid1.privateip.firewall", "oci-iaas-main-egress-nat-id"}


def test_a_package_at_the_vendors_is_reached_at_an_address_of_ours(build: Build) -> None:
    built = build(CITY)
    (peering,) = of_type(built, "core.LocalPeeringGateway").values()
    assert peering.inputs["peerId"].startswith("ocid1.localpeeringgateway.")
    (backend,) = of_type(built, "networkloadbalancer.Backend").values()
    assert backend.inputs["ipAddress"] == "10.200.0.10"


def test_all_of_the_baseline_where_nothing_is_adopted(build: Build) -> None:
    built = build(WARD, baseline=everything_ours(WARD))
    assert len(of_type(built, "cloudguard.DetectorRecipe")) == 3
    (target,) = of_type(built, "cloudguard.Target").values()
    assert target.inputs["targetResourceId"] == cloud_plan(WARD).unit
    (recipe,) = of_type(built, "cloudguard.SecurityRecipe").values()
    assert recipe.inputs["securityPolicies"] == [f"policy of {name}" for name in facts.ZONE_POLICIES]
    (audit,) = of_type(built, "audit.Configuration").values()
    assert audit.inputs["retentionPeriodDays"] == 365
    assert len(of_type(built, "kms.Key")) == 6


def test_a_backup_that_failed_is_told_and_one_that_did_not_is_not(build: Build) -> None:
    rules = of_type(build(TOWN, baseline=everything_ours(TOWN)), "events.Rule")
    said = [json.loads(rule.inputs["condition"]) for rule in rules.values()]
    backups = [one for one in said if any("volumebackup" in kind for kind in one["eventType"])]
    failed = {"status": ["operationFailed"]}
    assert [one["data"] for one in backups] == [failed, {"additionalDetails": failed}]
    for one in backups:
        assert "com.oraclecloud.blockvolumes.createvolumebackup.end" in one["eventType"]
        assert "com.oraclecloud.blockvolumes.createbootvolumebackup.end" in one["eventType"]
    assert all("data" not in one for one in said if one not in backups)


def test_adopted_keys_topic_and_policy_are_used_and_not_made(build: Build) -> None:
    plan = cloud_plan(WARD)
    adopted = {
        **plan.baseline.adopted,
        "keys": {"vault": "ocid1.vault.theirs", "data": "ocid1.key.theirs", "recovery": "ocid1.key.away"},
        "alarms": {"topic": "ocid1.onstopic.theirs"},
        "backup": {"policy": "ocid1.volumebackuppolicy.theirs"},
    }
    built = build(WARD, baseline=replace(plan.baseline, adopted=adopted))
    assert not of_type(built, "ons.NotificationTopic")
    assert not of_type(built, "events.Rule")
    assert not of_type(built, "core.VolumeBackupPolicy")
    vaults = of_type(built, "kms.Vault")
    assert [one.adopted for one in vaults.values()] == ["ocid1.vault.theirs"]
    assert all(
        one.inputs["destinations"] == ["ocid1.onstopic.theirs"]
        for one in of_type(built, "monitoring.Alarm").values()
    )
    servers = of_type(built, "core.Instance").values()
    assert {one.inputs["sourceDetails"]["kmsKeyId"] for one in servers} == {"ocid1.key.theirs"}


def test_identity_is_made_in_the_home_region_and_copies_in_the_other(build: Build) -> None:
    built = build(SHARED)
    identity = [one for one in built.values() if one.type.startswith("oci:Identity/")]
    assert identity
    assert all("ap-tokyo-1" in one.provider for one in identity)
    vault = built["oci-baseline-recovery-vault"]
    assert "ap-tokyo-1" in vault.provider
    assert vault.inputs["vaultType"] == "VIRTUAL_PRIVATE"


def test_no_secret_is_in_what_a_container_is_told(build: Build) -> None:
    for one in of_type(build(WARD), "containerengine.ContainerInstance").values():
        told = one.inputs["containers"][0]["environmentVariables"]
        assert "made-by-the-vault" not in told.values()
        assert {"APPLICATION_VAULT_OCID", "DATABASE_VAULT_OCID"} <= set(told)


@pytest.mark.parametrize("stack", STACKS)
def test_validation_counts_the_statements_that_are_made(stack: str) -> None:
    places = grants.Compartments("tenant", "baseline", "iaas", "paas", "saas")
    tenant = checked(value_of(stack), stack=stack)
    counted = statement_count(Context(tenant, registry(), date(2026, 11, 24)), "oci")
    assert counted == len(grants.statements(cloud_plan(stack), places))


def test_a_security_zone_wants_every_one_of_its_policies() -> None:
    assert facts.not_offered([*facts.ZONE_POLICIES, "deny something_else"]) == ()
    assert facts.not_offered(facts.ZONE_POLICIES[1:]) == facts.ZONE_POLICIES[:1]


def test_mysql_may_join_its_network_security_group() -> None:
    places = grants.Compartments("tenant", "baseline", "iaas", "paas", "saas")
    plan = cloud_plan(WARD)
    asked = [s for s in grants.statements(plan, places) if "mysqldbsystem', request.resource" in s]
    engines = {p.database.engine for p in plan.packages.values() if p.database}
    assert len(asked) == (2 if "mysql" in engines else 0)
    assert all("compartment id iaas" in one for one in asked)
