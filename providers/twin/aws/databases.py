"""RDS and Aurora."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.engines import family_exists, major_of, port_of, version_of
from providers.twin.aws.facts import ZONES
from providers.twin.aws.identity import key, role
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_RDS: Final = "arn:{partition}:rds:{region}:{unit}:"


_NO_INSTANCE: Final = Answer("DBInstanceNotFound", "DBInstance {value} not found.", 404)


_NO_CLUSTER: Final = Answer("DBClusterNotFoundFault", "DBCluster {value} not found.", 404)


_NO_SUBNETS: Final = Answer("DBSubnetGroupNotFoundFault", "DB subnet group '{value}' does not exist.", 404)


_NO_PARAMETERS: Final = Answer("DBParameterGroupNotFound", "DBParameterGroup not found: {value}", 404)


_PROTECTED: Final = "Cannot delete protected {what}, please disable deletion protection and try again."


def _taken(code: str, what: str) -> Answer:
    return Answer(code, f"{what} {{value}} already exists")


def _covers_zones(scope: Scope) -> None:
    zones = sorted(
        {
            str(row.state.get("availabilityZone"))
            for path, row in scope.targets.items()
            if path.startswith("subnetIds[")
        }
    )
    if len(zones) < 2:
        raise Refusal(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ"
            " coverage:"
            f" {', '.join(zones)}. Add subnets to cover at least 2 AZs.",
        )
    if len({row.state.get("vpcId") for row in scope.targets.values()}) > 1:
        raise Refusal("InvalidSubnet", "All subnets of a DB subnet group must be in the same VPC.")


def _group_vpc(scope: Scope) -> Value:
    row = scope.target("subnetIds")
    return row.state.get("vpcId") if row is not None else None


def _engine(scope: Scope) -> None:
    engine, version = str(scope.get("engine") or ""), str(scope.inputs.get("engineVersion") or "")
    if not engine or scope.old is not None:
        return
    if version_of(engine) is None:
        raise Refusal("InvalidParameterValue", f"Invalid DB engine: {engine}")
    if version and major_of(engine, version) is None:
        raise Refusal("InvalidParameterCombination", f"Cannot find version {version} for {engine}")


def _class(scope: Scope) -> None:
    chosen = scope.inputs.get("instanceClass") or scope.inputs.get("dbClusterInstanceClass")
    if chosen and not str(chosen).startswith("db."):
        raise Refusal("InvalidParameterValue", f"Invalid DB Instance class: {chosen}")


def _grows(scope: Scope) -> None:
    if scope.old is not None:
        before, after = scope.old.state.get("allocatedStorage"), scope.inputs.get("allocatedStorage")
        if before and after and int(after) < int(before):
            raise Refusal(
                "InvalidParameterCombination",
                f"Invalid storage size {after}: it can only grow from {before} GiB",
            )


def _credentials(scope: Scope) -> None:
    if (
        scope.old is not None
        or scope.inputs.get("replicateSourceDb")
        or scope.inputs.get("snapshotIdentifier")
        or scope.inputs.get("replicationSourceIdentifier")
    ):
        return
    managed = scope.inputs.get("manageMasterUserPassword")
    given = any(
        scope.inputs.get(key) for key in ("password", "passwordWo", "masterPassword", "masterPasswordWo")
    )
    if managed and given:
        raise Refusal(
            "InvalidParameterCombination",
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword.",
        )
    if not managed and not given and scope.inputs.get("engine"):
        raise Refusal(
            "InvalidParameterValue",
            "The parameter MasterUserPassword must be provided and must not be blank.",
        )


def _same_network(scope: Scope) -> None:
    group = scope.target("dbSubnetGroupName")
    for path, row in scope.targets.items():
        if (
            group is not None
            and path.startswith("vpcSecurityGroupIds[")
            and row.state.get("vpcId") != group.state.get("vpcId")
        ):
            raise Refusal(
                "InvalidParameterCombination",
                f"The DB instance and EC2 security group are in different VPCs. The DB instance is in"
                f" {group.state.get('vpcId')} and the EC2 security group is in {row.state.get('vpcId')}",
            )


def _family(scope: Scope) -> None:
    if not family_exists(str(scope.get("family"))):
        raise Refusal(
            "InvalidParameterValue",
            f"ParameterGroupFamily {scope.get('family')} is not a valid parameter group family",
        )


def _final_snapshot(scope: Scope) -> None:
    if (
        not scope.inputs.get("skipFinalSnapshot")
        and not scope.inputs.get("finalSnapshotIdentifier")
        and not scope.inputs.get("clusterIdentifier")
        and not scope.inputs.get("replicateSourceDb")
    ):
        raise Refusal(
            "InvalidParameterCombination",
            "finalSnapshotIdentifier is required when skipFinalSnapshot is false",
        )


def _managed_secret(what: str) -> Value:
    """RDS makes and holds the master user's secret itself."""

    def hook(scope: Scope) -> None:
        if not scope.get("manageMasterUserPassword") or scope.state.get("masterUserSecrets"):
            return
        secret = f"rds!{what}-{scope.uuid('secret')}"
        arn = (
            scope.fill("arn:{partition}:secretsmanager:{region}:{unit}:secret:")
            + f"{secret}-{scope.letters(6, 'secret')}"
        )
        kms = scope.get("masterUserSecretKmsKeyId") or "alias/aws/secretsmanager"
        key_row = scope.find(token("kms.Key"), kms) or scope.find(token("kms.Alias"), kms)
        kms_arn = (
            (key_row.state.get("targetKeyArn") or key_row.state.get("arn")) if key_row is not None else kms
        )
        scope.make(
            token("secretsmanager.Secret"),
            arn,
            {
                "arn": arn,
                "name": secret,
                "kmsKeyId": kms_arn,
                "region": scope.region,
                "tags": {},
                "tagsAll": {},
                "description": f"The secret associated with the primary RDS database: {scope.get('arn')}",
            },
        )
        scope.state["masterUserSecrets"] = [{"kmsKeyId": kms_arn, "secretArn": arn, "secretStatus": "active"}]

    return hook


