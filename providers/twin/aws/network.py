"""EC2's networking: VPCs, subnets, routes, access lists, security groups, endpoints, addresses."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Final

from providers.twin.aws import cidr
from providers.twin.aws.facts import GATEWAY_SERVICES, INTERFACE_SERVICES, PREFIX_LIST_IDS, PREFIX_LISTS, ZONES
from providers.twin.aws.words import dependency, hold, name, not_found, part, token
from providers.twin.behaviour import Answer, Behaviour, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.wire import Value

_EC2 = "arn:{partition}:ec2:{region}:{unit}:"
VPC_MISSING: Final = not_found("InvalidVpcID.NotFound", "vpc ID")
SUBNET_MISSING: Final = not_found("InvalidSubnetID.NotFound", "subnet ID")
GROUP_MISSING: Final = not_found("InvalidGroup.NotFound", "security group")
_PREFIX_LIST_MISSING: Final = not_found("InvalidPrefixListID.NotFound", "prefix list ID")
_GROUP_IN_USE = Answer("DependencyViolation", "resource {id} has a dependent object")
_OPEN = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# VPCs and subnets


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
    base = scope.fill(_EC2)
    common = {"vpcId": vpc, "ownerId": scope.unit, "region": scope.region, "tags": {}, "tagsAll": {}}
    group, acl, table = ids.values()
    scope.make(token("ec2.SecurityGroup"), group, {
        **common, "arn": f"{base}security-group/{group}", "name": "default", "namePrefix": "",
        "description": "default VPC security group", "egress": [_OPEN],
        "ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}],
    })
    scope.make(token("ec2.NetworkAcl"), acl, {
        **common, "arn": f"{base}network-acl/{acl}", "subnetIds": [], "ingress": [], "egress": [],
    })
    scope.make(token("ec2.RouteTable"), table, {
        **common, "arn": f"{base}route-table/{table}", "routes": [], "propagatingVgws": [],
    })
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
            f"Value ({zone or scope.get('availabilityZoneId')}) for parameter availabilityZone is invalid. Subnets can"
            f" currently only be created in the following availability zones: {', '.join(zones)}.",
        )


def _claim_subnet(scope: Scope) -> None:
    vpc = scope.target("vpcId")
    if scope.old is None and vpc is not None and scope.get("cidrBlock"):
        cidr.claim_subnet_range(scope, vpc, scope.get("cidrBlock"))


# Routes


def _vpc_of(scope: Scope, path: str) -> str:
    row = scope.target(path)
    return str(row.state.get("vpcId", "")) if row is not None else ""


def _one_vpc(first: str, second: str, what: str) -> Value:
    """A rule: the two references are in one VPC, as EC2 wants it."""

    def rule(scope: Scope) -> None:
        if _vpc_of(scope, first) and _vpc_of(scope, second) and _vpc_of(scope, first) != _vpc_of(scope, second):
            raise Refusal(
                "InvalidParameterValue",
                f"{what} {scope.get(first)} and {scope.get(second)} belong to different networks",
            )

    return rule


_TARGETS = (
    "carrierGatewayId coreNetworkArn egressOnlyGatewayId gatewayId localGatewayId natGatewayId networkInterfaceId"
    " transitGatewayId vpcEndpointId vpcPeeringConnectionId"
).split()


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
    if gateway is not None and gateway.type == token("ec2.InternetGateway") and gateway.state.get("vpcId") != vpc:
        raise Refusal(
            "InvalidParameterValue",
            f"route table {scope.get('routeTableId') or scope.id} and network gateway {gateway.id} belong to different"
            " networks",
        )
    if transit is not None:
        attachments = (row for row in scope.store.linked(transit.rid) if row.type == token("ec2transitgateway.VpcAttachment"))
        if not any(row.state.get("vpcId") == vpc for row in attachments):
            # EC2's own misleading words: the gateway exists, its attachment to this VPC does not.
            raise Refusal("InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{transit.id}' does not exist.")


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
                f"resource {scope.state['vpcId']} is already attached to network gateway {other.id if other else ''}",
            )


# Endpoints and addresses


def _service_exists(scope: Scope) -> None:
    service = str(scope.get("serviceName") or "")
    kind = scope.get("vpcEndpointType") or "Gateway"
    prefix = f"com.amazonaws.{scope.region}."
    short = service.removeprefix(prefix) if service.startswith(prefix) else ""
    private = service.startswith("com.amazonaws.vpce.") and ".vpce-svc-" in service
    known = short in GATEWAY_SERVICES if kind == "Gateway" else short in INTERFACE_SERVICES or private
    if service and not known:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{service}' does not exist")


def _endpoint_subnets(scope: Scope) -> None:
    zones: dict[str, str] = {}
    for path, row in scope.targets.items():
        if path.startswith("subnetIds["):
            zone = str(row.state.get("availabilityZone"))
            if zone in zones:
                raise Refusal(
                    "DuplicateSubnetsInSameZone",
                    f"Found another VPC endpoint subnet in the availability zone of {row.id}: {zones[zone]}",
                )
            zones[zone] = row.id
            if row.state.get("vpcId") != scope.get("vpcId"):
                raise Refusal("InvalidParameter", f"Subnet {row.id} does not belong to VPC {scope.get('vpcId')}")


def make_interface(scope: Scope, subnet: str, label: str, groups: list[Value], description: str) -> str:
    """Makes a network interface of the cloud's own in `subnet`; gives its id."""
    row = scope.find(token("ec2.Subnet"), subnet)
    state = row.state if row is not None else {}
    eni = f"eni-0{scope.hex(16, label)}"
    address = cidr.free_address(state.get("cidrBlock") or "10.0.0.0/24", scope.hex(12, label))
    scope.make(token("ec2.NetworkInterface"), eni, {
        "arn": f"{scope.fill(_EC2)}network-interface/{eni}", "subnetId": subnet, "vpcId": state.get("vpcId"),
        "availabilityZone": state.get("availabilityZone"), "privateIp": address, "privateIps": [address],
        "securityGroups": groups, "description": description, "ownerId": scope.unit, "region": scope.region,
        "interfaceType": "interface", "status": "in-use", "tags": {}, "tagsAll": {},
    })
    return eni


