"""Shared files: a file system a package, reached from its own segment, copied to the recovery region."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.contract import NetworkGives
from components.derive import app_role, data_role
from components.oci import facts
from components.oci.access import elsewhere
from components.oci.facts import first_key
from components.oci.lookups import domain
from components.oci.place import Place
from stacks.plan import PackagePlan

REPLICATION_MINUTES = 60
"""Minutes between copies; the service takes 15 at the least (API: CreateReplicationDetails)."""


class Files:
    """Builds the file systems. The snapshot policy and the way to the other region are made once.

    `targets` are the mount targets by package: where in the network a file system is reached.
    """

    def __init__(self, place: Place, networks: Mapping[str, NetworkGives]) -> None:
        """Make them in `networks`."""
        self._place = place
        self._networks = networks
        self._recovery: oci.Provider | None = None
        self.targets: dict[str, pulumi.Output[str]] = {}
        self._snapshots: oci.filestorage.FilesystemSnapshotPolicy | None = None

    def build(self, package: PackagePlan) -> pulumi.Output[str]:
        """The file system of `package`: the OCID of its export, which says what to mount."""
        place, plan = self._place, self._place.plan
        network, made = plan.networks[package.network], self._networks[package.network]
        where = domain(place)
        system = oci.filestorage.FileSystem(
            place.child(package.key, "files"),
            compartment_id=place.compartment,
            availability_domain=where,
            display_name=plan.name(package.key, "files"),
            kms_key_id=place.baseline.keys["data"],
            filesystem_snapshot_policy_id=self._policy(where).id,
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(keep=True),
        )
        target = oci.filestorage.MountTarget(
            place.child(package.key, "files", "target"),
            compartment_id=place.compartment,
            availability_domain=where,
            display_name=plan.name(package.key, "files"),
            subnet_id=made.subnets[first_key(network, data_role(package))],
            nsg_ids=[made.groups[f"{package.key}-files"]],
            freeform_tags=place.labels(package),
            opts=place.opts(),
        )
        export = oci.filestorage.Export(
            place.child(package.key, "files", "export"),
            export_set_id=target.export_set_id,
            file_system_id=system.id,
            path=f"/{package.key}",
            export_options=[
                {
                    "source": str(facts.subnet_range(network, app_role(package))),
                    "access": "READ_WRITE",
                    "identity_squash": "NONE",
                    "require_privileged_source_port": True,
                    "is_anonymous_access_allowed": False,
                    "allowed_auths": ["SYS"],
                }
            ],
            opts=place.opts(),
        )
        self._copy(package, system)
        self.targets[package.key] = target.id
        return export.id

    def _policy(self, where: pulumi.Output[str]) -> oci.filestorage.FilesystemSnapshotPolicy:
        """Daily snapshots, kept as long as the backups."""
        place, plan = self._place, self._place.plan
        if self._snapshots is None:
            self._snapshots = oci.filestorage.FilesystemSnapshotPolicy(
                place.child("snapshots"),
                compartment_id=place.compartment,
                availability_domain=where,
                display_name=plan.name("daily"),
                policy_prefix="daily",
                schedules=[
                    {
                        "period": "DAILY",
                        "hour_of_day": 1,
                        "time_zone": "REGIONAL_DATA_CENTER_TIME",
                        "retention_duration_in_seconds": str(plan.baseline.retention.backup_days * 86_400),
                    }
                ],
                freeform_tags=place.labels(),
                opts=place.opts(),
            )
        return self._snapshots

    def _copy(self, package: PackagePlan, system: oci.filestorage.FileSystem) -> None:
        """The copy in the recovery region, under that region's own key."""
        place, plan = self._place, self._place.plan
        if self._recovery is None:
            self._recovery = elsewhere(place, plan.recovery_region)
        copy = oci.filestorage.FileSystem(
            place.child(package.key, "files", "copy"),
            compartment_id=place.compartment,
            availability_domain=domain(place, self._recovery),
            display_name=plan.name(package.key, "files-copy"),
            kms_key_id=place.gives("recovery-key"),
            freeform_tags=place.labels(package),
            opts=place.opts(keep=True, provider=self._recovery),
        )
        oci.filestorage.Replication(
            place.child(package.key, "files", "replication"),
            compartment_id=place.compartment,
            source_id=system.id,
            target_id=copy.id,
            display_name=plan.name(package.key, "files"),
            replication_interval=str(REPLICATION_MINUTES),
            freeform_tags=place.labels(package),
            opts=place.opts(),
        )
