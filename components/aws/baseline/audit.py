"""The record of an account: the immutable archive, the trail, the history of configurations."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.baseline import documents, signals
from components.aws.facts import log_retention, trust
from components.room import Room
from stacks.plan import RetentionPlan


def archive_lifecycle(retention: RetentionPlan) -> tuple[int | None, int]:
    """Days until logs move to the archive tier (None: never, they go first), and until they go.

    Logs are never kept shorter than they must be searchable.
    """
    end = max(retention.archive_days, retention.log_days)
    return (retention.log_days if retention.log_days < end else None), end


class Audit:
    """Builds the record. `archive` is the bucket, `group` the trail's log group if it is in this account."""

    def __init__(self, room: Room, key: pulumi.Output[str]) -> None:
        """Make it under `room`, encrypted by `key`."""
        self._room = room
        self.archive = self._archive(key)
        self.group = self._trail(key, self.archive)
        self._configuration(key)

    def _archive(self, key: pulumi.Output[str]) -> pulumi.Output[str]:
        """The immutable bucket for logs, locked for as long as logs are kept; gives its name.

        The name comes from its policy, so that whoever writes there waits until it may.
        """
        adopted = self._room.adopted("audit_log", "bucket")
        if adopted is not None:
            return aws.s3.Bucket.get(self._room.child("archive"), adopted, opts=self._room.opts()).bucket
        plan = self._room.plan
        archive_after, end = archive_lifecycle(plan.baseline.retention)
        bucket = self._bucket("archive", key, locked=True)
        lock = aws.s3.BucketObjectLockConfiguration(
            self._room.child("archive-lock"),
            bucket=bucket.bucket,
            rule=aws.s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    # Not compliance mode: no unprotected tenant could ever be removed. The bucket's
                    # policy denies the bypass to everybody, and changing that raises an alarm.
                    mode="GOVERNANCE",
                    days=end,
                )
            ),
            opts=self._room.opts(),
        )
        transition = (
            [
                aws.s3.BucketLifecycleConfigurationRuleTransitionArgs(
                    days=archive_after, storage_class="GLACIER"
                )
            ]
            if archive_after is not None
            else None
        )
        self._lifecycle("archive", bucket, end, transition, after=lock)
        return self._bucket_policy("archive", bucket, documents.archive_policy(plan)).bucket

    def _bucket(self, purpose: str, key: pulumi.Output[str], *, locked: bool = False) -> aws.s3.Bucket:
        """A closed, encrypted bucket of the account that keeps the versions of what is in it."""
        bucket = aws.s3.Bucket(
            self._room.child(purpose),
            bucket=documents.bucket_name(self._room.plan, purpose),
            object_lock_enabled=locked,
            force_destroy=not self._room.plan.protect,
            opts=self._room.opts(keep=True),
        )
        aws.s3.BucketPublicAccessBlock(
            self._room.child(f"{purpose}-public-access-block"),
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._room.opts(),
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            self._room.child(f"{purpose}-encryption"),
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms", kms_master_key_id=key
                    ),
                    bucket_key_enabled=True,
                )
            ],
            opts=self._room.opts(),
        )
        # Object Lock turns versioning on by itself, and it cannot be turned off again.
        if not locked:
            aws.s3.BucketVersioning(
                self._room.child(f"{purpose}-versioning"),
                bucket=bucket.bucket,
                versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
                opts=self._room.opts(),
            )
        return bucket

    def _lifecycle(
        self,
        purpose: str,
        bucket: aws.s3.Bucket,
        end: int,
        transitions: list[aws.s3.BucketLifecycleConfigurationRuleTransitionArgs] | None = None,
        *,
        after: pulumi.Resource | None = None,
    ) -> None:
        """Objects go after `end` days, what is left of them a month later."""
        aws.s3.BucketLifecycleConfiguration(
            self._room.child(f"{purpose}-lifecycle"),
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="retention",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    transitions=transitions,
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=end),
                    noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=30
                    ),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=7
                    ),
                )
            ],
            opts=self._room.opts(*([after] if after else [])),
        )

    def _bucket_policy(self, purpose: str, bucket: aws.s3.Bucket, policy: str) -> aws.s3.BucketPolicy:
        return aws.s3.BucketPolicy(
            self._room.child(f"{purpose}-policy"), bucket=bucket.bucket, policy=policy, opts=self._room.opts()
        )

    def _trail(self, key: pulumi.Output[str], archive: pulumi.Output[str]) -> pulumi.Output[str] | None:
        """The trail of all regions; gives the name of its log group, if there is one in this account."""
        plan = self._room.plan
        if not self._room.creates("audit_log"):
            group = self._room.adopted("audit_log", "log_group")
            return None if group is None else self._existing_group(group)
        name = plan.name(documents.AUDIT)
        group = aws.cloudwatch.LogGroup(
            self._room.child("audit-logs"),
            name=name,
            kms_key_id=key,
            retention_in_days=log_retention(plan.baseline.retention.log_days),
            deletion_protection_enabled=plan.protect,
            opts=self._room.opts(),
        )
        role = aws.iam.Role(
            self._room.child("audit-role"),
            name=name,
            assume_role_policy=trust("cloudtrail.amazonaws.com", plan.unit, documents.trail_arn(plan)),
            opts=self._room.opts(),
        )
        grant = aws.iam.RolePolicy(
            self._room.child("audit-role-policy"),
            name="write",
            role=role.name,
            policy=documents.trail_role_policy(plan, name),
            opts=self._room.opts(),
        )
        aws.cloudtrail.Trail(
            self._room.child("trail"),
            name=name,
            s3_bucket_name=archive,
            kms_key_id=key,
            is_multi_region_trail=True,
            include_global_service_events=True,
            enable_log_file_validation=True,
            cloud_watch_logs_group_arn=group.arn.apply(lambda arn: f"{arn}:*"),
            cloud_watch_logs_role_arn=role.arn,
            advanced_event_selectors=self._selectors(),
            opts=self._room.opts(grant),
        )
        return group.name

    def _existing_group(self, name: str) -> pulumi.Output[str]:
        return aws.cloudwatch.LogGroup.get(self._room.child("audit-logs"), name, opts=self._room.opts()).name

    def _selectors(self) -> list[aws.cloudtrail.TrailAdvancedEventSelectorArgs]:
        """Management events of everybody, and who touched which object of the tenant's buckets.

        Not the two buckets that logs go to: the trail would record its own writing for ever.
        """
        field = aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
        logs = [f"arn:aws:s3:::{documents.bucket_name(self._room.plan, p)}/" for p in ("archive", "records")]
        return [
            aws.cloudtrail.TrailAdvancedEventSelectorArgs(
                name="management", field_selectors=[field(field="eventCategory", equals=["Management"])]
            ),
            aws.cloudtrail.TrailAdvancedEventSelectorArgs(
                name="objects",
                field_selectors=[
                    field(field="eventCategory", equals=["Data"]),
                    field(field="resources.type", equals=["AWS::S3::Object"]),
                    field(
                        field="resources.ARN",
                        starts_withs=[f"arn:aws:s3:::{self._room.plan.prefix}-"],
                        not_starts_withs=logs,
                    ),
                ],
            ),
        ]

    def _configuration(self, key: pulumi.Output[str]) -> None:
        """The recorder (unless adopted: an account has one a region) and our rules over what it records."""
        recording = [self._recorder(key)] if self._room.creates("configuration_recording") else []
        aws.cfg.ConformancePack(
            self._room.child("rules"),
            name=self._room.plan.name("rules"),
            template_body=signals.conformance_template(self._room.plan.prefix),
            opts=self._room.opts(*recording),
        )

    def _recorder(self, key: pulumi.Output[str]) -> aws.cfg.RecorderStatus:
        plan = self._room.plan
        # A bucket of its own: Config refuses to deliver where Object Lock has a default retention.
        bucket = self._bucket("records", key)
        policy = self._bucket_policy("records", bucket, documents.records_policy(plan))
        self._lifecycle("records", bucket, archive_lifecycle(plan.baseline.retention)[1])
        role = aws.iam.Role(
            self._room.child("config-role"),
            name=plan.name("config"),
            assume_role_policy=trust("config.amazonaws.com", plan.unit),
            opts=self._room.opts(),
        )
        reads = aws.iam.RolePolicyAttachment(
            self._room.child("config-role-reads"),
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AWS_ConfigRole",
            opts=self._room.opts(),
        )
        writes = aws.iam.RolePolicy(
            self._room.child("config-role-policy"),
            name="write",
            role=role.name,
            policy=key.apply(lambda arn: documents.config_role_policy(plan, arn)),
            opts=self._room.opts(),
        )
        recorder = aws.cfg.Recorder(
            self._room.child("recorder"),
            name=plan.name("recorder"),
            role_arn=role.arn,
            recording_group=aws.cfg.RecorderRecordingGroupArgs(
                all_supported=True, include_global_resource_types=True
            ),
            opts=self._room.opts(reads, writes),
        )
        channel = aws.cfg.DeliveryChannel(
            self._room.child("recorder-channel"),
            name=plan.name("recorder"),
            s3_bucket_name=bucket.bucket,
            s3_kms_key_arn=key,
            snapshot_delivery_properties=aws.cfg.DeliveryChannelSnapshotDeliveryPropertiesArgs(
                delivery_frequency="TwentyFour_Hours"
            ),
            opts=self._room.opts(recorder, policy),
        )
        return aws.cfg.RecorderStatus(
            self._room.child("recorder-on"),
            name=recorder.name,
            is_enabled=True,
            opts=self._room.opts(channel),
        )
