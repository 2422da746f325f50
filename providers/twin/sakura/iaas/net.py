"""Switches, interfaces, packet filters, routers, addresses."""

from __future__ import annotations

from typing import Any

from providers.twin.sakura.faults import Refused, bad, conflict
from providers.twin.sakura.place import Place, base, merge_common, settings_hash
from providers.twin.sakura.store import Doc

# --- switches
# ---------------------------------------------------------------------------------------------------------


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
        f"interface {i['ID']}"
        for i in place.all("interface")
        if str((i.get("Switch") or {}).get("ID")) == switch
    ]
    appliances = (a for a in place.all("appliance") if switch in a.get("_switches", {}).values())
    return [*found, *(f"appliance {a['ID']}" for a in appliances)]


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


# --- interfaces
# -------------------------------------------------------------------------------------------------------


def new_interface(place: Place, server: Doc, switch: Any) -> Doc:
    """An interface of a server; `switch` is what ConnectedSwitches says of it."""
    id_ = place.store.new_id()
    number = int(id_)
    doc: Doc = {
        "ID": id_,
        "MACAddress": ":".join(
            f"{b:02x}".upper()
            for b in (0x9C, 0xA3, 0xBA, number >> 16 & 255, number >> 8 & 255, number & 255)
        ),
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
            "Subnet": {
                "NetworkAddress": "203.0.113.0",
                "NetworkMaskLen": 24,
                "DefaultRoute": "203.0.113.1",
                "Internet": {"BandWidthMbps": 100},
            },
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


# --- packet filters
# ---------------------------------------------------------------------------------------------------

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


# --- routers
# ----------------------------------------------------------------------------------------------------------
