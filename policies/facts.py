"""What is true of a resource, in words that all clouds share. A rule sees nothing else.

Every value may be `UNKNOWN` ("cannot tell yet": a preview does not know it, or it is a secret), and
None ("does not apply here, or this resource does not say"). UNKNOWN is never "fine": a rule that
meets it answers "cannot tell".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum, StrEnum
from functools import cache
from typing import Any, Final, Literal, TypeAlias, TypeVar

T = TypeVar("T")


class Unknown(Enum):
    """The type of UNKNOWN."""

    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false")


UNKNOWN: Final = Unknown.UNKNOWN
Maybe: TypeAlias = T | Literal[Unknown.UNKNOWN] | None
FOREVER = 1_000_000
"""Days, for what is kept without an end."""

Cloud = Literal["aws", "azure", "google", "oci", "sakura", "other"]
CLOUDS: tuple[Cloud, ...] = ("aws", "azure", "google", "oci", "sakura")


class Kind(StrEnum):
    """What a resource is, whatever its cloud calls it."""

    ACCESS_ANALYZER = "access-analyzer"
    ACCOUNT_BLOCK = "account-public-access-block"
    ACL = "network-acl"
    ADDRESS = "public-address"
    ALARM = "alarm"
    API = "api"
    BACKUP_PLAN = "backup-plan"
    BACKUP_SELECTION = "backup-selection"
    BACKUP_VAULT = "backup-vault"
    BUCKET = "bucket"
    BUDGET = "budget"
    CACHE = "cache"
    CDN = "content-delivery"
    CIRCUIT = "circuit"
    CIRCUIT_ROUTES = "circuit-routes"
    CLUSTER = "kubernetes-cluster"
    CONTAINERS = "container-service"
    DATABASE = "database"
    DETECTOR = "threat-detector"
    DISK = "disk"
    DISK_DEFAULT = "disk-encryption-default"
    DNS_ZONE = "dns-zone"
    ENDPOINT = "private-endpoint"
    FILES = "file-system"
    FIREWALL = "firewall"
    FLOW_LOG = "flow-log"
    FUNCTION = "function"
    GRANT = "grant"
    GROUP = "security-group"
    IMAGE = "image"
    INTERNET_GATEWAY = "internet-gateway"
    KEY = "encryption-key"
    KEY_PAIR = "ssh-key"
    LISTENER = "listener"
    LOAD_BALANCER = "load-balancer"
    LOG_SINK = "log-sink"
    LOG_STORE = "log-store"
    LONG_LIVED_KEY = "long-lived-key"
    NAT = "nat-gateway"
    NETWORK = "network"
    NOSQL = "nosql-database"
    OTHER = "other"
    PASSWORD_POLICY = "password-policy"  # noqa: S105 - the name of a kind
    PATCH_BASELINE = "patch-baseline"
    PATCH_SCHEDULE = "patch-schedule"
    PEERING = "peering"
    POSTURE = "posture-management"
    PROVIDER = "provider"
    QUEUE = "queue"
    RECORDER = "configuration-recorder"
    REGISTRY = "image-registry"
    RESOLVER = "dns-resolver"
    ROLE = "role"
    ROUTE = "route"
    SCHEDULE = "schedule"
    SEARCH = "search-service"
    SECRET = "secret"  # noqa: S105 - the name of a kind
    SECRET_VALUE = "secret-value"  # noqa: S105 - the name of a kind
    SERVER = "server"
    STREAM = "stream"
    SUBNET = "subnet"
    SUBSCRIPTION = "notification-subscription"
    TARGET = "load-balancer-target"
    TOPIC = "topic"
    TRAIL = "audit-trail"
    TRANSIT = "transit-gateway"
    USER = "local-user"
    VPN = "vpn"
    WAREHOUSE = "warehouse"


STORES = (
    Kind.BUCKET,
    Kind.DATABASE,
    Kind.NOSQL,
    Kind.FILES,
    Kind.CACHE,
    Kind.SEARCH,
    Kind.WAREHOUSE,
    Kind.STREAM,
)
"""Kinds that hold data."""
PARTED = frozenset(
    {
        *STORES,
        Kind.BACKUP_VAULT,
        Kind.BUDGET,
        Kind.CLUSTER,
        Kind.CONTAINERS,
        Kind.DETECTOR,
        Kind.FIREWALL,
        Kind.FUNCTION,
        Kind.IMAGE,
        Kind.KEY,
        Kind.LOAD_BALANCER,
        Kind.NETWORK,
        Kind.QUEUE,
        Kind.RECORDER,
        Kind.REGISTRY,
        Kind.SECRET,
        Kind.SERVER,
        Kind.SUBNET,
        Kind.TOPIC,
    }
)
"""Kinds of which settings may be resources of their own: they are judged when the stack is known."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where: `region` as the cloud writes it, `copies` where replicas go, `zone` if it is in one."""

    region: Maybe[str] = None
    copies: Maybe[tuple[str, ...]] = None
    zone: Maybe[str] = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who can reach it. `blocked`: every form of public access is refused by a setting that is for this."""

    public_address: Maybe[bool] = None
    public_access: Maybe[bool] = None
    blocked: Maybe[bool] = None
    anonymous: Maybe[bool] = None
    """Whether somebody who has not signed in may use it."""
    default_route: Maybe[bool] = None
    """Whether it sends what is for anybody (0.0.0.0/0, ::/0) to the internet."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One allowing rule of a security group, firewall or ACL. Ports are inclusive; protocol "-1" is all."""

    inbound: bool
    protocol: Maybe[str]
    first: Maybe[int]
    last: Maybe[int]
    peers: Maybe[tuple[str, ...]]
    """Address blocks; groups and prefix lists are not listed."""


