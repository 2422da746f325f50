"""The allow list as rules: whatever the plan allows passes, whatever crosses a segment does not.

The oracle is a packet: an ACL is evaluated rule by rule, as AWS does, and compared with the plan.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from itertools import pairwise
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.aws.iaas import filtering
from components.aws.iaas.filtering import Acl, AclRule, Span
from stacks import addressing
from stacks.addressing import Role
from stacks.plan import DnsPlan, Flow, GroupPlan, NetworkPlan, Peer, SubnetPlan

SPACE = IPv4Network("10.64.0.0/20")
ROLES: tuple[Role, ...] = (
    "mynumber-app",
    "mynumber-data",
    "lgwan-app",
    "lgwan-data",
    "management",
    "connect",
)
ZONES = ("a", "c", "d", "e")

ports = st.sampled_from((80, 443, 1521, 2049, 3306, 5432, 8080, 8443))
slots = st.sets(st.integers(0, 3), min_size=1, max_size=4)
# Ranges of town halls: anywhere private but in the tenant's own range.
ranges = st.builds(
    lambda high, low, prefix: IPv4Network((f"172.{16 + high % 16}.{low}.0", prefix), strict=False),
    st.integers(0, 15),
    st.integers(0, 255),
    st.sampled_from((16, 20, 24)),
)


@st.composite
def networks(draw: st.DrawFn) -> NetworkPlan:
    """A network as `stacks.planning` makes them, with one or two packages a segment."""
    used = sorted(draw(slots))
    subnets = {
        f"{role}-{i}": SubnetPlan(f"{role}-{i}", role, i, ZONES[i], addressing.slot(SPACE, role, i))
        for role in ROLES
        for i in used
    }
    on_premises = tuple(collapse_addresses(draw(st.lists(ranges, min_size=1, max_size=40))))
    groups: dict[str, GroupPlan] = {
        "endpoints": GroupPlan("endpoints", "management", "e"),
        "resolver": GroupPlan("resolver", "connect", "r"),
    }
    flows: list[Flow] = []

    def peer(key: str) -> Peer:
        role = groups[key].role
        return Peer("group", key, tuple(s.cidr for s in subnets.values() if s.role == role))

    hall = Peer("ranges", "on-premises", on_premises)
    flows += [Flow(hall, peer("resolver"), p, 53, "names") for p in ("tcp", "udp")]
    for segment in ("mynumber", "lgwan"):
        for number in range(draw(st.integers(0, 2))):
            key = f"{segment[0]}{number}"
            groups[f"{key}-entry"] = GroupPlan(f"{key}-entry", f"{segment}-app", "entry")  # type: ignore[arg-type]
            groups[f"{key}-app"] = GroupPlan(f"{key}-app", f"{segment}-app", "app")  # type: ignore[arg-type]
            groups[f"{key}-data"] = GroupPlan(f"{key}-data", f"{segment}-data", "data")  # type: ignore[arg-type]
            app = peer(f"{key}-app")
            flows += [
                Flow(hall, peer(f"{key}-entry"), "tcp", draw(ports), "in"),
                Flow(peer(f"{key}-entry"), app, "tcp", draw(ports), "balance"),
                Flow(app, peer(f"{key}-data"), "tcp", draw(ports), "store"),
                Flow(app, peer("endpoints"), "tcp", 443, "services"),
                Flow(app, Peer("service", "object-storage"), "tcp", 443, "objects"),
            ]
    return NetworkPlan(
        key="main",
        cidr=SPACE,
        on_premises=on_premises,
        subnets=MappingProxyType(subnets),
        groups=MappingProxyType(groups),
        flows=tuple(flows),
        egress=(),
        dns=DnsPlan("example.internal", {}),
    )


def passes(rules: tuple[AclRule, ...], protocol: str, remote: IPv4Address, port: int) -> bool:
    """What AWS does: the first rule that matches, by number; none means no."""
    for rule in sorted(rules, key=lambda r: r.number):
        matches = rule.protocol == "-1" or (rule.protocol == protocol and rule.low <= port <= rule.high)
        if matches and remote in rule.cidr:
            return rule.action == "allow"
    return False


def role_of(network: NetworkPlan, peer: Peer) -> Role | None:
    return network.groups[peer.key].role if peer.kind == "group" else None


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(49152, 60999))
def test_every_flow_of_the_plan_passes_both_ways(network: NetworkPlan, answer: int) -> None:
    for flow in network.flows:
        if flow.target.kind == "service":
            continue
        for source in flow.source.ranges:
            for target in flow.target.ranges:
                if role := role_of(network, flow.source):
                    acl = filtering.acl(network, role)
                    assert passes(acl.egress, flow.protocol, target[1], flow.port)
                    assert passes(acl.ingress, flow.protocol, target[1], answer)
                if role := role_of(network, flow.target):
                    acl = filtering.acl(network, role)
                    assert passes(acl.ingress, flow.protocol, source[1], flow.port)
                    assert passes(acl.egress, flow.protocol, source[1], answer)


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 65535), st.sampled_from(("tcp", "udp")))
def test_nothing_passes_between_the_segments(network: NetworkPlan, port: int, protocol: str) -> None:
    for role in ("mynumber-app", "mynumber-data", "lgwan-app", "lgwan-data"):
        acl = filtering.acl(network, role)  # type: ignore[arg-type]
        other = "lgwan" if role.startswith("mynumber") else "mynumber"
        for part in ("app", "data"):
            remote = addressing.block(SPACE, f"{other}-{part}")[5]  # type: ignore[arg-type]
            assert not passes(acl.ingress, protocol, remote, port)
            assert not passes(acl.egress, protocol, remote, port)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_data_is_reached_by_its_own_segment_only(network: NetworkPlan) -> None:
    for role in ("mynumber-data", "lgwan-data"):
        acl = filtering.acl(network, role)  # type: ignore[arg-type]
        for remote in (network.on_premises[0][1], IPv4Address("52.219.0.1")):
            assert not any(passes(acl.ingress, "tcp", remote, p) for p in (22, 443, 3389, 5432, 50000))
            assert not any(passes(acl.egress, "tcp", remote, p) for p in (443, 50000))


@settings(max_examples=60, deadline=None)
@given(networks())
def test_an_acl_fits_what_aws_takes_and_never_opens_ssh_or_rdp_to_all(network: NetworkPlan) -> None:
    public = IPv4Address("198.51.100.7")
    for role in ROLES:
        acl = filtering.acl(network, role)
        for rules in (acl.ingress, acl.egress):
            assert len(rules) <= filtering.ACL_LIMIT
            assert len({rule.number for rule in rules}) == len(rules)
        assert not passes(acl.ingress, "tcp", public, 22)
        assert not passes(acl.ingress, "tcp", public, 3389)


@given(networks())
@settings(max_examples=60, deadline=None)
def test_groups_come_after_those_they_refer_to_and_lose_no_flow(network: NetworkPlan) -> None:
    order = filtering.group_order(network)
    assert sorted(order) == sorted(network.groups)
    for key in order:
        rules = filtering.group_rules(network, key)
        for rule in rules:
            if rule.group:
                assert order.index(rule.group) < order.index(key)
        wanted = {(f.protocol, f.port, f.source.key) for f in network.into(key)}
        assert len([r for r in rules if r.direction == "ingress"]) == len(wanted)
        for flow in network.out_of(key):
            assert any(
                r.direction == "egress"
                and (r.protocol, r.port) == (flow.protocol, flow.port)
                and (
                    r.service == flow.target.key
                    or all(any(n.subnet_of(w) for w in r.ranges) for n in flow.target.ranges)
                )
                for r in rules
            )
        for direction in ("ingress", "egress"):
            opened = [max(1, len(r.ranges)) for r in rules if r.direction == direction]
            assert sum(opened) <= filtering.GROUP_LIMIT


@given(networks())
@settings(max_examples=40, deadline=None)
def test_the_town_hall_is_exact_in_groups_up_to_the_quota(network: NetworkPlan) -> None:
    rules = filtering.group_rules(network, "resolver")
    exact = len(network.on_premises) <= filtering.GROUP_RANGES
    assert all((rule.ranges == network.on_premises) is exact for rule in rules)


spans = st.lists(
    st.tuples(st.integers(1, 65535), st.integers(0, 2000)).map(lambda s: (s[0], min(65535, s[0] + s[1]))),
    min_size=1,
    max_size=12,
)


@given(spans, st.integers(1, 4))
def test_joined_spans_are_few_apart_and_cover_all(found: list[Span], most: int) -> None:
    joined = filtering.join(found, most)
    assert len(joined) <= most
    assert all(any(low <= a and b <= high for low, high in joined) for a, b in found)
    assert all(first[1] + 1 < second[0] for first, second in pairwise(joined))


@given(st.lists(ranges, min_size=1, max_size=30), st.integers(1, 5))
def test_widened_ranges_are_few_disjoint_and_cover_all(found: list[IPv4Network], most: int) -> None:
    wide = filtering.widen(found, most)
    assert len(wide) <= most
    assert all(any(n.subnet_of(w) for w in wide) for n in found)
    assert all(not a.overlaps(b) for i, a in enumerate(wide) for b in wide[i + 1 :])
    if len(list(collapse_addresses(found))) <= most:
        assert wide == tuple(collapse_addresses(found))


def test_nothing_is_widened_over_what_is_to_be_avoided() -> None:
    found = [IPv4Network(n) for n in ("10.65.0.0/24", "10.127.0.0/24", "172.16.0.0/24", "172.17.0.0/24")]
    wide = filtering.widen(found, 2, SPACE)
    assert wide == (found[0], found[1], IPv4Network("172.16.0.0/15"))
    assert len(filtering.widen(found, 2)) == 2


def test_a_widened_range_over_the_network_opens_nothing_in_it() -> None:
    """10.65.0.0/24 and 10.127.0.0/24 become 10.64.0.0/10, in which the network itself lies."""
    network = _one_package(
        tuple(IPv4Network(n) for n in ("10.65.0.0/24", "10.127.0.0/24", "172.16.0.0/24", "192.168.0.0/24"))
    )
    assert any(SPACE.subnet_of(w) for w in filtering.widen(network.on_premises, filtering.TOWN_HALL_RANGES))
    acl = filtering.acl(network, "mynumber-app")
    assert not passes(acl.ingress, "tcp", addressing.block(SPACE, "lgwan-app")[5], 443)
    assert passes(acl.ingress, "tcp", IPv4Address("10.127.0.9"), 443)


def _one_package(on_premises: tuple[IPv4Network, ...]) -> NetworkPlan:
    subnet = SubnetPlan("mynumber-app-0", "mynumber-app", 0, "a", addressing.slot(SPACE, "mynumber-app", 0))
    entry = Peer("group", "p-entry", (subnet.cidr,))
    return NetworkPlan(
        key="main",
        cidr=SPACE,
        on_premises=on_premises,
        subnets=MappingProxyType({subnet.key: subnet}),
        groups=MappingProxyType({"p-entry": GroupPlan("p-entry", "mynumber-app", "entry")}),
        flows=(Flow(Peer("ranges", "on-premises", on_premises), entry, "tcp", 443, "in"),),
        egress=(),
        dns=DnsPlan("example.internal", {}),
    )


def test_egress_acl_lets_workloads_out_by_https_and_answers_in() -> None:
    network = _one_package((IPv4Network("172.16.0.0/16"),))
    callers = [addressing.slot(SPACE, "mynumber-app", 0)]
    acl: Acl = filtering.egress_acl(network, callers)
    public, caller = IPv4Address("203.0.113.9"), callers[0][9]
    assert passes(acl.ingress, "tcp", caller, 443)
    assert passes(acl.egress, "tcp", public, 443)
    assert passes(acl.ingress, "tcp", public, 40000)
    assert not passes(acl.egress, "tcp", public, 80)
    assert not passes(acl.ingress, "tcp", addressing.block(SPACE, "lgwan-app")[5], 443)


@pytest.mark.parametrize("call", [lambda: filtering.join([(1, 2)], 0), lambda: filtering.widen([SPACE], 0)])
def test_room_for_none_is_refused(call: object) -> None:
    with pytest.raises(ValueError, match="at least one"):
        call()  # type: ignore[operator]
