"""Storage accounts and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.twin.azure.words import arm, names, uses
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope

_KIND = "Microsoft.Storage/storageAccounts"
_SERVICES = {
    "StorageV2": ("blob", "dfs", "file", "queue", "table", "web"),
    "FileStorage": ("file",),
    "BlockBlobStorage": ("blob", "dfs"),
}


def _account(scope: Scope) -> None:
    sku = str((scope.get("sku") or {}).get("name"))
    if scope.get("kind") == "FileStorage" and not sku.startswith(("Premium", "PremiumV2")):
        raise Refusal("InvalidAccountKind", f"FileStorage takes no SKU {sku}.")
    immutable = scope.get("immutableStorageWithVersioning") or {}
    days = (immutable.get("immutabilityPolicy") or {}).get("immutabilityPeriodSinceCreationInDays")
    if days is not None and not 1 <= int(days) <= 146000:
        raise Refusal("InvalidImmutabilityPeriod", f"An immutability period is 1 to 146000 days, not {days}.")
    if immutable.get("enabled") and scope.get("isHnsEnabled"):
        raise Refusal(
            "FeatureNotSupported", "Version-level immutability and hierarchical names exclude each other."
        )
    encryption = scope.get("encryption") or {}
    if encryption.get("keySource") == "Microsoft.Keyvault" and not encryption.get("keyVaultProperties"):
        raise Refusal("InvalidValuesForRequestParameters", "keyVaultProperties are missing.")


def _endpoints(scope: Scope) -> None:
    name = scope.get("accountName")
    kinds = _SERVICES.get(str(scope.get("kind")), ())
    scope.state["primaryEndpoints"] = {k: f"https://{name}.{k}.core.windows.net/" for k in kinds}
    scope.state["primaryLocation"] = scope.region


def _container(scope: Scope) -> None:
    account = scope.target("accountName")
    wanted = scope.get("publicAccess") not in (None, "None")
    if wanted and account is not None and not account.state.get("allowBlobPublicAccess"):
        raise Refusal(
            "PublicAccessNotPermitted", "Public access is not permitted on this storage account.", 409
        )


def _share(scope: Scope) -> None:
    account = scope.target("accountName")
    if scope.get("enabledProtocols") == "NFS" and account is not None:
        if account.state.get("kind") != "FileStorage":
            raise Refusal("UnsupportedProtocol", "NFS shares need a FileStorage account.")
        if account.state.get("enableHttpsTrafficOnly", True):
            raise Refusal("SecureTransferNotSupported", "NFS shares need `secure transfer required` off.")
    premium = account is not None and account.state.get("kind") == "FileStorage"
    if premium and not 100 <= int(scope.get("shareQuota") or 0) <= 102400:
        raise Refusal("InvalidValue", "The quota of a premium share is 100 to 102400 GiB.")


def _child(service: str, thing: str, named: str, **more: object) -> Behaviour:
    """A record whose path has `/<service>/default/` between the account and the thing."""
    made = arm(f"{_KIND}/{thing}", f"accountName {named}", parent="storage.StorageAccount", type_="", **more)  # type: ignore[arg-type]
    step = f"{_KIND.split('/')[1]}/{{accountName}}/"
    return replace(
        made,
        id=str(made.id).replace(step, f"{step}{service}/default/"),
        computed={**made.computed, "type": f"{_KIND}/{service}/{thing}"},
    )


TABLE: Mapping[str, Behaviour] = {
    "storage.StorageAccount": arm(
        _KIND,
        "accountName",
        rule=r"[a-z0-9]{3,24}",
        fixed="kind isHnsEnabled encryption.requireInfrastructureEncryption"
        " immutableStorageWithVersioning.enabled",
        refs=(
            uses("identity.userAssignedIdentities[]", "managedidentity.UserAssignedIdentity"),
            uses(
                "encryption.encryptionIdentity.encryptionUserAssignedIdentity",
                "managedidentity.UserAssignedIdentity",
            ),
            names(
                "encryption.keyVaultProperties.keyName",
                "keyvault.Key",
                form="{encryption.keyVaultProperties.keyVaultUri}/keys/{value}",
                missing=Answer(
                    "KeyVaultEncryptionKeyNotFound", "The key vault key is not found: {value}.", 404
                ),
            ),
        ),
        rules=(_account,),
        made=(_endpoints,),
        unique=(
            Unique(
                "storage",
                "{accountName}",
                Answer(
                    "StorageAccountAlreadyTaken", "The storage account named {value} is already taken.", 409
                ),
                across=True,
            ),
        ),
        guards=(
            Guard(
                "immutableStorageWithVersioning.immutabilityPolicy.state",
                Answer("AccountProtectedFromDeletion", "Account {id} has a locked immutability policy.", 409),
                ("Locked",),
            ),
        ),
    ),
    "storage.BlobServiceProperties": arm(
        f"{_KIND}/blobServices", "accountName blobServicesName", parent="storage.StorageAccount", put=True
    ),
    "storage.FileServiceProperties": arm(
        f"{_KIND}/fileServices", "accountName fileServicesName", parent="storage.StorageAccount", put=True
    ),
    "storage.ManagementPolicy": arm(
        f"{_KIND}/managementPolicies", "accountName managementPolicyName", parent="storage.StorageAccount"
    ),
    "storage.BlobContainer": _child(
        "blobServices",
        "containers",
        "containerName",
        rule=r"[a-z0-9$](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
        rules=(_container,),
    ),
    "storage.Queue": _child(
        "queueServices", "queues", "queueName", rule=r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]"
    ),
    "storage.FileShare": _child(
        "fileServices",
        "shares",
        "shareName",
        fixed="enabledProtocols",
        rule=r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]",
        rules=(_share,),
    ),
}
