"""Databases, caches, search, warehouses, streams, queues, secrets, keys."""

from __future__ import annotations

import re

from policies.extract.aws.storage import customer_key
from policies.extract.common import given, written
from policies.extract.documents import read
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
from policies.props import Props, either, every, known, opposite

OLDEST = {
    "postgres": 13,
    "aurora-postgresql": 13,
    "mysql": 8,
    "mariadb": 10,
    "aurora-mysql": 8,
    "oracle": 19,
    "sqlserver": 14,
    "redis": 6,
    "valkey": 7,
}
"""Oldest major versions taken as supported: PostgreSQL 13, MySQL 8.0, Oracle 19c, Redis 6 (vendors' own
support tables, general knowledge; a parameter of nobody's contract)."""
_SIZES = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4}


def vcpus(size: object) -> Maybe[float]:
    """vCPUs of an EC2 or RDS type by its size word (AWS's naming: xlarge 4, Nxlarge 4N)."""
    if size is UNKNOWN or size is None:
        return None if size is None else UNKNOWN
    word = str(size).rpartition(".")[2]
    if word in _SIZES:
        return _SIZES[word]
    found = re.fullmatch(r"(\d+)xlarge", word)
    return 4.0 * int(found[1]) if found else None


def current(size: object) -> Maybe[bool]:
    """Whether a type's family is of a current generation: digit of 5 or more (t3, t4 are current)."""
    if size is UNKNOWN or size is None:
        return None if size is None else UNKNOWN
    found = re.match(r"(?:db\.|cache\.)?([a-z]+)(\d)", str(size))
    return None if found is None else int(found[2]) >= (3 if found[1] == "t" else 5)


def supported(engine: object, version: object) -> Maybe[bool]:
    """Whether a major version is one that the vendor still mends."""
    if engine is UNKNOWN or version is UNKNOWN:
        return UNKNOWN
    if engine is None or version is None:
        return None
    name = str(engine)
    floor = next((v for k, v in OLDEST.items() if name == k or name.startswith(f"{k}-")), None)
    major = re.match(r"\d+", str(version))
    if floor is None or major is None:
        return None
    return int(major[0]) >= floor


def _password(p: Props, name: str) -> tuple[Maybe[bool], Maybe[bool]]:
    """Whether a password is written in the program, and whether the cloud makes it."""
    managed = p.flag("manageMasterUserPassword", False)
    literal = False if managed is True else given(p, name)
    return literal, managed


def database(p: Props) -> Facts:
    """An RDS instance, with a cluster or alone."""
    replica = p.has("replicateSourceDb") is not False
    literal, managed = _password(p, "password")
    restored = replica or p.has("snapshotIdentifier") is not False
    return Facts(
        "aws",
        Kind.DATABASE,
        handles=known(p.get("identifier")),
        exposure=Exposure(public_access=p.flag("publiclyAccessible", False)),
        encryption=Encryption(
            at_rest=p.flag("storageEncrypted", UNKNOWN if restored else False),
            customer_key=every(p.flag("storageEncrypted", False), customer_key(p.get("kmsKeyId"))),
        ),
        credential=Credential(literal=literal, cloud_managed=None if restored else managed),
        backup=Backup(
            days=None if replica else p.number("backupRetentionPeriod", 0),
            final=None if replica else opposite(p.flag("skipFinalSnapshot", False)),
        ),
        protection=Protection(deletion=p.flag("deletionProtection", False)),
        availability=Availability(zones=None if replica else _zones(p.flag("multiAz", False))),
        patching=Patching(
            automatic=p.flag("autoMinorVersionUpgrade", True),
            supported=supported(p.get("engine"), p.get("engineVersion")),
        ),
        compute=Compute(
            vcpus=vcpus(p.get("instanceClass")),
            current=every(current(p.get("instanceClass")), _volume(p.get("storageType"))),
        ),
        logging=Logging(enabled=_some(p.texts("enabledCloudwatchLogsExports"))),
    )


def _volume(kind: object) -> Maybe[bool]:
    return None if kind is None else UNKNOWN if kind is UNKNOWN else kind not in ("gp2", "io1", "standard")


def _some(value: tuple[str, ...] | object) -> Maybe[bool]:
    return UNKNOWN if value is UNKNOWN else bool(value)


def _zones(multi: object) -> Maybe[float]:
    return UNKNOWN if multi is UNKNOWN else 2.0 if multi else 1.0


