"""Record and guards: audit, Cloud Guard, logs, events, alarms, topics, connectors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Refusal
from providers.twin.oci.facts import namespace
from providers.twin.oci.words import hold, name, one, part, thing, token
from providers.twin.scope import Scope


def _days(scope: Scope) -> None:
    days = int(scope.get("retentionPeriodDays") or 0)
    if not 90 <= days <= 365:
        raise Refusal("InvalidParameter", "retentionPeriodDays must be between 90 and 365")


def _retention(scope: Scope) -> None:
    days = scope.get("retentionDuration")
    if days is not None and (int(days) % 30 or not 30 <= int(days) <= 180):
        raise Refusal("InvalidParameter", "retentionDuration must be 30, 60, 90, 120, 150 or 180 days")


_CATEGORIES: Mapping[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "flowlogs": (frozenset({"vcn", "subnet", "vnic", "all"}), ("Core.Vcn", "Core.Subnet")),
    "loadbalancer": (frozenset({"access", "error"}), ("LoadBalancer.LoadBalancer",)),
    "objectstorage": (frozenset({"read", "write"}), ("ObjectStorage.Bucket",)),
    "ocinetworkfirewall": (frozenset({"trafficlog", "threatlog"}), ("NetworkFirewall.NetworkFirewall",)),
}
"""Services with logs: their categories, and whose logs they are (Logging documentation, "Service Logs")."""


def _source(scope: Scope) -> None:
    """A service log is of a service that has logs, of one of its categories, and of something that exists."""
    source = (scope.get("configuration") or {}).get("source") or {}
    service = str(source.get("service"))
    if scope.get("logType") != "SERVICE":
        return
    if service not in _CATEGORIES:
        raise Refusal("InvalidParameter", f"There is no service '{service}' with logs")
    categories, kinds = _CATEGORIES[service]
    if source.get("category") not in categories:
        raise Refusal("InvalidParameter", f"{service} has no category '{source.get('category')}'")
    resource = str(source.get("resource"))
    if not any(scope.find(token(kind), resource) for kind in kinds):
        raise Refusal(
            "NotAuthorizedOrNotFound",
            f"Authorization failed or requested resource not found: {resource}",
            404,
        )


def _condition(scope: Scope) -> None:
    try:
        found = json.loads(str(scope.get("condition")))
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Refusal("InvalidParameter", "condition is not a JSON object")
    types = found.get("eventType") or []
    for kind in [types] if isinstance(types, str) else types:
        if not str(kind).startswith("com.oraclecloud."):
            raise Refusal("InvalidParameter", f"condition: {kind} is no event type")


_QUERY = re.compile(
    r"\w+\[\d+[mhd]\](\{[^{}]*\})?(\.groupBy\([^)]*\))?\.\w+\([^)]*\)(\s*(<=|>=|==|!=|<|>)\s*-?[\d.]+)?"
)


def _query(scope: Scope) -> None:
    """Metric, interval, dimensions, statistic and comparison, joined by && or ||."""
    for piece in re.split(r"\s*(?:&&|\|\|)\s*", str(scope.get("query"))):
        if not _QUERY.fullmatch(piece.strip()):
            raise Refusal("InvalidParameter", f"The query is not valid: {piece}")


def _endpoint(scope: Scope) -> None:
    mail = str(scope.get("endpoint"))
    if scope.get("protocol") == "EMAIL" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", mail):
        raise Refusal("InvalidParameter", f"endpoint: {mail} is no mail address")


def _connected(scope: Scope) -> None:
    """The bucket that a connector fills is there, in the tenancy's namespace."""
    target = scope.get("target") or {}
    if target.get("kind") == "objectStorage":
        if target.get("namespace") != namespace(scope.unit):
            raise Refusal(
                "InvalidParameter", f"target.namespace '{target.get('namespace')}' is not the tenancy's"
            )
        if scope.find(token("ObjectStorage.Bucket"), target.get("bucket")) is None:
            raise Refusal("NotAuthorizedOrNotFound", f"The bucket {target.get('bucket')} does not exist", 404)
    if (scope.get("source") or {}).get("kind") == "logging" and not (scope.get("source") or {}).get(
        "logSources"
    ):
        raise Refusal("InvalidParameter", "source.logSources is required for logging")


def _guard_on(scope: Scope) -> None:
    """Recipes, targets and zones exist once Cloud Guard is on."""
    on = any(
        row.state.get("status") == "ENABLED"
        for row in scope.rows(token("CloudGuard.CloudGuardConfiguration"))
    )
    if not on:
        raise Refusal("NotAuthorizedOrNotFound", "Cloud Guard is not enabled in the tenancy", 404)


