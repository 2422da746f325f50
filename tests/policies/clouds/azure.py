"""Azure: ordinary programs with pulumi_azure_native."""

from __future__ import annotations

from typing import Any

import pulumi_azure_native as azure_native
from pulumi_azure_native import (
    app,
    authorization,
    automation,
    cdn,
    compute,
    consumption,
    containerinstance,
    containerregistry,
    containerservice,
    cosmosdb,
    dbforpostgresql,
    dns,
    eventhub,
    keyvault,
    maintenance,
    managedidentity,
    monitor,
    netapp,
    network,
    operationalinsights,
    privatedns,
    recoveryservices,
    redis,
    resources,
    search,
    security,
    servicebus,
    sql,
    storage,
    web,
)

from clouds.case import CODE, Cases

T: dict[str, Any] = {"tags": dict(CODE), "resource_group_name": "rg", "location": "japaneast"}
R: dict[str, Any] = {"resource_group_name": "rg"}
SUB = "/subscriptions/0000"
CIRCUIT = f"{SUB}/resourceGroups/rg/providers/Microsoft.Network/expressRouteCircuits"


def sealed(
    name: str, *, days: int | None = None, lock: int | None = None, **more: Any
) -> storage.StorageAccount:
    made = storage.StorageAccount(
        name,
        account_name=name,
        kind="StorageV2",
        sku={"name": "Standard_ZRS"},
        allow_blob_public_access=False,
        minimum_tls_version="TLS1_2",
        enable_https_traffic_only=True,
        public_network_access="Disabled",
        allow_shared_key_access=False,
        encryption={"key_source": "Microsoft.Keyvault", "key_vault_properties": {"key_name": "k"}},
        **({**T, **more}),
    )
    storage.BlobServiceProperties(
        name,
        account_name=name,
        blob_services_name="default",
        is_versioning_enabled=True,
        delete_retention_policy={"enabled": True, "days": 14},
        **R,
    )
    storage.BlobContainer(name, account_name=name, container_name="c", public_access="None", **R)
    if days:
        storage.ManagementPolicy(
            name,
            account_name=name,
            management_policy_name="default",
            **R,
            policy={
                "rules": [
                    {
                        "name": "r",
                        "type": "Lifecycle",
                        "definition": {
                            "actions": {
                                "base_blob": {"delete": {"days_after_modification_greater_than": days}}
                            }
                        },
                    }
                ]
            },
        )
    if lock:
        storage.BlobContainerImmutabilityPolicy(
            name,
            account_name=name,
            container_name="c",
            immutability_policy_name="default",
            immutability_period_since_creation_in_days=lock,
            **R,
        )
    return made


def policy(often: str) -> recoveryservices.AzureIaaSVMProtectionPolicyArgs:
    """The arguments' classes: a plain dict of a union type keeps its snake_case keys on the wire."""
    return recoveryservices.AzureIaaSVMProtectionPolicyArgs(
        backup_management_type="AzureIaasVM",
        schedule_policy=recoveryservices.SimpleSchedulePolicyArgs(
            schedule_policy_type="SimpleSchedulePolicy", schedule_run_frequency=often
        ),
        retention_policy=recoveryservices.LongTermRetentionPolicyArgs(
            retention_policy_type="LongTermRetentionPolicy",
            daily_schedule=recoveryservices.DailyRetentionScheduleArgs(
                retention_duration=recoveryservices.RetentionDurationArgs(count=35, duration_type="Days")
            ),
        ),
    )


