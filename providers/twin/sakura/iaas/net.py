"""Switches, interfaces, packet filters, routers, addresses."""

from __future__ import annotations

import ipaddress
from typing import Any

from providers.twin.sakura.faults import Refused, bad, conflict, missing
from providers.twin.sakura.place import Place, base, merge_common, settings_hash
from providers.twin.sakura.store import Doc

# --- switches ---------------------------------------------------------------------------------------------------------


def create_switch(place: Place) -> tuple[int, Any]:
    """POST /switch."""
    place.limit("switch", len(place.all("switch")))
    given = place.part("Switch")
    doc = base(place, given)
    doc |= {
        "ServiceClass": "cloud/switch/default",
        "Scope": "user",
        "UserSubnet": given.get("UserSubnet"),
        "HybridConnection": None,
        "Zone": place.zone_info(),
        "Subnets": [],
        "IPv6Nets": [],
        "Internet": None,
        "Bridge": None,
    }
    place.save("switch", doc)
    return 201, {"Switch": show_switch(place, doc)}


def bridge_of(switch: Doc) -> str:
    """The id of the bridge that a switch is on."""
    return str((switch.get("Bridge") or {}).get("ID") or "")


def users_of(place: Place, switch: str) -> list[str]:
    """What is connected to a switch, in words."""
    found = [
        f"interface {i['ID']}" for i in place.all("interface") if str((i.get("Switch") or {}).get("ID")) == switch
    ]
    for appliance in place.all("appliance"):
        if switch in appliance.get("_switches", {}).values():
            found.append(f"appliance {appliance['ID']}")
    return found


def show_switch(place: Place, doc: Doc) -> Doc:
    """A switch with what the API counts."""
    users = users_of(place, str(doc["ID"]))
    return {
        **doc,
        "ServerCount": sum(u.startswith("interface") for u in users),
        "ApplianceCount": sum(u.startswith("appliance") for u in users),
    }


def update_switch(place: Place, id_: str) -> Any:
    """PUT /switch/:id."""
    doc = place.find("switch", id_)
    given = place.part("Switch")
    merge_common(place, doc, given)
    if "UserSubnet" in given:
        doc["UserSubnet"] = given["UserSubnet"] or None
    place.save("switch", doc)
    return {"Switch": show_switch(place, doc)}


def delete_switch(place: Place, id_: str) -> Any:
    """DELETE /switch/:id: refused while anything is on it."""
    doc = place.find("switch", id_)
    if doc.get("Internet"):
        raise conflict("delete_router_b4_switch", "ルータを先に削除してください。")
    if doc.get("HybridConnection"):
        raise conflict("switch_hybrid_connected", "ハイブリッド接続が存在するため削除できません。")
    if users_of(place, id_) or doc.get("Bridge"):
        raise conflict("disconnect_b4_delete", "スイッチに接続されているリソースがあるため削除できません。")
    place.delete("switch", doc)
    return {"Switch": doc}


def to_bridge(place: Place, id_: str, bridge: str) -> Any:
    """PUT /switch/:id/to/bridge/:bid."""
    doc = place.find("switch", id_)
    if not any(str(b["ID"]) == bridge for _, b in place.store.everywhere("bridge")):
        raise Refused(400, "param_res_not_found", "ブリッジが見つかりません。")
    if doc.get("Bridge"):
        raise conflict("res_already_connected", "既にブリッジに接続されています。")
    doc["Bridge"] = {"ID": bridge}
    place.save("switch", doc)
    return {"Success": True}


def from_bridge(place: Place, id_: str) -> Any:
    """DELETE /switch/:id/to/bridge."""
    doc = place.find("switch", id_)
    if not doc.get("Bridge"):
        raise conflict("res_already_disconnected", "ブリッジに接続されていません。")
    doc["Bridge"] = None
    place.save("switch", doc)
    return {"Success": True}


def servers_on(place: Place, id_: str) -> Any:
    """GET /switch/:id/server."""
    place.find("switch", id_)
    ids = {
        str((i.get("Server") or {}).get("ID"))
        for i in place.all("interface")
        if str((i.get("Switch") or {}).get("ID")) == id_
    }
    servers = [s for s in place.all("server") if str(s["ID"]) in ids]
    return {"From": 0, "Count": len(servers), "Total": len(servers), "Servers": servers}


# --- interfaces -------------------------------------------------------------------------------------------------------


