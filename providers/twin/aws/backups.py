"""AWS Backup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.buckets import NO_BUCKET
from providers.twin.aws.identity import key, role
from providers.twin.aws.policies import policy
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_BACKUP: Final = "arn:{partition}:backup:{region}:{unit}:"


_NO_VAULT: Final = Answer("ResourceNotFoundException", "Backup vault {value} does not exist.")


def _vault_empty(scope: Scope) -> None:
    if int(scope.get("recoveryPoints") or 0) and not scope.inputs.get("forceDestroy"):
        raise Refusal(
            "InvalidRequestException", "Backup vault cannot be deleted because it contains recovery points."
        )


def _lock(scope: Scope) -> None:
    low, high = scope.get("minRetentionDays"), scope.get("maxRetentionDays")
    days = scope.get("changeableForDays")
    if days is not None and int(days) < 3:
        raise Refusal("InvalidParameterValueException", f"ChangeableForDays {days} is less than 3")
    if low is not None and high is not None and int(low) > int(high):
        raise Refusal(
            "InvalidParameterValueException",
            f"MinRetentionDays {low} is greater than MaxRetentionDays {high}",
        )


def _lifecycles(scope: Scope) -> None:
    rules = scope.get("rules") or []
    for rule in rules:
        for lifecycle in [
            rule.get("lifecycle"),
            *((copy or {}).get("lifecycle") for copy in rule.get("copyActions") or []),
        ]:
            cold, delete = (lifecycle or {}).get("coldStorageAfter"), (lifecycle or {}).get("deleteAfter")
            # AWS Backup API Reference, Lifecycle: at least 90 days in cold storage.
            if cold and delete and int(delete) < int(cold) + 90:
                raise Refusal(
                    "InvalidParameterValueException",
                    f"Invalid lifecycle: DeleteAfterDays {delete} cannot be less than 90 days apart from"
                    f" MoveToColdStorageAfterDays {cold}",
                )


def _vault_arn(scope: Scope) -> str:
    return scope.fill(_BACKUP + "backup-vault:{backupVaultName}")


def _of_vault(**more: Value) -> Behaviour:
    refs = (part("backupVaultName", "backup.Vault", missing=_NO_VAULT), *more.pop("refs", ()))
    return Behaviour(
        id="{backupVaultName}",
        autoname="",
        put=True,
        fixed=props("backupVaultName"),
        refs=refs,
        computed={"backupVaultArn": _vault_arn},
        **more,
    )


TABLE: Mapping[str, Behaviour] = {
    "backup.Vault": Behaviour(
        arn=_BACKUP + "backup-vault:{name}",
        api="backup:CreateBackupVault",
        computed={
            "recoveryPoints": lambda _: 0,
            "kmsKeyArn": lambda s: (
                (row := s.find(token("kms.Alias"), "alias/aws/backup")) and row.state.get("targetKeyArn")
            ),
        },
        fixed=props("name kmsKeyArn"),
        refs=(key("kmsKeyArn"),),
        gone=(_vault_empty,),
        handles=("{name}",),
        unique=(
            Unique(
                "vault",
                "{name}",
                Answer("AlreadyExistsException", "Backup vault with the same name already exists"),
            ),
        ),
        missing=_NO_VAULT,
    ),
    "backup.VaultLockConfiguration": _of_vault(api="backup:PutBackupVaultLockConfiguration", rules=(_lock,)),
    "backup.VaultPolicy": _of_vault(rules=(policy("policy", "resource", "InvalidParameterValueException"),)),
    "backup.VaultNotifications": _of_vault(refs=(name("snsTopicArn", "sns.Topic"),)),
    "backup.LogicallyAirGappedVault": Behaviour(
        arn=_BACKUP + "backup-vault:{name}",
        fixed=props("name maxRetentionDays minRetentionDays encryptionKeyArn"),
        unique=(
            Unique(
                "vault",
                "{name}",
                Answer("AlreadyExistsException", "Backup vault with the same name already exists"),
            ),
        ),
    ),
    "backup.Plan": Behaviour(
        id="{uuid}",
        arn=_BACKUP + "backup-plan:{id}",
        computed={"version": "{alnum48}"},
        fresh=props("version"),
        rules=(_lifecycles,),
        refs=(
            name("rules[].targetVaultName", "backup.Vault", missing=_NO_VAULT),
            name(
                "rules[].copyActions[].destinationVaultArn",
                "backup.Vault",
                "backup.LogicallyAirGappedVault",
                anywhere=True,
                missing=_NO_VAULT,
            ),
        ),
        in_use=Answer(
            "InvalidRequestException",
            "Related backup plan selections must be deleted prior to backup plan deletion: {value}",
        ),
    ),
    "backup.Selection": Behaviour(
        id="{uuid}",
        fixed=props("planId name iamRoleArn resources notResources selectionTags conditions"),
        refs=(hold("planId", "backup.Plan"), role("iamRoleArn")),
    ),
    "backup.RegionSettings": Behaviour(id="{region}", autoname="", put=True),
    "backup.GlobalSettings": Behaviour(id="{unit}", everywhere=True, autoname="", put=True),
    "backup.Framework": Behaviour(
        arn=_BACKUP + "framework:{name}-{uuid}",
        computed={"creationTime": "{now}", "deploymentStatus": "COMPLETED", "status": "ACTIVE"},
        fixed=props("name"),
    ),
    "backup.ReportPlan": Behaviour(
        arn=_BACKUP + "report-plan:{name}-{uuid}",
        computed={"creationTime": "{now}", "deploymentStatus": "COMPLETED"},
        fixed=props("name"),
        refs=(name("reportDeliveryChannel.s3BucketName", "s3.Bucket", missing=NO_BUCKET),),
    ),
    "backup.RestoreTestingPlan": Behaviour(
        arn=_BACKUP + "restore-testing-plan:{name}-{uuid}",
        computed={"startWindowHours": lambda _: 24, "scheduleExpressionTimezone": "UTC"},
        fixed=props("name"),
    ),
    "backup.RestoreTestingSelection": Behaviour(
        id="{restoreTestingPlanName}:{name}",
        fixed=props("name restoreTestingPlanName protectedResourceType"),
        refs=(hold("restoreTestingPlanName", "backup.RestoreTestingPlan"), role("iamRoleArn")),
    ),
}
