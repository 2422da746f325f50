"""Storage, key vaults, databases, caches, messaging, registries. Defaults are those of the REST API."""

from __future__ import annotations

import re
from typing import Any

from policies.extract.common import given, written
from policies.facts import (
    UNKNOWN,
    Access,
    Availability,
    Backup,
    Compute,
    Credential,
    Encryption,
    Exposure,
    Facts,
    KeyCare,
    Kind,
    Location,
    Logging,
    Maybe,
    Patching,
    Protection,
    Retention,
)
from policies.props import Props, known, matched, opposite

OLDEST_POSTGRES, OLDEST_MYSQL = 13, 8
"""Oldest major versions taken as supported (general knowledge of the vendors' tables)."""


def public(p: Props, default: str = "Enabled") -> Maybe[bool]:
    """Whether the public network reaches it: not disabled, and no rule that denies by default."""
    said = p.text("publicNetworkAccess", default)
    if said is UNKNOWN:
        return UNKNOWN
    if str(said).lower() in ("disabled", "securedbyperimeter"):
        return False
    for block in ("networkRuleSet", "networkAcls", "networkRuleSets"):
        action = p.text_at(block, "defaultAction")
        if action is UNKNOWN:
            return UNKNOWN
        if action == "Deny":
            return False
    return True


def tls(value: object, default: float) -> Maybe[float]:
    """A TLS version as a number: TLS1_2, 1.2, Tls12."""
    if value is UNKNOWN:
        return UNKNOWN
    found = re.search(r"1[._]?([0-3])", str(value or ""))
    return default if found is None else float(f"1.{found[1]}")


def storage(p: Props) -> Facts:
    """A storage account; its services and containers are resources of their own."""
    source = p.text_at("encryption", "keySource", default="Microsoft.Storage")
    tags = p.get("tags")
    purpose = tags.get("purpose") if isinstance(tags, dict) else None
    name = p.get("accountName")
    if p.text("kind") == "FileStorage":
        # Shares, not objects: NFS knows neither versions nor TLS, so the network alone keeps it closed.
        return Facts(
            "azure",
            Kind.FILES,
            handles=known(name),
            exposure=Exposure(public_access=public(p)),
            encryption=Encryption(
                customer_key=UNKNOWN if source is UNKNOWN else source == "Microsoft.Keyvault"
            ),
            access=Access(local_accounts=p.flag("allowSharedKeyAccess", True)),
        )
    lock = ("immutableStorageWithVersioning", "immutabilityPolicy", "immutabilityPeriodSinceCreationInDays")
    return Facts(
        "azure",
        Kind.BUCKET,
        handles=known(name),
        purpose=purpose if purpose in ("archive", "handover") else None,
        exposure=Exposure(
            anonymous=False,
            blocked=opposite(p.flag("allowBlobPublicAccess", False)),
            public_access=public(p),
        ),
        encryption=Encryption(
            customer_key=UNKNOWN if source is UNKNOWN else source == "Microsoft.Keyvault",
            in_transit=p.flag("enableHttpsTrafficOnly", True),
            tls=tls(p.text("minimumTlsVersion"), 1.0),
        ),
        access=Access(local_accounts=p.flag("allowSharedKeyAccess", True)),
        # Hierarchical accounts have no versions; soft delete is what they have instead.
        protection=Protection(versions=None if p.flag("isHnsEnabled", False) is True else False),
        retention=Retention(recover_days=0, lock_days=p.number_at(*lock)),
    )


def _part(p: Props, **aspects: Any) -> Facts:
    target = p.get("accountName")
    return Facts(
        "azure",
        Kind.BUCKET,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.BUCKET,
        of_property="accountName",
        **aspects,
    )


def container(p: Props) -> Facts:
    """A container of blobs."""
    access = p.text("publicAccess", "None")
    return _part(p, exposure=Exposure(anonymous=UNKNOWN if access is UNKNOWN else access != "None"))


def blob_service(p: Props) -> Facts:
    """Versions and soft delete of a storage account."""
    on = p.flag_at("deleteRetentionPolicy", "enabled", default=False)
    days = p.number_at("deleteRetentionPolicy", "days", default=0)
    return _part(
        p,
        protection=Protection(versions=p.flag("isVersioningEnabled", False)),
        retention=Retention(recover_days=UNKNOWN if on is UNKNOWN else days if on else 0),
    )


