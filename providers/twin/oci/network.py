"""Networks: VCNs, subnets, routes, rules, gateways, circuits."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Quota, Refusal
from providers.twin.oci.facts import DOMESTIC, services_label
from providers.twin.oci.words import hold, name, one, part, thing, token
from providers.twin.scope import Scope
from providers.wire import Value

ENTITIES = (
    "Core.ServiceGateway",
    "Core.NatGateway",
    "Core.InternetGateway",
    "Core.LocalPeeringGateway",
    "Core.Drg",
    "Core.PrivateIp",
)
"""What a route may lead to."""


def cidr(text: Value, path: str) -> ipaddress.IPv4Network:
    """The range `text`; Refusal when it is none or has host bits."""
    try:
        return ipaddress.IPv4Network(str(text), strict=True)
    except ValueError:
        raise Refusal("InvalidParameter", f"{path} '{text}' is not a valid CIDR block") from None


def _span(found: ipaddress.IPv4Network) -> tuple[int, int]:
    return int(found.network_address), int(found.broadcast_address)


def _claim_vcn(scope: Scope) -> None:
    """A VCN's ranges: /16 to /30, apart from each other, and around all of its subnets."""
    where = f"vcn:{scope.rid}"
    scope.store.drop_spans(where, scope.rid)
    blocks = scope.get("cidrBlocks") or ([scope.get("cidrBlock")] if scope.get("cidrBlock") else [])
    if not blocks:
        raise Refusal("InvalidParameter", "cidrBlocks must have at least one CIDR block")
    for block in blocks:
        found = cidr(block, "cidrBlocks")
        if not 16 <= found.prefixlen <= 30:
            raise Refusal("InvalidParameter", f"The CIDR block {block} must be between /16 and /30")
        if scope.store.overlapping(where, *_span(found)):
            raise Refusal("InvalidParameter", f"The CIDR block {block} overlaps another of the VCN")
        scope.store.add_span(where, *_span(found), scope.rid)
    taken = scope.store.overlapping(f"subnet:{scope.rid}", 0, 2**32 - 1)
    ranges = [_span(cidr(block, "cidrBlocks")) for block in blocks]
    if any(not any(low <= start and end <= high for low, high in ranges) for _, start, end in taken):
        raise Refusal("IncorrectState", "A CIDR block that has subnets cannot be removed from the VCN", 409)


def _claim_subnet(scope: Scope) -> None:
    """A subnet's range: inside its VCN's, apart from its other subnets'."""
    vcn = scope.target("vcnId")
    if vcn is None:
        return
    found = cidr(scope.get("cidrBlock"), "cidrBlock")
    low, high = _span(found)
    inside = scope.store.overlapping(f"vcn:{vcn.rid}", low, high)
    if not any(start <= low and high <= end for _, start, end in inside):
        raise Refusal("InvalidParameter", f"The CIDR block {found} is not within the VCN {vcn.id}")
    where = f"subnet:{vcn.rid}"
    scope.store.drop_spans(where, scope.rid)
    if scope.store.overlapping(where, low, high):
        raise Refusal(
            "InvalidParameter", f"The requested CIDR {found} is invalid: it overlaps another subnet"
        )
    scope.store.add_span(where, low, high, scope.rid)


def _label(scope: Scope) -> None:
    label = scope.get("dnsLabel")
    if label and not (str(label).isalnum() and str(label)[0].isalpha() and len(str(label)) <= 15):
        raise Refusal(
            "InvalidParameter", f"dnsLabel '{label}' must be 1 to 15 letters and digits, a letter first"
        )


