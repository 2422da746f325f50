"""Policy documents of the baseline: who may use which key, bucket and topic. Pure.

A statement for an AWS service says for which account (and, where the service tells, for which ARN)
the service may act, so that it is nobody else's deputy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.aws.facts import Statement, document
from stacks.plan import CloudPlan, KeyPurpose

AUDIT = "audit"
"""Name (under the tenant's prefix) of the trail and of its log group."""


def trail_arn(plan: CloudPlan) -> str:
    """The ARN of the tenant's trail, known before it exists: the policies that it needs name it."""
    return f"arn:aws:cloudtrail:{plan.region}:{plan.unit}:trail/{plan.name(AUDIT)}"


def bucket_name(plan: CloudPlan, purpose: str) -> str:
    """A bucket name that nobody else has: S3's names are one space for all accounts."""
    return plan.name(purpose, plan.unit)


def topic_arn(plan: CloudPlan) -> str:
    """The ARN of the topic that alarms go to."""
    return f"arn:aws:sns:{plan.region}:{plan.unit}:{plan.name('alarms')}"


def _account(plan: CloudPlan) -> dict[str, Any]:
    return {"StringEquals": {"aws:SourceAccount": plan.unit}}


def _service(
    sid: str, service: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any]
) -> Statement:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement | ({"Condition": condition} if condition else {})


# --- keys ---------------------------------------------------------------------------------------

_USE = ("kms:Decrypt", "kms:GenerateDataKey*")
_THIS = ("*",)
"""In a key policy `*` is the key itself (KMS developer guide, "Key policies")."""


def key_policy(plan: CloudPlan, purpose: KeyPurpose, region: str | None = None) -> str:
    """The policy of the key for `purpose` in `region` (default: the tenant's).

    The account decides by IAM who else may use it (the roles of packages, AWS Backup's role):
    without that statement a key can end up with nobody who may change it (KMS developer guide,
    "Default key policy"). Only services that come under their own name are listed beside it.
    """
    return document(*_key_statements(plan, purpose, region or plan.region))