def _endpoint_made(scope: Scope) -> None:
    if scope.get("vpcEndpointType") in ("Interface", "GatewayLoadBalancer"):
        subnets = scope.all("subnetIds[]")
        scope.state["networkInterfaceIds"] = [
            make_interface(scope, subnet, f"eni{at}", scope.get("securityGroupIds") or [], f"VPC Endpoint Interface {scope.id}")
            for at, subnet in enumerate(subnets)
        ]
        service = str(scope.get("serviceName", "")).rsplit(".", 1)[-1]
        base = f"{scope.id}-{scope.letters(8)}.{service}.{scope.region}.vpce.amazonaws.com"
        scope.state["dnsEntries"] = [{"dnsName": base, "hostedZoneId": "Z2E726K9Y6RL4W"}]


def _endpoint_state(scope: Scope) -> str:
    """A vendor's service has to accept first; Amazon's are there at once."""
    return "pendingAcceptance" if ".vpce-svc-" in str(scope.get("serviceName")) else "available"


def _prefix_list(scope: Scope) -> Value:
    service = str(scope.get("serviceName", "")).rsplit(".", 1)[-1]
    return PREFIX_LIST_IDS.get((scope.region, service)) if scope.get("vpcEndpointType") in (None, "Gateway") else None


def _prefix_ranges(scope: Scope) -> Value:
    service = str(scope.get("serviceName", "")).rsplit(".", 1)[-1]
    return list(PREFIX_LISTS.get(service, ())) if scope.get("vpcEndpointType") in (None, "Gateway") else []


