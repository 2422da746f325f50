"""Who may do what: the policy documents of the packages. Pure.

Identities get exactly what their package needs, by ARN. What must hold whoever asks (TLS, through
the network's own endpoint, one sender and one receiver a prefix) is denied at the resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.aws import facts
from components.aws.facts import Statement
from stacks.plan import CloudPlan, HandoverPlan, PackagePlan

OBJECTS = ("s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*")
"""Everything that reads, writes or removes an object."""
_SSE = "s3:x-amz-server-side-encryption"


def policy(statements: Sequence[Statement]) -> pulumi.Output[str]:
    """The document of `statements` that may hold values known only once made; keys in a stable order."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    actions: Sequence[str],
    resources: Sequence[pulumi.Input[str]],
    condition: Mapping[str, Any] | None = None,
) -> Statement:
    """An identity statement: these actions on these resources."""
    made: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    return made | {"Condition": condition} if condition else made


def deny(
    sid: str, actions: Sequence[str], resources: Sequence[pulumi.Input[str]], condition: Mapping[str, Any]
) -> Statement:
    """A resource statement: nobody, under this condition (empty: ever)."""
    made: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return made | {"Condition": condition} if condition else made


def through(plan: CloudPlan, service: str) -> Mapping[str, Any]:
    """A key may be used through `service` of this region only, never by itself."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{plan.region}.amazonaws.com"}}


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a package has, by ARN; None for what it does not have."""

    data_key: pulumi.Input[str]
    messages_key: pulumi.Input[str]
    secrets: Sequence[pulumi.Input[str]]
    queue: pulumi.Input[str] | None
    files: pulumi.Input[str] | None
    handover: str | None
    """ARN of its network's hand-over bucket."""
    sends: Sequence[str]
    receives: Sequence[str]
    """Prefixes of that bucket that it may put under, and get from."""


def workload(plan: CloudPlan, has: Belongings) -> Sequence[Statement]:
    """What the workloads of a package may do."""
    return tuple(_workload(plan, has))


def _workload(plan: CloudPlan, has: Belongings) -> Iterator[Statement]:
    if has.secrets:
        yield allow(["secretsmanager:GetSecretValue"], has.secrets)
        yield allow(["kms:Decrypt"], [has.data_key], through(plan, "secretsmanager"))
    if has.queue is not None:
        yield allow(
            [
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
                "sqs:SendMessage",
            ],
            [has.queue],
        )
        yield allow(["kms:Decrypt", "kms:GenerateDataKey"], [has.messages_key], through(plan, "sqs"))
    if has.files is not None:
        yield allow(
            # Root too: a new file system belongs to root alone, and this one is the package's own.
            [
                "elasticfilesystem:ClientMount",
                "elasticfilesystem:ClientRootAccess",
                "elasticfilesystem:ClientWrite",
            ],
            [has.files],
            # Only over the mount targets, never through another service's access.
            {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
        )
    if has.handover is None:
        return
    if has.sends:
        yield allow(["s3:PutObject"], [f"{has.handover}/{prefix}*" for prefix in has.sends])
    if has.receives:
        yield allow(["s3:GetObject"], [f"{has.handover}/{prefix}*" for prefix in has.receives])
        under = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in has.receives]}}
        yield allow(["s3:ListBucket"], [has.handover], under)
    if has.sends or has.receives:
        # GenerateDataKey to put, Decrypt to get (and to finish an upload in parts).
        yield allow(["kms:Decrypt", "kms:GenerateDataKey"], [has.data_key], through(plan, "s3"))


def execution(
    plan: CloudPlan,
    repository: pulumi.Input[str],
    log_group: str,
    secrets: Sequence[pulumi.Input[str]],
    data_key: pulumi.Input[str],
) -> Sequence[Statement]:
    """What ECS itself may do to start a package's tasks: pull its image, write its log, read its secrets."""
    logs = facts.log_group_arn(plan.region, plan.unit, log_group)
    found = [
        # The token is the registry's, not a repository's: AWS has no resource for it.
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [repository],
        ),
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs]),
    ]
    if secrets:
        found.append(allow(["secretsmanager:GetSecretValue"], secrets))
        found.append(allow(["kms:Decrypt"], [data_key], through(plan, "secretsmanager")))
    return tuple(found)


def tls_only(actions: str, resources: Sequence[pulumi.Input[str]]) -> Statement:
    """Nobody without TLS."""
    return deny("TlsOnly", [actions], resources, {"Bool": {"aws:SecureTransport": "false"}})


