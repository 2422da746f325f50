"""Circuits of one network: router, VLAN attachments, BGP with filters, an alarm when one is down."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pulumi
import pulumi_gcp as gcp

from components.contract import NetworkGives
from components.derive import beyond
from components.google import facts
from components.google.iaas.filtering import whole_blocks
from components.room import Room
from stacks.plan import CircuitPlan, CloudPlan, NetworkPlan
from stacks.text import Text

PARTNER = "partner/"
"""Starts a circuit's id where it is a carrier's (Partner Interconnect): the order number follows."""
PARTNER_ASN = 16550
"""The AS number that a router with Partner attachments must have (Cloud Interconnect documentation)."""
DOMAINS = ("AVAILABILITY_DOMAIN_1", "AVAILABILITY_DOMAIN_2")
BANDWIDTHS: tuple[tuple[int, str], ...] = (
    (50, "BPS_50M"),
    (100, "BPS_100M"),
    (200, "BPS_200M"),
    (300, "BPS_300M"),
    (400, "BPS_400M"),
    (500, "BPS_500M"),
    (1_000, "BPS_1G"),
    (2_000, "BPS_2G"),
    (5_000, "BPS_5G"),
    (10_000, "BPS_10G"),
    (20_000, "BPS_20G"),
    (50_000, "BPS_50G"),
    (100_000, "BPS_100G"),
)
"""Bandwidths of an attachment, Mbit/s (Compute Engine API, InterconnectAttachment)."""
CIRCUIT_DOWN = Text("LGWAN回線が切れています", "A circuit to LGWAN is down")


def bandwidth(mbps: int) -> str:
    """The smallest bandwidth on offer that is not below `mbps`. Raises ValueError above the largest."""
    chosen = next((name for most, name in BANDWIDTHS if most >= mbps), None)
    if chosen is None:
        raise ValueError(f"no VLAN attachment has {mbps} Mbit/s")
    return chosen


def is_partner(circuit: CircuitPlan) -> bool:
    """Whether the circuit is a carrier's Partner Interconnect."""
    return circuit.id is not None and circuit.id.startswith(PARTNER)


def router_asn(plan: CloudPlan) -> int:
    """The AS number of the cloud side: Google's own where a circuit is a carrier's, else the manifest's."""
    return PARTNER_ASN if any(is_partner(c) for c in plan.circuits.values()) else plan.lgwan.asn


def domain(circuit: CircuitPlan, place: int) -> str:
    """The edge availability domain: as the manifest says it, else in turn, so that two circuits differ."""
    return circuit.location if circuit.location in DOMAINS else DOMAINS[place % len(DOMAINS)]


def advertised(network: NetworkPlan) -> tuple[IPv4Network, ...]:
    """What the town hall is told: the blocks that it may reach, and where names are asked from."""
    ranges = list(whole_blocks(network).values())
    if network.dns.on_premises:
        ranges.append(IPv4Network(facts.DNS_FORWARDER))
    return tuple(sorted(ranges))


def accepting(ranges: tuple[IPv4Network, ...]) -> str:
    """A condition of a BGP route policy: the announced range is one of `ranges` or part of one."""
    known = ", ".join(f"prefix('{cidr}').orLonger()" for cidr in ranges)
    return f"destination.inAnyRange([{known}])"


