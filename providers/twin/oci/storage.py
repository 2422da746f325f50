"""Keys and data: vaults, secrets, certificates, buckets, file systems, registries, queues, databases."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal
from providers.twin.oci.compute import in_subnet, placed
from providers.twin.oci.facts import namespace
from providers.twin.oci.words import hold, name, one, thing, token
from providers.twin.scope import Scope
from providers.wire import Value

_VAULT = "ocid1.vault.oc1.{region}.{alnum12v}.aaaaaaaa{alnum52}"


def _management(scope: Scope) -> Value:
    return scope.fill("https://{alnum12v}-management.kms.{region}.oraclecloud.com")


def _vault_of(scope: Scope) -> Value:
    row = scope.find(token("Kms.Vault"), scope.get("managementEndpoint"))
    return row.id if row is not None else None


def _key(scope: Scope) -> None:
    """Keys are made at the endpoint of a vault; only a private one rotates them by itself."""
    row = scope.find(token("Kms.Vault"), scope.get("managementEndpoint"))
    if row is None:
        raise Refusal("NotFound", f"no vault answers at {scope.get('managementEndpoint')}", 404)
    if scope.get("isAutoRotationEnabled") and row.state.get("vaultType") != "VIRTUAL_PRIVATE":
        raise Refusal(
            "InvalidParameter", "Auto rotation is supported for keys in virtual private vaults only"
        )
    days = (scope.get("autoKeyRotationDetails") or {}).get("rotationIntervalInDays")
    if days is not None and not 60 <= int(days) <= 365:
        raise Refusal("InvalidParameter", "rotationIntervalInDays must be between 60 and 365")
    shape = scope.get("keyShape") or {}
    lengths = {"AES": (16, 24, 32), "RSA": (256, 384, 512), "ECDSA": (32, 48, 66)}
    if int(shape.get("length") or 0) not in lengths.get(str(shape.get("algorithm")), ()):
        raise Refusal(
            "InvalidParameter", f"keyShape: {shape.get('algorithm')} has no length {shape.get('length')}"
        )


def _secret(scope: Scope) -> None:
    if scope.get("enableAutoGeneration") and not scope.get("secretGenerationContext"):
        raise Refusal("InvalidParameter", "secretGenerationContext is required when generation is enabled")
    if not scope.get("enableAutoGeneration") and not scope.get("secretContent"):
        raise Refusal("InvalidParameter", "secretContent is required when generation is not enabled")


def _authority(scope: Scope) -> None:
    key = scope.target("kmsKeyId")
    if key is not None and (key.state.get("keyShape") or {}).get("algorithm") not in ("RSA", "ECDSA"):
        raise Refusal("InvalidParameter", f"The key {key.id} of an authority must be asymmetric")


def _bucket(scope: Scope) -> None:
    """A bucket's name, its namespace; with versions it has no retention rules."""
    text = str(scope.get("name"))
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,256}", text):
        raise Refusal("InvalidBucketName", f"The bucket name '{text}' is not valid")
    if scope.get("namespace") != namespace(scope.unit):
        raise Refusal("NamespaceNotFound", f"There is no namespace {scope.get('namespace')} here", 404)
    rules = scope.get("retentionRules") or []
    if rules and scope.get("versioning") == "Enabled":
        raise Refusal("RetentionRuleConflict", "A bucket with versioning cannot have retention rules", 409)
    if len(rules) > 100:
        raise Refusal("LimitExceeded", "A bucket can have at most 100 retention rules")


def _numbered(scope: Scope) -> None:
    rules = scope.state.get("retentionRules") or []
    scope.state["retentionRules"] = [
        {
            **rule,
            "retentionRuleId": rule.get("retentionRuleId") or scope.fill(f"{{alnum20r{'abcdefghij'[at]}}}"),
        }
        for at, rule in enumerate(rules[:10])
    ]


def _life(scope: Scope) -> None:
    row = scope.target("bucket")
    for rule in scope.inputs.get("rules") or []:
        if rule.get("action") == "ABORT" and rule.get("target") != "multipart-uploads":
            raise Refusal("InvalidParameter", "ABORT is for multipart-uploads")
        if (
            rule.get("target") == "previous-object-versions"
            and row
            and row.state.get("versioning") != "Enabled"
        ):
            raise Refusal("InvalidParameter", "previous-object-versions need versioning")


def _no_versions_left(scope: Scope) -> None:
    for row in scope.store.linked(scope.rid):
        if row.type == token("ObjectStorage.ObjectLifecyclePolicy"):
            scope.store.remove(row.rid)


def _exported(scope: Scope) -> None:
    if not str(scope.get("path")).startswith("/"):
        raise Refusal("InvalidParameter", "path must start with '/'")


def _copied(scope: Scope) -> None:
    """A file system is copied to another one, of another region here, that nothing else is copied to."""
    target = scope.target("targetId")
    if target is not None and target.id == scope.get("sourceId"):
        raise Refusal("InvalidParameter", "source and target are the same file system")


