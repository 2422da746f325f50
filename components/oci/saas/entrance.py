"""The entrance of a package: a private load balancer with its certificate, name, logs and alarm."""

from __future__ import annotations

import pulumi
import pulumi_oci as oci

from components.oci import facts
from components.oci.saas import alarms
from components.oci.saas.lodging import Lodging
from stacks.plan import PackagePlan, WorkloadPlan

BANDWIDTH = (10, 100)
"""Megabits a second that the balancer has at all times, and at most (our choice: the service scales
between them; terminals of one body stay far below)."""
TLS_PROTOCOLS = ["TLSv1.2", "TLSv1.3"]
CIPHERS = "oci-default-http2-tls-12-13-ssl-cipher-suite-v1"
"""Oracle's suite of forward-secret ciphers for both (Load Balancer documentation, "Predefined suites")."""
BACKENDS = "package"
"""Name of the one backend set of a balancer."""
RENEWAL = ("P90D", "P30D")
"""How often a certificate is renewed, and how long before its end at the latest."""


class Entrances:
    """Builds the entrances and puts what answers behind them."""

    def __init__(self, lodging: Lodging) -> None:
        """Make them in `lodging`."""
        self._lodging = lodging
        self._place = lodging.place
        self._balancers: dict[str, oci.loadbalancer.LoadBalancer] = {}
        self._sets: dict[str, oci.loadbalancer.BackendSet] = {}

    def build(self, package: PackagePlan, workload: WorkloadPlan) -> str:
        """The entrance of `package`, for `workload`. Gives its key."""
        place, key = self._place, package.key
        balancer = oci.loadbalancer.LoadBalancer(
            place.child(key, "entrance"),
            compartment_id=place.compartment,
            display_name=place.plan.name(key),
            shape="flexible",
            shape_details={
                "minimum_bandwidth_in_mbps": BANDWIDTH[0],
                "maximum_bandwidth_in_mbps": BANDWIDTH[1],
            },
            is_private=True,
            subnet_ids=[self._lodging.subnet(package)],
            network_security_group_ids=[self._lodging.group(package, "entry")],
            is_delete_protection_enabled=place.plan.protect,
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(),
        )
        backends = oci.loadbalancer.BackendSet(
            place.child(key, "backends"),
            load_balancer_id=balancer.id,
            name=BACKENDS,
            policy="LEAST_CONNECTIONS",
            health_checker={
                "protocol": "HTTP",
                "port": workload.port,
                "url_path": workload.health,
                "return_code": 200,
                "interval_ms": 15_000,
                "timeout_in_millis": 5_000,
                "retries": 3,
                "is_force_plain_text": False,
            },
            # Encrypted to the application too; its certificate is its own.
            ssl_configuration={
                "protocols": TLS_PROTOCOLS,
                "cipher_suite_name": CIPHERS,
                "verify_peer_certificate": False,
                "trusted_certificate_authority_ids": self._trusted(),
            },
            opts=place.opts(),
        )
        oci.loadbalancer.Listener(
            place.child(key, "listener"),
            load_balancer_id=balancer.id,
            name="https",
            port=443,
            protocol="HTTP",
            default_backend_set_name=backends.name,
            ssl_configuration={
                "certificate_ids": [self._certificate(package)],
                "protocols": TLS_PROTOCOLS,
                "cipher_suite_name": CIPHERS,
                "server_order_preference": "ENABLED",
                "verify_peer_certificate": False,
            },
            opts=place.opts(),
        )
        self._balancers[key], self._sets[key] = balancer, backends
        self._logs(package, balancer)
        self._lodging.record(
            package, balancer.ip_address_details.apply(lambda found: found[0].ip_address or "")
        )
        self._lodging.alarm(package, "service", alarms.service(), balancer.id)
        return key

    def behind(self, package: PackagePlan, key: str, address: pulumi.Input[str], port: int) -> None:
        """Put what answers at `address` behind the entrance of `package`."""
        place = self._place
        oci.loadbalancer.Backend(
            place.child(key, "backend"),
            load_balancer_id=self._balancers[package.key].id,
            backendset_name=self._sets[package.key].name,
            ip_address=address,
            port=port,
            opts=place.opts(),
        )

    def _trusted(self) -> list[pulumi.Output[str]]:
        authority = self._lodging.given.paas.authority
        return [] if authority is None else [authority]

    def _certificate(self, package: PackagePlan) -> pulumi.Input[str]:
        """The manifest's certificate (LGPKI, say), else one of the private authority for the name."""
        if package.certificate:
            return package.certificate
        place, interval, advance = self._place, *RENEWAL
        return oci.certificatesmanagement.Certificate(
            place.child(package.key, "certificate"),
            compartment_id=place.compartment,
            name=place.plan.name(package.key),
            certificate_config={
                "config_type": "ISSUED_BY_INTERNAL_CA",
                "issuer_certificate_authority_id": self._lodging.given.paas.authority,
                "certificate_profile_type": "TLS_SERVER",
                "key_algorithm": "RSA2048",
                "signature_algorithm": "SHA256_WITH_RSA",
                "subject": {"common_name": package.host},
                "subject_alternative_names": [{"type": "DNS", "value": package.host}],
            },
            certificate_rules=[
                {
                    "rule_type": "CERTIFICATE_RENEWAL_RULE",
                    "renewal_interval": interval,
                    "advance_renewal_period": advance,
                }
            ],
            freeform_tags=place.labels(package),
            opts=place.opts(),
        ).id

    def _logs(self, package: PackagePlan, balancer: oci.loadbalancer.LoadBalancer) -> None:
        """Who reached what, and what went wrong; the connector takes both to the archive."""
        place = self._place
        for category in ("access", "error"):
            oci.logging.Log(
                place.child(package.key, category),
                log_group_id=place.gives("logs"),
                display_name=place.plan.name(package.key, category),
                log_type="SERVICE",
                is_enabled=True,
                retention_duration=facts.log_days(place.plan.baseline.retention.log_days),
                configuration={
                    "compartment_id": place.compartment,
                    "source": {
                        "source_type": "OCISERVICE",
                        "service": "loadbalancer",
                        "category": category,
                        "resource": balancer.id,
                    },
                },
                freeform_tags=place.labels(package),
                opts=place.opts(),
            )
