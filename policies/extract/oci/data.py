"""Object and block storage, file systems, databases, vaults, machines, containers."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from policies.extract.common import given, moving, secret_in_names, secret_in_script, written
from policies.facts import (
    UNKNOWN,
    Compute,
    Credential,
    Encryption,
    Exposure,
    Facts,
    KeyCare,
    Kind,
    Maybe,
    Patching,
    Protection,
    Retention,
)
from policies.props import Props, either, every, known, opposite


def _key(p: Props) -> Encryption:
    return Encryption(customer_key=p.has("kmsKeyId"))


def bucket(p: Props) -> Facts:
    """A bucket."""
    access = p.text("accessType", "NoPublicAccess")
    labels = p.get("freeformTags")
    said = labels.get("purpose") if isinstance(labels, dict) else None
    rules = p.blocks("retentionRules")
    lock: Maybe[float] = None
    if rules is UNKNOWN:
        lock = UNKNOWN
    else:
        for one in rules:
            amount = one.number_at("duration", "timeAmount")
            unit = one.text_at("duration", "timeUnit", default="DAYS")
            if isinstance(amount, (int, float)):
                lock = max(lock or 0, amount * (365 if unit == "YEARS" else 1))
    return Facts(
        "oci",
        Kind.BUCKET,
        handles=known(p.get("name")),
        purpose=said if said in ("archive", "handover") else None,
        exposure=Exposure(anonymous=UNKNOWN if access is UNKNOWN else access != "NoPublicAccess"),
        encryption=_key(p),
        # What a retention rule holds can be neither changed nor deleted; with one OCI takes no versions.
        protection=Protection(
            versions=True if isinstance(lock, (int, float)) else p.flag("versioning", False)
        ),
        retention=Retention(lock_days=lock),
    )


def life(p: Props) -> Facts:
    """What a bucket deletes by itself."""
    target = p.get("bucket")
    rules = p.blocks("rules")
    days: list[float] = []
    for one in [] if rules is UNKNOWN else rules:
        amount = one.number("timeAmount")
        if (
            one.get("action") == "DELETE"
            and one.flag("isEnabled", True) is not False
            and isinstance(amount, (int, float))
        ):
            days.append(amount * (365 if one.get("timeUnit") == "YEARS" else 1))
    return Facts(
        "oci",
        Kind.BUCKET,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.BUCKET,
        of_property="bucket",
        retention=Retention(expiry_days=UNKNOWN if rules is UNKNOWN else min(days, default=None)),
    )


def volume(p: Props) -> Facts:
    """A block or boot volume."""
    return Facts("oci", Kind.DISK, encryption=_key(p))


def file_system(p: Props) -> Facts:
    """A file system."""
    return Facts("oci", Kind.FILES, encryption=_key(p))


def _script(metadata: Any) -> Any:
    """cloud-init's text: OCI takes it in base64."""
    text = metadata.get("user_data") if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "ignore")
    except (binascii.Error, ValueError):
        return text


def instance(p: Props) -> Facts:
    """A compute instance: its network interface gets a public address unless told otherwise."""
    vnic = p.block("createVnicDetails")
    v = vnic if isinstance(vnic, Props) else Props({})
    public = v.get("assignPublicIp")
    metadata = p.get("metadata")
    source = p.block("sourceDetails")
    return Facts(
        "oci",
        Kind.SERVER,
        exposure=Exposure(
            public_address=v.flag("assignPublicIp", UNKNOWN) if public is not None else UNKNOWN
        ),
        encryption=Encryption(customer_key=source.has("kmsKeyId") if isinstance(source, Props) else UNKNOWN),
        credential=Credential(
            ssh_key=UNKNOWN
            if metadata is UNKNOWN
            else isinstance(metadata, dict) and bool(metadata.get("ssh_authorized_keys")),
            in_start_script=UNKNOWN if metadata is UNKNOWN else secret_in_script(_script(metadata)),
        ),
        compute=Compute(
            metadata_token=p.flag_at("instanceOptions", "areLegacyImdsEndpointsDisabled", default=False),
            forwards=v.flag("skipSourceDestCheck", False),
        ),
    )


def autonomous(p: Props) -> Facts:
    """An Autonomous Database."""
    private = p.has("subnetId")
    return Facts(
        "oci",
        Kind.DATABASE,
        exposure=Exposure(public_access=opposite(private)),
        credential=Credential(literal=either(given(p, "adminPassword"))),
    )