def _address(scope: Scope) -> str:
    number = int(scope.hex(4, "ip"), 16)
    return f"13.115.{number % 256}.{number // 256 % 254 + 1}"


def _subnet_address(scope: Scope) -> str:
    row = scope.target("subnetId")
    return cidr.free_address(row.state["cidrBlock"], scope.hex(12)) if row is not None else ""


def _subnet_vpc(scope: Scope) -> Value:
    row = scope.target("subnetId")
    return row.state.get("vpcId") if row is not None else None


def _entries_fit(scope: Scope) -> None:
    if len(scope.get("entries") or []) > int(scope.get("maxEntries") or 0):
        raise Refusal("PrefixListMaxEntriesExceeded", "You've reached the maximum number of entries for the prefix list.")


def _default_of(kind: str, vpc_property: str = "vpcId") -> Value:
    """An id maker: the default `kind` of the VPC that the resource names (or of the default VPC)."""

    def maker(scope: Scope) -> str:
        vpc_id = scope.inputs.get(vpc_property)
        vpc = scope.find(token("ec2.Vpc"), vpc_id) if vpc_id else None
        if vpc is None:
            vpc = next((row for row in scope.rows(token("ec2.Vpc")) if row.state.get("isDefault")), None)
        for row in scope.store.owned(vpc.rid) if vpc is not None else ():
            if row.type == token(kind):
                scope.state["vpcId"] = row.state["vpcId"]
                scope.state["arn"] = row.state["arn"]
                return row.id
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")

    return maker


def _default_vpc(scope: Scope) -> str:
    for row in scope.rows(token("ec2.Vpc")):
        if row.state.get("isDefault"):
            scope.state.update({**row.state, **scope.state})
            return row.id
    raise Refusal("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")


def _default_subnet(scope: Scope) -> str:
    for row in scope.rows(token("ec2.Subnet")):
        if row.state.get("defaultForAz") and row.state.get("availabilityZone") == scope.get("availabilityZone"):
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


def _one_peer(scope: Scope) -> None:
    peers = [
        key for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId") if scope.inputs.get(key)
    ]
    if len(peers) != 1:
        raise Refusal(
            "InvalidParameterCombination",
            "exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId must be given",
        )
    if scope.inputs.get("cidrIpv4"):
        cidr.network(str(scope.inputs["cidrIpv4"]), "InvalidParameterValue")


_PEER = "{cidrIpv4}{cidrIpv6}{prefixListId}{referencedSecurityGroupId}"


def _group_rule(api: str) -> Behaviour:
    return Behaviour(
        id="sgr-{hex17}", arn=_EC2 + "security-group-rule/{id}", api=api, autoname="",
        computed={"securityGroupRuleId": "{id}"}, fixed=_set("securityGroupId"),
        refs=(
            part("securityGroupId", "ec2.SecurityGroup"), hold("referencedSecurityGroupId", "ec2.SecurityGroup"),
            hold("prefixListId", "ec2.ManagedPrefixList", missing=_PREFIX_LIST_MISSING),
        ),
        unique=(
            Unique(
                "{kind}:{securityGroupId}", "{ipProtocol}/{fromPort}/{toPort}/" + _PEER,
                Answer(
                    "InvalidPermission.Duplicate",
                    f'the specified rule "peer: {_PEER}, {{ipProtocol}}, from port: {{fromPort}}, to port: {{toPort}},'
                    ' ALLOW" already exists',
                ),
            ),
        ),
        rules=(_one_peer,), missing=not_found("InvalidSecurityGroupRuleId.NotFound", "security group rule ID"),
    )


