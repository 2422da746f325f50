"""Which managed database serves a planned one: pure facts about RDS and Aurora.

Sources: the RDS and Aurora user guides (instance classes, parameter and option names); which class
and service to take is this toolkit's own choice, said where it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from stacks.plan import DatabasePlan, SchedulePlan


@dataclass(frozen=True, slots=True)
class InstanceClass:
    """A database instance class: virtual CPUs and memory in GiB."""

    name: str
    vcpu: int
    memory_gb: int


def _sizes(family: str, memory_per_vcpu: int, sizes: Mapping[str, int]) -> tuple[InstanceClass, ...]:
    return tuple(
        InstanceClass(f"db.{family}.{size}", vcpu, vcpu * memory_per_vcpu) for size, vcpu in sizes.items()
    )


_TO_4 = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
_TO_16 = _TO_4 | {"8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
_ABOVE = {"24xlarge": 96, "32xlarge": 128}

# Burstable classes carry two vCPUs only: enough for a small town, and a third of the price.
_GRAVITON_SMALL = (InstanceClass("db.t4g.medium", 2, 4), InstanceClass("db.t4g.large", 2, 8))
_INTEL_SMALL = (InstanceClass("db.t3.medium", 2, 4), InstanceClass("db.t3.large", 2, 8))

OPEN_SOURCE = (
    *_GRAVITON_SMALL,
    *_sizes("m6g", 4, _TO_16),
    *_sizes("r6g", 8, _TO_16),
    *_sizes("r6i", 8, _ABOVE),
)
"""RDS for PostgreSQL and MySQL, cheapest first among equals. Generation 6: offered in Tokyo and in Osaka."""

AURORA = (*_GRAVITON_SMALL, *_sizes("r6g", 8, _TO_16), *_sizes("r6i", 8, _ABOVE))
"""Aurora has no general-purpose (m) classes."""

ORACLE_SE2 = (*_INTEL_SMALL, *_sizes("m6i", 4, _TO_4), *_sizes("r6i", 8, _TO_4))
"""Oracle SE2 may use 16 threads at most, so that its classes end at 16 vCPUs."""

ORACLE_EE = _sizes("r6i", 8, _TO_16 | _ABOVE)

AURORA_VCPU = 8
"""From this size on Aurora is taken (our choice): at 8 vCPUs its price meets that of a Multi-AZ
pair, storage grows by itself, fail-over is half a minute instead of two, and the standby can read.
Below, an RDS instance is half the price."""

AURORA_VERSIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"postgresql": frozenset({"13", "14", "15", "16", "17"}), "mysql": frozenset({"8.0"})}
)
"""Major versions that Aurora has. MySQL 8.4 has no Aurora, so that it stays on RDS at every size."""

BACKUP_DAYS_MAX = 35
"""Days that RDS itself can keep automated backups. Longer ones are kept by AWS Backup."""

STORAGE_MAX_GB = 65_536
"""The largest RDS volume, GiB."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One engine parameter. `static` ones take effect at the next start."""

    name: str
    value: str
    static: bool = False

    @property
    def apply(self) -> str:
        """When it takes effect, in RDS's words."""
        return "pending-reboot" if self.static else "immediate"


_POSTGRESQL = (
    Parameter("rds.force_ssl", "1"),
    Parameter("log_connections", "1"),
    Parameter("log_disconnections", "1"),
    Parameter("log_statement", "ddl"),
    # Who changed roles and tables is written to the log that CloudWatch keeps.
    Parameter("shared_preload_libraries", "pg_stat_statements,pgaudit", static=True),
    Parameter("pgaudit.log", "ddl,role"),
)
_MYSQL = (
    Parameter("require_secure_transport", "1"),
    Parameter("tls_version", "TLSv1.2,TLSv1.3", static=True),
    Parameter("character_set_server", "utf8mb4"),
)
# Oracle forces encryption by the option below; `audit` reaches CloudWatch only as XML.
_ORACLE = (Parameter("audit_trail", "XML", static=True),)

PARAMETERS: Mapping[str, tuple[Parameter, ...]] = MappingProxyType(
    {"postgresql": _POSTGRESQL, "mysql": _MYSQL, "oracle": _ORACLE}
)

LOGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"postgresql": ("postgresql",), "mysql": ("error",), "oracle": ("alert", "audit")}
)
"""Log files sent to CloudWatch, by engine: those that say who did what."""

ORACLE_ENCRYPTION: Mapping[str, str] = MappingProxyType(
    {
        "SQLNET.ENCRYPTION_SERVER": "REQUIRED",
        "SQLNET.ENCRYPTION_TYPES_SERVER": "AES256",
        "SQLNET.CRYPTO_CHECKSUM_SERVER": "REQUIRED",
        "SQLNET.CRYPTO_CHECKSUM_TYPES_SERVER": "SHA256,SHA384,SHA512",
        "SQLNET.ALLOW_WEAK_CRYPTO": "FALSE",
    }
)
"""Settings of NATIVE_NETWORK_ENCRYPTION: encryption on the listener's own port (1521), so that the
allow list needs no second one, and no client without it gets in."""


