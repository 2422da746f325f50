"""Buckets, databases, caches, messages, secrets, keys, registries."""

from __future__ import annotations

import re
from typing import Any

from policies.extract.common import given, written
from policies.facts import (
    UNKNOWN,
    Availability,
    Backup,
    Compute,
    Credential,
    Encryption,
    Exposure,
    Facts,
    KeyCare,
    Kind,
    Location,
    Logging,
    Maybe,
    Patching,
    Protection,
    Retention,
)
from policies.props import Props, either, known, matched, opposite

ANYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
OLDEST = {"POSTGRES": 13, "MYSQL": 8, "SQLSERVER": 2019}
"""Oldest major versions taken as supported (general knowledge of the vendors' tables)."""


def members(p: Props) -> Maybe[tuple[str, ...]]:
    """Whom an IAM resource names, in any of its three forms: a member, a binding, a whole policy."""
    one, more, policy = p.text("member"), p.texts("members"), p.document("policyData")
    if one is UNKNOWN or more is UNKNOWN or policy is UNKNOWN:
        return UNKNOWN
    found = [*([str(one)] if one else []), *more]
    if isinstance(policy, Props):
        bindings = policy.blocks("bindings")
        named = [UNKNOWN] if bindings is UNKNOWN else [b.texts("members") for b in bindings]
        if UNKNOWN in named:
            return UNKNOWN
        found += [m for group in named if isinstance(group, tuple) for m in group]
    return tuple(found)


def anybody(p: Props) -> Maybe[bool]:
    """Whether an IAM resource is for anybody."""
    found = members(p)
    return UNKNOWN if found is UNKNOWN or found is None else any(m in ANYBODY for m in found)


def part(kind: Kind, prop: str) -> Any:
    """Extractor of IAM on a thing: who may use the thing named in `prop`."""

    def extract(p: Props) -> Facts:
        target = p.get(prop)
        return Facts(
            "google",
            kind,
            of=UNKNOWN if target is UNKNOWN else known(target),
            of_kind=kind,
            of_property=prop,
            exposure=Exposure(anonymous=anybody(p)),
        )

    return extract


def subscription_member(p: Props) -> Facts:
    """IAM on a subscription, whose messages are its topic's: who may take them."""
    return Facts("google", Kind.QUEUE, purpose="member", tags={}, exposure=Exposure(anonymous=anybody(p)))


def bucket(p: Props) -> Facts:
    """A bucket."""
    prevented = p.text("publicAccessPrevention", "inherited")
    labels = p.get("labels")
    said = labels.get("purpose") if isinstance(labels, dict) else None
    rules = p.blocks("lifecycleRules")
    days = [
        one.number_at("condition", "age")
        for one in ([] if rules is UNKNOWN else rules)
        if one.at("action", "type") == "Delete" and one.at("condition", "withState") != "ARCHIVED"
    ]
    given = [d for d in days if isinstance(d, (int, float)) and d]
    seconds = p.number_at("retentionPolicy", "retentionPeriod")
    kept = UNKNOWN if seconds is UNKNOWN else p.flag_at("versioning", "enabled", default=False)
    where = p.text("location")
    region = (
        where
        if where is UNKNOWN
        else {"ASIA1": "asia-northeast1"}.get(str(where).upper(), str(where).lower())
    )
    return Facts(
        "google",
        Kind.BUCKET,
        handles=known(p.get("name"), p.get("url")),
        purpose=said if said in ("archive", "handover") else None,
        exposure=Exposure(
            anonymous=False, blocked=UNKNOWN if prevented is UNKNOWN else prevented == "enforced"
        ),
        encryption=Encryption(customer_key=p.has("encryption")),
        protection=Protection(
            # A retention policy keeps every object from being overwritten and deleted: more than versions.
            versions=True if isinstance(seconds, (int, float)) and seconds > 0 else kept,
            forced=p.flag("forceDestroy", False),
        ),
        retention=Retention(
            lock_days=UNKNOWN if seconds is UNKNOWN else seconds / 86400 if seconds else None,
            expiry_days=UNKNOWN if rules is UNKNOWN or UNKNOWN in days else min(given, default=None),
            recover_days=_seconds(p.at("softDeletePolicy", "retentionDurationSeconds"), 7),
        ),
        location=Location(region=region),
    )