def data() -> None:
    keyvault.Vault(
        "v",
        vault_name="v",
        **T,
        properties={
            "tenant_id": "t",
            "sku": {"family": "A", "name": "premium"},
            "enable_purge_protection": True,
            "enable_soft_delete": True,
            "soft_delete_retention_in_days": 90,
            "public_network_access": "Disabled",
        },
    )
    keyvault.Key(
        "k",
        vault_name="v",
        key_name="k",
        **R,
        tags=dict(CODE),
        properties={
            "kty": "RSA",
            "key_size": 3072,
            "rotation_policy": {
                "lifetime_actions": [
                    {"action": {"type": "rotate"}, "trigger": {"time_after_create": "P365D"}}
                ]
            },
        },
    )
    keyvault.Secret("s", vault_name="v", secret_name="s", properties={"content_type": "text/plain"}, **R)
    dbforpostgresql.Server(
        "p",
        **T,
        version="16",
        network={"delegated_subnet_resource_id": "s", "public_network_access": "Disabled"},
        auth_config={"password_auth": "Disabled", "active_directory_auth": "Enabled"},
        data_encryption={"type": "AzureKeyVault"},
        backup={"backup_retention_days": 35, "geo_redundant_backup": "Enabled"},
        high_availability={"mode": "ZoneRedundant"},
        sku={"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"},
    )
    dbforpostgresql.Configuration(
        "p", server_name="p", configuration_name="require_secure_transport", value="on", **R
    )
    server = sql.Server(
        "q",
        server_name="q",
        public_network_access="Disabled",
        minimal_tls_version="1.2",
        key_id="k",
        administrators={"azure_ad_only_authentication": True},
        **T,
    )
    sql.Database("q", server_name=server.name, zone_redundant=True, **T)
    sql.ServerBlobAuditingPolicy(
        "q", server_name="q", blob_auditing_policy_name="default", state="Enabled", **R
    )
    cosmosdb.DatabaseAccount(
        "c",
        database_account_offer_type="Standard",
        public_network_access="Disabled",
        disable_local_auth=True,
        key_vault_key_uri="https://v/k",
        backup_policy={"type": "Continuous"},
        locations=[{"location_name": "japaneast"}],
        **T,
    )
    redis.Redis(
        "r",
        sku={"name": "Premium", "family": "P", "capacity": 1},
        enable_non_ssl_port=False,
        minimum_tls_version="1.2",
        public_network_access="Disabled",
        disable_access_key_authentication=True,
        **T,
    )
    search.Service("s", public_network_access="Disabled", disable_local_auth=True, **T)
    eventhub.Namespace(
        "e",
        public_network_access="Disabled",
        disable_local_auth=True,
        minimum_tls_version="1.2",
        encryption={"key_source": "Microsoft.KeyVault"},
        **T,
    )
    servicebus.Namespace(
        "b",
        public_network_access="Disabled",
        disable_local_auth=True,
        minimum_tls_version="1.2",
        encryption={"key_source": "Microsoft.KeyVault"},
        **T,
    )
    containerregistry.Registry(
        "r",
        sku={"name": "Premium"},
        admin_user_enabled=False,
        public_network_access="Disabled",
        encryption={"status": "enabled"},
        **T,
    )
    netapp.Account("n", encryption={"key_source": "Microsoft.KeyVault"}, **T)
    netapp.CapacityPoolVolume(
        "n",
        account_name="n",
        pool_name="p",
        creation_token="v",
        subnet_id="s",
        usage_threshold=1,
        smb_encryption=True,
        **T,
    )