def handover_prefixes(
    handovers: Sequence[HandoverPlan], package: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The prefixes that `package` may put under, and those that it may get from."""
    return (
        tuple(h.prefix for h in handovers if h.sender == package),
        tuple(h.prefix for h in handovers if h.receiver == package),
    )


def handover_bucket(
    bucket: str,
    handovers: Sequence[HandoverPlan],
    roles: Mapping[str, Sequence[str]],
    endpoint: str,
    key: str,
) -> str:
    """The policy of a hand-over bucket: for each pair one prefix, one sender, one receiver.

    `roles` are the role ARNs by package (none for a package that runs at the vendor's: its prefix
    then stays closed). `endpoint` is the id of the network's own S3 endpoint. Only denials: what is
    allowed is in the identities' policies, and a denial holds for administrators too. Objects only,
    so that whoever runs this toolkit outside the network can still read and change the bucket's
    settings. Pairs of the same sender (or receiver) share a statement: some 130 bytes a pair, so that
    the 20,480 of a bucket policy have room for 140 of them.
    """
    arn = f"arn:aws:s3:::{bucket}"
    everything = [f"{arn}/*"]
    known = sorted({role for found in roles.values() for role in found})
    statements = [
        tls_only("s3:*", [arn, *everything]),
        deny("Tls12", ["s3:*"], [arn, *everything], {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny("OwnNetworkOnly", OBJECTS, everything, {"StringNotEquals": {"aws:SourceVpce": endpoint}}),
        deny("KeysOnly", ["s3:PutObject"], everything, _other(_SSE, "aws:kms")),
        deny("OwnKeyOnly", ["s3:PutObject"], everything, _other(f"{_SSE}-aws-kms-key-id", key)),
        deny("PackagesOnly", OBJECTS, everything, _not(known)),
    ]
    for number, sender in enumerate(sorted({h.sender for h in handovers})):
        prefixes = [f"{arn}/{prefix}*" for prefix in handover_prefixes(handovers, sender)[0]]
        statements.append(deny(f"Send{number}", OBJECTS[1:], prefixes, _not(roles.get(sender, ()))))
    for number, receiver in enumerate(sorted({h.receiver for h in handovers})):
        prefixes = [f"{arn}/{prefix}*" for prefix in handover_prefixes(handovers, receiver)[1]]
        statements.append(deny(f"Receive{number}", OBJECTS[:1], prefixes, _not(roles.get(receiver, ()))))
    return facts.document(*statements)


def _not(roles: Sequence[str]) -> Mapping[str, Any]:
    return {"StringNotEquals": {"aws:PrincipalArn": list(roles)}} if roles else {}


def _other(header: str, wanted: str) -> Mapping[str, Any]:
    """An upload that names something else. One that names nothing gets the bucket's own, and passes.

    `Null` and not `IfExists`: with a negated operator IfExists denies where the header is absent.
    """
    return {"Null": {header: "false"}, "StringNotEquals": {header: wanted}}


def access_logs(plan: CloudPlan, bucket: str, writers: Sequence[str]) -> str:
    """The policy of the bucket for access logs: load balancers of this unit may write, nobody may delete.

    `writers` are the prefixes, one a load balancer.
    """
    arn = f"arn:aws:s3:::{bucket}"
    balancers = f"arn:aws:elasticloadbalancing:{plan.region}:{plan.unit}:loadbalancer/*"
    return facts.document(
        {
            "Sid": "LoadBalancers",
            "Effect": "Allow",
            "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": [f"{arn}/{prefix}/AWSLogs/{plan.unit}/*" for prefix in writers],
            "Condition": {
                "StringEquals": {"aws:SourceAccount": plan.unit},
                "ArnLike": {"aws:SourceArn": balancers},
            },
        },
        tls_only("s3:*", [arn, f"{arn}/*"]),
        deny("KeepLogs", ["s3:DeleteObject", "s3:DeleteObjectVersion"], [f"{arn}/*"], {}),
    )


def log_group(plan: CloudPlan, package: PackagePlan) -> str:
    """The log group of a package's containers."""
    return f"/{plan.prefix}/{package.key}"


def execution_role(plan: CloudPlan, package: PackagePlan) -> str:
    """Name of the role that ECS starts a package's tasks with."""
    return plan.name(package.key, "execution", limit=64)
