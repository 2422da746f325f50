"""The load balancer of a segment: direct server return, one virtual address a package."""

from __future__ import annotations

import pulumi_sakura as sakura

from components import derive
from components.contract import NetworkGives
from components.room import Room
from components.sakura import facts
from stacks import hosts
from stacks.addressing import Role
from stacks.plan import NetworkPlan, PackagePlan, WorkloadPlan

VRID = 20
"""VRRP id of the balancer's pair; the router's pair has another on the same switch."""
DELAY_SECONDS = 10
"""Between two checks of a server's health: the least that the service takes, and its own figure."""
PORT = 443


class Entrance:
    """Builds the balancer of each application segment of one network that has exposed packages."""

    def __init__(self, room: Room, network: NetworkPlan, made: NetworkGives) -> None:
        self._room, self._plan, self._network = room, room.plan, network
        for role in facts.roles_in_use(network):
            packages = [
                p
                for p in self._plan.packages.values()
                if p.network == network.key and p.exposed and derive.app_role(p) == role
            ]
            if packages:
                self._balancer(role, packages, made)

    def _balancer(self, role: Role, packages: list[PackagePlan], made: NetworkGives) -> None:
        """Frames go to the servers as they came, TLS and all: it ends on the servers, with the certificate
        that is in the package's vault. A pair in production, one machine in verification."""
        network, plan = self._network, self._plan
        count = 2 if plan.environment == "production" else 1
        sakura.loadbalancer.LoadBalancer(
            self._room.child(f"{network.key}-{role}-balancer"),
            name=plan.name(network.key, role, limit=64),
            description=f"Entrance to {', '.join(p.key for p in packages)}"[: facts.DESCRIPTION],
            zone=plan.zones[0],
            plan="standard",
            tags=list(facts.own_tags(plan)),
            switch_id=made.subnets[network.of_role(role)[0].key],
            vrid=VRID,
            ip_addresses=[
                {"ip_address": str(hosts.own(network.cidr, role, n))} for n in hosts.BALANCER_PAIR[:count]
            ],
            netmask=hosts.segment(network.cidr, role).prefixlen,
            gateway=str(hosts.own(network.cidr, role, hosts.ROUTER)),
            vips=[self._virtual(role, package, package.exposed) for package in packages if package.exposed],
            opts=self._room.opts(),
        )

    def _virtual(
        self, role: Role, package: PackagePlan, workload: WorkloadPlan
    ) -> sakura.loadbalancer.LoadBalancerVipArgsDict:
        """The virtual address of `package`, and the servers of its exposed workload behind it."""
        cidr, position = self._network.cidr, facts.position(self._plan, package)
        return {
            "vip": str(hosts.host(cidr, role, 0, position, hosts.VIRTUAL)),
            "port": PORT,
            "delay_loop": DELAY_SECONDS,
            "description": package.key,
            "servers": [
                {
                    "ip_address": str(
                        hosts.host(cidr, role, place.slot, position, hosts.FIRST_SERVER + place.seat)
                    ),
                    "port": workload.port,
                    "protocol": "https",
                    "path": workload.health,
                    "status": 200,
                    "enabled": True,
                }
                for place in facts.places(self._plan, package, workload)
            ],
        }