def machines() -> None:
    vm = compute.VirtualMachine(
        "m",
        vm_name="m",
        hardware_profile={"vm_size": "Standard_D4ds_v5"},
        **T,
        os_profile={
            "computer_name": "m",
            "admin_username": "a",
            "linux_configuration": {
                "disable_password_authentication": True,
                "patch_settings": {"patch_mode": "AutomaticByPlatform"},
            },
        },
        storage_profile={
            "os_disk": {"create_option": "FromImage", "managed_disk": {"disk_encryption_set": {"id": "d"}}}
        },
        security_profile={"uefi_settings": {"secure_boot_enabled": True, "v_tpm_enabled": True}},
        user_data="#!/bin/sh\nexport DB_PASSWORD=$(az keyvault secret show --name x)\n",
    )
    network.NetworkInterface("m", ip_configurations=[{"name": "i", "subnet": {"id": "s"}}], **T)
    compute.Disk(
        "d",
        creation_data={"create_option": "Empty"},
        sku={"name": "Premium_LRS"},
        encryption={"disk_encryption_set_id": "d"},
        **T,
    )
    containerservice.ManagedCluster(
        "k",
        kubernetes_version="1.33",
        disable_local_accounts=True,
        api_server_access_profile={"enable_private_cluster": True},
        auto_upgrade_profile={"upgrade_channel": "stable"},
        security_profile={"azure_key_vault_kms": {"enabled": True}},
        addon_profiles={"omsagent": {"enabled": True}},
        **T,
    )
    app.ContainerApp(
        "a",
        **T,
        configuration={"ingress": {"external": False, "allow_insecure": False, "target_port": 80}},
        template={
            "scale": {"min_replicas": 2},
            "containers": [
                {"name": "a", "image": "r/a:1.2", "env": [{"name": "DB_PASSWORD", "secret_ref": "s"}]}
            ],
        },
    )
    containerinstance.ContainerGroup(
        "g",
        os_type="Linux",
        ip_address={"type": "Private", "ports": []},
        **T,
        containers=[
            {
                "name": "a",
                "image": "r/a:1.2",
                "resources": {"requests": {"cpu": 1, "memory_in_gb": 1}},
                "security_context": {"privileged": False},
            }
        ],
    )
    web.WebApp(
        "w", https_only=True, public_network_access="Disabled", site_config={"min_tls_version": "1.2"}, **T
    )
    recoveryservices.Vault(
        "v",
        vault_name="v",
        sku={"name": "RS0", "tier": "Standard"},
        **T,
        properties={
            "public_network_access": "Disabled",
            "encryption": {"infrastructure_encryption": "Enabled", "key_vault_properties": {"key_uri": "k"}},
            "security_settings": {"immutability_settings": {"state": "Locked"}},
        },
    )
    recoveryservices.ProtectionPolicy("p", vault_name="v", **R, properties=policy("Daily"))
    recoveryservices.ProtectedItem(
        "p",
        vault_name="v",
        fabric_name="f",
        container_name="c",
        protected_item_name="m",
        **R,
        properties={"protected_item_type": "Microsoft.Compute/virtualMachines", "source_resource_id": vm.id},
    )
    maintenance.MaintenanceConfiguration("m", maintenance_scope="InGuestPatch", **T)
    automation.Schedule(
        "s",
        automation_account_name="a",
        frequency="Day",
        start_time="2026-11-25T19:00:00+09:00",
        name="stop",
        **R,
    )


