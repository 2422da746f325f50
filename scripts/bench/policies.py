"""How fast the policies are: offline on one core, and what the pack adds to a preview."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from policies.evaluate import judge
from policies.read import read_text
from providers.twin import client
from scripts.bench.measure import Figure, in_turn, ratio, run
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace

TENANT = "131041-shinjuku"
"""The typical tenant."""
COPIES = 25
"""Tenants that are judged offline: more than 5,000 resources."""
SLOWEST = 1 / 10_000
"""Seconds a resource: the issue asks for 10,000 resources a second on one core with all rules."""
OVERHEAD = 1.15
OPTIONS = ("--non-interactive", "--suppress-progress")


def figures(rounds: int) -> Iterator[Figure]:
    """Build the typical tenant in a twin of its own, judge its state, preview with and without the pack."""
    engine = ensure(lambda _: None)
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        here = Path(folder)
        running = client.ensure(here / "twin")
        try:
            workspace = Workspace(engine, REPO, "twin")
            environment = workspace.environment() | {
                "PULUMI_DEBUG_PROVIDERS": client.debug_providers(running),
                "PULUMI_BACKEND_URL": f"file://{here}",
                "PULUMI_CONFIG_PASSPHRASE": "bench",
            }
            environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
            pulumi = str(engine.path)
            file = here / f"Pulumi.{TENANT}.yaml"
            file.write_text(workspace.tenant_file(TENANT).read_text(encoding="utf-8"), encoding="utf-8")
            (here / "Pulumi.yaml").write_text("name: jichitai\nruntime: python\n", encoding="utf-8")
            run([pulumi, "stack", "init", TENANT, "--no-select", "--non-interactive"], here, environment)
            config = ("--stack", TENANT, "--config-file", str(file))
            run([pulumi, "up", "--yes", "--skip-preview", *config, *OPTIONS], REPO, environment)
            state = subprocess.run(
                [pulumi, "stack", "export", "--stack", TENANT],
                cwd=REPO,
                env=environment,
                capture_output=True,
                check=True,
                text=True,
            ).stdout
            yield from offline(state)
            pack = REPO / "policies" / "pulumi-analyzer-jichitai"

            def with_pack() -> None:
                run([pulumi, "preview", *config, *OPTIONS, "--policy-pack", str(pack)], REPO, environment)

            def without() -> None:
                run([pulumi, "preview", *config, *OPTIONS], REPO, environment)

            mine, bare = in_turn(with_pack, without, rounds)
        finally:
            client.stop(here / "twin")
    yield Figure("preview without policies, seconds", statistics.median(bare), "s")
    yield Figure(
        "preview with policies / without", ratio(mine, bare), "×", OVERHEAD, f"median of {rounds} pairs"
    )


def offline(state: str) -> Iterator[Figure]:
    """Processor seconds to judge a resource, alone and with reading its JSON."""
    document: dict[str, Any] = json.loads(state)
    text = json.dumps(document)
    stacks, _ = read_text(text, "bench")
    count = len(stacks[0].resources)
    judge(stacks[0])
    began = time.process_time()
    for _ in range(COPIES):
        judge(stacks[0])
    alone = (time.process_time() - began) / (COPIES * count)
    began = time.process_time()
    for _ in range(COPIES):
        again, _ = read_text(text, "bench")
        judge(again[0])
    whole = (time.process_time() - began) / (COPIES * count)
    rate = f"{1 / alone:,.0f} resources/s on one of {os.cpu_count()} cores"
    yield Figure("policies offline, processor seconds a resource", alone, "s", SLOWEST, rate)
    yield Figure("… with reading the state", whole, "s", detail=f"{1 / whole:,.0f} resources/s")
