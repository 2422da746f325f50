"""Servers: Trusted Launch, customer keys, no password, no key that anybody has, no public address.

Administrators run commands through Azure itself (Run Command, recorded in the activity log), so there
is no bastion and no open port. Two disks: the system's goes with its server, the data's stays.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.gives import BaselineGives
from components.azure.iaas.backups import protect
from components.azure.iaas.monitoring import Monitoring
from components.azure.iaas.patching import patching
from components.azure.iaas.subnets import key_of
from components.azure.place import identity, place
from components.azure.place import key_of as key_parts
from components.contract import NetworkGives
from components.derive import app_role, replicas, runs
from stacks.plan import CloudPlan, PackagePlan, WorkloadPlan

IMAGE: Mapping[str, str] = {
    "publisher": "Canonical",
    "offer": "ubuntu-24_04-lts",
    "sku": "server",
    "version": "latest",
}
"""A generation 2 image with long support, on the list for Trusted Launch and for guest patching."""


class Servers:
    """Builds the servers of the tenant, their identities, and what keeps them patched and backed up."""

    def __init__(
        self,
        name: str,
        plan: CloudPlan,
        parent: pulumi.Resource,
        baseline: BaselineGives,
        networks: Mapping[str, NetworkGives],
    ) -> None:
        """Make them in `networks`."""
        self.servers: dict[str, pulumi.Output[str]] = {}
        self.identities: dict[str, pulumi.Output[str]] = {}
        packages = [p for p in plan.packages.values() if p.delivery == "hosted" and runs(p, "server")]
        if not packages:
            return
        self._place = where = place(name, plan, parent, "servers")
        self._plan, self._baseline = plan, baseline
        self._disks = self._disk_encryption()
        used = {p.network: networks[p.network] for p in packages}
        monitoring = Monitoring(where, baseline, used)
        for package in packages:
            who = identity(
                where, f"{package.key}-server-identity", plan.name(package.key, "server", limit=128)
            )
            self.identities[package.key] = who.id
            subnet = networks[package.network].subnets[key_of(app_role(package), "servers")]
            for one in replicas([package], "server"):
                made = self._server(one.key, package, one.workload, one.number, who.id, subnet)
                self.servers[one.key] = made.id
                monitoring.collect(one.key, made)
                protect(where, one.key, made, baseline.vault)
        patching(where, [p.schedule for p in packages if p.schedule])

    def _disk_encryption(self) -> pulumi.Output[str]:
        """The customer's key for disks, renewed as the key is."""
        plan, key = self._plan, self._baseline.keys["data"]
        who = facts.key_identity(plan, "data")
        version = azure.keyvault.get_key_output(
            resource_group_name=key.apply(lambda k: facts.Key.of(k).group),
            vault_name=key.apply(lambda k: facts.Key.of(k).vault),
            key_name=key_parts(key)[1],
            opts=pulumi.InvokeOutputOptions(parent=self._place.parent),
        ).key_uri_with_version
        return azure.compute.DiskEncryptionSet(
            self._place.child("disk-key"),
            resource_group_name=self._place.group,
            disk_encryption_set_name=plan.name("disks", limit=80),
            location=plan.region,
            # A second layer under Azure's own key.
            encryption_type="EncryptionAtRestWithPlatformAndCustomerKeys",
            rotation_to_latest_key_version_enabled=True,
            identity={"type": "UserAssigned", "user_assigned_identities": [who]},
            active_key={"key_url": version},
            tags=self._place.tags(),
            # Azure itself moves it to each new version of the key.
            opts=self._place.kept(ignore=["activeKey"]),
        ).id

    def _server(
        self,
        key: str,
        package: PackagePlan,
        workload: WorkloadPlan,
        number: int,
        who: pulumi.Output[str],
        subnet: pulumi.Input[str],
    ) -> azure.compute.VirtualMachine:
        """One server, in the zones in turn; it stays where it is when a zone is added."""
        plan, tags = self._plan, self._place.tags(package)
        name = plan.name(key, limit=64)
        interface = azure.network.NetworkInterface(
            self._place.child(key, "interface"),
            resource_group_name=self._place.group,
            network_interface_name=name,
            location=plan.region,
            enable_accelerated_networking=True,
            ip_configurations=[
                {
                    "name": "main",
                    "primary": True,
                    "private_ip_allocation_method": "Dynamic",
                    "subnet": {"id": subnet},
                }
            ],
            tags=tags,
            opts=self._place.opts(),
        )
        key_data = facts.nobody_ssh_key()
        return azure.compute.VirtualMachine(
            self._place.child(key),
            resource_group_name=self._place.group,
            vm_name=name,
            location=plan.region,
            zones=[plan.zones[number % len(plan.zones)]],
            hardware_profile={
                "vm_size": facts.size(facts.SERVER_SIZES, workload.vcpu, workload.memory_gb).name
            },
            identity={
                "type": azure.compute.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [who],
            },
            security_profile={
                "security_type": "TrustedLaunch",
                "encryption_at_host": True,
                "uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True},
            },
            network_profile={"network_interfaces": [{"id": interface.id, "primary": True}]},
            os_profile={
                "computer_name": plan.name(key, limit=63),
                "admin_username": "nobodyhere",
                "allow_extension_operations": True,
                "linux_configuration": {
                    "disable_password_authentication": True,
                    "provision_vm_agent": True,
                    "patch_settings": {
                        "patch_mode": "AutomaticByPlatform",
                        "assessment_mode": "AutomaticByPlatform",
                        "automatic_by_platform_settings": {
                            "bypass_platform_safety_checks_on_user_schedule": True,
                            "reboot_setting": "IfRequired",
                        },
                    },
                    "ssh": {
                        "public_keys": [
                            {"path": "/home/nobodyhere/.ssh/authorized_keys", "key_data": key_data}
                        ]
                    },
                },
            },
            storage_profile={
                "image_reference": {"id": plan.server_image} if plan.server_image else dict(IMAGE),  # type: ignore[typeddict-item]
                "os_disk": {
                    "name": plan.name(key, "system", limit=80),
                    "create_option": "FromImage",
                    "caching": azure.compute.CachingTypes.READ_WRITE,
                    "delete_option": "Delete",
                    "managed_disk": self._disk("Premium_LRS"),
                },
                "data_disks": [
                    {
                        "lun": 0,
                        "name": plan.name(key, "data", limit=80),
                        "create_option": "Empty",
                        "disk_size_gb": workload.disk_gb,
                        "caching": azure.compute.CachingTypes.READ_ONLY,
                        # Kept when the server of a protected tenant goes, whatever made it go.
                        "delete_option": "Detach" if plan.protect else "Delete",
                        "managed_disk": self._disk("Premium_LRS"),
                    }
                ],
            },
            tags=tags,
            opts=self._place.kept(
                ignore=["zones", "storageProfile.imageReference"] if not plan.server_image else ["zones"]
            ),
        )

    def _disk(self, sku: str) -> azure.compute.ManagedDiskParametersArgsDict:
        return {"storage_account_type": sku, "disk_encryption_set": {"id": self._disks}}
