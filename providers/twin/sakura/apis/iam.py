"""IAM (`/cloud/api/iam/1.0`) and AppRun (`/cloud/api/apprun/1.0/apprun/api`): plain JSON, whole numbers as
ids in IAM."""

from __future__ import annotations

import re
import secrets
from typing import Any, Final

from providers.twin.sakura.apis import principals
from providers.twin.sakura.faults import bad, conflict, missing
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Doc

_REQUIRED: Final = {
    "projects": ("code", "name", "description"),
    "folders": ("name",),
    "groups": ("name", "description"),
    "compat/users": ("name", "password", "code", "description"),
    "service-principals": ("project_id", "name", "description"),
    "compat/api-keys": ("project_id", "name", "description", "iam_roles"),
    "sso-profiles": (
        "name",
        "description",
        "idp_entity_id",
        "idp_login_url",
        "idp_logout_url",
        "idp_certificate",
    ),
}
_FIXED: Final = {
    "projects": ("code", "parent_folder_id"),
    "folders": ("parent_id",),
    "compat/users": ("code", "email"),
    "service-principals": ("project_id",),
    "compat/api-keys": ("project_id",),
}
_KINDS: Final = "|".join(_REQUIRED)


def _body(place: Place) -> Doc:
    return dict(place.body) if isinstance(place.body, dict) else {}


def collection(place: Place, kind: str) -> Any:
    """GET and POST of a collection."""
    if place.method == "GET":
        found = place.all(f"iam/{kind}", "")
        return {"items": found, "count": len(found), "next": None, "previous": None}
    given = _body(place)
    for name in _REQUIRED[kind]:
        if name not in given:
            raise bad(f"{name} is required")
    if "code" in given and any(d["code"] == given["code"] for d in place.all(f"iam/{kind}", "")):
        raise conflict("conflict", "the code is taken")
    if kind in ("service-principals", "compat/api-keys"):
        _project(place, given["project_id"])
    number = place.store.new_id()
    doc: Doc = {
        "ID": number,
        "id": int(number),
        **given,
        "created_at": place.now(),
        "updated_at": place.now(),
    }
    doc.pop("password", None)
    if kind == "projects":
        doc |= {"status": "available", "parent_folder_id": given.get("parent_folder_id")}
    elif kind == "folders":
        doc["parent_id"] = given.get("parent_id")
    elif kind == "sso-profiles":
        doc |= {
            "assigned": False,
            "sp_entity_id": f"https://twin.invalid/saml/{number}",
            "sp_acs_url": f"https://twin.invalid/saml/{number}/acs",
        }
    place.store.put(f"iam/{kind}", "", number, doc)
    shown = dict(doc)
    if kind == "compat/api-keys":
        doc["access_token"] = "-".join(secrets.token_hex(n) for n in (4, 2, 2, 2, 6))
        doc["_secret"] = secrets.token_urlsafe(32)
        place.store.put(f"iam/{kind}", "", number, doc)
        shown = {**doc, "access_token_secret": doc["_secret"]}
    return 201, shown


def _project(place: Place, id_: Any) -> None:
    if place.store.get("iam/projects", "", str(id_)) is None and str(id_) != place.account:
        raise bad("the project does not exist")


def item(place: Place, kind: str, id_: str) -> Any:
    """GET, PUT, DELETE of one."""
    doc = place.find(f"iam/{kind}", id_, "")
    if place.method == "DELETE":
        if doc.get("assigned"):
            raise conflict("conflict", "the profile is assigned")
        if kind == "projects" and any(
            d["project_id"] == doc["id"] for d in place.all("iam/service-principals", "")
        ):
            raise conflict("conflict", "the project has service principals")
        place.store.remove(f"iam/{kind}", "", id_)
        return 204, None
    if place.method == "PUT":
        kept = (*_FIXED.get(kind, ()), "id", "ID", "password")
        doc |= {k: v for k, v in _body(place).items() if k not in kept}
        doc["updated_at"] = place.now()
        place.store.put(f"iam/{kind}", "", id_, doc)
    return doc


