"""Trails, recorders, detectors, alarms, budgets, backups, patches."""

from __future__ import annotations

import re
from typing import Any

from policies.extract.aws.storage import customer_key
from policies.extract.documents import read
from policies.facts import (
    FOREVER,
    UNKNOWN,
    Backup,
    Credential,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Location,
    Logging,
    Maybe,
    Patching,
    Protection,
)
from policies.props import Props, either, every, known


def trail(p: Props) -> Facts:
    """A CloudTrail trail."""
    return Facts(
        "aws",
        Kind.TRAIL,
        refs=known(p.get("s3BucketName")),
        encryption=Encryption(customer_key=customer_key(p.get("kmsKeyId"))),
        logging=Logging(
            enabled=p.flag("enableLogging", True),
            complete=every(p.flag("isMultiRegionTrail", False), p.flag("includeGlobalServiceEvents", True)),
            validated=p.flag("enableLogFileValidation", False),
        ),
    )


def recorder(p: Props) -> Facts:
    """A Config recorder."""
    group = p.block("recordingGroup")
    everything: Maybe[bool] = True
    if group is UNKNOWN:
        everything = UNKNOWN
    elif isinstance(group, Props):
        everything = group.flag("allSupported", True)
    return Facts("aws", Kind.RECORDER, handles=known(p.get("name")), logging=Logging(complete=everything))


def detector(p: Props) -> Facts:
    """A GuardDuty detector."""
    return Facts("aws", Kind.DETECTOR, logging=Logging(enabled=p.flag("enable", True)))


def alarm(p: Props) -> Facts:
    """A metric alarm. What it looks at is in its dimensions."""
    actions = [p.texts(n) for n in ("alarmActions", "okActions", "insufficientDataActions")]
    queries = p.blocks("metricQueries")
    looks: list[Any] = []
    for one in [
        p,
        *([] if queries is UNKNOWN else [m for q in queries if isinstance(m := q.block("metric"), Props)]),
    ]:
        dimensions = one.get("dimensions")
        if isinstance(dimensions, dict):
            looks += dimensions.values()
    first = actions[0]
    return Facts(
        "aws",
        Kind.ALARM,
        logging=Logging(
            notifies=UNKNOWN if first is UNKNOWN else bool(first), enabled=p.flag("actionsEnabled", True)
        ),
        refs=known(*looks, *(a for group in actions if group is not UNKNOWN for a in group)),
    )


def event_rule(p: Props) -> Facts | None:
    """An event rule: its targets are beside it, so only whether it is enabled can be told."""
    if p.get("scheduleExpression") not in (None, ""):
        return Facts("aws", Kind.SCHEDULE)
    return Facts(
        "aws",
        Kind.ALARM,
        handles=known(p.get("name")),
        logging=Logging(enabled=p.flag("state", p.flag("isEnabled", True))),
    )


def budget(p: Props) -> Facts:
    """A budget."""
    notes = p.blocks("notifications")
    told: Maybe[bool]
    if notes is UNKNOWN:
        told = UNKNOWN
    else:
        told = either(
            *(either(n.has("subscriberEmailAddresses"), n.has("subscriberSnsTopicArns")) for n in notes),
            False,
        )
    refs = () if notes is UNKNOWN else tuple(t for n in notes for t in n.named("subscriberSnsTopicArns"))
    return Facts("aws", Kind.BUDGET, logging=Logging(notifies=told), refs=refs)


def vault(p: Props) -> Facts:
    """A backup vault; its lock is beside it."""
    return Facts(
        "aws",
        Kind.BACKUP_VAULT,
        handles=known(p.get("name")),
        encryption=Encryption(customer_key=customer_key(p.get("kmsKeyArn"))),
        protection=Protection(forced=p.flag("forceDestroy", False)),
        backup=Backup(locked=False),
        exposure=Exposure(anonymous=False),
    )


def _vault_part(p: Props, **aspects: Any) -> Facts:
    target = p.get("backupVaultName")
    return Facts(
        "aws",
        Kind.BACKUP_VAULT,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.BACKUP_VAULT,
        of_property="backupVaultName",
        **aspects,
    )


def vault_lock(p: Props) -> Facts:
    """A lock: it counts when it keeps anything for a day or more."""
    days = p.number("minRetentionDays", 0)
    return _vault_part(p, backup=Backup(locked=UNKNOWN if days is UNKNOWN else (days or 0) >= 1))


def vault_policy(p: Props) -> Facts:
    """The policy of a vault."""
    reading = read(p.document("policy"))
    return _vault_part(p, exposure=Exposure(anonymous=None if reading is None else reading.anyone))


def hours_between(expression: object) -> Maybe[float]:
    """Hours between two runs of `cron(…)` or `rate(…)`; UNKNOWN for what is too clever to be read.

    A cron of AWS has minute, hour, day of month, month, day of week, year.
    """
    if expression is UNKNOWN or expression is None:
        return UNKNOWN if expression is UNKNOWN else 24.0
    text = str(expression)
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if rate:
        return float(rate[1]) * {"minute": 1 / 60, "hour": 1, "day": 24}[rate[2]]
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", text)
    if cron is None:
        return UNKNOWN
    hour, day, month, weekday = cron[2], cron[3], cron[4], cron[5]
    if month not in ("*",):
        return 24.0 * 31
    if day not in ("*", "?"):
        return 24.0 * 28 if not day.startswith(("*/", "1/")) else 24.0 * float(day[2:])
    if weekday not in ("*", "?"):
        days = len(weekday.split(","))
        if "-" in weekday:
            return 72.0 if weekday.upper() in ("MON-FRI", "2-6") else UNKNOWN
        return 24.0 * 7 / days
    every_hours = re.fullmatch(r"(?:\*|\d+)/(\d+)", hour)
    return float(every_hours[1]) if every_hours else 24.0 / len(hour.split(",")) if hour != "*" else 1.0


