"""Networks, security lists and groups, gateways, load balancers, circuits, names."""

from __future__ import annotations

from typing import Any

from policies.facts import (
    UNKNOWN,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Line,
    Logging,
    Maybe,
    Opening,
    Way,
)
from policies.props import Props, known

PEERINGS = (".localpeeringgateway.", ".remotepeeringconnection.")
"""An OCID says of what kind it is (Resource Identifiers: ocid1.TYPE.REALM.REGION.ID)."""
PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp"}


def opening(p: Props, inbound: bool) -> Opening:
    """One rule of a security list or group."""
    protocol = p.text("protocol", "all")
    peer = p.text("source" if inbound else "destination")
    kind = p.text("sourceType" if inbound else "destinationType", "CIDR_BLOCK")
    options = next((o for n in ("tcpOptions", "udpOptions") if (o := p.block(n)) is not None), None)
    first: Any = None
    last: Any = None
    if options is UNKNOWN:
        first = last = UNKNOWN
    elif isinstance(options, Props):
        # A list writes the ports as min and max; a group within destinationPortRange.
        ports = options.block("destinationPortRange")
        inner = ports if isinstance(ports, Props) else options
        first, last = inner.number("min"), inner.number("max")
    everything = protocol == "all" or (protocol in ("6", "17") and options is None)
    peers: Maybe[tuple[str, ...]] = (
        UNKNOWN if peer is UNKNOWN else (str(peer),) if peer and kind == "CIDR_BLOCK" else ()
    )
    return Opening(
        inbound, "-1" if everything else PROTOCOLS.get(str(protocol), protocol), first, last, peers
    )


def _both(p: Props, *names: tuple[str, bool]) -> Maybe[tuple[Opening, ...]]:
    found: list[Opening] = []
    for name, inbound in names:
        blocks = p.blocks(name)
        if blocks is UNKNOWN:
            return UNKNOWN
        found += [opening(b, inbound) for b in blocks]
    return tuple(found)


def security_list(p: Props) -> Facts:
    """A security list."""
    return Facts(
        "oci", Kind.GROUP, openings=_both(p, ("ingressSecurityRules", True), ("egressSecurityRules", False))
    )


def default_list(p: Props) -> Facts:
    """The network's default security list, taken over."""
    from dataclasses import replace

    return replace(security_list(p), purpose="default")


def group_rule(p: Props) -> Facts:
    """A rule of a network security group."""
    way = p.text("direction")
    if way is UNKNOWN:
        return Facts("oci", Kind.GROUP, openings=UNKNOWN)
    return Facts("oci", Kind.GROUP, openings=(opening(p, way == "INGRESS"),))


def bastion(p: Props) -> Facts:
    """A bastion: from where sessions (SSH) may be opened."""
    return Facts(
        "oci",
        Kind.GROUP,
        openings=(Opening(True, "tcp", 22, 22, p.texts("clientCidrBlockAllowLists")),),
    )


def subnet(p: Props) -> Facts:
    """A subnet: public addresses are allowed unless prohibited."""
    closed = p.flag("prohibitPublicIpOnVnic", p.flag("prohibitInternetIngress", False))
    return Facts(
        "oci",
        Kind.SUBNET,
        exposure=Exposure(public_address=UNKNOWN if closed is UNKNOWN else not closed, blocked=closed),
        refs=known(p.get("vcnId")),
    )


def route_table(p: Props) -> Facts:
    """A route table: a way to everywhere by anything but a DRG or a private address."""
    rules = p.blocks("routeRules")
    if rules is UNKNOWN:
        return Facts("oci", Kind.ROUTE, exposure=Exposure(default_route=UNKNOWN))
    answers: list[Any] = []
    for one in rules:
        where, by = one.text("destination", one.text("cidrBlock")), one.text("networkEntityId")
        if where in ("0.0.0.0/0", "::/0"):
            answers.append(UNKNOWN if by is UNKNOWN else not any(k in str(by) for k in ("drg", "privateip")))
    return Facts(
        "oci",
        Kind.ROUTE,
        exposure=Exposure(
            default_route=True if True in answers else UNKNOWN if UNKNOWN in answers else False
        ),
        ways=tuple(
            Way(to, one.text("destination", one.text("cidrBlock")))
            for one in rules
            if (to := one.text("networkEntityId")) is UNKNOWN or any(k in str(to) for k in PEERINGS)
        ),
    )


def balancer(p: Props) -> Facts:
    """A load balancer: public unless private."""
    private = p.flag("isPrivate", False)
    return Facts(
        "oci",
        Kind.LOAD_BALANCER,
        exposure=Exposure(public_address=UNKNOWN if private is UNKNOWN else not private),
    )


def listener(p: Props) -> Facts:
    """A listener: with certificates it speaks TLS."""
    return Facts("oci", Kind.LISTENER, encryption=Encryption(in_transit=p.has("sslConfiguration")))


def circuit(p: Props) -> Facts:
    """A FastConnect virtual circuit: private, or public (over public addresses)."""
    shape = p.text("bandwidthShapeName")
    mbps: Maybe[float] = None
    if shape is UNKNOWN:
        mbps = UNKNOWN
    elif shape:
        digits = "".join(c for c in str(shape) if c.isdigit())
        mbps = float(digits or 0) * (1000 if "Gbps" in str(shape) else 1)
    place = p.text("providerServiceId", p.text("gatewayId"))
    maps = p.blocks("crossConnectMappings")
    if maps is not UNKNOWN and maps:
        place = maps[0].text("crossConnectOrCrossConnectGroupId", place)
    return Facts("oci", Kind.CIRCUIT, line=Line(asn=p.number("customerAsn"), mbps=mbps, place=place))


def zone(p: Props) -> Facts:
    """A DNS zone: global ones are public."""
    scope = p.text("scope", "GLOBAL")
    return Facts(
        "oci",
        Kind.DNS_ZONE,
        exposure=Exposure(public_access=UNKNOWN if scope is UNKNOWN else scope != "PRIVATE"),
    )


def api(p: Props) -> Facts:
    """An API gateway."""
    kind = p.text("endpointType", "PUBLIC")
    return Facts(
        "oci", Kind.API, exposure=Exposure(public_access=UNKNOWN if kind is UNKNOWN else kind != "PRIVATE")
    )


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("oci", kind, **more)


TABLE: dict[str, Any] = {
    "core:vcn": _is(Kind.NETWORK, logging=Logging(enabled=False)),
    "core:subnet": subnet,
    "core:securitylist": security_list,
    "core:defaultsecuritylist": default_list,
    "core:networksecuritygroupsecurityrule": group_rule,
    "bastion:bastion": bastion,
    "core:internetgateway": _is(Kind.INTERNET_GATEWAY),
    "core:natgateway": _is(Kind.NAT),
    "core:publicip": _is(Kind.ADDRESS),
    "core:routetable": route_table,
    "core:defaultroutetable": route_table,
    "core:localpeeringgateway": _is(Kind.PEERING),
    "core:remotepeeringconnection": _is(Kind.PEERING),
    "loadbalancer:loadbalancer": balancer,
    "networkloadbalancer:networkloadbalancer": balancer,
    "loadbalancer:listener": listener,
    "core:virtualcircuit": circuit,
    "core:ipsec": _is(Kind.VPN),
    "dns:zone": zone,
    "apigateway:gateway": api,
}
