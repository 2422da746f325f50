"""S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from providers.twin.aws.facts import S3_ZONES
from providers.twin.aws.identity import key, role
from providers.twin.aws.policies import is_public, policy
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

NO_BUCKET: Final = Answer("NoSuchBucket", "The specified bucket does not exist", 404)


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
    blocks = [
        row for row in scope.store.linked(bucket.rid) if row.type == token("s3.BucketPublicAccessBlock")
    ]
    blocks += list(scope.rows(token("s3.AccountPublicAccessBlock"), "global"))
    if any(row.state.get("blockPublicPolicy") for row in blocks):
        raise Refusal(
            "AccessDenied",
            f"User is not authorized to perform: s3:PutBucketPolicy on resource:"
            f" {bucket.state.get('arn')} because"
            " public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access",
            403,
        )


def _sub(
    *, id_: str = "{bucket}", fixed: str = "bucket", api: str = "", autoname: str = "", **more: Value
) -> Behaviour:
    """A setting of a bucket: one a bucket, overwritten by whoever puts last, gone with the bucket."""
    refs = (part("bucket", "s3.Bucket", missing=NO_BUCKET), *more.pop("refs", ()))
    return Behaviour(id=id_, api=api, autoname=autoname, put=True, fixed=props(fixed), refs=refs, **more)


def _object_etag(scope: Scope) -> str:
    return scope.hex(32, str(scope.get("content") or scope.get("sourceHash") or ""))


def _object() -> Behaviour:
    return Behaviour(
        id="{bucket}/{key}",
        arn="arn:{partition}:s3:::{bucket}/{key}",
        api="s3:PutObject",
        autoname="",
        put=True,
        computed={
            "key": "{resource}",
            "etag": _object_etag,
            "versionId": "{alnum32}",
            "storageClass": "STANDARD",
            "contentType": "application/octet-stream",
            "serverSideEncryption": "AES256",
            "acl": "private",
        },
        fresh=props("etag versionId"),
        fixed=props("bucket key"),
        refs=(hold("bucket", "s3.Bucket", missing=NO_BUCKET), key("kmsKeyId")),
    )


TABLE: Mapping[str, Behaviour] = {
    "s3.Bucket": Behaviour(
        id="{bucket}",
        arn="arn:{partition}:s3:::{bucket}",
        api="s3:CreateBucket",
        autoname="bucket",
        defaults={"forceDestroy": False, "objectLockEnabled": False},
        computed={
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            "acl": "private",
            "requestPayer": "BucketOwner",
            "hostedZoneId": lambda s: S3_ZONES.get(s.region),
            "bucketNamespace": "global",
            # Since January 2023 every bucket is encrypted with S3's own key unless told otherwise.
            "serverSideEncryptionConfiguration": lambda _: {
                "rule": {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
                    "bucketKeyEnabled": False,
                }
            },
            "versioning": lambda _: {"enabled": False, "mfaDelete": False},
        },
        fixed=props("bucket bucketPrefix objectLockEnabled"),
        rules=(_bucket_name, policy("policy", "resource", "MalformedPolicy")),
        unique=(
            Unique(
                "bucket",
                "{bucket}",
                Answer(
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.",
                    409,
                ),
                theirs=Answer(
                    "BucketAlreadyExists",
                    "The requested bucket name is not available. The bucket namespace is shared by all"
                    " users of the system.",
                    409,
                ),
                across=True,
            ),
        ),
        handles=("{bucketRegionalDomainName}", "{bucketDomainName}"),
        gone=(_empty_if_forced,),
        missing=NO_BUCKET,
        in_use=Answer("BucketNotEmpty", "The bucket you tried to delete is not empty", 409),
    ),
    "s3.BucketVersioning": _sub(api="s3:PutBucketVersioning"),
    "s3.BucketServerSideEncryptionConfiguration": _sub(
        api="s3:PutBucketEncryption", refs=(key("rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"),)
    ),
    "s3.BucketPublicAccessBlock": _sub(
        api="s3:PutPublicAccessBlock",
        defaults={
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": False,
            "restrictPublicBuckets": False,
        },
    ),
    "s3.BucketPolicy": _sub(
        api="s3:PutBucketPolicy", rules=(policy("policy", "resource", "MalformedPolicy", 20480), _not_public)
    ),
    "s3.BucketLifecycleConfiguration": _sub(
        api="s3:PutBucketLifecycleConfiguration",
        computed={"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
    ),
    "s3.BucketLogging": _sub(
        refs=(
            name(
                "targetBucket",
                "s3.Bucket",
                missing=Answer(
                    "InvalidTargetBucketForLogging", "The target bucket for logging does not exist"
                ),
            ),
        )
    ),
    "s3.BucketObjectLockConfiguration": _sub(
        api="s3:PutObjectLockConfiguration",
        defaults={"objectLockEnabled": "Enabled"},
        rules=(_versioned("an Object Lock configuration", "InvalidBucketState"),),
    ),
    "s3.BucketOwnershipControls": _sub(api="s3:PutBucketOwnershipControls"),
    "s3.BucketAcl": _sub(id_="{bucket},{acl}"),
    "s3.BucketNotification": _sub(
        refs=(
            name("topics[].topicArn", "sns.Topic"),
            name("queues[].queueArn", "sqs.Queue"),
            name("lambdaFunctions[].lambdaFunctionArn", "lambda.Function"),
        )
    ),
    "s3.BucketReplicationConfig": _sub(
        refs=(
            role("role"),
            name(
                "rules[].destination.bucket",
                "s3.Bucket",
                anywhere=True,
                missing=Answer("InvalidRequest", "Destination bucket must exist."),
            ),
        ),
        rules=(_versioned("a replication configuration"),),
    ),
    "s3.BucketMetric": _sub(id_="{bucket}:{name}", fixed="bucket name", autoname="name"),
    "s3.BucketIntelligentTieringConfiguration": _sub(
        id_="{bucket}:{name}", fixed="bucket name", autoname="name"
    ),
    "s3.Inventory": _sub(id_="{bucket}:{name}", fixed="bucket name", autoname="name"),
    "s3.BucketRequestPaymentConfiguration": _sub(),
    "s3.BucketCorsConfiguration": _sub(),
    "s3.BucketAccelerateConfiguration": _sub(),
    "s3.BucketObject": _object(),
    "s3.BucketObjectv2": _object(),
    "s3.AccountPublicAccessBlock": Behaviour(
        id="{unit}",
        everywhere=True,
        autoname="",
        put=True,
        computed={"accountId": "{unit}"},
        fixed=props("accountId"),
        defaults={
            "blockPublicAcls": False,
            "blockPublicPolicy": False,
            "ignorePublicAcls": False,
            "restrictPublicBuckets": False,
        },
    ),
    "s3.AccessPoint": Behaviour(
        id="{unit}:{name}",
        arn="arn:{partition}:s3:{region}:{unit}:accesspoint/{name}",
        api="s3control:CreateAccessPoint",
        computed={
            "accountId": "{unit}",
            "bucketAccountId": "{unit}",
            "alias": "{name}-{alnum34}-s3alias",
            "domainName": "{name}-{unit}.s3-accesspoint.{region}.amazonaws.com",
            "networkOrigin": lambda s: "VPC" if s.get("vpcConfiguration") else "Internet",
        },
        fixed=props("bucket name vpcConfiguration publicAccessBlockConfiguration"),
        refs=(hold("bucket", "s3.Bucket", missing=NO_BUCKET), hold("vpcConfiguration.vpcId", "ec2.Vpc")),
        unique=(
            Unique(
                "access-point",
                "{name}",
                Answer(
                    "AccessPointAlreadyOwnedByYou",
                    "Your previous request to create the named accesspoint succeeded and you already own it.",
                    409,
                ),
            ),
        ),
    ),
    "s3control.AccessPointPolicy": Behaviour(
        id="{accessPointArn}",
        autoname="",
        put=True,
        fixed=props("accessPointArn"),
        refs=(part("accessPointArn", "s3.AccessPoint"),),
        rules=(policy("policy", "resource", "MalformedPolicy"),),
    ),
    "s3control.StorageLensConfiguration": Behaviour(
        id="{unit}:{configId}",
        arn="arn:{partition}:s3:{region}:{unit}:storage-lens/{configId}",
        autoname="",
        put=True,
        fixed=props("configId"),
        computed={"accountId": "{unit}"},
    ),
}
