"""Where Pulumi's state and the evidence are kept, and the keys that seal them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.bootstrap.azure import names
from scripts.bootstrap.azure.session import Azure
from scripts.bootstrap.azure.unit import foreign, ours
from scripts.bootstrap.calls import Call, Later
from scripts.bootstrap.steps import Context, Finding, Problem, Settings
from stacks.text import Text

C = Context[Azure]
IN = {"resource_group_name": names.GROUP}


def holds(found: Any, wanted: Any) -> bool:
    """Whether what is there contains what is wanted; more days of keeping are as good."""
    if isinstance(wanted, Mapping):
        inner: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        return all(
            _enough(inner.get(key), value)
            if key in ("days", "softDeleteRetentionInDays")
            else holds(inner.get(key), value)
            for key, value in wanted.items()
        )
    if isinstance(found, str) and isinstance(wanted, str):
        return found.lower() == wanted.lower()
    return bool(found == wanted)


def _enough(found: Any, wanted: Any) -> bool:
    return isinstance(found, int) and found >= int(wanted)


def identity(c: C, name: str) -> tuple[dict[str, Any] | None, Problem | None, Call]:
    """A managed identity of ours: what is there, what is wrong with it, the call that makes it."""
    arguments = {**IN, "resource_name": name}
    found = c.session.read("msi", "user_assigned_identities.get", **arguments)
    body = {"location": c.settings.region, "tags": c.settings.owner}
    why = Text(f"マネージドID {name} を作る", f"make the managed identity {name}")
    make = Call(
        "msi", "user_assigned_identities.create_or_update", {**arguments, "parameters": body}, why, id=name
    )
    problem = None
    if found is not None and not ours(c.settings, found.get("tags")):
        problem = foreign(f"マネージドID {name}", f"the managed identity {name}", c.settings)
    return found, problem, make


def grant(
    c: C, scope: str, who: str, principal: Any, role: str, condition: str = "", kind: str = "ServicePrincipal"
) -> list[Call]:
    """The call that gives a role, unless it is given. `who` names the principal in the assignment's GUID."""
    name = names.assignment(scope, who, role)
    found = c.session.read("authorization", "role_assignments.get", scope=scope, role_assignment_name=name)
    inner = (found or {}).get("properties", {})
    if found and inner.get("principalId") == principal and (inner.get("condition") or "") == condition:
        return []
    properties: dict[str, Any] = {"roleDefinitionId": role, "principalId": principal, "principalType": kind}
    if condition:
        properties |= {"condition": condition, "conditionVersion": "2.0"}
    arguments = {"scope": scope, "role_assignment_name": name, "parameters": {"properties": properties}}
    why = Text(f"{who} に権限を与える", f"grant {who} its role")
    return [Call("authorization", "role_assignments.create", arguments, why)]


def principal(found: Mapping[str, Any] | None, name: str) -> Any:
    """The principal of an identity: what it is, or what it will be."""
    if found is not None:
        return found["properties"]["principalId"]
    return Later(f"principal of {name}", name, ("properties", "principalId"))


