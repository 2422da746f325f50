"""Flexible servers of PostgreSQL and MySQL, and the deployment stacks that make MySQL's."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.azure.session import tenant_of
from providers.twin.azure.words import GROUP, arm, names, token, uses
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.store import HOLDS
from providers.wire import Value

PG, MY = "Microsoft.DBforPostgreSQL/flexibleServers", "Microsoft.DBforMySQL/flexibleServers"
_NAME = r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]"
_STORAGE = (32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16384, 32767)


def _network(scope: Scope, service: str, zone_ending: str) -> None:
    subnet = scope.target("network.delegatedSubnetResourceId")
    if subnet is None:
        return
    services = [d.get("serviceName") for d in subnet.state.get("delegations") or []]
    if services != [service]:
        raise Refusal("InvalidDelegatedSubnet", f"Subnet {subnet.id} is not delegated to {service}.")
    zone = next((r for at, r in scope.targets.items() if "rivateDnsZone" in at), None)
    if zone is not None and not str(zone.state.get("name", "")).endswith(zone_ending):
        raise Refusal("InvalidPrivateDnsZone", f"The private DNS zone must end with {zone_ending}.")


def _backup(scope: Scope) -> None:
    days = (scope.get("backup") or {}).get("backupRetentionDays", 7)
    if not 7 <= int(days) <= 35:
        raise Refusal("InvalidParameterValue", f"Backups are kept 7 to 35 days, not {days}.")


def _postgresql(scope: Scope) -> None:
    _network(scope, PG, ".postgres.database.azure.com")
    _backup(scope)
    size = (scope.get("storage") or {}).get("storageSizeGB")
    if size not in _STORAGE:
        raise Refusal("InvalidParameterValue", f"Storage of {size} GiB is not on offer: {_STORAGE}.")
    if scope.old is not None and size < (scope.old.state.get("storage") or {}).get("storageSizeGB", 0):
        raise Refusal("StorageSizeReductionNotSupported", "Storage cannot shrink.")
    auth = scope.get("authConfig") or {}
    if auth.get("passwordAuth", "Enabled") == "Enabled" and not scope.get("administratorLoginPassword"):
        raise Refusal(
            "InvalidParameterValue", "administratorLoginPassword is needed where passwords are allowed."
        )
    encryption = scope.get("dataEncryption") or {}
    geo = (scope.get("backup") or {}).get("geoRedundantBackup") == "Enabled"
    if geo and encryption.get("primaryKeyURI") and not encryption.get("geoBackupKeyURI"):
        raise Refusal(
            "GeoBackupKeyRequired", "Geo-redundant backups of an encrypted server need a key there."
        )


def _stack(scope: Scope) -> None:
    """The template's servers: made, and gone, with the stack. It can hold nothing else here."""
    template = scope.get("template") or {}
    for resource in template.get("resources") or []:
        if resource.get("type") != MY:
            raise Refusal(
                "TwinTemplate", f"The twin deploys only {MY} from a template, not {resource.get('type')}."
            )
        if not (resource.get("properties") or {}).get("administratorLoginPassword"):
            raise Refusal(
                "InvalidParameterValue", "administratorLoginPassword is required to create a server."
            )


def _stack_made(scope: Scope) -> None:
    template, found = scope.get("template") or {}, []
    for resource in template.get("resources") or []:
        id_ = scope.fill(f"{GROUP}/providers/{MY}/") + str(resource["name"])
        # The password was made up in the cloud and is nobody's: no state has it.
        body = {k: v for k, v in resource["properties"].items() if k != "administratorLoginPassword"}
        links = _template_links(scope, resource)
        if scope.find(token("dbformysql.Server"), id_, None) is None:
            if scope.store.claim(f"{scope.cloud}/mysql", str(resource["name"]), scope.rid) != scope.rid:
                raise Refusal("ServerNameAlreadyExists", f"Server name {resource['name']} is taken.", 409)
            rid = scope.make(
                token("dbformysql.Server"),
                id_,
                {
                    **body,
                    "name": resource["name"],
                    "location": resource["location"],
                    "sku": resource["sku"],
                    "identity": resource["identity"],
                    "fullyQualifiedDomainName": f"{resource['name']}.mysql.database.azure.com",
                    "state": "Ready",
                    "type": MY,
                },
            )
            scope.store.set_links(rid, links)
        found.append({"id": id_, "status": "managed", "denyStatus": "none"})
    scope.state["resources"] = found
    scope.state["provisioningState"] = "succeeded"