def _born(scope: Scope) -> None:
    """What comes with a VCN: a list that is open for SSH, an empty table, options, a resolver."""
    common = {"compartmentId": scope.get("compartmentId"), "vcnId": scope.id, "state": "AVAILABLE"}
    parts = {
        "Security List": (
            "Core.SecurityList",
            "securitylist",
            {
                "ingressSecurityRules": [
                    {"protocol": "6", "source": "0.0.0.0/0", "tcpOptions": {"min": 22, "max": 22}}
                ]
            },
        ),
        "Route Table": ("Core.RouteTable", "routetable", {"routeRules": []}),
        "DHCP Options": ("Core.DhcpOptions", "dhcpoptions", {"options": []}),
    }
    for title, (kind, word, more) in parts.items():
        id_ = scope.fill(f"ocid1.{word}.oc1.{{region}}.aaaaaaaa{{alnum52{word[:4]}}}")
        state = {**common, **more, "displayName": f"Default {title} for {scope.get('displayName')}"}
        scope.make(token(kind), id_, state)
        scope.state[f"default{title.replace(' ', '').replace('DHCP', 'Dhcp')}Id"] = id_
    scope.make(
        token(RESOLVER),
        scope.fill("ocid1.dnsresolver.oc1.{region}.aaaaaaaa{alnum52res}"),
        {"attachedVcnId": scope.id, "state": "ACTIVE", "displayName": scope.get("displayName")},
    )


RESOLVER = "Dns.VcnResolver"
"""The resolver that a VCN is born with, before anybody's program says what it does."""


def _domain_name(scope: Scope) -> Value:
    label = scope.get("dnsLabel")
    return f"{label}.oraclevcn.com" if label else None


def _router(scope: Scope) -> Value:
    return str(cidr(scope.get("cidrBlock"), "cidrBlock")[1])


def _vcn_of(scope: Scope, path: str) -> Value:
    row = scope.target(path)
    return row.state.get("vcnId") if row is not None else None


def _subnet_parts(scope: Scope) -> None:
    """Table and lists of a subnet are of its own VCN, and five lists at the most."""
    lists = scope.inputs.get("securityListIds") or []
    if len(lists) > 5:
        raise Refusal("LimitExceeded", "A subnet can be associated with at most 5 security lists")
    for path in ("routeTableId", "securityListIds"):
        vcn = _vcn_of(scope, path)
        if vcn not in (None, scope.get("vcnId")):
            raise Refusal("InvalidParameter", f"{path} is not in the VCN {scope.get('vcnId')}")


def _routes(scope: Scope) -> None:
    """Each destination once; only service gateways lead to services; a DRG must be attached to the VCN."""
    vcn = scope.get("vcnId") or _vcn_of(scope, "manageDefaultResourceId")
    seen: set[str] = set()
    for at, rule in enumerate(scope.inputs.get("routeRules") or []):
        destination = str(rule.get("destination"))
        if destination in seen:
            raise Refusal("InvalidParameter", f"routeRules: the destination {destination} is there twice")
        seen.add(destination)
        target = scope.target(f"routeRules[{at}].networkEntityId")
        services = rule.get("destinationType") == "SERVICE_CIDR_BLOCK"
        if not services:
            cidr(destination, "routeRules.destination")
        elif destination not in {services_label(region) for region in DOMESTIC}:
            raise Refusal("InvalidParameter", f"routeRules: there is no service CIDR label {destination}")
        if target is not None and services != (target.type == token("Core.ServiceGateway")):
            raise Refusal("InvalidParameter", f"routeRules: {destination} cannot lead to {target.id}")
        if target is not None and target.type == token("Core.Drg"):
            attached = [r for r in scope.store.linked(target.rid) if r.type == token("Core.DrgAttachment")]
            if not any((row.state.get("networkDetails") or {}).get("id") == vcn for row in attached):
                raise Refusal("InvalidParameter", f"The DRG {target.id} is not attached to the VCN {vcn}")


