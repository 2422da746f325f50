"""Servers and their disks' keys, patches and backups."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from providers.twin.azure.words import GROUP, arm, in_use, names, token, uses
from providers.twin.behaviour import Answer, Behaviour, Refusal
from providers.twin.scope import Scope
from providers.wire import Value

_VM = r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?"
_SIZE = re.compile(r"Standard_[A-Z]+\d+[a-z]*(_v\d+)?")


def _machine(scope: Scope) -> None:
    profile = scope.get("osProfile") or {}
    linux = profile.get("linuxConfiguration") or {}
    keys = (linux.get("ssh") or {}).get("publicKeys") or []
    if profile and not profile.get("adminPassword") and not keys:
        raise Refusal(
            "InvalidParameter",
            "Authentication using either SSH or by user name and password must be enabled.",
        )
    if not _SIZE.fullmatch(str((scope.get("hardwareProfile") or {}).get("vmSize"))):
        raise Refusal("InvalidParameter", f"The size {scope.get('hardwareProfile.vmSize')} is not available.")
    image = (scope.get("storageProfile") or {}).get("imageReference") or {}
    if not image.get("id") and not image.get("publisher"):
        raise Refusal("InvalidParameter", "Required parameter 'imageReference' is missing (null).")
    if len(str(profile.get("computerName") or "")) > 64:
        raise Refusal("InvalidParameter", "A Linux computer name has 64 characters at most.")
    for zone in scope.get("zones") or []:
        if zone not in ("1", "2", "3"):
            raise Refusal("ResourceTypeZoneNotSupported", f"There is no zone {zone} in {scope.region}.")


def _machine_made(scope: Scope) -> None:
    """Its disks, which are resources of their own and go as their delete option says."""
    profile = scope.get("storageProfile") or {}
    disks: list[Value] = [profile.get("osDisk") or {}, *(profile.get("dataDisks") or [])]
    for at, disk in enumerate(disks):
        name = disk.get("name") or f"{scope.get('vmName')}_disk{at}"
        scope.make(
            token("compute.Disk"),
            scope.fill(f"{GROUP}/providers/Microsoft.Compute/disks/{name}"),
            {"name": name, "location": scope.region, "diskState": "Attached"},
            owned=disk.get("deleteOption") == "Delete",
        )


def _vault(scope: Scope) -> None:
    settings = (scope.get("properties") or {}).get("redundancySettings") or {}
    if (
        settings.get("crossRegionRestore") == "Enabled"
        and settings.get("standardTierStorageRedundancy") != "GeoRedundant"
    ):
        raise Refusal("BMSUserErrorCRRNotSupported", "Cross-region restore needs geo-redundant storage.")
    if scope.old is not None:
        before = (scope.old.state.get("properties") or {}).get("redundancySettings") or {}
        items = any(r.type == token("recoveryservices.ProtectedItem") for r in scope.store.linked(scope.rid))
        if items and before.get("standardTierStorageRedundancy") != settings.get(
            "standardTierStorageRedundancy"
        ):
            raise Refusal(
                "BMSUserErrorStorageTypeLocked", "The redundancy cannot change once items are protected."
            )


def _policy(scope: Scope) -> None:
    retention = ((scope.get("properties") or {}).get("retentionPolicy") or {}).get("dailySchedule") or {}
    count = (retention.get("retentionDuration") or {}).get("count")
    if count is not None and not 7 <= int(count) <= 9999:
        raise Refusal("BMSUserErrorInvalidPolicyInput", f"Daily points are kept 7 to 9999 days, not {count}.")


def _item(scope: Scope) -> None:
    properties = scope.get("properties") or {}
    policy, source = properties.get("policyId"), properties.get("sourceResourceId")
    if scope.find(token("recoveryservices.ProtectionPolicy"), policy, None) is None:
        raise Refusal("BMSUserErrorPolicyNotFound", f"Policy {policy} does not exist.", 404)
    if scope.find(token("compute.VirtualMachine"), source, None) is None:
        raise Refusal("BMSUserErrorObjectNotFound", f"Server {source} does not exist.", 404)
    tail = f"{str(source).split('/')[4]};{str(source).rsplit('/', 1)[-1]}".lower()
    if not str(scope.get("protectedItemName")).lower().endswith(tail):
        raise Refusal(
            "BMSUserErrorInvalidItem", f"{scope.get('protectedItemName')} is not the name of {source}."
        )


def _disk_set(scope: Scope) -> None:
    url = str((scope.get("activeKey") or {}).get("keyUrl") or "")
    if not re.fullmatch(r"https://[a-z0-9-]+\.vault\.azure\.net/keys/[A-Za-z0-9-]+/[0-9a-f]{32}", url, re.I):
        raise Refusal("InvalidParameter", f"The key url {url} must have a version.")
    if scope.find(token("keyvault.Key"), url.rsplit("/", 1)[0], None) is None:
        raise Refusal("KeyVaultKeyNotFound", f"The key {url} does not exist.", 404)


def _item_record() -> Behaviour:
    kind = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems"
    named = "vaultName fabricName containerName protectedItemName"
    made = arm(
        kind,
        named,
        parent="recoveryservices.Vault",
        computed={"name": "{protectedItemName}"},
        rules=(_item,),
    )
    home = replace(
        made.refs[0],
        path="vaultName",
        form=f"{GROUP}/providers/Microsoft.RecoveryServices/vaults/{{value}}",
    )
    holds = (
        names("properties.sourceResourceId", "compute.VirtualMachine"),
        uses("properties.policyId", "recoveryservices.ProtectionPolicy"),
    )
    return replace(made, refs=(home, *holds))


TABLE: Mapping[str, Behaviour] = {
    "compute.DiskEncryptionSet": arm(
        "Microsoft.Compute/diskEncryptionSets",
        "diskEncryptionSetName",
        rule=r"[A-Za-z0-9_-]{1,80}",
        fixed="encryptionType",
        refs=(uses("identity.userAssignedIdentities[]", "managedidentity.UserAssignedIdentity"),),
        rules=(_disk_set,),
        in_use=in_use("DiskEncryptionSetInUse", "Disk encryption set {id} is in use by {value}."),
    ),
    "compute.Disk": arm("Microsoft.Compute/disks", "diskName"),
    "compute.VirtualMachine": arm(
        "Microsoft.Compute/virtualMachines",
        "vmName",
        rule=_VM,
        fixed="osProfile.adminUsername osProfile.computerName osProfile.linuxConfiguration.ssh zones"
        " securityProfile.securityType storageProfile.imageReference storageProfile.osDisk.name",
        refs=(
            uses("networkProfile.networkInterfaces[].id", "network.NetworkInterface"),
            uses("identity.userAssignedIdentities[]", "managedidentity.UserAssignedIdentity"),
            uses("storageProfile.osDisk.managedDisk.diskEncryptionSet.id", "compute.DiskEncryptionSet"),
            uses("storageProfile.dataDisks[].managedDisk.diskEncryptionSet.id", "compute.DiskEncryptionSet"),
        ),
        computed={"vmId": "{uuid}", "timeCreated": "{now}"},
        rules=(_machine,),
        made=(_machine_made,),
    ),
    "compute.VirtualMachineExtension": arm(
        "Microsoft.Compute/virtualMachines/extensions",
        "vmName vmExtensionName",
        parent="compute.VirtualMachine",
        type_="",
        fixed="publisher type",
    ),
    "maintenance.MaintenanceConfiguration": arm(
        "Microsoft.Maintenance/maintenanceConfigurations",
        "resourceName",
        fixed="maintenanceScope",
        in_use=in_use("ConfigurationHasAssignments", "Configuration {id} is assigned ({value})."),
    ),
    "maintenance.ConfigurationAssignmentsForResourceGroup": arm(
        "Microsoft.Maintenance/configurationAssignments",
        "configurationAssignmentName",
        refs=(uses("maintenanceConfigurationId", "maintenance.MaintenanceConfiguration"),),
    ),
    "recoveryservices.Vault": arm(
        "Microsoft.RecoveryServices/vaults",
        "vaultName",
        rule=r"[A-Za-z][A-Za-z0-9-]{1,49}",
        refs=(
            uses("identity.userAssignedIdentities[]", "managedidentity.UserAssignedIdentity"),
            names(
                "properties.encryption.keyVaultProperties.keyUri",
                "keyvault.Key",
                missing=Answer("BMSUserErrorKeyNotFound", "The key {value} is not found.", 404),
            ),
        ),
        rules=(_vault,),
        in_use=in_use(
            "ServiceResourceNotEmptyWithBackendMessage", "Vault {id} cannot be deleted: it has {value}."
        ),
    ),
    "recoveryservices.ProtectionPolicy": arm(
        "Microsoft.RecoveryServices/vaults/backupPolicies",
        "vaultName policyName",
        parent="recoveryservices.Vault",
        fixed="properties.backupManagementType properties.policyType",
        rules=(_policy,),
        in_use=in_use("BMSUserErrorPolicyInUse", "Policy {id} protects {value}."),
    ),
    "recoveryservices.ProtectedItem": _item_record(),
}