def _template_links(scope: Scope, resource: Mapping[str, Value]) -> dict[tuple[int, str], int]:
    """What the server needs must be there, and stays while the server does."""
    network = resource["properties"].get("network") or {}
    wanted = {
        "network.delegatedSubnetResourceId": (network.get("delegatedSubnetResourceId"), "network.Subnet"),
        "network.privateDnsZoneResourceId": (
            network.get("privateDnsZoneResourceId"),
            "privatedns.PrivateZone",
        ),
    }
    links: dict[tuple[int, str], int] = {}
    for at, (value, kind) in wanted.items():
        row = scope.find(token(kind), value, None)
        if row is None:
            raise Refusal("DeploymentFailed", f"{resource['name']}: {at} {value} does not exist.")
        links[row.rid, at] = HOLDS
    return links


def _setting(path_: str, server: str) -> Behaviour:
    return arm(
        f"{path_}/configurations",
        "serverName configurationName",
        parent=server,
        put=True,
        computed={
            "isDynamicConfig": lambda _: True,
            "isReadOnly": lambda _: False,
            "defaultValue": "",
            "dataType": "Enumeration",
        },
    )


def _inside(path_: str, server: str) -> Behaviour:
    return arm(f"{path_}/databases", "serverName databaseName", parent=server, fixed="charset collation")


def _own_tenant(scope: Scope) -> None:
    if scope.get("tenantId") not in (None, tenant_of(scope.unit)):
        raise Refusal("InvalidTenant", f"Tenant {scope.get('tenantId')} is not this subscription's.")


TABLE: Mapping[str, Behaviour] = {
    "dbforpostgresql.Server": arm(
        PG,
        "serverName",
        rule=_NAME,
        fixed="administratorLogin createMode network backup.geoRedundantBackup availabilityZone"
        " dataEncryption.type",
        refs=(
            uses("network.delegatedSubnetResourceId", "network.Subnet"),
            uses("network.privateDnsZoneArmResourceId", "privatedns.PrivateZone"),
            names(
                "dataEncryption.primaryKeyURI",
                "keyvault.Key",
                missing=Answer("KeyVaultKeyNotFound", "The key {value} is not found."),
            ),
            names(
                "dataEncryption.geoBackupKeyURI",
                "keyvault.Key",
                missing=Answer("KeyVaultKeyNotFound", "The key {value} is not found."),
            ),
            uses("dataEncryption.primaryUserAssignedIdentityId", "managedidentity.UserAssignedIdentity"),
            uses("dataEncryption.geoBackupUserAssignedIdentityId", "managedidentity.UserAssignedIdentity"),
        ),
        rules=(_postgresql,),
        computed={
            "fullyQualifiedDomainName": "{serverName}.postgres.database.azure.com",
            "state": "Ready",
            "minorVersion": "9",
        },
        unique=(
            Unique(
                "postgresql",
                "{serverName}",
                Answer("ServerNameAlreadyExists", "Server name {value} is taken.", 409),
                across=True,
            ),
        ),
    ),
    "dbforpostgresql.Administrator": arm(
        f"{PG}/administrators",
        "serverName objectId",
        parent="dbforpostgresql.Server",
        fixed="principalName principalType tenantId",
        rules=(_own_tenant,),
    ),
    "dbforpostgresql.Configuration": _setting(PG, "dbforpostgresql.Server"),
    "dbforpostgresql.Database": _inside(PG, "dbforpostgresql.Server"),
    "resources.DeploymentStackAtResourceGroup": arm(
        "Microsoft.Resources/deploymentStacks",
        "deploymentStackName",
        rule=r"[A-Za-z0-9._()-]{1,90}",
        rules=(_stack,),
        made=(_stack_made,),
        changed=(_stack_made,),
    ),
    "dbformysql.Server": arm(MY, "serverName", rule=_NAME),
    "dbformysql.AzureADAdministrator": arm(
        f"{MY}/administrators",
        "serverName administratorName",
        parent="dbformysql.Server",
        refs=(uses("identityResourceId", "managedidentity.UserAssignedIdentity"),),
        rules=(_own_tenant,),
    ),
    "dbformysql.Configuration": _setting(MY, "dbformysql.Server"),
    "dbformysql.Database": _inside(MY, "dbformysql.Server"),
}
