"""Networks, security groups, gateways, endpoints, circuits, names, firewalls."""

from __future__ import annotations

from typing import Any

from policies.extract.documents import read
from policies.facts import (
    UNKNOWN,
    Access,
    Availability,
    Compute,
    Exposure,
    Facts,
    Kind,
    Line,
    Location,
    Logging,
    Maybe,
    Opening,
    Protection,
    Way,
)
from policies.props import Props, either, known, matched

ANY = ("0.0.0.0/0", "::/0")


def _port(value: Any, protocol: Any) -> Any:
    if protocol == "-1":
        return None
    return int(value) if isinstance(value, (int, float)) else value


def opening(p: Props, inbound: bool) -> Opening:
    """One rule, written inside a group or beside it, in any of the provider's forms."""
    protocol = p.text("protocol", p.text("ipProtocol", "-1"))
    if protocol in ("all", "-1"):
        protocol = "-1"
    peers: tuple[str, ...] = ()
    unsure = False
    for name in ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6", "cidrBlock", "ipv6CidrBlock"):
        found = p.texts(name)
        if found is UNKNOWN:
            unsure = True
        else:
            peers += tuple(f for f in found if f)
    return Opening(
        inbound=inbound,
        protocol=protocol,
        first=_port(p.number("fromPort"), protocol),
        last=_port(p.number("toPort"), protocol),
        peers=UNKNOWN if unsure and not any(x in ANY for x in peers) else peers,
    )


def _inside(p: Props, *names: tuple[str, bool]) -> Maybe[tuple[Opening, ...]]:
    found: list[Opening] = []
    for name, inbound in names:
        blocks = p.blocks(name)
        if blocks is UNKNOWN:
            return UNKNOWN
        found += [opening(b, inbound) for b in blocks if b.get("action") not in ("deny", "DENY")]
    return tuple(found)


def group(p: Props) -> Facts:
    """A security group with its own rules."""
    return Facts("aws", Kind.GROUP, openings=_inside(p, ("ingress", True), ("egress", False)))


def prefix_list(p: Props) -> Facts:
    """A list of ranges that groups name instead of ranges: what stands in it is let in where it is named."""
    entries = p.blocks("entries")
    peers = UNKNOWN if entries is UNKNOWN else known(*(e.get("cidr") for e in entries))
    return Facts("aws", Kind.GROUP, purpose="prefixes", openings=(Opening(True, "tcp", 443, 443, peers),))


def prefix_entry(p: Props) -> Facts:
    """An entry beside its list."""
    return Facts(
        "aws",
        Kind.GROUP,
        purpose="prefixes",
        openings=(Opening(True, "tcp", 443, 443, p.texts("cidr")),),
    )


def default_group(p: Props) -> Facts:
    """The VPC's default group, taken over."""
    return Facts(
        "aws", Kind.GROUP, purpose="default", openings=_inside(p, ("ingress", True), ("egress", False))
    )


def group_rule(p: Props) -> Facts:
    """A rule beside its group (the older form says its direction)."""
    kind = p.get("type")
    if kind is UNKNOWN:
        return Facts("aws", Kind.GROUP, openings=UNKNOWN)
    return Facts("aws", Kind.GROUP, openings=(opening(p, kind == "ingress"),))


def acl(p: Props) -> Facts:
    """A network ACL: its allowing rules."""
    return Facts("aws", Kind.ACL, openings=_inside(p, ("ingress", True), ("egress", False)))


def acl_rule(p: Props) -> Facts | None:
    """A rule beside its ACL."""
    if p.get("ruleAction") == "deny":
        return None
    return Facts("aws", Kind.ACL, openings=(opening(p, p.flag("egress", False) is not True),))


def subnet(p: Props) -> Facts:
    """A subnet."""
    return Facts(
        "aws",
        Kind.SUBNET,
        exposure=Exposure(public_address=p.flag("mapPublicIpOnLaunch", False)),
        location=Location(zone=p.text("availabilityZone")),
        refs=known(p.get("vpcId")),
    )


def _to_internet(p: Props) -> Maybe[bool]:
    """Whether a route sends everything to an internet gateway or NAT."""
    for name in ("destinationCidrBlock", "cidrBlock", "destinationIpv6CidrBlock", "ipv6CidrBlock"):
        where = p.get(name)
        if where is UNKNOWN:
            return UNKNOWN
        if where in ANY:
            gateway = p.get("gatewayId")
            out = any(p.get(n) not in (None, "") for n in ("natGatewayId", "egressOnlyGatewayId"))
            if gateway is UNKNOWN or out:
                return True
            return (
                isinstance(gateway, str)
                and not gateway.startswith(("vgw-", "vpce-", "local"))
                and gateway != ""
            )
    return False


