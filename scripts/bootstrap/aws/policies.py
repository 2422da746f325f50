"""The policy documents of the bootstrap, as pure functions of names.

Where one says what a principal may do to everything, another says what it may never do to what guards
it: the boundary keeps the deployer from the state, the keys, the identities and the regions that are
not its own, whatever its own policy says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from scripts.bootstrap.aws.session import Names
from scripts.bootstrap.steps import Pipeline

Document = dict[str, Any]
VERSION = "2012-10-17"

SERVICES: Mapping[str, tuple[str, ...]] = {
    "accessanalyzer": ("access-analyzer",),
    "account": ("account",),
    "acm": ("acm",),
    "acmpca": ("acm-pca",),
    "backup": ("backup", "backup-storage"),
    "budgets": ("budgets",),
    "cfg": ("config",),
    "cloudtrail": ("cloudtrail",),
    "cloudwatch": ("cloudwatch", "logs", "events"),
    "directconnect": ("directconnect",),
    "ebs": ("ec2",),
    "ec2": ("ec2",),
    "ec2transitgateway": ("ec2",),
    "ecr": ("ecr",),
    "ecs": ("ecs", "application-autoscaling"),
    "efs": ("elasticfilesystem",),
    "guardduty": ("guardduty",),
    "iam": (),
    "kms": ("kms",),
    "lb": ("elasticloadbalancing",),
    "networkfirewall": ("network-firewall",),
    "rds": ("rds",),
    "route53": ("route53", "route53resolver"),
    "s3": ("s3",),
    "scheduler": ("scheduler",),
    "secretsmanager": ("secretsmanager",),
    "securityhub": ("securityhub",),
    "sns": ("sns",),
    "sqs": ("sqs",),
    "ssm": ("ssm",),
}
"""The prefixes of IAM's actions by the modules of the Pulumi provider that `components/aws` uses; a test
compares. IAM itself is not given as a whole (`deployer`)."""

GLOBAL_SERVICES = (
    "account",
    "budgets",
    "ce",
    "health",
    "iam",
    "organizations",
    "pricing",
    "route53",
    "sts",
    "support",
)
"""Services whose requests are answered in another region whatever ours is ("Deny access to AWS based on
the requested region", Service authorization examples of the IAM user guide)."""


def same(one: Any, other: Any) -> bool:
    """Whether two policy documents mean the same: AWS may give lists of one as the one, in any order."""
    return _plain(one) == _plain(other)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in sorted(cast("Mapping[str, Any]", value).items())}
    if isinstance(value, Sequence):
        items = [_plain(v) for v in cast("Sequence[Any]", value)]
        return items[0] if len(items) == 1 else sorted(items, key=json.dumps)
    return value


def written(document: Document) -> str:
    """A document as it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _document(*statements: Document) -> Document:
    return {"Version": VERSION, "Statement": list(statements)}


def _statement(
    sid: str,
    effect: str,
    action: str | Sequence[str],
    resource: str | Sequence[str] = "*",
    condition: Document | None = None,
) -> Document:
    found: Document = {"Sid": sid, "Effect": effect, "Action": action, "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def web_trust(provider_arn: str, host: str, pipeline: Pipeline, audience: str) -> Document:
    """Who may become the deployer: exactly the pipeline's subjects, for exactly our audience."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{host}:aud": audience, f"{host}:sub": list(pipeline.subjects)}},
        }
    )


