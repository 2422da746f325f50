"""An approved opening to the internet: a web proxy that lets named hosts through, and nobody else.

Secure Web Proxy reads the name in the TLS handshake, so machines need no setting: their route leads
to it. It brings its own NAT, which it takes away with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi_gcp as gcp

from components.google import facts
from components.google.iaas.filtering import HTTPS
from components.google.iaas.firewall import tag
from components.room import Room
from stacks.plan import EgressPlan, NetworkPlan, PackagePlan


def matcher(egress: EgressPlan) -> str:
    """The hosts of one exception as the proxy's expression; JSON strings are CEL strings too."""
    return " || ".join(f"host() == {json.dumps(host)}" for host in egress.destinations)


def callers(packages: Sequence[PackagePlan]) -> tuple[str, ...]:
    """The groups that may use the opening: the workloads of hosted packages."""
    return tuple(f"{p.key}-app" for p in packages if p.delivery == "hosted" and p.workloads)


class Egress:
    """Builds the opening of one network, out of the `egress` block."""

    def __init__(
        self,
        room: Room,
        network: NetworkPlan,
        packages: Sequence[PackagePlan],
        vpc: gcp.compute.Network,
        subnet: gcp.compute.Subnetwork,
    ) -> None:
        """Make it under `room`; the proxy has an address in `subnet`."""
        plan = room.plan
        name = plan.name(network.key, "egress")
        policy = gcp.networksecurity.GatewaySecurityPolicy(
            room.child(f"{network.key}-egress-policy"),
            name=name,
            location=plan.region,
            description="Approved hosts only",
            opts=room.opts(),
        )
        rules = [
            gcp.networksecurity.GatewaySecurityPolicyRule(
                room.child(f"{network.key}-egress-{egress.purpose}"),
                name=plan.name(network.key, egress.purpose),
                location=plan.region,
                gateway_security_policy=policy.name,
                enabled=True,
                priority=number,
                session_matcher=matcher(egress),
                basic_profile="ALLOW",
                description=f"{egress.purpose} until {egress.expires.isoformat()}",
                opts=room.opts(),
            )
            for number, egress in enumerate(network.egress, start=1)
        ]
        address = gcp.compute.Address(
            room.child(f"{network.key}-egress-address"),
            name=name,
            region=plan.region,
            subnetwork=subnet.id,
            address_type="INTERNAL",
            purpose="GCE_ENDPOINT",
            opts=room.opts(),
        )
        gateway = gcp.networkservices.Gateway(
            room.child(f"{network.key}-egress-proxy"),
            name=name,
            location=plan.region,
            type="SECURE_WEB_GATEWAY",
            routing_mode="NEXT_HOP_ROUTING_MODE",
            addresses=[address.address],
            ports=[HTTPS],
            network=vpc.id,
            subnetwork=subnet.id,
            gateway_security_policy=policy.id,
            delete_swg_autogen_router_on_destroy=True,
            labels=facts.labels({"usage": "exception"}),
            # The rules first: a proxy without them would refuse, one with half of them surprise.
            opts=room.opts(*rules),
        )
        gcp.compute.Route(
            room.child(f"{network.key}-egress-route"),
            name=name,
            network=vpc.id,
            dest_range="0.0.0.0/0",
            next_hop_ilb=address.address,
            tags=[tag(room, group) for group in callers(packages)],
            priority=1000,
            description="Approved exceptions, through the proxy",
            opts=room.opts(gateway),
        )