def life(p: Props) -> Facts:
    """What a storage account deletes by itself."""
    rules = p.block("policy")
    found = rules.blocks("rules") if isinstance(rules, Props) else UNKNOWN
    if found is UNKNOWN:
        return _part(p, retention=Retention(expiry_days=UNKNOWN))
    days = [
        r.number_at("definition", "actions", "baseBlob", "delete", "daysAfterModificationGreaterThan")
        for r in found
        if r.flag("enabled", True) is not False
    ]
    given = [d for d in days if d is not None]
    return _part(
        p,
        retention=Retention(
            expiry_days=UNKNOWN
            if UNKNOWN in given
            else min((d for d in given if isinstance(d, (int, float))), default=None)
        ),
    )


def vault(p: Props) -> Facts:
    """A key vault."""
    inside = p.block("properties")
    q = inside if isinstance(inside, Props) else Props({})
    days = q.number("softDeleteRetentionInDays", 90)
    return Facts(
        "azure",
        Kind.KEY,
        handles=known(p.get("vaultName")),
        keycare=KeyCare(purge_protected=q.flag("enablePurgeProtection", False), deletion_days=days),
        exposure=Exposure(public_access=public(q)),
        retention=Retention(recover_days=days),
    )


def key(p: Props) -> Facts:
    """A key in a vault."""
    inside = p.block("properties")
    q = inside if isinstance(inside, Props) else Props({})
    kind, size = q.text("kty", "RSA"), q.number("keySize", 2048)
    actions = q.block("rotationPolicy")
    return Facts(
        "azure",
        Kind.KEY,
        keycare=KeyCare(
            rotation=UNKNOWN if actions is UNKNOWN else actions is not None,
            rotation_days=_period(actions),
            strong=True
            if str(kind).startswith("EC")
            else UNKNOWN
            if size is UNKNOWN
            else (size or 0) >= 2048,
        ),
    )


def _period(policy: Any) -> Maybe[float]:
    if not isinstance(policy, Props):
        return None if policy is None else UNKNOWN
    actions = policy.blocks("lifetimeActions")
    for one in [] if actions is UNKNOWN else actions:
        said = one.text_at("trigger", "timeAfterCreate")
        found = matched(r"^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?$", said)
        if found is UNKNOWN:
            return UNKNOWN
        if found is not None and any(found.groups()):
            years, months, days = (int(g or 0) for g in found.groups())
            return float(years * 365 + months * 30 + days)
    return None


def secret(p: Props) -> Facts:
    """A secret in a vault: its value, if the program gives one."""
    inside = p.raw.get("properties")
    return Facts(
        "azure",
        Kind.SECRET_VALUE,
        credential=Credential(literal=written(inside.get("value")) if isinstance(inside, dict) else UNKNOWN),
    )


def server(p: Props, oldest: int) -> Facts:
    """A flexible server of PostgreSQL or MySQL."""
    private = p.get("network") is not None and p.text_at("network", "delegatedSubnetResourceId") is not None
    access = p.text_at("network", "publicNetworkAccess", default="Disabled" if private else "Enabled")
    mode = p.text_at("highAvailability", "mode", default="Disabled")
    geo = p.text_at("backup", "geoRedundantBackup", default="Disabled")
    version = matched(r"^\d+", p.get("version"))
    size = p.text_at("sku", "name")
    login = p.text_at("authConfig", "passwordAuth", default="Enabled")
    return Facts(
        "azure",
        Kind.DATABASE,
        exposure=Exposure(public_access=UNKNOWN if access is UNKNOWN else access == "Enabled"),
        encryption=Encryption(customer_key=p.has("dataEncryption")),
        credential=Credential(
            literal=given(p, "administratorLoginPassword"),
            cloud_managed=UNKNOWN if login is UNKNOWN else login == "Disabled",
        ),
        access=Access(local_accounts=UNKNOWN if login is UNKNOWN else login != "Disabled"),
        backup=Backup(
            days=p.number_at("backup", "backupRetentionDays", default=7),
            elsewhere=UNKNOWN if geo is UNKNOWN else geo == "Enabled",
        ),
        availability=Availability(
            zones=UNKNOWN if mode is UNKNOWN else 2.0 if mode == "ZoneRedundant" else 1.0
        ),
        patching=Patching(
            supported=version if version is None or version is UNKNOWN else int(version[0]) >= oldest
        ),
        compute=Compute(vcpus=cores(size), current=generation(size)),
    )


