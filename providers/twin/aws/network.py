"""VPCs, subnets, routes and network access lists."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from providers.twin.aws import cidr
from providers.twin.aws.facts import ZONES
from providers.twin.aws.words import dependency, hold, name, not_found, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

EC2 = "arn:{partition}:ec2:{region}:{unit}:"


VPC_MISSING: Final = not_found("InvalidVpcID.NotFound", "vpc ID")


SUBNET_MISSING: Final = not_found("InvalidSubnetID.NotFound", "subnet ID")


PREFIX_LIST_MISSING: Final = not_found("InvalidPrefixListID.NotFound", "prefix list ID")


_OPEN = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}


def _claim_vpc(scope: Scope) -> None:
    if scope.old is None and scope.get("cidrBlock"):
        cidr.claim_vpc_range(scope, scope.rid, scope.get("cidrBlock"))


def _claim_secondary(scope: Scope) -> None:
    vpc = scope.target("vpcId")
    if scope.old is None and vpc is not None and scope.get("cidrBlock"):
        cidr.claim_vpc_range(scope, vpc.rid, scope.get("cidrBlock"))


def default_parts(scope: Scope, vpc: str) -> dict[str, str]:
    """Makes what every VPC is born with; gives the ids by property name."""
    ids = {
        "defaultSecurityGroupId": f"sg-0{scope.hex(16, 'sg')}",
        "defaultNetworkAclId": f"acl-0{scope.hex(16, 'acl')}",
        "mainRouteTableId": f"rtb-0{scope.hex(16, 'rtb')}",
    }
    base = scope.fill(EC2)
    common = {"vpcId": vpc, "ownerId": scope.unit, "region": scope.region, "tags": {}, "tagsAll": {}}
    group, acl, table = ids.values()
    scope.make(
        token("ec2.SecurityGroup"),
        group,
        {
            **common,
            "arn": f"{base}security-group/{group}",
            "name": "default",
            "namePrefix": "",
            "description": "default VPC security group",
            "egress": [_OPEN],
            "ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}],
        },
    )
    scope.make(
        token("ec2.NetworkAcl"),
        acl,
        {
            **common,
            "arn": f"{base}network-acl/{acl}",
            "subnetIds": [],
            "ingress": [],
            "egress": [],
        },
    )
    scope.make(
        token("ec2.RouteTable"),
        table,
        {
            **common,
            "arn": f"{base}route-table/{table}",
            "routes": [],
            "propagatingVgws": [],
        },
    )
    return {**ids, "defaultRouteTableId": table}


def _born(scope: Scope) -> None:
    scope.state.update(default_parts(scope, scope.id))


def zone_of(scope: Scope) -> str:
    """The zone that a subnet gets: as asked by name or id, else the region's first."""
    zones = ZONES.get(scope.region, {})
    wanted_id = scope.inputs.get("availabilityZoneId")
    if wanted_id:
        return next((zone for zone, id_ in zones.items() if id_ == wanted_id), "")
    return next(iter(zones), f"{scope.region}a")


def _zone_exists(scope: Scope) -> None:
    zone = scope.get("availabilityZone")
    zones = ZONES.get(scope.region, {})
    if zones and zone not in zones:
        raise Refusal(
            "InvalidParameterValue",
            f"Value ({zone or scope.get('availabilityZoneId')}) for parameter availabilityZone is"
            f" invalid. Subnets can"
            f" currently only be created in the following availability zones: {', '.join(zones)}.",
        )


def _claim_subnet(scope: Scope) -> None:
    vpc = scope.target("vpcId")
    if scope.old is None and vpc is not None and scope.get("cidrBlock"):
        cidr.claim_subnet_range(scope, vpc, scope.get("cidrBlock"))


def _vpc_of(scope: Scope, path: str) -> str:
    row = scope.target(path)
    return str(row.state.get("vpcId", "")) if row is not None else ""


def _one_vpc(first: str, second: str, what: str) -> Value:
    """A rule: the two references are in one VPC, as EC2 wants it."""

    def rule(scope: Scope) -> None:
        if (
            _vpc_of(scope, first)
            and _vpc_of(scope, second)
            and _vpc_of(scope, first) != _vpc_of(scope, second)
        ):
            raise Refusal(
                "InvalidParameterValue",
                f"{what} {scope.get(first)} and {scope.get(second)} belong to different networks",
            )

    return rule


