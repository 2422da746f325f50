"""Where people enter a hosted package: an internal load balancer with its certificate, name and log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_gcp as gcp

from components.derive import app_role, beyond
from components.google import facts
from components.google.saas import alarms
from components.google.saas.lodging import Lodging
from components.room import Room
from stacks.plan import NetworkPlan, PackagePlan, WorkloadPlan

DRAIN_SECONDS = 60
"""How long a server that leaves may finish what it does."""
RANGES_A_RULE = 10
"""Ranges that one rule of a security policy takes (Cloud Armor documentation, "Quotas and limits")."""
PORT = "https"


def rules(network: NetworkPlan) -> list[gcp.compute.RegionSecurityPolicyRuleArgsDict]:
    """Who may enter: whom the allow list names beyond the network. The last rule is for everybody else,
    and must be there."""
    ranges = [str(cidr) for cidr in beyond(network)]
    whom = "Town hall and joined clouds" if len(ranges) > len(network.on_premises) else "Town hall"
    groups = [ranges[at : at + RANGES_A_RULE] for at in range(0, len(ranges), RANGES_A_RULE)]
    allowed: list[gcp.compute.RegionSecurityPolicyRuleArgsDict] = [
        {
            "priority": 1000 + number,
            "action": "allow",
            "description": whom,
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": group}},
        }
        for number, group in enumerate(groups)
    ]
    return [
        *allowed,
        {
            "priority": 2147483647,
            "action": "deny(403)",
            "description": "Nobody else",
            "match": {"versioned_expr": "SRC_IPS_V1", "config": {"src_ip_ranges": ["*"]}},
        },
    ]


class Entrances:
    """Builds the entrances of packages, and what they share: TLS settings, who may enter, certificates."""

    def __init__(self, lodging: Lodging, packages: Sequence[PackagePlan]) -> None:
        """Make them in `lodging` for those of `packages` that have an exposed workload."""
        self._lodging, self._room, self._plan = lodging, lodging.room, lodging.room.plan
        exposed = [p for p in packages if p.exposed]
        self._tls = self._policy(self._room) if exposed else None
        self._who = {
            key: self._security(network)
            for key, network in self._plan.networks.items()
            if any(p.network == key for p in exposed)
        }
        self._issuing = self._issuance() if any(not p.certificate for p in exposed) else None

    def _policy(self, room: Room) -> gcp.compute.RegionSslPolicy:
        """TLS 1.2 and 1.3 with forward secrecy only."""
        return gcp.compute.RegionSslPolicy(
            room.child("tls"),
            name=self._plan.name("tls"),
            region=self._plan.region,
            profile="RESTRICTED",
            min_tls_version="TLS_1_2",
            opts=room.opts(),
        )

    def _security(self, network: NetworkPlan) -> gcp.compute.RegionSecurityPolicy:
        """Who may enter the load balancers of a network."""
        return gcp.compute.RegionSecurityPolicy(
            self._room.child(f"{network.key}-who"),
            name=self._plan.name(network.key, "who"),
            region=self._plan.region,
            type="CLOUD_ARMOR",
            description="The town hall, and nobody else",
            rules=rules(network),
            opts=self._room.opts(),
        )

    def _issuance(self) -> gcp.certificatemanager.CertificateIssuanceConfig:
        """How certificates are had from the private authority: for 30 days, renewed after 20."""
        authority = self._lodging.given.paas.authority
        if authority is None:
            raise ValueError("packages need certificates and the platform has no authority")
        return gcp.certificatemanager.CertificateIssuanceConfig(
            self._room.child("certificates"),
            name=self._plan.name("certificates"),
            location=self._plan.region,
            key_algorithm="ECDSA_P256",
            lifetime=facts.seconds(30),
            rotation_window_percentage=34,
            certificate_authority_config={"certificate_authority_service_config": {"ca_pool": authority}},
            opts=self._room.opts(),
        )

    def build(
        self, package: PackagePlan, workload: WorkloadPlan, service: gcp.cloudrunv2.Service | None
    ) -> None:
        """The internal load balancer of `package` with its certificate, name and alarm.

        `service` is what runs its exposed workload, None where servers do.
        """
        plan, room, key = self._plan, self._room, package.key
        name = plan.name(key)
        backend = gcp.compute.RegionBackendService(
            room.child(f"{key}-backend"),
            name=name,
            region=plan.region,
            load_balancing_scheme="INTERNAL_MANAGED",
            security_policy=self._who[package.network].self_link,
            log_config={"enable": True, "sample_rate": 1.0},
            opts=room.opts(),
            **(self._serverless(package, service) if service else self._servers(package, workload)),
        )
        urls = gcp.compute.RegionUrlMap(
            room.child(f"{key}-urls"),
            name=name,
            region=plan.region,
            default_service=backend.id,
            opts=room.opts(),
        )
        proxy = gcp.compute.RegionTargetHttpsProxy(
            room.child(f"{key}-proxy"),
            name=name,
            region=plan.region,
            url_map=urls.id,
            ssl_policy=self._tls.id if self._tls else None,
            certificate_manager_certificates=[self._certificate(package)],
            opts=room.opts(),
        )
        address = self._lodging.address(package, "SHARED_LOADBALANCER_VIP")
        gcp.compute.ForwardingRule(
            room.child(f"{key}-entrance"),
            name=name,
            region=plan.region,
            network=self._lodging.network(package).id,
            subnetwork=self._lodging.subnet(package),
            load_balancing_scheme="INTERNAL_MANAGED",
            ip_protocol="TCP",
            ip_address=address.id,
            port_range="443",
            target=proxy.id,
            # Within the region: circuits enter in the region of the tenant.
            allow_global_access=False,
            labels=facts.labels(package.tags),
            opts=room.opts(),
        )
        self._lodging.record(package, address.address)
        self._lodging.alarm(f"{key}-service", alarms.service(name))

    def _certificate(self, package: PackagePlan) -> pulumi.Input[str]:
        """The manifest's certificate (LGPKI, say), else one of the private authority for the name."""
        if package.certificate:
            return package.certificate
        return gcp.certificatemanager.Certificate(
            self._room.child(f"{package.key}-certificate"),
            name=self._plan.name(package.key),
            location=self._plan.region,
            managed={
                "domains": [package.host],
                "issuance_config": self._issuing.id if self._issuing else None,
            },
            labels=facts.labels(package.tags),
            opts=self._room.opts(),
        ).id

    def _serverless(self, package: PackagePlan, service: gcp.cloudrunv2.Service) -> Mapping[str, Any]:
        """A Cloud Run service as a backend. Its health is Cloud Run's own affair."""
        group = gcp.compute.RegionNetworkEndpointGroup(
            self._room.child(f"{package.key}-group"),
            name=self._plan.name(package.key),
            region=self._plan.region,
            network_endpoint_type="SERVERLESS",
            cloud_run={"service": service.name},
            opts=self._room.opts(),
        )
        return {
            "protocol": "HTTPS",
            "backends": [{"group": group.id, "balancing_mode": "UTILIZATION", "capacity_scaler": 1.0}],
        }

    def _servers(self, package: PackagePlan, workload: WorkloadPlan) -> Mapping[str, Any]:
        """The exposed servers as a backend: a group for each zone, and a check that they are well."""
        plan, room, key = self._plan, self._room, package.key
        network = plan.networks[package.network]
        zones = [s.zone for s in network.of_role(app_role(package))]
        made = self._lodging.given.iaas.servers
        groups: list[gcp.compute.InstanceGroup] = []
        for place, zone in enumerate(zones):
            members = [
                made[f"{key}-{workload.key}-{number + 1}"]
                for number in range(workload.replicas)
                if number % len(zones) == place
            ]
            if members:
                groups.append(
                    gcp.compute.InstanceGroup(
                        room.child(f"{key}-group-{zone}"),
                        name=plan.name(key, zone),
                        zone=zone,
                        network=self._lodging.network(package).id,
                        instances=members,
                        named_ports=[{"name": PORT, "port": workload.port}],
                        opts=room.opts(),
                    )
                )
        check = gcp.compute.RegionHealthCheck(
            room.child(f"{key}-health"),
            name=plan.name(key),
            region=plan.region,
            check_interval_sec=15,
            timeout_sec=5,
            healthy_threshold=2,
            unhealthy_threshold=3,
            https_health_check={"port": workload.port, "request_path": workload.health},
            log_config={"enable": True},
            opts=room.opts(),
        )
        return {
            "protocol": "HTTPS",
            "port_name": PORT,
            "health_checks": check.id,
            "connection_draining_timeout_sec": DRAIN_SECONDS,
            "backends": [
                {"group": group.id, "balancing_mode": "UTILIZATION", "capacity_scaler": 1.0}
                for group in groups
            ],
        }
