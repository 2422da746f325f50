"""AWS: ordinary programs with pulumi_aws."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from clouds.case import CODE, Cases

ACCOUNT = "111122223333"
OTHER = "999900001111"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "*",
    "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
OIDC = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"}
KEY = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/k"


def provider(**more: Any) -> pulumi.ResourceOptions:
    made = aws.Provider("aws", **({"region": "ap-northeast-1", "default_tags": {"tags": dict(CODE)}} | more))
    return pulumi.ResourceOptions(provider=made)


def sealed_bucket(
    name: str, o: pulumi.ResourceOptions, *, days: int | None, lock: bool, **more: Any
) -> aws.s3.Bucket:
    bucket = aws.s3.Bucket(name, bucket=name, object_lock_enabled=lock or None, opts=o, **more)
    aws.s3.BucketPublicAccessBlock(
        name,
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=o,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.id,
        opts=o,
        rules=[
            {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": KEY,
                }
            }
        ],
    )
    aws.s3.BucketVersioning(name, bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=o)
    aws.s3.BucketPolicy(name, bucket=bucket.id, policy=document(TLS_ONLY), opts=o)
    if days:
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=[{"id": "all", "status": "Enabled", "expiration": {"days": days}}],
            opts=o,
        )
    if lock:
        aws.s3.BucketObjectLockConfiguration(
            name, bucket=bucket.id, rule={"default_retention": {"mode": "COMPLIANCE", "days": 400}}, opts=o
        )
    return bucket


def network(o: pulumi.ResourceOptions) -> tuple[aws.ec2.Vpc, list[aws.ec2.Subnet], aws.ec2.SecurityGroup]:
    vpc = aws.ec2.Vpc("v", cidr_block="10.64.0.0/20", opts=o)
    aws.ec2.FlowLog(
        "v",
        vpc_id=vpc.id,
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination="arn:aws:s3:::x",
        opts=o,
    )
    subnets = [
        aws.ec2.Subnet(
            f"s{z}",
            vpc_id=vpc.id,
            cidr_block=f"10.64.{i}.0/24",
            availability_zone=f"ap-northeast-1{z}",
            opts=o,
        )
        for i, z in enumerate("ac")
    ]
    group = aws.ec2.SecurityGroup(
        "g",
        vpc_id=vpc.id,
        opts=o,
        ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.104.0.0/16"]}],
        egress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["10.64.0.0/20"]}],
    )
    aws.ec2.SecurityGroupRule(
        "g22",
        type="ingress",
        protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_blocks=["10.104.1.0/24"],
        security_group_id=group.id,
        opts=o,
    )
    aws.vpc.SecurityGroupIngressRule(
        "g5432",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=5432,
        to_port=5432,
        cidr_ipv4="10.64.0.0/24",
        opts=o,
    )
    aws.ec2.DefaultSecurityGroup("d", vpc_id=vpc.id, opts=o)
    aws.ec2.NetworkAcl(
        "a",
        vpc_id=vpc.id,
        opts=o,
        ingress=[
            {
                "protocol": "tcp",
                "rule_no": 1,
                "action": "allow",
                "cidr_block": "10.0.0.0/8",
                "from_port": 443,
                "to_port": 443,
            }
        ],
    )
    aws.ec2.RouteTable(
        "r", vpc_id=vpc.id, routes=[{"cidr_block": "10.104.0.0/16", "transit_gateway_id": "tgw-1"}], opts=o
    )
    aws.ec2.ManagedPrefixList(
        "halls",
        name="halls",
        address_family="IPv4",
        max_entries=1,
        entries=[{"cidr": "10.104.0.0/16"}],
        opts=o,
    )
    # A peering that leads to one host of a vendor's.
    vendor = aws.ec2.VpcPeeringConnection("vendor", vpc_id=vpc.id, peer_vpc_id="w", opts=o)
    aws.ec2.Route(
        "vendor",
        route_table_id="r",
        destination_cidr_block="10.200.0.10/32",
        vpc_peering_connection_id=vendor.id,
        opts=o,
    )
    return vpc, subnets, group


def databases(o: pulumi.ResourceOptions) -> None:
    for engine, version, logs in (("postgres", "16.4", "postgresql"), ("mysql", "8.0.39", "error")):
        aws.rds.Instance(
            f"db-{engine}",
            engine=engine,
            engine_version=version,
            instance_class="db.m7g.large",
            storage_type="gp3",
            storage_encrypted=True,
            kms_key_id=KEY,
            manage_master_user_password=True,
            username="app",
            multi_az=True,
            backup_retention_period=35,
            deletion_protection=True,
            skip_final_snapshot=False,
            final_snapshot_identifier="last",
            auto_minor_version_upgrade=True,
            enabled_cloudwatch_logs_exports=[logs],
            tags={"backup": "daily"},
            opts=o,
        )
    aws.rds.Cluster(
        "aurora",
        engine="aurora-postgresql",
        engine_version="16.4",
        storage_encrypted=True,
        kms_key_id=KEY,
        manage_master_user_password=True,
        master_username="app",
        backup_retention_period=35,
        deletion_protection=True,
        skip_final_snapshot=False,
        enabled_cloudwatch_logs_exports=["postgresql"],
        tags={"backup": "daily"},
        opts=o,
    )
    aws.rds.ClusterInstance(
        "aurora-1",
        cluster_identifier="aurora",
        engine="aurora-postgresql",
        instance_class="db.r7g.large",
        opts=o,
    )
    aws.rds.ParameterGroup(
        "p", family="mysql8.0", parameters=[{"name": "require_secure_transport", "value": "ON"}], opts=o
    )
    aws.dynamodb.Table(
        "t",
        hash_key="id",
        attributes=[{"name": "id", "type": "S"}],
        billing_mode="PAY_PER_REQUEST",
        server_side_encryption={"enabled": True, "kms_key_arn": KEY},
        point_in_time_recovery={"enabled": True},
        deletion_protection_enabled=True,
        opts=o,
    )
    aws.elasticache.ReplicationGroup(
        "c",
        description="c",
        engine="valkey",
        engine_version="8.0",
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        automatic_failover_enabled=True,
        multi_az_enabled=True,
        snapshot_retention_limit=7,
        opts=o,
    )
    aws.opensearch.Domain(
        "s",
        engine_version="OpenSearch_2.17",
        encrypt_at_rest={"enabled": True},
        node_to_node_encryption={"enabled": True},
        domain_endpoint_options={
            "enforce_https": True,
            "tls_security_policy": "Policy-Min-TLS-1-2-PFS-2023-10",
        },
        vpc_options={"subnet_ids": ["a", "c"]},
        cluster_config={"zone_awareness_enabled": True},
        opts=o,
    )
    aws.redshift.Cluster(
        "w",
        cluster_identifier="w",
        node_type="ra3.large",
        encrypted=True,
        publicly_accessible=False,
        manage_master_password=True,
        multi_az=True,
        opts=o,
    )
    aws.kinesis.Stream("k", encryption_type="KMS", kms_key_id=KEY, opts=o)
    aws.msk.Cluster(
        "msk",
        kafka_version="3.6.0",
        number_of_broker_nodes=2,
        opts=o,
        broker_node_group_info={
            "instance_type": "kafka.m7g.large",
            "client_subnets": ["a"],
            "security_groups": ["g"],
        },
        encryption_info={
            "encryption_at_rest_kms_key_arn": KEY,
            "encryption_in_transit": {"client_broker": "TLS"},
        },
    )


def machines(o: pulumi.ResourceOptions) -> None:
    aws.ec2.Instance(
        "i",
        ami="ami-1",
        instance_type="m7i.large",
        metadata_options={"http_tokens": "required"},
        root_block_device={"encrypted": True, "kms_key_id": KEY, "volume_type": "gp3"},
        disable_api_termination=True,
        user_data="#!/bin/sh\nexport DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id x)\n",
        tags={"backup": "daily"},
        opts=o,
    )
    aws.ebs.Volume(
        "v", availability_zone="ap-northeast-1a", size=10, encrypted=True, kms_key_id=KEY, type="gp3", opts=o
    )
    aws.ebs.EncryptionByDefault("e", enabled=True, opts=o)
    aws.ebs.SnapshotCopy(
        "sc", source_region="ap-northeast-1", source_snapshot_id="snap-1", encrypted=True, opts=o
    )
    ami = aws.ec2.Ami("ami", ebs_block_devices=[{"device_name": "/dev/sda1", "encrypted": True}], opts=o)
    aws.ec2.AmiLaunchPermission("ami", image_id=ami.id, account_id=OTHER, opts=o)
    files = aws.efs.FileSystem("f", encrypted=True, kms_key_id=KEY, tags={"backup": "daily"}, opts=o)
    aws.efs.FileSystemPolicy("f", file_system_id=files.id, policy=document(TLS_ONLY), opts=o)
    aws.ecs.TaskDefinition(
        "t",
        family="t",
        opts=o,
        volumes=[
            {
                "name": "f",
                "efs_volume_configuration": {"file_system_id": "fs", "transit_encryption": "ENABLED"},
            }
        ],
        container_definitions=json.dumps(
            [
                {
                    "name": "app",
                    "image": "repo/app:1.2.3",
                    "environment": [{"name": "DB_HOST", "value": "db"}],
                    "secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:secretsmanager:x"}],
                    "logConfiguration": {"logDriver": "awslogs"},
                }
            ]
        ),
    )
    aws.ecs.Service(
        "s",
        desired_count=2,
        network_configuration={"subnets": ["a"], "assign_public_ip": False},
        load_balancers=[{"container_name": "app", "container_port": 80, "target_group_arn": "tg"}],
        opts=o,
    )
    aws.lambda_.Function(
        "f",
        role="r",
        runtime="python3.13",
        handler="h",
        code=pulumi.FileArchive("."),
        environment={"variables": {"SECRET_ARN": "arn:aws:secretsmanager:x"}},
        opts=o,
    )
    aws.lambda_.FunctionUrl("f", function_name="f", authorization_type="AWS_IAM", opts=o)
    aws.eks.Cluster(
        "k",
        role_arn="r",
        version="1.33",
        vpc_config={"subnet_ids": ["a", "c"], "endpoint_public_access": False},
        encryption_config={"provider": {"key_arn": KEY}, "resources": ["secrets"]},
        enabled_cluster_log_types=["api", "audit"],
        deletion_protection=True,
        opts=o,
    )
    aws.ecr.Repository(
        "e",
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": KEY}],
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        opts=o,
    )
    aws.scheduler.Schedule(
        "stop",
        schedule_expression="cron(0 18 ? * MON-FRI *)",
        flexible_time_window={"mode": "OFF"},
        target={"arn": "x", "role_arn": "r"},
        opts=o,
    )
    aws.ssm.MaintenanceWindow("w", schedule="cron(0 2 ? * SUN *)", duration=3, cutoff=1, opts=o)
    aws.ssm.PatchBaseline(
        "p",
        operating_system="AMAZON_LINUX_2023",
        approval_rules=[{"approve_after_days": 7, "patch_filters": [{"key": "PRODUCT", "values": ["*"]}]}],
        opts=o,
    )


def entrance(o: pulumi.ResourceOptions) -> None:
    logs = sealed_bucket("lb-logs", o, days=400, lock=False)
    aws.lb.LoadBalancer(
        "l",
        internal=True,
        load_balancer_type="application",
        subnets=["a", "c"],
        access_logs={"bucket": logs.bucket, "enabled": True},
        enable_deletion_protection=True,
        opts=o,
    )
    aws.lb.Listener(
        "l",
        load_balancer_arn="l",
        port=443,
        protocol="HTTPS",
        certificate_arn="c",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        default_actions=[{"type": "forward", "target_group_arn": "t"}],
        opts=o,
    )
    aws.lb.TargetGroup("t", port=443, protocol="HTTPS", vpc_id="v", health_check={"path": "/health"}, opts=o)
    aws.apigateway.RestApi("a", endpoint_configuration={"types": "PRIVATE"}, opts=o)
    aws.apigateway.Method(
        "a", rest_api="a", resource_id="r", http_method="GET", authorization="AWS_IAM", opts=o
    )
    aws.route53.Zone("z", vpcs=[{"vpc_id": "vpc-1"}], opts=o)
    aws.route53.ResolverEndpoint(
        "r",
        direction="INBOUND",
        security_group_ids=["g"],
        ip_addresses=[{"subnet_id": "a"}, {"subnet_id": "c"}],
        opts=o,
    )
    aws.ec2.VpcEndpoint(
        "e",
        vpc_id="v",
        service_name="com.amazonaws.ap-northeast-1.ssm",
        vpc_endpoint_type="Interface",
        subnet_ids=["a", "c"],
        policy=document(
            allow("*", Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
        ),
        opts=o,
    )
    firewall = aws.networkfirewall.Firewall(
        "f",
        firewall_policy_arn="p",
        vpc_id="v",
        subnet_mappings=[{"subnet_id": "a"}],
        delete_protection=True,
        opts=o,
    )
    aws.networkfirewall.LoggingConfiguration(
        "f",
        firewall_arn=firewall.arn,
        opts=o,
        logging_configuration={
            "log_destination_configs": [
                {
                    "log_type": "FLOW",
                    "log_destination_type": "CloudWatchLogs",
                    "log_destination": {"logGroup": "g"},
                }
            ]
        },
    )


def messages(o: pulumi.ResourceOptions) -> aws.sns.Topic:
    aws.sqs.Queue("q", kms_master_key_id=KEY, opts=o)
    topic = aws.sns.Topic("t", kms_master_key_id=KEY, opts=o)
    aws.sns.TopicPolicy(
        "t",
        arn=topic.arn,
        opts=o,
        policy=document(allow("sns:Publish", Principal={"Service": "events.amazonaws.com"})),
    )
    aws.sns.TopicSubscription("t", topic=topic.arn, protocol="email", endpoint="a@example.lg.jp", opts=o)
    aws.secretsmanager.Secret(
        "s", kms_key_id=KEY, recovery_window_in_days=30, replicas=[{"region": "ap-northeast-3"}], opts=o
    )
    aws.secretsmanager.SecretVersion(
        "s", secret_id="s", secret_string_wo="x", secret_string_wo_version=1, opts=o
    )
    aws.kms.Key(
        "k",
        enable_key_rotation=True,
        rotation_period_in_days=365,
        deletion_window_in_days=30,
        opts=o,
        policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ),
    )
    aws.cloudwatch.LogGroup("l", retention_in_days=400, kms_key_id=KEY, opts=o)
    return topic


def people(o: pulumi.ResourceOptions) -> None:
    aws.iam.Role("r", assume_role_policy=document(TRUST), opts=o)
    aws.iam.Role(
        "partner",
        opts=o,
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
            }
        ),
    )
    aws.iam.Role(
        "ci",
        opts=o,
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": OIDC,
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "token.actions.githubusercontent.com:sub": "repo:o/r:ref:refs/heads/main"
                    }
                },
            }
        ),
    )
    aws.iam.Policy("p", policy=document(allow(["s3:GetObject"], "arn:aws:s3:::x/*")), opts=o)
    aws.iam.RolePolicyAttachment(
        "a", role="r", policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", opts=o
    )
    aws.iam.PolicyAttachment(
        "pa", roles=["r"], users=[], policy_arn="arn:aws:iam::aws:policy/ReadOnlyAccess", opts=o
    )
    aws.iam.AccountPasswordPolicy(
        "a",
        minimum_password_length=16,
        require_symbols=True,
        require_numbers=True,
        require_uppercase_characters=True,
        require_lowercase_characters=True,
        password_reuse_prevention=24,
        opts=o,
    )
    aws.s3.AccountPublicAccessBlock(
        "a",
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=o,
    )


def watch(o: pulumi.ResourceOptions, topic: aws.sns.Topic) -> None:
    logs = sealed_bucket("trail", o, days=2555, lock=True)
    aws.cloudtrail.Trail(
        "t",
        s3_bucket_name=logs.id,
        kms_key_id=KEY,
        enable_log_file_validation=True,
        is_multi_region_trail=True,
        opts=o,
    )
    aws.cfg.Recorder("r", role_arn="r", recording_group={"all_supported": True}, opts=o)
    aws.guardduty.Detector("d", enable=True, opts=o)
    aws.securityhub.Account("s", opts=o)
    aws.budgets.Budget(
        "b",
        budget_type="COST",
        limit_amount="100",
        limit_unit="USD",
        time_unit="MONTHLY",
        opts=o,
        notifications=[
            {
                "comparison_operator": "GREATER_THAN",
                "notification_type": "ACTUAL",
                "threshold": 80,
                "threshold_type": "PERCENTAGE",
                "subscriber_email_addresses": ["a@example.lg.jp"],
            }
        ],
    )
    vault = aws.backup.Vault("v", name="v", kms_key_arn=KEY, opts=o)
    aws.backup.VaultLockConfiguration("v", backup_vault_name=vault.name, min_retention_days=7, opts=o)
    aws.backup.Plan(
        "p",
        opts=o,
        rules=[
            {
                "rule_name": "daily",
                "target_vault_name": "v",
                "schedule": "cron(0 16 * * ? *)",
                "lifecycle": {"delete_after": 35},
                "copy_actions": [
                    {"destination_vault_arn": f"arn:aws:backup:ap-northeast-3:{ACCOUNT}:backup-vault:v"}
                ],
            }
        ],
    )
    aws.backup.Selection(
        "s",
        plan_id="p",
        iam_role_arn="r",
        selection_tags=[{"type": "STRINGEQUALS", "key": "backup", "value": "daily"}],
        opts=o,
    )
    gateway = aws.ec2transitgateway.TransitGateway(
        "g",
        amazon_side_asn=64513,
        auto_accept_shared_attachments="disable",
        opts=o,
        default_route_table_association="disable",
        default_route_table_propagation="disable",
    )
    aws.directconnect.GatewayAssociation(
        "a", dx_gateway_id="d", associated_gateway_id=gateway.id, allowed_prefixes=["10.64.0.0/20"], opts=o
    )
    for n in (1, 2):
        circuit = aws.directconnect.TransitVirtualInterface(
            f"c{n}",
            connection_id=f"dxcon-{n}",
            dx_gateway_id="d",
            vlan=100,
            address_family="ipv4",
            bgp_asn=65001,
            opts=o,
        )
        aws.cloudwatch.MetricAlarm(
            f"c{n}",
            comparison_operator="LessThanThreshold",
            evaluation_periods=1,
            namespace="AWS/DX",
            metric_name="VirtualInterfaceBgpStatus",
            dimensions={"VirtualInterfaceId": circuit.id},
            alarm_actions=[topic.arn],
            opts=o,
        )


def good() -> None:
    o = provider()
    network(o)
    databases(o)
    machines(o)
    entrance(o)
    people(o)
    sealed_bucket("handover", o, days=30, lock=False)
    watch(o, messages(o))
    # An approved opening says so on itself.
    opened = {"internet-purpose": "patch", "internet-approver": "CISO", "internet-expires": "2099-03-31"}
    aws.ec2.InternetGateway("approved", tags=opened, opts=o)
    aws.ec2.NatGateway("approved", subnet_id="s", tags=opened, opts=o)
    aws.ec2.Eip("approved", instance="i-1", tags=opened, opts=o)


CASES = Cases("aws", good)
breaks = CASES.breaks


def p() -> pulumi.ResourceOptions:
    return provider()


# --- data stores ---


@breaks("ENC-001", "EXP-008", "BCK-008", "ENC-022")
def bare_bucket() -> None:
    aws.s3.Bucket("b", opts=p())


@breaks("EXP-007")
def public_acl() -> None:
    bucket = aws.s3.Bucket("b", opts=p())
    aws.s3.BucketAcl("b", bucket=bucket.id, acl="public-read", opts=None)


@breaks("EXP-007", "HND-001")
def public_policy() -> None:
    bucket = aws.s3.Bucket("b", bucket="handover", opts=p())
    aws.s3.BucketPolicy("b", bucket=bucket.id, policy=document(allow("s3:*", Principal="*")))


@breaks("DEL-003")
def forced() -> None:
    aws.s3.Bucket("b", force_destroy=True, opts=p())


@breaks("HND-002", "HND-003", "HND-004")
def loose_handover() -> None:
    aws.s3.Bucket("b", bucket="x-handover", opts=p())


@breaks("LOC-001", "LOC-003")
def abroad() -> None:
    aws.s3.Bucket("b", opts=provider(region="us-east-1"))


@breaks("LOC-004")
def copied_abroad() -> None:
    aws.secretsmanager.Secret("s", replicas=[{"region": "us-west-2"}], opts=p())


@breaks(
    "ENC-004",
    "ENC-005",
    "EXP-010",
    "CRE-002",
    "CRE-003",
    "BCK-001",
    "BCK-002",
    "BCK-007",
    "DEL-001",
    "AVL-001",
    "PAT-001",
    "PAT-002",
    "LOG-005",
    "CST-005",
)
def careless_database() -> None:
    aws.rds.Instance(
        "d",
        engine="postgres",
        engine_version="9.6",
        instance_class="db.m3.large",
        username="a",
        password="hunter2hunter2",
        publicly_accessible=True,
        skip_final_snapshot=True,
        auto_minor_version_upgrade=False,
        opts=p(),
    )


@breaks("ENC-023")
def plain_connections() -> None:
    aws.rds.ParameterGroup(
        "p", family="mysql8.0", parameters=[{"name": "max_connections", "value": "9"}], opts=p()
    )


@breaks("BCK-010", whole=True)
def unselected_database() -> None:
    aws.rds.Instance("d", engine="postgres", instance_class="db.m7g.large", opts=p())


@breaks("CST-002", verification=True)
def big_verification() -> None:
    aws.rds.Instance("d", engine="postgres", instance_class="db.m7g.16xlarge", opts=p())


@breaks("ENC-008", "BCK-006", "DEL-004")
def careless_table() -> None:
    aws.dynamodb.Table("t", hash_key="id", attributes=[{"name": "id", "type": "S"}], opts=p())


@breaks("ENC-007", "ENC-024", "AVL-004")
def careless_cache() -> None:
    aws.elasticache.ReplicationGroup("c", description="c", opts=p())


@breaks("EXP-011", "ENC-021")
def careless_search() -> None:
    aws.opensearch.Domain("s", opts=p())


@breaks("ENC-006", "ENC-025", "BCK-012", whole=True)
def careless_files() -> None:
    aws.efs.FileSystem("f", opts=p())
    aws.ecs.TaskDefinition(
        "t",
        family="t",
        container_definitions="[]",
        volumes=[{"name": "f", "efs_volume_configuration": {"file_system_id": "fs"}}],
    )


@breaks("ENC-009", "EXP-019")
def careless_queue() -> None:
    aws.sqs.Queue("q", policy=document(allow("sqs:*", Principal="*")), opts=p())


@breaks("ENC-010", "RET-001")
def short_logs() -> None:
    aws.cloudwatch.LogGroup("l", retention_in_days=30, opts=p())


@breaks("RET-004")
def endless_logs() -> None:
    aws.cloudwatch.LogGroup("l", opts=p())


@breaks("ENC-011", "RET-003")
def careless_secret() -> None:
    aws.secretsmanager.Secret("s", recovery_window_in_days=0, opts=p())


@breaks("STA-001")
def leaked_key() -> None:
    aws.s3.BucketObjectv2("o", bucket="b", key="k", content="key: AKIAIOSFODNN7EXAMPLE", opts=p())


@breaks("CRE-009")
def written_secret() -> None:
    aws.secretsmanager.SecretVersion("s", secret_id="s", secret_string="correct horse battery", opts=p())


@breaks("KEY-001")
def still_key() -> None:
    aws.kms.Key("k", opts=p())


@breaks("KEY-002", "KEY-005")
def slow_key() -> None:
    aws.kms.Key("k", enable_key_rotation=True, rotation_period_in_days=2000, is_enabled=False, opts=p())


@breaks("KEY-003")
def hasty_key() -> None:
    aws.kms.ReplicaKey("k", primary_key_arn="x", deletion_window_in_days=1, opts=p())


# --- machines ---


@breaks("EXP-004", "ENC-002", "ENC-003", "IAM-020", "CRE-004", "CRE-007", "NET-011", "DEL-005")
def careless_server() -> None:
    aws.ec2.Instance(
        "i",
        ami="a",
        instance_type="m7i.large",
        associate_public_ip_address=True,
        key_name="k",
        root_block_device={"encrypted": False},
        source_dest_check=False,
        user_data="export DB_PASSWORD=hunter2hunter2",
        opts=p(),
    )


@breaks("BCK-011", "PAT-003", whole=True)
def lonely_server() -> None:
    aws.ec2.Instance("i", ami="a", instance_type="m7i.large", opts=p())


@breaks("CST-001", verification=True)
def always_on() -> None:
    aws.ec2.Instance("i", ami="a", instance_type="m7i.large", opts=p())


@breaks("ENC-016")
def no_default() -> None:
    aws.ebs.EncryptionByDefault("e", enabled=False, opts=p())


@breaks("ENC-017", "EXP-015")
def shared_image() -> None:
    ami = aws.ec2.AmiCopy(
        "a", source_ami_id="x", source_ami_region="ap-northeast-1", encrypted=False, opts=p()
    )
    aws.ec2.AmiLaunchPermission("a", image_id=ami.id, group="all")


@breaks("CRE-006")
def ssh_key() -> None:
    aws.ec2.KeyPair("k", public_key="ssh-ed25519 AAAA", opts=p())


@breaks("EXP-012", "AVL-003")
def public_service() -> None:
    aws.ecs.Service(
        "s",
        desired_count=1,
        network_configuration={"subnets": ["a"], "assign_public_ip": True},
        load_balancers=[{"container_name": "a", "container_port": 1}],
        opts=p(),
    )


@breaks("CRE-005", "PAT-006", "LOG-008", "IAM-021")
def careless_task() -> None:
    aws.ecs.TaskDefinition(
        "t",
        family="t",
        opts=p(),
        container_definitions=json.dumps(
            [
                {
                    "name": "a",
                    "image": "app:latest",
                    "privileged": True,
                    "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}],
                }
            ]
        ),
    )


@breaks("EXP-013")
def open_function() -> None:
    function = aws.lambda_.Function("f", role="r", runtime="python3.13", handler="h", opts=p())
    aws.lambda_.FunctionUrl("f", function_name=function.name, authorization_type="NONE")


@breaks("EXP-014", "LOG-007", "ENC-015", "DEL-002")
def open_cluster() -> None:
    aws.eks.Cluster("k", role_arn="r", vpc_config={"subnet_ids": ["a"]}, opts=p())


@breaks("ENC-012", "PAT-004", "PAT-005")
def careless_registry() -> None:
    aws.ecr.Repository("e", opts=p())


@breaks("PAT-007")
def slow_patches() -> None:
    aws.ssm.PatchBaseline(
        "p",
        approval_rules=[{"approve_after_days": 90, "patch_filters": [{"key": "PRODUCT", "values": ["*"]}]}],
        opts=p(),
    )


# --- network ---


@breaks("EXP-001")
def internet() -> None:
    aws.ec2.InternetGateway("g", opts=p())


@breaks("EXP-002", "EXP-003")
def way_out() -> None:
    address = aws.ec2.Eip("e", opts=p())
    aws.ec2.NatGateway("n", subnet_id="s", allocation_id=address.id)


@breaks("EXP-005")
def public_subnet() -> None:
    aws.ec2.Subnet("s", vpc_id="v", map_public_ip_on_launch=True, opts=p())


@breaks("EXP-016")
def default_route() -> None:
    aws.ec2.Route("r", route_table_id="t", destination_cidr_block="0.0.0.0/0", gateway_id="igw-1", opts=p())


@breaks("EXP-016")
def default_route_inline() -> None:
    aws.ec2.RouteTable(
        "r", vpc_id="v", routes=[{"ipv6_cidr_block": "::/0", "egress_only_gateway_id": "eigw-1"}], opts=p()
    )


@breaks("NET-001", "NET-002", "NET-004", "NET-005", "NET-003")
def open_group() -> None:
    aws.ec2.SecurityGroup(
        "g",
        opts=p(),
        ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}],
        egress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "ipv6_cidr_blocks": ["::/0"]}],
    )


@breaks("NET-002")
def open_group_rule() -> None:
    aws.vpc.SecurityGroupIngressRule(
        "g",
        security_group_id="g",
        ip_protocol="tcp",
        from_port=22,
        to_port=22,
        cidr_ipv4="10.0.0.0/8",
        opts=p(),
    )


@breaks("NET-003")
def open_database_rule() -> None:
    aws.ec2.SecurityGroupRule(
        "g",
        type="ingress",
        security_group_id="g",
        protocol="tcp",
        from_port=5432,
        to_port=5432,
        cidr_blocks=["10.0.0.0/8"],
        opts=p(),
    )


@breaks("NET-006")
def default_group() -> None:
    aws.ec2.DefaultSecurityGroup(
        "g", vpc_id="v", ingress=[{"protocol": "-1", "from_port": 0, "to_port": 0, "self": True}], opts=p()
    )


@breaks("NET-007", "NET-008")
def default_network() -> None:
    aws.ec2.DefaultVpc("v", opts=p())


@breaks("NET-009")
def half_flow() -> None:
    aws.ec2.FlowLog("f", vpc_id="v", traffic_type="REJECT", opts=p())


@breaks("NET-010")
def peering() -> None:
    aws.ec2.VpcPeeringConnection("p", vpc_id="v", peer_vpc_id="w", opts=p())


@breaks("NET-001")
def open_prefix_list() -> None:
    aws.ec2.ManagedPrefixList(
        "l", name="l", address_family="IPv4", max_entries=1, entries=[{"cidr": "0.0.0.0/0"}], opts=p()
    )


@breaks("NET-001")
def open_prefix_entry() -> None:
    aws.ec2.ManagedPrefixListEntry("e", prefix_list_id="pl-1", cidr="0.0.0.0/0", opts=p())


@breaks("NET-010")
def wide_peering() -> None:
    to = aws.ec2.VpcPeeringConnection("p", vpc_id="v", peer_vpc_id="w", opts=p())
    aws.ec2.RouteTable(
        "r", vpc_id="v", routes=[{"cidr_block": "10.0.0.0/8", "vpc_peering_connection_id": to.id}], opts=p()
    )


@breaks("NET-013", "NET-014", "LGW-006")
def open_hub() -> None:
    aws.ec2transitgateway.TransitGateway(
        "t", auto_accept_shared_attachments="enable", amazon_side_asn=4713, opts=p()
    )


@breaks("NET-015", "AVL-005")
def wide_endpoint() -> None:
    aws.ec2.VpcEndpoint(
        "e",
        vpc_id="v",
        service_name="com.amazonaws.ap-northeast-1.s3",
        vpc_endpoint_type="Interface",
        subnet_ids=["a"],
        opts=p(),
    )


@breaks("AVL-006")
def one_address() -> None:
    aws.route53.ResolverEndpoint(
        "r", direction="INBOUND", security_group_ids=["g"], ip_addresses=[{"subnet_id": "a"}], opts=p()
    )


@breaks("AVL-008", whole=True)
def one_zone() -> None:
    vpc = aws.ec2.Vpc("v", cidr_block="10.0.0.0/20", opts=p())
    aws.ec2.Subnet("s", vpc_id=vpc.id, availability_zone="ap-northeast-1a")


@breaks("EXP-020")
def public_zone() -> None:
    aws.route53.Zone("z", name="example.lg.jp", opts=p())


@breaks("LOG-013")
def silent_firewall() -> None:
    aws.networkfirewall.Firewall(
        "f", firewall_policy_arn="p", vpc_id="v", subnet_mappings=[{"subnet_id": "a"}], opts=p()
    )


@breaks("LGW-001", "LGW-008", "LGW-006")
def lone_circuit() -> None:
    aws.directconnect.TransitVirtualInterface(
        "c", connection_id="d", dx_gateway_id="g", vlan=1, address_family="ipv4", bgp_asn=4713, opts=p()
    )


@breaks("LGW-004", "LGW-005")
def wide_prefixes() -> None:
    aws.directconnect.GatewayAssociation(
        "a", dx_gateway_id="d", associated_gateway_id="t", allowed_prefixes=["10.0.0.0/8"], opts=p()
    )
    aws.directconnect.GatewayAssociation(
        "b", dx_gateway_id="d", associated_gateway_id="t", allowed_prefixes=["203.0.113.0/24"]
    )


@breaks("LGW-007")
def internet_vpn() -> None:
    aws.ec2.VpnConnection("v", customer_gateway_id="c", type="ipsec.1", opts=p())


# --- entrances ---


@breaks("EXP-006", "LOG-006", "AVL-002", "DEL-002")
def public_balancer() -> None:
    aws.lb.LoadBalancer("l", internal=False, load_balancer_type="application", subnets=["a"], opts=p())


@breaks("EXP-006", "ENC-020")
def public_classic() -> None:
    aws.elb.LoadBalancer(
        "l",
        listeners=[{"instance_port": 80, "instance_protocol": "http", "lb_port": 80, "lb_protocol": "http"}],
        opts=p(),
    )


@breaks("ENC-020")
def plain_listener() -> None:
    aws.lb.Listener(
        "l",
        load_balancer_arn="l",
        port=80,
        protocol="HTTP",
        default_actions=[{"type": "forward", "target_group_arn": "t"}],
        opts=p(),
    )


@breaks("AVL-007")
def unchecked() -> None:
    aws.lb.TargetGroup("t", port=80, protocol="HTTP", vpc_id="v", health_check={"enabled": False}, opts=p())


@breaks("EXP-021")
def public_api() -> None:
    aws.apigatewayv2.Api("a", protocol_type="HTTP", opts=p())


@breaks("LOC-005")
def worldwide() -> None:
    aws.cloudfront.Distribution(
        "d",
        enabled=True,
        origins=[],
        default_cache_behavior={
            "allowed_methods": [],
            "cached_methods": [],
            "target_origin_id": "o",
            "viewer_protocol_policy": "allow-all",
        },
        restrictions={"geo_restriction": {"restriction_type": "none"}},
        viewer_certificate={"cloudfront_default_certificate": True},
        opts=p(),
    )


# --- people ---


@breaks("IAM-001", "CRE-001")
def local_user() -> None:
    user = aws.iam.User("u", opts=p())
    aws.iam.AccessKey("k", user=user.name)


@breaks("IAM-002")
def almighty() -> None:
    aws.iam.RolePolicyAttachment(
        "a", role="r", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess", opts=p()
    )


@breaks("IAM-002", "IAM-008")
def almighty_inline() -> None:
    aws.iam.RolePolicy("p", role="r", policy=document(allow("*"), allow("iam:PassRole")), opts=p())


@breaks("IAM-003", "IAM-006")
def whole_service() -> None:
    aws.iam.UserPolicy("p", user="u", policy=document(allow(["s3:*"])), opts=p())


@breaks("IAM-007")
def all_but() -> None:
    aws.iam.Policy("p", policy=document({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}), opts=p())


@breaks("IAM-004")
def anyones_role() -> None:
    aws.iam.Role(
        "r",
        assume_role_policy=document({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}),
        opts=p(),
    )


@breaks("IAM-005")
def partner_role() -> None:
    aws.iam.Role(
        "r",
        opts=p(),
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": "sts:AssumeRole",
            }
        ),
    )


@breaks("IAM-012")
def any_job() -> None:
    aws.iam.Role(
        "r",
        opts=p(),
        assume_role_policy=document(
            {
                "Effect": "Allow",
                "Principal": OIDC,
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
                },
            }
        ),
    )


@breaks("IAM-009", "IAM-010", "IAM-011")
def weak_passwords() -> None:
    aws.iam.AccountPasswordPolicy("a", minimum_password_length=8, opts=p())


@breaks("EXP-009")
def account_open() -> None:
    aws.s3.AccountPublicAccessBlock("a", block_public_acls=True, opts=p())


@breaks("STA-002")
def keyed_provider() -> None:
    aws.Provider("a", region="ap-northeast-1", access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI")


# --- watching ---


@breaks("LOG-001", "LOG-002", "LOG-003", "ENC-014", "LOG-004")
def careless_trail() -> None:
    bucket = aws.s3.Bucket("b", opts=p())
    aws.cloudtrail.Trail("t", s3_bucket_name=bucket.id, enable_logging=False)


@breaks("RET-002")
def short_archive() -> None:
    bucket = aws.s3.Bucket("b", opts=p())
    aws.cloudtrail.Trail("t", s3_bucket_name=bucket.id)
    aws.s3.BucketLifecycleConfiguration(
        "b", bucket=bucket.id, rules=[{"id": "x", "status": "Enabled", "expiration": {"days": 90}}]
    )


@breaks("LOG-009")
def half_recorder() -> None:
    aws.cfg.Recorder(
        "r",
        role_arn="r",
        recording_group={"all_supported": False, "resource_types": ["AWS::EC2::Instance"]},
        opts=p(),
    )


@breaks("LOG-010")
def blind() -> None:
    aws.guardduty.Detector("d", enable=False, opts=p())


@breaks("LOG-011", "LOG-012")
def mute_alarm() -> None:
    aws.cloudwatch.MetricAlarm(
        "a", comparison_operator="LessThanThreshold", evaluation_periods=1, actions_enabled=False, opts=p()
    )


@breaks("LOG-025")
def unheard() -> None:
    topic = aws.sns.Topic("t", opts=p())
    aws.cloudwatch.MetricAlarm(
        "a", comparison_operator="LessThanThreshold", evaluation_periods=1, alarm_actions=[topic.arn]
    )


@breaks("LOG-020", "LOG-021", "LOG-022", "LOG-024", "CST-003", whole=True)
def empty_tenant() -> None:
    aws.ec2.Vpc("v", cidr_block="10.0.0.0/20", opts=p())


@breaks("CST-004")
def quiet_budget() -> None:
    aws.budgets.Budget("b", budget_type="COST", time_unit="MONTHLY", opts=p())


@breaks("CST-006")
def idle_address() -> None:
    aws.ec2.Eip("e", domain="vpc", opts=p())


@breaks("BCK-003", "BCK-004", "BCK-002")
def rare_backups() -> None:
    aws.backup.Plan(
        "p",
        opts=p(),
        rules=[
            {
                "rule_name": "w",
                "target_vault_name": "v",
                "schedule": "cron(0 1 ? * SUN *)",
                "lifecycle": {"delete_after": 3},
            }
        ],
    )


@breaks("BCK-005", "ENC-013")
def open_vault() -> None:
    aws.backup.Vault("v", opts=p())


@breaks("TAG-001")
def untagged() -> None:
    aws.ec2.Vpc(
        "v",
        cidr_block="10.0.0.0/20",
        opts=pulumi.ResourceOptions(provider=aws.Provider("a", region="ap-northeast-1")),
    )


@breaks("TAG-002", "TAG-003", "TAG-004")
def mistagged() -> None:
    aws.ec2.Vpc(
        "v",
        cidr_block="10.0.0.0/20",
        opts=p(),
        tags={"municipality-code": "131042", "environment": "staging", "name": "新宿"},
    )
