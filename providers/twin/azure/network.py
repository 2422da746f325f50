"""Networks: VNets, subnets, groups, routes, gateways, circuits, endpoints, balancers, firewalls."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping

from providers.twin.azure.addresses import addresses, free_address, network_of, take
from providers.twin.azure.words import GROUP, arm, in_use, names, path, token, uses
from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.scope import Scope
from providers.twin.store import Row
from providers.twin.world import ASSUMED
from providers.wire import Value

_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?"
VNET = path("Microsoft.Network/virtualNetworks", ("virtualNetworkName",))
HUB = r"/subscriptions/[0-9a-fA-F-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualHubs/[^/]+"
RESERVED_NAMES = {"GatewaySubnet", "AzureFirewallSubnet", "AzureBastionSubnet", "RouteServerSubnet"}
LEAST = {"GatewaySubnet": 29, "AzureFirewallSubnet": 26}
"""The longest prefix of the subnets whose name Azure prescribes (gateway 29, firewall 26)."""


def prefixes(row: Row) -> list[ipaddress.IPv4Network]:
    """The ranges of a VNet."""
    space = row.state.get("addressSpace") or {}
    return [network_of(str(cidr)) for cidr in space.get("addressPrefixes") or []]


def _spaces(scope: Scope) -> None:
    found = [network_of(str(cidr)) for cidr in scope.all("addressSpace.addressPrefixes[]")]
    if not found:
        raise Refusal("InvalidRequestFormat", "A virtual network needs an address space.")
    for index, first in enumerate(found):
        for second in found[index + 1 :]:
            if first.overlaps(second):
                raise Refusal("NetcfgInvalidVirtualNetworkSite", f"The ranges {first} and {second} overlap.")
    if scope.old is None:
        return
    for row in scope.store.linked(scope.rid):
        if row.type == token("network.Subnet"):
            mine = network_of(str(row.state.get("addressPrefix")))
            if not any(mine.subnet_of(space) for space in found):
                raise Refusal("NetcfgSubnetRangeOutsideVnet", f"Subnet {row.id} is not in the address space.")


def _watcher(scope: Scope) -> None:
    """Azure makes the Network Watcher of a region together with its first network."""
    group = f"/subscriptions/{scope.unit}/resourceGroups/NetworkWatcherRG"
    name = f"NetworkWatcher_{scope.region}"
    if scope.find(token("resources.ResourceGroup"), group, None) is None:
        rid = scope.make(
            token("resources.ResourceGroup"),
            group,
            {"name": "NetworkWatcherRG", "location": scope.region, "resourceGroupName": "NetworkWatcherRG"},
            owned=False,
        )
        scope.store.set_handles(rid, {"NetworkWatcherRG"})
    id_ = f"{group}/providers/Microsoft.Network/networkWatchers/{name}"
    if scope.find(token("network.NetworkWatcher"), id_, None) is None:
        scope.make(
            token("network.NetworkWatcher"), id_, {"name": name, "location": scope.region}, owned=False
        )


def _subnet(scope: Scope) -> None:
    vnet = scope.target("virtualNetworkName")
    if vnet is None:
        return
    name, mine = str(scope.get("subnetName")), network_of(str(scope.get("addressPrefix")))
    if mine.prefixlen > LEAST.get(name, 29):
        raise Refusal("InvalidSubnetSize", f"Subnet {name} is too small: /{LEAST.get(name, 29)} at least.")
    if not any(mine.subnet_of(space) for space in prefixes(vnet)):
        raise Refusal(
            "NetcfgSubnetRangeOutsideVnet",
            f"Subnet '{name}' is not valid because its IP address range is outside the IP address range of"
            f" virtual network '{vnet.state.get('name')}'.",
        )
    if name == "GatewaySubnet" and scope.get("networkSecurityGroup"):
        raise Refusal(
            "NetworkSecurityGroupNotSupportedOnGatewaySubnet", "GatewaySubnet takes no security group."
        )
    if name == "AzureFirewallSubnet" and (scope.get("networkSecurityGroup") or scope.get("delegations")):
        raise Refusal("AzureFirewallSubnetNotAllowed", "AzureFirewallSubnet takes no security group.")
    if scope.old is None:
        low, high = int(mine.network_address), int(mine.broadcast_address)
        where = f"azure-subnet:{vnet.rid}"
        if scope.store.overlapping(where, low, high):
            raise Refusal("NetcfgSubnetRangesOverlap", f"Subnet '{name}' overlaps with another subnet.")
        scope.store.add_span(where, low, high, scope.rid)


def _rules(scope: Scope) -> None:
    seen: dict[tuple[Value, Value], Value] = {}
    for rule in scope.get("securityRules") or []:
        priority = rule.get("priority")
        if not 100 <= int(priority or 0) <= 4096:
            raise Refusal("SecurityRuleInvalidPriority", f"Rule {rule.get('name')}: priority 100 to 4096.")
        other = seen.setdefault((rule.get("direction"), priority), rule.get("name"))
        if other != rule.get("name"):
            raise Refusal(
                "SecurityRuleConflict",
                f"Security rule {rule.get('name')} conflicts with {other}: same priority and direction.",
            )
        for side in ("source", "destination"):
            if not (rule.get(f"{side}AddressPrefix") or rule.get(f"{side}AddressPrefixes")):
                raise Refusal("SecurityRuleMissingAddress", f"Rule {rule.get('name')} has no {side} address.")


def _routes(scope: Scope) -> None:
    for route in scope.get("routes") or []:
        if (route.get("nextHopType") == "VirtualAppliance") != bool(route.get("nextHopIpAddress")):
            raise Refusal(
                "RouteNextHopIpAddress", f"Route {route.get('name')}: address and next hop disagree."
            )


def _endpoint_made(scope: Scope) -> None:
    """A private endpoint gets an interface of its own in its subnet."""
    name = str(
        scope.get("customNetworkInterfaceName") or f"{scope.get('privateEndpointName')}.nic.{scope.uuid()}"
    )
    id_ = scope.fill(f"{GROUP}/providers/Microsoft.Network/networkInterfaces/{name}")
    subnet = scope.target("subnet.id")
    address = free_address(scope, subnet, "endpoint")
    rid = scope.make(
        token("network.NetworkInterface"),
        id_,
        {
            "name": name,
            "location": scope.region,
            "ipConfigurations": [
                {
                    "name": "privateEndpointIpConfig",
                    "privateIPAddress": address,
                    "subnet": {"id": subnet.id if subnet is not None else ""},
                }
            ],
            "provisioningState": "Succeeded",
        },
    )
    if subnet is not None:
        take(scope, subnet, address, rid)
    scope.state["networkInterfaces"] = [{"id": id_}]


_SUBRESOURCES: Mapping[str, tuple[str, ...]] = {
    token("storage.StorageAccount"): ("blob", "dfs", "file", "queue", "table"),
    token("keyvault.Vault"): ("vault",),
    token("containerregistry.Registry"): ("registry",),
    token("monitor.PrivateLinkScope"): ("azuremonitor",),
}


def _endpoint(scope: Scope) -> None:
    for at, link in enumerate(scope.get("privateLinkServiceConnections") or []):
        target = scope.target(f"privateLinkServiceConnections[{at}].privateLinkServiceId")
        allowed = _SUBRESOURCES.get(target.type, ()) if target is not None else ()
        for kind in link.get("groupIds") or []:
            if target is not None and kind not in allowed:
                raise Refusal(
                    "PrivateEndpointInvalidGroupId",
                    f"Call to {target.type} failed. Group {kind} is not one of {', '.join(allowed)}.",
                )
    if not scope.get("privateLinkServiceConnections") and not scope.get(
        "manualPrivateLinkServiceConnections"
    ):
        raise Refusal("PrivateEndpointWithoutConnection", "A private endpoint needs a connection.")


def service_key(id_: str) -> str:
    """The service key of a circuit: the same for the same circuit, so that examples can name it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, id_))