def nets() -> None:
    v = network.VirtualNetwork(
        "v", virtual_network_name="v", address_space={"address_prefixes": ["10.64.0.0/20"]}, **T
    )
    network.FlowLog("v", network_watcher_name="w", storage_id="x", target_resource_id=v.id, enabled=True, **T)
    network.Subnet(
        "s", virtual_network_name="v", address_prefix="10.64.0.0/24", default_outbound_access=False, **R
    )
    network.NetworkSecurityGroup(
        "g",
        **T,
        security_rules=[
            {
                "name": "https",
                "access": "Allow",
                "direction": "Inbound",
                "protocol": "Tcp",
                "priority": 100,
                "source_port_range": "*",
                "source_address_prefix": "10.104.0.0/16",
                "destination_address_prefix": "*",
                "destination_port_range": "443",
            },
            {
                "name": "out",
                "access": "Allow",
                "direction": "Outbound",
                "protocol": "Tcp",
                "priority": 100,
                "source_port_range": "*",
                "source_address_prefix": "*",
                "destination_address_prefix": "10.64.0.0/20",
                "destination_port_range": "443",
            },
            {
                "name": "deny",
                "access": "Deny",
                "direction": "Inbound",
                "protocol": "*",
                "priority": 4096,
                "source_port_range": "*",
                "source_address_prefix": "*",
                "destination_address_prefix": "*",
                "destination_port_range": "*",
            },
        ],
    )
    network.RouteTable(
        "r",
        routes=[
            {
                "name": "fw",
                "address_prefix": "0.0.0.0/0",
                "next_hop_type": "VirtualAppliance",
                "next_hop_ip_address": "10.64.0.4",
            }
        ],
        **T,
    )
    network.LoadBalancer("l", frontend_ip_configurations=[{"name": "f", "subnet": {"id": "s"}}], **T)
    network.ApplicationGateway(
        "a",
        frontend_ip_configurations=[{"name": "f", "subnet": {"id": "s"}}],
        http_listeners=[{"name": "h", "protocol": "Https"}],
        ssl_policy={"min_protocol_version": "TLSv1_2"},
        **T,
    )
    privatedns.PrivateZone(
        "z", private_zone_name="shinjuku.internal", resource_group_name="rg", location="Global"
    )
    for place in ("Tokyo", "Osaka"):
        c = network.ExpressRouteCircuit(
            f"c{place}",
            circuit_name=f"c{place}",
            **T,
            service_provider_properties={
                "bandwidth_in_mbps": 1000,
                "peering_location": place,
                "service_provider_name": "Equinix",
            },
        )
        network.ExpressRouteCircuitPeering(
            f"c{place}",
            circuit_name=f"c{place}",
            peering_name="AzurePrivatePeering",
            peer_asn=65001,
            vlan_id=1,
            **R,
        )
        monitor.MetricAlert(
            f"c{place}",
            severity=1,
            enabled=True,
            evaluation_frequency="PT5M",
            window_size="PT5M",
            scopes=[c.id],
            criteria={"odata_type": "x"},
            actions=[{"action_group_id": "g"}],
            **{**T, "location": "global"},
        )
    network.LocalNetworkGateway(
        "hq",
        local_network_address_space={"address_prefixes": ["10.104.0.0/16"]},
        bgp_settings={"asn": 65001},
        **T,
    )
    opened = {
        **T,
        "tags": {
            **CODE,
            "internet-purpose": "patch",
            "internet-approver": "CISO",
            "internet-expires": "2099-03-31",
        },
    }
    network.PublicIPAddress("approved", **opened)
    network.NatGateway("approved", **opened)


def watch() -> None:
    archive = sealed("logs", days=2555, lock=400)
    monitor.DiagnosticSetting("d", resource_uri=SUB, storage_account_id=archive.id, logs=[])
    operationalinsights.Workspace("w", retention_in_days=400, **T)
    security.Pricing("p", pricing_tier="Standard", pricing_name="VirtualMachines", scope_id=SUB)
    consumption.Budget(
        "b",
        amount=1,
        category="Cost",
        scope=SUB,
        time_grain="Monthly",
        time_period={"start_date": "2026-04-01"},
        notifications={
            "n": {
                "enabled": True,
                "operator": "GreaterThan",
                "threshold": 80,
                "contact_emails": ["a@example.lg.jp"],
            }
        },
    )
    authorization.RoleAssignment(
        "r",
        principal_id="p",
        scope=SUB,
        role_definition_id=f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
    )
    authorization.RoleDefinition(
        "d",
        scope=SUB,
        role_name="d",
        permissions=[{"actions": ["Microsoft.Compute/virtualMachines/start/action"], "not_actions": []}],
    )
    managedidentity.FederatedIdentityCredential(
        "f",
        resource_name_="ci",
        issuer="https://token.actions.githubusercontent.com",
        subject="repo:o/r:ref:refs/heads/main",
        audiences=["api://AzureADTokenExchange"],
        **R,
    )


def good() -> None:
    azure_native.Provider("azure", subscription_id="0000")
    sealed("handover", days=30, tags={**CODE, "purpose": "handover"})
    data()
    machines()
    nets()
    watch()


CASES = Cases("azure", good)
breaks = CASES.breaks


