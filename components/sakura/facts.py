"""What さくらのクラウド is: plans, sites, versions, limits. Pure data and pure functions, no SDK.

Each number or rule names its source; "facts" is the collection of API facts that the provider was built from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from components.derive import app_role
from stacks.addressing import Role
from stacks.plan import CloudPlan, DatabasePlan, NetworkPlan, PackagePlan, WorkloadPlan

TAGS = 9
"""Tags that a program may set: ten, less the one by which the provider finds its own unfinished work."""
DESCRIPTION = 512
"""Longest description (facts §2.3)."""

# --- names and tags -----------------------------------------------------------------------------


def tenant_tags(plan: CloudPlan) -> tuple[str, ...]:
    """The tenant's tags as texts: a tag has no value here. The stack's name is in every resource's name."""
    kept = ("municipality-code", "environment", "usage", "managed-by")
    return tuple(f"{key}={plan.tags[key]}" for key in kept)


def own_tags(plan: CloudPlan) -> tuple[str, ...]:
    """The tags of what belongs to no package."""
    return (f"classification={plan.tags['classification']}",)


def package_tags(package: PackagePlan) -> tuple[str, ...]:
    """The package's tags. Its businesses are in the description: their ids are too long for a tag."""
    kept = ("package", "member-code", "classification")
    return tuple(f"{key}={package.tags[key]}" for key in kept if key in package.tags)


def description(package: PackagePlan, what: str) -> str:
    """What a package's resource is for, with the ids of the businesses that it serves."""
    return f"{package.key}: {what}; businesses {' '.join(package.system_ids)}"[:DESCRIPTION]


def apart(number: int) -> str:
    """The tag that keeps replicas on different hosts; there are four groups (facts §2.3)."""
    return f"@group={'abcd'[number % 4]}"


# --- places -------------------------------------------------------------------------------------

SITES: Mapping[str, str] = MappingProxyType({"tokyo": "tky01", "ishikari": "isk01"})
"""The object storage site of a region (facts §2.7)."""
ENDPOINTS: Mapping[str, str] = MappingProxyType(
    {"tky01": "s3.tky01.sakurastorage.jp", "isk01": "s3.isk01.sakurastorage.jp"}
)
"""The S3 endpoints of the sites (facts §2.7)."""
S3_REGIONS: Mapping[str, str] = MappingProxyType({"tky01": "jp-east-1", "isk01": "jp-north-1"})
"""The S3 region names that requests are signed for (facts §2.7)."""


def registry_label(plan: CloudPlan) -> str:
    """First label of the container registry's name, unique in the whole service."""
    return plan.name("images", limit=63)


def registry_host(plan: CloudPlan) -> str:
    """The container registry's name."""
    return f"{registry_label(plan)}.sakuracr.jp"


# --- servers ------------------------------------------------------------------------------------

CORES = (1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32)
MEMORY = (1, 2, 4, 8, 16, 32, 48, 64, 96, 128, 224)
"""Cores and GiB of the server plans that every zone sells (public price list); the provider checks the
pair."""
DISKS = (20, 40, 60, 80, 100, 250, 500, 750, 1024, 2048, 4096)
"""Sizes of SSD disks, GiB (facts §2.5; public price list)."""


class Plan(NamedTuple):
    """A server plan: cores, and memory in GiB."""

    core: int
    memory: int


def server_plan(vcpu: float, memory_gb: float) -> Plan:
    """The smallest plan with at least `vcpu` and `memory_gb`. ValueError if there is none."""
    return Plan(_step(CORES, vcpu, "cores"), _step(MEMORY, memory_gb, "GiB of memory"))


def container_plan(workload: WorkloadPlan) -> Plan:
    """The server that one container runs on: its own needs, and 1 GiB for the system."""
    return server_plan(math.ceil(workload.vcpu), workload.memory_gb + 1)


