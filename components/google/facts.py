"""What Google Cloud is: services, machine types, sizes of databases, labels, ranges of its own.

Pure data and pure functions, no SDK. Each number or rule names its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.derive import runs
from stacks.naming import name
from stacks.plan import CloudPlan, DatabasePlan, PackagePlan

# --- labels -------------------------------------------------------------------------------------


def labels(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Tags as labels: lower case, digits, `_` and `-`, 63 characters at most.

    ("Requirements for labels", Resource Manager documentation.) What is longer is cut, with a hash of
    the whole, so that two values that differ stay different.
    """
    return {key: name(re.sub(r"[^a-z0-9_-]", "-", value.lower()), limit=63) for key, value in tags.items()}


# --- services -----------------------------------------------------------------------------------


def uses_alloydb(database: DatabasePlan) -> bool:
    """Whether a database is AlloyDB's: PostgreSQL from 16 virtual CPUs, where its scaling pays."""
    return database.engine == "postgresql" and database.vcpu >= 16


def services(plan: CloudPlan) -> tuple[str, ...]:
    """The services (`<name>.googleapis.com`) that a tenant uses, sorted.

    Without those that are on in every new project (logging, monitoring, storage, serviceusage: Service
    Usage documentation, "Services enabled by default").
    """
    wanted = {"cloudkms", "cloudresourcemanager", "compute", "dns", "iam", "pubsub"}
    part_services = {
        "configuration_recording": "cloudasset",
        "threat_detection": "securitycenter",
        "posture_management": "securitycentermanagement",
        "account_guards": "orgpolicy",
        "budget": "billingbudgets",
        "contacts": "essentialcontacts",
        "backup": "backupdr",
    }
    wanted |= {service for part, service in part_services.items() if part not in plan.baseline.adopted}
    if plan.lgwan.mode == "hub":
        wanted.add("networkconnectivity")
    if any(network.egress for network in plan.networks.values()):
        wanted |= {"networksecurity", "networkservices"}
    for package in plan.packages.values():
        wanted |= _package_services(package)
    return tuple(sorted(wanted))


def _package_services(package: PackagePlan) -> set[str]:
    if package.delivery == "asp":
        return set()
    wanted = {"secretmanager"}
    if runs(package, "container"):
        wanted |= {"artifactregistry", "run"}
    if runs(package, "server"):
        wanted |= {"artifactregistry", "backupdr", "iap", "osconfig"}
    if package.database:
        wanted.add("alloydb" if uses_alloydb(package.database) else "sqladmin")
    if package.files:
        wanted |= {"backupdr", "file", "networkconnectivity"}
    if package.exposed:
        wanted |= {"certificatemanager"} | (set() if package.certificate else {"privateca"})
    if package.schedule:
        wanted.add("cloudscheduler")
    return wanted


# --- machines -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine type: virtual CPUs, memory in GiB, and its price relative to one virtual CPU."""

    name: str
    vcpu: int
    memory_gb: int
    price: float


# N2: both domestic regions offer it, with every disk type. A GiB costs 0.134 of a virtual CPU
# (N2 predefined prices, us-central1: 0.004237 and 0.031611 USD an hour; the ratio is what counts).
_FAMILIES: tuple[tuple[str, int], ...] = (("highcpu", 1), ("standard", 4), ("highmem", 8))
_STEPS: tuple[int, ...] = (2, 4, 8, 16, 32, 48, 64, 80, 96, 128)

MACHINE_TYPES: tuple[MachineType, ...] = tuple(
    sorted(
        (
            MachineType(f"n2-{family}-{vcpu}", vcpu, vcpu * memory, vcpu * (1 + 0.134 * memory))
            for family, memory in _FAMILIES
            for vcpu in _STEPS
            # n2-highcpu ends at 96, and n2-highmem-128 has less memory than the rule (864 GiB).
            if (family, vcpu) not in {("highcpu", 128), ("highmem", 128)}
        ),
        key=lambda machine: (machine.price, machine.name),
    )
)
"""The machine types on offer, cheapest first."""


def machine_type(vcpu: float, memory_gb: float) -> MachineType:
    """The cheapest machine type with at least `vcpu` and `memory_gb` (GiB).

    Raises ValueError if none is large enough.
    """
    chosen = next((m for m in MACHINE_TYPES if m.vcpu >= vcpu and m.memory_gb >= memory_gb), None)
    if chosen is None:
        raise ValueError(f"no N2 machine type has {vcpu:g} vCPU and {memory_gb:g} GiB")
    return chosen


