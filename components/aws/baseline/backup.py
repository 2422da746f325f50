"""Daily backups and their copy in the recovery region."""

from __future__ import annotations

from collections.abc import Callable

import pulumi
import pulumi_aws as aws

from components.aws.facts import trust
from components.room import Room


class Backup:
    """Builds vaults, plan and selection. `vault` is the vault's name."""

    def __init__(
        self, room: Room, key: pulumi.Output[str], recovery_key: Callable[[], pulumi.Output[str]]
    ) -> None:
        """Make them under `room`; `recovery_key` makes the copies' key when there are copies."""
        self._room = room
        self._recovery_key = recovery_key
        self.vault = self._backup(key)

    def _backup(self, key: pulumi.Output[str]) -> pulumi.Output[str]:
        """The vault, its copy in the recovery region, and the daily plan; gives the vault's name.

        Everything tagged `backup=daily` is in it. A copy elsewhere is what the 非機能要件の標準 asks
        for (A.3.2.1, one remote site; A.1.3.2, a point at most one business day old).
        """
        adopted = self._room.adopted("backup", "vault")
        if adopted is not None:
            return aws.backup.Vault.get(self._room.child("vault"), adopted, opts=self._room.opts()).name
        plan = self._room.plan
        vault, lock = self._vault("vault", key, plan.region)
        if not self._room.creates("backup"):
            return vault.name
        recovery, _ = self._vault("recovery-vault", self._recovery_key(), plan.recovery_region)
        kept = plan.baseline.retention.backup_days
        backups = aws.backup.Plan(
            self._room.child("backup"),
            name=plan.name("daily"),
            rules=[
                aws.backup.PlanRuleArgs(
                    rule_name="daily",
                    target_vault_name=vault.name,
                    # At night, after the day's work; every day, for weekends have batches.
                    schedule="cron(0 1 * * ? *)",
                    schedule_expression_timezone="Asia/Tokyo",
                    start_window=60,
                    completion_window=480,
                    lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=kept),
                    copy_actions=[
                        aws.backup.PlanRuleCopyActionArgs(
                            destination_vault_arn=recovery.arn,
                            lifecycle=aws.backup.PlanRuleCopyActionLifecycleArgs(delete_after=kept),
                        )
                    ],
                )
            ],
            opts=self._room.opts(lock),
        )
        role = aws.iam.Role(
            self._room.child("backup-role"),
            name=plan.name("backup"),
            assume_role_policy=trust("backup.amazonaws.com", plan.unit),
            opts=self._room.opts(),
        )
        may = aws.iam.RolePolicyAttachment(
            self._room.child("backup-role-policy"),
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
            opts=self._room.opts(),
        )
        aws.backup.Selection(
            self._room.child("backup-selection"),
            name=plan.name("daily", limit=50),
            plan_id=backups.id,
            iam_role_arn=role.arn,
            selection_tags=[
                aws.backup.SelectionSelectionTagArgs(type="STRINGEQUALS", key="backup", value="daily")
            ],
            opts=self._room.opts(may),
        )
        return vault.name

    def _vault(
        self, name: str, key: pulumi.Output[str], region: str
    ) -> tuple[aws.backup.Vault, aws.backup.VaultLockConfiguration]:
        """A vault and its lock, in governance mode: an unprotected tenant must be removable."""
        plan = self._room.plan
        vault = aws.backup.Vault(
            self._room.child(name),
            name=plan.name(name, limit=50),
            kms_key_arn=key,
            force_destroy=not plan.protect,
            region=region,
            opts=self._room.opts(keep=True),
        )
        lock = aws.backup.VaultLockConfiguration(
            self._room.child(f"{name}-lock"),
            backup_vault_name=vault.name,
            # Seven days is the least that a manifest may ask for.
            min_retention_days=min(7, plan.baseline.retention.backup_days),
            max_retention_days=plan.baseline.retention.backup_days,
            region=region,
            opts=self._room.opts(),
        )
        return vault, lock