def _endpoint(scope: Scope) -> str:
    return scope.fill("{identifier}.{alnum12}.{region}.rds.amazonaws.com")


def _major(scope: Scope) -> str:
    return major_of(str(scope.get("engine")), str(scope.get("engineVersion") or "")) or ""


def _default_parameters(scope: Scope) -> str:
    return f"default.{scope.get('engine')}{_major(scope)}"


def _default_options(scope: Scope) -> str:
    return f"default:{scope.get('engine')}-{_major(scope).replace('.', '-')}"


def _full_version(scope: Scope) -> Value:
    asked = str(scope.inputs.get("engineVersion") or "")
    engine = str(scope.get("engine"))
    return asked if asked.count(".") >= 1 else version_of(engine, asked)


def _member(scope: Scope) -> None:
    """A cluster knows its members; the first one writes."""
    cluster = scope.target("clusterIdentifier")
    if cluster is None:
        return
    members = [*(cluster.state.get("clusterMembers") or [])]
    scope.state["writer"] = not members
    members.append(scope.get("identifier"))
    cluster.state["clusterMembers"] = members
    scope.store.rewrite(cluster.rid, cluster.state, cluster.inputs)


def _not_member(scope: Scope) -> None:
    cluster = scope.find(token("rds.Cluster"), scope.get("clusterIdentifier"))
    if cluster is not None:
        cluster.state["clusterMembers"] = [
            m for m in cluster.state.get("clusterMembers") or [] if m != scope.get("identifier")
        ]
        scope.store.rewrite(cluster.rid, cluster.state, cluster.inputs)


