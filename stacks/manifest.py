"""The manifest of one tenant: the single source of its JSON Schema, documentation and errors.

A manifest is the value of `jichitai:tenant` in `stacks/tenants/Pulumi.<stack>.yaml`. The classes
here say what each field means and what a *single* field may hold. What needs the registry, the
catalogue, another field or today's date is in `stacks.validation`, which reports every error of
every file at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from stacks.registry.clouds import CloudName

Environment = Literal["production", "verification"]
Usage = Literal["single", "shared"]
Isolation = Literal["account", "network", "application"]
Size = Literal["small", "medium", "large", "xlarge"]
Segment = Literal["mynumber", "lgwan"]
JoinProvider = Literal["oracle-azure", "exchange"]
Purpose = Literal["patch", "license", "console"]
PartName = Literal[
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

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,14}[a-z0-9]$")]
BusinessId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]+$", max_length=64)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$", max_length=254)]
Person = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=64)]
Time = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Domain = Annotated[
    str,
    StringConstraints(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        max_length=253,
    ),
]
ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
AdoptedId = Annotated[str, StringConstraints(min_length=1, max_length=512)]
Subject = Annotated[str, StringConstraints(pattern=r"^[^*?\s]([^*?]*[^*?\s])?$", max_length=255)]
Sentence = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=500)]


def _range(value: Any) -> Any:
    """An IPv4 range with its prefix length written out: `10.0.0.0` alone would mean one address."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9.]+/[0-9]{1,2}", value, re.ASCII):
        raise PydanticCustomError("range_form", "not a range")
    try:
        return str(IPv4Network(value))
    except ValueError:
        pass
    try:
        wider = IPv4Network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("range_form", "not a range") from None
    raise PydanticCustomError("range_host_bits", "host bits are set", {"network": str(wider)})


def _address(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return str(IPv4Address(value))
    except ValueError:
        raise PydanticCustomError("address_form", "not an address") from None


def _day(value: Any) -> Any:
    """A day. Pulumi rewrites a date that is not quoted in Go's notation before the program sees it."""
    if not isinstance(value, str):
        return value
    written = value.removesuffix(" 00:00:00 +0000 UTC")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", written, re.ASCII):
        raise PydanticCustomError("day_form", "not a date")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise PydanticCustomError("day_form", "not a date") from None


def _private_asn(value: int) -> int:
    if any(low <= value <= high for low, high in PRIVATE_ASNS):
        return value
    raise PydanticCustomError("asn_private", "not a private AS number")


PRIVATE_ASNS = ((64512, 65534), (4200000000, 4294967294))
"""16-bit and 32-bit private AS numbers, RFC 6996."""

Range = Annotated[
    IPv4Network,
    BeforeValidator(_range),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"}),
]
Address = Annotated[
    IPv4Address,
    BeforeValidator(_address),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]{1,3}\.){3}[0-9]{1,3}$"}),
]
Day = Annotated[date, BeforeValidator(_day)]
PrivateAsn = Annotated[
    int,
    AfterValidator(_private_asn),
    WithJsonSchema(
        {"type": "integer", "anyOf": [{"minimum": low, "maximum": high} for low, high in PRIVATE_ASNS]}
    ),
]


