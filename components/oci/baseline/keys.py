"""Customer keys by purpose, in a vault of the tenant's own."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.oci.place import Spot
from stacks.plan import KEY_PURPOSES, KeyPurpose

ROTATION_DAYS = 365
"""Days between rotations; the service takes 60 to 365 (API: AutoKeyRotationDetails)."""
SYMMETRIC = oci.kms.KeyKeyShapeArgs(algorithm="AES", length=32)
"""AES with 32 bytes."""


class Keys:
    """Builds them. `keys` by purpose; `recovery` is the key of the copies in the recovery region."""

    keys: Mapping[KeyPurpose, pulumi.Output[str]]

    def __init__(self, spot: Spot, recovery: pulumi.ProviderResource) -> None:
        """Make them in `spot`; `recovery` reaches the recovery region."""
        self._spot = spot
        vault = self._vault()
        self.vault = vault.id
        self.endpoint = vault.management_endpoint
        self.keys = {
            purpose: self._adopted(purpose) or self._key(purpose, vault).id for purpose in KEY_PURPOSES
        }
        self.recovery = self._adopted("recovery") or self._recovery(recovery)

    def _adopted(self, purpose: str) -> pulumi.Output[str] | None:
        found = self._spot.adopted("keys", purpose)
        return None if found is None else pulumi.Output.from_input(found)

    def _vault(self) -> oci.kms.Vault:
        """The adopted vault, else one with a partition of its own: only there do keys rotate alone."""
        adopted = self._spot.adopted("keys", "vault")
        if adopted is not None:
            return oci.kms.Vault.get(self._spot.child("vault"), adopted, opts=self._spot.opts())
        return oci.kms.Vault(
            self._spot.child("vault"),
            compartment_id=self._spot.compartment,
            display_name=self._spot.plan.name("keys"),
            vault_type="VIRTUAL_PRIVATE",
            freeform_tags=self._spot.labels(),
            opts=self._spot.opts(keep=True),
        )

    def _key(self, purpose: str, vault: oci.kms.Vault) -> oci.kms.Key:
        return oci.kms.Key(
            self._spot.child("key", purpose),
            compartment_id=self._spot.compartment,
            display_name=self._spot.plan.name(purpose),
            management_endpoint=vault.management_endpoint,
            key_shape=SYMMETRIC,
            protection_mode="HSM",
            is_auto_rotation_enabled=True,
            auto_key_rotation_details={"rotation_interval_in_days": ROTATION_DAYS},
            freeform_tags=self._spot.labels(),
            opts=self._spot.opts(keep=True),
        )

    def _recovery(self, provider: pulumi.ProviderResource) -> pulumi.Output[str]:
        """The key of the copies, in a vault of the recovery region: it rotates as the others do."""
        plan = self._spot.plan
        vault = oci.kms.Vault(
            self._spot.child("recovery-vault"),
            compartment_id=self._spot.compartment,
            display_name=plan.name("recovery-keys"),
            vault_type="VIRTUAL_PRIVATE",
            freeform_tags=self._spot.labels(),
            opts=self._spot.opts(keep=True, provider=provider),
        )
        return oci.kms.Key(
            self._spot.child("key-recovery"),
            compartment_id=self._spot.compartment,
            display_name=plan.name("recovery"),
            management_endpoint=vault.management_endpoint,
            key_shape=SYMMETRIC,
            protection_mode="HSM",
            is_auto_rotation_enabled=True,
            auto_key_rotation_details={"rotation_interval_in_days": ROTATION_DAYS},
            freeform_tags=self._spot.labels(),
            opts=self._spot.opts(keep=True, provider=provider),
        ).id