@breaks("ENC-001", "EXP-018", "IAM-018", "ENC-021", "BCK-008", "RET-003")
def bare_account() -> None:
    storage.StorageAccount("s", kind="StorageV2", sku={"name": "Standard_LRS"}, **T)


@breaks("EXP-007", "EXP-008", "ENC-022")
def public_container() -> None:
    made = storage.StorageAccount(
        "s",
        account_name="s",
        kind="StorageV2",
        sku={"name": "Standard_LRS"},
        allow_blob_public_access=True,
        enable_https_traffic_only=False,
        **T,
    )
    storage.BlobContainer("c", account_name=made.name, public_access="Blob", **R)


@breaks("HND-003", "HND-004")
def loose_handover() -> None:
    storage.StorageAccount(
        "s", kind="StorageV2", sku={"name": "Standard_LRS"}, **{**T, "tags": {**CODE, "purpose": "handover"}}
    )


@breaks("LOC-001")
def abroad() -> None:
    storage.StorageAccount("s", kind="StorageV2", sku={"name": "Standard_LRS"}, **{**T, "location": "eastus"})


@breaks("LOC-004", "EXP-011", "ENC-008", "BCK-006")
def copied_abroad() -> None:
    cosmosdb.DatabaseAccount(
        "c",
        database_account_offer_type="Standard",
        locations=[{"location_name": "japaneast"}, {"location_name": "West US"}],
        **T,
    )


@breaks("KEY-004", "EXP-017", "KEY-003")
def careless_vault() -> None:
    keyvault.Vault(
        "v",
        properties={
            "tenant_id": "t",
            "sku": {"family": "A", "name": "standard"},
            "soft_delete_retention_in_days": 1,
        },
        **T,
    )


@breaks("KEY-001", "KEY-006")
def still_key() -> None:
    keyvault.Key("k", vault_name="v", properties={"kty": "RSA", "key_size": 1024}, **R)


@breaks("KEY-002")
def slow_key() -> None:
    keyvault.Key(
        "k",
        vault_name="v",
        **R,
        properties={
            "kty": "RSA",
            "rotation_policy": {
                "lifetime_actions": [{"action": {"type": "rotate"}, "trigger": {"time_after_create": "P5Y"}}]
            },
        },
    )


@breaks("CRE-009")
def written_secret() -> None:
    keyvault.Secret("s", vault_name="v", properties={"value": "correct horse"}, **R)


@breaks("STA-001")
def leaked() -> None:
    storage.StorageAccount(
        "s", kind="StorageV2", sku={"name": "Standard_LRS"}, **{**T, "tags": {"x": "AccountKey=" + "A" * 60}}
    )


@breaks("EXP-010", "ENC-005", "CRE-002", "CRE-003", "BCK-002", "BCK-009", "AVL-001", "PAT-002", "CST-005")
def careless_database() -> None:
    dbforpostgresql.Server(
        "p",
        version="11",
        administrator_login_password="hunter2hunter2",
        backup={"backup_retention_days": 3},
        sku={"name": "Standard_D4s_v3", "tier": "GeneralPurpose"},
        **T,
    )


@breaks("CST-002", verification=True)
def big_verification() -> None:
    dbforpostgresql.Server(
        "p", version="16", sku={"name": "Standard_D64ds_v5", "tier": "GeneralPurpose"}, **T
    )


@breaks("ENC-023")
def plain_connections() -> None:
    dbforpostgresql.Configuration(
        "p", server_name="p", configuration_name="require_secure_transport", value="off", **R
    )


@breaks("LOG-005")
def silent_sql() -> None:
    sql.Server("q", **T)


@breaks("BCK-001")
def no_backups() -> None:
    dbforpostgresql.Server("p", version="16", backup={"backup_retention_days": 0}, **T)


@breaks("ENC-024")
def plain_redis() -> None:
    redis.Redis("r", sku={"name": "Basic", "family": "C", "capacity": 0}, enable_non_ssl_port=True, **T)