@dataclass(frozen=True, slots=True)
class Way:
    """A route that leads over a peering: the peering's id, and the addresses that it is for."""

    to: Maybe[str]
    block: Maybe[str]


@dataclass(frozen=True, slots=True)
class Encryption:
    """`at_rest` with any key, `customer_key` with ours, `in_transit`; `tls` the lowest version taken."""

    at_rest: Maybe[bool] = None
    customer_key: Maybe[bool] = None
    in_transit: Maybe[bool] = None
    tls: Maybe[float] = None


@dataclass(frozen=True, slots=True)
class KeyCare:
    """How a key (or a vault of keys) is looked after. Days."""

    rotation: Maybe[bool] = None
    rotation_days: Maybe[float] = None
    deletion_days: Maybe[float] = None
    enabled: Maybe[bool] = None
    purge_protected: Maybe[bool] = None
    strong: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class Access:
    """What a role, grant, policy or identity setting allows."""

    administrator: Maybe[bool] = None
    wildcard: Maybe[bool] = None
    anyone: Maybe[bool] = None
    """Any principal at all, without a condition."""
    outsiders: Maybe[bool] = None
    """Another unit (account, tenancy, directory) without a condition that ties it down."""
    inverted: Maybe[bool] = None
    """Allows everything but a list."""
    pass_any_role: Maybe[bool] = None
    to_person: Maybe[bool] = None
    """Granted to a local user directly."""
    loose_federation: Maybe[bool] = None
    local_accounts: Maybe[bool] = None
    """Whether shared keys or built-in accounts are accepted beside the cloud's identities."""
    default_identity: Maybe[bool] = None
    unlimited_members: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class Credential:
    """Secrets near a resource."""

    literal: Maybe[bool] = None
    """A secret value is written in its properties."""
    cloud_managed: Maybe[bool] = None
    """The cloud makes and keeps the password."""
    in_start_script: Maybe[bool] = None
    in_environment: Maybe[bool] = None
    ssh_key: Maybe[bool] = None
    password_login: Maybe[bool] = None
    in_provider: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """A password policy of local accounts."""

    length: Maybe[float] = None
    complex: Maybe[bool] = None
    remembered: Maybe[float] = None


@dataclass(frozen=True, slots=True)
class Logging:
    """What is recorded."""

    enabled: Maybe[bool] = None
    complete: Maybe[bool] = None
    """Every region, every type, all traffic: whatever "all" is for the kind."""
    validated: Maybe[bool] = None
    notifies: Maybe[bool] = None
    """Somebody is told."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days. FOREVER where nothing is ever deleted."""

    days: Maybe[float] = None
    lock_days: Maybe[float] = None
    """How long nobody can delete or change it."""
    expiry_days: Maybe[float] = None
    recover_days: Maybe[float] = None
    """How long what was deleted can be brought back."""