def look_keys(c: C) -> Finding:
    """The vault, both keys, and the identity by which the storage account uses the state's."""
    s = c.settings
    found, problem, make = identity(c, names.STORE_IDENTITY)
    if problem:
        return Finding(facts={"identity": names.STORE_IDENTITY}, problem=problem)
    calls: list[Call] = [] if found else [make]
    vault = c.session.read("keyvault", "vaults.get", **IN, vault_name=names.vault(s))
    wanted = vault_body(s, c.session.tenant)
    facts = {"vault": names.vault(s) if vault else None}
    if vault is not None and not ours(s, vault.get("tags")):
        return Finding(
            facts=facts, problem=foreign(f"Key Vault {names.vault(s)}", f"the vault {names.vault(s)}", s)
        )
    if vault is not None and vault["location"] != s.region:
        return Finding(facts=facts, problem=_elsewhere(f"Key Vault {names.vault(s)}", vault["location"]))
    if vault is None or not holds(vault["properties"], wanted["properties"]):
        arguments = {**IN, "vault_name": names.vault(s), "parameters": wanted}
        why = Text("鍵の入れ物を作る・整える", "make the vault, or set it right")
        calls.append(Call("keyvault", "vaults.begin_create_or_update", arguments, why))
    for name in (names.STATE_KEY, names.SECRETS_KEY):
        where = {**IN, "vault_name": names.vault(s), "key_name": name}
        if vault is None or c.session.read("keyvault", "keys.get", **where) is None:
            why = Text(f"鍵 {name} を作る", f"make the key {name}")
            calls.append(
                Call("keyvault", "keys.create_if_not_exist", {**where, "parameters": key_body(s)}, why)
            )
    role = names.built_in(s, names.ENCRYPTION_USER)
    who = principal(found, names.STORE_IDENTITY)
    calls += grant(c, names.key_id(s, names.STATE_KEY), names.STORE_IDENTITY, who, role)
    return Finding(facts=facts, calls=tuple(calls))


def vault_body(settings: Settings, tenant: str) -> dict[str, Any]:
    """The vault: roles instead of access policies; nothing in it can be purged."""
    return {
        "location": settings.region,
        "tags": settings.owner,
        "properties": {
            "tenantId": tenant,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            "enableSoftDelete": True,
            "enablePurgeProtection": True,
            "softDeleteRetentionInDays": names.KEEP_DAYS,
        },
    }


def key_body(settings: Settings) -> dict[str, Any]:
    """A key that rotates by itself once a year; older versions go on opening what they sealed."""
    return {
        "tags": settings.owner,
        "properties": {
            "kty": "RSA",
            "keySize": names.KEY_BITS,
            "keyOps": ["encrypt", "decrypt", "wrapKey", "unwrapKey"],
            "rotationPolicy": {
                "lifetimeActions": [
                    {"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}},
                ],
                "attributes": {"expiryTime": "P2Y"},
            },
        },
    }


def look_state(c: C) -> Finding:
    """The storage account, its versions, and the container of the state."""
    s = c.settings
    where = {**IN, "account_name": names.account(s)}
    found = c.session.read("storage", "storage_accounts.get_properties", **where)
    facts: dict[str, Any] = {"account": names.account(s) if found else None}
    if found is not None and not ours(s, found.get("tags")):
        problem = foreign(
            f"ストレージアカウント {names.account(s)}", f"the storage account {names.account(s)}", s
        )
        return Finding(facts=facts, problem=problem)
    if found is not None and found["location"] != s.region:
        return Finding(facts=facts, problem=_elsewhere(names.account(s), found["location"]))
    wanted, calls = account_body(s), list[Call]()
    if found is None:
        why = Text("状態のストレージアカウントを作る", "make the storage account of the state")
        calls.append(Call("storage", "storage_accounts.begin_create", {**where, "parameters": wanted}, why))
    elif not holds(found["properties"], wanted["properties"]):
        change = {"properties": {k: v for k, v in wanted["properties"].items() if k not in _AT_BIRTH}}
        why = Text("ストレージアカウントを整える", "set the storage account right")
        calls.append(Call("storage", "storage_accounts.update", {**where, "parameters": change}, why))
    service = c.session.read("storage", "blob_services.get_service_properties", **where) if found else None
    body = {"properties": _VERSIONS}
    if not holds((service or {}).get("properties"), _VERSIONS):
        why = Text("版と、消したものを残す", "keep versions, and what was deleted")
        calls.append(
            Call("storage", "blob_services.set_service_properties", {**where, "parameters": body}, why)
        )
    calls += _container(c, names.STATE, found is not None)
    facts["versions"] = (service or {}).get("properties", {}).get("isVersioningEnabled")
    return Finding(facts=facts, calls=tuple(calls))


_AT_BIRTH = ("encryption",)
_VERSIONS: Mapping[str, Any] = {
    "isVersioningEnabled": True,
    "changeFeed": {"enabled": True},
    "deleteRetentionPolicy": {"enabled": True, "days": names.KEEP_DAYS},
    "containerDeleteRetentionPolicy": {"enabled": True, "days": names.KEEP_DAYS},
}


def account_body(settings: Settings) -> dict[str, Any]:
    """The account: zone-redundant, no public blobs, no shared keys, sealed by our key."""
    identity_ = names.identity_id(settings, names.STORE_IDENTITY)
    return {
        "location": settings.region,
        "tags": settings.owner,
        "sku": {"name": "Standard_ZRS"},
        "kind": "StorageV2",
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity_: {}}},
        "properties": {
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": False,
            "allowCrossTenantReplication": False,
            "defaultToOAuthAuthentication": True,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
            "encryption": {
                "requireInfrastructureEncryption": True,
                "keySource": "Microsoft.Keyvault",
                "keyvaultproperties": {
                    "keyvaulturi": f"https://{names.vault(settings)}.vault.azure.net",
                    "keyname": names.STATE_KEY,
                },
                "identity": {"userAssignedIdentity": identity_},
                "services": {"blob": {"enabled": True, "keyType": "Account"}},
            },
        },
    }


