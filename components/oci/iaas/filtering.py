"""The allow list as rules of network security groups, both ways of each flow. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from components.oci.facts import SERVICE_PORTS
from stacks.plan import Flow, NetworkPlan, Peer

PROTOCOLS = {"tcp": "6", "udp": "17"}
"""IANA protocol numbers, as the API takes them."""
SESSION_PORT = 22


@dataclass(frozen=True, slots=True)
class GroupRule:
    """One rule of `group`: what may enter it from (or leave it to) `peer`, on ports `low` to `high`.

    `kind` is what `peer` is: a group of the network, a range, or Oracle's services of the region.
    """

    group: str
    direction: Literal["INGRESS", "EGRESS"]
    protocol: str
    low: int
    high: int
    kind: Literal["group", "range", "services"]
    peer: str
    reason: str

    @property
    def key(self) -> str:
        """A name that no other rule of the network has, and that does not depend on their order."""
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        way = "in" if self.direction == "INGRESS" else "out"
        return f"{self.group}-{way}-{self.protocol}-{ports}-{self.peer.replace('/', '-')}"


ANYWHERE = "0.0.0.0/0"
"""The peer of an approved exception: routes lead there by the firewall alone, which knows the hosts."""


def rules(network: NetworkPlan) -> tuple[GroupRule, ...]:
    """Every rule of `network`, each once."""
    found = {rule.key: rule for flow in network.flows for rule in _rules(flow)}
    return tuple(found.values())


def _rules(flow: Flow) -> Iterator[GroupRule]:
    spans = SERVICE_PORTS.get(flow.port, ((flow.protocol, flow.port, flow.port),))
    for protocol, low, high in spans:
        if flow.source.kind == "group":
            for kind, peer in _peers(flow.target):
                yield GroupRule(flow.source.key, "EGRESS", protocol, low, high, kind, peer, flow.reason)
        if flow.target.kind == "group":
            for kind, peer in _peers(flow.source):
                yield GroupRule(flow.target.key, "INGRESS", protocol, low, high, kind, peer, flow.reason)


def _peers(peer: Peer) -> Iterator[tuple[Literal["group", "range", "services"], str]]:
    """A peer as rules name it: one range a rule, as OCI has it."""
    if peer.kind == "group":
        yield "group", peer.key
    elif peer.kind == "ranges":
        for cidr in peer.ranges:
            yield "range", str(cidr)
    elif peer.key == "internet-exception":
        yield "range", ANYWHERE
    else:
        yield "services", "services"
