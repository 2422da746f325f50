"""Names both ways: the town hall asks for ours, we ask for the town hall's."""

from __future__ import annotations

from ipaddress import IPv4Address

import pulumi_azure_native as azure

from components.azure.iaas.subnets import key_of
from components.azure.place import Place
from components.contract import NetworkGives
from stacks.addressing import slot
from stacks.plan import NetworkPlan


def inbound_address(network: NetworkPlan) -> IPv4Address:
    """Where the town hall asks: the first address that Azure leaves, known before anything exists."""
    return slot(network.cidr, "connect", 1)[4]


def names(place: Place, network: NetworkPlan, made: NetworkGives) -> None:
    """The resolver of one network: the way in, and the way out for the domains of the town hall."""
    plan, key = place.plan, network.key
    resolver = azure.dnsresolver.DnsResolver(
        place.child("resolver", key),
        resource_group_name=place.group,
        dns_resolver_name=plan.name(key, "resolver", limit=80),
        location=plan.region,
        virtual_network={"id": made.id},
        tags=place.tags(),
        opts=place.opts(),
    )
    azure.dnsresolver.InboundEndpoint(
        place.child("resolver", key, "in"),
        resource_group_name=place.group,
        dns_resolver_name=resolver.name,
        inbound_endpoint_name="inbound",
        location=plan.region,
        ip_configurations=[
            {
                "private_ip_allocation_method": "Static",
                "private_ip_address": str(inbound_address(network)),
                "subnet": {"id": made.subnets[key_of("connect", "inbound")]},
            }
        ],
        tags=place.tags(),
        opts=place.opts(),
    )
    if not network.dns.on_premises:
        return
    way_out = azure.dnsresolver.OutboundEndpoint(
        place.child("resolver", key, "out"),
        resource_group_name=place.group,
        dns_resolver_name=resolver.name,
        outbound_endpoint_name="outbound",
        location=plan.region,
        subnet={"id": made.subnets[key_of("connect", "outbound")]},
        tags=place.tags(),
        opts=place.opts(),
    )
    ruleset = azure.dnsresolver.DnsForwardingRuleset(
        place.child("resolver", key, "rules"),
        resource_group_name=place.group,
        dns_forwarding_ruleset_name=plan.name(key, "town-hall", limit=80),
        location=plan.region,
        dns_resolver_outbound_endpoints=[{"id": way_out.id}],
        tags=place.tags(),
        opts=place.opts(),
    )
    for domain, servers in network.dns.on_premises.items():
        azure.dnsresolver.ForwardingRule(
            place.child("resolver", key, domain.replace(".", "-")),
            resource_group_name=place.group,
            dns_forwarding_ruleset_name=ruleset.name,
            forwarding_rule_name=domain.replace(".", "-")[:80],
            domain_name=f"{domain}.",
            forwarding_rule_state="Enabled",
            target_dns_servers=[{"ip_address": str(server), "port": 53} for server in servers],
            opts=place.opts(),
        )
    azure.dnsresolver.PrivateResolverVirtualNetworkLink(
        place.child("resolver", key, "link"),
        resource_group_name=place.group,
        dns_forwarding_ruleset_name=ruleset.name,
        virtual_network_link_name=key,
        virtual_network={"id": made.id},
        opts=place.opts(),
    )
