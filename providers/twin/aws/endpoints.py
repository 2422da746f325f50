"""VPC endpoints, flow logs, addresses and interfaces."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.aws import cidr
from providers.twin.aws.facts import (
    GATEWAY_SERVICES,
    INTERFACE_SERVICES,
    PREFIX_LIST_IDS,
    PREFIX_LISTS,
    ZONES,
)
from providers.twin.aws.network import EC2
from providers.twin.aws.words import dependency, hold, name, not_found, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Quota, Refusal, literal
from providers.twin.scope import Scope
from providers.wire import Value


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
                raise Refusal(
                    "InvalidParameter", f"Subnet {row.id} does not belong to VPC {scope.get('vpcId')}"
                )


def make_interface(scope: Scope, subnet: str, label: str, groups: list[Value], description: str) -> str:
    """Makes a network interface of the cloud's own in `subnet`; gives its id."""
    row = scope.find(token("ec2.Subnet"), subnet)
    state = row.state if row is not None else {}
    eni = f"eni-0{scope.hex(16, label)}"
    address = cidr.free_address(state.get("cidrBlock") or "10.0.0.0/24", scope.hex(12, label))
    scope.make(
        token("ec2.NetworkInterface"),
        eni,
        {
            "arn": f"{scope.fill(EC2)}network-interface/{eni}",
            "subnetId": subnet,
            "vpcId": state.get("vpcId"),
            "availabilityZone": state.get("availabilityZone"),
            "privateIp": address,
            "privateIps": [address],
            "securityGroups": groups,
            "description": description,
            "ownerId": scope.unit,
            "region": scope.region,
            "interfaceType": "interface",
            "status": "in-use",
            "tags": {},
            "tagsAll": {},
        },
    )
    return eni


def _endpoint_made(scope: Scope) -> None:
    if scope.get("vpcEndpointType") in ("Interface", "GatewayLoadBalancer"):
        subnets = scope.all("subnetIds[]")
        scope.state["networkInterfaceIds"] = [
            make_interface(
                scope,
                subnet,
                f"eni{at}",
                scope.get("securityGroupIds") or [],
                f"VPC Endpoint Interface {scope.id}",
            )
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
    return (
        PREFIX_LIST_IDS.get((scope.region, service))
        if scope.get("vpcEndpointType") in (None, "Gateway")
        else None
    )


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


_OPEN_POLICY = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}'
_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol}"
    " ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)

