"""Organisation policies of a project, findings, budgets, contacts, and the feeds of the inventory."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Unique
from providers.twin.google.facts import BILLING, CURRENCY
from providers.twin.google.words import EXISTS, bad, hold, item, name
from providers.twin.scope import Scope

_CATEGORIES = {
    "ALL", "BILLING", "LEGAL", "PRODUCT_UPDATES", "SECURITY", "SUSPENSION", "TECHNICAL",
    "TECHNICAL_INCIDENTS",
}  # fmt: skip


def _policy(scope: Scope) -> None:
    expected = f"{scope.get('parent')}/policies/"
    if not str(scope.get("name")).startswith(expected):
        raise bad(f"the name of the policy must start with '{expected}'")
    for rule in scope.get("spec.rules") or []:
        if sum(rule.get(key) is not None for key in ("allowAll", "denyAll", "enforce", "values")) != 1:
            raise bad("each rule says exactly one of allowAll, denyAll, enforce and values")


def _account(scope: Scope) -> None:
    if scope.get("billingAccount") != BILLING:
        raise bad(f"billing account '{scope.get('billingAccount')}' was not found, or you may not see it")


def _currency(scope: Scope) -> None:
    if scope.get("amount.specifiedAmount.currencyCode") not in (None, CURRENCY):
        raise bad(f"the currency of the budget must be that of the billing account ({CURRENCY})")


def _categories(scope: Scope) -> None:
    for category in scope.get("notificationCategorySubscriptions") or []:
        if category not in _CATEGORIES:
            raise bad(f"'{category}' is no notification category")


TABLE: Mapping[str, Behaviour] = {
    "orgpolicy.Policy": item(
        "{name}",
        "orgpolicy",
        "orgpolicy:v2:GoogleCloudOrgpolicyV2Policy",
        "name parent",
        everywhere=True,
        project=False,
        computed={"etag": "{alnum12}"},
        fresh=frozenset({"etag"}),
        rules=(_policy,),
    ),
    "securitycenter.V2ProjectNotificationConfig": item(
        "projects/{unit}/locations/{location}/notificationConfigs/{configId}",
        "securitycenter",
        "",
        "configId location",
        autoname="",
        everywhere=True,
        defaults={"location": "global"},
        refs=(hold("pubsubTopic", "pubsub.Topic", anywhere=True),),
        computed={
            "name": "projects/{unit}/locations/{location}/notificationConfigs/{configId}",
            "serviceAccount": "service-org-987654321098@gcp-sa-scc-notification.iam.gserviceaccount.com",
        },
    ),
    "securitycenter.ManagementProjectSecurityHealthAnalyticsCustomModule": item(
        "projects/{unit}/locations/{location}/securityHealthAnalyticsCustomModules/{digits19}",
        "securitycentermanagement",
        "",
        "location displayName",
        autoname="",
        everywhere=True,
        defaults={"location": "global"},
        computed={
            "name": "projects/{unit}/locations/{location}/securityHealthAnalyticsCustomModules/{digits19}",
            "updateTime": "{now}",
            "lastEditor": "administrator@example.go.jp",
        },
        unique=(Unique("posture", "{displayName}", EXISTS),),
    ),
    "billing.Budget": item(
        "billingAccounts/{billingAccount}/budgets/{uuid}",
        "billingbudgets",
        "billingbudgets:v1:GoogleCloudBillingBudgetsV1Budget",
        "billingAccount",
        autoname="",
        everywhere=True,
        project=False,
        refs=(name("allUpdatesRule.monitoringNotificationChannels[]", "monitoring.NotificationChannel"),),
        computed={"name": "billingAccounts/{billingAccount}/budgets/{uuid}", "ownershipScope": "ALL_USERS"},
        rules=(_account, _currency),
    ),
    "essentialcontacts.Contact": item(
        "{parent}/contacts/{digits19}",
        "essentialcontacts",
        "essentialcontacts:v1:GoogleCloudEssentialcontactsV1Contact",
        "parent email",
        autoname="",
        everywhere=True,
        project=False,
        computed={"name": "{parent}/contacts/{digits19}"},
        unique=(Unique("contact:{parent}", "{email}", EXISTS),),
        rules=(_categories,),
    ),
    "cloudasset.ProjectFeed": item(
        "projects/{unit}/feeds/{feedId}",
        "cloudasset",
        "cloudasset:v1:Feed",
        "feedId billingProject",
        autoname="",
        everywhere=True,
        refs=(hold("feedOutputConfig.pubsubDestination.topic", "pubsub.Topic"),),
        computed={"name": "projects/{unit}/feeds/{feedId}"},
    ),
}
