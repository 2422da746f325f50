"""What is watched in an account: event patterns, metric filters, configuration rules. Pure data.

The topics are those of CIS AWS Foundations and of BLEA's governance base (facts: govcloud §1.4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from stacks.text import Text


@dataclass(frozen=True, slots=True)
class LogSignal:
    """A pattern over the trail's log group, and how many matches in five minutes raise the alarm.

    From the log, not from events: what IAM and the root user do is recorded in us-east-1, and only
    a trail of all regions brings it home.
    """

    pattern: str
    threshold: int
    meaning: Text


IDENTITY_CHANGES: tuple[str, ...] = (
    "AttachGroupPolicy",
    "AttachRolePolicy",
    "AttachUserPolicy",
    "CreateAccessKey",
    "CreateLoginProfile",
    "CreatePolicyVersion",
    "CreateUser",
    "DeleteGroupPolicy",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRolePolicy",
    "DeleteUserPolicy",
    "DetachGroupPolicy",
    "DetachRolePolicy",
    "DetachUserPolicy",
    "PutGroupPolicy",
    "PutRolePolicy",
    "PutUserPolicy",
    "UpdateAssumeRolePolicy",
)

LOG_SIGNALS: Mapping[str, LogSignal] = MappingProxyType(
    {
        "root-use": LogSignal(
            '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS'
            ' && $.eventType != "AwsServiceEvent" }',
            1,
            Text("ルートユーザーが使われました", "The root user was used"),
        ),
        "denied-calls": LogSignal(
            '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
            5,
            Text("権限のない操作が続いています", "Calls were denied repeatedly"),
        ),
        "identity-changes": LogSignal(
            "{ " + " || ".join(f"($.eventName = {name})" for name in IDENTITY_CHANGES) + " }",
            1,
            Text("IAMの権限または利用者が変更されました", "IAM permissions or users were changed"),
        ),
    }
)

WATCHED_CALLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cloudtrail": ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"),
        "config": ("DeleteConfigurationRecorder", "DeleteDeliveryChannel", "StopConfigurationRecorder"),
        "guardduty": ("DeleteDetector", "UpdateDetector"),
        "securityhub": ("DisableSecurityHub",),
        "kms": ("DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"),
        "ec2": (
            "AttachInternetGateway",
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateNetworkAclEntry",
            "CreateRoute",
            "CreateTransitGatewayRoute",
            "CreateVpcPeeringConnection",
            "DeleteFlowLogs",
            "DeleteNetworkAclEntry",
            "DeleteRoute",
            "ModifyVpcAttribute",
            "ReplaceNetworkAclAssociation",
            "ReplaceNetworkAclEntry",
            "ReplaceRoute",
            "ReplaceRouteTableAssociation",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
        ),
    }
)
"""Calls that stop the record, endanger keys or open the network, by service."""


_CALL, _SIGN_IN = "AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"

_CHANGES: Mapping[str, Any] = {
    "detail-type": [_CALL],
    "detail": {
        "eventSource": [f"{service}.amazonaws.com" for service in WATCHED_CALLS],
        "eventName": sorted(name for names in WATCHED_CALLS.values() for name in names),
        "errorCode": [{"exists": False}],
    },
}
_ROOT: Mapping[str, Any] = {
    "detail-type": [_CALL, _SIGN_IN],
    "detail": {"userIdentity": {"type": ["Root"]}},
}
_DENIED: Mapping[str, Any] = {
    "detail-type": [_CALL],
    "detail": {"errorCode": [{"prefix": "AccessDenied"}, {"wildcard": "*UnauthorizedOperation"}]},
}


def call_pattern(*, with_conduct: bool) -> str:
    """The event pattern of the watched calls that succeeded.

    `with_conduct`: and of root use and denied calls, for where the trail's log is out of reach; an
    adopted trail usually writes to somebody else's account. Events know less than its log: what IAM
    and the root user do elsewhere stays elsewhere, and calls that only read are not told.
    """
    return _json({"$or": [_CHANGES, _ROOT, _DENIED]} if with_conduct else _CHANGES)


def finding_pattern() -> str:
    """The event pattern of what the account's own guards found, and of backups that failed.

    Backup events come this way and not by the vault's own notifications: those would need a topic
    that any account's AWS Backup may publish to.
    """
    return _json(
        {
            "$or": [
                {
                    "source": ["aws.guardduty"],
                    "detail-type": ["GuardDuty Finding"],
                    # Medium and above (GuardDuty user guide, "Severity levels": 4.0 to 6.9 is medium).
                    "detail": {"severity": [{"numeric": [">=", 4]}]},
                },
                {
                    # Low, but never normal; GuardDuty sees it whichever region it happened in.
                    "source": ["aws.guardduty"],
                    "detail": {"type": ["Policy:IAMUser/RootCredentialUsage"]},
                },
                {
                    "source": ["aws.securityhub"],
                    "detail-type": ["Security Hub Findings - Imported"],
                    "detail": {
                        "findings": {
                            # GuardDuty's findings come on their own: not twice.
                            "ProductName": ["Security Hub"],
                            "RecordState": ["ACTIVE"],
                            "Severity": {"Label": ["CRITICAL", "HIGH"]},
                            "Workflow": {"Status": ["NEW"]},
                        }
                    },
                },
                {
                    "source": ["aws.backup"],
                    "detail-type": ["Backup Job State Change", "Copy Job State Change"],
                    "detail": {"state": ["ABORTED", "EXPIRED", "FAILED"]},
                },
                {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
            ]
        }
    )


NOTICE = (
    '{"summary": "監視対象の出来事がありました / A watched event occurred", "event": <aws.events.event.json>}'
)
"""What the mail says: a line for people, then the event as it came (EventBridge, "Input transformation")."""


CONFIG_RULES: Mapping[str, str] = MappingProxyType(
    {
        "trail-on": "CLOUD_TRAIL_ENABLED",
        "trail-validated": "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED",
        "root-no-access-key": "IAM_ROOT_ACCESS_KEY_CHECK",
        "root-mfa": "ROOT_ACCOUNT_MFA_ENABLED",
        "key-rotation": "CMK_BACKING_KEY_ROTATION_ENABLED",
        "default-group-closed": "VPC_DEFAULT_SECURITY_GROUP_CLOSED",
        "no-route-to-internet": "NO_UNRESTRICTED_ROUTE_TO_IGW",
        "server-no-public-address": "EC2_INSTANCE_NO_PUBLIC_IP",
        "server-metadata-v2": "EC2_IMDSV2_CHECK",
        "disk-encrypted": "ENCRYPTED_VOLUMES",
        "database-encrypted": "RDS_STORAGE_ENCRYPTED",
        "database-not-public": "RDS_INSTANCE_PUBLIC_ACCESS_CHECK",
        "bucket-not-public": "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        "bucket-tls-only": "S3_BUCKET_SSL_REQUESTS_ONLY",
    }
)
"""AWS managed rules by our name (AWS Config developer guide, "List of AWS Config Managed Rules")."""


def conformance_template(prefix: str) -> str:
    """The rules as one conformance pack: a template in JSON, which is YAML too."""
    return _json(
        {
            "Resources": {
                "".join(part.capitalize() for part in name.split("-")): {
                    "Type": "AWS::Config::ConfigRule",
                    "Properties": {
                        "ConfigRuleName": f"{prefix}-{name}",
                        "Source": {"Owner": "AWS", "SourceIdentifier": identifier},
                    },
                }
                for name, identifier in CONFIG_RULES.items()
            }
        }
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True)
