"""A closed network: no route to the internet, regional subnets, one address for Google's services."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.contract import NetworkGives
from components.google.iaas.egress import Egress
from components.google.iaas.filtering import proxy_subnet, regional_subnets, rules, services_address
from components.google.iaas.firewall import allow, close, tag
from components.room import Room
from stacks.addressing import Role
from stacks.plan import NetworkPlan, PackagePlan

SERVICE_DOMAINS: tuple[str, ...] = ("googleapis.com", "pkg.dev")
"""Names of Google's services that lead to the network's own address (VPC documentation, "Access Google
APIs through endpoints"): all APIs, and Artifact Registry for images and packages of the OS."""


class Network:
    """Builds one network. `gives` is what later layers use of it."""

    def __init__(self, room: Room, network: NetworkPlan, packages: tuple[PackagePlan, ...]) -> None:
        """Make `network`, where `packages` live, under `room`."""
        self._room, self._plan, self._network = room, room.plan, network
        vpc = gcp.compute.Network(
            room.child(network.key),
            name=self._plan.name(network.key),
            description="Closed: no route to the internet",
            auto_create_subnetworks=False,
            # The route to the internet that every network is born with.
            delete_default_routes_on_create=True,
            routing_mode="REGIONAL",
            mtu=1460,
            opts=room.opts(keep=True),
        )
        self._vpc = vpc
        regional = {role: self._subnet(role, str(cidr)) for role, cidr in regional_subnets(network).items()}
        self._proxies()
        close(room, network.key, vpc.id)
        for rule in rules(network, packages):
            allow(room, network.key, vpc.id, rule)
        endpoint = self._services()
        zone = self._zone(network.key, network.dns.domain)
        if network.egress:
            Egress(room, network, packages, vpc, regional["egress"])
        subnets = {key: regional[s.role].id for key, s in network.subnets.items() if s.role in regional}
        self.gives = NetworkGives(
            id=vpc.id,
            subnets=subnets,
            groups={key: pulumi.Output.from_input(tag(room, key)) for key in network.groups},
            route_tables={},
            zone=zone.name,
            endpoints={"google": endpoint},
        )

    def _child(self, *parts: str) -> str:
        return self._room.child("-".join((self._network.key, *parts)))

    def _name(self, *parts: str) -> str:
        return self._plan.name(self._network.key, *parts)

    def _subnet(self, role: Role, cidr: str) -> gcp.compute.Subnetwork:
        """A subnet over all zones, with flow logs and the way to Google's services."""
        return gcp.compute.Subnetwork(
            self._child(role),
            name=self._name(role),
            network=self._vpc.id,
            region=self._plan.region,
            ip_cidr_range=cidr,
            purpose="PRIVATE",
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_5_SEC",
                # Every flow: what is sampled is no record.
                "flow_sampling": 1.0,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self._room.opts(),
        )

    def _proxies(self) -> None:
        """Where the proxies of internal load balancers live."""
        gcp.compute.Subnetwork(
            self._child("proxies"),
            name=self._name("proxies"),
            network=self._vpc.id,
            region=self._plan.region,
            ip_cidr_range=str(proxy_subnet(self._network)),
            purpose="REGIONAL_MANAGED_PROXY",
            role="ACTIVE",
            opts=self._room.opts(),
        )

    def _services(self) -> pulumi.Output[str]:
        """Google's services at one private address (Private Service Connect), and their names there.

        The bundle `vpc-sc`: only services whose data a perimeter can hold. Gives the address.
        """
        address = gcp.compute.GlobalAddress(
            self._child("services"),
            name=self._name("services"),
            network=self._vpc.id,
            address_type="INTERNAL",
            purpose="PRIVATE_SERVICE_CONNECT",
            address=str(services_address(self._network)),
            opts=self._room.opts(),
        )
        gcp.compute.GlobalForwardingRule(
            self._child("services-endpoint"),
            # 20 letters and digits at most, as it becomes part of names.
            name=f"{self._plan.prefix}{'' if self._network.key == 'main' else self._network.key}"[:20],
            target="vpc-sc",
            network=self._vpc.id,
            ip_address=address.id,
            load_balancing_scheme="",
            no_automate_dns_zone=True,
            opts=self._room.opts(),
        )
        for domain in SERVICE_DOMAINS:
            short = domain.replace(".", "-")
            zone = self._zone(short, domain)
            gcp.dns.RecordSet(
                self._child(short, "address"),
                managed_zone=zone.name,
                name=f"*.{domain}.",
                type="A",
                ttl=300,
                rrdatas=[address.address],
                opts=self._room.opts(),
            )
        return address.address

    def _zone(self, key: str, domain: str) -> gcp.dns.ManagedZone:
        """A private zone that only this network sees."""
        return gcp.dns.ManagedZone(
            self._child("zone", key),
            name=self._name("zone", key),
            dns_name=f"{domain}.",
            description=f"Private names of {self._plan.prefix}",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self._vpc.id}]},
            force_destroy=not self._plan.protect,
            opts=self._room.opts(),
        )
