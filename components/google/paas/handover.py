"""The hand-over buckets (庁内データ連携): one managed folder and its permissions for each pair of systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp

from components.contract import PaasNeeds
from components.google.paas.members import member
from components.room import Room
from stacks.plan import CloudPlan


def networks(plan: CloudPlan) -> tuple[str, ...]:
    """The networks in which packages hand data over: a bucket each."""
    sending = {plan.packages[h.sender].network for h in plan.handovers}
    return tuple(key for key in plan.networks if key in sending)


def bucket_name(plan: CloudPlan, network: str) -> str:
    """Globally unique by the project; one a network, so that no body's data lies beside another's."""
    return plan.name("handover", "" if network == "main" else network, plan.unit)


def policy(
    senders: Sequence[pulumi.Input[str]], receivers: Sequence[pulumi.Input[str]]
) -> pulumi.Output[str]:
    """The whole policy of a folder: the sender may put, the receiver may get, and nobody else anything.

    A package at the vendor's has no identity here: its side of the folder then stays closed.
    """
    return pulumi.Output.json_dumps(
        {
            "bindings": [
                {"role": f"roles/storage.{role}", "members": [member(account) for account in accounts]}
                for role, accounts in (("objectCreator", senders), ("objectViewer", receivers))
                if accounts
            ]
        },
        sort_keys=True,
    )


def build(
    room: Room, given: PaasNeeds, network: str, accounts: Mapping[str, Sequence[pulumi.Output[str]]]
) -> pulumi.Output[str]:
    """The bucket of `network`; `accounts` are the identities of each package. Gives its name.

    Permissions are the folders' alone: on the bucket nobody has any. Files are copies of what the
    sender has: they go when the backups of their day go.
    """
    plan, name = room.plan, room.child(f"handover-{network}")
    days = plan.baseline.retention.backup_days
    bucket = gcp.storage.Bucket(
        name,
        name=bucket_name(plan, network),
        location=plan.region.upper(),
        uniform_bucket_level_access=True,
        public_access_prevention="enforced",
        encryption={"default_kms_key_name": given.baseline.keys["data"]},
        versioning={"enabled": True},
        lifecycle_rules=[
            {"action": {"type": "Delete"}, "condition": {"age": days}},
            {"action": {"type": "Delete"}, "condition": {"days_since_noncurrent_time": days}},
            {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": 7}},
        ],
        soft_delete_policy={"retention_duration_seconds": 604_800},
        labels={"classification": "mynumber"},
        force_destroy=not plan.protect,
        opts=room.opts(keep=True),
    )
    for pair in plan.handovers:
        if plan.packages[pair.sender].network != network:
            continue
        folder = gcp.storage.ManagedFolder(
            f"{name}-{pair.key}",
            bucket=bucket.name,
            name=pair.prefix,
            force_destroy=not plan.protect,
            opts=room.opts(),
        )
        gcp.storage.ManagedFolderIamPolicy(
            f"{name}-{pair.key}-pair",
            bucket=folder.bucket,
            managed_folder=folder.name,
            policy_data=policy(accounts.get(pair.sender, ()), accounts.get(pair.receiver, ())),
            opts=room.opts(),
        )
    return bucket.name
