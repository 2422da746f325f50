"""Google Cloud: ordinary programs with pulumi_gcp."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_gcp as gcp

from clouds.case import CODE, Cases

REGION = "asia-northeast1"
KEY = "projects/p/locations/asia-northeast1/keyRings/r/cryptoKeys/k"
OPENED = {"internet-purpose": "patch", "internet-approver": "ciso", "internet-expires": "2099-03-31"}


def provider(**more: Any) -> pulumi.ResourceOptions:
    made = gcp.Provider("gcp", **({"project": "p", "region": REGION, "default_labels": dict(CODE)} | more))
    return pulumi.ResourceOptions(provider=made)


def sealed(
    name: str, o: pulumi.ResourceOptions, *, days: int | None = None, lock: int | None = None, **labels: str
) -> gcp.storage.Bucket:
    return gcp.storage.Bucket(
        name,
        name=name,
        location="asia-northeast1",
        public_access_prevention="enforced",
        encryption={"default_kms_key_name": KEY},
        versioning={"enabled": True},
        labels=labels or None,
        lifecycle_rules=[{"action": {"type": "Delete"}, "condition": {"age": days}}] if days else None,
        retention_policy={"retention_period": str(lock * 86400)} if lock else None,
        opts=o,
    )


def data(o: pulumi.ResourceOptions) -> None:
    gcp.sql.DatabaseInstance(
        "d",
        database_version="POSTGRES_16",
        encryption_key_name=KEY,
        deletion_protection=True,
        region=REGION,
        opts=o,
        settings={
            "tier": "db-custom-4-16384",
            "availability_type": "REGIONAL",
            "deletion_protection_enabled": True,
            "ip_configuration": {"ipv4_enabled": False, "ssl_mode": "ENCRYPTED_ONLY"},
            "database_flags": [{"name": "cloudsql.enable_pgaudit", "value": "on"}],
            "backup_configuration": {
                "enabled": True,
                "point_in_time_recovery_enabled": True,
                "backup_retention_settings": {"retained_backups": 35},
            },
        },
    )
    gcp.sql.User("u", instance="d", type="CLOUD_IAM_SERVICE_ACCOUNT", opts=o)
    gcp.bigquery.Dataset(
        "b",
        dataset_id="b",
        location=REGION,
        accesses=[{"role": "OWNER", "user_by_email": "a@example.lg.jp"}],
        opts=o,
    )
    gcp.firestore.Database(
        "f",
        location_id=REGION,
        type="FIRESTORE_NATIVE",
        cmek_config={"kms_key_name": KEY},
        point_in_time_recovery_enablement="POINT_IN_TIME_RECOVERY_ENABLED",
        delete_protection_state="DELETE_PROTECTION_ENABLED",
        opts=o,
    )
    gcp.redis.Instance("r", memory_size_gb=1, transit_encryption_mode="SERVER_AUTHENTICATION", opts=o)
    gcp.filestore.Instance(
        "n",
        tier="ENTERPRISE",
        kms_key_name=KEY,
        location=REGION,
        file_shares={"name": "s", "capacity_gb": 1024},
        networks=[{"network": "v", "modes": ["MODE_IPV4"]}],
        opts=o,
    )
    topic = gcp.pubsub.Topic("t", kms_key_name=KEY, opts=o)
    gcp.pubsub.TopicIAMMember(
        "t", topic=topic.id, role="roles/pubsub.publisher", member="serviceAccount:a@p.iam", opts=o
    )
    gcp.secretmanager.Secret(
        "s",
        secret_id="s",
        version_destroy_ttl="1209600s",
        opts=o,
        topics=[{"name": "t"}],
        replication={
            "user_managed": {
                "replicas": [
                    {"location": "asia-northeast1", "customer_managed_encryption": {"kms_key_name": KEY}}
                ]
            }
        },
    )
    gcp.secretmanager.SecretVersion("s", secret="s", secret_data_wo="x", secret_data_wo_version=1, opts=o)
    gcp.kms.CryptoKey(
        "k", key_ring="r", rotation_period="7776000s", destroy_scheduled_duration="2592000s", opts=o
    )
    gcp.artifactregistry.Repository(
        "a",
        repository_id="a",
        format="DOCKER",
        location=REGION,
        kms_key_name=KEY,
        docker_config={"immutable_tags": True},
        opts=o,
    )
    gcp.logging.ProjectBucketConfig(
        "l",
        bucket_id="l",
        location=REGION,
        project="p",
        retention_days=400,
        cmek_settings={"kms_key_name": KEY},
        opts=o,
    )


def machines(o: pulumi.ResourceOptions) -> None:
    vm = gcp.compute.Instance(
        "m",
        machine_type="n2-standard-4",
        zone="asia-northeast1-a",
        deletion_protection=True,
        opts=o,
        boot_disk={"kms_key_self_link": KEY},
        network_interfaces=[{"subnetwork": "s"}],
        metadata={"enable-oslogin": "TRUE"},
        metadata_startup_script="export DB_PASSWORD=$(gcloud secrets versions access latest)",
        service_account={"email": "app@p.iam", "scopes": ["cloud-platform"]},
        shielded_instance_config={"enable_secure_boot": True, "enable_vtpm": True},
    )
    gcp.compute.Disk(
        "d",
        zone="asia-northeast1-a",
        type="pd-balanced",
        disk_encryption_key={"kms_key_self_link": KEY},
        opts=o,
    )
    image = gcp.compute.Image("i", source_disk="d", opts=o)
    gcp.compute.ImageIamMember(
        "i", image=image.name, role="roles/compute.imageUser", member="group:a@example.lg.jp", opts=o
    )
    gcp.cloudrunv2.Service(
        "c",
        location=REGION,
        ingress="INGRESS_TRAFFIC_INTERNAL_ONLY",
        opts=o,
        template={
            "service_account": "app@p.iam",
            "scaling": {"min_instance_count": 2},
            "containers": [
                {
                    "image": "r/a:1.2",
                    "envs": [{"name": "DB_PASSWORD", "value_source": {"secret_key_ref": {"secret": "s"}}}],
                }
            ],
        },
    )
    gcp.cloudfunctionsv2.Function(
        "f",
        location=REGION,
        build_config={"runtime": "python313"},
        service_config={"service_account_email": "app@p.iam"},
        opts=o,
    )
    gcp.container.Cluster(
        "k",
        location=REGION,
        min_master_version="1.33",
        release_channel={"channel": "REGULAR"},
        deletion_protection=True,
        private_cluster_config={"enable_private_endpoint": True, "enable_private_nodes": True},
        database_encryption={"state": "ENCRYPTED", "key_name": KEY},
        opts=o,
    )
    plan = gcp.backupdisasterrecovery.BackupPlan(
        "p",
        backup_plan_id="p",
        location=REGION,
        resource_type="compute.googleapis.com/Instance",
        backup_vault="v",
        opts=o,
        backup_rules=[
            {
                "rule_id": "d",
                "backup_retention_days": 35,
                "standard_schedule": {"recurrence_type": "DAILY", "time_zone": "Asia/Tokyo"},
            }
        ],
    )
    gcp.backupdisasterrecovery.BackupPlanAssociation(
        "p",
        backup_plan=plan.id,
        backup_plan_association_id="p",
        location=REGION,
        resource=vm.id,
        resource_type="x",
        opts=o,
    )
    gcp.backupdisasterrecovery.BackupVault(
        "v",
        backup_vault_id="v",
        location=REGION,
        backup_minimum_enforced_retention_duration="604800s",
        encryption_config={"kms_key_name": KEY},
        opts=o,
    )
    gcp.osconfig.PatchDeployment("p", patch_deployment_id="p", instance_filter={"all": True}, opts=o)
    gcp.cloudscheduler.Job("stop", schedule="0 19 * * 1-5", region=REGION, opts=o)


def nets(o: pulumi.ResourceOptions) -> None:
    v = gcp.compute.Network("v", name="v", auto_create_subnetworks=False, opts=o)
    gcp.compute.Subnetwork(
        "s",
        network=v.id,
        ip_cidr_range="10.64.0.0/24",
        private_ip_google_access=True,
        log_config={"flow_sampling": 1},
        region=REGION,
        opts=o,
    )
    gcp.compute.Firewall(
        "in",
        network="v",
        source_ranges=["10.104.0.0/16"],
        allows=[{"protocol": "tcp", "ports": ["443"]}],
        opts=o,
    )
    gcp.compute.Firewall(
        "out",
        network="v",
        direction="EGRESS",
        destination_ranges=["10.64.0.0/20"],
        allows=[{"protocol": "tcp", "ports": ["443"]}],
        opts=o,
    )
    gcp.compute.Firewall(
        "deny",
        network="v",
        direction="EGRESS",
        destination_ranges=["0.0.0.0/0"],
        denies=[{"protocol": "all"}],
        opts=o,
    )
    gcp.compute.Route(
        "r", network="v", dest_range="199.36.153.4/30", next_hop_gateway="default-internet-gateway", opts=o
    )
    gcp.compute.ForwardingRule("l", load_balancing_scheme="INTERNAL_MANAGED", region=REGION, opts=o)
    gcp.compute.RegionTargetHttpsProxy("l", url_map="m", region=REGION, opts=o)
    gcp.compute.RegionSslPolicy("l", min_tls_version="TLS_1_2", region=REGION, opts=o)
    gcp.compute.RegionBackendService("l", health_checks="h", region=REGION, opts=o)
    gcp.dns.ManagedZone("z", dns_name="shinjuku.internal.", visibility="private", opts=o)
    gcp.compute.Router(
        "r",
        network="v",
        region=REGION,
        bgp={"asn": 64514, "advertised_ip_ranges": [{"range": "10.64.0.0/20"}]},
        opts=o,
    )
    for n in (1, 2):
        c = gcp.compute.InterconnectAttachment(
            f"c{n}",
            name=f"c{n}",
            router="r",
            region=REGION,
            type="PARTNER",
            bandwidth="BPS_1G",
            edge_availability_domain=f"AVAILABILITY_DOMAIN_{n}",
            opts=o,
        )
        gcp.monitoring.AlertPolicy(
            f"c{n}",
            display_name="c",
            combiner="OR",
            notification_channels=["n"],
            enabled=True,
            opts=pulumi.ResourceOptions(provider=o.provider, depends_on=[c]),
            conditions=[
                {
                    "display_name": "c",
                    "condition_threshold": {
                        "comparison": "COMPARISON_LT",
                        "duration": "60s",
                        "filter": f'resource.labels.attachment="c{n}"',
                    },
                }
            ],
        )
    gcp.compute.Address("a", address_type="INTERNAL", region=REGION, opts=o)


def watch(o: pulumi.ResourceOptions) -> None:
    logs = sealed("logs", o, days=2555, lock=400)
    gcp.logging.ProjectSink("s", destination=logs.name.apply(lambda n: f"storage.googleapis.com/{n}"), opts=o)
    gcp.projects.IAMAuditConfig(
        "a", project="p", service="allServices", audit_log_configs=[{"log_type": "DATA_READ"}], opts=o
    )
    gcp.securitycenter.V2ProjectNotificationConfig(
        "n", config_id="n", pubsub_topic="t", streaming_config={"filter": "x"}, opts=o
    )
    gcp.billing.Budget(
        "b",
        billing_account="b",
        amount={"last_period_amount": True},
        threshold_rules=[{"threshold_percent": 0.8}],
        opts=o,
    )
    gcp.projects.IAMMember("m", project="p", role="roles/viewer", member="group:a@example.lg.jp", opts=o)
    gcp.iam.WorkloadIdentityPoolProvider(
        "w",
        workload_identity_pool_id="p",
        workload_identity_pool_provider_id="w",
        attribute_condition="assertion.repository == 'o/r'",
        oidc={"issuer_uri": "https://token.actions.githubusercontent.com"},
        opts=o,
    )


def good() -> None:
    o = provider()
    sealed("handover", o, days=30, purpose="handover")
    data(o)
    machines(o)
    nets(o)
    watch(o)
    gcp.compute.Address("approved", region=REGION, labels=OPENED, opts=o)


CASES = Cases("google", good)
breaks = CASES.breaks
p = provider


@breaks("ENC-001", "EXP-008", "BCK-008")
def bare_bucket() -> None:
    gcp.storage.Bucket("b", location=REGION, opts=p())


@breaks("EXP-007")
def public_bucket() -> None:
    bucket = gcp.storage.Bucket("b", location=REGION, opts=p())
    gcp.storage.BucketIAMMember("b", bucket=bucket.name, role="roles/storage.objectViewer", member="allUsers")


@breaks("EXP-007")
def public_folder() -> None:
    bucket = gcp.storage.Bucket("b", location=REGION, opts=p())
    data = '{"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}'
    gcp.storage.ManagedFolderIamPolicy(
        "f", bucket=bucket.name, managed_folder="a/", policy_data=data, opts=p()
    )


@breaks("EXP-019")
def public_subscription() -> None:
    gcp.pubsub.SubscriptionIAMBinding(
        "s", subscription="s", role="roles/pubsub.subscriber", members=["allUsers"], opts=p()
    )


@breaks("CRE-002")
def written_alloy_user() -> None:
    gcp.alloydb.User(
        "u", cluster="c", user_id="u", user_type="ALLOYDB_BUILT_IN", password="hunter2hunter2", opts=p()
    )


@breaks("PAT-006", "CRE-005")
def careless_pool() -> None:
    gcp.cloudrunv2.WorkerPool(
        "w",
        location=REGION,
        template={
            "containers": [{"image": "a:latest", "envs": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]
        },
        opts=p(),
    )


@breaks("NET-002")
def open_policy_with_rules() -> None:
    gcp.compute.NetworkFirewallPolicyWithRules(
        "f",
        rules=[
            {
                "action": "allow",
                "direction": "INGRESS",
                "priority": 1,
                "match": {"src_ip_ranges": ["0.0.0.0/0"], "layer4_configs": [{"ip_protocol": "all"}]},
            }
        ],
        opts=p(),
    )


@breaks("LOC-001", "DEL-003")
def abroad() -> None:
    gcp.storage.Bucket("b", location="US", force_destroy=True, opts=p())


@breaks("LOC-003")
def provider_abroad() -> None:
    p(region="us-central1")


@breaks("LOC-004", "ENC-011")
def anywhere_secret() -> None:
    gcp.secretmanager.Secret("s", secret_id="s", replication={"auto": {}}, opts=p())


@breaks("CRE-009")
def written_secret() -> None:
    gcp.secretmanager.SecretVersion("s", secret="s", secret_data="correct horse", opts=p())


@breaks("STA-001")
def leaked() -> None:
    gcp.compute.ProjectMetadataItem("m", key="k", value="-----BEGIN PRIVATE KEY-----\nMIIE", opts=p())


@breaks("HND-003", "HND-004")
def loose_handover() -> None:
    gcp.storage.Bucket("b", location=REGION, labels={"purpose": "handover"}, opts=p())


@breaks("RET-003")
def no_recovery() -> None:
    gcp.storage.Bucket("b", location=REGION, soft_delete_policy={"retention_duration_seconds": 0}, opts=p())


@breaks(
    "EXP-010",
    "ENC-005",
    "ENC-023",
    "CRE-002",
    "BCK-001",
    "BCK-006",
    "DEL-001",
    "AVL-001",
    "PAT-002",
    "CST-005",
    "LOG-005",
)
def careless_database() -> None:
    gcp.sql.DatabaseInstance(
        "d",
        database_version="POSTGRES_11",
        root_password="hunter2hunter2",
        deletion_protection=False,
        opts=p(),
        settings={"tier": "db-n1-standard-2", "ip_configuration": {"ipv4_enabled": True}},
    )


@breaks("BCK-002")
def few_backups() -> None:
    gcp.sql.DatabaseInstance(
        "d",
        database_version="POSTGRES_16",
        opts=p(),
        settings={
            "tier": "db-custom-2-8192",
            "backup_configuration": {"enabled": True, "backup_retention_settings": {"retained_backups": 2}},
        },
    )


@breaks("CST-002", verification=True)
def big_verification() -> None:
    gcp.compute.Instance(
        "m", machine_type="n2-standard-64", network_interfaces=[{"subnetwork": "s"}], boot_disk={}, opts=p()
    )


@breaks("EXP-011", "DEL-004")
def open_dataset() -> None:
    gcp.bigquery.Dataset(
        "b",
        dataset_id="b",
        location=REGION,
        delete_contents_on_destroy=True,
        accesses=[{"role": "READER", "special_group": "allAuthenticatedUsers"}],
        opts=p(),
    )


@breaks("ENC-008")
def own_firestore() -> None:
    gcp.firestore.Database("f", location_id=REGION, type="FIRESTORE_NATIVE", opts=p())


@breaks("ENC-024")
def plain_redis() -> None:
    gcp.redis.Instance("r", memory_size_gb=1, opts=p())


@breaks("ENC-006")
def own_files() -> None:
    gcp.filestore.Instance(
        "n",
        tier="ENTERPRISE",
        location=REGION,
        file_shares={"name": "s", "capacity_gb": 1024},
        networks=[],
        opts=p(),
    )


@breaks("ENC-009", "EXP-019")
def open_topic() -> None:
    topic = gcp.pubsub.Topic("t", name="t", opts=p())
    gcp.pubsub.TopicIAMMember(
        "t", topic=topic.name, role="roles/pubsub.publisher", member="allAuthenticatedUsers"
    )


@breaks("KEY-001")
def still_key() -> None:
    gcp.kms.CryptoKey("k", key_ring="r", opts=p())


@breaks("KEY-002", "KEY-003")
def hasty_key() -> None:
    gcp.kms.CryptoKey(
        "k", key_ring="r", rotation_period="63072000s", destroy_scheduled_duration="86400s", opts=p()
    )


@breaks("ENC-012", "PAT-005")
def own_registry() -> None:
    gcp.artifactregistry.Repository("a", repository_id="a", format="DOCKER", location=REGION, opts=p())


@breaks("ENC-010", "RET-001")
def short_logs() -> None:
    gcp.logging.ProjectBucketConfig(
        "l", bucket_id="l", location=REGION, project="p", retention_days=30, opts=p()
    )


@breaks("EXP-004", "ENC-003", "NET-011", "IAM-019", "CRE-004", "CRE-007", "PAT-009", "DEL-005")
def careless_machine() -> None:
    gcp.compute.Instance(
        "m",
        machine_type="n2-standard-4",
        can_ip_forward=True,
        network_interfaces=[{"subnetwork": "s", "access_configs": [{"network_tier": "STANDARD"}]}],
        boot_disk={"auto_delete": True},
        metadata={"ssh-keys": "a:ssh-ed25519 AAAA"},
        metadata_startup_script="DB_PASSWORD=hunter2hunter2",
        service_account={"scopes": ["cloud-platform"]},
        opts=p(),
    )


@breaks("PAT-003", whole=True)
def unpatched() -> None:
    gcp.compute.Instance("m", machine_type="n2-standard-4", network_interfaces=[], boot_disk={}, opts=p())


@breaks("BCK-011")
def unselected() -> None:
    gcp.compute.Instance("m", machine_type="n2-standard-4", network_interfaces=[], boot_disk={}, opts=p())
    gcp.backupdisasterrecovery.BackupPlanAssociation(
        "p",
        backup_plan="p",
        backup_plan_association_id="p",
        location=REGION,
        resource="another",
        resource_type="x",
    )


@breaks("CST-001", verification=True)
def always_on() -> None:
    gcp.compute.Instance("m", machine_type="n2-standard-4", network_interfaces=[], boot_disk={}, opts=p())


@breaks("EXP-015")
def shared_image() -> None:
    gcp.compute.ImageIamMember(
        "i", image="i", role="roles/compute.imageUser", member="allAuthenticatedUsers", opts=p()
    )


@breaks("EXP-012", "EXP-013", "AVL-003", "CRE-005", "PAT-006")
def open_service() -> None:
    made = gcp.cloudrunv2.Service(
        "c",
        name="c",
        location=REGION,
        opts=p(),
        template={"containers": [{"image": "r/a", "envs": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]},
    )
    gcp.cloudrunv2.ServiceIamMember(
        "c", name=made.name, location=REGION, role="roles/run.invoker", member="allUsers"
    )


@breaks("EXP-014", "ENC-015", "DEL-002", "LOG-007", "PAT-008")
def open_cluster() -> None:
    gcp.container.Cluster("k", location=REGION, logging_service="none", deletion_protection=False, opts=p())


@breaks("EXP-002", "EXP-003")
def way_out() -> None:
    gcp.compute.RouterNat(
        "n",
        router="r",
        region=REGION,
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        opts=p(),
    )
    gcp.compute.Address("a", region=REGION)


@breaks("EXP-006")
def public_balancer() -> None:
    gcp.compute.GlobalForwardingRule("l", target="t", load_balancing_scheme="EXTERNAL_MANAGED", opts=p())


@breaks("EXP-016")
def default_route() -> None:
    gcp.compute.Route(
        "r", network="v", dest_range="0.0.0.0/0", next_hop_gateway="default-internet-gateway", opts=p()
    )


@breaks("EXP-020")
def public_zone() -> None:
    gcp.dns.ManagedZone("z", dns_name="shinjuku.lg.jp.", opts=p())


@breaks("NET-001", "NET-002", "NET-003", "NET-004")
def open_firewall() -> None:
    gcp.compute.Firewall(
        "f", network="v", allows=[{"protocol": "all"}], source_ranges=["0.0.0.0/0"], opts=p()
    )


@breaks("NET-002")
def open_policy_rule() -> None:
    gcp.compute.NetworkFirewallPolicyRule(
        "f",
        firewall_policy="x",
        action="allow",
        direction="INGRESS",
        priority=1,
        opts=p(),
        match={"src_ip_ranges": ["10.0.0.0/8"], "layer4_configs": [{"ip_protocol": "tcp", "ports": ["22"]}]},
    )


@breaks("NET-005")
def open_egress() -> None:
    gcp.compute.Firewall(
        "f", network="v", direction="EGRESS", allows=[{"protocol": "tcp", "ports": ["1-65535"]}], opts=p()
    )


@breaks("NET-007", "NET-008")
def default_network() -> None:
    gcp.compute.Network("v", opts=p())


@breaks("NET-010")
def peering() -> None:
    gcp.compute.NetworkPeering("p", network="v", peer_network="w", opts=p())


@breaks("NET-012")
def no_private_access() -> None:
    gcp.compute.Subnetwork("s", network="v", ip_cidr_range="10.0.0.0/24", region=REGION, opts=p())


@breaks("LGW-001", "LGW-008")
def lone_circuit() -> None:
    gcp.compute.InterconnectAttachment("c", router="r", region=REGION, opts=p())


@breaks("LGW-002", "LGW-003")
def same_domain() -> None:
    for n, speed in enumerate(("BPS_1G", "BPS_50M")):
        gcp.compute.InterconnectAttachment(
            f"c{n}",
            router="r",
            region=REGION,
            bandwidth=speed,
            edge_availability_domain="AVAILABILITY_DOMAIN_1",
            opts=p() if n == 0 else None,
        )


@breaks("LGW-004", "LGW-006")
def wide_router() -> None:
    gcp.compute.Router(
        "r",
        network="v",
        region=REGION,
        bgp={"asn": 4713, "advertised_ip_ranges": [{"range": "10.0.0.0/8"}]},
        opts=p(),
    )


@breaks("LGW-005")
def public_router() -> None:
    gcp.compute.Router(
        "r",
        network="v",
        region=REGION,
        bgp={"asn": 64514, "advertised_ip_ranges": [{"range": "203.0.113.0/24"}]},
        opts=p(),
    )


@breaks("LGW-007")
def internet_vpn() -> None:
    gcp.compute.HaVpnGateway("v", network="v", region=REGION, opts=p())


@breaks("LOC-005")
def worldwide() -> None:
    gcp.compute.BackendService("b", enable_cdn=True, opts=p())


@breaks("ENC-020", "ENC-021", "AVL-007")
def plain_entrance() -> None:
    gcp.compute.TargetHttpProxy("t", url_map="m", opts=p())
    gcp.compute.SSLPolicy("s")
    gcp.compute.BackendService("b")


@breaks("IAM-002", "IAM-006")
def owner() -> None:
    gcp.projects.IAMMember("m", project="p", role="roles/owner", member="user:a@example.lg.jp", opts=p())


@breaks("IAM-004")
def anyone() -> None:
    gcp.projects.IAMBinding(
        "m", project="p", role="roles/viewer", members=["allAuthenticatedUsers"], opts=p()
    )


@breaks("IAM-008")
def impersonator() -> None:
    gcp.projects.IAMMember(
        "m",
        project="p",
        role="roles/iam.serviceAccountTokenCreator",
        member="group:a@example.lg.jp",
        opts=p(),
    )


@breaks("IAM-012")
def any_job() -> None:
    gcp.iam.WorkloadIdentityPoolProvider(
        "w",
        workload_identity_pool_id="p",
        workload_identity_pool_provider_id="w",
        oidc={"issuer_uri": "https://x"},
        opts=p(),
    )


@breaks("CRE-001")
def long_key() -> None:
    gcp.serviceaccount.Key("k", service_account_id="a", opts=p())


@breaks("STA-002")
def keyed_provider() -> None:
    p(credentials='{"private_key": "x"}')


@breaks("LOG-004", "RET-002")
def short_archive() -> None:
    bucket = gcp.storage.Bucket(
        "b",
        name="b",
        location=REGION,
        opts=p(),
        lifecycle_rules=[{"action": {"type": "Delete"}, "condition": {"age": 90}}],
    )
    gcp.logging.ProjectSink("s", destination=bucket.name.apply(lambda n: f"storage.googleapis.com/{n}"))


@breaks("LOG-011", "LOG-012")
def mute_alarm() -> None:
    gcp.monitoring.AlertPolicy("a", display_name="a", combiner="OR", enabled=False, conditions=[], opts=p())


@breaks("LOG-020", "LOG-022", "LOG-024", "CST-003", whole=True)
def empty_tenant() -> None:
    gcp.compute.Network("v", auto_create_subnetworks=False, opts=p())


@breaks("CST-004")
def quiet_budget() -> None:
    gcp.billing.Budget("b", billing_account="b", amount={"last_period_amount": True}, opts=p())


@breaks("BCK-004")
def rare_backups() -> None:
    gcp.backupdisasterrecovery.BackupPlan(
        "p",
        backup_plan_id="p",
        location=REGION,
        resource_type="x",
        backup_vault="v",
        opts=p(),
        backup_rules=[
            {
                "rule_id": "d",
                "backup_retention_days": 35,
                "standard_schedule": {"recurrence_type": "MONTHLY", "time_zone": "Asia/Tokyo"},
            }
        ],
    )


@breaks("BCK-005", "ENC-013")
def open_vault() -> None:
    gcp.backupdisasterrecovery.BackupVault(
        "v", backup_vault_id="v", location=REGION, backup_minimum_enforced_retention_duration="0s", opts=p()
    )


@breaks("TAG-001")
def untagged() -> None:
    gcp.storage.Bucket("b", location=REGION, opts=p(default_labels={}))


@breaks("TAG-002", "TAG-003", "TAG-004")
def mistagged() -> None:
    gcp.storage.Bucket(
        "b",
        location=REGION,
        labels={"municipality-code": "131042", "environment": "staging", "name": "新宿"},
        opts=p(),
    )
