"""OCI: ordinary programs with pulumi_oci."""

from __future__ import annotations

import base64
from typing import Any

import pulumi
import pulumi_oci as oci

from clouds.case import CODE, Cases

C = {"compartment_id": "ocid1.compartment.oc1..c"}
T: dict[str, Any] = {**C, "freeform_tags": dict(CODE)}
KEY = "ocid1.key.oc1..k"
OPENED = {**CODE, "internet-purpose": "patch", "internet-approver": "CISO", "internet-expires": "2099-03-31"}


def provider(**more: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=oci.Provider("oci", **({"region": "ap-tokyo-1"} | more)))


def script(text: str) -> dict[str, str]:
    return {"user_data": base64.b64encode(text.encode()).decode()}


def sealed(
    name: str, o: pulumi.ResourceOptions, *, days: int, lock: int | None = None, **labels: str
) -> oci.objectstorage.Bucket:
    bucket = oci.objectstorage.Bucket(
        name,
        name=name,
        namespace="n",
        compartment_id="c",
        freeform_tags={**CODE, **labels},
        access_type="NoPublicAccess",
        kms_key_id=KEY,
        versioning="Enabled",
        retention_rules=[{"display_name": "r", "duration": {"time_amount": str(lock), "time_unit": "DAYS"}}]
        if lock
        else None,
        opts=o,
    )
    oci.objectstorage.ObjectLifecyclePolicy(
        name,
        namespace="n",
        bucket=name,
        opts=o,
        rules=[
            {
                "name": "r",
                "action": "DELETE",
                "is_enabled": True,
                "time_amount": str(days),
                "time_unit": "DAYS",
            }
        ],
    )
    return bucket


