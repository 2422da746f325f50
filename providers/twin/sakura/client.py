"""Starts, finds, looks into and stops a Sakura twin from another program."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stacks.text import Text

_ROOT: Final = Path(__file__).resolve().parents[3]
_SPEED: Final = 60.0
_START_SECONDS: Final = 20.0


class SakuraTwinError(Exception):
    """The twin cannot be started or reached; `text` says why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Running:
    """A twin that answers."""

    folder: Path
    pid: int
    port: int
    token: str
    secret: str
    speed: float
    started: float = 0

    @property
    def outdated(self) -> bool:
        """Has the twin's code changed since it started? After a pull the old one would answer on."""
        return any(file.stat().st_mtime > self.started for file in Path(__file__).parent.rglob("*.py"))

    @property
    def root(self) -> str:
        """What to set `SAKURA_API_ROOT_URL` to."""
        return f"http://127.0.0.1:{self.port}/cloud/zone"

    def environment(self) -> dict[str, str]:
        """Environment that points official clients and our provider at it, with waits scaled as its own
        are."""
        return {
            "SAKURA_API_ROOT_URL": self.root,
            "SAKURA_ENDPOINTS_S3": f"http://127.0.0.1:{self.port}/s3/{{site}}",
            "SAKURA_ACCESS_TOKEN": self.token,
            "SAKURA_ACCESS_TOKEN_SECRET": self.secret,
            "SAKURA_PULUMI_RATE_LIMIT": f"{10 * self.speed:g}",
            "SAKURA_PULUMI_POLL_INTERVAL": f"{max(5 / self.speed, 0.05):g}",
            "SAKURA_PULUMI_RETRY_WAIT_MIN": f"{max(1 / self.speed, 0.02):g}",
            "SAKURA_PULUMI_RETRY_WAIT_MAX": f"{max(64 / self.speed, 0.5):g}",
            "SAKURA_PULUMI_SETTLE_TIME": f"{20 / self.speed:g}",
            "SAKURA_PULUMI_SHUTDOWN_TIMEOUT": f"{max(300 / self.speed, 2):g}",
        }


def default_folder() -> Path:
    """`.jichitai/twin/sakura` in the repository, or `sakura` under `JICHITAI_TWIN_DIR`."""
    chosen = os.environ.get("JICHITAI_TWIN_DIR")
    return (Path(chosen) if chosen else _ROOT / ".jichitai" / "twin") / "sakura"


@contextlib.contextmanager
def held(folder: Path) -> Generator[bool]:
    """Hold the folder's lock while serving; False when another process does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sakura.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def announce(folder: Path, port: int, token: str, secret: str, speed: float) -> None:
    """Write where the twin answers, for this user's eyes only."""
    path = folder / "sakura.json"
    new = path.with_suffix(".new")
    body: dict[str, Any] = {"pid": os.getpid(), "port": port, "token": token, "secret": secret}
    body |= {"speed": speed, "started": time.time()}
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(body, file)
    new.replace(path)


def withdraw(folder: Path) -> None:
    """The twin is going."""
    (folder / "sakura.json").unlink(missing_ok=True)


