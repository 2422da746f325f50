"""The IaaS layer on mocks: closed by default, encrypted with the customer's keys, one way out at most."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import mocks

from components import derive
from components.aws.iaas import egress, patching, servers
from components.contract import BaselineGives, IaasGives, IaasNeeds, LgwanGives
from stacks import planning
from stacks.manifest import Tenant
from stacks.plan import CloudPlan, EgressPlan, SchedulePlan
from stacks.registry import registry

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"
KEY = "arn:aws:kms:ap-northeast-1:111122223333:key/"


def manifest(stack: str = "131041-shinjuku") -> dict[str, Any]:
    """A manifest of the repository, to be changed at will."""
    loaded = yaml.safe_load((TENANTS / f"Pulumi.{stack}.yaml").read_text())
    return loaded["config"]["jichitai:tenant"]


def cloud_plan(data: Mapping[str, Any]) -> CloudPlan:
    return planning.plan(Tenant.model_validate(data), registry()).clouds["aws"]


@dataclass
class Made:
    """What a run made."""

    resources: list[mocks.MockResourceArgs] = field(default_factory=list)
    calls: list[mocks.MockCallArgs] = field(default_factory=list)
    gives: IaasGives | None = None

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Inputs of all resources of a type (`ec2/instance:Instance`)."""
        return [r.inputs for r in self.resources if r.typ == f"aws:{kind}"]

    def one(self, kind: str) -> dict[str, Any]:
        (found,) = self.of(kind)
        return found

    @property
    def kinds(self) -> set[str]:
        return {r.typ.removeprefix("aws:") for r in self.resources}


class Recorder(mocks.Mocks):
    def __init__(self, made: Made) -> None:
        self.made = made

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made.resources.append(args)
        outputs = {"arn": f"arn:{args.name}", "prefixListId": "pl-s3"} | dict(args.inputs)
        if args.typ == "aws:networkfirewall/firewall:Firewall":
            attachment = {"endpointId": "vpce-firewall", "subnetId": "subnet"}
            outputs["firewallStatuses"] = [{"syncStates": [{"attachments": [attachment]}]}]
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        self.made.calls.append(args)
        return {"id": "ami-current"}


def run(plan: CloudPlan) -> Made:
    """Make the layer for `plan`, without an engine."""
    # The module runs its programs on an event loop of the thread; other tests may have closed theirs.
    asyncio.set_event_loop(asyncio.new_event_loop())
    made = Made()
    mocks.set_mocks(Recorder(made))

    @pulumi.runtime.test
    def program() -> None:
        from components.aws.iaas import Iaas

        given = pulumi.Output.from_input
        baseline = BaselineGives(
            keys={purpose: given(KEY + purpose) for purpose in ("logs", "data", "backup", "messages")},
            alarms=given("topic"),
            vault=given("vault"),
            archive=given("archive"),
        )
        made.gives = Iaas("aws-iaas", plan, IaasNeeds(baseline, LgwanGives(None, {}, ()))).gives

    program()
    return made


@cache
def shinjuku() -> tuple[CloudPlan, Made]:
    """The typical tenant: containers, servers, files, databases, queues; no exception."""
    plan = cloud_plan(manifest())
    return plan, run(plan)


@cache
def opened() -> tuple[CloudPlan, Made]:
    """The same with an exception for patches."""
    data = manifest()
    data["internet"] = {
        "patch": {
            "destinations": ["patches.vendor.example", "mirror.vendor.example"],
            "reason": "patches",
            "approver": "CISO",
            "expires": "2099-03-31",
        }
    }
    plan = cloud_plan(data)
    return plan, run(plan)


def every(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, Mapping):
        for part in value.values():
            yield from every(part)
    elif isinstance(value, list):
        for part in value:
            yield from every(part)
    elif isinstance(value, str):
        yield value


def test_a_closed_network_has_no_way_to_the_internet() -> None:
    _, made = shinjuku()
    assert not made.kinds & {
        "ec2/internetGateway:InternetGateway",
        "ec2/natGateway:NatGateway",
        "ec2/eip:Eip",
        "ec2/route:Route",
        "networkfirewall/firewall:Firewall",
    }
    assert not [table for table in made.of("ec2/routeTable:RouteTable") if table.get("routes")]
    assert made.one("ec2/defaultRouteTable:DefaultRouteTable")["routes"] == []
    assert all(subnet["mapPublicIpOnLaunch"] is False for subnet in made.of("ec2/subnet:Subnet"))
    assert all(server["associatePublicIpAddress"] is False for server in made.of("ec2/instance:Instance"))
    assert made.one("ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions") == {
        "internetGatewayBlockMode": "block-bidirectional"
    }


