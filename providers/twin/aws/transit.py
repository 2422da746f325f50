"""Transit gateways and what is shared through RAM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import network
from providers.twin.aws.facts import NETWORK_ACCOUNT
from providers.twin.aws.words import hold, name, not_found, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

EC2: Final = "arn:{partition}:ec2:{region}:{unit}:"


_TGW_MISSING: Final = not_found("InvalidTransitGatewayID.NotFound", "transitGateway ID")


_ATTACHMENT_MISSING: Final = not_found(
    "InvalidTransitGatewayAttachmentID.NotFound", "transitGatewayAttachment ID"
)


_TABLE_MISSING: Final = not_found("InvalidRouteTableID.NotFound", "transitGatewayRouteTable ID")


_ATTACHMENTS: Final = ("ec2transitgateway.VpcAttachment", "directconnect.GatewayAssociation")


_BUSY = Answer("IncorrectState", "{id} has non-deleted attachments or associations: {value}")


def _default_table(scope: Scope) -> None:
    """A transit gateway is born with a default route table unless both defaults are disabled."""
    wanted = [
        key
        for key in ("association", "propagation")
        if scope.get(f"defaultRouteTable{key.capitalize()}") != "disable"
    ]
    if not wanted:
        return
    table = f"tgw-rtb-0{scope.hex(16, 'table')}"
    scope.make(
        token("ec2transitgateway.RouteTable"),
        table,
        {
            "arn": f"{scope.fill(EC2)}transit-gateway-route-table/{table}",
            "transitGatewayId": scope.id,
            "defaultAssociationRouteTable": "association" in wanted,
            "region": scope.region,
            "tags": {},
            "tagsAll": {},
            "defaultPropagationRouteTable": "propagation" in wanted,
        },
    )
    for key in wanted:
        scope.state[f"{key}DefaultRouteTableId"] = table


def _attachment_subnets(scope: Scope) -> None:
    zones: set[str] = set()
    for path, row in scope.targets.items():
        if not path.startswith("subnetIds["):
            continue
        if row.state.get("vpcId") != scope.get("vpcId"):
            raise Refusal(
                "InvalidSubnetID.NotFound", f"The subnet ID '{row.id}' does not exist in {scope.get('vpcId')}"
            )
        zone = str(row.state.get("availabilityZone"))
        if zone in zones:
            raise Refusal(
                "DuplicateSubnetsInSameZone",
                f"Duplicate Subnets for same AZ: {zone}. A transit gateway attachment takes one subnet a"
                f" zone.",
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
        raise Refusal(
            "InvalidParameterCombination",
            "exactly one of blackhole and transitGatewayAttachmentId must be given",
        )
    if scope.get("destinationCidrBlock"):
        network(scope.get("destinationCidrBlock"), "InvalidParameterValue")


_TGW_STATE = {
    "arn": "arn:{partition}:ec2:{region}:" + NETWORK_ACCOUNT + ":transit-gateway/{id}",
    "ownerId": NETWORK_ACCOUNT,
    "region": "{region}",
    "description": "",
    "defaultRouteTableAssociation": "disable",
    "defaultRouteTablePropagation": "disable",
    "autoAcceptSharedAttachments": "enable",
}


TABLE: Mapping[str, Behaviour] = {
    "ec2transitgateway.TransitGateway": Behaviour(
        id="tgw-{hex17}",
        arn=EC2 + "transit-gateway/{id}",
        api="ec2:CreateTransitGateway",
        autoname="",
        defaults={
            "amazonSideAsn": 64512,
            "autoAcceptSharedAttachments": "disable",
            "defaultRouteTableAssociation": "enable",
            "defaultRouteTablePropagation": "enable",
            "dnsSupport": "enable",
            "vpnEcmpSupport": "enable",
            "multicastSupport": "disable",
            "securityGroupReferencingSupport": "disable",
        },
        computed={"ownerId": "{unit}", "encryptionSupport": "disable"},
        fixed=props("amazonSideAsn multicastSupport"),
        outside=r"tgw-[0-9a-f]{17}",
        arrival=_TGW_STATE,
        made=(_default_table,),
        quota=Quota(
            5,
            Answer(
                "TransitGatewayLimitExceeded", "You have reached the limit on the number of Transit Gateways."
            ),
        ),
        missing=_TGW_MISSING,
        in_use=_BUSY,
    ),
    "ec2transitgateway.VpcAttachment": Behaviour(
        id="tgw-attach-{hex17}",
        arn=EC2 + "transit-gateway-attachment/{id}",
        autoname="",
        api="ec2:CreateTransitGatewayVpcAttachment",
        defaults={"applianceModeSupport": "disable", "dnsSupport": "enable", "ipv6Support": "disable"},
        computed={
            "vpcOwnerId": "{unit}",
            "securityGroupReferencingSupport": "enable",
            "transitGatewayDefaultRouteTableAssociation": lambda _: True,
            "transitGatewayDefaultRouteTablePropagation": lambda _: True,
        },
        fixed=props("vpcId transitGatewayId"),
        refs=(
            hold("transitGatewayId", "ec2transitgateway.TransitGateway"),
            hold("vpcId", "ec2.Vpc"),
            hold("subnetIds[]", "ec2.Subnet"),
        ),
        unique=(
            Unique(
                "tgw-attach:{transitGatewayId}",
                "{vpcId}",
                Answer(
                    "DuplicateTransitGatewayAttachment",
                    "{transitGatewayId} has non-deleted Transit Gateway Attachments with same VPC ID.",
                ),
            ),
        ),
        rules=(_attachment_subnets,),
        missing=_ATTACHMENT_MISSING,
        in_use=None,
    ),
    "ec2transitgateway.VpcAttachmentAccepter": Behaviour(
        id="{transitGatewayAttachmentId}",
        autoname="",
        put=True,
        refs=(part("transitGatewayAttachmentId", *_ATTACHMENTS),),
        fixed=props("transitGatewayAttachmentId"),
    ),
    "ec2transitgateway.RouteTable": Behaviour(
        id="tgw-rtb-{hex17}",
        arn=EC2 + "transit-gateway-route-table/{id}",
        autoname="",
        api="ec2:CreateTransitGatewayRouteTable",
        fixed=props("transitGatewayId"),
        refs=(hold("transitGatewayId", "ec2transitgateway.TransitGateway"),),
        missing=_TABLE_MISSING,
        in_use=_BUSY,
        outside=r"tgw-rtb-[0-9a-f]{17}",
        arrival={
            "arn": "arn:{partition}:ec2:{region}:" + NETWORK_ACCOUNT + ":transit-gateway-route-table/{id}",
            "region": "{region}",
        },
    ),
    "ec2transitgateway.RouteTableAssociation": Behaviour(
        id="{transitGatewayRouteTableId}_{transitGatewayAttachmentId}",
        autoname="",
        api="ec2:AssociateTransitGatewayRouteTable",
        fixed=props("transitGatewayRouteTableId transitGatewayAttachmentId"),
        computed={"resourceId": _resource("id"), "resourceType": _resource("type")},
        refs=(
            hold("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
            part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING),
        ),
        unique=(
            Unique(
                "tgw-assoc",
                "{transitGatewayAttachmentId}",
                Answer(
                    "Resource.AlreadyAssociated",
                    "Transit Gateway Attachment {value} is already associated to a route table.",
                ),
            ),
        ),
        delete_first=True,
    ),
    "ec2transitgateway.RouteTablePropagation": Behaviour(
        id="{transitGatewayRouteTableId}_{transitGatewayAttachmentId}",
        autoname="",
        api="ec2:EnableTransitGatewayRouteTablePropagation",
        fixed=props("transitGatewayRouteTableId transitGatewayAttachmentId"),
        computed={"resourceId": _resource("id"), "resourceType": _resource("type")},
        refs=(
            part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
            part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING),
        ),
        exists=Answer("TransitGatewayRouteTablePropagation.Duplicate", "Propagation {value} already exists."),
    ),
    "ec2transitgateway.Route": Behaviour(
        id="{transitGatewayRouteTableId}_{destinationCidrBlock}",
        autoname="",
        api="ec2:CreateTransitGatewayRoute",
        defaults={"blackhole": False},
        rules=(_needs_route_target,),
        fixed=props("destinationCidrBlock transitGatewayRouteTableId transitGatewayAttachmentId blackhole"),
        refs=(
            part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
            part("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING),
        ),
        exists=Answer(
            "RouteAlreadyExists", "Route {value} already exists in the Transit Gateway Route Table."
        ),
        delete_first=True,
    ),
    "ec2transitgateway.PrefixListReference": Behaviour(
        id="{transitGatewayRouteTableId}_{prefixListId}",
        autoname="",
        api="ec2:CreateTransitGatewayPrefixListReference",
        computed={"prefixListOwnerId": "{unit}"},
        fixed=props("prefixListId transitGatewayRouteTableId"),
        refs=(
            part("transitGatewayRouteTableId", "ec2transitgateway.RouteTable"),
            hold("prefixListId", "ec2.ManagedPrefixList"),
            name("transitGatewayAttachmentId", *_ATTACHMENTS, missing=_ATTACHMENT_MISSING),
        ),
    ),
    "ram.ResourceShare": Behaviour(
        id="{arn}",
        arn="arn:{partition}:ram:{region}:{unit}:resource-share/{uuid}",
        api="ram:CreateResourceShare",
        missing=Answer("UnknownResourceException", "ResourceShare {value} could not be found."),
    ),
    "ram.ResourceAssociation": Behaviour(
        id="{resourceShareArn},{resourceArn}",
        autoname="",
        fixed=props("resourceArn resourceShareArn"),
        refs=(part("resourceShareArn", "ram.ResourceShare"),),
    ),
    "ram.PrincipalAssociation": Behaviour(
        id="{resourceShareArn},{principal}",
        autoname="",
        fixed=props("principal resourceShareArn"),
        refs=(part("resourceShareArn", "ram.ResourceShare"),),
    ),
    "ram.ResourceShareAccepter": Behaviour(
        id="{shareArn}",
        autoname="",
        put=True,
        fixed=props("shareArn"),
        computed={"receiverAccountId": "{unit}", "senderAccountId": NETWORK_ACCOUNT, "status": "ACTIVE"},
    ),
}
