"""Networks, security groups, gateways, circuits, names."""

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
)
from policies.props import Props, either, every, known, opposite


def _ports(p: Props, single: str, several: str) -> Maybe[list[tuple[int | None, int | None]]]:
    one, more = p.text(single), p.texts(several)
    if one is UNKNOWN or more is UNKNOWN:
        return UNKNOWN
    found: list[tuple[int | None, int | None]] = []
    for text in [*([one] if one else []), *more]:
        low, _, high = str(text).partition("-")
        if text == "*":
            found.append((None, None))
        elif low.isdigit() and (high or low).isdigit():
            found.append((int(low), int(high or low)))
        else:
            return UNKNOWN
    return found


def openings(p: Props) -> Maybe[list[Opening]]:
    """The openings of one security rule: one for each range of ports. A rule that denies opens nothing."""
    action, way = p.text("access"), p.text("direction")
    if action == "Deny":
        return []
    if UNKNOWN in (action, way):
        return UNKNOWN
    inbound = way == "Inbound"
    side = "source" if inbound else "destination"
    one, more = p.text(f"{side}AddressPrefix"), p.texts(f"{side}AddressPrefixes")
    peers: Maybe[tuple[str, ...]] = UNKNOWN
    if one is not UNKNOWN and more is not UNKNOWN:
        peers = (*([str(one)] if one else []), *more)
    protocol = p.text("protocol", "*")
    ports = _ports(p, "destinationPortRange", "destinationPortRanges")
    if ports is UNKNOWN or ports is None:
        return [Opening(inbound, protocol, UNKNOWN, UNKNOWN, peers)]
    return [
        Opening(inbound, "-1" if first is None else str(protocol).lower(), first, last, peers)
        for first, last in ports
    ]


def group(p: Props) -> Facts:
    """A network security group with the rules inside it."""
    rules = p.blocks("securityRules")
    if rules is UNKNOWN:
        return Facts("azure", Kind.GROUP, openings=UNKNOWN)
    found: list[Opening] = []
    for one in rules:
        more = openings(one)
        if more is UNKNOWN or more is None:
            return Facts("azure", Kind.GROUP, openings=UNKNOWN)
        found += more
    return Facts("azure", Kind.GROUP, openings=tuple(found))


def rule(p: Props) -> Facts:
    """A rule beside its group."""
    found = openings(p)
    return Facts("azure", Kind.GROUP, openings=UNKNOWN if found is UNKNOWN or found is None else tuple(found))


def subnet(p: Props) -> Facts:
    """A subnet: the default way out is there unless it is turned off."""
    return Facts(
        "azure",
        Kind.SUBNET,
        exposure=Exposure(blocked=opposite(p.flag("defaultOutboundAccess", True))),
        refs=known(p.get("virtualNetworkName")),
    )


def network(p: Props) -> Facts:
    """A virtual network."""
    return Facts(
        "azure", Kind.NETWORK, handles=known(p.get("virtualNetworkName")), logging=Logging(enabled=False)
    )


def _to_internet(p: Props) -> Maybe[bool]:
    where, hop = p.text("addressPrefix"), p.text("nextHopType")
    if where not in ("0.0.0.0/0", "::/0") and where is not UNKNOWN:
        return False
    return UNKNOWN if UNKNOWN in (where, hop) else hop == "Internet"


def route_table(p: Props) -> Facts:
    """A route table with its routes."""
    routes = p.blocks("routes")
    answer = UNKNOWN if routes is UNKNOWN else either(*(_to_internet(r) for r in routes), False)
    return Facts("azure", Kind.ROUTE, exposure=Exposure(default_route=answer))


def _fronts(p: Props) -> Maybe[bool]:
    fronts = p.blocks("frontendIPConfigurations")
    if fronts is UNKNOWN:
        return UNKNOWN
    return either(*(either(f.has("publicIPAddress"), f.has("publicIPPrefix")) for f in fronts), False)


def load_balancer(p: Props) -> Facts:
    """A load balancer: it passes TLS through."""
    return Facts("azure", Kind.LOAD_BALANCER, exposure=Exposure(public_address=_fronts(p)))