def test_security_groups_open_nothing_to_the_world() -> None:
    plan, made = shinjuku()
    groups = made.of("ec2/securityGroup:SecurityGroup")
    assert len(groups) == len(plan.networks["main"].groups)
    assert not [text for group in groups for text in every(group) if "/0" in text or text == "-1"]
    for group in groups:
        for rule in (*group["ingress"], *group["egress"]):
            assert rule.get("cidrBlocks") or rule.get("securityGroups") or rule.get("prefixListIds")
    app = next(g for g in groups if g["name"] == "jt131041p-main-welfare-app")
    assert {rule["fromPort"] for rule in app["egress"]} == {443, 2049, 3306}
    assert [rule["prefixListIds"] for rule in app["egress"] if "prefixListIds" in rule] == [["pl-s3"]]


def test_what_a_vpc_is_born_with_is_closed() -> None:
    _, made = shinjuku()
    for kind in ("ec2/defaultSecurityGroup:DefaultSecurityGroup", "ec2/defaultNetworkAcl:DefaultNetworkAcl"):
        assert (made.one(kind)["ingress"], made.one(kind)["egress"]) == ([], [])


def test_every_subnet_has_an_acl_and_the_planned_range() -> None:
    plan, made = shinjuku()
    subnets = {r.name: r.inputs for r in made.resources if r.typ == "aws:ec2/subnet:Subnet"}
    guarded = [i for acl in made.of("ec2/networkAcl:NetworkAcl") for i in acl["subnetIds"]]
    assert sorted(guarded) == sorted(f"{name}-id" for name in subnets)
    for key, subnet in plan.networks["main"].subnets.items():
        if subnet.role in derive.roles_in_use(plan.networks["main"]):
            assert subnets[f"aws-iaas-main-{key}"]["cidrBlock"] == str(subnet.cidr)
            assert subnets[f"aws-iaas-main-{key}"]["availabilityZone"] == subnet.zone


def test_servers_are_managed_encrypted_and_without_keys() -> None:
    plan, made = shinjuku()
    instances = made.of("ec2/instance:Instance")
    assert len(instances) == 3
    for server in instances:
        assert server["metadataOptions"]["httpTokens"] == "required"
        assert server["metadataOptions"]["httpPutResponseHopLimit"] == 1
        assert server["rootBlockDevice"]["encrypted"] is True
        assert server["rootBlockDevice"]["kmsKeyId"] == f"{KEY}data"
        assert server["disableApiTermination"] is plan.protect is True
        assert server["monitoring"] is True
        assert "keyName" not in server
        assert "userData" not in server
        assert server["tags"]["backup"] == "daily"
        assert server["tags"]["business-ids"] == plan.packages["welfare"].tags["business-ids"]
        assert server["rootBlockDevice"]["deleteOnTermination"] is False
    assert {s["tags"]["Name"]: s["rootBlockDevice"]["volumeSize"] for s in instances} == {
        "jt131041p-welfare-app-1": 130,
        "jt131041p-welfare-app-2": 130,
        "jt131041p-welfare-batch-1": 230,
    }