def move(place: Place, kind: str) -> Any:
    """POST /move-projects, /move-folders."""
    given = _body(place)
    parent = "parent_folder_id" if kind == "project" else "parent_id"
    for each in given.get(f"{kind}_ids") or []:
        doc = place.find(f"iam/{kind}s", each, "")
        doc[parent] = given.get(parent)
        place.store.put(f"iam/{kind}s", "", str(each), doc)
    return 204, None


def memberships(place: Place, id_: str) -> Any:
    """GET and PUT /groups/:id/memberships."""
    doc = place.find("iam/groups", id_, "")
    if place.method == "PUT":
        wanted = _body(place).get("compat_users") or []
        for each in wanted:
            if place.store.get("iam/compat/users", "", str(each["id"])) is None:
                raise bad("the user does not exist")
        doc["_members"] = [{"id": each["id"]} for each in wanted]
        place.store.put("iam/groups", "", id_, doc)
    return {"compat_users": doc.get("_members") or []}


def assign(place: Place, id_: str, verb: str) -> Any:
    """POST /sso-profiles/:id/{assign,unassign}."""
    doc = place.find("iam/sso-profiles", id_, "")
    doc["assigned"] = verb == "assign"
    return place.store.put("iam/sso-profiles", "", id_, doc)


def email(place: Place, id_: str, verb: str) -> Any:
    """POST /compat/users/:id/{register,unregister}-email."""
    doc = place.find("iam/compat/users", id_, "")
    doc["email"] = _body(place).get("email") if verb == "register" else None
    place.store.put("iam/compat/users", "", id_, doc)
    return 204, None


_DEFAULTS: Final[dict[str, Doc]] = {
    "organization-iam-policy": {"bindings": []},
    "organization-id-policy": {"bindings": []},
    "organization-password-policy": {
        "min_length": 12,
        "require_uppercase": False,
        "require_lowercase": False,
        "require_symbols": False,
    },
    "organization-auth-conditions": {
        "ip_restriction": {"mode": "allow_all"},
        "require_two_factor_auth": {"enabled": False},
        "datetime_restriction": {"after": None, "before": None},
    },
}


def document(place: Place, name: str) -> Any:
    """GET and PUT of the organisation's documents."""
    if place.method == "PUT":
        _policy(place, _body(place))
        place.store.put("iamdocument", "", name, {**_body(place), "_platform": True})
    return place.store.get("iamdocument", "", name) or _DEFAULTS[name]


def policy(place: Place, kind: str, id_: str) -> Any:
    """GET and PUT /projects|folders/:id/iam-policy."""
    place.find(f"iam/{kind}", id_, "")
    name = f"{kind}/{id_}"
    if place.method == "PUT":
        _policy(place, _body(place))
        place.store.put("iamdocument", "", name, {**_body(place), "_platform": True})
    return place.store.get("iamdocument", "", name) or {"bindings": []}


def _policy(place: Place, body: Doc) -> None:
    kinds = {"user": "compat/users", "group": "groups", "service-principal": "service-principals"}
    for binding in body.get("bindings") or []:
        role = binding.get("role") or {}
        if role.get("type") != "preset" or not role.get("id"):
            raise bad("role is invalid")
        for who in binding.get("principals") or []:
            if who.get("type") not in kinds or not isinstance(who.get("id"), int):
                raise bad("principal is invalid")
            if place.store.get(f"iam/{kinds[who['type']]}", "", str(who["id"])) is None:
                raise bad("the principal does not exist")


_N: Final = r"(\d+)"
ROUTES: Final = (
    *principals.ROUTES,
    (("GET", "PUT"), re.compile(f"/(projects|folders)/{_N}/iam-policy"), policy),
    (("GET", "PUT"), re.compile(f"/groups/{_N}/memberships"), memberships),
    (("POST",), re.compile(f"/sso-profiles/{_N}/(assign|unassign)"), assign),
    (("POST",), re.compile(f"/compat/users/{_N}/(register|unregister)-email"), email),
    (("POST",), re.compile("/move-(project|folder)s"), move),
    (("GET", "PUT"), re.compile(f"/({'|'.join(_DEFAULTS)})"), document),
    (("GET", "POST"), re.compile(f"/({_KINDS})"), collection),
    (("GET", "PUT", "DELETE"), re.compile(f"/({_KINDS})/{_N}"), item),
)

