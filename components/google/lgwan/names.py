"""Private names both ways between the town hall and one network."""

from __future__ import annotations

import pulumi_gcp as gcp

from components.contract import NetworkGives
from components.room import Room
from stacks.plan import NetworkPlan


def names(room: Room, network: NetworkPlan, made: NetworkGives) -> None:
    """Ours for the town hall: an entry point in each subnet, of which it uses that in `connect`. The town
    hall's for us: a zone for each of its domains, asked for over the circuits only.
    """
    gcp.dns.Policy(
        room.child(f"resolver-{network.key}"),
        name=room.plan.name("resolver", network.key),
        description="Answers the town hall, and records every question",
        enable_inbound_forwarding=True,
        enable_logging=True,
        networks=[{"network_url": made.id}],
        opts=room.opts(),
    )
    for domain, servers in network.dns.on_premises.items():
        gcp.dns.ManagedZone(
            room.child(f"forward-{network.key}-{domain}"),
            name=room.plan.name("forward", network.key, domain.replace(".", "-")),
            dns_name=f"{domain}.",
            description="Names that the town hall answers",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": made.id}]},
            forwarding_config={
                "target_name_servers": [
                    {"ipv4_address": str(server), "forwarding_path": "private"} for server in servers
                ]
            },
            opts=room.opts(),
        )
