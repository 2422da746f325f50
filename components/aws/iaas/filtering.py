"""The allow list as AWS writes it: rules of security groups and of network ACLs. Pure functions.

Security groups are the exact rule: one line of the plan, one rule. Network ACLs are the coarse
second line that holds when a group is misused: they say which block of the network may talk to
which, and they are stateless, so each flow also needs its answers. AWS takes 20 rules a direction,
the last one being its own "deny all" (VPC user guide, quotas), so ranges and ports are widened
where there are too many; never towards another block of the same network, which is denied first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from ipaddress import IPv4Network, collapse_addresses
from itertools import pairwise
from typing import Literal

from components.aws.facts import description
from components.derive import beyond
from stacks.addressing import Role
from stacks.plan import Flow, NetworkPlan

ANYWHERE = IPv4Network("0.0.0.0/0")
"""In an ACL: addresses that no route of the network leads to, except the S3 gateway endpoint's."""

EPHEMERAL = (1024, 65535)
"""Ports that clients of every kind (load balancers and NAT too) are answered on (VPC user guide)."""
EPHEMERAL_LINUX = (32768, 65535)
"""Ports that Linux and Windows workloads are answered on: without SSH (22) and RDP (3389)."""

ACL_LIMIT = 19
"""Rules of our own in one direction of an ACL."""
TOWN_HALL_RANGES = 3
"""Most ranges that the town hall is written as in an ACL; with two port spans each, ACL_LIMIT holds."""
PORT_SPANS = 2
"""Most port spans towards one block."""

GROUP_LIMIT = 60
"""Rules that a security group takes in one direction, each range counted (VPC user guide, quotas)."""
GROUP_RANGES = 28
"""Most ranges that the town hall is written as in a group: name resolution has two rules for each."""

Direction = Literal["ingress", "egress"]
Span = tuple[int, int]
Action = Literal["allow", "deny"]
_Open = tuple[str, IPv4Network, int, int]
_Rule = tuple[Action, str, IPv4Network, int, int]


# --- security groups ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of a security group. The peer is a group by key, ranges, or a service's prefix list."""

    direction: Direction
    protocol: str
    port: int
    description: str
    group: str | None = None
    ranges: tuple[IPv4Network, ...] = ()
    service: str | None = None


def group_rules(network: NetworkPlan, group: str) -> tuple[GroupRule, ...]:
    """The rules of `group`: who may enter, by group where it is one of ours; where it may go, by range.

    Egress by range and not by group, so that groups refer to each other in one direction only. The
    town hall's ranges are as planned up to GROUP_RANGES; more are widened, which opens nothing: only
    the planned ranges have a route back.
    """
    rules: dict[tuple[object, ...], GroupRule] = {}
    for flow in network.into(group):
        peer = flow.source
        rule = GroupRule(
            "ingress",
            flow.protocol,
            flow.port,
            description(flow.reason),
            group=peer.key if peer.kind == "group" else None,
            ranges=widen(peer.ranges, GROUP_RANGES, network.cidr) if peer.kind == "ranges" else (),
        )
        rules.setdefault(("ingress", flow.protocol, flow.port, peer.kind, peer.key), rule)
    for flow in network.out_of(group):
        peer = flow.target
        rule = GroupRule(
            "egress",
            flow.protocol,
            flow.port,
            description(flow.reason),
            ranges=widen(peer.ranges, GROUP_RANGES, network.cidr) if peer.kind == "ranges" else peer.ranges,
            service=peer.key if peer.kind == "service" else None,
        )
        where = peer.ranges or peer.key
        rules.setdefault(("egress", flow.protocol, flow.port, where), rule)
    return tuple(rules.values())


def group_order(network: NetworkPlan) -> tuple[str, ...]:
    """The groups, each after those that its ingress refers to.

    Raises graphlib.CycleError if groups refer to each other in a ring.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for key in network.groups:
        sources = {flow.source.key for flow in network.into(key) if flow.source.kind == "group"}
        sorter.add(key, *sorted(sources - {key}))
    return tuple(sorter.static_order())


# --- network ACLs -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AclRule:
    """One rule of a network ACL. `protocol` is AWS's: `tcp`, `udp`, `icmp` or `-1` (all)."""

    number: int
    action: Action
    protocol: str
    cidr: IPv4Network
    low: int
    high: int
    icmp: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Acl:
    """Both directions of a network ACL."""

    ingress: tuple[AclRule, ...]
    egress: tuple[AclRule, ...]


def acl(network: NetworkPlan, role: Role) -> Acl:
    """The ACL of the subnets of `role`."""
    if role == "connect":
        return _transit_acl(network)
    inside: dict[Direction, list[_Open]] = {"ingress": [], "egress": []}
    outside: dict[Direction, list[_Open]] = {"ingress": [], "egress": []}
    for peer, flows in _by_peer(network, role).items():
        for direction, spans in flows.items():
            (outside if peer == "town-hall" else inside)[direction].extend(_towards(network, peer, spans))
    if any(_leaves_to_service(network, flow, role) for flow in network.flows):
        outside["ingress"].append(("tcp", ANYWHERE, *EPHEMERAL_LINUX))
        outside["egress"].append(("tcp", ANYWHERE, 443, 443))
    return Acl(
        _numbered(_closing(network, inside["ingress"], outside["ingress"]), path_mtu=True),
        _numbered(_closing(network, inside["egress"], outside["egress"])),
    )


def _closing(network: NetworkPlan, inside: Sequence[_Open], outside: Sequence[_Open]) -> list[_Rule]:
    """Openings within the network, then "nothing else within the network", then openings beyond it.

    In this order a widened range that happens to cover the network opens nothing in it.
    """
    return [
        *(("allow", *o) for o in inside),
        ("deny", "-1", network.cidr, 0, 0),
        *(("allow", *o) for o in outside),
    ]


