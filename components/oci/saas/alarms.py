"""When a package is unwell: one alarm for each thing it has, over all the ways that thing fails. Pure.

One alarm a thing and not one a metric: whoever is called at night reads "tax-database", and the
description says what to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from components.oci.paas.engines import Service
from stacks.text import Text

PENDING = "PT15M"
"""How long before anybody is called: a quarter of an hour, far inside the 12 hours (RTO) of the
非機能要件の標準 A.1.3.2."""
ERRORS = 10
"""Server errors in five minutes that are no longer chance (our choice)."""
CPU = 90
"""Percent of a database's processors (our choice)."""
FULL = 90
"""Percent of a database's storage (our choice)."""
AGE = 60
"""Minutes that a message may wait (our choice); the queue's metric counts in minutes ("Queue Metrics")."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm over metrics of `namespace`, which are counted in the compartment of `layer`.

    It rings when any of `conditions` holds: metric with its statistic, and what it is compared with.
    """

    layer: Literal["paas", "saas"]
    namespace: str
    conditions: tuple[tuple[str, str, str], ...]
    description: Text
    severity: Literal["CRITICAL", "WARNING"] = "CRITICAL"

    def query(self, resource: str) -> str:
        """The expression (Monitoring Query Language) over the resource with this OCID."""
        of = f'{{resourceId = "{resource}"}}'
        return " || ".join(f"{name}[5m]{of}.{stat} {test}" for name, stat, test in self.conditions)


def service() -> Alarm:
    """The load balancer: errors of the application, backends that are unwell."""
    return Alarm(
        layer="saas",
        namespace="oci_lbaas",
        conditions=(
            ("HttpResponses5xx", "sum()", f"> {ERRORS}"),
            ("UnHealthyBackendServers", "max()", "> 0"),
        ),
        description=Text(
            f"5分間のサーバーエラーが{ERRORS}件を超えたか、ヘルスチェックに失敗した対象があります",
            f"More than {ERRORS} server errors in 5 minutes, or a backend that fails its health check",
        ),
    )


_DATABASES: Mapping[Service, tuple[str, tuple[tuple[str, str, str], ...]]] = MappingProxyType(
    {
        "postgresql": ("oci_postgresql", (("CpuUtilization", "mean()", f"> {CPU}"),)),
        "mysql": (
            "oci_mysql_database",
            (
                ("CPUUtilization", "mean()", f"> {CPU}"),
                ("DbVolumeUtilization", "max()", f"> {FULL}"),
            ),
        ),
        "autonomous": (
            "oci_autonomous_database",
            (
                ("CpuUtilization", "mean()", f"> {CPU}"),
                ("StorageUtilization", "max()", f"> {FULL}"),
            ),
        ),
    }
)


def database(kind: Service) -> Alarm:
    """A database: busy, or nearly full where its storage does not grow by itself."""
    namespace, conditions = _DATABASES[kind]
    return Alarm(
        layer="paas",
        namespace=namespace,
        conditions=conditions,
        description=Text(
            f"データベースのCPU使用率が{CPU}%を超えたか、容量の使用率が{FULL}%を超えました",
            f"Database above {CPU}% CPU or {FULL}% of its storage",
        ),
    )


def queue() -> Alarm:
    """A queue: messages that wait too long."""
    return Alarm(
        layer="paas",
        namespace="oci_queue",
        conditions=(("ConsumerLag", "max()", f"> {AGE}"),),
        description=Text(
            f"{AGE}分を超えて処理されていないメッセージがあります",
            f"A message has waited for more than {AGE} minutes",
        ),
        severity="WARNING",
    )
