"""DynamoDB, Firehose and Step Functions."""

from __future__ import annotations

import json
from collections.abc import Mapping

from providers.twin.aws.identity import key, role
from providers.twin.aws.words import name, props
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope


def _definition(scope: Scope) -> None:
    try:
        found = json.loads(str(scope.inputs.get("definition")))
        if found["StartAt"] not in found["States"]:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise Refusal(
            "InvalidDefinition", "Invalid State Machine Definition: StartAt must name one of States"
        ) from None


TABLE: Mapping[str, Behaviour] = {
    "dynamodb.Table": Behaviour(
        id="{name}",
        arn="arn:{partition}:dynamodb:{region}:{unit}:table/{name}",
        api="dynamodb:CreateTable",
        defaults={"billingMode": "PROVISIONED", "deletionProtectionEnabled": False},
        fixed=props("name hashKey rangeKey"),
        computed={
            "pointInTimeRecovery": lambda _: {"enabled": False},
            "streamArn": lambda s: (
                s.fill("arn:{partition}:dynamodb:{region}:{unit}:table/{name}/stream/{now}")
                if s.get("streamEnabled")
                else ""
            ),
        },
        refs=(key("serverSideEncryption.kmsKeyArn"),),
        handles=("{name}",),
        exists=Answer("ResourceInUseException", "Table already exists: {value}"),
        guards=(
            Guard(
                "deletionProtectionEnabled",
                Answer(
                    "ValidationException",
                    "Resource cannot be deleted as it is currently protected against deletion. Disable"
                    " deletion protection first.",
                ),
            ),
        ),
    ),
    "kinesis.FirehoseDeliveryStream": Behaviour(
        id="{arn}",
        arn="arn:{partition}:firehose:{region}:{unit}:deliverystream/{name}",
        api="firehose:CreateDeliveryStream",
        computed={
            "versionId": "1",
            "destinationId": "destinationId-000000000001",
            "arn": "arn:{partition}:firehose:{region}:{unit}:deliverystream/{name}",
        },
        fixed=props("name destination"),
        refs=(
            name("extendedS3Configuration.bucketArn", "s3.Bucket"),
            role("extendedS3Configuration.roleArn"),
            key("extendedS3Configuration.kmsKeyArn"),
        ),
        unique=(
            Unique(
                "firehose",
                "{name}",
                Answer("ResourceInUseException", "Firehose {value} under account {unit} already exists"),
            ),
        ),
    ),
    "sfn.StateMachine": Behaviour(
        id="{arn}",
        arn="arn:{partition}:states:{region}:{unit}:stateMachine:{name}",
        api="stepfunctions:CreateStateMachine",
        defaults={"type": "STANDARD"},
        computed={"creationDate": "{now}", "status": "ACTIVE", "revisionId": "{uuid}"},
        fixed=props("name namePrefix type"),
        refs=(role("roleArn"),),
        rules=(_definition,),
        exists=Answer("StateMachineAlreadyExists", "State Machine Already Exists: '{value}'"),
    ),
}
