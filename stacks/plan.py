"""The plan of one tenant: everything that the components need, decided without any cloud.

Frozen dataclasses only. `stacks.planning` makes them from a manifest; `components` reads nothing
else. What differs between clouds is not here: instance classes, resource types and limits belong
to the cloud's own folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Literal

from stacks.addressing import Role
from stacks.naming import name as _name
from stacks.registry.clouds import CloudName, Currency

Segment = Literal["mynumber", "lgwan"]
Part = Literal[
    "audit_log",
    "configuration_recording",
    "threat_detection",
    "posture_management",
    "account_guards",
    "keys",
    "budget",
    "contacts",
    "alarms",
    "backup",
    "default_network",
]
KeyPurpose = Literal["logs", "data", "backup", "messages"]
KEY_PURPOSES: tuple[KeyPurpose, ...] = ("logs", "data", "backup", "messages")


@dataclass(frozen=True, slots=True)
class ContactPlan:
    """Whom the cloud and the alarms reach, for one role (operations, security, billing)."""

    name: str
    organisation: str
    title: str
    email: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Days that logs can be searched, days in the archive, days that backups are kept."""

    log_days: int
    archive_days: int
    backup_days: int


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """What a unit may cost in a month: whole units of `currency`."""

    amount: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class BaselinePlan:
    """The baseline of one unit.

    `adopted` has the parts that exist already, each with the ids that the manifest gave (maybe
    none); every other part is created.
    """

    adopted: Mapping[Part, Mapping[str, str]]
    contacts: Mapping[str, ContactPlan]
    retention: RetentionPlan
    budget: BudgetPlan

    def creates(self, part: Part) -> bool:
        """Whether `part` is ours to make."""
        return part not in self.adopted


@dataclass(frozen=True, slots=True)
class CircuitPlan:
    """One dedicated circuit. `id` is None while it is on order."""

    key: str
    location: str
    id: str | None
    bandwidth_mbps: int
    vlan: int
    asn: int


@dataclass(frozen=True, slots=True)
class LgwanPlan:
    """The closed connection.

    `advertised` is what the circuits are told of this tenant, `accepted` what may be learnt from
    them; nothing else passes in either direction. `awaiting` names what is still on order.
    """

    mode: Literal["own", "hub"]
    gateway: str | None
    asn: int
    circuits: Mapping[str, CircuitPlan]
    advertised: tuple[IPv4Network, ...]
    accepted: tuple[IPv4Network, ...]
    awaiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """A private line to another cloud of this tenant, as this cloud sees it.

    `oracle-azure` has no carrier and so no circuit; the end of an `exchange` is a circuit like any other.
    `ranges` is what lies on the other side, `number` the line's place among the circuits of this cloud:
    its link addresses follow from it, and it never moves when a circuit to the town hall is added.
    """

    key: str
    provider: Literal["oracle-azure", "exchange"]
    other: CloudName
    bandwidth_mbps: int
    circuit: CircuitPlan | None
    ranges: tuple[IPv4Network, ...]
    number: int


@dataclass(frozen=True, slots=True)
class SubnetPlan:
    """A subnet: `key` is `<role>-<slot>`; `zone` is the zone in that slot."""

    key: str
    role: Role
    slot: int
    zone: str
    cidr: IPv4Network


@dataclass(frozen=True, slots=True)
class Peer:
    """One end of a flow.

    `group`: a group of this network by key, `ranges` then being the subnets it lives in.
    `ranges`: addresses outside (`on-premises`; `join-<line>-<package>`, at the other end of a line to
    another cloud). `service`: the cloud's own service by a neutral name (`object-storage`).
    """

    kind: Literal["group", "ranges", "service"]
    key: str
    ranges: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """One line of the allow list: what may open connections to what. All else is closed."""

    source: Peer
    target: Peer
    protocol: Literal["tcp", "udp"]
    port: int
    reason: str
    """Why, in ASCII English: it becomes the rule's description."""


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A security group: who is in it is decided by whoever attaches it."""

    key: str
    role: Role
    description: str


@dataclass(frozen=True, slots=True)
class EgressPlan:
    """An approved opening to the internet."""

    purpose: Literal["patch", "license", "console"]
    destinations: tuple[str, ...]
    approver: str
    expires: date


@dataclass(frozen=True, slots=True)
class DnsPlan:
    """Names both ways: our private domain, and the domains that on-premises servers answer."""

    domain: str
    on_premises: Mapping[str, tuple[IPv4Address, ...]]


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """One network: `main`, or a member's code under network isolation."""

    key: str
    cidr: IPv4Network
    on_premises: tuple[IPv4Network, ...]
    subnets: Mapping[str, SubnetPlan]
    groups: Mapping[str, GroupPlan]
    flows: tuple[Flow, ...]
    egress: tuple[EgressPlan, ...]
    dns: DnsPlan

    def of_role(self, role: Role) -> tuple[SubnetPlan, ...]:
        """The subnets of `role`, by slot."""
        return tuple(subnet for subnet in self.subnets.values() if subnet.role == role)

    def into(self, group: str) -> tuple[Flow, ...]:
        """The flows that may enter `group`."""
        return tuple(f for f in self.flows if f.target.kind == "group" and f.target.key == group)

    def out_of(self, group: str) -> tuple[Flow, ...]:
        """The flows that may leave `group`."""
        return tuple(f for f in self.flows if f.source.kind == "group" and f.source.key == group)


