"""Servers in the baseline's backup vault."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place


def protect(place: Place, key: str, server: azure.compute.VirtualMachine, vault: pulumi.Output[str]) -> None:
    """A backup of `server` every day, by the vault's policy."""
    group, name = vault.apply(facts.group_of), vault.apply(facts.last)
    # How Azure Backup names a server (REST reference, "protected items"): by group and name.
    suffix = pulumi.Output.concat("iaasvmcontainerv2;", place.group, ";", server.name)
    azure.recoveryservices.ProtectedItem(
        place.child(key, "backup"),
        resource_group_name=group,
        vault_name=name,
        fabric_name="Azure",
        container_name=pulumi.Output.concat("IaasVMContainer;", suffix),
        protected_item_name=pulumi.Output.concat("vm;", suffix),
        properties=azure.recoveryservices.AzureIaaSComputeVMProtectedItemArgs(
            protected_item_type="Microsoft.Compute/virtualMachines",
            source_resource_id=server.id,
            policy_id=pulumi.Output.concat(vault, "/backupPolicies/", facts.BACKUP_POLICY),
        ),
        opts=place.opts(),
    )
