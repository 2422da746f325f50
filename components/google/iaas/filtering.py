"""The allow list of a network as firewall rules. Pure.

A firewall policy of the network closes it for everything, in both directions, and records what it
refuses. Before it, VPC rules let through what is planned: by network tag, the one thing by which both
servers and Cloud Run instances can be told apart (secure tags do not reach Cloud Run).

Some flows have no machine of ours on one side, and so no rule there: load balancers, Cloud DNS and
Private Service Connect endpoints are Google's. Who may enter a load balancer is its security policy's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from components.derive import runs, town_hall_roles
from components.google import facts
from stacks.addressing import Role, block, slot
from stacks.plan import Flow, NetworkPlan, PackagePlan

SSH, HTTPS = 22, 443


@dataclass(frozen=True, slots=True)
class Rule:
    """A VPC firewall rule. `tags` are the groups of this network that it holds for, `ranges` the other
    side: where connections come from (ingress) or go to (egress)."""

    key: str
    direction: Literal["INGRESS", "EGRESS"]
    tags: tuple[str, ...]
    ranges: tuple[IPv4Network, ...]
    protocol: str
    port: int
    reason: str


def regional_subnets(network: NetworkPlan) -> Mapping[Role, IPv4Network]:
    """The subnets: one a block, over all zones. `management` has none: its block holds the addresses of
    Google's own services, which must not lie in a subnet. `connect` gives half to the load balancers."""
    roles: tuple[Role, ...] = tuple(dict.fromkeys(subnet.role for subnet in network.subnets.values()))
    found: dict[Role, IPv4Network] = {
        role: block(network.cidr, role) for role in roles if role not in ("management", "connect")
    }
    first = slot(network.cidr, "connect", 2)
    return {**found, "connect": first.supernet(prefixlen_diff=1)}


def whole_blocks(network: NetworkPlan) -> Mapping[Role, IPv4Network]:
    """The subnets that the town hall may reach, by the allow list."""
    subnets = regional_subnets(network)
    return {role: subnets[role] for role in town_hall_roles(network)}


def proxy_subnet(network: NetworkPlan) -> IPv4Network:
    """The range of the load balancers' proxies: the first half of `connect`, /26 in the smallest tenant,
    which is the least that Google takes (Cloud Load Balancing documentation, "Proxy-only subnets")."""
    return slot(network.cidr, "connect", 0).supernet(prefixlen_diff=1)


def services_address(network: NetworkPlan) -> IPv4Address:
    """The address of Google's own services in this network, known before anything exists."""
    return block(network.cidr, "management")[5]


def rules(network: NetworkPlan, packages: tuple[PackagePlan, ...]) -> Iterator[Rule]:
    """The rules of `network`, from its flows, but for those to databases and files: these are let
    through to the one address that each gets, where it is made (`iaas.files`, `paas.databases`)."""
    served = {p.key: p for p in packages if p.delivery == "hosted"}
    clients = tuple(sorted(f"{key}-app" for key, p in served.items() if p.workloads))
    if clients:
        services = (IPv4Network(services_address(network)),)
        yield Rule("services", "EGRESS", clients, services, "tcp", HTTPS, "Workloads to Google's services")
    for flow in network.flows:
        yield from _rules_of(flow, network, served)
    servers = tuple(sorted(f"{key}-app" for key, p in served.items() if runs(p, "server")))
    if servers:
        tunnel = (IPv4Network(facts.IAP_TUNNEL),)
        yield Rule(
            "sessions", "INGRESS", servers, tunnel, "tcp", SSH, "Sessions of administrators through IAP"
        )


def _rules_of(flow: Flow, network: NetworkPlan, served: Mapping[str, PackagePlan]) -> Iterator[Rule]:
    if flow.source.kind != "group":
        return
    source = flow.source.key
    if flow.target.key == "internet-exception":
        anywhere = (IPv4Network("0.0.0.0/0"),)
        yield Rule(
            f"{source}-exception", "EGRESS", (source,), anywhere, flow.protocol, flow.port, flow.reason
        )
    if flow.target.kind == "ranges" and source.endswith("-app"):
        key = f"{source}-{flow.target.key}"
        yield Rule(key, "EGRESS", (source,), flow.target.ranges, flow.protocol, flow.port, flow.reason)
    if flow.target.kind != "group":
        return
    target = flow.target.key
    if source.endswith("-entry"):
        package = served[source.removesuffix("-entry")]
        exposed = package.exposed
        if exposed is not None and exposed.kind == "server":
            from_balancer = (proxy_subnet(network), *(IPv4Network(r) for r in facts.HEALTH_CHECKS))
            yield Rule(target, "INGRESS", (target,), from_balancer, flow.protocol, flow.port, flow.reason)
