"""Runs of the fleet with a stand-in for the engine, and PostgreSQL where there is one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from scripts.engine.model import Engine
from scripts.fleet.database import Database
from scripts.fleet.model import Operation, RunId, RunSummary, StackRef
from scripts.fleet.options import Options
from scripts.fleet.runner import Coordinator, Setting, new_run
from scripts.fleet.worker import Kit
from scripts.fleet.workflows import opened

PATIENCE = 60.0


def ref(name: str, *clouds: str) -> StackRef:
    """A stack called `name`, on AWS where nothing else is said."""
    clouds = clouds or ("aws",)
    units = tuple("0" for _ in clouds)
    return StackRef(
        name[:6], name, name, "", "town", "production", clouds, units, (), (name[:6],), Path("/nonexistent")
    )


@contextmanager
def coordinator(folder: Path, url: str, slots: int = 4) -> Generator[Coordinator]:
    """A coordinator in this process whose engine is the drill's."""
    (folder / "drill").mkdir(parents=True, exist_ok=True)
    engine = Engine(Path("/nonexistent"), "0", "cache", own_host=False)
    setting = Setting(folder, engine, slots, (), kit=Kit("scripts.fleet.drill"))
    database = Database(url)
    try:
        with opened(database, setting) as here:
            yield here
    finally:
        database.close()


def begin(
    here: Coordinator,
    names: Sequence[str] | Sequence[tuple[str, int]],
    options: Options | None = None,
    operation: Operation = "up",
) -> RunId:
    """Begin a run of stacks, each in wave 0 or in the wave given with its name."""
    run = new_run(operation)
    placed = [(name, 0) if isinstance(name, str) else name for name in names]
    stacks = [(ref(name), wave, name, None) for name, wave in placed]
    here.database.create(run, operation, "twin", "", options or Options(backoff=0.05), stacks)
    here.begin(run, 1)
    return run


def finish(here: Coordinator, run: RunId) -> RunSummary:
    """Wait until a run is over."""
    until = time.monotonic() + PATIENCE
    while here.database.status(run)[0] != "ended":
        assert time.monotonic() < until, here.database.states(run)
        time.sleep(0.05)
    return here.database.summary(run)


def outcomes(summary: RunSummary) -> dict[str, str]:
    """The outcome of each stack."""
    return {r.stack: r.outcome for r in summary.results}


class Postgres:
    """A PostgreSQL server of our own on a free port of 127.0.0.1, that can be killed and started again."""

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root: then as whoever owns nothing, in a folder of theirs.
        self._user: str | None = "nobody" if os.geteuid() == 0 else None
        self._home = Path(mkdtemp(prefix="fleet-postgres-"))
        if self._user is not None:
            shutil.chown(self._home, self._user)
        self._data = self._home / "data"
        self._bin = found_postgres()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "fleet", "--no-sync")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"postgresql+psycopg://fleet@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            self._bin / "postgres", "-D", self._data, "-h", "127.0.0.1", "-p", str(self._port), "-k", "",
            "-F", "-c", "logging_collector=off",
        ]  # fmt: skip
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        self._process = subprocess.Popen(
            command,
            user=self._user,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        until = time.monotonic() + PATIENCE
        ready = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        while subprocess.run(ready, check=False).returncode != 0:
            assert time.monotonic() < until, "PostgreSQL does not start"
            assert self._process.poll() is None, "PostgreSQL ended at once"
            time.sleep(0.1)

    def kill(self) -> None:
        """Kill every process of it at once: nothing is flushed, nobody is told."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        """Kill it and leave nothing of it."""
        self.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def disturb(self) -> None:
        """Kill it, and start it again a moment later."""
        self.kill()
        time.sleep(0.3)
        self.start()

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._bin / program, *arguments], check=True, user=self._user, cwd="/", capture_output=True
        )


def found_postgres() -> Path:
    """The folder of PostgreSQL's programs. Raises FileNotFoundError."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    for place in (*places, *([Path(on_path).resolve().parent] if on_path else [])):
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    raise FileNotFoundError("PostgreSQL (apt-get install postgresql)")
