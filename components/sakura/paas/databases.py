"""The managed databases: appliances for PostgreSQL and MariaDB, on encrypted disks, in production with a
replica.

A replica lives in its master's zone (the API looks for the master there), so it is no help when the zone is
lost: then the nightly copies in the other region are.
"""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

from components import derive
from components.contract import DatabaseGives, PaasNeeds
from components.room import Room
from components.sakura import facts
from components.sakura.machines import EVERY_DAY
from stacks import hosts
from stacks.plan import DatabasePlan, PackagePlan

BACKUP_TIME = "01:00"
"""After the day's work, before the nightly copies (Asia/Tokyo)."""
REPLICATION_USER = "replica"


class Databases:
    """Builds databases under `room`."""

    def __init__(self, room: Room, given: PaasNeeds) -> None:
        self._room, self._plan, self._given = room, room.plan, given

    def build(self, package: PackagePlan, database: DatabasePlan, vault: pulumi.Output[str]) -> DatabaseGives:
        """The database of `package`. The provider makes its passwords and puts them into `vault` alone."""
        plan, network, role = self._plan, self._plan.networks[package.network], derive.data_role(package)
        position = facts.position(plan, package)
        address = str(hosts.host(network.cidr, role, 0, position, hosts.DATABASE))
        subnet = network.of_role(role)[0]
        made = self._given.iaas.networks[package.network]
        postgres = database.engine == "postgresql"
        primary = sakura.database.Database(
            self._room.child(f"{package.key}-database"),
            name=plan.name(package.key, limit=64),
            description=facts.description(package, "database"),
            zone=subnet.zone,
            type="postgres" if postgres else "MariaDB",
            version=database.version if postgres else facts.MARIADB,
            plan=facts.database_plan(database),
            switch_id=made.subnets[subnet.key],
            netmask=hosts.segment(network.cidr, role).prefixlen,
            gateway=str(hosts.own(network.cidr, role, hosts.ROUTER)),
            ip_addresses=[{"ip_address": address}],
            port=database.port,
            source_ranges=self._callers(package),
            username=database.administrator,
            password_vault_id=vault,
            replica_user=REPLICATION_USER if database.multi_zone else None,
            backup={"days_of_week": list(EVERY_DAY), "time": BACKUP_TIME, "rotate": facts.BACKUPS_KEPT},
            encryption_algorithm="aes256_xts",
            kms_key_id=self._given.baseline.keys["data"],
            monitoring_suite=True,
            tags=list(facts.package_tags(package)),
            opts=self._room.opts(keep=True),
        )
        if database.multi_zone:
            standby = hosts.host(network.cidr, role, 0, position, hosts.REPLICA)
            sakura.database.DatabaseReadReplica(
                self._room.child(f"{package.key}-replica"),
                name=plan.name(package.key, "replica", limit=64),
                description=facts.description(package, "replica"),
                zone=subnet.zone,
                master_id=primary.id,
                switch_id=made.subnets[subnet.key],
                netmask=hosts.segment(network.cidr, role).prefixlen,
                gateway=str(hosts.own(network.cidr, role, hosts.ROUTER)),
                ip_addresses=[{"ip_address": str(standby)}],
                encryption_algorithm="aes256_xts",
                kms_key_id=self._given.baseline.keys["data"],
                tags=list(facts.package_tags(package)),
                opts=self._room.opts(keep=True),
            )
        return DatabaseGives(
            id=primary.id,
            address=pulumi.Output.from_input(address),
            port=pulumi.Output.from_input(database.port),
            secret=vault,
        )

    def _callers(self, package: PackagePlan) -> list[str]:
        """The package's own block of addresses in each zone: no other package may connect."""
        network, role = self._plan.networks[package.network], derive.app_role(package)
        position = facts.position(self._plan, package)
        length = 32 - (hosts.BLOCK - 1).bit_length()
        blocks = [hosts.host(network.cidr, role, s.slot, position, 0) for s in network.of_role(role)]
        return [f"{first}/{length}" for first in blocks]
