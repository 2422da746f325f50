"""The closed connection: circuits, routers, routes and names between the town hall and the tenant.

Own circuits: Cloud Interconnect × 2 in two edge availability domains. A VLAN attachment ends in the
Cloud Router of one network, so each network has attachments of its own on the same circuits, with
VLANs of their own: bodies that are isolated by network share a fibre and nothing else. A hub: our
networks are spokes of somebody else's Network Connectivity Center hub.

Segments of 三層の対策 are subnets of one network, and a VPC has one table of routes, so routes do not
keep them apart. What is told to the town hall is exactly those blocks that the allow list lets it
reach; what is learnt from it are the planned ranges and nothing else; and firewall rules hold for
every machine, whatever the routes say.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.contract import BaselineGives, IaasGives, LgwanGives, NetworkGives
from components.google.iaas.filtering import whole_blocks
from components.google.lgwan.circuits import Circuits
from components.google.lgwan.names import names
from components.room import Room
from stacks.plan import CloudPlan, NetworkPlan

TYPE = "jichitai:google:Lgwan"


class Lgwan(pulumi.ComponentResource):
    """The connection of one tenant. `connect` joins the networks to it once they exist."""

    gives: LgwanGives

    def __init__(
        self, name: str, plan: CloudPlan, given: BaselineGives, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._room, self._plan, self._given = Room(name, plan, self), plan, given
        gateway = plan.lgwan.gateway if plan.lgwan.mode == "hub" else None
        self._tables: dict[str, pulumi.Output[str]] = {}
        self.gives = LgwanGives(
            # Own circuits end in a router of each network, which is made with it: there is no gateway.
            gateway=None if gateway is None else pulumi.Output.from_input(gateway),
            tables=self._tables,
            awaiting=plan.lgwan.awaiting,
        )

    def connect(self, iaas: IaasGives) -> None:
        """Join each network: the circuits or the hub, and names both ways.

        Names are made while circuits are awaited too: they need none.
        """
        for place, (key, made) in enumerate(iaas.networks.items()):
            network = self._plan.networks[key]
            names(self._room, network, made)
            if self._plan.lgwan.mode == "own":
                circuits = Circuits(self._room, network, made, place, self._given.alarms)
                self._tables[key] = circuits.router
            elif self.gives.gateway is not None:
                self._spoke(network, made, self.gives.gateway)
        self.register_outputs(
            {
                "gateway": self.gives.gateway,
                "tables": dict(self._tables),
                "awaiting": list(self.gives.awaiting),
            }
        )

    def _spoke(self, network: NetworkPlan, made: NetworkGives, hub: pulumi.Output[str]) -> None:
        """The network as a spoke of the hub, which learns of the reachable blocks and of no other."""
        gcp.networkconnectivity.Spoke(
            self._room.child(f"spoke-{network.key}"),
            name=self._plan.name("lgwan", network.key),
            hub=hub,
            location="global",
            description=f"{self._plan.prefix} {network.key}",
            linked_vpc_network={
                "uri": made.id,
                "include_export_ranges": [str(cidr) for cidr in whole_blocks(network).values()],
            },
            opts=self._room.opts(),
        )
