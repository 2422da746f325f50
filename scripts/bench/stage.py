"""Where previews are measured: a backend and a twin of their own, with tenants and bare programs in them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from providers.twin import client
from scripts.bench import bare
from scripts.bench.measure import run
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace

OPTIONS = ("--non-interactive", "--suppress-progress")


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview that can be measured: `run` does it once, of `resources` cloud resources."""

    run: Callable[[], None]
    resources: int


@dataclass(frozen=True, slots=True)
class Stage:
    """The engine, a folder for everything, and the environment that leads to the stage's own twin."""

    workspace: Workspace
    folder: Path
    environment: dict[str, str]

    @property
    def pulumi(self) -> str:
        """The engine."""
        return str(self.workspace.engine.path)

    def state(self, stack: str) -> Mapping[str, Any]:
        """The exported state of `stack`, built for once in the twin as it is now."""
        config = self._add(stack)
        run([self.pulumi, "up", "--yes", "--skip-preview", *config, *OPTIONS], REPO, self.environment)
        state = json.loads(self._say("stack", "export", "--show-secrets", "--stack", stack))
        run(
            [self.pulumi, "stack", "rm", "--yes", "--force", "--preserve-config", stack],
            REPO,
            self.environment,
        )
        return state

    def renewed(self) -> None:
        """Go on with an empty twin: names that are taken would be refused already in a preview."""
        client.stop(self.folder / "twin")
        self.environment["PULUMI_DEBUG_PROVIDERS"] = client.debug_providers(
            client.ensure(self.folder / "empty")
        )

    def tenant(self, stack: str) -> Preview:
        """The preview of `stack` as new, by the plain CLI in this repository."""
        config = self._add(stack)
        seen = json.loads(self._say("preview", *config, "--non-interactive", "--json"))
        made = [step["newState"] for step in seen["steps"] if step.get("newState")]
        return Preview(
            lambda: run([self.pulumi, "preview", *config, *OPTIONS], REPO, self.environment),
            sum(bare.is_cloud_resource(resource) for resource in made),
        )

    def bare(self, state: Mapping[str, Any], name: str) -> Preview:
        """The preview of a bare program with the resources of `state`."""
        folder = self.folder / name
        count = bare.write(state, folder, REPO / ".venv")
        run([self.pulumi, "stack", "init", name, "--no-select", OPTIONS[0]], folder, self.environment)
        return Preview(
            lambda: run([self.pulumi, "preview", "--stack", name, *OPTIONS], folder, self.environment), count
        )

    def _add(self, stack: str) -> tuple[str, ...]:
        """Make the empty stack; the options that lead to it. Its file is a copy: the CLI writes into it."""
        project = self.folder / "tenants"
        project.mkdir(exist_ok=True)
        (project / "Pulumi.yaml").write_text("name: jichitai\nruntime: python\n", encoding="utf-8")
        file = project / f"Pulumi.{stack}.yaml"
        file.write_text(self.workspace.tenant_file(stack).read_text(encoding="utf-8"), encoding="utf-8")
        run([self.pulumi, "stack", "init", stack, "--no-select", OPTIONS[0]], project, self.environment)
        return ("--stack", stack, "--config-file", str(file))

    def _say(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.pulumi, *arguments],
            cwd=REPO,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"pulumi {arguments[0]} failed: {(done.stderr or done.stdout)[-2000:]}")
        return done.stdout


@contextmanager
def stage() -> Generator[Stage]:
    """A stage that is gone afterwards, with its twins stopped."""
    engine = ensure(lambda _: None)
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        here = Path(folder)
        (here / "state").mkdir()
        try:
            workspace = Workspace(engine, REPO, "twin")
            environment = workspace.environment() | {
                "PULUMI_DEBUG_PROVIDERS": client.debug_providers(client.ensure(here / "twin")),
                "PULUMI_BACKEND_URL": f"file://{here / 'state'}",
                "PULUMI_CONFIG_PASSPHRASE": "bench",
            }
            environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
            yield Stage(workspace, here, environment)
        finally:
            client.stop(here / "twin")
            client.stop(here / "empty")
