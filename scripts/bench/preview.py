"""How much our manifest, plan and components add to a preview of the same resources."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from providers.twin import client
from scripts.bench import bare
from scripts.bench.measure import Figure, in_turn, ratio, run
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace

TENANT = "131041-shinjuku"
"""The typical tenant: all 20 businesses in three packages."""
LIMIT = 1.3
OPTIONS = ("--non-interactive", "--suppress-progress")


def figures(rounds: int, stack: str = TENANT) -> Iterator[Figure]:
    """Preview `stack` as new, and the bare program with its resources, in a twin and a backend of their own.

    Both previews are of a stack that has nothing yet, by the same engine, host, twin and SDK.
    """
    engine = ensure(lambda _: None)
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        here = Path(folder)
        running = client.ensure(here / "twin")
        try:
            workspace = Workspace(engine, REPO, "twin")
            environment = workspace.environment() | {
                "PULUMI_DEBUG_PROVIDERS": client.debug_providers(running),
                "PULUMI_BACKEND_URL": f"file://{_made(here / 'state')}",
                "PULUMI_CONFIG_PASSPHRASE": "bench",
            }
            environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
            pulumi = str(engine.path)
            file = here / f"Pulumi.{stack}.yaml"
            file.write_text(workspace.tenant_file(stack).read_text(encoding="utf-8"), encoding="utf-8")
            _new_stack(pulumi, here / "ours", "jichitai", stack, environment)
            options = ("--config-file", str(file))
            run(
                [pulumi, "up", "--yes", "--skip-preview", "--stack", stack, *options, *OPTIONS],
                REPO,
                environment,
            )
            state = subprocess.run(
                [pulumi, "stack", "export", "--stack", stack],
                cwd=REPO,
                env=environment,
                capture_output=True,
                check=True,
            ).stdout
            count = bare.write(json.loads(state), here / "bare", REPO / ".venv")
            # Into an empty twin: names that are taken would be refused already in a preview.
            client.stop(here / "twin")
            running = client.ensure(here / "empty")
            environment["PULUMI_DEBUG_PROVIDERS"] = client.debug_providers(running)
            run([pulumi, "stack", "rm", "--yes", "--force", "--preserve-config", stack], REPO, environment)
            _new_stack(pulumi, here / "ours", "jichitai", stack, environment)
            _new_stack(pulumi, here / "bare", None, "bare", environment)

            def ours() -> None:
                run([pulumi, "preview", "--stack", stack, *options, *OPTIONS], REPO, environment)

            def plain() -> None:
                run([pulumi, "preview", "--stack", "bare", *OPTIONS], here / "bare", environment)

            mine, theirs = in_turn(ours, plain, rounds)
        finally:
            client.stop(here / "twin")
            client.stop(here / "empty")
    yield Figure("preview, seconds", statistics.median(mine), "s", detail=f"{count} resources")
    yield Figure(
        "preview of the bare program, seconds", statistics.median(theirs), "s", detail=f"{count} resources"
    )
    yield Figure("preview / bare program", ratio(mine, theirs), "×", LIMIT, f"median of {rounds} pairs")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _new_stack(pulumi: str, project: Path, name: str | None, stack: str, environment: dict[str, str]) -> None:
    """Make an empty stack; `name` also writes a project file for it, as `stack init` wants one."""
    if name is not None:
        _made(project)
        (project / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n", encoding="utf-8")
    run([pulumi, "stack", "init", stack, "--no-select", "--non-interactive"], project, environment)
