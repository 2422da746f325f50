"""An approved opening to the internet: only named hosts, only HTTPS, only through the firewall."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_azure_native as azure

from components.azure.gives import BaselineGives
from components.azure.logs import diagnostics
from components.azure.place import Place
from components.derive import hosts
from stacks.plan import NetworkPlan


def egress(
    place: Place,
    network: NetworkPlan,
    baseline: BaselineGives,
    subnet: azure.network.Subnet,
    callers: Sequence[str],
) -> azure.network.AzureFirewall:
    """The firewall of `network` in `subnet`: the workloads in `callers` reach approved hosts by name."""
    plan, key = place.plan, network.key
    address = azure.network.PublicIPAddress(
        place.child(key, "egress-address"),
        resource_group_name=place.group,
        public_ip_address_name=plan.name(key, "egress", limit=80),
        location=plan.region,
        sku={"name": "Standard", "tier": "Regional"},
        public_ip_allocation_method="Static",
        zones=list(plan.zones),
        tags=place.tags(),
        opts=place.opts(),
    )
    policy = azure.network.FirewallPolicy(
        place.child(key, "egress-policy"),
        resource_group_name=place.group,
        firewall_policy_name=plan.name(key, "egress", limit=80),
        location=plan.region,
        sku={"tier": "Standard"},
        threat_intel_mode="Deny",
        # What is asked for by name is looked up by the firewall itself, so that both see one address.
        dns_settings={"enable_proxy": True},
        tags=place.tags(),
        opts=place.opts(),
    )
    rules = azure.network.FirewallPolicyRuleCollectionGroup(
        place.child(key, "egress-hosts"),
        resource_group_name=place.group,
        firewall_policy_name=policy.name,
        rule_collection_group_name="approved",
        priority=200,
        rule_collections=[
            # Args, not dicts: in a list of a union type the SDK leaves a dict's keys as they are.
            azure.network.FirewallPolicyFilterRuleCollectionArgs(
                rule_collection_type="FirewallPolicyFilterRuleCollection",
                name="approved",
                priority=100,
                action=azure.network.FirewallPolicyFilterRuleCollectionActionArgs(type="Allow"),
                rules=[
                    azure.network.ApplicationRuleArgs(
                        rule_type="ApplicationRule",
                        name="hosts",
                        source_addresses=list(callers),
                        protocols=[
                            azure.network.FirewallPolicyRuleApplicationProtocolArgs(
                                protocol_type="Https", port=443
                            )
                        ],
                        target_fqdns=list(hosts(network.egress)),
                    )
                ],
            )
        ],
        opts=place.opts(),
    )
    firewall = azure.network.AzureFirewall(
        place.child(key, "egress-firewall"),
        resource_group_name=place.group,
        azure_firewall_name=plan.name(key, "egress", limit=56),
        location=plan.region,
        zones=list(plan.zones),
        sku={"name": "AZFW_VNet", "tier": "Standard"},
        firewall_policy={"id": policy.id},
        ip_configurations=[
            {"name": "egress", "subnet": {"id": subnet.id}, "public_ip_address": {"id": address.id}}
        ],
        tags=place.tags(),
        opts=place.opts(rules),
    )
    diagnostics(place, f"{key}-egress", firewall.id, baseline.workspace)
    return firewall