@breaks("ENC-009")
def own_bus() -> None:
    servicebus.Namespace("b", **T)


@breaks("CRE-001")
def shared_rule() -> None:
    servicebus.NamespaceAuthorizationRule("b", namespace_name="b", rights=["Manage"], **R)


@breaks("ENC-012", "EXP-013")
def open_registry() -> None:
    containerregistry.Registry("r", sku={"name": "Basic"}, anonymous_pull_enabled=True, **T)


@breaks("ENC-006")
def own_files() -> None:
    netapp.Account("n", **T)


@breaks("ENC-025")
def plain_files() -> None:
    netapp.CapacityPoolVolume(
        "n", account_name="n", pool_name="p", creation_token="v", subnet_id="s", usage_threshold=1, **T
    )


@breaks("ENC-003", "CRE-004", "CRE-008", "PAT-008", "PAT-009")
def careless_machine() -> None:
    compute.VirtualMachine(
        "m",
        hardware_profile={"vm_size": "Standard_D4ds_v5"},
        user_data="export DB_PASSWORD=hunter2hunter2",
        os_profile={"computer_name": "m", "linux_configuration": {"disable_password_authentication": False}},
        storage_profile={"os_disk": {"create_option": "FromImage"}},
        **T,
    )


@breaks("EXP-004", "NET-011")
def reached_machine() -> None:
    network.NetworkInterface(
        "m",
        enable_ip_forwarding=True,
        ip_configurations=[{"name": "i", "public_ip_address": {"id": "p"}}],
        **T,
    )


@breaks("PAT-003", whole=True)
def unpatched() -> None:
    compute.VirtualMachine("m", hardware_profile={"vm_size": "Standard_D4ds_v5"}, **T)


@breaks("BCK-011")
def unselected() -> None:
    compute.VirtualMachine("m", hardware_profile={"vm_size": "Standard_D4ds_v5"}, **T)
    recoveryservices.ProtectedItem(
        "p",
        vault_name="v",
        fabric_name="f",
        container_name="c",
        **R,
        properties={
            "protected_item_type": "Microsoft.Compute/virtualMachines",
            "source_resource_id": "another",
        },
    )


@breaks("CST-001", verification=True)
def always_on() -> None:
    compute.VirtualMachine("m", hardware_profile={"vm_size": "Standard_D4ds_v5"}, **T)


@breaks("CRE-006")
def ssh_key() -> None:
    compute.SshPublicKey("k", public_key="ssh-ed25519 AAAA", **T)


@breaks("EXP-014", "LOG-007", "ENC-015", "IAM-018", "PAT-008")
def open_cluster() -> None:
    containerservice.ManagedCluster("k", **T)


@breaks("EXP-012", "AVL-003", "CRE-005", "PAT-006")
def open_app() -> None:
    app.ContainerApp(
        "a",
        configuration={"ingress": {"external": True}},
        **T,
        template={
            "containers": [
                {"name": "a", "image": "r/a:latest", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}
            ]
        },
    )


@breaks("IAM-021")
def privileged() -> None:
    containerinstance.ContainerGroup(
        "g",
        os_type="Linux",
        **T,
        containers=[
            {
                "name": "a",
                "image": "r/a:1",
                "resources": {"requests": {"cpu": 1, "memory_in_gb": 1}},
                "security_context": {"privileged": True},
            }
        ],
    )


@breaks("ENC-026", "EXP-013")
def plain_web() -> None:
    web.WebApp("w", https_only=False, **T)


@breaks("EXP-002", "EXP-003")
def way_out() -> None:
    network.PublicIPAddress("p", **T)
    network.NatGateway("n", **T)


@breaks("EXP-006", "ENC-020")
def public_gateway() -> None:
    network.ApplicationGateway(
        "a",
        frontend_ip_configurations=[{"name": "f", "public_ip_address": {"id": "p"}}],
        http_listeners=[{"name": "h", "protocol": "Http"}],
        **T,
    )


