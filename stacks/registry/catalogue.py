"""The catalogue of vendor packages: one YAML file an entry, no code needed to add one.

An entry says what a vendor delivers: which of the 20 businesses it serves, what it runs on and
how large that is for each size class. It never says how a cloud builds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from stacks.manifest import BusinessId, Model, Name, Segment, Size
from stacks.registry.clouds import Engine, WorkloadKind

Delivery = Literal["hosted", "asp"]


class Title(Model):
    """A name for people, in both languages."""

    ja: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=100)


class WorkloadSize(Model):
    """How large one workload is in a size class."""

    vcpu: float = Field(gt=0, le=96)
    memory_gb: float = Field(gt=0, le=768)
    replicas: int = Field(ge=1, le=50)


class Workload(Model):
    """One process of the application: a container or a server."""

    kind: WorkloadKind
    port: int = Field(default=8443, ge=1, le=65535)
    """Where it listens, with TLS."""
    health: str = Field(default="/healthz", pattern=r"^/[A-Za-z0-9/_.-]*$")
    """Path of the health check."""
    exposed: bool = False
    """Whether town hall terminals reach it through the internal load balancer."""
    disk_gb: int = Field(default=50, ge=20, le=16_000)
    """Servers only: data disk, GiB."""
    sizes: Mapping[Size, WorkloadSize]


class DatabaseSize(Model):
    """How large the database is in a size class."""

    vcpu: int = Field(ge=1, le=96)
    memory_gb: int = Field(ge=1, le=768)
    storage_gb: int = Field(ge=20, le=64_000)


class Database(Model):
    """The database that the application needs."""

    engine: Engine
    version: str = Field(pattern=r"^[0-9]+(\.[0-9]+)*$")
    """Major version (`16`, `8.4`, `19`)."""
    sizes: Mapping[Size, DatabaseSize]


class Entry(Model):
    """One catalogue entry: what a vendor delivers."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: Title
    vendor: Title
    delivery: Delivery
    """`hosted`: runs in the tenant. `asp`: runs at the vendor's, reached over a private endpoint."""
    segment: Segment = "mynumber"
    """マイナンバー利用事務系 or LGWAN接続系."""
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    businesses: tuple[BusinessId, ...] = Field(min_length=1)
    workloads: Mapping[Name, Workload] = Field(default_factory=dict)
    database: Database | None = None
    files: bool = False
    """Whether the workloads share a file system."""
    queue: bool = False
    """Whether the workloads pass messages."""
    asp_port: int = Field(default=443, ge=1, le=65535)
    """`asp` only: the port of the vendor's service."""
    receives: Mapping[BusinessId, tuple[BusinessId, ...]] = Field(default_factory=dict)
    """庁内データ連携: for each business here, the businesses whose data it takes over."""