def good() -> None:
    o = provider()
    sealed("handover", o, days=30, purpose="handover")
    logs = sealed("logs", o, days=2555, lock=400)
    oci.sch.Connector(
        "s",
        display_name="s",
        source={"kind": "logging"},
        target={"kind": "objectStorage", "bucket": logs.name},
        opts=o,
        **T,
    )
    oci.core.Volume("v", availability_domain="AD-1", kms_key_id=KEY, opts=o, **T)
    oci.core.VolumeBackupPolicy("p", destination_region="ap-osaka-1", opts=o, **T)
    oci.filestorage.FileSystem("f", availability_domain="AD-1", kms_key_id=KEY, opts=o, **T)
    oci.core.Instance(
        "i",
        availability_domain="AD-1",
        shape="VM.Standard.E5.Flex",
        create_vnic_details={"assign_public_ip": "false"},
        source_details={"source_type": "image", "kms_key_id": KEY},
        instance_options={"are_legacy_imds_endpoints_disabled": True},
        metadata=script("#!/bin/sh\nDB_PASSWORD=$(oci secrets get)\n"),
        opts=o,
        **T,
    )
    oci.psql.DbSystem(
        "p",
        db_version="16",
        display_name="p",
        shape="s",
        network_details={"subnet_id": "s"},
        storage_details={"system_type": "x", "is_regionally_durable": True},
        opts=o,
        credentials={
            "username": "a",
            "password_details": {"password_type": "VAULT_SECRET", "secret_id": "s"},
        },
        **T,
    )
    oci.nosql.Configuration("n", environment="HOSTED", kms_key={"id": KEY}, compartment_id="c", opts=o)
    oci.streaming.StreamPool("s", custom_encryption_key={"kms_key_id": KEY}, name="s", opts=o, **T)
    oci.kms.Key(
        "k",
        display_name="k",
        management_endpoint="m",
        key_shape={"algorithm": "AES", "length": 32},
        is_auto_rotation_enabled=True,
        auto_key_rotation_details={"rotation_interval_in_days": 365},
        opts=o,
        **T,
    )
    secret = oci.vault.Secret(
        "s", secret_name="s", vault_id="v", key_id=KEY, enable_auto_generation=True, opts=o, **T
    )
    # HeatWave takes a password by value only: this one is what the vault made, not the program's.
    oci.mysql.MysqlDbSystem(
        "m",
        availability_domain="AD-1",
        shape_name="MySQL.2",
        subnet_id="s",
        admin_password=secret.id,
        opts=o,
        **T,
    )
    oci.containerengine.Cluster(
        "k",
        kubernetes_version="v1.33.1",
        vcn_id="v",
        endpoint_config={"is_public_ip_enabled": False},
        kms_key_id=KEY,
        opts=o,
        **T,
    )
    oci.containerengine.ContainerInstance(
        "c",
        availability_domain="AD-1",
        shape="s",
        shape_config={"ocpus": 1},
        vnics=[{"subnet_id": "s", "is_public_ip_assigned": False}],
        containers=[
            {"image_url": "r/a:1.2", "environment_variables": {"DB_SECRET_ID": "ocid1.vaultsecret.x"}}
        ],
        opts=o,
        **T,
    )
    vcn = oci.core.Vcn("v", cidr_blocks=["10.64.0.0/20"], opts=o, **T)
    subnet = oci.core.Subnet(
        "s", vcn_id=vcn.id, cidr_block="10.64.0.0/24", prohibit_public_ip_on_vnic=True, opts=o, **T
    )
    oci.logging.Log(
        "f",
        display_name="f",
        log_group_id="g",
        log_type="SERVICE",
        opts=o,
        configuration={
            "source": {
                "category": "all",
                "resource": subnet.id,
                "service": "flowlogs",
                "source_type": "OCISERVICE",
            }
        },
    )
    oci.core.DefaultSecurityList("d", manage_default_resource_id="d", opts=o, freeform_tags=dict(CODE))
    oci.core.SecurityList(
        "l",
        vcn_id=vcn.id,
        opts=o,
        **T,
        ingress_security_rules=[
            {"protocol": "6", "source": "10.104.0.0/16", "tcp_options": {"min": 443, "max": 443}}
        ],
        egress_security_rules=[
            {"protocol": "6", "destination": "10.64.0.0/20", "tcp_options": {"min": 443, "max": 443}}
        ],
    )
    oci.core.NetworkSecurityGroupSecurityRule(
        "r",
        network_security_group_id="g",
        direction="INGRESS",
        protocol="6",
        source="10.64.0.0/24",
        source_type="CIDR_BLOCK",
        tcp_options={"destination_port_range": {"min": 5432, "max": 5432}},
        opts=o,
    )
    oci.core.RouteTable(
        "r",
        vcn_id=vcn.id,
        route_rules=[{"destination": "10.104.0.0/16", "network_entity_id": "ocid1.drg.x"}],
        opts=o,
        **T,
    )
    oci.audit.Configuration("a", compartment_id="t", retention_period_days=365, opts=o)
    oci.queue.Queue("q", display_name="q", custom_encryption_key_id=KEY, opts=o, **T)
    oci.bastion.Bastion(
        "b",
        bastion_type="STANDARD",
        target_subnet_id="s",
        client_cidr_block_allow_lists=["10.104.0.0/16"],
        opts=o,
        **T,
    )
    # The way to a vendor's service: one host of theirs and nothing else.
    vendor = oci.core.LocalPeeringGateway("ocid1.localpeeringgateway.oc1.x", vcn_id=vcn.id, opts=o, **T)
    oci.core.RouteTable(
        "vendor",
        vcn_id=vcn.id,
        route_rules=[{"destination": "10.200.0.10/32", "network_entity_id": vendor.id}],
        opts=o,
        **T,
    )
    oci.loadbalancer.LoadBalancer(
        "l", display_name="l", shape="flexible", subnet_ids=["s"], is_private=True, opts=o, **T
    )
    oci.loadbalancer.Listener(
        "l",
        load_balancer_id="l",
        default_backend_set_name="b",
        port=443,
        protocol="HTTP",
        ssl_configuration={"certificate_ids": ["c"]},
        opts=o,
    )
    oci.dns.Zone("z", zone_type="PRIMARY", scope="PRIVATE", opts=o, **T)
    oci.apigateway.Gateway("a", endpoint_type="PRIVATE", subnet_id="s", opts=o, **T)
    topic = oci.ons.NotificationTopic("t", name="t", opts=o, **T)
    oci.ons.Subscription("t", endpoint="a@example.lg.jp", protocol="EMAIL", topic_id=topic.id, opts=o, **T)
    for n, place in enumerate(("p1", "p2")):
        circuit = oci.core.VirtualCircuit(
            f"c{n}",
            type="PRIVATE",
            customer_asn="65001",
            bandwidth_shape_name="1 Gbps",
            provider_service_id=place,
            opts=o,
            **T,
        )
        oci.monitoring.Alarm(
            f"c{n}",
            display_name="c",
            destinations=[topic.id],
            is_enabled=True,
            metric_compartment_id="c",
            namespace="oci_fastconnect",
            query=circuit.id.apply(lambda i: f'ConnectionState[1m]{{resourceId = "{i}"}}.mean() < 1'),
            severity="CRITICAL",
            opts=o,
            **T,
        )
    budget = oci.budget.Budget("b", amount=1, reset_period="MONTHLY", target_type="COMPARTMENT", opts=o, **T)
    oci.budget.Rule(
        "b",
        budget_id=budget.id,
        threshold=80,
        threshold_type="PERCENTAGE",
        type="ACTUAL",
        recipients="a@example.lg.jp",
        opts=o,
    )
    oci.cloudguard.CloudGuardConfiguration(
        "g", compartment_id="t", reporting_region="ap-tokyo-1", status="ENABLED", opts=o
    )
    oci.identity.Policy(
        "p",
        description="p",
        statements=["Allow group ops to read buckets in compartment tenant"],
        opts=o,
        **T,
    )
    oci.identity.AuthenticationPolicy(
        "a",
        compartment_id="t",
        opts=o,
        password_policy={
            "minimum_password_length": 16,
            "is_lowercase_characters_required": True,
            "is_uppercase_characters_required": True,
            "is_numeric_characters_required": True,
            "is_special_characters_required": True,
        },
    )
    oci.resourcescheduler.Schedule(
        "s", action="STOP_RESOURCE", recurrence_details="0 10 * * *", recurrence_type="CRON", opts=o, **T
    )
    oci.osmanagementhub.ScheduledJob(
        "p",
        schedule_type="RECURRING",
        time_next_execution="2026-12-01T17:00:00Z",
        operations=[{"operation_type": "UPDATE_ALL"}],
        opts=o,
        **T,
    )
    oci.core.PublicIp("approved", lifetime="RESERVED", compartment_id="c", freeform_tags=OPENED, opts=o)


