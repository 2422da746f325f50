"""What a managed database becomes on Azure: size, storage, tier. Pure; each figure names its source."""

from __future__ import annotations

from dataclasses import dataclass

from components.azure import facts
from stacks.plan import DatabasePlan

STORAGE_STEPS: tuple[int, ...] = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
"""GiB that PostgreSQL flexible servers have on Premium SSD (service limits)."""

MYSQL_STORAGE = (20, 16384)
"""The least and the most of a MySQL flexible server, GiB (service limits)."""

BACKUP_DAYS = (7, 35)
"""The least and the most days that flexible servers keep backups (both engines)."""

MYSQL_VERSIONS: dict[str, str] = {"8.0": "8.0.21", "8.4": "8.4"}
"""How Azure spells the versions of MySQL (API: ServerVersion)."""


@dataclass(frozen=True, slots=True)
class DatabaseShape:
    """A flexible server: SKU, tier, GiB of storage, version as Azure spells it."""

    sku: str
    tier: str
    storage_gb: int
    version: str


def shape(database: DatabasePlan) -> DatabaseShape:
    """The smallest server that has what `database` asks for.

    Raises ValueError where none is large enough, or for an engine that Azure does not manage.
    """
    if database.engine == "oracle":
        raise ValueError("Azure manages no Oracle database")
    size = facts.size(facts.DATABASE_SIZES, database.vcpu, database.memory_gb)
    memory = size.memory_gb > size.vcpu * 4
    tier = "MemoryOptimized" if memory else "GeneralPurpose"
    if database.engine == "mysql":
        storage = max(MYSQL_STORAGE[0], database.storage_gb)
        return DatabaseShape(size.name, tier, storage, MYSQL_VERSIONS.get(database.version, database.version))
    fitting = next((step for step in STORAGE_STEPS if step >= database.storage_gb), None)
    if fitting is None:
        raise ValueError(f"a PostgreSQL server has at most {STORAGE_STEPS[-1]} GiB")
    return DatabaseShape(size.name, tier, fitting, database.version.split(".", maxsplit=1)[0])


def backup_days(days: int) -> int:
    """Days within what the servers take; the longest is what the manifest may ask for."""
    return min(max(days, BACKUP_DAYS[0]), BACKUP_DAYS[1])