SERVER_IMAGE = "projects/debian-cloud/global/images/family/debian-12"
"""The family of images that servers start from where the manifest names none: it has the guest
agent, OS Login and the agent of VM Manager, and supports Shielded VM (Compute Engine documentation,
"Operating system details")."""

# --- containers ---------------------------------------------------------------------------------

RUN_CPUS: tuple[int, ...] = (1, 2, 4, 6, 8)
"""Virtual CPUs of an instance of Cloud Run that may be always on (Cloud Run documentation, "CPU limits")."""


def run_limits(vcpu: float, memory_gb: float) -> Mapping[str, str]:
    """CPU and memory of a Cloud Run instance that has at least what is asked.

    More than 4 GiB want 2 CPUs, more than 8 GiB 4, more than 16 GiB 6, more than 24 GiB 8; 32 GiB are
    the most (Cloud Run documentation, "Memory limits"). Raises ValueError above that.
    """
    least = next((cpus for most, cpus in ((4, 1), (8, 2), (16, 4), (24, 6), (32, 8)) if memory_gb <= most), 0)
    chosen = next((cpus for cpus in RUN_CPUS if cpus >= max(vcpu, least)), None)
    if chosen is None or not least:
        raise ValueError(f"no Cloud Run instance has {vcpu:g} vCPU and {memory_gb:g} GiB")
    return {"cpu": str(chosen), "memory": f"{max(memory_gb, 0.5):g}Gi"}


# --- databases ----------------------------------------------------------------------------------

SQL_MOST_MB_PER_CPU = 6656
"""Memory of a custom Cloud SQL machine: at most 6.5 GiB a virtual CPU, in steps of 256 MiB, 3.75 GiB
at least; one virtual CPU or an even number up to 96 (Cloud SQL documentation, "Instance settings")."""


def sql_tier(vcpu: int, memory_gb: int) -> str:
    """The smallest custom tier of Cloud SQL (edition Enterprise) that has at least what is asked.

    Raises ValueError above 96 virtual CPUs or 624 GiB.
    """
    memory = max(memory_gb * 1024, 3840)
    cpus = max(vcpu, -(-memory // SQL_MOST_MB_PER_CPU))
    if cpus > 1 and cpus % 2:
        cpus += 1
    if cpus > 96:
        raise ValueError(f"no Cloud SQL machine has {vcpu} vCPU and {memory_gb} GiB")
    return f"db-custom-{cpus}-{memory}"


ALLOYDB_CPUS: tuple[int, ...] = (2, 4, 8, 16, 32, 64, 96, 128)
"""Virtual CPUs of an AlloyDB instance, with 8 GiB each (AlloyDB documentation, "machine types")."""


def alloydb_cpus(vcpu: int, memory_gb: int) -> int:
    """The smallest AlloyDB instance that has at least what is asked, in virtual CPUs.

    Raises ValueError if there is none.
    """
    chosen = next((cpus for cpus in ALLOYDB_CPUS if cpus >= vcpu and cpus * 8 >= memory_gb), None)
    if chosen is None:
        raise ValueError(f"no AlloyDB instance has {vcpu} vCPU and {memory_gb} GiB")
    return chosen


def sql_version(database: DatabasePlan) -> str:
    """The engine as Cloud SQL and AlloyDB write it: `POSTGRES_16`, `MYSQL_8_4`."""
    engine = {"postgresql": "POSTGRES", "mysql": "MYSQL"}[database.engine]
    return f"{engine}_{database.version.replace('.', '_')}"


# --- ranges of Google's own ---------------------------------------------------------------------

HEALTH_CHECKS = ("35.191.0.0/16", "130.211.0.0/22")
"""Where health checks come from (Cloud Load Balancing documentation, "Probe IP ranges")."""
IAP_TUNNEL = "35.235.240.0/20"
"""Where Identity-Aware Proxy's TCP forwarding comes from (IAP documentation)."""
DNS_FORWARDER = "35.199.192.0/19"
"""Where Cloud DNS asks on-premises name servers from (Cloud DNS documentation, "Forwarding zones")."""

# --- retention ----------------------------------------------------------------------------------

LOG_DAYS = (1, 3650)
"""Days that a log bucket keeps entries: 1 to 3,650 (Cloud Logging documentation, "Custom retention")."""


def seconds(days: int) -> str:
    """Days as Google writes a duration: `86400s`."""
    return f"{days * 86_400}s"
