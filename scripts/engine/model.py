"""What an engine is, how its installation reports, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stacks.text import Text

MINIMUM = (3, 250)
"""Oldest CLI that is used: `pulumi policy analyze` on exported state came with 3.249."""

BUILD_VERSION = "3.259.0"
"""What is built when nothing can be downloaded: the newest of pkg/v3 on the Go module proxy.

Must agree with scripts/engine/module/go.mod; a test compares them.
"""

HOST = "pulumi-language-python"
EXECUTOR = "pulumi-language-python-exec"

Source = Literal["path", "cache"]
"""Where the engine was found: on PATH (the user's), or in Jichitai's cache."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi CLI that can run Python programs.

    `own_host` is true when its language host is the one of scripts/engine/host, that is, when the
    engine was built from its Go module.
    """

    path: Path
    version: str
    source: Source
    own_host: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of an installation.

    `fraction` is 0 to 1 within the step, None when unknown; `elapsed` is seconds since the
    installation began; `detail` is raw output (a package, a URL), in no language.
    """

    step: Text
    fraction: float | None
    elapsed: float
    detail: str = ""


Report = Callable[[Progress], None]


class EngineError(Exception):
    """No engine, and what to do about it. `text` is for the user; `str()` is the English one."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def parse_version(text: str) -> tuple[int, int, int] | None:
    """(3, 259, 0) for "v3.259.0", "3.259.0-alpha.1+x"; None for anything else."""
    core = text.strip().removeprefix("v").split("-")[0].split("+")[0].split(".")
    if len(core) != 3 or not all(part.isdigit() for part in core):
        return None
    return int(core[0]), int(core[1]), int(core[2])


def new_enough(version: str) -> bool:
    """Whether the CLI of this version is at least `MINIMUM` and of the same major version."""
    parsed = parse_version(version)
    return parsed is not None and parsed[0] == MINIMUM[0] and parsed[:2] >= MINIMUM
