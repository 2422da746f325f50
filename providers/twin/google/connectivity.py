"""Network Connectivity Center, endpoints of managed services, and the web proxy for exceptions."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.network import network_range
from providers.twin.google.words import bad, hold, item, part
from providers.twin.scope import Scope

_REGIONAL = "projects/{unit}/locations/{location}/"


def _export(scope: Scope) -> None:
    for text in scope.get("linkedVpcNetwork.includeExportRanges") or []:
        if text not in ("ALL_IPV4_RANGES", "ALL_PRIVATE_IPV4_RANGES"):
            network_range(str(text))


def _gateway(scope: Scope) -> None:
    if scope.get("type") == "SECURE_WEB_GATEWAY" and not scope.inputs.get("gatewaySecurityPolicy"):
        raise bad("a secure web proxy needs a gateway security policy")
    if scope.get("routingMode") == "NEXT_HOP_ROUTING_MODE" and len(scope.get("addresses") or []) != 1:
        raise bad("a proxy that is a next hop has exactly one address")


TABLE: Mapping[str, Behaviour] = {
    "networkconnectivity.Hub": item(
        "projects/{unit}/locations/global/hubs/{name}",
        "networkconnectivity",
        "networkconnectivity:v1:Hub",
        "name presetTopology",
        everywhere=True,
        outside=r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/locations/global/hubs/[a-z][a-z0-9-]*",
        arrival={"name": "{id}", "state": "ACTIVE", "createTime": "{now}"},
        computed={"state": "ACTIVE", "createTime": "{now}", "uniqueId": "{uuid}"},
    ),
    "networkconnectivity.Spoke": item(
        "projects/{unit}/locations/{location}/spokes/{name}",
        "networkconnectivity",
        "networkconnectivity:v1:Spoke",
        "name location hub group linkedVpcNetwork.uri linkedInterconnectAttachments.uris",
        everywhere=True,
        refs=(
            hold("hub", "networkconnectivity.Hub"),
            hold("linkedVpcNetwork.uri", "compute.Network"),
        ),
        # Somebody else's hub takes a spoke when its operator says so; the twin's say yes at once.
        computed={"state": "ACTIVE", "createTime": "{now}", "updateTime": "{now}", "uniqueId": "{uuid}"},
        rules=(_export,),
    ),
    "networkconnectivity.ServiceConnectionPolicy": item(
        _REGIONAL + "serviceConnectionPolicies/{name}",
        "networkconnectivity",
        "networkconnectivity:v1:ServiceConnectionPolicy",
        "name location serviceClass network",
        refs=(
            hold("network", "compute.Network"),
            hold("pscConfig.subnetworks[]", "compute.Subnetwork"),
        ),
        computed={"infrastructure": "PSC", "etag": "{alnum12}", "createTime": "{now}", "updateTime": "{now}"},
    ),
    "networksecurity.GatewaySecurityPolicy": item(
        _REGIONAL + "gatewaySecurityPolicies/{name}",
        "networksecurity",
        "networksecurity:v1:GatewaySecurityPolicy",
        "name location",
        computed={"selfLink": "{id}", "createTime": "{now}", "updateTime": "{now}"},
    ),
    "networksecurity.GatewaySecurityPolicyRule": item(
        _REGIONAL + "gatewaySecurityPolicies/{gatewaySecurityPolicy}/rules/{name}",
        "networksecurity",
        "networksecurity:v1:GatewaySecurityPolicyRule",
        "name location gatewaySecurityPolicy",
        refs=(part("gatewaySecurityPolicy", "networksecurity.GatewaySecurityPolicy"),),
        computed={"selfLink": "{id}", "createTime": "{now}", "updateTime": "{now}"},
    ),
    "networkservices.Gateway": item(
        _REGIONAL + "gateways/{name}",
        "networkservices",
        "networkservices:v1:Gateway",
        "name location type addresses network subnetwork ports scope routingMode",
        refs=(
            hold("network", "compute.Network"),
            hold("subnetwork", "compute.Subnetwork"),
            hold("gatewaySecurityPolicy", "networksecurity.GatewaySecurityPolicy"),
        ),
        computed={"selfLink": "{id}", "createTime": "{now}", "updateTime": "{now}"},
        rules=(_gateway,),
    ),
}