def boundary(names: Names, regions: Sequence[str]) -> Document:
    """The most that the deployer may ever do: nothing abroad, nothing to what guards it.

    The first statement is what makes a boundary a boundary; what may be done is the policy's matter.
    """
    bucket = f"arn:aws:s3:::{names.bucket}"
    own = [f"arn:aws:iam::{names.account}:{kind}/{names.stack}-*" for kind in ("role", "policy")]
    aliases = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": [names.state_key, names.secrets_key]}}
    return _document(
        _statement("Within", "Allow", "*"),
        {
            "Sid": "DomesticOnly",
            "Effect": "Deny",
            "NotAction": [*(f"{s}:*" for s in GLOBAL_SERVICES), "s3:GetAccountPublicAccessBlock"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": list(regions)}},
        },
        _statement("NotItself", "Deny", [f"iam:{verb}*" for verb in WRITES] + ["iam:PassRole"], own),
        _statement(
            "NoOtherIdentity",
            "Deny",
            [
                "iam:*User*",
                "iam:*AccessKey*",
                "iam:*LoginProfile",
                "iam:*Group*",
                "iam:*OpenIDConnectProvider*",
                "iam:*SAMLProvider*",
                "iam:*MFADevice*",
                "sts:AssumeRole",
            ],
        ),
        {
            "Sid": "StateAsAFile",
            "Effect": "Deny",
            "NotAction": ["s3:GetObject*", "s3:PutObject", "s3:DeleteObject", "s3:List*", "s3:GetBucket*"],
            "Resource": [bucket, f"{bucket}/*"],
        },
        {
            "Sid": "KeysAsKeys",
            "Effect": "Deny",
            "NotAction": ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"],
            "Resource": f"arn:aws:kms:*:{names.account}:key/*",
            "Condition": aliases,
        },
    )


WRITES = ("Add", "Attach", "Create", "Delete", "Detach", "Put", "Set", "Tag", "Untag", "Update")


def deployer(names: Names) -> Document:
    """What `pulumi up` of a tenant needs: the services that components/aws uses, and of IAM only the
    tenant's own roles, which go by its prefix."""
    services = sorted({s for found in SERVICES.values() for s in found})
    account, tenant = names.account, names.tenant
    kinds = ("role", "instance-profile", "policy")
    own = [f"arn:aws:iam::{account}:{kind}/{tenant}-*" for kind in kinds]
    return _document(
        _statement("Services", "Allow", [f"{s}:*" for s in services]),
        _statement(
            "ReadIdentities",
            "Allow",
            ["iam:Get*", "iam:List*", "iam:UpdateAccountPasswordPolicy", "sts:GetCallerIdentity", "tag:Get*"],
        ),
        _statement("OwnRoles", "Allow", [*(f"iam:{verb}*" for verb in WRITES), "iam:RemoveRole*"], own),
        _statement("PassOwnRoles", "Allow", "iam:PassRole", own[0]),
        _statement(
            "ServiceRoles",
            "Allow",
            ["iam:CreateServiceLinkedRole", "iam:PassRole"],
            f"arn:aws:iam::{account}:role/aws-service-role/*",
        ),
    )


def break_glass_trust(names: Names) -> Document:
    """Who may break the glass: a person with a second factor, or one whom the agency's SSO has let in
    (which asks for it itself; a session of a role carries no sign of it)."""
    root = {"AWS": f"arn:aws:iam::{names.account}:root"}
    sso = f"arn:aws:iam::{names.account}:role/aws-reserved/sso.amazonaws.com/*"
    allow = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    return _document(
        allow | {"Sid": "SecondFactor", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        allow | {"Sid": "SignedInBySso", "Condition": {"ArnLike": {"aws:PrincipalArn": sso}}},
    )


RETENTION_STAYS = "RetentionStays"
RETENTION = [
    "s3:PutBucketVersioning",
    "s3:PutLifecycleConfiguration",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
]
"""The IAM actions by which the state's history could be kept for less long, or not at all."""


def bucket(names: Names) -> Document:
    """Nobody in clear text, nobody takes history away or shortens how long it is kept, and the proof is the
    deployer's alone to leave. Only the break-glass role may change what is said here."""
    arn = f"arn:aws:s3:::{names.bucket}"
    both = [arn, f"{arn}/*"]

    def deny(sid: str, action: str | Sequence[str], resource: Any, condition: Document) -> Document:
        return _statement(sid, "Deny", action, resource, condition) | {"Principal": "*"}

    sealed = {"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(names.break_glass)}}
    deployer_only = {"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(names.deployer)}}
    deployer_never = {"ArnEquals": {"aws:PrincipalArn": names.role_arn(names.deployer)}}
    return _document(
        deny("TlsOnly", "s3:*", both, {"Bool": {"aws:SecureTransport": "false"}}),
        deny("ModernTls", "s3:*", both, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        deny(
            "HistoryStays",
            ["s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:DeleteBucket"],
            both,
            sealed,
        ),
        deny(RETENTION_STAYS, RETENTION, arn, sealed),
        deny("ProofByDeployer", ["s3:PutObject", "s3:DeleteObject"], f"{arn}/proof/*", deployer_only),
        deny("EvidenceByOthers", ["s3:PutObject", "s3:DeleteObject"], f"{arn}/evidence/*", deployer_never),
    )


def key(names: Names, *, alarms: bool) -> Document:
    """The account's own IAM decides who uses the key; nobody but the break-glass role may end it."""
    found = [
        _statement("Account", "Allow", "kms:*")
        | {"Principal": {"AWS": f"arn:aws:iam::{names.account}:root"}},
        _statement(
            "NotToBeEnded",
            "Deny",
            ["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:DeleteImportedKeyMaterial"],
            condition={"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(names.break_glass)}},
        )
        | {"Principal": "*"},
    ]
    if alarms:
        found.append(
            _statement(
                "AlarmsAreEncrypted",
                "Allow",
                ["kms:Decrypt", "kms:GenerateDataKey*"],
                # EventBridge tells KMS no source; the encryption context says which topic it is for
                # (docs/CURSED_KNOWLEDGE.md).
                condition={"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": names.topic_arn}},
            )
            | {"Principal": {"Service": "events.amazonaws.com"}}
        )
    return _document(*found)


def topic(names: Names) -> Document:
    """Only EventBridge publishes alarms, and it tells SNS no source to bind it by."""
    return _document(
        _statement("Alarms", "Allow", "sns:Publish", names.topic_arn)
        | {"Principal": {"Service": "events.amazonaws.com"}}
    )


def service_trust(service: str, account: str) -> Document:
    """A role for one of AWS's services, on behalf of this account only."""
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": account}},
        }
    )


def forward(names: Names) -> Document:
    """What the alarms' own role may do: pass events on to the home region."""
    return _document(_statement("Forward", "Allow", "events:PutEvents", names.bus_arn))


def retire_trust(user_arn: str) -> Document:
    """Who may retire the user: the user, as its last act."""
    return _document({"Effect": "Allow", "Principal": {"AWS": user_arn}, "Action": "sts:AssumeRole"})


def retire(names: Names, user_arn: str) -> Document:
    """What the last act needs: this user's credentials, and to put the evidence away."""
    return _document(
        _statement(
            "TheCredentials",
            "Allow",
            [
                "iam:GetUser",
                "iam:GetUserPolicy",
                "iam:PutUserPolicy",
                "iam:ListAccessKeys",
                "iam:UpdateAccessKey",
                "iam:DeleteAccessKey",
                "iam:GetLoginProfile",
                "iam:DeleteLoginProfile",
            ],
            user_arn,
        ),
        _statement(
            "TheEvidence",
            "Allow",
            ["s3:GetObject", "s3:PutObject", "s3:PutObjectRetention"],
            f"arn:aws:s3:::{names.bucket}/evidence/*",
        ),
        # Without it, S3 says of an object that is not there that it may not be read.
        _statement("WhatIsThere", "Allow", "s3:ListBucket", f"arn:aws:s3:::{names.bucket}"),
        _statement(
            "TheKey",
            "Allow",
            ["kms:GenerateDataKey", "kms:Decrypt"],
            f"arn:aws:kms:{names.region}:{names.account}:key/*",
            {"ForAnyValue:StringEquals": {"kms:ResourceAliases": names.state_key}},
        ),
    )


def nothing_at_all() -> Document:
    """For a user that is retired: sessions that its keys have opened are refused from now on too."""
    return _document(_statement("Retired", "Deny", "*"))
