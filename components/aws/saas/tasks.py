"""The container workloads of the packages: tasks on Fargate."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws import facts, grants
from components.aws.saas import hours
from components.aws.saas.containers import FILES, FILES_PATH, TMP, container, fargate
from components.aws.saas.entrance import Entrance
from components.aws.saas.lodging import Lodging, tags, url
from components.aws.saas.schedule import Scheduler
from stacks.plan import PackagePlan, WorkloadPlan

GRACE_SECONDS = 120
"""How long a new task may take before its health counts (our choice: Java applications start slowly)."""


class Tasks:
    """Builds log group, task definitions and services of packages that have containers."""

    def __init__(self, lodging: Lodging, scheduler: Scheduler) -> None:
        """Make them in `lodging`; those of a verification environment run by `scheduler`."""
        self._lodging = lodging
        self._room = lodging.room
        self._plan = lodging.room.plan
        self._given = lodging.given
        self._hours = scheduler

    def build(self, package: PackagePlan, entrance: Entrance | None) -> None:
        """All containers of `package`, the exposed one behind `entrance`."""
        workloads = [w for w in package.workloads.values() if w.kind == "container"]
        if not workloads:
            return
        logs = self._logs(package)
        for workload in workloads:
            self._service(package, workload, logs, entrance if workload.exposed else None)

    def _logs(self, package: PackagePlan) -> aws.cloudwatch.LogGroup:
        """The log group of the package's containers."""
        return aws.cloudwatch.LogGroup(
            self._room.child(f"{package.key}-log"),
            name=grants.log_group(self._plan, package),
            kms_key_id=self._given.baseline.keys["logs"],
            retention_in_days=facts.log_retention(self._plan.baseline.retention.log_days),
            tags=package.tags,
            opts=self._room.opts(),
        )

    def _service(
        self,
        package: PackagePlan,
        workload: WorkloadPlan,
        logs: aws.cloudwatch.LogGroup,
        entrance: Entrance | None,
    ) -> None:
        """One container workload: its tasks on Fargate, behind the entrance if it is the exposed one."""
        plan, key = self._plan, f"{package.key}-{workload.key}"
        name = plan.name(key, limit=255)
        cluster = self._given.paas.cluster
        if cluster is None:
            raise ValueError(f"package {package.key} has containers and the platform has no cluster")
        service = aws.ecs.Service(
            self._room.child(f"{key}-service"),
            name=name,
            cluster=cluster,
            task_definition=self._task(package, workload, logs).arn,
            desired_count=workload.replicas,
            launch_type="FARGATE",
            platform_version="1.4.0",
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags="SERVICE",
            availability_zone_rebalancing="ENABLED",
            deployment_circuit_breaker={"enable": True, "rollback": True},
            deployment_minimum_healthy_percent=100,
            deployment_maximum_percent=200,
            health_check_grace_period_seconds=GRACE_SECONDS if entrance else None,
            network_configuration={
                "subnets": self._lodging.subnets(package),
                "security_groups": [self._lodging.network(package).groups[f"{package.key}-app"]],
                "assign_public_ip": False,
            },
            load_balancers=[
                {
                    "target_group_arn": entrance.group.arn,
                    "container_name": workload.key,
                    "container_port": workload.port,
                }
            ]
            if entrance
            else None,
            tags=tags(package, name),
            opts=pulumi.ResourceOptions(
                parent=self._room.parent,
                # A target group takes targets only once a listener forwards to it.
                depends_on=[entrance.listener] if entrance else [],
                # At night a verification environment is stopped: that is no drift.
                ignore_changes=["desiredCount"] if package.schedule else [],
                delete_before_replace=True,
            ),
        )
        if package.schedule:
            self._hours.add(package.schedule, hours.service(key, cluster, service.id, workload.replicas))

    def _task(
        self, package: PackagePlan, workload: WorkloadPlan, logs: aws.cloudwatch.LogGroup
    ) -> aws.ecs.TaskDefinition:
        """What a task of this workload is. All workloads of a package run one image, told which they are."""
        plan, paas = self._plan, self._given.paas
        size = fargate(workload.vcpu, workload.memory_gb)
        files = self._given.iaas.files.get(package.key)
        image = pulumi.Output.concat(paas.registries[package.key], ":", package.version)
        definition = container(
            workload.key,
            image,
            workload.port,
            environment=self._environment(package, workload),
            secrets=self._secrets(package),
            mounts=[TMP, FILES] if files is not None else [TMP],
            log_group=logs.name,
            region=plan.region,
        )
        volumes: list[aws.ecs.TaskDefinitionVolumeArgsDict] = [{"name": TMP["sourceVolume"]}]
        if files is not None:
            volumes.append(
                {
                    "name": FILES["sourceVolume"],
                    "efs_volume_configuration": {
                        "file_system_id": files,
                        "transit_encryption": "ENABLED",
                        "authorization_config": {"iam": "ENABLED"},
                    },
                }
            )
        return aws.ecs.TaskDefinition(
            self._room.child(f"{package.key}-{workload.key}-task"),
            family=plan.name(package.key, workload.key, limit=255),
            cpu=str(size.cpu),
            memory=str(size.memory),
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            runtime_platform={"operating_system_family": "LINUX", "cpu_architecture": "X86_64"},
            execution_role_arn=f"arn:aws:iam::{plan.unit}:role/{grants.execution_role(plan, package)}",
            task_role_arn=paas.identities[package.key],
            container_definitions=pulumi.Output.json_dumps([definition]),
            volumes=volumes,
            tags=tags(package, plan.name(package.key, workload.key, limit=255)),
            opts=self._room.opts(),
        )

    def _environment(self, package: PackagePlan, workload: WorkloadPlan) -> Mapping[str, pulumi.Input[str]]:
        """What an application is told in the open: who it is and where its things are."""
        paas, key = self._given.paas, package.key
        told: dict[str, pulumi.Input[str]] = {
            "TZ": "Asia/Tokyo",
            "MUNICIPALITY_CODE": package.member or self._plan.tags["municipality-code"],
            "WORKLOAD": workload.key,
            "PORT": str(workload.port),
            "PUBLIC_URL": url(package),
        }
        if package.database and key in paas.databases:
            database = paas.databases[key]
            told |= {
                "DATABASE_HOST": database.address,
                "DATABASE_PORT": str(package.database.port),
                "DATABASE_NAME": package.database.database,
                # RDS renews the password: an application that reads it here again need not restart.
                "DATABASE_SECRET": database.secret,
            }
        if key in paas.secrets:
            told["APPLICATION_SECRET"] = paas.secrets[key]
        if key in paas.queues:
            told["QUEUE_URL"] = paas.queues[key]
        if any(key in (h.sender, h.receiver) for h in self._plan.handovers):
            told["HANDOVER_BUCKET"] = paas.handovers[package.network]
        if key in self._given.iaas.files:
            told["FILES"] = FILES_PATH
        return told

    def _secrets(self, package: PackagePlan) -> Mapping[str, pulumi.Input[str]]:
        """What ECS puts into the environment from where the cloud keeps it: the database's login."""
        database = self._given.paas.databases.get(package.key)
        if database is None:
            return {}
        return {
            "DATABASE_USER": pulumi.Output.concat(database.secret, ":username::"),
            "DATABASE_PASSWORD": pulumi.Output.concat(database.secret, ":password::"),
        }
