"""S3, EBS, EFS, FSx, images and snapshots, ECR."""

from __future__ import annotations

from policies.extract.documents import Reading, read
from policies.facts import (
    UNKNOWN,
    Access,
    Backup,
    Compute,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Location,
    Logging,
    Maybe,
    Patching,
    Protection,
    Retention,
)
from policies.props import Props, either, every, known, matched

OLD_VOLUMES = ("gp2", "io1", "standard")


def customer_key(value: object) -> Maybe[bool]:
    """Whether a key property names a key of ours: not the service's own `alias/aws/…`."""
    if value is UNKNOWN:
        return UNKNOWN
    return isinstance(value, str) and value != "" and "alias/aws/" not in value


def _part(of: object, **aspects: object) -> Facts:
    return Facts(
        "aws",
        Kind.BUCKET,
        of=UNKNOWN if of is UNKNOWN else known(of),
        of_kind=Kind.BUCKET,
        of_property="bucket",
        **aspects,  # type: ignore[arg-type]
    )


def _sse(blocks: list[Props] | object) -> Maybe[bool]:
    """Whether the default encryption names a customer's key."""
    if not isinstance(blocks, list):
        return UNKNOWN
    answers = []
    for block in blocks:
        inner = block.block("applyServerSideEncryptionByDefault")
        if not isinstance(inner, Props):
            answers.append(UNKNOWN if inner is UNKNOWN else False)
            continue
        algorithm = inner.text("sseAlgorithm")
        answers.append(
            UNKNOWN
            if algorithm is UNKNOWN
            else every(algorithm in ("aws:kms", "aws:kms:dsse"), customer_key(inner.get("kmsMasterKeyId")))
        )
    return UNKNOWN if UNKNOWN in answers else bool(every(*answers))


def _shared(p: Props) -> Maybe[bool]:
    """Whether a snapshot of a database is shared with everybody."""
    accounts = p.texts("sharedAccounts")
    return UNKNOWN if accounts is UNKNOWN else "all" in accounts


def _public_acl(value: object) -> Maybe[bool]:
    if value is None or value is UNKNOWN:
        return value if value is UNKNOWN else False
    return isinstance(value, str) and value.startswith(("public", "authenticated"))


def document_aspects(reading: Reading | None) -> dict[str, object]:
    """What a bucket's policy says of the bucket."""
    if reading is None:
        return {}
    return {
        "exposure": Exposure(anonymous=reading.anyone),
        "encryption": Encryption(in_transit=reading.tls_only),
        "access": Access(wildcard=reading.wildcard),
    }


def _expiry(rules: list[Props] | object) -> Maybe[float]:
    """Days until the first expiry of current objects, None when nothing expires."""
    if not isinstance(rules, list):
        return UNKNOWN
    days: list[float] = []
    for one in rules:
        if one.get("status") == "Disabled" or one.get("enabled") is False:
            continue
        found = one.number_at("expiration", "days")
        if found is UNKNOWN:
            return UNKNOWN
        if found:
            days.append(found)
    return min(days) if days else None


def _lock(block: Props | object) -> Maybe[float]:
    """Days of a default retention, None when there is none."""
    if not isinstance(block, Props):
        return None if block is None else UNKNOWN
    days, years = block.number_at("defaultRetention", "days"), block.number_at("defaultRetention", "years")
    if days is UNKNOWN or years is UNKNOWN:
        return UNKNOWN
    return days or (years * 365 if years else None)


def _purpose(p: Props) -> Maybe[str]:
    name = p.get("bucket")
    tags = p.get("tags")
    said = tags.get("purpose") if isinstance(tags, dict) else None
    if said in ("archive", "handover"):
        return said
    if name is UNKNOWN or not isinstance(name, str):
        return None
    return next((word for word in ("handover", "archive") if word in name), None)


def bucket(p: Props) -> Facts:
    """A bucket, with whatever is written inside it."""
    reading = read(p.document("policy"))
    inline = p.block("serverSideEncryptionConfiguration")
    rules = inline.blocks("rule") + inline.blocks("rules") if isinstance(inline, Props) else inline  # type: ignore[operator]
    replicas = p.block("replicationConfiguration")
    lock = p.block("objectLockConfiguration")
    if isinstance(lock, Props):
        inner = lock.block("rule")
        lock = inner
    return Facts(
        "aws",
        Kind.BUCKET,
        handles=known(p.get("bucket"), p.get("bucketDomainName"), p.get("bucketRegionalDomainName")),
        purpose=_purpose(p),
        exposure=Exposure(
            anonymous=either(
                _public_acl(p.get("acl")), False if reading is None else reading.anyone, _grants(p)
            ),
            blocked=False,
        ),
        encryption=Encryption(
            customer_key=False if rules is None else _sse(rules),
            in_transit=False if reading is None else reading.tls_only,
        ),
        access=Access(wildcard=False if reading is None else reading.wildcard),
        protection=Protection(
            versions=either(p.flag_at("versioning", "enabled"), p.flag("objectLockEnabled"), False),
            forced=p.flag("forceDestroy", False),
        ),
        retention=Retention(lock_days=_lock(lock), expiry_days=_expiry(p.blocks("lifecycleRules"))),
        location=Location(copies=_copies(replicas)),
    )


