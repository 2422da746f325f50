"""Object storage: federation (`/fed/v1`) and sites (`/{site}/v2`)."""

# ruff: noqa: ARG001 - every handler takes the request, whether it needs it or not
from __future__ import annotations

import re
import secrets
from typing import Any, Final

from providers.twin.sakura.faults import bad, conflict, missing
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc

SITES: Final = {"isk01": "石狩第1サイト", "tky01": "東京第1サイト", "arc02": "アーカイブ第2サイト"}
_NAME: Final = r"([a-zA-Z][a-zA-Z0-9-]{2,62})"


def clusters(place: Place) -> Any:
    """GET /fed/v1/clusters."""
    return {
        "data": [
            {
                "id": s,
                "display_name_ja": n,
                "display_name": n,
                "s3_endpoint": f"s3.{s}.sakurastorage.jp",
                "plan_family": "archive" if s == "arc02" else "standard",
            }
            for s, n in SITES.items()
        ]
    }


def _bucket(place: Place, name: str, site: str | None = None) -> Doc:
    doc = place.store.get("bucket", "", name)
    if doc is None or (site is not None and doc["cluster_id"] != site):
        raise missing()
    return doc


def bucket(place: Place, name: str) -> Any:
    """PUT and DELETE /fed/v1/buckets/:name."""
    if place.method == "DELETE":
        doc = _bucket(place, name)
        if any(True for _ in place.store.all("object", name)):
            raise conflict("conflict", "the bucket is not empty")
        place.store.remove("bucket", "", name)
        return 204, None
    site = str((place.body or {}).get("cluster_id") or "")
    if site not in SITES:
        raise bad("cluster_id is invalid")
    if place.store.get("account", "", site) is None:
        raise missing("account")
    if place.store.get("bucket", "", name) is not None:
        raise conflict("conflict", "the bucket name is taken")
    plan = (place.body or {}).get("plan") or {"type": "archive" if site == "arc02" else "standard"}
    doc = {
        "ID": place.store.new_id(),
        "name": name,
        "cluster_id": site,
        "plan": plan,
        "resource_id": place.store.new_id(),
    }
    place.store.put("bucket", "", name, doc)
    return 201, {"data": {"cluster_id": site, "name": name, "plan": plan}}


def replication(place: Place, name: str) -> Any:
    """GET, POST, DELETE /fed/v1/buckets/:name/replication."""
    doc = _bucket(place, name)
    now = doc.get("_replication")
    if place.method == "POST":
        if now is not None:
            raise conflict("conflict", "the bucket is replicated already")
        target = _bucket(place, str((place.body or {}).get("dest_bucket") or ""))
        if target["cluster_id"] == doc["cluster_id"]:
            raise bad("the destination must be at another site")
        now = {
            "source_bucket": {"name": name, "cluster_id": doc["cluster_id"]},
            "dest_bucket": {"name": target["name"], "cluster_id": target["cluster_id"]},
            "config_status": "creating",
            "created_at": place.now(),
        }
        doc["_replication"] = now
        place.later(doc, place.seconds("replication"), ("_replication.config_status", "created"))
        place.store.put("bucket", "", name, doc)
        return 201, {"data": now}
    if now is None:
        raise missing()
    if place.method == "DELETE":
        doc.pop("_replication")
        place.store.put("bucket", "", name, doc)
        return 204, None
    return {"data": now}


def account(place: Place, site: str) -> Any:
    """GET, POST, DELETE /:site/v2/account."""
    _site(site)
    doc = place.store.get("account", "", site)
    if place.method == "POST":
        if doc is not None:
            raise conflict("conflict", "the account exists")
        doc = {
            "ID": site,
            "resource_id": place.store.new_id(),
            "code": f"twin@{site}",
            "created_at": place.now(),
            "_platform": True,
        }
        return 201, {"data": place.store.put("account", "", site, doc)}
    if doc is None:
        raise missing()
    if place.method == "DELETE":
        place.store.remove("account", "", site)
        return 204, None
    return {"data": doc}


def _site(site: str) -> None:
    if site not in SITES:
        raise missing()


def _needs_account(place: Place, site: str) -> None:
    _site(site)
    if place.store.get("account", "", site) is None:
        raise missing("account")


def buckets(place: Place, site: str) -> Any:
    """GET /:site/v2/buckets."""
    _needs_account(place, site)
    found = [b for b in place.all("bucket", "") if b["cluster_id"] == site]
    return {"data": [{"name": b["name"], "resource_id": b["resource_id"], "plan": b["plan"]} for b in found]}


def encryption(place: Place, site: str, name: str) -> Any:
    """GET, PUT, DELETE /:site/v2/buckets/:name/encryption."""
    doc = _bucket(place, name, site)
    if place.method == "PUT":
        key = str((place.body or {}).get("kms_key_id") or "")
        if place.store.get("kms", "", key) is None:
            raise bad("kms_key_id is invalid")
        doc["_encryption"] = {"kms_key_id": key, "configured_at": place.now()}
        place.store.put("bucket", "", name, doc)
    if doc.get("_encryption") is None:
        raise missing()
    if place.method == "DELETE":
        doc.pop("_encryption")
        place.store.put("bucket", "", name, doc)
        return 204, None
    return {"data": doc["_encryption"]}