def test_a_server_may_read_no_parameter_and_no_secret() -> None:
    plan, _ = shinjuku()
    statements = json.loads(servers.agent_policy(plan))["Statement"]
    actions = {
        a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    assert not [a for a in actions if a.startswith(("ssm:GetParameter", "secretsmanager:", "kms:", "iam:"))]
    assert not [a for a in actions if a.endswith(":*") or a == "*"]
    assert [s["Sid"] for s in statements if s["Resource"] == "*"] == ["Agent"]


def test_sessions_are_recorded_under_the_customers_key() -> None:
    _, made = shinjuku()
    preferences = json.loads(made.one("ssm/document:Document")["content"])["inputs"]
    assert preferences["cloudWatchLogGroupName"] == "/jt131041p/servers"
    assert preferences["cloudWatchStreamingEnabled"] is True
    for group in made.of("cloudwatch/logGroup:LogGroup"):
        assert group["kmsKeyId"] == f"{KEY}logs"
        assert group["retentionInDays"] >= 365


def test_files_are_encrypted_and_mounted_over_tls_only() -> None:
    plan, made = shinjuku()
    system = made.one("efs/fileSystem:FileSystem")
    assert (system["encrypted"], system["kmsKeyId"]) == (True, f"{KEY}data")
    assert system["tags"]["backup"] == "daily"
    allow, deny = json.loads(made.one("efs/fileSystemPolicy:FileSystemPolicy")["policy"])["Statement"]
    assert allow["Principal"] == {"AWS": f"arn:aws:iam::{plan.unit}:root"}
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    zones = {target["subnetId"] for target in made.of("efs/mountTarget:MountTarget")}
    assert zones == {"aws-iaas-main-mynumber-data-0-id", "aws-iaas-main-mynumber-data-1-id"}


def test_every_flow_is_kept_in_the_archive() -> None:
    _, made = shinjuku()
    log = made.one("ec2/flowLog:FlowLog")
    assert log["trafficType"] == "ALL"
    assert log["logDestination"] == "arn:aws:s3:::archive/flow-logs/main/"
    # The archive's policy knows no Hive names.
    assert log["destinationOptions"]["hiveCompatiblePartitions"] is False


def test_endpoints_are_private_and_have_a_policy() -> None:
    _, made = shinjuku()
    for endpoint in made.of("ec2/vpcEndpoint:VpcEndpoint"):
        assert json.loads(endpoint["policy"])["Statement"]
        if endpoint["vpcEndpointType"] == "Interface":
            assert endpoint["privateDnsEnabled"] is True
            assert endpoint["securityGroupIds"] == ["aws-iaas-main-endpoints-id"]
            assert len(endpoint["subnetIds"]) == 2


def test_the_layer_gives_what_the_plan_names() -> None:
    plan, made = shinjuku()
    assert made.gives is not None
    main = made.gives.networks["main"]
    assert set(main.groups) == set(plan.networks["main"].groups)
    assert set(main.subnets) <= set(plan.networks["main"].subnets)
    assert set(main.route_tables) == {"mynumber-app", "connect"}
    assert set(made.gives.servers) == {"welfare-app-1", "welfare-app-2", "welfare-batch-1"}
    assert set(made.gives.identities) == {"welfare"}
    assert set(made.gives.files) == {"welfare"}
    assert "s3" in main.endpoints


def test_verification_can_be_removed_and_costs_less() -> None:
    plan = replace(cloud_plan(manifest("131041-shinjuku-verification")), protect=False)
    made = run(plan)
    assert not [s for s in made.of("ec2/instance:Instance") if s["disableApiTermination"]]
    assert {s["rootBlockDevice"]["deleteOnTermination"] for s in made.of("ec2/instance:Instance")} == {True}
    assert made.one("route53/zone:Zone")["forceDestroy"] is True
    interface = [e for e in made.of("ec2/vpcEndpoint:VpcEndpoint") if e["vpcEndpointType"] == "Interface"]
    assert {len(endpoint["subnetIds"]) for endpoint in interface} == {1}


def test_an_image_of_ones_own_is_neither_looked_up_nor_hardened_again() -> None:
    data = manifest()
    data["clouds"]["aws"]["server_image"] = "ami-0123456789abcdef0"
    made = run(cloud_plan(data))
    assert {server["ami"] for server in made.of("ec2/instance:Instance")} == {"ami-0123456789abcdef0"}
    assert not made.calls
    assert not made.of("ssm/association:Association")
    services = {e["serviceName"].split(".", 3)[3] for e in made.of("ec2/vpcEndpoint:VpcEndpoint")}
    assert "ec2messages" in services


def test_account_guards_that_exist_are_left_alone() -> None:
    data = manifest()
    data["clouds"]["aws"]["baseline"]["account_guards"] = "adopted"
    assert not run(cloud_plan(data)).of("ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions")


def test_an_exception_opens_named_hosts_through_the_firewall_only() -> None:
    plan, made = opened()
    rules = made.one("networkfirewall/ruleGroup:RuleGroup")["ruleGroup"]
    assert rules["rulesSource"]["rulesSourceList"] == {
        "generatedRulesType": "ALLOWLIST",
        "targetTypes": ["TLS_SNI"],
        "targets": ["mirror.vendor.example", "patches.vendor.example"],
    }
    assert rules["statefulRuleOptions"]["ruleOrder"] == "STRICT_ORDER"
    policy = made.one("networkfirewall/firewallPolicy:FirewallPolicy")["firewallPolicy"]
    assert "aws:drop_established" in policy["statefulDefaultActions"]
    assert policy["statelessDefaultActions"] == ["aws:forward_to_sfe"]
    firewall = made.one("networkfirewall/firewall:Firewall")
    # What an expired exception opened must be closable while the tenant is protected.
    assert firewall["deleteProtection"] is False
    assert firewall["encryptionConfiguration"] == {"type": "CUSTOMER_KMS", "keyId": f"{KEY}data"}
    logs = made.one("networkfirewall/loggingConfiguration:LoggingConfiguration")["loggingConfiguration"]
    assert {config["logType"] for config in logs["logDestinationConfigs"]} == {"ALERT", "FLOW"}
    # Workloads reach nothing but the firewall; only the NAT's half reaches the gateway.
    assert [(r["routeTableId"], r["vpcEndpointId"]) for r in made.of("ec2/route:Route")] == [
        ("aws-iaas-main-mynumber-app-routes-id", "vpce-firewall")
    ]
    tables = {r.name: r.inputs for r in made.resources if r.typ == "aws:ec2/routeTable:RouteTable"}
    to_gateway = [
        name for name, table in tables.items() for route in table.get("routes") or () if "gatewayId" in route
    ]
    assert to_gateway == ["aws-iaas-main-egress-nat-routes"]
    back = {r["cidrBlock"] for r in tables[to_gateway[0]]["routes"] if "vpcEndpointId" in r}
    assert back == {str(subnet.cidr) for subnet in plan.networks["main"].of_role("mynumber-app")}
    assert made.one("ec2/vpcBlockPublicAccessOptions:VpcBlockPublicAccessOptions") == {
        "internetGatewayBlockMode": "block-ingress"
    }


def test_the_way_out_lies_in_the_planned_slot() -> None:
    plan, made = opened()
    place = egress.halves(plan.networks["main"].of_role("egress"))
    assert place.firewall.supernet() == place.nat.supernet() == plan.networks["main"].subnets["egress-0"].cidr
    with pytest.raises(ValueError, match="no egress subnet"):
        egress.halves(())
    made_ranges = {subnet["cidrBlock"] for subnet in made.of("ec2/subnet:Subnet")}
    assert {str(place.firewall), str(place.nat)} <= made_ranges


def test_hosts_are_named_once() -> None:
    def purpose(*hosts: str) -> EgressPlan:
        return EgressPlan("patch", hosts, "CISO", date(2099, 1, 1))

    assert derive.hosts([purpose("b.example", "a.example"), purpose("a.example")]) == (
        "a.example",
        "b.example",
    )


def test_network_isolation_makes_a_network_for_each_member() -> None:
    plan = cloud_plan(manifest("200000-nagano-shared"))
    made = run(plan)
    vpcs = made.of("ec2/vpc:Vpc")
    assert {vpc["cidrBlock"] for vpc in vpcs} == {str(n.cidr) for n in plan.networks.values()}
    assert len(vpcs) == len(plan.networks) > 1
    # A member's groups know its own ranges only.
    for key in plan.networks:
        others = {str(r) for k, n in plan.networks.items() if k != key for r in (*n.on_premises, n.cidr)}
        own = [r.inputs for r in made.resources if r.name.startswith(f"aws-iaas-{key}-")]
        assert own
        assert not others & set(every(own))


@pytest.mark.parametrize(
    ("schedules", "window"),
    [
        ([], patching.Window("cron(0 2 ? * SUN *)", 4, 1)),
        ([SchedulePlan("08:00", "20:00")], patching.Window("cron(0 8 ? * WED *)", 4, 1)),
        (
            [SchedulePlan("08:00", "20:00"), SchedulePlan("09:30", "11:00")],
            patching.Window("cron(30 9 ? * WED *)", 1, 0),
        ),
    ],
)
def test_servers_are_patched_while_they_run(schedules: list[SchedulePlan], window: patching.Window) -> None:
    assert patching.patch_window(schedules) == window


def test_the_window_patches_every_server_one_at_a_time() -> None:
    _, made = shinjuku()
    task = made.one("ssm/maintenanceWindowTask:MaintenanceWindowTask")
    (target,) = task["targets"]
    assert target["key"] == "InstanceIds"
    assert sorted(target["values"]) == [
        f"aws-iaas-welfare-{name}-id" for name in ("app-1", "app-2", "batch-1")
    ]
    assert (task["maxConcurrency"], task["maxErrors"]) == ("1", "0")
    assert [len(batch) for batch in patching.batches(range(120))] == [50, 50, 20]
