"""CloudWatch logs, alarms and events, SNS and SQS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.audit import NO_TOPIC, arn
from providers.twin.aws.identity import key, role
from providers.twin.aws.policies import policy, statements
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Quota, Refusal, Unique
from providers.twin.scope import Scope

_NO_GROUP: Final = Answer("ResourceNotFoundException", "The specified log group does not exist.")


_RETENTION = {
    0,
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
}


def _retention(scope: Scope) -> None:
    days = scope.inputs.get("retentionInDays")
    if days is not None and int(days) not in _RETENTION:
        raise Refusal(
            "InvalidParameterException",
            f"retentionInDays {days} must be one of {', '.join(map(str, sorted(_RETENTION)))}",
        )


def _key_lets_logs(scope: Scope) -> None:
    """CloudWatch Logs asks the key at once: the key's policy must let the service in."""
    found = scope.target("kmsKeyId")
    if found is None or found.type != token("kms.Key"):
        return
    service = f"logs.{scope.region}.amazonaws.com"
    for statement in statements(found.state.get("policy")):
        who = statement.get("Principal")
        services = who.get("Service") if isinstance(who, dict) else who
        listed = services if isinstance(services, list) else [services]
        if statement.get("Effect") == "Allow" and {service, "logs.amazonaws.com", "*"} & set(
            map(str, listed)
        ):
            return
    raise Refusal(
        "AccessDeniedException",
        "The specified KMS key does not exist or is not allowed to be used with Arn"
        f" '{scope.fill(_LOG_ARN)}'",
    )


_LOG_ARN = arn("logs", "log-group:{name}")


def _alarm(scope: Scope) -> None:
    if bool(scope.inputs.get("metricName")) == bool(scope.inputs.get("metricQueries")):
        raise Refusal("ValidationError", "an alarm needs either metricName or metricQueries, and not both")
    period = scope.inputs.get("period")
    if period is not None and int(period) not in (10, 20, 30) and int(period) % 60:
        raise Refusal(
            "ValidationError", f"The parameter 'Period' {period} must be 10, 20, 30 or a multiple of 60"
        )


