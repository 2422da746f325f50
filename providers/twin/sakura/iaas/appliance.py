"""Appliances: VPC router, load balancer, database, NFS, service endpoint gateway, NoSQL."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from providers.twin.sakura.faults import Refused, bad, conflict
from providers.twin.sakura.iaas.machine import power_of
from providers.twin.sakura.place import Place, base, check_hash, merge_common, settings_hash
from providers.twin.sakura.store import Doc

_PLANS: Final = {
    "vpcrouter": {1, 2, 3, 4},
    "loadbalancer": {1, 2},
    "database": {n + r for n in (10, 30, 90, 240, 500, 1000) for r in (0, 1)},
    "nfs": {*range(2001000, 2001007), *range(4001000, 4001006)},
    "serviceendpointgateway": {1},
    "nosql": {51142, 51143, 51144, 51145, 51146},
}
# Those that start by themselves; the others wait for a power request (facts: sakura-api.md §2.6).
_SELF_STARTING: Final = {"loadbalancer", "database", "nfs", "nosql"}
_SECRET_KEYS: Final = ("UserPassword", "ReplicaPassword", "PreSharedSecret", "Password")
_FIREWALL_ENTRIES: Final = 8


def create(place: Place) -> tuple[int, Any]:
    """POST /appliance."""
    place.limit("appliance", len(place.all("appliance")))
    given = place.part("Appliance")
    kind = str(given.get("Class") or "")
    if kind not in _PLANS:
        raise bad("アプライアンスの種類が正しくありません。(Class)", "unsupported_res_class")
    plan = int((given.get("Plan") or {}).get("ID") or 0)
    if plan not in _PLANS[kind]:
        raise Refused(400, "param_res_not_found", "アプライアンスプランが見つかりません。(Plan)")
    if kind == "serviceendpointgateway":
        given.setdefault("Name", "サービスエンドポイントゲートウェイ")
    remark: Doc = dict(given.get("Remark") or {})
    doc = base(place, given)
    switches = _switches(place, kind, given, remark)
    _addresses_free(place, remark, switches.get("0", ""))
    settings = given.get("Settings") or {}
    doc |= {
        "Class": kind,
        "Plan": {"ID": plan},
        "Settings": _settings(kind, settings),
        "Remark": _remark(place, kind, remark, plan),
        "Availability": "migrating",
        "Instance": {"Status": "down", "StatusChangedAt": None, "Host": None},
        "ServiceClass": f"cloud/appliance/{kind}/{plan}",
        "Generation": 200,
        "Disk": _disk(place, given),
        "_switches": switches,
        "_secrets": {},
        "_applied": None,
    }
    _hide_secrets(doc)
    doc["SettingsHash"] = settings_hash(doc["Settings"])
    doc["Interfaces"] = _interfaces(place, doc)
    copy = place.seconds("appliance_copy")
    if place.copy_outcome != "stuck":
        place.later(doc, copy, ("Availability", place.copy_outcome))
        if kind in _SELF_STARTING and place.copy_outcome == "available":
            boot = place.seconds("database_boot" if kind in ("database", "nosql") else "appliance_boot")
            place.later(
                doc, copy + boot, ("Instance.Status", "up"), ("Instance.StatusChangedAt", place.now())
            )
    place.save("appliance", doc)
    return 202, {"Appliance": show(place, doc), "Success": "Accepted"}


def _switches(place: Place, kind: str, given: Doc, remark: Doc) -> dict[str, str]:
    if kind == "nosql":
        interfaces = given.get("UserInterfaces") or [{}]
        switch = (interfaces[0].get("Switch") or {}).get("ID")
        return {"0": str(place.reference("switch", switch)["ID"])}
    switch = remark.get("Switch") or {}
    if switch.get("Scope") == "shared":
        return {}
    if not switch.get("ID"):
        raise bad("接続先のスイッチを指定してください。(Remark.Switch)", "missing_param")
    return {"0": str(place.reference("switch", switch["ID"])["ID"])}


def _addresses_free(place: Place, remark: Doc, switch: str) -> None:
    wanted = [
        s.get("IPAddress") for s in remark.get("Servers") or [] if isinstance(s, dict) and s.get("IPAddress")
    ]
    for address in wanted:
        try:
            ipaddress.ip_address(str(address))
        except ValueError as error:
            raise bad(f"IPアドレスの形式が正しくありません。({address})", "invalid_format") from error
    for other in place.all("appliance"):
        taken = [s.get("IPAddress") for s in other["Remark"].get("Servers") or [] if isinstance(s, dict)]
        if other["_switches"].get("0") == switch and set(taken) & set(wanted):
            raise conflict("duplicate_entry", "IPアドレスが既に使われています。")


def _disk(place: Place, given: Doc) -> Any:
    disk = given.get("Disk")
    if not isinstance(disk, dict):
        return None
    key = (disk.get("EncryptionKey") or {}).get("KMSKeyID")
    if key:
        place.reference("kms", key, "")
    return {
        "EncryptionAlgorithm": disk.get("EncryptionAlgorithm") or "none",
        "EncryptionKey": {"KMSKeyID": key} if key else None,
    }


def _remark(place: Place, kind: str, remark: Doc, plan: int) -> Doc:
    shown: Doc = {**remark, "Zone": {"ID": place.zone_info()["ID"]}, "Plan": {"ID": plan}}
    # PHP writes an empty object as an empty list.
    shown["Network"] = remark.get("Network") or []
    shown["SourceAppliance"] = []
    if kind == "vpcrouter":
        shown.setdefault("Router", {"VPCRouterVersion": 2})
        shown["Servers"] = [s or [] for s in remark.get("Servers") or []] or [[]]
    if kind == "database":
        common = dict((remark.get("DBConf") or {}).get("Common") or {})
        name = common.get("DatabaseName") or "postgres"
        if name not in ("postgres", "MariaDB"):
            raise bad("データベースの種類が正しくありません。(DatabaseName)", "invalid_format")
        common["DatabaseName"] = name
        common["DatabaseVersion"] = common.get("DatabaseVersion") or ("16" if name == "postgres" else "10.11")
        common.setdefault("DatabaseRevision", "")
        common.setdefault("DatabaseTitle", name)
        shown["DBConf"] = {"Common": common}
    return shown


def _settings(kind: str, settings: Doc) -> Any:
    if kind == "vpcrouter":
        router = dict(settings.get("Router") or {})
        router.setdefault("InternetConnection", {"Enabled": "True"})
        firewall = dict(router.get("Firewall") or {})
        config = [e if isinstance(e, dict) else {} for e in firewall.get("Config") or []]
        if len(config) > _FIREWALL_ENTRIES:
            raise bad("ファイアウォールの設定は8つまでです。", "invalid_range")
        config += [{} for _ in range(_FIREWALL_ENTRIES - len(config))]
        firewall["Config"] = [
            {"Receive": e.get("Receive") or [], "Send": e.get("Send") or []} for e in config
        ]
        firewall.setdefault("Enabled", "False")
        router["Firewall"] = firewall
        # The array has a place for each of eth0 to eth7; those that are not set are null.
        listed = list(router.get("Interfaces") or [])
        router["Interfaces"] = (listed + [None] * 8)[:8]
        return {"Router": router}
    if kind == "database":
        conf = dict(settings.get("DBConf") or {})
        common = dict(conf.get("Common") or {})
        port = common.get("ServicePort")
        if port not in (None, "") and not 1024 <= int(port) <= 65535:
            raise bad("ポート番号は1024〜65535で指定してください。(ServicePort)", "invalid_range")
        conf["Common"] = common
        conf["Backup"] = conf.get("Backup") or []
        conf["Replication"] = conf.get("Replication") or {}
        return {
            "DBConf": conf,
            **({"MonitoringSuite": settings["MonitoringSuite"]} if settings.get("MonitoringSuite") else {}),
        }
    if kind == "loadbalancer":
        return {"LoadBalancer": settings.get("LoadBalancer") or []}
    if kind == "serviceendpointgateway":
        default = {"EnabledServices": [], "MonitoringSuite": {"Enabled": "False"}}
        return {"ServiceEndpointGateway": settings.get("ServiceEndpointGateway") or default}
    return settings or ([] if kind == "nfs" else settings)


def _hide_secrets(doc: Doc) -> None:
    """Passwords are taken and never given back."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items() if k not in _SECRET_KEYS}
        return [walk(v) for v in value] if isinstance(value, list) else value

    doc["Settings"] = walk(doc["Settings"])