# --- AppRun
# -----------------------------------------------------------------------------------------------------------

_RESERVED_PORTS: Final = (8008, 8012, 8013, 8022, 9090, 9091)


def apprun_user(place: Place) -> Any:
    """GET and POST /user: once an account."""
    doc = place.store.get("apprunuser", "", "1")
    if place.method == "POST":
        doc = place.store.put(
            "apprunuser", "", "1", {"ID": "1", "limit": {"application_count": 10}, "_platform": True}
        )
        return 201, doc
    if doc is None:
        raise missing()
    return doc


def _check_app(given: Doc) -> None:
    if given.get("port") in _RESERVED_PORTS:
        raise bad("port is reserved")
    for name, low, high in (("timeout_seconds", 1, 300), ("min_scale", 0, 10), ("max_scale", 1, 10)):
        if name in given and not low <= int(given[name]) <= high:
            raise bad(f"{name} is out of range")
    for component in given.get("components") or []:
        if not ((component.get("deploy_source") or {}).get("container_registry") or {}).get("image"):
            raise bad("image is required")


def _strip(components: Any) -> Any:
    for component in components or []:
        registry = (component.get("deploy_source") or {}).get("container_registry") or {}
        registry.pop("password", None)
        registry.pop("action", None)
    return components


def applications(place: Place) -> Any:
    """GET and POST /applications."""
    if place.store.get("apprunuser", "", "1") is None:
        raise missing("user")
    if place.method == "GET":
        found = place.all("apprun", "")
        return {
            "meta": {
                "page_num": 1,
                "page_size": 100,
                "object_total": len(found),
                "sort_field": "created_at",
                "sort_order": "asc",
            },
            "data": found,
        }
    given = _body(place)
    for name in ("name", "timeout_seconds", "port", "min_scale", "max_scale", "components"):
        if name not in given:
            raise bad(f"{name} is required")
    _check_app(given)
    if any(a["name"] == given["name"] for a in place.all("apprun", "")):
        raise conflict("conflict", "the name is taken")
    number = place.store.new_id()
    id_ = f"{int(number):032x}"
    doc = {
        **given,
        "components": _strip(given["components"]),
        "ID": id_,
        "id": id_,
        "status": "Deploying",
        "resource_id": number,
        "created_at": place.now(),
        "public_url": f"https://app-{number}.ingress.apprun.sakura.ne.jp",
        "_filter": {"is_enabled": False, "settings": []},
    }
    place.later(doc, place.seconds("apprun"), ("status", "Healthy"))
    return 201, place.save("apprun", doc, "")


def application(place: Place, id_: str) -> Any:
    """GET, PATCH, DELETE /applications/:id."""
    doc = place.find("apprun", id_, "")
    if place.method == "DELETE":
        place.delete("apprun", doc, "")
        return 204, None
    if place.method == "PATCH":
        given = _body(place)
        _check_app(given)
        doc |= {
            k: _strip(v) if k == "components" else v
            for k, v in given.items()
            if k not in ("name", "all_traffic_available")
        }
        doc["status"] = "Deploying"
        place.later(doc, place.seconds("apprun"), ("status", "Healthy"))
        place.save("apprun", doc, "")
    return doc


def app_filter(place: Place, id_: str) -> Any:
    """GET and PATCH /applications/:id/packet_filter."""
    doc = place.find("apprun", id_, "")
    if place.method == "PATCH":
        doc["_filter"] = {**doc["_filter"], **_body(place)}
        place.save("apprun", doc, "")
    return doc["_filter"]


_APP: Final = r"/applications/([0-9a-f]{32})"
APPRUN_ROUTES: Final = (
    (("GET", "POST"), re.compile("/user"), apprun_user),
    (("GET", "POST"), re.compile("/applications"), applications),
    (("GET", "PATCH", "DELETE"), re.compile(_APP), application),
    (("GET", "PATCH"), re.compile(f"{_APP}/packet_filter"), app_filter),
)
