"""Azure's end of Oracle Interconnect for Azure: the circuit that is ordered here and taken on OCI.

There is no carrier: the circuit's service key goes straight to OCI, which provisions it and makes the
private peering by itself. Only then can a gateway use it.
"""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure.place import Place
from stacks.plan import JoinPlan

CARRIER = "Oracle Cloud FastConnect"
"""How ExpressRoute calls Oracle among its connectivity providers."""
LOCATION = "Tokyo"
"""Where the two meet in Japan (ExpressRoute documentation, "Locations and connectivity providers")."""


def circuit(place: Place, join: JoinPlan) -> azure.network.ExpressRouteCircuit:
    """The order of the line."""
    return azure.network.ExpressRouteCircuit(
        place.child("join", join.key),
        resource_group_name=place.group,
        circuit_name=place.plan.name(join.key, limit=80),
        location=place.plan.region,
        sku={"name": "Standard_MeteredData", "tier": "Standard", "family": "MeteredData"},
        allow_classic_operations=False,
        service_provider_properties={
            "service_provider_name": CARRIER,
            "peering_location": LOCATION,
            "bandwidth_in_mbps": join.bandwidth_mbps,
        },
        tags=place.tags(),
        # Who has the key may take the line.
        opts=pulumi.ResourceOptions.merge(
            place.kept(),
            pulumi.ResourceOptions(additional_secret_outputs=["serviceKey", "authorizationKey"]),
        ),
    )
