"""The allow list as さくら filters it: rules of the router's interfaces, and packet filters of servers. Pure.

Two fences, since neither sees everything. The VPC router stands between segments and judges what enters by
each of its interfaces; inside a segment there is no router, so each server has a packet filter of its own,
which judges what reaches it. Both are written without memory: an answer is allowed by the port that it
comes from, so that the rules mean the same whether or not the filter keeps track of connections. Everything
else is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses
from typing import Literal

from components import derive
from components.sakura import facts
from stacks import hosts
from stacks.addressing import Role
from stacks.plan import Flow, NetworkPlan, PackagePlan, Peer

CHOSEN = "32768-65535"
"""Ports that our own servers choose: Linux takes 32768 to 60999 (ip_local_port_range)."""
EPHEMERAL = "1024-65535"
"""Ports that a client may have chosen (RFC 6056 §3.2: all but the well-known ones)."""
PROXY_PORT, DNS_PORT = 3128, 53
DESCRIBED = 512

Protocol = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """One line of the allow list with addresses: who may open connections to what.

    Roles say by which interface of the router each side is reached; the town hall is behind `connect`.
    """

    source_role: Role
    sources: tuple[IPv4Network, ...]
    target_role: Role
    targets: tuple[IPv4Network, ...]
    protocol: Protocol
    port: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a filter. No network means any, no port means any."""

    protocol: Literal["tcp", "udp", "icmp", "ip"]
    allow: bool
    description: str
    source: IPv4Network | None = None
    source_port: str = ""
    destination: IPv4Network | None = None
    destination_port: str = ""


DENY = Rule("ip", allow=False, description="Everything else")


def gateway(network: NetworkPlan) -> IPv4Network:
    """The service endpoint gateway."""
    return IPv4Network(hosts.own(network.cidr, "management", hosts.GATEWAY))


def proxy(network: NetworkPlan) -> IPv4Network:
    """The proxy that lets approved hosts through."""
    return IPv4Network(hosts.own(network.cidr, "egress", hosts.PROXY))


def name_servers(network: NetworkPlan) -> tuple[IPv4Network, ...]:
    """The tenant's name servers."""
    return _addresses(network, "connect", hosts.NAME_SERVERS)


def balancers(network: NetworkPlan, role: Role) -> tuple[IPv4Network, ...]:
    """Where the load balancer of `role` asks after the health of servers from."""
    return _addresses(network, role, hosts.BALANCER_PAIR)


def _addresses(network: NetworkPlan, role: Role, numbers: Iterable[int]) -> tuple[IPv4Network, ...]:
    return tuple(collapse_addresses(IPv4Network(hosts.own(network.cidr, role, n)) for n in numbers))


# --- the allow list with addresses ----------------------------------------------------------------


def crossings(network: NetworkPlan) -> tuple[Crossing, ...]:
    """The allow list, and what name resolution needs on this cloud."""
    return tuple(dict.fromkeys((*(_crossing(network, flow) for flow in network.flows), *_names(network))))


def _crossing(network: NetworkPlan, flow: Flow) -> Crossing:
    source_role, sources = _side(network, flow.source)
    target_role, targets = _side(network, flow.target)
    exception = flow.target.key == "internet-exception"
    port = PROXY_PORT if exception else flow.port
    return Crossing(source_role, sources, target_role, targets, flow.protocol, port, flow.reason)


def _side(network: NetworkPlan, peer: Peer) -> tuple[Role, tuple[IPv4Network, ...]]:
    if peer.kind == "ranges":
        return "connect", peer.ranges
    if peer.key == "internet-exception":
        return "egress", (proxy(network),)
    if peer.kind == "service" or peer.key == "endpoints":
        return "management", (gateway(network),)
    if peer.key == "resolver":
        return "connect", name_servers(network)
    role = network.groups[peer.key].role
    return role, (hosts.segment(network.cidr, role),)


def _names(network: NetworkPlan) -> Iterator[Crossing]:
    """Servers ask the name servers; those ask the gateway for the cloud's own names."""
    servers, reason = name_servers(network), "Names"
    for protocol in ("tcp", "udp"):
        for role in facts.roles_in_use(network):
            if role.endswith("-app") or role == "egress":
                inside = (hosts.segment(network.cidr, role),)
                yield Crossing(role, inside, "connect", servers, protocol, DNS_PORT, reason)
        yield Crossing(
            "connect", servers, "management", (gateway(network),), protocol, DNS_PORT, "Names of the cloud"
        )


# --- the router -------------------------------------------------------------------------------------