def cores(size: object) -> Maybe[float]:
    """vCPUs of a size: the first number after the family, Standard_D4ds_v5 (Azure's naming)."""
    if size is UNKNOWN or size is None:
        return None if size is None else UNKNOWN
    found = re.search(r"_[A-Z]+(\d+)", str(size))
    return float(found[1]) if found else None


def generation(size: object) -> Maybe[bool]:
    """Whether a size is of a current generation: v4 or later; burstable ones have none."""
    if size is UNKNOWN or size is None:
        return None if size is None else UNKNOWN
    found = re.search(r"_v(\d+)$", str(size))
    return None if str(size).startswith("Standard_B") else found is not None and int(found[1]) >= 4


def setting(p: Props) -> Facts | None:
    """A server's parameter: whether TLS is required."""
    name = p.get("configurationName")
    if name not in ("require_secure_transport", "ssl_enforcement"):
        return None
    return Facts(
        "azure",
        Kind.DATABASE,
        purpose="member",
        tags={},
        encryption=Encryption(in_transit=p.flag("value", False)),
    )


def sql_server(p: Props) -> Facts:
    """A logical server of Azure SQL."""
    only = p.flag_at("administrators", "azureADOnlyAuthentication", default=False)
    return Facts(
        "azure",
        Kind.DATABASE,
        handles=known(p.get("serverName")),
        exposure=Exposure(public_access=public(p)),
        encryption=Encryption(tls=tls(p.text("minimalTlsVersion"), 1.0), customer_key=p.has("keyId")),
        credential=Credential(literal=given(p, "administratorLoginPassword"), cloud_managed=only),
        access=Access(local_accounts=opposite(only)),
        logging=Logging(enabled=False),
    )


def sql_database(p: Props) -> Facts:
    """A database of Azure SQL. Geo is the default of its backups."""
    kept = p.text("requestedBackupStorageRedundancy", "Geo")
    return Facts(
        "azure",
        Kind.DATABASE,
        purpose="member",
        backup=Backup(elsewhere=UNKNOWN if kept is UNKNOWN else kept in ("Geo", "GeoZone")),
        availability=Availability(zones=_zones(p.flag("zoneRedundant", False))),
    )


def _zones(redundant: object) -> Maybe[float]:
    return UNKNOWN if redundant is UNKNOWN else 2.0 if redundant else 1.0


def _of_server(p: Props, **aspects: Any) -> Facts:
    target = p.get("serverName")
    return Facts(
        "azure",
        Kind.DATABASE,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.DATABASE,
        of_property="serverName",
        **aspects,
    )


def cosmos(p: Props) -> Facts:
    """A Cosmos DB account."""
    places = p.blocks("locations")
    kind = p.text_at("backupPolicy", "type", default="Periodic")
    return Facts(
        "azure",
        Kind.NOSQL,
        exposure=Exposure(public_access=public(p)),
        encryption=Encryption(
            customer_key=p.has("keyVaultKeyUri"), tls=tls(p.text("minimalTlsVersion"), 1.2)
        ),
        access=Access(local_accounts=opposite(p.flag("disableLocalAuth", False))),
        backup=Backup(point_in_time=UNKNOWN if kind is UNKNOWN else kind == "Continuous"),
        location=Location(
            copies=UNKNOWN
            if places is UNKNOWN
            else tuple(
                x.lower().replace(" ", "") for x in known(*(one.get("locationName") for one in places))
            )
        ),
    )


def redis(p: Props) -> Facts:
    """A Redis cache."""
    return Facts(
        "azure",
        Kind.CACHE,
        exposure=Exposure(public_access=public(p)),
        encryption=Encryption(
            in_transit=opposite(p.flag("enableNonSslPort", False)), tls=tls(p.text("minimumTlsVersion"), 1.2)
        ),
        access=Access(local_accounts=opposite(p.flag("disableAccessKeyAuthentication", False))),
    )