def _over_peering(p: Props) -> tuple[Way, ...]:
    """The way of a route that leads over a peering connection."""
    to = p.text("vpcPeeringConnectionId")
    return () if to is None else (Way(to, p.text("destinationCidrBlock", p.text("cidrBlock"))),)


def route(p: Props) -> Facts:
    """A route beside its table."""
    return Facts("aws", Kind.ROUTE, exposure=Exposure(default_route=_to_internet(p)), ways=_over_peering(p))


def route_table(p: Props) -> Facts:
    """A route table with its own routes."""
    routes = p.blocks("routes")
    if routes is UNKNOWN:
        return Facts("aws", Kind.ROUTE, exposure=Exposure(default_route=UNKNOWN))
    answers = [_to_internet(r) for r in routes]
    return Facts(
        "aws",
        Kind.ROUTE,
        exposure=Exposure(
            default_route=True if True in answers else UNKNOWN if UNKNOWN in answers else False
        ),
        ways=tuple(way for r in routes for way in _over_peering(r)),
    )


def endpoint(p: Props) -> Facts:
    """A VPC endpoint. Gateway endpoints are of the whole region."""
    interface = p.get("vpcEndpointType") == "Interface"
    reading = read(p.document("policy"))
    ours = matched(r"^com\.amazonaws\.(?!.*vpce-svc)", p.get("serviceName"))
    subnets = p.texts("subnetIds")
    anyone: Maybe[bool] = None
    if ours is UNKNOWN:
        anyone = UNKNOWN
    elif ours is not None:
        anyone = True if reading is None else _open(p)
    return Facts(
        "aws",
        Kind.ENDPOINT,
        access=Access(anyone=anyone),
        availability=Availability(
            zones=None if not interface else UNKNOWN if subnets is UNKNOWN else float(len(subnets))
        ),
        refs=known(p.get("vpcId")),
    )


def _open(p: Props) -> Maybe[bool]:
    """Whether an endpoint's policy lets anybody act on anything, whoever's it is."""
    document = p.document("policy")
    reading = read(document)
    if reading is None or reading.anyone is UNKNOWN or not isinstance(document, Props):
        return UNKNOWN
    if reading.anyone is False:
        return False
    statements = document.blocks("Statement")
    if statements is UNKNOWN:
        return UNKNOWN
    return any(
        one.get("Effect") == "Allow"
        and one.get("Condition") is None
        and one.get("Resource") in ("*", ["*"], None)
        for one in statements
    )


def interface(p: Props) -> Facts:
    """A virtual interface on a circuit."""
    asn = p.number("bgpAsn", p.number("bgpAsnLong"))
    return Facts(
        "aws",
        Kind.CIRCUIT,
        line=Line(asn=asn),
        refs=known(p.get("connectionId"), p.get("dxGatewayId")),
    )


def association(p: Props) -> Facts:
    """What a Direct Connect gateway tells the circuits."""
    return Facts("aws", Kind.CIRCUIT_ROUTES, line=Line(prefixes=p.texts("allowedPrefixes")))


def transit(p: Props) -> Facts:
    """A transit gateway."""
    shared = [p.flag(n, True) for n in ("defaultRouteTableAssociation", "defaultRouteTablePropagation")]
    return Facts(
        "aws",
        Kind.TRANSIT,
        line=Line(
            asn=p.number("amazonSideAsn"),
            auto_accept=p.flag("autoAcceptSharedAttachments", False),
            shared_table=True if True in shared else UNKNOWN if UNKNOWN in shared else False,
        ),
    )


def gateway(p: Props) -> Facts:
    """A Direct Connect gateway or virtual private gateway: its AS number."""
    return Facts("aws", Kind.TRANSIT, line=Line(asn=p.number("amazonSideAsn")))


def attachment(p: Props) -> Facts | None:
    """An attachment to a transit gateway that is not ours: the tenant hangs on a hub."""
    return Facts("aws", Kind.OTHER, refs=known(p.get("transitGatewayId"), p.get("vpcId")))


