"""Load balancers, private endpoints (Private Service Connect), and who may enter."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.google.facts import FORWARDING_TARGETS
from providers.twin.google.network import NETWORK, named
from providers.twin.google.words import COMPUTE, bad, compute, hold, item, name, token
from providers.twin.scope import Scope

_ADDRESS = ("compute.Address", "compute.GlobalAddress")


def _region(short: str) -> str:
    return "regions/{region}/" + short + "/{name}"


def _target(scope: Scope) -> None:
    """A rule leads to a proxy with ports, to a service attachment, or to Google's own services."""
    target = str(scope.get("target") or "")
    scheme = scope.inputs.get("loadBalancingScheme")
    if not target and not scope.inputs.get("backendService"):
        raise bad("a forwarding rule needs a target or a backend service")
    if "/serviceAttachments/" in target:
        if scheme not in ("", None):
            raise bad("a forwarding rule to a service attachment has no load balancing scheme")
        parts = target.split("/")
        if parts[parts.index("regions") + 1] != scope.region:
            raise bad(f"the service attachment '{target}' is in another region")
        _consumer(scope, target)
        scope.state["pscConnectionStatus"] = "ACCEPTED"
        scope.state["pscConnectionId"] = scope.fill("{digits17}")
    if scheme == "INTERNAL_MANAGED" and not _proxies(scope):
        raise bad("an active proxy-only subnetwork is required in the same region and VPC network")


def _consumer(scope: Scope, target: str) -> None:
    """A database's attachment lets in only the projects that it names."""
    for kind, path in (
        ("sql.DatabaseInstance", "pscServiceAttachmentLink"),
        ("alloydb.Instance", "pscInstanceConfig.serviceAttachmentLink"),
    ):
        for row in scope.rows(token(kind)):
            value: object = row.state
            for step in path.split("."):
                value = value.get(step) if isinstance(value, dict) else None
            if value == target:
                return
    if f"/projects/{scope.unit}/" in f"/{target}":
        raise Refusal("notFound", f"The resource '{target}' was not found", 404)


def _proxies(scope: Scope) -> bool:
    network = scope.target("network")
    return any(
        row.state.get("purpose") == "REGIONAL_MANAGED_PROXY"
        and network is not None
        and row.state.get("network") in (network.id, network.state.get("selfLink"))
        for row in scope.rows(token("compute.Subnetwork"))
    )


def _bundle(scope: Scope) -> None:
    if scope.get("target") not in FORWARDING_TARGETS:
        raise bad(f"'{scope.get('target')}' is no bundle of Google APIs: {', '.join(FORWARDING_TARGETS)}")
    text = str(scope.get("name"))
    if not (len(text) <= 20 and text.isalnum() and text == text.lower() and text[0].isalpha()):
        raise bad(
            f"'{text}': the name of an endpoint for Google APIs has 1 to 20 lower-case letters and digits"
        )


def _security(scope: Scope) -> None:
    """Every policy says what happens to everybody else, and no two rules have one priority."""
    priorities = [rule.get("priority") for rule in scope.get("rules") or []]
    if len(set(priorities)) != len(priorities):
        raise bad("two rules have the same priority")
    if priorities and 2147483647 not in priorities:
        raise bad("a security policy needs a default rule with priority 2147483647")
    for rule in scope.get("rules") or []:
        ranges = ((rule.get("match") or {}).get("config") or {}).get("srcIpRanges") or []
        if len(ranges) > 10:
            raise bad("a rule takes at most 10 IP ranges")


def _backend(scope: Scope) -> None:
    serverless = any(
        row.type == token("compute.RegionNetworkEndpointGroup") for row in scope.targets.values()
    )
    if serverless and scope.inputs.get("healthChecks"):
        raise bad("a backend service with a serverless network endpoint group takes no health check")
    if scope.inputs.get("backends") and not serverless and not scope.inputs.get("healthChecks"):
        raise bad("a backend service with instance groups needs a health check")


