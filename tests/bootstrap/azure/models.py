"""What Microsoft's published models take, for the types that the bootstrap makes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from providers.twin.azure.derive import derive
from providers.twin.azure.published import Published

SOURCES: Mapping[str, str] = {
    "Microsoft.Resources/resourceGroups": "resource/resources ResourceGroup",
    "Microsoft.Authorization/policyAssignments": "resource/policy PolicyAssignment",
    "Microsoft.Authorization/roleDefinitions": "authorization/v2022_04_01 RoleDefinition",
    "Microsoft.Authorization/roleAssignments": "authorization/v2022_04_01 RoleAssignmentCreateParameters",
    "Microsoft.Security/securityContacts": "security/v2020_01_01_preview SecurityContact",
    "Microsoft.Storage/storageAccounts": "storage StorageAccountCreateParameters",
    "Microsoft.Storage/storageAccounts/blobServices": "storage BlobServiceProperties",
    "Microsoft.Storage/storageAccounts/blobServices/containers": "storage BlobContainer",
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": (
        "storage ImmutabilityPolicy"
    ),
    "Microsoft.KeyVault/vaults": "keyvault VaultCreateOrUpdateParameters",
    "Microsoft.KeyVault/vaults/keys": "keyvault KeyCreateParameters",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "msi/v2024_11_30 Identity",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        "msi/v2024_11_30 FederatedIdentityCredential"
    ),
    "Microsoft.Insights/actionGroups": "monitor ActionGroupResource",
    "Microsoft.Insights/activityLogAlerts": "monitor ActivityLogAlertResource",
}
"""Resource type → where its body is: folder below azure/mgmt, and class."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Microsoft.Resources/resourceGroups": ("location",),
    "Microsoft.Authorization/roleAssignments": ("properties.roleDefinitionId", "properties.principalId"),
    "Microsoft.Storage/storageAccounts": ("location", "sku.name", "kind"),
    "Microsoft.KeyVault/vaults": (
        "location",
        "properties.tenantId",
        "properties.sku.name",
        "properties.sku.family",
    ),
    "Microsoft.KeyVault/vaults/keys": ("properties.kty",),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("location",),
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials": (
        "properties.issuer",
        "properties.subject",
        "properties.audiences",
    ),
    "Microsoft.Insights/actionGroups": ("location", "properties.groupShortName", "properties.enabled"),
    "Microsoft.Insights/activityLogAlerts": (
        "location",
        "properties.scopes",
        "properties.condition",
        "properties.actions",
    ),
}
"""What the newer models no longer say: what a body must have (REST reference of each service)."""


LOCKS = "Microsoft.Authorization/locks"
"""Has a package of its own, which the bootstrap does without; level and notes are all there is to it."""


@cache
def _derived() -> tuple[Mapping[str, str], Published]:
    spec = find_spec("azure.mgmt.storage")
    assert spec is not None
    assert spec.origin is not None
    found = derive([Path(spec.origin).parents[3]], SOURCES)
    classes = {name.removeprefix("azure-native:"): body for name, body in found["types"].items()}
    return classes, Published(found["classes"])


def wrong(kind: str, body: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the body of a new resource of this type."""
    if kind == LOCKS:
        level = body.get("properties", {}).get("level")
        right = set(body) == {"properties"} and level in ("CanNotDelete", "ReadOnly")
        return [] if right else [f"properties.level: {level!r}"]
    classes, published = _derived()
    name = next(
        v for k, v in classes.items() if k.lower().replace(":", ".") == kind.lower().replace(":", ".")
    )
    found = [str(problem) for problem in published.wrong(name, dict(body))]
    for path in REQUIRED.get(kind, ()):
        value: Any = body
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            found.append(f"{path}: required")
    return found
