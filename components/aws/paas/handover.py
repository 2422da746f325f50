"""The hand-over buckets (庁内データ連携) and their permissions by pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.aws import grants
from components.contract import PaasNeeds
from components.room import Room
from stacks.plan import CloudPlan


def networks(plan: CloudPlan) -> tuple[str, ...]:
    """The networks in which packages hand data over: a bucket each."""
    sending = {plan.packages[h.sender].network for h in plan.handovers}
    return tuple(key for key in plan.networks if key in sending)


def bucket_name(plan: CloudPlan, network: str) -> str:
    """Globally unique by the account; one a network, so that no body's data lies beside another's."""
    member = "" if network == "main" else network
    return plan.name("handover", member, plan.unit)


def build(
    room: Room,
    given: PaasNeeds,
    network: str,
    roles: Mapping[str, Sequence[pulumi.Output[str]]],
) -> pulumi.Output[str]:
    """The bucket of `network`; `roles` are the role ARNs that each package runs as. Gives its name.

    Files are copies of what the sender has: they go when the backups of their day go.
    """
    plan, name, key = room.plan, room.child(f"handover-{network}"), given.baseline.keys["data"]
    bucket = aws.s3.Bucket(
        name,
        bucket=bucket_name(plan, network),
        force_destroy=not plan.protect,
        tags={"classification": "mynumber"},
        opts=room.opts(keep=True),
    )
    aws.s3.BucketVersioning(
        f"{name}-versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=room.opts()
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-key",
        bucket=bucket.id,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key,
                },
                "bucket_key_enabled": True,
            }
        ],
        opts=room.opts(),
    )
    closed = aws.s3.BucketPublicAccessBlock(
        f"{name}-closed",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=room.opts(),
    )
    _life(name, bucket, plan.baseline.retention.backup_days, room)
    pairs = tuple(h for h in plan.handovers if plan.packages[h.sender].network == network)
    aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.id,
        policy=pulumi.Output.all(
            roles={package: list(found) for package, found in roles.items()},
            endpoint=given.iaas.networks[network].endpoints["s3"],
            key=key,
        ).apply(
            lambda known: grants.handover_bucket(
                bucket_name(plan, network), pairs, known["roles"], known["endpoint"], known["key"]
            )
        ),
        # S3 takes one change of a bucket at a time: the policy comes after the block.
        opts=room.opts(closed),
    )
    return bucket.id


def _life(name: str, bucket: aws.s3.Bucket, days: int, room: Room) -> None:
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-life",
        bucket=bucket.id,
        rules=[
            {
                "id": "copies",
                "status": "Enabled",
                "filter": {"prefix": ""},
                "expiration": {"days": days},
                "noncurrent_version_expiration": {"noncurrent_days": days},
                "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            }
        ],
        opts=room.opts(),
    )
