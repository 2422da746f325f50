"""Azurite, Microsoft's own emulator of Azure Storage: installed once, outside the repository, then served.

The versions are pinned by `package-lock.json` beside this file.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bootstrap.fakes.tls import Authority

HERE = Path(__file__).parent
SECONDS = 60.0
"""How long the emulator may take to answer."""


@dataclass(frozen=True)
class Azurite:
    """A running emulator with one storage account. It takes shared keys, and Entra ID's tokens."""

    host: str
    account: str
    key: str

    @property
    def endpoint(self) -> str:
        """The account's address."""
        return f"https://{self.host}/{self.account}"


def installed() -> Path:
    """The emulator's program. Skips, saying so, where there is no Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip(
            "Azurite needs Node.js (node, npm), which is not installed: the Azure state store is NOT proven"
        )
    lock = (HERE / "package-lock.json").read_bytes()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path(tempfile.gettempdir()) / f"cache-{os.getuid()}")
    folder = home / "jichitai" / f"azurite-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    program = folder / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # several test processes may want it at once
        if not (folder / "done").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy2(HERE / name, folder)
            command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=900)
            (folder / "done").touch()
    return program


@contextlib.contextmanager
def running(folder: Path, tls: Authority, account: str) -> Generator[Azurite]:
    """The emulator over TLS on a free port of loopback, with `account`."""
    program = installed()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    arguments = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(folder)]
    arguments += ["--cert", str(tls.certificate), "--key", str(tls.key), "--oauth", "basic"]
    arguments += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    process = subprocess.Popen(
        ["node", str(program), *arguments],
        env={**os.environ, "AZURITE_ACCOUNTS": f"{account}:{key}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield Azurite(f"127.0.0.1:{port}", account, key)
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        assert process.poll() is None, "Azurite ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError("Azurite does not answer")
