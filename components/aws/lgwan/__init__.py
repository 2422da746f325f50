"""The closed connection: circuits, gateways, routes and names between the town hall and the tenant.

Own circuits: Direct Connect × 2 → Direct Connect gateway → transit gateway. A hub: only our
attachment to somebody else's transit gateway, whose route tables are theirs.

A VPC has one attachment to a transit gateway, and an attachment one route table, so the segments of
三層の対策, which are subnets of one VPC, cannot each have a table there. They are kept apart by
routes instead: what comes from the circuits finds a route to exactly those blocks that the allow
list lets the town hall reach, and a black hole for the rest of the network; each network has a
table of its own, without a route to any other network; and in the network only the segments that
talk to the town hall have routes to it, for the planned ranges and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, collapse_addresses
from typing import Any

import pulumi
import pulumi_aws as aws

from components.contract import BaselineGives, IaasGives, LgwanGives, NetworkGives
from components.derive import beyond, town_hall_roles
from stacks.plan import CircuitPlan, CloudPlan, NetworkPlan
from stacks.text import Text

TYPE = "jichitai:aws:Lgwan"

CIRCUITS = "circuits"
"""Key of the transit gateway's table for what comes from the circuits; networks have their own keys."""

INBOUND, OUTBOUND = 10, 12
"""Where the resolver's addresses start in the `connect` subnets: known before anything exists, so
that the town hall can be told, and above the five addresses that AWS keeps in every subnet."""

_ASN_16, _ASN_32 = (64512, 65534), (4200000000, 4294967294)
"""Private AS numbers (RFC 6996), as far as transit gateways take them."""

CIRCUIT_DOWN = Text("LGWAN回線が切れています", "A circuit to LGWAN is down")


def gateway_asn(plan: CloudPlan) -> int:
    """The AS number of the transit gateway: a free one in the range of the circuits' side.

    The circuits see the Direct Connect gateway's number, which the manifest gives. AWS refuses to
    join two gateways of the same number (AWS re:Post, "associate a transit gateway").
    """
    taken = {plan.lgwan.asn, *(circuit.asn for circuit in plan.circuits.values())}
    low, high = _ASN_16 if plan.lgwan.asn <= _ASN_16[1] else _ASN_32
    return next(asn for asn in range(low, high + 1) if asn not in taken)


def reachable_blocks(network: NetworkPlan) -> Mapping[str, tuple[IPv4Network, ...]]:
    """The ranges of `network` that the circuits may reach, by role, in as few prefixes as possible."""
    return {
        role: tuple(collapse_addresses(subnet.cidr for subnet in network.of_role(role)))
        for role in town_hall_roles(network)
    }


def resolver_addresses(network: NetworkPlan, first: int) -> tuple[tuple[str, IPv4Address], ...]:
    """Two addresses of a resolver endpoint, each with its subnet: in two zones where there are two.

    Route 53 asks for two; in a tenant of one zone both lie in the one subnet.
    """
    subnets = network.of_role("connect")
    chosen = subnets[:2] if len(subnets) > 1 else subnets * 2
    return tuple((subnet.key, subnet.cidr[first + index]) for index, subnet in enumerate(chosen))


