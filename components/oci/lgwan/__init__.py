"""The closed connection: circuits, gateway, routes and names between the town hall and the tenant.

Own circuits: FastConnect virtual circuits on two cross-connects → dynamic routing gateway. A hub: our
networks attach to somebody else's gateway, whose route tables are theirs.

The segments of 三層の対策 are subnets of one network and share its attachment. They are kept apart by
routes: the circuits' table holds exactly those blocks that the allow list lets the town hall reach, and
what is in no table is told to nobody; each network has a table of its own that learns from circuits only,
never from another network; and in a network only the segments that talk to the town hall have routes to
it, for the planned ranges and nothing else. A network's attachment and routes are made with the network
(`iaas`), because OCI writes a subnet's routes in one table.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pulumi
import pulumi_oci as oci

from components.contract import BaselineGives, IaasGives, LgwanGives
from components.oci.lgwan import interconnect
from components.oci.lgwan.names import names
from components.oci.place import place
from stacks.addressing import block
from stacks.plan import CircuitPlan, CloudPlan, JoinPlan
from stacks.text import Text

TYPE = "jichitai:oci:Lgwan"

CIRCUITS = "circuits"
"""Key of the gateway's table for what comes from the circuits; networks have their own keys."""
BANDWIDTHS: tuple[tuple[int, str], ...] = (
    (1_000, "1 Gbps"),
    (2_000, "2 Gbps"),
    (5_000, "5 Gbps"),
    (10_000, "10 Gbps"),
    (100_000, "100 Gbps"),
)
"""Megabits and names of FastConnect's bandwidth shapes (FastConnect documentation, "Bandwidth shapes")."""
CIRCUIT_DOWN = Text("LGWAN回線が切れています", "A circuit to LGWAN is down")


def bandwidth(megabits: int) -> str:
    """The least shape that carries `megabits`, or the largest."""
    return next((name for most, name in BANDWIDTHS if most >= megabits), BANDWIDTHS[-1][1])


def peering(space: IPv4Network, number: int) -> tuple[IPv4Address, IPv4Address, int]:
    """Addresses of a circuit's BGP session, the town hall's and Oracle's, and their prefix length.

    A /30 (the API takes /28 to /31) of the `reserve` block, which has no subnet: so they collide with
    nothing that the manifest's check of ranges has passed.
    """
    reserve = block(space, "reserve")
    base = reserve.network_address + 4 * number
    return base + 1, base + 2, 30