_ROUTE_TARGETS = (
    ("gatewayId", ("ec2.InternetGateway", "ec2.VpcEndpoint"), not_found("InvalidGatewayID.NotFound", "gateway ID")),
    ("natGatewayId", ("ec2.NatGateway",), not_found("NatGatewayNotFound", "NAT gateway ID")),
    ("transitGatewayId", ("ec2transitgateway.TransitGateway",), None),
    ("vpcEndpointId", ("ec2.VpcEndpoint",), None),
    ("networkInterfaceId", ("ec2.NetworkInterface",), None),
    ("vpcPeeringConnectionId", ("ec2.VpcPeeringConnection",), None),
    ("destinationPrefixListId", ("ec2.ManagedPrefixList",), _PREFIX_LIST_MISSING),
)

TABLE: Mapping[str, Behaviour] = {
    "ec2.Vpc": Behaviour(
        id="vpc-{hex17}", arn=_EC2 + "vpc/{id}", api="ec2:CreateVpc", autoname="",
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        computed={"ownerId": "{unit}", "dhcpOptionsId": "dopt-{hex17}"},
        fixed=_set("cidrBlock ipv4IpamPoolId ipv4NetmaskLength ipv6IpamPoolId"),
        quota=Quota(5, Answer("VpcLimitExceeded", "The maximum number of VPCs has been reached.")),
        missing=VPC_MISSING, in_use=dependency("vpc"), rules=(_claim_vpc,), made=(_born,),
    ),
    "ec2.VpcIpv4CidrBlockAssociation": Behaviour(
        id="vpc-cidr-assoc-{hex17}", autoname="", api="ec2:AssociateVpcCidrBlock",
        fixed=_set("vpcId cidrBlock ipv4IpamPoolId ipv4NetmaskLength"),
        refs=(part("vpcId", "ec2.Vpc"),), rules=(_claim_secondary,),
    ),
    "ec2.Subnet": Behaviour(
        id="subnet-{hex17}", arn=_EC2 + "subnet/{id}", api="ec2:CreateSubnet", autoname="",
        computed={
            "availabilityZone": zone_of, "ownerId": "{unit}", "privateDnsHostnameTypeOnLaunch": "ip-name",
            "availabilityZoneId": lambda s: ZONES.get(s.region, {}).get(s.get("availabilityZone")),
        },
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        fixed=_set("vpcId cidrBlock availabilityZone availabilityZoneId outpostArn ipv6Native"),
        refs=(hold("vpcId", "ec2.Vpc"),), rules=(_zone_exists, _claim_subnet),
        missing=SUBNET_MISSING, in_use=dependency("subnet"),
    ),
    "ec2.RouteTable": Behaviour(
        id="rtb-{hex17}", arn=_EC2 + "route-table/{id}", api="ec2:CreateRouteTable", autoname="",
        computed={"ownerId": "{unit}"}, fixed=_set("vpcId"),
        refs=(hold("vpcId", "ec2.Vpc"), *(name(f"routes[].{key}", *kinds, missing=miss) for key, kinds, miss in _ROUTE_TARGETS if key != "destinationPrefixListId")),
        rules=(_inline_routes,),
        missing=not_found("InvalidRouteTableID.NotFound", "routeTable ID"), in_use=dependency("routeTable"),
    ),
    "ec2.Route": Behaviour(
        id=_route_id, api="ec2:CreateRoute", autoname="",
        computed={"origin": "CreateRoute", "state": "active"},
        fixed=_set("routeTableId destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId"),
        refs=(
            part("routeTableId", "ec2.RouteTable"),
            *(hold(key, *kinds, missing=miss) for key, kinds, miss in _ROUTE_TARGETS),
        ),
        unique=(
            Unique(
                "route:{routeTableId}", "{destinationCidrBlock}{destinationIpv6CidrBlock}{destinationPrefixListId}",
                Answer("RouteAlreadyExists", "The route identified by {value} already exists."),
            ),
        ),
        delete_first=True, rules=(_route,), missing=not_found("InvalidRoute.NotFound", "route"),
    ),
    "ec2.RouteTableAssociation": Behaviour(
        id="rtbassoc-{hex17}", api="ec2:AssociateRouteTable", autoname="", fixed=_set("subnetId gatewayId"),
        refs=(hold("routeTableId", "ec2.RouteTable"), part("subnetId", "ec2.Subnet"),
              part("gatewayId", "ec2.InternetGateway")),
        unique=(
            Unique(
                "rtassoc", "{subnetId}{gatewayId}",
                Answer(
                    "Resource.AlreadyAssociated",
                    "the specified association for route table {routeTableId} conflicts with an existing association",
                ),
            ),
        ),
        delete_first=True, rules=(_one_vpc("routeTableId", "subnetId", "Route table and subnet"),),
    ),
    "ec2.MainRouteTableAssociation": Behaviour(
        id="rtbassoc-{hex17}", api="ec2:ReplaceRouteTableAssociation", autoname="", fixed=_set("vpcId"),
        computed={"originalRouteTableId": lambda s: (row := s.target("vpcId")) and row.state.get("mainRouteTableId")},
        refs=(hold("routeTableId", "ec2.RouteTable"), part("vpcId", "ec2.Vpc")),
    ),
    "ec2.NetworkAcl": Behaviour(
        id="acl-{hex17}", arn=_EC2 + "network-acl/{id}", api="ec2:CreateNetworkAcl", autoname="",
        computed={"ownerId": "{unit}"}, fixed=_set("vpcId"),
        refs=(hold("vpcId", "ec2.Vpc"), name("subnetIds[]", "ec2.Subnet")),
        missing=not_found("InvalidNetworkAclID.NotFound", "networkAcl ID"), in_use=dependency("networkAcl"),
    ),
    "ec2.NetworkAclRule": Behaviour(
        id="nacl-{digits10}", api="ec2:CreateNetworkAclEntry", autoname="",
        fixed=_set("networkAclId ruleNumber egress protocol ruleAction cidrBlock ipv6CidrBlock fromPort toPort icmpType icmpCode"),
        defaults={"egress": False}, refs=(part("networkAclId", "ec2.NetworkAcl"),),
        unique=(
            Unique(
                "nacl:{networkAclId}:{egress}", "{ruleNumber}",
                Answer("NetworkAclEntryAlreadyExists", "The network acl entry identified by {value} already exists."),
            ),
        ),
        delete_first=True,
    ),
    "ec2.NetworkAclAssociation": Behaviour(
        id="aclassoc-{hex17}", api="ec2:ReplaceNetworkAclAssociation", autoname="", fixed=_set("networkAclId subnetId"),
        refs=(hold("networkAclId", "ec2.NetworkAcl"), part("subnetId", "ec2.Subnet")), put=True,
        rules=(_one_vpc("networkAclId", "subnetId", "Network ACL and subnet"),),
    ),
    "ec2.SecurityGroup": Behaviour(
        id="sg-{hex17}", arn=_EC2 + "security-group/{id}", api="ec2:CreateSecurityGroup",
        computed={
            "ownerId": "{unit}",
            "vpcId": lambda s: next((r.id for r in s.rows(token("ec2.Vpc")) if r.state.get("isDefault")), None),
        },
        fixed=_set("name namePrefix description vpcId"),
        refs=(
            hold("vpcId", "ec2.Vpc"), hold("ingress[].securityGroups[]", "ec2.SecurityGroup"),
            hold("egress[].securityGroups[]", "ec2.SecurityGroup"),
            hold("ingress[].prefixListIds[]", "ec2.ManagedPrefixList"),
            hold("egress[].prefixListIds[]", "ec2.ManagedPrefixList"),
        ),
        unique=(
            Unique(
                "sg:{vpcId}", "{name}",
                Answer("InvalidGroup.Duplicate", "The security group '{value}' already exists for VPC '{vpcId}'"),
            ),
        ),
        missing=GROUP_MISSING, in_use=_GROUP_IN_USE,
    ),
    "ec2.SecurityGroupRule": Behaviour(
        id="sgrule-{digits10}", api="ec2:AuthorizeSecurityGroupIngress", autoname="",
        computed={"securityGroupRuleId": "sgr-{hex17}"},
        fixed=_set("type securityGroupId protocol fromPort toPort cidrBlocks ipv6CidrBlocks prefixListIds self sourceSecurityGroupId"),
        refs=(
            part("securityGroupId", "ec2.SecurityGroup"), hold("sourceSecurityGroupId", "ec2.SecurityGroup"),
            hold("prefixListIds[]", "ec2.ManagedPrefixList"),
        ),
    ),
    "vpc.SecurityGroupIngressRule": _group_rule("ec2:AuthorizeSecurityGroupIngress"),
    "vpc.SecurityGroupEgressRule": _group_rule("ec2:AuthorizeSecurityGroupEgress"),
    "ec2.DefaultSecurityGroup": Behaviour(
        id=_default_of("ec2.SecurityGroup"), autoname="", put=True,
        computed={"ownerId": "{unit}", "name": "default", "description": "default VPC security group"},
        fixed=_set("vpcId"), refs=(part("vpcId", "ec2.Vpc"),),
    ),
    "ec2.DefaultVpc": Behaviour(id=_default_vpc, autoname="", put=True, computed={"existingDefaultVpc": lambda _: True}),
    "ec2.DefaultSubnet": Behaviour(
        id=_default_subnet, autoname="", put=True, computed={"existingDefaultSubnet": lambda _: True},
        fixed=_set("availabilityZone"),
    ),
    "ec2.DefaultRouteTable": Behaviour(
        id=_adopted("defaultRouteTableId"), autoname="", put=True, computed={"ownerId": "{unit}"},
        fixed=_set("defaultRouteTableId"), refs=(part("defaultRouteTableId", "ec2.RouteTable"),),
    ),
    "ec2.DefaultNetworkAcl": Behaviour(
        id=_adopted("defaultNetworkAclId"), autoname="", put=True, computed={"ownerId": "{unit}"},
        fixed=_set("defaultNetworkAclId"),
        refs=(part("defaultNetworkAclId", "ec2.NetworkAcl"), name("subnetIds[]", "ec2.Subnet")),
    ),
    "ec2.VpcDhcpOptions": Behaviour(
        id="dopt-{hex17}", arn=_EC2 + "dhcp-options/{id}", api="ec2:CreateDhcpOptions", autoname="",
        computed={"ownerId": "{unit}"},
        fixed=_set("domainName domainNameServers ntpServers netbiosNameServers netbiosNodeType"),
        missing=not_found("InvalidDhcpOptionID.NotFound", "dhcpOption ID"), in_use=dependency("dhcpOptions"),
    ),
    "ec2.VpcDhcpOptionsAssociation": Behaviour(
        id="{dhcpOptionsId}-{vpcId}", autoname="", put=True,
        refs=(hold("dhcpOptionsId", "ec2.VpcDhcpOptions"), part("vpcId", "ec2.Vpc")), fixed=_set("vpcId dhcpOptionsId"),
    ),
    "ec2.VpcEndpoint": Behaviour(
        id="vpce-{hex17}", arn=_EC2 + "vpc-endpoint/{id}", api="ec2:CreateVpcEndpoint", autoname="",
        defaults={"vpcEndpointType": "Gateway"},
        computed={
            "ownerId": "{unit}", "state": _endpoint_state, "prefixListId": _prefix_list, "cidrBlocks": _prefix_ranges,
            "ipAddressType": "ipv4", "requesterManaged": lambda _: False, "serviceRegion": "{region}",
            "policy": '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}',
            "dnsOptions": lambda _: {"dnsRecordIpType": "ipv4"},
        },
        fixed=_set("vpcId serviceName vpcEndpointType serviceRegion resourceConfigurationArn serviceNetworkArn"),
        refs=(
            hold("vpcId", "ec2.Vpc"), hold("subnetIds[]", "ec2.Subnet"),
            hold("securityGroupIds[]", "ec2.SecurityGroup"), hold("routeTableIds[]", "ec2.RouteTable"),
        ),
        rules=(_service_exists, _endpoint_subnets), made=(_endpoint_made,),
        missing=not_found("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"), in_use=dependency("vpcEndpoint"),
    ),
    "ec2.VpcEndpointPolicy": Behaviour(
        id="{vpcEndpointId}", autoname="", put=True, fixed=_set("vpcEndpointId"), refs=(part("vpcEndpointId", "ec2.VpcEndpoint"),),
    ),
    "ec2.VpcEndpointRouteTableAssociation": Behaviour(
        id="a-{vpcEndpointId}{digits10}", autoname="", fixed=_set("vpcEndpointId routeTableId"),
        refs=(part("vpcEndpointId", "ec2.VpcEndpoint"), hold("routeTableId", "ec2.RouteTable")),
    ),
    "ec2.VpcEndpointSubnetAssociation": Behaviour(
        id="a-{vpcEndpointId}{digits10}", autoname="", fixed=_set("vpcEndpointId subnetId"),
        refs=(part("vpcEndpointId", "ec2.VpcEndpoint"), hold("subnetId", "ec2.Subnet")),
    ),
    "ec2.VpcEndpointService": Behaviour(
        id="vpce-svc-{hex17}", arn=_EC2 + "vpc-endpoint-service/{id}", autoname="",
        api="ec2:CreateVpcEndpointServiceConfiguration",
        computed={
            "serviceName": "com.amazonaws.vpce.{region}.{id}", "serviceType": "Interface", "state": "Available",
            "baseEndpointDnsNames": lambda s: [s.fill("{id}.{region}.vpce.amazonaws.com")],
            "availabilityZones": lambda s: list(ZONES.get(s.region, {})),
        },
        refs=(hold("networkLoadBalancerArns[]", "lb.LoadBalancer"),),
        missing=not_found("InvalidVpcEndpointServiceId.NotFound", "VpcEndpointService Id"),
    ),
    "ec2.VpcEndpointServiceAllowedPrinciple": Behaviour(
        id="vpce-svc-perm-{hex17}", autoname="", refs=(part("vpcEndpointServiceId", "ec2.VpcEndpointService"),),
        fixed=_set("vpcEndpointServiceId principalArn"),
    ),
    "ec2.FlowLog": Behaviour(
        id="fl-{hex17}", arn=_EC2 + "vpc-flow-log/{id}", api="ec2:CreateFlowLogs", autoname="",
        defaults={"maxAggregationInterval": 600, "logDestinationType": "cloud-watch-logs"},
        computed={
            "logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol}"
            " ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
        },
        fixed=_set(
            "vpcId subnetId eniId transitGatewayId transitGatewayAttachmentId logDestination logDestinationType"
            " logFormat trafficType iamRoleArn maxAggregationInterval destinationOptions deliverCrossAccountRole"
        ),
        refs=(
            part("vpcId", "ec2.Vpc"), part("subnetId", "ec2.Subnet"), part("eniId", "ec2.NetworkInterface"),
            part("transitGatewayId", "ec2transitgateway.TransitGateway"), name("iamRoleArn", "iam.Role"),
        ),
    ),
    "ec2.InternetGateway": Behaviour(
        id="igw-{hex17}", arn=_EC2 + "internet-gateway/{id}", api="ec2:CreateInternetGateway", autoname="",
        computed={"ownerId": "{unit}"}, refs=(hold("vpcId", "ec2.Vpc"),), made=(_attach_gateway,), changed=(_attach_gateway,),
        missing=not_found("InvalidInternetGatewayID.NotFound", "internetGateway ID"), in_use=dependency("internetGateway"),
    ),
    "ec2.EgressOnlyInternetGateway": Behaviour(
        id="eigw-{hex17}", autoname="", fixed=_set("vpcId"), refs=(hold("vpcId", "ec2.Vpc"),),
    ),
    "ec2.NatGateway": Behaviour(
        id="nat-{hex17}", api="ec2:CreateNatGateway", autoname="", defaults={"connectivityType": "public"},
        computed={
            "privateIp": _subnet_address, "networkInterfaceId": "eni-{hex17nic}", "vpcId": _subnet_vpc,
            "associationId": "eipassoc-{hex17}", "availabilityMode": "zonal",
            "publicIp": lambda s: (row := s.target("allocationId")) and row.state.get("publicIp"),
        },
        fixed=_set("allocationId subnetId connectivityType privateIp vpcId availabilityMode"),
        refs=(hold("subnetId", "ec2.Subnet"), hold("allocationId", "ec2.Eip")),
        missing=not_found("NatGatewayNotFound", "NAT gateway ID"), in_use=None,
    ),
    "ec2.Eip": Behaviour(
        id="eipalloc-{hex17}", arn=_EC2 + "elastic-ip/{id}", api="ec2:AllocateAddress", autoname="",
        computed={
            "allocationId": "{id}", "publicIp": _address, "domain": "vpc", "publicIpv4Pool": "amazon",
            "networkBorderGroup": "{region}",
            "publicDns": lambda s: f"ec2-{str(s.get('publicIp')).replace('.', '-')}.{s.region}.compute.amazonaws.com",
        },
        fixed=_set("domain networkBorderGroup publicIpv4Pool address"), refs=(name("instance", "ec2.Instance"),),
        quota=Quota(5, Answer("AddressLimitExceeded", "The maximum number of addresses has been reached.")),
        missing=not_found("InvalidAllocationID.NotFound", "allocation ID"),
        in_use=Answer("InvalidIPAddress.InUse", "Address {publicIp} is in use."),
    ),
    "ec2.ManagedPrefixList": Behaviour(
        id="pl-{hex17}", arn=_EC2 + "prefix-list/{id}", api="ec2:CreateManagedPrefixList",
        computed={"ownerId": "{unit}", "version": lambda s: int((s.old.state.get("version") or 0) + 1) if s.old else 1},
        fresh=_set("version"), fixed=_set("addressFamily"), rules=(_entries_fit,),
        missing=_PREFIX_LIST_MISSING, in_use=Answer(
            "DependencyViolation", "The prefix list '{id}' is referenced by {value} and cannot be deleted."),
    ),
    "ec2.ManagedPrefixListEntry": Behaviour(
        id="{prefixListId},{cidr}", autoname="", fixed=_set("cidr prefixListId"), refs=(part("prefixListId", "ec2.ManagedPrefixList"),),
    ),
    "ec2.VpcPeeringConnection": Behaviour(
        id="pcx-{hex17}", api="ec2:CreateVpcPeeringConnection", autoname="",
        computed={"acceptStatus": lambda s: "active" if s.get("autoAccept") else "pending-acceptance", "peerOwnerId": "{unit}", "peerRegion": "{region}"},
        fixed=_set("vpcId peerVpcId peerOwnerId peerRegion"), refs=(hold("vpcId", "ec2.Vpc"),),
    ),
    "ec2.NetworkInterface": Behaviour(
        id="eni-{hex17}", arn=_EC2 + "network-interface/{id}", api="ec2:CreateNetworkInterface", autoname="",
        computed={
            "ownerId": "{unit}", "privateIp": _subnet_address, "interfaceType": "interface", "macAddress": "06:{hex2a}:{hex2b}:{hex2c}:{hex2d}:{hex2e}",
            "privateIps": lambda s: [s.get("privateIp")],
        },
        fixed=_set("subnetId privateIp interfaceType"),
        refs=(hold("subnetId", "ec2.Subnet"), hold("securityGroups[]", "ec2.SecurityGroup")),
        missing=not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    ),
}
