"""What joins networks: transit gateways, Direct Connect, Network Firewall, resource sharing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import network
from providers.twin.aws.facts import CARRIER, LOCATIONS, NETWORK_ACCOUNT
from providers.twin.aws.words import dependency, hold, name, not_found, part, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.wire import Value

_EC2: Final = "arn:{partition}:ec2:{region}:{unit}:"
_DX: Final = "arn:{partition}:directconnect:{region}:{unit}:"
_FIREWALL: Final = "arn:{partition}:network-firewall:{region}:{unit}:"
_TGW_MISSING: Final = not_found("InvalidTransitGatewayID.NotFound", "transitGateway ID")
_ATTACHMENT_MISSING: Final = not_found("InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment ID")
_TABLE_MISSING: Final = not_found("InvalidRouteTableID.NotFound", "transitGatewayRouteTable ID")
_ATTACHMENTS: Final = ("ec2transitgateway.VpcAttachment", "directconnect.GatewayAssociation")
_BUSY = Answer("IncorrectState", "{id} has non-deleted attachments or associations: {value}")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _default_table(scope: Scope) -> None:
    """A transit gateway is born with a default route table unless both defaults are disabled."""
    wanted = [
        key for key in ("association", "propagation")
        if scope.get(f"defaultRouteTable{key.capitalize()}") != "disable"
    ]
    if not wanted:
        return
    table = f"tgw-rtb-0{scope.hex(16, 'table')}"
    scope.make(token("ec2transitgateway.RouteTable"), table, {
        "arn": f"{scope.fill(_EC2)}transit-gateway-route-table/{table}", "transitGatewayId": scope.id,
        "defaultAssociationRouteTable": "association" in wanted, "region": scope.region, "tags": {}, "tagsAll": {},
        "defaultPropagationRouteTable": "propagation" in wanted,
    })
    for key in wanted:
        scope.state[f"{key}DefaultRouteTableId"] = table


def _attachment_subnets(scope: Scope) -> None:
    zones: set[str] = set()
    for path, row in scope.targets.items():
        if not path.startswith("subnetIds["):
            continue
        if row.state.get("vpcId") != scope.get("vpcId"):
            raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{row.id}' does not exist in {scope.get('vpcId')}")
        zone = str(row.state.get("availabilityZone"))
        if zone in zones:
            raise Refusal(
                "DuplicateSubnetsInSameZone",
                f"Duplicate Subnets for same AZ: {zone}. A transit gateway attachment takes one subnet a zone.",
            )
        zones.add(zone)


def _resource(path: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("transitGatewayAttachmentId")
        if row is None:
            return ""
        if row.type == token("ec2transitgateway.VpcAttachment"):
            return row.state.get("vpcId") if path == "id" else "vpc"
        return row.state.get("dxGatewayId") if path == "id" else "direct-connect-gateway"

    return maker


def _needs_route_target(scope: Scope) -> None:
    if bool(scope.inputs.get("blackhole")) == bool(scope.inputs.get("transitGatewayAttachmentId")):
        raise Refusal("InvalidParameterCombination", "exactly one of blackhole and transitGatewayAttachmentId must be given")
    if scope.get("destinationCidrBlock"):
        network(scope.get("destinationCidrBlock"), "InvalidParameterValue")


def _location(scope: Scope) -> None:
    if scope.get("location") not in LOCATIONS:
        raise Refusal(
            "DirectConnectClientException",
            f"Location {scope.get('location')} is not valid; locations in Japan: {', '.join(sorted(LOCATIONS))}",
        )


def _circuit_state(scope: Scope) -> None:
    if scope.id in scope.lost("circuit"):
        scope.state["state"] = "down"


def _interface_state(scope: Scope) -> None:
    circuit = scope.state.get("connectionId")
    if {circuit, scope.id} & scope.lost("circuit"):
        scope.state["state"] = "down"


def _vlan(scope: Scope) -> None:
    if not 1 <= int(scope.get("vlan") or 0) <= 4094:
        raise Refusal("DirectConnectClientException", f"VLAN {scope.get('vlan')} is not between 1 and 4094")
    if not scope.get("bgpAsn") and not scope.get("bgpAsnLong"):
        raise Refusal("DirectConnectClientException", "a BGP ASN is required")


def _prefixes(scope: Scope) -> None:
    # Quotas: "AWS Direct Connect quotas": 200 prefixes from AWS to on-premises on a transit virtual interface.
    prefixes = scope.get("allowedPrefixes") or []
    if len(prefixes) > 200:
        raise Refusal("DirectConnectClientException", "more than 200 allowed prefixes for a transit gateway association")
    for prefix in prefixes:
        network(prefix, "DirectConnectClientException")


def _gateway_type(scope: Scope) -> str:
    row = scope.target("associatedGatewayId")
    return "transitGateway" if row is not None and row.type.endswith(":TransitGateway") else "virtualPrivateGateway"


def _firewall_status(scope: Scope) -> Value:
    states = []
    for path, row in scope.targets.items():
        if path.startswith("subnetMappings["):
            endpoint = f"vpce-0{scope.hex(16, row.id)}"
            states.append({
                "availabilityZone": row.state.get("availabilityZone"),
                "attachments": [{"endpointId": endpoint, "subnetId": row.id}],
            })
    return [{"syncStates": states, "capacityUsageSummaries": [], "transitGatewayAttachmentSyncStates": []}]


def _firewall_endpoints(scope: Scope) -> None:
    """Routes lead to a firewall's endpoints, so they exist as endpoints of the VPC."""
    for status in scope.state.get("firewallStatuses") or []:
        for state in status["syncStates"]:
            for attachment in state["attachments"]:
                endpoint = attachment["endpointId"]
                scope.make(token("ec2.VpcEndpoint"), endpoint, {
                    "arn": f"{scope.fill(_EC2)}vpc-endpoint/{endpoint}", "vpcId": scope.get("vpcId"),
                    "subnetIds": [attachment["subnetId"]], "vpcEndpointType": "GatewayLoadBalancer",
                    "state": "available", "ownerId": scope.unit, "region": scope.region, "tags": {}, "tagsAll": {},
                })