class Lgwan(pulumi.ComponentResource):
    """The connection of one tenant. `connect` gives the networks their names once they exist."""

    gives: LgwanGives

    def __init__(
        self,
        name: str,
        plan: CloudPlan,
        given: BaselineGives,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._plan = plan
        self._place = place("lgwan", name, plan, self, given)
        self._tables: dict[str, pulumi.Output[str]] = {}
        gateway = self._own() if plan.lgwan.mode == "own" else self._hub()
        self.gives = LgwanGives(gateway=gateway, tables=dict(self._tables), awaiting=plan.lgwan.awaiting)

    def _hub(self) -> pulumi.Output[str] | None:
        """The shared gateway, or None while it has not been shared with us."""
        gateway = self._plan.lgwan.gateway
        return None if gateway is None else pulumi.Output.from_input(gateway)

    def _own(self) -> pulumi.Output[str]:
        """The gateway, a table for each side, the circuits that exist."""
        spot, plan = self._place, self._plan
        gateway = oci.core.Drg(
            spot.child("gateway"),
            compartment_id=spot.compartment,
            display_name=plan.name("lgwan"),
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        learnt = oci.core.DrgRouteDistribution(
            spot.child("from-circuits"),
            drg_id=gateway.id,
            distribution_type="IMPORT",
            display_name=plan.name("from-circuits"),
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        only = oci.core.DrgRouteDistributionStatement(
            spot.child("from-circuits-only"),
            drg_route_distribution_id=learnt.id,
            action="ACCEPT",
            match_criteria={"match_type": "DRG_ATTACHMENT_TYPE", "attachment_type": "VIRTUAL_CIRCUIT"},
            priority=1,
            opts=spot.opts(),
        )
        self._tables[CIRCUITS] = self._table(CIRCUITS, gateway, None, [])
        for key in plan.networks:
            self._tables[key] = self._table(key, gateway, learnt, [only])
        first = next(iter(plan.networks.values())).cidr
        for number, circuit in plan.circuits.items():
            if circuit.id is not None:
                self._circuit(circuit, circuit.id, gateway, peering(first, number))
        return gateway.id

    def _table(
        self,
        key: str,
        gateway: oci.core.Drg,
        learnt: oci.core.DrgRouteDistribution | None,
        after: list[pulumi.Resource],
    ) -> pulumi.Output[str]:
        spot = self._place
        return oci.core.DrgRouteTable(
            spot.child("table", key),
            drg_id=gateway.id,
            display_name=self._plan.name("lgwan", key),
            import_drg_route_distribution_id=None if learnt is None else learnt.id,
            # Both circuits carry traffic; when one goes, the other is already in use.
            is_ecmp_enabled=True,
            freeform_tags=spot.labels(),
            opts=spot.opts(*after),
        ).id

    def _circuit(
        self,
        circuit: CircuitPlan,
        cross_connect: str,
        gateway: oci.core.Drg,
        peers: tuple[IPv4Address, IPv4Address, int],
    ) -> None:
        """The virtual circuit on a cross-connect, its table, and the alarm when it is down."""
        spot, plan = self._place, self._plan
        theirs, ours, length = peers
        made = oci.core.VirtualCircuit(
            spot.child("circuit", circuit.key),
            compartment_id=spot.compartment,
            display_name=plan.name(circuit.key),
            type="PRIVATE",
            gateway_id=gateway.id,
            bandwidth_shape_name=bandwidth(circuit.bandwidth_mbps),
            customer_asn=str(circuit.asn),
            is_bfd_enabled=True,
            cross_connect_mappings=[
                {
                    "cross_connect_or_cross_connect_group_id": cross_connect,
                    "vlan": circuit.vlan,
                    "customer_bgp_peering_ip": f"{theirs}/{length}",
                    "oracle_bgp_peering_ip": f"{ours}/{length}",
                }
            ],
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        self._hang(("circuit", circuit.key), f"{circuit.key} ({circuit.location})", made, gateway.id)

    def _hang(
        self, parts: tuple[str, str], what: str, made: oci.core.VirtualCircuit, gateway: pulumi.Output[str]
    ) -> None:
        """The circuits' table for what comes over a virtual circuit, and the alarm when it is down."""
        spot = self._place
        oci.core.DrgAttachmentManagement(
            spot.child(*parts, "attachment"),
            compartment_id=spot.compartment,
            attachment_type="VIRTUAL_CIRCUIT",
            network_id=made.id,
            drg_id=gateway,
            display_name=self._plan.name(parts[1]),
            drg_route_table_id=self._tables[CIRCUITS],
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        self._circuit_alarm(parts, what, made.id)

    def accept(self, join: JoinPlan, key: pulumi.Output[str]) -> pulumi.Output[str]:
        """Take the line of an interconnect by its key; gives what exists once both sides are provisioned.

        Raises ValueError without a gateway of our own, which validation asks for.
        """
        if self.gives.gateway is None:
            raise ValueError(f"join {join.key}: no gateway to end in")
        shape, gateway = bandwidth(join.bandwidth_mbps), self.gives.gateway
        made = interconnect.circuit(self._place, join, shape, gateway, key)
        self._hang(("join", join.key), f"{join.key} ({join.other})", made, gateway)
        return made.id

    def _circuit_alarm(self, parts: tuple[str, str], what: str, made: pulumi.Output[str]) -> None:
        """One alarm a circuit: the light is out, nobody speaks BGP over it, or it says nothing at all."""
        spot = self._place

        def query(ocid: str) -> str:
            of = f'{{resourceId = "{ocid}"}}'
            return (
                f"ConnectionState[1m]{of}.min() < 1 || Ipv4BgpSessionState[1m]{of}.min() < 1"
                f" || ConnectionState[1m]{of}.absent()"
            )

        oci.monitoring.Alarm(
            spot.child(*parts, "alarm"),
            compartment_id=spot.compartment,
            metric_compartment_id=spot.compartment,
            display_name=self._plan.name(parts[1], "down"),
            namespace="oci_fastconnect",
            query=made.apply(query),
            severity="CRITICAL",
            pending_duration="PT3M",
            body=f"{CIRCUIT_DOWN.ja} / {CIRCUIT_DOWN.en}: {what}",
            destinations=[spot.baseline.alarms],
            is_enabled=True,
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )

    def connect(self, iaas: IaasGives) -> None:
        """Names both ways for each network; they need no circuit."""
        for key, made in iaas.networks.items():
            names(self._place, self._plan.networks[key], made)
        self.register_outputs(
            {
                "gateway": self.gives.gateway,
                "tables": dict(self.gives.tables),
                "awaiting": list(self.gives.awaiting),
            }
        )


__all__ = ["BANDWIDTHS", "CIRCUITS", "Lgwan", "bandwidth", "peering"]