def _of_cluster(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("clusterIdentifier")
        return row.state.get(field) if row is not None else None

    return maker


def _backup_source(scope: Scope) -> None:
    source = scope.target("sourceDbInstanceArn")
    if source is not None:
        if source.region == scope.region:
            raise Refusal(
                "InvalidParameterValue", "automated backups replicate to another Region than the source's own"
            )
        if not int(source.state.get("backupRetentionPeriod") or 0):
            raise Refusal("InvalidDBInstanceStateFault", f"automated backups are not enabled on {source.id}")
        if source.state.get("storageEncrypted") and not scope.inputs.get("kmsKeyId"):
            raise Refusal(
                "KMSKeyNotAccessibleFault",
                "a KMS key of the destination Region is needed for an encrypted source",
            )


def _group(kind: str, api: str, what: str, missing: Answer, **more: Value) -> Behaviour:
    return Behaviour(
        id="{name}",
        arn=_RDS + what + ":{name}",
        api=api,
        fixed=props("name namePrefix family description"),
        missing=missing,
        handles=("{name}",),
        unique=(Unique(what, "{name}", _taken(f"{kind}AlreadyExists", what)),),
        in_use=Answer(
            f"Invalid{kind}State",
            f"One or more database instances are still members of this {what} {{id}}: {{value}}",
        ),
        **more,
    )


TABLE: Mapping[str, Behaviour] = {
    "rds.SubnetGroup": Behaviour(
        id="{name}",
        arn=_RDS + "subgrp:{name}",
        api="rds:CreateDBSubnetGroup",
        computed={"vpcId": _group_vpc, "supportedNetworkTypes": lambda _: ["IPV4"]},
        fixed=props("name namePrefix"),
        handles=("{name}",),
        refs=(
            hold(
                "subnetIds[]",
                "ec2.Subnet",
                missing=Answer("InvalidSubnet", "Some input subnets in :[{value}] are invalid."),
            ),
        ),
        rules=(_covers_zones,),
        missing=_NO_SUBNETS,
        unique=(
            Unique(
                "subgrp",
                "{name}",
                Answer("DBSubnetGroupAlreadyExists", "The DB subnet group '{value}' already exists."),
            ),
        ),
        in_use=Answer(
            "InvalidDBSubnetGroupStateFault",
            "Cannot delete the subnet group '{id}' because at least one database instance: {value} is"
            " still using it.",
        ),
    ),
    "rds.ParameterGroup": _group(
        "DBParameterGroup", "rds:CreateDBParameterGroup", "pg", _NO_PARAMETERS, rules=(_family,)
    ),
    "rds.ClusterParameterGroup": _group(
        "DBParameterGroup",
        "rds:CreateDBClusterParameterGroup",
        "cluster-pg",
        Answer("DBClusterParameterGroupNotFound", "DBClusterParameterGroup not found: {value}", 404),
        rules=(_family,),
    ),
    "rds.OptionGroup": Behaviour(
        id="{name}",
        arn=_RDS + "og:{name}",
        api="rds:CreateOptionGroup",
        fixed=props("name namePrefix engineName majorEngineVersion optionGroupDescription"),
        handles=("{name}",),
        unique=(
            Unique(
                "og",
                "{name}",
                Answer("OptionGroupAlreadyExistsFault", "An option group with name {value} already exists."),
            ),
        ),
        in_use=Answer(
            "InvalidOptionGroupStateFault", "The option group '{id}' cannot be deleted because it is in use."
        ),
        missing=Answer("OptionGroupNotFoundFault", "Specified OptionGroupName: {value} not found.", 404),
    ),
    "rds.Instance": Behaviour(
        id="db-{upper26}",
        arn=_RDS + "db:{identifier}",
        api="rds:CreateDBInstance",
        autoname="identifier",
        handles=("{identifier}",),
        defaults={
            "autoMinorVersionUpgrade": True,
            "copyTagsToSnapshot": False,
            "deletionProtection": False,
            "publiclyAccessible": False,
            "storageEncrypted": False,
            "monitoringInterval": 0,
            "skipFinalSnapshot": False,
            "deleteAutomatedBackups": True,
            "performanceInsightsEnabled": False,
            "iamDatabaseAuthenticationEnabled": False,
            "multiAz": False,
        },
        computed={
            "resourceId": "{id}",
            "address": _endpoint,
            "endpoint": lambda s: f"{_endpoint(s)}:{s.get('port') or port_of(str(s.get('engine')))}",
            "port": lambda s: port_of(str(s.get("engine"))),
            "engineVersion": _full_version,
            "engineVersionActual": _full_version,
            "status": "available",
            "hostedZoneId": "Z24O6O9L7SGTNB",
            "caCertIdentifier": "rds-ca-rsa2048-g1",
            "availabilityZone": lambda s: next(iter(ZONES.get(s.region, {})), None),
            "backupRetentionPeriod": lambda _: 1,
            "backupWindow": "17:30-18:00",
            "maintenanceWindow": "sun:18:30-sun:19:00",
            "licenseModel": lambda s: {
                "postgres": "postgresql-license",
                "mysql": "general-public-license",
            }.get(str(s.get("engine")), "license-included"),
            "storageType": "gp2",
            "networkType": "IPV4",
            "parameterGroupName": _default_parameters,
            "optionGroupName": _default_options,
            "databaseInsightsMode": "standard",
            "engineLifecycleSupport": "open-source-rds-extended-support",
            "backupTarget": "region",
            "masterUserSecretKmsKeyId": lambda s: s.get("masterUserSecretKmsKeyId"),
        },
        fixed=props(
            "engine username dbName kmsKeyId storageEncrypted availabilityZone characterSetName"
            " ncharCharacterSetName snapshotIdentifier timezone replicateSourceDb customIamInstanceProfile"
        ),
        refs=(
            hold("dbSubnetGroupName", "rds.SubnetGroup"),
            hold("vpcSecurityGroupIds[]", "ec2.SecurityGroup"),
            key("kmsKeyId"),
            key("masterUserSecretKmsKeyId"),
            key("performanceInsightsKmsKeyId"),
            role("monitoringRoleArn"),
            name("replicateSourceDb", "rds.Instance", anywhere=True),
        ),
        rules=(_engine, _class, _grows, _credentials, _same_network),
        made=(_managed_secret("db"),),
        changed=(_managed_secret("db"),),
        gone=(_final_snapshot,),
        missing=_NO_INSTANCE,
        unique=(
            Unique("db", "{identifier}", Answer("DBInstanceAlreadyExists", "DB instance already exists")),
        ),
        guards=(
            Guard(
                "deletionProtection",
                Answer("InvalidParameterCombination", _PROTECTED.replace("{what}", "DB Instance")),
            ),
        ),
    ),
    "rds.Cluster": Behaviour(
        id="{clusterIdentifier}",
        arn=_RDS + "cluster:{clusterIdentifier}",
        api="rds:CreateDBCluster",
        autoname="clusterIdentifier",
        defaults={
            "copyTagsToSnapshot": False,
            "deletionProtection": False,
            "engineMode": "provisioned",
            "skipFinalSnapshot": False,
            "deleteAutomatedBackups": True,
            "iamDatabaseAuthenticationEnabled": False,
        },
        computed={
            "clusterResourceId": "cluster-{upper26}",
            "endpoint": "{clusterIdentifier}.cluster-{alnum12}.{region}.rds.amazonaws.com",
            "readerEndpoint": "{clusterIdentifier}.cluster-ro-{alnum12}.{region}.rds.amazonaws.com",
            "port": lambda s: port_of(str(s.get("engine"))),
            "engineVersion": _full_version,
            "engineVersionActual": _full_version,
            "availabilityZones": lambda s: list(ZONES.get(s.region, {}))[:3],
            "hostedZoneId": "Z24O6O9L7SGTNB",
            "backupRetentionPeriod": lambda _: 1,
            "preferredBackupWindow": "17:30-18:00",
            "preferredMaintenanceWindow": "sun:18:30-sun:19:00",
            "networkType": "IPV4",
            "databaseInsightsMode": "standard",
            "dbClusterParameterGroupName": _default_parameters,
            "storageEncrypted": lambda _: False,
            "engineLifecycleSupport": "open-source-rds-extended-support",
        },
        fixed=props(
            "engine masterUsername databaseName kmsKeyId storageEncrypted clusterIdentifier"
            " clusterIdentifierPrefix dbSubnetGroupName availabilityZones engineMode snapshotIdentifier port"
        ),
        refs=(
            hold("dbSubnetGroupName", "rds.SubnetGroup"),
            hold("vpcSecurityGroupIds[]", "ec2.SecurityGroup"),
            hold("dbClusterParameterGroupName", "rds.ClusterParameterGroup"),
            key("kmsKeyId"),
            key("masterUserSecretKmsKeyId"),
            role("monitoringRoleArn"),
        ),
        rules=(_engine, _class, _credentials, _same_network),
        made=(_managed_secret("cluster"),),
        changed=(_managed_secret("cluster"),),
        gone=(_final_snapshot,),
        missing=_NO_CLUSTER,
        exists=Answer("DBClusterAlreadyExistsFault", "DB Cluster already exists"),
        in_use=Answer(
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ),
        guards=(
            Guard(
                "deletionProtection",
                Answer("InvalidParameterCombination", _PROTECTED.replace("{what}", "Cluster")),
            ),
        ),
    ),
    "rds.ClusterInstance": Behaviour(
        id="{identifier}",
        arn=_RDS + "db:{identifier}",
        api="rds:CreateDBInstance",
        autoname="identifier",
        defaults={
            "autoMinorVersionUpgrade": True,
            "promotionTier": 0,
            "monitoringInterval": 0,
            "publiclyAccessible": False,
        },
        computed={
            "dbiResourceId": "db-{upper26}",
            "endpoint": _endpoint,
            "port": _of_cluster("port"),
            "engineVersion": _of_cluster("engineVersion"),
            "engineVersionActual": _of_cluster("engineVersion"),
            "kmsKeyId": _of_cluster("kmsKeyId"),
            "storageEncrypted": _of_cluster("storageEncrypted"),
            "dbSubnetGroupName": _of_cluster("dbSubnetGroupName"),
            "availabilityZone": lambda s: next(iter(ZONES.get(s.region, {})), None),
            "caCertIdentifier": "rds-ca-rsa2048-g1",
            "networkType": "IPV4",
            "preferredBackupWindow": _of_cluster("preferredBackupWindow"),
            "preferredMaintenanceWindow": "sun:18:30-sun:19:00",
        },
        fixed=props("identifier identifierPrefix clusterIdentifier engine availabilityZone"),
        rules=(_class,),
        made=(_member,),
        gone=(_not_member,),
        missing=_NO_INSTANCE,
        refs=(
            hold("clusterIdentifier", "rds.Cluster", missing=_NO_CLUSTER),
            hold("dbParameterGroupName", "rds.ParameterGroup", missing=_NO_PARAMETERS),
            role("monitoringRoleArn"),
            key("performanceInsightsKmsKeyId"),
        ),
        unique=(
            Unique("db", "{identifier}", Answer("DBInstanceAlreadyExists", "DB instance already exists")),
        ),
    ),
    "rds.InstanceAutomatedBackupsReplication": Behaviour(
        id=_RDS + "auto-backup:ab-{alnum26}",
        api="rds:StartDBInstanceAutomatedBackupsReplication",
        autoname="",
        defaults={"retentionPeriod": 7},
        fixed=props("sourceDbInstanceArn kmsKeyId retentionPeriod preSignedUrl"),
        refs=(
            name("sourceDbInstanceArn", "rds.Instance", anywhere=True, missing=_NO_INSTANCE),
            key("kmsKeyId"),
        ),
        rules=(_backup_source,),
    ),
    "rds.EventSubscription": Behaviour(
        id="{name}",
        arn=_RDS + "es:{name}",
        api="rds:CreateEventSubscription",
        defaults={"enabled": True},
        computed={"customerAwsId": "{unit}"},
        fixed=props("name namePrefix"),
        refs=(
            name(
                "snsTopic",
                "sns.Topic",
                missing=Answer("SNSTopicArnNotFoundFault", "SNS Topic Arn {value} not found", 404),
            ),
        ),
        exists=Answer("SubscriptionAlreadyExist", "Event Subscription {value} already exists."),
    ),
    "rds.Proxy": Behaviour(
        id="{name}",
        arn=_RDS + "db-proxy:prx-{hex17}",
        api="rds:CreateDBProxy",
        computed={"endpoint": "{name}.proxy-{alnum12}.{region}.rds.amazonaws.com"},
        defaults={"idleClientTimeout": 1800},
        fixed=props("name engineFamily vpcSubnetIds"),
        refs=(
            role("roleArn"),
            hold("vpcSubnetIds[]", "ec2.Subnet"),
            hold("vpcSecurityGroupIds[]", "ec2.SecurityGroup"),
        ),
        exists=Answer("DBProxyAlreadyExistsFault", "DB proxy {value} already exists"),
    ),
    "rds.ProxyDefaultTargetGroup": Behaviour(
        id="{dbProxyName}",
        autoname="",
        put=True,
        computed={"name": "default", "arn": _RDS + "target-group:prx-tg-{hex17}"},
        fixed=props("dbProxyName"),
        refs=(part("dbProxyName", "rds.Proxy"),),
    ),
    "rds.RoleAssociation": Behaviour(
        id="{dbInstanceIdentifier},{roleArn}",
        autoname="",
        fixed=props("dbInstanceIdentifier featureName roleArn"),
        refs=(part("dbInstanceIdentifier", "rds.Instance", missing=_NO_INSTANCE), role("roleArn")),
    ),
    "rds.ClusterRoleAssociation": Behaviour(
        id="{dbClusterIdentifier},{roleArn}",
        autoname="",
        fixed=props("dbClusterIdentifier featureName roleArn"),
        refs=(part("dbClusterIdentifier", "rds.Cluster", missing=_NO_CLUSTER), role("roleArn")),
    ),
}