@breaks("EXP-016")
def default_route() -> None:
    network.Route("r", route_table_name="t", address_prefix="0.0.0.0/0", next_hop_type="Internet", **R)


@breaks("EXP-020")
def public_zone() -> None:
    dns.Zone("z", zone_type="Public", **{**T, "location": "global"})


@breaks("NET-001", "NET-002", "NET-003", "NET-004")
def open_group() -> None:
    network.SecurityRule(
        "r",
        network_security_group_name="g",
        access="Allow",
        direction="Inbound",
        protocol="*",
        priority=100,
        source_port_range="*",
        source_address_prefix="*",
        destination_address_prefix="*",
        destination_port_range="*",
        **R,
    )


@breaks("NET-005")
def open_way_out() -> None:
    network.NetworkSecurityGroup(
        "g",
        **T,
        security_rules=[
            {
                "name": "o",
                "access": "Allow",
                "direction": "Outbound",
                "protocol": "Tcp",
                "priority": 100,
                "source_port_range": "*",
                "source_address_prefix": "*",
                "destination_address_prefix": "Internet",
                "destination_port_ranges": ["80", "443"],
            }
        ],
    )


@breaks("NET-008")
def silent_network() -> None:
    network.VirtualNetwork("v", **T)


@breaks("NET-009")
def stopped_flow() -> None:
    network.FlowLog("f", network_watcher_name="w", storage_id="x", target_resource_id="v", enabled=False, **T)


@breaks("NET-010")
def peering() -> None:
    network.VirtualNetworkPeering("p", virtual_network_name="v", **R)


@breaks("NET-012")
def default_out() -> None:
    network.Subnet("s", virtual_network_name="v", address_prefix="10.0.0.0/24", **R)


@breaks("LGW-001", "LGW-008")
def lone_circuit() -> None:
    circuit_on_order()
    network.ExpressRouteCircuitPeering(
        "c", circuit_name="c", peering_name="AzurePrivatePeering", vlan_id=1, **R
    )


def circuit_on_order() -> None:
    """Nobody speaks over it yet: an alarm would ring until it comes."""
    network.ExpressRouteCircuit(
        "c",
        circuit_name="c",
        service_provider_properties={"peering_location": "Tokyo", "bandwidth_in_mbps": 50},
        **T,
    )


@breaks("LGW-002", "LGW-003")
def same_place() -> None:
    network.ExpressRouteCircuit(
        "c", service_provider_properties={"peering_location": "Tokyo", "bandwidth_in_mbps": 50}, **T
    )
    network.ExpressRouteCircuit(
        "d", service_provider_properties={"peering_location": "Tokyo", "bandwidth_in_mbps": 500}, **T
    )


@breaks("LGW-004", "LGW-005", "LGW-006")
def wide_prefixes() -> None:
    network.LocalNetworkGateway(
        "a", local_network_address_space={"address_prefixes": ["10.0.0.0/8"]}, bgp_settings={"asn": 4713}, **T
    )
    network.LocalNetworkGateway(
        "b", local_network_address_space={"address_prefixes": ["203.0.113.0/24"]}, **T
    )


@breaks("LGW-007")
def internet_vpn() -> None:
    network.VirtualNetworkGateway("v", gateway_type="Vpn", **T)


@breaks("LOC-005")
def worldwide() -> None:
    cdn.Profile("c", sku={"name": "Standard_AzureFrontDoor"}, **{**T, "location": "Global"})


