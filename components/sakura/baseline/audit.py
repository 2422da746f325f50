"""Logs and metrics that can be searched, and the archive behind them."""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

from components.room import Room
from components.sakura import facts

PUBLISHER = "appliance"
"""Who sends: routers, databases, gateways and balancers (publisher list of the monitoring suite)."""


class Audit:
    """Builds log storage, metric storage and archive. `archive` is the bucket's name.

    The control panel's own record of operations ("イベントログ") has no API (facts §2.8): it is kept by the
    cloud for a year and can be fetched by people. What can be collected is collected here.
    """

    def __init__(self, room: Room, key: pulumi.Output[str], principal: pulumi.Output[str] | None) -> None:
        """Make them under `room`, encrypted with `key`, which `principal` may use."""
        self._room, self._key, self._principal = room, key, principal
        self.logs = self._logs()
        self.metrics = self._metrics()
        self.archive = self._archive()

    def _logs(self) -> pulumi.Output[str]:
        """The log storage: the manifest's, or one of our own with a route into it."""
        adopted = self._room.adopted("audit_log", "log_storage")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        storage = sakura.monitoring.LogStorage(
            self._room.child("logs"),
            name=self._room.plan.name("logs", limit=64),
            description="Logs of the tenant",
            classification="dedicated",
            kms_key_id=self._key,
            service_principal_id=self._principal,
            expire_days=min(self._room.plan.baseline.retention.log_days, facts.LOG_DAYS),
            opts=self._room.opts(keep=True),
        )
        sakura.monitoring.LogRouting(
            self._room.child("logs-route"),
            publisher_code=PUBLISHER,
            variant="logs",
            log_storage_id=storage.id,
            opts=self._room.opts(),
        )
        return storage.id

    def _metrics(self) -> pulumi.Output[str]:
        storage = sakura.monitoring.MetricStorage(
            self._room.child("metrics"),
            name=self._room.plan.name("metrics", limit=64),
            description="Metrics of the tenant",
            opts=self._room.opts(),
        )
        sakura.monitoring.MetricRouting(
            self._room.child("metrics-route"),
            publisher_code=PUBLISHER,
            variant="metrics",
            metric_storage_id=storage.id,
            opts=self._room.opts(),
        )
        return storage.id

    def _archive(self) -> pulumi.Output[str]:
        """The bucket for logs that are older than a storage keeps, in the other region."""
        adopted = self._room.adopted("audit_log", "bucket")
        if adopted is not None:
            return pulumi.Output.from_input(adopted)
        plan = self._room.plan
        site = facts.SITES[plan.recovery_region]
        bucket = sakura.objectstorage.Bucket(
            self._room.child("archive"),
            name=plan.name("archive", limit=63),
            site=site,
            opts=self._room.opts(keep=True),
        )
        sakura.objectstorage.BucketEncryption(
            self._room.child("archive-encryption"),
            site=site,
            bucket=bucket.name,
            kms_key_id=self._key,
            opts=self._room.opts(),
        )
        sakura.objectstorage.BucketVersioning(
            self._room.child("archive-versions"),
            site=site,
            bucket=bucket.name,
            enabled=True,
            opts=self._room.opts(),
        )
        # Those who carry logs into it may write, and may not read what is there.
        sakura.objectstorage.Permission(
            self._room.child("archive-permission"),
            site=site,
            name=plan.name("archive", limit=64),
            bucket_controls=[{"bucket": bucket.name, "can_read": False, "can_write": True}],
            opts=self._room.opts(),
        )
        return bucket.name
