"""Records, detection and alarms: CloudTrail, Config, GuardDuty, Security Hub, CloudWatch, SNS, SQS, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.identity import key, role
from providers.twin.aws.policies import policy, principals, statements
from providers.twin.aws.words import hold, name, part, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.wire import Value


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _arn(service: str, rest: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{unit}}:{rest}"


_NO_BUCKET: Final = Answer("S3BucketDoesNotExistException", "S3 bucket {value} does not exist!")
_NO_TOPIC: Final = Answer("NotFound", "Topic does not exist", 404)
_NO_GROUP: Final = Answer("ResourceNotFoundException", "The specified log group does not exist.")


def _service_may_write(service: str, bucket_path: str, code: str, message: str) -> Value:
    """A rule: the bucket's policy lets the service in, or what it sends would be lost."""

    def rule(scope: Scope) -> None:
        bucket = scope.target(bucket_path)
        if bucket is None or bucket.state.get("managedByTemplates"):
            return
        for row in scope.store.linked(bucket.rid):
            if row.type == token("s3.BucketPolicy"):
                for statement in statements(row.state.get("policy")):
                    who = statement.get("Principal")
                    services = who.get("Service") if isinstance(who, dict) else who
                    listed = services if isinstance(services, list) else [services]
                    if statement.get("Effect") == "Allow" and (service in listed or "*" in (*listed, *principals(statement))):
                        return
        raise Refusal(code, message.format(bucket=bucket.id))

    return rule


def _logs_pair(scope: Scope) -> None:
    if bool(scope.inputs.get("cloudWatchLogsGroupArn")) != bool(scope.inputs.get("cloudWatchLogsRoleArn")):
        raise Refusal(
            "InvalidCloudWatchLogsLogGroupArnException",
            "You must specify both CloudWatchLogsLogGroupArn and CloudWatchLogsRoleArn",
        )


def _org_trail(scope: Scope) -> None:
    if scope.inputs.get("isOrganizationTrail"):
        raise Refusal(
            "NotOrganizationMasterAccountException",
            "The request could not be processed because the account is not the management account of an organization.",
        )


def _managed(scope: Scope) -> None:
    """What the official templates made belongs to the organisation; a unit cannot take it away."""
    if scope.old is not None and scope.old.state.get("managedByTemplates"):
        raise Refusal(
            "AccessDeniedException",
            f"{scope.id} was made by the official templates of the organisation; an explicit deny in a service control"
            " policy protects it. Adopt it instead of managing it",
            403,
        )


def _recording(scope: Scope) -> None:
    if scope.inputs.get("isEnabled") and not any(True for _ in scope.rows(token("cfg.DeliveryChannel"))):
        raise Refusal(
            "NoAvailableDeliveryChannelException",
            "Delivery channel is not available to start configuration recorder.",
        )


def _needs_recorder(scope: Scope) -> None:
    if not any(True for _ in scope.rows(token("cfg.Recorder"))):
        raise Refusal(
            "NoAvailableConfigurationRecorderException",
            "Configuration recorder is not available to put config rule or delivery channel.",
        )


def _recorder_stopped(scope: Scope) -> None:
    for row in scope.rows(token("cfg.RecorderStatus")):
        if row.id == scope.get("name") and row.state.get("isEnabled"):
            return  # the provider stops a recorder before it deletes it


def _last_channel(scope: Scope) -> None:
    if any(row.state.get("isEnabled") for row in scope.rows(token("cfg.RecorderStatus"))):
        raise Refusal(
            "LastDeliveryChannelDeleteFailedException",
            f"Failed to delete last specified delivery channel with name '{scope.id}', because there is a running"
            " configuration recorder.",
        )


def _detector_missing() -> Answer:
    return Answer("BadRequestException", "The request is rejected because the input detectorId is not owned by the current account.")


def _hub_on(scope: Scope) -> None:
    if not any(True for _ in scope.rows(token("securityhub.Account"))):
        raise Refusal("InvalidAccessException", f"Account {scope.unit} is not subscribed to AWS Security Hub", 401)


