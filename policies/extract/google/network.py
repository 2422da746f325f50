"""Networks, firewall rules, routes, load balancing, circuits, names."""

from __future__ import annotations

from typing import Any

from policies.facts import (
    UNKNOWN,
    Availability,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Line,
    Logging,
    Maybe,
    Opening,
)
from policies.props import Props, known

DEFAULT_IGW = "default-internet-gateway"


def _rules(
    blocks: Any, inbound: bool, peers: Any, protocol_name: str = "protocol"
) -> Maybe[tuple[Opening, ...]]:
    if blocks is UNKNOWN:
        return UNKNOWN
    found: list[Opening] = []
    for one in blocks:
        protocol, ports = one.text(protocol_name, "all"), one.texts("ports")
        if protocol == "all" or (ports is not UNKNOWN and not ports and protocol in ("tcp", "udp")):
            found.append(Opening(inbound, "-1", None, None, peers))
            continue
        if ports is UNKNOWN:
            found.append(Opening(inbound, protocol, UNKNOWN, UNKNOWN, peers))
            continue
        for text in ports or ("",):
            low, _, high = text.partition("-")
            number = low.isdigit() and (high or low).isdigit()
            found.append(
                Opening(
                    inbound,
                    protocol,
                    int(low) if number else None,
                    int(high or low) if number else None,
                    peers,
                )
            )
    return tuple(found)


def firewall(p: Props) -> Facts:
    """A firewall rule. Nothing said of its sources: anybody."""
    if p.flag("disabled", False) is True:
        return Facts("google", Kind.GROUP, openings=())
    way = p.text("direction", "INGRESS")
    if way is UNKNOWN:
        return Facts("google", Kind.GROUP, openings=UNKNOWN)
    inbound = way == "INGRESS"
    peers: Any = p.texts("sourceRanges" if inbound else "destinationRanges")
    if peers == () and not (
        inbound and (p.has("sourceTags") is True or p.has("sourceServiceAccounts") is True)
    ):
        peers = ("0.0.0.0/0",)
    return Facts("google", Kind.GROUP, openings=_rules(p.blocks("allows"), inbound, peers))


def policy_rule(p: Props) -> Facts:
    """A rule of a network firewall policy."""
    action = p.text("action")
    if action in ("deny", "goto_next"):
        return Facts("google", Kind.GROUP, openings=())
    inbound = p.text("direction", "INGRESS") == "INGRESS"
    match = p.block("match")
    if not isinstance(match, Props):
        return Facts("google", Kind.GROUP, openings=UNKNOWN)
    peers = match.texts("srcIpRanges" if inbound else "destIpRanges")
    return Facts(
        "google", Kind.GROUP, openings=_rules(match.blocks("layer4Configs"), inbound, peers, "ipProtocol")
    )


def policy_with_rules(p: Props) -> Facts:
    """A network firewall policy with its rules inside it."""
    rules = p.blocks("rules")
    if rules is UNKNOWN:
        return Facts("google", Kind.GROUP, openings=UNKNOWN)
    openings: list[Opening] = []
    for one in rules:
        found = policy_rule(one).openings
        if found is UNKNOWN:
            return Facts("google", Kind.GROUP, openings=UNKNOWN)
        openings += found or ()
    return Facts("google", Kind.GROUP, openings=tuple(openings))


def network(p: Props) -> Facts:
    """A network: automatic subnets are the default."""
    auto = p.flag("autoCreateSubnetworks", True)
    purpose = UNKNOWN if auto is UNKNOWN else "default" if auto or p.get("name") == "default" else None
    return Facts(
        "google", Kind.NETWORK, handles=known(p.get("name")), purpose=purpose, logging=Logging(enabled=False)
    )


def subnet(p: Props) -> Facts:
    """A subnet; its flow log is inside it."""
    purpose = p.text("purpose", "PRIVATE")
    ordinary = purpose in ("PRIVATE", None, UNKNOWN)
    return Facts(
        "google",
        Kind.SUBNET,
        exposure=Exposure(blocked=p.flag("privateIpGoogleAccess", False) if ordinary else None),
        logging=Logging(enabled=p.has("logConfig") if ordinary else True),
        refs=known(p.get("network")),
    )


def route(p: Props) -> Facts:
    """A route."""
    where, hop = p.text("destRange"), p.text("nextHopGateway")
    if where not in ("0.0.0.0/0", "::/0") and where is not UNKNOWN:
        return Facts("google", Kind.ROUTE, exposure=Exposure(default_route=False))
    answer = UNKNOWN if UNKNOWN in (where, hop) else hop is not None and DEFAULT_IGW in str(hop)
    return Facts("google", Kind.ROUTE, exposure=Exposure(default_route=answer))


def address(p: Props) -> Facts | None:
    """An address, if it is a public one."""
    kind = p.text("addressType", "EXTERNAL")
    return Facts("google", Kind.ADDRESS) if kind is UNKNOWN or kind == "EXTERNAL" else None


