"""OCI's end of Oracle Interconnect for Azure: the virtual circuit that takes Azure's line by its key."""

from __future__ import annotations

from ipaddress import IPv4Network

import pulumi
import pulumi_oci as oci

from components.oci.place import Place
from stacks.addressing import block
from stacks.plan import JoinPlan

CARRIER, SERVICE = "Microsoft Azure", "ExpressRoute"
"""How FastConnect calls Azure among its providers, and what it offers there."""

Session = oci.core.VirtualCircuitCrossConnectMappingArgsDict
"""The addresses of one BGP session."""


def link_addresses(space: IPv4Network, number: int) -> tuple[Session, Session]:
    """Addresses of the two sessions of line `number`: Azure's and Oracle's, a /30 each.

    From the end of the `reserve` block, which has no subnet: circuits take theirs from its beginning.
    """
    links = list(block(space, "reserve").subnets(new_prefix=30))
    first, second = links[-2 * (number + 1)], links[-2 * (number + 1) + 1]
    return _session(first), _session(second)


def _session(link: IPv4Network) -> Session:
    return {
        "customer_bgp_peering_ip": f"{link[1]}/{link.prefixlen}",
        "oracle_bgp_peering_ip": f"{link[2]}/{link.prefixlen}",
    }


def circuit(
    place: Place, join: JoinPlan, shape: str, gateway: pulumi.Output[str], key: pulumi.Output[str]
) -> oci.core.VirtualCircuit:
    """The virtual circuit over Azure's line, which it provisions on both sides."""
    plan = place.plan
    found = oci.core.get_fast_connect_provider_services_output(
        compartment_id=plan.unit, opts=pulumi.InvokeOutputOptions(parent=place.parent)
    ).fast_connect_provider_services
    offers = found.apply(lambda all_: {(s.provider_name, s.provider_service_name): s.id for s in all_})
    azure = offers.apply(lambda known: known[CARRIER, SERVICE])
    return oci.core.VirtualCircuit(
        place.child("join", join.key),
        compartment_id=place.compartment,
        display_name=plan.name(join.key),
        type="PRIVATE",
        gateway_id=gateway,
        bandwidth_shape_name=shape,
        provider_service_id=azure,
        provider_service_key_name=key,
        cross_connect_mappings=list(link_addresses(next(iter(plan.networks.values())).cidr, join.number)),
        freeform_tags=place.labels(),
        opts=pulumi.ResourceOptions.merge(
            place.opts(), pulumi.ResourceOptions(additional_secret_outputs=["providerServiceKeyName"])
        ),
    )