def mysql(p: Props) -> Facts:
    """A MySQL HeatWave system."""
    literal = given(p, "adminPassword", only_by_value=True)
    return Facts("oci", Kind.DATABASE, credential=Credential(literal=literal))


def postgres(p: Props) -> Facts:
    """A PostgreSQL system: its password is given, or is a secret in a vault."""
    block = p.block("credentials", "passwordDetails")
    literal: Maybe[bool] = False
    if isinstance(block, Props):
        literal = written(block.raw.get("password"))
    return Facts("oci", Kind.DATABASE, credential=Credential(literal=literal))


def db_system(p: Props) -> Facts:
    """A database system on virtual machines."""
    home = p.block("dbHome", "database")
    literal = written(home.raw.get("adminPassword")) if isinstance(home, Props) else None
    return Facts("oci", Kind.DATABASE, credential=Credential(literal=literal))


def table(p: Props) -> Facts:
    """A NoSQL table's configuration: its key."""
    return Facts("oci", Kind.NOSQL, purpose="member", encryption=Encryption(customer_key=p.has("kmsKey")))


def stream_pool(p: Props) -> Facts:
    """A pool of streams."""
    inner = p.block("customEncryptionKey")
    return Facts(
        "oci",
        Kind.STREAM,
        encryption=Encryption(customer_key=UNKNOWN if inner is UNKNOWN else inner is not None),
    )


def key(p: Props) -> Facts:
    """A key: length in bytes; AES 16 is 128 bits, RSA wants 256."""
    shape = p.block("keyShape")
    s = shape if isinstance(shape, Props) else Props({})
    size, kind = s.number("length"), s.text("algorithm", "AES")
    return Facts(
        "oci",
        Kind.KEY,
        keycare=KeyCare(
            rotation=p.flag("isAutoRotationEnabled", False),
            rotation_days=p.number_at("autoKeyRotationDetails", "rotationIntervalInDays"),
            strong=UNKNOWN
            if size is UNKNOWN
            else None
            if size is None
            else size >= (256 if kind == "RSA" else 32),
        ),
    )


def secret(p: Props) -> Facts:
    """A secret in a vault; `secretContent` would be its value."""
    content = p.raw.get("secretContent")
    value = content.get("content") if isinstance(content, dict) else None
    return Facts(
        "oci",
        Kind.SECRET,
        encryption=Encryption(customer_key=p.has("keyId")),
        credential=Credential(literal=written(value)),
    )


def cluster(p: Props) -> Facts:
    """An OKE cluster."""
    return Facts(
        "oci",
        Kind.CLUSTER,
        exposure=Exposure(public_access=p.flag_at("endpointConfig", "isPublicIpEnabled", default=False)),
        encryption=_key(p),
    )


def containers(p: Props) -> Facts:
    """A container instance."""
    inside = p.blocks("containers")
    vnics = p.blocks("vnics")
    listed = [] if inside is UNKNOWN else inside
    public: Maybe[bool] = UNKNOWN
    if vnics is not UNKNOWN:
        public = either(*(v.flag("isPublicIpAssigned", UNKNOWN) for v in vnics), False)
    return Facts(
        "oci",
        Kind.CONTAINERS,
        exposure=Exposure(public_address=public),
        credential=Credential(
            in_environment=either(
                *(secret_in_names(c.raw.get("environmentVariables")) for c in listed), False
            )
        ),
        patching=Patching(pinned=every(*(moving(c.get("imageUrl")) for c in listed))),
    )


def registry(p: Props) -> Facts:
    """A container repository has the service's key: what can be told is whether it is public."""
    return Facts("oci", Kind.REGISTRY, exposure=Exposure(anonymous=p.flag("isPublic", False)))


TABLE: dict[str, Any] = {
    "objectstorage:bucket": bucket,
    "objectstorage:objectlifecyclepolicy": life,
    "core:volume": volume,
    "core:bootvolume": volume,
    "filestorage:filesystem": file_system,
    "core:instance": instance,
    "database:autonomousdatabase": autonomous,
    "mysql:mysqldbsystem": mysql,
    "psql:dbsystem": postgres,
    "database:dbsystem": db_system,
    "nosql:configuration": table,
    "streaming:streampool": stream_pool,
    "queue:queue": lambda p: Facts(
        "oci", Kind.QUEUE, encryption=Encryption(customer_key=p.has("customEncryptionKeyId"))
    ),
    "kms:key": key,
    "vault:secret": secret,
    "containerengine:cluster": cluster,
    "containerengine:containerinstance": containers,
    "artifacts:containerrepository": registry,
}