def _key_statements(plan: CloudPlan, purpose: KeyPurpose, region: str) -> Iterator[Statement]:
    yield {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{plan.unit}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    if purpose == "logs":
        yield from _log_writers(plan, region)
    elif purpose == "messages":
        yield from _publishers(plan)


def _log_writers(plan: CloudPlan, region: str) -> Iterator[Statement]:
    yield _service(
        "LogGroups",
        f"logs.{region}.amazonaws.com",
        ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
        _THIS,
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{plan.unit}:log-group:*"}},
    )
    trail = {"StringEquals": {"aws:SourceArn": trail_arn(plan)}}
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{plan.unit}:trail/*"}
    yield _service(
        "Trail", "cloudtrail.amazonaws.com", ["kms:GenerateDataKey*"], _THIS, trail | {"StringLike": context}
    )
    # DescribeKey carries no encryption context, so it needs a statement without that condition.
    yield _service("TrailChecks", "cloudtrail.amazonaws.com", ["kms:DescribeKey"], _THIS, trail)
    yield _service(
        "LogDelivery",
        "delivery.logs.amazonaws.com",
        _USE,
        _THIS,
        _account(plan) | {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{region}:{plan.unit}:*"}},
    )
    yield _service("ConfigurationHistory", "config.amazonaws.com", _USE, _THIS, _account(plan))


def _publishers(plan: CloudPlan) -> Iterator[Statement]:
    for sid, service in (("Alarms", "cloudwatch"), ("Budgets", "budgets")):
        yield _service(sid, f"{service}.amazonaws.com", _USE, _THIS, _account(plan))
    # EventBridge sends KMS neither aws:SourceAccount nor aws:SourceArn when the topic is encrypted
    # (SNS developer guide, "Key management"); the encryption context says which topic it is for.
    yield _service(
        "Events",
        "events.amazonaws.com",
        _USE,
        _THIS,
        {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": topic_arn(plan)}},
    )


# --- buckets ------------------------------------------------------------------------------------


def _deny(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Mapping[str, Any]
) -> Statement:
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(actions),
        "Resource": list(resources),
    }
    return statement | ({"Condition": condition} if condition else {})


def _tls(arn: str) -> Iterator[Statement]:
    everything = [arn, f"{arn}/*"]
    yield _deny("TlsOnly", ["s3:*"], everything, {"Bool": {"aws:SecureTransport": "false"}})
    yield _deny("Tls12", ["s3:*"], everything, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})


def archive_policy(plan: CloudPlan) -> str:
    """The policy of the log archive: the trail and log delivery may add, nobody may cut the lock short."""
    arn = f"arn:aws:s3:::{bucket_name(plan, 'archive')}"
    trail = {"aws:SourceArn": trail_arn(plan)}
    # The services ask for this themselves: the account owns what they write.
    owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
    delivery = {"ArnLike": {"aws:SourceArn": f"arn:aws:logs:{plan.region}:{plan.unit}:*"}}
    logs = "delivery.logs.amazonaws.com"
    return document(
        *_tls(arn),
        # Governance mode lets whoever holds this permission delete early: here nobody does.
        _deny("KeepLocks", ["s3:BypassGovernanceRetention"], [f"{arn}/*"], {}),
        _service(
            "TrailChecks", "cloudtrail.amazonaws.com", ["s3:GetBucketAcl"], [arn], {"StringEquals": trail}
        ),
        _service(
            "TrailWrites",
            "cloudtrail.amazonaws.com",
            ["s3:PutObject"],
            [f"{arn}/AWSLogs/{plan.unit}/*"],
            {"StringEquals": trail | owned},
        ),
        _service(
            "DeliveryChecks", logs, ["s3:GetBucketAcl", "s3:ListBucket"], [arn], _account(plan) | delivery
        ),
        _service(
            "DeliveryWrites",
            logs,
            ["s3:PutObject"],
            [f"{arn}/AWSLogs/{plan.unit}/*", f"{arn}/*/AWSLogs/{plan.unit}/*"],
            {"StringEquals": {"aws:SourceAccount": plan.unit} | owned} | delivery,
        ),
    )


def records_policy(plan: CloudPlan) -> str:
    """The policy of the bucket for the configuration history: AWS Config may add."""
    arn = f"arn:aws:s3:::{bucket_name(plan, 'records')}"
    owned = {"aws:SourceAccount": plan.unit, "s3:x-amz-acl": "bucket-owner-full-control"}
    config = "config.amazonaws.com"
    return document(
        *_tls(arn),
        _service("ConfigChecks", config, ["s3:GetBucketAcl", "s3:ListBucket"], [arn], _account(plan)),
        _service(
            "ConfigWrites",
            config,
            ["s3:PutObject"],
            [f"{arn}/AWSLogs/{plan.unit}/Config/*"],
            {"StringEquals": owned},
        ),
    )


# --- topic --------------------------------------------------------------------------------------


def topic_policy(plan: CloudPlan) -> str:
    """The policy of the topic: alarms, budgets and event rules may publish, over TLS."""
    arn = topic_arn(plan)
    alarms = {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{plan.region}:{plan.unit}:alarm:*"}}
    publish = ["sns:Publish"]
    return document(
        _deny("TlsOnly", publish, [arn], {"Bool": {"aws:SecureTransport": "false"}}),
        _service("Alarms", "cloudwatch.amazonaws.com", publish, [arn], _account(plan) | alarms),
        _service("Budgets", "budgets.amazonaws.com", publish, [arn], _account(plan)),
        # No condition: AWS documents none that EventBridge satisfies for a topic. The key's policy
        # and the rules' own targets bound it.
        _service("Events", "events.amazonaws.com", publish, [arn], {}),
    )


# --- roles --------------------------------------------------------------------------------------


def trail_role_policy(plan: CloudPlan, log_group: str) -> str:
    """What CloudTrail's role may do: write its own stream of the log group."""
    stream = f"{plan.unit}_CloudTrail_{plan.region}*"
    return document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:{plan.region}:{plan.unit}:log-group:{log_group}:log-stream:{stream}",
        }
    )


def config_role_policy(plan: CloudPlan, key: str) -> str:
    """What the recorder's role may do beside reading configurations: put the history, encrypted by `key`."""
    arn = f"arn:aws:s3:::{bucket_name(plan, 'records')}"
    return document(
        {"Effect": "Allow", "Action": ["s3:GetBucketAcl", "s3:ListBucket"], "Resource": arn},
        {
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": f"{arn}/AWSLogs/{plan.unit}/Config/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        {
            "Effect": "Allow",
            "Action": list(_USE),
            "Resource": key,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{plan.region}.amazonaws.com"}},
        },
    )