def _circuit(scope: Scope) -> None:
    carrier = scope.get("serviceProviderProperties") or {}
    if carrier.get("bandwidthInMbps") not in (50, 100, 200, 500, 1000, 2000, 5000, 10000):
        raise Refusal(
            "CircuitBandwidthInvalid", f"Bandwidth {carrier.get('bandwidthInMbps')} is not on offer."
        )
    if carrier.get("peeringLocation") not in ("Tokyo", "Tokyo2", "Tokyo3", "Osaka"):
        raise Refusal(
            "ServiceProviderPeeringLocationInvalid",
            f"{carrier.get('serviceProviderName')} offers nothing at {carrier.get('peeringLocation')}.",
        )


def _peering(scope: Scope) -> None:
    """A circuit takes peerings only once its carrier has provisioned it: the twin plays the carrier."""
    circuit = scope.target("circuitName")
    if circuit is not None and circuit.state.get("serviceProviderProvisioningState") != "Provisioned":
        circuit.state["serviceProviderProvisioningState"] = "Provisioned"
        scope.store.rewrite(circuit.rid, circuit.state, circuit.inputs)
        scope.diagnostics.append(f"{ASSUMED}{circuit.type} {circuit.id}")
    for side in ("primary", "secondary"):
        if network_of(str(scope.get(f"{side}PeerAddressPrefix"))).prefixlen != 30:
            raise Refusal("PeeringAddressPrefixInvalid", f"The {side} peer address prefix must be a /30.")


