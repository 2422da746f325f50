"""What every cloud derives from a plan in the same way: pure questions, no SDK.

A cloud's folder adds what only it knows: sizes, ids, how a subnet is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from stacks.addressing import Role
from stacks.plan import CloudPlan, EgressPlan, PackagePlan, WorkloadPlan

T = TypeVar("T")


def runs(package: PackagePlan, kind: str) -> bool:
    """Whether `package` has a workload of `kind` (`container` or `server`)."""
    return any(workload.kind == kind for workload in package.workloads.values())


def app_role(package: PackagePlan) -> Role:
    """The block that a package's workloads live in."""
    return "mynumber-app" if package.segment == "mynumber" else "lgwan-app"


def data_role(package: PackagePlan) -> Role:
    """The block that what a package keeps lives in."""
    return "mynumber-data" if package.segment == "mynumber" else "lgwan-data"


def packages_in(plan: CloudPlan, network: str) -> tuple[PackagePlan, ...]:
    """The packages that live in `network`."""
    return tuple(p for p in plan.packages.values() if p.network == network)


def hosted(plan: CloudPlan) -> Mapping[str, PackagePlan]:
    """The packages that run in this unit, not at the vendor's."""
    return {key: p for key, p in plan.packages.items() if p.delivery == "hosted"}


def servers(package: PackagePlan) -> Iterator[tuple[str, WorkloadPlan, int]]:
    """The servers of `package`: key `<package>-<workload>-<n>`, workload, and a number from 0."""
    for workload in package.workloads.values():
        if workload.kind == "server":
            for number in range(workload.replicas):
                yield f"{package.key}-{workload.key}-{number + 1}", workload, number


def of_workload(found: Mapping[str, T], package: PackagePlan, workload: WorkloadPlan) -> Mapping[str, T]:
    """What belongs to one workload out of what is named `<package>-<workload>-<n>`."""
    prefix = f"{package.key}-{workload.key}-"
    return {k: v for k, v in found.items() if k.startswith(prefix) and k.removeprefix(prefix).isdigit()}


def hosts(egress: Iterable[EgressPlan]) -> tuple[str, ...]:
    """Every host that an exception approves, once, sorted."""
    return tuple(sorted({host for plan in egress for host in plan.destinations}))


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
