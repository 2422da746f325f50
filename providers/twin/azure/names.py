"""Names: private zones and their links and records, resolvers and their rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.twin.azure.network import network_of
from providers.twin.azure.words import GROUP, arm, in_use, uses
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_ZONE = r"([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)+[A-Za-z0-9_-]{2,63}"


def _address(scope: Scope) -> None:
    """An inbound endpoint's address: in its delegated subnet, and not one that Azure keeps."""
    for at, item in enumerate(scope.get("ipConfigurations") or []):
        subnet = scope.target(f"ipConfigurations[{at}].subnet.id")
        if subnet is None:
            continue
        _delegated(subnet.state, subnet.id)
        mine, address = network_of(str(subnet.state["addressPrefix"])), item.get("privateIpAddress")
        if item.get("privateIpAllocationMethod") == "Static" and address not in [
            str(a) for a in list(mine)[4:-1]
        ]:
            raise Refusal("InvalidIpConfiguration", f"{address} is not a free address of {subnet.id}.")


def _outbound(scope: Scope) -> None:
    subnet = scope.target("subnet.id")
    if subnet is not None:
        _delegated(subnet.state, subnet.id)


def _delegated(state: Mapping[str, Value], id_: str) -> None:
    services = [d.get("serviceName") for d in state.get("delegations") or []]
    if services != ["Microsoft.Network/dnsResolvers"]:
        raise Refusal(
            "SubnetNotDelegated", f"Subnet {id_} is not delegated to Microsoft.Network/dnsResolvers."
        )


def _rule(scope: Scope) -> None:
    if not str(scope.get("domainName") or "").endswith("."):
        raise Refusal("InvalidDomainName", f"The domain name {scope.get('domainName')} must end with a dot.")


def _record() -> Behaviour:
    """A record's type is a step of its path: `…/privateDnsZones/<zone>/A/<name>`."""
    zone = GROUP + "/providers/Microsoft.Network/privateDnsZones/"
    made = arm(
        "Microsoft.Network/privateDnsZones/A",
        "privateZoneName relativeRecordSetName",
        parent="privatedns.PrivateZone",
        fixed="recordType",
        type_="",
        steps="recordType",
        computed={
            "type": "Microsoft.Network/privateDnsZones/{recordType}",
            "fqdn": "{relativeRecordSetName}.{privateZoneName}.",
        },
    )
    return replace(made, id=zone + "{privateZoneName}/{recordType}/{relativeRecordSetName}")


_RULESET = "dnsresolver.DnsForwardingRuleset"

TABLE: Mapping[str, Behaviour] = {
    "privatedns.PrivateZone": arm(
        "Microsoft.Network/privateDnsZones",
        "privateZoneName",
        rule=_ZONE,
        computed={"numberOfRecordSets": lambda _: 1, "maxNumberOfRecordSets": lambda _: 25000},
        in_use=in_use(
            "CannotDeleteResource",
            "Can not delete private zone {id} before its nested resources are deleted ({value}).",
        ),
    ),
    "privatedns.VirtualNetworkLink": arm(
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "privateZoneName virtualNetworkLinkName",
        parent="privatedns.PrivateZone",
        fixed="virtualNetwork",
        refs=(uses("virtualNetwork.id", "network.VirtualNetwork"),),
        unique=(
            Unique(
                "zone-of:{virtualNetwork.id}",
                "{privateZoneName}",
                Answer(
                    "BadRequest",
                    "A virtual network cannot be linked to multiple zones with overlapping namespaces"
                    " ({value}).",
                ),
            ),
        ),
        computed={"virtualNetworkLinkState": "Completed"},
    ),
    "privatedns.PrivateRecordSet": _record(),
    "dnsresolver.DnsResolver": arm(
        "Microsoft.Network/dnsResolvers",
        "dnsResolverName",
        fixed="virtualNetwork",
        refs=(uses("virtualNetwork.id", "network.VirtualNetwork"),),
        unique=(
            Unique(
                "resolver",
                "{virtualNetwork.id}",
                Answer("Conflict", "Virtual network {value} has a DNS resolver already.", 409),
            ),
        ),
        computed={"dnsResolverState": "Connected", "resourceGuid": "{uuid}"},
    ),
    "dnsresolver.InboundEndpoint": arm(
        "Microsoft.Network/dnsResolvers/inboundEndpoints",
        "dnsResolverName inboundEndpointName",
        parent="dnsresolver.DnsResolver",
        fixed="ipConfigurations",
        refs=(uses("ipConfigurations[].subnet.id", "network.Subnet"),),
        rules=(_address,),
    ),
    "dnsresolver.OutboundEndpoint": arm(
        "Microsoft.Network/dnsResolvers/outboundEndpoints",
        "dnsResolverName outboundEndpointName",
        parent="dnsresolver.DnsResolver",
        fixed="subnet",
        refs=(uses("subnet.id", "network.Subnet"),),
        rules=(_outbound,),
        in_use=in_use("OutboundEndpointInUse", "Outbound endpoint {id} is in use by ruleset {value}."),
    ),
    _RULESET: arm(
        "Microsoft.Network/dnsForwardingRulesets",
        "dnsForwardingRulesetName",
        refs=(uses("dnsResolverOutboundEndpoints[].id", "dnsresolver.OutboundEndpoint"),),
    ),
    "dnsresolver.ForwardingRule": arm(
        "Microsoft.Network/dnsForwardingRulesets/forwardingRules",
        "dnsForwardingRulesetName forwardingRuleName",
        parent=_RULESET,
        fixed="domainName",
        rules=(_rule,),
    ),
    "dnsresolver.PrivateResolverVirtualNetworkLink": arm(
        "Microsoft.Network/dnsForwardingRulesets/virtualNetworkLinks",
        "dnsForwardingRulesetName virtualNetworkLinkName",
        parent=_RULESET,
        fixed="virtualNetwork",
        refs=(uses("virtualNetwork.id", "network.VirtualNetwork"),),
    ),
}
