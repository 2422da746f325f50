"""Database engines of RDS: versions, ports and parameter group families.

The majors are those of "Supported engine versions" in the RDS and Aurora user guides; the minors are one
recent example each, which is what a program that names only a major gets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "postgres": ("18.1", "17.7", "16.11", "15.15", "14.20", "13.23"),
    "mysql": ("8.4.7", "8.0.44"),
    "mariadb": ("11.8.5", "11.4.9", "10.11.15", "10.6.24"),
    "aurora-postgresql": ("17.7", "16.11", "15.15", "14.20", "13.23"),
    "aurora-mysql": ("8.0.mysql_aurora.3.10.2", "8.0.mysql_aurora.3.04.4"),
    "oracle-se2": ("21.0.0.0.ru-2025-10.rur-2025-10.r1", "19.0.0.0.ru-2025-10.rur-2025-10.r1"),
    "oracle-se2-cdb": ("21.0.0.0.ru-2025-10.rur-2025-10.r1", "19.0.0.0.ru-2025-10.rur-2025-10.r1"),
    "oracle-ee": ("21.0.0.0.ru-2025-10.rur-2025-10.r1", "19.0.0.0.ru-2025-10.rur-2025-10.r1"),
    "oracle-ee-cdb": ("21.0.0.0.ru-2025-10.rur-2025-10.r1", "19.0.0.0.ru-2025-10.rur-2025-10.r1"),
    "sqlserver-se": ("16.00.4215.2.v1", "15.00.4455.2.v1"),
    "sqlserver-ee": ("16.00.4215.2.v1", "15.00.4455.2.v1"),
    "sqlserver-web": ("16.00.4215.2.v1", "15.00.4455.2.v1"),
    "sqlserver-ex": ("16.00.4215.2.v1", "15.00.4455.2.v1"),
}
_PORTS: Final[Mapping[str, int]] = {
    "postgres": 5432,
    "aurora-postgresql": 5432,
    "mysql": 3306,
    "mariadb": 3306,
    "aurora-mysql": 3306,
    "oracle": 1521,
    "sqlserver": 1433,
}


def _major(engine: str, version: str) -> str:
    parts = version.split(".")
    if "postgres" in engine or "oracle" in engine:
        return parts[0]
    return ".".join(parts[:2])


def version_of(engine: str, prefix: str = "") -> str | None:
    """The newest known version of an engine that begins with `prefix`; None when there is none."""
    for version in _VERSIONS.get(engine, ()):
        if not prefix or version == prefix or version.startswith((f"{prefix}.", f"{prefix}-")):
            return version
    return None


def major_of(engine: str, version: str) -> str | None:
    """The major version that `version` (or, if empty, the newest) belongs to; None when RDS has no such
    major.
    """
    if not version:
        newest = version_of(engine)
        return _major(engine, newest) if newest else None
    major = _major(engine, version)
    return major if any(_major(engine, known) == major for known in _VERSIONS.get(engine, ())) else None


def port_of(engine: str) -> int:
    """An engine's usual port."""
    return _PORTS.get(engine) or _PORTS.get(engine.split("-")[0], 3306)


def family_of(engine: str, version: str) -> str:
    """The parameter group family: `postgres16`, `mysql8.0`, `oracle-se2-19`."""
    major = _major(engine, version)
    return f"{engine}-{major}" if engine.startswith("oracle") else f"{engine}{major}"


def family_exists(family: str) -> bool:
    """Whether RDS has a parameter group family of this name."""
    return any(
        family == family_of(engine, version) for engine, versions in _VERSIONS.items() for version in versions
    ) or family.startswith("sqlserver-")


def engines() -> Mapping[str, tuple[str, ...]]:
    """Every engine with its versions, newest first."""
    return _VERSIONS
