"""Records and detection: CloudTrail, Config, GuardDuty, Security Hub, Access Analyzer, Inspector, Macie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.identity import key, role
from providers.twin.aws.policies import principals, statements
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Quota, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value


def arn(service: str, rest: str) -> str:
    """The template of a regional ARN."""
    return f"arn:{{partition}}:{service}:{{region}}:{{unit}}:{rest}"


_NO_BUCKET: Final = Answer("S3BucketDoesNotExistException", "S3 bucket {value} does not exist!")


NO_TOPIC: Final = Answer("NotFound", "Topic does not exist", 404)


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
                    if statement.get("Effect") == "Allow" and (
                        service in listed or "*" in (*listed, *principals(statement))
                    ):
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
            "The request could not be processed because the account is not the management account of an"
            " organization.",
        )


def _managed(scope: Scope) -> None:
    """What the official templates made belongs to the organisation; a unit cannot take it away."""
    if scope.old is not None and scope.old.state.get("managedByTemplates"):
        raise Refusal(
            "AccessDeniedException",
            f"{scope.id} was made by the official templates of the organisation; an explicit deny in a"
            f" service control"
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
            f"Failed to delete last specified delivery channel with name '{scope.id}', because there is"
            f" a running"
            " configuration recorder.",
        )


def _detector_missing() -> Answer:
    return Answer(
        "BadRequestException",
        "The request is rejected because the input detectorId is not owned by the current account.",
    )


def _hub_on(scope: Scope) -> None:
    if not any(True for _ in scope.rows(token("securityhub.Account"))):
        raise Refusal(
            "InvalidAccessException", f"Account {scope.unit} is not subscribed to AWS Security Hub", 401
        )


_CALLERS = (_managed,)


TABLE: Mapping[str, Behaviour] = {
    "cloudtrail.Trail": Behaviour(
        id="{arn}",
        arn=arn("cloudtrail", "trail/{name}"),
        api="cloudtrail:CreateTrail",
        defaults={
            "enableLogging": True,
            "includeGlobalServiceEvents": True,
            "isMultiRegionTrail": False,
            "isOrganizationTrail": False,
            "enableLogFileValidation": False,
        },
        computed={
            "homeRegion": "{region}",
            "snsTopicArn": lambda s: (row := s.target("snsTopicName")) and row.state.get("arn"),
        },
        fixed=props("name"),
        refs=(
            hold("s3BucketName", "s3.Bucket", anywhere=True, missing=_NO_BUCKET),
            key("kmsKeyId"),
            role("cloudWatchLogsRoleArn"),
            name("snsTopicName", "sns.Topic", missing=NO_TOPIC),
        ),
        unique=(
            Unique(
                "trail",
                "{name}",
                Answer("TrailAlreadyExistsException", "Trail {value} already exists for customer: {unit}"),
            ),
        ),
        handles=("{name}",),
        quota=Quota(
            5,
            Answer(
                "MaximumNumberOfTrailsExceededException", "User: {unit} already has 5 trails in {region}."
            ),
        ),
        rules=(
            _logs_pair,
            _org_trail,
            _service_may_write(
                "cloudtrail.amazonaws.com",
                "s3BucketName",
                "InsufficientS3BucketPolicyException",
                "Incorrect S3 bucket policy is detected for bucket: {bucket}",
            ),
        ),
        changed=_CALLERS,
        gone=_CALLERS,
        missing=Answer("TrailNotFoundException", "Unknown trail: {value}"),
    ),
    "cloudtrail.EventDataStore": Behaviour(
        id="{arn}",
        arn=arn("cloudtrail", "eventdatastore/{uuid}"),
        defaults={"terminationProtectionEnabled": True, "retentionPeriod": 2555},
        guards=(
            Guard(
                "terminationProtectionEnabled",
                Answer("EventDataStoreTerminationProtectedException", "{id} has termination protection"),
            ),
        ),
        refs=(key("kmsKeyId"),),
    ),
    "cfg.Recorder": Behaviour(
        api="config:PutConfigurationRecorder",
        fixed=props("name"),
        refs=(role("roleArn"),),
        quota=Quota(
            1,
            Answer(
                "MaxNumberOfConfigurationRecordersExceededException",
                "Failed to put configuration recorder '{name}' because the maximum number of"
                " configuration recorders: 1 is reached.",
            ),
        ),
        changed=_CALLERS,
        gone=(_managed, _recorder_stopped),
        missing=Answer(
            "NoSuchConfigurationRecorderException",
            "Cannot find configuration recorder with the specified name '{value}'.",
        ),
    ),
    "cfg.RecorderStatus": Behaviour(
        api="config:StartConfigurationRecorder",
        put=True,
        fixed=props("name"),
        rules=(_recording,),
        changed=_CALLERS,
        refs=(part("name", "cfg.Recorder"),),
        gone=_CALLERS,
    ),
    "cfg.DeliveryChannel": Behaviour(
        api="config:PutDeliveryChannel",
        fixed=props("name"),
        refs=(
            name(
                "s3BucketName",
                "s3.Bucket",
                anywhere=True,
                missing=Answer(
                    "NoSuchBucketException", "Cannot find a S3 bucket with an empty bucket name: {value}"
                ),
            ),
            name(
                "snsTopicArn",
                "sns.Topic",
                anywhere=True,
                missing=Answer("InvalidSNSTopicARNException", "The SNS topic ARN '{value}' is invalid."),
            ),
        ),
        quota=Quota(
            1,
            Answer(
                "MaxNumberOfDeliveryChannelsExceededException",
                "Failed to put delivery channel '{name}' because the maximum number of delivery"
                " channels: 1 is reached.",
            ),
        ),
        rules=(
            _needs_recorder,
            _service_may_write(
                "config.amazonaws.com",
                "s3BucketName",
                "InsufficientDeliveryPolicyException",
                "Insufficient delivery policy to s3 bucket: {bucket}, unable to write to bucket",
            ),
        ),
        changed=_CALLERS,
        gone=(_managed, _last_channel),
    ),
    "cfg.Rule": Behaviour(
        arn=arn("config", "config-rule/{ruleId}"),
        api="config:PutConfigRule",
        computed={"ruleId": "config-rule-{alnum6}"},
        fixed=props("name"),
        rules=(_needs_recorder,),
        in_use=None,
        unique=(
            Unique(
                "config-rule", "{name}", Answer("ResourceInUseException", "The rule {value} already exists")
            ),
        ),
        missing=Answer(
            "NoSuchConfigRuleException", "The ConfigRule '{value}' provided in the request is invalid."
        ),
        handles=("{name}",),
    ),
    "cfg.ConformancePack": Behaviour(
        arn=arn("config", "conformance-pack/{name}/{alnum9}"),
        api="config:PutConformancePack",
        fixed=props("name"),
        rules=(_needs_recorder,),
        unique=(
            Unique(
                "conformance-pack",
                "{name}",
                Answer("ResourceInUseException", "The conformance pack {value} already exists"),
            ),
        ),
    ),
    "cfg.RetentionConfiguration": Behaviour(
        id="default", autoname="", put=True, computed={"name": "default"}
    ),
    "cfg.RemediationConfiguration": Behaviour(
        id="{configRuleName}",
        arn=arn("config", "remediation-configuration/{configRuleName}/{uuid}"),
        autoname="",
        put=True,
        fixed=props("configRuleName"),
        refs=(part("configRuleName", "cfg.Rule"),),
    ),
    "cfg.AggregateAuthorization": Behaviour(
        id="{accountId}:{authorizedAwsRegion}",
        arn=arn("config", "aggregation-authorization/{accountId}/{authorizedAwsRegion}"),
        autoname="",
        put=True,
        fixed=props("accountId authorizedAwsRegion"),
    ),
    "guardduty.Detector": Behaviour(
        id="{hex32}",
        arn=arn("guardduty", "detector/{id}"),
        api="guardduty:CreateDetector",
        autoname="",
        defaults={"enable": True},
        computed={"accountId": "{unit}", "findingPublishingFrequency": "SIX_HOURS"},
        quota=Quota(
            1,
            Answer(
                "BadRequestException",
                "The request is rejected because a detector already exists for the current account.",
            ),
        ),
        changed=_CALLERS,
        gone=_CALLERS,
        missing=_detector_missing(),
    ),
    "guardduty.DetectorFeature": Behaviour(
        id="{detectorId}/{name}",
        api="guardduty:UpdateDetector",
        autoname="",
        put=True,
        fixed=props("detectorId name"),
        refs=(part("detectorId", "guardduty.Detector"),),
    ),
    "guardduty.PublishingDestination": Behaviour(
        id="{detectorId}:{destinationId}",
        arn=arn("guardduty", "detector/{detectorId}/publishingDestination/{destinationId}"),
        api="guardduty:CreatePublishingDestination",
        autoname="",
        defaults={"destinationType": "S3"},
        fixed=props("detectorId destinationType"),
        computed={"destinationId": "{hex32}"},
        refs=(
            part("detectorId", "guardduty.Detector"),
            name("destinationArn", "s3.Bucket", anywhere=True),
            key("kmsKeyArn"),
        ),
    ),
    "guardduty.Filter": Behaviour(
        id="{detectorId}:{name}",
        arn=arn("guardduty", "detector/{detectorId}/filter/{name}"),
        fixed=props("detectorId name"),
        refs=(part("detectorId", "guardduty.Detector"),),
    ),
    "guardduty.MalwareProtectionPlan": Behaviour(
        id="{hex20}",
        arn=arn("guardduty", "malware-protection-plan/{id}"),
        autoname="",
        refs=(role("role"),),
        computed={"createdAt": "{now}", "status": "ACTIVE"},
    ),
    "securityhub.Account": Behaviour(
        id="{unit}",
        arn=arn("securityhub", "hub/default"),
        api="securityhub:EnableSecurityHub",
        autoname="",
        defaults={"enableDefaultStandards": True, "autoEnableControls": True},
        computed={"controlFindingGenerator": "SECURITY_CONTROL"},
        exists=Answer("ResourceConflictException", "Account is already subscribed to Security Hub", 409),
        changed=_CALLERS,
        gone=_CALLERS,
    ),
    "securityhub.StandardsSubscription": Behaviour(
        id="{arn}",
        arn=lambda s: (
            s.fill(arn("securityhub", "subscription/")) + str(s.get("standardsArn")).split("/", 1)[-1]
        ),
        autoname="",
        put=True,
        fixed=props("standardsArn"),
        rules=(_hub_on,),
    ),
    "securityhub.FindingAggregator": Behaviour(
        id="{arn}", arn=arn("securityhub", "finding-aggregator/{uuid}"), autoname="", rules=(_hub_on,)
    ),
    "securityhub.StandardsControl": Behaviour(
        id="{standardsControlArn}",
        autoname="",
        put=True,
        fixed=props("standardsControlArn"),
        rules=(_hub_on,),
    ),
    "securityhub.ActionTarget": Behaviour(
        id="{arn}",
        arn=arn("securityhub", "action/custom/{identifier}"),
        fixed=props("identifier"),
        rules=(_hub_on,),
    ),
    "securityhub.ProductSubscription": Behaviour(
        id="{productArn},{arn}",
        arn=arn("securityhub", "product-subscription/{hex12}"),
        autoname="",
        put=True,
        rules=(_hub_on,),
    ),
    "securityhub.AutomationRule": Behaviour(
        id="{arn}", arn=arn("securityhub", "automation-rule/{uuid}"), autoname="", rules=(_hub_on,)
    ),
    "accessanalyzer.Analyzer": Behaviour(
        id="{analyzerName}",
        arn=arn("access-analyzer", "analyzer/{analyzerName}"),
        api="accessanalyzer:CreateAnalyzer",
        autoname="",
        defaults={"type": "ACCOUNT"},
        fixed=props("analyzerName type"),
        quota=Quota(20, Answer("ServiceQuotaExceededException", "Analyzer quota exceeded", 402)),
        exists=Answer("ConflictException", "Analyzer {value} already exists", 409),
    ),
    "accessanalyzer.ArchiveRule": Behaviour(
        id="{analyzerName}/{ruleName}",
        autoname="",
        fixed=props("analyzerName ruleName"),
        refs=(part("analyzerName", "accessanalyzer.Analyzer"),),
    ),
    "inspector2.Enabler": Behaviour(
        id=lambda s: (
            ",".join(sorted(map(str, s.get("accountIds") or [])))
            + "-"
            + ":".join(sorted(s.get("resourceTypes") or []))
        ),
        autoname="",
        put=True,
        fixed=props("accountIds"),
    ),
    "inspector2.Filter": Behaviour(id="{arn}", arn=arn("inspector2", "owner/{unit}/filter/{hex16}")),
    "macie2.Account": Behaviour(
        id="{unit}",
        autoname="",
        computed={
            "createdAt": "{now}",
            "updatedAt": "{now}",
            "status": "ENABLED",
            "findingPublishingFrequency": "FIFTEEN_MINUTES",
            "serviceRole": "arn:{partition}:iam::{unit}:role/aws-service-role/macie.amazonaws.com"
            "/AWSServiceRoleForAmazonMacie",
        },
        exists=Answer("ConflictException", "Macie has already been enabled", 409),
    ),
    "macie2.ClassificationExportConfiguration": Behaviour(
        id="macie:classification_export_configuration:{unit}:{region}",
        autoname="",
        put=True,
        refs=(name("s3Destination.bucketName", "s3.Bucket"), key("s3Destination.kmsKeyArn")),
    ),
    "macie2.ClassificationJob": Behaviour(
        id="{hex32}",
        computed={
            "jobId": "{id}",
            "jobArn": arn("macie2", "classification-job/{id}"),
            "createdAt": "{now}",
            "jobStatus": "RUNNING",
        },
        fixed=props("jobType s3JobDefinition scheduleFrequency samplingPercentage name"),
    ),
}