def _seconds(value: Any, default: float) -> Maybe[float]:
    if value is None:
        return default
    return value / 86400 if isinstance(value, (int, float)) else UNKNOWN


def sql(p: Props) -> Facts:
    """A Cloud SQL instance; `p.settings` has nearly everything."""
    inside = p.block("settings")
    s = inside if isinstance(inside, Props) else Props({})
    ip = s.block("ipConfiguration")
    net = ip if isinstance(ip, Props) else Props({})
    mode = net.text("sslMode")
    backup = s.block("backupConfiguration")
    b = backup if isinstance(backup, Props) else Props({})
    on = b.flag("enabled", False)
    kept = b.number_at("backupRetentionSettings", "retainedBackups", default=7)
    kind = s.text("availabilityType", "ZONAL")
    version = matched(r"^([A-Z]+)_(\d+)", p.get("databaseVersion"))
    tier = s.text("tier")
    replica = p.get("masterInstanceName") is not None
    flags = s.blocks("databaseFlags")
    audited = (
        UNKNOWN
        if flags is UNKNOWN
        else any(
            f.get("name")
            in ("cloudsql.enable_pgaudit", "cloudsql_mysql_audit", "general_log", "log_connections")
            and str(f.get("value")).lower() in ("on", "1")
            for f in flags
        )
    )
    return Facts(
        "google",
        Kind.DATABASE,
        exposure=Exposure(public_access=net.flag("ipv4Enabled", True)),
        encryption=Encryption(
            customer_key=p.has("encryptionKeyName"),
            in_transit=UNKNOWN
            if mode is UNKNOWN
            else mode in ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
        ),
        credential=Credential(literal=given(p, "rootPassword")),
        backup=Backup(
            days=None if replica else UNKNOWN if on is UNKNOWN else kept if on else 0,
            point_in_time=None
            if replica
            else either(b.flag("pointInTimeRecoveryEnabled", False), b.flag("binaryLogEnabled", False)),
        ),
        protection=Protection(
            deletion=either(p.flag("deletionProtection", True), s.flag("deletionProtectionEnabled", False))
        ),
        availability=Availability(
            zones=None if replica else UNKNOWN if kind is UNKNOWN else 2.0 if kind == "REGIONAL" else 1.0
        ),
        patching=Patching(
            supported=version
            if version is None or version is UNKNOWN
            else int(version[2]) >= OLDEST.get(version[1], 0)
        ),
        compute=Compute(
            vcpus=cores(tier),
            current=None
            if tier is None
            else UNKNOWN
            if tier is UNKNOWN
            else not str(tier).startswith(("db-n1", "db-f1", "db-g1")),
        ),
        logging=Logging(enabled=audited),
    )


def cores(size: Any) -> Maybe[float]:
    """vCPUs of a type: its last number, n2-standard-8, or the first of db-custom-4-16384."""
    if size is None or size is UNKNOWN:
        return size
    custom = re.search(r"custom-(\d+)-", str(size))
    found = custom or re.search(r"-(\d+)$", str(size))
    return float(found[1]) if found else None


def sql_user(p: Props) -> Facts:
    """A user of Cloud SQL or AlloyDB: those of IAM have no password."""
    return Facts(
        "google",
        Kind.DATABASE,
        purpose="member",
        tags={},
        credential=Credential(literal=given(p, "password")),
    )


