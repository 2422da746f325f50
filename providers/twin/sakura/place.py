"""What the handlers work on: a request, the store, the clock."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from providers.twin.sakura.faults import Refused, bad, conflict, missing
from providers.twin.sakura.store import Doc, Store

ACCOUNT: Final = "113000000001"
"""The account of a twin that was told of none."""
ZONES: Final = {
    "tk1a": (21001, "東京第1ゾーン", 210),
    "tk1b": (21002, "東京第2ゾーン", 210),
    "is1a": (31001, "石狩第1ゾーン", 310),
    "is1b": (31002, "石狩第2ゾーン", 310),
    "is1c": (31003, "石狩第3ゾーン", 310),
    "tk1v": (29001, "Sandbox", 290),
}
"""Name → number, description, region (facts: sakura-api.md §2.3)."""
REGIONS: Final = {210: "東京", 310: "石狩", 290: "Sandbox"}
_JST: Final = timezone(timedelta(hours=9))

# Seconds that things take on the real platform, before scaling (facts: sakura-api.md §2.6 where it says, else
# the order of magnitude that its users report).
TIMES: Final = {
    "disk_copy": 60.0,
    "archive_copy": 120.0,
    "disk_blank": 3.0,
    "appliance_copy": 120.0,
    "appliance_boot": 60.0,
    "database_boot": 300.0,
    "vpcrouter_boot": 60.0,
    "server_boot": 10.0,
    "server_stop": 20.0,
    "internet": 10.0,
    "hybrid_release": 300.0,
    "packetfilter": 2.0,
    "apprun": 30.0,
    "replication": 20.0,
}

LIMITS: Final = {
    "server": 200,
    "disk": 400,
    "switch": 200,
    "internet": 20,
    "appliance": 100,
    "packetfilter": 200,
    "bridge": 20,
    "commonserviceitem": 500,
    "localrouter": 10,
}
"""How many there may be in an account and zone; the real limits depend on the contract, except 10 local
routers."""


@dataclass(slots=True)
class Place:
    """One request to one zone. `speed` divides every wait."""

    store: Store
    zone: str
    method: str
    path: str
    query: Any
    body: Any
    speed: float
    copy_outcome: str = "available"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def account(self) -> str:
        """Id of the account (project) whose credentials are used: there is one in a twin."""
        return self.store.meta("account", ACCOUNT)

    def seconds(self, what: str) -> float:
        """How long `what` takes here."""
        return TIMES[what] / self.speed

    def later(self, doc: Doc, seconds: float, *changes: tuple[str, Any]) -> None:
        """Have `changes` (path, value) happen to `doc` after `seconds`."""
        at = time.time() + seconds
        doc.setdefault("_due", []).extend([at, path, value] for path, value in changes)

    def now(self) -> str:
        """The time, as the API writes it."""
        return datetime.now(_JST).isoformat(timespec="seconds")

    def find(self, kind: str, id_: Any, zone: str | None = None) -> Doc:
        """A document. Refused (404) when there is none."""
        doc = self.store.get(kind, self.zone if zone is None else zone, str(id_))
        if doc is None:
            raise missing()
        return doc

    def reference(self, kind: str, id_: Any, zone: str | None = None) -> Doc:
        """A document that a request names. Refused (400 param_res_not_found) when there is none."""
        doc = self.store.get(kind, self.zone if zone is None else zone, str(id_))
        if doc is None:
            raise Refused(
                400, "param_res_not_found", f"パラメータで指定されたリソースが見つかりません。({kind} {id_})"
            )
        return doc

    def save(self, kind: str, doc: Doc, zone: str | None = None) -> Doc:
        """Write a document."""
        return self.store.put(kind, self.zone if zone is None else zone, str(doc["ID"]), doc)

    def delete(self, kind: str, doc: Doc, zone: str | None = None) -> None:
        """Delete a document."""
        self.store.remove(kind, self.zone if zone is None else zone, str(doc["ID"]))

    def all(self, kind: str, zone: str | None = None) -> list[Doc]:
        """All documents of a kind here."""
        return list(self.store.all(kind, self.zone if zone is None else zone))

    def part(self, key: str) -> Doc:
        """The object under `key` of the body. Refused (400) when it is not there."""
        inner = self.body.get(key) if isinstance(self.body, dict) else None
        if not isinstance(inner, dict):
            raise Refused(400, "missing_param", f"必須のパラメータがありません。({key})")
        return inner

    def limit(self, kind: str, count: int) -> None:
        """Refused (409 limit_count_in_account) when there are that many already."""
        allowed = int(self.store.meta(f"limit:{kind}", str(LIMITS.get(kind, 100_000))))
        if count >= allowed:
            raise conflict(
                "limit_count_in_account",
                "要求を受け付けできません。アカウントあたりのリソース数上限に達しました。",
            )

    def zone_info(self) -> Doc:
        """The zone, as resources show it."""
        number, description, region = ZONES[self.zone]
        return {
            "ID": str(number),
            "Name": self.zone,
            "Description": description,
            "Region": {"ID": str(region), "Name": REGIONS[region]},
        }


Handler = Callable[..., Any]
"""Takes the Place and the parts of the path; gives a body, or (status, body)."""


def base(place: Place, given: Doc, *, tagged: bool = True) -> Doc:
    """What every new resource has, out of the request; Refused (400) when name, description or tags are
    wrong."""
    check_common(given, create=True)
    doc: Doc = {
        "ID": place.store.new_id(),
        "Name": given.get("Name", ""),
        "Description": given.get("Description") or "",
        "CreatedAt": place.now(),
        "ModifiedAt": place.now(),
    }
    if tagged:
        doc["Tags"] = list(given.get("Tags") or [])
        doc["Icon"] = icon_of(place, given)
    return doc


def icon_of(place: Place, given: Doc) -> Any:
    """The icon that a request names, as resources show it."""
    icon = given.get("Icon")
    if not isinstance(icon, dict) or not icon.get("ID"):
        return None
    found = place.store.get("icon", "", str(icon["ID"]))
    if found is None:
        raise Refused(400, "param_res_not_found", "パラメータで指定されたリソースが見つかりません。(Icon)")
    return {"ID": found["ID"], "Name": found["Name"], "URL": found.get("URL", ""), "Scope": "user"}


def check_common(given: Doc, *, create: bool) -> None:
    """Refused (400) when name, description or tags are outside what the API takes."""
    name = given.get("Name")
    if create and (not isinstance(name, str) or not name):
        raise bad("名前を入力してください。(Name)", "missing_param")
    if isinstance(name, str) and len(name) > 64:
        raise bad("名前は64文字までです。(Name)", "invalid_range")
    if len(str(given.get("Description") or "")) > 512:
        raise bad("説明は512文字までです。(Description)", "invalid_range")
    tags = given.get("Tags")
    if tags is not None and (not isinstance(tags, list) or len(tags) > 10):
        raise bad("タグは10個までです。(Tags)", "invalid_range")


def merge_common(place: Place, doc: Doc, given: Doc) -> None:
    """Take over name, description, tags and icon, where the request has them."""
    check_common(given, create=False)
    for key in ("Name", "Description"):
        if given.get(key) is not None:
            doc[key] = given[key]
    if "Tags" in given and given["Tags"] is not None:
        doc["Tags"] = list(given["Tags"])
    if "Icon" in given:
        doc["Icon"] = icon_of(place, given)
    doc["ModifiedAt"] = place.now()


def settings_hash(settings: Any) -> str:
    """The hash by which concurrent edits are noticed."""
    return hashlib.md5(json.dumps(settings, sort_keys=True).encode(), usedforsecurity=False).hexdigest()


def check_hash(doc: Doc, given: Doc) -> None:
    """Refused (409 original_hash_mismatch) when the request was made on an older version."""
    asked = given.get("SettingsHash")
    if asked and asked != doc.get("SettingsHash"):
        raise conflict(
            "original_hash_mismatch", "設定が他の操作によって変更されています。再度読み込んでください。"
        )


def shown(doc: Any) -> Any:
    """A document without what the API does not show."""
    if isinstance(doc, dict):
        return {k: shown(v) for k, v in doc.items() if not k.startswith("_")}
    return [shown(v) for v in doc] if isinstance(doc, list) else doc
