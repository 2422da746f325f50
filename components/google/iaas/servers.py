"""Servers: from a hardened image, reached by recorded sessions only, backed up and patched.

No key, no address of the internet: an administrator opens a session through Identity-Aware Proxy and
signs in by OS Login, as the organisation's roles say. The image is verified at every start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.contract import BaselineGives
from components.derive import app_role, replicas, runs
from components.google import facts
from components.google.iaas.backups import SERVERS, Backups
from components.google.iaas.firewall import tag
from components.google.iaas.patching import patching
from components.room import Room
from stacks.plan import CloudPlan, NetworkPlan, PackagePlan, SchedulePlan, WorkloadPlan

SYSTEM_GB = 30
"""What the system takes of a server's disk, GiB: Debian with logs and two kernels has ample room."""
METADATA: Mapping[str, str] = {
    "enable-oslogin": "TRUE",
    "block-project-ssh-keys": "TRUE",
    "serial-port-enable": "FALSE",
    "enable-osconfig": "TRUE",
    "enable-guest-attributes": "TRUE",
}
"""Sign-in by role and not by key; no serial console; managed by VM Manager."""


def server_packages(plan: CloudPlan) -> tuple[PackagePlan, ...]:
    """The packages that have servers."""
    return tuple(p for p in plan.packages.values() if runs(p, "server"))


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """One server: its key `<package>-<workload>-<n>`, machine type and zone."""

    key: str
    package: PackagePlan
    workload: WorkloadPlan
    machine: str
    zone: str


def servers(network: NetworkPlan, packages: Iterable[PackagePlan]) -> Iterator[ServerPlan]:
    """The servers of `packages` in `network`, spread over its zones in turn."""
    for one in replicas(packages, "server"):
        zones = [subnet.zone for subnet in network.of_role(app_role(one.package))]
        machine = facts.machine_type(one.workload.vcpu, one.workload.memory_gb).name
        yield ServerPlan(one.key, one.package, one.workload, machine, zones[one.number % len(zones)])


def cron(schedule: SchedulePlan, way: str) -> str:
    """When servers start or stop: working days, in cron's own words."""
    hours, minutes = (schedule.start if way == "start" else schedule.stop).split(":")
    return f"{int(minutes)} {int(hours)} * * 1-5"


class Servers:
    """Builds the servers of the tenant, their identities, and what keeps them patched and backed up."""

    def __init__(
        self,
        room: Room,
        baseline: BaselineGives,
        subnets: Mapping[str, Mapping[str, pulumi.Output[str]]],
        backups: Backups,
    ) -> None:
        """Make them; `subnets` are the ids by network and by the plan's key."""
        self._backups = backups
        self._room, self._plan, self._baseline, self._subnets = room, room.plan, baseline, subnets
        self.servers: dict[str, pulumi.Output[str]] = {}
        self.identities: dict[str, pulumi.Output[str]] = {}
        packages = server_packages(self._plan)
        if not packages:
            return
        self._snapshots = self._snapshot_schedule()
        for package in packages:
            account = self._identity(package)
            hours = self._hours(package, package.schedule) if package.schedule else None
            for server in servers(self._plan.networks[package.network], [package]):
                self.servers[server.key] = self._server(server, account, hours)
        patching(room, [p.schedule for p in packages if p.schedule], baseline.keys["data"])

    def _identity(self, package: PackagePlan) -> gcp.serviceaccount.Account:
        """What the servers of a package run as, and what every server may: write logs and metrics."""
        account = gcp.serviceaccount.Account(
            self._room.child(f"{package.key}-identity"),
            account_id=self._plan.name(package.key, "vm", limit=30),
            display_name=f"{package.key}: servers",
            opts=self._room.opts(),
        )
        for role in ("logging.logWriter", "monitoring.metricWriter"):
            gcp.projects.IAMMember(
                self._room.child(f"{package.key}-{role.split('.')[0]}"),
                project=self._plan.unit,
                role=f"roles/{role}",
                member=account.member,
                opts=self._room.opts(),
            )
        self.identities[package.key] = account.email
        return account

    def _snapshot_schedule(self) -> gcp.compute.ResourcePolicy:
        """Every disk, every night, stored in the recovery region: the copy that a disaster leaves."""
        return gcp.compute.ResourcePolicy(
            self._room.child("snapshots"),
            name=self._plan.name("snapshots"),
            region=self._plan.region,
            snapshot_schedule_policy={
                # UTC: 01:00 in Japan.
                "schedule": {"daily_schedule": {"days_in_cycle": 1, "start_time": "16:00"}},
                "retention_policy": {
                    "max_retention_days": self._plan.baseline.retention.backup_days,
                    "on_source_disk_delete": "KEEP_AUTO_SNAPSHOTS",
                },
                "snapshot_properties": {
                    "storage_locations": self._plan.recovery_region,
                    "labels": facts.labels(self._plan.tags),
                },
            },
            opts=self._room.opts(),
        )

    def _hours(self, package: PackagePlan, schedule: SchedulePlan) -> gcp.compute.ResourcePolicy:
        """Starts and stops the servers of a verification environment."""
        return gcp.compute.ResourcePolicy(
            self._room.child(f"{package.key}-hours"),
            name=self._plan.name(package.key, "hours"),
            region=self._plan.region,
            instance_schedule_policy={
                "time_zone": "Asia/Tokyo",
                "vm_start_schedule": {"schedule": cron(schedule, "start")},
                "vm_stop_schedule": {"schedule": cron(schedule, "stop")},
            },
            opts=self._room.opts(),
        )

    def _server(
        self,
        server: ServerPlan,
        account: gcp.serviceaccount.Account,
        hours: gcp.compute.ResourcePolicy | None,
    ) -> pulumi.Output[str]:
        """A shielded server with its backups; gives its id."""
        plan, key, package = self._plan, self._baseline.keys["data"], server.package
        subnets = self._subnets[package.network]
        options = self._room.opts(keep=True)
        # A newer image is for new servers: one that runs is patched, not replaced.
        options.ignore_changes = ["bootDisk.initializeParams.image"]
        labels = facts.labels({**package.tags, "servers": plan.prefix})
        made = gcp.compute.Instance(
            self._room.child(server.key),
            name=plan.name(server.key),
            zone=server.zone,
            machine_type=server.machine,
            boot_disk={
                "auto_delete": True,
                "kms_key_self_link": key,
                "initialize_params": {
                    "image": plan.server_image or facts.SERVER_IMAGE,
                    "size": SYSTEM_GB + server.workload.disk_gb,
                    "type": "pd-balanced",
                    "resource_policies": self._snapshots.self_link,
                    "labels": labels,
                },
            },
            network_interfaces=[
                {
                    "subnetwork": next(
                        v for k, v in subnets.items() if k.startswith(f"{app_role(package)}-")
                    ),
                    "stack_type": "IPV4_ONLY",
                }
            ],
            tags=[tag(self._room, f"{package.key}-app")],
            can_ip_forward=False,
            shielded_instance_config={
                "enable_secure_boot": True,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
            service_account={"email": account.email, "scopes": ["cloud-platform"]},
            metadata=METADATA,
            scheduling={"automatic_restart": True, "on_host_maintenance": "MIGRATE"},
            resource_policies=None if hours is None else hours.self_link,
            allow_stopping_for_update=True,
            deletion_protection=plan.protect,
            labels=labels,
            opts=options,
        )
        self._backups.cover(server.key, SERVERS, made.id)
        return made.id