def cluster(p: Props) -> Facts:
    """An Aurora, DocumentDB or Neptune cluster: its storage spans three zones by itself (AWS guide)."""
    literal, managed = _password(p, "masterPassword")
    restored = any(
        p.has(n) is not False
        for n in ("snapshotIdentifier", "replicationSourceIdentifier", "globalClusterIdentifier")
    )
    return Facts(
        "aws",
        Kind.DATABASE,
        handles=known(p.get("clusterIdentifier")),
        encryption=Encryption(
            at_rest=p.flag("storageEncrypted", UNKNOWN if restored else False),
            customer_key=every(
                p.flag("storageEncrypted", False), customer_key(p.first("kmsKeyId", "kmsKeyArn"))
            ),
        ),
        credential=Credential(literal=literal, cloud_managed=None if restored else managed),
        backup=Backup(
            days=p.number("backupRetentionPeriod", 1), final=opposite(p.flag("skipFinalSnapshot", False))
        ),
        protection=Protection(deletion=p.flag("deletionProtection", False)),
        patching=Patching(supported=supported(p.get("engine"), p.get("engineVersion"))),
        logging=Logging(enabled=_some(p.texts("enabledCloudwatchLogsExports"))),
    )


def identity_cluster(p: Props) -> Facts:
    """Neptune has no passwords: identities only."""
    from dataclasses import replace

    return replace(cluster(p), credential=None)


def member(p: Props) -> Facts:
    """An instance of a cluster."""
    return Facts(
        "aws",
        Kind.DATABASE,
        purpose="member",
        handles=known(p.get("identifier")),
        exposure=Exposure(public_access=p.flag("publiclyAccessible", False)),
        patching=Patching(
            automatic=p.flag("autoMinorVersionUpgrade", True),
            supported=supported(p.get("engine"), p.get("engineVersion")),
        ),
        compute=Compute(vcpus=vcpus(p.get("instanceClass")), current=current(p.get("instanceClass"))),
    )


TLS_PARAMETERS = {"rds.force_ssl": "1", "require_secure_transport": "on", "tls": "enabled"}


def parameters(p: Props) -> Facts | None:
    """A parameter group of an engine that can require TLS: judged as a database of its own."""
    family = p.text("family", "")
    if family is UNKNOWN or not str(family).startswith(
        ("postgres", "aurora-postgres", "mysql", "aurora-mysql", "docdb")
    ):
        return None
    values = p.blocks("parameters")
    version = re.search(r"postgres(?:ql)?(\d+)", str(family))
    forced: Maybe[bool] = version is not None and int(version[1]) >= 15  # on by default since 15 (RDS guide)
    if values is UNKNOWN:
        forced = UNKNOWN
    else:
        for one in values:
            name, value = one.get("name"), one.get("value")
            if name in TLS_PARAMETERS:
                forced = (
                    UNKNOWN if value is UNKNOWN else str(value).lower() in (TLS_PARAMETERS[name], "1", "true")
                )
    return Facts("aws", Kind.DATABASE, purpose="member", tags={}, encryption=Encryption(in_transit=forced))


def table(p: Props) -> Facts:
    """A DynamoDB table."""
    replicas = p.blocks("replicas")
    return Facts(
        "aws",
        Kind.NOSQL,
        handles=known(p.get("name")),
        encryption=Encryption(
            customer_key=every(
                p.flag_at("serverSideEncryption", "enabled", default=False),
                customer_key(p.at("serverSideEncryption", "kmsKeyArn")),
            )
        ),
        backup=Backup(point_in_time=p.flag_at("pointInTimeRecovery", "enabled", default=False)),
        protection=Protection(deletion=p.flag("deletionProtectionEnabled", False)),
        location=Location(
            copies=UNKNOWN if replicas is UNKNOWN else known(*(r.get("regionName") for r in replicas))
        ),
    )


def cache(p: Props) -> Facts:
    """An ElastiCache replication group or cluster."""
    return Facts(
        "aws",
        Kind.CACHE,
        encryption=Encryption(
            at_rest=p.flag("atRestEncryptionEnabled", False),
            in_transit=p.flag("transitEncryptionEnabled", False),
        ),
        credential=Credential(literal=given(p, "authToken")),
        backup=Backup(days=p.number("snapshotRetentionLimit", 0)),
        availability=Availability(
            zones=_zones(every(p.flag("automaticFailoverEnabled", False), p.flag("multiAzEnabled", False)))
        ),
        patching=Patching(
            automatic=p.flag("autoMinorVersionUpgrade", True),
            supported=supported(p.get("engine"), p.get("engineVersion")),
        ),
    )


