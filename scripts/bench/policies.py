"""How fast the policies are: offline on one core, and what the pack adds to a preview."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from policies.evaluate import judge
from policies.read import read_text
from providers.twin import client
from scripts.bench.measure import Figure, ratio, run
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace

TENANT = "131041-shinjuku"
"""The typical tenant."""
COPIES = 10
"""Tenants that are judged offline in one round: more than 2,000 resources."""
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
            yield from offline(state, rounds)
            pack = REPO / "policies" / "pulumi-analyzer-jichitai"

            bare = (pulumi, "preview", *config, *OPTIONS)
            pairs = _in_turn((*bare, "--policy-pack", str(pack)), bare, rounds, environment)
        finally:
            client.stop(here / "twin")
    detail = f"median of {rounds} pairs"
    for name, mine, theirs, limit in (
        ("seconds", [m.wall for m, _ in pairs], [t.wall for _, t in pairs], OVERHEAD),
        # Without the twin's own, which runs all the time: so the share is larger than of the wait.
        ("processor seconds", [m.processor for m, _ in pairs], [t.processor for _, t in pairs], None),
    ):
        yield Figure(f"preview without policies, {name}", statistics.median(theirs), "s")
        yield Figure(f"preview with policies, {name}", statistics.median(mine), "s")
        yield Figure(f"with / without, {name}", ratio(mine, theirs), "×", limit, detail)


@dataclass(frozen=True, slots=True)
class Took:
    """What a run took: seconds by the clock, and of the processor in it and all that it started."""

    wall: float
    processor: float


def _took(command: Sequence[str], environment: Mapping[str, str]) -> Took:
    """Run the engine to its end. Raises RuntimeError when it fails."""
    with TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=REPO, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise RuntimeError(f"{command[0]} failed: {said.read()[-2000:].decode(errors='replace')}")
    return Took(wall, usage.ru_utime + usage.ru_stime)


def _in_turn(
    first: Sequence[str], second: Sequence[str], rounds: int, environment: Mapping[str, str]
) -> list[tuple[Took, Took]]:
    """Both commands in turn, because the machine's speed drifts, after one round that is not counted."""
    return [(_took(first, environment), _took(second, environment)) for _ in range(rounds + 1)][1:]


def offline(state: str, rounds: int) -> Iterator[Figure]:
    """Processor seconds to judge a resource with every rule on one core, alone and with reading its JSON."""
    text = json.dumps(json.loads(state))
    stacks, _ = read_text(text, "bench")
    count = len(stacks[0].resources) * COPIES

    def judging() -> None:
        for _ in range(COPIES):
            judge(stacks[0])

    def reading() -> None:
        for _ in range(COPIES):
            judge(read_text(text, "bench")[0][0])

    for name, work in (("", judging), (" with reading the state", reading)):
        work()
        one = statistics.median(_processor(work) for _ in range(rounds)) / count
        yield Figure(
            f"policies offline{name}, processor seconds a resource",
            one,
            "s",
            SLOWEST,
            f"{1 / one:,.0f} resources/s on one of {os.cpu_count()} cores, median of {rounds}",
        )


def _processor(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
