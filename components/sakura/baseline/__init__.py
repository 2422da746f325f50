"""The baseline on さくら: keys, logs and their archive, posture, who is told, backups.

What the cloud does not have is not imitated: no API for the audit log, no recorder of configurations, no
threat detection of its own, no budgets (docs: the cell table of this cloud, `cells.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_sakura as sakura

from components.contract import BaselineGives
from components.room import Room
from components.sakura import facts
from components.sakura.baseline.audit import Audit
from components.sakura.baseline.backup import Backup
from components.sakura.baseline.watch import Watch
from stacks.plan import KEY_PURPOSES, CloudPlan, KeyPurpose

TYPE = "jichitai:sakura:Baseline"
PENDING_DAYS = 14
"""Days from the deletion of a protected tenant's key to its end: the longest that there is (facts §2.8)."""

USES: Mapping[KeyPurpose, str] = {
    "logs": "logs and their archive",
    "data": "disks, databases, vaults, hand-over",
    "backup": "backups",
    "messages": "messages",
}


class Baseline(pulumi.ComponentResource):
    """The baseline of one project."""

    gives: BaselineGives

    def __init__(self, name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        room = Room(name, plan, self)
        _check_account(plan, self)
        keys: dict[KeyPurpose, pulumi.Output[str]] = {p: _key(room, p) for p in KEY_PURPOSES}
        watch = Watch(room)
        audit = Audit(room, keys["logs"], watch.principal)
        backup = Backup(room, keys["backup"])
        watch.over(audit)
        self.gives = BaselineGives(keys=keys, alarms=watch.group, vault=backup.bucket, archive=audit.archive)
        self.register_outputs({"archive": self.gives.archive, "vault": self.gives.vault})


def _check_account(plan: CloudPlan, parent: pulumi.Resource) -> None:
    """Nothing is made in any project but the one that the manifest names. Raises pulumi.RunError."""
    account = sakura.iam.get_account(opts=pulumi.InvokeOptions(parent=parent)).account_id
    if account != plan.unit:
        raise pulumi.RunError(
            f"認証情報のプロジェクトは {account} ですが、マニフェストでは {plan.unit} です。"
            "何も作っていません。 / "
            f"The credentials are those of project {account}; the manifest says {plan.unit}. "
            "Nothing was made."
        )


def _key(room: Room, purpose: KeyPurpose) -> pulumi.Output[str]:
    """The key of one purpose: the manifest's, or one of our own.

    The cloud rotates a key when it is told to, and never by itself: `rotation` counts how often.
    """
    adopted = room.adopted("keys", purpose)
    if adopted is not None:
        return pulumi.Output.from_input(adopted)
    return sakura.security.KmsKey(
        room.child(f"key-{purpose}"),
        name=room.plan.name(purpose, limit=64),
        description=f"{room.plan.prefix}: {USES[purpose]}",
        tags=list(facts.own_tags(room.plan)),
        destroy_after_days=PENDING_DAYS if room.plan.protect else 7,
        opts=room.opts(keep=True),
    ).id
