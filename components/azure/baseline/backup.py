"""Daily backups of servers, with their copy in the paired region.

The vault is geo-redundant with cross-region restore: what is backed up in one of the two domestic
regions is copied to the other by Azure itself. Databases keep their own geo-redundant backups.
"""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place, key_of


class Backup:
    """Builds the vault and its policy. `vault` is the vault's id."""

    def __init__(self, place: Place, key: pulumi.Output[str]) -> None:
        """Make them in `place`, encrypted by `key`."""
        self._place, self._key = place, key
        adopted = place.adopted("backup", "vault")
        self.vault = pulumi.Output.from_input(adopted) if adopted is not None else self._vault()

    def _vault(self) -> pulumi.Output[str]:
        plan = self._place.plan
        identity = facts.key_identity(plan, "backup")
        vault = azure.recoveryservices.Vault(
            self._place.child("vault"),
            resource_group_name=self._place.group,
            vault_name=plan.name("vault", limit=50),
            location=plan.region,
            sku={"name": azure.recoveryservices.SkuName.RS0, "tier": "Standard"},
            identity={"type": "UserAssigned", "user_assigned_identities": [identity]},
            properties={
                "public_network_access": "Disabled",
                "encryption": {
                    "infrastructure_encryption": "Enabled",
                    "kek_identity": {
                        "use_system_assigned_identity": False,
                        "user_assigned_identity": identity,
                    },
                    "key_vault_properties": {"key_uri": key_of(self._key)[2]},
                },
                "redundancy_settings": {
                    "standard_tier_storage_redundancy": "GeoRedundant",
                    "cross_region_restore": "Enabled",
                },
                "security_settings": {
                    # Not locked: no unprotected tenant could ever be removed.
                    "immutability_settings": {"state": "Unlocked"},
                    "soft_delete_settings": {
                        "soft_delete_state": "Enabled",
                        "enhanced_security_state": "Enabled",
                        "soft_delete_retention_period_in_days": 14,
                    },
                },
                "monitoring_settings": {
                    "azure_monitor_alert_settings": {"alerts_for_all_job_failures": "Enabled"}
                },
            },
            tags=self._place.tags(),
            opts=self._place.kept(),
        )
        if not self._place.creates("backup"):
            return vault.id
        policy = self._policy(vault)
        return pulumi.Output.all(vault.id, policy.id).apply(lambda known: str(known[0]))

    def _policy(self, vault: azure.recoveryservices.Vault) -> azure.recoveryservices.ProtectionPolicy:
        """Every night at one, Tokyo time: a point at most a day old (非機能要件の標準 A.1.3.2)."""
        # The date is no matter: Azure reads the time of day only.
        at = ["2026-01-01T01:00:00+00:00"]
        rs = azure.recoveryservices
        return rs.ProtectionPolicy(
            self._place.child("backup-policy"),
            resource_group_name=self._place.group,
            vault_name=vault.name,
            policy_name=facts.BACKUP_POLICY,
            properties=rs.AzureIaaSVMProtectionPolicyArgs(
                backup_management_type="AzureIaasVM",
                # The enhanced policy: the one for servers with Trusted Launch.
                policy_type="V2",
                instant_rp_retention_range_in_days=7,
                time_zone="Tokyo Standard Time",
                schedule_policy=rs.SimpleSchedulePolicyV2Args(
                    schedule_policy_type="SimpleSchedulePolicyV2",
                    schedule_run_frequency="Daily",
                    daily_schedule=rs.DailyScheduleArgs(schedule_run_times=at),
                ),
                retention_policy=rs.LongTermRetentionPolicyArgs(
                    retention_policy_type="LongTermRetentionPolicy",
                    daily_schedule=rs.DailyRetentionScheduleArgs(
                        retention_times=at,
                        retention_duration=rs.RetentionDurationArgs(
                            count=self._place.plan.baseline.retention.backup_days, duration_type="Days"
                        ),
                    ),
                ),
            ),
            opts=self._place.opts(),
        )
