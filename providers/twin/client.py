"""Starts, finds and stops a twin from another program. Imports nothing heavy: the CLI uses it at every
run.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.text import Text

_HOST = "127.0.0.1"
IDLE_SECONDS = 1800.0
"""A twin nobody has called for half an hour ends by itself; its store stays."""


class TwinError(Exception):
    """The twin cannot be started or stopped; `text` says why and what to do, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Running:
    """A twin that answers: its directory, process and ports by cloud."""

    folder: Path
    pid: int
    ports: Mapping[str, int]
    started: float


def default_folder() -> Path:
    """`.jichitai/twin` in the repository, or `JICHITAI_TWIN_DIR`."""
    chosen = os.environ.get("JICHITAI_TWIN_DIR")
    return Path(chosen) if chosen else Path(__file__).resolve().parents[2] / ".jichitai" / "twin"


def status(folder: Path | None = None) -> Running | None:
    """The twin that runs in `folder`, or None. A file left behind by kill -9 does not count."""
    folder = folder or default_folder()
    try:
        body = json.loads((folder / "twin.json").read_text("utf-8"))
        running = Running(folder, int(body["pid"]), dict(body["ports"]), float(body["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if _is_held(folder) and _answers(running) else None


def ensure(folder: Path | None = None, *, idle: float = IDLE_SECONDS, timeout: float = 20) -> Running:
    """The twin in `folder`, started if need be, and answering. TwinError when it does not come up in time."""
    folder = folder or default_folder()
    running = status(folder)
    if running is not None and not _outdated(running):
        return running
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        turn = os.open(folder / "start.lock", os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise TwinError(
            Text(
                ja=f"ツインの場所 {folder} を使えません: {error}。ディスクの空きと権限を確かめてください",
                en=f"the twin's folder {folder} cannot be used: {error}; check disk space and permissions",
            )
        ) from error
    try:
        # One at a time: a second process started here could outlive the first one's end.
        fcntl.flock(turn, fcntl.LOCK_EX)
        running = status(folder)
        if running is not None and _outdated(running):
            stop(folder)
            running = None
        return running or _start(folder, idle, timeout)
    finally:
        os.close(turn)


def _start(folder: Path, idle: float, timeout: float) -> Running:
    command = [sys.executable, "-m", "providers.twin", "serve", "--dir", str(folder), "--idle", str(idle)]
    with (folder / "twin.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).resolve().parents[2],
        )
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        running = status(folder)
        if running is not None:
            return running
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise TwinError(
        Text(
            ja=f"ツインが起動しません。記録 {folder / 'twin.log'} を確かめてください",
            en=f"the twin does not start; see its log {folder / 'twin.log'}",
        )
    )


def stop(folder: Path | None = None, timeout: float = 5) -> bool:
    """Stops the twin in `folder`; false when none was running."""
    running = status(folder)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    until = time.monotonic() + timeout
    while _is_held(running.folder):
        if time.monotonic() > until:
            raise TwinError(
                Text(
                    ja=f"ツイン（プロセス {running.pid}）が {timeout:g} 秒以内に終了しません",
                    en=f"the twin (process {running.pid}) does not end within {timeout:g} s",
                )
            )
        time.sleep(0.02)
    return True


def debug_providers(running: Running) -> str:
    """The value of PULUMI_DEBUG_PROVIDERS that attaches an engine to this twin."""
    return ",".join(f"{cloud}:{port}" for cloud, port in sorted(running.ports.items()))


def _outdated(running: Running) -> bool:
    """Whether the twin's code has changed since it started: after a pull the old one would answer on."""
    return any(file.stat().st_mtime > running.started for file in Path(__file__).parent.rglob("*.py"))


def _is_held(folder: Path) -> bool:
    """Whether a process holds the directory: the lock dies with its process, however that ends."""
    try:
        handle = os.open(folder / "twin.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _answers(running: Running) -> bool:
    for port in running.ports.values():
        try:
            socket.create_connection((_HOST, port), timeout=0.5).close()
        except OSError:
            return False
    return True
