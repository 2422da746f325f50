"""One closed network: a switch a segment, a router that leads nowhere outside, a gateway to the cloud's
services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_sakura as sakura

from components.contract import NetworkGives
from components.room import Room
from components.sakura import facts
from components.sakura.iaas import filtering
from stacks import hosts
from stacks.addressing import Role
from stacks.plan import NetworkPlan, PackagePlan

VRID = 1
"""VRRP id of the router's pair. The load balancers and the local router have others on their switches."""


def town_hall_next_hop(room: Room, network: NetworkPlan) -> str | None:
    """Where packets for the town hall go from the router; None while the connection is on order.

    A hub is reached by the local router, own circuits (hybrid connections) by the town hall's router on the
    same switch, at the address that the plan keeps for it.
    """
    lgwan = room.plan.lgwan
    if lgwan.mode == "hub":
        return None if lgwan.gateway is None else str(hosts.own(network.cidr, "connect", hosts.LOCAL_ROUTER))
    if all(circuit.id is None for circuit in lgwan.circuits.values()):
        return None
    return str(hosts.own(network.cidr, "connect", hosts.TOWN_HALL_ROUTER))


class Network:
    """Builds one network under `room`."""

    def __init__(self, room: Room, network: NetworkPlan, packages: tuple[PackagePlan, ...]) -> None:
        """Make the network for `packages`."""
        self._room, self._plan, self._network, self._packages = room, room.plan, network, packages
        self.roles = facts.roles_in_use(network)
        self.switches = self._switches()
        self.router = self._router()
        self.gateway = self._gateway()
        self.filters = self._filters()

    @property
    def gives(self) -> NetworkGives:
        """What later layers use of it. Subnets are switches, groups are packet filters by zone and group."""
        return NetworkGives(
            id=self.router.id,
            subnets={key: switch.id for key, switch in self.switches.items()},
            groups={key: found.id for key, found in self.filters.items()},
            route_tables={},
            zone=pulumi.Output.from_input(self._network.dns.domain),
            endpoints={"gateway": self.gateway.id},
        )

    def _child(self, *parts: str) -> str:
        return self._room.child("-".join((self._network.key, *parts)))

    def _name(self, *parts: str) -> str:
        return self._plan.name(self._network.key, *parts, limit=64)

    # --- switches ---

    def _switches(self) -> Mapping[str, sakura.network.Switch]:
        """A switch for each role and zone; a role's zones are one layer-2 network, roles are never joined."""
        made: dict[str, sakura.network.Switch] = {}
        for role in self.roles:
            subnets = self._network.of_role(role)
            if role in facts.ONE_ZONE:
                subnets = subnets[:1]
            bridge = self._bridge(role) if len(subnets) > 1 else None
            for subnet in subnets:
                made[subnet.key] = sakura.network.Switch(
                    self._child(subnet.key),
                    name=self._name(subnet.key),
                    zone=subnet.zone,
                    description=f"{role} {hosts.segment(self._network.cidr, role)}",
                    bridge_id=None if bridge is None else bridge.id,
                    user_subnet={
                        "default_route": str(hosts.own(self._network.cidr, role, hosts.ROUTER)),
                        "netmask": hosts.segment(self._network.cidr, role).prefixlen,
                    },
                    tags=list(facts.own_tags(self._plan)),
                    opts=self._room.opts(),
                )
        return made

    def _bridge(self, role: Role) -> sakura.network.Bridge:
        """What joins the zones of one role."""
        return sakura.network.Bridge(
            self._child(role, "bridge"),
            name=self._name(role),
            zone=self._plan.zones[0],
            description=f"{role}: its zones only",
            opts=self._room.opts(),
        )

    def _first(self, role: Role) -> sakura.network.Switch:
        """The switch of `role` in the first zone."""
        return self.switches[self._network.of_role(role)[0].key]

    # --- the router ---

    def _router(self) -> sakura.network.VpcRouter:
        """The router between the segments.

        A pair of routers asks for a network of global addresses of its own, which nobody has approved for a
        closed network: there the router is one machine, which the platform starts elsewhere when its host
        fails. With an exception, in production, it is a pair. The way to the internet is closed twice, by the
        router's own setting and by a filter; an exception opens both for the proxy alone.
        """
        pair = self._plan.environment == "production" and bool(self._network.egress)
        next_hop = town_hall_next_hop(self._room, self._network)
        return sakura.network.VpcRouter(
            self._child("router"),
            name=self._name("router"),
            zone=self._plan.zones[0],
            description="Between the segments of one network",
            plan="premium" if pair else "standard",
            version=2,
            public_interface=self._public() if pair else None,
            private_interfaces=[self._interface(role, pair=pair) for role in self.roles],
            internet_connection=bool(self._network.egress),
            firewalls=[
                _firewall(0, "receive", filtering.from_internet(self._network)),
                _firewall(0, "send", filtering.to_internet(self._network)),
                *(
                    _firewall(facts.INTERFACES[role], "receive", filtering.entering(self._network, role))
                    for role in self.roles
                ),
            ],
            static_routes=[
                {"prefix": str(prefix), "next_hop": next_hop}
                for prefix in self._network.on_premises
                if next_hop is not None
            ],
            monitoring_suite=True,
            tags=list(facts.own_tags(self._plan)),
            opts=self._room.opts(keep=True),
        )

    def _public(self) -> sakura.network.VpcRouterPublicInterfaceArgsDict:
        """The side that a pair must have: a network of its own, on which nothing else is."""
        outside = sakura.network.Internet(
            self._child("outside"),
            name=self._name("outside"),
            zone=self._plan.zones[0],
            description="Asked for by a pair of routers",
            netmask=28,
            bandwidth=100,
            tags=list(facts.own_tags(self._plan)),
            opts=self._room.opts(),
        )
        return {
            "switch_id": outside.switch_id.apply(str),
            "vip": outside.ip_addresses[0],
            "ip_addresses": [outside.ip_addresses[1], outside.ip_addresses[2]],
            "vrid": VRID,
        }

    def _interface(self, role: Role, *, pair: bool) -> sakura.network.VpcRouterPrivateInterfaceArgsDict:
        address = str(hosts.own(self._network.cidr, role, hosts.ROUTER))
        real = [str(hosts.own(self._network.cidr, role, n)) for n in hosts.ROUTER_PAIR]
        made: sakura.network.VpcRouterPrivateInterfaceArgsDict = {
            "index": facts.INTERFACES[role],
            "switch_id": self._first(role).id,
            "ip_addresses": real if pair else [address],
            "netmask": hosts.segment(self._network.cidr, role).prefixlen,
        }
        if pair:
            made["vip"] = address
        return made

    # --- the cloud's own services ---

    def _gateway(self) -> sakura.network.ServiceEndpointGateway:
        """Object storage, registry and logs without the internet; it knows their names, and only theirs."""
        site = facts.SITES[self._plan.region]
        contained = any(facts.kinds(package, "container") for package in self._packages)
        return sakura.network.ServiceEndpointGateway(
            self._child("gateway"),
            zone=self._plan.zones[0],
            switch_id=self._first("management").id,
            netmask=hosts.segment(self._network.cidr, "management").prefixlen,
            ip_addresses=[{"ip_address": str(hosts.own(self._network.cidr, "management", hosts.GATEWAY))}],
            object_storage_endpoints=[facts.ENDPOINTS[site]],
            container_registry_endpoints=[facts.registry_host(self._plan)] if contained else None,
            monitoring_suite=True,
            # Whoever asks it for a name of ours is sent on to our name servers.
            dns_forwarding={
                "enabled": True,
                "private_hosted_zone": self._network.dns.domain,
                "upstream_dns1": str(hosts.own(self._network.cidr, "connect", hosts.NAME_SERVERS[0])),
                "upstream_dns2": str(hosts.own(self._network.cidr, "connect", hosts.NAME_SERVERS[1])),
            },
            # A new gateway is reached by the router that is there already.
            opts=self._room.opts(self.router),
        )

    # --- packet filters ---

    def _filters(self) -> Mapping[str, sakura.network.PacketFilter]:
        """The filters of servers, by `<group>@<zone>`: a filter serves one zone."""
        network = self._network
        rules = {f"{p.key}-app": filtering.package_filter(network, p) for p in self._packages}
        wanted = [(group, zone, rules[group]) for group in rules for zone in self._plan.zones]
        wanted.append(("resolver", self._plan.zones[0], filtering.name_filter(network)))
        if network.egress:
            wanted.append(("proxy", self._plan.zones[0], filtering.proxy_filter(network)))
        return {
            f"{group}@{zone}": sakura.network.PacketFilter(
                self._child(group, zone, "filter"),
                name=self._name(group, zone),
                zone=zone,
                description=f"What may reach {group}",
                expressions=[_expression(rule) for rule in found],
                opts=self._room.opts(),
            )
            for group, zone, found in wanted
        }


def _firewall(
    interface: int, direction: str, rules: Sequence[filtering.Rule]
) -> sakura.network.VpcRouterFirewallArgsDict:
    return {
        "interface_index": interface,
        "direction": direction,
        "rules": [
            {
                "protocol": rule.protocol,
                "allow": rule.allow,
                "logging": not rule.allow,
                "description": rule.description,
                "source_network": str(rule.source) if rule.source else None,
                "source_port": rule.source_port or None,
                "destination_network": str(rule.destination) if rule.destination else None,
                "destination_port": rule.destination_port or None,
            }
            for rule in rules
        ],
    }


def _expression(rule: filtering.Rule) -> sakura.network.PacketFilterExpressionArgsDict:
    return {
        "protocol": rule.protocol,
        "action": "allow" if rule.allow else "deny",
        "description": rule.description,
        "source_network": str(rule.source) if rule.source else None,
        "source_port": rule.source_port or None,
        "destination_port": rule.destination_port or None,
    }
