"""Logs, metrics, alarms: workspaces, diagnostic settings, collection rules, action groups, alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.twin.azure.identity import at_scope, scope_exists
from providers.twin.azure.words import arm, in_use, names, uses
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope

_GROUP = Answer("BadRequest", "The action group {value} does not exist.")


def _workspace(scope: Scope) -> None:
    days = scope.get("retentionInDays")
    if days is not None and not (30 <= int(days) <= 730 or int(days) == 7):
        raise Refusal("InvalidParameter", f"'RetentionInDays' must be 30 to 730, not {days}.")


def _diagnostics(scope: Scope) -> None:
    scope_exists(scope, str(scope.get("resourceUri")))
    if not any(scope.get(k) for k in ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId")):
        raise Refusal("BadRequest", "At least one data sink needs to be specified.")
    if str(scope.get("resourceUri")).count("/") == 2 and any(
        x.get("categoryGroup") for x in scope.get("logs") or []
    ):
        raise Refusal("BadRequest", "The activity log takes categories, not category groups.")


def _scopes(scope: Scope) -> None:
    for one in scope.get("scopes") or []:
        scope_exists(scope, str(one))


def _query(scope: Scope) -> None:
    _scopes(scope)
    severity = scope.get("severity")
    if severity is not None and not 0 <= int(severity) <= 4:
        raise Refusal("BadRequest", f"Severity is 0 to 4, not {severity}.")


def _group(scope: Scope) -> None:
    if len(str(scope.get("groupShortName") or "")) > 12:
        raise Refusal("GroupShortNameTooLong", "The short name of an action group has 12 characters at most.")


def _associated(scope: Scope) -> None:
    scope_exists(scope, str(scope.get("resourceUri")))
    if bool(scope.get("dataCollectionRuleId")) == bool(scope.get("dataCollectionEndpointId")):
        raise Refusal("InvalidPayload", "An association names a rule or an endpoint, one of them.")
    if (
        scope.get("dataCollectionEndpointId")
        and scope.get("associationName") != "configurationAccessEndpoint"
    ):
        raise Refusal("InvalidPayload", "An endpoint is associated as `configurationAccessEndpoint` only.")


def _extension(kind: str, named: str, **more: object) -> Behaviour:
    """A resource that extends the one at `resourceUri`, whose id starts with a slash already."""
    made = at_scope(kind, named, scope="resourceUri", **more)
    return replace(made, id=f"{{resourceUri}}/providers/{kind}/{{{named}}}")


TABLE: Mapping[str, Behaviour] = {
    "operationalinsights.Workspace": arm(
        "Microsoft.OperationalInsights/workspaces",
        "workspaceName",
        rule=r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
        rules=(_workspace,),
        computed={"customerId": "{uuid}", "createdDate": "{now}"},
    ),
    "monitor.DiagnosticSetting": _extension(
        "Microsoft.Insights/diagnosticSettings",
        "name",
        refs=(
            names("workspaceId", "operationalinsights.Workspace"),
            names("storageAccountId", "storage.StorageAccount"),
        ),
        rules=(_diagnostics,),
    ),
    "monitor.ActionGroup": arm(
        "microsoft.insights/actionGroups", "actionGroupName", rules=(_group,), rule=r"[^/&%\\?]{1,260}"
    ),
    "monitor.ActivityLogAlert": arm(
        "microsoft.insights/activityLogAlerts",
        "activityLogAlertName",
        refs=(names("actions.actionGroups[].actionGroupId", "monitor.ActionGroup", missing=_GROUP),),
        rules=(_scopes,),
    ),
    "monitor.ScheduledQueryRule": arm(
        "microsoft.insights/scheduledQueryRules",
        "ruleName",
        fixed="kind",
        refs=(names("actions.actionGroups[]", "monitor.ActionGroup", missing=_GROUP),),
        rules=(_query,),
    ),
    "monitor.MetricAlert": arm(
        "microsoft.insights/metricAlerts",
        "ruleName",
        fixed="criteria.odataType",
        refs=(names("actions[].actionGroupId", "monitor.ActionGroup", missing=_GROUP),),
        rules=(_query,),
    ),
    "monitor.DataCollectionEndpoint": arm(
        "Microsoft.Insights/dataCollectionEndpoints",
        "dataCollectionEndpointName",
        rule=r"[A-Za-z0-9][A-Za-z0-9-]{2,43}",
        computed={"immutableId": "dce-{hex32}"},
        in_use=in_use("EndpointInUse", "Data collection endpoint {id} is in use by {value}."),
    ),
    "monitor.DataCollectionRule": arm(
        "Microsoft.Insights/dataCollectionRules",
        "dataCollectionRuleName",
        rule=r"[A-Za-z0-9][A-Za-z0-9-]{2,63}",
        fixed="kind",
        refs=(
            uses("dataCollectionEndpointId", "monitor.DataCollectionEndpoint"),
            names("destinations.logAnalytics[].workspaceResourceId", "operationalinsights.Workspace"),
        ),
        computed={"immutableId": "dcr-{hex32}"},
        in_use=in_use("RuleInUse", "Data collection rule {id} is associated with {value}."),
    ),
    "monitor.DataCollectionRuleAssociation": _extension(
        "Microsoft.Insights/dataCollectionRuleAssociations",
        "associationName",
        refs=(
            uses("dataCollectionRuleId", "monitor.DataCollectionRule"),
            uses("dataCollectionEndpointId", "monitor.DataCollectionEndpoint"),
        ),
        rules=(_associated,),
    ),
    "monitor.PrivateLinkScope": arm("microsoft.insights/privateLinkScopes", "scopeName"),
    "monitor.PrivateLinkScopedResource": arm(
        "microsoft.insights/privateLinkScopes/scopedResources",
        "scopeName name",
        parent="monitor.PrivateLinkScope",
        fixed="linkedResourceId",
        refs=(names("linkedResourceId", "operationalinsights.Workspace", "monitor.DataCollectionEndpoint"),),
        unique=(
            Unique(
                "scoped:{scopeName}",
                "{linkedResourceId}",
                Answer("Conflict", "{value} is in the scope already.", 409),
            ),
        ),
    ),
}