def disk_size(gb: int) -> int:
    """The smallest disk of at least `gb`. ValueError if there is none."""
    return _step(DISKS, gb, "GiB of disk")


def _step(steps: Sequence[int], wanted: float, what: str) -> int:
    found = next((step for step in steps if step >= wanted), None)
    if found is None:
        raise ValueError(f"no plan of さくらのクラウド has {wanted:g} {what}; the most is {steps[-1]}")
    return found


# --- databases and files ------------------------------------------------------------------------

DATABASE_PLANS: Mapping[str, int] = MappingProxyType(
    {"10g": 10, "30g": 30, "90g": 90, "240g": 240, "500g": 500, "1t": 1000}
)
"""Database plans by their storage, GB (facts §2.5). Cores and memory come with the plan."""
MARIADB = "10.11"
"""The MariaDB that stands for MySQL: the appliance has no MySQL."""
BACKUPS_KEPT = 8
"""Backups that the appliance keeps at most."""
DISK_BACKUPS_KEPT = 10
"""Archives that an automatic backup keeps at most."""
LOG_DAYS = 730
"""Days that a log storage keeps at most (facts §2.8)."""


def database_plan(database: DatabasePlan) -> str:
    """The smallest plan with the storage that is asked for. ValueError if there is none."""
    found = next((n for n, gb in DATABASE_PLANS.items() if gb >= database.storage_gb), None)
    if found is None:
        raise ValueError(f"no database of さくらのクラウド has {database.storage_gb} GB")
    return found


# --- segments -----------------------------------------------------------------------------------

INTERFACES: Mapping[Role, int] = MappingProxyType(
    {
        "mynumber-app": 1,
        "mynumber-data": 2,
        "lgwan-app": 3,
        "lgwan-data": 4,
        "management": 5,
        "connect": 6,
        "egress": 7,
    }
)
"""The VPC router's interface of each role: it has seven private ones, and a role keeps its number."""

ONE_ZONE: frozenset[Role] = frozenset({"connect", "egress"})
"""Roles that live in the first zone only, with the router: a switch that carries a hybrid connection or a
local router is kept free of bridges (facts §2.4, `not_with_hybridconn`)."""


def roles_in_use(network: NetworkPlan) -> tuple[Role, ...]:
    """The roles that get a switch: those with a group in them, management, the way to the town hall, and
    the way out where an exception is approved.

    A segment without a package gets none; its addresses stay reserved by the address plan, so that its
    first package moves nothing.
    """
    used = {group.role for group in network.groups.values()} | {"management", "connect"}
    if network.egress:
        used.add("egress")
    return tuple(role for role in INTERFACES if role in used)


def position(plan: CloudPlan, package: PackagePlan) -> int:
    """The place of `package` among those of its network, in the manifest's order."""
    return [p.key for p in plan.packages.values() if p.network == package.network].index(package.key)


def kinds(package: PackagePlan, kind: str) -> tuple[WorkloadPlan, ...]:
    """The workloads of `package` that are of `kind` (`container` or `server`)."""
    return tuple(w for w in package.workloads.values() if w.kind == kind)


class Place(NamedTuple):
    """Where one replica of a workload runs: its number from 0, its zone, and its number among its package's
    servers of that zone."""

    number: int
    zone: str
    slot: int
    seat: int


def places(plan: CloudPlan, package: PackagePlan, workload: WorkloadPlan) -> tuple[Place, ...]:
    """Where the replicas of `workload` run: in turn over the zones, on seats after earlier workloads'."""
    network = plan.networks[package.network]
    slots = sorted((subnet.slot, subnet.zone) for subnet in network.of_role(app_role(package)))
    before = 0
    for other in package.workloads.values():
        if other.key == workload.key:
            break
        before += -(-other.replicas // len(slots))
    found: list[Place] = []
    for number in range(workload.replicas):
        slot, zone = slots[number % len(slots)]
        found.append(Place(number, zone, slot, before + number // len(slots)))
    return tuple(found)
