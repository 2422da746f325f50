"""How fast the fleet is: beside a shell loop of `pulumi preview`, over the whole country, with more workers.

Everything runs in a copy of the code with a state and a twin of its own, and on stacks that
`fleet init` writes there.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from providers.twin import client
from scripts.bench.measure import Figure, seconds
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import Workspace
from scripts.fleet.soak import below, parents

PACKAGES = ("stacks", "components", "providers", "policies", "scripts")
BATCH = 100
"""Stacks of one batch: the two ways take turns, since the speed of a machine drifts."""
LEAST = 2.4
"""Times the throughput of the shell loop that the fleet must reach."""
PREVIEW_SECONDS, UP_SECONDS, SKIP_SECONDS = 20 * 60.0, 60 * 60.0, 60.0
MEMORY = 4 * 2**30
SIZES = (50, 150, 300)
"""Resources of a stack whose cost is told."""
LOOK = 5.0
"""Seconds between two looks at the memory: one takes 60 ms of a core."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A copy of the repository's code, with a state and a twin of its own."""

    folder: Path

    def fleet(self, *arguments: str) -> dict[str, Any]:
        """Run `./jichitai fleet … --json` here. Raises RuntimeError when it fails."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("JICHITAI_", "PULUMI_"))}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        done = subprocess.run(
            [sys.executable, "-P", "-m", "scripts.cli", "fleet", *arguments, "--json"],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"fleet {arguments[0]} failed ({done.returncode}): {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def stacks(self) -> list[str]:
        """Every stack that there is here."""
        return [one["stack"] for one in self.fleet("list")["stacks"]]


@contextlib.contextmanager
def bench(whole: bool = True) -> Generator[Bench]:
    """A copy to measure in; `whole` with a manifest of every body."""
    with TemporaryDirectory(prefix="jichitai-bench-fleet-") as folder:
        here = Path(folder)
        for name in PACKAGES:
            shutil.copytree(REPO / name, here / name, ignore=shutil.ignore_patterns(".jichitai"))
        shutil.copy2(REPO / "Pulumi.yaml", here)
        (here / ".venv").symlink_to(sys.prefix)
        made = Bench(here)
        if whole:
            made.fleet("init", "--all")
        try:
            yield made
        finally:
            client.stop(here / ".jichitai" / "twin")


def spread(stacks: Sequence[str], number: int) -> list[str]:
    """`number` of `stacks`, evenly over all of them: the country in small."""
    step = max(len(stacks) / number, 1.0)
    return [stacks[int(n * step)] for n in range(min(number, len(stacks)))]


def throughput(number: int, jobs: int) -> Iterator[Figure]:
    """Previews of `number` new mixed stacks: a shell loop and the fleet, in turns, at the same parallelism.

    Both without policies, which plain `pulumi preview` does not ask; the stacks exist already for the
    loop, which is not counted against it.
    """
    with bench() as here:
        chosen = spread(here.stacks(), number)
        loop = Loop(here.folder, jobs)
        loop.prepare(chosen)
        options = ("--jobs", str(jobs), "--no-policies", "--no-skip")
        here.fleet("preview", *chosen[:jobs], *options)  # starts the twin, fills caches
        slow: list[float] = []
        fast: list[float] = []
        batches = [chosen[n : n + BATCH] for n in range(0, len(chosen), BATCH)]
        for turn, batch in enumerate(batches):
            ways: list[Callable[[], None]] = [
                lambda b=batch: slow.append(seconds(lambda: loop.preview(b))),
                lambda b=batch: fast.append(seconds(lambda: here.fleet("preview", *b, *options))),
            ]
            for way in ways if turn % 2 else reversed(ways):
                way()
        judged = seconds(lambda: here.fleet("preview", *batches[0], "--jobs", str(jobs), "--no-skip"))
    yield Figure(
        "a shell loop of pulumi preview", sum(slow) / len(chosen), "s a stack", detail=f"{len(chosen)} stacks"
    )
    yield Figure(
        "fleet preview", sum(fast) / len(chosen), "s a stack", detail=f"batches of {BATCH}, start included"
    )
    ratios = [b / a for a, b in zip(slow, fast, strict=True)]
    detail = (
        f"{sum(slow) / sum(fast):.2f} times the throughput; batches {min(ratios):.2f} to {max(ratios):.2f}"
    )
    yield Figure("fleet / shell loop", sum(fast) / sum(slow), "of the time", 1 / LEAST, detail)
    yield Figure(
        "fleet preview with the policies asked",
        judged / len(batches[0]),
        "s a stack",
        detail=f"{len(batches[0])} stacks, start included",
    )


@dataclass(frozen=True, slots=True)
class Loop:
    """`pulumi preview` for one stack after the other, `jobs` at once: what a shell loop does."""

    folder: Path
    jobs: int

    def prepare(self, stacks: Sequence[str]) -> None:
        """Make the stacks, not timed."""
        workspace = self._workspace()
        for stack in stacks:
            workspace.ensure_stack(stack)

    def preview(self, stacks: Sequence[str]) -> None:
        """Preview each. Raises RuntimeError when one fails."""
        environment = self._environment()
        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(lambda stack: self._one(stack, environment), stacks))

    def _one(self, stack: str, environment: Mapping[str, str]) -> None:
        from scripts.bench.measure import run
        from scripts.cli.sakura import attached
        from stacks.reading import read

        workspace = self._workspace()
        file = workspace.tenant_file(stack)
        document, _ = read(file.name, file.read_bytes())
        manifest = document.value["config"]["jichitai:tenant"] if document is not None else {"clouds": {}}
        more = attached(manifest, self.folder / ".jichitai" / "twin")
        options = ["preview", "--non-interactive", "--suppress-progress"]
        run(workspace.command(options, stack), self.folder, {**environment, **more})

    def _environment(self) -> dict[str, str]:
        running = client.ensure(self.folder / ".jichitai" / "twin")
        attached = {"PULUMI_DEBUG_PROVIDERS": client.debug_providers(running)}
        return self._workspace().environment() | attached | {"PYTHONPATH": str(self.folder)}

    def _workspace(self) -> Workspace:
        return Workspace(ensure(lambda _: None), self.folder)


def country(jobs: int, number: int | None = None) -> Iterator[Figure]:
    """The whole country from nothing (or `number` of it): preview, up, and again with nothing changed.

    The preview is without policies, as a plain `pulumi preview` is (`bench country` judges the whole country
    from its states); all else is as people run it.
    """
    with bench() as here:
        stacks = here.stacks()
        who = ("--all",) if number is None else tuple(spread(stacks, number))
        share = 1.0 if number is None else len(who) / len(stacks)
        count = len(stacks) if number is None else len(who)
        for name, arguments, limit in (
            ("preview", ("preview", "--no-policies"), PREVIEW_SECONDS),
            ("up", ("up", "--max-failures", "0"), UP_SECONDS),
            ("no change, with skip", ("up",), SKIP_SECONDS),
            ("no change, without skip", ("up", "--no-skip"), None),
        ):
            with memory() as peak:
                took = seconds(lambda a=arguments: here.fleet(*a, *who, "--jobs", str(jobs)))
            limited = limit * share if limit is not None else None
            yield Figure(
                f"{count} stacks: {name}", took, "s", limit=limited, detail=f"{took / count:.2f} s a stack"
            )
            yield Figure(f"{count} stacks: {name}, memory", peak.bytes / 2**20, "MiB", limit=MEMORY / 2**20)


def scaling(url: str, number: int, workers: Sequence[int] = (1, 2, 4)) -> Iterator[Figure]:
    """The same stacks on PostgreSQL (`url`) by 1, 2 and 4 coordinators of one slot each."""
    with bench() as here:
        chosen = spread(here.stacks(), number)
        options = ("--jobs", "1", "--no-policies", "--no-skip", "--database", url)
        here.fleet("preview", chosen[0], *options)
        alone = 0.0
        for count in workers:
            took = seconds(lambda c=count: _together(here, chosen, options, c))
            alone = alone or took
            yield Figure(
                f"{count} workers on PostgreSQL", took, "s", detail=f"{alone / took:.2f} × one worker"
            )


def _together(here: Bench, stacks: Sequence[str], options: Sequence[str], count: int) -> None:
    """One coordinator begins a run; the others join it as soon as it is there."""
    url = options[-1]
    before = {run["run"] for run in _heads(url)}
    with ThreadPoolExecutor(count) as pool:
        first = pool.submit(here.fleet, "preview", *stacks, *options)
        name = ""
        while not name and not first.done():
            time.sleep(0.1)
            name = next((r["run"] for r in _heads(url) if r["run"] not in before), "")
        others = [
            pool.submit(here.fleet, "resume", name, "--jobs", "1", "--database", url)
            for _ in range(count - 1)
        ]
        for one in (first, *others):
            one.result()


def _heads(url: str) -> list[dict[str, str]]:
    from scripts.fleet.database import Database

    database = Database(url)
    try:
        return [{"run": head.run} for head in database.heads()]
    finally:
        database.close()


def growth(numbers: Sequence[int], jobs: int) -> Iterator[Figure]:
    """How the cost of a preview grows with the number of stacks, and with the resources of a stack.

    The latter by a straight line through all stacks of the largest run: the country's own range of sizes.
    """
    document: dict[str, Any] = {}
    for number in numbers:
        with bench() as here:
            chosen = spread(here.stacks(), number)
            here.fleet("preview", chosen[0], "--no-policies")
            options = ("--jobs", str(jobs), "--no-skip", "--no-policies")
            began = time.perf_counter()
            with memory() as peak:
                document = here.fleet("preview", *chosen, *options)
            took = time.perf_counter() - began
        detail = f"{took / len(chosen):.2f} s a stack, {peak.bytes / 2**20:.0f} MiB"
        yield Figure(f"{len(chosen)} stacks: preview", took, "s", detail=detail)
    yield from by_size(document["stacks"])


def by_size(results: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Seconds of a stack of 50, 150 and 300 resources, by a straight line through `results`."""
    sizes = [float(sum(count["number"] for count in one["changes"])) for one in results]
    if len(set(sizes)) < 2:
        return
    slope, fixed = statistics.linear_regression(sizes, [float(one["seconds"]) for one in results])
    seen = f"{min(sizes):.0f} to {max(sizes):.0f} were seen; {slope * 1000:.1f} ms a resource"
    for size in SIZES:
        yield Figure(f"a stack of {size} resources", fixed + slope * size, "s", detail=f"by a line: {seen}")


@dataclass(slots=True)
class Peak:
    """The most memory that was seen."""

    bytes: int = 0
    over: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def memory() -> Generator[Peak]:
    """The most memory of all processes below this one (and the twin), each page counted once (PSS)."""
    peak = Peak()

    def watch() -> None:
        while not peak.over.wait(LOOK):
            table = parents()
            twins = [
                pid for pid, (_, line) in table.items() if "providers.twin" in line and "bench-fleet" in line
            ]
            peak.bytes = max(peak.bytes, sum(_pss(pid) for pid in {*below(os.getpid(), table), *twins}))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        peak.over.set()
        thread.join()


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # it has ended meanwhile
    return 0
