"""Kinds under /commonserviceitem."""

# ruff: noqa: ARG001 - every kind is prepared from the same, whether it needs it or not
from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from typing import Any, Final

from providers.twin.sakura.faults import Refused, bad, conflict
from providers.twin.sakura.place import ZONES, Place, base, check_hash, merge_common, settings_hash
from providers.twin.sakura.store import Doc

_KIND: Final = "commonserviceitem"
_SECRETS: Final = ("SecretKey", "BasicAuthPassword", "Token")


def create(place: Place) -> tuple[int, Any]:
    """POST /commonserviceitem."""
    given = place.part("CommonServiceItem")
    kind = str((given.get("Provider") or {}).get("Class") or "")
    prepare = _CLASSES.get(kind)
    if prepare is None:
        raise bad("サービスの種類が正しくありません。(Provider.Class)", "unsupported_res_class")
    existing = [d for d in place.all(_KIND, "") if d["Provider"]["Class"] == kind]
    place.limit(_KIND, len(place.all(_KIND, "")))
    if kind == "localrouter":
        place.limit("localrouter", len(existing))
    doc = base(place, given)
    doc |= {
        "Provider": {"ID": 1, "Class": kind, "Name": kind, "ServiceClass": f"cloud/{kind}"},
        "ServiceClass": given.get("ServiceClass") or f"cloud/{kind}",
        "Availability": "available",
        "Settings": given.get("Settings") or {},
        "Status": {},
    }
    prepare(place, doc, given, existing)
    _hash(doc)
    return 201, {"CommonServiceItem": show(place.save(_KIND, doc, "")), "Success": True}


def _hash(doc: Doc) -> None:
    doc["SettingsHash"] = settings_hash(doc["Settings"])