def _grants(p: Props) -> Maybe[bool]:
    grants = p.blocks("grants")
    if grants is UNKNOWN:
        return UNKNOWN
    uris = [g.get("uri") for g in grants]
    return either(*(u if u is UNKNOWN else isinstance(u, str) and "Users" in u for u in uris), False)


def _copies(replicas: object) -> Maybe[tuple[str, ...]]:
    """The region of a replica is not written in a replication's settings: it cannot be told here."""
    return UNKNOWN if replicas is UNKNOWN else None


def bucket_policy(p: Props) -> Facts:
    """A policy beside its bucket."""
    return _part(p.get("bucket"), **document_aspects(read(p.document("policy"))))


def _to_group(grant: Props) -> Maybe[bool]:
    """Whether a grant of an ACL is to one of S3's groups of everybody."""
    found = matched("Users", grant.at("grantee", "uri"))
    return UNKNOWN if found is UNKNOWN else found is not None


def bucket_acl(p: Props) -> Facts:
    """An ACL beside its bucket."""
    control = p.block("accessControlPolicy")
    wide: Maybe[bool] = False
    if isinstance(control, Props):
        grants = control.blocks("grants")
        wide = UNKNOWN if grants is UNKNOWN else either(*(_to_group(g) for g in grants), False)
    return _part(p.get("bucket"), exposure=Exposure(anonymous=either(_public_acl(p.get("acl")), wide)))


def public_block(p: Props) -> Facts:
    """A public access block beside its bucket."""
    return _part(p.get("bucket"), exposure=Exposure(blocked=_blocked(p)))


def _blocked(p: Props) -> Maybe[bool]:
    return every(
        *(
            p.flag(n, False)
            for n in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
        )
    )


def account_block(p: Props) -> Facts:
    """The account's public access block."""
    return Facts("aws", Kind.ACCOUNT_BLOCK, exposure=Exposure(blocked=_blocked(p)))


def access_point(p: Props) -> Facts:
    """An access point counts by its policy: as a way into its bucket."""
    reading = read(p.document("policy"))
    return _part(p.get("bucket"), exposure=Exposure(anonymous=False if reading is None else reading.anyone))


def volume(p: Props) -> Facts:
    """An EBS volume."""
    kind = p.text("type", "gp2")
    return Facts(
        "aws",
        Kind.DISK,
        encryption=Encryption(
            at_rest=p.flag("encrypted", False), customer_key=customer_key(p.get("kmsKeyId"))
        ),
        compute=Compute(current=UNKNOWN if kind is UNKNOWN else kind not in OLD_VOLUMES),
        location=Location(zone=p.text("availabilityZone")),
    )


def snapshot_copy(p: Props) -> Facts:
    """A copy of a snapshot or image names its own encryption."""
    return Facts("aws", Kind.IMAGE, encryption=Encryption(at_rest=p.flag("encrypted", False)))


def image(p: Props) -> Facts:
    """An AMI made from snapshots: its block devices."""
    devices = p.blocks("ebsBlockDevices")
    made = UNKNOWN if devices is UNKNOWN else every(*(d.flag("encrypted", UNKNOWN) for d in devices))
    return Facts(
        "aws",
        Kind.IMAGE,
        encryption=Encryption(at_rest=made),
        exposure=Exposure(anonymous=p.flag("public", False)),
    )


def image_permission(p: Props) -> Facts:
    """Who may start from an image (or use a snapshot)."""
    group = p.get("group")
    snapshot = p.get("snapshotId")
    account = p.get("accountId")
    return Facts(
        "aws",
        Kind.IMAGE,
        of=UNKNOWN if UNKNOWN in (p.get("imageId"), snapshot) else known(p.get("imageId"), snapshot),
        of_kind=Kind.IMAGE,
        of_property="imageId" if snapshot is None else "snapshotId",
        exposure=Exposure(
            anonymous=UNKNOWN if UNKNOWN in (group, account) else group == "all" or account == "all"
        ),
    )


def file_system(p: Props) -> Facts:
    """An EFS file system."""
    return Facts(
        "aws",
        Kind.FILES,
        encryption=Encryption(
            at_rest=p.flag("encrypted", False),
            customer_key=every(p.flag("encrypted", False), customer_key(p.get("kmsKeyId"))),
            in_transit=False,
        ),
        exposure=Exposure(anonymous=False),
        backup=Backup(days=None),
    )