class Model(BaseModel):
    """Closed and frozen: an unknown field is an error, a manifest never changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Circuit(Model):
    """One dedicated circuit of this tenant, ordered from a carrier."""

    location: str = Field(min_length=1, max_length=64)
    """Where it enters the cloud, in the cloud's own spelling. Two circuits want two locations.

    AWS: the code of the Direct Connect location. Azure: peering location. Google: edge
    availability domain. OCI: provider name. さくら: site.
    """
    id: str | None = Field(default=None, min_length=1, max_length=256)
    """The id that the carrier or the cloud gave (connection, service key, pairing key, hosted
    interface). Absent while the circuit is on order: the tenant then comes up without what hangs
    on it, and every report says "awaiting circuit"."""
    bandwidth_mbps: int = Field(default=1000, ge=50, le=100_000)
    """Bandwidth, Mbit/s."""
    vlan: int = Field(ge=1, le=4094)
    """IEEE 802.1Q VLAN id of the virtual interface."""
    asn: PrivateAsn
    """BGP AS number of the on-premises router."""


class Lgwan(Model):
    """How the tenant reaches LGWAN and the town hall. Never over the internet."""

    mode: Literal["own", "hub"]
    """`own`: dedicated circuits in this unit. `hub`: attach to the hub that the
    ネットワーク構築運用補助者 or the prefecture runs."""
    gateway: str | None = Field(default=None, max_length=512)
    """`hub` only: the id of the shared gateway; absent while it has not been shared yet."""
    asn: PrivateAsn = 64512
    """`own` only: the AS number of the cloud side."""
    circuits: Mapping[Name, Circuit] = Field(default_factory=dict, max_length=4)
    """`own` only: the circuits by a name of your own. Two or more for production."""


class Adoption(Model):
    """A part of the baseline that exists already and is used, not created."""

    adopt: Mapping[str, AdoptedId] = Field(default_factory=dict)
    """Ids of what is adopted, where the cloud needs them: for instance `bucket: <name of the log bucket>`."""


class CloudUnit(Model):
    """The unit that was handed over on one cloud, and what the tenant uses of it."""

    unit: str = Field(min_length=1, max_length=128)
    """Account, project, subscription, child tenancy or Sakura project. Quote it: it is text."""
    region: str | None = Field(default=None, min_length=1, max_length=64)
    """Domestic region. Default: the first of the cloud's domestic regions; the other is for recovery."""
    zones: tuple[ZoneName, ...] | None = Field(default=None, min_length=1, max_length=4)
    """Zones in use. Default: the first two. A zone may be added later; no subnet moves."""
    address_space: Range
    """The tenant's own range here: private (RFC 1918), /16 to /22, and nobody else's."""
    lgwan: Lgwan
    """The closed connection to LGWAN and the town hall."""
    baseline: Mapping[PartName, Literal["created", "adopted"] | Adoption] = Field(default_factory=dict)
    """Parts that the official templates (or you) already made: `adopted`. Default: `created`."""
    server_image: str | None = Field(default=None, min_length=1, max_length=256)
    """Id of your own hardened server image. Default: the cloud's current Linux image, hardened at
    first boot."""
    certificate_authority: str | None = Field(default=None, min_length=1, max_length=512)
    """Id of a private certificate authority that exists (one that the prefecture shares, say).
    Default: a private authority is made in this unit."""
    budget_usd: int | None = Field(default=None, ge=1, le=10_000_000)
    """Monthly budget in US dollars, where the unit is billed in them (AWS always shows costs so): people are
    told on the way to it. Default on AWS: 10,000."""
    budget_jpy: int | None = Field(default=None, ge=1, le=1_500_000_000)
    """Monthly budget in yen, where the unit is billed in yen. Default on the other clouds: 1,500,000."""


class Join(Model):
    """A private line between two clouds of this tenant. Nothing uses it but the calls that it allows."""

    provider: JoinProvider
    """`oracle-azure`: Oracle Interconnect for Azure, which joins `azure` and `oci` without a carrier.
    `exchange`: an exchange provider (Equinix, Megaport and the like) that has a circuit to each cloud."""
    bandwidth_mbps: int = Field(default=1000, ge=1000, le=10_000)
    """`oracle-azure` only: bandwidth, Mbit/s."""
    ends: Mapping[CloudName, Circuit] = Field(default_factory=dict, max_length=2)
    """`exchange` only: its circuit to each of the two clouds, as the carrier gave it."""
    allow: Mapping[Name, tuple[Name, ...]] = Field(default_factory=dict, max_length=64)
    """Who may call whom over the line: a package of one cloud, and the packages of the other whose
    entrance (HTTPS) it calls. Both in the same segment of 三層の対策."""


class Dns(Model):
    """Names, both ways."""

    domain: Domain | None = None
    """The tenant's private domain. Default: `<romaji>.<code>.internal`."""
    on_premises: Mapping[Domain, tuple[Address, ...]] = Field(default_factory=dict)
    """Domains that the on-premises name servers answer, and their addresses."""


class Network(Model):
    """What is true of the network on every cloud."""

    on_premises: tuple[Range, ...] = Field(min_length=1, max_length=64)
    """Ranges in use at the town hall (庁内) and on LGWAN: reachable over the circuit, never allocated."""
    avoid: tuple[Range, ...] = Field(default=(), max_length=256)
    """More ranges that must not be allocated (other bodies on the same hub, link pools)."""
    dns: Dns = Dns()
    """Names, both ways."""


class Schedule(Model):
    """When a verification environment runs, Japan time, on working days."""

    start: Time = "08:00"
    """When it starts."""
    stop: Time = "20:00"
    """When it stops."""


class Package(Model):
    """One deployable application that serves one or more of the 20 businesses."""

    catalogue: str = Field(min_length=1, max_length=64)
    """Id of the vendor's entry in `stacks/registry/packages`."""
    cloud: CloudName
    """Where it runs."""
    businesses: tuple[BusinessId, ...] | None = Field(default=None, min_length=1)
    """The businesses it serves here. Default: all that the entry offers."""
    version: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    """Version (image tag) of the application. Default: the entry's."""
    size: Size | None = None
    """Size class. Default: by population, else by the kind of local government."""
    endpoint: str | None = Field(default=None, min_length=1, max_length=512)
    """`asp` entries only: the vendor's private endpoint service, as the cloud names it."""
    certificate: str | None = Field(default=None, min_length=1, max_length=512)
    """Id of a TLS certificate (LGPKI, say) that was imported into the cloud's store. Default: one
    from the private authority."""
    schedule: Schedule | None = None
    """Verification only: when it runs. Default: 08:00 to 20:00 on working days."""