_HOSTED_STATE: Mapping[str, str] = {"state": "available", "region": "{region}", "ownerAccountId": "{unit}"}


def _virtual_interface(kind: str, api: str) -> Behaviour:
    return Behaviour(
        id="dxvif-{alnum8}", arn=_DX + "dxvif/{id}", api=api,
        defaults={"mtu": 1500, "sitelinkEnabled": False},
        computed={
            "amazonAddress": "169.254.{digits2}.1/30", "customerAddress": "169.254.{digits2}.2/30",
            "bgpAuthKey": "{alnum24}", "awsDevice": "{connectionId}-device", "amazonSideAsn": _gateway_asn,
            "jumboFrameCapable": lambda _: True,
        },
        fixed=_set(
            "addressFamily amazonAddress bgpAsn bgpAsnLong bgpAuthKey connectionId customerAddress dxGatewayId"
            " vlan name"
        ),
        refs=(
            hold("connectionId", "directconnect.Connection", "directconnect.LinkAggregationGroup"),
            hold("dxGatewayId", "directconnect.Gateway"),
        ),
        unique=(
            Unique(
                "vlan:{connectionId}", "{vlan}",
                Answer("DirectConnectClientException", "VLAN {value} is already in use on connection {connectionId}."),
            ),
        ),
        rules=(_vlan,), reading=(_interface_state,), missing=_VIF_MISSING, in_use=_DX_BUSY,
    )


def _gateway_asn(scope: Scope) -> Value:
    row = scope.target("dxGatewayId")
    return row.state.get("amazonSideAsn") if row is not None else "64512"


