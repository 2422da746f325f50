"""Logs, alarms, messages and schedules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.identity import permission, project_number
from providers.twin.google.words import bad, hold, item, key, name, part, token
from providers.twin.scope import Scope

_CRON = re.compile(r"(\S+\s+){4}\S+")


def _retention(scope: Scope) -> None:
    days = scope.get("retentionDays")
    if days is not None and not 1 <= int(days) <= 3650:
        raise bad(f"retention of {days} days: 1 to 3650 are allowed")


def _destination(scope: Scope) -> None:
    """Where a sink writes to exists."""
    service, _, what = str(scope.get("destination")).partition("/")
    kinds = {
        "storage.googleapis.com": "storage.Bucket",
        "logging.googleapis.com": "logging.ProjectBucketConfig",
        "pubsub.googleapis.com": "pubsub.Topic",
    }
    kind = kinds.get(service)
    if kind is None:
        raise bad(f"unsupported sink destination '{scope.get('destination')}'")
    if scope.find(token(kind), what, None) is None:
        raise bad(f"sink destination '{scope.get('destination')}' does not exist")


def _alert(scope: Scope) -> None:
    conditions = scope.get("conditions") or []
    matched = [condition for condition in conditions if condition.get("conditionMatchedLog")]
    if matched and len(conditions) > 1:
        raise bad("a policy with a log match condition has no other condition")
    if matched and not scope.get("alertStrategy.notificationRateLimit"):
        raise bad("a policy with a log match condition needs a notification rate limit")
    for condition in conditions:
        kinds = [kind for kind in condition if kind.startswith("condition") and condition[kind]]
        if len(kinds) != 1:
            raise bad(f"condition '{condition.get('displayName')}' must be of exactly one kind")


def _durations(scope: Scope) -> None:
    """10 minutes to 31 days (Pub/Sub documentation)."""
    kept = scope.get("messageRetentionDuration")
    if kept is not None and not 600 <= int(str(kept).rstrip("s").split(".")[0]) <= 2_678_400:
        raise bad(f"message retention of {kept}: 600s to 2678400s are allowed")


def _dead(scope: Scope) -> None:
    attempts = scope.get("deadLetterPolicy.maxDeliveryAttempts")
    if attempts is not None and not 5 <= int(attempts) <= 100:
        raise bad(f"{attempts} delivery attempts: 5 to 100 are allowed")


def _cron(scope: Scope) -> None:
    if not _CRON.fullmatch(str(scope.get("schedule") or "")):
        raise bad(f"'{scope.get('schedule')}' is no schedule: five fields of cron are expected")


TABLE: Mapping[str, Behaviour] = {
    "logging.ProjectBucketConfig": item(
        "projects/{unit}/locations/{location}/buckets/{bucketId}",
        "logging",
        "logging:v2:LogBucket",
        "bucketId location",
        autoname="",
        refs=(key("cmekSettings.kmsKeyName"),),
        defaults={"retentionDays": 30},
        computed={
            "name": "projects/{unit}/locations/{location}/buckets/{bucketId}",
            "lifecycleState": "ACTIVE",
        },
        rules=(_retention,),
        used=False,
    ),
    "logging.ProjectSink": item(
        "projects/{unit}/sinks/{name}",
        "logging",
        "logging:v2:LogSink",
        "name uniqueWriterIdentity",
        everywhere=True,
        computed={
            "writerIdentity": lambda s: (
                f"serviceAccount:service-{project_number(s.unit)}@gcp-sa-logging.iam.gserviceaccount.com"
            )
        },
        rules=(_destination,),
    ),
    "monitoring.AlertPolicy": item(
        "projects/{unit}/alertPolicies/{digits19}",
        "monitoring",
        "monitoring:v3:AlertPolicy",
        "",
        autoname="",
        everywhere=True,
        refs=(hold("notificationChannels[]", "monitoring.NotificationChannel"),),
        defaults={"enabled": True},
        computed={"name": "projects/{unit}/alertPolicies/{digits19}"},
        rules=(_alert,),
    ),
    "monitoring.NotificationChannel": item(
        "projects/{unit}/notificationChannels/{digits19}",
        "monitoring",
        "monitoring:v3:NotificationChannel",
        "type",
        autoname="",
        everywhere=True,
        defaults={"enabled": True},
        computed={"name": "projects/{unit}/notificationChannels/{digits19}", "verificationStatus": ""},
        outside=r"projects/[a-z0-9-]+/notificationChannels/[0-9]+",
    ),
    "pubsub.Topic": item(
        "projects/{unit}/topics/{name}",
        "pubsub",
        "pubsub:v1:Topic",
        "name",
        everywhere=True,
        refs=(name("kmsKeyName", "kms.CryptoKey", anywhere=True),),
        rules=(_durations,),
        used=False,
    ),
    "pubsub.Subscription": item(
        "projects/{unit}/subscriptions/{name}",
        "pubsub",
        "pubsub:v1:Subscription",
        "name topic filter enableMessageOrdering",
        everywhere=True,
        refs=(
            name("topic", "pubsub.Topic"),
            name("deadLetterPolicy.deadLetterTopic", "pubsub.Topic"),
            name("cloudStorageConfig.bucket", "storage.Bucket", anywhere=True),
        ),
        defaults={"messageRetentionDuration": "604800s"},
        computed={"ackDeadlineSeconds": lambda _: 10},
        rules=(_durations, _dead),
    ),
    "pubsub.TopicIAMMember": permission("topic", part("topic", "pubsub.Topic"), service="pubsub"),
    "pubsub.TopicIAMBinding": permission("topic", part("topic", "pubsub.Topic"), service="pubsub", one=False),
    "pubsub.SubscriptionIAMBinding": permission(
        "subscription", part("subscription", "pubsub.Subscription"), service="pubsub", one=False
    ),
    "cloudscheduler.Job": item(
        "projects/{unit}/locations/{region}/jobs/{name}",
        "cloudscheduler",
        "cloudscheduler:v1:Job",
        "name region",
        refs=(hold("httpTarget.oauthToken.serviceAccountEmail", "serviceaccount.Account"),),
        computed={"state": "ENABLED"},
        rules=(_cron,),
    ),
}
