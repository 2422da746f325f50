"""Security groups and routes of each subnet, from the plan's allow list. Pure.

A rule here is a whole line of a network security group. What the plan does not allow, and the services
in a subnet do not need of Azure itself, is denied in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Literal

from components.azure.iaas.subnets import Purpose, Subnet, homes, key_of
from stacks.plan import CloudPlan, Flow, NetworkPlan, Peer

ANY = "*"
FIRST, STEP, LAST = 100, 10, 4096
"""Priorities of the rules: Azure takes 100 to 4,096, and the last denies everything."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a security group. Prefixes are ranges, one service tag, or `*`."""

    name: str
    direction: Literal["Inbound", "Outbound"]
    access: Literal["Allow", "Deny"]
    protocol: str
    source: tuple[str, ...]
    target: tuple[str, ...]
    ports: tuple[str, ...]
    description: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Need:
    """What a service must reach (or be reached by) of Azure itself: a service tag and its ports."""

    direction: Literal["Inbound", "Outbound"]
    tag: str
    ports: tuple[str, ...]
    why: str


_ENTRA = Need("Outbound", "AzureActiveDirectory", ("443",), "Sign-in of identities")

NEEDS: Mapping[Purpose, tuple[Need, ...]] = {
    "servers": (Need("Inbound", "AzureLoadBalancer", (ANY,), "Health probes"),),
    "containers": (
        Need("Inbound", "AzureLoadBalancer", ("30000-32767",), "Health probes"),
        Need("Outbound", "MicrosoftContainerRegistry", ("443",), "System images"),
        Need("Outbound", "AzureFrontDoor.FirstParty", ("443",), "System images"),
        _ENTRA,
        Need("Outbound", "AzureMonitor", ("443",), "Logs of the platform"),
    ),
    "postgresql": (_ENTRA, Need("Outbound", "Storage", ("443",), "Archive of the log")),
    "mysql": (_ENTRA, Need("Outbound", "Storage", ("443",), "Archive of the log")),
}
"""From each service's own documentation: Container Apps "Securing a virtual network with an NSG", flexible
servers "Virtual network concepts"."""

WITHIN: frozenset[Purpose] = frozenset({"containers", "postgresql", "mysql"})
"""Services whose own parts talk to each other inside their subnet."""


def rules(plan: CloudPlan, network: NetworkPlan, subnets: Mapping[str, Subnet], key: str) -> tuple[Rule, ...]:
    """The lines of the security group of the subnet `key`, in order."""
    found: list[Rule] = []
    seen: set[tuple[object, ...]] = set()
    for rule in (*_planned(plan, network, subnets, key), *_needed(subnets[key]), *_closed()):
        what = (rule.direction, rule.access, rule.protocol, rule.source, rule.target, rule.ports)
        if what in seen:
            continue
        seen.add(what)
        last = rule.access == "Deny"
        priority = LAST if last else FIRST + STEP * len(found)
        found.append(_numbered(rule, priority))
    return tuple(found)


def _numbered(rule: Rule, priority: int) -> Rule:
    return replace(rule, priority=priority)


def _planned(
    plan: CloudPlan, network: NetworkPlan, subnets: Mapping[str, Subnet], key: str
) -> Iterator[Rule]:
    lives = homes(plan, network)
    for flow in network.flows:
        for direction, mine in (("Inbound", flow.target), ("Outbound", flow.source)):
            if mine.kind != "group" or key not in lives[mine.key]:
                continue
            # Which of the resolver's two subnets: names are asked of one and by the other.
            if mine.key == "resolver" and key != key_of(
                "connect", "inbound" if direction == "Inbound" else "outbound"
            ):
                continue
            target = _prefixes(subnets, lives, flow.target, flow)
            for number, caller in enumerate(_callers(plan, network, flow)):
                named = _name(caller if number else flow.source)
                yield Rule(
                    name=f"{direction[:-5].lower()}-{named}-{_name(flow.target)}-{flow.protocol}"[:80],
                    direction=direction,  # type: ignore[arg-type]
                    access="Allow",
                    protocol=flow.protocol.capitalize(),
                    source=_prefixes(subnets, lives, caller, flow),
                    target=target,
                    ports=(str(flow.port),),
                    description=flow.reason[:140],
                )


def _callers(plan: CloudPlan, network: NetworkPlan, flow: Flow) -> tuple[Peer, ...]:
    """Whom a subnet sees as the callers: a load balancer for servers passes the caller's own address on."""
    package = flow.source.key.removesuffix("-entry")
    if flow.source.kind != "group" or package == flow.source.key:
        return (flow.source,)
    exposed = plan.packages[package].exposed
    if exposed is None or exposed.kind != "server":
        return (flow.source,)
    return tuple(f.source for f in network.into(flow.source.key)) or (flow.source,)


