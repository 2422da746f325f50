"""The hand-over buckets (庁内データ連携). Who may put and get is in the baseline's policies."""

from __future__ import annotations

import pulumi
import pulumi_oci as oci

from components.oci import facts, grants
from components.oci.place import Place
from stacks.plan import CloudPlan

FIXED_DAYS = 7
"""Days in which what was handed over can be neither changed nor deleted, by anybody: the least that a
manifest may ask backups to be kept."""


def networks(plan: CloudPlan) -> tuple[str, ...]:
    """The networks in which packages hand data over: a bucket each, so that bodies' data lie apart."""
    sending = {plan.packages[h.sender].network for h in plan.handovers}
    return tuple(key for key in plan.networks if key in sending)


def build(place: Place, network: str) -> pulumi.Output[str]:
    """The bucket of `network`: its name. Files are copies, and go with the backups."""
    plan = place.plan
    bucket = oci.objectstorage.Bucket(
        place.child("handover", network),
        compartment_id=place.compartment,
        namespace=place.gives("namespace"),
        name=grants.handover_bucket(plan, network),
        access_type="NoPublicAccess",
        storage_tier="Standard",
        # A retention rule keeps what is there; with versions OCI takes none.
        versioning="Disabled",
        kms_key_id=place.baseline.keys["data"],
        object_events_enabled=True,
        retention_rules=[
            {"display_name": "fixed", "duration": {"time_amount": str(FIXED_DAYS), "time_unit": "DAYS"}}
        ],
        freeform_tags=place.labels(more={"classification": "mynumber", "purpose": "handover"}),
        opts=place.opts(keep=True),
    )
    oci.objectstorage.ObjectLifecyclePolicy(
        place.child("handover", network, "life"),
        namespace=place.gives("namespace"),
        bucket=bucket.name,
        rules=[
            {
                "name": "copies",
                "action": "DELETE",
                "is_enabled": True,
                "target": "objects",
                "time_amount": str(max(FIXED_DAYS, plan.baseline.retention.backup_days)),
                "time_unit": "DAYS",
            },
            {
                "name": "parts",
                "action": "ABORT",
                "is_enabled": True,
                "target": "multipart-uploads",
                "time_amount": "7",
                "time_unit": "DAYS",
            },
        ],
        opts=place.opts(),
    )
    for way in ("read", "write"):
        oci.logging.Log(
            place.child("handover", network, way),
            log_group_id=place.gives("logs"),
            display_name=plan.name("handover", network, way),
            log_type="SERVICE",
            is_enabled=True,
            retention_duration=facts.log_days(plan.baseline.retention.log_days),
            configuration={
                "compartment_id": place.compartment,
                "source": {
                    "source_type": "OCISERVICE",
                    "service": "objectstorage",
                    "category": way,
                    "resource": bucket.name,
                },
            },
            freeform_tags=place.labels(),
            opts=place.opts(),
        )
    return bucket.name
