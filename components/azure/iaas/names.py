"""Private zones and their links."""

from __future__ import annotations

import pulumi
import pulumi_azure_native as azure

from components.azure.place import Place


def private_zone(
    place: Place, network: str, name: str, vnet: pulumi.Output[str]
) -> azure.privatedns.PrivateZone:
    """A private zone, and its link to one network."""
    what = name.replace(".", "-")
    zone = azure.privatedns.PrivateZone(
        place.child(network, "zone", what),
        resource_group_name=place.group,
        private_zone_name=name,
        location="global",
        tags=place.tags(),
        opts=place.opts(),
    )
    azure.privatedns.VirtualNetworkLink(
        place.child(network, "zone", what, "link"),
        resource_group_name=place.group,
        private_zone_name=zone.name,
        virtual_network_link_name=network,
        location="global",
        registration_enabled=False,
        virtual_network={"id": vnet},
        tags=place.tags(),
        opts=place.opts(),
    )
    return zone
