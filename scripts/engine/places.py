"""Where things are kept: engines in the user's cache, everything of one clone under `.jichitai/`."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
"""The clone that this code belongs to."""


def private(repo: Path) -> Path:
    """The clone's own folder (git-ignored): state, twin, generated files."""
    return repo / ".jichitai"


def tenants(repo: Path) -> Path:
    """The folder of the committed stack files: plain `pulumi` finds them there (Pulumi.yaml)."""
    return repo / "stacks" / "tenants"


def generated(repo: Path) -> Path:
    """Where `fleet init` writes a whole country's stack files unless told otherwise: for the twin alone."""
    return private(repo) / "fleet" / "tenants"


def tenant_files(repo: Path) -> dict[str, Path]:
    """Every stack's file by the stack's name, in order of names; a committed one wins over a generated."""
    found = {
        file.name.removeprefix("Pulumi.").removesuffix(".yaml"): file
        for folder in (generated(repo), tenants(repo))
        for file in folder.glob("Pulumi.*.yaml")
    }
    return dict(sorted(found.items()))


def tenant_file(repo: Path, stack: str) -> Path:
    """The stack's file; the committed one where there is none yet."""
    committed, other = (folder / f"Pulumi.{stack}.yaml" for folder in (tenants(repo), generated(repo)))
    return other if not committed.exists() and other.exists() else committed


def caches(environment: Mapping[str, str], repo: Path = REPO) -> list[Path]:
    """Cache folders in order of preference; the last, inside the clone, always can be used.

    `$XDG_CACHE_HOME/jichitai`, else `$HOME/.cache/jichitai` (XDG Base Directory Specification:
    relative values are ignored), else `.jichitai/cache`.
    """
    base = environment.get("XDG_CACHE_HOME", "")
    home = environment.get("HOME", "")
    found: list[Path] = []
    if base.startswith("/"):
        found.append(Path(base) / "jichitai")
    elif home.startswith("/"):
        found.append(Path(home) / ".cache" / "jichitai")
    return [*found, private(repo) / "cache"]


def writable_cache(environment: Mapping[str, str], repo: Path = REPO) -> Path:
    """The first cache folder that can be written to, made if need be.

    Raises OSError when not even the one inside the clone can.
    """
    *preferred, last = caches(environment, repo)
    for folder in preferred:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    last.mkdir(parents=True, exist_ok=True)
    return last


@contextlib.contextmanager
def locked(file: Path, waiting: Callable[[], None] | None = None) -> Generator[int]:
    """Hold an exclusive lock on `file`; `waiting` is called once when another process has it.

    The kernel drops the lock when the holder dies, however it dies, so none is ever stale. Gives the
    lock's descriptor: a child that inherits it (`pass_fds`) goes on holding the lock when we are
    killed, for as long as it is still at work.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is not None:
                waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle.fileno()
