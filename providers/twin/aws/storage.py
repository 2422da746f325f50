"""S3, EFS and AWS Backup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import free_address
from providers.twin.aws.facts import S3_ZONES
from providers.twin.aws.identity import key, role
from providers.twin.aws.network import make_interface
from providers.twin.aws.policies import is_public, policy
from providers.twin.aws.words import hold, name, part, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.wire import Value

_EFS: Final = "arn:{partition}:elasticfilesystem:{region}:{unit}:"
_BACKUP: Final = "arn:{partition}:backup:{region}:{unit}:"
_NO_BUCKET: Final = Answer("NoSuchBucket", "The specified bucket does not exist", 404)
_NO_VAULT: Final = Answer("ResourceNotFoundException", "Backup vault {value} does not exist.")
_NO_SYSTEM: Final = Answer("FileSystemNotFound", "File system '{value}' does not exist.", 404)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# S3

_BUCKET_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _bucket_name(scope: Scope) -> None:
    bucket = str(scope.get("bucket") or "")
    if not _BUCKET_NAME.fullmatch(bucket) or ".." in bucket:
        raise Refusal("InvalidBucketName", f"The specified bucket is not valid: {bucket}")


def _empty_if_forced(scope: Scope) -> None:
    """forceDestroy is the provider's: it deletes the objects first, unless a lock keeps them."""
    if scope.inputs.get("forceDestroy"):
        for row in scope.store.linked(scope.rid):
            if row.type in (token("s3.BucketObject"), token("s3.BucketObjectv2")):
                scope.store.remove(row.rid)


def _versioned(what: str, code: str = "InvalidRequest") -> Value:
    """A rule: the bucket's versioning is on."""

    def rule(scope: Scope) -> None:
        bucket = scope.target("bucket")
        if bucket is None:
            return
        for row in scope.store.linked(bucket.rid):
            if row.type == token("s3.BucketVersioning"):
                setting = row.state.get("versioningConfiguration") or {}
                if setting.get("status") == "Enabled":
                    return
        if (bucket.state.get("versioning") or {}).get("enabled") or bucket.state.get("objectLockEnabled"):
            return
        raise Refusal(code, f"Versioning must be 'Enabled' on the bucket to apply {what}", 409)

    return rule


def _not_public(scope: Scope) -> None:
    """Block Public Access, of the bucket or of the account, keeps a policy for everyone from being set."""
    text = scope.inputs.get("policy")
    bucket = scope.target("bucket")
    if bucket is None or not isinstance(text, str) or not is_public(text):
        return
    blocks = [row for row in scope.store.linked(bucket.rid) if row.type == token("s3.BucketPublicAccessBlock")]
    blocks += list(scope.rows(token("s3.AccountPublicAccessBlock"), "global"))
    if any(row.state.get("blockPublicPolicy") for row in blocks):
        raise Refusal(
            "AccessDenied",
            f"User is not authorized to perform: s3:PutBucketPolicy on resource: {bucket.state.get('arn')} because"
            " public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
            403,
        )


def _sub(*, id_: str = "{bucket}", fixed: str = "bucket", api: str = "", autoname: str = "", **more: Value) -> Behaviour:
    """A setting of a bucket: one a bucket, overwritten by whoever puts last, gone with the bucket."""
    refs = (part("bucket", "s3.Bucket", missing=_NO_BUCKET), *more.pop("refs", ()))
    return Behaviour(id=id_, api=api, autoname=autoname, put=True, fixed=_set(fixed), refs=refs, **more)


def _object_etag(scope: Scope) -> str:
    return scope.hex(32, str(scope.get("content") or scope.get("sourceHash") or ""))


def _object() -> Behaviour:
    return Behaviour(
        id="{bucket}/{key}", arn="arn:{partition}:s3:::{bucket}/{key}", api="s3:PutObject", autoname="", put=True,
        computed={
            "key": "{resource}", "etag": _object_etag, "versionId": "{alnum32}", "storageClass": "STANDARD",
            "contentType": "application/octet-stream", "serverSideEncryption": "AES256", "acl": "private",
        },
        fresh=_set("etag versionId"), fixed=_set("bucket key"),
        refs=(hold("bucket", "s3.Bucket", missing=_NO_BUCKET), key("kmsKeyId")),
    )


# EFS


