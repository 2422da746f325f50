"""A drill for the fleet: kill its parts at random moments, and prove that nothing is lost.

What must hold, whatever is killed: every stack of every run ends; no stack is ever in two hands at once;
one whose result is written down is not begun again; none is left locked.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.engine.places import REPO
from scripts.fleet.database import Database
from scripts.fleet.drill import Entry, journal
from scripts.fleet.model import RunId, StackRef
from scripts.fleet.options import Options
from scripts.fleet.runner import new_run

STARTING = 0.05
"""The chance that a coordinator is killed while it starts; otherwise it is left to get to work."""
PATIENCE = 120.0
"""Seconds that a run may take to end once the killing is over."""


@dataclass(slots=True)
class Soak:
    """What a drill came to. `wrong` is empty when all held."""

    kills: Counter[str] = field(default_factory=Counter[str])
    runs: int = 0
    stacks: int = 0
    begun: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list[str])


def parents() -> dict[int, tuple[int, str]]:
    """The parent and the command line of every process there is."""
    found: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            _, _, rest = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if rest.split()[0] != "Z":
                found[int(folder.name)] = (int(rest.split()[1]), line)
    return found


def below(root: int, table: Mapping[int, tuple[int, str]]) -> list[int]:
    """All processes below `root`, nearest first."""
    found = [root]
    for pid in found:
        found += [child for child, (parent, _) in table.items() if parent == pid]
    return found[1:]


def victims(root: int, table: Mapping[int, tuple[int, str]]) -> dict[str, list[int]]:
    """What can be killed of a coordinator: itself, its fork server, its forks, the engines."""
    found: dict[str, list[int]] = {"coordinator": [root]}
    for pid in below(root, table):
        parent, line = table[pid]
        if "scripts.fleet.forks" in line:
            forked = "scripts.fleet.forks" in table.get(parent, (0, ""))[1]
            found.setdefault("fork" if forked else "worker", []).append(pid)
        elif "pulumi" in line.split(" ")[0].rpartition("/")[2]:
            found.setdefault("engine", []).append(pid)
    return found


def overlaps(entries: Sequence[Entry]) -> list[str]:
    """The stacks that were begun while another process had them.

    A process that was killed leaves no end; the lock is then free, so the next beginning is right. Wrong
    is a beginning of another process between a beginning and the end of the same process.
    """
    wrong: list[str] = []
    for stack in sorted({e.stack for e in entries}):
        mine = [e for e in entries if e.stack == stack]
        for number, entry in enumerate(mine):
            if entry.what != "begin":
                continue
            ends = [n for n, e in enumerate(mine) if n > number and e.what == "end" and e.pid == entry.pid]
            if ends and any(e.pid != entry.pid for e in mine[number : ends[0]]):
                wrong.append(f"{stack}: two at once (process {entry.pid})")
    return wrong


def repeated(entries: Iterable[Entry], ended: Mapping[tuple[str, str], float]) -> list[str]:
    """The stacks that were begun after their result had been written down (`ended`, wall time)."""
    return [
        f"{e.stack}: begun again after it had ended"
        for e in entries
        if e.what == "begin" and e.at > ended.get((e.run, e.stack), float("inf")) + 0.05
    ]


def stacks(number: int) -> list[StackRef]:
    """Stacks for a drill."""
    return [
        StackRef(
            f"{n:06}",
            f"{n:06}-drill",
            f"drill {n}",
            "",
            "town",
            "production",
            ("aws",),
            (f"{n:012}",),
            (),
            (f"{n:06}",),
            Path("/nonexistent"),
        )
        for n in range(number)
    ]


def soak(
    folder: Path,
    url: str,
    *,
    kills: int,
    size: int = 60,
    slots: int = 3,
    coordinators: int = 1,
    seed: int = 0,
    disturb: Mapping[str, Callable[[], None]] | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Soak:
    """Kill `kills` times, then let the run end, and judge. `disturb` are other things to do, by name."""
    (folder / "drill").mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 - a drill that can be repeated, no secret
    database = Database(url)
    found, began = Soak(), time.monotonic()
    running: list[subprocess.Popen[bytes]] = []
    runs: list[RunId] = []
    try:
        while found.kills.total() < kills:
            if not runs or database.status(runs[-1])[0] == "ended":
                runs.append(_new(database, size))
                _wait_for_end(running)
            _keep(running, coordinators, folder, url, runs[-1], slots)
            time.sleep(chance.uniform(0.05, 0.4))
            what = _kill(running, chance, disturb or {})
            if what:
                found.kills[what] += 1
                told(f"{found.kills.total()}/{kills} {what}")
        until = time.monotonic() + PATIENCE
        while database.status(runs[-1])[0] != "ended" and time.monotonic() < until:
            _keep(running, coordinators, folder, url, runs[-1], slots)
            time.sleep(0.1)
        _wait_for_end(running)
    finally:
        for process in running:
            process.kill()
            process.wait()
    _judge(found, database, runs, folder / "drill")
    found.seconds = time.monotonic() - began
    database.close()
    return found


def _new(database: Database, size: int) -> RunId:
    run = new_run("up")
    database.create(
        run,
        "up",
        "twin",
        "drill",
        Options(backoff=0.05, retries=50),
        [(r, 0, "", None) for r in stacks(size)],
    )
    return run


def _keep(
    running: list[subprocess.Popen[bytes]], number: int, folder: Path, url: str, run: RunId, slots: int
) -> None:
    """Start as many coordinators as there should be: what a person or a supervisor does."""
    running[:] = [process for process in running if process.poll() is None]
    while len(running) < number:
        command = [sys.executable, "-m", "scripts.fleet.drill", str(folder), url, run, str(slots)]
        with (folder / "drill" / "coordinators.log").open("ab") as log:
            running.append(
                subprocess.Popen(command, cwd=REPO, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            )


def _kill(
    running: Sequence[subprocess.Popen[bytes]],
    chance: random.Random,
    disturb: Mapping[str, Callable[[], None]],
) -> str:
    """Kill one thing of those that live; its name, empty where nothing was there to be killed."""
    process = chance.choice(list(running))
    kinds = victims(process.pid, parents()) if process.poll() is None else {}
    if len(kinds) < 2 and chance.random() > STARTING:
        return ""  # a coordinator that has only begun to start has little to lose
    name = chance.choice(sorted([*kinds, *disturb]) or [""])
    if name in disturb:
        disturb[name]()
        return name
    if name not in kinds:
        return ""
    try:
        os.kill(chance.choice(kinds[name]), signal.SIGKILL)
    except ProcessLookupError:
        return ""
    return name


def _wait_for_end(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
    running[:] = [process for process in running if process.poll() is None]


def _judge(found: Soak, database: Database, runs: Sequence[RunId], folder: Path) -> None:
    entries = journal(folder)
    ended: dict[tuple[str, str], float] = {}
    for run in runs:
        found.runs += 1
        status = database.status(run)[0]
        if status != "ended":
            found.wrong.append(f"{run}: not over ({status})")
        for stack, (state, outcome) in database.states(run).items():
            found.stacks += 1
            if (state, outcome) != ("ended", "changed"):
                found.wrong.append(f"{run} {stack}: {state} {outcome}")
        ended |= {(run, stack): at for stack, at in database.ended_at(run).items()}
    found.begun = sum(e.what == "begin" for e in entries)
    found.wrong += overlaps(entries)
    found.wrong += repeated(entries, ended)
    if left := [e.id for e in database.executors()]:
        found.wrong.append(f"coordinators that never left: {', '.join(left)}")
