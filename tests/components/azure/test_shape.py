"""The shape of tenants on Azure: closed, encrypted, one permission a pair; and the pure parts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from components.azure import facts
from components.azure.baseline.audit import archive_lifecycle
from components.azure.builtin import ROLES, role_id
from components.azure.iaas import filtering, subnets
from components.azure.iaas.patching import patch_window
from components.azure.paas import engines, handover
from components.azure.saas.schedule import VERSIONS, definition
from components.azure.saas.tasks import hours
from stacks.azure_roles import HOURS, OWN, SENDS
from stacks.plan import DatabasePlan, RetentionPlan, SchedulePlan
from tests.components.azure.conftest import (
    EXAMPLES,
    SHARED,
    TOWN,
    WARD,
    build,
    built,
    cloud_plan,
    of_type,
    tenant_plan,
)


@pytest.mark.parametrize("stack", EXAMPLES)
def test_nothing_has_a_public_way_in(stack: str) -> None:
    made = built(stack)
    assert of_type(made, "network:PublicIPAddress") == {}
    for token in ("storage:StorageAccount", "containerregistry:Registry", "app:ManagedEnvironment"):
        assert {i["publicNetworkAccess"] for i in of_type(made, token).values()} <= {"Disabled"}
    for vault in of_type(made, "keyvault:Vault").values():
        assert vault["properties"]["publicNetworkAccess"] == "Disabled"
        assert vault["properties"]["enableRbacAuthorization"] is True
        assert vault["properties"]["enablePurgeProtection"] is True
    for table in of_type(made, "network:RouteTable").values():
        (default,) = (r for r in table["routes"] if r["addressPrefix"] == "0.0.0.0/0")
        assert default["nextHopType"] == "None"


@pytest.mark.parametrize("stack", EXAMPLES)
def test_everything_at_rest_has_a_customer_key_and_nothing_has_a_password(stack: str) -> None:
    made = built(stack)
    for account in of_type(made, "storage:StorageAccount").values():
        assert account["encryption"]["keySource"] == "Microsoft.Keyvault"
        assert account["allowSharedKeyAccess"] is False
    for server in of_type(made, "dbforpostgresql:Server").values():
        assert server["authConfig"]["passwordAuth"] == "Disabled"
        assert "administratorLoginPassword" not in server
        assert server["dataEncryption"]["geoBackupKeyURI"] != server["dataEncryption"]["primaryKeyURI"]
    for vm in of_type(made, "compute:VirtualMachine").values():
        assert "adminPassword" not in vm["osProfile"]
        assert vm["osProfile"]["linuxConfiguration"]["disablePasswordAuthentication"] is True
        assert vm["securityProfile"]["securityType"] == "TrustedLaunch"


def test_mysql_gets_its_password_from_azure_and_refuses_all_of_them() -> None:
    made = built(WARD)
    for stack in of_type(made, "resources:DeploymentStackAtResourceGroup").values():
        assert stack["template"]["parameters"]["password"]["defaultValue"] == "[newGuid()]"
        (server,) = stack["template"]["resources"]
        assert server["properties"]["administratorLoginPassword"] == "[parameters('password')]"
        assert stack["actionOnUnmanage"]["resources"] == "delete"
    only = [
        i
        for i in of_type(made, "dbformysql:Configuration").values()
        if i["configurationName"] == "aad_auth_only"
    ]
    assert [i["value"] for i in only] == ["ON", "ON"]


@pytest.mark.parametrize("stack", EXAMPLES)
def test_subnets_are_the_plans_and_closed(stack: str) -> None:
    plan, made = cloud_plan(stack), built(stack)
    found = of_type(made, "network:Subnet")
    for network in plan.networks.values():
        wanted = subnets.subnets(plan, network)
        for subnet in wanted.values():
            assert any(subnet.cidr.subnet_of(s) for s in subnets.space(network)), subnet
            inputs = found[f"azure-iaas-{network.key}-{subnet.key}"]
            assert inputs["addressPrefix"] == str(subnet.cidr)
            assert ("networkSecurityGroup" in inputs) == subnet.filtered
            if subnet.filtered:
                rules = filtering.rules(plan, network, wanted, subnet.key)
                assert {(r.direction, r.priority) for r in rules if r.access == "Deny"} == {
                    ("Inbound", 4096),
                    ("Outbound", 4096),
                }
                assert len({(r.direction, r.priority) for r in rules}) == len(rules)
                assert len({r.name for r in rules}) == len(rules), subnet.key


def test_the_ends_of_circuits_are_outside_every_network() -> None:
    plan = cloud_plan(WARD)
    for network in plan.networks.values():
        for number in range(4):
            for end in subnets.circuit_ends(network, number):
                assert end.subnet_of(network.cidr)
                assert not any(end.overlaps(space) for space in subnets.space(network))


def test_networks_of_one_unit_have_no_way_to_each_other() -> None:
    plan = cloud_plan(SHARED)
    for network in plan.networks.values():
        others = {str(n.cidr) for n in plan.networks.values() if n.key != network.key}
        for subnet in subnets.subnets(plan, network).values():
            if subnet.filtered:
                nowhere = {h.prefix for h in filtering.hops(plan, network, subnet) if h.by == "None"}
                assert others <= nowhere


def test_a_circuit_on_order_has_nothing_hanging_on_it() -> None:
    def on_order(manifest: dict[str, Any]) -> None:
        for circuit in manifest["clouds"]["azure"]["lgwan"]["circuits"].values():
            circuit.pop("id")

    made = build(tenant_plan(WARD, on_order))
    assert len(of_type(made, "network:ExpressRouteCircuit")) == 2
    assert len(of_type(made, "network:VirtualNetworkGateway")) == 1
    assert of_type(made, "network:ExpressRouteCircuitPeering") == {}
    assert of_type(made, "network:VirtualNetworkGatewayConnection") == {}


def test_an_exception_opens_named_hosts_through_the_firewall_only() -> None:
    def opened(manifest: dict[str, Any]) -> None:
        manifest["internet"] = {
            "patch": {
                "approver": "CISO",
                "expires": date(2027, 3, 31).isoformat(),
                "destinations": ["azure.archive.ubuntu.com"],
                "reason": "patches",
            }
        }

    made = build(tenant_plan(WARD, opened))
    (group,) = of_type(made, "network:FirewallPolicyRuleCollectionGroup").values()
    (rule,) = group["ruleCollections"][0]["rules"]
    assert rule["targetFqdns"] == ["azure.archive.ubuntu.com"]
    (firewall,) = of_type(made, "network:AzureFirewall").values()
    assert firewall["sku"] == {"name": "AZFW_VNet", "tier": "Standard"}
    hops = {r["nextHopType"] for t in of_type(made, "network:RouteTable").values() for r in t["routes"]}
    assert "VirtualAppliance" in hops


@pytest.mark.parametrize("stack", EXAMPLES)
def test_every_pair_has_one_writer_and_one_reader(stack: str) -> None:
    plan = cloud_plan(stack)
    grants = of_type(built(stack), "authorization:RoleAssignment")
    for pair in plan.handovers:
        writers = [n for n, i in grants.items() if "-sends" in n and f"'{pair.prefix}'" in i["condition"]]
        readers = [n for n, i in grants.items() if "-receives" in n and f"'{pair.prefix}'" in i["condition"]]
        assert writers == [f"azure-paas-{pair.sender}-sends"]
        assert readers == [f"azure-paas-{pair.receiver}-receives"]


def test_a_sender_writes_blobs_and_a_receiver_reads_them_and_neither_does_more() -> None:
    made, blobs = built(WARD), "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    assert (SENDS.actions, SENDS.data_actions) == ((), (f"{blobs}/add/action", f"{blobs}/write"))
    grants = of_type(made, "authorization:RoleAssignment")
    sends = {n: i for n, i in grants.items() if n.endswith("-sends")}
    receives = {n: i for n, i in grants.items() if n.endswith("-receives")}
    assert sends
    assert receives
    assert {i["roleDefinitionId"] for i in receives.values()} == {role_id(cloud_plan(WARD), "blob-read")}
    assert {i["roleDefinitionId"] for i in sends.values()} == {SENDS.id(cloud_plan(WARD).unit)}
    for one in sends.values():
        assert f"{blobs}/write" in one["condition"]
        assert f"{blobs}/add/action" in one["condition"]


def test_every_role_is_named_and_none_defined() -> None:
    """The pipeline may define none, and grant only what the bootstrap's boundary lets through."""

    def verification(manifest: dict[str, Any]) -> None:
        manifest["environment"] = "verification"

    plan, named = cloud_plan(WARD), set[str]()
    for made in (*map(built, EXAMPLES), build(tenant_plan(WARD, verification))):
        assert of_type(made, "authorization:RoleDefinition") == {}
        grants = of_type(made, "authorization:RoleAssignment").values()
        named |= {i["roleDefinitionId"].rpartition("/")[2] for i in grants}
    ours = {role.guid(plan.unit) for role in OWN.values()}
    assert ours & named == ours
    others = {role.guid(cloud_plan(stack).unit) for role in OWN.values() for stack in EXAMPLES}
    assert named - others == {role.id for role in ROLES.values()}


