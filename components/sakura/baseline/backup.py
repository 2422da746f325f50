"""The backup bucket and its copy in the other region: 石狩 for 東京, and the other way round."""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

from components.room import Room
from components.sakura import facts


class Backup:
    """Builds both buckets and the replication between them. `bucket` is the name of the one here.

    Archives of disks and backups of databases stay in their zone, and the zones of 石狩 are one building:
    what must survive a disaster goes into this bucket every night, and from there to the other region by
    itself.
    """

    def __init__(self, room: Room, key: pulumi.Output[str]) -> None:
        """Make them under `room`, encrypted with `key`."""
        self._room, self._key = room, key
        self.bucket = self._backup()

    def _backup(self) -> pulumi.Output[str]:
        adopted = self._room.adopted("backup", "bucket")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        plan = self._room.plan
        here, encrypted = self._bucket("backup", plan.region)
        if self._room.creates("backup"):
            there, also = self._bucket("backup-copy", plan.recovery_region)
            sakura.objectstorage.BucketReplication(
                self._room.child("backup-replication"),
                bucket=here.name,
                destination_bucket=there.name,
                opts=self._room.opts(encrypted, also),
            )
        sakura.objectstorage.Permission(
            self._room.child("backup-permission"),
            site=facts.SITES[plan.region],
            name=plan.name("backup", limit=64),
            bucket_controls=[{"bucket": here.name, "can_read": False, "can_write": True}],
            opts=self._room.opts(),
        )
        return here.name

    def _bucket(
        self, name: str, region: str
    ) -> tuple[sakura.objectstorage.Bucket, sakura.objectstorage.BucketEncryption]:
        site = facts.SITES[region]
        bucket = sakura.objectstorage.Bucket(
            self._room.child(name),
            name=self._room.plan.name(name, limit=63),
            site=site,
            opts=self._room.opts(keep=True),
        )
        encryption = sakura.objectstorage.BucketEncryption(
            self._room.child(f"{name}-encryption"),
            site=site,
            bucket=bucket.name,
            kms_key_id=self._key,
            opts=self._room.opts(),
        )
        sakura.objectstorage.BucketVersioning(
            self._room.child(f"{name}-versions"),
            site=site,
            bucket=bucket.name,
            enabled=True,
            opts=self._room.opts(),
        )
        return bucket, encryption
