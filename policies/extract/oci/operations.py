"""Identity, Cloud Guard, logs, alarms, budgets, schedules, backup policies."""

from __future__ import annotations

import re
from typing import Any

from policies.facts import (
    UNKNOWN,
    Access,
    Backup,
    Credential,
    Facts,
    Kind,
    Location,
    Logging,
    Maybe,
    PasswordRules,
    Retention,
)
from policies.props import Props, every, known

_ALL = re.compile(
    r"^\s*allow\s+.*\bto\s+manage\s+all-resources\s+in\s+(?:tenancy|compartment)\b(?!.*\bwhere\b)", re.I
)
_WIDE = re.compile(r"^\s*allow\s+.*\bto\s+manage\s+[a-z-]+-family\s+in\s+tenancy\b(?!.*\bwhere\b)", re.I)
_ANYONE = re.compile(r"^\s*(?:allow|endorse|admit)\s+any-(?:user|group|tenancy)\b(?!.*\bwhere\b)", re.I)


def policy(p: Props) -> Facts:
    """A policy: its statements are sentences."""
    said = p.texts("statements")
    if said is UNKNOWN:
        return Facts(
            "oci", Kind.GRANT, access=Access(administrator=UNKNOWN, wildcard=UNKNOWN, anyone=UNKNOWN)
        )
    return Facts(
        "oci",
        Kind.GRANT,
        access=Access(
            administrator=any(_ALL.search(s) for s in said),
            wildcard=any(_WIDE.search(s) for s in said),
            anyone=any(_ANYONE.search(s) for s in said),
        ),
    )


def passwords(p: Props) -> Facts:
    """The tenancy's authentication policy."""
    q = p.block("passwordPolicy")
    s = q if isinstance(q, Props) else Props({})
    return Facts(
        "oci",
        Kind.PASSWORD_POLICY,
        passwords=PasswordRules(
            length=s.number("minimumPasswordLength", 8),
            complex=every(
                *(
                    s.flag(n, False)
                    for n in (
                        "isLowercaseCharactersRequired",
                        "isUppercaseCharactersRequired",
                        "isNumericCharactersRequired",
                        "isSpecialCharactersRequired",
                    )
                )
            ),
        ),
    )


def guard(p: Props) -> Facts:
    """Cloud Guard."""
    status = p.text("status", "ENABLED")
    return Facts(
        "oci", Kind.DETECTOR, logging=Logging(enabled=UNKNOWN if status is UNKNOWN else status == "ENABLED")
    )


def alarm(p: Props) -> Facts:
    """An alarm; what it looks at is in its query."""
    places = p.texts("destinations")
    asked = p.text("query", "")
    query = "" if asked is UNKNOWN else str(asked)
    return Facts(
        "oci",
        Kind.ALARM,
        logging=Logging(
            notifies=UNKNOWN if places is UNKNOWN else bool(places), enabled=p.flag("isEnabled", True)
        ),
        refs=(*(() if places is UNKNOWN else places), *re.findall(r'"([^"]+)"', query)),
    )


def budget_rule(p: Props) -> Facts:
    """An alert rule beside its budget."""
    told = p.has("recipients")
    target = p.get("budgetId")
    return Facts(
        "oci",
        Kind.BUDGET,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.BUDGET,
        of_property="budgetId",
        logging=Logging(notifies=told),
    )


def connector(p: Props) -> Facts:
    """A service connector: logs into a bucket or a stream."""
    return Facts("oci", Kind.LOG_SINK, refs=known(p.at("target", "bucket"), p.at("target", "streamId")))


def log(p: Props) -> Facts:
    """A service log: of a subnet it is a flow log."""
    service = p.at("configuration", "source", "service")
    if service != "flowlogs":
        return Facts("oci", Kind.OTHER)
    return Facts("oci", Kind.FLOW_LOG, refs=known(p.at("configuration", "source", "resource")))


def backup_policy(p: Props) -> Facts:
    """A policy of volume backups: with a destination it also copies to another region."""
    region = p.text("destinationRegion")
    return Facts(
        "oci", Kind.BACKUP_PLAN, backup=Backup(elsewhere=UNKNOWN if region is UNKNOWN else region is not None)
    )


def audit(p: Props) -> Facts:
    """The tenancy's audit log, which is always on: how long it is kept."""
    return Facts(
        "oci",
        Kind.LOG_STORE,
        purpose="member",
        retention=Retention(days=p.number("retentionPeriodDays", 90)),
    )


def provider(p: Props) -> Facts:
    """The provider's own settings."""
    literal: Maybe[bool] = any(p.raw.get(n) not in (None, "") for n in ("privateKey", "privateKeyPassword"))
    return Facts(
        "oci",
        Kind.PROVIDER,
        location=Location(region=p.text("region")),
        credential=Credential(in_provider=literal),
        tags={},
    )


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("oci", kind, **more)


TABLE: dict[str, Any] = {
    "identity:user": _is(Kind.USER),
    "identity:domainsuser": _is(Kind.USER),
    "identity:apikey": _is(Kind.LONG_LIVED_KEY),
    "identity:authtoken": _is(Kind.LONG_LIVED_KEY),
    "identity:customersecretkey": _is(Kind.LONG_LIVED_KEY),
    "identity:smtpcredential": _is(Kind.LONG_LIVED_KEY),
    "identity:policy": policy,
    "identity:authenticationpolicy": passwords,
    "cloudguard:cloudguardconfiguration": guard,
    "cloudguard:target": _is(Kind.POSTURE),
    "monitoring:alarm": alarm,
    "ons:notificationtopic": lambda p: Facts("oci", Kind.TOPIC, handles=known(p.get("topicId"))),
    "ons:subscription": lambda p: Facts("oci", Kind.SUBSCRIPTION, refs=known(p.get("topicId"))),
    "budget:budget": _is(Kind.BUDGET, logging=Logging(notifies=False)),
    "budget:rule": budget_rule,
    "sch:connector": connector,
    "logging:log": log,
    "audit:configuration": audit,
    "core:volumebackuppolicy": backup_policy,
    "resourcescheduler:schedule": _is(Kind.SCHEDULE),
    "osmanagementhub:scheduledjob": _is(Kind.PATCH_SCHEDULE),
    "providers:provider": provider,
}
