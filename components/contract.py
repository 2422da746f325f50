"""What each layer gives to the next, the same on every cloud.

A layer is a class of the same name in each cloud's folder (`Baseline`, `Lgwan`, `Iaas`, `Paas`,
`Saas`), made as `Layer(name, plan, given, opts=…)`: `plan` is the cloud's part of the tenant's
plan, `given` one of the records below. Ids are what the cloud uses to point at the thing (ARN,
self link, resource id, OCID): a layer never parses one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from stacks.plan import KeyPurpose


@dataclass(frozen=True, slots=True)
class BaselineGives:
    """Customer keys by purpose, the topic that alarms go to, the backup vault, the log archive."""

    keys: Mapping[KeyPurpose, pulumi.Output[str]]
    alarms: pulumi.Output[str]
    vault: pulumi.Output[str]
    archive: pulumi.Output[str]
    """Name of the immutable bucket (container) for logs."""
    places: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    """Where the layers put what they make, on clouds that ask (compartments by layer; the vault of keys
    and secrets as `vault`; other things of the unit by the cloud's own short name)."""


@dataclass(frozen=True, slots=True)
class LgwanGives:
    """The gateway that networks attach to; None while it is on order (a hub not yet shared)."""

    gateway: pulumi.Output[str] | None
    tables: Mapping[str, pulumi.Output[str]]
    """Route tables of the gateway, where we own it: by 三層 segment (`mynumber`, `lgwan`, `management`),
    or by side (`circuits`, and each network) where a network has one attachment for all its segments."""
    awaiting: tuple[str, ...]
    ends: Mapping[str, pulumi.Output[str]] = field(default_factory=dict[str, pulumi.Output[str]])
    """What the operator of the other side must be told, once `connect` has made it: ids by network."""


@dataclass(frozen=True, slots=True)
class NetworkGives:
    """One network. Maps have the plan's own keys: subnets `<role>-<slot>`, groups as planned."""

    id: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    groups: Mapping[str, pulumi.Output[str]]
    route_tables: Mapping[str, pulumi.Output[str]]
    """Route tables by role of subnet, where the cloud has them."""
    zone: pulumi.Output[str]
    """The private DNS zone of the tenant's domain."""
    endpoints: Mapping[str, pulumi.Output[str]]
    """Private endpoints of the cloud's services, by the cloud's short name of the service."""
    names: pulumi.Output[str] | None = None
    """What resolvers read private zones from, where that is a thing of its own (an OCI view)."""


@dataclass(frozen=True, slots=True)
class IaasGives:
    """Networks by key; server facts that packages share (image, instance profile and the like)."""

    networks: Mapping[str, NetworkGives]
    servers: Mapping[str, pulumi.Output[str]]
    """Servers by `<package>-<workload>-<n>`."""
    files: Mapping[str, pulumi.Output[str]]
    """Shared file systems by package."""
    identities: Mapping[str, pulumi.Output[str]]
    """The identity (name) that a package's servers run as, for the packages that have servers."""


@dataclass(frozen=True, slots=True)
class DatabaseGives:
    """A managed database: its id, address, port, and where the cloud keeps the password (never its value)."""

    id: pulumi.Output[str]
    address: pulumi.Output[str]
    port: pulumi.Output[int]
    secret: pulumi.Output[str]


@dataclass(frozen=True, slots=True)
class PaasGives:
    """Platform services that packages use."""

    cluster: pulumi.Output[str] | None
    registries: Mapping[str, pulumi.Output[str]]
    """Image repositories (URL) by package."""
    databases: Mapping[str, DatabaseGives]
    secrets: Mapping[str, pulumi.Output[str]]
    """Where the application's own secrets are, by package; whoever operates it puts the values in."""
    queues: Mapping[str, pulumi.Output[str]]
    handovers: Mapping[str, pulumi.Output[str]]
    """The hand-over buckets (containers) by network: what one body hands over lies beside no other's."""
    identities: Mapping[str, pulumi.Output[str]]
    """The identity that a package's workloads run as (role, service account, managed identity)."""
    authority: pulumi.Output[str] | None
    """The private certificate authority that the packages' names are certified by."""


@dataclass(frozen=True, slots=True)
class SaasGives:
    """Where people reach each package: its private URL, by package."""

    urls: Mapping[str, pulumi.Output[str]]
    awaiting: tuple[str, ...] = ()
    """Packages at the vendor's side whose endpoint is not known yet."""


@dataclass(frozen=True, slots=True)
class IaasNeeds:
    """What comes before the network."""

    baseline: BaselineGives
    lgwan: LgwanGives


@dataclass(frozen=True, slots=True)
class PaasNeeds:
    """What comes before the platform."""

    baseline: BaselineGives
    iaas: IaasGives


@dataclass(frozen=True, slots=True)
class SaasNeeds:
    """What comes before the packages."""

    baseline: BaselineGives
    iaas: IaasGives
    paas: PaasGives
