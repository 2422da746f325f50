"""A package at the vendor's side: a private address of ours that leads to the vendor's service alone.

The peering between the two networks is made with the network (`iaas`): its routes are there.
"""

from __future__ import annotations

import pulumi_oci as oci

from components.oci import facts
from components.oci.saas.lodging import Lodging
from stacks.plan import PackagePlan

BACKENDS = "vendor"


def vendor(lodging: Lodging, package: PackagePlan, endpoint: str) -> None:
    """The private endpoint of `package`: a network load balancer in the package's group, and its name."""
    place = lodging.place
    address, port = str(facts.vendor(endpoint)[1]), package.asp_port
    oci.core.NetworkSecurityGroupSecurityRule(
        place.child(package.key, "to-vendor"),
        network_security_group_id=lodging.group(package, "entry"),
        direction="EGRESS",
        protocol="6",
        description="To the vendor's service",
        destination=f"{address}/32",
        destination_type="CIDR_BLOCK",
        tcp_options={"destination_port_range": {"min": port, "max": port}},
        opts=place.opts(),
    )
    balancer = oci.networkloadbalancer.NetworkLoadBalancer(
        place.child(package.key, "endpoint"),
        compartment_id=place.compartment,
        display_name=place.plan.name(package.key),
        subnet_id=lodging.subnet(package),
        network_security_group_ids=[lodging.group(package, "entry")],
        is_private=True,
        # The vendor sees our address and not the terminals'.
        is_preserve_source_destination=False,
        freeform_tags=place.labels(package),
        opts=place.opts(),
    )
    backends = oci.networkloadbalancer.BackendSet(
        place.child(package.key, "backends"),
        network_load_balancer_id=balancer.id,
        name=BACKENDS,
        policy="FIVE_TUPLE",
        is_preserve_source=False,
        health_checker={"protocol": "TCP", "port": port},
        opts=place.opts(),
    )
    oci.networkloadbalancer.Backend(
        place.child(package.key, "backend"),
        network_load_balancer_id=balancer.id,
        backend_set_name=backends.name,
        ip_address=address,
        port=port,
        opts=place.opts(),
    )
    oci.networkloadbalancer.Listener(
        place.child(package.key, "listener"),
        network_load_balancer_id=balancer.id,
        name=BACKENDS,
        default_backend_set_name=backends.name,
        port=port,
        protocol="TCP",
        opts=place.opts(),
    )
    lodging.record(package, balancer.ip_addresses.apply(lambda found: found[0].ip_address or ""))