CASES = Cases("oci", good)
breaks = CASES.breaks
p = provider


def instance(o: pulumi.ResourceOptions | None = None, **more: Any) -> None:
    oci.core.Instance("i", availability_domain="AD-1", shape="s", opts=o or p(), **(T | more))


@breaks("ENC-001", "BCK-008", "EXP-007")
def bare_bucket() -> None:
    oci.objectstorage.Bucket("b", namespace="n", access_type="ObjectRead", opts=p(), **T)


@breaks("HND-003", "HND-004")
def loose_handover() -> None:
    oci.objectstorage.Bucket(
        "b", namespace="n", compartment_id="c", freeform_tags={**CODE, "purpose": "handover"}, opts=p()
    )


@breaks("LOC-001", "LOC-003")
def abroad() -> None:
    oci.objectstorage.Bucket("b", namespace="n", opts=p(region="us-ashburn-1"), **T)


@breaks("LOG-004", "RET-002")
def short_archive() -> None:
    bucket = oci.objectstorage.Bucket("b", name="b", namespace="n", opts=p(), **T)
    oci.sch.Connector(
        "s",
        display_name="s",
        source={"kind": "logging"},
        target={"kind": "objectStorage", "bucket": bucket.name},
        **T,
    )
    oci.objectstorage.ObjectLifecyclePolicy(
        "b",
        namespace="n",
        bucket="b",
        rules=[
            {"name": "r", "action": "DELETE", "is_enabled": True, "time_amount": "90", "time_unit": "DAYS"}
        ],
    )


