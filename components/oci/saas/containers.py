"""The container workloads of the packages: container instances, spread over the fault domains."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_oci as oci

from components.derive import Replica, replicas, runs
from components.oci import facts
from components.oci.lookups import domain
from components.oci.saas.entrance import Entrances
from components.oci.saas.lodging import Lodging, url
from stacks.plan import PackagePlan

TMP = "tmp"
"""The one place that a container may write to beside its files."""
FILES, FILES_PATH = "files", "/mnt/files"
"""The volume of a package's shared files, and where it appears."""
USER = 10_001
"""Who a container's process is: nobody on the host, never root."""


class Containers:
    """Builds the container instances of packages that have containers."""

    def __init__(self, lodging: Lodging, entrances: Entrances) -> None:
        """Make them in `lodging`, behind `entrances`."""
        self._lodging = lodging
        self._entrances = entrances
        self._place = lodging.place

    def build(self, package: PackagePlan, entrance: str | None) -> dict[str, pulumi.Output[str]]:
        """All containers of `package`, the exposed ones behind `entrance`. Gives their OCIDs by key."""
        if not runs(package, "container"):
            return {}
        where = domain(self._place)
        return {one.key: self._instance(one, where, entrance) for one in replicas([package], "container")}

    def _instance(self, one: Replica, where: pulumi.Output[str], entrance: str | None) -> pulumi.Output[str]:
        place, plan, package, workload = self._place, self._place.plan, one.package, one.workload
        made = oci.containerengine.ContainerInstance(
            place.child(one.key),
            compartment_id=place.compartment,
            availability_domain=where,
            fault_domain=plan.zones[one.number % len(plan.zones)],
            display_name=plan.name(one.key, limit=255),
            shape=facts.CONTAINER_SHAPE,
            shape_config={
                "ocpus": facts.ocpus(workload.vcpu),
                "memory_in_gbs": facts.memory(workload.vcpu, workload.memory_gb),
            },
            container_restart_policy="ALWAYS",
            graceful_shutdown_timeout_in_seconds="60",
            containers=[self._container(one)],  # type: ignore[list-item]
            volumes=self._volumes(package),  # type: ignore[arg-type]
            vnics=[
                {
                    "subnet_id": self._lodging.subnet(package),
                    "nsg_ids": [self._lodging.group(package, "app")],
                    "is_public_ip_assigned": False,
                }
            ],
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            # At night a verification environment is stopped: that is no drift.
            opts=place.opts(ignore=["state"] if package.schedule else []),
        )
        if workload.exposed and entrance is not None:
            vnic = made.vnics.apply(lambda found: found[0].vnic_id or "")
            self._entrances.behind(package, one.key, self._lodging.vnic_address(vnic), workload.port)
        return made.id

    def _volumes(self, package: PackagePlan) -> list[dict[str, Any]]:
        """What a container may write to: memory that goes with it, and the shared files of its package."""
        found: list[dict[str, Any]] = [{"name": TMP, "volume_type": "EMPTYDIR", "backing_store": "MEMORY"}]
        export = self._lodging.given.iaas.files.get(package.key)
        if export is not None:
            target = self._lodging.network(package).endpoints[facts.files_endpoint(package.key)]
            found.append(
                {
                    "name": FILES,
                    "volume_type": "OCI_FSS_FILE_SYSTEM",
                    "export": {"oci_fss_export_type": "OCID", "id": export},
                    "mount_target": {"oci_fss_mount_target_type": "OCID", "id": target},
                    "security": {"auth": "SYS", "is_encrypted_in_transit": True},
                }
            )
        return found

    def _container(self, one: Replica) -> dict[str, Any]:
        """One image a package, told which of its workloads it is; secrets are read from the vault by name."""
        package, workload = one.package, one.workload
        image = pulumi.Output.concat(self._lodging.given.paas.registries[package.key], ":", package.version)
        return {
            "display_name": workload.key,
            "image_url": image,
            "is_resource_principal_disabled": False,
            "environment_variables": self._environment(one),
            "volume_mounts": [
                {"mount_path": "/tmp", "volume_name": TMP},  # noqa: S108 - in the container
                *([{"mount_path": FILES_PATH, "volume_name": FILES}] if package.files else []),
            ],
            "security_context": {
                "security_context_type": "LINUX",
                "is_non_root_user_check_enabled": True,
                "is_root_file_system_readonly": True,
                "run_as_user": USER,
                "run_as_group": USER,
            },
            "health_checks": [
                {
                    "name": "port",
                    "health_check_type": "TCP",
                    "port": workload.port,
                    "failure_action": "KILL",
                    "failure_threshold": 3,
                    "initial_delay_in_seconds": 120,
                    "interval_in_seconds": 30,
                    "timeout_in_seconds": 5,
                }
            ],
        }

    def _environment(self, one: Replica) -> dict[str, pulumi.Input[str]]:
        """Where things are: never a secret, only the OCID to read it by."""
        package, paas = one.package, self._lodging.given.paas
        found: dict[str, pulumi.Input[str]] = {
            "WORKLOAD": one.workload.key,
            "PORT": str(one.workload.port),
            "TZ": "Asia/Tokyo",
            "APPLICATION_VAULT_OCID": paas.secrets[package.key],
        }
        if package.exposed:
            found["PUBLIC_URL"] = url(package)
        if package.database:
            database = paas.databases[package.key]
            found |= {
                "DATABASE_HOST": database.address,
                "DATABASE_PORT": str(package.database.port),
                "DATABASE_NAME": package.database.database,
                "DATABASE_VAULT_OCID": database.secret,
            }
        if package.files:
            found["FILES"] = FILES_PATH
        if package.queue:
            found["QUEUE_OCID"] = paas.queues[package.key]
        if package.network in paas.handovers:
            found["HANDOVER_BUCKET"] = paas.handovers[package.network]
        return found
