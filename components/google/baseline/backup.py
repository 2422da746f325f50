"""The vault that backups of servers lie in, and cannot be deleted from before their time."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.room import Room


def backup_vault(room: Room, key: pulumi.Output[str]) -> pulumi.Output[str]:
    """The vault; gives its id. Copies in the recovery region are made by what is backed up: snapshots
    of disks are stored there, and so are the backups of databases (see `iaas.servers`, `paas.databases`).
    """
    adopted = room.adopted("backup", "vault")
    if adopted is not None:
        return gcp.backupdisasterrecovery.BackupVault.get(room.child("vault"), adopted, opts=room.opts()).id
    plan = room.plan
    return gcp.backupdisasterrecovery.BackupVault(
        room.child("vault"),
        location=plan.region,
        backup_vault_id=plan.name("vault"),
        description="Backups that nobody can delete before their time",
        # Seven days is the least that a manifest may ask for; one day is Google's own least.
        backup_minimum_enforced_retention_duration=facts.seconds(min(7, plan.baseline.retention.backup_days)),
        access_restriction="WITHIN_PROJECT",
        encryption_config={"kms_key_name": key},
        # An unprotected tenant must be removable, plans and empty sources and all.
        force_delete=not plan.protect,
        ignore_inactive_datasources=not plan.protect,
        ignore_backup_plan_references=not plan.protect,
        opts=room.opts(keep=True),
    ).id
