"""さくらのクラウド: ordinary programs with the SDK of our own provider."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pulumi

sys.path.insert(0, str(Path(__file__).parents[3] / "providers" / "sakura" / "sdk"))

import pulumi_sakura as sakura
from pulumi_sakura import (
    app,
    compute,
    database,
    iam,
    loadbalancer,
    monitoring,
    network,
    objectstorage,
    security,
)

from clouds.case import CODE, Cases

T: dict[str, Any] = {"tags": [f"{k}={v}" for k, v in CODE.items()], "zone": "is1b"}
G: dict[str, Any] = {"tags": T["tags"]}
OPENED = [*T["tags"], "internet-purpose=patch", "internet-approver=CISO", "internet-expires=2099-03-31"]


def db(**more: Any) -> None:
    database.Database(
        "d",
        name="d",
        ip_addresses=[],
        netmask=24,
        password="generated",
        switch_id="s",
        username="a",
        **(T | more),
    )


def good() -> None:
    sakura.Provider("sakura", zone="is1b")
    compute.Server(
        "s",
        name="s",
        interfaces=[{"switch_id": "1"}],
        disk_edit={"disable_password_auth": True},
        user_data="#!/bin/sh\nDB_PASSWORD=$(vault read)\n",
        **T,
    )
    compute.Disk("d", name="d", kms_key_id="k", **T)
    db(kms_key_id="k", monitoring_suite=True, backup={"days_of_week": ["mon"], "time": "01:00", "rotate": 8})
    bucket = objectstorage.Bucket("b", name="b", site="isk01")
    objectstorage.BucketEncryption("b", bucket=bucket.name, kms_key_id="k", site="isk01")
    objectstorage.BucketVersioning(
        "b", bucket=bucket.name, site="isk01", access_key="a", secret_key=pulumi.Output.secret("s")
    )
    network.Switch("w", name="w", **T)
    network.PacketFilter(
        "f",
        name="f",
        zone="is1b",
        expressions=[
            {"protocol": "tcp", "source_network": "10.104.0.0/16", "destination_port": "443"},
            {"protocol": "tcp", "destination_port": "32768-65535"},
            {"protocol": "ip", "action": "deny"},
        ],
    )
    network.Internet("approved", name="i", **(T | {"tags": OPENED}))
    security.KmsKey("k", name="k", destroy_after_days=30, **G)
    security.SecretVault("v", name="v", kms_key_id="k", **G)
    monitoring.LogStorage("l", name="l", classification="dedicated", expire_days=365, kms_key_id="k")
    iam.ProjectMember(
        "m", project_id="p", principal_id="1", principal_type="service-principal", role="resource-viewer"
    )
    app.ContainerRegistry("r", name="r", subdomain_label="r", access_level="none", **G)
    app.AppRunApplication(
        "a",
        name="a",
        max_scale=2,
        min_scale=1,
        port=80,
        timeout_seconds=60,
        allowed_sources=["10.0.0.0/8"],
        components=[],
    )
    loadbalancer.LoadBalancer("l", name="l", ip_addresses=[], netmask=24, switch_id="s", vrid=1, **T)
    iam.ProjectPolicy("p", project_id="p", bindings=[{"principals": [], "role": "resource-viewer"}])
    iam.PasswordPolicy(
        "p", min_length=16, require_lowercase=True, require_symbols=True, require_uppercase=True
    )


CASES = Cases("sakura", good)
breaks = CASES.breaks


@breaks("EXP-004", "CRE-004", "CRE-007", "CRE-008")
def careless_server() -> None:
    compute.Server(
        "s",
        name="s",
        interfaces=[{"switch_id": "shared"}],
        user_data="DB_PASSWORD=hunter2hunter2",
        disk_edit={"disable_password_auth": False, "ssh_keys": [{"public_key": "ssh-ed25519 AAAA"}]},
        **T,
    )


@breaks("LOC-001", "LOC-002")
def outside_scope() -> None:
    compute.Server("s", name="s", zone="is1c", **G)


@breaks("ENC-003")
def own_disk() -> None:
    compute.Disk("d", name="d", **T)


@breaks("ENC-005", "BCK-001", "LOG-005")
def careless_database() -> None:
    db()


@breaks("BCK-002")
def few_backups() -> None:
    db(backup={"days_of_week": ["mon"], "time": "01:00", "rotate": 2})


@breaks("ENC-001", "BCK-008")
def bare_bucket() -> None:
    objectstorage.Bucket("b", name="b", site="isk01")


@breaks("EXP-001")
def internet() -> None:
    network.Internet("i", name="i", **T)


@breaks("EXP-001")
def internet_router() -> None:
    network.VpcRouter("r", name="r", internet_connection=True, **T)


@breaks("LGW-007")
def internet_vpn() -> None:
    network.VpcRouter(
        "r",
        name="r",
        l2tp={"pre_shared_secret": "x", "range_start": "10.0.0.1", "range_stop": "10.0.0.9"},
        **T,
    )


@breaks("EXP-006", "ENC-020")
def public_balancer() -> None:
    loadbalancer.EnhancedLB(
        "l", name="l", bind_ports=[{"port": 80, "proxy_mode": "http"}], health_check={"protocol": "http"}, **G
    )


def public_but_sealed() -> None:
    loadbalancer.EnhancedLB(
        "l",
        name="l",
        bind_ports=[{"port": 443, "proxy_mode": "https"}],
        health_check={"protocol": "http"},
        **G,
    )


CASES.also.append(public_but_sealed)


@breaks("NET-001", "NET-002", "NET-003", "NET-004")
def open_filter() -> None:
    network.PacketFilter("f", name="f", zone="is1b", expressions=[{"protocol": "ip"}])


@breaks("KEY-003")
def hasty_key() -> None:
    security.KmsKey("k", name="k", destroy_after_days=1, **G)


@breaks("ENC-011")
def keyless_vault() -> None:
    security.SecretVault("v", name="v", kms_key_id="", **G)


@breaks("EXP-013")
def open_registry() -> None:
    app.ContainerRegistry("r", name="r", subdomain_label="r", access_level="readonly", **G)


@breaks("EXP-012", "CRE-005")
def open_app() -> None:
    app.AppRunApplication(
        "a",
        name="a",
        max_scale=2,
        min_scale=1,
        port=80,
        timeout_seconds=60,
        components=[
            {
                "name": "a",
                "image": "r/a:1",
                "max_cpu": "1",
                "max_memory": "1Gi",
                "env": [{"key": "DB_PASSWORD", "value": "hunter2"}],
            }
        ],
    )


@breaks("IAM-001", "CRE-001")
def local_user() -> None:
    iam.User("u", code="u", name="u", password="generated")
    iam.ProjectApiKey("k", iam_roles=["x"], name="k", project_id="p")


@breaks("IAM-002")
def owner() -> None:
    iam.ProjectPolicy("p", project_id="p", bindings=[{"principals": [], "role": "owner"}])


@breaks("IAM-002")
def owning_member() -> None:
    iam.ProjectMember("m", project_id="p", principal_id="1", principal_type="group", role="owner")


@breaks("CRE-001")
def lasting_storage_key() -> None:
    objectstorage.PermissionKey("k", permission_id="1", site="isk01")


@breaks("RET-001")
def short_logs() -> None:
    monitoring.LogStorage("l", name="l", classification="dedicated", expire_days=30)


@breaks("IAM-009", "IAM-010")
def weak_passwords() -> None:
    iam.PasswordPolicy(
        "p", min_length=8, require_lowercase=False, require_symbols=False, require_uppercase=False
    )


@breaks("CRE-006")
def ssh_key() -> None:
    compute.SshKey("k", name="k", public_key="ssh-ed25519 AAAA")


@breaks("STA-001")
def leaked() -> None:
    network.Switch("w", name="w", description="AKIAIOSFODNN7EXAMPLE", **T)


@breaks("STA-002")
def keyed_provider() -> None:
    sakura.Provider("sakura", token="x", secret="y")


@breaks("TAG-001")
def untagged() -> None:
    network.Switch("w", name="w", zone="is1b")


@breaks("TAG-002", "TAG-003", "TAG-004")
def mistagged() -> None:
    network.Switch(
        "w", name="w", zone="is1b", tags=["municipality-code=131042", "environment=staging", "name=新宿"]
    )