def _interfaces(place: Place, doc: Doc) -> list[Any]:
    remark = doc["Remark"]
    if doc["Class"] == "vpcrouter":
        highest = max((int(i) for i in doc["_switches"]), default=0)
        found: list[Any] = []
        for index in range(highest + 1):
            switch = doc["_switches"].get(str(index))
            if index == 0 and switch is None:
                address = f"203.0.113.{int(doc['ID']) % 200 + 20}"
                shared = {
                    "ID": f"{place.zone_info()['ID']}00001",
                    "Name": "スイッチ",
                    "Scope": "shared",
                    "Subnet": {
                        "NetworkAddress": "203.0.113.0",
                        "NetworkMaskLen": 24,
                        "DefaultRoute": "203.0.113.1",
                        "Internet": {"BandWidthMbps": 100},
                    },
                }
                found.append(
                    {
                        "Index": 0,
                        "IPAddress": address,
                        "UserIPAddress": None,
                        "HostName": None,
                        "Switch": shared,
                    }
                )
            elif switch is None:
                found.append(None)
            else:
                named = place.store.get("switch", place.zone, switch) or {}
                found.append(
                    {
                        "Index": index,
                        "IPAddress": None,
                        "UserIPAddress": None,
                        "HostName": None,
                        "Switch": {
                            "ID": switch,
                            "Name": named.get("Name"),
                            "Scope": "user",
                            "Subnet": None,
                            "UserSubnet": None,
                        },
                    }
                )
        return found
    servers = [s for s in remark.get("Servers") or [] if isinstance(s, dict)]
    switch = doc["_switches"].get("0")
    named = place.store.get("switch", place.zone, switch or "") or {}
    network = remark.get("Network") or {}
    shown = {
        "ID": switch,
        "Name": named.get("Name"),
        "Scope": "user",
        "Subnet": None,
        "UserSubnet": {
            "DefaultRoute": network.get("DefaultRoute") or "0.0.0.0",  # noqa: S104 - data
            "NetworkMaskLen": network.get("NetworkMaskLen"),
        },
    }
    return [
        {
            "IPAddress": None,
            "UserIPAddress": s.get("IPAddress") or s.get("UserIPAddress"),
            "HostName": None,
            "Switch": shown,
        }
        for s in servers
    ]


