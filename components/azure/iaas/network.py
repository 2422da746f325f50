"""One closed network: VNet, subnets, security groups, route tables, names, flow logs."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi_azure_native as azure

from components.azure import gives
from components.azure.iaas import filtering
from components.azure.iaas.egress import egress
from components.azure.iaas.endpoints import zone_names
from components.azure.iaas.names import private_zone
from components.azure.iaas.subnets import DELEGATED, Subnet, homes, space, subnets
from components.azure.place import Place
from components.contract import NetworkGives
from stacks.plan import NetworkPlan

WATCHER_GROUP = "NetworkWatcherRG"
"""Where Azure puts the Network Watcher that it makes with a region's first network."""


def watcher(region: str) -> str:
    """The name that Azure gives a region's Network Watcher."""
    return f"NetworkWatcher_{region}"


class Network:
    """Builds one network in the resource group of `place`."""

    def __init__(self, place: Place, network: NetworkPlan, baseline: gives.BaselineGives) -> None:
        """Make the network for the plan's packages."""
        self._place, self._plan, self._network, self._baseline = place, place.plan, network, baseline
        self._wanted = subnets(place.plan, network)
        self.vnet = azure.network.VirtualNetwork(
            self._child("vnet"),
            resource_group_name=place.group,
            virtual_network_name=self._plan.name(network.key),
            location=self._plan.region,
            address_space={"address_prefixes": [str(cidr) for cidr in space(network)]},
            encryption={"enabled": True, "enforcement": "AllowUnencrypted"},
            tags=place.tags(),
            opts=place.opts(),
        )
        self.groups = {key: self._group(s) for key, s in self._wanted.items() if s.filtered}
        firewall = self._firewall()
        self.tables = self._tables(firewall)
        self.subnets = self._subnets()
        if firewall is not None:
            egress(place, network, self._baseline, self.subnets["egress-0"], self._callers())
        self.zone = private_zone(place, network.key, network.dns.domain, self.vnet.id)
        self.zones = {
            name: private_zone(place, network.key, name, self.vnet.id)
            for name in zone_names(self._plan, network.key)
        }
        self._flow_log()

    def _child(self, *parts: str) -> str:
        return self._place.child(self._network.key, *parts)

    @property
    def gives(self) -> NetworkGives:
        """What later layers use of it. `groups` has, for each group of the plan, that of its subnet;
        `endpoints` the zones that private endpoints put their names into, by the zone's name."""
        lives = homes(self._plan, self._network)
        return NetworkGives(
            id=self.vnet.id,
            subnets={key: subnet.id for key, subnet in self.subnets.items()},
            groups={group: self.groups[keys[0]].id for group, keys in lives.items()},
            route_tables={key: table.id for key, table in self.tables.items()},
            zone=self.zone.name,
            endpoints={name: zone.id for name, zone in self.zones.items()},
        )

    def _callers(self) -> list[str]:
        return [str(c) for c in filtering.callers(self._plan, self._network, self._wanted)]

    def _firewall(self) -> str | None:
        """The address that the firewall will have: the first that Azure leaves in its subnet."""
        subnet = self._wanted.get("egress-0")
        return None if subnet is None else str(subnet.cidr[4])

    def _group(self, subnet: Subnet) -> azure.network.NetworkSecurityGroup:
        """The security group of a subnet, with exactly the plan's flows."""
        found = filtering.rules(self._plan, self._network, self._wanted, subnet.key)
        return azure.network.NetworkSecurityGroup(
            self._child(subnet.key, "group"),
            resource_group_name=self._place.group,
            network_security_group_name=self._plan.name(self._network.key, subnet.name, limit=80),
            location=self._plan.region,
            security_rules=[_rule(rule) for rule in found],
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    def _tables(self, firewall: str | None) -> Mapping[str, azure.network.RouteTable]:
        """The routes of each subnet; subnets with the same routes have one table, named after them."""
        made: dict[str, azure.network.RouteTable] = {}
        found: dict[str, azure.network.RouteTable] = {}
        for key, subnet in self._wanted.items():
            if not subnet.filtered:
                continue
            outside = filtering.talks_outside(self._plan, self._network, subnet)
            hops = filtering.hops(self._plan, self._network, subnet)
            name = filtering.table_name(hops, outside=outside)
            if name not in made:
                made[name] = self._table(name, hops, firewall, outside=outside)
            found[key] = made[name]
        return found

    def _table(
        self, name: str, hops: tuple[filtering.Hop, ...], firewall: str | None, *, outside: bool
    ) -> azure.network.RouteTable:
        """A table. What the circuits tell is learnt only where the plan speaks of the town hall."""
        return azure.network.RouteTable(
            self._child("routes", name),
            resource_group_name=self._place.group,
            route_table_name=self._plan.name(self._network.key, name, limit=80),
            location=self._plan.region,
            disable_bgp_route_propagation=not outside,
            routes=[_route(hop, firewall) for hop in hops],
            tags=self._place.tags(),
            opts=self._place.opts(),
        )

    def _subnets(self) -> Mapping[str, azure.network.Subnet]:
        """The subnets, one after another: Azure changes one subnet of a network at a time."""
        made: dict[str, azure.network.Subnet] = {}
        for key, subnet in self._wanted.items():
            service = DELEGATED.get(subnet.purpose)
            before = list(made.values())[-1:]
            made[key] = azure.network.Subnet(
                self._child(key),
                resource_group_name=self._place.group,
                virtual_network_name=self.vnet.name,
                subnet_name=subnet.name,
                address_prefix=str(subnet.cidr),
                default_outbound_access=None if subnet.purpose == "firewall" else False,
                # Private endpoints too obey the security group and the routes.
                private_endpoint_network_policies="Enabled",
                delegations=[{"name": "service", "service_name": service}] if service else None,
                # Flexible servers archive their log to Azure's own storage.
                service_endpoints=[{"service": "Microsoft.Storage", "locations": [self._plan.region]}]
                if subnet.purpose in ("postgresql", "mysql")
                else None,
                network_security_group={"id": self.groups[key].id} if subnet.filtered else None,
                route_table={"id": self.tables[key].id} if subnet.filtered else None,
                opts=self._place.opts(*before),
            )
        return made

    def _flow_log(self) -> None:
        """Every flow, allowed or not, into the immutable archive."""
        azure.network.FlowLog(
            self._child("flow-log"),
            resource_group_name=WATCHER_GROUP,
            network_watcher_name=watcher(self._plan.region),
            flow_log_name=self._plan.name(self._network.key, limit=80),
            location=self._plan.region,
            target_resource_id=self.vnet.id,
            storage_id=self._baseline.archive,
            enabled=True,
            format={"type": "JSON", "version": 2},
            # The archive's own rules say how long; zero is for ever here.
            retention_policy={"enabled": False, "days": 0},
            tags=self._place.tags(),
            opts=self._place.opts(),
        )


def _route(hop: filtering.Hop, firewall: str | None) -> azure.network.RouteArgsDict:
    """A route as Azure takes it: an address only where it leads to one."""
    made: azure.network.RouteArgsDict = {
        "name": hop.name,
        "address_prefix": hop.prefix,
        "next_hop_type": hop.by,
    }
    if hop.by == "VirtualAppliance" and firewall:
        made["next_hop_ip_address"] = firewall
    return made


def _rule(rule: filtering.Rule) -> azure.network.SecurityRuleArgsDict:
    """A rule as Azure takes it: one prefix (or tag) in the singular, several in the plural."""
    made: azure.network.SecurityRuleArgsDict = {
        "name": rule.name,
        "description": rule.description,
        "priority": rule.priority,
        "direction": rule.direction,
        "access": rule.access,
        "protocol": rule.protocol,
        "source_port_range": filtering.ANY,
    }
    if len(rule.ports) == 1:
        made["destination_port_range"] = rule.ports[0]
    else:
        made["destination_port_ranges"] = list(rule.ports)
    if len(rule.source) == 1:
        made["source_address_prefix"] = rule.source[0]
    else:
        made["source_address_prefixes"] = list(rule.source)
    if len(rule.target) == 1:
        made["destination_address_prefix"] = rule.target[0]
    else:
        made["destination_address_prefixes"] = list(rule.target)
    return made
