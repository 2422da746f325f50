"""The managed databases: flexible servers in subnets of their own.

Nobody knows a password. PostgreSQL has none: the package's identity is its administrator. MySQL takes no
server without one, so Azure itself makes it up while it deploys the server (`newGuid()` in a template),
tells nobody, and the server then refuses every password (`aad_auth_only`).
"""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.iaas.endpoints import database_zone
from components.azure.iaas.subnets import key_of
from components.azure.logs import diagnostics
from components.azure.paas import engines
from components.azure.paas.who import Who
from components.azure.place import Place, tenant
from components.azure.place import key_of as key_parts
from components.contract import DatabaseGives, IaasGives
from components.derive import data_role
from stacks.plan import DatabasePlan, PackagePlan

MYSQL_API = "2023-12-30"
"""Version of the MySQL API that the template speaks; the SDK's own types speak the same."""


class Databases:
    """Builds the databases of packages."""

    def __init__(self, place: Place, baseline: gives.BaselineGives, iaas: IaasGives) -> None:
        """Make them in `place`."""
        self._place, self._plan, self._baseline, self._iaas = place, place.plan, baseline, iaas
        self._tenant = tenant(place.parent)

    def build(self, package: PackagePlan, who: Who) -> DatabaseGives | None:
        """The database of `package`, administered by the identity `who`; None if it has none."""
        database = package.database
        if database is None:
            return None
        name = facts.server_name(self._plan, package.key)
        build = self._postgresql if database.engine == "postgresql" else self._mysql
        server, ready = build(package, database, name, who)
        diagnostics(self._place, f"{package.key}-database", server, self._baseline.workspace, metrics=True)
        domain = "postgres" if database.engine == "postgresql" else "mysql"
        return DatabaseGives(
            id=pulumi.Output.all(server, *ready).apply(lambda known: str(known[0])),
            address=pulumi.Output.from_input(f"{name}.{domain}.database.azure.com"),
            port=pulumi.Output.from_input(database.port),
            # No password: the token of this identity opens it.
            secret=who.id,
        )

    def _network(self, package: PackagePlan, engine: str) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        made = self._iaas.networks[package.network]
        subnet = made.subnets[key_of(data_role(package), "postgresql" if engine == "postgresql" else "mysql")]
        return subnet, made.endpoints[database_zone(self._plan, package.network, engine)]

    def _zones(self, database: DatabasePlan) -> tuple[str, dict[str, str]]:
        """The zone of the server and, where it must outlive one, where its twin stands by."""
        first, *others = self._plan.zones
        if database.multi_zone and others:
            return first, {"mode": "ZoneRedundant", "standby_availability_zone": others[0]}
        return first, {"mode": "Disabled"}

    # --- PostgreSQL ------------------------------------------------------------------------------

    def _postgresql(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        name: str,
        who: Who,
    ) -> tuple[pulumi.Output[str], list[pulumi.Output[str]]]:
        plan, made = self._plan, engines.shape(database)
        subnet, zone = self._network(package, "postgresql")
        home, available = self._zones(database)
        own, far = facts.key_identity(plan, "data"), facts.key_identity(plan, "recovery")
        server = azure.dbforpostgresql.Server(
            self._place.child(package.key, "database"),
            resource_group_name=self._place.group,
            server_name=name,
            location=plan.region,
            version=made.version,
            create_mode="Create",
            sku={"name": made.sku, "tier": made.tier},
            storage={"storage_size_gb": made.storage_gb, "auto_grow": "Enabled", "type": "Premium_LRS"},
            availability_zone=home,
            high_availability=available,  # type: ignore[arg-type]
            auth_config={
                "active_directory_auth": "Enabled",
                "password_auth": "Disabled",
                "tenant_id": self._tenant,
            },
            network={
                "delegated_subnet_resource_id": subnet,
                "private_dns_zone_arm_resource_id": zone,
            },
            identity={"type": "UserAssigned", "user_assigned_identities": {own: {}, far: {}}},
            data_encryption={
                "type": "AzureKeyVault",
                "primary_key_uri": key_parts(self._baseline.keys["data"])[2],
                "primary_user_assigned_identity_id": own,
                "geo_backup_key_uri": key_parts(self._baseline.recovery_key)[2],
                "geo_backup_user_assigned_identity_id": far,
            },
            backup={
                "backup_retention_days": engines.backup_days(plan.baseline.retention.backup_days),
                "geo_redundant_backup": "Enabled",
            },
            # Sunday 02:00 in Tokyo, which is Saturday 17:00 for Azure.
            maintenance_window={
                "custom_window": "Enabled",
                "day_of_week": 6,
                "start_hour": 17,
                "start_minute": 0,
            },
            tags=self._place.tags(package),
            opts=self._place.kept(ignore=["availabilityZone", "highAvailability.standbyAvailabilityZone"]),
        )
        return server.id, self._inside_postgresql(package, database, server, who)

    def _inside_postgresql(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        server: azure.dbforpostgresql.Server,
        who: Who,
    ) -> list[pulumi.Output[str]]:
        """The database, its administrator, its settings: one after another, as the server takes them."""
        key, pg = package.key, azure.dbforpostgresql
        admin = pg.Administrator(
            self._place.child(key, "database-administrator"),
            resource_group_name=self._place.group,
            server_name=server.name,
            object_id=who.principal_id,
            principal_name=who.name,
            principal_type="ServicePrincipal",
            tenant_id=self._tenant,
            opts=self._place.opts(),
        )
        logged = pg.Configuration(
            self._place.child(key, "database-log-disconnections"),
            resource_group_name=self._place.group,
            server_name=server.name,
            # Connections are logged, and TLS is asked for, without being told.
            configuration_name="log_disconnections",
            source="user-override",
            value="on",
            opts=self._place.opts(admin),
        )
        inside = pg.Database(
            self._place.child(key, "database", database.database),
            resource_group_name=self._place.group,
            server_name=server.name,
            database_name=database.database,
            charset="UTF8",
            collation="ja_JP.utf8",
            opts=self._place.kept(logged),
        )
        return [admin.id, logged.id, inside.id]

    # --- MySQL -----------------------------------------------------------------------------------

    def _mysql(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        name: str,
        who: Who,
    ) -> tuple[pulumi.Output[str], list[pulumi.Output[str]]]:
        """The server, by a deployment stack: it makes up the password, and goes with all it has made."""
        key = package.key
        stack = azure.resources.DeploymentStackAtResourceGroup(
            self._place.child(key, "database"),
            resource_group_name=self._place.group,
            deployment_stack_name=self._plan.name(key, limit=90),
            description="MySQL server whose password Azure makes up and nobody knows",
            action_on_unmanage={"resources": "delete"},
            deny_settings={"mode": "none"},
            template=self._template(package, database, name, who),
            tags=self._place.tags(package),
            opts=self._place.kept(),
        )
        server = pulumi.Output.all(stack.id, self._place.group).apply(
            lambda known: facts.resource_id(
                self._plan, str(known[1]), "Microsoft.DBforMySQL/flexibleServers", name
            )
        )
        return server, self._inside_mysql(package, database, server, who)

    def _template(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        name: str,
        who: Who,
    ) -> pulumi.Output[Any]:
        plan, made = self._plan, engines.shape(database)
        subnet, zone = self._network(package, "mysql")
        home, available = self._zones(database)
        own, far = facts.key_identity(plan, "data"), facts.key_identity(plan, "recovery")
        known = pulumi.Output.all(
            subnet=subnet,
            zone=zone,
            key=key_parts(self._baseline.keys["data"])[2],
            far=key_parts(self._baseline.recovery_key)[2],
            who=who.id,
        )
        standby = {"standbyAvailabilityZone": z} if (z := available.get("standby_availability_zone")) else {}

        def document(found: dict[str, str]) -> dict[str, Any]:
            server = {
                "type": "Microsoft.DBforMySQL/flexibleServers",
                "apiVersion": MYSQL_API,
                "name": name,
                "location": plan.region,
                "tags": dict(self._place.tags(package)),
                "sku": {"name": made.sku, "tier": made.tier},
                "identity": {
                    "type": "UserAssigned",
                    "userAssignedIdentities": {identity: {} for identity in (own, far, found["who"])},
                },
                "properties": {
                    "version": made.version,
                    "createMode": "Default",
                    "administratorLogin": database.administrator,
                    "administratorLoginPassword": "[parameters('password')]",
                    "availabilityZone": home,
                    "highAvailability": {"mode": available["mode"], **standby},
                    "storage": {
                        "storageSizeGB": made.storage_gb,
                        "autoGrow": "Enabled",
                        "autoIoScaling": "Enabled",
                    },
                    "network": {
                        "delegatedSubnetResourceId": found["subnet"],
                        "privateDnsZoneResourceId": found["zone"],
                        "publicNetworkAccess": "Disabled",
                    },
                    "dataEncryption": {
                        "type": "AzureKeyVault",
                        "primaryKeyURI": found["key"],
                        "primaryUserAssignedIdentityId": own,
                        "geoBackupKeyURI": found["far"],
                        "geoBackupUserAssignedIdentityId": far,
                    },
                    "backup": {
                        "backupRetentionDays": engines.backup_days(plan.baseline.retention.backup_days),
                        "geoRedundantBackup": "Enabled",
                    },
                    "maintenanceWindow": {
                        "customWindow": "Enabled", "dayOfWeek": 6, "startHour": 17, "startMinute": 0,
                    },
                },
            }  # fmt: skip
            return {
                "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
                "contentVersion": "1.0.0.0",
                "parameters": {"password": {"type": "securestring", "defaultValue": "[newGuid()]"}},
                "resources": [server],
            }

        return known.apply(document)

    def _inside_mysql(
        self,
        package: PackagePlan,
        database: DatabasePlan,
        server: pulumi.Output[str],
        who: Who,
    ) -> list[pulumi.Output[str]]:
        """The administrator, then no passwords any more, the settings, the database: one after another."""
        key, my, name = package.key, azure.dbformysql, server.apply(facts.last)
        made: list[pulumi.CustomResource] = [
            my.AzureADAdministrator(
                self._place.child(key, "database-administrator"),
                resource_group_name=self._place.group,
                server_name=name,
                administrator_name="ActiveDirectory",
                administrator_type="ActiveDirectory",
                identity_resource_id=who.id,
                login=who.name,
                sid=who.client_id,
                tenant_id=self._tenant,
                opts=self._place.opts(),
            )
        ]
        for setting, value in (
            ("aad_auth_only", "ON"),
            # TLS only is what Azure starts with.
            ("audit_log_enabled", "ON"),
        ):
            made.append(
                my.Configuration(
                    self._place.child(key, "database", setting.replace("_", "-")),
                    resource_group_name=self._place.group,
                    server_name=name,
                    configuration_name=setting,
                    source="user-override",
                    value=value,
                    opts=self._place.opts(made[-1]),
                )
            )
        made.append(
            my.Database(
                self._place.child(key, "database", database.database),
                resource_group_name=self._place.group,
                server_name=name,
                database_name=database.database,
                charset="utf8mb4",
                collation="utf8mb4_0900_ai_ci",
                opts=self._place.kept(made[-1]),
            )
        )
        return [resource.id for resource in made]
