"""When a package is unwell: one alarm for each thing it has, over all the ways that thing fails. Pure.

One alarm a thing, by metric arithmetic, and not one a metric: whoever is called at night reads
"tax-database", and the description says what to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

from stacks.text import Text

PERIOD = 300
"""Seconds of one period."""
PERIODS = 3
"""Periods in a row before anybody is called: a quarter of an hour, far inside the 12 hours (RTO) of
the 非機能要件の標準 A.1.3.2."""

ERRORS = 10
"""Server errors in a period that are no longer chance (our choice)."""
CPU = 90
"""Percent of a database's processors (our choice)."""
FREE_SHARE = 0.1
"""Share of a volume that must stay free (our choice)."""
AGE = 3600
"""Seconds that a message may wait (our choice)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: `id` in the arithmetic, the CloudWatch names, `missing` where there is no figure."""

    id: str
    namespace: str
    name: str
    stat: str
    dimensions: tuple[str, ...]
    """The dimensions by which it is counted; their values come with the alarm."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm: it rings when `expression` is above 0. A stopped thing has no figures and is silent."""

    metrics: tuple[Metric, ...]
    expression: str
    description: Text


def _any(*conditions: str) -> str:
    return f"IF({' OR '.join(conditions)}, 1, 0)"


def service() -> Alarm:
    """The internal load balancer: errors of the application or of the balancer, targets that are unwell."""
    space, balancer, group = "AWS/ApplicationELB", ("LoadBalancer",), ("LoadBalancer", "TargetGroup")
    return Alarm(
        metrics=(
            Metric("target", space, "HTTPCode_Target_5XX_Count", "Sum", balancer),
            Metric("balancer", space, "HTTPCode_ELB_5XX_Count", "Sum", balancer),
            Metric("unhealthy", space, "UnHealthyHostCount", "Maximum", group),
        ),
        expression=_any(f"FILL(target, 0) + FILL(balancer, 0) > {ERRORS}", "FILL(unhealthy, 0) > 0"),
        description=Text(
            f"5分間のサーバーエラーが{ERRORS}件を超えたか、ヘルスチェックに失敗した対象があります",
            f"More than {ERRORS} server errors in 5 minutes, or a target that fails its health check",
        ),
    )


def instance(storage_gb: int) -> Alarm:
    """An RDS instance with a volume of `storage_gb` GiB: busy, or nearly full."""
    free = int(storage_gb * FREE_SHARE * 1024**3)
    by = ("DBInstanceIdentifier",)
    return Alarm(
        metrics=(
            Metric("cpu", "AWS/RDS", "CPUUtilization", "Average", by),
            Metric("free", "AWS/RDS", "FreeStorageSpace", "Minimum", by),
        ),
        expression=_any(f"cpu > {CPU}", f"free < {free}"),
        description=Text(
            f"データベースのCPU使用率が{CPU}%を超えたか、空き容量が{FREE_SHARE:.0%}を下回りました",
            f"Database above {CPU}% CPU, or less than {FREE_SHARE:.0%} of its storage free",
        ),
    )


def cluster() -> Alarm:
    """An Aurora cluster: busy. Its storage grows by itself."""
    return Alarm(
        metrics=(Metric("cpu", "AWS/RDS", "CPUUtilization", "Average", ("DBClusterIdentifier",)),),
        expression=_any(f"cpu > {CPU}"),
        description=Text(f"データベースのCPU使用率が{CPU}%を超えました", f"Database above {CPU}% CPU"),
    )


def queue() -> Alarm:
    """A queue: messages that wait too long."""
    return Alarm(
        metrics=(Metric("age", "AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", ("QueueName",)),),
        expression=_any(f"FILL(age, 0) > {AGE}"),
        description=Text(
            f"{AGE // 60}分を超えて処理されていないメッセージがあります",
            f"A message has waited for more than {AGE // 60} minutes",
        ),
    )
