"""The guards of a subscription: policies, Defender for Cloud, budget, contacts.

The agency owns Entra ID and management groups, so everything is assigned at the subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pulumi
import pulumi_azure_native as azure

from components.azure import builtin, facts
from components.azure.builtin import Builtin
from components.azure.place import Place

BUDGET_STEPS: tuple[int, ...] = (50, 80, 100)
"""Percent of the month's budget that have been spent."""

DEFENDER: Mapping[str, str | None] = {
    "VirtualMachines": "P2",
    "StorageAccounts": "DefenderForStorageV2",
    "KeyVaults": "PerKeyVault",
    "Arm": "PerSubscription",
    "Containers": None,
    "OpenSourceRelationalDatabases": None,
}
"""Plans of Defender for Cloud that detect threats in what we use, and their sub-plans: as the built-in
policies that switch them on write them (Azure/azure-policy, "Security Center/ASC_Azure_Defender_*_DINE")."""


class Guards:
    """Builds the parts of the baseline that no later layer uses: each only where it does not exist yet."""

    def __init__(self, place: Place, workspace: pulumi.Output[str], topic: pulumi.Output[str]) -> None:
        """Make them in `place`; findings go to `workspace`, warnings to `topic`."""
        self._place, self._scope = place, facts.subscription(place.plan)
        creates = place.creates
        if creates("configuration_recording"):
            self._recording(workspace)
        if creates("threat_detection"):
            for name, sub_plan in DEFENDER.items():
                self._plan(name, sub_plan)
        if creates("posture_management"):
            self._plan("CloudPosture", None)
            self._assign("benchmark", builtin.initiative_id(builtin.BENCHMARK))
        if creates("account_guards"):
            self._refusals()
        if creates("budget"):
            self._budget(topic)
        if creates("contacts"):
            self._contact()

    def _assign(self, name: str, definition: pulumi.Input[str]) -> None:
        """A policy (or initiative) at the subscription."""
        azure.authorization.PolicyAssignment(
            self._place.child(f"policy-{name}"),
            policy_assignment_name=self._place.plan.name(name, limit=64),
            display_name=self._place.plan.name(name),
            scope=self._scope,
            policy_definition_id=definition,
            enforcement_mode="Default",
            opts=self._place.opts(),
        )

    def _initiative(self, name: str, policies: Mapping[str, tuple[Builtin, Mapping[str, Any]]]) -> None:
        """Built-in policies (with parameters, by our name) as one initiative, assigned."""
        made = azure.authorization.PolicySetDefinition(
            self._place.child(name),
            policy_set_definition_name=self._place.plan.name(name, limit=64),
            display_name=self._place.plan.name(name),
            policy_type="Custom",
            policy_definitions=[
                {
                    "policy_definition_reference_id": ours,
                    "policy_definition_id": builtin.policy_id(policy),
                    "parameters": {key: {"value": value} for key, value in parameters.items()},
                }
                for ours, (policy, parameters) in policies.items()
            ],
            opts=self._place.opts(),
        )
        self._assign(name, made.id)

    def _recording(self, workspace: pulumi.Output[str]) -> None:
        """How things stand, measured by policies without an effect, and exported as it changes.

        Azure itself keeps every change of every resource for 14 days (Resource Graph); what the
        policies and Defender find goes to the workspace for as long as logs are kept.
        """
        self._initiative(
            "recorded",
            {name: (policy, builtin.RECORDED_BY.get(name, {})) for name, policy in builtin.RECORDED.items()},
        )
        azure.security.Automation(
            self._place.child("export"),
            resource_group_name=self._place.group,
            # The one name under which the portal shows a continuous export.
            automation_name="ExportToWorkspace",
            location=self._place.plan.region,
            is_enabled=True,
            scopes=[{"description": self._place.plan.prefix, "scope_path": self._scope}],
            sources=[
                {"event_source": source}
                for source in ("Alerts", "Assessments", "RegulatoryComplianceAssessment", "SecureScores")
            ],
            actions=[
                azure.security.AutomationActionWorkspaceArgs(
                    action_type="Workspace", workspace_resource_id=workspace
                )
            ],
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    def _plan(self, name: str, sub_plan: str | None) -> None:
        azure.security.Pricing(
            self._place.child(f"defender-{name}"),
            scope_id=self._scope.removeprefix("/"),
            pricing_name=name,
            pricing_tier="Standard",
            sub_plan=sub_plan,
            opts=self._place.opts(),
        )

    def _refusals(self) -> None:
        """What the subscription refuses from now on, whoever asks."""
        plan = self._place.plan
        regions = {"listOfAllowedLocations": [plan.region, plan.recovery_region]}
        found: dict[str, tuple[Builtin, Mapping[str, Any]]] = {
            "locations": (builtin.LOCATIONS, regions),
            "group-locations": (builtin.GROUP_LOCATIONS, regions),
        }
        for name, definition in builtin.REFUSED.items():
            # NFS knows no TLS: where a package has files the policy tells, and the network keeps them closed.
            audit = name == "https-only" and any(p.files for p in plan.packages.values())
            effect = {"effect": "Audit" if audit else "Deny"}
            # This one has no parameter: it always denies.
            found[name] = (definition, {} if name == "no-public-address" else effect)
        self._initiative("refused", found)

    def _budget(self, topic: pulumi.Output[str]) -> None:
        """The month's budget: a mail to billing and a message to the action group at each step.

        Azure counts in the currency of the billing account, and is not told which the manifest means.
        """
        plan = self._place.plan
        azure.consumption.Budget(
            self._place.child("budget"),
            budget_name=plan.name("budget"),
            scope=self._scope,
            category="Cost",
            time_grain="Monthly",
            amount=plan.baseline.budget.amount,
            # Azure takes no start before the current month, and never lets it be changed.
            time_period={"start_date": date.today().replace(day=1).strftime("%Y-%m-%dT00:00:00Z")},
            notifications={
                f"spent{percent}": {
                    "enabled": True,
                    "operator": "GreaterThanOrEqualTo",
                    "threshold": percent,
                    "threshold_type": "Actual",
                    "contact_emails": [plan.baseline.contacts["billing"].email],
                    "contact_groups": [topic],
                }
                for percent in BUDGET_STEPS
            },
            opts=pulumi.ResourceOptions.merge(
                self._place.opts(), pulumi.ResourceOptions(ignore_changes=["timePeriod"])
            ),
        )

    def _contact(self) -> None:
        """Whom Defender for Cloud writes to and Microsoft calls."""
        contact = self._place.plan.baseline.contacts["security"]
        security = azure.security
        security.SecurityContact(
            self._place.child("contact"),
            # The one name there is.
            security_contact_name="default",
            is_enabled=True,
            emails=contact.email,
            phone=contact.phone,
            notifications_by_role={"state": "On", "roles": ["Owner"]},
            notifications_sources=[
                security.NotificationsSourceAlertArgs(source_type="Alert", minimal_severity="Medium"),
                security.NotificationsSourceAttackPathArgs(
                    source_type="AttackPath", minimal_risk_level="High"
                ),
            ],
            opts=self._place.opts(),
        )
