"""Groups, identities, rights, policies, Defender, budgets, key vaults."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace

from providers.twin.azure.roles import POLICIES, POLICY_SETS, ROLES
from providers.twin.azure.session import client_of, principal_of, tenant_of
from providers.twin.azure.words import EXISTS, arm, in_use, located, names, props, token
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope, now

_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
_VAULT = r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]"


def scope_exists(scope: Scope, value: str) -> None:
    """Refusal unless `value` is the subscription or (within) something in it."""
    if value.lower().strip("/") == f"subscriptions/{scope.unit}":
        return
    parts = value.split("/")
    for end in range(len(parts), 4, -1):
        if (
            next(iter(scope.store.with_value(scope.cloud, "/".join(parts[:end]), scope.unit)), None)
            is not None
        ):
            return
    raise Refusal("ResourceNotFound", f"The scope '{value}' was not found.", 404)


def _assignment(scope: Scope) -> None:
    if not _GUID.fullmatch(str(scope.get("roleAssignmentName"))):
        raise Refusal("InvalidRoleAssignmentId", f"{scope.get('roleAssignmentName')} is not a GUID.")
    scope_exists(scope, str(scope.get("scope")))
    role = str(scope.get("roleDefinitionId"))
    custom = scope.find(token("authorization.RoleDefinition"), role, None)
    if role.rsplit("/", 1)[-1] not in ROLES and custom is None:
        raise Refusal(
            "RoleDefinitionDoesNotExist", f"The specified role definition '{role}' does not exist.", 404
        )
    if bool(scope.get("condition")) != bool(scope.get("conditionVersion")):
        raise Refusal("InvalidConditionVersion", "A condition and its version come together.")


def _definition(scope: Scope) -> None:
    known = POLICIES | POLICY_SETS
    for at, one in enumerate(scope.get("policyDefinitions") or []):
        id_ = str(one.get("policyDefinitionId"))
        if id_.rsplit("/", 1)[-1] not in known:
            raise Refusal(
                "PolicyDefinitionNotFound",
                f"policyDefinitions[{at}]: the policy definition '{id_}' is not found.",
                404,
            )


def _policy(scope: Scope) -> None:
    scope_exists(scope, str(scope.get("scope")))
    id_ = str(scope.get("policyDefinitionId"))
    ours = scope.find(token("authorization.PolicySetDefinition"), id_, None)
    if id_.rsplit("/", 1)[-1] not in POLICIES | POLICY_SETS and ours is None:
        raise Refusal("PolicyDefinitionNotFound", f"The policy definition '{id_}' is not found.", 404)


def _budget(scope: Scope) -> None:
    start = str((scope.get("timePeriod") or {}).get("startDate") or "")
    if not re.match(r"\d{4}-\d{2}-01", start):
        raise Refusal("400", "Start date must be the first of a month.")
    if scope.old is None and start[:7] < now()[:7]:
        raise Refusal("400", "Start date must be in the current time grain period or later.")
    groups = [g for n in (scope.get("notifications") or {}).values() for g in n.get("contactGroups") or []]
    for group in groups:
        if scope.find(token("monitor.ActionGroup"), group, None) is None:
            raise Refusal("400", f"Action group {group} does not exist.")


def _vault(scope: Scope) -> None:
    days = (scope.get("properties") or {}).get("softDeleteRetentionInDays")
    if days is not None and not 7 <= int(days) <= 90:
        raise Refusal("BadRequest", f"softDeleteRetentionInDays must be 7 to 90, not {days}.")
    if scope.old is None:
        return
    before = scope.old.state.get("properties") or {}
    after = scope.get("properties") or {}
    if before.get("enablePurgeProtection") and not after.get("enablePurgeProtection"):
        raise Refusal("BadRequest", 'The property "enablePurgeProtection" cannot be set to false.')
    if before.get("softDeleteRetentionInDays") != after.get("softDeleteRetentionInDays"):
        raise Refusal("BadRequest", "The property 'softDeleteRetentionInDays' has been set already.")


def _vault_made(scope: Scope) -> None:
    made = dict(scope.get("properties") or {})
    made["vaultUri"] = f"https://{scope.get('vaultName')}.vault.azure.net/"
    scope.state["properties"] = made


def _vault_gone(scope: Scope) -> None:
    """A deleted vault keeps its name for as long as it can be recovered."""
    properties = scope.get("properties") or {}
    days = int(properties.get("softDeleteRetentionInDays") or 90)
    name = f"{scope.cloud}/vault"
    scope.store.drop_claims(scope.rid)
    scope.store.linger(name, str(scope.get("vaultName")), time.time() + days * 86400)


def _key(scope: Scope) -> None:
    properties = scope.get("properties") or {}
    if str(properties.get("kty", "")).startswith("RSA") and properties.get("keySize") not in (
        2048,
        3072,
        4096,
    ):
        raise Refusal(
            "BadParameter", f"An RSA key has 2048, 3072 or 4096 bits, not {properties.get('keySize')}."
        )


def _key_uri(scope: Scope) -> str:
    return f"https://{scope.get('vaultName')}.vault.azure.net/keys/{scope.get('keyName')}"


def at_scope(kind: str, named: str, scope: str = "scope", **more: object) -> Behaviour:
    """The record of a resource that extends another: `<scope>/providers/<kind>/<name>`."""
    last = named.split()[-1]
    base = f"{{{scope}}}" if scope == "scope" else f"/{{{scope}}}"
    made = arm(kind, last, **more)  # type: ignore[arg-type]
    return replace(
        made,
        id=f"{base}/providers/{kind}/{{{last}}}",
        refs=made.refs[1:],
        fixed=made.fixed - {"resourceGroupName"} | {scope},
    )


_PLANS = frozenset(
    {
        "VirtualMachines", "StorageAccounts", "KeyVaults", "Arm", "Containers",
        "OpenSourceRelationalDatabases",
        "CloudPosture", "SqlServers", "AppServices", "SqlServerVirtualMachines", "CosmosDbs", "Api", "AI",
    }
)  # fmt: skip


def _pricing(scope: Scope) -> None:
    if scope.get("pricingName") not in _PLANS:
        raise Refusal("InvalidInputJson", f"{scope.get('pricingName')} is no plan of Defender for Cloud.")


TABLE: Mapping[str, Behaviour] = {
    "resources.ResourceGroup": Behaviour(
        id="/subscriptions/{unit}/resourceGroups/{resourceGroupName}",
        autoname="",
        delete_first=True,
        fixed=props("resourceGroupName location"),
        handles=("{resourceGroupName}",),
        computed={"name": "{resourceGroupName}", "type": "Microsoft.Resources/resourceGroups"},
        rules=(located,),
        missing=Answer("ResourceGroupNotFound", "Resource group '{value}' could not be found.", 404),
        exists=EXISTS,
    ),
    "managedidentity.UserAssignedIdentity": arm(
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "resourceName",
        rule=r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
        computed={
            "principalId": lambda s: principal_of(s.id),
            "clientId": lambda s: client_of(s.id),
            "tenantId": lambda s: tenant_of(s.unit),
        },
        handles=("{principalId}",),
    ),
    "authorization.RoleAssignment": at_scope(
        "Microsoft.Authorization/roleAssignments",
        "roleAssignmentName",
        fixed="principalId roleDefinitionId principalType condition conditionVersion description",
        refs=(
            names(
                "principalId",
                "managedidentity.UserAssignedIdentity",
                "logic.Workflow",
                missing=Answer(
                    "PrincipalNotFound", "Principal {value} does not exist in the directory {unit}.", 400
                ),
            ),
        ),
        rules=(_assignment,),
        unique=(
            Unique(
                "role:{scope}:{roleDefinitionId}",
                "{principalId}",
                Answer("RoleAssignmentExists", "The role assignment already exists.", 409),
            ),
        ),
    ),
    "authorization.RoleDefinition": at_scope(
        "Microsoft.Authorization/roleDefinitions",
        "roleDefinitionId",
        in_use=in_use("RoleDefinitionHasAssignments", "There are existing role assignments for role {id}."),
        unique=(
            Unique(
                "role-name",
                "{roleName}",
                Answer(
                    "RoleDefinitionWithSameNameExists",
                    "A custom role with the name {value} already exists.",
                    409,
                ),
            ),
        ),
    ),
    "authorization.PolicyAssignment": at_scope(
        "Microsoft.Authorization/policyAssignments",
        "policyAssignmentName",
        rule=r"[^<>%&:?/#]{1,64}",
        fixed="policyDefinitionId",
        refs=(),
        rules=(_policy,),
    ),
    "authorization.PolicySetDefinition": replace(
        arm("Microsoft.Authorization/policySetDefinitions", "policySetDefinitionName", rules=(_definition,)),
        id="/subscriptions/{unit}/providers/Microsoft.Authorization/policySetDefinitions/{policySetDefinitionName}",
        refs=(),
        fixed=props("policySetDefinitionName"),
    ),
    "consumption.Budget": at_scope(
        "Microsoft.Consumption/budgets",
        "budgetName",
        scope="scope",
        fixed="timePeriod timeGrain",
        rules=(_budget,),
    ),
    "security.Pricing": at_scope(
        "Microsoft.Security/pricings", "pricingName", scope="scopeId", rules=(_pricing,)
    ),
    "security.SecurityContact": replace(
        arm("Microsoft.Security/securityContacts", "securityContactName"),
        id="/subscriptions/{unit}/providers/Microsoft.Security/securityContacts/{securityContactName}",
        refs=(),
        fixed=props("securityContactName"),
    ),
    "security.Automation": arm(
        "Microsoft.Security/automations",
        "automationName",
        refs=(names("actions[].workspaceResourceId", "operationalinsights.Workspace"),),
    ),
    "keyvault.Vault": arm(
        "Microsoft.KeyVault/vaults",
        "vaultName",
        rule=_VAULT,
        fixed="properties.tenantId",
        rules=(_vault,),
        made=(_vault_made,),
        changed=(_vault_made,),
        gone=(_vault_gone,),
        unique=(
            Unique(
                "vault",
                "{vaultName}",
                Answer("VaultAlreadyExists", "The vault name '{value}' is already in use.", 409),
                lingers=Answer(
                    "ConflictError",
                    "A vault with the same name already exists in deleted state. You need to either"
                    " recover or purge existing key vault.",
                    409,
                ),
                across=True,
            ),
        ),
    ),
    "keyvault.Key": arm(
        "Microsoft.KeyVault/vaults/keys",
        "vaultName keyName",
        parent="keyvault.Vault",
        rule=r"[A-Za-z0-9-]{1,127}",
        fixed="properties.kty properties.keySize properties.curveName",
        rules=(_key,),
        computed={
            "keyUri": _key_uri,
            "keyUriWithVersion": lambda s: f"{_key_uri(s)}/{s.hex(32)}",
            "location": lambda s: row.state.get("location") if (row := s.target("vaultName")) else None,
            "kty": "{properties.kty}",
            "keySize": lambda s: s.get("properties.keySize"),
        },
        handles=("https://{vaultName}.vault.azure.net/keys/{keyName}",),
    ),
}
