"""APIゲートウェイ (`…/cloud/api/apigw/1.0`): changes answer 204 and nothing; the rest comes under `apigw`.

Facts: the service's OpenAPI document (sacloud-sdk-go, api/apigw/openapi).
"""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from providers.twin.sakura.faults import bad, conflict, missing
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc

_NAME: Final = re.compile(r"[\w.\-]{1,255}")
_TAG: Final = re.compile(r"[^/\s\u3000]{1,255}")
_ONE: Final = {
    "services": "service",
    "users": "user",
    "groups": "group",
    "domains": "domain",
    "certificates": "certificate",
    "subscriptions": "subscription",
    "routes": "route",
}
_NEEDS: Final = {
    "services": ("name", "protocol", "host", "subscription"),
    "users": ("name",),
    "groups": ("name",),
    "domains": ("domainName",),
    "certificates": ("name",),
    "subscriptions": ("name", "planId"),
    "routes": (),
}
_DEFAULTS: Final[dict[str, Doc]] = {
    "services": {
        "path": "/",
        "retries": 5,
        "connectTimeout": 60000,
        "writeTimeout": 60000,
        "readTimeout": 60000,
        "authentication": "none",
    },
    "routes": {
        "protocols": "http,https",
        "httpsRedirectStatusCode": 426,
        "regexPriority": 0,
        "stripPath": True,
        "preserveHost": False,
        "requestBuffering": True,
        "responseBuffering": True,
    },
}
_LISTED_ONLY: Final = ("domains", "certificates")
"""Kinds of which a single one cannot be read."""
_PLANS: Final = (
    ("c1a5d1a0-0000-4000-8000-000000000001", "ベーシック", 1),
    ("c1a5d1a0-0000-4000-8000-000000000002", "スタンダード", 5),
)
_MOST_SUBSCRIPTIONS: Final = 5


def _kind(kind: str) -> str:
    return f"apigw/{kind}"


def _key(kind: str) -> str:
    return "domainName" if kind == "domains" else "name"


def _check(place: Place, kind: str, given: Any, own: str = "") -> Doc:
    """The body. Refused (400, 409) as the API refuses."""
    if not isinstance(given, dict):
        raise bad("a body is required")
    for name in _NEEDS[kind]:
        if not given.get(name):
            raise bad(f"{name} is required")
    if "name" in given and not _NAME.fullmatch(str(given["name"])):
        raise bad("name is invalid")
    if any(not _TAG.fullmatch(str(tag)) for tag in given.get("tags") or []):
        raise bad("tags is invalid")
    for name, value in given.items():
        if value in ("", {}) and name != "customID":
            raise bad(f"{name} must not be empty")
    restriction = given.get("ipRestrictionConfig")
    if restriction is not None and not restriction.get("ips"):
        raise bad("ips must not be empty")
    key = _key(kind)
    for other in place.all(_kind(kind), ""):
        if other["id"] != own and other.get("_in") == given.get("_in") and other.get(key) == given.get(key):
            raise conflict("conflict", f"the {key} is taken")
    if given.get("certificateId"):
        place.find(_kind("certificates"), given["certificateId"], "")
    return given


def plans(place: Place) -> Any:
    """GET /plans."""
    del place
    unit = {"maxRequests": 1_000_000, "maxRequestsUnit": "month"}
    found = [{"id": i, "name": n, "price": "3300", "maxServices": most, **unit} for i, n, most in _PLANS]
    return {"apigw": {"plans": found}}


def collection(place: Place, kind: str) -> Any:
    """GET and POST of a kind."""
    if place.method == "GET":
        return {"apigw": {kind: [_shown(d) for d in place.all(_kind(kind), "")]}}
    return _create(place, kind, dict(_check(place, kind, place.body)))


def routes(place: Place, service: str) -> Any:
    """GET and POST /services/:id/routes."""
    host = place.find(_kind("services"), service, "")["routeHost"]
    if place.method == "GET":
        found = [d for d in place.all(_kind("routes"), "") if d["_in"] == service]
        return {"apigw": {"routes": [_shown(d) for d in found]}}
    given = _check(place, "routes", {**(place.body or {}), "_in": service})
    return _create(place, "routes", {"hosts": [host], **given, "serviceId": service, "host": host})


