"""A unit as it is when it is handed over: its project, an administrator, what others have shared with it."""

from __future__ import annotations

import contextlib
import secrets
import zlib
from collections.abc import Generator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

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
