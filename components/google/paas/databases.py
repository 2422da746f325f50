"""Managed databases: Cloud SQL, and AlloyDB for large PostgreSQL. Nobody has a password.

Applications sign in as the identity that they run as (IAM database authentication), so there is no
password to make, keep or rotate, and none in the state. The database is reached at one address in the
data block (Private Service Connect), which only its own package's workloads are let through to.
"""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.contract import DatabaseGives, PaasNeeds
from components.derive import data_role
from components.google import facts
from components.google.iaas.files import subnet
from components.google.iaas.filtering import Rule
from components.google.iaas.firewall import allow
from components.google.paas.members import member, short_name
from components.room import Room
from stacks.plan import DatabasePlan, PackagePlan

LOG_DAYS = 7
"""Days back to which a database can be set to any second: Cloud SQL's most in the Enterprise edition
("About point-in-time recovery"). Backups of each night go back further."""
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
AUTHENTICATION = {"postgresql": "cloudsql.iam_authentication", "mysql": "cloudsql_iam_authentication"}


class Databases:
    """Builds the databases of the packages."""

    def __init__(self, room: Room, given: PaasNeeds) -> None:
        """Make them under `room`, with the keys and networks of `given`."""
        self._room, self._plan, self._given = room, room.plan, given
        self._key = given.baseline.keys["data"]

    def build(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        accounts: Sequence[pulumi.Output[str]],
        secret: pulumi.Output[str],
    ) -> DatabaseGives:
        """The database of `package`, with a user for each of `accounts`.

        `secret` is what the contract calls the place of the password: there is none, so it is where
        the application's own secrets are.
        """
        if facts.uses_alloydb(database):
            id_, attachment = self._alloydb(package, database, accounts)
        else:
            id_, attachment = self._cloud_sql(package, database, accounts)
        address = self._endpoint(package, database, attachment)
        return DatabaseGives(
            id=id_, address=address, port=pulumi.Output.from_input(database.port), secret=secret
        )

    def _name(self, package: PackagePlan) -> str:
        return self._plan.name(package.key, "db")

    def _cloud_sql(
        self, package: PackagePlan, database: DatabasePlan, accounts: Sequence[pulumi.Output[str]]
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """A Cloud SQL instance; gives its name and the service attachment by which it is reached."""
        plan, room = self._plan, self._room
        options = room.opts(keep=True)
        # It grows by itself; and at night a verification environment is stopped: neither is drift.
        options.ignore_changes = ["settings.diskSize"] + (
            ["settings.activationPolicy"] if package.schedule else []
        )
        instance = gcp.sql.DatabaseInstance(
            room.child(f"{package.key}-database"),
            name=self._name(package),
            region=plan.region,
            database_version=facts.sql_version(database),
            encryption_key_name=self._key,
            deletion_protection=plan.protect,
            settings={
                "edition": "ENTERPRISE",
                "tier": facts.sql_tier(database.vcpu, database.memory_gb),
                "availability_type": "REGIONAL" if database.multi_zone else "ZONAL",
                "activation_policy": "ALWAYS",
                "disk_type": "PD_SSD",
                "disk_size": database.storage_gb,
                "disk_autoresize": True,
                "deletion_protection_enabled": plan.protect,
                "retain_backups_on_delete": plan.protect,
                "location_preference": {"zone": plan.zones[0]},
                "backup_configuration": self._backups(database),
                "maintenance_window": {"day": 7, "hour": 17, "update_track": "stable"},
                "ip_configuration": {
                    "ipv4_enabled": False,
                    "ssl_mode": "ENCRYPTED_ONLY",
                    "psc_configs": [{"psc_enabled": True, "allowed_consumer_projects": [plan.unit]}],
                },
                "database_flags": self._flags(database),
                "insights_config": {"query_insights_enabled": True, "record_client_address": True},
                "user_labels": facts.labels(package.tags),
            },
            opts=options,
        )
        gcp.sql.Database(
            room.child(f"{package.key}-database-app"),
            name=database.database,
            instance=instance.name,
            opts=room.opts(),
        )
        for number, account in enumerate(accounts):
            gcp.sql.User(
                room.child(f"{package.key}-database-user-{number + 1}"),
                instance=instance.name,
                name=account.apply(lambda address: short_name(address, database.engine)),
                type="CLOUD_IAM_SERVICE_ACCOUNT",
                opts=room.opts(),
            )
            self._may_sign_in(package, number, account, "cloudsql.instanceUser")
        return instance.name, instance.psc_service_attachment_link

    def _backups(self, database: DatabasePlan) -> gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgsDict:
        """Every night, kept in the recovery region, and every second of the last week."""
        made: gcp.sql.DatabaseInstanceSettingsBackupConfigurationArgsDict = {
            "enabled": True,
            "location": self._plan.recovery_region,
            # UTC: 01:00 in Japan.
            "start_time": "16:00",
            "transaction_log_retention_days": LOG_DAYS,
            "backup_retention_settings": {
                "retained_backups": self._plan.baseline.retention.backup_days,
                "retention_unit": "COUNT",
            },
        }
        if database.engine == "mysql":
            return {**made, "binary_log_enabled": True}
        return {**made, "point_in_time_recovery_enabled": True}

    @staticmethod
    def _flags(database: DatabasePlan) -> list[gcp.sql.DatabaseInstanceSettingsDatabaseFlagArgsDict]:
        flags = {AUTHENTICATION[database.engine]: "on"}
        if database.engine == "postgresql":
            # CIS Google Cloud Platform Foundation 3.0, 6.2: who came and went is in the log.
            flags |= {"log_connections": "on", "log_disconnections": "on", "cloudsql.enable_pgaudit": "on"}
        else:
            # CIS Google Cloud Platform Foundation 3.0, 6.1; and MySQL's own audit plugin.
            flags |= {"skip_show_database": "on", "local_infile": "off", "cloudsql_mysql_audit": "on"}
        return [{"name": name, "value": value} for name, value in sorted(flags.items())]

    def _alloydb(
        self, package: PackagePlan, database: DatabasePlan, accounts: Sequence[pulumi.Output[str]]
    ) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """An AlloyDB cluster with its primary; gives the instance's name and its service attachment."""
        plan, room = self._plan, self._room
        cluster = gcp.alloydb.Cluster(
            room.child(f"{package.key}-database"),
            cluster_id=self._name(package),
            location=plan.region,
            database_version=facts.sql_version(database),
            encryption_config={"kms_key_name": self._key},
            psc_config={"psc_enabled": True},
            continuous_backup_config={
                "enabled": True,
                # 35 days are AlloyDB's most.
                "recovery_window_days": min(35, plan.baseline.retention.backup_days),
                "encryption_config": {"kms_key_name": self._key},
            },
            automated_backup_policy={
                "enabled": True,
                "location": plan.region,
                "backup_window": "14400s",
                "weekly_schedule": {"days_of_weeks": list(DAYS), "start_times": [{"hours": 16}]},
                "time_based_retention": {
                    "retention_period": facts.seconds(plan.baseline.retention.backup_days)
                },
                "encryption_config": {"kms_key_name": self._key},
            },
            deletion_protection=plan.protect,
            labels=facts.labels(package.tags),
            opts=room.opts(keep=True),
        )
        primary = gcp.alloydb.Instance(
            room.child(f"{package.key}-database-primary"),
            cluster=cluster.name,
            instance_id=plan.name(package.key, "primary"),
            instance_type="PRIMARY",
            availability_type="REGIONAL" if database.multi_zone else "ZONAL",
            machine_config={"cpu_count": facts.alloydb_cpus(database.vcpu, database.memory_gb)},
            database_flags={"alloydb.iam_authentication": "on", "alloydb.enable_pgaudit": "on"},
            client_connection_config={"ssl_config": {"ssl_mode": "ENCRYPTED_ONLY"}},
            psc_instance_config={"allowed_consumer_projects": [plan.unit]},
            labels=facts.labels(package.tags),
            opts=room.opts(keep=True),
        )
        for number, account in enumerate(accounts):
            gcp.alloydb.User(
                room.child(f"{package.key}-database-user-{number + 1}"),
                cluster=cluster.name,
                user_id=account.apply(lambda address: short_name(address, "postgresql")),
                user_type="ALLOYDB_IAM_USER",
                database_roles=["alloydbiamuser"],
                # Users are the primary's: there are none before it.
                opts=room.opts(primary),
            )
            self._may_sign_in(package, number, account, "alloydb.databaseUser")
        attachment = primary.psc_instance_config.apply(lambda config: config.service_attachment_link or "")
        return primary.name, attachment

    def _may_sign_in(self, package: PackagePlan, number: int, account: pulumi.Output[str], role: str) -> None:
        gcp.projects.IAMMember(
            self._room.child(f"{package.key}-database-login-{number + 1}"),
            project=self._plan.unit,
            role=f"roles/{role}",
            member=member(account),
            opts=self._room.opts(),
        )

    def _endpoint(
        self, package: PackagePlan, database: DatabasePlan, attachment: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        """The database's address in the data block, with the one rule that leads to it."""
        plan, room = self._plan, self._room
        network = self._given.iaas.networks[package.network]
        name = self._name(package)
        address = gcp.compute.Address(
            room.child(f"{package.key}-database-address"),
            name=name,
            region=plan.region,
            subnetwork=subnet(network, data_role(package)),
            address_type="INTERNAL",
            opts=room.opts(),
        )
        endpoint = gcp.compute.ForwardingRule(
            room.child(f"{package.key}-database-endpoint"),
            name=name,
            region=plan.region,
            network=network.id,
            ip_address=address.id,
            target=attachment,
            load_balancing_scheme="",
            allow_psc_global_access=False,
            labels=facts.labels(package.tags),
            opts=room.opts(),
        )
        rule = Rule(
            f"{package.key}-data",
            "EGRESS",
            (f"{package.key}-app",),
            (),
            "tcp",
            database.port,
            "Workloads to their database",
        )
        allow(room, package.network, network.id, rule, [address.address.apply(lambda found: f"{found}/32")])
        return pulumi.Output.all(address.address, endpoint.id).apply(lambda known: str(known[0]))
