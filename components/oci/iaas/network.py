"""One closed network: VCN, regional subnets, routes, groups, private endpoint, names, flow logs."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Any

import pulumi
import pulumi_oci as oci

from components.contract import LgwanGives, NetworkGives
from components.derive import app_role, beyond, caller_roles, roles_in_use, runs, town_hall_roles
from components.oci import facts
from components.oci.iaas import filtering
from components.oci.iaas.egress import Egress
from components.oci.lgwan import CIRCUITS
from components.oci.place import Place
from stacks.addressing import Role
from stacks.plan import NetworkPlan

Rules = list[dict[str, Any]]


class Network:
    """Builds one network in `place`, joined to the gateway of `lgwan` where there is one.

    Subnets are regional, one a role. The network's default table leads to Oracle's own services and
    nowhere else, its default list of rules is emptied: what a subnet may do beyond that is in a table of
    its own and in groups.
    """

    def __init__(self, place: Place, network: NetworkPlan, lgwan: LgwanGives) -> None:
        self._place, self._network, self._lgwan = place, network, lgwan
        plan = place.plan
        self.vcn = oci.core.Vcn(
            place.child(network.key, "vcn"),
            compartment_id=place.compartment,
            display_name=plan.name(network.key),
            cidr_blocks=[str(network.cidr)],
            dns_label=facts.dns_label(plan.prefix if network.key == "main" else network.key),
            is_ipv6enabled=False,
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        self._services = self._service_gateway()
        self._close_defaults()
        self.groups = self._groups()
        attachment = self._join()
        self._peers = self._peerings()
        egress = Egress(place, network, self.vcn, self._services_route()) if network.egress else None
        self.subnets = {
            role: self._subnet(role, self._routes(role, attachment, egress)) for role in roles_in_use(network)
        }
        self._rules()
        self.view, self.zone = self._names()
        self._flow_log()
        self._sessions()
        storage = self._storage_endpoint()
        keys = {subnet.key: subnet.role for subnet in network.subnets.values()}
        self.gives = NetworkGives(
            id=self.vcn.id,
            subnets={key: self.subnets[role].id for key, role in keys.items() if role in self.subnets},
            groups={key: group.id for key, group in self.groups.items()},
            route_tables={},
            zone=self.zone.id,
            endpoints={"objectstorage": storage.id, "services": self._services.id},
            names=self.view.id,
        )

    def _child(self, *parts: str) -> str:
        return self._place.child(self._network.key, *parts)

    def _name(self, *parts: str) -> str:
        return self._place.plan.name(self._network.key, *parts)

    # --- routes ---

    def _service_gateway(self) -> oci.core.ServiceGateway:
        """The way to Oracle's own services of the region, which never leaves Oracle's network."""
        place = self._place
        label = facts.services_label(place.plan.region)
        services = oci.core.get_services_output(opts=pulumi.InvokeOutputOptions(parent=place.parent)).services
        return oci.core.ServiceGateway(
            self._child("services"),
            compartment_id=place.compartment,
            vcn_id=self.vcn.id,
            display_name=self._name("services"),
            services=[
                {"service_id": services.apply(lambda all_: next(s.id for s in all_ if s.cidr_block == label))}
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _services_route(self) -> dict[str, Any]:
        return {
            "destination": facts.services_label(self._place.plan.region),
            "destination_type": "SERVICE_CIDR_BLOCK",
            "network_entity_id": self._services.id,
            "description": "Oracle's own services",
        }

    def _close_defaults(self) -> None:
        """What comes with a VCN opens SSH to the world: emptied."""
        place = self._place
        oci.core.DefaultSecurityList(
            self._child("default-list"),
            manage_default_resource_id=self.vcn.default_security_list_id,
            display_name=self._name("closed"),
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        oci.core.DefaultRouteTable(
            self._child("default-table"),
            manage_default_resource_id=self.vcn.default_route_table_id,
            display_name=self._name("services-only"),
            route_rules=[self._services_route()],  # type: ignore[list-item]
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _join(self) -> oci.core.DrgAttachment | None:
        """The attachment to the gateway, and at the gateway the way to what the town hall may reach."""
        place, gateway = self._place, self._lgwan.gateway
        if gateway is None:
            return None
        table = self._lgwan.tables.get(self._network.key)
        attachment = oci.core.DrgAttachment(
            self._child("attachment"),
            drg_id=gateway,
            display_name=self._name("lgwan"),
            # On somebody else's gateway the table is not ours to say.
            drg_route_table_id=table,
            network_details={"id": self.vcn.id, "type": "VCN", "vcn_route_type": "SUBNET_CIDRS"},
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        if CIRCUITS in self._lgwan.tables:
            for role in town_hall_roles(self._network):
                oci.core.DrgRouteTableRouteRule(
                    self._child("reachable", role),
                    drg_route_table_id=self._lgwan.tables[CIRCUITS],
                    destination=str(facts.subnet_range(self._network, role)),
                    destination_type="CIDR_BLOCK",
                    next_hop_drg_attachment_id=attachment.id,
                    opts=place.opts(),
                )
        return attachment

    def _routes(self, role: Role, attachment: oci.core.DrgAttachment | None, egress: Egress | None) -> Rules:
        """The routes of `role` beyond the default table's; none where there is nothing to add."""
        found: Rules = []
        if attachment is not None and role in town_hall_roles(self._network):
            gateway = pulumi.Output.all(attachment.drg_id, attachment.id).apply(lambda ids: str(ids[0]))
            found += [
                {
                    "destination": str(cidr),
                    "destination_type": "CIDR_BLOCK",
                    "network_entity_id": gateway,
                    "description": "Town hall" if cidr in self._network.on_premises else "Another cloud",
                }
                for cidr in beyond(self._network)
            ]
        found += [
            {
                "destination": f"{address}/32",
                "destination_type": "CIDR_BLOCK",
                "network_entity_id": gateway,
                "description": "A vendor's service",
            }
            for wanted, address, gateway in self._peers
            if wanted == role
        ]
        if egress is not None and role in caller_roles(self._network):
            found.append(egress.route())
        return found

    def _peerings(self) -> list[tuple[Role, IPv4Address, pulumi.Output[str]]]:
        """The peering with each vendor's network; only a route to the one address of the service uses it."""
        place = self._place
        found: list[tuple[Role, IPv4Address, pulumi.Output[str]]] = []
        for package in place.plan.packages.values():
            if package.network != self._network.key or package.delivery != "asp" or not package.endpoint:
                continue
            theirs, address = facts.vendor(package.endpoint)
            gateway = oci.core.LocalPeeringGateway(
                self._child("peering", package.key),
                compartment_id=place.compartment,
                vcn_id=self.vcn.id,
                display_name=self._name(package.key),
                peer_id=theirs,
                freeform_tags=place.labels(package),
                opts=place.opts(),
            )
            found.append((app_role(package), address, gateway.id))
        return found

    # --- subnets and groups ---

    def _subnet(self, role: Role, routes: Rules) -> oci.core.Subnet:
        place = self._place
        table = None
        if routes:
            table = oci.core.RouteTable(
                self._child(role, "table"),
                compartment_id=place.compartment,
                vcn_id=self.vcn.id,
                display_name=self._name(role),
                route_rules=[self._services_route(), *routes],  # type: ignore[list-item]
                freeform_tags=place.labels(),
                opts=place.opts(),
            )
        return oci.core.Subnet(
            self._child(role),
            compartment_id=place.compartment,
            vcn_id=self.vcn.id,
            display_name=self._name(role),
            cidr_block=str(facts.subnet_range(self._network, role)),
            dns_label=facts.dns_label(role),
            prohibit_internet_ingress=True,
            prohibit_public_ip_on_vnic=True,
            route_table_id=self.vcn.default_route_table_id if table is None else table.id,
            security_list_ids=[
                self._sessions_list() if role == "management" else self.vcn.default_security_list_id
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _groups(self) -> Mapping[str, oci.core.NetworkSecurityGroup]:
        place = self._place
        return {
            key: oci.core.NetworkSecurityGroup(
                self._child("group", key),
                compartment_id=place.compartment,
                vcn_id=self.vcn.id,
                display_name=self._name(key),
                freeform_tags=place.labels(more={"description": group.description}),
                opts=place.opts(),
            )
            for key, group in self._network.groups.items()
        }

    def _rules(self) -> None:
        for rule in filtering.rules(self._network):
            self._rule(rule)

    def _rule(self, rule: filtering.GroupRule) -> None:
        ports = {"destination_port_range": {"min": rule.low, "max": rule.high}}
        peer: pulumi.Input[str] = rule.peer
        kind = {"group": "NETWORK_SECURITY_GROUP", "range": "CIDR_BLOCK", "services": "SERVICE_CIDR_BLOCK"}
        if rule.kind == "group":
            peer = self.groups[rule.peer].id
        elif rule.kind == "services":
            peer = facts.services_label(self._place.plan.region)
        ingress = rule.direction == "INGRESS"
        oci.core.NetworkSecurityGroupSecurityRule(
            self._child("rule", rule.key),
            network_security_group_id=self.groups[rule.group].id,
            direction=rule.direction,
            protocol=filtering.PROTOCOLS[rule.protocol],
            description=rule.reason,
            source=peer if ingress else None,
            source_type=kind[rule.kind] if ingress else None,
            destination=None if ingress else peer,
            destination_type=None if ingress else kind[rule.kind],
            tcp_options=ports if rule.protocol == "tcp" else None,  # type: ignore[arg-type]
            udp_options=ports if rule.protocol == "udp" else None,  # type: ignore[arg-type]
            opts=self._place.opts(),
        )

    # --- sessions ---

    def _server_groups(self) -> list[str]:
        return [
            f"{p.key}-app"
            for p in self._place.plan.packages.values()
            if p.network == self._network.key and runs(p, "server")
        ]

    def _sessions_list(self) -> pulumi.Output[str]:
        """The list of the management subnet: sessions to servers, where there are any."""
        place, groups = self._place, self._server_groups()
        if not groups:
            return self.vcn.default_security_list_id
        roles: list[Role] = sorted({self._network.groups[key].role for key in groups})
        port = filtering.SESSION_PORT
        return oci.core.SecurityList(
            self._child("sessions-list"),
            compartment_id=place.compartment,
            vcn_id=self.vcn.id,
            display_name=self._name("sessions"),
            ingress_security_rules=[],
            egress_security_rules=[
                {
                    "description": "Bastion sessions to servers",
                    "destination": str(facts.subnet_range(self._network, role)),
                    "destination_type": "CIDR_BLOCK",
                    "protocol": filtering.PROTOCOLS["tcp"],
                    "tcp_options": {"min": port, "max": port},
                }
                for role in roles
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        ).id

    def _sessions(self) -> None:
        """The bastion: recorded sessions of named people, from the town hall only, no key on servers."""
        place, groups = self._place, self._server_groups()
        if not groups:
            return
        bastion = oci.bastion.Bastion(
            self._child("bastion"),
            compartment_id=place.compartment,
            bastion_type="STANDARD",
            name=self._name("sessions"),
            target_subnet_id=self.subnets["management"].id,
            client_cidr_block_allow_lists=[str(cidr) for cidr in self._network.on_premises],
            max_session_ttl_in_seconds=SESSION_SECONDS,
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        for key in groups:
            oci.core.NetworkSecurityGroupSecurityRule(
                self._child("rule", key, "sessions"),
                network_security_group_id=self.groups[key].id,
                direction="INGRESS",
                protocol=filtering.PROTOCOLS["tcp"],
                description="Bastion sessions",
                source=bastion.private_endpoint_ip_address.apply(lambda address: f"{address}/32"),
                source_type="CIDR_BLOCK",
                tcp_options={
                    "destination_port_range": {"min": filtering.SESSION_PORT, "max": filtering.SESSION_PORT}
                },
                opts=place.opts(),
            )

    # --- names, endpoints, logs ---

    def _names(self) -> tuple[oci.dns.View, oci.dns.Zone]:
        place = self._place
        view = oci.dns.View(
            self._child("view"),
            compartment_id=place.compartment,
            display_name=self._name("names"),
            scope="PRIVATE",
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        zone = oci.dns.Zone(
            self._child("zone"),
            compartment_id=place.compartment,
            name=self._network.dns.domain,
            zone_type="PRIMARY",
            scope="PRIVATE",
            view_id=view.id,
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        return view, zone

    def _storage_endpoint(self) -> oci.objectstorage.PrivateEndpoint:
        """Object Storage at an address of the network's own, for this tenancy's buckets only."""
        place = self._place
        return oci.objectstorage.PrivateEndpoint(
            self._child("storage"),
            compartment_id=place.compartment,
            namespace=place.gives("namespace"),
            name=self._name("storage"),
            prefix=facts.dns_label(place.plan.prefix if self._network.key == "main" else self._network.key),
            subnet_id=self.subnets["management"].id,
            nsg_ids=[self.groups["endpoints"].id],
            access_targets=[
                {"namespace": place.gives("namespace"), "compartment_id": place.gives("paas"), "bucket": "*"}
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _flow_log(self) -> None:
        """Every connection of the network, accepted or not."""
        place = self._place
        everything = oci.core.CaptureFilter(
            self._child("flows-all"),
            compartment_id=place.compartment,
            display_name=self._name("flows"),
            filter_type="FLOWLOG",
            flow_log_capture_filter_rules=[
                {"is_enabled": True, "priority": 0, "sampling_rate": 1, "flow_log_type": "ALL"}
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        oci.logging.Log(
            self._child("flows"),
            log_group_id=place.gives("logs"),
            display_name=self._name("flows"),
            log_type="SERVICE",
            is_enabled=True,
            retention_duration=facts.log_days(place.plan.baseline.retention.log_days),
            configuration={
                "compartment_id": place.compartment,
                "source": {
                    "source_type": "OCISERVICE",
                    "service": "flowlogs",
                    "category": "vcn",
                    "resource": self.vcn.id,
                    "parameters": {"capture_filter": everything.id},
                },
            },
            freeform_tags=place.labels(),
            opts=place.opts(),
        )


SESSION_SECONDS = 3 * 3600
"""The longest that the service lets a session be (API: maxSessionTtlInSeconds)."""
