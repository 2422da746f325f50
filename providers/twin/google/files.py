"""Filestore."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.facts import ZONES
from providers.twin.google.network import take_address
from providers.twin.google.words import bad, hold, item, keeps, key, protected, token
from providers.twin.scope import Scope

_LEAST = {"BASIC_HDD": 1024, "BASIC_SSD": 2560, "ZONAL": 1024, "REGIONAL": 1024, "ENTERPRISE": 1024}
"""Smallest capacity of a tier, GiB (Filestore documentation, "Service tiers")."""


def _tier(scope: Scope) -> None:
    tier, place = str(scope.get("tier")), str(scope.get("location"))
    if tier not in _LEAST:
        raise bad(f"tier '{tier}': {', '.join(_LEAST)}")
    if int(scope.get("fileShares.capacityGb") or 0) < _LEAST[tier]:
        raise bad(f"capacity of a {tier} instance: at least {_LEAST[tier]} GiB")
    if (tier in ("REGIONAL", "ENTERPRISE")) != (place in ZONES):
        raise bad(f"location '{place}' does not fit tier {tier}")
    if scope.get("protocol") == "NFS_V4_1" and tier.startswith("BASIC"):
        raise bad(f"{tier} has no NFS 4.1")


def _connected(scope: Scope) -> None:
    """By Private Service Connect it gets an address of a subnet that a policy lends it."""
    networks = [dict(network) for network in scope.get("networks") or []]
    network = scope.target("networks[0].network")
    if scope.old is not None or not networks or network is None:
        return
    if networks[0].get("connectMode") != "PRIVATE_SERVICE_CONNECT":
        networks[0]["ipAddresses"] = ["10.255.0.2"]
        scope.state["networks"] = networks
        return
    for row in scope.rows(token("networkconnectivity.ServiceConnectionPolicy")):
        fits = row.state.get("network") in (network.id, network.state.get("selfLink"))
        if fits and row.state.get("serviceClass") == "google-cloud-filestore":
            lent = ((row.state.get("pscConfig") or {}).get("subnetworks") or [""])[0]
            subnet = scope.find(token("compute.Subnetwork"), lent)
            if subnet is not None:
                scope.targets["subnetwork"] = subnet
                take_address(scope, "_address")
                networks[0]["ipAddresses"] = [scope.state.pop("_address")]
                scope.state["networks"] = networks
                return
    raise bad(f"no service connection policy of class google-cloud-filestore for network '{network.id}'")


TABLE: Mapping[str, Behaviour] = {
    "filestore.Instance": item(
        "projects/{unit}/locations/{location}/instances/{name}",
        "file",
        "file:v1:Instance",
        "name location tier kmsKeyName protocol networks fileShares.name",
        refs=(hold("networks[].network", "compute.Network"), key("kmsKeyName")),
        computed={"createTime": "{now}", "etag": "{alnum12}"},
        guards=protected("deletionProtectionEnabled"),
        rules=(_tier, _connected, keeps("networks")),
    ),
}
