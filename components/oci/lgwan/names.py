"""Names both ways: ours for the town hall, the town hall's for us."""

from __future__ import annotations

from ipaddress import IPv4Address

import pulumi
import pulumi_oci as oci

from components.contract import NetworkGives
from components.oci.facts import first_key, subnet_range
from components.oci.place import Place
from stacks.plan import NetworkPlan

INBOUND, OUTBOUND = 10, 12
"""Where the resolver's addresses are in the `connect` subnet: known before anything exists, so that the
town hall can be told, and above the two that OCI keeps at its start."""


def resolver_address(network: NetworkPlan, offset: int) -> IPv4Address:
    """The address of one end of the resolver."""
    return subnet_range(network, "connect")[offset]


def names(place: Place, network: NetworkPlan, made: NetworkGives) -> None:
    """The endpoints of the network's resolver, the view that it answers from, and where it forwards to."""
    # The resolver comes with the network and stays with it; only what it does is ours.
    resolver = oci.core.get_cnv_dns_resolver_association_output(
        vcn_id=made.id, opts=pulumi.InvokeOutputOptions(parent=place.parent)
    ).dns_resolver_id
    endpoints = [_endpoint(place, network, made, resolver, listening=True)]
    if network.dns.on_premises:
        endpoints.append(_endpoint(place, network, made, resolver, listening=False))
    oci.dns.Resolver(
        place.child("resolver", network.key),
        resolver_id=resolver,
        scope="PRIVATE",
        display_name=place.plan.name("resolver", network.key),
        attached_views=[] if made.names is None else [{"view_id": made.names}],
        rules=[
            {
                "action": "FORWARD",
                "qname_cover_conditions": [domain],
                # One address a rule: the service takes no more.
                "destination_addresses": [str(servers[0])],
                "source_endpoint_name": _name(listening=False),
            }
            for domain, servers in network.dns.on_premises.items()
        ],
        freeform_tags=place.labels(),
        opts=place.opts(*endpoints),
    )


def _name(*, listening: bool) -> str:
    return "inbound" if listening else "outbound"


def _endpoint(
    place: Place,
    network: NetworkPlan,
    made: NetworkGives,
    resolver: pulumi.Output[str],
    *,
    listening: bool,
) -> oci.dns.ResolverEndpoint:
    address = str(resolver_address(network, INBOUND if listening else OUTBOUND))
    return oci.dns.ResolverEndpoint(
        place.child("resolver", _name(listening=listening), network.key),
        resolver_id=resolver,
        name=_name(listening=listening),
        scope="PRIVATE",
        endpoint_type="VNIC",
        is_listening=listening,
        is_forwarding=not listening,
        listening_address=address if listening else None,
        forwarding_address=None if listening else address,
        subnet_id=made.subnets[first_key(network, "connect")],
        nsg_ids=[made.groups["resolver"]],
        opts=place.opts(),
    )