def status(folder: Path | None = None) -> Running | None:
    """The twin that runs in `folder`, or None. A file left behind by kill -9 does not count."""
    folder = folder or default_folder()
    try:
        body = json.loads((folder / "sakura.json").read_text("utf-8"))
        running = Running(
            folder,
            int(body["pid"]),
            int(body["port"]),
            body["token"],
            body["secret"],
            float(body["speed"]),
            float(body["started"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with held(folder) as free:
        return None if free else running


def chosen_speed() -> float:
    """How many times faster than the platform waits are: 60, or `JICHITAI_TWIN_SPEED`. SakuraTwinError when
    that is no number above 0."""
    given = os.environ.get("JICHITAI_TWIN_SPEED") or str(_SPEED)
    try:
        speed = float(given)
    except ValueError:
        speed = 0
    if not 0 < speed < float("inf"):
        raise SakuraTwinError(
            Text(
                ja=f"JICHITAI_TWIN_SPEED は0より大きい数で指定してください: {given}",
                en=f"JICHITAI_TWIN_SPEED must be a number above 0: {given}",
            )
        )
    return speed


def start(folder: Path | None = None, speed: float | None = None, idle: float = 0) -> Running:
    """Start a twin in `folder`, or give the one that runs there. SakuraTwinError when it does not come up.

    It ends by itself after `idle` seconds without a call (0: never). One whose code has changed starts anew.
    """
    folder = folder or default_folder()
    speed = chosen_speed() if speed is None else speed
    found = status(folder)
    if found is not None and not found.outdated:
        return found
    stop(folder)
    folder.mkdir(parents=True, exist_ok=True)
    log = (folder / "sakura.log").open("ab")
    command = [
        sys.executable,
        "-m",
        "providers.twin.sakura",
        "serve",
        "--dir",
        str(folder),
        "--speed",
        str(speed),
        "--idle",
        str(idle),
    ]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        command,
        cwd=_ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        found = status(folder)
        if found is not None:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise SakuraTwinError(
        Text(
            ja=f"Sakura の twin が起動しません。{folder / 'sakura.log'} を見てください。",
            en=f"The Sakura twin does not start. See {folder / 'sakura.log'}.",
        )
    )


def stop(folder: Path | None = None) -> None:
    """Stop the twin that runs in `folder`, if one does."""
    found = status(folder)
    if found is None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    end = time.monotonic() + 10
    while time.monotonic() < end and status(folder) is not None:
        time.sleep(0.05)


# --- looking inside, for tests, drills and staff training
# -------------------------------------------------------------


@contextlib.contextmanager
def _open(folder: Path | None) -> Generator[Any]:
    from providers.twin.sakura.store import Store

    store = Store((folder or default_folder()) / "sakura.sqlite")
    try:
        yield store
    finally:
        store.close()


def counts(folder: Path | None = None) -> dict[str, int]:
    """How many resources of each kind there are, without what the platform put there."""
    with _open(folder) as store:
        return dict(store.counts())


def documents(folder: Path | None, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Zone and document of everything of a kind, without what the platform put there."""
    with _open(folder) as store:
        return [(zone, doc) for zone, doc in store.everywhere(kind) if not doc.get("_platform")]


def tamper(folder: Path | None, kind: str, zone: str, id_: str, path: str, value: Any) -> None:
    """Change a document behind everybody's back. SakuraTwinError when there is none."""
    from providers.twin.sakura.place import settings_hash
    from providers.twin.sakura.store import set_at

    with _open(folder) as store:
        doc = store.get(kind, zone, id_)
        if doc is None:
            raise SakuraTwinError(
                Text(ja=f"{kind} {zone} {id_} はありません。", en=f"There is no {kind} {zone} {id_}.")
            )
        set_at(doc, path, value)
        if "SettingsHash" in doc:
            doc["SettingsHash"] = settings_hash(doc["Settings"])
        if "ExpressionHash" in doc:
            doc["ExpressionHash"] = settings_hash(doc["Expression"])
        store.put(kind, zone, id_, doc)


def remove(folder: Path | None, kind: str, zone: str, id_: str) -> None:
    """Delete a document behind everybody's back."""
    with _open(folder) as store:
        store.remove(kind, zone, id_)


def add_fault(folder: Path | None, name: str, body: Mapping[str, Any]) -> None:
    """Ask for a failure; see `faults.Fault`. ValueError when a field has a wrong value."""
    from providers.twin.sakura.faults import Fault

    Fault.read(name, body)
    with _open(folder) as store:
        store.set_fault(name, dict(body))


def clear_faults(folder: Path | None = None) -> None:
    """Take all failures back."""
    with _open(folder) as store:
        store.clear_faults()