TABLE: Mapping[str, Behaviour] = {
    "compute.ForwardingRule": compute(
        _region("forwardingRules"),
        "ForwardingRule",
        "name region ipAddress ipProtocol loadBalancingScheme network subnetwork portRange ports"
        " backendService serviceLabel",
        refs=(
            hold("ipAddress", *_ADDRESS),
            NETWORK,
            hold("subnetwork", "compute.Subnetwork"),
            hold("backendService", "compute.RegionBackendService"),
        ),
        computed={
            "baseForwardingRule": "",
            "creationTimestamp": "{now}",
            "forwardingRuleId": lambda s: int(s.fill("{digits15}")),
            "ipProtocol": "TCP",
        },
        rules=(named, _target),
    ),
    "compute.GlobalForwardingRule": compute(
        "global/forwardingRules/{name}",
        "ForwardingRule",
        "name ipAddress ipProtocol loadBalancingScheme network subnetwork portRange",
        refs=(hold("ipAddress", "compute.GlobalAddress"), NETWORK),
        computed={
            "pscConnectionId": "{digits17}",
            "pscConnectionStatus": "ACCEPTED",
            "forwardingRuleId": lambda s: int(s.fill("{digits15}")),
        },
        rules=(_bundle,),
    ),
    "compute.RegionBackendService": compute(
        _region("backendServices"),
        "BackendService",
        "name region loadBalancingScheme",
        refs=(
            hold("backends[].group", "compute.RegionNetworkEndpointGroup", "compute.InstanceGroup"),
            hold("healthChecks", "compute.RegionHealthCheck"),
            hold("securityPolicy", "compute.RegionSecurityPolicy"),
        ),
        defaults={"connectionDrainingTimeoutSec": 0},
        computed={
            "creationTimestamp": "{now}",
            "fingerprint": "{alnum12}",
            "timeoutSec": lambda _: 30,
            "generatedId": lambda s: int(s.fill("{digits15}")),
            "sessionAffinity": "NONE",
        },
        rules=(named, _backend),
    ),
    "compute.RegionUrlMap": compute(
        _region("urlMaps"),
        "UrlMap",
        "name region",
        refs=(hold("defaultService", "compute.RegionBackendService"),),
        computed={
            "creationTimestamp": "{now}",
            "fingerprint": "{alnum12}",
            "mapId": lambda s: int(s.fill("{digits12}")),
        },
        rules=(named,),
    ),
    "compute.RegionTargetHttpsProxy": compute(
        _region("targetHttpsProxies"),
        "TargetHttpsProxy",
        "name region description httpKeepAliveTimeoutSec",
        refs=(
            hold("urlMap", "compute.RegionUrlMap"),
            hold("sslPolicy", "compute.RegionSslPolicy"),
            hold("certificateManagerCertificates[]", "certificatemanager.Certificate"),
        ),
        computed={"creationTimestamp": "{now}", "proxyId": lambda s: int(s.fill("{digits12}"))},
        rules=(named,),
    ),
    "compute.RegionSslPolicy": compute(
        _region("sslPolicies"),
        "SslPolicy",
        "name region description",
        defaults={"profile": "COMPATIBLE", "minTlsVersion": "TLS_1_0"},
        computed={"creationTimestamp": "{now}", "fingerprint": "{alnum12}"},
        rules=(named,),
    ),
    "compute.RegionSecurityPolicy": compute(
        _region("securityPolicies"),
        "SecurityPolicy",
        "name region type",
        computed={
            "policyId": "{digits19}",
            "fingerprint": "{alnum12}",
            "selfLinkWithPolicyId": COMPUTE + "{id}",
        },
        rules=(named, _security),
    ),
    "compute.RegionHealthCheck": compute(
        _region("healthChecks"),
        "HealthCheck",
        "name region",
        computed={
            "creationTimestamp": "{now}",
            "type": "HTTPS",
            "healthCheckId": lambda s: int(s.fill("{digits12}")),
        },
        rules=(named,),
    ),
    "compute.RegionNetworkEndpointGroup": compute(
        _region("networkEndpointGroups"),
        "NetworkEndpointGroup",
        "name region networkEndpointType cloudRun cloudFunction appEngine network subnetwork pscTargetService"
        " description",
        refs=(hold("cloudRun.service", "cloudrunv2.Service"),),
        rules=(named,),
    ),
    "compute.InstanceGroup": item(
        "projects/{unit}/zones/{zone}/instanceGroups/{name}",
        "compute",
        "compute:v1:InstanceGroup",
        "name zone network description",
        refs=(hold("network", "compute.Network"), name("instances[]", "compute.Instance")),
        computed={"selfLink": COMPUTE + "{id}", "size": lambda s: len(s.get("instances") or [])},
        fresh=frozenset({"size"}),
        handles=("{selfLink}",),
        rules=(named,),
    ),
}
