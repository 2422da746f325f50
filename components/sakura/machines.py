"""A server with its disk, its backups and its place: the same in every layer that has servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

import pulumi
import pulumi_sakura as sakura

from components.contract import IaasGives
from components.room import Room
from components.sakura import facts
from components.sakura.startup import Kind, Variables
from stacks import hosts
from stacks.addressing import Role
from stacks.plan import NetworkPlan

EVERY_DAY = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a server is: its network and role, zone and address, switch and packet filter."""

    network: NetworkPlan
    role: Role
    zone: str
    address: IPv4Address
    switch: pulumi.Input[str]
    packet_filter: pulumi.Input[str]


@dataclass(frozen=True, slots=True)
class Machine:
    """What a server is. `number` tells it from its equals, which are kept on other hosts."""

    key: str
    number: int
    core: int
    memory: int
    disk_gb: int
    description: str
    tags: Sequence[str]
    scripts: Mapping[Kind, Variables | pulumi.Output[Variables]]


@dataclass(frozen=True, slots=True)
class Machines:
    """Builds servers under `room`, on disks that are encrypted with `key`, from the image of each zone."""

    room: Room
    key: pulumi.Input[str]
    images: Mapping[str, pulumi.Output[str]]
    scripts: Mapping[Kind, pulumi.Output[str]]

    def build(self, machine: Machine, seat: Seat) -> sakura.compute.Server:
        """The server, its disk from the image, and its automatic backups."""
        room, name = self.room, self.room.plan.name(machine.key, limit=64)
        disk = sakura.compute.Disk(
            room.child(f"{machine.key}-disk"),
            name=name,
            zone=seat.zone,
            plan="ssd",
            size=facts.disk_size(machine.disk_gb),
            encryption_algorithm="aes256_xts",
            kms_key_id=self.key,
            source_archive_id=self.images[seat.zone],
            tags=list(machine.tags),
            # A newer public image is for new servers: it must not replace the disks of those that run.
            opts=pulumi.ResourceOptions.merge(
                room.opts(keep=True), pulumi.ResourceOptions(ignore_changes=["sourceArchiveId"])
            ),
        )
        sakura.compute.AutoBackup(
            room.child(f"{machine.key}-backup"),
            name=name,
            zone=seat.zone,
            disk_id=disk.id,
            days_of_week=list(EVERY_DAY),
            max_backups=facts.DISK_BACKUPS_KEPT,
            tags=list(machine.tags),
            opts=room.opts(),
        )
        segment = hosts.segment(seat.network.cidr, seat.role)
        return sakura.compute.Server(
            room.child(machine.key),
            name=name,
            zone=seat.zone,
            description=machine.description,
            core=machine.core,
            memory=machine.memory,
            disks=[disk.id],
            interfaces=[
                {
                    "switch_id": seat.switch,
                    "packet_filter_id": seat.packet_filter,
                    "user_ip_address": str(seat.address),
                }
            ],
            disk_edit={
                "hostname": name,
                "ip_address": str(seat.address),
                "gateway": str(hosts.own(seat.network.cidr, seat.role, hosts.ROUTER)),
                "netmask": segment.prefixlen,
                "disable_password_auth": True,
                "scripts": [
                    {"id": self.scripts[kind], "variables": variables}
                    for kind, variables in machine.scripts.items()
                ],
            },
            tags=[*machine.tags, facts.apart(machine.number)],
            opts=room.opts(keep=True),
        )


@dataclass(frozen=True, slots=True)
class MachineGives(IaasGives):
    """What this cloud's IaaS gives besides: the images and scripts that later layers' servers are made
    from."""

    machines: Machines


def images(
    plan_image: str | None, zones: Sequence[str], opts: pulumi.InvokeOptions
) -> Mapping[str, pulumi.Output[str]]:
    """The archive that servers of each zone are made from: the tenant's own by its name, else AlmaLinux."""
    return {
        zone: sakura.compute.get_archive_output(
            zone=zone,
            name=plan_image,
            os_type=None if plan_image else "almalinux",
            opts=opts,
        ).apply(lambda found: found.id)
        for zone in zones
    }