def _create(place: Place, kind: str, given: Doc) -> Any:
    id_ = str(uuid.uuid4())
    doc = {**_DEFAULTS.get(kind, {}), **given, "ID": id_, "id": id_, "createdAt": place.now()}
    if kind == "services":
        contract = place.find(_kind("subscriptions"), given["subscription"].get("id"), "")
        used = [s for s in place.all(_kind(kind), "") if s["subscription"]["id"] == contract["id"]]
        if len(used) >= next(most for i, _, most in _PLANS if i == contract["planId"]):
            raise conflict("conflict", "the plan allows no more services")
        doc["subscription"] = {"id": contract["id"], "name": contract["name"]}
        doc["routeHost"] = f"site-{id_[:8]}.apigw.sakura.ne.jp"
        doc.setdefault("port", 443 if given["protocol"] == "https" else 80)
    if kind == "subscriptions":
        if given["planId"] not in [i for i, _, _ in _PLANS]:
            raise bad("planId is invalid")
        if len(place.all(_kind(kind), "")) >= _MOST_SUBSCRIPTIONS:
            raise conflict("conflict", "no more contracts can be made")
        doc["resourceId"] = int(place.store.new_id())
    if kind == "users":
        doc["groups"] = []
    place.save(_kind(kind), doc, "")
    if kind == "subscriptions":
        return 204, None
    return 201, {"apigw": {_ONE[kind]: _shown(doc)}}


def item(place: Place, kind: str, id_: str) -> Any:
    """GET, PUT, DELETE of one."""
    doc = place.find(_kind(kind), id_, "")
    if place.method == "GET":
        if kind in _LISTED_ONLY:
            raise missing()
        return {"apigw": {_ONE[kind]: _shown(doc)}}
    if place.method == "DELETE":
        _check_free(place, kind, id_)
        place.delete(_kind(kind), doc, "")
        return 204, None
    given = dict(place.body or {})
    if kind in ("domains", "subscriptions"):
        doc |= given
    else:
        # A change is the whole again: what it does not name is what it is by default.
        kept = {k: v for k, v in doc.items() if k.startswith("_") or k in _KEPT}
        checked = _check(place, kind, {**given, **{n: kept[n] for n in _NEEDS[kind] if n in kept}}, id_)
        doc = {**_DEFAULTS.get(kind, {}), **checked, **kept}
    place.save(_kind(kind), doc, "")
    return 204, None


_KEPT: Final = [
    "ID",
    "id",
    "createdAt",
    "subscription",
    "routeHost",
    "port",
    "groups",
    "planId",
    "resourceId",
    "serviceId",
    "host",
]


def route(place: Place, service: str, id_: str) -> Any:
    """GET, PUT, DELETE /services/:id/routes/:id."""
    doc = place.find(_kind("routes"), id_, "")
    if doc["_in"] != service:
        raise missing()
    if place.method == "PUT":
        kept = {k: v for k, v in doc.items() if k.startswith("_") or k in _KEPT}
        given = _check(place, "routes", {**(place.body or {}), "_in": service}, id_)
        place.save(_kind("routes"), {**_DEFAULTS["routes"], "hosts": doc["hosts"], **given, **kept}, "")
        return 204, None
    if place.method == "DELETE":
        place.delete(_kind("routes"), doc, "")
        return 204, None
    return {"apigw": {"route": _shown(doc)}}


def _check_free(place: Place, kind: str, id_: str) -> None:
    """Refused (409) while something still uses it."""
    users = {
        "services": any(d["_in"] == id_ for d in place.all(_kind("routes"), "")),
        "subscriptions": any(d["subscription"]["id"] == id_ for d in place.all(_kind("services"), "")),
        "certificates": any(d.get("certificateId") == id_ for d in place.all(_kind("domains"), "")),
    }
    if users.get(kind):
        raise conflict("conflict", "it is still in use")


def authorization(place: Place, service: str, id_: str) -> Any:
    """GET and PUT /services/:id/routes/:id/authorization."""
    doc = place.find(_kind("routes"), id_, "")
    if doc["_in"] != service:
        raise missing()
    if place.method == "PUT":
        given = dict(place.body or {})
        groups = given.get("groups") or []
        if given.get("isACLEnabled") and not groups:
            raise bad("groups must not be empty")
        named = [place.find(_kind("groups"), g.get("id"), "") for g in groups]
        listed = [{"id": g["id"], "name": g["name"], "enabled": True} for g in named]
        held = listed or doc.get("_authorization", {}).get("groups") or []
        doc["_authorization"] = {"isACLEnabled": bool(given.get("isACLEnabled")), "groups": held}
        place.save(_kind("routes"), doc, "")
        return 204, None
    now = doc.get("_authorization") or {"isACLEnabled": False, "groups": []}
    return {"apigw": {"routeAuthorization": now}}