class Circuits:
    """Builds the circuits of one network. `router` is the id of its Cloud Router."""

    def __init__(
        self, room: Room, network: NetworkPlan, made: NetworkGives, place: int, alarms: pulumi.Output[str]
    ) -> None:
        """Make them under `room`; `place` is the network's in the manifest, `alarms` who is told."""
        self._room, self._plan, self._network = room, room.plan, network
        self._place, self._alarms = place, alarms
        router = gcp.compute.Router(
            self._child("router"),
            name=self._name("router"),
            network=made.id,
            region=self._plan.region,
            bgp={
                "asn": router_asn(self._plan),
                "advertise_mode": "CUSTOM",
                "advertised_ip_ranges": [
                    {"range": str(cidr), "description": "reachable from the town hall"}
                    for cidr in advertised(network)
                ],
            },
            opts=room.opts(keep=True),
        )
        self.router = router.id
        self._router = router
        ordered = [c for c in self._plan.circuits.values() if c.id is not None]
        # A carrier's router speaks BGP by itself: its sessions take no policy of ours until they exist.
        policy = self._policy() if any(not is_partner(c) for c in ordered) else None
        for number, circuit in self._plan.circuits.items():
            if circuit.id is not None:
                self._circuit(circuit, circuit.id, number, policy)

    def _child(self, *parts: str) -> str:
        return self._room.child("-".join((self._network.key, *parts)))

    def _name(self, *parts: str) -> str:
        return self._plan.name(self._network.key, *parts)

    def _policy(self) -> gcp.compute.RouterRoutePolicy:
        """What may be learnt: the ranges that the allow list names beyond the network, and nothing else."""
        return gcp.compute.RouterRoutePolicy(
            self._child("accepted"),
            name=self._name("accepted"),
            router=self._router.name,
            region=self._plan.region,
            type="ROUTE_POLICY_TYPE_IMPORT",
            terms=[
                {
                    "priority": 1,
                    "match": {"expression": accepting(beyond(self._network))},
                    "actions": [{"expression": "accept()"}],
                },
                {
                    "priority": 2,
                    "match": {"expression": "destination.inAnyRange([prefix('0.0.0.0/0').orLonger()])"},
                    "actions": [{"expression": "drop()"}],
                },
            ],
            opts=self._room.opts(),
        )

    def _circuit(
        self, circuit: CircuitPlan, id_: str, number: int, policy: gcp.compute.RouterRoutePolicy | None
    ) -> None:
        """The attachment on a circuit, and the BGP session over it unless the carrier makes it."""
        partner = is_partner(circuit)
        attachment = gcp.compute.InterconnectAttachment(
            self._child("circuit", circuit.key),
            name=self._name(circuit.key),
            description=f"{circuit.key} ({circuit.location})",
            region=self._plan.region,
            router=self._router.id,
            type="PARTNER" if partner else "DEDICATED",
            interconnect=None if partner else id_,
            edge_availability_domain=domain(circuit, number) if partner else None,
            bandwidth=None if partner else bandwidth(circuit.bandwidth_mbps),
            # Each network has a VLAN of its own on the circuit, in the manifest's order.
            vlan_tag8021q=None if partner else circuit.vlan + self._place,
            mtu="1460",
            opts=self._room.opts(),
        )
        if not partner:
            self._session(circuit, attachment, policy)
        self._alarm(circuit, attachment)

    def _session(
        self,
        circuit: CircuitPlan,
        attachment: gcp.compute.InterconnectAttachment,
        policy: gcp.compute.RouterRoutePolicy | None,
    ) -> None:
        """The BGP session with the town hall's router; Google chooses both addresses."""
        interface = gcp.compute.RouterInterface(
            self._child("circuit", circuit.key, "interface"),
            name=self._name(circuit.key),
            router=self._router.name,
            region=self._plan.region,
            ip_range=attachment.cloud_router_ip_address,
            interconnect_attachment=attachment.self_link,
            opts=self._room.opts(),
        )
        gcp.compute.RouterPeer(
            self._child("circuit", circuit.key, "session"),
            name=self._name(circuit.key),
            router=self._router.name,
            region=self._plan.region,
            interface=interface.name,
            peer_asn=circuit.asn,
            peer_ip_address=attachment.customer_router_ip_address.apply(
                lambda address: address.split("/")[0]
            ),
            # Both circuits alike: which of them is better is the town hall's to say.
            advertised_route_priority=100,
            import_policies=None if policy is None else [policy.name],
            bfd={"session_initialization_mode": "ACTIVE"},
            opts=self._room.opts(),
        )

    def _alarm(self, circuit: CircuitPlan, attachment: gcp.compute.InterconnectAttachment) -> None:
        """The attachment is not operational, or nothing is heard of it."""
        found = attachment.name.apply(
            lambda name: (
                'resource.type="interconnect_attachment" AND '
                'metric.type="interconnect.googleapis.com/network/attachment/operational" AND '
                f'resource.label.attachment="{name}"'
            )
        )
        series: list[Any] = [{"alignment_period": "60s", "per_series_aligner": "ALIGN_NEXT_OLDER"}]
        gcp.monitoring.AlertPolicy(
            self._child("circuit", circuit.key, "alarm"),
            display_name=self._name(circuit.key, "down"),
            combiner="OR",
            conditions=[
                {
                    "display_name": "down",
                    "condition_threshold": {
                        "filter": found,
                        "comparison": "COMPARISON_LT",
                        "threshold_value": 1,
                        "duration": "180s",
                        "aggregations": series,
                        "trigger": {"count": 1},
                    },
                },
                {
                    "display_name": "silent",
                    "condition_absent": {"filter": found, "duration": "600s", "aggregations": series},
                },
            ],
            documentation={
                "content": f"{CIRCUIT_DOWN.ja} / {CIRCUIT_DOWN.en}: {circuit.key} ({circuit.location})",
                "mime_type": "text/markdown",
            },
            notification_channels=[self._alarms],
            severity="CRITICAL",
            opts=self._room.opts(),
        )