class Member(Model):
    """A local government in a shared (共同利用) tenant."""

    on_premises: tuple[Range, ...] = Field(min_length=1, max_length=64)
    """Its own ranges: reachable from its own network only."""
    address_space: Mapping[CloudName, Range] = Field(default_factory=dict)
    """Network isolation only: its own network's range on each cloud in use."""


class Retention(Model):
    """How long logs and backups are kept."""

    log_days: int = Field(default=365, ge=365, le=3653)
    """Days that logs can be searched. At least a year."""
    archive_years: int = Field(default=7, ge=1, le=30)
    """Years in the immutable archive (BLEA's figure: 2,555 days)."""
    backup_days: int = Field(default=35, ge=7, le=3650)
    """Days that daily backups are kept. RPO of the 非機能要件の標準: one business day."""


class Contact(Model):
    """Whom the cloud and the alarms reach."""

    name: Person
    """Who it is."""
    organisation: Person
    """Of which organisation."""
    title: Person = "administrator"
    """In which function."""
    email: Email
    """Where alarms go."""
    phone: Annotated[str, StringConstraints(pattern=r"^\+[0-9]{7,15}$")] | None = None
    """International form, `+81…`."""


class Pipeline(Model):
    """The pipeline that may deploy this tenant, by OpenID Connect: no key is kept anywhere."""

    issuer: str = Field(pattern=r"^(github|gitlab|https://[^\s?#]+)$", max_length=255)
    """Who vouches for it: `github`, `gitlab`, or the URL of another issuer."""
    subjects: tuple[Subject, ...] = Field(min_length=1, max_length=10)
    """The complete `sub` claims that may deploy, no pattern. A protected environment is best:
    `repo:<owner>/<repository>:environment:production`."""
    audience: str | None = Field(default=None, min_length=1, max_length=255)
    """The `aud` claim. Default: the cloud's own."""


class InternetException(Model):
    """A named, approved, expiring opening to the internet."""

    destinations: tuple[Domain, ...] = Field(min_length=1, max_length=50)
    """Host names that may be reached over HTTPS, and nothing else."""
    reason: Sentence
    """Why it is needed."""
    approver: Person
    """Who approved it."""
    expires: Day
    """Last day on which it is open."""


class PolicyException(Model):
    """A finding of a policy that somebody accepted for a time."""

    rule: str = Field(pattern=r"^[A-Z]{2,5}-[0-9]{3}$")
    """Id of the policy."""
    resource: str = Field(min_length=1, max_length=512)
    """Glob over resource URNs."""
    reason: Sentence
    """Why it is accepted."""
    approver: Person
    """Who approved it."""
    expires: Day
    """Last day on which it is accepted."""


class Tenant(Model):
    """A tenant: one local government (or a shared group of them) in one environment."""

    code: Code
    """全国地方公共団体コード: six digits, the last a check digit. Quote it: it is text."""
    environment: Environment
    """`production` (本番) or `verification` (検証): separate units, separate stacks."""
    usage: Usage = "single"
    """`single` (単独利用) or `shared` (共同利用)."""
    isolation: Isolation | None = None
    """Shared only. `account`: a unit, and so a stack, for each body. `network`: one unit, a
    network for each body. `application`: one unit and network, separated in the application."""
    population: int | None = Field(default=None, ge=1, le=20_000_000)
    """Residents, for sizing."""
    clouds: Mapping[CloudName, CloudUnit] = Field(min_length=1)
    """The units handed over, by cloud."""
    joins: Mapping[Name, Join] = Field(default_factory=dict, max_length=4)
    """Where two of the clouds are joined by a private line, by a name of your own."""
    network: Network
    """What is true of the network on every cloud."""
    members: Mapping[Code, Member] = Field(default_factory=dict)
    """Shared only: the bodies that this tenant serves."""
    packages: Mapping[Name, Package]
    """The applications, by a short name of your own that ends up in resource names."""
    on_premises: tuple[BusinessId, ...] = ()
    """Businesses that stay outside for now (特定移行支援システム)."""
    retention: Retention = Retention()
    """How long logs and backups are kept."""
    contacts: Mapping[Literal["operations", "security", "billing"], Contact] = Field(min_length=1)
    """`operations` is required; the others default to it."""
    pipeline: Pipeline | None = None
    """The pipeline that may deploy, for `./jichitai bootstrap`. Absent while none does."""
    internet: Mapping[Purpose, InternetException] = Field(default_factory=dict)
    """The only three purposes for which the internet may be opened: `patch` (パッチ適用),
    `license` (ライセンス認証), `console` (管理コンソールへの接続)."""
    exceptions: Mapping[Name, PolicyException] = Field(default_factory=dict)
    """Accepted policy findings."""
    protect: bool = True
    """Deletion protection. Set it to false, `up`, and only then `destroy`."""