def _transit_acl(network: NetworkPlan) -> Acl:
    """The subnets of the gateway's attachments: all of the network and all of the town hall, no more.

    AWS asks for no finer rule there, because what passes through is judged where it arrives
    (Transit Gateway guide, "Network ACLs for transit gateways").
    """
    ends = [network.cidr, *widen(beyond(network), ACL_LIMIT - 1)]
    rules = _numbered([("allow", "-1", cidr, 0, 0) for cidr in ends])
    return Acl(rules, rules)


def egress_acl(network: NetworkPlan, callers: Sequence[IPv4Network]) -> Acl:
    """The subnets of firewall and NAT: HTTPS out for `callers` (ranges of workloads), answers back."""
    inside = list(collapse_addresses(callers))
    return Acl(
        _numbered(
            _closing(network, [("tcp", c, 443, 443) for c in inside], [("tcp", ANYWHERE, *EPHEMERAL)]),
            path_mtu=True,
        ),
        _numbered(_closing(network, [("tcp", c, *EPHEMERAL) for c in inside], [("tcp", ANYWHERE, 443, 443)])),
    )


def _numbered(rules: Sequence[_Rule], *, path_mtu: bool = False) -> tuple[AclRule, ...]:
    """The rules with their numbers, ten apart; first, if `path_mtu`, the one for path MTU discovery.

    "Fragmentation needed" (ICMP type 3, code 4) may come from any router on the way; without it the
    discovery fails silently over a circuit whose MTU is smaller.
    """
    first = [AclRule(90, "allow", "icmp", ANYWHERE, 0, 0, (3, 4))] if path_mtu else []
    made = [AclRule(100 + 10 * place, *rule) for place, rule in enumerate(rules)]
    return (*first, *made)


_Peer = Role | Literal["town-hall"]
_Spans = list[tuple[str, Span]]


def _by_peer(network: NetworkPlan, role: Role) -> Mapping[_Peer, Mapping[Direction, _Spans]]:
    """What `role` opens towards each block of the network, and towards the town hall."""
    found: dict[_Peer, dict[Direction, _Spans]] = {}

    def add(peer: _Peer | None, direction: Direction, protocol: str, span: Span) -> None:
        if peer is not None:
            sides = found.setdefault(peer, {"ingress": [], "egress": []})
            sides[direction].append((protocol, span))

    for flow in network.flows:
        source, target = _place(network, flow, "source"), _place(network, flow, "target")
        port = (flow.port, flow.port)
        if target == role:
            add(source, "ingress", flow.protocol, port)
            add(source, "egress", flow.protocol, EPHEMERAL)
        if source == role:
            add(target, "egress", flow.protocol, port)
            add(target, "ingress", flow.protocol, EPHEMERAL)
    return found


def _place(network: NetworkPlan, flow: Flow, end: Literal["source", "target"]) -> _Peer | None:
    """The block that one end of `flow` lies in; None for a service of the cloud."""
    peer = flow.source if end == "source" else flow.target
    if peer.kind == "group":
        return network.groups[peer.key].role
    return "town-hall" if peer.kind == "ranges" else None


def _leaves_to_service(network: NetworkPlan, flow: Flow, role: Role) -> bool:
    return flow.target.kind == "service" and _place(network, flow, "source") == role


def _towards(network: NetworkPlan, peer: _Peer, spans: _Spans) -> Iterable[_Open]:
    """The openings towards one peer: its ranges, by protocol, in few port spans."""
    ranges = (
        widen(beyond(network), TOWN_HALL_RANGES)
        if peer == "town-hall"
        else tuple(collapse_addresses(s.cidr for s in network.of_role(peer)))
    )
    for protocol in sorted({protocol for protocol, _ in spans}):
        for low, high in join([span for p, span in spans if p == protocol], PORT_SPANS):
            for cidr in ranges:
                yield protocol, cidr, low, high


def join(spans: Iterable[Span], most: int) -> tuple[Span, ...]:
    """The spans merged where they meet, and then where the gap is smallest until `most` are left.

    Raises ValueError if `most` is below one.
    """
    if most < 1:
        raise ValueError("at least one span must be left")
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    while len(merged) > most:
        at = min(range(len(merged) - 1), key=lambda i: merged[i + 1][0] - merged[i][1])
        merged[at : at + 2] = [(merged[at][0], merged[at + 1][1])]
    return tuple(merged)


def widen(
    ranges: Iterable[IPv4Network], most: int, avoid: IPv4Network | None = None
) -> tuple[IPv4Network, ...]:
    """At most `most` prefixes that cover all `ranges`, widened as little as possible at each step.

    Nothing is widened over `avoid`; where that leaves no other way, more than `most` remain, and AWS
    refuses them. Raises ValueError if `most` is below one.
    """
    if most < 1:
        raise ValueError("at least one range must be left")
    found = list(collapse_addresses(ranges))
    while len(found) > most:
        wider = [common(a, b) for a, b in pairwise(found)]
        allowed = [w for w in wider if avoid is None or not w.overlaps(avoid)]
        if not allowed:
            break
        chosen = max(allowed, key=lambda network: network.prefixlen)
        found = list(collapse_addresses([chosen, *(n for n in found if not n.subnet_of(chosen))]))
    return tuple(found)


def common(first: IPv4Network, second: IPv4Network) -> IPv4Network:
    """The smallest prefix that covers both."""
    wider = first
    while not second.subnet_of(wider):
        wider = wider.supernet()
    return wider
