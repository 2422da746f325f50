"""What AWS is: instance classes, services with private endpoints, retention steps, policy documents.

Pure data and pure functions, no SDK. Each number or rule names its source.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.plan import PackagePlan

Statement = Mapping[str, Any]
"""One statement of a policy document, as AWS writes it."""

# --- policy documents ---------------------------------------------------------------------------


def document(*statements: Statement) -> str:
    """A policy document as JSON with a stable order of keys, so that the same policy is the same text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def trust(service: str, account: str | None = None, source: str | None = None) -> str:
    """Who may assume a role: one AWS service and, where it says whom it acts for, only for `account`.

    `source` is a pattern of the ARN that the service acts for. The conditions close the
    confused-deputy hole (IAM user guide, "The confused deputy problem"); EC2 sends neither key when
    it hands a role to an instance, so there `account` must be left out.
    """
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    conditions: dict[str, Any] = {}
    if account:
        conditions["StringEquals"] = {"aws:SourceAccount": account}
    if source:
        conditions["ArnLike"] = {"aws:SourceArn": source}
    return document(statement | ({"Condition": conditions} if conditions else {}))


# --- logs ---------------------------------------------------------------------------------------

LOG_RETENTION: tuple[int, ...] = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days that CloudWatch Logs takes for a log group (API reference, PutRetentionPolicy)."""


def log_retention(days: int) -> int:
    """The shortest retention on offer that keeps logs for at least `days`.

    Raises ValueError above the longest (3,653 days).
    """
    chosen = next((step for step in LOG_RETENTION if step >= days), None)
    if chosen is None:
        raise ValueError(f"CloudWatch Logs keeps no log for {days} days; the most is {LOG_RETENTION[-1]}")
    return chosen


def log_group_arn(region: str, account: str, name: str) -> str:
    """The ARN of a log group and its streams, as IAM policies name it."""
    return f"arn:aws:logs:{region}:{account}:log-group:{name}:*"


# --- servers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InstanceClass:
    """An EC2 instance class: virtual CPUs, memory in GiB, and its price relative to m6i.large."""

    name: str
    vcpu: int
    memory_gb: int
    price: float


# One generation that both domestic regions offer. Price a vCPU relative to m6i: on-demand Linux in
# Tokyo, 0.107 (c6i), 0.124 (m6i) and 0.152 (r6i) USD an hour for `large`.
_FAMILIES: tuple[tuple[str, int, float], ...] = (("c6i", 2, 0.86), ("m6i", 4, 1.0), ("r6i", 8, 1.23))
_STEPS: tuple[tuple[str, int], ...] = (
    ("large", 2),
    ("xlarge", 4),
    ("2xlarge", 8),
    ("4xlarge", 16),
    ("8xlarge", 32),
    ("12xlarge", 48),
    ("16xlarge", 64),
    ("24xlarge", 96),
    ("32xlarge", 128),
)

INSTANCE_CLASSES: tuple[InstanceClass, ...] = tuple(
    sorted(
        (
            InstanceClass(f"{family}.{step}", vcpu, vcpu * memory, vcpu / 2 * price)
            for family, memory, price in _FAMILIES
            for step, vcpu in _STEPS
        ),
        key=lambda c: (c.price, c.name),
    )
)
"""The classes on offer, cheapest first."""


def instance_class(vcpu: float, memory_gb: float) -> InstanceClass:
    """The cheapest class with at least `vcpu` and `memory_gb` (GiB).

    Raises ValueError if none is large enough.
    """
    chosen = next((c for c in INSTANCE_CLASSES if c.vcpu >= vcpu and c.memory_gb >= memory_gb), None)
    if chosen is None:
        raise ValueError(f"no EC2 instance class has {vcpu:g} vCPU and {memory_gb:g} GiB")
    return chosen


SERVER_IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
"""Public parameter with the id of the current Amazon Linux 2023 image (AL2023 user guide)."""


def server_buckets(region: str) -> tuple[str, ...]:
    """AWS's own buckets that servers read: packages of the OS, agent, patch baselines, STIG scripts.

    From "SSM Agent communications with AWS managed S3 buckets" (Systems Manager user guide),
    "STIG hardening script downloads" (EC2 user guide) and the AL2023 repositories' own addresses.
    They are why patches need no internet.
    """
    return (
        f"al2023-repos-{region}-de612dc2",
        f"amazon-ssm-{region}",
        f"amazon-ssm-packages-{region}",
        f"aws-ssm-{region}",
        f"aws-ssm-document-attachments-{region}",
        f"aws-windows-downloads-{region}",
        f"patch-baseline-snapshot-{region}",
        f"{region}-birdwatcher-prod",
    )


def container_buckets(region: str) -> tuple[str, ...]:
    """AWS's own bucket that holds the layers of ECR images (ECR user guide, interface VPC endpoints)."""
    return (f"prod-{region}-starport-layer-bucket",)


