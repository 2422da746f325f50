"""Direct Connect: circuits, gateways and virtual interfaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import network
from providers.twin.aws.facts import CARRIER, LOCATIONS
from providers.twin.aws.words import hold, name, part, props
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_DX: Final = "arn:{partition}:directconnect:{region}:{unit}:"


def _location(scope: Scope) -> None:
    if scope.get("location") not in LOCATIONS:
        raise Refusal(
            "DirectConnectClientException",
            f"Location {scope.get('location')} is not valid; locations in Japan:"
            f" {', '.join(sorted(LOCATIONS))}",
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
    # "AWS Direct Connect quotas": 200 prefixes from AWS to on-premises on a transit virtual interface.
    prefixes = scope.get("allowedPrefixes") or []
    if len(prefixes) > 200:
        raise Refusal(
            "DirectConnectClientException", "more than 200 allowed prefixes for a transit gateway association"
        )
    for prefix in prefixes:
        network(prefix, "DirectConnectClientException")


def _other_number(scope: Scope) -> None:
    """Both ends of an association are BGP speakers: they cannot have the same AS number."""
    ours, theirs = scope.target("dxGatewayId"), scope.target("associatedGatewayId")
    if ours is None or theirs is None or not theirs.state.get("amazonSideAsn"):
        return
    if str(ours.state.get("amazonSideAsn")) == str(theirs.state["amazonSideAsn"]):
        raise Refusal(
            "DirectConnectClientException",
            "Direct Connect Gateway and Transit Gateway must not have the same Amazon side ASN"
            f" ({theirs.state['amazonSideAsn']})",
        )


def _gateway_type(scope: Scope) -> str:
    row = scope.target("associatedGatewayId")
    return (
        "transitGateway"
        if row is not None and row.type.endswith(":TransitGateway")
        else "virtualPrivateGateway"
    )


_HOSTED_STATE: Mapping[str, str] = {"state": "available", "region": "{region}", "ownerAccountId": "{unit}"}


def _virtual_interface(api: str) -> Behaviour:
    return Behaviour(
        id="dxvif-{alnum8}",
        arn=_DX + "dxvif/{id}",
        api=api,
        defaults={"mtu": 1500, "sitelinkEnabled": False},
        computed={
            "amazonAddress": "169.254.{digits2}.1/30",
            "customerAddress": "169.254.{digits2}.2/30",
            "bgpAuthKey": "{alnum24}",
            "awsDevice": "{connectionId}-device",
            "amazonSideAsn": _gateway_asn,
            "jumboFrameCapable": lambda _: True,
        },
        fixed=props(
            "addressFamily amazonAddress bgpAsn bgpAsnLong bgpAuthKey connectionId customerAddress"
            " dxGatewayId"
            " vlan name"
        ),
        refs=(
            hold("connectionId", "directconnect.Connection", "directconnect.LinkAggregationGroup"),
            hold("dxGatewayId", "directconnect.Gateway"),
        ),
        unique=(
            Unique(
                "vlan:{connectionId}",
                "{vlan}",
                Answer(
                    "DirectConnectClientException",
                    "VLAN {value} is already in use on connection {connectionId}.",
                ),
            ),
        ),
        rules=(_vlan,),
        reading=(_interface_state,),
        missing=_VIF_MISSING,
        in_use=_DX_BUSY,
    )


def _gateway_asn(scope: Scope) -> Value:
    row = scope.target("dxGatewayId")
    return row.state.get("amazonSideAsn") if row is not None else "64512"


def _accepter() -> Behaviour:
    return Behaviour(
        id="{virtualInterfaceId}",
        arn=_DX + "dxvif/{id}",
        autoname="",
        put=True,
        computed={"prefixPoolAllocatedCountIpv4": lambda _: 0, "prefixPoolAllocatedCountIpv6": lambda _: 0},
        fixed=props("virtualInterfaceId dxGatewayId"),
        refs=(
            hold(
                "virtualInterfaceId",
                "directconnect.HostedTransitVirtualInterface",
                "directconnect.HostedPrivateVirtualInterface",
                missing=_VIF_MISSING,
            ),
            hold("dxGatewayId", "directconnect.Gateway"),
        ),
        reading=(_interface_state,),
    )


_VIF_MISSING = Answer("DirectConnectClientException", "Virtual Interface {value} could not be found")


_DX_BUSY = Answer("DirectConnectClientException", "{id} is in use by {value} and cannot be deleted")


def _hosted() -> Behaviour:
    return Behaviour(
        id="dxvif-{alnum8}",
        arn=_DX + "dxvif/{id}",
        outside=r"dxvif-[a-z0-9]{8}",
        missing=_VIF_MISSING,
        arrival={**_HOSTED_STATE, "arn": _DX + "dxvif/{id}", "addressFamily": "ipv4"},
        in_use=_DX_BUSY,
        fixed=props("connectionId vlan ownerAccountId"),
        refs=(hold("connectionId", "directconnect.Connection"),),
        reading=(_interface_state,),
    )


TABLE: Mapping[str, Behaviour] = {
    "directconnect.Connection": Behaviour(
        id="dxcon-{alnum8}",
        arn=_DX + "dxcon/{id}",
        api="directconnect:CreateConnection",
        computed={
            "ownerAccountId": "{unit}",
            "state": "requested",
            "awsDevice": "{location}-{alnum12}",
            "hasLogicalRedundancy": "unknown",
            "providerName": CARRIER,
            "encryptionMode": "no_encryption",
            "portEncryptionStatus": "Encryption Down",
            "jumboFrameCapable": lambda _: True,
        },
        fixed=props("bandwidth location name providerName requestMacsec"),
        rules=(_location,),
        outside=r"dxcon-[a-z0-9]{8}",
        reading=(_circuit_state,),
        in_use=_DX_BUSY,
        arrival={
            "arn": _DX + "dxcon/{id}",
            "ownerAccountId": "{unit}",
            "state": "available",
            "region": "{region}",
            "partnerName": CARRIER,
            "bandwidth": "1Gbps",
            "location": "EqTY2",
            "name": "{id}",
            "awsDevice": "{alnum12}",
            "providerName": CARRIER,
            "hasLogicalRedundancy": "no",
        },
        missing=Answer("DirectConnectClientException", "Connection {value} could not be found"),
    ),
    "directconnect.ConnectionConfirmation": Behaviour(
        id="{connectionId}",
        autoname="",
        put=True,
        refs=(name("connectionId", "directconnect.Connection"),),
        fixed=props("connectionId"),
    ),
    "directconnect.LinkAggregationGroup": Behaviour(
        id="dxlag-{alnum8}",
        arn=_DX + "dxlag/{id}",
        api="directconnect:CreateLag",
        rules=(_location,),
        computed={
            "ownerAccountId": "{unit}",
            "hasLogicalRedundancy": "unknown",
            "jumboFrameCapable": lambda _: True,
        },
        fixed=props("connectionsBandwidth location connectionId providerName"),
        refs=(name("connectionId", "directconnect.Connection"),),
        in_use=_DX_BUSY,
        missing=Answer("DirectConnectClientException", "LAG {value} could not be found"),
    ),
    "directconnect.ConnectionAssociation": Behaviour(
        id="{connectionId}",
        autoname="",
        put=True,
        refs=(
            name("connectionId", "directconnect.Connection"),
            hold("lagId", "directconnect.LinkAggregationGroup"),
        ),
        fixed=props("connectionId lagId"),
    ),
    "directconnect.Gateway": Behaviour(
        id="{uuid}",
        api="directconnect:CreateDirectConnectGateway",
        everywhere=True,
        arn="arn:{partition}:directconnect::{unit}:dx-gateway/{id}",
        computed={"ownerAccountId": "{unit}"},
        fixed=props("amazonSideAsn"),
        in_use=_DX_BUSY,
        missing=Answer("DirectConnectClientException", "Direct Connect Gateway {value} could not be found"),
    ),
    "directconnect.GatewayAssociation": Behaviour(
        id="ga-{dxGatewayId}{associatedGatewayId}",
        autoname="",
        api="directconnect:CreateDirectConnectGatewayAssociation",
        computed={
            "dxGatewayAssociationId": "{uuid}",
            "associatedGatewayType": _gateway_type,
            "dxGatewayOwnerAccountId": "{unit}",
            "associatedGatewayOwnerAccountId": "{unit}",
            "transitGatewayAttachmentId": "tgw-attach-{hex17}",
            "allowedPrefixes": lambda _: [],
        },
        handles=("{transitGatewayAttachmentId}",),
        fixed=props("dxGatewayId associatedGatewayId"),
        rules=(_prefixes, _other_number),
        refs=(
            hold("dxGatewayId", "directconnect.Gateway"),
            hold(
                "associatedGatewayId",
                "ec2transitgateway.TransitGateway",
                missing=Answer("DirectConnectClientException", "Gateway {value} does not exist"),
            ),
        ),
        exists=Answer("DirectConnectClientException", "{value} is already associated"),
        in_use=None,
    ),
    "directconnect.GatewayAssociationProposal": Behaviour(
        id="{uuid}",
        autoname="",
        api="directconnect:CreateDirectConnectGatewayAssociationProposal",
        computed={"associatedGatewayOwnerAccountId": "{unit}", "associatedGatewayType": _gateway_type},
        refs=(hold("associatedGatewayId", "ec2transitgateway.TransitGateway"),),
        rules=(_prefixes,),
        fixed=props("dxGatewayId dxGatewayOwnerAccountId associatedGatewayId"),
    ),
    "directconnect.PrivateVirtualInterface": _virtual_interface(
        "directconnect:CreatePrivateVirtualInterface"
    ),
    "directconnect.TransitVirtualInterface": _virtual_interface(
        "directconnect:CreateTransitVirtualInterface"
    ),
    "directconnect.HostedTransitVirtualInterface": _hosted(),
    "directconnect.HostedPrivateVirtualInterface": _hosted(),
    "directconnect.HostedTransitVirtualInterfaceAcceptor": _accepter(),
    "directconnect.HostedPrivateVirtualInterfaceAccepter": _accepter(),
    "directconnect.BgpPeer": Behaviour(
        id="{virtualInterfaceId}-{addressFamily}-{bgpAsn}{bgpAsnLong}",
        autoname="",
        computed={
            "bgpPeerId": "dxpeer-{alnum8}",
            "bgpStatus": "up",
            "bgpAuthKey": "{alnum24}",
            "awsDevice": "{alnum12}",
        },
        fixed=props(
            "addressFamily virtualInterfaceId amazonAddress customerAddress bgpAsn bgpAsnLong bgpAuthKey"
        ),
        refs=(
            part(
                "virtualInterfaceId",
                "directconnect.PrivateVirtualInterface",
                "directconnect.TransitVirtualInterface",
                "directconnect.HostedTransitVirtualInterface",
                missing=_VIF_MISSING,
            ),
        ),
    ),
}
