"""Monitoring suite (`…/is1a/api/monitoring/1.0`): paths end in a slash, ids are whole numbers, uids are
UUIDs."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import Any, Final

from providers.twin.sakura.faults import bad, missing
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc


def _body(place: Place) -> Doc:
    return dict(place.body) if isinstance(place.body, dict) else {}


def _page(found: list[Doc]) -> Any:
    return {"count": len(found), "from": 0, "total": len(found), "is_ok": True, "results": found}


_STORAGES: Final = (
    "logs/storages",
    "metrics/storages",
    "traces/storages",
    "alerts/projects",
    "dashboards/projects",
)


def state(place: Place) -> Any:
    """GET /management/provisioning/state/."""
    done = place.store.meta("monitoring", "") == "yes"
    return {
        "logs": {"system_exist": False, "user_exist": done},
        "metrics": {"system_exist": False, "user_exist": done},
    }


def initialize(place: Place) -> Any:
    """POST /management/provisioning/initialize/."""
    place.store.set_meta("monitoring", "yes")
    return state(place)


def storages(place: Place, kind: str) -> Any:
    """GET and POST of storages and projects."""
    if place.method == "GET":
        return _page(place.all(kind, ""))
    given = _body(place)
    if not given.get("name"):
        raise bad("name: This field is required.")
    if kind.endswith("storages") and place.store.meta("monitoring", "") != "yes":
        raise bad("the account is not provisioned")
    if given.get("kms_key_id") and place.store.get("kms", "", str(given["kms_key_id"])) is None:
        raise bad("kms_key_id: invalid")
    number = place.store.new_id()
    doc: Doc = {
        "id": int(number),
        "resource_id": int(number),
        "account_id": place.account,
        "tags": [],
        "icon": None,
        "created_at": place.now(),
        "name": given["name"],
        "description": given.get("description") or "",
    }
    if kind == "metrics/storages":
        doc |= {
            "is_system": bool(given.get("is_system")),
            "endpoints": {"address": f"{number}.metrics.monitoring.global.api.sacloud.jp"},
        }
    elif kind.endswith("storages"):
        where = f"{number}.{kind.split('/')[0]}.monitoring.global.api.sacloud.jp"
        doc |= {
            "is_system": bool(given.get("is_system")),
            "classification": given.get("classification") or "shared",
            "expire_day": 40,
            "kms_key_id": given.get("kms_key_id"),
            "service_principal_id": given.get("service_principal_id"),
            "endpoints": {"ingester": {"address": where, "insecure": False}},
            "usage": {"log_routings": 0, "log_measure_rules": 0},
        }
    place.store.put(kind, "", number, doc)
    return 201, doc


def storage(place: Place, kind: str, id_: str) -> Any:
    """GET, PUT, PATCH, DELETE of one."""
    doc = place.find(kind, id_, "")
    if place.method == "DELETE":
        place.store.remove(kind, "", id_)
        return 204, None
    if place.method in ("PUT", "PATCH"):
        doc |= {k: v for k, v in _body(place).items() if k in ("name", "description", "service_principal_id")}
        place.store.put(kind, "", id_, doc)
    return doc


def expire(place: Place, kind: str, id_: str) -> Any:
    """POST …/set-expire/."""
    doc = place.find(f"{kind}/storages", id_, "")
    days = int(_body(place).get("days") or 0)
    if not 1 <= days <= 730:
        raise bad("days: must be 1 to 730")
    doc["expire_day"] = days
    return place.store.put(f"{kind}/storages", "", id_, doc)


def _brief(place: Place, kind: str, id_: Any) -> Any:
    if id_ is None:
        return None
    doc = place.store.get(kind, "", str(id_))
    if doc is None:
        raise bad(f"{kind}: {id_} does not exist")
    return doc


_REQUIRED: Final = {
    "routings": ("publisher_code", "variant"),
    "rules": ("query", "metrics_storage_id"),
    "log-measure-rules": ("log_storage_id", "metrics_storage_id", "rule"),
    "notification-targets": ("service_type",),
    "notification-routings": ("notification_target_uid", "match_labels"),
    "keys": (),
}


def _parts(place: Place, kind: str, parent: str, given: Doc) -> Doc:
    """What the API shows instead of what it took."""
    shown = dict(given)
    if kind == "routings":
        shown["publisher"] = {"code": shown.pop("publisher_code"), "description": "", "variants": []}
        key, storage_kind = (
            ("log_storage", "logs/storages") if parent == "logs" else ("metrics_storage", "metrics/storages")
        )
        shown[key] = _brief(place, storage_kind, shown.pop(f"{key}_id", None))
        shown.setdefault("resource_id", None)
    elif kind == "rules":
        _brief(place, "metrics/storages", shown["metrics_storage_id"])
    elif kind == "log-measure-rules":
        shown["log_storage"] = _brief(place, "logs/storages", shown.pop("log_storage_id"))
        shown["metrics_storage"] = _brief(place, "metrics/storages", shown.pop("metrics_storage_id"))
    elif kind == "notification-routings":
        target = place.store.get(
            f"notification-targets@{parent}", "", str(shown.pop("notification_target_uid"))
        )
        if target is None:
            raise bad("notification_target_uid: does not exist")
        shown["notification_target"] = target
    elif kind == "notification-targets" and shown["service_type"] not in (
        "SAKURA_SIMPLE_NOTICE",
        "SAKURA_EVENT_BUS",
    ):
        raise bad("service_type: invalid")
    return shown


def _nested(place: Place, kind: str, parent: str) -> Any:
    where = f"{kind}@{parent}"
    if place.method == "GET":
        return _page(place.all(where, ""))
    given = _body(place)
    for name in _REQUIRED[kind]:
        if name not in given:
            raise bad(f"{name}: This field is required.")
    uid = str(uuid.uuid4())
    doc: Doc = {"uid": uid, "created_at": place.now(), **_parts(place, kind, parent, given), "_given": given}
    if kind == "keys":
        number = int(place.store.new_id())
        doc |= {
            "id": number,
            "description": given.get("description") or "",
            "token": secrets.token_urlsafe(24),
            "secret": secrets.token_urlsafe(24),
        }
    if kind == "rules":
        doc["open"] = False
    place.store.put(where, "", uid, doc)
    return 201, doc


def _nested_one(place: Place, kind: str, parent: str, uid: str) -> Any:
    where = f"{kind}@{parent}"
    doc = place.find(where, uid, "")
    if place.method == "DELETE":
        place.store.remove(where, "", uid)
        return 204, None
    if place.method in ("PUT", "PATCH"):
        merged = {**doc["_given"], **_body(place)}
        if kind == "keys":
            doc["description"] = merged.get("description") or ""
        else:
            doc = {
                **{k: doc[k] for k in ("uid", "created_at")},
                **_parts(place, kind, parent, merged),
                "_given": merged,
            }
        place.store.put(where, "", uid, doc)
    return doc


def routings(place: Place, kind: str, uid: str = "") -> Any:
    """/logs|metrics/routings/[:uid/]."""
    return _nested_one(place, "routings", kind, uid) if uid else _nested(place, "routings", kind)


def keys(place: Place, kind: str, id_: str, uid: str = "") -> Any:
    """/logs|metrics|traces/storages/:id/keys/[:uid/]."""
    place.find(f"{kind}/storages", id_, "")
    parent = f"{kind}/{id_}"
    return _nested_one(place, "keys", parent, uid) if uid else _nested(place, "keys", parent)


def alerts(place: Place, id_: str, kind: str, uid: str = "") -> Any:
    """/alerts/projects/:id/{rules,…}/[:uid/]."""
    if place.store.get("alerts/projects", "", id_) is None:
        raise missing()
    return _nested_one(place, kind, id_, uid) if uid else _nested(place, kind, id_)


_ALL: Final = ("GET", "PUT", "PATCH", "DELETE")
_UID: Final = r"([0-9a-f-]{36})"
_ALERT: Final = "(rules|log-measure-rules|notification-targets|notification-routings)"
ROUTES: Final = (
    (("GET",), re.compile("/management/provisioning/state/"), state),
    (("POST",), re.compile("/management/provisioning/initialize/"), initialize),
    (("GET", "POST"), re.compile(f"/({'|'.join(_STORAGES)})/"), storages),
    (_ALL, re.compile(rf"/({'|'.join(_STORAGES)})/(\d+)/"), storage),
    (("POST",), re.compile(r"/(logs|traces)/storages/(\d+)/set-expire/"), expire),
    (("GET", "POST"), re.compile("/(logs|metrics)/routings/"), routings),
    (_ALL, re.compile(f"/(logs|metrics)/routings/{_UID}/"), routings),
    (("GET", "POST"), re.compile(r"/(logs|metrics|traces)/storages/(\d+)/keys/"), keys),
    (_ALL, re.compile(rf"/(logs|metrics|traces)/storages/(\d+)/keys/{_UID}/"), keys),
    (("GET", "POST"), re.compile(rf"/alerts/projects/(\d+)/{_ALERT}/"), alerts),
    (_ALL, re.compile(rf"/alerts/projects/(\d+)/{_ALERT}/{_UID}/"), alerts),
)