def _password(scope: Scope) -> None:
    if not scope.get("adminUsername") or not scope.get("adminPassword"):
        raise Refusal("InvalidParameter", "adminUsername and adminPassword are required")
    if len(str(scope.inputs.get("adminPassword"))) < 8:
        raise Refusal("InvalidParameter", "adminPassword must have 8 to 32 characters")


def _mysql(scope: Scope) -> None:
    if not re.fullmatch(r"MySQL\.\d+", str(scope.get("shapeName"))):
        raise Refusal("InvalidParameter", f"There is no shape {scope.get('shapeName')}")
    days = (scope.get("backupPolicy") or {}).get("retentionInDays")
    if days is not None and not 1 <= int(days) <= 35:
        raise Refusal("InvalidParameter", "backupPolicy.retentionInDays must be between 1 and 35")


def _postgresql(scope: Scope) -> None:
    if str(scope.get("dbVersion")).split(".")[0] not in {"13", "14", "15", "16", "17"}:
        raise Refusal("InvalidParameter", f"dbVersion {scope.get('dbVersion')} is not supported")
    policy = (scope.get("managementPolicy") or {}).get("backupPolicy") or {}
    days = policy.get("retentionDays")
    if days is not None and not 1 <= int(days) <= 35:
        raise Refusal("InvalidParameter", "backupPolicy.retentionDays must be between 1 and 35")


def _psql_made(scope: Scope) -> None:
    details = dict(scope.get("networkDetails") or {})
    details.setdefault("primaryDbEndpointPrivateIp", in_subnet("networkDetails.subnetId")(scope))
    scope.state["networkDetails"] = details