def _mount_zone(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("subnetId")
        return row.state.get(field) if row is not None else None

    return maker


def _mount_address(scope: Scope) -> str:
    row = scope.target("subnetId")
    return free_address(row.state["cidrBlock"], scope.hex(12)) if row is not None else ""


def _one_target_a_zone(scope: Scope) -> None:
    system, subnet = scope.target("fileSystemId"), scope.target("subnetId")
    if system is None or subnet is None or scope.old is not None:
        return
    for row in scope.store.linked(system.rid):
        if row.type == token("efs.MountTarget") and row.state.get("availabilityZoneName") == subnet.state.get("availabilityZone"):
            raise Refusal("MountTargetConflict", "mount target already exists in this AZ", 409)


def _mount_made(scope: Scope) -> None:
    groups = scope.get("securityGroups") or []
    subnet = str(scope.get("subnetId"))
    scope.state["networkInterfaceId"] = make_interface(scope, subnet, "eni", groups, f"EFS mount target {scope.id}")


def _system_arn(scope: Scope) -> str:
    return scope.fill(_EFS + "file-system/{fileSystemId}")


# Backup


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
        raise Refusal("InvalidParameterValueException", f"MinRetentionDays {low} is greater than MaxRetentionDays {high}")


def _lifecycles(scope: Scope) -> None:
    rules = scope.get("rules") or []
    for rule in rules:
        for lifecycle in [rule.get("lifecycle"), *((copy or {}).get("lifecycle") for copy in rule.get("copyActions") or [])]:
            cold, delete = (lifecycle or {}).get("coldStorageAfter"), (lifecycle or {}).get("deleteAfter")
            # "DeleteAfterDays must be at least 90 days after MoveToColdStorageAfterDays": AWS Backup API Reference.
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
        id="{backupVaultName}", autoname="", put=True, fixed=_set("backupVaultName"), refs=refs,
        computed={"backupVaultArn": _vault_arn}, **more,
    )