def _new_key(place: Place) -> tuple[Doc, str]:
    secret = secrets.token_urlsafe(30)[:40]
    return {"id": secrets.token_hex(10).upper(), "created_at": place.now(), "_secret": secret}, secret


def keys(place: Place, site: str) -> Any:
    """GET and POST /:site/v2/account/keys: the secret is in the answer to the creation only."""
    _needs_account(place, site)
    if place.method == "GET":
        return {"data": [{**k, "secret": ""} for k in place.all("accountkey", site)]}
    doc, secret = _new_key(place)
    place.store.put("accountkey", site, doc["id"], doc)
    return 201, {"data": {**doc, "secret": secret}}


def key(place: Place, site: str, id_: str) -> Any:
    """GET and DELETE /:site/v2/account/keys/:id."""
    doc = place.find("accountkey", id_, site)
    if place.method == "DELETE":
        place.store.remove("accountkey", site, id_)
        return 204, None
    return {"data": {**doc, "secret": ""}}


def permissions(place: Place, site: str) -> Any:
    """GET and POST /:site/v2/permissions."""
    _needs_account(place, site)
    if place.method == "GET":
        return {"data": place.all("permission", site)}
    number = place.store.new_id()
    doc = {"id": int(number), "created_at": place.now(), **_controls(place, site)}
    place.store.put("permission", site, number, doc)
    return 201, {"data": doc}


def _controls(place: Place, site: str) -> Doc:
    given = place.body if isinstance(place.body, dict) else {}
    if not given.get("display_name"):
        raise bad("display_name is required")
    controls: list[Doc] = []
    for each in given.get("bucket_controls") or []:
        found = place.store.get("bucket", "", str(each.get("bucket_name")))
        if found is None or found["cluster_id"] != site:
            raise bad("bucket_name is invalid")
        controls.append({**each, "created_at": place.now()})
    return {"display_name": given["display_name"], "bucket_controls": controls}


def permission(place: Place, site: str, id_: str) -> Any:
    """GET, PUT, DELETE /:site/v2/permissions/:id."""
    doc = place.find("permission", id_, site)
    if place.method == "DELETE":
        for each in place.all("permissionkey", site):
            if each["_permission"] == id_:
                place.store.remove("permissionkey", site, each["id"])
        place.store.remove("permission", site, id_)
        return 204, None
    if place.method == "PUT":
        doc |= _controls(place, site)
        place.store.put("permission", site, id_, doc)
    return {"data": doc}


def permission_keys(place: Place, site: str, id_: str) -> Any:
    """GET and POST /:site/v2/permissions/:id/keys."""
    place.find("permission", id_, site)
    if place.method == "GET":
        return {
            "data": [{**k, "secret": ""} for k in place.all("permissionkey", site) if k["_permission"] == id_]
        }
    doc, secret = _new_key(place)
    doc["_permission"] = id_
    place.store.put("permissionkey", site, doc["id"], doc)
    return 201, {"data": {**doc, "secret": secret}}


def permission_key(place: Place, site: str, id_: str, key_id: str) -> Any:
    """GET and DELETE /:site/v2/permissions/:id/keys/:key."""
    doc = place.find("permissionkey", key_id, site)
    if doc["_permission"] != id_:
        raise missing()
    if place.method == "DELETE":
        place.store.remove("permissionkey", site, key_id)
        return 204, None
    return {"data": {**doc, "secret": ""}}


_SITE: Final = r"/(\w+)/v2"
_GET_DELETE: Final = ("GET", "DELETE")
ROUTES: Final = (
    (("GET",), re.compile("/fed/v1/clusters"), clusters),
    (("PUT", "DELETE"), re.compile(f"/fed/v1/buckets/{_NAME}"), bucket),
    (("GET", "POST", "DELETE"), re.compile(f"/fed/v1/buckets/{_NAME}/replication"), replication),
    (("GET", "POST", "DELETE"), re.compile(f"{_SITE}/account"), account),
    (("GET", "POST"), re.compile(f"{_SITE}/account/keys"), keys),
    (_GET_DELETE, re.compile(rf"{_SITE}/account/keys/(\w+)"), key),
    (("GET",), re.compile(f"{_SITE}/buckets"), buckets),
    (("GET", "PUT", "DELETE"), re.compile(f"{_SITE}/buckets/{_NAME}/encryption"), encryption),
    (("GET", "POST"), re.compile(f"{_SITE}/permissions"), permissions),
    (("GET", "PUT", "DELETE"), re.compile(rf"{_SITE}/permissions/(\d+)"), permission),
    (("GET", "POST"), re.compile(rf"{_SITE}/permissions/(\d+)/keys"), permission_keys),
    (_GET_DELETE, re.compile(rf"{_SITE}/permissions/(\d+)/keys/(\w+)"), permission_key),
)