class Lgwan(pulumi.ComponentResource):
    """The connection of one tenant. `connect` joins the networks to it once they exist."""

    gives: LgwanGives

    def __init__(
        self,
        name: str,
        plan: CloudPlan,
        given: BaselineGives,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._name = name
        self._plan = plan
        self._given = given
        self._tables: dict[str, aws.ec2transitgateway.RouteTable] = {}
        self._circuits: pulumi.Output[str] | None = None
        gateway = self._own() if plan.lgwan.mode == "own" else self._hub()
        self.gives = LgwanGives(
            gateway=gateway,
            tables={key: table.id for key, table in self._tables.items()},
            awaiting=plan.lgwan.awaiting,
        )

    def _child(self, *parts: str) -> str:
        return "-".join((self._name, *parts))

    def _opts(self, *after: pulumi.Resource, secrets: tuple[str, ...] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self, depends_on=list(after), additional_secret_outputs=list(secrets)
        )

    def _tags(self, *parts: str) -> Mapping[str, str]:
        return {"Name": self._plan.name(*parts)}

    # --- the gateway ---

    def _hub(self) -> pulumi.Output[str] | None:
        """The shared transit gateway, or None while it has not been shared with us."""
        gateway = self._plan.lgwan.gateway
        return None if gateway is None else pulumi.Output.from_input(gateway)

    def _own(self) -> pulumi.Output[str]:
        """Direct Connect gateway, transit gateway, a table for each side, the circuits that exist."""
        plan = self._plan
        dx_gateway = aws.directconnect.Gateway(
            self._child("dx-gateway"),
            name=plan.name("circuits"),
            amazon_side_asn=str(plan.lgwan.asn),
            opts=self._opts(),
        )
        gateway = aws.ec2transitgateway.TransitGateway(
            self._child("transit-gateway"),
            description=plan.name("lgwan"),
            amazon_side_asn=gateway_asn(plan),
            # Closed: whoever is attached gets no route and tells none, unless it is said here.
            auto_accept_shared_attachments="disable",
            default_route_table_association="disable",
            default_route_table_propagation="disable",
            tags=self._tags("lgwan"),
            opts=self._opts(),
        )
        joined = aws.directconnect.GatewayAssociation(
            self._child("dx-gateway-association"),
            dx_gateway_id=dx_gateway.id,
            associated_gateway_id=gateway.id,
            # All that the circuits are told of this tenant.
            allowed_prefixes=[str(prefix) for prefix in plan.lgwan.advertised],
            opts=self._opts(),
        )
        self._circuits = joined.transit_gateway_attachment_id
        self._tables = {key: self._table(key, gateway) for key in (CIRCUITS, *plan.networks)}
        self._associate(CIRCUITS, self._circuits)
        for circuit in plan.circuits.values():
            if circuit.id is not None:
                self._circuit(circuit, circuit.id, dx_gateway)
        return gateway.id

    def _table(
        self, key: str, gateway: aws.ec2transitgateway.TransitGateway
    ) -> aws.ec2transitgateway.RouteTable:
        return aws.ec2transitgateway.RouteTable(
            self._child("table", key),
            transit_gateway_id=gateway.id,
            tags=self._tags("lgwan", key),
            opts=self._opts(),
        )

    def _associate(
        self, key: str, attachment: pulumi.Output[str]
    ) -> aws.ec2transitgateway.RouteTableAssociation:
        """What enters by `attachment` is routed by the table `key`."""
        return aws.ec2transitgateway.RouteTableAssociation(
            self._child("table", key, "association"),
            transit_gateway_attachment_id=attachment,
            transit_gateway_route_table_id=self._tables[key].id,
            opts=self._opts(),
        )

    def _circuit(self, circuit: CircuitPlan, connection: str, dx_gateway: aws.directconnect.Gateway) -> None:
        """The transit virtual interface on a circuit, and the alarm when it is down."""
        plan = self._plan
        interface = aws.directconnect.TransitVirtualInterface(
            self._child("circuit", circuit.key),
            name=plan.name(circuit.key),
            connection_id=connection,
            dx_gateway_id=dx_gateway.id,
            vlan=circuit.vlan,
            address_family="ipv4",
            # As text: it also takes the 32-bit numbers that `bgp_asn` does not.
            bgp_asn_long=str(circuit.asn),
            tags=self._tags(circuit.key),
            # AWS makes the session's key and returns it.
            opts=self._opts(secrets=("bgpAuthKey",)),
        )
        self._circuit_alarm(circuit, connection, interface)

    def _circuit_alarm(
        self, circuit: CircuitPlan, connection: str, interface: aws.directconnect.TransitVirtualInterface
    ) -> None:
        """One alarm a circuit: the light is out, or nobody speaks BGP over it."""
        query = aws.cloudwatch.MetricAlarmMetricQueryArgs
        light = {"ConnectionId": connection}
        session = light | {"VirtualInterfaceId": interface.id}

        def state(name: str, of: Mapping[str, pulumi.Input[str]]) -> Any:
            return aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace="AWS/DX", metric_name=name, stat="Minimum", period=60, dimensions=of
            )

        aws.cloudwatch.MetricAlarm(
            self._child("circuit", circuit.key, "alarm"),
            name=self._plan.name(circuit.key, "down"),
            alarm_description=f"{CIRCUIT_DOWN.ja} / {CIRCUIT_DOWN.en}: {circuit.key} ({circuit.location})",
            metric_queries=[
                query(id="light", metric=state("ConnectionState", light)),
                query(id="session", metric=state("VirtualInterfaceBgpStatus", session)),
                # What says nothing is not up.
                query(
                    id="up",
                    expression="MIN([FILL(light, 0), FILL(session, 0)])",
                    label="up",
                    return_data=True,
                ),
            ],
            comparison_operator="LessThanThreshold",
            threshold=1,
            evaluation_periods=3,
            treat_missing_data="breaching",
            alarm_actions=[self._given.alarms],
            ok_actions=[self._given.alarms],
            opts=self._opts(),
        )

    # --- the networks ---

    def connect(self, iaas: IaasGives) -> None:
        """Join each network: attachment, routes both ways, names both ways.

        Without a gateway (a hub not shared yet) names are made all the same: they need no circuit.
        """
        for key, made in iaas.networks.items():
            network = self._plan.networks[key]
            names = self._names(network, made)
            if self.gives.gateway is not None:
                self._attach(network, made, self.gives.gateway, names)
        self.register_outputs(
            {
                "gateway": self.gives.gateway,
                "tables": dict(self.gives.tables),
                "awaiting": list(self.gives.awaiting),
            }
        )

    def _attach(
        self,
        network: NetworkPlan,
        made: NetworkGives,
        gateway: pulumi.Output[str],
        names: list[pulumi.Resource],
    ) -> None:
        """The attachment of one network and the routes that use it.

        After `names`: the attachment takes any free address of the `connect` subnets, the resolver
        wants certain ones.
        """
        own = self._circuits is not None
        attachment = aws.ec2transitgateway.VpcAttachment(
            self._child("attachment", network.key),
            transit_gateway_id=gateway,
            vpc_id=made.id,
            subnet_ids=[made.subnets[subnet.key] for subnet in network.of_role("connect")],
            # On somebody else's gateway these two are not ours to say.
            transit_gateway_default_route_table_association=False if own else None,
            transit_gateway_default_route_table_propagation=False if own else None,
            tags=self._tags("lgwan", network.key),
            opts=self._opts(*names),
        )
        if self._circuits is not None:
            self._gateway_routes(network, attachment, self._circuits)
        self._network_routes(network, made, gateway, attachment)

    def _gateway_routes(
        self,
        network: NetworkPlan,
        attachment: aws.ec2transitgateway.VpcAttachment,
        circuits: pulumi.Output[str],
    ) -> None:
        """From the circuits to the blocks that may be reached; from the network to the circuits."""
        self._associate(network.key, attachment.id)
        # Not static routes: a Direct Connect gateway's attachment takes none (Transit Gateway guide,
        # "Create a static route"). The network's own routes hold the planned ranges only.
        aws.ec2transitgateway.RouteTablePropagation(
            self._child("table", network.key, "circuits"),
            transit_gateway_attachment_id=circuits,
            transit_gateway_route_table_id=self._tables[network.key].id,
            opts=self._opts(),
        )
        aws.ec2transitgateway.Route(
            self._child("blackhole", network.key),
            destination_cidr_block=str(network.cidr),
            blackhole=True,
            transit_gateway_route_table_id=self._tables[CIRCUITS].id,
            opts=self._opts(),
        )
        for role, blocks in reachable_blocks(network).items():
            for block in blocks:
                aws.ec2transitgateway.Route(
                    self._child("transit-route", network.key, role, str(block.network_address)),
                    destination_cidr_block=str(block),
                    transit_gateway_attachment_id=attachment.id,
                    transit_gateway_route_table_id=self._tables[CIRCUITS].id,
                    opts=self._opts(),
                )

    def _network_routes(
        self,
        network: NetworkPlan,
        made: NetworkGives,
        gateway: pulumi.Output[str],
        attachment: aws.ec2transitgateway.VpcAttachment,
    ) -> None:
        """From the segments that talk beyond the network to the planned ranges: one list, one route each."""
        outside = beyond(network)
        ranges = aws.ec2.ManagedPrefixList(
            self._child("town-hall", network.key),
            name=self._plan.name("town-hall", network.key),
            address_family="IPv4",
            max_entries=len(outside),
            entries=[
                aws.ec2.ManagedPrefixListEntryArgs(
                    cidr=str(cidr),
                    description="town hall" if cidr in network.on_premises else "another cloud",
                )
                for cidr in outside
            ],
            opts=self._opts(),
        )
        for role in town_hall_roles(network):
            aws.ec2.Route(
                self._child("vpc-route", network.key, role),
                route_table_id=made.route_tables[role],
                destination_prefix_list_id=ranges.id,
                transit_gateway_id=gateway,
                opts=self._opts(attachment),
            )

    # --- names ---

    def _names(self, network: NetworkPlan, made: NetworkGives) -> list[pulumi.Resource]:
        """Our names for the town hall, and the town hall's names for us; gives what takes addresses."""
        inbound = self._resolver("inbound", network, made, INBOUND)
        if not network.dns.on_premises:
            return [inbound]
        outbound = self._resolver("outbound", network, made, OUTBOUND)
        for domain, servers in network.dns.on_premises.items():
            key = domain.replace(".", "-")
            rule = aws.route53.ResolverRule(
                self._child("forward", network.key, key),
                name=self._plan.name(network.key, key),
                rule_type="FORWARD",
                domain_name=domain,
                resolver_endpoint_id=outbound.id,
                target_ips=[
                    aws.route53.ResolverRuleTargetIpArgs(ip=str(server), port=53) for server in servers
                ],
                opts=self._opts(),
            )
            aws.route53.ResolverRuleAssociation(
                self._child("forward", network.key, key, "association"),
                name=self._plan.name(network.key, key),
                resolver_rule_id=rule.id,
                vpc_id=made.id,
                opts=self._opts(),
            )
        return [inbound, outbound]

    def _resolver(
        self, direction: str, network: NetworkPlan, made: NetworkGives, first: int
    ) -> aws.route53.ResolverEndpoint:
        return aws.route53.ResolverEndpoint(
            self._child("resolver", direction, network.key),
            name=self._plan.name(direction, network.key),
            direction=direction.upper(),
            protocols=["Do53"],
            resolver_endpoint_type="IPV4",
            security_group_ids=[made.groups["resolver"]],
            ip_addresses=[
                aws.route53.ResolverEndpointIpAddressArgs(subnet_id=made.subnets[key], ip=str(ip))
                for key, ip in resolver_addresses(network, first)
            ],
            tags=self._tags(direction, network.key),
            opts=self._opts(),
        )