def _accepter() -> Behaviour:
    return Behaviour(
        id="{virtualInterfaceId}", arn=_DX + "dxvif/{id}", autoname="", put=True,
        computed={"prefixPoolAllocatedCountIpv4": lambda _: 0, "prefixPoolAllocatedCountIpv6": lambda _: 0},
        fixed=_set("virtualInterfaceId dxGatewayId"),
        refs=(
            hold("virtualInterfaceId", "directconnect.HostedTransitVirtualInterface",
                 "directconnect.HostedPrivateVirtualInterface", missing=_VIF_MISSING),
            hold("dxGatewayId", "directconnect.Gateway"),
        ),
        reading=(_interface_state,),
    )


_VIF_MISSING = Answer("DirectConnectClientException", "Virtual Interface {value} could not be found")
_DX_BUSY = Answer("DirectConnectClientException", "{id} is in use by {value} and cannot be deleted")


def _hosted() -> Behaviour:
    return Behaviour(
        id="dxvif-{alnum8}", arn=_DX + "dxvif/{id}", outside=r"dxvif-[a-z0-9]{8}", missing=_VIF_MISSING,
        arrival={**_HOSTED_STATE, "arn": _DX + "dxvif/{id}", "addressFamily": "ipv4"}, in_use=_DX_BUSY,
        fixed=_set("connectionId vlan ownerAccountId"), refs=(hold("connectionId", "directconnect.Connection"),),
        reading=(_interface_state,),
    )


_TGW_STATE = {
    "arn": "arn:{partition}:ec2:{region}:" + NETWORK_ACCOUNT + ":transit-gateway/{id}", "ownerId": NETWORK_ACCOUNT,
    "region": "{region}", "description": "", "defaultRouteTableAssociation": "disable",
    "defaultRouteTablePropagation": "disable", "autoAcceptSharedAttachments": "enable",
}

