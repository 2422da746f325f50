"""The record: audit events and service logs, searchable here and kept for years in an immutable bucket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pulumi
import pulumi_oci as oci

from components.oci import facts, grants
from components.oci.place import Spot

EVENTS = "_Audit_Include_Subcompartment"
"""The connector's name of all audit events of a tenancy (Connector Hub documentation)."""
LOCK_AFTER = timedelta(days=15)
"""A retention rule is locked 14 days after it is written at the earliest (Object Storage documentation)."""


def lock_time(now: datetime) -> str:
    """When a retention rule written at `now` is locked, as the API writes times."""
    return (now + LOCK_AFTER).replace(microsecond=0).isoformat().replace("+00:00", "Z")


class Audit:
    """Builds it. `archive` is the bucket's name, `namespace` that of Object Storage, `group` of all logs."""

    def __init__(self, spot: Spot, key: pulumi.Output[str]) -> None:
        """Make it in `spot`; `key` encrypts the archive."""
        self._spot = spot
        plan = spot.plan
        self.namespace = oci.objectstorage.get_namespace_output(
            compartment_id=plan.unit, opts=pulumi.InvokeOutputOptions(parent=spot.parent)
        ).namespace
        self.group = oci.logging.LogGroup(
            spot.child("logs"),
            compartment_id=spot.compartment,
            display_name=plan.name("logs"),
            description="Flows, load balancers and hand-over",
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        ).id
        if spot.creates("audit_log"):
            oci.audit.Configuration(
                spot.child("audit"),
                compartment_id=plan.unit,
                retention_period_days=facts.audit_days(plan.baseline.retention.log_days),
                opts=spot.opts(),
            )
        adopted = spot.adopted("audit_log", "bucket")
        self.archive = self._archive(key) if adopted is None else pulumi.Output.from_input(adopted)

    def _archive(self, key: pulumi.Output[str]) -> pulumi.Output[str]:
        """The bucket, and the connector that fills it. No versions: with them OCI takes no retention rule."""
        spot, plan = self._spot, self._spot.plan
        rule: dict[str, object] = {
            "display_name": "archive",
            "duration": {"time_amount": str(plan.baseline.retention.archive_days), "time_unit": "DAYS"},
        }
        if plan.protect:
            # Then nobody can shorten it, not even an administrator; an unprotected tenant must be removable.
            rule["time_rule_locked"] = lock_time(datetime.now(UTC))
        bucket = oci.objectstorage.Bucket(
            spot.child("archive"),
            compartment_id=spot.compartment,
            namespace=self.namespace,
            name=grants.archive_bucket(plan),
            access_type="NoPublicAccess",
            storage_tier="Standard",
            versioning="Disabled",
            kms_key_id=key,
            retention_rules=[rule],  # type: ignore[list-item]  # the SDK's own dict type
            freeform_tags=spot.labels(more={"purpose": "archive"}),
            # The time of the lock is that of the first `up`.
            opts=spot.opts(keep=True, ignore=["retentionRules[0].timeRuleLocked"]),
        )
        oci.objectstorage.ObjectLifecyclePolicy(
            spot.child("archive-life"),
            namespace=self.namespace,
            bucket=bucket.name,
            rules=[
                {
                    "name": "cold",
                    "action": "ARCHIVE",
                    "is_enabled": True,
                    "target": "objects",
                    "time_amount": str(plan.baseline.retention.log_days),
                    "time_unit": "DAYS",
                },
                {
                    "name": "gone",
                    "action": "DELETE",
                    "is_enabled": True,
                    "target": "objects",
                    "time_amount": str(plan.baseline.retention.archive_days + 1),
                    "time_unit": "DAYS",
                },
            ],
            opts=spot.opts(),
        )
        sources = [{"compartment_id": spot.compartment, "log_group_id": self.group}]
        if spot.creates("audit_log"):
            sources.append(
                {"compartment_id": pulumi.Output.from_input(plan.unit), "log_group_id": _text(EVENTS)}
            )
        oci.sch.Connector(
            spot.child("archive-connector"),
            compartment_id=spot.compartment,
            display_name=plan.name("archive"),
            description="Audit events and logs into the archive",
            source={"kind": "logging", "log_sources": sources},  # type: ignore[arg-type]
            target={
                "kind": "objectStorage",
                "namespace": self.namespace,
                "bucket": bucket.name,
                "object_name_prefix": "logs",
                "batch_rollover_time_in_ms": 420_000,
                "batch_rollover_size_in_mbs": 100,
            },
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        return bucket.name


def _text(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)
