"""Shared files: an NFS appliance for each package that asks for them."""

from __future__ import annotations

import pulumi_sakura as sakura

from components import derive
from components.contract import NetworkGives
from components.room import Room
from components.sakura import facts
from stacks import hosts
from stacks.plan import PackagePlan

SIZE_GB = 500
"""Our choice: room for years of a town's documents; files move to a larger one made beside it."""


def file_system(room: Room, package: PackagePlan, made: NetworkGives) -> sakura.storage.Nfs:
    """The appliance of `package`, in its data segment. Its disk is the cloud's and takes no key of ours."""
    network, role = room.plan.networks[package.network], derive.data_role(package)
    address = hosts.host(network.cidr, role, 0, facts.position(room.plan, package), hosts.FILES)
    return sakura.storage.Nfs(
        room.child(f"{package.key}-files"),
        name=room.plan.name(package.key, "files", limit=64),
        zone=room.plan.zones[0],
        description=facts.description(package, "shared files"),
        plan="ssd",
        size=SIZE_GB,
        switch_id=made.subnets[network.of_role(role)[0].key],
        netmask=hosts.segment(network.cidr, role).prefixlen,
        gateway=str(hosts.own(network.cidr, role, hosts.ROUTER)),
        ip_addresses=[{"ip_address": str(address)}],
        tags=list(facts.package_tags(package)),
        opts=room.opts(keep=True),
    )