def search(p: Props) -> Facts:
    """An OpenSearch or Elasticsearch domain."""
    policy = p.text_at("domainEndpointOptions", "tlsSecurityPolicy", default="Policy-Min-TLS-1-0-2019-07")
    reading = read(p.document("accessPolicies"))
    private = p.has("vpcOptions")
    return Facts(
        "aws",
        Kind.SEARCH,
        handles=known(p.get("domainName")),
        exposure=Exposure(
            public_access=opposite(private), anonymous=False if reading is None else reading.anyone
        ),
        encryption=Encryption(
            at_rest=p.flag_at("encryptAtRest", "enabled", default=False),
            in_transit=every(
                p.flag_at("nodeToNodeEncryption", "enabled", default=False),
                p.flag_at("domainEndpointOptions", "enforceHttps", default=False),
            ),
            tls=UNKNOWN if policy is UNKNOWN else 1.0 if "1-0" in str(policy) else 1.2,
        ),
        credential=Credential(
            literal=written(
                (p.at("advancedSecurityOptions", "masterUserOptions").raw or {}).get("masterUserPassword")
                if isinstance(p.at("advancedSecurityOptions", "masterUserOptions"), Props)
                else None
            )
        ),
        availability=Availability(
            zones=_zones(p.flag_at("clusterConfig", "zoneAwarenessEnabled", default=False))
        ),
    )


def warehouse(p: Props) -> Facts:
    """A Redshift cluster."""
    managed = p.flag("manageMasterPassword", False)
    return Facts(
        "aws",
        Kind.WAREHOUSE,
        exposure=Exposure(public_access=p.flag("publiclyAccessible", False)),
        encryption=Encryption(at_rest=p.flag("encrypted", True)),
        credential=Credential(literal=False if managed is True else given(p, "masterPassword")),
        backup=Backup(days=p.number("automatedSnapshotRetentionPeriod", 1)),
        availability=Availability(zones=_zones(p.flag("multiAz", False))),
    )


def stream(p: Props) -> Facts:
    """A Kinesis stream."""
    kind = p.text("encryptionType", "NONE")
    return Facts(
        "aws",
        Kind.STREAM,
        encryption=Encryption(
            customer_key=UNKNOWN
            if kind is UNKNOWN
            else kind == "KMS" and customer_key(p.get("kmsKeyId")) is not False
        ),
    )


def kafka(p: Props) -> Facts:
    """An MSK cluster."""
    client = p.text_at("encryptionInfo", "encryptionInTransit", "clientBroker", default="TLS")
    public = p.text_at("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type", default="DISABLED")
    return Facts(
        "aws",
        Kind.STREAM,
        exposure=Exposure(public_access=UNKNOWN if public is UNKNOWN else public != "DISABLED"),
        encryption=Encryption(
            customer_key=customer_key(p.at("encryptionInfo", "encryptionAtRestKmsKeyArn")),
            in_transit=UNKNOWN if client is UNKNOWN else client == "TLS",
        ),
    )


def broker(p: Props) -> Facts:
    """An Amazon MQ broker."""
    users = p.blocks("users")
    return Facts(
        "aws",
        Kind.STREAM,
        exposure=Exposure(public_access=p.flag("publiclyAccessible", False)),
        encryption=Encryption(customer_key=customer_key(p.at("encryptionOptions", "kmsKeyId"))),
        credential=Credential(
            literal=UNKNOWN
            if users is UNKNOWN
            else either(*(written(u.raw.get("password")) for u in users), False)
        ),
    )


def queue(p: Props) -> Facts:
    """An SQS queue."""
    reading = read(p.document("policy"))
    return Facts(
        "aws",
        Kind.QUEUE,
        handles=known(p.get("url"), p.get("name")),
        encryption=Encryption(customer_key=customer_key(p.get("kmsMasterKeyId"))),
        exposure=Exposure(anonymous=False if reading is None else reading.anyone),
    )


def topic(p: Props) -> Facts:
    """An SNS topic."""
    reading = read(p.document("policy"))
    return Facts(
        "aws",
        Kind.TOPIC,
        encryption=Encryption(customer_key=customer_key(p.get("kmsMasterKeyId"))),
        exposure=Exposure(anonymous=False if reading is None else reading.anyone),
    )


