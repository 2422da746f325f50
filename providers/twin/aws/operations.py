"""Systems Manager, EventBridge Scheduler and resource groups."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.aws.containers import json_text
from providers.twin.aws.identity import key, role
from providers.twin.aws.words import hold, name, part, props
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value


def _parameter_arn(scope: Scope) -> str:
    value = str(scope.get("name"))
    return scope.fill("arn:{partition}:ssm:{region}:{unit}:parameter") + (
        value if value.startswith("/") else f"/{value}"
    )


def _bump(scope: Scope) -> Value:
    return int((scope.old.state.get("version") or 0) + 1) if scope.old is not None else 1


def _window(scope: Scope) -> None:
    if int(scope.get("cutoff") or 0) >= int(scope.get("duration") or 0):
        raise Refusal("ValidationException", "Cutoff must be less than Duration")


def _secure_only(scope: Scope) -> None:
    if scope.get("type") == "StringList" and str(scope.inputs.get("value") or "x") == "":
        raise Refusal("ValidationException", "Parameter value can't be empty")


_TASK_WINDOW = Answer("DoesNotExistException", "Maintenance window {value} does not exist")


TABLE: Mapping[str, Behaviour] = {
    "resourcegroups.Group": Behaviour(
        arn="arn:{partition}:resource-groups:{region}:{unit}:group/{name}",
        api="resource-groups:CreateGroup",
        fixed=props("name"),
        exists=Answer("BadRequestException", "Group {value} already exists"),
    ),
    "scheduler.ScheduleGroup": Behaviour(
        arn="arn:{partition}:scheduler:{region}:{unit}:schedule-group/{name}",
        api="scheduler:CreateScheduleGroup",
        fixed=props("name namePrefix"),
        computed={"creationDate": "{now}", "lastModificationDate": "{now}", "state": "ACTIVE"},
        exists=Answer("ConflictException", "Schedule group {value} already exists.", 409),
        missing=Answer("ResourceNotFoundException", "Schedule group {value} does not exist.", 404),
    ),
    "scheduler.Schedule": Behaviour(
        id="{groupName}/{name}",
        arn="arn:{partition}:scheduler:{region}:{unit}:schedule/{groupName}/{name}",
        api="scheduler:CreateSchedule",
        defaults={"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
        computed={"actionAfterCompletion": "NONE"},
        fixed=props("name namePrefix groupName"),
        refs=(part("groupName", "scheduler.ScheduleGroup"), role("target.roleArn"), key("kmsKeyArn")),
        exists=Answer("ConflictException", "Schedule {value} already exists.", 409),
    ),
    "ssm.PatchBaseline": Behaviour(
        id="pb-{hex17}",
        arn="arn:{partition}:ssm:{region}:{unit}:patchbaseline/{id}",
        api="ssm:CreatePatchBaseline",
        defaults={"operatingSystem": "WINDOWS", "approvedPatchesComplianceLevel": "UNSPECIFIED"},
        computed={"rejectedPatchesAction": "ALLOW_AS_DEPENDENCY"},
        fixed=props("operatingSystem"),
        in_use=Answer("ResourceInUseException", "Patch baseline {id} is in use by {value}"),
        missing=Answer("DoesNotExistException", "Patch baseline {value} does not exist."),
    ),
    "ssm.PatchGroup": Behaviour(
        id="{patchGroup},{baselineId}",
        api="ssm:RegisterPatchBaselineForPatchGroup",
        autoname="",
        fixed=props("baselineId patchGroup"),
        refs=(hold("baselineId", "ssm.PatchBaseline"),),
        exists=Answer("AlreadyExistsException", "Patch group {value} is already registered."),
    ),
    "ssm.DefaultPatchBaseline": Behaviour(
        id="{operatingSystem}",
        autoname="",
        put=True,
        fixed=props("operatingSystem"),
        refs=(hold("baselineId", "ssm.PatchBaseline"),),
    ),
    "ssm.MaintenanceWindow": Behaviour(
        id="mw-{hex17}",
        api="ssm:CreateMaintenanceWindow",
        defaults={"enabled": True, "allowUnassociatedTargets": False},
        rules=(_window,),
        missing=_TASK_WINDOW,
    ),
    "ssm.MaintenanceWindowTarget": Behaviour(
        id="{uuid}",
        api="ssm:RegisterTargetWithMaintenanceWindow",
        fixed=props("windowId resourceType"),
        refs=(part("windowId", "ssm.MaintenanceWindow", missing=_TASK_WINDOW),),
    ),
    "ssm.MaintenanceWindowTask": Behaviour(
        id="{uuid}",
        arn="arn:{partition}:ssm:{region}:{unit}:windowtask/{id}",
        api="ssm:RegisterTaskWithMaintenanceWindow",
        computed={"windowTaskId": "{id}", "maxConcurrency": "1", "maxErrors": "1"},
        defaults={"priority": 1},
        fixed=props("windowId taskType"),
        refs=(part("windowId", "ssm.MaintenanceWindow", missing=_TASK_WINDOW), role("serviceRoleArn")),
    ),
    "ssm.Parameter": Behaviour(
        id="{name}",
        arn=_parameter_arn,
        api="ssm:PutParameter",
        computed={
            "version": _bump,
            "tier": "Standard",
            "dataType": "text",
            "keyId": lambda s: "alias/aws/ssm" if s.get("type") == "SecureString" else None,
        },
        fresh=props("version"),
        fixed=props("name dataType"),
        refs=(key("keyId"),),
        rules=(_secure_only,),
        unique=(
            Unique(
                "parameter",
                "{name}",
                Answer(
                    "ParameterAlreadyExists",
                    "The parameter already exists. To overwrite this value, set the overwrite option in"
                    " the request to true.",
                ),
            ),
        ),
        missing=Answer("ParameterNotFound", "Parameter {value} not found."),
        handles=("{name}",),
    ),
    "ssm.Document": Behaviour(
        arn="arn:{partition}:ssm:{region}:{unit}:document/{name}",
        api="ssm:CreateDocument",
        defaults={"documentFormat": "JSON"},
        rules=(json_text("content", "InvalidDocumentContent"),),
        handles=("{name}",),
        computed={
            "createdDate": "{now}",
            "defaultVersion": "1",
            "latestVersion": "1",
            "documentVersion": "1",
            "hash": "{hex64}",
            "hashType": "Sha256",
            "owner": "{unit}",
            "schemaVersion": "2.2",
            "status": "Active",
            "platformTypes": lambda _: ["Windows", "Linux", "MacOS"],
        },
        fixed=props("name documentType"),
        exists=Answer("DocumentAlreadyExists", "Document with name {value} already exists."),
        missing=Answer("InvalidDocument", "Document with name {value} does not exist."),
    ),
    "ssm.Association": Behaviour(
        id="{uuid}",
        arn="arn:{partition}:ssm:{region}:{unit}:association/{id}",
        api="ssm:CreateAssociation",
        autoname="",
        computed={"associationId": "{id}", "documentVersion": "$DEFAULT"},
        fixed=props("name automationTargetParameterName"),
    ),
    "ssm.ServiceSetting": Behaviour(
        id="{settingId}",
        arn=lambda s: (
            str(s.get("settingId"))
            if str(s.get("settingId")).startswith("arn:")
            else s.fill("arn:{partition}:ssm:{region}:{unit}:servicesetting{settingId}")
        ),
        autoname="",
        put=True,
        computed={"status": "Customized"},
        fixed=props("settingId"),
    ),
    "ssm.ResourceDataSync": Behaviour(
        id="{name}", fixed=props("name s3Destination"), refs=(name("s3Destination.bucketName", "s3.Bucket"),)
    ),
}
