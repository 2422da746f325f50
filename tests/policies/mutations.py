"""Breaking a clean tenant's exported state, one property at a time, in ways that matter.

A mutation is (what, a change of one resource's properties). Each is made wherever it fits: the list
is by type, so that a new resource of a tenant is broken too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Props = dict[str, Any]
Change = Callable[[Props], bool]
"""Changes properties in place; false when it does not fit."""


def put(path: str, value: Any) -> Change:
    """Set a property (dots descend, lists by their first element). Does not fit where it says so already."""

    def change(props: Props) -> bool:
        here: Any = props
        *steps, last = path.split(".")
        for step in steps:
            inner = here.get(step)
            if isinstance(inner, list):
                if not inner:
                    return False
                inner = inner[0]
            if not isinstance(inner, dict):
                return False
            here = inner
        if here.get(last) == value:
            return False
        here[last] = copy.deepcopy(value)
        return True

    return change


def drop(path: str) -> Change:
    """Take a property away. Does not fit where it is not."""

    def change(props: Props) -> bool:
        here: Any = props
        *steps, last = path.split(".")
        for step in steps:
            inner = here.get(step)
            inner = inner[0] if isinstance(inner, list) and inner else inner
            if not isinstance(inner, dict):
                return False
            here = inner
        if here.get(last) in (None, [], {}, ""):
            return False
        del here[last]
        return True

    return change


def statement(edit: Callable[[Props], bool], path: str = "policy") -> Change:
    """Change each statement of a policy document that `edit` can change."""

    def change(props: Props) -> bool:
        text = props.get(path)
        if not isinstance(text, str):
            return False
        document = json.loads(text)
        statements = document["Statement"]
        done = [edit(s) for s in (statements if isinstance(statements, list) else [statements])]
        props[path] = json.dumps(document)
        return any(done)

    return change


def _anybody(s: Props) -> bool:
    if s.get("Effect") != "Allow":
        return False
    s["Principal"] = "*"
    s.pop("Condition", None)
    return True


def _everything(s: Props) -> bool:
    if s.get("Effect") != "Allow":
        return False
    s["Action"], s["Resource"] = "*", "*"
    return True


def _whole_service(s: Props) -> bool:
    if s.get("Effect") != "Allow" or s.get("Condition"):
        return False
    action = s.get("Action")
    first = action[0] if isinstance(action, list) else action
    s["Action"], s["Resource"] = f"{str(first).partition(':')[0]}:*", "*"
    return True


def _no_tls(s: Props) -> bool:
    if "SecureTransport" not in json.dumps(s.get("Condition", {})):
        return False
    s["Effect"], s["Principal"], s["Condition"] = "Deny", {"AWS": "arn:aws:iam::1:root"}, {}
    return True


def opening(name: str, **more: Any) -> Change:
    """Open the first rule of a list of them."""

    def change(props: Props) -> bool:
        rules = props.get(name)
        if not rules:
            return False
        rules[0] = {**rules[0], **more}
        return True

    return change


def containers(**more: Any) -> Change:
    """Change the first container of a task definition."""

    def change(props: Props) -> bool:
        listed = json.loads(props["containerDefinitions"])
        listed[0].update(more)
        props["containerDefinitions"] = json.dumps(listed)
        return True

    return change


def without_log(props: Props) -> bool:
    """Take a container's log configuration away."""
    listed = json.loads(props["containerDefinitions"])
    if listed[0].pop("logConfiguration", None) is None:
        return False
    props["containerDefinitions"] = json.dumps(listed)
    return True


ABROAD = (put("region", "us-east-1"), put("region", "ap-southeast-1"))
ANY = {
    "cidrBlocks": ["0.0.0.0/0"],
    "protocol": "tcp",
    "fromPort": 443,
    "toPort": 443,
    "securityGroups": [],
    "prefixListIds": [],
}
ALL = {"cidrBlocks": ["0.0.0.0/0"], "protocol": "-1", "fromPort": 0, "toPort": 0}

