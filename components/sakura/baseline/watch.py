"""Who is told of what: notifications, security control, alerts, and who may do what in the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_sakura as sakura

from components.room import Room
from components.sakura import facts
from stacks.plan import CloudPlan

if TYPE_CHECKING:
    from components.sakura.baseline.audit import Audit

ZONED_RULES = (
    "server-no-public-ip",
    "disk-encryption-enabled",
    "dba-encryption-enabled",
    "dba-no-public-ip",
)
SITE_RULES = ("objectstorage-bucket-acl-changed", "objectstorage-bucket-encryption-enabled")
OTHER_RULES = ("iam-member-operation-detected",)
"""Rules of security control that mean something here. Those for add-ons are left out: add-ons are another
company's services, outside what this tenant may use (facts §5)."""

VIEWER, OPERATOR = "resource-viewer", "resource-creator"
"""Preset roles of a project: look at resources; make, change and delete them."""


class Watch:
    """Builds them under `room`. `group` is the notification group, `principal` whom security control works
    as."""

    def __init__(self, room: Room) -> None:
        """Make what stands by itself; `over` adds what watches logs and metrics."""
        self._room = room
        self.group = self._group()
        self.principal = self._principal()
        if room.creates("account_guards"):
            self._people()
        if room.creates("posture_management"):
            self._posture(self.principal)

    # --- notifications ---

    def _group(self) -> pulumi.Output[str]:
        """The group that alarms go to: the manifest's, or the contacts of operations and security."""
        adopted = self._room.adopted("alarms", "group")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        plan = self._room.plan
        destinations = {
            address: sakura.monitoring.NotificationDestination(
                self._room.child(f"contact-{role}"),
                name=plan.name(role, limit=64),
                description=f"{role}",
                type="email",
                tags=list(facts.own_tags(plan)),
                value=address,
                opts=self._room.opts(),
            )
            for address, role in contacts(plan).items()
        }
        return sakura.monitoring.NotificationGroup(
            self._room.child("alarms"),
            name=plan.name("alarms", limit=64),
            tags=list(facts.own_tags(plan)),
            destination_ids=[destination.id for destination in destinations.values()],
            opts=self._room.opts(),
        ).id

    # --- who may do what ---

    def _principal(self) -> pulumi.Output[str]:
        """The principal that security control and encrypted logs work as: it has no key that anyone could
        hold."""
        plan = self._room.plan
        principal = sakura.iam.ServicePrincipal(
            self._room.child("principal"),
            project_id=plan.unit,
            name=plan.name("guard", limit=64),
            description="Security control and encrypted logs",
            opts=self._room.opts(),
        )
        self._member("principal", VIEWER, "service-principal", principal.id)
        return principal.id

    def _people(self) -> None:
        """Groups for those who run the tenant and those who check it; whoever keeps the accounts fills
        them."""
        for name, role, meaning in (
            ("operators", OPERATOR, "Run the tenant's resources"),
            ("auditors", VIEWER, "Look at them, and change nothing"),
        ):
            group = sakura.iam.Group(
                self._room.child(name),
                name=self._room.plan.name(name, limit=64),
                description=meaning,
                opts=self._room.opts(),
            )
            self._member(name, role, "group", group.id)

    def _member(self, name: str, role: str, kind: str, principal: pulumi.Input[str]) -> None:
        """One grant in the project's policy. What was granted at hand-over stays."""
        sakura.iam.ProjectMember(
            self._room.child(f"{name}-role"),
            project_id=self._room.plan.unit,
            role=role,
            principal_type=kind,
            principal_id=principal,
            opts=self._room.opts(),
        )

    # --- posture ---

    def _posture(self, principal: pulumi.Output[str]) -> None:
        """Security control: on, with the rules that concern this tenant, telling the group what it finds."""
        plan = self._room.plan
        on = sakura.security.SecurityControlActivation(
            self._room.child("posture"), service_principal_id=principal, opts=self._room.opts()
        )
        sites = [facts.SITES[plan.region], facts.SITES[plan.recovery_region]]
        for rule in (*ZONED_RULES, *SITE_RULES, *OTHER_RULES):
            sakura.security.SecurityControlRule(
                self._room.child(f"posture-{rule}"),
                rule_id=rule,
                service_principal_id=principal,
                zones=list(plan.zones) if rule in ZONED_RULES else None,
                sites=sites if rule in SITE_RULES else None,
                opts=self._room.opts(on),
            )
        sakura.security.SecurityControlAction(
            self._room.child("posture-alarm"),
            name=plan.name("posture", limit=64),
            description="Tell the contacts what was found",
            action={
                "type": "simpleNotification",
                "service_principal_id": principal,
                "notification_group_id": self.group,
            },
            # In CEL: whatever the rules find.
            execution_condition="true",
            opts=self._room.opts(on),
        )

    # --- alerts ---

    def over(self, audit: Audit) -> None:
        """Alerts over what is collected: silence itself is the first of them."""
        if not self._room.creates("alarms"):
            return
        plan = self._room.plan
        project = sakura.monitoring.AlertProject(
            self._room.child("alerts"),
            name=plan.name("alerts", limit=64),
            description="Alerts of the tenant",
            opts=self._room.opts(),
        )
        target = sakura.monitoring.AlertTarget(
            self._room.child("alerts-target"),
            project_id=project.id,
            service_type="SAKURA_SIMPLE_NOTICE",
            description="The contacts",
            opts=self._room.opts(),
        )
        sakura.monitoring.AlertRouting(
            self._room.child("alerts-route"),
            project_id=project.id,
            target_id=target.id,
            match_labels=[],
            resend_interval_minutes=60,
            opts=self._room.opts(),
        )
        sakura.monitoring.AlertRule(
            self._room.child("alerts-silence"),
            project_id=project.id,
            name=plan.name("silence", limit=64),
            metric_storage_id=audit.metrics,
            # However a metric is called: when none comes any more, nobody is watching.
            query='count({__name__!=""}) or vector(0)',
            enabled_critical=True,
            threshold_critical="<1",
            duration_critical=600,
            opts=self._room.opts(),
        )
        sakura.monitoring.NotificationRouting(
            self._room.child("alerts-notice"),
            name=plan.name("alerts", limit=64),
            tags=list(facts.own_tags(plan)),
            source_id=project.id,
            group_id=self.group,
            opts=self._room.opts(),
        )


def contacts(plan: CloudPlan) -> dict[str, str]:
    """Mail addresses of those whom alarms reach, each once, with the role that named it first."""
    found: dict[str, str] = {}
    for role in ("operations", "security"):
        found.setdefault(plan.baseline.contacts[role].email, role)
    return found