def test_whatever_the_clock_starts_and_stops_its_role_lets_it() -> None:
    paths = {k: f"/subscriptions/s/resourceGroups/g/providers/{k}/a" for k in VERSIONS}
    called = {
        f"{kind}/{action['inputs']['uri'].partition('?')[0].rpartition('/')[2]}/action"
        for verb in ("start", "stop")
        for kind, path in paths.items()
        for action in definition(verb, "08:00", {"a": path})["actions"].values()
    }
    assert called == set(HOURS.actions)
    assert HOURS.data_actions == ()


def test_a_condition_too_long_is_told() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        handover.condition(("read",), [f"{n:04d}/{n:04d}/" for n in range(200)])


def test_an_adopted_baseline_is_left_alone() -> None:
    def adopted(manifest: dict[str, Any]) -> None:
        parts = ("audit_log", "alarms", "backup", "keys", "account_guards", "budget", "contacts")
        manifest["clouds"]["azure"]["baseline"] |= dict.fromkeys(parts, "adopted")

    made = build(tenant_plan(TOWN, adopted))
    for token in (
        "security:Pricing",
        "consumption:Budget",
        "security:SecurityContact",
        "monitor:ActivityLogAlert",
    ):
        assert of_type(made, token) == {}
    assert of_type(made, "authorization:PolicyAssignment") == {}