AWS: Mapping[str, tuple[Change, ...]] = {
    "aws:s3/bucket:Bucket": (
        put("forceDestroy", True),
        put("acl", "public-read"),
        put("acl", "public-read-write"),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": tuple(
        put(n, False)
        for n in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        put("rules", [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (put("versioningConfiguration.status", "Suspended"),),
    "aws:s3/bucketPolicy:BucketPolicy": (statement(_anybody), statement(_no_tls)),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": (
        put("rule.defaultRetention.days", 30),
        put("rule.defaultRetention", {"mode": "GOVERNANCE", "days": 1}),
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": tuple(
        put(n, False)
        for n in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    ),
    "aws:ebs/encryptionByDefault:EncryptionByDefault": (put("enabled", False),),
    "aws:kms/key:Key": (
        put("enableKeyRotation", False),
        put("rotationPeriodInDays", 2560),
        put("isEnabled", False),
        put("deletionWindowInDays", 1),
        statement(_anybody),
    ),
    "aws:cloudtrail/trail:Trail": (
        put("enableLogging", False),
        put("isMultiRegionTrail", False),
        put("enableLogFileValidation", False),
        drop("kmsKeyId"),
    ),
    "aws:guardduty/detector:Detector": (put("enable", False),),
    "aws:sns/topic:Topic": (drop("kmsMasterKeyId"), put("kmsMasterKeyId", "alias/aws/sns")),
    "aws:sns/topicPolicy:TopicPolicy": (statement(_anybody),),
    "aws:sqs/queue:Queue": (drop("kmsMasterKeyId"),),
    "aws:backup/vault:Vault": (drop("kmsKeyArn"), put("forceDestroy", True)),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": (put("minRetentionDays", 0),),
    "aws:backup/plan:Plan": (
        put(
            "rules",
            [
                {
                    "ruleName": "w",
                    "targetVaultName": "v",
                    "schedule": "cron(0 1 ? * SUN *)",
                    "lifecycle": {"deleteAfter": 35},
                    "copyActions": [
                        {"destinationVaultArn": "arn:aws:backup:ap-northeast-3:1:backup-vault:x"}
                    ],
                }
            ],
        ),
        put(
            "rules",
            [
                {
                    "ruleName": "d",
                    "targetVaultName": "v",
                    "schedule": "cron(0 1 * * ? *)",
                    "lifecycle": {"deleteAfter": 35},
                }
            ],
        ),
        put(
            "rules",
            [
                {
                    "ruleName": "d",
                    "targetVaultName": "v",
                    "schedule": "cron(0 1 * * ? *)",
                    "lifecycle": {"deleteAfter": 2},
                    "copyActions": [
                        {"destinationVaultArn": "arn:aws:backup:ap-northeast-3:1:backup-vault:x"}
                    ],
                }
            ],
        ),
        put(
            "rules",
            [
                {
                    "ruleName": "d",
                    "targetVaultName": "v",
                    "schedule": "cron(0 1 * * ? *)",
                    "lifecycle": {"deleteAfter": 35},
                    "copyActions": [{"destinationVaultArn": "arn:aws:backup:us-east-1:1:backup-vault:x"}],
                }
            ],
        ),
    ),
    "aws:backup/selection:Selection": (
        put("selectionTags", [{"type": "STRINGEQUALS", "key": "backup", "value": "never"}]),
    ),
    "aws:cloudwatch/logGroup:LogGroup": (
        put("retentionInDays", 30),
        put("retentionInDays", 1),
        put("retentionInDays", 180),
        put("retentionInDays", 0),
        drop("kmsKeyId"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (drop("alarmActions"), put("actionsEnabled", False)),
    "aws:cloudwatch/eventRule:EventRule": (put("state", "DISABLED"),),
    "aws:budgets/budget:Budget": (put("notifications", []),),
    "aws:iam/accountPasswordPolicy:AccountPasswordPolicy": (
        put("minimumPasswordLength", 6),
        put("requireSymbols", False),
        put("requireNumbers", False),
        put("requireUppercaseCharacters", False),
        put("requireLowercaseCharacters", False),
        put("passwordReusePrevention", 0),
    ),
    "aws:iam/role:Role": (statement(_anybody, "assumeRolePolicy"),),
    "aws:iam/rolePolicy:RolePolicy": (statement(_everything), statement(_whole_service)),
    "aws:iam/policy:Policy": (statement(_everything), statement(_whole_service)),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (
        put("policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        opening("ingress", **ANY),
        opening("ingress", **ALL),
        opening("egress", **ANY),
        opening("egress", **ALL),
        opening("ingress", **(ANY | {"cidrBlocks": ["10.0.0.0/8"], "fromPort": 22, "toPort": 22})),
        opening("ingress", **(ANY | {"cidrBlocks": ["10.0.0.0/8"], "fromPort": 5432, "toPort": 5432})),
        opening("ingress", **(ANY | {"cidrBlocks": [], "ipv6CidrBlocks": ["::/0"]})),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        put("ingress", [{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]),
    ),
    "aws:ec2/networkAcl:NetworkAcl": (
        opening("ingress", action="allow", protocol="tcp", cidrBlock="0.0.0.0/0", fromPort=22, toPort=22),
        opening("ingress", action="allow", protocol="-1", cidrBlock="0.0.0.0/0", fromPort=0, toPort=0),
    ),
    "aws:ec2/subnet:Subnet": (put("mapPublicIpOnLaunch", True),),
    "aws:ec2/routeTable:RouteTable": (
        put("routes", [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]),
        put("routes", [{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}]),
    ),
    "aws:ec2/route:Route": (put("destinationCidrBlock", "0.0.0.0/0"),),
    "aws:ec2/flowLog:FlowLog": (put("trafficType", "REJECT"), put("trafficType", "ACCEPT")),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (drop("policy"), statement(_anybody)),
    "aws:ec2/instance:Instance": (
        put("associatePublicIpAddress", True),
        put("metadataOptions.httpTokens", "optional"),
        put("keyName", "k"),
        put("rootBlockDevice.encrypted", False),
        drop("rootBlockDevice.kmsKeyId"),
        put("disableApiTermination", False),
        put("sourceDestCheck", False),
        put("userData", "export DB_PASSWORD=hunter2hunter2"),
        put("instanceType", "m3.large"),
        put("rootBlockDevice.volumeType", "gp2"),
    ),
    "aws:ec2transitgateway/transitGateway:TransitGateway": (
        put("autoAcceptSharedAttachments", "enable"),
        put("defaultRouteTableAssociation", "enable"),
        put("defaultRouteTablePropagation", "enable"),
        put("amazonSideAsn", 4713),
    ),
    "aws:directconnect/gatewayAssociation:GatewayAssociation": (
        put("allowedPrefixes", ["0.0.0.0/0"]),
        put("allowedPrefixes", ["10.0.0.0/8"]),
        put("allowedPrefixes", ["203.0.113.0/24"]),
    ),
    "aws:directconnect/transitVirtualInterface:TransitVirtualInterface": (put("bgpAsnLong", "4713"),),
    "aws:route53/zone:Zone": (put("vpcs", []),),
    "aws:route53/resolverEndpoint:ResolverEndpoint": (
        put("ipAddresses", [{"subnetId": "s", "ip": "10.0.0.4"}]),
    ),
    "aws:rds/cluster:Cluster": (
        put("storageEncrypted", False),
        drop("kmsKeyId"),
        put("deletionProtection", False),
        put("backupRetentionPeriod", 1),
        put("skipFinalSnapshot", True),
        put("engineVersion", "11.9"),
        put("enabledCloudwatchLogsExports", []),
        put("manageMasterUserPassword", False),
        put("masterPassword", "hunter2hunter2"),
    ),
    "aws:rds/clusterInstance:ClusterInstance": (
        put("publiclyAccessible", True),
        put("autoMinorVersionUpgrade", False),
        put("instanceClass", "db.r3.large"),
    ),
    "aws:rds/instance:Instance": (
        put("publiclyAccessible", True),
        put("storageEncrypted", False),
        drop("kmsKeyId"),
        put("multiAz", False),
        put("deletionProtection", False),
        put("backupRetentionPeriod", 0),
        put("backupRetentionPeriod", 2),
        put("skipFinalSnapshot", True),
        put("autoMinorVersionUpgrade", False),
        put("engineVersion", "5.7"),
        put("manageMasterUserPassword", False),
        put("instanceClass", "db.m3.large"),
        put("enabledCloudwatchLogsExports", []),
        put("storageType", "gp2"),
    ),
    "aws:rds/parameterGroup:ParameterGroup": (put("parameters", []),),
    "aws:rds/clusterParameterGroup:ClusterParameterGroup": (
        put("parameters", [{"name": "rds.force_ssl", "value": "0"}]),
    ),
    "aws:efs/fileSystem:FileSystem": (put("encrypted", False), drop("kmsKeyId")),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": (statement(_anybody), statement(_no_tls)),
    "aws:ecs/taskDefinition:TaskDefinition": (
        containers(image="app:latest"),
        containers(privileged=True),
        without_log,
        containers(environment=[{"name": "DB_PASSWORD", "value": "hunter2"}]),
    ),
    "aws:ecs/service:Service": (put("networkConfiguration.assignPublicIp", True), put("desiredCount", 1)),
    "aws:ecr/repository:Repository": (
        put("imageTagMutability", "MUTABLE"),
        put("imageScanningConfiguration.scanOnPush", False),
        put("encryptionConfigurations", [{"encryptionType": "AES256"}]),
        put("forceDelete", True),
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        put("internal", False),
        put("enableDeletionProtection", False),
        put("accessLogs.enabled", False),
        put("subnets", ["subnet-1"]),
    ),
    "aws:lb/listener:Listener": (
        put("protocol", "HTTP"),
        put("sslPolicy", "ELBSecurityPolicy-2016-08"),
        put("sslPolicy", "ELBSecurityPolicy-TLS-1-0-2015-04"),
    ),
    "aws:lb/targetGroup:TargetGroup": (put("healthCheck.enabled", False),),
    "aws:secretsmanager/secret:Secret": (drop("kmsKeyId"), put("recoveryWindowInDays", 0)),
    "aws:ssm/patchBaseline:PatchBaseline": (
        put("approvalRules", [{"approveAfterDays": 120, "patchFilters": []}]),
    ),
    "aws:dynamodb/table:Table": (put("serverSideEncryption", None),),
}
"""By type: what makes it public, unencrypted, foreign, forgetful, almighty, unrecorded."""

PLACED = tuple(AWS)
TAGGED = (
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:ec2/vpc:Vpc",
    "aws:rds/instance:Instance",
    "aws:rds/cluster:Cluster",
    "aws:ec2/instance:Instance",
    "aws:efs/fileSystem:FileSystem",
    "aws:lb/loadBalancer:LoadBalancer",
    "aws:ecr/repository:Repository",
    "aws:sqs/queue:Queue",
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:secretsmanager/secret:Secret",
)
GLOBAL = ("aws:iam/", "aws:budgets/", "aws:route53/zone", "aws:s3/accountPublic", "aws:directconnect/")


def mutations(deployment: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """(name, resources with one thing broken). The resources are a copy only where they differ."""
    resources: list[Any] = list(deployment["resources"])
    for index, resource in enumerate(resources):
        kind = resource["type"]
        changes = list(AWS.get(kind, ()))
        if kind in PLACED and not kind.startswith(GLOBAL):
            changes += ABROAD
        if kind in TAGGED:
            changes += [
                put("tagsAll", {"Name": "x"}),
                put(
                    "tagsAll",
                    {
                        "municipality-code": "131042",
                        "environment": "production",
                        "usage": "x",
                        "classification": "x",
                    },
                ),
            ]
        if kind.startswith("aws:") and kind not in AWS:
            changes.append(put("description", "-----BEGIN RSA PRIVATE KEY-----\nMIIEow"))
        for number, change in enumerate(changes):
            broken = copy.deepcopy(resource)
            fits = [change(broken[part]) for part in ("inputs", "outputs") if broken.get(part)]
            if any(fits):
                name = f"{kind.rpartition(':')[2]} {resource['urn'].rpartition('::')[2]} #{number}"
                yield name, [*resources[:index], broken, *resources[index + 1 :]]


def measure(
    deployment: Mapping[str, Any], judge: Callable[[list[Any]], set[tuple[str, str]]]
) -> tuple[int, list[str]]:
    """How many mutations there are, and those that no rule catches. `judge` gives (rule, URN) of findings."""
    clean = judge(list(deployment["resources"]))
    missed: list[str] = []
    total = 0
    for name, resources in mutations(deployment):
        total += 1
        if not judge(resources) - clean:
            missed.append(name)
    return total, missed