TABLE: Mapping[str, Behaviour] = {
    "ec2transitgateway.TransitGateway": Behaviour(
        id="tgw-{hex17}", arn=_EC2 + "transit-gateway/{id}", api="ec2:CreateTransitGateway", autoname="",
        defaults={
            "amazonSideAsn": 64512, "autoAcceptSharedAttachments": "disable", "defaultRouteTableAssociation": "enable",
            "defaultRouteTablePropagation": "enable", "dnsSupport": "enable", "vpnEcmpSupport": "enable",
            "multicastSupport": "disable", "securityGroupReferencingSupport": "disable",
        },
        computed={"ownerId": "{unit}", "encryptionSupport": "disable"}, fixed=_set("amazonSideAsn multicastSupport"),
        outside=r"tgw-[0-9a-f]{17}", arrival=_TGW_STATE, made=(_default_table,),
        quota=Quota(5, Answer("TransitGatewayLimitExceeded", "You have reached the limit on the number of Transit Gateways.")),
        missing=_TGW_MISSING, in_use=_BUSY,
    ),
    "ec2transitgateway.VpcAttachment": Behaviour(
        id="tgw-attach-{hex17}", arn=_EC2 + "transit-gateway-attachment/{id}", autoname="",
        api="ec2:CreateTransitGatewayVpcAttachment",
        defaults={"applianceModeSupport": "disable", "dnsSupport": "enable", "ipv6Support": "disable"},
        computed={
            "vpcOwnerId": "{unit}", "securityGroupReferencingSupport": "enable",
            "transitGatewayDefaultRouteTableAssociation": lambda _: True,
            "transitGatewayDefaultRouteTablePropagation": lambda _: True,
        },
        fixed=_set("vpcId transitGatewayId"),
        refs=(
            hold("transitGatewayId", "ec2transitgateway.TransitGateway"), hold("vpcId", "ec2.Vpc"),
            hold("subnetIds[]", "ec2.Subnet"),
        ),
        unique=(
            Unique("tgw-attach:{transitGatewayId}", "{vpcId}",
                   Answer("DuplicateTransitGatewayAttachment", "{transitGatewayId} has non-deleted Transit Gateway Attachments with same VPC ID.")),
        ),
        rules=(_attachment_subnets,), missing=_ATTACHMENT_MISSING, in_use=None,
    ),
    "ec2transitgateway.VpcAttachmentAccepter": Behaviour(
        id="{transitGatewayAttachmentId}", autoname="", put=True, refs=(part("transitGatewayAttachmentId", *_ATTACHMENTS),),
        fixed=_set("transitGatewayAttachmentId"),
    ),
    "ec2transitgateway.RouteTable": Behaviour(
        id="tgw-rtb-{hex17}", arn=_EC2 + "transit-gateway-route-table/{id}", autoname="",
        api="ec2:CreateTransitGatewayRouteTable", fixed=_set("transitGatewayId"),
        refs=(hold("transitGatewayId", "ec2transitgateway.TransitGateway"),),
        missing=_TABLE_MISSING, in_use=_BUSY, outside=r"tgw-rtb-[0-9a-f]{17}",
        arrival={"arn": "arn:{partition}:ec2:{region}:" + NETWORK_ACCOUNT + ":transit-gateway-route-table/{id}", "region": "{region}"},
    ),
    "ec2transitgateway.RouteTableAssociation": Behaviour(
        id="{transitGatewayRouteTableId}_{transitGatewayAttachmentId}", autoname="",
        api="ec2:AssociateTransitGatewayRouteTable", fixed=_set("transitGatewayRouteTableId transitGatewayAttachmentId"),
        computed={"resourceId": _resource("id"), "resourceType": _resource("type")},
        refs=(hold("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
              part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING)),
        unique=(Unique("tgw-assoc", "{transitGatewayAttachmentId}", Answer(
            "Resource.AlreadyAssociated", "Transit Gateway Attachment {value} is already associated to a route table.")),),
        delete_first=True,
    ),
    "ec2transitgateway.RouteTablePropagation": Behaviour(
        id="{transitGatewayRouteTableId}_{transitGatewayAttachmentId}", autoname="",
        api="ec2:EnableTransitGatewayRouteTablePropagation",
        fixed=_set("transitGatewayRouteTableId transitGatewayAttachmentId"),
        computed={"resourceId": _resource("id"), "resourceType": _resource("type")},
        refs=(part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
              part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING)),
        exists=Answer("TransitGatewayRouteTablePropagation.Duplicate", "Propagation {value} already exists."),
    ),
    "ec2transitgateway.Route": Behaviour(
        id="{transitGatewayRouteTableId}_{destinationCidrBlock}", autoname="", api="ec2:CreateTransitGatewayRoute",
        defaults={"blackhole": False}, rules=(_needs_route_target,),
        fixed=_set("destinationCidrBlock transitGatewayRouteTableId transitGatewayAttachmentId blackhole"),
        refs=(part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
              part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING)),
        exists=Answer("RouteAlreadyExists", "Route {value} already exists in the Transit Gateway Route Table."),
        delete_first=True,
    ),
    "ec2transitgateway.PrefixListReference": Behaviour(
        id="{transitGatewayRouteTableId}_{prefixListId}", autoname="",
        api="ec2:CreateTransitGatewayPrefixListReference", computed={"prefixListOwnerId": "{unit}"},
        fixed=_set("prefixListId transitGatewayRouteTableId"),
        refs=(part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"), hold("prefixListId", "ec2.ManagedPrefixList"),
              name("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING)),
    ),
    "directconnect.Connection": Behaviour(
        id="dxcon-{alnum8}", arn=_DX + "dxcon/{id}", api="directconnect:CreateConnection",
        computed={
            "ownerAccountId": "{unit}", "state": "requested", "awsDevice": "{location}-{alnum12}",
            "hasLogicalRedundancy": "unknown", "providerName": CARRIER, "encryptionMode": "no_encryption",
            "portEncryptionStatus": "Encryption Down", "jumboFrameCapable": lambda _: True,
        },
        fixed=_set("bandwidth location name providerName requestMacsec"), rules=(_location,),
        outside=r"dxcon-[a-z0-9]{8}", reading=(_circuit_state,), in_use=_DX_BUSY,
        arrival={"arn": _DX + "dxcon/{id}", "ownerAccountId": "{unit}", "state": "available", "region": "{region}",
                 "partnerName": CARRIER, "bandwidth": "1Gbps", "location": "EqTY2", "name": "{id}",
                 "awsDevice": "{alnum12}", "providerName": CARRIER, "hasLogicalRedundancy": "no"},
        missing=Answer("DirectConnectClientException", "Connection {value} could not be found"),
    ),
    "directconnect.ConnectionConfirmation": Behaviour(
        id="{connectionId}", autoname="", put=True, refs=(name("connectionId", "directconnect.Connection"),), fixed=_set("connectionId"),
    ),
    "directconnect.LinkAggregationGroup": Behaviour(
        id="dxlag-{alnum8}", arn=_DX + "dxlag/{id}", api="directconnect:CreateLag", rules=(_location,),
        computed={"ownerAccountId": "{unit}", "hasLogicalRedundancy": "unknown", "jumboFrameCapable": lambda _: True},
        fixed=_set("connectionsBandwidth location connectionId providerName"),
        refs=(name("connectionId", "directconnect.Connection"),), in_use=_DX_BUSY,
        missing=Answer("DirectConnectClientException", "LAG {value} could not be found"),
    ),
    "directconnect.ConnectionAssociation": Behaviour(
        id="{connectionId}", autoname="", put=True, refs=(name("connectionId", "directconnect.Connection"),
        hold("lagId", "directconnect.LinkAggregationGroup")), fixed=_set("connectionId lagId"),
    ),
    "directconnect.Gateway": Behaviour(
        id="{uuid}", api="directconnect:CreateDirectConnectGateway", everywhere=True,
        arn="arn:{partition}:directconnect::{unit}:dx-gateway/{id}", computed={"ownerAccountId": "{unit}"},
        fixed=_set("amazonSideAsn"), in_use=_DX_BUSY,
        missing=Answer("DirectConnectClientException", "Direct Connect Gateway {value} could not be found"),
    ),
    "directconnect.GatewayAssociation": Behaviour(
        id="ga-{dxGatewayId}{associatedGatewayId}", autoname="", api="directconnect:CreateDirectConnectGatewayAssociation",
        computed={
            "dxGatewayAssociationId": "{uuid}", "associatedGatewayType": _gateway_type, "dxGatewayOwnerAccountId": "{unit}",
            "associatedGatewayOwnerAccountId": "{unit}", "transitGatewayAttachmentId": "tgw-attach-{hex17}",
            "allowedPrefixes": lambda _: [],
        },
        handles=("{transitGatewayAttachmentId}",), fixed=_set("dxGatewayId associatedGatewayId"), rules=(_prefixes,),
        refs=(hold("dxGatewayId", "directconnect.Gateway"),
              hold("associatedGatewayId", "ec2transitgateway.TransitGateway", missing=Answer(
                  "DirectConnectClientException", "Gateway {value} does not exist"))),
        exists=Answer("DirectConnectClientException", "{value} is already associated"), in_use=None,
    ),
    "directconnect.GatewayAssociationProposal": Behaviour(
        id="{uuid}", autoname="", api="directconnect:CreateDirectConnectGatewayAssociationProposal",
        computed={"associatedGatewayOwnerAccountId": "{unit}", "associatedGatewayType": _gateway_type},
        refs=(hold("associatedGatewayId", "ec2transitgateway.TransitGateway"),), rules=(_prefixes,),
        fixed=_set("dxGatewayId dxGatewayOwnerAccountId associatedGatewayId"),
    ),
    "directconnect.PrivateVirtualInterface": _virtual_interface("private", "directconnect:CreatePrivateVirtualInterface"),
    "directconnect.TransitVirtualInterface": _virtual_interface("transit", "directconnect:CreateTransitVirtualInterface"),
    "directconnect.HostedTransitVirtualInterface": _hosted(),
    "directconnect.HostedPrivateVirtualInterface": _hosted(),
    "directconnect.HostedTransitVirtualInterfaceAcceptor": _accepter(),
    "directconnect.HostedPrivateVirtualInterfaceAccepter": _accepter(),
    "directconnect.BgpPeer": Behaviour(
        id="{virtualInterfaceId}-{addressFamily}-{bgpAsn}{bgpAsnLong}", autoname="",
        computed={"bgpPeerId": "dxpeer-{alnum8}", "bgpStatus": "up", "bgpAuthKey": "{alnum24}", "awsDevice": "{alnum12}"},
        fixed=_set("addressFamily virtualInterfaceId amazonAddress customerAddress bgpAsn bgpAsnLong bgpAuthKey"),
        refs=(part("virtualInterfaceId", "directconnect.PrivateVirtualInterface", "directconnect.TransitVirtualInterface",
                   "directconnect.HostedTransitVirtualInterface", missing=_VIF_MISSING),),
    ),
    "networkfirewall.RuleGroup": Behaviour(
        id="{arn}", arn=_FIREWALL + "stateful-rulegroup/{name}", api="network-firewall:CreateRuleGroup",
        computed={"updateToken": "{uuid}"}, fixed=_set("name type capacity"),
        unique=(Unique("fw-rules:{type}", "{name}", Answer("ResourceAlreadyExistsException", "A rule group named {value} already exists")),),
        in_use=Answer("InvalidOperationException", "Unable to delete {id}: it is referenced by {value}"),
    ),
    "networkfirewall.FirewallPolicy": Behaviour(
        id="{arn}", arn=_FIREWALL + "firewall-policy/{name}", api="network-firewall:CreateFirewallPolicy",
        computed={"updateToken": "{uuid}"}, fixed=_set("name"),
        refs=(hold("firewallPolicy.statefulRuleGroupReferences[].resourceArn", "networkfirewall.RuleGroup"),
              hold("firewallPolicy.statelessRuleGroupReferences[].resourceArn", "networkfirewall.RuleGroup")),
        unique=(Unique("fw-policy", "{name}", Answer("ResourceAlreadyExistsException", "A firewall policy named {value} already exists")),),
        in_use=Answer("InvalidOperationException", "Unable to delete {id}: it is in use by {value}"),
    ),
    "networkfirewall.Firewall": Behaviour(
        id="{arn}", arn=_FIREWALL + "firewall/{name}", api="network-firewall:CreateFirewall",
        computed={"updateToken": "{uuid}", "firewallStatuses": _firewall_status}, made=(_firewall_endpoints,),
        fixed=_set("name vpcId transitGatewayId"),
        refs=(hold("firewallPolicyArn", "networkfirewall.FirewallPolicy"), hold("vpcId", "ec2.Vpc"),
              hold("subnetMappings[].subnetId", "ec2.Subnet")),
        unique=(Unique("fw", "{name}", Answer("InvalidRequestException", "A firewall named {value} already exists")),),
        guards=(Guard("deleteProtection", Answer("InvalidOperationException", "Unable to delete {id}: DeleteProtection is enabled.")),),
    ),
    "networkfirewall.LoggingConfiguration": Behaviour(
        id="{firewallArn}", autoname="", put=True, fixed=_set("firewallArn"), refs=(part("firewallArn", "networkfirewall.Firewall"),),
    ),
    "ram.ResourceShare": Behaviour(
        id="{arn}", arn="arn:{partition}:ram:{region}:{unit}:resource-share/{uuid}", api="ram:CreateResourceShare",
        missing=Answer("UnknownResourceException", "ResourceShare {value} could not be found."),
    ),
    "ram.ResourceAssociation": Behaviour(
        id="{resourceShareArn},{resourceArn}", autoname="", fixed=_set("resourceArn resourceShareArn"),
        refs=(part("resourceShareArn", "ram.ResourceShare"),),
    ),
    "ram.PrincipalAssociation": Behaviour(
        id="{resourceShareArn},{principal}", autoname="", fixed=_set("principal resourceShareArn"),
        refs=(part("resourceShareArn", "ram.ResourceShare"),),
    ),
    "ram.ResourceShareAccepter": Behaviour(
        id="{shareArn}", autoname="", put=True, fixed=_set("shareArn"),
        computed={"receiverAccountId": "{unit}", "senderAccountId": NETWORK_ACCOUNT, "status": "ACTIVE"},
    ),
}