def show(doc: Doc) -> Doc:
    """An item without the secrets that are taken and never given back."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items() if k not in _SECRETS}
        return [walk(v) for v in value] if isinstance(value, list) else value

    shown = {**doc, "Settings": walk(doc["Settings"])}
    # PHP writes an empty object as an empty list.
    return shown if shown["Settings"] else {**shown, "Settings": []}


def get(place: Place, id_: str) -> Doc:
    """One item. Refused (404) when there is none."""
    return place.find(_KIND, id_, "")


def update(place: Place, id_: str) -> Any:
    """PUT /commonserviceitem/:id: settings are replaced whole."""
    doc = get(place, id_)
    given = place.part("CommonServiceItem")
    check_hash(doc, given)
    merge_common(place, doc, given)
    if given.get("Settings") is not None:
        before = doc["Settings"]
        doc["Settings"] = given["Settings"]
        _keep_secrets(doc, before)
        check = _CHECKS.get(doc["Provider"]["Class"])
        if check is not None:
            check(place, doc)
        _hash(doc)
    return {"CommonServiceItem": show(place.save(_KIND, doc, "")), "Success": True}


def _keep_secrets(doc: Doc, before: Any) -> None:
    """A secret that a client leaves out stays: it cannot know it."""
    old = {
        p.get("ID"): p.get("SecretKey") for p in ((before or {}).get("LocalRouter") or {}).get("Peers") or []
    }
    for peer in ((doc["Settings"] or {}).get("LocalRouter") or {}).get("Peers") or []:
        peer.setdefault("SecretKey", old.get(peer.get("ID")))


def delete(place: Place, id_: str) -> Any:
    """DELETE /commonserviceitem/:id."""
    doc = get(place, id_)
    kind = doc["Provider"]["Class"]
    if kind == "localrouter":
        _release(place, doc)
    others = [d for d in place.all(_KIND, "") if d["ID"] != id_]
    users = [
        d
        for d in others
        if id_ in json.dumps(d["Settings"]) and d["Provider"]["Class"].startswith(("eventbus", "saknotice"))
    ]
    if users:
        raise conflict("res_used_in_zone", "ほかのリソースから使われているため削除できません。")
    place.delete(_KIND, doc, "")
    return {"CommonServiceItem": show(doc)}


# --- kinds
# ------------------------------------------------------------------------------------------------------------


def _dns(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    zone = str((given.get("Status") or {}).get("Zone") or given.get("Name"))
    if any(d["Status"]["Zone"] == zone for d in existing):
        raise conflict("res_already_exists", "同じ名前のゾーンが既にあります。")
    doc["Status"] = {"Zone": zone, "NS": ["ns1.gslb1.sakura.ne.jp", "ns2.gslb1.sakura.ne.jp"]}
    doc["Name"] = zone
    if not doc["Settings"]:
        doc["Settings"] = {"DNS": {"ResourceRecordSets": []}}
    _check_dns(place, doc)


def _check_dns(place: Place, doc: Doc) -> None:
    records = (doc["Settings"].get("DNS") or {}).get("ResourceRecordSets") or []
    seen: set[tuple[str, str, str]] = set()
    for record in records:
        if not record.get("Name") or not record.get("Type") or "RData" not in record:
            raise bad("レコードの形式が正しくありません。(ResourceRecordSets)", "invalid_format")
        if record["Type"] == "CNAME" and not str(record["RData"]).endswith("."):
            raise bad("CNAMEの値はFQDN（末尾に「.」）で指定してください。(RData)", "invalid_format")
        key = (record["Name"], record["Type"], str(record["RData"]))
        if key in seen:
            raise conflict("duplicate_entry", "同じレコードが既にあります。")
        seen.add(key)


def _gslb(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    doc["Status"] = {"FQDN": f"site-{doc['ID']}.gslb1.sakura.ne.jp"}


_LB_CLASS: Final = re.compile(r"cloud/proxylb/(plain|anycast)/(100|500|1000|5000|10000|50000|100000|400000)")


def _proxylb(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    if not _LB_CLASS.fullmatch(str(given.get("ServiceClass") or "")):
        raise Refused(400, "param_res_not_found", "プランが見つかりません。(ServiceClass)")
    status = given.get("Status") or {}
    region = status.get("Region") or "is1"
    doc["Status"] = {
        "UseVIPFailover": bool(status.get("UseVIPFailover")),
        "Region": region,
        "FQDN": f"site-{doc['ID']}.proxylb1.sakura.ne.jp",
        "VirtualIPAddress": f"192.0.2.{int(doc['ID']) % 250 + 1}",
        "ProxyNetworks": ["198.51.100.0/28"],
    }
    doc["_certificates"] = None


def _localrouter(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    # Settings of the creation are ignored (libsacloud#479).
    doc["Settings"] = {}
    doc["Status"] = {"SecretKeys": [secrets.token_hex(16)]}


def _check_localrouter(place: Place, doc: Doc) -> None:
    settings = doc["Settings"].get("LocalRouter") or {}
    switch, before = settings.get("Switch"), doc.get("_switch")
    if (settings.get("Peers") or settings.get("StaticRoutes")) and not before:
        raise bad("先にスイッチとインターフェースを設定してください。", "invalid_param_comb")
    for peer in settings.get("Peers") or []:
        if not isinstance(peer.get("ID"), str):
            raise bad("接続先のIDは文字列で指定してください。(Peers)", "invalid_format")
        other = place.store.get(_KIND, "", peer["ID"])
        if other is None or other["Provider"]["Class"] != "localrouter":
            raise Refused(400, "param_res_not_found", "接続先のローカルルータが見つかりません。")
        if peer.get("SecretKey") not in other["Status"]["SecretKeys"]:
            raise Refused(403, "forbidden", "接続先のシークレットキーが正しくありません。")
    now = _switch_of(switch)
    if now and now != before:
        code, zone = now
        found = place.store.get("switch", zone, code)
        if found is None:
            raise Refused(400, "param_res_not_found", "スイッチが見つかりません。")
        if found.get("HybridConnection"):
            raise conflict("switch_hybrid_connected", "スイッチに既に接続があります。")
        if before:
            _let_go(place, *before)
            found = place.store.get("switch", zone, code) or found
        found["HybridConnection"] = {"ID": doc["ID"]}
        place.save("switch", found, zone)
        doc["_switch"] = list(now)


def _switch_of(switch: Any) -> list[str] | None:
    if not isinstance(switch, dict) or not switch.get("Code") or switch.get("Category", "cloud") != "cloud":
        return None
    zone = str(switch.get("ZoneID") or "")
    names = {str(number): name for name, (number, _, _) in ZONES.items()}
    return [str(switch["Code"]), names.get(zone, zone)]


def _release(place: Place, doc: Doc) -> None:
    if doc.get("_switch"):
        _let_go(place, *doc["_switch"])


def _let_go(place: Place, code: str, zone: str) -> None:
    """The switch keeps the connection for minutes (libsacloud#479)."""
    switch = place.store.get("switch", zone, code)
    if switch is not None:
        place.later(switch, place.seconds("hybrid_release"), ("HybridConnection", None))
        place.save("switch", switch, zone)


def _autobackup(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    disk = str((given.get("Status") or {}).get("DiskId") or "")
    place.reference("disk", disk)
    if any(d["Status"].get("DiskId") == disk for d in existing):
        raise conflict("res_already_exists", "このディスクの自動バックアップは既にあります。")
    zone = place.zone_info()
    doc["Status"] = {
        "DiskId": disk,
        "AccountId": place.account,
        "ZoneId": zone["ID"],
        "ZoneName": place.zone,
    }


def _simplemon(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    doc["Status"] = {"Target": (given.get("Status") or {}).get("Target") or given.get("Name")}


def _registry(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    name = str((given.get("Status") or {}).get("registry_name") or "")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", name):
        raise bad("レジストリ名が正しくありません。(registry_name)", "invalid_format")
    if any(d["Status"]["registry_name"] == name for d in existing):
        raise conflict("res_already_exists", "同じ名前のレジストリが既にあります。")
    doc["Status"] = {"registry_name": name, "hostname": f"{name}.sakuracr.jp"}
    doc["_users"] = {}


def _enhanceddb(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    status = given.get("Status") or {}
    name = str(status.get("database_name") or "")
    if any(d["Status"]["database_name"] == name for d in existing):
        raise conflict("res_already_exists", "同じ名前のデータベースが既にあります。")
    host = f"{name}.tidb-{status.get('region')}.db.sakurausercontent.com"
    doc["Status"] = {**status, "hostname": host, "port": 3306}
    doc["_config"] = {"max_connections": 50, "allowed_networks": []}


def _simplemq(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    name = str(given.get("Name") or "")
    if not re.fullmatch(r"[0-9a-zA-Z]+(-[0-9a-zA-Z]+)*", name) or not 5 <= len(name) <= 64:
        raise bad("キューの名前が正しくありません。(Name)", "invalid_format")
    if any(d["Status"]["QueueName"] == name for d in existing):
        raise conflict("res_already_exists", "同じ名前のキューが既にあります。")
    doc["Status"] = {"QueueName": name}
    doc["Settings"] = {"VisibilityTimeoutSeconds": 30, "ExpireSeconds": 345600}


def _eventbus(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    _check_eventbus(place, doc)
    doc["Status"] = {"Success": True, "Message": "", "UpdatedAt": place.now()}


def _check_eventbus(place: Place, doc: Doc) -> None:
    process = doc["Settings"].get("ProcessConfigurationID")
    if process is not None:
        place.reference(_KIND, process, "")


def _notice(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    if given.get("ServiceClass") != f"cloud/{doc['Provider']['Class']}/2":
        raise bad("ServiceClass が正しくありません。", "missing_param")
    for each in doc["Settings"].get("Destinations") or []:
        place.reference(_KIND, each, "")
    if doc["Settings"].get("TargetGroupID"):
        place.reference(_KIND, doc["Settings"]["TargetGroupID"], "")
    if doc["Provider"]["Class"] == "saknoticerouting":
        doc["Settings"]["PriorityRank"] = len(existing) + 1


def _plain(place: Place, doc: Doc, given: Doc, existing: list[Doc]) -> None:
    doc["Status"] = dict(given.get("Status") or {})


_CLASSES: Final[dict[str, Callable[[Place, Doc, Doc, list[Doc]], None]]] = {
    "dns": _dns,
    "gslb": _gslb,
    "proxylb": _proxylb,
    "localrouter": _localrouter,
    "autobackup": _autobackup,
    "simplemon": _simplemon,
    "containerregistry": _registry,
    "enhanceddb": _enhanceddb,
    "simplemq": _simplemq,
    "eventbusprocessconfiguration": _eventbus,
    "eventbusschedule": _eventbus,
    "eventbustrigger": _eventbus,
    "saknoticedestination": _notice,
    "saknoticegroup": _notice,
    "saknoticerouting": _notice,
    "autoscale": _plain,
    "certificateauthority": _plain,
    "esme": _plain,
    "sim": _plain,
}
_CHECKS: Final[dict[str, Callable[[Place, Doc], None]]] = {
    "dns": _check_dns,
    "localrouter": _check_localrouter,
    "eventbusschedule": _check_eventbus,
    "eventbustrigger": _check_eventbus,
}


# --- what has an address of its own
# -----------------------------------------------------------------------------------


def _of(place: Place, id_: str, kind: str) -> Doc:
    doc = get(place, id_)
    if not doc["Provider"]["Class"].startswith(kind):
        raise Refused(400, "unsupported_res_class", "この種類では使えない操作です。")
    return doc


def change_plan(place: Place, id_: str) -> Any:
    """PUT /commonserviceitem/:id/plan: a new id."""
    doc = _of(place, id_, "proxylb")
    wanted = str(place.part("CommonServiceItem").get("ServiceClass") or "")
    if not _LB_CLASS.fullmatch(wanted):
        raise Refused(400, "param_res_not_found", "プランが見つかりません。(ServiceClass)")
    place.delete(_KIND, doc, "")
    doc |= {"ID": place.store.new_id(), "ServiceClass": wanted}
    return {"CommonServiceItem": show(place.save(_KIND, doc, ""))}


def certificates(place: Place, id_: str) -> Any:
    """GET …/proxylb/sslcertificate."""
    doc = _of(place, id_, "proxylb")
    return {"ProxyLB": doc["_certificates"] or {"PrimaryCert": None, "AdditionalCerts": []}}


def set_certificates(place: Place, id_: str) -> Any:
    """PUT …/proxylb/sslcertificate."""
    doc = _of(place, id_, "proxylb")
    given = place.part("ProxyLB")

    def public(cert: Any) -> Any:
        return (
            {**cert, "PrivateKey": "", "CertificateCommonName": "", "CertificateAltNames": ""}
            if isinstance(cert, dict)
            else None
        )

    doc["_certificates"] = {
        "PrimaryCert": public(given.get("PrimaryCert")),
        "AdditionalCerts": [public(c) for c in given.get("AdditionalCerts") or []],
    }
    place.save(_KIND, doc, "")
    return {"ProxyLB": doc["_certificates"]}


def drop_certificates(place: Place, id_: str) -> Any:
    """DELETE …/proxylb/sslcertificate."""
    doc = _of(place, id_, "proxylb")
    doc["_certificates"] = None
    place.save(_KIND, doc, "")
    return {"Success": True}


def health(place: Place, id_: str) -> Any:
    """GET …/health."""
    doc = get(place, id_)
    if doc["Provider"]["Class"] == "localrouter":
        peers = ((doc["Settings"] or {}).get("LocalRouter") or {}).get("Peers") or []
        return {"LocalRouter": {"Peers": [{"ID": p["ID"], "Status": "UP", "Routes": []} for p in peers]}}
    if doc["Provider"]["Class"] == "simplemon":
        return {
            "SimpleMonitor": {
                "LastCheckedAt": place.now(),
                "LastHealthChangedAt": place.now(),
                "Health": "UP",
                "LatestLogs": [],
            }
        }
    return {
        "ProxyLB": {
            "ActiveConn": 0,
            "CPS": 0,
            "Servers": [],
            "CurrentVIP": doc["Status"].get("VirtualIPAddress"),
        }
    }


def users(place: Place, id_: str) -> Any:
    """GET …/containerregistry/users."""
    doc = _of(place, id_, "containerregistry")
    return {
        "ContainerRegistry": {
            "Users": [{"username": n, "permission": p} for n, p in sorted(doc["_users"].items())]
        }
    }


def add_user(place: Place, id_: str) -> tuple[int, Any]:
    """POST …/containerregistry/users."""
    doc = _of(place, id_, "containerregistry")
    given = place.part("ContainerRegistry")
    name = str(given.get("username") or "")
    if name in doc["_users"]:
        raise conflict("duplicate_entry", "同じ名前のユーザーが既にあります。")
    if (
        not name
        or not given.get("password")
        or given.get("permission") not in ("all", "readwrite", "readonly")
    ):
        raise bad("ユーザーの指定が正しくありません。", "missing_param")
    doc["_users"][name] = given["permission"]
    place.save(_KIND, doc, "")
    return 201, {"Success": True}


def change_user(place: Place, id_: str, name: str) -> Any:
    """PUT …/containerregistry/users/:name."""
    doc = _of(place, id_, "containerregistry")
    if name not in doc["_users"]:
        raise Refused(404, "not_found", "ユーザーが見つかりません。")
    doc["_users"][name] = place.part("ContainerRegistry").get("permission") or doc["_users"][name]
    place.save(_KIND, doc, "")
    return {"Success": True}


def drop_user(place: Place, id_: str, name: str) -> Any:
    """DELETE …/containerregistry/users/:name."""
    doc = _of(place, id_, "containerregistry")
    if doc["_users"].pop(name, None) is None:
        raise Refused(404, "not_found", "ユーザーが見つかりません。")
    place.save(_KIND, doc, "")
    return {"Success": True}


def db_config(place: Place, id_: str) -> Any:
    """GET …/enhanceddb/config."""
    return {"EnhancedDB": _of(place, id_, "enhanceddb")["_config"]}


def set_db_config(place: Place, id_: str) -> Any:
    """PUT …/enhanceddb/config."""
    doc = _of(place, id_, "enhanceddb")
    given = ((place.part("CommonServiceItem").get("Config") or {}).get("EnhancedDB")) or {}
    doc["_config"]["allowed_networks"] = list(given.get("allowed_networks") or [])
    place.save(_KIND, doc, "")
    return {"EnhancedDB": doc["_config"]}


def set_db_password(place: Place, id_: str) -> Any:
    """PUT …/enhanceddb/set-password."""
    _of(place, id_, "enhanceddb")
    given = ((place.part("CommonServiceItem").get("Config") or {}).get("EnhancedDB")) or {}
    if not given.get("password"):
        raise bad("パスワードがありません。(password)", "missing_param")
    return {"Success": True}


def set_event_secret(place: Place, id_: str) -> Any:
    """PUT …/eventbus/processconfiguration/set-secret."""
    doc = _of(place, id_, "eventbusprocessconfiguration")
    place.part("Secret")
    doc["_secret"] = True
    place.save(_KIND, doc, "")
    return {"process": {"result": "ok"}}


def rotate_queue_key(place: Place, id_: str) -> Any:
    """PUT …/simplemq/rotate-apikey."""
    _of(place, id_, "simplemq")
    return {"SimpleMQ": {"result": "ok", "apikey": secrets.token_urlsafe(32)}}


def queue_count(place: Place, id_: str) -> Any:
    """GET …/simplemq/message-count."""
    _of(place, id_, "simplemq")
    return {"SimpleMQ": {"result": "ok", "count": 0}}
