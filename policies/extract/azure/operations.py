"""Identity, logs, alarms, budgets, backups, patches."""

from __future__ import annotations

from typing import Any

from policies.extract.azure.data import public
from policies.facts import (
    UNKNOWN,
    Access,
    Backup,
    Credential,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Logging,
    Maybe,
    Retention,
)
from policies.props import Props, either, known

ADMINISTRATORS = (
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",  # Owner
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",  # User Access Administrator
)
"""Ids of Azure's built-in roles that give everything, or the means to it."""


def assignment(p: Props) -> Facts:
    """A role given to somebody."""
    role = p.text("roleDefinitionId")
    return Facts(
        "azure",
        Kind.GRANT,
        access=Access(
            administrator=UNKNOWN if role is UNKNOWN else str(role).lower().endswith(ADMINISTRATORS)
        ),
    )


def definition(p: Props) -> Facts:
    """A role of our own."""
    permissions = p.blocks("permissions")
    if permissions is UNKNOWN:
        return Facts(
            "azure", Kind.ROLE, access=Access(administrator=UNKNOWN, wildcard=UNKNOWN, inverted=UNKNOWN)
        )
    almighty: list[Maybe[bool]] = []
    wide: list[Maybe[bool]] = []
    inverted: list[Maybe[bool]] = []
    for one in permissions:
        actions, less = one.texts("actions"), one.texts("notActions")
        if actions is UNKNOWN or less is UNKNOWN:
            almighty.append(UNKNOWN)
            continue
        almighty.append("*" in actions and not less)
        inverted.append("*" in actions and bool(less))
        wide.append(any(a.endswith("/*") and a.count("/") <= 1 and a != "*/read" for a in actions))
    return Facts(
        "azure",
        Kind.ROLE,
        access=Access(
            administrator=either(*almighty, False),
            wildcard=either(*wide, False),
            inverted=either(*inverted, False),
        ),
    )


def federation(p: Props) -> Facts:
    """Whom a managed identity trusts."""
    subject = p.text("subject")
    return Facts(
        "azure",
        Kind.GRANT,
        access=Access(
            loose_federation=UNKNOWN if subject is UNKNOWN else subject is None or "*" in str(subject)
        ),
    )


def workspace(p: Props) -> Facts:
    """A Log Analytics workspace: 30 days unless it says more."""
    return Facts("azure", Kind.LOG_STORE, retention=Retention(days=p.number("retentionInDays", 30)))


def budget(p: Props) -> Facts:
    """A budget: a map of notifications."""
    notes = p.get("notifications")
    told: Maybe[bool] = UNKNOWN
    if notes is None or isinstance(notes, dict):
        told = any(
            isinstance(n, dict)
            and Props(n).flag("enabled", True) is not False
            and (n.get("contactEmails") or n.get("contactGroups"))
            for n in (notes or {}).values()
        )
    return Facts("azure", Kind.BUDGET, logging=Logging(notifies=told))


def alarm(p: Props) -> Facts:
    """An alert on a metric or on the activity log."""
    actions = p.get("actions")
    if isinstance(actions, dict):
        actions = actions.get("actionGroups")
    scopes = p.texts("scopes")
    return Facts(
        "azure",
        Kind.ALARM,
        logging=Logging(
            notifies=UNKNOWN if actions is UNKNOWN else bool(actions), enabled=p.flag("enabled", True)
        ),
        refs=() if scopes is UNKNOWN else scopes,
    )


def sink(p: Props) -> Facts:
    """A diagnostic setting: where logs go."""
    return Facts("azure", Kind.LOG_SINK, refs=known(p.get("storageAccountId"), p.get("workspaceId")))


def defender(p: Props) -> Facts:
    """A plan of Defender for Cloud."""
    tier = p.text("pricingTier", "Free")
    return Facts(
        "azure", Kind.DETECTOR, logging=Logging(enabled=UNKNOWN if tier is UNKNOWN else tier == "Standard")
    )


def vault(p: Props) -> Facts:
    """A Recovery Services or backup vault."""
    inside = p.block("properties")
    q = inside if isinstance(inside, Props) else Props({})
    state = q.text_at("securitySettings", "immutabilitySettings", "state", default="Disabled")
    days = q.number_at(
        "securitySettings", "softDeleteSettings", "softDeleteRetentionPeriodInDays", default=14
    )
    if days is not UNKNOWN and days is None:
        days = 14
    return Facts(
        "azure",
        Kind.BACKUP_VAULT,
        encryption=Encryption(customer_key=q.has("encryption")),
        exposure=Exposure(public_access=public(q)),
        backup=Backup(locked=UNKNOWN if state is UNKNOWN else state in ("Locked", "Unlocked")),
        retention=Retention(recover_days=days),
    )


def policy(p: Props) -> Facts:
    """A backup policy of machines."""
    inside = p.block("properties")
    q = inside if isinstance(inside, Props) else Props({})
    often = q.text_at("schedulePolicy", "scheduleRunFrequency", default="Daily")
    days = q.number_at("retentionPolicy", "dailySchedule", "retentionDuration", "count", default=0)
    return Facts(
        "azure",
        Kind.BACKUP_PLAN,
        backup=Backup(
            hours=UNKNOWN if often is UNKNOWN else {"Daily": 24.0, "Hourly": 4.0}.get(str(often), 168.0),
            days=days,
        ),
    )


def protected(p: Props) -> Facts:
    """Something that a vault backs up."""
    inside = p.block("properties")
    source = inside.get("sourceResourceId") if isinstance(inside, Props) else UNKNOWN
    return Facts(
        "azure",
        Kind.BACKUP_SELECTION,
        backup=Backup(selects=UNKNOWN if source is UNKNOWN else known(source)),
        refs=known(source),
    )


def provider(p: Props) -> Facts:
    """The provider's own settings."""
    literal = any(p.raw.get(n) not in (None, "") for n in ("clientSecret", "clientCertificatePassword"))
    return Facts("azure", Kind.PROVIDER, credential=Credential(in_provider=literal), tags={})


def _is(kind: Kind) -> Any:
    return lambda _: Facts("azure", kind)


TABLE = {
    "authorization:roleassignment": assignment,
    "authorization:roledefinition": definition,
    "managedidentity:federatedidentitycredential": federation,
    "operationalinsights:workspace": workspace,
    "consumption:budget": budget,
    "costmanagement:budget": budget,
    "insights:metricalert": alarm,
    "monitor:metricalert": alarm,
    "insights:activitylogalert": alarm,
    "monitor:activitylogalert": alarm,
    "insights:diagnosticsetting": sink,
    "monitor:diagnosticsetting": sink,
    "security:pricing": defender,
    "recoveryservices:vault": vault,
    "dataprotection:backupvault": vault,
    "recoveryservices:protectionpolicy": policy,
    "recoveryservices:protecteditem": protected,
    "maintenance:maintenanceconfiguration": _is(Kind.PATCH_SCHEDULE),
    "devtestlab:globalschedule": _is(Kind.SCHEDULE),
    "automation:schedule": _is(Kind.SCHEDULE),
    "providers:provider": provider,
}