@dataclass(frozen=True, slots=True)
class WorkloadPlan:
    """One process of a package. `vcpu` in virtual CPUs, memory and disk in GiB."""

    key: str
    kind: Literal["container", "server"]
    port: int
    health: str
    exposed: bool
    vcpu: float
    memory_gb: float
    replicas: int
    disk_gb: int


@dataclass(frozen=True, slots=True)
class DatabasePlan:
    """A managed database. The cloud makes and keeps its password; none is in the plan."""

    engine: Literal["postgresql", "mysql", "oracle"]
    version: str
    vcpu: int
    memory_gb: int
    storage_gb: int
    port: int
    multi_zone: bool
    database: str
    administrator: str


@dataclass(frozen=True, slots=True)
class SchedulePlan:
    """When a verification environment runs (`HH:MM`, Asia/Tokyo, Monday to Friday)."""

    start: str
    stop: str


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """One package in one network.

    `key` names it and its groups `<key>-entry`, `<key>-app`, `<key>-data`, `<key>-files` (those
    that it needs). `host` is its private name. `endpoint` is the vendor's service, for `asp`.
    """

    key: str
    entry: str
    title_ja: str
    title_en: str
    network: str
    member: str | None
    segment: Segment
    delivery: Literal["hosted", "asp"]
    version: str
    businesses: tuple[str, ...]
    system_ids: tuple[str, ...]
    workloads: Mapping[str, WorkloadPlan]
    database: DatabasePlan | None
    files: bool
    queue: bool
    endpoint: str | None
    asp_port: int
    certificate: str | None
    host: str
    schedule: SchedulePlan | None
    tags: Mapping[str, str]

    @property
    def exposed(self) -> WorkloadPlan | None:
        """The workload behind the internal load balancer, if any."""
        return next((w for w in self.workloads.values() if w.exposed), None)


@dataclass(frozen=True, slots=True)
class HandoverPlan:
    """庁内データ連携 between one pair of systems: `sender` may put under `prefix`, `receiver` may get.

    `key` is `<sender system id>-<receiver system id>` with the member's code before it where there
    are several bodies; sender and receiver are package keys.
    """

    key: str
    sender: str
    receiver: str
    sender_business: str
    receiver_business: str
    prefix: str


@dataclass(frozen=True, slots=True)
class CloudPlan:
    """Everything of one tenant on one cloud."""

    cloud: CloudName
    unit: str
    region: str
    recovery_region: str
    zones: tuple[str, ...]
    prefix: str
    environment: Literal["production", "verification"]
    protect: bool
    server_image: str | None
    certificate_authority: str | None
    tags: Mapping[str, str]
    baseline: BaselinePlan
    lgwan: LgwanPlan
    joins: Mapping[str, JoinPlan]
    networks: Mapping[str, NetworkPlan]
    packages: Mapping[str, PackagePlan]
    handovers: tuple[HandoverPlan, ...]

    @property
    def circuits(self) -> Mapping[int, CircuitPlan]:
        """Every dedicated circuit by its number: those to the town hall, then the ends of exchanges."""
        own = dict(enumerate(self.lgwan.circuits.values()))
        return own | {join.number: join.circuit for join in self.joins.values() if join.circuit}

    def name(self, *parts: str, limit: int = 63) -> str:
        """A name under the tenant's prefix: `jt131041p-<parts>`, within `limit` characters."""
        return _name(self.prefix, *parts, limit=limit)


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """A tenant: who it is, and what it is on each cloud."""

    stack: str
    code: str
    title_ja: str
    romaji: str
    prefecture: str
    environment: Literal["production", "verification"]
    usage: Literal["single", "shared"]
    isolation: Literal["account", "network", "application"] | None
    members: tuple[str, ...]
    on_premises: tuple[str, ...]
    crossing: tuple[HandoverPlan, ...]
    """Hand-overs between packages on two clouds: they need an agreement outside this plan."""
    clouds: Mapping[CloudName, CloudPlan]
