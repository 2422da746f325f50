"""What the tests of the whole share: a clone of the repository with a state and a twin of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, settings

from providers.twin import client
from providers.twin.process import STORE
from providers.twin.store import Row, Store
from scripts.engine.install import ensure
from scripts.engine.places import REPO

# How fast examples come is the machine's business, and two cores here are shared by many tests.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

PACKAGES = ("stacks", "components", "providers", "policies", "scripts")
_HIDDEN = ("JICHITAI_", "PULUMI_", "PYTHONDONTWRITEBYTECODE", "LC_", "LANG", "NO_COLOR", "COLUMNS")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on its standard output."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Clone:
    """A copy of the repository's code: `./jichitai` in it sees nothing of the developer's own state."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    """What every command has in its environment."""
    started: list[subprocess.Popen[str]] = field(default_factory=list, repr=False)

    @property
    def twin(self) -> Path:
        return self.folder / ".jichitai" / "twin"

    def environment(self, **more: str) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(_HIDDEN)}
        return clean | {"PYTHONPATH": str(self.folder), "JICHITAI_LANG": "en"} | dict(self.settings) | more

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "scripts.cli", *arguments]

    def run(self, *arguments: str, **more: str) -> Ended:
        """Run `./jichitai ARGUMENTS` to its end, with `more` in its environment."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert "Traceback (most recent call last)" not in done.stdout + done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start `./jichitai ARGUMENTS` in a process group of its own."""
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self.started.append(process)
        return process

    def manifest(self, stack: str) -> Path:
        return self.folder / "stacks" / "tenants" / f"Pulumi.{stack}.yaml"

    def edit(self, stack: str, changes: Mapping[str, str]) -> None:
        """Replace texts in a manifest; each must be there."""
        text = self.manifest(stack).read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, f"{old!r} is not in the manifest of {stack}"
            text = text.replace(old, new)
        self.manifest(stack).write_text(text, encoding="utf-8")

    def protect(self, stack: str, *, on: bool) -> None:
        """Set deletion protection in a manifest; the comments in it are kept."""
        text = re.sub(r"(?m)^    protect: \w+\n", "", self.manifest(stack).read_text(encoding="utf-8"))
        text, times = re.subn(
            r"(?m)^(    environment: \w+\b.*\n)", rf"\g<1>    protect: {str(on).lower()}\n", text, count=1
        )
        assert times == 1
        self.manifest(stack).write_text(text, encoding="utf-8")

    def rows(self) -> list[Row]:
        """Everything that exists in the clone's twin."""
        store = Store(self.twin / STORE)
        try:
            return list(store.rows())
        finally:
            store.close()

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's deployment as the engine last saved it."""
        file = self._backend / "stacks" / "jichitai" / f"{stack}.json"
        return json.loads(file.read_text(encoding="utf-8"))["checkpoint"]["latest"]

    def engine_pid(self) -> int | None:
        """The process that holds the engine's lock on a stack."""
        for file in (self._backend / "locks").rglob("*.json"):
            with contextlib.suppress(OSError, ValueError):
                return int(json.loads(file.read_text(encoding="utf-8"))["pid"])
        return None

    @property
    def _backend(self) -> Path:
        return self.folder / ".jichitai" / "state" / "twin" / ".pulumi"

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        running = client.status(self.twin)
        if running is not None:
            os.kill(running.pid, signal.SIGKILL)


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.02)


class Cloning(Protocol):
    """Makes a clone; `settings` are in the environment of its commands."""

    def __call__(self, **settings: str) -> Clone: ...


ONE_STATE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""The engine saves the state once, at the end, not at every step: an `up` costs it a fifth of the time.

For lives in which nothing is killed and no step between is looked at. The first life of each cloud and all
that is killed, fails or meets trouble is saved at every step, as it is for people.
"""


@pytest.fixture(scope="session")
def cloning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloning]:
    """Makes clones; their processes are ended with the session."""
    made: list[Clone] = []

    def make(**settings: str) -> Clone:
        folder = tmp_path_factory.mktemp("clone")
        for name in PACKAGES:
            shutil.copytree(
                REPO / name, folder / name, ignore=shutil.ignore_patterns(".jichitai", "node_modules")
            )
        shutil.copy2(REPO / "Pulumi.yaml", folder)
        (folder / ".venv").symlink_to(sys.prefix)
        made.append(Clone(folder, settings))
        return made[-1]

    ensure(lambda _: None)
    yield make
    for clone in made:
        clone.close()
