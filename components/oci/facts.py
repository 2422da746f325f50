"""What OCI is: region keys, shapes, ports, limits of its services. Pure data and functions, no SDK.

Each number or rule names its source.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType

from stacks.addressing import Role, block
from stacks.plan import NetworkPlan

REGION_KEYS: Mapping[str, str] = MappingProxyType({"ap-tokyo-1": "nrt", "ap-osaka-1": "kix"})
"""OCI documentation, "Regions and Availability Domains"."""


def services_label(region: str) -> str:
    """The label that routes and rules use for Oracle's services in `region`, reached by service gateway."""
    return f"all-{REGION_KEYS[region]}-services-in-oracle-services-network"


def registry_host(region: str) -> str:
    """The host of the container registry in `region` (OCIR documentation, "Availability by region")."""
    return f"{REGION_KEYS[region]}.ocir.io"


# --- logs ---------------------------------------------------------------------------------------

AUDIT_DAYS_MAX = 365
"""Days that the audit log itself keeps events, at most (Audit documentation)."""
AUDIT_DAYS_MIN = 90
LOG_DAYS_MAX = 180
LOG_STEP = 30
"""Logging keeps a log 30 to 180 days, in steps of 30 (API: CreateLogDetails.retentionDuration). What must
be kept longer lies in the archive, where the connector takes it."""


def audit_days(days: int) -> int:
    """Days for the audit log: as asked, within what it can do."""
    return min(AUDIT_DAYS_MAX, max(AUDIT_DAYS_MIN, days))


def log_days(days: int) -> int:
    """Days for a service log: the least step that keeps `days`, at most what Logging can do."""
    return min(LOG_DAYS_MAX, math.ceil(days / LOG_STEP) * LOG_STEP)


# --- guards -------------------------------------------------------------------------------------

ZONE_POLICIES = (
    "deny public_buckets",
    "deny public_subnets",
    "deny internet_gateway",
    "deny public_load_balancer",
    "deny buckets_without_vault_key",
    "deny boot_volume_without_vault_key",
    "deny block_volume_without_vault_key",
    "deny file_system_without_vault_key",
)
"""Friendly names of the zone's policies (Security Zones documentation, "Security Zone Policies"; those on
buckets and keys are also what Oracle's CIS landing zone asks for by these names)."""


def not_offered(offered: Collection[str]) -> tuple[str, ...]:
    """Those of ZONE_POLICIES that a tenancy does not offer: without them a zone closes less than it says."""
    return tuple(name for name in ZONE_POLICIES if name not in offered)


# --- networks -----------------------------------------------------------------------------------

RESERVED_FIRST = 2
"""Addresses that OCI keeps at the start of a subnet: its own and the router's (and the last)."""


def subnet_range(network: NetworkPlan, role: Role) -> IPv4Network:
    """The range of the regional subnet of `role`: its whole block, whichever zones are in use.

    OCI subnets span the region, so that the slots of a block are one subnet here.
    """
    return block(network.cidr, role)


def first_key(network: NetworkPlan, role: Role) -> str:
    """The plan's key of the subnet of `role` in its lowest slot."""
    return network.of_role(role)[0].key


def dns_label(text: str) -> str:
    """A DNS label of a VCN or subnet: 15 letters and digits, a letter first (API: Vcn.dnsLabel)."""
    label = "".join(c for c in text if c.isalnum()).lower()
    return (label if label[:1].isalpha() else f"n{label}")[:15]


SERVICE_PORTS: Mapping[int, tuple[tuple[str, int, int], ...]] = MappingProxyType(
    {2049: (("tcp", 111, 111), ("tcp", 2048, 2051), ("udp", 111, 111), ("udp", 2048, 2048))}
)
"""Ports behind a planned one: File Storage wants the port mapper, mountd and encryption in transit too (File
Storage documentation, "Configuring VCN security rules")."""


def files_endpoint(package: str) -> str:
    """The name of a package's mount target among the endpoints of its network."""
    return f"filestorage-{package}"


def vendor(endpoint: str) -> tuple[str, IPv4Address]:
    """A vendor's service as the manifest names it, `<OCID of the vendor's local peering gateway>/<address>`:
    the two apart. Raises ValueError if it is not of that form (validation has seen to it)."""
    gateway, _, address = endpoint.partition("/")
    return gateway, IPv4Address(address)


# --- shapes -------------------------------------------------------------------------------------

SERVER_SHAPE = "VM.Standard.E5.Flex"
CONTAINER_SHAPE = "CI.Standard.E4.Flex"
POSTGRESQL_SHAPE = "PostgreSQL.VM.Standard.E5.Flex"
"""Flexible AMD shapes that Tokyo and Osaka both offer."""

VCPUS_AN_OCPU = 2
"""An OCPU of these shapes is one core with two threads (Compute documentation, "Compute shapes")."""
MEMORY_AN_OCPU = (1, 64)
"""GiB of memory that an OCPU may have, least and most (the same page)."""


def ocpus(vcpu: float) -> float:
    """OCPUs for `vcpu` threads: whole ones, one at least."""
    return float(max(1, math.ceil(vcpu / VCPUS_AN_OCPU)))


def memory(vcpu: float, gigabytes: float) -> float:
    """GiB of memory for a flexible shape, within what its OCPUs may have."""
    least, most = MEMORY_AN_OCPU
    count = ocpus(vcpu)
    return min(max(float(math.ceil(gigabytes)), count * least), count * most)


MYSQL_SHAPES: tuple[tuple[str, int, int], ...] = (
    ("MySQL.2", 2, 16),
    ("MySQL.4", 4, 32),
    ("MySQL.8", 8, 64),
    ("MySQL.16", 16, 128),
    ("MySQL.32", 32, 256),
    ("MySQL.48", 48, 384),
    ("MySQL.64", 64, 512),
    ("MySQL.256", 256, 1024),
)
"""Name, ECPUs (as many as virtual CPUs), GiB (HeatWave documentation, "Supported shapes")."""


def mysql_shape(vcpu: int, gigabytes: int) -> str:
    """The least MySQL shape with `vcpu` virtual CPUs and `gigabytes` GiB. Raises ValueError above all."""
    for name, cpus, has in MYSQL_SHAPES:
        if cpus >= vcpu and has >= gigabytes:
            return name
    raise ValueError(f"MySQL HeatWave has no shape with {vcpu} virtual CPUs and {gigabytes} GiB")


ECPUS_A_VCPU = 2
"""Autonomous Database: an OCPU is four ECPUs, and two virtual CPUs (its documentation, "Compute models")."""
AUTONOMOUS_STORAGE = (20, 393_216)
"""GiB that an Autonomous Database with ECPUs may have (API: dataStorageSizeInGBs)."""

BOOT_GB_MIN = 50
"""The least boot volume of Oracle Linux images (API: InstanceSourceViaImageDetails.bootVolumeSizeInGBs)."""

# --- retention ----------------------------------------------------------------------------------

POSTGRESQL_BACKUP_DAYS_MAX = 35
MYSQL_BACKUP_DAYS_MAX = 35
AUTONOMOUS_BACKUP_DAYS_MAX = 60
"""Days that the services keep automatic backups (API: BackupPolicy.retentionDays,
BackupPolicy.retentionInDays, backupRetentionPeriodInDays)."""
MESSAGE_DAYS = 7
"""Days that an unread message is kept: the queue service's maximum."""