@dataclass(frozen=True, slots=True)
class Backup:
    """`days` kept; `hours` between two; `elsewhere`: a copy in another region."""

    days: Maybe[float] = None
    hours: Maybe[float] = None
    elsewhere: Maybe[bool] = None
    locked: Maybe[bool] = None
    point_in_time: Maybe[bool] = None
    final: Maybe[bool] = None
    """A last copy is made when it is deleted."""
    selects: Maybe[tuple[str, ...]] = None
    """Selection only: ids, or `key=value` of tags; "*" for everything."""


@dataclass(frozen=True, slots=True)
class Protection:
    """Against deletion and overwriting."""

    deletion: Maybe[bool] = None
    forced: Maybe[bool] = None
    """Deleted with all that is in it."""
    versions: Maybe[bool] = None
    immutable: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class Availability:
    """`zones`: in how many; `replicas`: how many of it run; `checked`: whether its health is looked at."""

    zones: Maybe[float] = None
    replicas: Maybe[float] = None
    checked: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class Patching:
    """How it is kept up to date."""

    automatic: Maybe[bool] = None
    supported: Maybe[bool] = None
    """Whether the vendor still mends this version."""
    scanned: Maybe[bool] = None
    pinned: Maybe[bool] = None
    """Images are named by a version that does not move."""
    delay_days: Maybe[float] = None


@dataclass(frozen=True, slots=True)
class Compute:
    """A machine's own settings."""

    metadata_token: Maybe[bool] = None
    forwards: Maybe[bool] = None
    vcpus: Maybe[float] = None
    current: Maybe[bool] = None
    """Not of a generation that was replaced by a cheaper one."""
    used: Maybe[bool] = None
    serial_console: Maybe[bool] = None
    privileged: Maybe[bool] = None
    verified_boot: Maybe[bool] = None


@dataclass(frozen=True, slots=True)
class Line:
    """A circuit, or what speaks BGP over it."""

    place: Maybe[str] = None
    mbps: Maybe[float] = None
    asn: Maybe[float] = None
    prefixes: Maybe[tuple[str, ...]] = None
    auto_accept: Maybe[bool] = None
    shared_table: Maybe[bool] = None
    order: Maybe[bool] = None
    """Whether it is made with the order already, and in use only once somebody speaks BGP over it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one resource.

    `urn`, `type` and `name` say which; `handles` are the ids others use to point at it; `of` is what
    it belongs to, when it is only a part of another resource's settings (`of_kind` its kind).
    """

    cloud: Cloud
    kind: Kind
    urn: str = ""
    type: str = ""
    name: str = ""
    handles: tuple[str, ...] = ()
    of: Maybe[tuple[str, ...]] = None
    of_kind: Kind | None = None
    of_property: str = ""
    refs: Maybe[tuple[str, ...]] = None
    """Ids of what it uses, where a rule follows them."""
    tags: Maybe[Mapping[str, str]] = None
    location: Location | None = None
    exposure: Exposure | None = None
    openings: Maybe[tuple[Opening, ...]] = None
    ways: tuple[Way, ...] = ()
    encryption: Encryption | None = None
    keycare: KeyCare | None = None
    access: Access | None = None
    credential: Credential | None = None
    passwords: PasswordRules | None = None
    logging: Logging | None = None
    retention: Retention | None = None
    backup: Backup | None = None
    protection: Protection | None = None
    availability: Availability | None = None
    patching: Patching | None = None
    compute: Compute | None = None
    line: Line | None = None
    purpose: Maybe[str] = None
    """What it says it is for: `archive`, `handover`, `internet:<purpose>`."""
    leaks: Maybe[tuple[str, ...]] = None
    """Paths of properties that hold a secret in the clear."""
    state: str = ""
    """`external` for what is only read, `deleting` for what waits to be deleted."""


@cache
def field_names(record: type[Any]) -> tuple[str, ...]:
    """The names of a dataclass's fields."""
    return tuple(f.name for f in fields(record))
