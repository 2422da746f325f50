"""Identity, logs, alarms, budgets, backups, patches."""

from __future__ import annotations

import re
from typing import Any

from policies.extract.google.data import anybody, members
from policies.facts import (
    UNKNOWN,
    Access,
    Backup,
    Credential,
    Encryption,
    Facts,
    Kind,
    Location,
    Logging,
    Maybe,
)
from policies.props import Props, known, matched

ALMIGHTY = ("roles/owner", "roles/editor", "roles/iam.securityAdmin", "roles/resourcemanager.projectIamAdmin")
IMPERSONATION = (
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountKeyAdmin",
)


def grant(p: Props) -> Facts:
    """A role on the project, a folder or the organisation."""
    role, who = p.text("role"), members(p)
    unsure = role is UNKNOWN or who is UNKNOWN or who is None
    return Facts(
        "google",
        Kind.GRANT,
        access=Access(
            administrator=UNKNOWN if role is UNKNOWN else role in ALMIGHTY,
            anyone=anybody(p),
            to_person=UNKNOWN if unsure else any(m.startswith("user:") for m in who or ()),
            # On a whole project these let one act as any of its service accounts.
            pass_any_role=UNKNOWN if role is UNKNOWN else role in IMPERSONATION,
        ),
    )


def account_grant(p: Props) -> Facts:
    """A role on one service account: a pool member that names no subject lets every job in."""
    who = members(p)
    loose: Maybe[bool] = UNKNOWN
    if who is not UNKNOWN and who is not None:
        loose = any(m.startswith("principalSet://") and m.endswith("/*") for m in who)
    return Facts("google", Kind.GRANT, access=Access(anyone=anybody(p), loose_federation=loose))


def pool_provider(p: Props) -> Facts:
    """An OIDC provider of a workload identity pool: without a condition any job of the issuer comes in."""
    has = p.has("attributeCondition")
    return Facts("google", Kind.GRANT, access=Access(loose_federation=UNKNOWN if has is UNKNOWN else not has))


def alarm(p: Props) -> Facts:
    """An alert policy."""
    channels = p.texts("notificationChannels")
    conditions = p.blocks("conditions")
    looks: list[str] = []
    for one in [] if conditions is UNKNOWN else conditions:
        text = one.text_at("conditionThreshold", "filter")
        looks += re.findall(r'"([^"]+)"', text) if isinstance(text, str) else ()
    return Facts(
        "google",
        Kind.ALARM,
        logging=Logging(
            notifies=UNKNOWN if channels is UNKNOWN else bool(channels), enabled=p.flag("enabled", True)
        ),
        refs=tuple(looks),
    )


def budget(p: Props) -> Facts:
    """A budget: owners are told by default, but only where there is a threshold."""
    return Facts("google", Kind.BUDGET, logging=Logging(notifies=p.has("thresholdRules")))


def sink(p: Props) -> Facts:
    """A log sink."""
    where = p.text("destination")
    bucket = str(where).rpartition("/")[2] if where is not UNKNOWN and where else None
    return Facts("google", Kind.LOG_SINK, refs=known(bucket))


def plan(p: Props) -> Facts:
    """A plan of Backup and DR."""
    rules = p.blocks("backupRules")
    if rules is UNKNOWN:
        return Facts("google", Kind.BACKUP_PLAN, backup=Backup(days=UNKNOWN, hours=UNKNOWN))
    hours: list[Any] = []
    for one in rules:
        kind = one.text_at("standardSchedule", "recurrenceType", default="DAILY")
        hours.append(
            UNKNOWN
            if kind is UNKNOWN
            else {"HOURLY": 4.0, "DAILY": 24.0, "WEEKLY": 168.0}.get(str(kind), 744.0)
        )
    days = [one.number("backupRetentionDays", 0) for one in rules]
    return Facts(
        "google",
        Kind.BACKUP_PLAN,
        backup=Backup(
            days=UNKNOWN
            if UNKNOWN in days
            else max((d for d in days if isinstance(d, (int, float))), default=0),
            hours=UNKNOWN if UNKNOWN in hours else min(hours, default=1e6),
        ),
    )


def vault(p: Props) -> Facts:
    """A backup vault: what is in it cannot be deleted for the enforced duration."""
    found = matched(r"^(\d+)s$", p.get("backupMinimumEnforcedRetentionDuration"))
    return Facts(
        "google",
        Kind.BACKUP_VAULT,
        backup=Backup(locked=UNKNOWN if found is UNKNOWN else found is not None and int(found[1]) >= 86400),
        encryption=Encryption(customer_key=p.has("encryptionConfig")),
    )


def association(p: Props) -> Facts:
    """What a backup plan takes."""
    return Facts(
        "google",
        Kind.BACKUP_SELECTION,
        backup=Backup(selects=known(p.get("resource"))),
        refs=known(p.get("resource")),
    )


def provider(p: Props) -> Facts:
    """The provider's own settings."""
    text = str(p.raw.get("credentials") or "")
    return Facts(
        "google",
        Kind.PROVIDER,
        location=Location(region=p.text("region")),
        credential=Credential(in_provider="private_key" in text or bool(p.raw.get("accessToken"))),
        tags={},
    )


def resource_policy(p: Props) -> Facts:
    """A resource policy: snapshots, or starting and stopping."""
    if p.get("instanceSchedulePolicy") is not None:
        return Facts("google", Kind.SCHEDULE)
    return Facts("google", Kind.OTHER)


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("google", kind, **more)


TABLE: dict[str, Any] = {
    "serviceaccount:key": _is(Kind.LONG_LIVED_KEY),
    "storage:hmackey": _is(Kind.LONG_LIVED_KEY),
    "projects:apikey": _is(Kind.LONG_LIVED_KEY),
    "projects:iammember": grant,
    "projects:iambinding": grant,
    "folder:iammember": grant,
    "organizations:iammember": grant,
    "serviceaccount:iammember": account_grant,
    "serviceaccount:iambinding": account_grant,
    "iam:workloadidentitypoolprovider": pool_provider,
    "monitoring:alertpolicy": alarm,
    "billing:budget": budget,
    "logging:projectsink": sink,
    "logging:organizationsink": sink,
    "projects:iamauditconfig": _is(Kind.TRAIL),
    "securitycenter:projectnotificationconfig": _is(Kind.DETECTOR),
    "securitycenter:v2projectnotificationconfig": _is(Kind.DETECTOR),
    "securitycenter:notificationconfig": _is(Kind.DETECTOR),
    "backupdisasterrecovery:backupplan": plan,
    "backupdisasterrecovery:backupvault": vault,
    "backupdisasterrecovery:backupplanassociation": association,
    "osconfig:patchdeployment": _is(Kind.PATCH_SCHEDULE),
    "compute:resourcepolicy": resource_policy,
    "cloudscheduler:job": _is(Kind.SCHEDULE),
    "providers:provider": provider,
}
