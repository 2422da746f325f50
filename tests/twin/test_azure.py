"""What the twin refuses and reports as Azure: over real gRPC, in a unit that nobody else uses."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from providers.twin import client
from providers.twin.azure.network import service_key
from providers.twin.azure.tables import every
from providers.twin.caller import Caller, CallError, Made
from stacks.azure_roles import OWN

_UNITS, _NAMES = itertools.count(1), itertools.count(1)
GROUP, REGION = "rg", "japaneast"


@pytest.fixture
def subscription() -> str:
    return f"00000000-0000-4000-8000-{next(_UNITS):012d}"


@pytest.fixture
def azure(running: client.Running, subscription: str) -> Iterator[Caller]:
    caller = Caller(running.ports["azure-native"], {"subscriptionId": subscription, "location": REGION})
    make(caller, "resources:ResourceGroup", resourceGroupName=GROUP, location=REGION)
    yield caller
    caller.close()


def make(caller: Caller, kind: str, /, **inputs: Any) -> Made:
    return caller.create(f"azure-native:{kind}", f"n{next(_NAMES)}", inputs)


def refused(what: Callable[[], object]) -> str:
    with pytest.raises(CallError) as caught:
        what()
    return str(caught.value)


def network(caller: Caller, prefix: str = "10.0.0.0/16", name: str = "net") -> str:
    return make(
        caller,
        "network:VirtualNetwork",
        resourceGroupName=GROUP,
        virtualNetworkName=name,
        location=REGION,
        addressSpace={"addressPrefixes": [prefix]},
    ).id


def subnet(caller: Caller, name: str, prefix: str, **more: Any) -> Made:
    return make(
        caller,
        "network:Subnet",
        resourceGroupName=GROUP,
        virtualNetworkName="net",
        subnetName=name,
        addressPrefix=prefix,
        **more,
    )


def test_ids_are_resource_ids(azure: Caller, subscription: str) -> None:
    id_ = network(azure)
    base = f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    assert id_ == f"{base}/virtualNetworks/net"
    assert subnet(azure, "a", "10.0.1.0/24").id == f"{id_}/subnets/a"


def test_every_record_has_an_id_below_a_scope() -> None:
    for token, record in every().items():
        assert isinstance(record.id, str), token
        assert record.id.startswith(("/subscriptions/{unit}/", "{scope}", "/{scopeId}", "{resourceUri}")), (
            token
        )
        assert record.fixed, f"{token}: at least its name is fixed"


def test_what_is_not_there_cannot_be_named(azure: Caller, subscription: str) -> None:
    nowhere = refused(
        lambda: make(
            azure, "network:RouteTable", resourceGroupName="none", routeTableName="r", location=REGION
        )
    )
    assert "ResourceGroupNotFound" in nowhere
    assert "ParentResourceNotFound" in refused(lambda: subnet(azure, "a", "10.0.1.0/24"))
    network(azure)
    table = (
        f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/routeTables/none"
    )
    dangling = refused(lambda: subnet(azure, "a", "10.0.1.0/24", routeTable={"id": table}))
    assert "InvalidResourceReference" in dangling


def test_ranges(azure: Caller) -> None:
    network(azure)
    subnet(azure, "a", "10.0.1.0/24")
    assert "NetcfgSubnetRangesOverlap" in refused(lambda: subnet(azure, "b", "10.0.1.128/25"))
    assert "NetcfgSubnetRangeOutsideVnet" in refused(lambda: subnet(azure, "b", "10.9.1.0/24"))
    assert "InvalidCIDRNotation" in refused(lambda: subnet(azure, "b", "10.0.2.1/24"))
    assert "InvalidSubnetSize" in refused(lambda: subnet(azure, "AzureFirewallSubnet", "10.0.2.0/27"))


def test_what_is_in_use_stays(azure: Caller) -> None:
    network(azure)
    group = make(
        azure,
        "network:NetworkSecurityGroup",
        resourceGroupName=GROUP,
        networkSecurityGroupName="g",
        location=REGION,
    )
    made = subnet(azure, "a", "10.0.1.0/24", networkSecurityGroup={"id": group.id})
    assert "InUse" in refused(lambda: azure.delete(group))
    azure.delete(made)
    azure.delete(group)


def test_places_outside_japan_are_refused(azure: Caller) -> None:
    text = refused(
        lambda: make(
            azure, "network:RouteTable", resourceGroupName=GROUP, routeTableName="r", location="eastus"
        )
    )
    assert "RequestDisallowedByPolicy" in text


def test_names_have_their_forms_and_are_taken_once(azure: Caller) -> None:
    def account(name: str) -> object:
        return make(
            azure,
            "storage:StorageAccount",
            resourceGroupName=GROUP,
            accountName=name,
            location=REGION,
            kind="StorageV2",
            sku={"name": "Standard_ZRS"},
        )

    assert "InvalidResourceName" in refused(lambda: account("Not-Allowed"))
    account("takenforever1")
    assert "already" in refused(lambda: account("takenforever1"))


def test_the_published_model_is_held_to(azure: Caller) -> None:
    network(azure)
    text = refused(lambda: subnet(azure, "a", "10.0.1.0/24", privateEndpointNetworkPolicies="Perhaps"))
    assert "InvalidRequestContent" in text
    assert "NetworkSecurityGroupEnabled" in text, "it says what is allowed"


def test_a_deleted_vault_keeps_its_name(azure: Caller, subscription: str) -> None:
    name = f"kv-{subscription[-8:]}"
    inputs = {
        "resourceGroupName": GROUP,
        "vaultName": name,
        "location": REGION,
        "properties": {
            "tenantId": "t",
            "sku": {"family": "A", "name": "standard"},
            "softDeleteRetentionInDays": 7,
        },
    }
    azure.delete(make(azure, "keyvault:Vault", **inputs))
    assert "deleted state" in refused(lambda: make(azure, "keyvault:Vault", **inputs))


def test_a_circuit_is_provisioned_by_its_carrier(azure: Caller) -> None:
    def circuit(place: str) -> Made:
        return make(
            azure,
            "network:ExpressRouteCircuit",
            resourceGroupName=GROUP,
            circuitName="c",
            location=REGION,
            serviceProviderProperties={
                "serviceProviderName": "Equinix",
                "peeringLocation": place,
                "bandwidthInMbps": 1000,
            },
        )

    assert "PeeringLocation" in refused(lambda: circuit("London"))
    made = circuit("Tokyo2")
    assert made.state["serviceKey"] == service_key(made.id)
    assert made.state["serviceProviderProvisioningState"] == "NotProvisioned"


def test_identities_are_given_as_a_list_and_reported_as_a_map(azure: Caller) -> None:
    who = make(
        azure,
        "managedidentity:UserAssignedIdentity",
        resourceGroupName=GROUP,
        resourceName="identity",
        location=REGION,
    )
    made = make(
        azure,
        "logic:Workflow",
        resourceGroupName=GROUP,
        workflowName="w",
        location=REGION,
        identity={"type": "UserAssigned", "userAssignedIdentities": [who.id]},
    )
    known = made.state["identity"]["userAssignedIdentities"][who.id]
    assert known["principalId"] == who.state["principalId"]


def test_functions_tell_the_truth(azure: Caller, subscription: str) -> None:
    found = azure.invoke("azure-native:authorization:getClientConfig", {})
    assert found["subscriptionId"] == subscription
    missing = refused(
        lambda: azure.invoke(
            "azure-native:network:getNetworkInterface",
            {"resourceGroupName": GROUP, "networkInterfaceName": "none"},
        )
    )
    assert "ResourceNotFound" in missing


def test_a_principal_that_nobody_has_gets_no_role(azure: Caller, subscription: str) -> None:
    text = refused(
        lambda: make(
            azure,
            "authorization:RoleAssignment",
            scope=f"/subscriptions/{subscription}",
            roleAssignmentName="6f1f5a0e-4f0a-5f6b-9a51-6a6963686974",
            principalId="11111111-1111-4111-8111-111111111111",
            principalType="ServicePrincipal",
            roleDefinitionId=f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/"
            "4633458b-17de-408a-b874-0445c86b69e6",
        )
    )
    assert "PrincipalNotFound" in text


def test_the_roles_of_the_bootstrap_are_there_and_what_is_not_defined_cannot_be_given(
    azure: Caller, subscription: str
) -> None:
    who = make(
        azure,
        "managedidentity:UserAssignedIdentity",
        resourceGroupName=GROUP,
        resourceName="sender",
        location=REGION,
    )

    def give(role: str) -> Made:
        return make(
            azure,
            "authorization:RoleAssignment",
            scope=f"/subscriptions/{subscription}",
            roleAssignmentName=str(uuid.uuid5(uuid.NAMESPACE_URL, role)),
            principalId=who.state["principalId"],
            principalType="ServicePrincipal",
            roleDefinitionId=role,
        )

    for role in OWN.values():
        assert give(role.id(subscription)).state["roleDefinitionId"] == role.id(subscription)
    of_another = next(iter(OWN.values())).guid("00000000-0000-4000-8000-00000000c105")
    undefined = (
        f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{of_another}"
    )
    assert "RoleDefinitionDoesNotExist" in refused(lambda: give(undefined))


def interface(caller: Caller, name: str, subnet_id: str, address: str | None = None) -> Made:
    fixed = {"privateIPAllocationMethod": "Static", "privateIPAddress": address} if address else {}
    return make(
        caller,
        "network:NetworkInterface",
        resourceGroupName=GROUP,
        networkInterfaceName=name,
        location=REGION,
        ipConfigurations=[{"name": "ip", "subnet": {"id": subnet_id}, **fixed}],
    )


def test_an_address_is_of_its_subnet_and_taken_once(azure: Caller) -> None:
    network(azure)
    where = subnet(azure, "a", "10.0.1.0/28").id
    assert "PrivateIPAddressNotInSubnet" in refused(lambda: interface(azure, "n", where, "10.0.2.4"))
    for kept in ("10.0.1.0", "10.0.1.3", "10.0.1.15"):
        assert "PrivateIPAddressInReservedRange" in refused(
            lambda kept=kept: interface(azure, "n", where, kept)
        )
    first = interface(azure, "first", where, "10.0.1.4")
    assert "PrivateIPAddressIsAllocated" in refused(lambda: interface(azure, "second", where, "10.0.1.4"))
    found = {
        interface(azure, f"n{n}", where).state["ipConfigurations"][0]["privateIPAddress"] for n in range(10)
    }
    assert len(found) == 10, "no two are given the same"
    assert "SubnetIsFull" in refused(lambda: interface(azure, "one-too-many", where))
    azure.delete(first)
    assert interface(azure, "again", where, "10.0.1.4").id


def test_networks_of_one_hub_are_apart(azure: Caller, subscription: str) -> None:
    hub = (
        f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/virtualHubs/lgwan"
    )

    def connect(name: str, vnet: str) -> Made:
        return make(
            azure,
            "network:HubVirtualNetworkConnection",
            resourceGroupName=GROUP,
            virtualHubName=hub.rsplit("/", 1)[-1],
            connectionName=name,
            remoteVirtualNetwork={"id": vnet},
        )

    first = connect("first", network(azure, "10.0.0.0/16", "first"))
    overlapping, apart = network(azure, "10.0.128.0/17", "second"), network(azure, "10.1.0.0/16", "third")
    assert "VnetAddressSpacesOverlap" in refused(lambda: connect("second", overlapping))
    assert connect("third", apart).id
    azure.delete(first)
    assert connect("second", overlapping).id


TRIPS: dict[str, tuple[str, Callable[[Caller], object]]] = {
    "an id of another kind": (
        "InvalidResourceReference",
        lambda a: [subnet(a, "a", "10.0.1.0/24", routeTable={"id": network(a)})],
    ),
    "a network with something in a subnet": (
        "InUse",
        lambda a: [a.delete(v) for v in [_with_subnet(a)] for _ in [interface(a, "n", f"{v.id}/subnets/a")]],
    ),
    "a range that has subnets": (
        "NetcfgSubnetRangeOutsideVnet",
        lambda a: a.update(_with_subnet(a), {**_NET, "addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}}),
    ),
    "two ranges that overlap": (
        "overlap",
        lambda a: make(
            a,
            "network:VirtualNetwork",
            **_NET,
            addressSpace={"addressPrefixes": ["10.0.0.0/16", "10.0.1.0/24"]},
        ),
    ),
    "a subnet with something in it": ("InUse", lambda a: a.delete(_used_subnet(a))),
    "a gateway in a subnet of another name": (
        "InvalidGatewaySubnet",
        lambda a: make(
            a,
            "network:VirtualNetworkGateway",
            resourceGroupName=GROUP,
            virtualNetworkGatewayName="g",
            location=REGION,
            gatewayType="ExpressRoute",
            ipConfigurations=[
                {"name": "ip", "subnet": {"id": (network(a), subnet(a, "a", "10.0.1.0/24").id)[1]}}
            ],
        ),
    ),
    "two rules of one priority": (
        "SecurityRuleConflict",
        lambda a: make(
            a,
            "network:NetworkSecurityGroup",
            resourceGroupName=GROUP,
            networkSecurityGroupName="g",
            location=REGION,
            securityRules=[
                {
                    "name": name,
                    "priority": 100,
                    "direction": "Inbound",
                    "access": "Deny",
                    "protocol": "*",
                    "sourceAddressPrefix": "*",
                    "sourcePortRange": "*",
                    "destinationAddressPrefix": "*",
                    "destinationPortRange": "*",
                }
                for name in ("one", "two")
            ],
        ),
    ),
    "a name that is taken": ("already", lambda a: (network(a), network(a))),
}
_NET: dict[str, Any] = {"resourceGroupName": GROUP, "virtualNetworkName": "net", "location": REGION}


def _with_subnet(caller: Caller) -> Made:
    made = make(caller, "network:VirtualNetwork", **_NET, addressSpace={"addressPrefixes": ["10.0.0.0/16"]})
    subnet(caller, "a", "10.0.1.0/24")
    return made


def _used_subnet(caller: Caller) -> Made:
    network(caller)
    made = subnet(caller, "a", "10.0.1.0/24")
    interface(caller, "n", made.id)
    return made


@pytest.mark.parametrize("what", list(TRIPS))
def test_what_azure_refuses_the_twin_refuses(azure: Caller, what: str) -> None:
    says, attempt = TRIPS[what]
    assert says in refused(lambda: attempt(azure))


def test_what_cannot_change_in_place_replaces(azure: Caller) -> None:
    made = _with_subnet(azure)
    same = {**_NET, "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    assert list(azure.diff(made, {**same, "location": "japanwest"}).replaces) == ["location"]
    assert list(azure.diff(made, {**same, "virtualNetworkName": "other"}).replaces) == ["virtualNetworkName"]
    wider = azure.diff(made, {**_NET, "addressSpace": {"addressPrefixes": ["10.0.0.0/16", "10.1.0.0/16"]}})
    assert list(wider.replaces) == []
