"""Networks, subnets, addresses, routes and firewalls."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from providers.twin.behaviour import Answer, Behaviour, Quota
from providers.twin.google.words import bad, compute, hold, item, part, token
from providers.twin.scope import Scope
from providers.twin.store import Row
from providers.wire import Value

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


def named(scope: Scope) -> None:
    """A rule: the name is one that Compute Engine takes (RFC 1035)."""
    if not _NAME.fullmatch(str(scope.get("name") or "")):
        raise bad(
            f"'{scope.get('name')}' for field 'resource.name'. Must be a match of regex"
            " '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'"
        )


def network_range(text: str) -> ipaddress.IPv4Network:
    """The range `text`; refused when it is none or has host bits."""
    try:
        return ipaddress.IPv4Network(text, strict=True)
    except ValueError:
        raise bad(f"'{text}' is not a valid IP range") from None


def _claim(scope: Scope) -> None:
    """A subnet's range overlaps no other of its network; /4 to /29 (VPC documentation)."""
    network = scope.target("network")
    if network is None:
        return
    found = network_range(str(scope.get("ipCidrRange") or ""))
    if found.prefixlen > 29:
        raise bad(f"'{found}': the smallest subnet is /29")
    if scope.get("purpose") == "REGIONAL_MANAGED_PROXY" and found.prefixlen > 26:
        raise bad(f"'{found}': a proxy-only subnet needs at least 64 addresses (/26)")
    where = f"gcp-subnets:{network.rid}"
    scope.store.drop_spans(where, scope.rid)
    more = [network_range(str(text)) for text in scope.all("secondaryIpRanges[].ipCidrRange")]
    for one in (found, *more):
        low, high = int(one.network_address), int(one.broadcast_address)
        if scope.store.overlapping(where, low, high):
            raise bad(f"IP range '{one}' conflicts with an existing range of network '{network.id}'")
        scope.store.add_span(where, low, high, scope.rid)


def _one_proxy(scope: Scope) -> None:
    """One active proxy-only subnet a network and region."""
    if scope.get("purpose") != "REGIONAL_MANAGED_PROXY" or scope.get("role") != "ACTIVE":
        return
    network = scope.target("network")
    for row in scope.rows(token("compute.Subnetwork")):
        same = network is not None and row.state.get("network") in (network.id, network.state.get("selfLink"))
        if row.rid != scope.rid and same and row.state.get("role") == "ACTIVE":
            raise bad(
                f"network '{network.id if network else ''}' has an active proxy-only subnet: '{row.id}'"
            )


def _subnet_of(scope: Scope) -> Row | None:
    return scope.target("subnetwork")


def _take(scope: Scope, subnet: Row, wanted: str | None, taken: str) -> str:
    """An address of a subnet: as asked for if it is free, else the next free one."""
    space = network_range(str(subnet.state["ipCidrRange"]))
    where = f"gcp-addresses:{subnet.rid}"
    # The first two and the last two are Google's (VPC documentation, "Unusable addresses").
    low, high = int(space.network_address) + 2, int(space.broadcast_address) - 2
    if wanted:
        number = int(ipaddress.IPv4Address(wanted))
        if not low <= number <= high:
            raise bad(f"'{wanted}' is not a usable address of subnetwork '{subnet.id}'")
        if scope.store.overlapping(where, number, number):
            raise bad(f"IP '{wanted}' is already being used by another resource{taken}")
    else:
        number = next((n for n in range(low, high + 1) if not scope.store.overlapping(where, n, n)), 0)
        if not number:
            raise bad(f"subnetwork '{subnet.id}' has no free address")
    scope.store.add_span(where, number, number, scope.rid)
    return str(ipaddress.IPv4Address(number))


def take_address(scope: Scope, property_: str = "address") -> None:
    """Gives the resource an address of its subnet, in `property_`."""
    subnet = _subnet_of(scope)
    if scope.old is None and subnet is not None:
        scope.state[property_] = _take(scope, subnet, scope.inputs.get(property_), "")


def _outside_subnets(scope: Scope) -> None:
    """The address of Google's services lies in no subnet of the network."""
    network = scope.target("network")
    if scope.get("purpose") != "PRIVATE_SERVICE_CONNECT" or network is None or not scope.get("address"):
        return
    number = int(ipaddress.IPv4Address(str(scope.get("address"))))
    if scope.store.overlapping(f"gcp-subnets:{network.rid}", number, number):
        raise bad(f"IP '{scope.get('address')}' is in a subnetwork of '{network.id}'")


def _subnets(scope: Scope, network: Row) -> list[tuple[int, int, int]]:
    return scope.store.overlapping(f"gcp-subnets:{network.rid}", 0, 2**32 - 1)


def _route(scope: Scope) -> None:
    hops = ("nextHopGateway", "nextHopIlb", "nextHopInstance", "nextHopIp", "nextHopVpnTunnel")
    if sum(bool(scope.inputs.get(hop)) for hop in hops) != 1:
        raise bad("exactly one next hop must be given")
    found, network = network_range(str(scope.get("destRange"))), scope.target("network")
    if network is None:
        return
    low, high = int(found.network_address), int(found.broadcast_address)
    if any(start <= low and high <= end for _, start, end in _subnets(scope, network)):
        raise bad(f"destRange '{found}' hides the address space of a subnetwork of '{network.id}'")