def test_figures() -> None:
    assert facts.size(facts.SERVER_SIZES, 2, 8).name == "Standard_D2s_v5"
    assert facts.size(facts.SERVER_SIZES, 2, 12).name == "Standard_E2s_v5"
    with pytest.raises(ValueError, match="no Azure size"):
        facts.size(facts.SERVER_SIZES, 500, 8)
    assert facts.container_size(1, 4) == facts.ContainerSize(2.0, "4Gi", "Consumption")
    assert facts.container_size(0.1, 0.1) == facts.ContainerSize(0.25, "0.5Gi", "Consumption")
    assert facts.container_size(4, 16) == facts.ContainerSize(4, "16Gi", "D4")
    with pytest.raises(ValueError, match="64 vCPU"):
        facts.container_size(64, 16)
    assert facts.log_retention(10) == 30
    with pytest.raises(ValueError, match="730"):
        facts.log_retention(731)
    assert archive_lifecycle(RetentionPlan(365, 2555, 35)) == (365, 2555)
    assert archive_lifecycle(RetentionPlan(365, 365, 35)) == (None, 365)
    plan = DatabasePlan("postgresql", "16", 4, 32, 400, 5432, True, "app", "dbadmin")
    assert engines.shape(plan) == engines.DatabaseShape("Standard_E4ds_v4", "MemoryOptimized", 512, "16")
    with pytest.raises(ValueError, match="Oracle"):
        engines.shape(DatabasePlan("oracle", "19", 2, 8, 100, 1521, False, "APP", "dbadmin"))


def test_names_fit_and_stay(example: str) -> None:
    plan = cloud_plan(example)
    name = facts.storage_name(plan, "handover", "main")
    assert len(name) <= 24
    assert name.isalnum()
    assert name == facts.storage_name(plan, "handover", "main")
    assert name != facts.storage_name(plan, "handover", "other")
    assert len(facts.vault_name(plan, "a-package-with-a-long-name")) <= 24


def test_hours() -> None:
    schedule = SchedulePlan("08:00", "20:30")
    assert hours(schedule, 2)["start"] == "0 8 * * 1-5"
    assert hours(schedule, 2)["end"] == "30 20 * * 1-5"
    assert patch_window([]).day == "Sunday"
    assert patch_window([schedule]).day == "Wednesday"
    vm = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/a"
    (action,) = definition("stop", "20:30", {"a": vm})["actions"].values()
    assert f"{vm}/deallocate?" in action["inputs"]["uri"]


def test_the_key_that_nobody_has_is_a_point_of_the_curve() -> None:
    from base64 import b64decode

    kind, body, comment = facts.nobody_ssh_key().split()
    assert (kind, comment) == ("ssh-ed25519", "nobody")
    assert len(b64decode(body)) == 4 + len("ssh-ed25519") + 4 + 32
