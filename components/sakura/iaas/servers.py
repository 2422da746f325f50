"""The packages' servers, the name servers, and the proxy of an approved exception."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components import derive
from components.contract import NetworkGives
from components.sakura import facts
from components.sakura.machines import Machine, Machines, Seat
from components.sakura.startup import Variables
from stacks import hosts
from stacks.addressing import Role
from stacks.plan import CloudPlan, NetworkPlan, PackagePlan, WorkloadPlan

SMALL_DISK = 20
"""GiB: the size of the public image, enough for a server that keeps nothing."""


def base_variables(plan: CloudPlan, network: NetworkPlan) -> dict[str, str]:
    """What the first script of every server is told."""
    site = facts.SITES[plan.region]
    proxy = hosts.own(network.cidr, "egress", hosts.PROXY) if "patch" in _purposes(network) else None
    return {
        "names": " ".join(str(hosts.own(network.cidr, "connect", n)) for n in hosts.NAME_SERVERS),
        "domain": network.dns.domain,
        "vip": "",
        "port": "",
        "files": "",
        "bucket": plan.name("backup", limit=63),
        "endpoint": facts.ENDPOINTS[site],
        "region": facts.S3_REGIONS[site],
        "proxy": f"http://{proxy}:3128" if proxy else "",
    }


def _purposes(network: NetworkPlan) -> frozenset[str]:
    return frozenset(exception.purpose for exception in network.egress)


def package_variables(plan: CloudPlan, package: PackagePlan, workload: WorkloadPlan) -> dict[str, str]:
    """What the first script is told on a server of `workload`."""
    network = plan.networks[package.network]
    told = base_variables(plan, network)
    at = facts.position(plan, package)
    if workload.exposed:
        told["vip"] = str(hosts.host(network.cidr, derive.app_role(package), 0, at, hosts.VIRTUAL))
        told["port"] = str(workload.port)
    if package.files:
        told["files"] = str(hosts.host(network.cidr, derive.data_role(package), 0, at, hosts.FILES))
    return told


def seat(plan: CloudPlan, made: NetworkGives, package: PackagePlan, place: facts.Place) -> Seat:
    """Where the replica at `place` sits."""
    network, role = plan.networks[package.network], derive.app_role(package)
    number = hosts.FIRST_SERVER + place.seat
    return Seat(
        network=network,
        role=role,
        zone=place.zone,
        address=hosts.host(network.cidr, role, place.slot, facts.position(plan, package), number),
        switch=made.subnets[f"{role}-{place.slot}"],
        packet_filter=made.groups[f"{package.key}-app@{place.zone}"],
    )


class Servers:
    """Builds servers with `machines`. `servers` are their ids, by `<package>-<workload>-<n>`."""

    def __init__(self, machines: Machines, networks: Mapping[str, NetworkGives]) -> None:
        """Make the packages' servers, then each network's own."""
        self._machines, self._plan = machines, machines.room.plan
        self._networks = networks
        self.servers: dict[str, pulumi.Output[str]] = {}
        for package in self._plan.packages.values():
            for workload in facts.kinds(package, "server"):
                self._workload(package, workload)
        for key, network in self._plan.networks.items():
            for number in range(len(hosts.NAME_SERVERS)):
                self._name_server(network, networks[key], number)
            if network.egress:
                self._proxy(network, networks[key])

    def _workload(self, package: PackagePlan, workload: WorkloadPlan) -> None:
        """One workload on servers of its own."""
        plan = facts.server_plan(workload.vcpu, workload.memory_gb)
        for place in facts.places(self._plan, package, workload):
            key = f"{package.key}-{workload.key}-{place.number + 1}"
            machine = Machine(
                key=key,
                number=place.number,
                core=plan.core,
                memory=plan.memory,
                disk_gb=workload.disk_gb,
                description=facts.description(package, workload.key),
                tags=facts.package_tags(package),
                scripts={"base": package_variables(self._plan, package, workload)},
            )
            where = seat(self._plan, self._networks[package.network], package, place)
            self.servers[key] = self._machines.build(machine, where).id

    def _name_server(self, network: NetworkPlan, made: NetworkGives, number: int) -> None:
        """One of the two name servers: our names for the town hall, the town hall's for us."""
        machine = Machine(
            key=f"{network.key}-names-{number + 1}",
            number=number,
            core=1,
            memory=1,
            disk_gb=SMALL_DISK,
            description="Names of this tenant and of the town hall",
            tags=facts.own_tags(self._plan),
            scripts={"base": base_variables(self._plan, network), "names": self._names(network)},
        )
        self._machines.build(
            machine, self._own(network, made, "connect", "resolver", hosts.NAME_SERVERS[number])
        )

    def _names(self, network: NetworkPlan) -> Variables:
        """What a name server knows."""
        packages = [p for p in self._plan.packages.values() if p.network == network.key and p.exposed]
        records = {p.host: package_variables(self._plan, p, p.exposed)["vip"] for p in packages if p.exposed}
        inside = [hosts.segment(network.cidr, role) for role in facts.roles_in_use(network)]
        return {
            "domain": network.dns.domain,
            "records": " ".join(f"{host}={vip}" for host, vip in records.items()),
            "gateway": str(hosts.own(network.cidr, "management", hosts.GATEWAY)),
            "forward": " ".join(
                f"{domain}={','.join(map(str, servers))}"
                for domain, servers in network.dns.on_premises.items()
            ),
            "clients": " ".join(map(str, (*inside, *network.on_premises))),
        }

    def _proxy(self, network: NetworkPlan, made: NetworkGives) -> None:
        """The one machine that may reach approved hosts, by name: the router knows addresses only."""
        approved = sorted({host for exception in network.egress for host in exception.destinations})
        callers = [
            hosts.segment(network.cidr, role) for role in facts.roles_in_use(network) if role.endswith("-app")
        ]
        machine = Machine(
            key=f"{network.key}-proxy",
            number=0,
            core=1,
            memory=2,
            disk_gb=SMALL_DISK,
            description=f"Approved exceptions: {', '.join(sorted(_purposes(network)))}",
            tags=facts.own_tags(self._plan),
            scripts={
                "base": base_variables(self._plan, network),
                "proxy": {"hosts": " ".join(approved), "clients": " ".join(map(str, callers))},
            },
        )
        self._machines.build(machine, self._own(network, made, "egress", "proxy", hosts.PROXY))

    def _own(self, network: NetworkPlan, made: NetworkGives, role: Role, group: str, number: int) -> Seat:
        """Where one of the network's own servers sits: in the first zone."""
        zone, slot = self._plan.zones[0], network.of_role(role)[0]
        return Seat(
            network=network,
            role=role,
            zone=zone,
            address=hosts.own(network.cidr, role, number),
            switch=made.subnets[slot.key],
            packet_filter=made.groups[f"{group}@{zone}"],
        )