def new_interface(place: Place, server: Doc, switch: Any) -> Doc:
    """An interface of a server; `switch` is what ConnectedSwitches says of it."""
    id_ = place.store.new_id()
    number = int(id_)
    doc: Doc = {
        "ID": id_,
        "MACAddress": ":".join(f"{b:02x}".upper() for b in (0x9C, 0xA3, 0xBA, number >> 16 & 255, number >> 8 & 255, number & 255)),
        "IPAddress": None,
        "UserIPAddress": None,
        "HostName": None,
        "Server": {"ID": server["ID"]},
        "Switch": None,
        "PacketFilter": None,
    }
    if isinstance(switch, dict):
        attach(place, doc, "shared" if switch.get("Scope") == "shared" else str(switch.get("ID") or ""))
    return place.save("interface", doc)


def attach(place: Place, interface: Doc, target: str) -> None:
    """Connect an interface to a switch or to the shared segment. Refused when there is no such switch."""
    if target == "shared":
        last = int(interface["ID"]) % 200 + 20
        interface["IPAddress"] = f"203.0.113.{last}"
        interface["Switch"] = {
            "ID": f"{place.zone_info()['ID']}00001",
            "Name": "スイッチ",
            "Scope": "shared",
            "Subnet": {"NetworkAddress": "203.0.113.0", "NetworkMaskLen": 24, "DefaultRoute": "203.0.113.1", "Internet": {"BandWidthMbps": 100}},
            "UserSubnet": None,
        }
        return
    switch = place.reference("switch", target)
    subnets = switch.get("Subnets") or []
    interface["Switch"] = {
        "ID": switch["ID"],
        "Name": switch["Name"],
        "Scope": "user",
        "Subnet": subnets[0] if subnets else None,
        "UserSubnet": switch.get("UserSubnet"),
    }


def _server_of(place: Place, interface: Doc) -> Doc | None:
    return place.store.get("server", place.zone, str((interface.get("Server") or {}).get("ID")))


def _require_down(place: Place, interface: Doc) -> None:
    server = _server_of(place, interface)
    if server is not None and server["Instance"]["Status"] != "down":
        raise conflict("server_power_must_be_down", "サーバーの電源を切ってから操作してください。")


def create_interface(place: Place) -> tuple[int, Any]:
    """POST /interface."""
    server = place.reference("server", (place.part("Interface").get("Server") or {}).get("ID"))
    if server["Instance"]["Status"] != "down":
        raise conflict("server_power_must_be_down", "サーバーの電源を切ってから操作してください。")
    return 201, {"Interface": new_interface(place, server, None)}


def update_interface(place: Place, id_: str) -> Any:
    """PUT /interface/:id."""
    doc = place.find("interface", id_)
    given = place.part("Interface")
    if "UserIPAddress" in given:
        doc["UserIPAddress"] = given["UserIPAddress"] or None
    return {"Interface": place.save("interface", doc)}


def delete_interface(place: Place, id_: str) -> Any:
    """DELETE /interface/:id."""
    doc = place.find("interface", id_)
    _require_down(place, doc)
    place.delete("interface", doc)
    return {"Interface": doc}


def interface_to_switch(place: Place, id_: str, target: str) -> Any:
    """PUT /interface/:id/to/switch/:sid or /shared."""
    doc = place.find("interface", id_)
    _require_down(place, doc)
    if doc.get("Switch"):
        raise conflict("res_already_connected", "既にスイッチに接続されています。")
    attach(place, doc, target)
    place.save("interface", doc)
    return {"Success": True}


def interface_from_switch(place: Place, id_: str) -> Any:
    """DELETE /interface/:id/to/switch."""
    doc = place.find("interface", id_)
    _require_down(place, doc)
    if not doc.get("Switch"):
        raise conflict("res_already_disconnected", "スイッチに接続されていません。")
    doc |= {"Switch": None, "IPAddress": None, "PacketFilter": None}
    place.save("interface", doc)
    return {"Success": True}


def interface_to_filter(place: Place, id_: str, target: str) -> Any:
    """PUT /interface/:id/to/packetfilter/:pf."""
    doc = place.find("interface", id_)
    found = place.reference("packetfilter", target)
    if not doc.get("Switch"):
        raise conflict("conflict", "スイッチに接続されていないインターフェースです。")
    doc["PacketFilter"] = {"ID": found["ID"], "Name": found["Name"], "RequiredHostVersion": "0"}
    place.save("interface", doc)
    return {"Success": True}


def interface_from_filter(place: Place, id_: str) -> Any:
    """DELETE /interface/:id/to/packetfilter."""
    doc = place.find("interface", id_)
    doc["PacketFilter"] = None
    place.save("interface", doc)
    return {"Success": True}


# --- packet filters ---------------------------------------------------------------------------------------------------

