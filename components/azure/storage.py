"""Storage accounts as all layers make them: closed, encrypted with a customer key, no shared keys."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place, key_of
from stacks.plan import KeyPurpose


def account(
    place: Place,
    what: str,
    name: str,
    purpose: KeyPurpose,
    key: pulumi.Output[str],
    *,
    sku: str = "Standard_ZRS",
    kind: str = "StorageV2",
    nfs: bool = False,
    holds: str | None = None,
    opts: pulumi.ResourceOptions | None = None,
    **more: Any,
) -> azure.storage.StorageAccount:
    """An account that nobody reaches from the internet and no shared key opens.

    `nfs`: the protocol knows no TLS, so the account must take connections without it; what keeps it
    closed is the network alone (Azure Files, "NFS: security and networking"). `holds` says in a tag what
    is in it, for policies: `archive`, `handover`.
    """
    identity = facts.key_identity(place.plan, purpose)
    vault, key_name, _ = key_of(key)
    # Queues and tables have the customer's key only where the account says so from the start.
    whole: azure.storage.EncryptionServiceArgsDict = {"key_type": "Account", "enabled": True}
    services: azure.storage.EncryptionServicesArgsDict = {"blob": whole, "file": whole}
    if kind == "StorageV2":
        services |= {"queue": whole, "table": whole}
    return azure.storage.StorageAccount(
        place.child(what),
        resource_group_name=place.group,
        account_name=name,
        location=place.plan.region,
        kind=kind,
        sku={"name": sku},
        allow_blob_public_access=False,
        allow_cross_tenant_replication=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=not nfs,
        minimum_tls_version="TLS1_2",
        public_network_access="Disabled",
        network_rule_set={"default_action": azure.storage.DefaultAction.DENY, "bypass": "AzureServices"},
        identity={"type": "UserAssigned", "user_assigned_identities": [identity]},
        encryption={
            "key_source": "Microsoft.Keyvault",
            "require_infrastructure_encryption": True,
            "encryption_identity": {"encryption_user_assigned_identity": identity},
            "key_vault_properties": {"key_name": key_name, "key_vault_uri": vault},
            "services": services,
        },
        tags={**place.tags(), **({"purpose": holds} if holds else {})},
        opts=opts or place.kept(),
        **more,
    )


def lifecycle(
    place: Place, what: str, account_: azure.storage.StorageAccount, archive_after: int | None, end: int
) -> azure.storage.ManagementPolicy:
    """Objects go to the archive tier after `archive_after` days (None: never) and away after `end`."""
    days = "days_after_modification_greater_than"
    tier: dict[str, Any] = {} if archive_after is None else {"tier_to_cold": {days: archive_after}}
    version: dict[str, Any] = {"delete": {"days_after_creation_greater_than": end}}
    # Azure moves block blobs only between tiers; its own logs are append blobs.
    rules: dict[str, tuple[str, Any]] = {
        "blocks": ("blockBlob", {**tier, "delete": {days: end}}),
        "logs": ("appendBlob", {"delete": {days: end}}),
    }
    policy: Any = {
        "rules": [
            {
                "name": name,
                "type": "Lifecycle",
                "enabled": True,
                "definition": {
                    "filters": {"blob_types": [kind]},
                    "actions": {"base_blob": base, "version": version},
                },
            }
            for name, (kind, base) in rules.items()
        ]
    }
    return azure.storage.ManagementPolicy(
        place.child(what, "life"),
        resource_group_name=place.group,
        account_name=account_.name,
        management_policy_name="default",
        policy=policy,
        opts=place.opts(),
    )