_RETENTION = {0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}


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
        if statement.get("Effect") == "Allow" and {service, "logs.amazonaws.com", "*"} & set(map(str, listed)):
            return
    raise Refusal("AccessDeniedException", f"The specified KMS key does not exist or is not allowed to be used with Arn '{scope.fill(_LOG_ARN)}'")


_LOG_ARN = _arn("logs", "log-group:{name}")


def _alarm(scope: Scope) -> None:
    if bool(scope.inputs.get("metricName")) == bool(scope.inputs.get("metricQueries")):
        raise Refusal("ValidationError", "an alarm needs either metricName or metricQueries, and not both")
    period = scope.inputs.get("period")
    if period is not None and int(period) not in (10, 20, 30) and int(period) % 60:
        raise Refusal("ValidationError", f"The parameter 'Period' {period} must be 10, 20, 30 or a multiple of 60")


def _schedule_or_pattern(scope: Scope) -> None:
    if not scope.inputs.get("eventPattern") and not scope.inputs.get("scheduleExpression"):
        raise Refusal("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")


def _topic_policy(scope: Scope) -> str:
    return (
        '{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",'
        '"Principal":{"AWS":"*"},"Action":["SNS:Publish","SNS:Subscribe"],"Resource":"' + str(scope.get("arn"))
        + '","Condition":{"StringEquals":{"AWS:SourceOwner":"' + scope.unit + '"}}}]}'
    )


def _pending(scope: Scope) -> bool:
    return str(scope.get("protocol")) in ("email", "email-json", "http", "https")


def _queue_url(scope: Scope) -> str:
    return scope.fill("https://sqs.{region}.amazonaws.com/{unit}/{name}")


def _of_queue(path: str) -> Behaviour:
    return Behaviour(
        id="{queueUrl}", autoname="", put=True, fixed=_set("queueUrl"), api="sqs:SetQueueAttributes",
        refs=(part("queueUrl", "sqs.Queue", missing=Answer("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")),),
        rules=(policy(path, "resource", "InvalidAttributeValue"),) if path == "policy" else (),
    )


def _budget_subscribers(scope: Scope) -> None:
    for notification in scope.get("notifications") or []:
        if not notification.get("subscriberEmailAddresses") and not notification.get("subscriberSnsTopicArns"):
            raise Refusal("InvalidParameterException", "a budget notification needs at least one subscriber")


_CALLERS = (_managed,)

