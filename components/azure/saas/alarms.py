"""What rings for a package: metrics of its parts. Pure; the figures are our choice, as on every cloud."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.text import Text

ERRORS, CPU, STORAGE, AGE = 10, 80, 90, 15
"""Server errors in five minutes; percent of CPU; percent of storage; minutes that a message may wait."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric of one resource and the value that is too much."""

    space: str
    name: str
    statistic: str
    operator: str
    threshold: float
    dimension: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: it rings when `metric` is out of bounds. `meaning` is for people."""

    metric: Metric
    meaning: Text


def container() -> Alarm:
    """A container app that answers with server errors."""
    metric = Metric(
        "Microsoft.App/containerApps",
        "Requests",
        "Total",
        "GreaterThan",
        ERRORS,
        ("statusCodeCategory", "5xx"),
    )
    return Alarm(
        metric,
        Text(
            f"5分間のサーバーエラーが{ERRORS}件を超えました", f"More than {ERRORS} server errors in 5 minutes"
        ),
    )


def balancer() -> Alarm:
    """A load balancer with servers that fail its health check."""
    metric = Metric("Microsoft.Network/loadBalancers", "DipAvailability", "Average", "LessThan", 100)
    return Alarm(
        metric, Text("ヘルスチェックに失敗したサーバーがあります", "A server fails its health check")
    )


DATABASES = Text(
    f"データベースのCPU使用率が{CPU}%、または容量の使用率が{STORAGE}%を超えました",
    f"A database above {CPU}% CPU, or above {STORAGE}% of its storage",
)

DATABASE_QUERY = f"""AzureMetrics
| where ResourceProvider in ("MICROSOFT.DBFORPOSTGRESQL", "MICROSOFT.DBFORMYSQL")
| where (MetricName == "cpu_percent" and Average > {CPU})
    or (MetricName == "storage_percent" and Average > {STORAGE})
| project TimeGenerated, _ResourceId, MetricName, Average
"""
"""All databases of the tenant in one alarm, which says which of them it is."""