_TARGETS = [
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyGatewayId",
    "gatewayId",
    "localGatewayId",
    "natGatewayId",
    "networkInterfaceId",
    "transitGatewayId",
    "vpcEndpointId",
    "vpcPeeringConnectionId",
]


def _route(scope: Scope) -> None:
    targets = [key for key in _TARGETS if scope.inputs.get(key)]
    if len(targets) != 1:
        raise Refusal(
            "MissingParameter" if not targets else "InvalidParameterCombination",
            f"The request must contain exactly one of {', '.join(_TARGETS)}",
        )
    _attached(scope, _vpc_of(scope, "routeTableId"), "gatewayId", "transitGatewayId")


def _inline_routes(scope: Scope) -> None:
    vpc = str(scope.get("vpcId", ""))
    for at in range(len(scope.inputs.get("routes") or [])):
        _attached(scope, vpc, f"routes[{at}].gatewayId", f"routes[{at}].transitGatewayId")


def _attached(scope: Scope, vpc: str, gateway_path: str, transit_path: str) -> None:
    """A gateway must be attached to the route table's VPC before a route may lead to it."""
    gateway, transit = scope.target(gateway_path), scope.target(transit_path)
    if (
        gateway is not None
        and gateway.type == token("ec2.InternetGateway")
        and gateway.state.get("vpcId") != vpc
    ):
        raise Refusal(
            "InvalidParameterValue",
            f"route table {scope.get('routeTableId') or scope.id} and network gateway {gateway.id}"
            f" belong to different"
            " networks",
        )
    if transit is not None:
        attachments = (
            row
            for row in scope.store.linked(transit.rid)
            if row.type == token("ec2transitgateway.VpcAttachment")
        )
        if not any(row.state.get("vpcId") == vpc for row in attachments):
            # EC2's own misleading words: the gateway exists, its attachment to this VPC does not.
            raise Refusal(
                "InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{transit.id}' does not exist."
            )


def _route_id(scope: Scope) -> str:
    destination = scope.fill("{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}")
    return f"r-{scope.get('routeTableId')}{zlib.crc32(destination.encode())}"


def _attach_gateway(scope: Scope) -> None:
    if scope.state.get("vpcId"):
        holder = scope.store.claim(f"igw:{scope.unit}/{scope.region}", str(scope.state["vpcId"]), scope.rid)
        if holder != scope.rid:
            other = scope.store.by_number(holder)
            raise Refusal(
                "Resource.AlreadyAssociated",
                f"resource {scope.state['vpcId']} is already attached to network gateway"
                f" {other.id if other else ''}",
            )


def _default_vpc(scope: Scope) -> str:
    for row in scope.rows(token("ec2.Vpc")):
        if row.state.get("isDefault"):
            scope.state.update({**row.state, **scope.state})
            return row.id
    raise Refusal("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")


def _default_subnet(scope: Scope) -> str:
    for row in scope.rows(token("ec2.Subnet")):
        if row.state.get("defaultForAz") and row.state.get("availabilityZone") == scope.get(
            "availabilityZone"
        ):
            scope.state.update({**row.state, **scope.state})
            return row.id
    raise Refusal("DefaultSubnetDoesNotExist", "No default subnet exists in this Availability Zone.")


def _adopted(path: str) -> Value:
    """An id maker: the id that the property at `path` names."""

    def maker(scope: Scope) -> str:
        row = scope.target(path)
        if row is not None:
            scope.state["vpcId"] = row.state.get("vpcId")
            scope.state["arn"] = row.state.get("arn")
        return str(scope.get(path))

    return maker


_ROUTE_TARGETS = (
    (
        "gatewayId",
        ("ec2.InternetGateway", "ec2.VpcEndpoint"),
        not_found("InvalidGatewayID.NotFound", "gateway ID"),
    ),
    ("natGatewayId", ("ec2.NatGateway",), not_found("NatGatewayNotFound", "NAT gateway ID")),
    ("transitGatewayId", ("ec2transitgateway.TransitGateway",), None),
    ("vpcEndpointId", ("ec2.VpcEndpoint",), None),
    ("networkInterfaceId", ("ec2.NetworkInterface",), None),
    ("vpcPeeringConnectionId", ("ec2.VpcPeeringConnection",), None),
    ("destinationPrefixListId", ("ec2.ManagedPrefixList",), PREFIX_LIST_MISSING),
)


