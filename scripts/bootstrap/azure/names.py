"""What the bootstrap makes in an Azure subscription, by name; what the deployer may; facts of the cloud."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from scripts.bootstrap.steps import Pipeline, Settings
from stacks.azure_roles import OWN

GROUP = "rg-jichitai-bootstrap"
STORE_IDENTITY, DEPLOYER = "id-jichitai-store", "id-jichitai-deployer"
STATE_KEY, SECRETS_KEY = "state", "pulumi-secrets"
STATE, EVIDENCE = "state", "evidence"
LOCK = "jichitai-keep"
FENCES: Mapping[str, str] = MappingProxyType(
    {
        "jichitai-locations": "e56962a6-4747-49cd-b67b-bf8b01975c4c",
        "jichitai-group-locations": "e765b5de-1225-4ba3-bd56-1ac6695af988",
    }
)
"""Our assignments → the built-in policies "Allowed locations", and the same "for resource groups"."""
KEY_BITS = 3072
KEEP_DAYS = 90
"""Days for which deleted vaults, keys, blobs and containers can be brought back (90 is Key Vault's most)."""
AUDIENCE = "api://AzureADTokenExchange"
"""What Entra ID wants as the audience of a pipeline's token, unless it is told otherwise."""
MOST_SUBJECTS = 20
"""Federated credentials that one identity takes (Entra ID, "Important considerations and restrictions")."""

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
ACCESS_ADMIN = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Built-in roles (Azure RBAC reference)."""

PROVIDERS: tuple[str, ...] = (
    "Microsoft.Insights",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Security",
    "Microsoft.Storage",
)
"""Resource providers that the bootstrap itself speaks to."""

NAMESPACES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "app": ("Microsoft.App",),
        "authorization": (
            "Microsoft.Authorization/policyAssignments",
            "Microsoft.Authorization/policySetDefinitions",
        ),
        "compute": ("Microsoft.Compute",),
        "consumption": ("Microsoft.Consumption",),
        "containerregistry": ("Microsoft.ContainerRegistry",),
        "dbformysql": ("Microsoft.DBforMySQL",),
        "dbforpostgresql": ("Microsoft.DBforPostgreSQL",),
        "dnsresolver": ("Microsoft.Network",),
        "keyvault": ("Microsoft.KeyVault",),
        "logic": ("Microsoft.Logic",),
        "maintenance": ("Microsoft.Maintenance",),
        "managedidentity": ("Microsoft.ManagedIdentity",),
        "monitor": ("Microsoft.Insights", "Microsoft.AlertsManagement"),
        "network": ("Microsoft.Network",),
        "operationalinsights": ("Microsoft.OperationalInsights",),
        "privatedns": ("Microsoft.Network",),
        "recoveryservices": ("Microsoft.RecoveryServices",),
        "resources": ("Microsoft.Resources",),
        "security": ("Microsoft.Security",),
        "storage": ("Microsoft.Storage",),
    }
)
"""Part of the Pulumi SDK that the components use → the resource providers behind it."""

NEVER: tuple[str, ...] = (
    "Microsoft.KeyVault/locations/deletedVaults/purge/action",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/delete",
    "Microsoft.Storage/storageAccounts/listKeys/action",
    "Microsoft.Storage/storageAccounts/regenerateKey/action",
)
"""What the deployer never needs: shared keys, new federation, an end of what must be kept."""

GRANTABLE: tuple[str, ...] = (
    BLOB_READER,
    "4633458b-17de-408a-b874-0445c86b69e6",  # Key Vault Secrets User
    ENCRYPTION_USER,
    "7f951dda-4ed3-4680-a7ca-43fe172d538d",  # AcrPull
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88",  # Storage Queue Data Contributor
)
"""The built-in roles that the deployer may grant: those that components grant. With none can one grant."""


def _short(settings: Settings, length: int) -> str:
    return hashlib.sha256(settings.unit.lower().encode()).hexdigest()[:length]


def unit(settings: Settings) -> str:
    """The subscription as a scope."""
    return f"/subscriptions/{settings.unit}"


def group(settings: Settings) -> str:
    """The resource group of everything that the bootstrap makes."""
    return f"{unit(settings)}/resourceGroups/{GROUP}"


def account(settings: Settings) -> str:
    """The storage account: names are global, 3 to 24 lower-case letters and digits."""
    return f"stjichitai{_short(settings, 12)}"


def vault(settings: Settings) -> str:
    """The key vault: names are global, 3 to 24 letters, digits and hyphens."""
    return f"kv-jichitai-{_short(settings, 10)}"


def account_id(settings: Settings) -> str:
    """The storage account's id."""
    return f"{group(settings)}/providers/Microsoft.Storage/storageAccounts/{account(settings)}"


def container_id(settings: Settings, name: str) -> str:
    """A blob container's id."""
    return f"{account_id(settings)}/blobServices/default/containers/{name}"


def vault_id(settings: Settings) -> str:
    """The vault's id."""
    return f"{group(settings)}/providers/Microsoft.KeyVault/vaults/{vault(settings)}"


def key_id(settings: Settings, name: str) -> str:
    """A key's id. `azurekeyvault://<vault>.vault.azure.net/keys/<name>` is Pulumi's secrets provider."""
    return f"{vault_id(settings)}/keys/{name}"


def identity_id(settings: Settings, name: str) -> str:
    """A managed identity's id."""
    return f"{group(settings)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"


def role_id(settings: Settings) -> str:
    """The id of the deployer's own role definition; a GUID made of the subscription's."""
    guid = uuid.uuid5(uuid.NAMESPACE_URL, f"jichitai-deployer:{settings.unit.lower()}")
    return f"{unit(settings)}/providers/Microsoft.Authorization/roleDefinitions/{guid}"


def built_in(settings: Settings, role: str) -> str:
    """A built-in role as assignments in this subscription name it."""
    return f"{unit(settings)}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def assignment(scope: str, who: str, role: str) -> str:
    """The name of a role assignment: a GUID made of its parts, so that it is there once."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{scope.lower()}|{who.lower()}|{role.lower()}"))


def credential(subject: str) -> str:
    """The name of the federated credential of one subject."""
    return f"pipeline-{hashlib.sha256(subject.encode()).hexdigest()[:12]}"


def audience(pipeline: Pipeline) -> str:
    """The audience that the pipeline's token has to carry."""
    return pipeline.audience or AUDIENCE


def deployer_actions() -> list[str]:
    """What the deployer may do: read everything, and everything in the providers that components use."""
    spaces = {f"{space}/*" for spaces in NAMESPACES.values() for space in spaces}
    return sorted({"*/read", *spaces})


def grantable(settings: Settings) -> tuple[str, ...]:
    """All roles that the deployer may grant in the subscription, the built-in ones and ours, by GUID."""
    return (*GRANTABLE, *(role.guid(settings.unit) for role in OWN.values()))


def boundary(settings: Settings) -> str:
    """The condition that keeps the deployer from granting anything but what is `grantable`.

    (Azure RBAC, "Delegate the Azure role assignment management to others with conditions".)
    """
    guids = ", ".join(grantable(settings))
    write = "@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
    delete = "@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
    return " AND ".join(
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{verb}'}})) OR "
        f"({attribute} ForAnyOfAnyValues:GuidEquals {{{guids}}}))"
        for verb, attribute in (("write", write), ("delete", delete))
    )
