"""Cloud SQL and AlloyDB."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Answer, Behaviour, Guard
from providers.twin.google.words import bad, hold, item, keeps, key, part, protected, token
from providers.twin.scope import Scope

_CUSTOM = re.compile(r"db-custom-(\d+)-(\d+)")
_VERSIONS = re.compile(r"(POSTGRES_(9_6|1[0-8])|MYSQL_(5_6|5_7|8_0|8_0_\d+|8_4)|SQLSERVER_\w+)")


def _instance(scope: Scope) -> None:
    """Versions, custom machines and switches of authentication as Cloud SQL takes them."""
    version = str(scope.get("databaseVersion"))
    if not _VERSIONS.fullmatch(version):
        raise bad(f"'{version}' is no database version")
    found = _CUSTOM.fullmatch(str(scope.get("settings.tier")))
    if found:
        cpus, memory = int(found[1]), int(found[2])
        if (cpus != 1 and cpus % 2) or cpus > 96 or memory % 256 or memory < 3840 or memory > cpus * 6656:
            raise bad(f"tier '{found[0]}' is not a possible custom machine")
    backup = scope.get("settings.backupConfiguration") or {}
    if backup.get("pointInTimeRecoveryEnabled") and version.startswith("MYSQL"):
        raise bad("MySQL recovers to a point in time by binary logs: binaryLogEnabled")
    if backup.get("binaryLogEnabled") and not version.startswith("MYSQL"):
        raise bad("binary logs are MySQL's")
    days = backup.get("transactionLogRetentionDays")
    if days is not None and not 1 <= int(days) <= (
        35 if scope.get("settings.edition") == "ENTERPRISE_PLUS" else 7
    ):
        raise bad(f"transaction logs of {days} days: 1 to 7 in the Enterprise edition")
    if (scope.get("settings.availabilityType") == "REGIONAL") and not backup.get("enabled"):
        raise bad("a regional instance needs backups")


def _attached(scope: Scope) -> None:
    if any(config.get("pscEnabled") for config in scope.get("settings.ipConfiguration.pscConfigs") or []):
        scope.state["pscServiceAttachmentLink"] = (
            f"projects/{scope.hex(16)}-tp/regions/{scope.region}/serviceAttachments/a-{scope.hex(12)}-psc-service-attachment"
        )
        scope.state["dnsName"] = f"{scope.hex(12)}.{scope.hex(12, 'zone')}.{scope.region}.sql.goog."


def _user(scope: Scope) -> None:
    """An identity's user has no password, and a name in its engine's own form."""
    kind = str(scope.get("type") or "BUILT_IN")
    if kind.startswith("CLOUD_IAM") and scope.inputs.get("password"):
        raise bad("IAM users have no password")
    instance = scope.target("instance")
    name_ = str(scope.get("name"))
    if kind == "CLOUD_IAM_SERVICE_ACCOUNT" and instance is not None:
        mysql = str(instance.state.get("databaseVersion")).startswith("MYSQL")
        if mysql and "@" in name_:
            raise bad(f"user '{name_}': MySQL takes what stands before the @")
        if not mysql and not name_.endswith(".iam"):
            raise bad(f"user '{name_}': PostgreSQL takes the address without .gserviceaccount.com")
        flags = {
            flag["name"]: flag["value"]
            for flag in (instance.state.get("settings") or {}).get("databaseFlags") or []
        }
        if "on" not in (flags.get("cloudsql.iam_authentication"), flags.get("cloudsql_iam_authentication")):
            raise bad(f"instance '{instance.id}' has IAM authentication off")


def _primary(scope: Scope) -> None:
    """One primary a cluster; it says where it is reached."""
    cluster = scope.target("cluster")
    if scope.old is None and scope.get("instanceType") == "PRIMARY" and cluster is not None:
        for row in scope.rows(token("alloydb.Instance")):
            same = row.state.get("cluster") in (cluster.id, cluster.state.get("name"))
            if row.rid != scope.rid and same and row.state.get("instanceType") == "PRIMARY":
                raise bad(f"cluster '{cluster.id}' has a primary already: '{row.id}'")


def _reached(scope: Scope) -> None:
    cluster = scope.target("cluster")
    config = dict(scope.state.get("pscInstanceConfig") or {})
    if cluster is not None and (cluster.state.get("pscConfig") or {}).get("pscEnabled"):
        config["serviceAttachmentLink"] = (
            f"https://www.googleapis.com/compute/v1/projects/{scope.hex(16)}-tp/regions/{cluster.region}"
            f"/serviceAttachments/alloydb-{scope.hex(12)}"
        )
        config["pscDnsName"] = f"{scope.uuid()}.{cluster.region}.alloydb-psc.goog."
        scope.state["pscInstanceConfig"] = config


def _has_primary(scope: Scope) -> None:
    cluster = scope.target("cluster")
    rows = scope.store.linked(cluster.rid) if cluster is not None else []
    if not any(row.type == token("alloydb.Instance") for row in rows):
        raise bad("users are made on a primary instance, and the cluster has none")


_CLUSTER = "projects/{unit}/locations/{location}/clusters/{clusterId}"

TABLE: Mapping[str, Behaviour] = {
    "sql.DatabaseInstance": item(
        "{name}",
        "sqladmin",
        "sqladmin:v1:DatabaseInstance",
        "name region masterInstanceName encryptionKeyName settings.ipConfiguration.ipv4Enabled",
        refs=(key("encryptionKeyName"),),
        defaults={"instanceType": "CLOUD_SQL_INSTANCE"},
        computed={
            "connectionName": "{unit}:{region}:{name}",
            "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/{unit}/instances/{name}",
            "serviceAccountEmailAddress": "p{digits12}-{alnum6}@gcp-sa-cloud-sql.iam.gserviceaccount.com",
        },
        rules=(_instance,),
        made=(_attached,),
        guards=(
            Guard(
                "deletionProtection",
                Answer(
                    "deletionProtection",
                    "Error, failed to delete instance because deletion_protection is set to true: {id}",
                    0,
                ),
            ),
            *protected("settings.deletionProtectionEnabled"),
        ),
        used=False,
    ),
    "sql.Database": item(
        "projects/{unit}/instances/{instance}/databases/{name}",
        "sqladmin",
        "sqladmin:v1:Database",
        "name instance",
        everywhere=True,
        refs=(part("instance", "sql.DatabaseInstance", anywhere=True),),
        computed={
            "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/{id}",
            "charset": "UTF8",
            "collation": "en_US.UTF8",
        },
    ),
    "sql.User": item(
        "{name}//{instance}",
        "sqladmin",
        "sqladmin:v1:User",
        "name instance host",
        everywhere=True,
        refs=(part("instance", "sql.DatabaseInstance", anywhere=True),),
        rules=(_user,),
    ),
    "alloydb.Cluster": item(
        _CLUSTER,
        "alloydb",
        "alloydb:v1:Cluster",
        "clusterId location clusterType pscConfig encryptionConfig",
        autoname="",
        refs=(
            key("encryptionConfig.kmsKeyName"),
            key("continuousBackupConfig.encryptionConfig.kmsKeyName"),
            key("automatedBackupPolicy.encryptionConfig.kmsKeyName"),
        ),
        defaults={"clusterType": "PRIMARY"},
        computed={"name": _CLUSTER, "state": "READY", "uid": "{uuid}", "subscriptionType": "STANDARD"},
        guards=protected(),
    ),
    "alloydb.Instance": item(
        "{cluster}/instances/{instanceId}",
        "alloydb",
        "alloydb:v1:Instance",
        "cluster instanceId instanceType gceZone",
        autoname="",
        project=False,
        refs=(hold("cluster", "alloydb.Cluster"),),
        computed={
            "name": "{cluster}/instances/{instanceId}",
            "state": "READY",
            "uid": "{uuid}",
            "createTime": "{now}",
            "updateTime": "{now}",
        },
        rules=(_primary, keeps("pscInstanceConfig")),
        made=(_reached,),
    ),
    "alloydb.User": item(
        "{cluster}/users/{userId}",
        "alloydb",
        "alloydb:v1:User",
        "cluster userId userType",
        autoname="",
        project=False,
        refs=(part("cluster", "alloydb.Cluster"),),
        computed={"name": "{cluster}/users/{userId}"},
        rules=(_has_primary,),
    ),
}