def _firewall(scope: Scope) -> None:
    """One of allow and deny; ranges or tags that fit the direction; at most 256 ranges."""
    if bool(scope.inputs.get("allows")) == bool(scope.inputs.get("denies")):
        raise bad("exactly one of allow or deny must be given")
    egress = scope.get("direction") == "EGRESS"
    if egress and (scope.inputs.get("sourceRanges") or scope.inputs.get("sourceTags")):
        raise bad("an egress rule has no source tags or source ranges of tags")
    if not egress and scope.inputs.get("destinationRanges") and not scope.inputs.get("sourceRanges"):
        raise bad("an ingress rule needs a source")
    for path in ("sourceRanges[]", "destinationRanges[]"):
        for text in scope.all(path):
            network_range(str(text))


def _policy_rules(scope: Scope) -> None:
    seen: set[Value] = set()
    for rule in scope.get("rules") or []:
        if rule.get("priority") in seen:
            raise bad(f"the rule with priority {rule.get('priority')} is there twice")
        seen.add(rule.get("priority"))


def _global(short: str) -> str:
    return "global/" + short + "/{name}"


def _regional(short: str) -> str:
    return "regions/{region}/" + short + "/{name}"


NETWORK: Final = hold("network", "compute.Network")

TABLE: Mapping[str, Behaviour] = {
    "compute.Network": compute(
        _global("networks"),
        "Network",
        "name autoCreateSubnetworks internalIpv6Range networkProfile description",
        defaults={
            "autoCreateSubnetworks": True,
            "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL",
        },
        computed={"networkId": "{digits19}", "numericId": "{digits19}", "mtu": lambda _: 1460},
        rules=(named,),
        quota=Quota(15, Answer("quotaExceeded", "Quota 'NETWORKS' exceeded. Limit: {value} globally.", 403)),
    ),
    "compute.Subnetwork": compute(
        _regional("subnetworks"),
        "Subnetwork",
        "name network region purpose description",
        grows=frozenset({"ipCidrRange"}),
        refs=(NETWORK,),
        defaults={"stackType": "IPV4_ONLY"},
        computed={
            "purpose": "PRIVATE",
            "gatewayAddress": lambda s: str(network_range(str(s.get("ipCidrRange")))[1]),
            "creationTimestamp": "{now}",
            "subnetworkId": lambda s: int(s.fill("{digits12}")),
        },
        rules=(named, _claim, _one_proxy),
    ),
    "compute.Address": compute(
        _regional("addresses"),
        "Address",
        "name region address addressType subnetwork purpose network prefixLength",
        refs=(hold("subnetwork", "compute.Subnetwork"), NETWORK),
        defaults={"addressType": "EXTERNAL"},
        computed={
            "creationTimestamp": "{now}",
            "purpose": lambda s: "GCE_ENDPOINT" if s.get("addressType") == "INTERNAL" else None,
        },
        rules=(named, take_address),
    ),
    "compute.GlobalAddress": compute(
        _global("addresses"),
        "Address",
        "name address addressType purpose network prefixLength",
        refs=(NETWORK,),
        defaults={"addressType": "EXTERNAL"},
        computed={"creationTimestamp": "{now}"},
        rules=(named, _outside_subnets),
    ),
    "compute.Route": compute(
        _global("routes"),
        "Route",
        "name network destRange nextHopGateway nextHopIlb nextHopInstance nextHopIp nextHopVpnTunnel priority"
        " tags description",
        refs=(NETWORK,),
        computed={"creationTimestamp": "{now}"},
        rules=(named, _route),
    ),
    "compute.Firewall": compute(
        _global("firewalls"),
        "Firewall",
        "name network direction",
        refs=(NETWORK,),
        defaults={"direction": "INGRESS", "priority": 1000},
        computed={"creationTimestamp": "{now}"},
        rules=(named, _firewall),
    ),
    "compute.NetworkFirewallPolicyWithRules": compute(
        _global("firewallPolicies"),
        "FirewallPolicy",
        "name",
        computed={
            "networkFirewallPolicyId": "{digits12}",
            "selfLinkWithId": "https://www.googleapis.com/compute/v1/{id}",
            "fingerprint": "{alnum12}",
            "creationTimestamp": "{now}",
        },
        rules=(named, _policy_rules),
    ),
    "compute.NetworkFirewallPolicyAssociation": item(
        "projects/{unit}/global/firewallPolicies/{firewallPolicy}/associations/{name}",
        "compute",
        "compute:v1:FirewallPolicyAssociation",
        "name attachmentTarget firewallPolicy",
        refs=(
            hold("firewallPolicy", "compute.NetworkFirewallPolicyWithRules"),
            part("attachmentTarget", "compute.Network"),
        ),
        computed={"shortName": "{name}"},
        everywhere=True,
    ),
}