TABLE: Mapping[str, Behaviour] = {
    "ec2.Vpc": Behaviour(
        id="vpc-{hex17}",
        arn=EC2 + "vpc/{id}",
        api="ec2:CreateVpc",
        autoname="",
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        computed={"ownerId": "{unit}", "dhcpOptionsId": "dopt-{hex17}"},
        fixed=props("cidrBlock ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId"),
        quota=Quota(5, Answer("VpcLimitExceeded", "The maximum number of VPCs has been reached.")),
        missing=VPC_MISSING,
        in_use=dependency("vpc"),
        rules=(_claim_vpc,),
        made=(_born,),
    ),
    "ec2.VpcIpv4CidrBlockAssociation": Behaviour(
        id="vpc-cidr-assoc-{hex17}",
        autoname="",
        api="ec2:AssociateVpcCidrBlock",
        fixed=props("vpcId cidrBlock ipv4IpamPoolId ipv4NetmaskLength"),
        refs=(part("vpcId", "ec2.Vpc"),),
        rules=(_claim_secondary,),
    ),
    "ec2.Subnet": Behaviour(
        id="subnet-{hex17}",
        arn=EC2 + "subnet/{id}",
        api="ec2:CreateSubnet",
        autoname="",
        computed={
            "availabilityZone": zone_of,
            "ownerId": "{unit}",
            "privateDnsHostnameTypeOnLaunch": "ip-name",
            "availabilityZoneId": lambda s: ZONES.get(s.region, {}).get(s.get("availabilityZone")),
        },
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        fixed=props("vpcId cidrBlock availabilityZone availabilityZoneId outpostArn ipv6Native"),
        refs=(hold("vpcId", "ec2.Vpc"),),
        rules=(_zone_exists, _claim_subnet),
        missing=SUBNET_MISSING,
        in_use=dependency("subnet"),
    ),
    "ec2.RouteTable": Behaviour(
        id="rtb-{hex17}",
        arn=EC2 + "route-table/{id}",
        api="ec2:CreateRouteTable",
        autoname="",
        computed={"ownerId": "{unit}"},
        fixed=props("vpcId"),
        refs=(
            hold("vpcId", "ec2.Vpc"),
            *(
                name(f"routes[].{key}", *kinds, missing=miss)
                for key, kinds, miss in _ROUTE_TARGETS
                if key != "destinationPrefixListId"
            ),
        ),
        rules=(_inline_routes,),
        missing=not_found("InvalidRouteTableID.NotFound", "routeTable ID"),
        in_use=dependency("routeTable"),
    ),
    "ec2.Route": Behaviour(
        id=_route_id,
        api="ec2:CreateRoute",
        autoname="",
        computed={"origin": "CreateRoute", "state": "active"},
        fixed=props("routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId"),
        refs=(
            part("routeTableId", "ec2.RouteTable"),
            *(hold(key, *kinds, missing=miss) for key, kinds, miss in _ROUTE_TARGETS),
        ),
        unique=(
            Unique(
                "route:{routeTableId}",
                "{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
                Answer("RouteAlreadyExists", "The route identified by {value} already exists."),
            ),
        ),
        delete_first=True,
        rules=(_route,),
        missing=not_found("InvalidRoute.NotFound", "route"),
    ),
    "ec2.RouteTableAssociation": Behaviour(
        id="rtbassoc-{hex17}",
        api="ec2:AssociateRouteTable",
        autoname="",
        fixed=props("subnetId gatewayId"),
        refs=(
            hold("routeTableId", "ec2.RouteTable"),
            part("subnetId", "ec2.Subnet"),
            part("gatewayId", "ec2.InternetGateway"),
        ),
        unique=(
            Unique(
                "rtassoc",
                "{subnetId}{gatewayId}",
                Answer(
                    "Resource.AlreadyAssociated",
                    "the specified association for route table {routeTableId} conflicts with an existing"
                    " association",
                ),
            ),
        ),
        delete_first=True,
        rules=(_one_vpc("routeTableId", "subnetId", "Route table and subnet"),),
    ),
    "ec2.MainRouteTableAssociation": Behaviour(
        id="rtbassoc-{hex17}",
        api="ec2:ReplaceRouteTableAssociation",
        autoname="",
        fixed=props("vpcId"),
        computed={
            "originalRouteTableId": lambda s: (row := s.target("vpcId")) and row.state.get("mainRouteTableId")
        },
        refs=(hold("routeTableId", "ec2.RouteTable"), part("vpcId", "ec2.Vpc")),
    ),
    "ec2.NetworkAcl": Behaviour(
        id="acl-{hex17}",
        arn=EC2 + "network-acl/{id}",
        api="ec2:CreateNetworkAcl",
        autoname="",
        computed={"ownerId": "{unit}"},
        fixed=props("vpcId"),
        refs=(hold("vpcId", "ec2.Vpc"), name("subnetIds[]", "ec2.Subnet")),
        missing=not_found("InvalidNetworkAclID.NotFound", "networkAcl ID"),
        in_use=dependency("networkAcl"),
    ),
    "ec2.NetworkAclRule": Behaviour(
        id="nacl-{digits10}",
        api="ec2:CreateNetworkAclEntry",
        autoname="",
        fixed=props(
            "networkAclId ruleNumber egress protocol ruleAction cidrBlock ipv6CidrBlock fromPort toPort"
            " icmpType icmpCode"
        ),
        defaults={"egress": False},
        refs=(part("networkAclId", "ec2.NetworkAcl"),),
        unique=(
            Unique(
                "nacl:{networkAclId}:{egress}",
                "{ruleNumber}",
                Answer(
                    "NetworkAclEntryAlreadyExists",
                    "The network acl entry identified by {value} already exists.",
                ),
            ),
        ),
        delete_first=True,
    ),
    "ec2.NetworkAclAssociation": Behaviour(
        id="aclassoc-{hex17}",
        api="ec2:ReplaceNetworkAclAssociation",
        autoname="",
        fixed=props("networkAclId subnetId"),
        refs=(hold("networkAclId", "ec2.NetworkAcl"), part("subnetId", "ec2.Subnet")),
        put=True,
        rules=(_one_vpc("networkAclId", "subnetId", "Network ACL and subnet"),),
    ),
    "ec2.DefaultVpc": Behaviour(
        id=_default_vpc, autoname="", put=True, computed={"existingDefaultVpc": lambda _: True}
    ),
    "ec2.DefaultSubnet": Behaviour(
        id=_default_subnet,
        autoname="",
        put=True,
        computed={"existingDefaultSubnet": lambda _: True},
        fixed=props("availabilityZone"),
    ),
    "ec2.DefaultRouteTable": Behaviour(
        id=_adopted("defaultRouteTableId"),
        autoname="",
        put=True,
        computed={"ownerId": "{unit}"},
        fixed=props("defaultRouteTableId"),
        refs=(part("defaultRouteTableId", "ec2.RouteTable"),),
    ),
    "ec2.DefaultNetworkAcl": Behaviour(
        id=_adopted("defaultNetworkAclId"),
        autoname="",
        put=True,
        computed={"ownerId": "{unit}"},
        fixed=props("defaultNetworkAclId"),
        refs=(part("defaultNetworkAclId", "ec2.NetworkAcl"), name("subnetIds[]", "ec2.Subnet")),
    ),
    "ec2.VpcDhcpOptions": Behaviour(
        id="dopt-{hex17}",
        arn=EC2 + "dhcp-options/{id}",
        api="ec2:CreateDhcpOptions",
        autoname="",
        computed={"ownerId": "{unit}"},
        fixed=props("domainName domainNameServers ntpServers netbiosNameServers netbiosNodeType"),
        missing=not_found("InvalidDhcpOptionID.NotFound", "dhcpOption ID"),
        in_use=dependency("dhcpOptions"),
    ),
    "ec2.VpcDhcpOptionsAssociation": Behaviour(
        id="{dhcpOptionsId}-{vpcId}",
        autoname="",
        put=True,
        refs=(hold("dhcpOptionsId", "ec2.VpcDhcpOptions"), part("vpcId", "ec2.Vpc")),
        fixed=props("vpcId dhcpOptionsId"),
    ),
    "ec2.InternetGateway": Behaviour(
        id="igw-{hex17}",
        arn=EC2 + "internet-gateway/{id}",
        api="ec2:CreateInternetGateway",
        autoname="",
        computed={"ownerId": "{unit}"},
        refs=(hold("vpcId", "ec2.Vpc"),),
        made=(_attach_gateway,),
        changed=(_attach_gateway,),
        missing=not_found("InvalidInternetGatewayID.NotFound", "internetGateway ID"),
        in_use=dependency("internetGateway"),
    ),
}