def alloy(p: Props) -> Facts:
    """An AlloyDB cluster."""
    return Facts(
        "google",
        Kind.DATABASE,
        exposure=Exposure(public_access=False),
        encryption=Encryption(customer_key=p.has("encryptionConfig")),
        credential=Credential(
            literal=written((p.raw.get("initialUser") or {}).get("password"))
            if isinstance(p.raw.get("initialUser"), dict)
            else False
        ),
        protection=Protection(deletion=p.flag("deletionProtection", True)),
    )


def bigquery(p: Props) -> Facts:
    """A BigQuery dataset."""
    accesses = p.blocks("accesses")
    public = (
        UNKNOWN
        if accesses is UNKNOWN
        else any(
            a.get("specialGroup") == "allAuthenticatedUsers" or a.get("iamMember") in ANYBODY
            for a in accesses
        )
    )
    return Facts(
        "google",
        Kind.WAREHOUSE,
        exposure=Exposure(public_access=public),
        protection=Protection(deletion=opposite(p.flag("deleteContentsOnDestroy", False))),
    )


def firestore(p: Props) -> Facts:
    """A Firestore database."""
    pitr = p.text("pointInTimeRecoveryEnablement", "POINT_IN_TIME_RECOVERY_DISABLED")
    protect = p.text("deleteProtectionState", "DELETE_PROTECTION_DISABLED")
    where = p.text("locationId")
    return Facts(
        "google",
        Kind.NOSQL,
        encryption=Encryption(customer_key=p.has("cmekConfig")),
        backup=Backup(
            point_in_time=UNKNOWN
            if pitr is UNKNOWN
            else str(pitr).endswith("ENABLED") and not str(pitr).endswith("DISABLED")
        ),
        protection=Protection(
            deletion=UNKNOWN
            if protect is UNKNOWN
            else str(protect).endswith("ENABLED") and not str(protect).endswith("DISABLED")
        ),
        location=Location(region=where),
    )


def redis(p: Props) -> Facts:
    """A Memorystore instance."""
    mode = p.text("transitEncryptionMode", "DISABLED")
    return Facts(
        "google",
        Kind.CACHE,
        exposure=Exposure(public_access=False),
        encryption=Encryption(
            in_transit=UNKNOWN
            if mode is UNKNOWN
            else mode in ("SERVER_AUTHENTICATION", "TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION")
        ),
    )


def filestore(p: Props) -> Facts:
    """A Filestore instance."""
    return Facts("google", Kind.FILES, encryption=Encryption(customer_key=p.has("kmsKeyName")))


def topic(p: Props) -> Facts:
    """A Pub/Sub topic."""
    return Facts(
        "google",
        Kind.TOPIC,
        handles=known(p.get("name")),
        encryption=Encryption(customer_key=p.has("kmsKeyName")),
        exposure=Exposure(anonymous=False),
    )


def secret(p: Props) -> Facts:
    """A secret: replicated where Google chooses (auto), or where it is told."""
    auto = p.has("replication") is True and p.at("replication", "auto") is not None
    managed = p.block("replication", "userManaged")
    copies = managed.blocks("replicas") if isinstance(managed, Props) else []
    places: Any = UNKNOWN if copies is UNKNOWN else known(*(c.get("location") for c in copies))
    sealed = (
        UNKNOWN
        if copies is UNKNOWN
        else bool(copies) and all(c.has("customerManagedEncryption") is True for c in copies)
    )
    if auto:
        places = ("anywhere",)
        sealed = p.at("replication", "auto", "customerManagedEncryption") is not None
    return Facts(
        "google",
        Kind.SECRET,
        handles=known(p.get("secretId"), p.get("name")),
        location=Location(copies=places),
        encryption=Encryption(customer_key=sealed),
        exposure=Exposure(anonymous=False),
        retention=Retention(recover_days=_days(p.get("versionDestroyTtl"), None)),
    )


def _days(value: Any, default: float | None) -> Maybe[float]:
    """Days of a duration like 2592000s."""
    if value is None:
        return default
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s", str(value))
    return float(found[1]) / 86400 if found else UNKNOWN


