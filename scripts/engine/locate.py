"""Find a Pulumi CLI that is here already: the user's own on PATH, else one that we installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.model import EXECUTOR, HOST, Engine, new_enough, parse_version
from scripts.engine.places import REPO, caches
from stacks.text import Text

LAUNCHER = Path(__file__).parent / "host" / f"{HOST}.sh"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A CLI that is here but cannot be used, and why."""

    path: Path
    why: Text


def find(environment: Mapping[str, str] = os.environ, repo: Path = REPO) -> Engine | None:
    """The engine to use, or None when there is none yet. Never downloads, never raises for a bad CLI."""
    for candidate in candidates(environment, repo):
        if isinstance(candidate, Engine):
            return candidate
    return None


def candidates(environment: Mapping[str, str] = os.environ, repo: Path = REPO) -> Iterator[Engine | Rejected]:
    """Every CLI there is, best first; lazily, since asking one for its version takes 0.1 s."""
    cache_folders = [folder / "engine" for folder in caches(environment, repo)]
    on_path = shutil.which("pulumi", path=environment.get("PATH", ""))
    if on_path is not None and not any(Path(on_path).is_relative_to(c) for c in cache_folders):
        yield _judge(Path(on_path), environment)
    for folder in cache_folders:
        with contextlib.suppress(OSError):
            for version in sorted(
                folder.iterdir(), key=lambda p: parse_version(p.name) or (0,), reverse=True
            ):
                if (engine := _cached(version)) is not None:
                    yield engine


def version_of(program: Path, environment: Mapping[str, str]) -> str:
    """What `pulumi version` prints, without the v; empty when it does not run."""
    try:
        shown = subprocess.run(
            [program, "version"],
            env={**environment, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.stdout.strip().removeprefix("v") if shown.returncode == 0 else ""


def _judge(program: Path, environment: Mapping[str, str]) -> Engine | Rejected:
    version = version_of(program, environment)
    if not version:
        return Rejected(
            program,
            Text(
                ja="起動できません（pulumi version が失敗）。", en="it does not run (pulumi version fails)."
            ),
        )
    if not new_enough(version):
        return Rejected(
            program,
            Text(
                ja=f"版が {version} です。3.250 以上の 3.x が必要です。",
                en=f"its version is {version}; a 3.x of at least 3.250 is needed.",
            ),
        )
    beside = program.resolve().parent / HOST
    if not beside.exists() and shutil.which(HOST, path=environment.get("PATH", "")) is None:
        return Rejected(
            program,
            Text(
                ja=f"{HOST} が隣にも PATH にもなく、Python のプログラムを実行できません。",
                en=f"{HOST} is neither beside it nor on PATH, so it cannot run Python programs.",
            ),
        )
    return Engine(program, version, "path", own_host=False)


def _cached(folder: Path) -> Engine | None:
    """The engine in a cache folder. Folders appear by one rename, complete or not at all."""
    program = folder / "pulumi"
    if not new_enough(folder.name) or not os.access(program, os.X_OK) or not (folder / HOST).exists():
        return None
    own_host = _is_ours(folder / HOST)
    if own_host:
        _refresh_launcher(folder)
    return Engine(program, folder.name, "cache", own_host)


def _is_ours(host: Path) -> bool:
    with host.open("rb") as handle:
        return b"Jichitai" in handle.read(200)


def _refresh_launcher(folder: Path) -> None:
    """Bring the launcher up to this clone's; older ones that a clone left behind still work."""
    wanted = LAUNCHER.read_bytes()
    target = folder / HOST
    if target.read_bytes() != wanted:
        with contextlib.suppress(OSError):
            place_launcher(folder)


def place_launcher(folder: Path) -> None:
    """Put the language host's launcher into an engine's folder, in one step. Raises OSError."""
    draft = folder / f".{HOST}.{os.getpid()}"
    draft.write_bytes(LAUNCHER.read_bytes())
    draft.chmod(0o755)
    draft.replace(folder / HOST)


def complete(folder: Path) -> bool:
    """Whether an engine's folder has all that our own host needs."""
    return all(os.access(folder / name, os.X_OK) for name in ("pulumi", HOST, EXECUTOR))
