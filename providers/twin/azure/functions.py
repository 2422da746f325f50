"""Answers to Azure functions (Pulumi invokes), out of the store and the facts of the subscription."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.twin.azure.session import tenant_of
from providers.twin.azure.words import token
from providers.twin.behaviour import Refusal
from providers.twin.cloud import Call, Function
from providers.wire import Value

ADMINISTRATOR = "5d0c6e0a-3f6e-4c53-9a86-aaaaaaaaaaaa"
"""Object id of who calls: the administrator, who signs in through the agency's Entra tenant."""
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Client id of the Azure CLI, which people sign in with."""


def _client(call: Call) -> dict[str, Value]:
    return {
        "subscriptionId": call.session.unit,
        "tenantId": tenant_of(call.session.unit),
        "objectId": ADMINISTRATOR,
        "clientId": CLI,
    }


def _getter(kind: str, path: str) -> Function:
    """The answer to a `get…` of one resource, by its path: `{name}` are the function's arguments."""

    def answer(call: Call) -> dict[str, Value]:
        id_ = f"/subscriptions/{call.session.unit}/" + path.format_map(
            {key: str(value) for key, value in call.arguments.items()}
        )
        row = call.store.get("azure-native", call.session.unit, token(kind), id_)
        if row is None:
            raise Refusal("ResourceNotFound", f"The Resource '{id_}' was not found.", 404)
        return {**row.state, "id": row.id}

    return answer


_ANSWERS: Mapping[str, Function] = {
    "authorization:getClientConfig": _client,
    "keyvault:getKey": _getter(
        "keyvault.Key",
        "resourceGroups/{resourceGroupName}/providers/Microsoft.KeyVault/vaults/{vaultName}/keys/{keyName}",
    ),
    "network:getNetworkInterface": _getter(
        "network.NetworkInterface",
        "resourceGroups/{resourceGroupName}/providers/Microsoft.Network/networkInterfaces/{networkInterfaceName}",
    ),
    "managedidentity:getUserAssignedIdentity": _getter(
        "managedidentity.UserAssignedIdentity",
        "resourceGroups/{resourceGroupName}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
    ),
    "resources:getResourceGroup": _getter("resources.ResourceGroup", "resourceGroups/{resourceGroupName}"),
    "network:getVirtualNetwork": _getter(
        "network.VirtualNetwork",
        "resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworks/{virtualNetworkName}",
    ),
}


def function(name: str) -> Callable[[Call], dict[str, Value]] | None:
    """The answer to `azure-native:network:getNetworkInterface` and the like, None when not modelled."""
    return _ANSWERS.get(name.removeprefix("azure-native:"))
