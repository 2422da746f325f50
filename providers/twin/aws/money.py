"""Budgets and Cost Explorer."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.aws.identity import role
from providers.twin.aws.words import name, props
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope


def _budget_subscribers(scope: Scope) -> None:
    for notification in scope.get("notifications") or []:
        if not notification.get("subscriberEmailAddresses") and not notification.get(
            "subscriberSnsTopicArns"
        ):
            raise Refusal("InvalidParameterException", "a budget notification needs at least one subscriber")


TABLE: Mapping[str, Behaviour] = {
    "budgets.Budget": Behaviour(
        id="{unit}:{name}",
        arn="arn:{partition}:budgets::{unit}:budget/{name}",
        api="budgets:CreateBudget",
        everywhere=True,
        computed={"accountId": "{unit}", "timePeriodStart": "2026-11-01_00:00"},
        defaults={"timePeriodEnd": "2087-06-15_00:00"},
        fixed=props("name namePrefix accountId"),
        rules=(_budget_subscribers,),
        refs=(name("notifications[].subscriberSnsTopicArns[]", "sns.Topic", anywhere=True),),
        unique=(
            Unique(
                "budget",
                "{name}",
                Answer(
                    "DuplicateRecordException", "Error creating budget: {value} - the budget already exists."
                ),
            ),
        ),
    ),
    "budgets.BudgetAction": Behaviour(
        id="{unit}:{actionId}:{budgetName}",
        arn="arn:{partition}:budgets::{unit}:budget/{budgetName}/action/{actionId}",
        everywhere=True,
        autoname="",
        computed={"accountId": "{unit}", "actionId": "{uuid}", "status": "STANDBY"},
        fixed=props("budgetName actionType"),
        refs=(role("executionRoleArn"),),
    ),
    "costexplorer.AnomalyMonitor": Behaviour(
        id="{arn}",
        arn="arn:{partition}:ce::{unit}:anomalymonitor/{uuid}",
        api="ce:CreateAnomalyMonitor",
        everywhere=True,
        fixed=props("monitorType monitorDimension monitorSpecification"),
        missing=Answer("UnknownMonitorException", "Anomaly monitor {value} does not exist"),
        in_use=None,
    ),
    "costexplorer.AnomalySubscription": Behaviour(
        id="{arn}",
        arn="arn:{partition}:ce::{unit}:anomalysubscription/{uuid}",
        api="ce:CreateAnomalySubscription",
        everywhere=True,
        computed={"accountId": "{unit}"},
        refs=(name("monitorArnLists[]", "costexplorer.AnomalyMonitor"),),
        fixed=props("accountId"),
    ),
    "costexplorer.CostAllocationTag": Behaviour(
        id="{tagKey}",
        everywhere=True,
        autoname="",
        put=True,
        computed={"type": "UserDefined"},
        fixed=props("tagKey"),
    ),
    "costexplorer.CostCategory": Behaviour(
        id="{arn}", arn="arn:{partition}:ce::{unit}:costcategory/{uuid}", everywhere=True
    ),
}
