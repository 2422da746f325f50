"""An approved opening to the internet: only named hosts, only HTTPS, only through the firewall.

Workloads → firewall → NAT gateway → internet, and the same way back. The table of the firewall's subnet
is tied to it last: firewall, gateway and tables would else wait for each other.
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_oci as oci

from components.derive import caller_roles, hosts
from components.oci import facts
from components.oci.place import Place
from stacks.plan import NetworkPlan

ANYWHERE = "0.0.0.0/0"
HTTPS: Any = {"min": 443, "max": 443}


class Egress:
    """Builds the opening of one network."""

    def __init__(
        self, place: Place, network: NetworkPlan, vcn: oci.core.Vcn, services: dict[str, Any]
    ) -> None:
        """Make it in `vcn`; `services` is the route to Oracle's own services, which every table has."""
        self._place, self._network, self._vcn = place, network, vcn
        subnet = oci.core.Subnet(
            self._child("subnet"),
            compartment_id=place.compartment,
            vcn_id=vcn.id,
            display_name=self._name(),
            cidr_block=str(facts.subnet_range(network, "egress")),
            dns_label=facts.dns_label("egress"),
            prohibit_internet_ingress=True,
            prohibit_public_ip_on_vnic=True,
            security_list_ids=[self._through().id],
            freeform_tags=place.labels(),
            # Its table is tied to it below.
            opts=place.opts(ignore=["routeTableId"]),
        )
        firewall = self._firewall(subnet)
        self._entity = self._private_ip(subnet, firewall)
        back = self._table(
            "back",
            [
                self._hop(str(facts.subnet_range(network, role)), "Answers pass the firewall too")
                for role in caller_roles(network)
            ],
        )
        nat = oci.core.NatGateway(
            self._child("nat"),
            compartment_id=place.compartment,
            vcn_id=vcn.id,
            display_name=self._name("nat"),
            route_table_id=back.id,
            block_traffic=False,
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        out = self._table(
            "out",
            [
                services,
                {
                    "destination": ANYWHERE,
                    "destination_type": "CIDR_BLOCK",
                    "network_entity_id": nat.id,
                    "description": "Approved hosts",
                },
            ],
        )
        oci.core.RouteTableAttachment(
            self._child("out-tied"), subnet_id=subnet.id, route_table_id=out.id, opts=place.opts()
        )

    def route(self) -> dict[str, Any]:
        """The route of a calling block: everything that has no route of its own goes to the firewall."""
        return self._hop(ANYWHERE, "Approved exception")

    def _child(self, *parts: str) -> str:
        return self._place.child(self._network.key, "egress", *parts)

    def _name(self, *parts: str) -> str:
        return self._place.plan.name(self._network.key, "egress", *parts)

    def _hop(self, destination: str, why: str) -> dict[str, Any]:
        return {
            "destination": destination,
            "destination_type": "CIDR_BLOCK",
            "network_entity_id": self._entity,
            "description": why,
        }

    def _table(self, part: str, rules: list[dict[str, Any]]) -> oci.core.RouteTable:
        place = self._place
        return oci.core.RouteTable(
            self._child(part),
            compartment_id=place.compartment,
            vcn_id=self._vcn.id,
            display_name=self._name(part),
            route_rules=rules,  # type: ignore[arg-type]
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _through(self) -> oci.core.SecurityList:
        """What may pass the firewall's subnet: HTTPS from the calling blocks, and out."""
        place, https = self._place, HTTPS
        return oci.core.SecurityList(
            self._child("list"),
            compartment_id=place.compartment,
            vcn_id=self._vcn.id,
            display_name=self._name(),
            ingress_security_rules=[
                {
                    "description": "Callers of an approved exception",
                    "source": str(facts.subnet_range(self._network, role)),
                    "source_type": "CIDR_BLOCK",
                    "protocol": "6",
                    "tcp_options": https,
                }
                for role in caller_roles(self._network)
            ],
            egress_security_rules=[
                {
                    "description": "Approved hosts, by the firewall",
                    "destination": ANYWHERE,
                    "destination_type": "CIDR_BLOCK",
                    "protocol": "6",
                    "tcp_options": https,
                }
            ],
            freeform_tags=place.labels(),
            opts=place.opts(),
        )

    def _firewall(self, subnet: oci.core.Subnet) -> oci.networkfirewall.NetworkFirewall:
        """The firewall and its policy: what no rule allows is dropped."""
        place, network = self._place, self._network
        policy = oci.networkfirewall.NetworkFirewallPolicy(
            self._child("policy"),
            compartment_id=place.compartment,
            display_name=self._name("policy"),
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        callers = oci.networkfirewall.NetworkFirewallPolicyAddressList(
            self._child("callers"),
            network_firewall_policy_id=policy.id,
            name="callers",
            type="IP",
            addresses=[str(facts.subnet_range(network, role)) for role in caller_roles(network)],
            opts=place.opts(),
        )
        approved = oci.networkfirewall.NetworkFirewallPolicyUrlList(
            self._child("hosts"),
            network_firewall_policy_id=policy.id,
            name="approved",
            urls=[{"type": "SIMPLE", "pattern": host} for host in hosts(network.egress)],
            opts=place.opts(),
        )
        https = oci.networkfirewall.NetworkFirewallPolicyService(
            self._child("https"),
            network_firewall_policy_id=policy.id,
            name="https",
            type="TCP_SERVICE",
            port_ranges=[{"minimum_port": 443, "maximum_port": 443}],
            opts=place.opts(),
        )
        listed = oci.networkfirewall.NetworkFirewallPolicyServiceList(
            self._child("services"),
            network_firewall_policy_id=policy.id,
            name="services",
            services=[https.name],
            opts=place.opts(),
        )
        rule = oci.networkfirewall.NetworkFirewallPolicySecurityRule(
            self._child("rule"),
            network_firewall_policy_id=policy.id,
            name="approved",
            action="ALLOW",
            condition={
                "source_addresses": [callers.name],
                "destination_addresses": [],
                "applications": [],
                "services": [listed.name],
                "urls": [approved.name],
            },
            opts=place.opts(),
        )
        firewall = oci.networkfirewall.NetworkFirewall(
            self._child("firewall"),
            compartment_id=place.compartment,
            display_name=self._name(),
            network_firewall_policy_id=policy.id,
            subnet_id=subnet.id,
            freeform_tags=place.labels(),
            opts=place.opts(rule),
        )
        oci.logging.Log(
            self._child("log"),
            log_group_id=place.gives("logs"),
            display_name=self._name("traffic"),
            log_type="SERVICE",
            is_enabled=True,
            retention_duration=facts.log_days(place.plan.baseline.retention.log_days),
            configuration={
                "compartment_id": place.compartment,
                "source": {
                    "source_type": "OCISERVICE",
                    "service": "ocinetworkfirewall",
                    "category": "trafficlog",
                    "resource": firewall.id,
                },
            },
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
        return firewall

    def _private_ip(
        self, subnet: oci.core.Subnet, firewall: oci.networkfirewall.NetworkFirewall
    ) -> pulumi.Output[str]:
        """The OCID of the firewall's address, which routes name."""
        return oci.core.get_private_ips_output(
            subnet_id=subnet.id,
            ip_address=firewall.ipv4address,
            opts=pulumi.InvokeOutputOptions(parent=self._place.parent),
        ).private_ips.apply(lambda found: str(found[0].id))
