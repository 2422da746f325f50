"""The managed databases: RDS and Aurora, built from the shape that `engines` decides."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws import facts
from components.aws.paas import engines
from components.aws.paas.engines import DatabaseShape
from components.contract import DatabaseGives, PaasNeeds
from components.derive import data_role
from components.room import Room
from stacks.plan import CloudPlan, DatabasePlan, PackagePlan

INSIGHT_DAYS = 7
"""Days of performance data: the free tier."""
MONITORING_SECONDS = 60
"""Interval of enhanced monitoring: the longest, and the cheapest."""


def identifier(plan: CloudPlan, package: PackagePlan) -> str:
    """The identifier of the instance or cluster of `package`."""
    return plan.name(package.key)


class Databases:
    """Builds the databases of one tenant, with what they share: subnet groups and the monitoring role.

    Every one has: a master password that RDS makes, keeps and rotates; the tenant's key on storage,
    password and performance data; no client without encryption; its logs in CloudWatch under the
    tenant's key; deletion protection while the tenant is protected.
    """

    def __init__(self, room: Room, given: PaasNeeds) -> None:
        """Make them under `room`."""
        self._room = room
        self._plan = room.plan
        self._given = given
        self._key = given.baseline.keys["data"]
        self._subnets: dict[tuple[str, str], aws.rds.SubnetGroup] = {}
        self._monitoring: tuple[aws.iam.Role, aws.iam.RolePolicyAttachment] | None = None

    def build(self, package: PackagePlan) -> DatabaseGives:
        """The database of `package`, which has one."""
        database = package.database
        if database is None:
            raise ValueError(f"package {package.key} has no database")
        made = engines.shape(database)
        logs = self._logs(package, made)
        if made.aurora:
            return self._cluster(package, database, made, logs)
        return self._instance(package, database, made, logs)

    def _tags(self, package: PackagePlan, name: str) -> Mapping[str, str]:
        """With the mark that AWS Backup goes by, unless the database sleeps when AWS Backup comes.

        AWS Backup takes nothing of a stopped database: it would only report a failure every night.
        Such a database, of a verification environment, keeps RDS's own backups, taken by day.
        """
        backup = {} if package.schedule else {"backup": "daily"}
        return {**package.tags, "Name": name, **backup}

    # --- shared ----------------------------------------------------------------------------------

    def _subnet_group(self, package: PackagePlan) -> aws.rds.SubnetGroup:
        """The data subnets of the package's segment in its network: one group for all that live there."""
        place = (package.network, package.segment)
        if place not in self._subnets:
            plan = self._plan
            network = plan.networks[package.network]
            ids = self._given.iaas.networks[package.network].subnets
            member = "" if package.network == "main" else package.network
            self._subnets[place] = aws.rds.SubnetGroup(
                self._room.child(f"{'-'.join(place)}-subnets"),
                name=plan.name(package.segment, member, limit=255),
                description=f"Data subnets of the {package.segment} segment",
                subnet_ids=[ids[subnet.key] for subnet in network.of_role(data_role(package))],
                opts=self._room.opts(),
            )
        return self._subnets[place]

    def _monitor(self) -> tuple[aws.iam.Role, aws.iam.RolePolicyAttachment]:
        """The role with which RDS writes the operating system's figures to CloudWatch."""
        if self._monitoring is None:
            plan = self._plan
            role = aws.iam.Role(
                self._room.child("monitoring"),
                name=plan.name("rds-monitoring", limit=64),
                assume_role_policy=facts.trust(
                    "monitoring.rds.amazonaws.com", plan.unit, f"arn:aws:rds:{plan.region}:{plan.unit}:*"
                ),
                opts=self._room.opts(),
            )
            attached = aws.iam.RolePolicyAttachment(
                self._room.child("monitoring-policy"),
                role=role.name,
                policy_arn="arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
                opts=self._room.opts(),
            )
            self._monitoring = (role, attached)
        return self._monitoring

    def _logs(self, package: PackagePlan, made: DatabaseShape) -> list[pulumi.Resource]:
        """The log groups, made first: RDS would make them without key and without end."""
        kind = "cluster" if made.aurora else "instance"
        return [
            aws.cloudwatch.LogGroup(
                self._room.child(f"{package.key}-{log}-log"),
                name=f"/aws/rds/{kind}/{identifier(self._plan, package)}/{log}",
                kms_key_id=self._given.baseline.keys["logs"],
                retention_in_days=facts.log_retention(self._plan.baseline.retention.log_days),
                tags=package.tags,
                opts=self._room.opts(),
            )
            for log in made.logs
        ]

    def _backup_days(self) -> int:
        return min(self._plan.baseline.retention.backup_days, engines.BACKUP_DAYS_MAX)

    def _group(self, package: PackagePlan) -> pulumi.Output[str]:
        return self._given.iaas.networks[package.network].groups[f"{package.key}-data"]

    def _final(self, package: PackagePlan) -> str | None:
        """A protected database leaves a last snapshot behind, whoever deletes it."""
        return f"{identifier(self._plan, package)}-final" if self._plan.protect else None

    # --- RDS -------------------------------------------------------------------------------------

    def _instance(
        self, package: PackagePlan, database: DatabasePlan, made: DatabaseShape, logs: list[pulumi.Resource]
    ) -> DatabaseGives:
        """An RDS instance, with a standby in another zone where the plan wants one."""
        plan, name = self._plan, identifier(self._plan, package)
        times = engines.windows(package.schedule)
        role, attached = self._monitor()
        instance = aws.rds.Instance(
            self._room.child(f"{package.key}-database"),
            identifier=name,
            engine=made.engine,
            engine_version=made.version,
            license_model=made.license,
            instance_class=made.instance_class,
            allocated_storage=database.storage_gb,
            max_allocated_storage=made.storage_max_gb,
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=self._key,
            db_name=database.database,
            username=database.administrator,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self._key,
            iam_database_authentication_enabled=made.iam_login,
            port=database.port,
            multi_az=database.multi_zone,
            db_subnet_group_name=self._subnet_group(package).name,
            vpc_security_group_ids=[self._group(package)],
            publicly_accessible=False,
            parameter_group_name=self._parameters(package, made).name,
            option_group_name=self._options(package, made),
            backup_retention_period=self._backup_days(),
            backup_window=times.backup,
            maintenance_window=times.maintenance,
            copy_tags_to_snapshot=True,
            auto_minor_version_upgrade=True,
            deletion_protection=plan.protect,
            skip_final_snapshot=not plan.protect,
            final_snapshot_identifier=self._final(package),
            delete_automated_backups=not plan.protect,
            enabled_cloudwatch_logs_exports=list(made.logs),
            performance_insights_enabled=True,
            performance_insights_kms_key_id=self._key,
            performance_insights_retention_period=INSIGHT_DAYS,
            monitoring_interval=MONITORING_SECONDS,
            monitoring_role_arn=role.arn,
            tags=self._tags(package, name),
            opts=self._room.opts(*logs, attached, keep=True),
        )
        return DatabaseGives(
            id=instance.identifier,
            address=instance.address,
            port=instance.port,
            secret=instance.master_user_secrets.apply(lambda made: made[0].secret_arn or ""),
        )

    def _parameters(self, package: PackagePlan, made: DatabaseShape) -> aws.rds.ParameterGroup:
        return aws.rds.ParameterGroup(
            self._room.child(f"{package.key}-parameters"),
            name=self._plan.name(package.key, made.family.replace(".", "-"), limit=255),
            family=made.family,
            description=f"{package.key}: encrypted connections only, and who did what in the log",
            parameters=[{"name": p.name, "value": p.value, "apply_method": p.apply} for p in made.parameters],
            opts=self._room.opts(),
        )

    def _options(self, package: PackagePlan, made: DatabaseShape) -> pulumi.Output[str] | None:
        """Oracle's network encryption is an option, not a parameter."""
        if not made.engine.startswith("oracle"):
            return None
        group = aws.rds.OptionGroup(
            self._room.child(f"{package.key}-options"),
            name=self._plan.name(package.key, made.engine, made.major, limit=255),
            engine_name=made.engine,
            major_engine_version=made.major,
            option_group_description=f"{package.key}: encrypted connections only",
            options=[
                {
                    "option_name": "NATIVE_NETWORK_ENCRYPTION",
                    "option_settings": [
                        {"name": key, "value": value} for key, value in engines.ORACLE_ENCRYPTION.items()
                    ],
                }
            ],
            opts=self._room.opts(),
        )
        return group.name

    # --- Aurora ----------------------------------------------------------------------------------

    def _cluster(
        self, package: PackagePlan, database: DatabasePlan, made: DatabaseShape, logs: list[pulumi.Resource]
    ) -> DatabaseGives:
        """An Aurora cluster, with a reader in another zone where the plan wants a standby."""
        plan, name = self._plan, identifier(self._plan, package)
        times = engines.windows(package.schedule)
        parameters = aws.rds.ClusterParameterGroup(
            self._room.child(f"{package.key}-parameters"),
            name=plan.name(package.key, made.family.replace(".", "-"), limit=255),
            family=made.family,
            description=f"{package.key}: encrypted connections only, and who did what in the log",
            parameters=[{"name": p.name, "value": p.value, "apply_method": p.apply} for p in made.parameters],
            opts=self._room.opts(),
        )
        cluster = aws.rds.Cluster(
            self._room.child(f"{package.key}-database"),
            cluster_identifier=name,
            engine=made.engine,
            engine_version=made.version,
            storage_encrypted=True,
            kms_key_id=self._key,
            database_name=database.database,
            master_username=database.administrator,
            manage_master_user_password=True,
            master_user_secret_kms_key_id=self._key,
            iam_database_authentication_enabled=made.iam_login,
            port=database.port,
            db_subnet_group_name=self._subnet_group(package).name,
            vpc_security_group_ids=[self._group(package)],
            db_cluster_parameter_group_name=parameters.name,
            backup_retention_period=self._backup_days(),
            preferred_backup_window=times.backup,
            preferred_maintenance_window=times.maintenance,
            copy_tags_to_snapshot=True,
            deletion_protection=plan.protect,
            skip_final_snapshot=not plan.protect,
            final_snapshot_identifier=self._final(package),
            delete_automated_backups=not plan.protect,
            enabled_cloudwatch_logs_exports=list(made.logs),
            tags=self._tags(package, name),
            opts=self._room.opts(*logs, keep=True),
        )
        self._members(package, database, made, cluster)
        return DatabaseGives(
            id=cluster.cluster_identifier,
            address=cluster.endpoint,
            port=cluster.port,
            secret=cluster.master_user_secrets.apply(lambda made: made[0].secret_arn or ""),
        )

    def _members(
        self, package: PackagePlan, database: DatabasePlan, made: DatabaseShape, cluster: aws.rds.Cluster
    ) -> None:
        role, attached = self._monitor()
        for number in range(1, 3 if database.multi_zone else 2):
            name = f"{identifier(self._plan, package)}-{number}"
            aws.rds.ClusterInstance(
                self._room.child(f"{package.key}-database-{number}"),
                identifier=name,
                cluster_identifier=cluster.id,
                engine=aws.rds.EngineType(made.engine),
                engine_version=cluster.engine_version,
                instance_class=made.instance_class,
                db_subnet_group_name=cluster.db_subnet_group_name,
                publicly_accessible=False,
                auto_minor_version_upgrade=True,
                copy_tags_to_snapshot=True,
                preferred_maintenance_window=engines.windows(package.schedule).maintenance,
                performance_insights_enabled=True,
                performance_insights_kms_key_id=self._key,
                performance_insights_retention_period=INSIGHT_DAYS,
                monitoring_interval=MONITORING_SECONDS,
                monitoring_role_arn=role.arn,
                tags={**package.tags, "Name": name},
                opts=self._room.opts(attached),
            )