def _rule(scope: Scope) -> None:
    """A group's rule has the end that its direction asks for, and options of its own protocol."""
    ingress = scope.get("direction") == "INGRESS"
    wanted, other = ("source", "destination") if ingress else ("destination", "source")
    if not scope.inputs.get(wanted) or scope.inputs.get(other):
        raise Refusal("InvalidParameter", f"a rule of direction {scope.get('direction')} needs a {wanted}")
    kind = scope.inputs.get(f"{wanted}Type") or "CIDR_BLOCK"
    value = str(scope.inputs[wanted])
    if kind == "CIDR_BLOCK":
        cidr(value, wanted)
    elif kind == "SERVICE_CIDR_BLOCK" and value not in {services_label(r) for r in DOMESTIC}:
        raise Refusal("InvalidParameter", f"{wanted}: there is no service CIDR label {value}")
    elif kind == "NETWORK_SECURITY_GROUP" and scope.find(token("Core.NetworkSecurityGroup"), value) is None:
        raise Refusal(
            "NotAuthorizedOrNotFound", f"Authorization failed or requested resource not found: {value}", 404
        )
    for path in ("destinationPortRange", "sourcePortRange"):
        for protocol in ("tcpOptions", "udpOptions"):
            ports = (scope.inputs.get(protocol) or {}).get(path) or {}
            if ports and not 1 <= int(ports.get("min") or 0) <= int(ports.get("max") or 0) <= 65535:
                raise Refusal(
                    "InvalidParameter", f"{protocol}.{path} must be from 1 to 65535, min before max"
                )
    options = {"6": "tcpOptions", "17": "udpOptions", "1": "icmpOptions"}
    for protocol, option in options.items():
        if scope.inputs.get(option) and str(scope.get("protocol")) != protocol:
            raise Refusal("InvalidParameter", f"{option} are for protocol {protocol}")
    group = scope.target("networkSecurityGroupId")
    if group is not None and scope.old is None:
        have = [r for r in scope.store.linked(group.rid) if r.type == scope.type]
        if len([r for r in have if r.state.get("networkSecurityGroupId") == group.id]) >= 120:
            raise Refusal("LimitExceeded", "A network security group can have at most 120 security rules")


def _attachment(scope: Scope) -> None:
    """A VCN has one attachment to a DRG; the table is one of that DRG."""
    details = scope.get("networkDetails") or {}
    vcn = details.get("id") or scope.get("vcnId")
    if not vcn:
        raise Refusal("InvalidParameter", "networkDetails.id is required")
    _table_of_drg(scope)


def _table_of_drg(scope: Scope) -> None:
    """A table that an attachment names is one of the same gateway."""
    table = scope.target("drgRouteTableId")
    if table is not None and table.state.get("drgId") != scope.get("drgId"):
        raise Refusal("InvalidParameter", f"{table.id} is not a route table of {scope.get('drgId')}")


def _local_peering(scope: Scope) -> None:
    """Two networks that are peered have no address in common; one that others own is not known here."""
    peer = scope.target("peerId")
    ours, theirs = scope.target("vcnId"), peer and scope.find(token("Core.Vcn"), peer.state.get("vcnId"))
    if ours is None or not theirs:
        return
    for _, low, high in scope.store.overlapping(f"vcn:{ours.rid}", 0, 2**32 - 1):
        if scope.store.overlapping(f"vcn:{theirs.rid}", low, high):
            raise Refusal(
                "Conflict", f"The VCNs {ours.id} and {theirs.id} have overlapping CIDRs and cannot peer", 409
            )


def _circuit(scope: Scope) -> None:
    """A mapping's addresses are in one range of /28 to /31, and its VLAN is one."""
    for mapping in scope.inputs.get("crossConnectMappings") or []:
        ends = []
        for end in ("customerBgpPeeringIp", "oracleBgpPeeringIp"):
            if mapping.get(end):
                interface = ipaddress.IPv4Interface(mapping[end])
                if not 28 <= interface.network.prefixlen <= 31:
                    raise Refusal("InvalidParameter", f"{end} must use a subnet mask from /28 to /31")
                ends.append(interface.network)
        if len(set(ends)) > 1:
            raise Refusal("InvalidParameter", "The BGP peering addresses are not in one subnet")
        vlan = mapping.get("vlan")
        if vlan is not None and not 100 <= int(vlan) <= 4094:
            raise Refusal("InvalidParameter", f"vlan {vlan} must be between 100 and 4094")


