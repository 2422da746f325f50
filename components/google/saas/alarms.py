"""When a package is unwell: one alarm for each thing it has, over all the ways that thing fails. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from stacks.text import Text

DURATION = "900s"
"""How long before anybody is called: a quarter of an hour, far inside the 12 hours (RTO) of the
非機能要件の標準 A.1.3.2."""
ERRORS = 10
"""Server errors in five minutes that are no longer chance (our choice)."""
BUSY = 0.9
"""Share of a database's processors and storage (our choice)."""
AGE = 3600
"""Seconds that a message may wait (our choice)."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of Cloud Monitoring: which series, how its points are put together, and its limit."""

    name: str
    filter: str
    aligner: str
    reducer: str
    limit: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm: it rings when any of `metrics` is above its limit for `duration`."""

    metrics: tuple[Metric, ...]
    description: Text
    duration: str = DURATION


def _series(resource: str, metric: str, *labels: str) -> str:
    return " AND ".join((f'resource.type="{resource}"', f'metric.type="{metric}"', *labels))


def service(rule: str) -> Alarm:
    """The internal load balancer with the forwarding rule `rule`: errors of the application or its own."""
    found = _series(
        "internal_http_lb_rule",
        "loadbalancing.googleapis.com/https/internal/request_count",
        f'resource.label.forwarding_rule_name="{rule}"',
        "metric.label.response_code_class=500",
    )
    return Alarm(
        (Metric("errors", found, "ALIGN_DELTA", "REDUCE_SUM", ERRORS),),
        Text(
            f"5分間のサーバーエラーが{ERRORS}件を超えました", f"More than {ERRORS} server errors in 5 minutes"
        ),
        "0s",
    )


def cloud_sql(instance: str) -> Alarm:
    """A Cloud SQL instance (`<project>:<name>`): busy, or nearly full."""
    of = f'resource.label.database_id="{instance}"'
    return Alarm(
        tuple(
            Metric(
                kind,
                _series("cloudsql_database", f"cloudsql.googleapis.com/database/{kind}/utilization", of),
                "ALIGN_MEAN",
                "REDUCE_NONE",
                BUSY,
            )
            for kind in ("cpu", "disk")
        ),
        Text(
            f"データベースのCPUまたはディスクの使用率が{BUSY:.0%}を超えました",
            f"Database above {BUSY:.0%} of its CPU or storage",
        ),
    )


def alloydb(instance: str) -> Alarm:
    """An AlloyDB instance: busy. Its storage grows by itself."""
    found = _series(
        "alloydb.googleapis.com/Instance",
        "alloydb.googleapis.com/instance/cpu/average_utilization",
        f'resource.label.instance_id="{instance}"',
    )
    return Alarm(
        (Metric("cpu", found, "ALIGN_MEAN", "REDUCE_NONE", BUSY),),
        Text(f"データベースのCPU使用率が{BUSY:.0%}を超えました", f"Database above {BUSY:.0%} of its CPU"),
    )


def queue(subscription: str) -> Alarm:
    """A subscription: messages that wait too long."""
    found = _series(
        "pubsub_subscription",
        "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
        f'resource.label.subscription_id="{subscription}"',
    )
    return Alarm(
        (Metric("age", found, "ALIGN_MAX", "REDUCE_NONE", AGE),),
        Text(
            f"{AGE // 60}分を超えて処理されていないメッセージがあります",
            f"A message has waited for more than {AGE // 60} minutes",
        ),
    )
