"""Steps for what Pulumi keeps: the bucket of the state, and the evidence in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.bootstrap.aws import policies
from scripts.bootstrap.aws.keys import parsed
from scripts.bootstrap.aws.session import AwsSession
from scripts.bootstrap.aws.strangers import foreign
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding, Problem
from stacks.text import Text

NONE = ("NoSuchBucket", "404", "NotFound", "NoSuchKey")
HISTORY_DAYS = 366
"""How long older versions of the state are kept, days: a year of history."""


def look_bucket(c: Context[AwsSession]) -> Finding:
    """The bucket of the state: domestic, private, versioned, locked, encrypted with our key, over TLS."""
    bucket = c.session.names.bucket
    try:
        head = c.session.read("s3", "HeadBucket", Bucket=bucket, absent=NONE)
    except Exception as error:
        failure = c.session.judge(error)
        if failure is not None and failure.kind == "denied":
            # The name is taken, and not by this account: names of buckets are the world's.
            return Finding(facts={"bucket": bucket}, problem=foreign(bucket, filled=True))
        raise
    if head is None:
        return Finding(facts={"bucket": None}, calls=(_create(c, bucket), *_settings(c, bucket)))
    facts: dict[str, Any] = {"bucket": bucket}
    tags = c.session.read("s3", "GetBucketTagging", Bucket=bucket, absent=("NoSuchTagSet",)) or {}
    ours = {t["Key"]: t["Value"] for t in tags.get("TagSet", [])}
    # An attempt that was cut off before it could tag leaves an empty bucket, and nothing can be lost.
    marked = all(ours.get(k) == v for k, v in c.settings.owner.items())
    if not marked and (ours or not _empty(c, bucket)):
        return Finding(facts=facts, problem=foreign(bucket, filled=True))
    place = (c.session.read("s3", "GetBucketLocation", Bucket=bucket) or {}).get("LocationConstraint")
    if place != c.settings.region:
        return Finding(facts=facts | {"region": place}, problem=_elsewhere(bucket, str(place)))
    calls = [call for call in _settings(c, bucket) if not _is_so(c, bucket, call)]
    if any(call.operation in SEALED for call in calls) and _sealed_from(c, bucket):
        lacking = [call.operation for call in calls]
        return Finding(facts=facts | {"lacking": lacking}, problem=_sealed(c, lacking))
    facts |= {"backend": c.session.names.backend}
    facts |= {"region": place, "lacking": [call.operation for call in calls]}
    lock = c.session.read(
        "s3",
        "GetObjectLockConfiguration",
        Bucket=bucket,
        absent=("ObjectLockConfigurationNotFoundError",),
    )
    if lock is None:
        return Finding(facts=facts, problem=_no_lock(bucket))
    return Finding(facts=facts, calls=tuple(calls))


def _create(c: Context[AwsSession], bucket: str) -> Call:
    return Call(
        "s3",
        "CreateBucket",
        {
            "Bucket": bucket,
            "CreateBucketConfiguration": {"LocationConstraint": c.settings.region},
            "ObjectLockEnabledForBucket": True,
            "ObjectOwnership": "BucketOwnerEnforced",
        },
        Text("状態を置くバケット", "the bucket of the state"),
    )


def _settings(c: Context[AwsSession], bucket: str) -> list[Call]:
    """Each setting of the bucket, in the order in which they are made: closed first.

    The bucket has Object Lock, for the evidence; but no default retention, with which S3 takes no object
    without a checksum, and Pulumi does not always send one. The state's retention is its versions: the
    lifecycle ends them after `HISTORY_DAYS`, and by the bucket's policy, which comes last, nobody but the
    break-glass role may delete one, end versioning, or change lifecycle or policy.
    """
    names = c.session.names
    tags = [{"Key": k, "Value": v} for k, v in c.settings.owner.items()]
    public = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    rule = {
        "ApplyServerSideEncryptionByDefault": {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": f"arn:aws:kms:{names.region}:{names.account}:{names.state_key}",
        },
        "BucketKeyEnabled": True,
    }
    lifecycle = {
        "ID": "history",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": HISTORY_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }
    sent: list[tuple[str, dict[str, Any], Text]] = [
        ("PutBucketTagging", {"Tagging": {"TagSet": tags}}, Text("所有の印", "whose it is")),
        (
            "PutPublicAccessBlock",
            {"PublicAccessBlockConfiguration": dict.fromkeys(public, True)},
            Text("公開の禁止", "never public"),
        ),
        (
            "PutBucketOwnershipControls",
            {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
            Text("ACL を使わない", "no ACLs"),
        ),
        (
            "PutBucketVersioning",
            {"VersioningConfiguration": {"Status": "Enabled"}},
            Text("版の保存", "versions are kept"),
        ),
        (
            "PutBucketEncryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [rule]}},
            Text("自分の鍵で暗号化", "encrypted with our own key"),
        ),
        (
            "PutBucketLifecycleConfiguration",
            {"LifecycleConfiguration": {"Rules": [lifecycle]}},
            Text(f"古い版は {HISTORY_DAYS} 日", f"older versions for {HISTORY_DAYS} days"),
        ),
        (
            "PutBucketPolicy",
            {"Policy": policies.written(policies.bucket(names))},
            Text("TLS のみ、履歴を守る", "TLS only, history is guarded"),
        ),
    ]
    return [Call("s3", op, {"Bucket": bucket, **arguments}, why) for op, arguments, why in sent]


SEALED = frozenset({"PutBucketVersioning", "PutBucketLifecycleConfiguration", "PutBucketPolicy"})
"""The settings that the bucket's policy keeps from everybody but the break-glass role."""