@dataclass(frozen=True, slots=True)
class DatabaseShape:
    """How a planned database is built here: service, engine, class, parameters."""

    aurora: bool
    engine: str
    version: str
    major: str
    family: str
    license: str | None
    instance_class: str
    parameters: tuple[Parameter, ...]
    logs: tuple[str, ...]
    iam_login: bool
    storage_max_gb: int | None
    """How far the volume may grow by itself; None: not at all (or, Aurora, without our doing)."""


def smallest(classes: tuple[InstanceClass, ...], vcpu: int, memory_gb: int) -> InstanceClass:
    """The smallest class with at least `vcpu` and `memory_gb`; the first listed among equals.

    Raises ValueError if none is large enough.
    """
    enough = [c for c in classes if c.vcpu >= vcpu and c.memory_gb >= memory_gb]
    if not enough:
        raise ValueError(f"no database class has {vcpu} vCPU and {memory_gb} GiB")
    return min(enough, key=lambda c: (c.vcpu, c.memory_gb))


def shape(database: DatabasePlan) -> DatabaseShape:
    """The RDS or Aurora database that serves `database`. Raises ValueError if it is too large."""
    if database.engine == "oracle":
        return _oracle(database)
    aurora = database.vcpu >= AURORA_VCPU and database.version in AURORA_VERSIONS[database.engine]
    upstream = "postgres" if database.engine == "postgresql" else "mysql"
    engine = f"aurora-{database.engine}" if aurora else upstream
    chosen = smallest(AURORA if aurora else OPEN_SOURCE, database.vcpu, database.memory_gb)
    return DatabaseShape(
        aurora=aurora,
        engine=engine,
        version=database.version,
        major=database.version,
        family=f"{engine}{database.version}",
        license=None,
        instance_class=chosen.name,
        parameters=PARAMETERS[database.engine],
        logs=LOGS[database.engine],
        iam_login=True,
        storage_max_gb=None if aurora else _room(database.storage_gb),
    )


def _oracle(database: DatabasePlan) -> DatabaseShape:
    """SE2 with the licence in the price while 16 vCPUs are enough; above, EE on the body's own licence.

    No licence contract is then needed where one can be avoided. From 21c on Oracle has only the
    container (CDB) architecture, an engine of its own in RDS.
    """
    largest = ORACLE_SE2[-1]
    se2 = database.vcpu <= largest.vcpu and database.memory_gb <= largest.memory_gb
    edition = "oracle-se2" if se2 else "oracle-ee"
    engine = edition if int(database.version.split(".")[0]) < 21 else f"{edition}-cdb"
    return DatabaseShape(
        aurora=False,
        engine=engine,
        version=database.version,
        major=database.version,
        family=f"{engine}-{database.version}",
        license="license-included" if se2 else "bring-your-own-license",
        instance_class=smallest(ORACLE_SE2 if se2 else ORACLE_EE, database.vcpu, database.memory_gb).name,
        parameters=PARAMETERS["oracle"],
        logs=LOGS["oracle"],
        iam_login=False,
        storage_max_gb=_room(database.storage_gb),
    )


def _room(storage_gb: int) -> int | None:
    """Twice the volume, as far as RDS goes; it refuses a limit that is less than 10 % above the volume."""
    limit = min(2 * storage_gb, STORAGE_MAX_GB)
    return limit if limit * 10 >= storage_gb * 11 else None


@dataclass(frozen=True, slots=True)
class Windows:
    """When backups are taken and maintenance is done, in the form RDS wants (UTC)."""

    backup: str
    maintenance: str


def windows(schedule: SchedulePlan | None) -> Windows:
    """At night in Japan; for a database that is stopped at night, an hour or two after its start.

    Night: maintenance Sunday 03:00-04:00, backup 05:00-05:30 JST: AWS Backup comes at 01:00 to 02:00,
    and takes nothing of a database in the hour before its own window. Maintenance that meets a
    stopped database is put off, and no backup is taken of one.
    """
    if schedule is None:
        return Windows(backup="20:00-20:30", maintenance="sat:18:00-sat:19:00")
    hours, minutes = (int(part) for part in schedule.start.split(":"))
    start = hours * 60 + minutes - 9 * 60
    # Wednesday in Japan; before 09:00 JST that is still Tuesday in UTC.
    backup = f"{_clock(start + 60)}-{_clock(start + 90)}"
    first, last = start + 120, start + 180
    return Windows(backup, f"{_day(first)}:{_clock(first)}-{_day(last)}:{_clock(last)}")


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _day(minutes: int) -> str:
    return "tue" if minutes < 0 else "wed"