@breaks("IAM-002")
def owner() -> None:
    authorization.RoleAssignment(
        "r",
        principal_id="p",
        scope=SUB,
        role_definition_id=f"{SUB}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    )


@breaks("IAM-003", "IAM-007")
def wide_role() -> None:
    authorization.RoleDefinition("d", scope=SUB, permissions=[{"actions": ["Microsoft.KeyVault/*"]}])
    authorization.RoleDefinition(
        "e", scope=SUB, permissions=[{"actions": ["*"], "not_actions": ["Microsoft.Authorization/*"]}]
    )


@breaks("IAM-012")
def any_job() -> None:
    managedidentity.FederatedIdentityCredential(
        "f",
        resource_name_="ci",
        issuer="https://token.actions.githubusercontent.com",
        subject="repo:o/*",
        audiences=["x"],
        **R,
    )


@breaks("STA-002")
def keyed_provider() -> None:
    azure_native.Provider("azure", client_id="x", client_secret="hunter2hunter2")


def stack_with(password: str, **properties: Any) -> None:
    server = {
        "type": "Microsoft.DBforMySQL/flexibleServers",
        "apiVersion": "2023-12-30",
        "name": "m",
        "location": "japaneast",
        "tags": dict(CODE),
        "sku": {"name": "Standard_D2ds_v4"},
        "properties": {"administratorLoginPassword": password, "version": "8.4", **properties},
    }
    resources.DeploymentStackAtResourceGroup(
        "d",
        **R,
        action_on_unmanage={"resources": "delete"},
        deny_settings={"mode": "none"},
        template={
            "parameters": {"password": {"type": "securestring", "defaultValue": "[newGuid()]"}},
            "resources": [server],
        },
        tags=dict(CODE),
    )


@breaks("CRE-002")
def written_password_in_a_template() -> None:
    stack_with("Hunter2hunter2")


@breaks("EXP-010", "BCK-009")
def public_server_in_a_template() -> None:
    stack_with("[parameters('password')]", network={"publicNetworkAccess": "Enabled"})


@breaks("RET-001")
def short_logs() -> None:
    operationalinsights.Workspace("w", **T)


@breaks("LOG-004", "RET-002")
def short_archive() -> None:
    made = storage.StorageAccount("s", account_name="s", kind="StorageV2", sku={"name": "Standard_LRS"}, **T)
    monitor.DiagnosticSetting("d", resource_uri=SUB, storage_account_id=made.id)
    storage.ManagementPolicy(
        "m",
        account_name="s",
        **R,
        policy={
            "rules": [
                {
                    "name": "r",
                    "type": "Lifecycle",
                    "definition": {
                        "actions": {"base_blob": {"delete": {"days_after_modification_greater_than": 90}}}
                    },
                }
            ]
        },
    )


@breaks("LOG-010")
def free_tier() -> None:
    security.Pricing("p", pricing_tier="Free", scope_id=SUB)


@breaks("LOG-011", "LOG-012")
def mute_alarm() -> None:
    monitor.MetricAlert(
        "a",
        severity=1,
        enabled=False,
        evaluation_frequency="PT5M",
        window_size="PT5M",
        scopes=["x"],
        criteria={"odata_type": "x"},
        **T,
    )


@breaks("LOG-020", "LOG-022", "LOG-024", "CST-003", whole=True)
def empty_tenant() -> None:
    network.VirtualNetwork("v", **T)


@breaks("CST-004")
def quiet_budget() -> None:
    consumption.Budget(
        "b",
        amount=1,
        category="Cost",
        scope=SUB,
        time_grain="Monthly",
        time_period={"start_date": "2026-04-01"},
    )


@breaks("BCK-005", "ENC-013")
def open_vault() -> None:
    recoveryservices.Vault("v", sku={"name": "RS0"}, properties={}, **T)


@breaks("BCK-004")
def rare_backups() -> None:
    recoveryservices.ProtectionPolicy("p", vault_name="v", **R, properties=policy("Weekly"))


@breaks("TAG-001")
def untagged() -> None:
    network.VirtualNetwork("v", location="japaneast", **R)


@breaks("TAG-002", "TAG-003", "TAG-004")
def mistagged() -> None:
    network.VirtualNetwork(
        "v", **{**T, "tags": {"municipality-code": "131042", "environment": "staging", "name": "新宿"}}
    )