def _sealed_from(c: Context[AwsSession], bucket: str) -> bool:
    """Whether a policy of ours is in force that keeps those settings from us."""
    said = c.session.read("s3", "GetBucketPolicy", Bucket=bucket, absent=_ABSENT) or {}
    in_force = any(s.get("Sid") == policies.RETENTION_STAYS for s in _statements(said))
    return in_force and f":assumed-role/{c.session.names.break_glass}/" not in c.identity.id


def _statements(said: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return parsed(said["Policy"])["Statement"] if said else []


_ABSENT = (
    "NoSuchTagSet",
    "NoSuchPublicAccessBlockConfiguration",
    "OwnershipControlsNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
    "NoSuchLifecycleConfiguration",
    "NoSuchBucketPolicy",
)
"""What S3 says of a setting that was never made (S3 API reference, "List of error codes")."""


def _is_so(c: Context[AwsSession], bucket: str, call: Call) -> bool:
    """Whether a setting is there as `call` would make it: each `Put…` has its `Get…`."""
    said = c.session.read("s3", "Get" + call.operation.removeprefix("Put"), Bucket=bucket, absent=_ABSENT)
    if said is None:
        return False
    if call.operation == "PutBucketPolicy":
        return policies.same(parsed(said["Policy"]), parsed(call.arguments["Policy"]))
    wanted = next(v for k, v in call.arguments.items() if k != "Bucket")
    shell = next(k for k in call.arguments if k != "Bucket")
    return _covers(said.get(shell, said), wanted)


def _covers(there: Any, wanted: Any) -> bool:
    """Whether all of `wanted` is in `there`, which may say more."""
    if isinstance(wanted, Mapping):
        return isinstance(there, Mapping) and all(
            _covers(there.get(k), v)  # pyright: ignore[reportUnknownMemberType]
            for k, v in wanted.items()  # pyright: ignore[reportUnknownVariableType]
        )
    if isinstance(wanted, list):
        return isinstance(there, list) and all(
            any(_covers(t, w) for t in there)  # pyright: ignore[reportUnknownVariableType]
            for w in wanted  # pyright: ignore[reportUnknownVariableType]
        )
    return there == wanted


def _empty(c: Context[AwsSession], bucket: str) -> bool:
    said = c.session.read("s3", "ListObjectVersions", Bucket=bucket, MaxKeys=1) or {}
    return not said.get("Versions") and not said.get("DeleteMarkers")


def look_evidence(c: Context[AwsSession]) -> Finding:
    """A copy of the evidence in the bucket, where nobody can change it for as long as it must be kept."""
    body = c.evidence.settled("evidence")
    bucket, key = c.session.names.bucket, f"evidence/{c.settings.stack}.jsonl"
    head = c.session.read("s3", "HeadObject", Bucket=bucket, Key=key, absent=NONE)
    wanted = hashlib.sha256(body).hexdigest()
    there = (head or {}).get("Metadata", {}).get("sha256")
    facts = {"object": f"s3://{bucket}/{key}", "sha256": there}
    if there == wanted or (there is not None and not body):
        return Finding(facts=facts)
    if there is not None and len(body) < int((head or {}).get("ContentLength", 0)):
        return Finding(facts=facts, problem=_shorter(f"s3://{bucket}/{key}", str(c.evidence.file)))
    until = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    until += timedelta(days=366 * c.settings.archive_years)
    return Finding(
        facts=facts,
        calls=(
            Call(
                "s3",
                "PutObject",
                {
                    "Bucket": bucket,
                    "Key": key,
                    "Body": body,
                    "ContentType": "application/jsonl",
                    "Metadata": {"sha256": wanted},
                    "ChecksumAlgorithm": "SHA256",
                    "ObjectLockMode": "GOVERNANCE",
                    "ObjectLockRetainUntilDate": until.isoformat(),
                },
                Text("証跡の写し", "a copy of the evidence"),
            ),
        ),
    )


def _elsewhere(name: str, region: str) -> Problem:
    return Problem(
        "foreign",
        Text(
            f"バケット {name} は別のリージョン（{region}）にあります。", f"the bucket {name} is in {region}"
        ),
        Text(
            "空であることを確かめて削除してから、もう一度実行してください。",
            "Make sure that it is empty, delete it, and run this again.",
        ),
    )


def _no_lock(name: str) -> Problem:
    return Problem(
        "by_hand",
        Text(
            f"バケット {name} はオブジェクトロックなしで作られています。",
            f"the bucket {name} was made without object lock",
        ),
        Text(
            "中身があれば移し、削除してから、もう一度実行してください（ロックは作成時に決まります）。",
            "Move what is in it, delete it, and run this again: the lock is decided when a bucket is made.",
        ),
    )


def _sealed(c: Context[AwsSession], lacking: list[str]) -> Problem:
    names = c.session.names
    settings, role = ", ".join(lacking), names.role_arn(names.break_glass)
    return Problem(
        "by_hand",
        Text(
            f"バケット {names.bucket} の保持の設定が変わっています（{settings}）。"
            "戻せるのは緊急時のロールだけです。",
            f"what keeps the history in the bucket {names.bucket} was changed ({settings}), and only the "
            "break-glass role may put it back",
        ),
        Text(
            f"誰が変えたか確かめ、{role} になって、もう一度実行してください。",
            f"Find out who changed it, become {role}, and run this again.",
        ),
    )


def _shorter(copy: str, file: str) -> Problem:
    return Problem(
        "unsafe",
        Text(
            "手元の証跡が、バケットにある写しより短くなっています。",
            "the evidence here is shorter than its copy",
        ),
        Text(
            f"別の計算機での続きなら、写しを手元に移してから実行してください: aws s3 cp {copy} {file}",
            f"If this goes on from another machine, fetch the copy first: aws s3 cp {copy} {file}",
        ),
    )