# --- private endpoints --------------------------------------------------------------------------


def endpoint_services(packages: Iterable[PackagePlan], own_image: bool) -> tuple[str, ...]:
    """The services that `packages` need an interface endpoint for, sorted; each costs by the hour.

    What AWS does on a workload's behalf outside the VPC needs none: the keys of encrypted storage
    (`kms`), metrics of Fargate and EC2 (`monitoring`), mounting EFS, backups. `ec2messages` is for
    agents before 3.3.40 only, which a server image of one's own may still have.
    """
    wanted: set[str] = set()
    for package in packages:
        kinds = {workload.kind for workload in package.workloads.values()}
        if "container" in kinds:
            wanted |= {"ecr.api", "ecr.dkr", "logs"}
        if "server" in kinds:
            wanted |= {"logs", "ssm", "ssmmessages"} | ({"ec2messages"} if own_image else set())
        if kinds:
            wanted |= {"secretsmanager"} | ({"sqs"} if package.queue else set())
    return tuple(sorted(wanted))


_PUBLIC_RESOURCES: frozenset[str] = frozenset({"ssm", "ssmmessages", "ec2messages"})
"""Services through which servers use documents and parameters that belong to AWS itself."""


def endpoint_policy(service: str, account: str) -> str:
    """What may pass an interface endpoint: the account's own principals, to its own resources.

    So stolen credentials of another account cannot carry data out through it. Resource `*`: the
    conditions narrow it, and an endpoint serves all resources of its service.
    """
    own = {"aws:PrincipalAccount": account}
    conditions: dict[str, Any] = {"StringEquals": own}
    if service not in _PUBLIC_RESOURCES:
        # IfExists: calls without a resource (ecr:GetAuthorizationToken) carry no such key.
        conditions["StringEqualsIfExists"] = {"aws:ResourceAccount": account}
    return document(
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": conditions}
    )


def storage_policy(account: str, buckets: Sequence[str]) -> str:
    """What may pass the S3 gateway endpoint: own principals to own buckets; reads of AWS's `buckets`."""
    own: Statement = {
        "Sid": "OwnBuckets",
        "Effect": "Allow",
        "Principal": "*",
        "Action": [
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListBucket",
            "s3:ListBucketMultipartUploads",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        # Every bucket of the account, by the condition: their names are made in later layers.
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}},
    }
    if not buckets:
        return document(own)
    return document(
        own,
        {
            "Sid": "AwsBuckets",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": [f"arn:aws:s3:::{bucket}/*" for bucket in buckets],
        },
    )


# --- text that AWS takes ------------------------------------------------------------------------


def description(text: str) -> str:
    """`text` as the description of a security group or rule: EC2 refuses some characters (an apostrophe).

    Allowed are letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*`, 255 at most (EC2 API reference).
    """
    return re.sub(r"[^A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]", "", text)[:255]
