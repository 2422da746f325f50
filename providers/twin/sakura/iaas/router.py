"""Routers, their subnets and addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

from providers.twin.sakura.faults import bad, conflict, missing
from providers.twin.sakura.iaas.net import users_of
from providers.twin.sakura.place import Place, base, merge_common
from providers.twin.sakura.store import Doc

_BANDWIDTHS = (100, 250, 500, *range(1000, 10001, 500))


def _block(place: Place, length: int) -> ipaddress.IPv4Network:
    """The next free block of documentation-like addresses (198.18.0.0/15 is for benchmarks, RFC 2544)."""
    at = int(place.store.meta("next_block", "0"))
    size = 2 ** (32 - length)
    at = (at + size - 1) // size * size
    place.store.set_meta("next_block", str(at + size))
    return ipaddress.IPv4Network((int(ipaddress.ip_address("198.18.0.0")) + at, length))


def _subnet(place: Place, switch: Doc, length: int, next_hop: str | None) -> Doc:
    block = _block(place, length)
    first = int(block.network_address)
    id_ = place.store.new_id()
    doc: Doc = {
        "ID": id_,
        "NetworkAddress": str(block.network_address),
        "NetworkMaskLen": length,
        "DefaultRoute": None if next_hop else str(ipaddress.ip_address(first + 1)),
        "NextHop": next_hop,
        "StaticRoute": next_hop,
        "ServiceClass": f"cloud/global-ip-address-v4/{length}",
        "IPAddresses": {
            "Min": str(ipaddress.ip_address(first + (0 if next_hop else 4))),
            "Max": str(ipaddress.ip_address(int(block.broadcast_address) - (0 if next_hop else 1))),
        },
        "_switch": switch["ID"],
    }
    place.save("subnet", doc)
    for address in range(first, int(block.broadcast_address) + 1):
        shown = str(ipaddress.ip_address(address))
        place.store.put(
            "ipaddress",
            place.zone,
            shown,
            {"ID": shown, "IPAddress": shown, "HostName": None, "_subnet": id_},
        )
    return doc


def create_internet(place: Place) -> tuple[int, Any]:
    """POST /internet: answers at once, but is listed only later."""
    place.limit("internet", len(place.all("internet")))
    given = place.part("Internet")
    length, speed = given.get("NetworkMaskLen", 28), given.get("BandWidthMbps", 100)
    if length not in (26, 27, 28):
        raise bad("ネットワークマスク長は26〜28で指定してください。(NetworkMaskLen)", "invalid_range")
    if speed not in _BANDWIDTHS:
        raise bad("帯域幅が正しくありません。(BandWidthMbps)", "invalid_range")
    doc = base(place, given)
    switch = base(place, {"Name": given["Name"]})
    switch |= {
        "ServiceClass": "cloud/switch/default",
        "Scope": "user",
        "UserSubnet": None,
        "HybridConnection": None,
        "Zone": place.zone_info(),
        "Internet": {"ID": doc["ID"], "Name": doc["Name"], "BandWidthMbps": speed},
        "Bridge": None,
        "IPv6Nets": [],
        "_platform": True,
    }
    switch["Subnets"] = [_subnet(place, switch, length, None)]
    place.save("switch", switch)
    doc |= {
        "BandWidthMbps": speed,
        "NetworkMaskLen": length,
        "Scope": "user",
        "ServiceClass": f"cloud/internet/router/{speed}m",
        "_switch": switch["ID"],
        "_hidden": True,
    }
    place.later(doc, place.seconds("internet"), ("_hidden", None))
    place.save("internet", doc)
    return 201, {"Internet": show_internet(place, doc)}


def show_internet(place: Place, doc: Doc) -> Doc:
    """A router with its switch."""
    switch = place.store.get("switch", place.zone, str(doc["_switch"])) or {}
    keys = ("ID", "Name", "Scope", "Subnets", "IPv6Nets")
    return {**doc, "Switch": {key: switch.get(key) for key in keys}}


def find_internet(place: Place, id_: str) -> Doc:
    """A router. Refused (404) while it is not listed yet."""
    doc = place.find("internet", id_)
    if doc.get("_hidden"):
        raise missing()
    return doc


def update_internet(place: Place, id_: str) -> Any:
    """PUT /internet/:id."""
    doc = find_internet(place, id_)
    merge_common(place, doc, place.part("Internet"))
    place.save("internet", doc)
    return {"Internet": show_internet(place, doc)}


def change_bandwidth(place: Place, id_: str) -> Any:
    """PUT /internet/:id/bandwidth: a new id."""
    doc = find_internet(place, id_)
    speed = place.part("Internet").get("BandWidthMbps")
    if speed not in _BANDWIDTHS:
        raise bad("帯域幅が正しくありません。(BandWidthMbps)", "invalid_range")
    place.delete("internet", doc)
    doc |= {
        "ID": place.store.new_id(),
        "BandWidthMbps": speed,
        "ServiceClass": f"cloud/internet/router/{speed}m",
    }
    place.save("internet", doc)
    switch = place.find("switch", doc["_switch"])
    switch["Internet"] = {"ID": doc["ID"], "Name": doc["Name"], "BandWidthMbps": speed}
    place.save("switch", switch)
    return {"Internet": show_internet(place, doc)}


def delete_internet(place: Place, id_: str) -> Any:
    """DELETE /internet/:id, with its switch and addresses."""
    doc = find_internet(place, id_)
    switch = place.find("switch", doc["_switch"])
    if users_of(place, str(switch["ID"])):
        raise conflict("disconnect_b4_delete", "接続されているリソースがあるため削除できません。")
    if switch.get("IPv6Nets"):
        raise conflict("delete_ipv6nets_first", "IPv6ネットワークを先に削除してください。")
    if len(switch["Subnets"]) > 1:
        raise conflict("delete_static_route_first", "スタティックルートを先に削除してください。")
    for subnet in switch["Subnets"]:
        _drop_subnet(place, subnet)
    place.delete("switch", switch)
    place.delete("internet", doc)
    return {"Internet": doc}


def _drop_subnet(place: Place, subnet: Doc) -> None:
    for address in place.all("ipaddress"):
        if address["_subnet"] == subnet["ID"]:
            place.store.remove("ipaddress", place.zone, str(address["IPAddress"]))
    place.delete("subnet", subnet)


def add_subnet(place: Place, id_: str) -> tuple[int, Any]:
    """POST /internet/:id/subnet."""
    doc = find_internet(place, id_)
    switch = place.find("switch", doc["_switch"])
    given = place.body if isinstance(place.body, dict) else {}
    length = given.get("NetworkMaskLen")
    if length not in (26, 27, 28) or not given.get("NextHop"):
        raise bad("ネットワークマスク長かネクストホップが正しくありません。", "invalid_range")
    subnet = _subnet(place, switch, length, str(given["NextHop"]))
    switch["Subnets"].append(subnet)
    place.save("switch", switch)
    return 201, {"Subnet": show_subnet(place, subnet)}


def show_subnet(place: Place, doc: Doc) -> Doc:
    """A subnet with its switch and addresses."""
    switch = place.store.get("switch", place.zone, str(doc["_switch"])) or {}
    addresses = [a["IPAddress"] for a in place.all("ipaddress") if a["_subnet"] == doc["ID"]]
    owner = switch.get("Internet") or {}
    return {
        **doc,
        "Switch": {
            "ID": switch.get("ID"),
            "Internet": {"ID": owner.get("ID"), "BandWidthMbps": owner.get("BandWidthMbps")},
        },
        "IPAddresses": [{"IPAddress": a} for a in addresses],
    }


def update_subnet(place: Place, id_: str, subnet_id: str) -> Any:
    """PUT /internet/:id/subnet/:sid."""
    find_internet(place, id_)
    doc = place.find("subnet", subnet_id)
    doc["NextHop"] = doc["StaticRoute"] = str((place.body or {}).get("NextHop") or doc["NextHop"])
    place.save("subnet", doc)
    return {"Subnet": show_subnet(place, doc)}


def remove_subnet(place: Place, id_: str, subnet_id: str) -> Any:
    """DELETE /internet/:id/subnet/:sid."""
    owner = find_internet(place, id_)
    doc = place.find("subnet", subnet_id)
    switch = place.find("switch", owner["_switch"])
    switch["Subnets"] = [s for s in switch["Subnets"] if s["ID"] != subnet_id]
    place.save("switch", switch)
    _drop_subnet(place, doc)
    return {"Subnet": doc}


def add_ipv6(place: Place, id_: str) -> tuple[int, Any]:
    """POST /internet/:id/ipv6net."""
    doc = find_internet(place, id_)
    switch = place.find("switch", doc["_switch"])
    if switch["IPv6Nets"]:
        raise conflict("res_already_exists", "IPv6ネットワークは既にあります。")
    net = {
        "ID": place.store.new_id(),
        "IPv6Prefix": "2001:db8:0:1::",
        "IPv6PrefixLen": 64,
        "IPv6PrefixTail": "2001:db8:0:1:ffff:ffff:ffff:ffff",
    }
    switch["IPv6Nets"] = [net]
    place.save("switch", switch)
    return 201, {"IPv6Net": net}


def remove_ipv6(place: Place, id_: str, net_id: str) -> Any:
    """DELETE /internet/:id/ipv6net/:nid."""
    doc = find_internet(place, id_)
    switch = place.find("switch", doc["_switch"])
    if not any(n["ID"] == net_id for n in switch["IPv6Nets"]):
        raise missing()
    switch["IPv6Nets"] = []
    place.save("switch", switch)
    return {"Success": True}


def set_hostname(place: Place, address: str) -> Any:
    """PUT /ipaddress/:ip."""
    doc = place.store.get("ipaddress", place.zone, address)
    if doc is None:
        raise missing()
    doc["HostName"] = place.part("IPAddress").get("HostName") or None
    place.store.put("ipaddress", place.zone, address, doc)
    return {"IPAddress": doc}