def show(place: Place, doc: Doc) -> Doc:
    """An appliance with its switch."""
    switch = doc["_switches"].get("0")
    named = place.store.get("switch", place.zone, switch) if switch else None
    brief = (
        {"ID": switch, "Name": named["Name"], "Scope": "user", "Internet": named.get("Internet")}
        if named
        else None
    )
    if brief is None and doc["Class"] == "vpcrouter":
        brief = {"ID": f"{place.zone_info()['ID']}00001", "Name": "スイッチ", "Scope": "shared"}
    return {**doc, "Switch": brief}


def update(place: Place, id_: str) -> Any:
    """PUT /appliance/:id: whole settings, guarded by their hash."""
    doc = place.find("appliance", id_)
    given = place.part("Appliance")
    if doc["Availability"] != "available":
        raise conflict("still_creating", "アプライアンスを作成中です。")
    check_hash(doc, given)
    merge_common(place, doc, given)
    if given.get("Settings") is not None:
        doc["Settings"] = _settings(doc["Class"], given["Settings"])
        _hide_secrets(doc)
        doc["SettingsHash"] = settings_hash(doc["Settings"])
    place.save("appliance", doc)
    return {"Appliance": show(place, doc), "Success": True}


def apply(place: Place, id_: str) -> Any:
    """PUT /appliance/:id/config: what was written takes effect now, and not before."""
    doc = place.find("appliance", id_)
    doc["_applied"] = doc["Settings"]
    place.save("appliance", doc)
    return {"Success": True}