def _connection(scope: Scope) -> None:
    circuit = scope.target("peer.id")
    peered = circuit is not None and any(
        row.type == token("network.ExpressRouteCircuitPeering") for row in scope.store.linked(circuit.rid)
    )
    if circuit is not None and not peered:
        carrier = (circuit.inputs.get("serviceProviderProperties") or {}).get("serviceProviderName")
        if carrier == "Oracle Cloud FastConnect":  # its peering is made by the other cloud, not through ARM
            scope.diagnostics.append(f"{ASSUMED}{circuit.type} {circuit.id}")
            return
        raise Refusal(
            "ExpressRouteCircuitNotProvisioned", f"Circuit {circuit.id} has no private peering yet."
        )


def _hub_connection(scope: Scope) -> None:
    """Networks that hang on one hub have no address in common."""
    hub, ours = scope.target("virtualHubName"), scope.target("remoteVirtualNetwork.id")
    if hub is None or ours is None:
        return
    for row in scope.store.linked(hub.rid):
        if row.rid == scope.rid or row.type != scope.type:
            continue
        theirs = scope.find(
            token("network.VirtualNetwork"), (row.state.get("remoteVirtualNetwork") or {}).get("id"), None
        )
        if theirs is not None and any(a.overlaps(b) for a in prefixes(ours) for b in prefixes(theirs)):
            raise Refusal(
                "VnetAddressSpacesOverlap",
                f"Cannot connect {ours.id}: its address space overlaps that of {theirs.id}.",
            )


def _gateway(scope: Scope) -> None:
    for at in range(len(scope.get("ipConfigurations") or [])):
        subnet = scope.target(f"ipConfigurations[{at}].subnet.id")
        if subnet is not None and not subnet.id.endswith("/GatewaySubnet"):
            raise Refusal("InvalidGatewaySubnet", f"{subnet.id}: a gateway lives in GatewaySubnet only.")


def _firewall(scope: Scope) -> None:
    for at in range(len(scope.get("ipConfigurations") or [])):
        subnet = scope.target(f"ipConfigurations[{at}].subnet.id")
        if subnet is not None and not subnet.id.endswith("/AzureFirewallSubnet"):
            raise Refusal(
                "AzureFirewallSubnetInvalid", f"{subnet.id}: a firewall lives in AzureFirewallSubnet."
            )


def _firewall_made(scope: Scope) -> None:
    filled = []
    for at, item in enumerate(scope.get("ipConfigurations") or []):
        subnet = scope.target(f"ipConfigurations[{at}].subnet.id")
        first = network_of(str(subnet.state["addressPrefix"])) if subnet is not None else None
        filled.append({**item, "privateIPAddress": str(first[4]) if first is not None else ""})
    scope.state["ipConfigurations"] = filled


_SUBNET_USE = in_use(
    "InUseSubnetCannotBeDeleted", "Subnet is in use by {value} and cannot be deleted. Id: {id}"
)