@breaks("ENC-003")
def own_volume() -> None:
    oci.core.Volume("v", availability_domain="AD-1", opts=p(), **T)


@breaks("BCK-003")
def near_backups() -> None:
    oci.core.VolumeBackupPolicy("b", opts=p(), **T)


@breaks("ENC-006")
def own_files() -> None:
    oci.filestorage.FileSystem("f", availability_domain="AD-1", opts=p(), **T)


@breaks("EXP-004", "IAM-020", "NET-011", "CRE-004", "CRE-007")
def careless_instance() -> None:
    instance(
        create_vnic_details={"assign_public_ip": "true", "skip_source_dest_check": True},
        metadata={**script("DB_PASSWORD=hunter2hunter2"), "ssh_authorized_keys": "ssh-ed25519 AAAA"},
    )


@breaks("CRE-002")
def written_password() -> None:
    oci.database.AutonomousDatabase("a", db_name="a", admin_password="Hunter2hunter2", opts=p(), **T)


@breaks("PAT-003", whole=True)
def unpatched() -> None:
    instance()


@breaks("CST-001", verification=True)
def always_on() -> None:
    instance()


@breaks("ENC-008")
def own_tables() -> None:
    oci.nosql.Configuration("n", environment="HOSTED", compartment_id="c", opts=p())


@breaks("ENC-009")
def own_streams() -> None:
    oci.streaming.StreamPool("s", opts=p(), **T)


@breaks("KEY-001", "KEY-006")
def still_key() -> None:
    oci.kms.Key(
        "k",
        display_name="k",
        management_endpoint="m",
        key_shape={"algorithm": "RSA", "length": 128},
        opts=p(),
        **T,
    )


@breaks("KEY-002")
def slow_key() -> None:
    oci.kms.Key(
        "k",
        display_name="k",
        management_endpoint="m",
        key_shape={"algorithm": "AES", "length": 32},
        is_auto_rotation_enabled=True,
        auto_key_rotation_details={"rotation_interval_in_days": 730},
        opts=p(),
        **T,
    )


@breaks("CRE-009")
def written_secret() -> None:
    oci.vault.Secret(
        "s",
        secret_name="s",
        vault_id="v",
        key_id=KEY,
        secret_content={"content_type": "BASE64", "content": "aHVudGVyMg=="},
        opts=p(),
        **T,
    )


@breaks("CRE-002")
def written_mysql_password() -> None:
    oci.mysql.MysqlDbSystem(
        "m",
        availability_domain="AD-1",
        shape_name="MySQL.2",
        subnet_id="s",
        admin_password="Hunter2hunter2",
        opts=p(),
        **T,
    )


@breaks("STA-001")
def leaked() -> None:
    oci.objectstorage.Bucket(
        "b", namespace="n", compartment_id="c", metadata={"x": "AKIAIOSFODNN7EXAMPLE"}, opts=p()
    )


@breaks("EXP-014", "ENC-015")
def open_cluster() -> None:
    oci.containerengine.Cluster(
        "k",
        kubernetes_version="v1.33.1",
        vcn_id="v",
        endpoint_config={"is_public_ip_enabled": True},
        opts=p(),
        **T,
    )


@breaks("EXP-012", "CRE-005", "PAT-006")
def open_container() -> None:
    oci.containerengine.ContainerInstance(
        "c",
        availability_domain="AD-1",
        shape="s",
        shape_config={"ocpus": 1},
        vnics=[{"subnet_id": "s", "is_public_ip_assigned": True}],
        containers=[{"image_url": "r/a", "environment_variables": {"DB_PASSWORD": "hunter2"}}],
        opts=p(),
        **T,
    )


