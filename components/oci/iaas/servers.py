"""Servers: shielded, closed to the internet, reached by Bastion sessions only, patched in a window.

No key is put on a server: a session carries its own, which the Bastion plugin lets in and takes away.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.contract import NetworkGives
from components.derive import Replica, app_role, hosted, replicas
from components.oci import facts
from components.oci.facts import first_key
from components.oci.iaas.patching import patching, scanning
from components.oci.lookups import domain
from components.oci.place import Place

PLUGINS = ("Bastion", "Compute Instance Monitoring", "OS Management Hub Agent", "Vulnerability Scanning")
"""Plugins of the Oracle Cloud Agent that a server runs (Compute documentation, "Managing plugins")."""


class Servers:
    """Builds the servers of the tenant, their backups, and what keeps them patched. `servers` by key."""

    def __init__(self, place: Place, networks: Mapping[str, NetworkGives]) -> None:
        """Make them in the subnets and groups of `networks`."""
        self._place = place
        self._networks = networks
        wanted = tuple(replicas(hosted(place.plan), "server"))
        self.servers: dict[str, pulumi.Output[str]] = {}
        if not wanted:
            return
        image, where = self._image(), domain(place)
        scanning(place)
        patching(place, [one.package.schedule for one in wanted if one.package.schedule])
        self.servers = {one.key: self._server(one, image, where) for one in wanted}

    def _image(self) -> pulumi.Input[str]:
        """The manifest's image, else the newest Oracle Linux 9. Servers that run keep theirs."""
        if self._place.plan.server_image:
            return self._place.plan.server_image
        return oci.core.get_images_output(
            compartment_id=self._place.plan.unit,
            operating_system="Oracle Linux",
            operating_system_version="9",
            shape=facts.SERVER_SHAPE,
            sort_by="TIMECREATED",
            sort_order="DESC",
            opts=pulumi.InvokeOutputOptions(parent=self._place.parent),
        ).images.apply(lambda found: str(found[0].id))

    def _server(
        self, one: Replica, image: pulumi.Input[str], where: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        """One server with one disk for system and data, which grows in place."""
        place, plan, package = self._place, self._place.plan, one.package
        network, made = plan.networks[package.network], self._networks[package.network]
        kept = ["faultDomain", "availabilityDomain"]
        # A newer image of Oracle's is no reason to replace a server; another one of one's own is.
        kept += [] if plan.server_image else ["sourceDetails.sourceId"]
        server = oci.core.Instance(
            place.child(one.key),
            compartment_id=place.compartment,
            availability_domain=where,
            fault_domain=plan.zones[one.number % len(plan.zones)],
            display_name=plan.name(one.key, limit=255),
            shape=facts.SERVER_SHAPE,
            shape_config={
                "ocpus": facts.ocpus(one.workload.vcpu),
                "memory_in_gbs": facts.memory(one.workload.vcpu, one.workload.memory_gb),
            },
            source_details={
                "source_type": "image",
                "source_id": image,
                "boot_volume_size_in_gbs": str(facts.BOOT_GB_MIN + one.workload.disk_gb),
                "kms_key_id": place.baseline.keys["data"],
            },
            create_vnic_details={
                "subnet_id": made.subnets[first_key(network, app_role(package))],
                "nsg_ids": [made.groups[f"{package.key}-app"]],
                "assign_public_ip": "false",
                "assign_private_dns_record": False,
            },
            platform_config={
                "type": "AMD_VM",
                "is_secure_boot_enabled": True,
                "is_measured_boot_enabled": True,
                "is_trusted_platform_module_enabled": True,
            },
            instance_options={"are_legacy_imds_endpoints_disabled": True},
            is_pv_encryption_in_transit_enabled=True,
            availability_config={"recovery_action": "RESTORE_INSTANCE", "is_live_migration_preferred": True},
            agent_config={
                "is_management_disabled": False,
                "is_monitoring_disabled": False,
                "plugins_configs": [{"name": name, "desired_state": "ENABLED"} for name in PLUGINS],
            },
            # Kept when the server of a protected tenant goes, whatever made it go.
            preserve_boot_volume=plan.protect,
            freeform_tags=place.labels(package),
            defined_tags=place.owner(package),
            opts=place.opts(keep=True, ignore=kept),
        )
        oci.core.VolumeBackupPolicyAssignment(
            place.child(one.key, "backup"),
            asset_id=server.boot_volume_id,
            policy_id=place.baseline.vault,
            xrc_kms_key_id=place.gives("recovery-key"),
            opts=place.opts(),
        )
        return server.id
