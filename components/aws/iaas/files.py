"""Shared files of a package: EFS, encrypted with the customer's key, over TLS only."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws import facts
from components.aws.iaas.site import Site
from components.derive import data_role
from stacks.plan import NetworkPlan, PackagePlan


def file_system_policy(account: str, arn: str) -> str:
    """Identities of the account whose own policy names this file system may mount it; nobody without TLS."""
    return facts.document(
        {
            "Sid": "ByIdentity",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": [
                "elasticfilesystem:ClientMount",
                "elasticfilesystem:ClientRootAccess",
                "elasticfilesystem:ClientWrite",
            ],
            "Resource": arn,
            "Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "*",
            "Resource": arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def file_system(
    site: Site,
    network: NetworkPlan,
    package: PackagePlan,
    subnets: Mapping[str, pulumi.Output[str]],
    group: pulumi.Input[str],
) -> pulumi.Output[str]:
    """The file system of `package`, with a mount target in each zone; its id once it can be mounted."""
    plan = site.plan
    system = aws.efs.FileSystem(
        site.child(package.key, "files"),
        creation_token=plan.name(package.key, "files", limit=64),
        encrypted=True,
        kms_key_id=site.baseline.keys["data"],
        throughput_mode="elastic",
        lifecycle_policies=[
            # What nobody has read for a month costs a tenth, and comes back when it is read.
            aws.efs.FileSystemLifecyclePolicyArgs(transition_to_ia="AFTER_30_DAYS"),
            aws.efs.FileSystemLifecyclePolicyArgs(transition_to_primary_storage_class="AFTER_1_ACCESS"),
        ],
        tags=site.tags(package.key, "files", more={**package.tags, "backup": "daily"}),
        opts=site.opts(keep=True),
    )
    policy = aws.efs.FileSystemPolicy(
        site.child(package.key, "files-policy"),
        file_system_id=system.id,
        policy=system.arn.apply(lambda arn: file_system_policy(plan.unit, arn)),
        opts=site.opts(),
    )
    targets = [
        aws.efs.MountTarget(
            site.child(package.key, "files", str(subnet.slot)),
            file_system_id=system.id,
            subnet_id=subnets[subnet.key],
            security_groups=[group],
            # So that nobody ever mounts it before its policy holds.
            opts=site.opts(policy),
        )
        for subnet in network.of_role(data_role(package))
    ]
    ready = pulumi.Output.all(*[target.id for target in targets])
    return pulumi.Output.all(system.id, ready).apply(lambda made: str(made[0]))
