"""Private endpoints: services of Azure with an address in the network and their usual name.

The zones of a network are all made with it, so that endpoints of any later layer find theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pulumi
import pulumi_azure_native as azure

from components.azure.place import Place
from components.contract import NetworkGives
from components.derive import packages_in, runs
from stacks.plan import CloudPlan

ZONES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "blob": ("privatelink.blob.core.windows.net",),
        "file": ("privatelink.file.core.windows.net",),
        "queue": ("privatelink.queue.core.windows.net",),
        "vault": ("privatelink.vaultcore.azure.net",),
        "registry": ("privatelink.azurecr.io",),
        "azuremonitor": (
            "privatelink.monitor.azure.com",
            "privatelink.oms.opinsights.azure.com",
            "privatelink.ods.opinsights.azure.com",
            "privatelink.agentsvc.azure-automation.net",
            "privatelink.blob.core.windows.net",
        ),
    }
)
"""Zones by sub-resource (Azure Private Link, "Azure private endpoint private DNS zone values")."""


def database_zone(plan: CloudPlan, network: str, engine: str) -> str:
    """The zone of a network's flexible servers: any name that ends as the engine's documentation says."""
    ending = {"postgresql": "postgres", "mysql": "mysql"}[engine]
    return f"{plan.name('' if network == 'main' else network)}.private.{ending}.database.azure.com"


def kinds(plan: CloudPlan, network: str) -> tuple[str, ...]:
    """The sub-resources that `network` has private endpoints for."""
    found = {"vault"}
    for package in packages_in(plan, network):
        if package.delivery == "asp":
            continue
        found |= {"registry"} if runs(package, "container") else set()
        found |= {"azuremonitor"} if runs(package, "server") else set()
        found |= {"file"} if package.files else set()
        found |= {"queue"} if package.queue else set()
    if any(plan.packages[h.sender].network == network for h in plan.handovers):
        found |= {"blob"}
    return tuple(sorted(found))


def zone_names(plan: CloudPlan, network: str) -> tuple[str, ...]:
    """Every zone that `network` needs beside its own domain's."""
    engines = {p.database.engine for p in packages_in(plan, network) if p.database is not None}
    found = {zone for kind in kinds(plan, network) for zone in ZONES[kind]}
    found |= {database_zone(plan, network, e) for e in engines if e != "oracle"}
    return tuple(sorted(found))


def private_endpoint(
    place: Place,
    network: str,
    made: NetworkGives,
    what: str,
    target: pulumi.Input[str],
    kind: str,
    subnet: str = "management-0",
) -> pulumi.CustomResource:
    """The endpoint of `target` (a resource id) for its sub-resource `kind`; gives what to wait for."""
    plan = place.plan
    endpoint = azure.network.PrivateEndpoint(
        place.child(network, "endpoint", what),
        resource_group_name=place.group,
        private_endpoint_name=plan.name(network, what, limit=64),
        custom_network_interface_name=plan.name(network, what, "nic", limit=80),
        location=plan.region,
        subnet={"id": made.subnets[subnet]},
        private_link_service_connections=[
            {"name": what, "private_link_service_id": target, "group_ids": [kind]}
        ],
        tags=place.tags(),
        opts=place.opts(),
    )
    return azure.network.PrivateDnsZoneGroup(
        place.child(network, "endpoint", what, "names"),
        resource_group_name=place.group,
        private_endpoint_name=endpoint.name,
        private_dns_zone_group_name="default",
        private_dns_zone_configs=[
            {"name": zone.replace(".", "-"), "private_dns_zone_id": made.endpoints[zone]}
            for zone in ZONES[kind]
        ],
        opts=place.opts(),
    )
