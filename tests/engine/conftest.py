"""The real engine, and a project that needs no cloud SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.engine.environment import environment
from scripts.engine.install import ensure
from scripts.engine.model import Engine
from scripts.engine.places import REPO


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine of this machine, installed if there is none."""
    return ensure(lambda progress: print(progress.step.en, progress.fraction, progress.detail))


@dataclass(frozen=True)
class Project:
    """A project `tiny` with the stack `dev`."""

    folder: Path
    engine: Engine
    environment: dict[str, str] = field(repr=False)
    started: list[subprocess.Popen[str]] = field(default_factory=list, repr=False)

    def program(self, source: str) -> None:
        (self.folder / "program" / "__main__.py").write_text(source, encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [str(self.engine.path), *arguments, "--non-interactive", "--color", "never"]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self.started.append(process)
        return process


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "a project"
    (folder / "program").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(
        f"name: tiny\nruntime: {{name: python, options: {{virtualenv: {sys.prefix!r}}}}}\nmain: program/\n",
        encoding="utf-8",
    )
    settings = environment(engine, folder, "twin", os.environ)
    result = Project(folder, engine, settings | {"JICHITAI_REPO": str(REPO), "JICHITAI_LANG": "en"})
    made = result.run("stack", "init", "dev")
    assert made.returncode == 0, made.stderr
    yield result
    for process in result.started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def commands() -> Iterator[Callable[[str], list[str]]]:
    """Command lines of the running processes that contain a text; fails when one is left at the end."""

    wanted: set[str] = set()

    def find(text: str) -> list[str]:
        wanted.add(text)
        listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
        return [line for line in listed.stdout.splitlines() if text in line]

    yield find
    assert [line for text in wanted for line in find(text)] == []
