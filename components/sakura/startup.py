"""The start-up scripts of the tenant's servers: shell files beside this module, made once a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pulumi
import pulumi_sakura as sakura

from components.room import Room
from components.sakura import facts

Kind = Literal["base", "container", "names", "proxy"]
FOLDER = Path(__file__).parent / "scripts"

Variables = Mapping[str, str]


def content(kind: Kind) -> str:
    """The text of a script; its variables stand in it as `@@@name@@@`."""
    return (FOLDER / f"{kind}.sh").read_text(encoding="utf-8")


def scripts(room: Room, kinds: tuple[Kind, ...]) -> Mapping[Kind, pulumi.Output[str]]:
    """Make the scripts of `kinds`; gives their ids."""
    return {
        kind: sakura.compute.Script(
            room.child(f"script-{kind}"),
            name=room.plan.name(kind, limit=64),
            content=content(kind),
            class_="shell",
            tags=list(facts.own_tags(room.plan)),
            opts=room.opts(),
        ).id
        for kind in kinds
    }