TABLE: Mapping[str, Behaviour] = {
    "s3.Bucket": Behaviour(
        id="{bucket}", arn="arn:{partition}:s3:::{bucket}", api="s3:CreateBucket", autoname="bucket",
        defaults={"forceDestroy": False, "objectLockEnabled": False},
        computed={
            "bucketDomainName": "{bucket}.s3.amazonaws.com", "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com", "acl": "private", "requestPayer": "BucketOwner",
            "hostedZoneId": lambda s: S3_ZONES.get(s.region), "bucketNamespace": "global",
            # Since January 2023 every bucket is encrypted with S3's own key unless told otherwise.
            "serverSideEncryptionConfiguration": lambda _: {
                "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
            },
            "versioning": lambda _: {"enabled": False, "mfaDelete": False},
        },
        fixed=_set("bucket bucketPrefix objectLockEnabled"), rules=(_bucket_name, policy("policy", "resource", "MalformedPolicy")),
        unique=(
            Unique(
                "bucket", "{bucket}",
                Answer("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", 409),
                theirs=Answer("BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system.", 409),
                across=True,
            ),
        ),
        handles=("{bucketRegionalDomainName}", "{bucketDomainName}"), gone=(_empty_if_forced,),
        missing=_NO_BUCKET, in_use=Answer("BucketNotEmpty", "The bucket you tried to delete is not empty", 409),
    ),
    "s3.BucketVersioning": _sub(api="s3:PutBucketVersioning"),
    "s3.BucketServerSideEncryptionConfiguration": _sub(
        api="s3:PutBucketEncryption", refs=(key("rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"),)),
    "s3.BucketPublicAccessBlock": _sub(
        api="s3:PutPublicAccessBlock",
        defaults={"blockPublicAcls": False, "blockPublicPolicy": False, "ignorePublicAcls": False, "restrictPublicBuckets": False}),
    "s3.BucketPolicy": _sub(api="s3:PutBucketPolicy", rules=(policy("policy", "resource", "MalformedPolicy", 20480), _not_public)),
    "s3.BucketLifecycleConfiguration": _sub(
        api="s3:PutBucketLifecycleConfiguration", computed={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"}),
    "s3.BucketLogging": _sub(refs=(name("targetBucket", "s3.Bucket", missing=Answer(
        "InvalidTargetBucketForLogging", "The target bucket for logging does not exist")),)),
    "s3.BucketObjectLockConfiguration": _sub(
        api="s3:PutObjectLockConfiguration", defaults={"objectLockEnabled": "Enabled"},
        rules=(_versioned("an Object Lock configuration", "InvalidBucketState"),)),
    "s3.BucketOwnershipControls": _sub(api="s3:PutBucketOwnershipControls"),
    "s3.BucketAcl": _sub(id_="{bucket},{acl}"),
    "s3.BucketNotification": _sub(refs=(
        name("topics[].topicArn", "sns.Topic"), name("queues[].queueArn", "sqs.Queue"),
        name("lambdaFunctions[].lambdaFunctionArn", "lambda.Function"))),
    "s3.BucketReplicationConfig": _sub(
        refs=(role("role"), name("rules[].destination.bucket", "s3.Bucket", anywhere=True, missing=Answer(
            "InvalidRequest", "Destination bucket must exist."))),
        rules=(_versioned("a replication configuration"),)),
    "s3.BucketMetric": _sub(id_="{bucket}:{name}", fixed="bucket name", autoname="name"),
    "s3.BucketIntelligentTieringConfiguration": _sub(id_="{bucket}:{name}", fixed="bucket name", autoname="name"),
    "s3.Inventory": _sub(id_="{bucket}:{name}", fixed="bucket name", autoname="name"),
    "s3.BucketRequestPaymentConfiguration": _sub(),
    "s3.BucketCorsConfiguration": _sub(),
    "s3.BucketAccelerateConfiguration": _sub(),
    "s3.BucketObject": _object(),
    "s3.BucketObjectv2": _object(),
    "s3.AccountPublicAccessBlock": Behaviour(
        id="{unit}", everywhere=True, autoname="", put=True, computed={"accountId": "{unit}"}, fixed=_set("accountId"),
        defaults={"blockPublicAcls": False, "blockPublicPolicy": False, "ignorePublicAcls": False, "restrictPublicBuckets": False},
    ),
    "s3.AccessPoint": Behaviour(
        id="{unit}:{name}", arn="arn:{partition}:s3:{region}:{unit}:accesspoint/{name}", api="s3control:CreateAccessPoint",
        computed={
            "accountId": "{unit}", "bucketAccountId": "{unit}", "alias": "{name}-{alnum34}-s3alias",
            "domainName": "{name}-{unit}.s3-accesspoint.{region}.amazonaws.com",
            "networkOrigin": lambda s: "VPC" if s.get("vpcConfiguration") else "Internet",
        },
        fixed=_set("bucket name vpcConfiguration publicAccessBlockConfiguration"),
        refs=(hold("bucket", "s3.Bucket", missing=_NO_BUCKET), hold("vpcConfiguration.vpcId", "ec2.Vpc")),
        unique=(Unique("access-point", "{name}", Answer("AccessPointAlreadyOwnedByYou", "Your previous request to create the named accesspoint succeeded and you already own it.", 409)),),
    ),
    "s3control.AccessPointPolicy": Behaviour(
        id="{accessPointArn}", autoname="", put=True, fixed=_set("accessPointArn"), refs=(part("accessPointArn", "s3.AccessPoint"),),
        rules=(policy("policy", "resource", "MalformedPolicy"),),
    ),
    "s3control.StorageLensConfiguration": Behaviour(
        id="{unit}:{configId}", arn="arn:{partition}:s3:{region}:{unit}:storage-lens/{configId}", autoname="", put=True,
        fixed=_set("configId"), computed={"accountId": "{unit}"},
    ),
    "efs.FileSystem": Behaviour(
        id="fs-{hex17}", arn=_EFS + "file-system/{id}", api="efs:CreateFileSystem", autoname="",
        defaults={"performanceMode": "generalPurpose", "throughputMode": "bursting", "encrypted": False},
        computed={"dnsName": "{id}.efs.{region}.amazonaws.com", "ownerId": "{unit}", "creationToken": "terraform-{alnum26}",
                  "protection": lambda _: {"replicationOverwrite": "ENABLED"}},
        fixed=_set("encrypted kmsKeyId performanceMode creationToken availabilityZoneName"), refs=(key("kmsKeyId"),),
        missing=_NO_SYSTEM, in_use=Answer("FileSystemInUse", "The file system '{id}' is in use: {value}", 409),
    ),
    "efs.MountTarget": Behaviour(
        id="fsmt-{hex17}", api="efs:CreateMountTarget", autoname="",
        computed={
            "availabilityZoneName": _mount_zone("availabilityZone"), "availabilityZoneId": _mount_zone("availabilityZoneId"),
            "dnsName": "{fileSystemId}.efs.{region}.amazonaws.com", "ipAddress": _mount_address, "ownerId": "{unit}",
            "mountTargetDnsName": "{availabilityZoneName}.{fileSystemId}.efs.{region}.amazonaws.com", "fileSystemArn": _system_arn,
            "ipAddressType": "IPV4_ONLY",
        },
        fixed=_set("fileSystemId subnetId ipAddress ipAddressType"), rules=(_one_target_a_zone,), made=(_mount_made,),
        refs=(hold("fileSystemId", "efs.FileSystem"), hold("subnetId", "ec2.Subnet"), hold("securityGroups[]", "ec2.SecurityGroup")),
        delete_first=True,
    ),
    "efs.AccessPoint": Behaviour(
        id="fsap-{hex17}", arn=_EFS + "access-point/{id}", api="efs:CreateAccessPoint", autoname="",
        computed={"ownerId": "{unit}", "fileSystemArn": _system_arn}, fixed=_set("fileSystemId posixUser rootDirectory"),
        refs=(part("fileSystemId", "efs.FileSystem"),),
    ),
    "efs.BackupPolicy": Behaviour(id="{fileSystemId}", autoname="", put=True, fixed=_set("fileSystemId"), refs=(part("fileSystemId", "efs.FileSystem"),)),
    "efs.FileSystemPolicy": Behaviour(
        id="{fileSystemId}", autoname="", put=True, fixed=_set("fileSystemId"), refs=(part("fileSystemId", "efs.FileSystem"),),
        rules=(policy("policy", "resource", "InvalidPolicyException"),),
    ),
    "efs.ReplicationConfiguration": Behaviour(
        id="{sourceFileSystemId}", autoname="", fixed=_set("sourceFileSystemId destination"),
        refs=(hold("sourceFileSystemId", "efs.FileSystem"),),
        computed={"creationTime": "{now}", "sourceFileSystemRegion": "{region}", "sourceFileSystemArn": _EFS + "file-system/{sourceFileSystemId}",
                  "originalSourceFileSystemArn": _EFS + "file-system/{sourceFileSystemId}"},
    ),
    "backup.Vault": Behaviour(
        arn=_BACKUP + "backup-vault:{name}", api="backup:CreateBackupVault", computed={"recoveryPoints": lambda _: 0,
        "kmsKeyArn": lambda s: (row := s.find(token("kms.Alias"), "alias/aws/backup")) and row.state.get("targetKeyArn")},
        fixed=_set("name kmsKeyArn"), refs=(key("kmsKeyArn"),), gone=(_vault_empty,), handles=("{name}",),
        unique=(Unique("vault", "{name}", Answer("AlreadyExistsException", "Backup vault with the same name already exists")),), missing=_NO_VAULT,
    ),
    "backup.VaultLockConfiguration": _of_vault(api="backup:PutBackupVaultLockConfiguration", rules=(_lock,)),
    "backup.VaultPolicy": _of_vault(rules=(policy("policy", "resource", "InvalidParameterValueException"),)),
    "backup.VaultNotifications": _of_vault(refs=(name("snsTopicArn", "sns.Topic"),)),
    "backup.LogicallyAirGappedVault": Behaviour(
        arn=_BACKUP + "backup-vault:{name}", fixed=_set("name maxRetentionDays minRetentionDays encryptionKeyArn"),
        unique=(Unique("vault", "{name}", Answer("AlreadyExistsException", "Backup vault with the same name already exists")),),
    ),
    "backup.Plan": Behaviour(
        id="{uuid}", arn=_BACKUP + "backup-plan:{id}", computed={"version": "{alnum48}"}, fresh=_set("version"), rules=(_lifecycles,),
        refs=(name("rules[].targetVaultName", "backup.Vault", missing=_NO_VAULT),
              name("rules[].copyActions[].destinationVaultArn", "backup.Vault", "backup.LogicallyAirGappedVault", anywhere=True, missing=_NO_VAULT)),
        in_use=Answer("InvalidRequestException", "Related backup plan selections must be deleted prior to backup plan deletion: {value}"),
    ),
    "backup.Selection": Behaviour(
        id="{uuid}", fixed=_set("planId name iamRoleArn resources notResources selectionTags conditions"),
        refs=(hold("planId", "backup.Plan"), role("iamRoleArn")),
    ),
    "backup.RegionSettings": Behaviour(id="{region}", autoname="", put=True),
    "backup.GlobalSettings": Behaviour(id="{unit}", everywhere=True, autoname="", put=True),
    "backup.Framework": Behaviour(
        arn=_BACKUP + "framework:{name}-{uuid}", computed={"creationTime": "{now}", "deploymentStatus": "COMPLETED", "status": "ACTIVE"}, fixed=_set("name"),
    ),
    "backup.ReportPlan": Behaviour(
        arn=_BACKUP + "report-plan:{name}-{uuid}", computed={"creationTime": "{now}", "deploymentStatus": "COMPLETED"}, fixed=_set("name"),
        refs=(name("reportDeliveryChannel.s3BucketName", "s3.Bucket", missing=_NO_BUCKET),),
    ),
    "backup.RestoreTestingPlan": Behaviour(
        arn=_BACKUP + "restore-testing-plan:{name}-{uuid}", computed={"startWindowHours": lambda _: 24, "scheduleExpressionTimezone": "UTC"}, fixed=_set("name"),
    ),
    "backup.RestoreTestingSelection": Behaviour(
        id="{restoreTestingPlanName}:{name}", fixed=_set("name restoreTestingPlanName protectedResourceType"),
        refs=(hold("restoreTestingPlanName", "backup.RestoreTestingPlan"), role("iamRoleArn")),
    ),
}

__all__ = ["TABLE", "Guard"]