def application_gateway(p: Props) -> Facts:
    """An application gateway with its listeners."""
    listeners = p.blocks("httpListeners")
    secure: Maybe[bool] = UNKNOWN
    if listeners is not UNKNOWN:
        said = [one.text("protocol", "Http") for one in listeners]
        secure = UNKNOWN if UNKNOWN in said else all(s == "Https" for s in said)
    lowest = p.text_at("sslPolicy", "minProtocolVersion")
    return Facts(
        "azure",
        Kind.LOAD_BALANCER,
        exposure=Exposure(public_address=_fronts(p)),
        encryption=Encryption(
            in_transit=secure,
            tls=None
            if lowest is None
            else UNKNOWN
            if lowest is UNKNOWN
            else 1.2
            if lowest in ("TLSv1_2", "TLSv1_3")
            else 1.0,
        ),
    )


def gateway(p: Props) -> Facts:
    """A virtual network gateway: over the internet (Vpn), or of circuits (ExpressRoute)."""
    kind = p.text("gatewayType", "Vpn")
    if kind == "ExpressRoute":
        return Facts("azure", Kind.TRANSIT, line=Line())
    return Facts("azure", Kind.VPN)


def circuit(p: Props) -> Facts:
    """An ExpressRoute circuit."""
    provider = p.block("serviceProviderProperties")
    said = provider if isinstance(provider, Props) else Props({})
    return Facts(
        "azure",
        Kind.CIRCUIT,
        handles=known(p.get("circuitName")),
        line=Line(
            place=said.text("peeringLocation"),
            mbps=said.number("bandwidthInMbps"),
            order=p.has("peerings") is not True,
        ),
    )


def peering(p: Props) -> Facts:
    """The private peering of a circuit: its AS number and what is advertised."""
    target = p.get("circuitName")
    return Facts(
        "azure",
        Kind.CIRCUIT_ROUTES,
        line=Line(
            asn=p.number("peerASN"),
            prefixes=p.texts_at("microsoftPeeringConfig", "advertisedPublicPrefixes")
            if p.has("microsoftPeeringConfig") is True
            else None,
        ),
        refs=known(target),
    )


def hub_prefixes(p: Props) -> Facts:
    """A local network gateway or a hub's routes: what the other side is told to be."""
    return Facts(
        "azure",
        Kind.CIRCUIT_ROUTES,
        line=Line(
            prefixes=p.texts_at("localNetworkAddressSpace", "addressPrefixes"),
            asn=p.number_at("bgpSettings", "asn"),
        ),
    )


def flow_log(p: Props) -> Facts:
    """A flow log of a network or group."""
    return Facts(
        "azure",
        Kind.FLOW_LOG,
        logging=Logging(complete=every(p.flag("enabled", False), True)),
        refs=known(p.get("targetResourceId")),
    )


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("azure", kind, **more)


TABLE = {
    "network:virtualnetwork": network,
    "network:subnet": subnet,
    "network:networksecuritygroup": group,
    "network:securityrule": rule,
    "network:routetable": route_table,
    "network:route": lambda p: Facts("azure", Kind.ROUTE, exposure=Exposure(default_route=_to_internet(p))),
    "network:publicipaddress": _is(Kind.ADDRESS),
    "network:publicipprefix": _is(Kind.ADDRESS),
    "network:natgateway": _is(Kind.NAT),
    "network:virtualnetworkpeering": _is(Kind.PEERING),
    "network:loadbalancer": load_balancer,
    "network:applicationgateway": application_gateway,
    "network:virtualnetworkgateway": gateway,
    "network:vpngateway": _is(Kind.VPN),
    "network:expressroutecircuit": circuit,
    "network:expressroutecircuitpeering": peering,
    "network:localnetworkgateway": hub_prefixes,
    "network:flowlog": flow_log,
    "network:privateendpoint": _is(Kind.ENDPOINT),
    "dns:zone": _is(Kind.DNS_ZONE, exposure=Exposure(public_access=True)),
    "network:zone": _is(Kind.DNS_ZONE, exposure=Exposure(public_access=True)),
    "privatedns:privatezone": _is(Kind.DNS_ZONE, exposure=Exposure(public_access=False)),
    "network:privatezone": _is(Kind.DNS_ZONE, exposure=Exposure(public_access=False)),
    "cdn:profile": _is(Kind.CDN),
    "cdn:endpoint": _is(Kind.CDN),
}
