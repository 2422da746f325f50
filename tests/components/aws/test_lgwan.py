"""The closed connection on AWS: its decisions, and what it makes."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import derive
from components.aws import lgwan
from components.contract import BaselineGives, IaasGives, NetworkGives
from stacks.plan import CircuitPlan, CloudPlan, DnsPlan, LgwanPlan, NetworkPlan, SubnetPlan

STACK = "131041-shinjuku"
SHARED = "200000-nagano-shared"


def out(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def layer(plan: CloudPlan) -> lgwan.Lgwan:
    """The layer of `plan`, joined to networks that stand for those of IaaS."""
    baseline = BaselineGives({}, out("arn:topic"), out("vault"), out("archive"))
    built = lgwan.Lgwan("l", plan, baseline)
    networks = {
        key: NetworkGives(
            id=out(f"vpc-{key}"),
            subnets={subnet: out(f"subnet-{key}-{subnet}") for subnet in network.subnets},
            groups={group: out(f"sg-{key}-{group}") for group in network.groups},
            route_tables={role: out(f"rtb-{key}-{role}") for role in derive.town_hall_roles(network)},
            zone=out("zone"),
            endpoints={},
        )
        for key, network in plan.networks.items()
    }
    built.connect(IaasGives(networks, {}, {}, {}))
    return built


def of(found: dict[str, Any], type_: str) -> dict[str, Any]:
    return {name: made.inputs for name, made in found.items() if made.type.endswith(f":{type_}")}


def with_lgwan(plan: CloudPlan, **changes: Any) -> CloudPlan:
    return replace(plan, lgwan=replace(plan.lgwan, **changes))


# --- decisions ---


@given(
    asn=st.one_of(st.integers(64512, 65534), st.integers(4200000000, 4294967294)),
    others=st.lists(st.integers(64512, 65534), max_size=4),
)
def test_gateway_numbers_never_meet(asn: int, others: list[int]) -> None:
    circuits = {str(i): CircuitPlan(str(i), "EqTY2", None, 1000, 1, o) for i, o in enumerate(others)}
    plan = LgwanPlan("own", None, asn, circuits, (), (), ())
    chosen = lgwan.gateway_asn(replace(_any_plan(), lgwan=plan))
    assert chosen not in {asn, *others}
    assert 64512 <= chosen <= 65534 or 4200000000 <= chosen <= 4294967294


def _any_plan() -> CloudPlan:
    from types import MappingProxyType as View

    nothing: Any = View({})
    unset: Any = None
    return CloudPlan(
        "aws", "1" * 12, "ap-northeast-1", "ap-northeast-3", (), "jt", "production", True, None, None,
        nothing, unset, unset, nothing, nothing, nothing, (),
    )  # fmt: skip


@given(
    space=st.integers(0, 2**12 - 1), prefix=st.integers(16, 22), zones=st.sets(st.integers(0, 3), min_size=1)
)
def test_resolvers_have_two_addresses_that_aws_leaves_free(space: int, prefix: int, zones: set[int]) -> None:
    base = IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + (space << 12), 20)).supernet(
        new_prefix=16
    )
    cidr = next(base.subnets(new_prefix=prefix))
    blocks = list(cidr.subnets(prefixlen_diff=5))
    subnets = {
        f"connect-{slot}": SubnetPlan(f"connect-{slot}", "connect", slot, f"zone-{slot}", blocks[20 + slot])
        for slot in sorted(zones)
    }
    network = NetworkPlan("main", cidr, (), subnets, {}, (), (), DnsPlan("a.internal", {}))
    inbound = lgwan.resolver_addresses(network, lgwan.INBOUND)
    outbound = lgwan.resolver_addresses(network, lgwan.OUTBOUND)
    assert len({ip for _, ip in (*inbound, *outbound)}) == 4
    for key, ip in (*inbound, *outbound):
        own = subnets[key].cidr
        # AWS keeps the first four addresses of a subnet and the last.
        assert own[4] <= ip < own[-1]
    if len(zones) > 1:
        assert len({key for key, _ in inbound}) == 2


def test_only_what_the_allow_list_says_talks_to_the_town_hall(aws_plan: Any) -> None:
    for stack in (STACK, SHARED):
        for network in aws_plan(stack).networks.values():
            roles = set(derive.town_hall_roles(network))
            assert "connect" in roles
            assert not roles & {"mynumber-data", "lgwan-data", "management", "egress"}


# --- own circuits ---


def test_own_circuits(run: Any, aws_plan: Any) -> None:
    plan = aws_plan(STACK)
    network = plan.networks["main"]
    found = run(lambda: layer(plan))
    (dx_gateway,) = of(found, "Gateway").values()
    (gateway,) = of(found, "TransitGateway").values()
    assert dx_gateway["amazonSideAsn"] == str(plan.lgwan.asn)
    assert int(gateway["amazonSideAsn"]) != plan.lgwan.asn
    assert gateway["defaultRouteTableAssociation"] == gateway["defaultRouteTablePropagation"] == "disable"

    (joined,) = of(found, "GatewayAssociation").values()
    assert joined["allowedPrefixes"] == [str(prefix) for prefix in plan.lgwan.advertised]

    interfaces = of(found, "TransitVirtualInterface")
    assert {i["connectionId"] for i in interfaces.values()} == {c.id for c in plan.lgwan.circuits.values()}
    assert not any("bgpAuthKey" in i for i in interfaces.values())
    assert len(of(found, "MetricAlarm")) == len(interfaces)

    # From the circuits: open to the planned blocks, closed to the rest, and nothing propagated.
    inside = {
        name: made.inputs
        for name, made in found.items()
        if made.type.endswith("transitGateway/route:Route")
        or made.type == "aws:ec2transitgateway/route:Route"
    }
    closed = [r["destinationCidrBlock"] for r in inside.values() if r.get("blackhole")]
    opened = {r["destinationCidrBlock"] for r in inside.values() if not r.get("blackhole")}
    assert closed == [str(network.cidr)]
    assert opened == {str(b) for blocks in lgwan.reachable_blocks(network).values() for b in blocks}
    assert {r["transitGatewayRouteTableId"] for r in inside.values()} == {"l-table-circuits-id"}
    (learnt,) = of(found, "RouteTablePropagation").values()
    assert learnt["transitGatewayRouteTableId"] == "l-table-main-id"

    # From the network: the planned ranges and nothing wider.
    (ranges,) = of(found, "ManagedPrefixList").values()
    assert [entry["cidr"] for entry in ranges["entries"]] == [str(r) for r in network.on_premises]
    routes = [m.inputs for m in found.values() if m.type == "aws:ec2/route:Route"]
    assert {r["routeTableId"] for r in routes} == {
        f"rtb-main-{role}" for role in derive.town_hall_roles(network)
    }
    assert all("destinationCidrBlock" not in r for r in routes)
    assert "0.0.0.0/0" not in json.dumps([m.inputs for m in found.values()], default=str)


def test_names_both_ways(run: Any, aws_plan: Any) -> None:
    plan = aws_plan(STACK)
    network = plan.networks["main"]
    found = run(lambda: layer(plan))
    endpoints = of(found, "ResolverEndpoint")
    assert {e["direction"] for e in endpoints.values()} == {"INBOUND", "OUTBOUND"}
    assert all(e["securityGroupIds"] == ["sg-main-resolver"] for e in endpoints.values())
    rules = of(found, "ResolverRule")
    assert {r["domainName"] for r in rules.values()} == set(network.dns.on_premises)
    assert len(of(found, "ResolverRuleAssociation")) == len(rules)


def test_circuits_on_order(run: Any, aws_plan: Any) -> None:
    plan = aws_plan(STACK)
    circuits = {key: replace(circuit, id=None) for key, circuit in plan.lgwan.circuits.items()}
    waiting = with_lgwan(plan, circuits=circuits, awaiting=tuple(circuits))
    built: list[lgwan.Lgwan] = []
    found = run(lambda: built.append(layer(waiting)))
    whole = run(lambda: layer(plan))
    missing = {whole[name].type.rsplit(":", 1)[1] for name in whole.keys() - found.keys()}
    assert missing == {"TransitVirtualInterface", "MetricAlarm"}
    assert built[0].gives.awaiting == tuple(circuits)


def test_networks_of_members_are_apart(run: Any, aws_plan: Any) -> None:
    plan = own(aws_plan(SHARED))
    assert len(plan.networks) > 1
    found = run(lambda: layer(plan))
    tables = {
        i["transitGatewayAttachmentId"]: i["transitGatewayRouteTableId"]
        for i in of(found, "RouteTableAssociation").values()
    }
    assert len(tables) == len(set(tables.values())) == len(plan.networks) + 1
    for key, network in plan.networks.items():
        (entries,) = [
            r["entries"] for n, r in of(found, "ManagedPrefixList").items() if n.endswith(f"-{key}")
        ]
        assert [e["cidr"] for e in entries] == [str(r) for r in network.on_premises]
        # A network's own table learns the circuits' routes and has none to another network.
        assert not any(
            made.inputs["transitGatewayRouteTableId"] == f"l-table-{key}-id"
            for made in found.values()
            if made.type == "aws:ec2transitgateway/route:Route"
        )


def own(plan: CloudPlan) -> CloudPlan:
    """`plan` with circuits of its own, whichever way it connects."""
    circuits = {"one": CircuitPlan("one", "EqTY2", "dxcon-ffe0a104", 1000, 101, 65001)}
    return with_lgwan(plan, mode="own", gateway=None, circuits=circuits, awaiting=())


# --- a hub ---


def test_a_hub_is_only_attached_to(run: Any, aws_plan: Any) -> None:
    plan = with_lgwan(aws_plan(STACK), mode="hub", gateway="tgw-0a1b2c3d4e5f60718", circuits={}, awaiting=())
    found = run(lambda: layer(plan))
    assert {made.type.rsplit(":", 1)[1] for made in found.values()} == {
        "Lgwan",
        "VpcAttachment",
        "ManagedPrefixList",
        "Route",
        "ResolverEndpoint",
        "ResolverRule",
        "ResolverRuleAssociation",
    }
    (attachment,) = of(found, "VpcAttachment").values()
    assert attachment["transitGatewayId"] == plan.lgwan.gateway
    # What the hub's owner decides is not ours to say.
    assert not any(name.startswith("transitGatewayDefault") for name in attachment)


@pytest.mark.parametrize("stack", [STACK, SHARED])
def test_a_hub_that_is_not_shared_yet(run: Any, aws_plan: Any, stack: str) -> None:
    plan = with_lgwan(aws_plan(stack), mode="hub", gateway=None, circuits={}, awaiting=("gateway",))
    built: list[lgwan.Lgwan] = []
    found = run(lambda: built.append(layer(plan)))
    assert built[0].gives.gateway is None
    assert built[0].gives.awaiting == ("gateway",)
    assert not any("ransit" in made.type or made.type == "aws:ec2/route:Route" for made in found.values())
    assert of(found, "ResolverEndpoint")


def test_the_typical_tenant_stays_small(run: Any, aws_plan: Any) -> None:
    assert len(run(lambda: layer(aws_plan(STACK)))) <= 25
