"""Whom alarms reach, and what in the subscription rings them."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place
from stacks.text import Text

WATCHED: tuple[str, ...] = (
    # What stops the record.
    "Microsoft.Insights/diagnosticSettings/write",
    "Microsoft.Insights/diagnosticSettings/delete",
    "Microsoft.OperationalInsights/workspaces/delete",
    "Microsoft.Storage/storageAccounts/delete",
    "Microsoft.Network/networkWatchers/flowLogs/delete",
    # What endangers keys.
    "Microsoft.KeyVault/vaults/write",
    "Microsoft.KeyVault/vaults/delete",
    # What opens the network.
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Network/networkSecurityGroups/delete",
    "Microsoft.Network/networkSecurityGroups/securityRules/write",
    "Microsoft.Network/routeTables/write",
    "Microsoft.Network/routeTables/routes/write",
    "Microsoft.Network/publicIPAddresses/write",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
    # What changes rights and guards.
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleAssignments/delete",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/policyAssignments/write",
    "Microsoft.Authorization/policyAssignments/delete",
    "Microsoft.Authorization/policyExemptions/write",
    "Microsoft.Security/pricings/write",
)
"""Operations of the activity log that somebody should know of.

The topics are those of CIS Microsoft Azure Foundations, chapter 5.2.
"""

DENIED = """AzureActivity
| where CategoryValue == "Administrative" and ActivityStatusValue == "Failure"
| where Properties has "AuthorizationFailed" or Properties has "RequestDisallowedByPolicy"
"""
"""Calls that were denied, by right or by policy."""


class Watch:
    """Builds the action group (`topic`, its id) and the alarms of the subscription."""

    def __init__(self, place: Place, workspace: pulumi.Output[str]) -> None:
        """Make them in `place`."""
        self._place = place
        adopted = place.adopted("alarms", "action_group")
        self.topic = pulumi.Output.from_input(adopted) if adopted is not None else self._group()
        if place.creates("alarms"):
            leaves = [{"field": "operationName", "equals": operation} for operation in WATCHED]
            changes = Text("監視対象の設定が変更されました", "A watched setting was changed")
            self._alert("changes", changes, "Administrative", [{"any_of": leaves}])
            self._alert(
                "service-health", Text("Azureに障害があります", "Azure has an incident"), "ServiceHealth", []
            )
            self._denied(workspace)

    def _group(self) -> pulumi.Output[str]:
        plan = self._place.plan
        mails = {plan.baseline.contacts[role].email: role for role in ("security", "operations")}
        return azure.monitor.ActionGroup(
            self._place.child("action-group"),
            resource_group_name=self._place.group,
            action_group_name=plan.name("alarms"),
            # Twelve characters at the most.
            group_short_name=plan.prefix,
            location="global",
            enabled=True,
            email_receivers=[
                {"name": role, "email_address": mail, "use_common_alert_schema": True}
                for mail, role in mails.items()
            ],
            tags=self._place.tags(),
            opts=self._place.opts(),
        ).id

    def _alert(self, name: str, meaning: Text, category: str, more: list[dict[str, object]]) -> None:
        """One alarm on the activity log. Azure tells of failed attempts too."""
        azure.monitor.ActivityLogAlert(
            self._place.child(f"{name}-alarm"),
            resource_group_name=self._place.group,
            activity_log_alert_name=self._place.plan.name(name),
            location="global",
            enabled=True,
            description=f"{meaning.ja} / {meaning.en}",
            scopes=[facts.subscription(self._place.plan)],
            condition={"all_of": [{"field": "category", "equals": category}, *more]},  # type: ignore[typeddict-item]
            actions={"action_groups": [{"action_group_id": self.topic}]},
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    def _denied(self, workspace: pulumi.Output[str]) -> None:
        meaning = Text("権限のない操作が続いています", "Calls were denied repeatedly")
        azure.monitor.ScheduledQueryRule(
            self._place.child("denied-calls-alarm"),
            resource_group_name=self._place.group,
            rule_name=self._place.plan.name("denied-calls"),
            location=self._place.plan.region,
            display_name=self._place.plan.name("denied-calls"),
            description=f"{meaning.ja} / {meaning.en}",
            enabled=True,
            severity=2,
            scopes=[workspace],
            evaluation_frequency="PT5M",
            window_size="PT5M",
            # The table exists only once the first entry has arrived.
            skip_query_validation=True,
            criteria={
                "all_of": [
                    {
                        "query": DENIED,
                        "time_aggregation": "Count",
                        "operator": "GreaterThanOrEqual",
                        "threshold": 5,
                        "failing_periods": {
                            "number_of_evaluation_periods": 1,
                            "min_failing_periods_to_alert": 1,
                        },
                    }
                ]
            },
            actions={"action_groups": [self.topic]},
            tags=self._place.tags(),
            opts=self._place.opts(),
        )
