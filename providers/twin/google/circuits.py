"""Cloud Interconnect: routers, VLAN attachments, BGP sessions and their filters."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.network import NETWORK, named
from providers.twin.google.words import bad, compute, hold, item, part, token
from providers.twin.scope import Scope

_PRIVATE_ASN = ((64512, 65534), (4200000000, 4294967294))
PARTNER_ASN = 16550


def _asn(scope: Scope) -> None:
    """A private AS number, or Google's own for partners (Cloud Router documentation)."""
    asn = scope.get("bgp.asn")
    known = asn is None or asn == PARTNER_ASN
    if not known and not any(low <= int(str(asn).split(".")[0]) <= high for low, high in _PRIVATE_ASN):
        raise bad(f"'{asn}' for field 'resource.bgp.asn': not a private AS number")


def _attachment(scope: Scope) -> None:
    """A carrier's attachment has a domain and takes no interconnect; a dedicated one is the reverse."""
    partner = scope.get("type") == "PARTNER"
    if partner == bool(scope.inputs.get("interconnect")):
        raise bad("'interconnect' is for attachments of type DEDICATED, and needed there")
    router = scope.target("router")
    if partner and router is not None and (router.state.get("bgp") or {}).get("asn") != PARTNER_ASN:
        raise bad(f"the router of a PARTNER attachment must have ASN {PARTNER_ASN}")
    vlan = scope.inputs.get("vlanTag8021q")
    if vlan is not None and not 2 <= int(vlan) <= 4093:
        raise bad(f"VLAN tag {vlan} is not in 2..4093")
    for row in scope.rows(token("compute.InterconnectAttachment")):
        same = row.state.get("interconnect") == scope.get("interconnect") and not partner
        if row.rid != scope.rid and same and row.state.get("vlanTag8021q") == vlan:
            raise bad(f"VLAN tag {vlan} is already used on '{scope.get('interconnect')}' by '{row.id}'")


def _arrive(scope: Scope) -> None:
    """What Google decides about an attachment: addresses of the session, or the pairing key."""
    if scope.get("type") == "PARTNER":
        domain = str(scope.get("edgeAvailabilityDomain") or "any").rsplit("_", 1)[-1].lower()
        scope.state.update(state="PENDING_PARTNER", pairingKey=f"{scope.uuid()}/{scope.region}/{domain}")
        return
    third = int(scope.hex(4), 16) % 8192
    base = f"169.254.{third // 32}.{third % 32 * 8}"
    first, last = base.rsplit(".", 1)
    scope.state.update(
        state="ACTIVE",
        cloudRouterIpAddress=f"{first}.{int(last) + 1}/29",
        customerRouterIpAddress=f"{first}.{int(last) + 2}/29",
    )


def _lost(scope: Scope) -> None:
    """A circuit that is out of order shows in its attachment."""
    if scope.lost("circuit") & {scope.id, str(scope.state.get("name")), str(scope.state.get("interconnect"))}:
        scope.state = {**scope.state, "state": "OS_DOWN"}


def _peer(scope: Scope) -> None:
    router = scope.target("router")
    if router is not None and (router.state.get("bgp") or {}).get("asn") == scope.get("peerAsn"):
        raise bad(f"peer ASN {scope.get('peerAsn')} is the router's own")
    wanted = [str(policy) for policy in scope.get("importPolicies") or []]
    known = {
        row.state.get("name")
        for row in scope.rows(token("compute.RouterRoutePolicy"))
        if router is not None and row.state.get("router") in (router.state.get("name"), router.id)
    }
    for policy in wanted:
        if policy not in known:
            raise bad(f"the router has no route policy '{policy}'")


_ROUTER = "projects/{unit}/regions/{region}/routers/{router}"

TABLE: Mapping[str, Behaviour] = {
    "compute.Router": compute(
        "regions/{region}/routers/{name}",
        "Router",
        "name network region encryptedInterconnectRouter",
        refs=(NETWORK,),
        computed={"creationTimestamp": "{now}"},
        rules=(named, _asn),
    ),
    "compute.Interconnect": item(
        "projects/{unit}/global/interconnects/{name}",
        "compute",
        "compute:v1:Interconnect",
        "name location linkType interconnectType",
        everywhere=True,
        outside=r"projects/[a-z][a-z0-9-]{4,28}[a-z0-9]/global/interconnects/[a-z][a-z0-9-]*",
        arrival={
            "name": lambda s: s.id.rsplit("/", 1)[-1],
            "operationalStatus": "OS_ACTIVE",
            "state": "ACTIVE",
        },
        computed={"operationalStatus": "OS_ACTIVE", "state": "ACTIVE"},
    ),
    "compute.InterconnectAttachment": compute(
        "regions/{region}/interconnectAttachments/{name}",
        "InterconnectAttachment",
        "name region router interconnect type edgeAvailabilityDomain vlanTag8021q candidateSubnets encryption"
        " ipsecInternalAddresses stackType",
        refs=(hold("router", "compute.Router"), hold("interconnect", "compute.Interconnect")),
        defaults={"adminEnabled": True, "type": "DEDICATED"},
        computed={
            "creationTimestamp": "{now}",
            "googleReferenceId": "{digits10}",
            "encryption": "NONE",
            "bandwidth": "BPS_10G",
        },
        rules=(named, _attachment),
        made=(_arrive,),
        reading=(_lost,),
    ),
    "compute.RouterInterface": item(
        "{region}/{router}/{name}",
        "compute",
        "compute:v1:RouterInterface",
        "name router region interconnectAttachment ipRange vpnTunnel subnetwork privateIpAddress",
        refs=(
            part("router", "compute.Router"),
            hold("interconnectAttachment", "compute.InterconnectAttachment"),
        ),
        computed={"ipVersion": "IPV4"},
    ),
    "compute.RouterPeer": item(
        _ROUTER + "/{name}",
        "compute",
        "compute:v1:RouterBgpPeer",
        "name router region",
        refs=(part("router", "compute.Router"), hold("interface", "compute.RouterInterface")),
        defaults={"enable": True, "advertiseMode": "DEFAULT", "advertisedRoutePriority": 100},
        computed={
            "managementType": "MANAGED_BY_USER",
            "ipAddress": lambda s: (
                str(row.state.get("ipRange", "")).split("/")[0] if (row := s.target("interface")) else ""
            ),
        },
        rules=(_peer,),
    ),
    "compute.RouterRoutePolicy": item(
        _ROUTER + "/routePolicies/{name}",
        "compute",
        "compute:v1:RoutePolicy",
        "name router region",
        refs=(part("router", "compute.Router"),),
        computed={"fingerprint": "{alnum12}"},
        fresh=frozenset({"fingerprint"}),
    ),
}