def zone(p: Props) -> Facts:
    """A hosted zone: private when it names a VPC."""
    vpcs = p.has("vpcs")
    return Facts(
        "aws",
        Kind.DNS_ZONE,
        exposure=Exposure(public_access=UNKNOWN if vpcs is UNKNOWN else not vpcs),
    )


def resolver(p: Props) -> Facts:
    """A resolver endpoint."""
    addresses = p.blocks("ipAddresses")
    return Facts(
        "aws",
        Kind.RESOLVER,
        availability=Availability(replicas=UNKNOWN if addresses is UNKNOWN else float(len(addresses))),
    )


def flow_log(p: Props) -> Facts:
    """A flow log of a VPC, subnet or interface."""
    kind = p.text("trafficType", "ALL")
    return Facts(
        "aws",
        Kind.FLOW_LOG,
        refs=known(*(p.get(n) for n in ("vpcId", "subnetId", "eniId"))),
        logging=Logging(complete=UNKNOWN if kind is UNKNOWN else kind == "ALL"),
    )


def address(p: Props) -> Facts:
    """An elastic address. What uses it may be named here or in an association or NAT beside it."""
    used = either(*(p.has(n) for n in ("associationId", "instance", "networkInterface")), False)
    return Facts(
        "aws",
        Kind.ADDRESS,
        compute=Compute(used=used),
        refs=known(p.get("instance")),
    )


def firewall(p: Props) -> Facts:
    """A network firewall; its log settings are beside it."""
    return Facts(
        "aws",
        Kind.FIREWALL,
        logging=Logging(enabled=False),
        protection=Protection(deletion=p.flag("deleteProtection", False)),
    )


def firewall_logs(p: Props) -> Facts:
    """The log settings of a network firewall."""
    target = p.get("firewallArn")
    return Facts(
        "aws",
        Kind.FIREWALL,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.FIREWALL,
        of_property="firewallArn",
        logging=Logging(enabled=p.has("loggingConfiguration")),
    )


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("aws", kind, **more)


TABLE = {
    "ec2:managedprefixlist": prefix_list,
    "ec2:managedprefixlistentry": prefix_entry,
    "ec2:vpc": _is(Kind.NETWORK),
    "ec2:defaultvpc": _is(Kind.NETWORK, purpose="default"),
    "ec2:subnet": subnet,
    "ec2:defaultsubnet": subnet,
    "ec2:securitygroup": group,
    "ec2:defaultsecuritygroup": default_group,
    "ec2:securitygrouprule": group_rule,
    "vpc:securitygroupingressrule": lambda p: Facts("aws", Kind.GROUP, openings=(opening(p, True),)),
    "vpc:securitygroupegressrule": lambda p: Facts("aws", Kind.GROUP, openings=(opening(p, False),)),
    "ec2:networkacl": acl,
    "ec2:defaultnetworkacl": acl,
    "ec2:networkaclrule": acl_rule,
    "ec2:internetgateway": _is(Kind.INTERNET_GATEWAY),
    "ec2:egressonlyinternetgateway": _is(Kind.INTERNET_GATEWAY),
    "ec2:natgateway": lambda p: Facts("aws", Kind.NAT) if p.get("connectivityType") != "private" else None,
    "ec2:eip": address,
    "ec2:route": route,
    "ec2:routetable": route_table,
    "ec2:defaultroutetable": route_table,
    "ec2:flowlog": flow_log,
    "ec2:vpcpeeringconnection": _is(Kind.PEERING),
    "ec2:vpcendpoint": endpoint,
    "ec2:vpnconnection": _is(Kind.VPN),
    "ec2clientvpn:endpoint": _is(Kind.VPN),
    "ec2transitgateway:transitgateway": transit,
    "ec2transitgateway:vpcattachment": attachment,
    "ec2transitgateway:peeringattachment": _is(Kind.PEERING),
    "directconnect:gateway": gateway,
    "ec2:vpngateway": gateway,
    "directconnect:transitvirtualinterface": interface,
    "directconnect:privatevirtualinterface": interface,
    "directconnect:hostedtransitvirtualinterfaceaccepter": _is(Kind.CIRCUIT, line=Line()),
    "directconnect:gatewayassociation": association,
    "route53:zone": zone,
    "route53:resolverendpoint": resolver,
    "networkfirewall:firewall": firewall,
    "networkfirewall:loggingconfiguration": firewall_logs,
}