TABLE: Mapping[str, Behaviour] = {
    "ec2.VpcEndpoint": Behaviour(
        id="vpce-{hex17}",
        arn=EC2 + "vpc-endpoint/{id}",
        api="ec2:CreateVpcEndpoint",
        autoname="",
        defaults={"vpcEndpointType": "Gateway"},
        computed={
            "ownerId": "{unit}",
            "state": _endpoint_state,
            "prefixListId": _prefix_list,
            "cidrBlocks": _prefix_ranges,
            "ipAddressType": "ipv4",
            "requesterManaged": lambda _: False,
            "serviceRegion": "{region}",
            "policy": literal(_OPEN_POLICY),
            "dnsOptions": lambda _: {"dnsRecordIpType": "ipv4"},
        },
        fixed=props(
            "vpcId serviceName vpcEndpointType serviceRegion resourceConfigurationArn serviceNetworkArn"
        ),
        refs=(
            hold("vpcId", "ec2.Vpc"),
            hold("subnetIds[]", "ec2.Subnet"),
            hold("securityGroupIds[]", "ec2.SecurityGroup"),
            hold("routeTableIds[]", "ec2.RouteTable"),
        ),
        rules=(_service_exists, _endpoint_subnets),
        made=(_endpoint_made,),
        missing=not_found("InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"),
        in_use=dependency("vpcEndpoint"),
    ),
    "ec2.VpcEndpointPolicy": Behaviour(
        id="{vpcEndpointId}",
        autoname="",
        put=True,
        fixed=props("vpcEndpointId"),
        refs=(part("vpcEndpointId", "ec2.VpcEndpoint"),),
    ),
    "ec2.VpcEndpointRouteTableAssociation": Behaviour(
        id="a-{vpcEndpointId}{digits10}",
        autoname="",
        fixed=props("vpcEndpointId routeTableId"),
        refs=(part("vpcEndpointId", "ec2.VpcEndpoint"), hold("routeTableId", "ec2.RouteTable")),
    ),
    "ec2.VpcEndpointSubnetAssociation": Behaviour(
        id="a-{vpcEndpointId}{digits10}",
        autoname="",
        fixed=props("vpcEndpointId subnetId"),
        refs=(part("vpcEndpointId", "ec2.VpcEndpoint"), hold("subnetId", "ec2.Subnet")),
    ),
    "ec2.VpcEndpointService": Behaviour(
        id="vpce-svc-{hex17}",
        arn=EC2 + "vpc-endpoint-service/{id}",
        autoname="",
        api="ec2:CreateVpcEndpointServiceConfiguration",
        computed={
            "serviceName": "com.amazonaws.vpce.{region}.{id}",
            "serviceType": "Interface",
            "state": "Available",
            "baseEndpointDnsNames": lambda s: [s.fill("{id}.{region}.vpce.amazonaws.com")],
            "availabilityZones": lambda s: list(ZONES.get(s.region, {})),
        },
        refs=(hold("networkLoadBalancerArns[]", "lb.LoadBalancer"),),
        missing=not_found("InvalidVpcEndpointServiceId.NotFound", "VpcEndpointService Id"),
    ),
    "ec2.VpcEndpointServiceAllowedPrinciple": Behaviour(
        id="vpce-svc-perm-{hex17}",
        autoname="",
        refs=(part("vpcEndpointServiceId", "ec2.VpcEndpointService"),),
        fixed=props("vpcEndpointServiceId principalArn"),
    ),
    "ec2.FlowLog": Behaviour(
        id="fl-{hex17}",
        arn=EC2 + "vpc-flow-log/{id}",
        api="ec2:CreateFlowLogs",
        autoname="",
        defaults={"maxAggregationInterval": 600, "logDestinationType": "cloud-watch-logs"},
        computed={
            "logFormat": literal(_LOG_FORMAT),
        },
        fixed=props(
            "vpcId subnetId eniId transitGatewayId transitGatewayAttachmentId logDestination"
            " logDestinationType"
            " logFormat trafficType iamRoleArn maxAggregationInterval destinationOptions"
            " deliverCrossAccountRole"
        ),
        refs=(
            part("vpcId", "ec2.Vpc"),
            part("subnetId", "ec2.Subnet"),
            part("eniId", "ec2.NetworkInterface"),
            part("transitGatewayId", "ec2transitgateway.TransitGateway"),
            name("iamRoleArn", "iam.Role"),
        ),
    ),
    "ec2.EgressOnlyInternetGateway": Behaviour(
        id="eigw-{hex17}",
        autoname="",
        fixed=props("vpcId"),
        refs=(hold("vpcId", "ec2.Vpc"),),
    ),
    "ec2.NatGateway": Behaviour(
        id="nat-{hex17}",
        api="ec2:CreateNatGateway",
        autoname="",
        defaults={"connectivityType": "public"},
        computed={
            "privateIp": _subnet_address,
            "networkInterfaceId": "eni-{hex17nic}",
            "vpcId": _subnet_vpc,
            "associationId": "eipassoc-{hex17}",
            "availabilityMode": "zonal",
            "publicIp": lambda s: (row := s.target("allocationId")) and row.state.get("publicIp"),
        },
        fixed=props("allocationId subnetId connectivityType privateIp vpcId availabilityMode"),
        refs=(hold("subnetId", "ec2.Subnet"), hold("allocationId", "ec2.Eip")),
        missing=not_found("NatGatewayNotFound", "NAT gateway ID"),
        in_use=None,
    ),
    "ec2.Eip": Behaviour(
        id="eipalloc-{hex17}",
        arn=EC2 + "elastic-ip/{id}",
        api="ec2:AllocateAddress",
        autoname="",
        computed={
            "allocationId": "{id}",
            "publicIp": _address,
            "domain": "vpc",
            "publicIpv4Pool": "amazon",
            "networkBorderGroup": "{region}",
            "publicDns": lambda s: (
                f"ec2-{str(s.get('publicIp')).replace('.', '-')}.{s.region}.compute.amazonaws.com"
            ),
        },
        fixed=props("domain networkBorderGroup publicIpv4Pool address"),
        refs=(name("instance", "ec2.Instance"),),
        quota=Quota(5, Answer("AddressLimitExceeded", "The maximum number of addresses has been reached.")),
        missing=not_found("InvalidAllocationID.NotFound", "allocation ID"),
        in_use=Answer("InvalidIPAddress.InUse", "Address {publicIp} is in use."),
    ),
    "ec2.VpcPeeringConnection": Behaviour(
        id="pcx-{hex17}",
        api="ec2:CreateVpcPeeringConnection",
        autoname="",
        computed={
            "acceptStatus": lambda s: "active" if s.get("autoAccept") else "pending-acceptance",
            "peerOwnerId": "{unit}",
            "peerRegion": "{region}",
        },
        fixed=props("vpcId peerVpcId peerOwnerId peerRegion"),
        refs=(hold("vpcId", "ec2.Vpc"),),
    ),
    "ec2.NetworkInterface": Behaviour(
        id="eni-{hex17}",
        arn=EC2 + "network-interface/{id}",
        api="ec2:CreateNetworkInterface",
        autoname="",
        computed={
            "ownerId": "{unit}",
            "privateIp": _subnet_address,
            "interfaceType": "interface",
            "macAddress": "06:{hex2a}:{hex2b}:{hex2c}:{hex2d}:{hex2e}",
            "privateIps": lambda s: [s.get("privateIp")],
        },
        fixed=props("subnetId privateIp interfaceType"),
        refs=(hold("subnetId", "ec2.Subnet"), hold("securityGroups[]", "ec2.SecurityGroup")),
        missing=not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
    ),
}