TABLE: Mapping[str, Behaviour] = {
    "cloudtrail.Trail": Behaviour(
        id="{arn}", arn=_arn("cloudtrail", "trail/{name}"), api="cloudtrail:CreateTrail",
        defaults={"enableLogging": True, "includeGlobalServiceEvents": True, "isMultiRegionTrail": False,
                  "isOrganizationTrail": False, "enableLogFileValidation": False},
        computed={"homeRegion": "{region}", "snsTopicArn": lambda s: (row := s.target("snsTopicName")) and row.state.get("arn")},
        fixed=_set("name"),
        refs=(hold("s3BucketName", "s3.Bucket", anywhere=True, missing=_NO_BUCKET), key("kmsKeyId"), role("cloudWatchLogsRoleArn"),
              name("snsTopicName", "sns.Topic", missing=_NO_TOPIC)),
        unique=(Unique("trail", "{name}", Answer("TrailAlreadyExistsException", "Trail {value} already exists for customer: {unit}")),),
        handles=("{name}",), quota=Quota(5, Answer("MaximumNumberOfTrailsExceededException", "User: {unit} already has 5 trails in {region}.")),
        rules=(_logs_pair, _org_trail, _service_may_write(
            "cloudtrail.amazonaws.com", "s3BucketName", "InsufficientS3BucketPolicyException",
            "Incorrect S3 bucket policy is detected for bucket: {bucket}")),
        changed=_CALLERS, gone=_CALLERS, missing=Answer("TrailNotFoundException", "Unknown trail: {value}"),
    ),
    "cloudtrail.EventDataStore": Behaviour(
        id="{arn}", arn=_arn("cloudtrail", "eventdatastore/{uuid}"), defaults={"terminationProtectionEnabled": True, "retentionPeriod": 2555},
        guards=(Guard("terminationProtectionEnabled", Answer("EventDataStoreTerminationProtectedException", "{id} has termination protection")),),
        refs=(key("kmsKeyId"),),
    ),
    "cfg.Recorder": Behaviour(
        api="config:PutConfigurationRecorder", fixed=_set("name"), refs=(role("roleArn"),),
        quota=Quota(1, Answer("MaxNumberOfConfigurationRecordersExceededException",
                              "Failed to put configuration recorder '{name}' because the maximum number of configuration recorders: 1 is reached.")),
        changed=_CALLERS, gone=(_managed, _recorder_stopped),
        missing=Answer("NoSuchConfigurationRecorderException", "Cannot find configuration recorder with the specified name '{value}'."),
    ),
    "cfg.RecorderStatus": Behaviour(
        api="config:StartConfigurationRecorder", put=True, fixed=_set("name"), rules=(_recording,), changed=_CALLERS,
        refs=(part("name", "cfg.Recorder"),), gone=_CALLERS,
    ),
    "cfg.DeliveryChannel": Behaviour(
        api="config:PutDeliveryChannel", fixed=_set("name"),
        refs=(name("s3BucketName", "s3.Bucket", anywhere=True, missing=Answer("NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name: {value}")),
              name("snsTopicArn", "sns.Topic", anywhere=True, missing=Answer("InvalidSNSTopicARNException", "The SNS topic ARN '{value}' is invalid."))),
        quota=Quota(1, Answer("MaxNumberOfDeliveryChannelsExceededException",
                              "Failed to put delivery channel '{name}' because the maximum number of delivery channels: 1 is reached.")),
        rules=(_needs_recorder, _service_may_write("config.amazonaws.com", "s3BucketName", "InsufficientDeliveryPolicyException",
                                                   "Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket")),
        changed=_CALLERS, gone=(_managed, _last_channel),
    ),
    "cfg.Rule": Behaviour(
        arn=_arn("config", "config-rule/{ruleId}"), api="config:PutConfigRule", computed={"ruleId": "config-rule-{alnum6}"},
        fixed=_set("name"), rules=(_needs_recorder,), in_use=None,
        unique=(Unique("config-rule", "{name}", Answer("ResourceInUseException", "The rule {value} already exists")),),
        missing=Answer("NoSuchConfigRuleException", "The ConfigRule '{value}' provided in the request is invalid."), handles=("{name}",),
    ),
    "cfg.ConformancePack": Behaviour(
        arn=_arn("config", "conformance-pack/{name}/{alnum9}"), api="config:PutConformancePack", fixed=_set("name"), rules=(_needs_recorder,),
        unique=(Unique("conformance-pack", "{name}", Answer("ResourceInUseException", "The conformance pack {value} already exists")),),
    ),
    "cfg.RetentionConfiguration": Behaviour(id="default", autoname="", put=True, computed={"name": "default"}),
    "cfg.RemediationConfiguration": Behaviour(
        id="{configRuleName}", arn=_arn("config", "remediation-configuration/{configRuleName}/{uuid}"), autoname="", put=True,
        fixed=_set("configRuleName"), refs=(part("configRuleName", "cfg.Rule"),),
    ),
    "cfg.AggregateAuthorization": Behaviour(
        id="{accountId}:{authorizedAwsRegion}", arn=_arn("config", "aggregation-authorization/{accountId}/{authorizedAwsRegion}"), autoname="", put=True,
        fixed=_set("accountId authorizedAwsRegion"),
    ),
    "guardduty.Detector": Behaviour(
        id="{hex32}", arn=_arn("guardduty", "detector/{id}"), api="guardduty:CreateDetector", autoname="", defaults={"enable": True},
        computed={"accountId": "{unit}", "findingPublishingFrequency": "SIX_HOURS"},
        quota=Quota(1, Answer("BadRequestException", "The request is rejected because a detector already exists for the current account.")),
        changed=_CALLERS, gone=_CALLERS, missing=_detector_missing(),
    ),
    "guardduty.DetectorFeature": Behaviour(
        id="{detectorId}/{name}", api="guardduty:UpdateDetector", autoname="", put=True, fixed=_set("detectorId name"), refs=(part("detectorId", "guardduty.Detector"),),
    ),
    "guardduty.PublishingDestination": Behaviour(
        id="{detectorId}:{destinationId}", arn=_arn("guardduty", "detector/{detectorId}/publishingDestination/{destinationId}"),
        api="guardduty:CreatePublishingDestination", autoname="", defaults={"destinationType": "S3"}, fixed=_set("detectorId destinationType"),
        computed={"destinationId": "{hex32}"},
        refs=(part("detectorId", "guardduty.Detector"), name("destinationArn", "s3.Bucket", anywhere=True), key("kmsKeyArn")),
    ),
    "guardduty.Filter": Behaviour(
        id="{detectorId}:{name}", arn=_arn("guardduty", "detector/{detectorId}/filter/{name}"), fixed=_set("detectorId name"), refs=(part("detectorId", "guardduty.Detector"),),
    ),
    "guardduty.MalwareProtectionPlan": Behaviour(
        id="{hex20}", arn=_arn("guardduty", "malware-protection-plan/{id}"), autoname="", refs=(role("role"),), computed={"createdAt": "{now}", "status": "ACTIVE"},
    ),
    "securityhub.Account": Behaviour(
        id="{unit}", arn=_arn("securityhub", "hub/default"), api="securityhub:EnableSecurityHub", autoname="",
        defaults={"enableDefaultStandards": True, "autoEnableControls": True}, computed={"controlFindingGenerator": "SECURITY_CONTROL"},
        exists=Answer("ResourceConflictException", "Account is already subscribed to Security Hub", 409), changed=_CALLERS, gone=_CALLERS,
    ),
    "securityhub.StandardsSubscription": Behaviour(
        id="{arn}", arn=lambda s: s.fill(_arn("securityhub", "subscription/")) + str(s.get("standardsArn")).split("/", 1)[-1], autoname="", put=True,
        fixed=_set("standardsArn"), rules=(_hub_on,),
    ),
    "securityhub.FindingAggregator": Behaviour(id="{arn}", arn=_arn("securityhub", "finding-aggregator/{uuid}"), autoname="", rules=(_hub_on,)),
    "securityhub.StandardsControl": Behaviour(id="{standardsControlArn}", autoname="", put=True, fixed=_set("standardsControlArn"), rules=(_hub_on,)),
    "securityhub.ActionTarget": Behaviour(id="{arn}", arn=_arn("securityhub", "action/custom/{identifier}"), fixed=_set("identifier"), rules=(_hub_on,)),
    "securityhub.ProductSubscription": Behaviour(id="{productArn},{arn}", arn=_arn("securityhub", "product-subscription/{hex12}"), autoname="", put=True, rules=(_hub_on,)),
    "securityhub.AutomationRule": Behaviour(id="{arn}", arn=_arn("securityhub", "automation-rule/{uuid}"), autoname="", rules=(_hub_on,)),
    "accessanalyzer.Analyzer": Behaviour(
        id="{analyzerName}", arn=_arn("access-analyzer", "analyzer/{analyzerName}"), api="accessanalyzer:CreateAnalyzer", autoname="",
        defaults={"type": "ACCOUNT"}, fixed=_set("analyzerName type"), quota=Quota(20, Answer("ServiceQuotaExceededException", "Analyzer quota exceeded", 402)),
        exists=Answer("ConflictException", "Analyzer {value} already exists", 409),
    ),
    "accessanalyzer.ArchiveRule": Behaviour(
        id="{analyzerName}/{ruleName}", autoname="", fixed=_set("analyzerName ruleName"), refs=(part("analyzerName", "accessanalyzer.Analyzer"),),
    ),
    "inspector2.Enabler": Behaviour(
        id=lambda s: ",".join(sorted(map(str, s.get("accountIds") or []))) + "-" + ":".join(sorted(s.get("resourceTypes") or [])),
        autoname="", put=True, fixed=_set("accountIds"),
    ),
    "inspector2.Filter": Behaviour(id="{arn}", arn=_arn("inspector2", "owner/{unit}/filter/{hex16}")),
    "macie2.Account": Behaviour(
        id="{unit}", autoname="", computed={"createdAt": "{now}", "updatedAt": "{now}", "status": "ENABLED", "findingPublishingFrequency": "FIFTEEN_MINUTES",
        "serviceRole": "arn:{partition}:iam::{unit}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"},
        exists=Answer("ConflictException", "Macie has already been enabled", 409),
    ),
    "macie2.ClassificationExportConfiguration": Behaviour(
        id="macie:classification_export_configuration:{unit}:{region}", autoname="", put=True,
        refs=(name("s3Destination.bucketName", "s3.Bucket"), key("s3Destination.kmsKeyArn")),
    ),
    "macie2.ClassificationJob": Behaviour(
        id="{hex32}", computed={"jobId": "{id}", "jobArn": _arn("macie2", "classification-job/{id}"), "createdAt": "{now}", "jobStatus": "RUNNING"},
        fixed=_set("jobType s3JobDefinition scheduleFrequency samplingPercentage name"),
    ),
    "cloudwatch.LogGroup": Behaviour(
        arn=_LOG_ARN, api="logs:CreateLogGroup", defaults={"retentionInDays": 0, "skipDestroy": False}, computed={"logGroupClass": "STANDARD"},
        fixed=_set("name namePrefix logGroupClass"), refs=(key("kmsKeyId"),), rules=(_retention, _key_lets_logs), handles=("{name}", "{arn}:*"),
        unique=(Unique("log-group", "{name}", Answer("ResourceAlreadyExistsException", "The specified log group already exists")),),
        guards=(Guard("deletionProtectionEnabled", Answer("OperationAbortedException", "The log group {id} has deletion protection enabled.")),),
        missing=_NO_GROUP,
    ),
    "cloudwatch.LogStream": Behaviour(
        arn=_arn("logs", "log-group:{logGroupName}:log-stream:{name}"), fixed=_set("name logGroupName"), refs=(part("logGroupName", "cloudwatch.LogGroup"),),
        unique=(Unique("log-stream:{logGroupName}", "{name}", Answer("ResourceAlreadyExistsException", "The specified log stream already exists")),),
    ),
    "cloudwatch.LogMetricFilter": Behaviour(
        api="logs:PutMetricFilter", put=True, fixed=_set("name logGroupName"), refs=(part("logGroupName", "cloudwatch.LogGroup"),),
        id="{logGroupName}:{name}",
    ),
    "cloudwatch.LogSubscriptionFilter": Behaviour(
        id="cwlsf-{digits10}", api="logs:PutSubscriptionFilter", fixed=_set("name logGroup"), refs=(part("logGroup", "cloudwatch.LogGroup"), role("roleArn")),
        defaults={"distribution": "ByLogStream"},
    ),
    "cloudwatch.LogResourcePolicy": Behaviour(
        id="{policyName}", api="logs:PutResourcePolicy", autoname="", put=True, fixed=_set("policyName"),
        rules=(policy("policyDocument", "resource", "InvalidParameterException", 5120),), computed={"policyScope": "ACCOUNT"},
        quota=Quota(10, Answer("LimitExceededException", "Resource limit exceeded.")),
    ),
    "cloudwatch.LogDataProtectionPolicy": Behaviour(
        id="{logGroupName}", autoname="", put=True, fixed=_set("logGroupName"), refs=(part("logGroupName", "cloudwatch.LogGroup"),),
    ),
    "cloudwatch.LogAccountPolicy": Behaviour(id="{policyName}", autoname="", put=True, fixed=_set("policyName policyType")),
    "cloudwatch.LogDestination": Behaviour(arn=_arn("logs", "destination:{name}"), fixed=_set("name"), refs=(role("roleArn"),)),
    "cloudwatch.MetricAlarm": Behaviour(
        arn=_arn("cloudwatch", "alarm:{name}"), api="cloudwatch:PutMetricAlarm", put=True, fixed=_set("name"), rules=(_alarm,), handles=("{name}",),
        defaults={"actionsEnabled": True, "treatMissingData": "missing"},
        refs=(name("alarmActions[]", "sns.Topic", missing=Answer("ValidationError", "Invalid use of alarm action: {value} does not exist")),),
    ),
    "cloudwatch.CompositeAlarm": Behaviour(
        id="{alarmName}", arn=_arn("cloudwatch", "alarm:{alarmName}"), api="cloudwatch:PutCompositeAlarm", autoname="", put=True, fixed=_set("alarmName"),
        defaults={"actionsEnabled": True},
    ),
    "cloudwatch.Dashboard": Behaviour(
        id="{dashboardName}", autoname="", put=True, computed={"dashboardArn": "arn:{partition}:cloudwatch::{unit}:dashboard/{dashboardName}"}, fixed=_set("dashboardName"),
    ),
    "cloudwatch.QueryDefinition": Behaviour(id="{uuid}", arn=_arn("logs", "query-definition:{id}"), computed={"queryDefinitionId": "{id}"}),
    "cloudwatch.EventBus": Behaviour(
        arn=_arn("events", "event-bus/{name}"), api="events:CreateEventBus", fixed=_set("name eventSourceName"), refs=(key("kmsKeyIdentifier"),), handles=("{name}",),
        exists=Answer("ResourceAlreadyExistsException", "Event bus {value} already exists."), missing=Answer("ResourceNotFoundException", "Event bus {value} does not exist."),
    ),
    "cloudwatch.EventBusPolicy": Behaviour(id="{eventBusName}", autoname="", put=True, rules=(policy("policy", "resource", "ValidationException"),)),
    "cloudwatch.EventPermission": Behaviour(id="{eventBusName}/{statementId}", autoname="", put=True, fixed=_set("statementId eventBusName")),
    "cloudwatch.EventRule": Behaviour(
        arn=lambda s: s.fill(_arn("events", "rule/")) + ("" if s.get("eventBusName") in (None, "default") else f"{s.get('eventBusName')}/") + str(s.get("name")),
        api="events:PutRule", defaults={"eventBusName": "default"}, fixed=_set("name namePrefix eventBusName"), rules=(_schedule_or_pattern,),
        refs=(role("roleArn"),), handles=("{name}",), put=False,
        unique=(Unique("rule:{eventBusName}", "{name}", Answer("ResourceAlreadyExistsException", "Rule {value} already exists")),),
        in_use=Answer("ValidationException", "Rule can't be deleted since it has targets."),
        missing=Answer("ResourceNotFoundException", "Rule {value} does not exist on EventBus default."),
    ),
    "cloudwatch.EventTarget": Behaviour(
        id="{rule}-{targetId}", api="events:PutTargets", autoname="", put=True, defaults={"eventBusName": "default"}, computed={"targetId": "terraform-{alnum26}"},
        fixed=_set("rule targetId eventBusName"), refs=(hold("rule", "cloudwatch.EventRule"), role("roleArn"), name("arn", "sns.Topic", "sqs.Queue", "cloudwatch.LogGroup",
        "lambda.Function", "ecs.Cluster", "cloudwatch.EventBus", "sfn.StateMachine", "kinesis.FirehoseDeliveryStream", "ssm.Document", missing=Answer("ValidationException", "Target {value} does not exist."))),
    ),
    "sns.Topic": Behaviour(
        id="{arn}", arn=_arn("sns", "{name}"), api="sns:CreateTopic", computed={"owner": "{unit}", "policy": _topic_policy, "signatureVersion": lambda _: 1, "tracingConfig": "PassThrough"},
        fixed=_set("name namePrefix fifoTopic"), refs=(key("kmsMasterKeyId"),), rules=(policy("policy", "resource", "InvalidParameter"),), missing=_NO_TOPIC, handles=("{name}",),
        unique=(Unique("topic", "{name}", Answer("InvalidParameter", "Invalid parameter: Topic already exists with different attributes: {value}")),),
    ),
    "sns.TopicPolicy": Behaviour(
        id="{arn}", autoname="", api="sns:SetTopicAttributes", put=True, computed={"owner": "{unit}"}, fixed=_set("arn"), refs=(part("arn", "sns.Topic", missing=_NO_TOPIC),),
        rules=(policy("policy", "resource", "InvalidParameter"),),
    ),
    "sns.TopicSubscription": Behaviour(
        id="{arn}", arn=lambda s: f"{s.get('topic')}:{s.uuid()}", api="sns:Subscribe", autoname="",
        defaults={"confirmationTimeoutInMinutes": 1, "endpointAutoConfirms": False, "rawMessageDelivery": False},
        computed={"ownerId": "{unit}", "pendingConfirmation": _pending}, fixed=_set("topic protocol endpoint"), refs=(part("topic", "sns.Topic", missing=_NO_TOPIC),),
    ),
    "sqs.Queue": Behaviour(
        id=_queue_url, arn=_arn("sqs", "{name}"), api="sqs:CreateQueue", computed={"url": "{id}", "sqsManagedSseEnabled": lambda s: not s.get("kmsMasterKeyId")},
        defaults={"delaySeconds": 0, "maxMessageSize": 262144, "messageRetentionSeconds": 345600, "receiveWaitTimeSeconds": 0, "visibilityTimeoutSeconds": 30},
        fixed=_set("name namePrefix fifoQueue"), refs=(key("kmsMasterKeyId"),), rules=(policy("policy", "resource", "InvalidAttributeValue"),),
        unique=(Unique("queue", "{name}", Answer("QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute(s)")),),
        missing=Answer("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."),
    ),
    "sqs.QueuePolicy": _of_queue("policy"),
    "sqs.RedrivePolicy": _of_queue("redrivePolicy"),
    "sqs.RedriveAllowPolicy": _of_queue("redriveAllowPolicy"),
    "budgets.Budget": Behaviour(
        id="{unit}:{name}", arn="arn:{partition}:budgets::{unit}:budget/{name}", api="budgets:CreateBudget", everywhere=True,
        computed={"accountId": "{unit}", "timePeriodStart": "2026-11-01_00:00"}, defaults={"timePeriodEnd": "2087-06-15_00:00"},
        fixed=_set("name namePrefix accountId"), rules=(_budget_subscribers,), refs=(name("notifications[].subscriberSnsTopicArns[]", "sns.Topic", anywhere=True),),
        unique=(Unique("budget", "{name}", Answer("DuplicateRecordException", "Error creating budget: {value} - the budget already exists.")),),
    ),
    "budgets.BudgetAction": Behaviour(
        id="{unit}:{actionId}:{budgetName}", arn="arn:{partition}:budgets::{unit}:budget/{budgetName}/action/{actionId}", everywhere=True, autoname="",
        computed={"accountId": "{unit}", "actionId": "{uuid}", "status": "STANDBY"}, fixed=_set("budgetName actionType"), refs=(role("executionRoleArn"),),
    ),
    "costexplorer.AnomalyMonitor": Behaviour(
        id="{arn}", arn="arn:{partition}:ce::{unit}:anomalymonitor/{uuid}", api="ce:CreateAnomalyMonitor", everywhere=True, fixed=_set("monitorType monitorDimension monitorSpecification"),
        missing=Answer("UnknownMonitorException", "Anomaly monitor {value} does not exist"), in_use=None,
    ),
    "costexplorer.AnomalySubscription": Behaviour(
        id="{arn}", arn="arn:{partition}:ce::{unit}:anomalysubscription/{uuid}", api="ce:CreateAnomalySubscription", everywhere=True, computed={"accountId": "{unit}"},
        refs=(name("monitorArnLists[]", "costexplorer.AnomalyMonitor"),), fixed=_set("accountId"),
    ),
    "costexplorer.CostAllocationTag": Behaviour(id="{tagKey}", everywhere=True, autoname="", put=True, computed={"type": "UserDefined"}, fixed=_set("tagKey")),
    "costexplorer.CostCategory": Behaviour(id="{arn}", arn="arn:{partition}:ce::{unit}:costcategory/{uuid}", everywhere=True),
}
