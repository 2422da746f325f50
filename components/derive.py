"""What every cloud derives from a plan in the same way: pure questions, no SDK.

Who is where in a network and who talks beyond it, which processes a package has, who hands what over. A
cloud's folder adds what only it knows: sizes, ids, how a subnet is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TypeVar

from stacks.addressing import Role
from stacks.plan import CloudPlan, EgressPlan, NetworkPlan, PackagePlan, WorkloadPlan

T = TypeVar("T")


def roles_in_use(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks that get subnets: those with a group in them, management, and the way to the town hall.

    A segment without a package gets none; its addresses stay reserved by the address plan, so that
    its first package moves nothing.
    """
    used = {group.role for group in network.groups.values()} | {"management", "connect"}
    return tuple(dict.fromkeys(s.role for s in network.subnets.values() if s.role in used))


def town_hall_roles(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks of `network` that talk to the town hall or to another cloud, by its allow list."""
    ours = {
        inside.key
        for flow in network.flows
        for inside, outside in ((flow.source, flow.target), (flow.target, flow.source))
        if inside.kind == "group" and outside.kind == "ranges"
    }
    return tuple(dict.fromkeys(network.groups[key].role for key in sorted(ours)))


def beyond(network: NetworkPlan) -> tuple[IPv4Network, ...]:
    """The ranges outside `network` that it talks to, by its allow list: the town hall, and what lies at the
    other end of a line to another cloud."""
    ends = (end for flow in network.flows for end in (flow.source, flow.target) if end.kind == "ranges")
    return tuple(dict.fromkeys(cidr for end in ends for cidr in end.ranges))


def caller_roles(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks whose workloads may use an approved opening to the internet."""
    found: dict[Role, None] = {
        network.groups[flow.source.key].role: None
        for flow in network.flows
        if flow.source.kind == "group" and flow.target.key == "internet-exception"
    }
    return tuple(found)


def hosts(egress: Iterable[EgressPlan]) -> tuple[str, ...]:
    """Every approved host, once, sorted."""
    return tuple(sorted({host for plan in egress for host in plan.destinations}))


def app_role(package: PackagePlan) -> Role:
    """Where the workloads of `package` are."""
    return "mynumber-app" if package.segment == "mynumber" else "lgwan-app"


def data_role(package: PackagePlan) -> Role:
    """Where the data of `package` is."""
    return "mynumber-data" if package.segment == "mynumber" else "lgwan-data"


def hosted(plan: CloudPlan) -> tuple[PackagePlan, ...]:
    """The packages that run in the tenant."""
    return tuple(p for p in plan.packages.values() if p.delivery == "hosted")


def packages_in(plan: CloudPlan, network: str) -> tuple[PackagePlan, ...]:
    """The packages that live in `network`."""
    return tuple(p for p in plan.packages.values() if p.network == network)


def runs(package: PackagePlan, kind: str) -> bool:
    """Whether `package` has a workload of `kind` (`container` or `server`)."""
    return any(workload.kind == kind for workload in package.workloads.values())


@dataclass(frozen=True, slots=True)
class Replica:
    """One of the equal processes of a workload: its key `<package>-<workload>-<n>`, and its number from 0."""

    key: str
    package: PackagePlan
    workload: WorkloadPlan
    number: int


def replicas(packages: Iterable[PackagePlan], kind: str) -> Iterator[Replica]:
    """Every process of `kind` that `packages` have."""
    for package in packages:
        for workload in package.workloads.values():
            if workload.kind == kind:
                for number in range(workload.replicas):
                    yield Replica(f"{package.key}-{workload.key}-{number + 1}", package, workload, number)


def of_workload(found: Mapping[str, T], package: PackagePlan, workload: WorkloadPlan) -> Mapping[str, T]:
    """What belongs to one workload out of what is named `<package>-<workload>-<n>`."""
    prefix = f"{package.key}-{workload.key}-"
    return {k: v for k, v in found.items() if k.startswith(prefix) and k.removeprefix(prefix).isdigit()}


def handover_networks(plan: CloudPlan) -> tuple[str, ...]:
    """The networks in which packages hand data over: a bucket (container, account) each."""
    sending = {plan.packages[h.sender].network for h in plan.handovers}
    return tuple(key for key in plan.networks if key in sending)


def handover_prefixes(plan: CloudPlan, package: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The prefixes that `package` may put under, and those that it may get from."""
    return (
        tuple(h.prefix for h in plan.handovers if h.sender == package),
        tuple(h.prefix for h in plan.handovers if h.receiver == package),
    )


def url(package: PackagePlan) -> str:
    """Where people reach `package` by its own private name."""
    port = package.asp_port if package.delivery == "asp" else 443
    return f"https://{package.host}/" if port == 443 else f"https://{package.host}:{port}/"
