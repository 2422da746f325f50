"""The record of a project: who did what (immutable), and what was configured when."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.google.baseline import signals
from components.google.project import Agents
from components.room import Room
from stacks.plan import KeyPurpose, RetentionPlan


def archive_lifecycle(retention: RetentionPlan) -> tuple[int | None, int]:
    """Days until logs move to the archive class (None: never, they go first), and until they go.

    Logs are never kept shorter than they must be searchable.
    """
    end = max(retention.archive_days, retention.log_days)
    return (retention.log_days if retention.log_days < end else None), end


class Audit:
    """Builds the record. `archive` is the name of the immutable bucket."""

    def __init__(self, room: Room, keys: Mapping[KeyPurpose, pulumi.Output[str]], agents: Agents) -> None:
        """Make it under `room`, encrypted by the keys for logs and messages."""
        self._room, self._keys, self._agents = room, keys, agents
        self.archive = self._archive()
        if room.creates("audit_log"):
            self._record()
        if room.creates("configuration_recording"):
            self._configuration()

    def _archive(self) -> pulumi.Output[str]:
        """The bucket that logs cannot be deleted from; gives its name."""
        room, plan = self._room, self._room.plan
        adopted = room.adopted("audit_log", "bucket")
        if adopted is not None:
            return gcp.storage.Bucket.get(room.child("archive"), adopted, opts=room.opts()).name
        after, end = archive_lifecycle(plan.baseline.retention)
        options = room.opts(keep=True)
        if not plan.protect:
            # A lock can never be taken off: who gives up the protection does not unlock the record.
            options.ignore_changes = ["retentionPolicy.isLocked"]
        return gcp.storage.Bucket(
            room.child("archive"),
            # Bucket names are the whole world's: the project id, which is too, makes ours unique.
            name=plan.name("archive", plan.unit),
            location=plan.region.upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": self._keys["logs"]},
            retention_policy={"retention_period": str(end * 86_400), "is_locked": plan.protect},
            lifecycle_rules=[
                *(
                    [
                        {
                            "action": {"type": "SetStorageClass", "storage_class": "ARCHIVE"},
                            "condition": {"age": after},
                        }
                    ]
                    if after is not None
                    else []
                ),
                {"action": {"type": "Delete"}, "condition": {"age": end}},
            ],
            soft_delete_policy={"retention_duration_seconds": 604_800},
            force_destroy=not plan.protect,
            opts=options,
        ).name

    def _record(self) -> None:
        """Reads are recorded too; everything can be searched for a time and is archived for years."""
        room, plan = self._room, self._room.plan
        gcp.projects.IAMAuditConfig(
            room.child("audit"),
            project=plan.unit,
            service="allServices",
            audit_log_configs=[{"log_type": kind} for kind in ("ADMIN_READ", "DATA_READ", "DATA_WRITE")],
            opts=room.opts(),
        )
        hot = gcp.logging.ProjectBucketConfig(
            room.child("logs"),
            project=plan.unit,
            location=plan.region,
            bucket_id=plan.name("logs"),
            description="Logs that can be searched",
            retention_days=plan.baseline.retention.log_days,
            enable_analytics=True,
            cmek_settings={"kms_key_name": self._keys["logs"]},
            opts=room.opts(keep=True),
        )
        gcp.logging.ProjectSink(
            room.child("logs-sink"),
            name=plan.name("logs"),
            destination=pulumi.Output.concat("logging.googleapis.com/", hot.id),
            # The bucket is in the same project: no permission is needed, and all entries are wanted.
            unique_writer_identity=True,
            opts=room.opts(),
        )
        sink = gcp.logging.ProjectSink(
            room.child("archive-sink"),
            name=plan.name("archive"),
            destination=pulumi.Output.concat("storage.googleapis.com/", self.archive),
            filter=signals.AUDIT_FILTER,
            unique_writer_identity=True,
            opts=room.opts(),
        )
        gcp.storage.BucketIAMMember(
            room.child("archive-writer"),
            bucket=self.archive,
            role="roles/storage.objectCreator",
            member=sink.writer_identity,
            opts=room.opts(),
        )

    def _configuration(self) -> None:
        """Every change of a resource or a permission is told by the asset inventory, and archived."""
        room, plan = self._room, self._room.plan
        topic = gcp.pubsub.Topic(
            room.child("assets"),
            name=plan.name("assets"),
            kms_key_name=self._keys["messages"],
            message_storage_policy={"allowed_persistence_regions": [plan.region]},
            opts=room.opts(),
        )
        may = gcp.pubsub.TopicIAMMember(
            room.child("assets-writer"),
            topic=topic.id,
            role="roles/pubsub.publisher",
            member=self._agents.member("cloudasset"),
            opts=room.opts(),
        )
        for content in ("RESOURCE", "IAM_POLICY"):
            what = content.split("_")[0].lower()
            gcp.cloudasset.ProjectFeed(
                room.child(f"assets-{what}"),
                feed_id=plan.name("assets", what),
                project=plan.unit,
                billing_project=plan.unit,
                asset_types=list(signals.ASSET_TYPES),
                content_type=content,
                feed_output_config={"pubsub_destination": {"topic": topic.id}},
                opts=room.opts(may),
            )
        writer = [
            gcp.storage.BucketIAMMember(
                room.child(f"assets-archive-{role}"),
                bucket=self.archive,
                role=f"roles/storage.{kind}",
                member=self._agents.member("pubsub"),
                opts=room.opts(),
            )
            for role, kind in (("writer", "objectCreator"), ("reader", "legacyBucketReader"))
        ]
        gcp.pubsub.Subscription(
            room.child("assets-archive"),
            name=plan.name("assets", "archive"),
            topic=topic.id,
            cloud_storage_config={
                "bucket": self.archive,
                "filename_prefix": "assets/",
                "filename_suffix": ".json",
                "max_duration": "300s",
            },
            message_retention_duration=facts.seconds(7),
            # Never: a history with a hole is none.
            expiration_policy={"ttl": ""},
            opts=room.opts(*writer),
        )
