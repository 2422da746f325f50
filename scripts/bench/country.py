"""How fast the whole country is written, judged and reported on, without an engine.

States are copies of a real export: that of the typical tenant, built in a twin.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from policies.evaluate import Options
from providers.twin import client
from scripts.bench.measure import Figure, run, seconds
from scripts.bench.policies import OPTIONS, TENANT
from scripts.engine.install import ensure
from scripts.engine.places import REPO
from scripts.engine.workspace import PROJECT, Workspace
from scripts.fleet.checking import Judged, judge_all
from scripts.fleet.country import plan, write
from scripts.fleet.groups import digest_of, normalised
from scripts.fleet.model import DiffLine, RunId, RunSummary, StackRef, StackResult
from scripts.fleet.report.document import report_of
from scripts.fleet.report.files import write as write_report
from scripts.fleet.stacks import stack_refs
from stacks.country import Wishes
from stacks.registry import registry

INIT_LIMIT_S, CHECK_LIMIT_S, PAGE_LIMIT_MB = 10, 60, 3
RESOURCES_CHANGED = 120
"""Of each stack, in the report that is measured: what a changed tag touches."""


def figures() -> Iterator[Figure]:
    """Write the country's manifests, index them, judge as many states, and report on a change of all."""
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        repo = Path(folder)
        yield from _manifests(repo)
        refs = stack_refs(repo)
        yield from _report(repo / "report", refs)
        yield from _policies(repo / "states", [ref.stack for ref in refs])


def _manifests(repo: Path) -> Iterator[Figure]:
    made: list[int] = []

    def init() -> None:
        country = plan(Wishes(), repo / ".jichitai" / "fleet" / "tenants", repo, registry(), "ja")
        if country.problems:
            raise RuntimeError(f"{len(country.problems)} problems in the manifests")
        made.append(len(write(country).new))

    first, again = seconds(init), seconds(init)
    yield Figure(f"{made[0]} manifests: planned, checked, written", first, "s", INIT_LIMIT_S)
    yield Figure("… once more, nothing to write", again, "s", INIT_LIMIT_S, f"{made[1]} written")
    yield Figure("index of all stacks, made", seconds(lambda: stack_refs(repo)), "s")
    yield Figure("… and read", seconds(lambda: stack_refs(repo)), "s")


def _report(folder: Path, refs: tuple[StackRef, ...]) -> Iterator[Figure]:
    """A tag has changed everywhere: the differences are made, grouped, and written as three files."""
    began = datetime.now(UTC)
    results: list[StackResult] = []
    diffs: dict[str, tuple[DiffLine, ...]] = {}

    def summarise() -> None:
        for ref in refs:
            lines = normalised(_tag_changed(ref), ref)
            digest = digest_of(lines)
            diffs[digest] = lines
            results.append(StackResult(ref.stack, "preview", "changed", began, 1.0, 1, digest=digest))

    yield Figure(f"{RESOURCES_CHANGED} differences of each stack, normalised", seconds(summarise), "s")
    summary = RunSummary(
        RunId("bench"), "preview", "twin", "--all", began, began, refs, tuple(results), diffs
    )
    groups: list[int] = []

    def report() -> None:
        made = report_of(summary)
        groups.append(len(made.groups))
        write_report(made, folder, "ja")

    taken = seconds(report)
    yield Figure("report of the country", taken, "s", detail=f"{groups[0]} groups to review")
    size = (folder / "report.html").stat().st_size / 1e6
    yield Figure("its page", size, "MB", PAGE_LIMIT_MB)


def _tag_changed(ref: StackRef) -> list[DiffLine]:
    return [
        DiffLine("update", "t", f"{ref.clouds[0]}-{n}", "tags.owner", '"-"', f'"{ref.code} {ref.name}"')
        for n in range(RESOURCES_CHANGED)
    ]


def _typical_state() -> str:
    """The typical tenant's state as it is exported, built in a twin of its own."""
    engine = ensure(lambda _: None)
    with TemporaryDirectory(prefix="jichitai-bench-") as folder:
        here = Path(folder)
        running = client.ensure(here / "twin")
        try:
            workspace = Workspace(engine, REPO, "twin")
            environment = workspace.environment() | {
                "PULUMI_DEBUG_PROVIDERS": client.debug_providers(running),
                "PULUMI_BACKEND_URL": f"file://{here}",
            }
            (here / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n", encoding="utf-8")
            pulumi = str(engine.path)
            run([pulumi, "stack", "init", TENANT, "--no-select", "--non-interactive"], here, environment)
            config = ("--stack", TENANT, "--config-file", str(workspace.config_copy(TENANT)))
            run([pulumi, "up", "--yes", "--skip-preview", *config, *OPTIONS], REPO, environment)
            file = here / "state.json"
            run([pulumi, "stack", "export", "--stack", TENANT, "--file", str(file)], REPO, environment)
            return file.read_text(encoding="utf-8")
        finally:
            client.stop(here / "twin")


def _policies(folder: Path, stacks: list[str]) -> Iterator[Figure]:
    folder.mkdir()
    state = _typical_state()
    for stack in stacks:
        (folder / f"{stack}.json").write_text(state.replace(TENANT, stack), encoding="utf-8")
    found: list[Judged] = []
    taken = seconds(lambda: found.extend(judge_all(stacks, Options(), folder=folder)))
    resources, processor = sum(j.resources for j in found), sum(j.processor for j in found)
    detail = f"{resources:,} resources on {os.cpu_count()} cores"
    yield Figure(f"policies over {len(stacks)} states", taken, "s", CHECK_LIMIT_S, detail)
    yield Figure("… processor seconds of it", processor, "s", detail=f"{resources / processor:,.0f} a second")