def file_policy(p: Props) -> Facts:
    """The policy of an EFS file system."""
    reading = read(p.document("policy"))
    return Facts(
        "aws",
        Kind.FILES,
        of=known(p.get("fileSystemId")) if p.get("fileSystemId") is not UNKNOWN else UNKNOWN,
        of_kind=Kind.FILES,
        of_property="fileSystemId",
        exposure=Exposure(anonymous=None if reading is None else reading.anyone),
        encryption=Encryption(in_transit=None if reading is None else reading.tls_only),
    )


def fsx(p: Props) -> Facts:
    """An FSx file system of any kind: always encrypted, the key may be AWS's."""
    return Facts(
        "aws",
        Kind.FILES,
        encryption=Encryption(customer_key=customer_key(p.get("kmsKeyId"))),
        backup=Backup(days=p.number("automaticBackupRetentionDays", 0)),
    )


def registry(p: Props) -> Facts:
    """An ECR repository."""
    kinds = p.blocks("encryptionConfigurations")
    own: Maybe[bool]
    if kinds is UNKNOWN:
        own = UNKNOWN
    else:
        own = any(
            k.get("encryptionType") == "KMS" and customer_key(k.get("kmsKey")) is True for k in kinds
        ) or (UNKNOWN if any(k.get("kmsKey") is UNKNOWN for k in kinds) else False)
    tags = p.text("imageTagMutability", "MUTABLE")
    return Facts(
        "aws",
        Kind.REGISTRY,
        handles=known(p.get("name"), p.get("repositoryUrl")),
        encryption=Encryption(customer_key=own),
        patching=Patching(scanned=p.flag_at("imageScanningConfiguration", "scanOnPush", default=False)),
        protection=Protection(
            immutable=UNKNOWN if tags is UNKNOWN else str(tags).startswith("IMMUTABLE"),
            forced=p.flag("forceDelete", False),
        ),
        exposure=Exposure(anonymous=False),
    )


def registry_policy(p: Props) -> Facts:
    """Who may pull from a repository."""
    reading = read(p.document("policy"))
    return Facts(
        "aws",
        Kind.REGISTRY,
        of=known(p.get("repository")) if p.get("repository") is not UNKNOWN else UNKNOWN,
        of_kind=Kind.REGISTRY,
        of_property="repository",
        exposure=Exposure(anonymous=None if reading is None else reading.anyone),
    )


def public_registry(p: Props) -> Facts:
    """ECR Public: whatever is in it is published."""
    return Facts(
        "aws", Kind.REGISTRY, handles=known(p.get("repositoryName")), exposure=Exposure(anonymous=True)
    )


TABLE = {
    "s3:bucket": bucket,
    "s3:bucketpolicy": bucket_policy,
    "s3:bucketacl": bucket_acl,
    "s3:bucketpublicaccessblock": public_block,
    "s3:accountpublicaccessblock": account_block,
    "s3control:accesspointpolicy": access_point,
    "s3:accesspoint": access_point,
    "s3:bucketserversideencryptionconfiguration": lambda p: _part(
        p.get("bucket"), encryption=Encryption(customer_key=_sse(p.blocks("rules")))
    ),
    "s3:bucketversioning": lambda p: _part(
        p.get("bucket"),
        protection=Protection(versions=p.flag_at("versioningConfiguration", "status", default=False)),
    ),
    "s3:bucketlifecycleconfiguration": lambda p: _part(
        p.get("bucket"), retention=Retention(expiry_days=_expiry(p.blocks("rules")))
    ),
    "s3:bucketobjectlockconfiguration": lambda p: _part(
        p.get("bucket"), retention=Retention(lock_days=_lock(p.block("rule")))
    ),
    "s3:bucketlogging": lambda p: _part(p.get("bucket"), logging=Logging(enabled=True)),
    "ebs:volume": volume,
    "ebs:snapshotcopy": snapshot_copy,
    "ebs:encryptionbydefault": lambda p: Facts(
        "aws", Kind.DISK_DEFAULT, encryption=Encryption(at_rest=p.flag("enabled", True))
    ),
    "ec2:amicopy": snapshot_copy,
    "ec2:ami": image,
    "ec2:amilaunchpermission": image_permission,
    "ec2:snapshotcreatevolumepermission": image_permission,
    "ebs:snapshot": lambda p: Facts(
        "aws", Kind.IMAGE, encryption=Encryption(at_rest=p.flag("encrypted", UNKNOWN))
    ),
    "rds:snapshot": lambda p: Facts(
        "aws",
        Kind.IMAGE,
        encryption=Encryption(at_rest=p.flag("encrypted", UNKNOWN)),
        exposure=Exposure(anonymous=_shared(p)),
    ),
    "efs:filesystem": file_system,
    "efs:filesystempolicy": file_policy,
    "fsx:windowsfilesystem": fsx,
    "fsx:lustrefilesystem": fsx,
    "fsx:ontapfilesystem": fsx,
    "fsx:openzfsfilesystem": fsx,
    "ecr:repository": registry,
    "ecr:repositorypolicy": registry_policy,
    "ecrpublic:repository": public_registry,
}