def _events(scope: Scope) -> None:
    actions = (scope.get("actions") or {}).get("actions") or []
    if not actions:
        raise Refusal("InvalidParameter", "actions: at least one action is required")


_RECIPES = ("CloudGuard.DetectorRecipe", "CloudGuard.ManagedDetectorRecipe")
_RESPONDERS = ("CloudGuard.ResponderRecipe", "CloudGuard.ManagedResponderRecipe")

TABLE: Mapping[str, Behaviour] = {
    "Audit.Configuration": thing("auditconfiguration", id="{compartmentId}", put=True, rules=(_days,)),
    "CloudGuard.CloudGuardConfiguration": thing("cloudguardconfiguration", id="{compartmentId}", put=True),
    "CloudGuard.DetectorRecipe": thing(
        "cloudguarddetectorrecipe",
        computed={"owner": "CUSTOMER", "detectorRecipeType": "STANDARD"},
        refs=(name("sourceDetectorRecipeId", *_RECIPES),),
        unique=one("detectorrecipe", "{displayName}"),
        rules=(_guard_on,),
    ),
    "CloudGuard.ResponderRecipe": thing(
        "cloudguardresponderrecipe",
        computed={"owner": "CUSTOMER"},
        refs=(name("sourceResponderRecipeId", *_RESPONDERS),),
        unique=one("responderrecipe", "{displayName}"),
        rules=(_guard_on,),
    ),
    "CloudGuard.Target": thing(
        "cloudguardtarget",
        refs=(
            name("targetResourceId", "Identity.Compartment"),
            hold("targetDetectorRecipes[].detectorRecipeId", *_RECIPES),
            hold("targetResponderRecipes[].responderRecipeId", *_RESPONDERS),
        ),
        unique=one("cloudguardtarget", "{targetResourceId}"),
        rules=(_guard_on,),
    ),
    "CloudGuard.SecurityRecipe": thing(
        "cloudguardsecurityrecipe",
        computed={"owner": "CUSTOMER"},
        refs=(name("securityPolicies[]", "CloudGuard.SecurityPolicy"),),
        unique=one("securityrecipe", "{displayName}"),
        rules=(_guard_on,),
    ),
    "CloudGuard.SecurityZone": thing(
        "cloudguardsecurityzone",
        refs=(hold("securityZoneRecipeId", "CloudGuard.SecurityRecipe"),),
        unique=one("securityzone", "{compartmentId}"),
        computed={"securityZoneTargetId": "ocid1.cloudguardtarget.oc1.{region}.aaaaaaaa{alnum52target}"},
        rules=(_guard_on,),
    ),
    "Logging.LogGroup": thing("loggroup", unique=one("loggroup:{compartmentId}", "{displayName}")),
    "Logging.Log": thing(
        "log",
        computed={
            "tenancyId": "{unit}",
            "compartmentId": lambda s: (r := s.target("logGroupId")) and r.state.get("compartmentId"),
        },
        defaults={"isEnabled": True, "retentionDuration": 30},
        refs=(hold("logGroupId", "Logging.LogGroup"),),
        unique=one("log:{logGroupId}", "{displayName}"),
        rules=(_retention, _source),
    ),
    "Sch.Connector": thing(
        "serviceconnector",
        refs=(name("source.logSources[].compartmentId", "Identity.Compartment"),),
        rules=(_connected,),
    ),
    "Events.Rule": thing(
        "eventrule",
        refs=(hold("actions.actions[].topicId", "Ons.NotificationTopic"),),
        rules=(_condition, _events),
    ),
    "Monitoring.Alarm": thing(
        "alarm",
        refs=(
            hold("destinations[]", "Ons.NotificationTopic"),
            name("metricCompartmentId", "Identity.Compartment"),
        ),
        rules=(_query,),
    ),
    "Ons.NotificationTopic": thing(
        "onstopic",
        computed={
            "topicId": "{id}",
            "shortTopicId": "{alnum10}",
            "apiEndpoint": "https://notification.{region}.oraclecloud.com",
            "etag": "{hex8}",
        },
        unique=one("topic", "{name}"),
        missing=Answer("NotAuthorizedOrNotFound", "Topic {value} does not exist", 404),
    ),
    "Ons.Subscription": thing(
        "onssubscription",
        state="PENDING",
        refs=(part("topicId", "Ons.NotificationTopic"),),
        unique=one("subscription:{topicId}", "{protocol}:{endpoint}"),
        rules=(_endpoint,),
    ),
    "AnnouncementsService.AnnouncementSubscription": thing(
        "announcementsubscription", refs=(hold("onsTopicId", "Ons.NotificationTopic"),)
    ),
}