@breaks("EXP-001", "EXP-002", "EXP-003")
def way_out() -> None:
    oci.core.InternetGateway("i", vcn_id="v", opts=p(), **T)
    oci.core.NatGateway("n", vcn_id="v", **T)
    oci.core.PublicIp("p", lifetime="RESERVED", **T)


@breaks("EXP-005", "NET-012")
def public_subnet() -> None:
    oci.core.Subnet("s", vcn_id="v", cidr_block="10.0.0.0/24", opts=p(), **T)


@breaks("EXP-006")
def public_balancer() -> None:
    oci.loadbalancer.LoadBalancer("l", display_name="l", shape="flexible", subnet_ids=["s"], opts=p(), **T)


@breaks("ENC-020")
def plain_listener() -> None:
    oci.loadbalancer.Listener(
        "l", load_balancer_id="l", default_backend_set_name="b", port=80, protocol="HTTP", opts=p()
    )


@breaks("EXP-016")
def default_route() -> None:
    oci.core.RouteTable(
        "r",
        vcn_id="v",
        route_rules=[{"destination": "0.0.0.0/0", "network_entity_id": "ocid1.internetgateway.x"}],
        opts=p(),
        **T,
    )


@breaks("EXP-020")
def public_zone() -> None:
    oci.dns.Zone("z", zone_type="PRIMARY", opts=p(), **T)


@breaks("EXP-021")
def public_api() -> None:
    oci.apigateway.Gateway("a", endpoint_type="PUBLIC", subnet_id="s", opts=p(), **T)


@breaks("NET-001", "NET-002", "NET-003", "NET-004", "NET-005")
def open_list() -> None:
    oci.core.SecurityList(
        "l",
        vcn_id="v",
        opts=p(),
        **T,
        ingress_security_rules=[{"protocol": "all", "source": "0.0.0.0/0"}],
        egress_security_rules=[{"protocol": "all", "destination": "0.0.0.0/0"}],
    )


@breaks("NET-002")
def open_group() -> None:
    oci.core.NetworkSecurityGroupSecurityRule(
        "r",
        network_security_group_id="g",
        direction="INGRESS",
        protocol="6",
        source="10.0.0.0/8",
        source_type="CIDR_BLOCK",
        tcp_options={"destination_port_range": {"min": 22, "max": 22}},
        opts=p(),
    )


@breaks("NET-006")
def default_list() -> None:
    oci.core.DefaultSecurityList(
        "d",
        manage_default_resource_id="d",
        opts=p(),
        ingress_security_rules=[
            {"protocol": "6", "source": "10.64.0.0/24", "tcp_options": {"min": 443, "max": 443}}
        ],
    )


@breaks("NET-008")
def silent_network() -> None:
    oci.core.Vcn("v", cidr_blocks=["10.0.0.0/20"], opts=p(), **T)


@breaks("NET-010")
def peering() -> None:
    oci.core.LocalPeeringGateway("p", vcn_id="v", opts=p(), **T)


@breaks("NET-001")
def open_bastion() -> None:
    oci.bastion.Bastion(
        "b",
        bastion_type="STANDARD",
        target_subnet_id="s",
        client_cidr_block_allow_lists=["0.0.0.0/0"],
        opts=p(),
        **T,
    )


@breaks("RET-001")
def short_audit() -> None:
    oci.audit.Configuration("a", compartment_id="t", retention_period_days=90, opts=p())


@breaks("ENC-009")
def plain_queue() -> None:
    oci.queue.Queue("q", display_name="q", opts=p(), **T)