def search(p: Props) -> Facts:
    """A search service."""
    return Facts(
        "azure",
        Kind.SEARCH,
        exposure=Exposure(public_access=public(p)),
        access=Access(local_accounts=opposite(p.flag("disableLocalAuth", False))),
    )


def namespace(kind: Kind) -> Any:
    """A namespace of Event Hubs or Service Bus."""

    def extract(p: Props) -> Facts:
        """A namespace's facts."""
        source = p.text_at("encryption", "keySource", default="")
        return Facts(
            "azure",
            kind,
            exposure=Exposure(public_access=public(p)),
            encryption=Encryption(
                customer_key=UNKNOWN if source is UNKNOWN else source == "Microsoft.KeyVault",
                tls=tls(p.text("minimumTlsVersion"), 1.2),
                in_transit=True if kind is Kind.STREAM else None,
            ),
            access=Access(local_accounts=opposite(p.flag("disableLocalAuth", False))),
        )

    return extract


def registry(p: Props) -> Facts:
    """A container registry."""
    status = p.text_at("encryption", "status", default="disabled")
    return Facts(
        "azure",
        Kind.REGISTRY,
        exposure=Exposure(public_access=public(p), anonymous=p.flag("anonymousPullEnabled", False)),
        encryption=Encryption(customer_key=UNKNOWN if status is UNKNOWN else status == "enabled"),
        access=Access(local_accounts=p.flag("adminUserEnabled", False)),
    )


def netapp(p: Props) -> Facts:
    """An account of NetApp Files: its key."""
    source = p.text_at("encryption", "keySource", default="Microsoft.NetApp")
    return Facts(
        "azure",
        Kind.FILES,
        encryption=Encryption(customer_key=UNKNOWN if source is UNKNOWN else source == "Microsoft.KeyVault"),
    )


def share(p: Props) -> Facts:
    """A share of NetApp Files: whether its traffic is encrypted (Kerberos 5p or SMB encryption)."""
    return Facts("azure", Kind.FILES, encryption=Encryption(in_transit=p.flag("smbEncryption", False)))


TABLE = {
    "storage:storageaccount": storage,
    "storage:blobcontainer": container,
    "storage:blobserviceproperties": blob_service,
    "storage:managementpolicy": life,
    "storage:blobcontainerimmutabilitypolicy": lambda p: _part(
        p, retention=Retention(lock_days=p.number("immutabilityPeriodSinceCreationInDays", 0))
    ),
    "keyvault:vault": vault,
    "keyvault:key": key,
    "keyvault:secret": secret,
    "dbforpostgresql:server": lambda p: server(p, OLDEST_POSTGRES),
    "dbformysql:server": lambda p: server(p, OLDEST_MYSQL),
    "dbforpostgresql:configuration": setting,
    "dbformysql:configuration": setting,
    "sql:server": sql_server,
    "sql:database": sql_database,
    "sql:serverblobauditingpolicy": lambda p: _of_server(p, logging=Logging(enabled=p.flag("state", False))),
    "sql:extendedserverblobauditingpolicy": lambda p: _of_server(
        p, logging=Logging(enabled=p.flag("state", False))
    ),
    "cosmosdb:databaseaccount": cosmos,
    "documentdb:databaseaccount": cosmos,
    "redis:redis": redis,
    "cache:redis": redis,
    "search:service": search,
    "eventhub:namespace": namespace(Kind.STREAM),
    "servicebus:namespace": namespace(Kind.QUEUE),
    "eventhub:namespaceauthorizationrule": lambda _: Facts("azure", Kind.LONG_LIVED_KEY),
    "servicebus:namespaceauthorizationrule": lambda _: Facts("azure", Kind.LONG_LIVED_KEY),
    "containerregistry:registry": registry,
    "containerregistry:token": lambda _: Facts("azure", Kind.LONG_LIVED_KEY),
    "netapp:account": netapp,
    "netapp:capacitypoolvolume": share,
    "netapp:volume": share,
}
