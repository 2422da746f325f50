"""Customer keys: a vault that nobody reaches from outside, a key and an identity for each purpose.

Azure's services use a key as an identity of ours that may use this one key and nothing else.
"""

from __future__ import annotations

from typing import Literal

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.builtin import role_id
from components.azure.place import Place, after, grant, identity
from stacks.plan import KEY_PURPOSES, KeyPurpose

Purpose = KeyPurpose | Literal["recovery"]


def vault(
    place: Place, what: str, name: str, tenant: pulumi.Input[str], region: str | None = None
) -> azure.keyvault.Vault:
    """A key vault: roles only, no public network, nothing in it can be purged before its time."""
    return azure.keyvault.Vault(
        place.child(what),
        resource_group_name=place.group,
        vault_name=name,
        location=region or place.plan.region,
        properties={
            "tenant_id": tenant,
            "sku": {"family": "A", "name": azure.keyvault.SkuName.PREMIUM},
            "enable_rbac_authorization": True,
            "enable_soft_delete": True,
            # Storage, databases and disks take keys only from a vault with purge protection.
            "enable_purge_protection": True,
            # 7 and 90 days are the least and the most that Key Vault takes, and it takes them once: so not
            # by whether the tenant is protected, which changes.
            "soft_delete_retention_in_days": 90 if place.plan.environment == "production" else 7,
            "public_network_access": "Disabled",
            # Azure's own services (storage, disks, databases, backup) use keys as "trusted services".
            "network_acls": {"bypass": "AzureServices", "default_action": "Deny"},
        },
        tags=place.tags(),
        opts=place.kept(),
    )


class Keys:
    """Builds the keys. `ids` are those of the keys, `vaults` those of the vaults that we made."""

    def __init__(self, place: Place, tenant: pulumi.Input[str]) -> None:
        """Make them in `place`."""
        self._place, self._tenant = place, tenant
        self.vaults: dict[str, azure.keyvault.Vault] = {}
        self.ids: dict[KeyPurpose, pulumi.Output[str]] = {p: self._key(p) for p in KEY_PURPOSES}
        self.recovery = self._key("recovery")

    def _key(self, purpose: Purpose) -> pulumi.Output[str]:
        """The id of the key for `purpose`, known once the identity of the purpose may use it."""
        home, far = self._place, purpose == "recovery"
        region = home.plan.recovery_region if far else home.plan.region
        adopted = home.adopted("keys", purpose)
        key = pulumi.Output.from_input(adopted) if adopted else self._new(purpose, region)
        who = identity(
            home, f"key-{purpose}-identity", facts.last(facts.key_identity(home.plan, purpose)), region
        )
        may = grant(home, f"key-{purpose}-use", role_id(home.plan, "crypto"), who.principal_id, key)
        return after(key, may)

    def _new(self, purpose: Purpose, region: str) -> pulumi.Output[str]:
        home = self._place
        return azure.keyvault.Key(
            home.child(f"key-{purpose}"),
            resource_group_name=home.group,
            vault_name=self._vault(purpose, region).name,
            key_name=purpose,
            properties={
                "kty": "RSA-HSM",
                # PostgreSQL and Backup take 2,048 to 4,096 bits; CRYPTREC advises 3,072 beyond 2030.
                "key_size": 3072,
                "key_ops": ["wrapKey", "unwrapKey"],
                "rotation_policy": {
                    "lifetime_actions": [
                        {
                            "action": {"type": azure.keyvault.KeyRotationPolicyActionType.ROTATE},
                            "trigger": {"time_after_create": "P1Y"},
                        }
                    ]
                },
            },
            tags=home.tags(),
            opts=home.kept(),
        ).id

    def _vault(self, purpose: Purpose, region: str) -> azure.keyvault.Vault:
        """The vault of the region: a vault lives in one, and so do those whom its keys serve."""
        home, what = self._place, "recovery" if purpose == "recovery" else "keys"
        if what not in self.vaults:
            name = facts.vault_name(home.plan, what)
            self.vaults[what] = vault(home, f"vault-{what}", name, self._tenant, region)
        return self.vaults[what]