def _autonomous(scope: Scope) -> None:
    """A name of letters and digits; a password of its own or from the vault, unless it is a copy."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,29}", str(scope.get("dbName"))):
        raise Refusal(
            "InvalidParameter", f"dbName '{scope.get('dbName')}' must be 1 to 30 letters and digits"
        )
    if scope.get("sourceId"):
        return
    if not scope.inputs.get("secretId") and not scope.inputs.get("adminPassword"):
        raise Refusal("InvalidParameter", "adminPassword or secretId is required")
    days = scope.get("backupRetentionPeriodInDays")
    if days is not None and not 1 <= int(days) <= 60:
        raise Refusal("InvalidParameter", "backupRetentionPeriodInDays must be between 1 and 60")
    if scope.get("computeModel") == "ECPU" and float(scope.get("computeCount") or 0) < 2:
        raise Refusal("InvalidParameter", "computeCount must be 2 or more for ECPU")


def _endpoint_name(scope: Scope) -> Value:
    label = scope.get("privateEndpointLabel") or str(scope.get("dbName")).lower()
    return scope.fill(f"{label}.adb.{{region}}.oraclecloud.com")


_PROTECTED = Guard(
    "deletionPolicies[].isDeleteProtected",
    Answer("IncorrectState", "The DB System {id} is delete protected", 409),
)

TABLE: Mapping[str, Behaviour] = {
    "Kms.Vault": thing(
        "vault",
        id=_VAULT,
        computed={
            "managementEndpoint": _management,
            "cryptoEndpoint": "https://{alnum12v}-crypto.kms.{region}.oraclecloud.com",
            "isPrimary": lambda _: True,
        },
        handles=("{managementEndpoint}",),
    ),
    "Kms.Key": thing(
        "key",
        id="ocid1.key.oc1.{region}.{alnum12v}.aaaaaaaa{alnum52}",
        state="ENABLED",
        computed={
            "vaultId": _vault_of,
            "currentKeyVersion": "ocid1.keyversion.oc1.{region}.{alnum12v}.aaaaaaaa{alnum52version}",
            "isPrimary": lambda _: True,
        },
        defaults={"protectionMode": "HSM"},
        refs=(hold("managementEndpoint", "Kms.Vault"),),
        rules=(_key,),
        outside=r"ocid1\.key\.oc1\.[a-z0-9-]+\.[a-z0-9]+\.[a-z0-9]+",
        arrival={"state": "ENABLED", "displayName": "adopted"},
        # Deletion is a wait of a week or more: what was encrypted stays readable until then.
        in_use=None,
    ),
    "Vault.Secret": thing(
        "vaultsecret",
        computed={"currentVersionNumber": "1", "isAutoGenerationEnabled": "{enableAutoGeneration}"},
        refs=(name("keyId", "Kms.Key"),),
        unique=one("secret:{vaultId}", "{secretName}"),
        rules=(_secret,),
    ),
    "CertificatesManagement.CertificateAuthority": thing(
        "certificateauthority",
        computed={"configType": "ROOT_CA_GENERATED_INTERNALLY"},
        outside=r"ocid1\.certificateauthority\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "ACTIVE", "name": "delivered"},
        unique=one("authority:{compartmentId}", "{name}"),
        rules=(_authority,),
    ),
    "CertificatesManagement.Certificate": thing(
        "certificate",
        outside=r"ocid1\.certificate\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "ACTIVE", "name": "delivered"},
        refs=(
            hold(
                "certificateConfig.issuerCertificateAuthorityId",
                "CertificatesManagement.CertificateAuthority",
            ),
        ),
        unique=one("certificate:{compartmentId}", "{name}"),
    ),
    "ObjectStorage.Bucket": thing(
        "bucket",
        id="n/{namespace}/b/{name}",
        computed={
            "bucketId": "ocid1.bucket.oc1.{region}.aaaaaaaa{alnum52}",
            "etag": "{uuid}",
            "createdBy": "{unit}",
            "isReadOnly": lambda _: False,
            "replicationEnabled": lambda _: False,
            "approximateCount": "0",
            "approximateSize": "0",
        },
        defaults={"accessType": "NoPublicAccess", "storageTier": "Standard", "versioning": "Disabled"},
        handles=("{name}",),
        unique=one("bucket:{namespace}", "{name}"),
        rules=(_bucket,),
        made=(_numbered,),
        changed=(_numbered,),
        gone=(_no_versions_left,),
    ),
    "ObjectStorage.ObjectLifecyclePolicy": thing(
        "lifecycle",
        id="n/{namespace}/b/{bucket}/l",
        put=True,
        refs=(hold("bucket", "ObjectStorage.Bucket"),),
        rules=(_life,),
    ),
    "ObjectStorage.PrivateEndpoint": thing(
        "privateendpoint",
        id="n/{namespace}/pe/{name}",
        computed={"etag": "{uuid}", "createdBy": "{unit}", "privateEndpointIp": in_subnet("subnetId")},
        refs=(name("accessTargets[].compartmentId", "Identity.Compartment"),),
        unique=one("privateendpoint:{namespace}", "{prefix}"),
    ),
    "FileStorage.FileSystem": thing(
        "filesystem",
        computed={"meteredBytes": "0", "isTargetable": lambda _: True},
        refs=(hold("filesystemSnapshotPolicyId", "FileStorage.FilesystemSnapshotPolicy"),),
        rules=(placed,),
    ),
    "FileStorage.MountTarget": thing(
        "mounttarget",
        computed={
            "exportSetId": "ocid1.exportset.oc1.{region}.aaaaaaaa{alnum52set}",
            "ipAddress": in_subnet("subnetId"),
        },
        handles=("{exportSetId}",),
        rules=(placed,),
    ),
    "FileStorage.Export": thing(
        "export",
        refs=(hold("exportSetId", "FileStorage.MountTarget"), hold("fileSystemId", "FileStorage.FileSystem")),
        unique=one("export:{exportSetId}", "{path}"),
        rules=(_exported,),
    ),
    "FileStorage.FilesystemSnapshotPolicy": thing("filesystemsnapshotpolicy", rules=(placed,)),
    "FileStorage.Replication": thing(
        "replication",
        refs=(
            hold("sourceId", "FileStorage.FileSystem"),
            hold("targetId", "FileStorage.FileSystem", anywhere=True),
        ),
        unique=one("replication", "{targetId}"),
        rules=(_copied,),
    ),
    "Artifacts.ContainerRepository": thing(
        "containerrepo",
        state="AVAILABLE",
        computed={"namespace": lambda s: namespace(s.unit), "imageCount": lambda _: 0},
        defaults={"isImmutable": False, "isPublic": False},
        unique=one("repository", "{displayName}"),
    ),
    "Queue.Queue": thing(
        "queue",
        computed={"messagesEndpoint": "https://cell-1.queue.messaging.{region}.oci.oraclecloud.com"},
        refs=(name("customEncryptionKeyId", "Kms.Key"),),
    ),
    "Psql.DbSystem": thing(
        "postgresqldbsystem",
        computed={
            "adminUsername": lambda s: (s.get("credentials") or {}).get("username"),
            "systemRole": "PRIMARY",
        },
        refs=(
            hold("networkDetails.subnetId", "Core.Subnet"),
            hold("networkDetails.nsgIds[]", "Core.NetworkSecurityGroup"),
            name("storageDetails.kmsKeyId", "Kms.Key"),
            hold("credentials.passwordDetails.secretId", "Vault.Secret"),
            name("managementPolicy.backupPolicy.copyPolicy.kmsKeyIds[]", "Kms.Key", anywhere=True),
        ),
        rules=(_postgresql,),
        made=(_psql_made,),
        changed=(_psql_made,),
    ),
    "Mysql.MysqlDbSystem": thing(
        "mysqldbsystem",
        computed={"ipAddress": in_subnet("subnetId"), "faultDomain": "FAULT-DOMAIN-1"},
        refs=(name("encryptData.keyId", "Kms.Key"),),
        guards=(_PROTECTED,),
        rules=(placed, _password, _mysql),
    ),
    "Database.AutonomousDatabase": thing(
        "autonomousdatabase",
        state="AVAILABLE",
        computed={
            "privateEndpoint": _endpoint_name,
            "privateEndpointIp": in_subnet("subnetId"),
            "role": lambda s: "BACKUP_COPY" if s.get("sourceId") else "PRIMARY",
            "serviceConsoleUrl": "https://adb.{region}.oraclecloud.com/console",
        },
        refs=(
            hold("secretId", "Vault.Secret"),
            hold("sourceId", "Database.AutonomousDatabase", anywhere=True),
        ),
        rules=(_autonomous,),
    ),
}