def _used(what: str) -> Value:
    return in_use(
        f"InUse{what}CannotBeDeleted", f"{what} {{id}} cannot be deleted: it is in use by {{value}}."
    )


_ENDPOINT_TARGETS = (
    "storage.StorageAccount",
    "keyvault.Vault",
    "containerregistry.Registry",
    "monitor.PrivateLinkScope",
)

TABLE: Mapping[str, Behaviour] = {
    "network.VirtualNetwork": arm(
        "Microsoft.Network/virtualNetworks",
        "virtualNetworkName",
        rule=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
        computed={"resourceGuid": "{uuid}"},
        rules=(_spaces,),
        made=(_watcher,),
        in_use=_used("VirtualNetwork"),
    ),
    "network.Subnet": arm(
        "Microsoft.Network/virtualNetworks/subnets",
        "virtualNetworkName subnetName",
        parent="network.VirtualNetwork",
        fixed="addressPrefix",
        rule=_NAME,
        refs=(
            uses("networkSecurityGroup.id", "network.NetworkSecurityGroup"),
            uses("routeTable.id", "network.RouteTable"),
        ),
        rules=(_subnet,),
        in_use=_SUBNET_USE,
    ),
    "network.NetworkSecurityGroup": arm(
        "Microsoft.Network/networkSecurityGroups",
        "networkSecurityGroupName",
        rule=_NAME,
        rules=(_rules,),
        in_use=_used("NetworkSecurityGroup"),
    ),
    "network.RouteTable": arm(
        "Microsoft.Network/routeTables",
        "routeTableName",
        rule=_NAME,
        rules=(_routes,),
        in_use=_used("RouteTable"),
    ),
    "network.NetworkWatcher": arm("Microsoft.Network/networkWatchers", "networkWatcherName"),
    "network.FlowLog": arm(
        "Microsoft.Network/networkWatchers/flowLogs",
        "networkWatcherName flowLogName",
        parent="network.NetworkWatcher",
        fixed="targetResourceId",
        refs=(
            names("targetResourceId", "network.VirtualNetwork", "network.Subnet"),
            names("storageId", "storage.StorageAccount"),
        ),
    ),
    "network.PublicIPAddress": arm(
        "Microsoft.Network/publicIPAddresses",
        "publicIpAddressName",
        fixed="sku zones publicIPAllocationMethod",
        rule=_NAME,
        computed={"ipAddress": lambda s: f"20.78.{int(s.hex(2, 'a'), 16)}.{int(s.hex(2, 'b'), 16)}"},
        in_use=in_use(
            "PublicIPAddressCannotBeDeleted", "Public IP address {id} is still allocated to {value}."
        ),
    ),
    "network.NetworkInterface": arm(
        "Microsoft.Network/networkInterfaces",
        "networkInterfaceName",
        rule=_NAME,
        refs=(uses("ipConfigurations[].subnet.id", "network.Subnet"),),
        computed={
            "macAddress": lambda s: "-".join(["00", "22", "48", *(s.hex(2, x).upper() for x in "abc")])
        },
        made=(addresses("ipConfigurations"),),
        changed=(addresses("ipConfigurations"),),
        in_use=in_use("NicInUse", "Network Interface {id} is used by existing resource {value}."),
    ),
    "network.PrivateEndpoint": arm(
        "Microsoft.Network/privateEndpoints",
        "privateEndpointName",
        fixed="subnet privateLinkServiceConnections manualPrivateLinkServiceConnections"
        " customNetworkInterfaceName",
        rule=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?",
        refs=(
            uses("subnet.id", "network.Subnet"),
            names("privateLinkServiceConnections[].privateLinkServiceId", *_ENDPOINT_TARGETS),
        ),
        rules=(_endpoint,),
        made=(_endpoint_made,),
    ),
    "network.PrivateDnsZoneGroup": arm(
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "privateEndpointName privateDnsZoneGroupName",
        parent="network.PrivateEndpoint",
        refs=(names("privateDnsZoneConfigs[].privateDnsZoneId", "privatedns.PrivateZone"),),
    ),
    "network.LoadBalancer": arm(
        "Microsoft.Network/loadBalancers",
        "loadBalancerName",
        fixed="sku",
        rule=_NAME,
        refs=(
            uses("frontendIPConfigurations[].subnet.id", "network.Subnet"),
            names("backendAddressPools[].virtualNetwork.id", "network.VirtualNetwork"),
        ),
        made=(addresses("frontendIPConfigurations"),),
        changed=(addresses("frontendIPConfigurations"),),
    ),
    "network.ExpressRouteCircuit": arm(
        "Microsoft.Network/expressRouteCircuits",
        "circuitName",
        fixed="serviceProviderProperties.serviceProviderName serviceProviderProperties.peeringLocation",
        rule=_NAME,
        computed={
            "serviceKey": lambda s: service_key(s.id),
            "serviceProviderProvisioningState": "NotProvisioned",
            "circuitProvisioningState": "Enabled",
        },
        rules=(_circuit,),
        in_use=in_use("CircuitCannotBeDeleted", "Circuit {id} cannot be deleted: it is in use by {value}."),
    ),
    "network.ExpressRouteCircuitPeering": arm(
        "Microsoft.Network/expressRouteCircuits/peerings",
        "circuitName peeringName",
        parent="network.ExpressRouteCircuit",
        fixed="peeringType",
        rules=(_peering,),
        computed={"azureASN": lambda _: 12076, "primaryAzurePort": "", "secondaryAzurePort": ""},
    ),
    "network.VirtualNetworkGateway": arm(
        "Microsoft.Network/virtualNetworkGateways",
        "virtualNetworkGatewayName",
        fixed="gatewayType vpnType",
        rule=_NAME,
        refs=(
            uses("ipConfigurations[].subnet.id", "network.Subnet"),
            uses("ipConfigurations[].publicIPAddress.id", "network.PublicIPAddress"),
        ),
        rules=(_gateway,),
        computed={"resourceGuid": "{uuid}"},
        in_use=in_use("CannotDeleteGateway", "Gateway {id} has connections ({value})."),
    ),
    "network.VirtualNetworkGatewayConnection": arm(
        "Microsoft.Network/connections",
        "virtualNetworkGatewayConnectionName",
        fixed="connectionType virtualNetworkGateway1 peer",
        rule=_NAME,
        refs=(
            uses("virtualNetworkGateway1.id", "network.VirtualNetworkGateway"),
            uses("peer.id", "network.ExpressRouteCircuit"),
        ),
        rules=(_connection,),
        computed={"connectionStatus": "Connected"},
    ),
    "network.VirtualHub": arm(
        "Microsoft.Network/virtualHubs",
        "virtualHubName",
        outside=HUB,
        arrival={"routingState": "Provisioned", "provisioningState": "Succeeded"},
    ),
    "network.HubVirtualNetworkConnection": arm(
        "Microsoft.Network/virtualHubs/hubVirtualNetworkConnections",
        "virtualHubName connectionName",
        parent="network.VirtualHub",
        fixed="remoteVirtualNetwork",
        rule=_NAME,
        refs=(uses("remoteVirtualNetwork.id", "network.VirtualNetwork"),),
        rules=(_hub_connection,),
    ),
    "network.AzureFirewall": arm(
        "Microsoft.Network/azureFirewalls",
        "azureFirewallName",
        fixed="zones sku.name",
        rule=r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,54}[A-Za-z0-9_])?",
        refs=(
            uses("firewallPolicy.id", "network.FirewallPolicy"),
            uses("ipConfigurations[].subnet.id", "network.Subnet"),
            uses("ipConfigurations[].publicIPAddress.id", "network.PublicIPAddress"),
        ),
        rules=(_firewall,),
        made=(_firewall_made,),
        changed=(_firewall_made,),
    ),
    "network.FirewallPolicy": arm(
        "Microsoft.Network/firewallPolicies",
        "firewallPolicyName",
        rule=_NAME,
        in_use=in_use("FirewallPolicyInUse", "Firewall policy {id} is in use by {value}."),
    ),
    "network.FirewallPolicyRuleCollectionGroup": arm(
        "Microsoft.Network/firewallPolicies/ruleCollectionGroups",
        "firewallPolicyName ruleCollectionGroupName",
        parent="network.FirewallPolicy",
    ),
}
