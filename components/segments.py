"""Who is where in a network, and who talks beyond it: read from the plan. Pure, for every cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stacks.addressing import Role
from stacks.plan import CloudPlan, EgressPlan, NetworkPlan, PackagePlan, WorkloadPlan


def roles_in_use(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks that get subnets: those with a group in them, management, and the way to the town hall.

    A segment without a package gets none; its addresses stay reserved by the address plan, so that
    its first package moves nothing.
    """
    used = {group.role for group in network.groups.values()} | {"management", "connect"}
    return tuple(dict.fromkeys(s.role for s in network.subnets.values() if s.role in used))


def town_hall_roles(network: NetworkPlan) -> tuple[Role, ...]:
    """The blocks of `network` that talk to the town hall, by its allow list."""
    ours = {
        inside.key
        for flow in network.flows
        for inside, outside in ((flow.source, flow.target), (flow.target, flow.source))
        if inside.kind == "group" and outside.kind == "ranges"
    }
    return tuple(dict.fromkeys(network.groups[key].role for key in sorted(ours)))


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