def _container(c: C, name: str, there: bool) -> list[Call]:
    where = {**IN, "account_name": names.account(c.settings), "container_name": name}
    found = c.session.read("storage", "blob_containers.get", **where) if there else None
    if found is not None and (found["properties"].get("publicAccess") or "None") == "None":
        return []
    body = {"properties": {"publicAccess": "None", "metadata": {"part": "bootstrap"}}}
    why = Text(f"コンテナー {name} を作る", f"make the container {name}")
    return [Call("storage", "blob_containers.create", {**where, "blob_container": body}, why)]


def look_archive(c: C) -> Finding:
    """The container of the evidence; in production its immutability is locked for good."""
    s = c.settings
    there = c.session.read("storage", "storage_accounts.get_properties", **IN, account_name=names.account(s))
    calls = _container(c, names.EVIDENCE, there is not None)
    where = {**IN, "account_name": names.account(s), "container_name": names.EVIDENCE}
    # The service shows an empty policy where none was ever set.
    found = None if calls else c.session.read("storage", "blob_containers.get_immutability_policy", **where)
    inner = (found or {}).get("properties", {})
    days = s.archive_years * 365
    facts = {"days": inner.get("immutabilityPeriodSinceCreationInDays"), "state": inner.get("state")}
    if int(inner.get("immutabilityPeriodSinceCreationInDays") or 0) < days:
        body = {
            "properties": {"immutabilityPeriodSinceCreationInDays": days, "allowProtectedAppendWrites": False}
        }
        why = Text("保存期間を決める", "set how long it must be kept")
        arguments = {**where, "parameters": body}
        operation = "blob_containers.create_or_update_immutability_policy"
        calls.append(Call("storage", operation, arguments, why, id="policy"))
    if s.production and inner.get("state") != "Locked":
        tag = found["etag"] if found and not calls else Later("etag of the policy", "policy", ("etag",))
        why = Text("保存期間をロックする（取り消せません）", "lock it (cannot be undone)")
        arguments = {**where, "etag": tag}
        calls.append(Call("storage", "blob_containers.lock_immutability_policy", arguments, why))
    return Finding(facts=facts, calls=tuple(calls))


def _elsewhere(name: str, location: str) -> Problem:
    return Problem(
        "impossible",
        Text(
            f"{name} は {location} にあります。場所は変えられません。",
            f"{name} is in {location}; that cannot be changed",
        ),
        Text("空なら消して、もう一度実行してください。", "Delete it if it is empty, then run this again."),
    )
