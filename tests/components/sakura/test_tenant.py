"""The five layers against mocks: what is made, and what must never be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from components.sakura.startup import content
from stacks.plan import TenantPlan
from tests.components.sakura.conftest import Building, tenant_plan
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO

ALL = (BUNKYO, NISEKO, AOMORI)
DOMESTIC = {"tk1a", "tk1b", "is1a", "is1b"}


def of(made: dict[str, SimpleNamespace], kind: str) -> dict[str, dict[str, Any]]:
    return {name: found.inputs for name, found in made.items() if found.type == f"sakura:{kind}"}


def changed(tenant: TenantPlan, **change: Any) -> TenantPlan:
    plan = replace(tenant.clouds["sakura"], **change)
    return replace(tenant, clouds=MappingProxyType({"sakura": plan}))


@pytest.mark.parametrize("stack", ALL)
def test_what_holds_on_every_tenant(build: Building, stack: str) -> None:
    tenant = tenant_plan(stack)
    made = build(tenant)
    plan = tenant.clouds["sakura"]
    assert {
        i["zone"] for found in made.values() if isinstance((i := found.inputs).get("zone"), str)
    } <= DOMESTIC
    for disk in of(made, "compute:Disk").values():
        assert disk["encryptionAlgorithm"] == "aes256_xts"
        assert disk["kmsKeyId"] == "sakura-baseline-key-data-id"
    for name, server in of(made, "compute:Server").items():
        (interface,) = server["interfaces"]
        assert interface["switchId"] != "shared"
        assert interface["packetFilterId"]
        edit = server["diskEdit"]
        assert edit["disablePasswordAuth"] is True
        assert "password" not in edit
        assert "sshKeys" not in edit
        assert f"{name}-backup" in made
    for database in of(made, "database:Database").values():
        assert "password" not in database
        assert database["passwordVaultId"]
        assert database["encryptionAlgorithm"] == "aes256_xts"
        assert len(database["backup"]["daysOfWeek"]) == 7
        assert database["sourceRanges"]
    for router in of(made, "network:VpcRouter").values():
        opened = any(network.egress for network in plan.networks.values())
        assert router["internetConnection"] is opened
        assert router["plan"] == ("premium" if opened else "standard"), "a pair needs global addresses"
        for firewall in router["firewalls"]:
            assert firewall["rules"][-1]["allow"] is False
            assert firewall["rules"][-1]["protocol"] == "ip"
    names = Counter(bucket["name"] for bucket in of(made, "objectstorage:Bucket").values())
    assert max(names.values()) == 1
    encrypted = {each["bucket"] for each in of(made, "objectstorage:BucketEncryption").values()}
    assert encrypted == set(names)
    forbidden = {"ProjectApiKey", "PermissionKey", "AccessKey", "User", "ProjectPolicy", "SshKey"}
    assert not {found.type.rpartition(":")[2] for found in made.values()} & forbidden


@pytest.mark.parametrize("stack", ALL)
def test_bridges_join_zones_of_one_segment_only(build: Building, stack: str) -> None:
    made = build(tenant_plan(stack))
    roles: dict[str, set[str]] = {}
    for name, switch in of(made, "network:Switch").items():
        role = name.rpartition("-")[0]
        if switch.get("bridgeId"):
            roles.setdefault(switch["bridgeId"], set()).add(role)
        assert not (role.endswith(("connect", "egress")) and switch.get("bridgeId"))
    assert all(len(found) == 1 for found in roles.values())
    assert len(roles) == len(of(made, "network:Bridge"))
    outside = of(made, "network:Internet")
    assert len(outside) == (1 if stack == NISEKO else 0), "only an approved exception has global addresses"


def test_nothing_is_made_with_the_credentials_of_another_project(build: Building) -> None:
    with pytest.raises(Exception, match="999999999999"):
        build(tenant_plan(BUNKYO), "999999999999")


def test_backups_reach_the_other_region(build: Building) -> None:
    made = build(tenant_plan(BUNKYO))
    buckets = {b["name"]: b["site"] for b in of(made, "objectstorage:Bucket").values()}
    (replication,) = of(made, "objectstorage:BucketReplication").values()
    assert buckets[replication["bucket"]] == "tky01"
    assert buckets[replication["destinationBucket"]] == "isk01"
    assert buckets["jt131059p-archive"] == "isk01"


def test_a_pair_of_systems_has_a_bucket_that_one_writes_and_the_other_reads(build: Building) -> None:
    tenant = tenant_plan(BUNKYO)
    made = build(tenant)
    pairs = tenant.clouds["sakura"].handovers
    assert pairs
    permissions = of(made, "objectstorage:Permission")
    for pair in pairs:
        (sends,) = permissions[f"sakura-paas-handover-{pair.key}-sender"]["bucketControls"]
        (receives,) = permissions[f"sakura-paas-handover-{pair.key}-receiver"]["bucketControls"]
        assert sends["bucket"] == receives["bucket"]
        assert (sends["canWrite"], sends["canRead"]) == (True, False)
        assert (receives["canWrite"], receives["canRead"]) == (False, True)


def test_a_hub_is_a_peer_once_it_is_shared_and_its_key_known(
    build: Building, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(tenant_plan(NISEKO))
    (router,) = of(made, "network:LocalRouter").values()
    (peer,) = router["peers"]
    assert peer["peerId"] == "113703265678"
    assert router["staticRoutes"] == [{"prefix": "10.201.0.0/22", "nextHop": "10.201.2.129"}]
    (vpc,) = of(made, "network:VpcRouter").values()
    assert vpc["staticRoutes"] == [{"prefix": "192.168.64.0/20", "nextHop": router["interface"]["vip"]}]

    monkeypatch.delenv("JICHITAI_SAKURA_HUB_KEY")
    (keyless,) = of(build(tenant_plan(NISEKO)), "network:LocalRouter").values()
    assert "peers" not in keyless
    for waiting in of(build(tenant_plan(AOMORI)), "network:VpcRouter").values():
        assert not waiting.get("staticRoutes")


def test_own_circuits_give_routes_when_one_of_them_is_there(build: Building) -> None:
    tenant = tenant_plan(BUNKYO)
    (router,) = of(build(tenant), "network:VpcRouter").values()
    assert {route["prefix"] for route in router["staticRoutes"]} == {"10.105.0.0/16", "172.21.0.0/16"}
    lgwan = tenant.clouds["sakura"].lgwan
    ordered = {key: replace(circuit, id=None) for key, circuit in lgwan.circuits.items()}
    made = build(changed(tenant, lgwan=replace(lgwan, circuits=ordered)))
    (router,) = of(made, "network:VpcRouter").values()
    assert not router.get("staticRoutes")
    assert not of(made, "network:LocalRouter")


def test_adopted_parts_are_used_and_not_made(build: Building) -> None:
    tenant = tenant_plan(BUNKYO)
    adopted = {
        "audit_log": {"log_storage": "113703260101", "bucket": "central-logs"},
        "keys": {"data": "113703260001"},
        "alarms": {"group": "113703260201"},
        "backup": {"bucket": "central-backup"},
        "posture_management": {},
        "account_guards": {},
    }
    baseline = replace(tenant.clouds["sakura"].baseline, adopted=adopted)
    made = build(changed(tenant, baseline=baseline))
    assert not of(made, "monitoring:LogStorage")
    assert not of(made, "objectstorage:BucketReplication")
    assert not of(made, "security:SecurityControlActivation")
    assert not of(made, "iam:Group")
    assert set(of(made, "security:KmsKey")) == {
        f"sakura-baseline-key-{k}" for k in ("logs", "backup", "messages")
    }
    assert {d["kmsKeyId"] for d in of(made, "compute:Disk").values()} == {"113703260001"}


def test_verification_has_one_router_and_one_balancer(build: Building) -> None:
    (router,) = of(
        build(changed(tenant_plan(NISEKO), environment="verification")), "network:VpcRouter"
    ).values()
    assert router["plan"] == "standard"
    assert "publicInterface" not in router
    assert all(len(i["ipAddresses"]) == 1 and "vip" not in i for i in router["privateInterfaces"])


def test_an_image_of_ones_own_is_found_by_its_name_in_each_zone(build: Building) -> None:
    made = build(changed(tenant_plan(BUNKYO), server_image="hardened"))
    found = {d["sourceArchiveId"] for d in of(made, "compute:Disk").values()}
    assert found == {"archive-tk1a-hardened", "archive-tk1b-hardened"}


@pytest.mark.parametrize("stack", ALL)
def test_scripts_are_told_every_variable_that_stands_in_them(build: Building, stack: str) -> None:
    import re

    made = build(tenant_plan(stack))
    for server in of(made, "compute:Server").values():
        for script in server["diskEdit"]["scripts"]:
            kind = re.search(r"script-(\w+)-id", script["id"])
            assert kind is not None
            assert set(re.findall("@@@(.+?)@@@", content(kind[1]))) == set(script["variables"])  # type: ignore[arg-type]
            assert all(isinstance(value, str) and "\n" not in value for value in script["variables"].values())