def secret_value(p: Props) -> Facts:
    """A version of a secret, with its value."""
    return Facts("google", Kind.SECRET_VALUE, credential=Credential(literal=written(p.raw.get("secretData"))))


def key(p: Props) -> Facts:
    """A KMS key. Only symmetric keys rotate by themselves. 30 days is KMS's default before destruction."""
    purpose = p.text("purpose", "ENCRYPT_DECRYPT")
    period = _days(p.get("rotationPeriod"), None)
    symmetric = purpose == "ENCRYPT_DECRYPT"
    return Facts(
        "google",
        Kind.KEY,
        keycare=KeyCare(
            rotation=None if not symmetric else UNKNOWN if period is UNKNOWN else period is not None,
            rotation_days=period,
            deletion_days=_days(p.get("destroyScheduledDuration"), 30),
        ),
        exposure=Exposure(anonymous=False),
    )


def registry(p: Props) -> Facts:
    """An Artifact Registry repository."""
    return Facts(
        "google",
        Kind.REGISTRY,
        handles=known(p.get("repositoryId"), p.get("name")),
        encryption=Encryption(customer_key=p.has("kmsKeyName")),
        # Only images have tags: a repository of packages, or a mirror, has none that could move.
        protection=Protection(
            immutable=p.flag_at("dockerConfig", "immutableTags", default=False)
            if p.text("format", "DOCKER") == "DOCKER"
            else None
        ),
        exposure=Exposure(anonymous=False),
    )


def log_bucket(p: Props) -> Facts:
    """A bucket of Cloud Logging: 30 days unless it says more."""
    return Facts(
        "google",
        Kind.LOG_STORE,
        encryption=Encryption(customer_key=p.has("cmekSettings")),
        retention=Retention(days=p.number("retentionDays", 30)),
        purpose="member",
    )


def _iam(kind: Kind, prop: str, *forms: str) -> dict[str, Any]:
    return {f"{form}": part(kind, prop) for form in forms}


TABLE: dict[str, Any] = {
    "storage:bucket": bucket,
    **_iam(
        Kind.BUCKET,
        "bucket",
        "storage:bucketiammember",
        "storage:bucketiambinding",
        "storage:bucketiampolicy",
        "storage:managedfolderiammember",
        "storage:managedfolderiambinding",
        "storage:managedfolderiampolicy",
    ),
    "storage:bucketaccesscontrol": lambda p: Facts(
        "google",
        Kind.BUCKET,
        of=known(p.get("bucket")),
        of_kind=Kind.BUCKET,
        of_property="bucket",
        exposure=Exposure(anonymous=p.get("entity") in ANYBODY),
    ),
    "sql:databaseinstance": sql,
    "sql:user": sql_user,
    "alloydb:cluster": alloy,
    "alloydb:user": sql_user,
    "bigquery:dataset": bigquery,
    "firestore:database": firestore,
    "redis:instance": redis,
    "filestore:instance": filestore,
    "pubsub:topic": topic,
    **_iam(Kind.TOPIC, "topic", "pubsub:topiciammember", "pubsub:topiciambinding", "pubsub:topiciampolicy"),
    "pubsub:subscriptioniammember": subscription_member,
    "pubsub:subscriptioniambinding": subscription_member,
    "pubsub:subscriptioniampolicy": subscription_member,
    "secretmanager:secret": secret,
    "secretmanager:secretversion": secret_value,
    **_iam(Kind.SECRET, "secretId", "secretmanager:secretiammember", "secretmanager:secretiambinding"),
    "kms:cryptokey": key,
    **_iam(Kind.KEY, "cryptoKeyId", "kms:cryptokeyiammember", "kms:cryptokeyiambinding"),
    "artifactregistry:repository": registry,
    **_iam(
        Kind.REGISTRY,
        "repository",
        "artifactregistry:repositoryiammember",
        "artifactregistry:repositoryiambinding",
    ),
    "logging:projectbucketconfig": log_bucket,
}