def _prefixes(
    subnets: Mapping[str, Subnet],
    lives: Mapping[str, tuple[str, ...]],
    peer: Peer,
    flow: Flow,
) -> tuple[str, ...]:
    if peer.kind == "ranges":
        return tuple(str(cidr) for cidr in peer.ranges)
    if peer.kind == "service":
        if peer.key == "internet-exception":
            return ("Internet",)
        # Storage is reached by its private endpoints.
        return (str(subnets[key_of("management", "endpoints")].cidr),)
    keys = lives[peer.key]
    if peer.key == "resolver":
        keys = (key_of("connect", "inbound" if flow.target is peer else "outbound"),)
    return tuple(str(subnets[key].cidr) for key in keys if key in subnets)


def _name(peer: Peer) -> str:
    return peer.key.replace(".", "-")


def _needed(subnet: Subnet) -> Iterator[Rule]:
    here = (str(subnet.cidr),)
    for need in NEEDS.get(subnet.purpose, ()):
        inward = need.direction == "Inbound"
        yield Rule(
            name=f"{need.direction[:-5].lower()}-{need.tag}-{need.ports[0]}".replace("*", "any").replace(
                ".", "-"
            ),
            direction=need.direction,
            access="Allow",
            protocol="Tcp",
            source=(need.tag,) if inward else here,
            target=here if inward else (need.tag,),
            ports=need.ports,
            description=need.why,
        )
    if subnet.purpose in WITHIN:
        for direction in ("Inbound", "Outbound"):
            yield Rule(
                f"{direction[:-5].lower()}-within", direction, "Allow", ANY, here, here, (ANY,),  # type: ignore[arg-type]
                "The service's own parts",
            )  # fmt: skip


def _closed() -> Iterator[Rule]:
    for direction in ("Inbound", "Outbound"):
        yield Rule(
            f"{direction[:-5].lower()}-closed", direction, "Deny", ANY, (ANY,), (ANY,), (ANY,),  # type: ignore[arg-type]
            "All else is closed",
        )  # fmt: skip


# --- routes -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hop:
    """A route: where to, and by what (`None`: nowhere; `Internet`: Azure's own backbone, for a tag)."""

    name: str
    prefix: str
    by: Literal["None", "Internet", "VirtualAppliance"]


def hops(plan: CloudPlan, network: NetworkPlan, subnet: Subnet) -> tuple[Hop, ...]:
    """The routes of a subnet: nothing to the internet, nor to another network of the tenant.

    Networks on one circuit (or hub) would else find each other through it. What a service needs of
    Azure itself goes by its tag. `VirtualAppliance` is the firewall of an exception.
    """
    out = "VirtualAppliance" if calls_out(plan, network, subnet) else "None"
    found = [Hop("internet", "0.0.0.0/0", out)]  # type: ignore[arg-type]
    found += [
        Hop(f"not-{key}", str(other.cidr), "None")
        for key, other in plan.networks.items()
        if key != network.key
    ]
    found += [
        Hop(need.tag.replace(".", "-"), need.tag, "Internet")
        for need in NEEDS.get(subnet.purpose, ())
        if need.direction == "Outbound"
    ]
    return tuple(found)


def table_name(hops: Iterable[Hop], *, outside: bool) -> str:
    """A name that says what the routes are: two subnets with the same name have the same routes."""
    tags = [hop.name.lower() for hop in hops if hop.by == "Internet"]
    egress = ["egress"] if any(hop.by == "VirtualAppliance" for hop in hops) else []
    return "-".join(["town-hall" if outside else "inside", *egress, *tags])


def calls_out(plan: CloudPlan, network: NetworkPlan, subnet: Subnet) -> bool:
    """Whether workloads in `subnet` may use an exception for the internet."""
    lives = homes(plan, network)
    return any(
        flow.target.key == "internet-exception" and subnet.key in lives[flow.source.key]
        for flow in network.flows
        if flow.source.kind == "group"
    )


def talks_outside(plan: CloudPlan, network: NetworkPlan, subnet: Subnet) -> bool:
    """Whether a subnet talks to the town hall: only then does it learn the way there."""
    lives = homes(plan, network)
    return any(
        subnet.key in lives[inside.key]
        for flow in network.flows
        for inside, outside in ((flow.source, flow.target), (flow.target, flow.source))
        if inside.kind == "group" and outside.kind == "ranges"
    )


def callers(plan: CloudPlan, network: NetworkPlan, subnets: Mapping[str, Subnet]) -> tuple[IPv4Network, ...]:
    """The ranges of the subnets that may use an exception for the internet."""
    return tuple(s.cidr for s in subnets.values() if s.filtered and calls_out(plan, network, s))
