"""Firewall rules: what is planned is let through, everything else is refused and recorded."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.google.iaas.filtering import Rule
from components.room import Room


def tag(room: Room, group: str) -> str:
    """The network tag of a group: `jt131041p-residents-app`."""
    return room.plan.name(group)


def allow(
    room: Room,
    network: str,
    network_id: pulumi.Input[str],
    rule: Rule,
    ranges: Sequence[pulumi.Input[str]] | None = None,
) -> gcp.compute.Firewall:
    """One rule of `network`; `ranges` take the place of the rule's where they are known only now."""
    others = list(ranges) if ranges is not None else [str(cidr) for cidr in rule.ranges]
    into = rule.direction == "INGRESS"
    return gcp.compute.Firewall(
        room.child(f"{network}-allow-{rule.key}"),
        name=room.plan.name(network, "allow", rule.key),
        network=network_id,
        direction=rule.direction,
        priority=1000,
        allows=[{"protocol": rule.protocol, "ports": [str(rule.port)]}],
        source_ranges=others if into else None,
        destination_ranges=None if into else others,
        target_tags=[tag(room, group) for group in rule.tags],
        description=rule.reason,
        opts=room.opts(),
    )


def close(room: Room, network: str, network_id: pulumi.Input[str]) -> None:
    """The policy of a network: nothing in, nothing out, and each attempt is in the log.

    Policies are asked after the VPC rules, so what those allow is not refused here.
    """
    policy = gcp.compute.NetworkFirewallPolicyWithRules(
        room.child(f"{network}-closed"),
        name=room.plan.name(network, "closed"),
        description="Refuses and records what no rule allows",
        rules=[
            {
                "rule_name": f"refuse-{direction.lower()}",
                "description": "Nothing that is not planned",
                "priority": priority,
                "direction": direction,
                "action": "deny",
                "enable_logging": True,
                "match": {
                    "src_ip_ranges": ["0.0.0.0/0"] if direction == "INGRESS" else None,
                    "dest_ip_ranges": ["0.0.0.0/0"] if direction == "EGRESS" else None,
                    "layer4_configs": [{"ip_protocol": "all"}],
                },
            }
            for priority, direction in ((1000, "INGRESS"), (1001, "EGRESS"))
        ],
        opts=room.opts(),
    )
    gcp.compute.NetworkFirewallPolicyAssociation(
        room.child(f"{network}-closed-here"),
        name=room.plan.name(network, "closed"),
        firewall_policy=policy.name,
        attachment_target=network_id,
        opts=room.opts(),
    )
