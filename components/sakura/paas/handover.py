"""庁内データ連携: one bucket for each pair of systems, because a permission here is for a bucket and no
less."""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

from components.contract import PaasNeeds
from components.room import Room
from components.sakura import facts
from stacks.plan import HandoverPlan


def handover(room: Room, given: PaasNeeds, pair: HandoverPlan) -> pulumi.Output[str]:
    """The bucket of `pair`, encrypted; the sender may write, the receiver may read; gives its name.

    The permissions have no keys yet: whoever operates a package makes one and puts it into the package's
    vault.
    """
    plan = room.plan
    site = facts.SITES[plan.region]
    bucket = sakura.objectstorage.Bucket(
        room.child(f"handover-{pair.key}"),
        name=plan.name("handover", pair.key, limit=63),
        site=site,
        opts=room.opts(keep=True),
    )
    sakura.objectstorage.BucketEncryption(
        room.child(f"handover-{pair.key}-encryption"),
        site=site,
        bucket=bucket.name,
        kms_key_id=given.baseline.keys["data"],
        opts=room.opts(),
    )
    sakura.objectstorage.BucketVersioning(
        room.child(f"handover-{pair.key}-versions"),
        site=site,
        bucket=bucket.name,
        enabled=True,
        opts=room.opts(),
    )
    for side, package, read in (("sender", pair.sender, False), ("receiver", pair.receiver, True)):
        sakura.objectstorage.Permission(
            room.child(f"handover-{pair.key}-{side}"),
            site=site,
            name=plan.name(package, pair.key, side, limit=64),
            bucket_controls=[{"bucket": bucket.name, "can_read": read, "can_write": not read}],
            opts=room.opts(),
        )
    return bucket.name
