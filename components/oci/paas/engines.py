"""How a planned database is built on OCI: service, shape, days of backup. Pure.

PostgreSQL is OCI Database with PostgreSQL, MySQL is HeatWave, Oracle is an Autonomous Database: it alone
takes its administrator's password from the vault, so that no state has it.
"""

from __future__ import annotations

import math
from typing import Literal

from components.oci import facts
from stacks.plan import DatabasePlan

Service = Literal["postgresql", "mysql", "autonomous"]

IOPS = 75_000
"""The least performance tier of PostgreSQL's storage (API: StorageDetails.iops)."""
MYSQL_STORAGE = (50, 131_072)
"""GiB that a MySQL volume may have (API: dataStorageSizeInGBs)."""
MYSQL_VERSIONS = {"8.4": "8.4.7", "8.0": "8.0.44"}
"""The innovation-free (LTS) version of each major one."""
ORACLE_VERSIONS = {"19": "19c", "23": "26ai"}
"""Autonomous Database's names of the major versions."""


def service(database: DatabasePlan) -> Service:
    """The service that runs `database`."""
    return "autonomous" if database.engine == "oracle" else database.engine


def instances(database: DatabasePlan) -> int:
    """Nodes of PostgreSQL: a second one, in another fault domain, takes over."""
    return 2 if database.multi_zone else 1


def ecpus(database: DatabasePlan) -> float:
    """ECPUs of an Autonomous Database: two at the least."""
    return float(max(2, database.vcpu * facts.ECPUS_A_VCPU))


def mysql_storage(database: DatabasePlan) -> int:
    """GiB of a MySQL volume, within what the service has."""
    least, most = MYSQL_STORAGE
    return min(max(database.storage_gb, least), most)


def autonomous_storage(database: DatabasePlan) -> int:
    """GiB of an Autonomous Database, within what the service has."""
    least, most = facts.AUTONOMOUS_STORAGE
    return min(max(math.ceil(database.storage_gb), least), most)


def backup_days(database: DatabasePlan, wanted: int) -> int:
    """Days of automatic backups: as the manifest asks, within what the service keeps."""
    most = {
        "postgresql": facts.POSTGRESQL_BACKUP_DAYS_MAX,
        "mysql": facts.MYSQL_BACKUP_DAYS_MAX,
        "autonomous": facts.AUTONOMOUS_BACKUP_DAYS_MAX,
    }[service(database)]
    return min(max(1, wanted), most)