def delete(place: Place, id_: str) -> Any:
    """DELETE /appliance/:id."""
    doc = place.find("appliance", id_)
    if doc["Availability"] == "migrating":
        raise conflict("still_creating", "アプライアンスを作成中です。")
    if doc["Instance"]["Status"] == "up" or doc.get("_booting"):
        raise conflict("server_power_must_be_down", "電源を切ってから削除してください。")
    replicas = [a for a in place.all("appliance") if a["Class"] == "database" and _master(a) == id_]
    if replicas:
        raise conflict("disconnect_b4_delete", "レプリカがあるため削除できません。")
    place.delete("appliance", doc)
    return {"Appliance": doc}


def _master(doc: Doc) -> str:
    replication = (doc["Settings"].get("DBConf") or {}).get("Replication")
    return (
        str(((replication or {}).get("Appliance") or {}).get("ID") or "")
        if isinstance(replication, dict)
        else ""
    )


def connect(place: Place, id_: str, index: str, switch: str) -> Any:
    """PUT /appliance/:id/interface/:n/to/switch/:sid."""
    doc = place.find("appliance", id_)
    _stopped(doc)
    if index in doc["_switches"]:
        raise conflict("res_already_connected", "既にスイッチに接続されています。")
    found = str(place.reference("switch", switch)["ID"])
    if found in doc["_switches"].values():
        raise conflict("connect_to_same_switch", "同じスイッチに接続できません。")
    doc["_switches"][index] = found
    doc["Interfaces"] = _interfaces(place, doc)
    place.save("appliance", doc)
    return {"Success": True}


def disconnect(place: Place, id_: str, index: str) -> Any:
    """DELETE /appliance/:id/interface/:n/to/switch."""
    doc = place.find("appliance", id_)
    _stopped(doc)
    if index not in doc["_switches"]:
        raise conflict("res_already_disconnected", "スイッチに接続されていません。")
    del doc["_switches"][index]
    doc["Interfaces"] = _interfaces(place, doc)
    place.save("appliance", doc)
    return {"Success": True}


def _stopped(doc: Doc) -> None:
    if doc["Availability"] != "available":
        raise conflict("still_creating", "アプライアンスを作成中です。")
    if doc["Instance"]["Status"] != "down":
        raise conflict("server_power_must_be_down", "電源を切ってから操作してください。")


def boot(place: Place, id_: str) -> Any:
    """PUT /appliance/:id/power."""
    doc = place.find("appliance", id_)
    if doc["Availability"] != "available":
        raise conflict("still_creating", "アプライアンスを作成中です。")
    if doc["Instance"]["Status"] == "up":
        raise conflict("server_power_must_be_down", "既に起動しています。")
    if doc.get("_booting"):
        raise conflict("conflict", "処理中です。")
    doc["_booting"] = True
    wait = place.seconds("vpcrouter_boot" if doc["Class"] == "vpcrouter" else "appliance_boot")
    place.later(doc, wait, ("Instance.Status", "up"), ("_booting", None))
    place.save("appliance", doc)
    return {"Success": True}


def stop(place: Place, id_: str) -> Any:
    """DELETE /appliance/:id/power."""
    doc = place.find("appliance", id_)
    if doc["Instance"]["Status"] == "down":
        raise conflict("server_power_must_be_up", "起動していません。")
    force = bool((place.body or {}).get("Force"))
    if doc.get("_stopping") and not force:
        raise conflict("conflict", "シャットダウン中です。")
    doc["_stopping"] = True
    place.later(
        doc,
        0.5 / place.speed if force else place.seconds("server_stop"),
        ("Instance.Status", "down"),
        ("_stopping", None),
    )
    place.save("appliance", doc)
    return {"Success": True}


def power(place: Place, id_: str) -> Any:
    """GET /appliance/:id/power."""
    return power_of(place, "appliance", id_)
