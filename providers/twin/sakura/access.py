"""Who calls, and whether they may: API keys (Basic) and service principals (bearer tokens) with their roles.

A twin that was handed over to a bootstrap is guarded: what the caller's roles do not allow is refused, and
IAM takes service principals only, as its published specification says. Other twins let whoever has the
credentials do everything.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from providers.twin.sakura.faults import Refused
from providers.twin.sakura.store import Store

ADMINS: Final = frozenset({"owner", "organization-admin", "project-owner", "admin"})
"""Roles that may set who may do what."""
CREATOR: Final = "resource-creator"
VIEWER: Final = "resource-viewer"
CONTEXT: Final = "/auth/context"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; `kind` in the words of `/auth/context`, `roles` in the project."""

    kind: Literal["apikey", "service_principal"]
    id: str
    roles: frozenset[str]


def guarded(store: Store) -> bool:
    """Whether roles count here."""
    return store.meta("guarded", "") == "yes"


def caller(store: Store, headers: Mapping[str, str]) -> Caller:
    """Whoever the Authorization header shows. Refused (401) without valid credentials."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    found = None
    if kind == "Basic":
        found = _api_key(store, value)
    elif kind == "Bearer":
        found = _principal(store, value)
    if found is None:
        raise Refused(401, "unauthorized", "認証に失敗しました。アクセストークンを確認してください。")
    return found


def permit(store: Store, who: Caller, api: str, method: str, path: str) -> None:
    """Refused (403) where `who` may not do this. Other twins than guarded ones permit everything."""
    if not guarded(store) or (api == "iam" and path == CONTEXT) or (who.roles & ADMINS and api != "iam"):
        return
    if api == "iam":
        allowed = who.kind == "service_principal" and bool(who.roles & ADMINS)
    elif method == "GET":
        allowed = bool(who.roles & {CREATOR, VIEWER})
    else:
        allowed = CREATOR in who.roles
    if not allowed:
        raise Refused(403, "permission_denied", "このアクションを実行する権限がありません。")


def _api_key(store: Store, value: str) -> Caller | None:
    try:
        token, _, secret = base64.b64decode(value).decode().partition(":")
    except ValueError:
        return None
    if not guarded(store):
        right = hmac.compare_digest(token, store.token) & hmac.compare_digest(secret, store.secret)
        return Caller("apikey", "0", frozenset(("owner",))) if right else None
    for key in store.all("iam/compat/api-keys", ""):
        held = str(key.get("_secret") or "")
        if held and key["access_token"] == token and hmac.compare_digest(held, secret):
            return Caller("apikey", str(key["id"]), frozenset(key["iam_roles"]))
    return None


def _principal(store: Store, value: str) -> Caller | None:
    held = store.get("bearer", "", value)
    if held is None or held["until"] <= time.time():
        return None
    id_ = str(held["principal"])
    if not guarded(store):
        return Caller("service_principal", id_, frozenset(("owner",)))
    if store.get("iam/service-principals", "", id_) is None:
        return None
    policy = store.get("iamdocument", "", f"projects/{store.meta('account')}") or {}
    roles = {
        str(binding["role"]["id"])
        for binding in policy.get("bindings") or []
        for one in binding["principals"]
        if one["type"] == "service-principal" and str(one["id"]) == id_
    }
    return Caller("service_principal", id_, frozenset(roles))
