"""さくら on the twin: its HTTP twin, one a unit, and the environment that leads the provider to it and to
nothing else.

Unlike the other clouds', this provider is the real one, started by the engine; what it talks to is on this
machine. A unit is an account of its own, as it is in the cloud, so each has a twin with its own credentials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from providers.twin.client import IDLE_SECONDS
from providers.twin.sakura import client
from scripts.cli.exits import Exit, Trouble
from stacks.text import Text

CLOUD = "sakura"
FOLDER = "sakura"
"""Beside the store of the other clouds' twin: a folder with one folder a unit."""


def folder(twin: Path, unit: str) -> Path:
    """Where the twin of `unit` keeps what it knows; `twin` is the folder of the clone's twin."""
    return twin / FOLDER / unit


def units(twin: Path) -> Iterator[tuple[str, Path]]:
    """The units that there have been twins of, with their folders."""
    for found in sorted((twin / FOLDER).glob("*")):
        if found.name.isdigit() and (found / "sakura.sqlite").exists():
            yield found.name, found


def attached(manifest: Mapping[str, Any], twin: Path) -> dict[str, str]:
    """The variables for a tenant with a unit on さくら, whose twin then runs; nothing for any other.

    Raises Trouble when the twin does not come up.
    """
    if CLOUD not in manifest["clouds"]:
        return {}
    part = manifest["clouds"][CLOUD]
    return environment(twin, str(part["unit"]), part["lgwan"].get("gateway"))


def environment(twin: Path, unit: str, hub: str | None = None) -> dict[str, str]:
    """The variables that lead the provider to the twin of `unit`, handed over and started if need be.

    `hub` is a local router that somebody else shares; its key is among them. Raises Trouble.
    """
    from providers.twin.sakura.handover import hand_over, share_router

    place = folder(twin, unit)
    try:
        hand_over(place, unit)
        keys = {"JICHITAI_SAKURA_HUB_KEY": share_router(place, str(hub))} if hub else {}
        running = client.start(place, idle=IDLE_SECONDS)
    except (client.SakuraTwinError, OSError) as error:
        raise Trouble(
            Exit.TWIN,
            Text(
                ja="さくらのクラウドのツインを起動できません。",
                en="The twin of Sakura Cloud cannot be started.",
            ),
            where=str(place),
            why=error.text if isinstance(error, client.SakuraTwinError) else str(error),
            do=Text(ja="ディスクの空きと権限を確かめてください。", en="Check disk space and permissions."),
        ) from error
    # A usacloud profile may hold credentials of the real cloud, which the provider would prefer.
    return running.environment() | keys | {"SAKURACLOUD_PROFILE_DIR": str(place / "no-profile")}