def plan(p: Props) -> Facts:
    """A backup plan: the most frequent rule, the longest kept, whether any copies to another region."""
    rules = p.blocks("rules")
    if rules is UNKNOWN:
        return Facts("aws", Kind.BACKUP_PLAN, backup=Backup(days=UNKNOWN, hours=UNKNOWN, elsewhere=UNKNOWN))
    hours = [hours_between(r.get("schedule")) for r in rules]
    days = [r.number_at("lifecycle", "deleteAfter", default=FOREVER) for r in rules]
    targets: list[Any] = []
    for one in rules:
        actions = one.blocks("copyActions")
        targets += [UNKNOWN] if actions is UNKNOWN else [a.get("destinationVaultArn") for a in actions]
    homes = [r.get("targetVaultName") for r in rules]
    regions = tuple(t.split(":")[3] for t in targets if isinstance(t, str) and t.count(":") > 4)
    return Facts(
        "aws",
        Kind.BACKUP_PLAN,
        backup=Backup(
            days=UNKNOWN
            if UNKNOWN in days
            else max((d for d in days if isinstance(d, (int, float))), default=0),
            hours=UNKNOWN
            if UNKNOWN in hours
            else min((h for h in hours if isinstance(h, (int, float))), default=FOREVER),
            elsewhere=_copied(targets),
        ),
        location=Location(copies=regions),
        refs=known(*homes),
    )


def _copied(targets: list[Any]) -> Maybe[bool]:
    """Whether there is a copy. A preview does not know a new vault's ARN; that there is one it knows."""
    return bool(targets)


def selection(p: Props) -> Facts:
    """What a backup plan takes."""
    wanted: list[str] = []
    for name in ("selectionTags", "conditions"):
        blocks = p.blocks(name)
        if blocks is UNKNOWN:
            return Facts("aws", Kind.BACKUP_SELECTION, backup=Backup(selects=UNKNOWN))
        for one in blocks:
            equal = one.blocks("stringEquals")
            for tag in [one] if name == "selectionTags" else ([] if equal is UNKNOWN else equal):
                key, value = tag.get("key"), tag.get("value")
                if isinstance(key, str) and isinstance(value, str):
                    wanted.append(f"{key.removeprefix('aws:ResourceTag/')}={value}")
    resources = p.texts("resources")
    if resources is UNKNOWN:
        return Facts(
            "aws", Kind.BACKUP_SELECTION, backup=Backup(selects=UNKNOWN if not wanted else tuple(wanted))
        )
    return Facts(
        "aws",
        Kind.BACKUP_SELECTION,
        backup=Backup(selects=(*wanted, *(resources if not wanted else ()))),
        refs=resources,
    )


def patch_baseline(p: Props) -> Facts:
    """A patch baseline: the longest delay of its rules."""
    rules = p.blocks("approvalRules")
    if rules is UNKNOWN:
        return Facts("aws", Kind.PATCH_BASELINE, patching=Patching(delay_days=UNKNOWN))
    delays = [
        r.number("approveAfterDays", 0 if r.get("approveUntilDate") is None else UNKNOWN) for r in rules
    ]
    return Facts(
        "aws",
        Kind.PATCH_BASELINE,
        patching=Patching(
            delay_days=UNKNOWN
            if UNKNOWN in delays
            else max((d for d in delays if isinstance(d, (int, float))), default=0)
        ),
    )


def provider(p: Props) -> Facts:
    """The provider's own settings."""
    literal = [p.raw.get(n) not in (None, "") for n in ("accessKey", "secretKey", "token")]
    return Facts(
        "aws",
        Kind.PROVIDER,
        location=Location(region=p.text("region")),
        credential=Credential(in_provider=any(literal)),
        tags={},
    )


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("aws", kind, **more)


TABLE = {
    "cloudtrail:trail": trail,
    "cfg:recorder": recorder,
    "guardduty:detector": detector,
    "securityhub:account": _is(Kind.POSTURE, logging=Logging(enabled=True)),
    "accessanalyzer:analyzer": _is(Kind.ACCESS_ANALYZER),
    "cloudwatch:metricalarm": alarm,
    "cloudwatch:compositealarm": alarm,
    "cloudwatch:eventrule": event_rule,
    "sns:topicsubscription": lambda p: Facts("aws", Kind.SUBSCRIPTION, refs=known(p.get("topic"))),
    "budgets:budget": budget,
    "backup:vault": vault,
    "backup:vaultlockconfiguration": vault_lock,
    "backup:vaultpolicy": vault_policy,
    "backup:plan": plan,
    "backup:selection": selection,
    "ssm:patchbaseline": patch_baseline,
    "ssm:maintenancewindow": _is(Kind.PATCH_SCHEDULE),
    "providers:provider": provider,
}