_RULE_KEYS = ("Protocol", "SourceNetwork", "SourcePort", "DestinationPort", "Action", "Description")


def _expressions(given: Any) -> list[Doc]:
    rules: list[Doc] = []
    for rule in given or []:
        if rule.get("Protocol") not in ("http", "https", "tcp", "udp", "icmp", "fragment", "ip"):
            raise bad("プロトコルが正しくありません。(Expression)", "invalid_format")
        if rule.get("Action") not in ("allow", "deny"):
            raise bad("アクションが正しくありません。(Expression)", "invalid_format")
        if rule["Protocol"] not in ("tcp", "udp") and (rule.get("SourcePort") or rule.get("DestinationPort")):
            raise bad("このプロトコルではポートを指定できません。(Expression)", "invalid_param_comb")
        rules.append({key: rule.get(key) or "" for key in _RULE_KEYS})
    return rules


def create_packetfilter(place: Place) -> tuple[int, Any]:
    """POST /packetfilter."""
    place.limit("packetfilter", len(place.all("packetfilter")))
    given = place.part("PacketFilter")
    doc = base(place, given, tagged=False)
    doc |= {"RequiredHostVersion": "0", "Expression": _expressions(given.get("Expression"))}
    doc["ExpressionHash"] = settings_hash(doc["Expression"])
    return 201, {"PacketFilter": place.save("packetfilter", doc)}


def update_packetfilter(place: Place, id_: str) -> Any:
    """PUT /packetfilter/:id: with OriginalExpressionHash, refused when the rules have changed since."""
    doc = place.find("packetfilter", id_)
    given = place.part("PacketFilter")
    asked = place.body.get("OriginalExpressionHash")
    if asked and asked != doc["ExpressionHash"]:
        raise conflict("original_hash_mismatch", "パケットフィルタが他の操作によって変更されています。")
    if doc.get("_applying"):
        raise conflict("packetfilter_applying", "パケットフィルタを適用中です。")
    merge_common(place, doc, given)
    if "Expression" in given:
        doc["Expression"] = _expressions(given["Expression"])
        doc["ExpressionHash"] = settings_hash(doc["Expression"])
        if any((i.get("PacketFilter") or {}).get("ID") == id_ for i in place.all("interface")):
            doc["_applying"] = True
            place.later(doc, place.seconds("packetfilter"), ("_applying", None))
    return {"PacketFilter": place.save("packetfilter", doc)}


def delete_packetfilter(place: Place, id_: str) -> Any:
    """DELETE /packetfilter/:id."""
    doc = place.find("packetfilter", id_)
    if any((i.get("PacketFilter") or {}).get("ID") == id_ for i in place.all("interface")):
        raise conflict("disconnect_b4_delete", "インターフェースに適用されているため削除できません。")
    place.delete("packetfilter", doc)
    return {"PacketFilter": doc}


# --- routers ----------------------------------------------------------------------------------------------------------

_BANDWIDTHS = (100, 250, 500, *range(1000, 10001, 500))


def _block(place: Place, length: int) -> ipaddress.IPv4Network:
    """The next free block of documentation-like addresses (198.18.0.0/15 is for benchmarks, RFC 2544)."""
    at = int(place.store.meta("next_block", "0"))
    size = 2 ** (32 - length)
    at = (at + size - 1) // size * size
    place.store.set_meta("next_block", str(at + size))
    return ipaddress.ip_network((int(ipaddress.ip_address("198.18.0.0")) + at, length))


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
        place.store.put("ipaddress", place.zone, shown, {"ID": shown, "IPAddress": shown, "HostName": None, "_subnet": id_})
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
        "ServiceClass": "cloud/switch/default", "Scope": "user", "UserSubnet": None, "HybridConnection": None, "Zone": place.zone_info(),
        "Internet": {"ID": doc["ID"], "Name": doc["Name"], "BandWidthMbps": speed}, "Bridge": None, "IPv6Nets": [], "_platform": True,
    }  # fmt: skip
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
    doc |= {"ID": place.store.new_id(), "BandWidthMbps": speed, "ServiceClass": f"cloud/internet/router/{speed}m"}
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
        "Switch": {"ID": switch.get("ID"), "Internet": {"ID": owner.get("ID"), "BandWidthMbps": owner.get("BandWidthMbps")}},
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
    net = {"ID": place.store.new_id(), "IPv6Prefix": "2001:db8:0:1::", "IPv6PrefixLen": 64, "IPv6PrefixTail": "2001:db8:0:1:ffff:ffff:ffff:ffff"}
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