def _schedule_or_pattern(scope: Scope) -> None:
    if not scope.inputs.get("eventPattern") and not scope.inputs.get("scheduleExpression"):
        raise Refusal(
            "ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )


def _topic_policy(scope: Scope) -> str:
    return (
        '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",'
        '"Principal":{"AWS":"*"},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"'
        + str(scope.get("arn"))
        + '","Condition":{"StringEquals":{"AWS:SourceOwner":"'
        + scope.unit
        + '"}}}]}'
    )


def _pending(scope: Scope) -> bool:
    return str(scope.get("protocol")) in ("email", "email-json", "http", "https")


def _queue_url(scope: Scope) -> str:
    return scope.fill("https://sqs.{region}.amazonaws.com/{unit}/{name}")


def _of_queue(path: str) -> Behaviour:
    return Behaviour(
        id="{queueUrl}",
        autoname="",
        put=True,
        fixed=props("queueUrl"),
        api="sqs:SetQueueAttributes",
        refs=(
            part(
                "queueUrl",
                "sqs.Queue",
                missing=Answer(
                    "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
                ),
            ),
        ),
        rules=(policy(path, "resource", "InvalidAttributeValue"),) if path == "policy" else (),
    )


TABLE: Mapping[str, Behaviour] = {
    "cloudwatch.LogGroup": Behaviour(
        arn=_LOG_ARN,
        api="logs:CreateLogGroup",
        defaults={"retentionInDays": 0, "skipDestroy": False},
        computed={"logGroupClass": "STANDARD"},
        fixed=props("name namePrefix logGroupClass"),
        refs=(key("kmsKeyId"),),
        rules=(_retention, _key_lets_logs),
        handles=("{name}", "{arn}:*"),
        unique=(
            Unique(
                "log-group",
                "{name}",
                Answer("ResourceAlreadyExistsException", "The specified log group already exists"),
            ),
        ),
        guards=(
            Guard(
                "deletionProtectionEnabled",
                Answer("OperationAbortedException", "The log group {id} has deletion protection enabled."),
            ),
        ),
        missing=_NO_GROUP,
    ),
    "cloudwatch.LogStream": Behaviour(
        arn=arn("logs", "log-group:{logGroupName}:log-stream:{name}"),
        fixed=props("name logGroupName"),
        refs=(part("logGroupName", "cloudwatch.LogGroup"),),
        unique=(
            Unique(
                "log-stream:{logGroupName}",
                "{name}",
                Answer("ResourceAlreadyExistsException", "The specified log stream already exists"),
            ),
        ),
    ),
    "cloudwatch.LogMetricFilter": Behaviour(
        api="logs:PutMetricFilter",
        put=True,
        fixed=props("name logGroupName"),
        refs=(part("logGroupName", "cloudwatch.LogGroup"),),
        id="{logGroupName}:{name}",
    ),
    "cloudwatch.LogSubscriptionFilter": Behaviour(
        id="cwlsf-{digits10}",
        api="logs:PutSubscriptionFilter",
        fixed=props("name logGroup"),
        refs=(part("logGroup", "cloudwatch.LogGroup"), role("roleArn")),
        defaults={"distribution": "ByLogStream"},
    ),
    "cloudwatch.LogResourcePolicy": Behaviour(
        id="{policyName}",
        api="logs:PutResourcePolicy",
        autoname="",
        put=True,
        fixed=props("policyName"),
        rules=(policy("policyDocument", "resource", "InvalidParameterException", 5120),),
        computed={"policyScope": "ACCOUNT"},
        quota=Quota(10, Answer("LimitExceededException", "Resource limit exceeded.")),
    ),
    "cloudwatch.LogDataProtectionPolicy": Behaviour(
        id="{logGroupName}",
        autoname="",
        put=True,
        fixed=props("logGroupName"),
        refs=(part("logGroupName", "cloudwatch.LogGroup"),),
    ),
    "cloudwatch.LogAccountPolicy": Behaviour(
        id="{policyName}", autoname="", put=True, fixed=props("policyName policyType")
    ),
    "cloudwatch.LogDestination": Behaviour(
        arn=arn("logs", "destination:{name}"), fixed=props("name"), refs=(role("roleArn"),)
    ),
    "cloudwatch.MetricAlarm": Behaviour(
        arn=arn("cloudwatch", "alarm:{name}"),
        api="cloudwatch:PutMetricAlarm",
        put=True,
        fixed=props("name"),
        rules=(_alarm,),
        handles=("{name}",),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        refs=(
            name(
                "alarmActions[]",
                "sns.Topic",
                missing=Answer("ValidationError", "Invalid use of alarm action: {value} does not exist"),
            ),
        ),
    ),
    "cloudwatch.CompositeAlarm": Behaviour(
        id="{alarmName}",
        arn=arn("cloudwatch", "alarm:{alarmName}"),
        api="cloudwatch:PutCompositeAlarm",
        autoname="",
        put=True,
        fixed=props("alarmName"),
        defaults={"actionsEnabled": True},
    ),
    "cloudwatch.Dashboard": Behaviour(
        id="{dashboardName}",
        autoname="",
        put=True,
        computed={"dashboardArn": "arn:{partition}:cloudwatch::{unit}:dashboard/{dashboardName}"},
        fixed=props("dashboardName"),
    ),
    "cloudwatch.QueryDefinition": Behaviour(
        id="{uuid}", arn=arn("logs", "query-definition:{id}"), computed={"queryDefinitionId": "{id}"}
    ),
    "cloudwatch.EventBus": Behaviour(
        arn=arn("events", "event-bus/{name}"),
        api="events:CreateEventBus",
        fixed=props("name eventSourceName"),
        refs=(key("kmsKeyIdentifier"),),
        handles=("{name}",),
        exists=Answer("ResourceAlreadyExistsException", "Event bus {value} already exists."),
        missing=Answer("ResourceNotFoundException", "Event bus {value} does not exist."),
    ),
    "cloudwatch.EventBusPolicy": Behaviour(
        id="{eventBusName}",
        autoname="",
        put=True,
        rules=(policy("policy", "resource", "ValidationException"),),
    ),
    "cloudwatch.EventPermission": Behaviour(
        id="{eventBusName}/{statementId}", autoname="", put=True, fixed=props("statementId eventBusName")
    ),
    "cloudwatch.EventRule": Behaviour(
        arn=lambda s: (
            s.fill(arn("events", "rule/"))
            + ("" if s.get("eventBusName") in (None, "default") else f"{s.get('eventBusName')}/")
            + str(s.get("name"))
        ),
        api="events:PutRule",
        defaults={"eventBusName": "default"},
        fixed=props("name namePrefix eventBusName"),
        rules=(_schedule_or_pattern,),
        refs=(role("roleArn"),),
        handles=("{name}",),
        put=False,
        unique=(
            Unique(
                "rule:{eventBusName}",
                "{name}",
                Answer("ResourceAlreadyExistsException", "Rule {value} already exists"),
            ),
        ),
        in_use=Answer("ValidationException", "Rule can't be deleted since it has targets."),
        missing=Answer("ResourceNotFoundException", "Rule {value} does not exist on EventBus default."),
    ),
    "cloudwatch.EventTarget": Behaviour(
        id="{rule}-{targetId}",
        api="events:PutTargets",
        autoname="",
        put=True,
        defaults={"eventBusName": "default"},
        computed={"targetId": "terraform-{alnum26}"},
        fixed=props("rule targetId eventBusName"),
        refs=(
            hold("rule", "cloudwatch.EventRule"),
            role("roleArn"),
            name(
                "arn",
                "sns.Topic",
                "sqs.Queue",
                "cloudwatch.LogGroup",
                "lambda.Function",
                "ecs.Cluster",
                "cloudwatch.EventBus",
                "sfn.StateMachine",
                "kinesis.FirehoseDeliveryStream",
                "ssm.Document",
                missing=Answer("ValidationException", "Target {value} does not exist."),
            ),
        ),
    ),
    "sns.Topic": Behaviour(
        id="{arn}",
        arn=arn("sns", "{name}"),
        api="sns:CreateTopic",
        computed={
            "owner": "{unit}",
            "policy": _topic_policy,
            "signatureVersion": lambda _: 1,
            "tracingConfig": "PassThrough",
        },
        fixed=props("name namePrefix fifoTopic"),
        refs=(key("kmsMasterKeyId"),),
        rules=(policy("policy", "resource", "InvalidParameter"),),
        missing=NO_TOPIC,
        handles=("{name}",),
        unique=(
            Unique(
                "topic",
                "{name}",
                Answer(
                    "InvalidParameter",
                    "Invalid parameter: Topic already exists with different attributes: {value}",
                ),
            ),
        ),
    ),
    "sns.TopicPolicy": Behaviour(
        id="{arn}",
        autoname="",
        api="sns:SetTopicAttributes",
        put=True,
        computed={"owner": "{unit}"},
        fixed=props("arn"),
        refs=(part("arn", "sns.Topic", missing=NO_TOPIC),),
        rules=(policy("policy", "resource", "InvalidParameter"),),
    ),
    "sns.TopicSubscription": Behaviour(
        id="{arn}",
        arn=lambda s: f"{s.get('topic')}:{s.uuid()}",
        api="sns:Subscribe",
        autoname="",
        defaults={
            "confirmationTimeoutInMinutes": 1,
            "endpointAutoConfirms": False,
            "rawMessageDelivery": False,
        },
        computed={"ownerId": "{unit}", "pendingConfirmation": _pending},
        fixed=props("topic protocol endpoint"),
        refs=(part("topic", "sns.Topic", missing=NO_TOPIC),),
    ),
    "sqs.Queue": Behaviour(
        id=_queue_url,
        arn=arn("sqs", "{name}"),
        api="sqs:CreateQueue",
        computed={"url": "{id}", "sqsManagedSseEnabled": lambda s: not s.get("kmsMasterKeyId")},
        defaults={
            "delaySeconds": 0,
            "maxMessageSize": 262144,
            "messageRetentionSeconds": 345600,
            "receiveWaitTimeSeconds": 0,
            "visibilityTimeoutSeconds": 30,
        },
        fixed=props("name namePrefix fifoQueue"),
        refs=(key("kmsMasterKeyId"),),
        rules=(policy("policy", "resource", "InvalidAttributeValue"),),
        unique=(
            Unique(
                "queue",
                "{name}",
                Answer(
                    "QueueAlreadyExists",
                    "A queue already exists with the same name and a different value for attribute(s)",
                ),
            ),
        ),
        missing=Answer("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    ),
    "sqs.QueuePolicy": _of_queue("policy"),
    "sqs.RedrivePolicy": _of_queue("redrivePolicy"),
    "sqs.RedriveAllowPolicy": _of_queue("redriveAllowPolicy"),
}
