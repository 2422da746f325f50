"""A unit as it is when it is handed over: its project, an administrator, what others have shared with it."""

from __future__ import annotations

import contextlib
import secrets
import zlib
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from providers.twin.sakura.access import CREATOR
from providers.twin.sakura.apis.principals import put_key
from providers.twin.sakura.place import Place
from providers.twin.sakura.store import Store

ADMINISTRATOR: Final = 113_000_000_900
"""Id of the one user that a unit has at first."""
_ADMINS: Final = 113_000_000_901
_IDS, _WINDOWS, _WINDOW = 113_200_000_000, 40_000, 10_000
"""Where ids begin, and how many units, each with how many ids, have room before the next billion."""
_JST: Final = timezone(timedelta(hours=9))


@contextlib.contextmanager
def _opened(folder: Path) -> Generator[Store]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = Store(folder / "sakura.sqlite")
    try:
        yield store
    finally:
        store.close()


def hand_over(folder: Path, unit: str) -> None:
    """Make `unit` the project of the twin in `folder`, unless it is already. Before the twin first serves."""
    with _opened(folder) as store:
        if store.meta("account", unit) != unit or store.get("iam/projects", "", unit) is not None:
            return
        # Ids are unique in the whole service, so those of two units must not be the same.
        store.set_meta("next_id", str(_IDS + zlib.crc32(unit.encode()) % _WINDOWS * _WINDOW))
        now = datetime.now(_JST).isoformat(timespec="seconds")
        common: dict[str, Any] = {"description": "", "created_at": now, "updated_at": now, "_platform": True}
        project = {"ID": unit, "id": int(unit), "code": f"unit-{unit}", "name": unit, "status": "available"}
        user = {
            "ID": str(ADMINISTRATOR),
            "id": ADMINISTRATOR,
            "code": "administrator",
            "name": "administrator",
        }
        group = {
            "ID": str(_ADMINS),
            "id": _ADMINS,
            "name": "administrators",
            "_members": [{"id": ADMINISTRATOR}],
        }
        store.put("iam/projects", "", unit, {**project, "parent_folder_id": None, **common})
        store.put("iam/compat/users", "", str(ADMINISTRATOR), {**user, "email": None, **common})
        store.put("iam/groups", "", str(_ADMINS), {**group, **common})
        owner = {"role": {"type": "preset", "id": "owner"}, "principals": [{"type": "group", "id": _ADMINS}]}
        store.put("iamdocument", "", f"projects/{unit}", {"bindings": [owner], "_platform": True})


@dataclass(frozen=True, slots=True)
class Administrator:
    """The first credentials of a unit: a service principal with a key, and an API key for resources."""

    principal: str
    kid: str
    api_key: str


def hand_over_administrator(
    folder: Path, unit: str, public_key: str, *, role: str = "owner"
) -> Administrator:
    """Hand the unit over to somebody who signs in with the private half of `public_key` (RSA, PEM).

    From then on the twin is guarded: roles count, and IAM takes service principals only. Before the twin
    first serves.
    """
    hand_over(folder, unit)
    with _opened(folder) as store:
        now = datetime.now(_JST).isoformat(timespec="seconds")
        place = Place(store, "is1a", "", "", None, None, 1)
        number, key = store.new_id(), store.new_id()
        common: dict[str, Any] = {
            "project_id": int(unit),
            "description": "handed over",
            "created_at": now,
            "updated_at": now,
            "_platform": True,
        }
        principal = {"ID": number, "id": int(number), "name": "initial-administrator", **common}
        store.put("iam/service-principals", "", number, principal)
        first = {"ID": key, "id": int(key), "name": "initial-key", "iam_roles": [CREATOR], **common}
        token = {"access_token": store.token, "_secret": store.secret}
        store.put("iam/compat/api-keys", "", key, {**first, **token})
        policy = store.get("iamdocument", "", f"projects/{unit}") or {"bindings": []}
        mine = {"type": "service-principal", "id": int(number)}
        granted = {"role": {"type": "preset", "id": role}, "principals": [mine]}
        bindings = [*policy["bindings"], granted]
        store.put("iamdocument", "", f"projects/{unit}", {"bindings": bindings, "_platform": True})
        kid = put_key(place, number, public_key)["kid"]
        store.set_meta("guarded", "yes")
        return Administrator(number, str(kid), key)


def share_router(folder: Path, router: str) -> str:
    """Have the hub's local router be there, as its operator shares it; gives its secret key."""
    with _opened(folder) as store:
        found = store.get("commonserviceitem", "", router)
        if found is None:
            kind, now = "localrouter", datetime.now(_JST).isoformat(timespec="seconds")
            found = store.put("commonserviceitem", "", router, {
                "ID": router, "Name": "hub", "Description": "LGWAN hub", "Tags": [], "Icon": None,
                "CreatedAt": now, "ModifiedAt": now, "Availability": "available",
                "Provider": {"ID": 1, "Class": kind, "Name": kind, "ServiceClass": f"cloud/{kind}"},
                "ServiceClass": f"cloud/{kind}", "Settings": {}, "SettingsHash": "",
                "Status": {"SecretKeys": [secrets.token_hex(16)]}, "_platform": True,
            })  # fmt: skip
        return str(found["Status"]["SecretKeys"][0])