def _policy_of(kind: Kind, prop: str) -> object:
    def part(p: Props) -> Facts:
        reading = read(p.document("policy"))
        target = p.get(prop)
        return Facts(
            "aws",
            kind,
            of=UNKNOWN if target is UNKNOWN else known(target),
            of_kind=kind,
            of_property=prop,
            exposure=Exposure(anonymous=None if reading is None else reading.anyone),
        )

    return part


def secret(p: Props) -> Facts:
    """A Secrets Manager secret."""
    reading = read(p.document("policy"))
    replicas = p.blocks("replicas")
    window = p.number("recoveryWindowInDays", 30)
    return Facts(
        "aws",
        Kind.SECRET,
        handles=known(p.get("name")),
        encryption=Encryption(customer_key=customer_key(p.get("kmsKeyId"))),
        exposure=Exposure(anonymous=False if reading is None else reading.anyone),
        location=Location(
            copies=UNKNOWN if replicas is UNKNOWN else known(*(r.get("region") for r in replicas))
        ),
        retention=Retention(recover_days=window),
    )


def secret_value(p: Props) -> Facts:
    """The value of a secret, or a parameter of type SecureString."""
    given = [written(p.raw.get(n)) for n in ("secretString", "secretBinary")]
    return Facts("aws", Kind.SECRET_VALUE, credential=Credential(literal=either(*given)))


def parameter(p: Props) -> Facts | None:
    """A Systems Manager parameter: only secret ones are judged."""
    if p.get("type") != "SecureString":
        return None
    return Facts(
        "aws",
        Kind.SECRET_VALUE,
        credential=Credential(
            literal=either(written(p.raw.get("value")), written(p.raw.get("insecureValue")))
        ),
    )


def key(p: Props) -> Facts:
    """A KMS key. Asymmetric and HMAC keys do not rotate by themselves (KMS guide)."""
    symmetric = p.text("customerMasterKeySpec", p.text("keySpec", "SYMMETRIC_DEFAULT")) == "SYMMETRIC_DEFAULT"
    reading = read(p.document("policy"))
    spec = p.text("customerMasterKeySpec", "SYMMETRIC_DEFAULT")
    return Facts(
        "aws",
        Kind.KEY,
        handles=known(p.get("keyId")),
        keycare=KeyCare(
            rotation=p.flag("enableKeyRotation", False) if symmetric else None,
            rotation_days=p.number("rotationPeriodInDays") if symmetric else None,
            deletion_days=p.number("deletionWindowInDays", 30),
            enabled=p.flag("isEnabled", True),
            strong=UNKNOWN if spec is UNKNOWN else True,
        ),
        exposure=Exposure(anonymous=False if reading is None else reading.anyone),
    )


def log_group(p: Props) -> Facts:
    """A CloudWatch log group. 0 or nothing keeps for ever."""
    from policies.facts import FOREVER

    days = p.number("retentionInDays", 0)
    return Facts(
        "aws",
        Kind.LOG_STORE,
        handles=known(p.get("name")),
        encryption=Encryption(customer_key=customer_key(p.get("kmsKeyId"))),
        retention=Retention(days=days if days is UNKNOWN else days or FOREVER),
    )


TABLE = {
    "rds:instance": database,
    "rds:cluster": cluster,
    "rds:clusterinstance": member,
    "rds:parametergroup": parameters,
    "rds:clusterparametergroup": parameters,
    "docdb:cluster": cluster,
    "docdb:clusterinstance": member,
    "docdb:clusterparametergroup": parameters,
    "neptune:cluster": identity_cluster,
    "neptune:clusterinstance": member,
    "dynamodb:table": table,
    "elasticache:replicationgroup": cache,
    "elasticache:cluster": cache,
    "opensearch:domain": search,
    "elasticsearch:domain": search,
    "redshift:cluster": warehouse,
    "kinesis:stream": stream,
    "msk:cluster": kafka,
    "mq:broker": broker,
    "sqs:queue": queue,
    "sqs:queuepolicy": _policy_of(Kind.QUEUE, "queueUrl"),
    "sns:topic": topic,
    "sns:topicpolicy": _policy_of(Kind.TOPIC, "arn"),
    "kms:key": key,
    "kms:replicakey": key,
    "kms:keypolicy": _policy_of(Kind.KEY, "keyId"),
    "secretsmanager:secret": secret,
    "secretsmanager:secretpolicy": _policy_of(Kind.SECRET, "secretArn"),
    "secretsmanager:secretversion": secret_value,
    "ssm:parameter": parameter,
    "cloudwatch:loggroup": log_group,
}
