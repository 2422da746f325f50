"""Planned inputs against the published models of OCI (`providers/twin/oci/models.json`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from providers.twin.oci.models import PATH
from providers.twin.oci.words import short_of

DOCUMENT: Mapping[str, Any] = json.loads(PATH.read_text("utf-8"))
SHAPES: Mapping[str, Any] = DOCUMENT["shapes"]

ELSEWHERE: Mapping[str, frozenset[str]] = {
    "Audit.Configuration": frozenset({"compartmentId"}),
    "Budget.Rule": frozenset({"budgetId"}),
    "CloudGuard.CloudGuardConfiguration": frozenset({"compartmentId"}),
    "Core.DefaultRouteTable": frozenset({"manageDefaultResourceId"}),
    "Core.DefaultSecurityList": frozenset({"manageDefaultResourceId"}),
    "Core.DrgAttachmentManagement": frozenset({"compartmentId", "attachmentType", "drgId", "networkId"}),
    "Core.DrgRouteDistributionStatement": frozenset({"drgRouteDistributionId"}),
    "Core.LocalPeeringGateway": frozenset({"peerId"}),
    "Core.DrgRouteTableRouteRule": frozenset({"drgRouteTableId"}),
    "Core.Instance": frozenset({"preserveBootVolume"}),
    "Core.NetworkSecurityGroupSecurityRule": frozenset({"networkSecurityGroupId"}),
    "Core.RouteTableAttachment": frozenset({"subnetId"}),
    "Dns.Resolver": frozenset({"resolverId", "scope"}),
    "Dns.ResolverEndpoint": frozenset({"resolverId", "scope"}),
    "Dns.Rrset": frozenset({"zoneNameOrId", "domain", "rtype"}),
    "Dns.View": frozenset({"scope"}),
    "Identity.Compartment": frozenset({"enableDelete"}),
    "Identity.Tag": frozenset({"tagNamespaceId"}),
    "Kms.Key": frozenset({"managementEndpoint"}),
    "LoadBalancer.Backend": frozenset({"loadBalancerId", "backendsetName"}),
    "LoadBalancer.BackendSet": frozenset({"loadBalancerId"}),
    "LoadBalancer.Listener": frozenset({"loadBalancerId"}),
    "Logging.Log": frozenset({"logGroupId"}),
    "NetworkFirewall.NetworkFirewallPolicyAddressList": frozenset({"networkFirewallPolicyId"}),
    "NetworkFirewall.NetworkFirewallPolicySecurityRule": frozenset({"networkFirewallPolicyId"}),
    "NetworkFirewall.NetworkFirewallPolicyService": frozenset({"networkFirewallPolicyId"}),
    "NetworkFirewall.NetworkFirewallPolicyServiceList": frozenset({"networkFirewallPolicyId"}),
    "NetworkFirewall.NetworkFirewallPolicyUrlList": frozenset({"networkFirewallPolicyId"}),
    "NetworkLoadBalancer.Backend": frozenset({"networkLoadBalancerId", "backendSetName"}),
    "NetworkLoadBalancer.BackendSet": frozenset({"networkLoadBalancerId"}),
    "NetworkLoadBalancer.Listener": frozenset({"networkLoadBalancerId"}),
    "ObjectStorage.Bucket": frozenset({"namespace", "retentionRules"}),
    "ObjectStorage.ObjectLifecyclePolicy": frozenset({"namespace", "bucket"}),
    "ObjectStorage.PrivateEndpoint": frozenset({"namespace"}),
}
"""What goes into the path of the request, to a second request, or to the provider itself."""

RENAMED: Mapping[str, str] = {
    "Core.Instance.sourceDetails.sourceId": "imageId",
    "Core.SecurityList.egressSecurityRules.tcpOptions.max": "destinationPortRange",
    "Core.SecurityList.egressSecurityRules.tcpOptions.min": "destinationPortRange",
    "Core.SecurityList.ingressSecurityRules.tcpOptions.max": "destinationPortRange",
    "Core.SecurityList.ingressSecurityRules.tcpOptions.min": "destinationPortRange",
    "LoadBalancer.BackendSet.healthChecker.intervalMs": "intervalInMillis",
    "LoadBalancer.LoadBalancer.shape": "shapeName",
    "Mysql.MysqlDbSystem.deletionPolicies": "deletionPolicy",
    "ObjectStorage.Bucket.accessType": "publicAccessType",
    "ObjectStorage.ObjectLifecyclePolicy.rules": "items",
    "Sch.Connector.target.bucket": "bucketName",
}
"""Where the provider calls a property otherwise than the API."""


def problems(token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """What the published model of a type would refuse: resource, property, allowed values."""
    short = short_of(token)
    if short not in DOCUMENT["operations"]:
        yield f"{short}: no published model"
        return
    own = {key: value for key, value in inputs.items() if key not in ELSEWHERE.get(short, ())}
    yield from _members(short, DOCUMENT["operations"][short]["input"]["shape"], own, "")
    for key in SHAPES[DOCUMENT["operations"][short]["input"]["shape"]]["required"]:
        if _find(key, {RENAMED.get(f"{short}.{name}", name): None for name in inputs}) is None:
            yield f"{short}: {key} is required"


def _find(name: str, among: Mapping[str, Any]) -> str | None:
    wanted = {
        name.lower(),
        name.lower().removesuffix("s"),
        name.lower().removesuffix("es"),
        f"{name.lower()}s",
    }
    return next(
        (key for key in among if key.lower() in wanted or key.lower().removesuffix("s") in wanted), None
    )


def _members(short: str, shape: str, value: Mapping[str, Any], path: str) -> Iterator[str]:
    members: Mapping[str, Any] = SHAPES[shape]["members"]
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        called = RENAMED.get(f"{short}.{re.sub(r'[[][0-9]+[]]', '', here)}", key)
        member = _find(called, members)
        if member is None:
            yield f"{short}: {here} is unknown; there are {', '.join(sorted(members))}"
        elif item is not None:
            yield from _value(short, members[member]["shape"], item, here)


def _value(short: str, shape: str, value: Any, path: str) -> Iterator[str]:
    body = SHAPES[shape]
    if body["type"] == "structure" and isinstance(value, list):
        # The provider has a list where the API has one.
        for item in value:
            yield from _value(short, shape, item, path)
    elif body["type"] == "structure" and isinstance(value, dict):
        yield from _members(short, shape, value, path)
    elif body["type"] == "list" and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _value(short, body["member"]["shape"], item, f"{path}[{at}]")
    elif body.get("enum") and value not in body["enum"]:
        yield f"{short}: {path} is {value!r}; allowed: {', '.join(body['enum'])}"