def forwarding(p: Props) -> Facts | None:
    """A forwarding rule: what a load balancer listens on. Private Service Connect is no load balancer."""
    scheme = p.text("loadBalancingScheme", "EXTERNAL")
    if p.raw.get("loadBalancingScheme") == "" or "serviceAttachments" in str(p.get("target")):
        return Facts("google", Kind.ENDPOINT)
    return Facts(
        "google",
        Kind.LOAD_BALANCER,
        exposure=Exposure(
            public_address=UNKNOWN if scheme is UNKNOWN else str(scheme).startswith("EXTERNAL")
        ),
    )


def ssl_policy(p: Props) -> Facts:
    """A TLS policy of load balancers: 1.0 is the default."""
    lowest = p.text("minTlsVersion", "TLS_1_0")
    return Facts(
        "google",
        Kind.LISTENER,
        encryption=Encryption(
            tls=UNKNOWN if lowest is UNKNOWN else float(str(lowest)[-3:].replace("_", "."))
        ),
    )


def attachment(p: Props) -> Facts:
    """A VLAN attachment of an interconnect: its place is the edge availability domain."""
    speed = p.text("bandwidth")
    mbps: Maybe[float] = None
    if speed is UNKNOWN:
        mbps = UNKNOWN
    elif speed:
        digits = "".join(c for c in str(speed) if c.isdigit())
        mbps = float(digits or 0) * (1000 if str(speed).endswith("G") else 1)
    return Facts(
        "google",
        Kind.CIRCUIT,
        handles=known(p.get("name")),
        line=Line(place=p.text("edgeAvailabilityDomain"), mbps=mbps),
    )


def router(p: Props) -> Facts:
    """A cloud router: its ranges and AS number (16550 is Google's own: Partner Interconnect demands it)."""
    asn = p.number_at("bgp", "asn")
    ranges = p.block("bgp")
    blocks = ranges.blocks("advertisedIpRanges") if isinstance(ranges, Props) else []
    # Where Cloud DNS asks the town hall's name servers from: never on the internet, for all its number says.
    told = [] if blocks is UNKNOWN else [r for b in blocks if (r := b.get("range")) != "35.199.192.0/19"]
    prefixes: Any = UNKNOWN if blocks is UNKNOWN else known(*told)
    return Facts(
        "google", Kind.CIRCUIT_ROUTES, line=Line(asn=None if asn == 16550 else asn, prefixes=prefixes)
    )


def zone(p: Props) -> Facts:
    """A managed zone: public unless it says otherwise."""
    seen = p.text("visibility", "public")
    return Facts(
        "google",
        Kind.DNS_ZONE,
        exposure=Exposure(public_access=UNKNOWN if seen is UNKNOWN else seen == "public"),
    )


def backend(p: Props) -> Facts:
    """A backend service: with health checks, and a CDN if it says so."""
    if p.flag("enableCdn", False) is True:
        return Facts("google", Kind.CDN)
    groups = p.blocks("backends")
    links = [] if groups is UNKNOWN else [b.get("group") for b in groups]
    # Cloud Run looks after its own health: a backend of such groups takes no check.
    serverless = any(isinstance(link, str) and "/networkEndpointGroups/" in link for link in links)
    checked = p.has("healthChecks")
    if checked is False and (serverless or UNKNOWN in links):
        checked = None if serverless else UNKNOWN
    return Facts("google", Kind.TARGET, availability=Availability(checked=checked))


def _is(kind: Kind, **more: Any) -> Any:
    return lambda _: Facts("google", kind, **more)


TABLE: dict[str, Any] = {
    "compute:network": network,
    "compute:subnetwork": subnet,
    "compute:firewall": firewall,
    "compute:networkfirewallpolicyrule": policy_rule,
    "compute:regionnetworkfirewallpolicyrule": policy_rule,
    "compute:firewallpolicyrule": policy_rule,
    "compute:networkfirewallpolicywithrules": policy_with_rules,
    "compute:regionnetworkfirewallpolicywithrules": policy_with_rules,
    "compute:route": route,
    "compute:address": address,
    "compute:globaladdress": address,
    "compute:routernat": _is(Kind.NAT),
    "compute:networkpeering": _is(Kind.PEERING),
    "compute:forwardingrule": forwarding,
    "compute:globalforwardingrule": forwarding,
    "compute:targethttpproxy": _is(Kind.LISTENER, encryption=Encryption(in_transit=False)),
    "compute:regiontargethttpproxy": _is(Kind.LISTENER, encryption=Encryption(in_transit=False)),
    "compute:targethttpsproxy": _is(Kind.LISTENER, encryption=Encryption(in_transit=True)),
    "compute:regiontargethttpsproxy": _is(Kind.LISTENER, encryption=Encryption(in_transit=True)),
    "compute:sslpolicy": ssl_policy,
    "compute:regionsslpolicy": ssl_policy,
    "compute:backendservice": backend,
    "compute:regionbackendservice": backend,
    "compute:interconnectattachment": attachment,
    "compute:router": router,
    "compute:vpntunnel": _is(Kind.VPN),
    "compute:vpngateway": _is(Kind.VPN),
    "compute:havpngateway": _is(Kind.VPN),
    "dns:managedzone": zone,
}