def transformation(place: Place, service: str, id_: str, way: str) -> Any:
    """GET and PUT /services/:id/routes/:id/{request,response}."""
    doc = place.find(_kind("routes"), id_, "")
    if doc["_in"] != service:
        raise missing()
    if place.method == "PUT":
        doc[f"_{way}"] = dict(place.body or {})
        place.save(_kind("routes"), doc, "")
        return 204, None
    empty = {"allow": None, "remove": {"headerKeys": []}, "add": {"headers": []}}
    return {"apigw": {f"{way}Transformation": {**empty, **doc.get(f"_{way}", {})}}}


def user_groups(place: Place, id_: str) -> Any:
    """GET and PUT /users/:id/groups: each says whether the user belongs to it."""
    doc = place.find(_kind("users"), id_, "")
    if place.method == "PUT":
        held = set(doc["groups"])
        for each in place.body or []:
            group = place.find(_kind("groups"), each.get("id"), "")["id"]
            (held.add if each.get("isAssigned") else held.discard)(group)
        doc["groups"] = sorted(held)
        place.save(_kind("users"), doc, "")
        return 204, None
    listed = [
        {"id": g["id"], "name": g["name"], "isAssigned": g["id"] in doc["groups"]}
        for g in place.all(_kind("groups"), "")
    ]
    return {"apigw": {"groups": listed}}


def authentication(place: Place, id_: str) -> Any:
    """GET and PUT /users/:id/authentication: secrets are never given back."""
    doc = place.find(_kind("users"), id_, "")
    if place.method == "PUT":
        given: dict[str, Doc] = dict(place.body or {})
        for part, secret in (("basicAuth", "password"), ("jwt", "secret"), ("hmacAuth", "secret")):
            if part in given and not given[part].get(secret):
                raise bad(f"{secret} is required")
        doc["_authentication"] = {
            part: {k: v for k, v in values.items() if k not in ("password", "secret")}
            for part, values in given.items()
        }
        place.save(_kind("users"), doc, "")
        return 204, None
    return {"apigw": {"userAuthentication": doc.get("_authentication") or {}}}


def _shown(doc: Doc) -> Doc:
    """A document as it is given back: without keys and secrets."""
    found = {k: v for k, v in doc.items() if not k.startswith("_") and k != "ID"}
    for part in ("rsa", "ecdsa"):
        if part in found:
            found[part] = {"expiredAt": "2027-11-24T00:00:00+09:00"}
    bucket = found.get("objectStorageConfig")
    if bucket:
        found["objectStorageConfig"] = {
            k: v for k, v in bucket.items() if k not in ("accessKeyID", "secretAccessKey")
        }
    if "groups" in found:
        found["groups"] = [{"id": each} for each in found["groups"]]
    return found


_ID: Final = r"([0-9a-f-]{36})"
_KINDS: Final = "services|users|groups|domains|certificates|subscriptions"
_ROUTE: Final = f"/services/{_ID}/routes/{_ID}"
_PUT_GET: Final = ("GET", "PUT")
ROUTES: Final = (
    (("GET",), re.compile("/plans"), plans),
    (("GET", "POST"), re.compile(f"/({_KINDS})"), collection),
    (("GET", "PUT", "DELETE"), re.compile(f"/({_KINDS})/{_ID}"), item),
    (("GET", "POST"), re.compile(f"/services/{_ID}/routes"), routes),
    (("GET", "PUT", "DELETE"), re.compile(_ROUTE), route),
    (_PUT_GET, re.compile(f"{_ROUTE}/authorization"), authorization),
    (_PUT_GET, re.compile(f"{_ROUTE}/(request|response)"), transformation),
    (_PUT_GET, re.compile(f"/users/{_ID}/groups"), user_groups),
    (_PUT_GET, re.compile(f"/users/{_ID}/authentication"), authentication),
)
