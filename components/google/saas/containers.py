"""Containers of the packages: Cloud Run, a service behind the entrance and worker pools beside it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.google.paas.members import short_name
from components.google.saas.lodging import Lodging, url
from components.google.saas.schedule import Scheduler
from stacks.plan import PackagePlan, WorkloadPlan

FILES_PATH = "/mnt/files"
"""Where the shared file system of a package appears."""


class Containers:
    """Builds the containers of packages that have any."""

    def __init__(self, lodging: Lodging, scheduler: Scheduler) -> None:
        """Make them in `lodging`; those of a verification environment run by `scheduler`."""
        self._lodging, self._room, self._plan = lodging, lodging.room, lodging.room.plan
        self._given, self._hours = lodging.given, scheduler

    def build(self, package: PackagePlan) -> gcp.cloudrunv2.Service | None:
        """All containers of `package`; gives the one that people reach, if it is a container."""
        found: gcp.cloudrunv2.Service | None = None
        for workload in package.workloads.values():
            if workload.kind != "container":
                continue
            if workload.exposed:
                found = self._service(package, workload)
            else:
                self._pool(package, workload)
        return found

    def _service(self, package: PackagePlan, workload: WorkloadPlan) -> gcp.cloudrunv2.Service:
        """What answers people, through the load balancer only."""
        plan, key = self._plan, f"{package.key}-{workload.key}"
        options = self._room.opts()
        # At night a verification environment is stopped: that is no drift.
        options.ignore_changes = ["scaling.manualInstanceCount"] if package.schedule else []
        made = gcp.cloudrunv2.Service(
            self._room.child(f"{key}-service"),
            name=plan.name(key),
            location=plan.region,
            ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            # The balancer has no identity of its own; who may reach it is its security policy's.
            invoker_iam_disabled=True,
            default_uri_disabled=True,
            scaling={"scaling_mode": "MANUAL", "manual_instance_count": workload.replicas},
            template={
                "service_account": self._given.paas.identities[package.key],
                "encryption_key": self._given.baseline.keys["data"],
                "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
                "vpc_access": self._access(package),
                "timeout": "300s",
                "labels": facts.labels(package.tags),
                "volumes": self._volumes(package),
                "containers": [
                    {
                        "name": workload.key,
                        "image": self._image(package),
                        "ports": {"container_port": workload.port},
                        "resources": {
                            "limits": facts.run_limits(workload.vcpu, workload.memory_gb),
                            # Always on: municipal applications work between two requests too.
                            "cpu_idle": False,
                            "startup_cpu_boost": True,
                        },
                        "envs": self._environment(package, workload),
                        "startup_probe": {
                            "http_get": {"path": workload.health, "port": workload.port},
                            # Two minutes: Java applications start slowly (our choice).
                            "period_seconds": 10,
                            "failure_threshold": 12,
                            "timeout_seconds": 5,
                        },
                        "liveness_probe": {
                            "http_get": {"path": workload.health, "port": workload.port},
                            "period_seconds": 30,
                            "failure_threshold": 3,
                            "timeout_seconds": 5,
                        },
                        "volume_mounts": self._mounts(package),
                    }
                ],
            },
            traffics=[{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            deletion_protection=plan.protect,
            labels=facts.labels(package.tags),
            opts=options,
        )
        if package.schedule:
            self._hours.run(package.schedule, key, "services", made.name, workload.replicas)
        return made

    def _pool(self, package: PackagePlan, workload: WorkloadPlan) -> None:
        """What works without being asked: batches and consumers of queues."""
        plan, key = self._plan, f"{package.key}-{workload.key}"
        options = self._room.opts()
        options.ignore_changes = ["scaling.manualInstanceCount"] if package.schedule else []
        made = gcp.cloudrunv2.WorkerPool(
            self._room.child(f"{key}-pool"),
            name=plan.name(key),
            location=plan.region,
            scaling={"manual_instance_count": workload.replicas},
            template={
                "service_account": self._given.paas.identities[package.key],
                "encryption_key": self._given.baseline.keys["data"],
                "vpc_access": self._access(package),
                "labels": facts.labels(package.tags),
                "volumes": self._volumes(package),
                "containers": [
                    {
                        "name": workload.key,
                        "image": self._image(package),
                        "resources": {"limits": facts.run_limits(workload.vcpu, workload.memory_gb)},
                        "envs": self._environment(package, workload),
                        "volume_mounts": self._mounts(package),
                    }
                ],
            },
            deletion_protection=plan.protect,
            labels=facts.labels(package.tags),
            opts=options,
        )
        if package.schedule:
            self._hours.run(package.schedule, key, "workerPools", made.name, workload.replicas)

    def _image(self, package: PackagePlan) -> pulumi.Output[str]:
        """All workloads of a package run one image, told which they are."""
        return pulumi.Output.concat(
            self._given.paas.registries[package.key], f"/{package.key}:{package.version}"
        )

    def _access(self, package: PackagePlan) -> gcp.cloudrunv2.ServiceTemplateVpcAccessArgsDict:
        """Everything leaves through the network, where the package's rules hold."""
        network = self._lodging.network(package)
        return {
            "egress": "ALL_TRAFFIC",
            "network_interfaces": [
                {
                    "network": network.id,
                    "subnetwork": self._lodging.subnet(package),
                    "tags": [network.groups[f"{package.key}-app"]],
                }
            ],
        }

    def _volumes(self, package: PackagePlan) -> list[gcp.cloudrunv2.ServiceTemplateVolumeArgsDict]:
        files = self._given.iaas.files.get(package.key)
        if files is None:
            return []
        parts = files.apply(lambda share: share.split(":", 1))
        server, path = parts.apply(lambda found: found[0]), parts.apply(lambda found: found[1])
        return [{"name": "files", "nfs": {"server": server, "path": path, "read_only": False}}]

    def _mounts(
        self, package: PackagePlan
    ) -> list[gcp.cloudrunv2.ServiceTemplateContainerVolumeMountArgsDict]:
        return [{"name": "files", "mount_path": FILES_PATH}] if package.key in self._given.iaas.files else []

    def _environment(
        self, package: PackagePlan, workload: WorkloadPlan
    ) -> list[gcp.cloudrunv2.ServiceTemplateContainerEnvArgsDict]:
        """What an application is told in the open: who it is and where its things are. `PORT` is Cloud
        Run's own to tell."""
        paas, key = self._given.paas, package.key
        told: dict[str, pulumi.Input[str]] = {
            "TZ": "Asia/Tokyo",
            "MUNICIPALITY_CODE": package.member or self._plan.tags["municipality-code"],
            "WORKLOAD": workload.key,
            "PUBLIC_URL": url(package),
        }
        if package.database and key in paas.databases:
            database, engine = paas.databases[key], package.database.engine
            told |= {
                "DATABASE_HOST": database.address,
                "DATABASE_PORT": str(package.database.port),
                "DATABASE_NAME": package.database.database,
                # Its password is a token of the identity it runs as: there is none to keep.
                "DATABASE_USER": paas.identities[key].apply(lambda address: short_name(address, engine)),
            }
        optional: Mapping[str, pulumi.Input[str] | None] = {
            "APPLICATION_SECRET": paas.secrets.get(key),
            "QUEUE_TOPIC": paas.queues.get(key),
            "HANDOVER_BUCKET": paas.handovers.get(package.network)
            if any(key in (h.sender, h.receiver) for h in self._plan.handovers)
            else None,
            "FILES": FILES_PATH if key in self._given.iaas.files else None,
        }
        told |= {name: value for name, value in optional.items() if value is not None}
        return [{"name": name, "value": value} for name, value in sorted(told.items())]
