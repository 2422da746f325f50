"""What an AWS provider's configuration means, and what the unit's organisation policy allows."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping

from providers.twin.aws.facts import (
    ADMINISTRATOR,
    DEFAULT_ACCOUNT,
    DOMESTIC,
    GLOBAL,
    OPEN_IN_US_EAST_1,
    TOKYO,
)
from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.scope import Session
from providers.twin.sdk import snake
from providers.wire import Value

_ACCOUNT = re.compile(r"\d{12}")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/")


def session(configuration: Mapping[str, Value]) -> Session:
    """The session for a provider's configuration. Nested values arrive as JSON text, as the SDKs send them.

    The account is the first of `allowedAccountIds`, else that of the role to assume, else the
    documentation's.
    """
    settings = {key: _parsed(value) for key, value in configuration.items()}
    allowed = [str(account) for account in settings.get("allowedAccountIds") or []]
    for account in allowed:
        if not _ACCOUNT.fullmatch(account):
            raise Refusal(
                "allowedAccountIds", f"{account!r} is not an AWS account id: 12 digits are expected"
            )
    account = allowed[0] if allowed else ""
    for role in settings.get("assumeRoles") or []:
        match = _ROLE.match(str(role.get("roleArn", "")))
        if match and allowed and match[1] not in allowed:
            raise Refusal("allowedAccountIds", f"AWS account ID not allowed: {match[1]}")
        if match and not account:
            account = match[1]
    account = account or DEFAULT_ACCOUNT
    if account in [str(bad) for bad in settings.get("forbiddenAccountIds") or []]:
        raise Refusal("forbiddenAccountIds", f"AWS account ID not allowed: {account}")
    tags = (settings.get("defaultTags") or {}).get("tags") or {}
    return Session(account, str(settings.get("region") or TOKYO), {str(k): str(v) for k, v in tags.items()})


def _parsed(value: Value) -> Value:
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def caller(session: Session) -> str:
    """The ARN of who calls: the administrator's single sign-on role."""
    return f"arn:aws:sts::{session.unit}:assumed-role/{ADMINISTRATOR}/administrator"


def admit(session: Session, region: str, operation: str) -> None:
    """Refuses what the organisation policy of a ガバメントクラウド unit refuses: regions outside Japan."""
    service = operation.split(":")[0]
    if region == GLOBAL or region in DOMESTIC or (region == "us-east-1" and service in OPEN_IN_US_EAST_1):
        return
    action = operation or "*"
    raise Refusal(
        "AccessDeniedException",
        f"User: {caller(session)} is not authorized to perform: {action} on resource: arn:aws:*:{region}:"
        f"{session.unit}:* with an explicit deny in a service control policy (only ap-northeast-1 and"
        " ap-northeast-3 are allowed)",
        403,
    )


def home(session: Session, behaviour: Behaviour, inputs: Mapping[str, Value]) -> str:
    """Where a resource lives: its own `region`, else the provider's; one place for global services."""
    if behaviour.everywhere:
        return GLOBAL
    region = inputs.get("region")
    return region if isinstance(region, str) and region else session.region


_VERBS = {
    "create": "creating",
    "read": "reading",
    "update": "updating",
    "delete": "deleting",
    "invoke": "calling",
}
_SERVICES = {
    "ec2": "EC2",
    "iam": "IAM",
    "kms": "KMS",
    "s3": "S3",
    "s3control": "S3 Control",
    "rds": "RDS",
    "sns": "SNS",
    "sqs": "SQS",
    "efs": "EFS",
    "ecs": "ECS",
    "ecr": "ECR",
    "ssm": "SSM",
    "acm": "ACM",
    "logs": "CloudWatch Logs",
    "cloudwatch": "CloudWatch",
    "events": "EventBridge",
    "elbv2": "Elastic Load Balancing v2",
    "config": "Config Service",
    "cloudtrail": "CloudTrail",
    "guardduty": "GuardDuty",
    "route53": "Route 53",
    "route53resolver": "Route53Resolver",
    "directconnect": "Direct Connect",
    "backup": "Backup",
}


def say(refusal: Refusal, verb: str, token: str, name: str, behaviour: Behaviour) -> str:
    """A refusal in the words of the AWS provider, with the program's name for the resource in front."""
    parts = token.split(":")
    module, kind = parts[1].split("/")[0], parts[-1]
    service, _, operation = behaviour.api.partition(":")
    service = service or module
    if verb != "create" or not operation:
        noun = re.sub(r"^[A-Z][a-z]+", "", operation) or kind
        operation = kind[0].upper() + kind[1:] if verb == "invoke" else f"{_API_VERBS[verb]}{noun}"
    what = snake(kind).replace("_", " ")
    shown = f"{_VERBS[verb]} {_SERVICES.get(service, service)} {what} ({name})"
    if refusal.status == 0:
        return (
            f"{shown}: operation error {_SERVICES.get(service, service)}: {operation},"
            f" {refusal.code}: {refusal.message}"
        )
    request = uuid.uuid4()
    return (
        f"{shown}: operation error {_SERVICES.get(service, service)}: {operation}, https response error"
        f" StatusCode: {refusal.status}, RequestID: {request}, api error {refusal.code}: {refusal.message}"
    )


_API_VERBS = {
    "create": "Create",
    "read": "Describe",
    "update": "Modify",
    "delete": "Delete",
    "invoke": "Call",
}