@breaks("NET-010")
def wide_peering() -> None:
    gate = oci.core.LocalPeeringGateway("ocid1.localpeeringgateway.oc1.x", vcn_id="v", opts=p(), **T)
    ways = [{"destination": d, "network_entity_id": gate.id} for d in ("10.200.0.10/32", "10.201.0.0/16")]
    oci.core.RouteTable("r", vcn_id="v", route_rules=ways, opts=p(), **T)


@breaks("LGW-001", "LGW-006", "LGW-008")
def lone_circuit() -> None:
    oci.core.VirtualCircuit("c", type="PRIVATE", customer_asn="4713", opts=p(), **T)


@breaks("LGW-002", "LGW-003")
def same_place() -> None:
    oci.core.VirtualCircuit(
        "c", type="PRIVATE", provider_service_id="x", bandwidth_shape_name="1 Gbps", opts=p(), **T
    )
    oci.core.VirtualCircuit("d", type="PRIVATE", provider_service_id="x", bandwidth_shape_name="10 Gbps", **T)


@breaks("LGW-007")
def internet_vpn() -> None:
    oci.core.Ipsec("v", cpe_id="c", drg_id="d", static_routes=["10.0.0.0/8"], opts=p(), **T)


@breaks("IAM-001", "CRE-001")
def local_user() -> None:
    user = oci.identity.User("u", description="u", compartment_id="c", opts=p())
    oci.identity.CustomerSecretKey("k", display_name="k", user_id=user.id)


@breaks("IAM-002", "IAM-003", "IAM-004")
def almighty() -> None:
    oci.identity.Policy(
        "p",
        description="p",
        opts=p(),
        **T,
        statements=[
            "Allow group ops to manage all-resources in tenancy",
            "Allow group ops to manage object-family in tenancy",
            "Allow any-user to read buckets in tenancy",
        ],
    )


@breaks("IAM-009", "IAM-010")
def weak_passwords() -> None:
    oci.identity.AuthenticationPolicy(
        "a", compartment_id="t", password_policy={"minimum_password_length": 8}, opts=p()
    )


@breaks("STA-002")
def keyed_provider() -> None:
    p(private_key="x", fingerprint="y")


@breaks("LOG-010")
def blind() -> None:
    oci.cloudguard.CloudGuardConfiguration(
        "g", compartment_id="t", reporting_region="ap-tokyo-1", status="DISABLED", opts=p()
    )


@breaks("LOG-011", "LOG-012")
def mute_alarm() -> None:
    oci.monitoring.Alarm(
        "a",
        display_name="a",
        destinations=[],
        is_enabled=False,
        metric_compartment_id="c",
        namespace="x",
        query="x",
        severity="INFO",
        opts=p(),
        **T,
    )


@breaks("LOG-025")
def unheard() -> None:
    topic = oci.ons.NotificationTopic("t", name="t", opts=p(), **T)
    oci.monitoring.Alarm(
        "a",
        display_name="a",
        destinations=[topic.id],
        is_enabled=True,
        metric_compartment_id="c",
        namespace="x",
        query="x",
        severity="INFO",
        **T,
    )


@breaks("LOG-020", "LOG-022", "LOG-024", "CST-003", whole=True)
def empty_tenant() -> None:
    oci.core.Vcn("v", cidr_blocks=["10.0.0.0/20"], opts=p(), **T)


@breaks("CST-004")
def quiet_budget() -> None:
    oci.budget.Budget("b", amount=1, reset_period="MONTHLY", opts=p(), **T)


@breaks("ENC-011")
def keyless_secret() -> None:
    oci.vault.Secret("s", secret_name="s", vault_id="v", key_id="", opts=p(), **T)


@breaks("TAG-001")
def untagged() -> None:
    oci.core.Vcn("v", cidr_blocks=["10.0.0.0/20"], compartment_id="c", opts=p())


@breaks("TAG-002", "TAG-003", "TAG-004")
def mistagged() -> None:
    oci.core.Vcn(
        "v",
        compartment_id="c",
        freeform_tags={"municipality-code": "131042", "environment": "staging", "name": "新宿"},
        opts=p(),
    )
