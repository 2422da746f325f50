"""A program with one resource, at least, of every kind."""

from __future__ import annotations

import pulumi
import pulumi_sakura as sakura

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBkk9Jp0n3Wq0J1Gdq7m3o0a7m0m1o0m1o0m1o0m1o0m twin@example"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PUBLIC = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2E6bivQZZ/debCVNZCP1
IP6QYO6eUcZ+KsrAY6cfvMs5DWOQ4NcOr7RzWE33ryWv55QiYZLe0AGTmEbIYVE7
Jv2df4F6Msi9j2PQ7hmB+Vl51HYB3xtdAy6oh4epQna6GdNbHsqOjSfLu7OVl5R8
qVf9hSZmoomXD+M3hrR41AnwStnu3vNXS9kub+n7eHtdWpwhCuBYOyY7fWLhhUzn
jVDsSNA2Q+xw40TWVff6iw86zKoWLv++wsIRlmu01QWsIhS6ny+UWeeEFa1NC6cW
qH09/k8QowFumoauX01GOoQac8OywtBi1e14n6KMhaiup3GGXs0UHArDzW9b6xeW
pwIDAQAB
-----END PUBLIC KEY-----
"""
RSA = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"


def compute(
    inner: sakura.network.Switch, filtered: sakura.network.PacketFilter, key: sakura.security.KmsKey
) -> None:
    icon = sakura.compute.Icon("icon", name="icon", image=PIXEL, tags=["crest"])
    ssh = sakura.compute.SshKey("ssh", name="ssh", public_key=KEY, description="保守用")
    script = sakura.compute.Script("script", name="script", content="#!/bin/sh\necho hello\n", tags=["init"])
    found = sakura.compute.get_archive(os_type="almalinux")
    disk = sakura.compute.Disk(
        "root",
        name="root",
        size=20,
        source_archive_id=found.id,
        encryption_algorithm="aes256_xts",
        kms_key_id=key.id,
        icon_id=icon.id,
    )
    data = sakura.compute.Disk("data", name="data", size=40, plan="hdd", distant_from=[disk.id])
    host = sakura.compute.PrivateHost(
        "host", name="host", plan_id=sakura.compute.get_plans(kind="privatehost").plans[0].id, tags=["host"]
    )
    sakura.compute.Server(
        "app",
        name="app",
        core=2,
        memory=4,
        description="業務",
        tags=["app", "@auto-reboot"],
        disks=[disk.id, data.id],
        interfaces=[{"switch_id": inner.id, "packet_filter_id": filtered.id, "user_ip_address": "10.1.0.10"}],
        disk_edit={
            "hostname": "app",
            "password": "correct-horse-battery",
            "ip_address": "10.1.0.10",
            "gateway": "10.1.0.1",
            "netmask": 24,
            "disable_password_auth": True,
            "ssh_keys": [{"id": ssh.id}],
            "scripts": [{"id": script.id, "variables": {"env": "prod"}}],
        },
    )
    sakura.compute.Server(
        "edge",
        name="edge",
        private_host_id=host.id,
        interfaces=[{"switch_id": "shared"}],
        user_data="#cloud-config\n",
        power="off",
    )
    sakura.compute.Archive("golden", name="golden", source_disk_id=data.id)
    sakura.compute.AutoBackup(
        "backup", name="backup", disk_id=disk.id, days_of_week=["mon", "thu"], max_backups=3
    )
    sakura.compute.DedicatedStorage("storage", name="storage", plan_id="1")


def network(inner: sakura.network.Switch) -> None:
    bridge = sakura.network.Bridge("bridge", name="bridge")
    sakura.network.Switch("bridged", name="bridged", bridge_id=bridge.id)
    router = sakura.network.Internet("router", name="router", netmask=28, bandwidth=100, enable_ipv6=True)
    sakura.network.Subnet("block", internet_id=router.id, netmask=28, next_hop=router.ip_addresses[0])
    sakura.network.IPv4Ptr("ptr", ip_address=router.ip_addresses[1], hostname="www.example.jp")
    sakura.network.VpcRouter(
        "vpc",
        name="vpc",
        internet_connection=False,
        description="閉域",
        private_interfaces=[{"index": 1, "switch_id": inner.id, "ip_addresses": ["10.1.0.1"], "netmask": 24}],
        firewalls=[
            {
                "interface_index": 0,
                "direction": "receive",
                "rules": [
                    {"protocol": "tcp", "destination_port": "443", "allow": True},
                    {"protocol": "ip", "allow": False, "logging": True},
                ],
            }
        ],
        static_routes=[{"prefix": "172.16.0.0/16", "next_hop": "10.1.0.254"}],
        dhcp_servers=[{"interface": "eth1", "range_start": "10.1.0.100", "range_stop": "10.1.0.120"}],
        site_to_site_vpns=[
            {
                "peer": "192.0.2.10",
                "remote_id": "192.0.2.10",
                "pre_shared_secret": "shared-secret",
                "routes": ["10.9.0.0/16"],
                "local_prefixes": ["10.1.0.0/24"],
            }
        ],
        vpn_parameters={"encryption": "aes256", "hash": "sha256", "dh_group": "modp2048"},
        users=[{"name": "staff", "password": "staff-password"}],
        wire_guard={"ip_address": "192.168.1.1/24", "peers": []},
        dns_forwarding={"interface": "eth1", "dns_servers": ["10.1.0.53"]},
        monitoring_suite=True,
        syslog_host="10.1.0.9",
        scheduled_maintenance={"day_of_week": "sun", "hour": 0},
    )
    sakura.network.VpcRouter(
        "vpc-premium",
        name="vpc-premium",
        plan="premium",
        public_interface={
            "switch_id": router.switch_id,
            "vip": router.ip_addresses[2],
            "ip_addresses": [router.ip_addresses[3], router.ip_addresses[4]],
            "vrid": 5,
        },
    )
    left = sakura.network.Switch("left", name="left")
    right = sakura.network.Switch("right", name="right", zone="tk1a")
    peer = sakura.network.LocalRouter(
        "peer",
        name="peer",
        switch={"code": right.id, "zone": "tk1a"},
        interface={"vip": "10.2.0.1", "ip_addresses": ["10.2.0.2", "10.2.0.3"], "netmask": 24, "vrid": 11},
    )
    keys = sakura.network.get_local_router_output(id=peer.id).secret_keys
    sakura.network.LocalRouter(
        "local",
        name="local",
        switch={"code": left.id, "zone": "is1a"},
        interface={"vip": "10.3.0.1", "ip_addresses": ["10.3.0.2", "10.3.0.3"], "netmask": 24, "vrid": 12},
        peers=[{"peer_id": peer.id, "secret_key": keys[0], "description": "本庁"}],
        static_routes=[{"prefix": "10.20.0.0/16", "next_hop": "10.3.0.254"}],
    )
    sakura.network.ServiceEndpointGateway(
        "gateway",
        switch_id=inner.id,
        netmask=24,
        ip_addresses=[{"ip_address": "10.1.0.30"}],
        object_storage_endpoints=["s3.isk01.sakurastorage.jp"],
        container_registry_endpoints=["lab.sakuracr.jp"],
        monitoring_suite=True,
        dns_forwarding={
            "enabled": True,
            "private_hosted_zone": "city.example.jp",
            "upstream_dns1": "133.242.0.3",
            "upstream_dns2": "133.242.0.4",
        },
    )


def balancing(inner: sakura.network.Switch) -> None:
    sakura.loadbalancer.LoadBalancer(
        "lb",
        name="lb",
        switch_id=inner.id,
        vrid=3,
        netmask=24,
        gateway="10.1.0.1",
        ip_addresses=[{"ip_address": "10.1.0.21"}],
        vips=[
            {
                "vip": "10.1.0.20",
                "port": 443,
                "sorry_server": "10.1.0.99",
                "servers": [
                    {"ip_address": "10.1.0.10", "protocol": "https", "path": "/healthz", "status": 200},
                    {"ip_address": "10.1.0.11", "protocol": "ping", "enabled": False},
                ],
            }
        ],
    )
    sakura.loadbalancer.EnhancedLB(
        "elb",
        name="elb",
        region="tk1",
        plan=100,
        health_check={"protocol": "http", "path": "/"},
        bind_ports=[
            {"proxy_mode": "https", "port": 443, "support_http2": True},
            {"proxy_mode": "http", "port": 80, "redirect_to_https": True},
        ],
        servers=[{"ip_address": "192.0.2.20", "port": 80}],
        gzip=True,
        sticky_session=True,
        certificate={"server_cert": PEM, "private_key": RSA},
        rules=[{"host": "www.example.jp", "group": "a"}],
        lets_encrypt={
            "enabled": False,
            "common_name": "www.example.jp",
            "subject_alt_names": ["a.example.jp", "b.example.jp"],
        },
    )
    sakura.loadbalancer.Gslb(
        "gslb",
        name="gslb",
        health_check={"protocol": "https", "path": "/", "status": 200, "host": "www.example.jp"},
        servers=[{"ip_address": "192.0.2.30"}, {"ip_address": "192.0.2.31", "enabled": False, "weight": 10}],
    )


def data(inner: sakura.network.Switch, key: sakura.security.KmsKey) -> None:
    master = sakura.database.Database(
        "db",
        name="db",
        plan="30g",
        switch_id=inner.id,
        netmask=24,
        gateway="10.1.0.1",
        ip_addresses=[{"ip_address": "10.1.0.40"}],
        port=5432,
        username="juki",
        password="db-password-123",
        replica_user="replica",
        replica_password="replica-password-123",
        source_ranges=["10.1.0.0/24"],
        backup={"days_of_week": ["sun", "wed"], "time": "03:00"},
        encryption_algorithm="aes256_xts",
        kms_key_id=key.id,
        parameters={"max_connections": "200"},
        monitoring_suite=True,
    )
    sakura.database.DatabaseReadReplica(
        "replica",
        name="replica",
        master_id=master.id,
        switch_id=inner.id,
        netmask=24,
        gateway="10.1.0.1",
        ip_addresses=[{"ip_address": "10.1.0.41"}],
    )
    sakura.database.EnhancedDB(
        "tidb",
        name="tidb",
        database_name="jichitai",
        region="is1",
        password="tidb-password-123",
        allowed_networks=["192.0.2.0/24"],
    )
    far = sakura.network.Switch("far", name="far", zone="tk1b")
    sakura.database.NoSql(
        "nosql",
        name="nosql",
        switch_id=far.id,
        ip_addresses=["10.4.0.11", "10.4.0.12", "10.4.0.13"],
        gateway="10.4.0.1",
        netmask=24,
        username="cassandra",
        password="nosql-password-1",
        reserve_ip_address="10.4.0.14",
        source_networks=["10.4.0.0/24"],
    )
    sakura.storage.Nfs(
        "nfs",
        name="nfs",
        plan="ssd",
        size=100,
        switch_id=inner.id,
        netmask=24,
        ip_addresses=[{"ip_address": "10.1.0.50"}],
    )


def objects(key: sakura.security.KmsKey) -> None:
    here = sakura.objectstorage.Bucket("here", name="city-here", site="isk01")
    there = sakura.objectstorage.Bucket("there", name="city-there", site="tky01")
    sakura.objectstorage.BucketVersioning("versions", site="isk01", bucket=here.name)
    sakura.objectstorage.BucketEncryption("encrypted", site="isk01", bucket=here.name, kms_key_id=key.id)
    sakura.objectstorage.BucketReplication("copied", bucket=here.name, destination_bucket=there.name)
    permission = sakura.objectstorage.Permission(
        "pair",
        site="isk01",
        name="juki-to-zei",
        bucket_controls=[{"bucket": here.name, "can_read": True, "can_write": False}],
    )
    pair = sakura.objectstorage.PermissionKey("pair-key", site="isk01", permission_id=permission.resource_id)
    sakura.objectstorage.AccessKey("root-key", site="isk01", opts=pulumi.ResourceOptions(depends_on=[here]))
    pulumi.export("secret", pair.secret_key)


def security(
    key: sakura.security.KmsKey,
    principal: sakura.iam.ServicePrincipal,
    group: sakura.monitoring.NotificationGroup,
) -> None:
    vault = sakura.security.SecretVault("vault", name="vault", kms_key_id=key.id, tags=["db"])
    sakura.security.Secret("secret", vault_id=vault.id, name="db-password", value="a-secret-value")
    sakura.objectstorage.AccessKey("held-key", site="isk01", secret_vault_id=vault.id, secret_name="held")
    active = sakura.security.SecurityControlActivation("control", service_principal_id=principal.id)
    after = pulumi.ResourceOptions(depends_on=[active])
    sakura.security.SecurityControlRule(
        "no-public-ip",
        rule_id="server-no-public-ip",
        zones=["tk1a", "is1a"],
        service_principal_id=principal.id,
        opts=after,
    )
    sakura.security.SecurityControlAction(
        "tell",
        name="tell",
        execution_condition='event.severity == "HIGH"',
        opts=after,
        action={
            "type": "simpleNotification",
            "service_principal_id": principal.id,
            "notification_group_id": group.id,
        },
    )


def dns() -> None:
    zone = sakura.dns.Dns("zone", zone="city.example.jp", description="庁内")
    sakura.dns.DnsRecord("www", dns_id=zone.id, name="www", type="A", value="192.0.2.1", ttl=300)
    sakura.dns.DnsRecord(
        "mail", dns_id=zone.id, name="@", type="MX", value="mail.city.example.jp.", priority=10
    )
    sakura.dns.Dns(
        "owned", zone="owned.example.jp", records=[{"name": "a", "type": "A", "value": "192.0.2.9"}]
    )
    sakura.monitoring.SimpleMonitor(
        "watch",
        target="www.example.jp",
        health_check={
            "protocol": "https",
            "path": "/",
            "status": 200,
            "sni": True,
            "username": "u",
            "password": "basic-password",
        },
    )


def apps() -> None:
    sakura.app.ContainerRegistry(
        "registry",
        name="registry",
        subdomain_label="city",
        users=[
            {"name": "ci", "password": "ci-password-1", "permission": "readwrite"},
            {"name": "run", "password": "run-password-1", "permission": "readonly"},
        ],
    )
    sakura.app.AppRunApplication(
        "app-run",
        name="portal",
        timeout_seconds=60,
        port=8080,
        min_scale=0,
        max_scale=2,
        allowed_sources=["192.0.2.0/24"],
        components=[
            {
                "name": "web",
                "max_cpu": "1",
                "max_memory": "1Gi",
                "image": "city.sakuracr.jp/portal:1",
                "registry": "city.sakuracr.jp",
                "username": "run",
                "password": "run-password-1",
                "env": [{"key": "MODE", "value": "prod"}],
                "probe": {"path": "/healthz", "port": 8080},
            }
        ],
    )


def iam() -> sakura.iam.ServicePrincipal:
    folder = sakura.iam.Folder("folder", name="folder")
    project = sakura.iam.Project("project", code="city-131041", name="新宿区", parent_folder_id=folder.id)
    user = sakura.iam.User(
        "user", code="yamada", name="山田", password="user-password-1", email="yamada@example.jp"
    )
    group = sakura.iam.Group("group", name="運用", description="運用管理補助者", user_ids=[user.id])
    principal = sakura.iam.ServicePrincipal(
        "principal", project_id=project.id, name="deploy", description="配備"
    )
    sakura.iam.ServicePrincipalKey("principal-key", service_principal_id=principal.id, public_key=PUBLIC)
    sakura.iam.ServicePrincipalKey(
        "old-key", service_principal_id=principal.id, public_key=PUBLIC.replace("\n", "\r\n"), enabled=False
    )
    shared = sakura.iam.Project("shared", code="shared-131041", name="共有")
    for role in ("resource-viewer", "bill-viewer"):
        sakura.iam.ProjectMember(
            role, project_id=shared.id, role=role, principal_type="group", principal_id=group.id
        )
    sakura.iam.ProjectPolicy(
        "policy",
        project_id=project.id,
        bindings=[
            {"role": "admin", "principals": [{"type": "group", "id": group.id}]},
            {
                "role": "resource-viewer",
                "principals": [
                    {"type": "service-principal", "id": principal.id},
                    {"type": "user", "id": user.id},
                ],
            },
        ],
    )
    sakura.iam.FolderPolicy(
        "folder-policy",
        folder_id=folder.id,
        bindings=[{"role": "admin", "principals": [{"type": "user", "id": user.id}]}],
    )
    sakura.iam.OrganizationPolicy(
        "org-policy", bindings=[{"role": "admin", "principals": [{"type": "user", "id": user.id}]}]
    )
    sakura.iam.OrganizationIdPolicy(
        "org-id-policy", bindings=[{"role": "id-admin", "principals": [{"type": "user", "id": user.id}]}]
    )
    sakura.iam.ProjectApiKey("api-key", project_id=project.id, name="ci", iam_roles=["resource-viewer"])
    sakura.iam.Sso(
        "sso",
        name="庁内認証",
        idp_entity_id="https://idp.example.jp",
        idp_login_url="https://idp.example.jp/in",
        idp_logout_url="https://idp.example.jp/out",
        idp_certificate=PEM,
        assigned=True,
    )
    sakura.iam.PasswordPolicy(
        "passwords", min_length=14, require_uppercase=True, require_lowercase=True, require_symbols=False
    )
    sakura.iam.AuthPolicy(
        "authentication", ip_mode="allow_list", source_networks=["192.0.2.0/24"], require_two_factor=True
    )
    return principal


def monitoring() -> sakura.monitoring.NotificationGroup:
    logs = sakura.monitoring.LogStorage("logs", name="logs", description="監査", expire_days=365)
    metrics = sakura.monitoring.MetricStorage("metrics", name="metrics")
    traces = sakura.monitoring.TraceStorage("traces", name="traces", expire_days=30)
    sakura.monitoring.LogRouting(
        "log-routing", publisher_code="vpcrouter", variant="standard", log_storage_id=logs.id
    )
    sakura.monitoring.MetricRouting(
        "metric-routing", publisher_code="database", variant="standard", metric_storage_id=metrics.id
    )
    sakura.monitoring.LogStorageAccessKey("log-key", storage_id=logs.id, description="fluent-bit")
    sakura.monitoring.MetricStorageAccessKey("metric-key", storage_id=metrics.id)
    sakura.monitoring.TraceStorageAccessKey("trace-key", storage_id=traces.id)
    project = sakura.monitoring.AlertProject("alerts", name="alerts")
    sakura.monitoring.AlertRule(
        "cpu",
        project_id=project.id,
        name="cpu",
        metric_storage_id=metrics.id,
        query="avg(cpu)",
        enabled_critical=True,
        threshold_critical=">90",
    )
    sakura.monitoring.AlertLogMeasureRule(
        "errors",
        project_id=project.id,
        name="errors",
        log_storage_id=logs.id,
        metric_storage_id=metrics.id,
        rule={"version": "v1", "query": {"matchers": []}},
    )
    destination = sakura.monitoring.NotificationDestination(
        "mail-to", name="mail-to", type="email", value="soc@example.jp"
    )
    group = sakura.monitoring.NotificationGroup("soc", name="soc", destination_ids=[destination.id])
    sakura.monitoring.NotificationRouting(
        "route",
        name="route",
        source_id="1",
        group_id=group.id,
        match_labels=[{"name": "severity", "value": "critical"}],
    )
    target = sakura.monitoring.AlertTarget(
        "target",
        project_id=project.id,
        service_type="SAKURA_SIMPLE_NOTICE",
        url="https://example.jp/notice",
        description="SOC",
    )
    sakura.monitoring.AlertRouting(
        "alert-route",
        project_id=project.id,
        target_id=target.id,
        match_labels=[{"name": "severity", "value": "critical"}],
        resend_interval_minutes=60,
    )
    sakura.monitoring.Dashboard("dashboard", name="dashboard")
    return group


def messaging(group: sakura.monitoring.NotificationGroup) -> None:
    sakura.messaging.SimpleMqQueue("queue", name="city-queue", visibility_timeout=60)
    process = sakura.messaging.EventBusProcess(
        "process",
        name="process",
        destination="simplenotification",
        parameters=pulumi.Output.json_dumps({"group_id": group.id, "message": "夜間停止"}),
        access_token="token-1",
        access_token_secret="token-secret-1",
    )
    sakura.messaging.EventBusSchedule(
        "night",
        name="night",
        process_id=process.id,
        starts_at="1790000000000",
        recurring_step=1,
        recurring_unit="day",
    )
    sakura.messaging.EventBusTrigger(
        "trigger",
        name="trigger",
        source="jp.ad.sakura.cloud.test",
        process_id=process.id,
        types=["created"],
        conditions=[{"key": "zone", "op": "in", "values": ["is1a", "tk1a"]}],
    )


def delivery() -> None:
    site = sakura.webaccel.Site(
        "site",
        name="site",
        domain_type="own_domain",
        domain="www.city.example.jp",
        request_protocol="https-redirect",
        origin_type="web",
        origin="192.0.2.40",
        origin_protocol="https",
        host_header="www.city.example.jp",
        vary_support=True,
        compression="br+gzip",
        cors_rules=[{"allowed_origins": ["https://map.example.jp"]}],
        onetime_url_secrets=["onetime-secret-1"],
    )
    sakura.webaccel.Site(
        "files",
        name="files",
        domain_type="subdomain",
        request_protocol="https",
        origin_type="bucket",
        bucket="city-here",
        s3_endpoint="s3.isk01.sakurastorage.jp",
        s3_region="jp-north-1",
        access_key_id="files-key-id-1",
        secret_access_key="files-secret-1",
        document_index=True,
        default_cache_ttl=3600,
    )
    held = sakura.webaccel.Certificate(
        "site-certificate", site_id=site.id, certificate_chain=PEM, private_key=RSA
    )
    sakura.webaccel.Acl("site-acl", site_id=site.id, acl="deny 198.51.100.0/24\nallow all")
    sakura.webaccel.LogUpload(
        "site-logs",
        site_id=site.id,
        bucket="city-here",
        access_key_id="logs-key-id-1",
        secret_access_key="logs-secret-1",
    )
    sakura.webaccel.Activation("site-on", site_id=site.id, opts=pulumi.ResourceOptions(depends_on=[held]))


def gateway() -> None:
    plan = sakura.apigateway.get_plans().plans[0].id
    contract = sakura.apigateway.Subscription("contract", name="contract", plan_id=plan)
    service = sakura.apigateway.Service(
        "service",
        name="desk",
        tags=["desk"],
        subscription_id=contract.id,
        protocol="https",
        host="desk.example.jp",
        path="/v1",
        authentication="jwt",
        cors={"allow_methods": ["GET"], "allow_origins": "https://www.city.example.jp"},
        object_storage={
            "bucket": "city-here",
            "endpoint": "s3.isk01.sakurastorage.jp",
            "region": "jp-north-1",
            "access_key_id": "gateway-key-id-1",
            "secret_access_key": "gateway-secret-1",
        },
    )
    group = sakura.apigateway.Group("callers", name="callers", tags=["desk"])
    sakura.apigateway.User(
        "caller",
        name="caller",
        custom_id="131041",
        ip_restriction={"protocols": "https", "restricted_by": "allowIps", "ips": ["192.0.2.1"]},
        group_ids=[group.id],
        authentication={
            "jwt": {"key": "caller", "secret": "jwt-secret-1", "algorithm": "HS256"},
            "basic": {"username": "caller", "password": "gateway-password-1"},
        },
    )
    sakura.apigateway.Route(
        "route",
        service_id=service.id,
        name="route",
        path="/desk",
        methods=["GET", "POST"],
        protocols="https",
        group_ids=[group.id],
        request_transformation={"add": {"headers": [{"key": "X-City", "value": "131041"}]}},
        response_transformation={"remove": {"headerKeys": ["Server"]}},
    )
    certificate = sakura.apigateway.Certificate(
        "gateway-certificate", name="certificate", rsa={"certificate": PEM, "private_key": RSA}
    )
    sakura.apigateway.Domain("domain", domain_name="api.city.example.jp", certificate_id=certificate.id)


def main() -> None:
    key = sakura.security.KmsKey("key", name="key", tags=["tenant"], destroy_after_days=7)
    inner = sakura.network.Switch(
        "inner", name="inner", user_subnet={"default_route": "10.1.0.1", "netmask": 24}
    )
    filtered = sakura.network.PacketFilter(
        "filter",
        name="filter",
        description="許可リスト",
        expressions=[
            {"protocol": "tcp", "source_network": "10.0.0.0/8", "destination_port": "443"},
            {"protocol": "icmp"},
            {"protocol": "ip", "action": "deny"},
        ],
    )
    compute(inner, filtered, key)
    network(inner)
    balancing(inner)
    data(inner, key)
    objects(key)
    principal = iam()
    group = monitoring()
    security(key, principal, group)
    dns()
    apps()
    messaging(group)
    delivery()
    gateway()


main()