def entering(network: NetworkPlan, role: Role) -> tuple[Rule, ...]:
    """What may enter the router by the interface of `role`, in order; the last rule denies the rest."""
    rules: dict[Rule, None] = {}
    for crossing in crossings(network):
        if crossing.source_role == crossing.target_role:
            continue
        if crossing.source_role == role:
            rules.update(dict.fromkeys(_there(crossing)))
        if crossing.target_role == role:
            rules.update(dict.fromkeys(_back(crossing)))
    if role == "egress":
        rules[
            Rule(
                "tcp",
                allow=True,
                description="Approved destinations",
                source=proxy(network),
                destination_port="443",
            )
        ] = None
    return (*rules, DENY)


def from_internet(network: NetworkPlan) -> tuple[Rule, ...]:
    """What may enter by the public interface: nothing but answers to the proxy, and those only with an
    exception."""
    if not network.egress:
        return (DENY,)
    answers = Rule("tcp", allow=True, description="Answers", source_port="443", destination_port=CHOSEN)
    return (answers, DENY)


def to_internet(network: NetworkPlan) -> tuple[Rule, ...]:
    """What may leave by the public interface: nothing, or HTTPS with an exception."""
    if not network.egress:
        return (DENY,)
    return (Rule("tcp", allow=True, description="Approved destinations", destination_port="443"), DENY)


def _there(crossing: Crossing) -> Iterator[Rule]:
    for source in crossing.sources:
        for target in crossing.targets:
            yield Rule(
                crossing.protocol,
                allow=True,
                description=crossing.reason[:DESCRIBED],
                source=source,
                destination=target,
                destination_port=str(crossing.port),
            )


def _back(crossing: Crossing) -> Iterator[Rule]:
    for source in crossing.sources:
        for target in crossing.targets:
            yield Rule(
                crossing.protocol,
                allow=True,
                description=f"Answers: {crossing.reason}"[:DESCRIBED],
                source=target,
                source_port=str(crossing.port),
                destination=source,
                destination_port=EPHEMERAL,
            )


# --- servers ------------------------------------------------------------------------------------------


def package_filter(network: NetworkPlan, package: PackagePlan) -> tuple[Rule, ...]:
    """What may reach the servers of `package`."""
    role = derive.app_role(package)
    app = f"{package.key}-app"
    rules: list[Rule] = []
    for flow in (*network.into(f"{package.key}-entry"), *network.into(app)):
        # The balancer hands the terminals' own packets on, and asks after health from its own addresses.
        entry = flow.source.key == f"{package.key}-entry"
        sources = balancers(network, role) if entry else _side(network, flow.source)[1]
        rules += _reaching(flow.protocol, sources, flow.port, flow.reason)
    for flow in network.out_of(app):
        crossing = _crossing(network, flow)
        rules += _answering(crossing.protocol, crossing.targets, crossing.port, crossing.reason)
    return _closed(network, rules)


def name_filter(network: NetworkPlan) -> tuple[Rule, ...]:
    """What may reach the name servers."""
    rules: list[Rule] = []
    for protocol in ("tcp", "udp"):
        for crossing in crossings(network):
            if crossing.protocol == protocol and crossing.targets == name_servers(network):
                rules += _reaching(protocol, crossing.sources, DNS_PORT, crossing.reason)
        rules += _answering(protocol, (gateway(network),), DNS_PORT, "Names of the cloud")
        asked = {IPv4Network(ip) for servers in network.dns.on_premises.values() for ip in servers}
        rules += _answering(
            protocol, tuple(collapse_addresses(sorted(asked))), DNS_PORT, "Names of the town hall"
        )
    return (*dict.fromkeys(rules), *_closing(network))


def proxy_filter(network: NetworkPlan) -> tuple[Rule, ...]:
    """What may reach the proxy."""
    rules: list[Rule] = []
    for crossing in crossings(network):
        if crossing.port == PROXY_PORT:
            rules += _reaching("tcp", crossing.sources, PROXY_PORT, crossing.reason)
    rules.append(Rule("tcp", allow=True, description="Answers", source_port="443", destination_port=CHOSEN))
    return _closed(network, rules)


def _reaching(protocol: Protocol, sources: Iterable[IPv4Network], port: int, reason: str) -> list[Rule]:
    return [
        Rule(protocol, allow=True, description=reason, source=s, destination_port=str(port)) for s in sources
    ]


def _answering(protocol: Protocol, sources: Iterable[IPv4Network], port: int, reason: str) -> list[Rule]:
    return [
        Rule(
            protocol,
            allow=True,
            description=f"Answers: {reason}",
            source=source,
            source_port=str(port),
            destination_port=CHOSEN,
        )
        for source in sources
    ]


def _closed(network: NetworkPlan, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """`rules` with answers of the name servers, errors of the network itself, and nothing else."""
    answers = [r for p in ("tcp", "udp") for r in _answering(p, name_servers(network), DNS_PORT, "Names")]
    return (*dict.fromkeys((*rules, *answers)), *_closing(network))


def _closing(network: NetworkPlan) -> tuple[Rule, ...]:
    icmp = Rule("icmp", allow=True, description="Path MTU and unreachable hosts", source=network.cidr)
    return icmp, DENY
