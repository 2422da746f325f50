"""The Sakura twin, and a project on the real engine that uses the provider against it."""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.twin.sakura import client
from scripts.engine.environment import environment
from scripts.engine.install import ensure
from scripts.engine.model import Engine
from scripts.engine.places import REPO

SPEED = 600.0


@dataclass(frozen=True)
class Twin:
    """A running twin and ways to look into it."""

    running: client.Running

    @property
    def folder(self) -> Path:
        return self.running.folder

    def http(self, zone: str = "is1a") -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.running.root}/{zone}/api/cloud/1.1",
            auth=(self.running.token, self.running.secret),
        )

    def counts(self) -> dict[str, int]:
        return client.counts(self.folder)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [doc for _, doc in client.documents(self.folder, kind)]

    def tamper(self, kind: str, zone: str, id_: str, path: str, value: Any) -> None:
        client.tamper(self.folder, kind, zone, id_, path, value)

    def fault(self, name: str, **body: Any) -> None:
        client.add_fault(self.folder, name, body)


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    """A twin of this test's own, many times faster than the platform."""
    folder = tmp_path / "twin"
    running = client.start(folder, SPEED)
    yield Twin(running)
    client.stop(folder)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The real engine."""
    return ensure(lambda _: None)


@dataclass
class Project:
    """A Pulumi project whose provider is ours and whose cloud is the twin."""

    folder: Path
    engine: Engine
    environment: dict[str, str] = field(repr=False)
    started: list[subprocess.Popen[str]] = field(default_factory=list, repr=False)

    def program(self, source: str) -> None:
        """The program: what `import pulumi` and `import pulumi_sakura as sakura` are followed by."""
        text = f"import pulumi\nimport pulumi_sakura as sakura\n\n{source}"
        (self.folder / "program" / "__main__.py").write_text(text, encoding="utf-8")

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    def command(self, *arguments: str) -> list[str]:
        return [str(self.engine.path), *arguments, "--non-interactive", "--color", "never"]

    def ok(self, *arguments: str, **more: str) -> str:
        done = self.run(*arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self, *arguments: str) -> dict[str, int]:
        """`pulumi up`: how many resources of each operation."""
        return _changes(self.ok("up", "--yes", "--skip-preview", "--json", *arguments))

    def destroy(self) -> None:
        self.ok("destroy", "--yes", "--skip-preview")

    def refresh(self) -> dict[str, int]:
        return _changes(self.ok("refresh", "--yes", "--skip-preview", "--json"))

    def preview(self, *arguments: str) -> dict[str, Any]:
        return json.loads(self.ok("preview", "--json", *arguments))

    def outputs(self) -> dict[str, Any]:
        return json.loads(self.ok("stack", "output", "--json", "--show-secrets"))

    def state(self) -> list[dict[str, Any]]:
        return json.loads(self.ok("stack", "export"))["deployment"].get("resources", [])

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _changes(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("{") and '"summaryEvent"' in line:
            found = json.loads(line)["summaryEvent"]["resourceChanges"]
    assert found or text, "no summary"
    return {k: v for k, v in (found or _whole(text)).items() if v and k != "same"}


def _whole(text: str) -> dict[str, int]:
    return json.loads(text).get("changeSummary", {}) if text.strip().startswith("{") else {}


@pytest.fixture
def projects(engine: Engine, twin: Twin, tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Makes projects on the twin."""
    made: list[Project] = []

    def make(name: str = "tiny", **more: str) -> Project:
        folder = tmp_path / name
        (folder / "program").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text(
            f"name: {name}\nruntime: {{name: python, options: {{virtualenv: {sys.prefix!r}}}}}\nmain: program/\n"
            f"plugins: {{providers: [{{name: sakura, path: {str(REPO / 'providers' / 'sakura')!r}}}]}}\n",
            encoding="utf-8",
        )
        settings = environment(engine, folder, "twin", os.environ)
        settings = {k: v for k, v in settings.items() if not k.startswith(("SAKURA", "PYTHONDONT"))}
        settings |= twin.running.environment() | {"JICHITAI_REPO": str(REPO), "JICHITAI_LANG": "en"} | more
        project = Project(folder, engine, settings)
        project.ok("stack", "init", "dev")
        made.append(project)
        return project

    yield make
    for project in made:
        project.close()


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    """One project."""
    return projects()