def _up(scope: Scope) -> None:
    """A circuit's session, as it is at this moment."""
    lost = scope.lost("circuit")
    ids = {m.get("crossConnectOrCrossConnectGroupId") for m in scope.state.get("crossConnectMappings") or []}
    down = bool(lost & ({scope.id} | ids))
    scope.state["bgpSessionState"] = "DOWN" if down else "UP"


_TABLE_OF_SUBNET = hold("routeTableId", "Core.RouteTable")
TABLE: Mapping[str, Behaviour] = {
    "Core.Vcn": thing(
        "vcn",
        state="AVAILABLE",
        computed={"vcnDomainName": _domain_name, "cidrBlock": lambda s: (s.get("cidrBlocks") or [None])[0]},
        quota=Quota(50, Answer("LimitExceeded", "The maximum number of VCNs has been reached: {value}")),
        rules=(_claim_vcn, _label),
        made=(_born,),
    ),
    "Core.Subnet": thing(
        "subnet",
        state="AVAILABLE",
        computed={"virtualRouterIp": _router, "virtualRouterMac": "00:00:17:{hex2a}:{hex2b}:{hex2c}"},
        refs=(_TABLE_OF_SUBNET, hold("securityListIds[]", "Core.SecurityList")),
        unique=one("subnet-label:{vcnId}", "{dnsLabel}"),
        rules=(_claim_subnet, _label, _subnet_parts),
    ),
    "Core.SecurityList": thing("securitylist", state="AVAILABLE"),
    "Core.DefaultSecurityList": thing(
        "securitylist",
        id="{manageDefaultResourceId}",
        put=True,
        refs=(part("manageDefaultResourceId", "Core.SecurityList"),),
        computed={
            "compartmentId": lambda s: (
                (r := s.target("manageDefaultResourceId")) and r.state.get("compartmentId")
            )
        },
    ),
    "Core.RouteTable": thing(
        "routetable",
        state="AVAILABLE",
        refs=(hold("routeRules[].networkEntityId", *ENTITIES),),
        rules=(_routes,),
    ),
    "Core.DefaultRouteTable": thing(
        "routetable",
        id="{manageDefaultResourceId}",
        put=True,
        refs=(
            part("manageDefaultResourceId", "Core.RouteTable"),
            hold("routeRules[].networkEntityId", *ENTITIES),
        ),
        computed={
            "compartmentId": lambda s: (
                (r := s.target("manageDefaultResourceId")) and r.state.get("compartmentId")
            )
        },
        rules=(_routes,),
    ),
    "Core.RouteTableAttachment": thing(
        "routetableattachment",
        id="{subnetId}/{routeTableId}",
        put=True,
        refs=(_TABLE_OF_SUBNET, part("subnetId", "Core.Subnet")),
    ),
    "Core.ServiceGateway": thing(
        "servicegateway",
        state="AVAILABLE",
        computed={"blockTraffic": lambda _: False},
        refs=(name("services[].serviceId", "Core.Service"),),
        unique=one("servicegateway", "{vcnId}"),
    ),
    "Core.NatGateway": thing(
        "natgateway",
        state="AVAILABLE",
        computed={"natIp": "140.238.{digits2a}.{digits2b}"},
        refs=(_TABLE_OF_SUBNET,),
    ),
    "Core.InternetGateway": thing("internetgateway", state="AVAILABLE"),
    "Core.LocalPeeringGateway": thing(
        "localpeeringgateway",
        state="AVAILABLE",
        outside=r"ocid1\.localpeeringgateway\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "AVAILABLE", "peeringStatus": "NEW"},
        computed={"peeringStatus": lambda s: "PEERED" if s.get("peerId") else "NEW"},
        refs=(name("peerId", "Core.LocalPeeringGateway"),),
        rules=(_local_peering,),
    ),
    "Core.NetworkSecurityGroup": thing("networksecuritygroup", state="AVAILABLE"),
    "Core.NetworkSecurityGroupSecurityRule": thing(
        "rule",
        id="{hex6}",
        computed={"isValid": lambda _: True},
        refs=(part("networkSecurityGroupId", "Core.NetworkSecurityGroup"),),
        rules=(_rule,),
    ),
    "Core.CaptureFilter": thing("capturefilter", state="AVAILABLE"),
    "Core.PrivateIp": thing("privateip", state="AVAILABLE"),
    "Core.Drg": thing(
        "drg",
        state="AVAILABLE",
        outside=r"ocid1\.drg\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "AVAILABLE", "displayName": "hub"},
        computed={"redundancyStatus": "REDUNDANT"},
        quota=Quota(5, Answer("LimitExceeded", "The maximum number of DRGs has been reached: {value}")),
    ),
    "Core.DrgRouteTable": thing(
        "drgroutetable",
        state="AVAILABLE",
        refs=(hold("importDrgRouteDistributionId", "Core.DrgRouteDistribution"),),
    ),
    "Core.DrgRouteDistribution": thing("drgroutedistribution", state="AVAILABLE"),
    "Core.DrgRouteDistributionStatement": thing(
        "statement",
        id="{drgRouteDistributionId}/statements/{hex8}",
        refs=(part("drgRouteDistributionId", "Core.DrgRouteDistribution"),),
        unique=one("statement:{drgRouteDistributionId}", "{priority}"),
    ),
    "Core.DrgRouteTableRouteRule": thing(
        "routerule",
        id="{drgRouteTableId}/routeRules/{hex8}",
        computed={"routeType": "STATIC", "routeProvenance": "STATIC", "isBlackhole": lambda _: False},
        refs=(
            part("drgRouteTableId", "Core.DrgRouteTable"),
            hold("nextHopDrgAttachmentId", "Core.DrgAttachment"),
        ),
        unique=one("drg-route:{drgRouteTableId}", "{destination}"),
    ),
    "Core.DrgAttachment": thing(
        "drgattachment",
        state="ATTACHED",
        computed={
            "compartmentId": lambda s: (r := s.target("networkDetails")) and r.state.get("compartmentId")
        },
        refs=(
            hold("drgId", "Core.Drg"),
            hold("networkDetails.id", "Core.Vcn"),
            hold("drgRouteTableId", "Core.DrgRouteTable"),
        ),
        unique=one("attached", "{networkDetails.id}"),
        rules=(_attachment,),
    ),
    "Core.DrgAttachmentManagement": thing(
        "drgattachment",
        state="ATTACHED",
        put=True,
        refs=(
            hold("drgId", "Core.Drg"),
            part("networkId", "Core.VirtualCircuit"),
            hold("drgRouteTableId", "Core.DrgRouteTable"),
        ),
        unique=one("managed", "{networkId}"),
        rules=(_table_of_drg,),
    ),
    "Core.CrossConnect": thing(
        "crossconnect",
        state="PROVISIONED",
        outside=r"ocid1\.crossconnect\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "PROVISIONED", "displayName": "delivered"},
    ),
    "Core.CrossConnectGroup": thing(
        "crossconnectgroup",
        state="PROVISIONED",
        outside=r"ocid1\.crossconnectgroup\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "PROVISIONED", "displayName": "delivered"},
    ),
    "Core.VirtualCircuit": thing(
        "virtualcircuit",
        state="PROVISIONED",
        computed={
            "oracleBgpAsn": lambda _: 31898,
            "bgpManagement": "CUSTOMER_MANAGED",
            "serviceType": "COLOCATED",
            "providerState": "ACTIVE",
            "bgpSessionState": "UP",
        },
        refs=(
            hold("gatewayId", "Core.Drg"),
            name(
                "crossConnectMappings[].crossConnectOrCrossConnectGroupId",
                "Core.CrossConnect",
                "Core.CrossConnectGroup",
            ),
        ),
        rules=(_circuit,),
        reading=(_up,),
    ),
}
