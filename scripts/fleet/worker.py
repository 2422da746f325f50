"""A warm worker as its coordinator sees it: give it work, get a result or learn that it died."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.engine.places import REPO

SDK_PACKAGES = {
    "aws": "pulumi_aws",
    "azure": "pulumi_azure_native",
    "google": "pulumi_gcp",
    "oci": "pulumi_oci",
    "sakura": "pulumi_sakura",
}
"""The Python package of each cloud's SDK."""
START_SECONDS = 180.0
"""How long a worker may take to import the SDKs; four without compiled files take half a minute."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a worker is for: a module with a function that imports (given the clouds) and one that works."""

    module: str = "scripts.fleet.operation"
    preload: str = "preload"
    work: str = "work"


@dataclass(slots=True)
class Child:
    """A stack under way: its process, and why it was told to stop (empty: it was not)."""

    pid: int = 0
    stopped: str = ""
    began: float = field(default_factory=time.monotonic)

    def stop(self, why: str) -> None:
        """Ask it to end what it is at and to save its state; asked again, it is cut off."""
        self.stopped = self.stopped or why
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGINT)


class WorkerDied(Exception):  # noqa: N818 - what happened, in the field's words
    """The process that did the work ended without an answer: killed, out of memory, or told to stop."""

    def __init__(self, said: str, child: Child | None = None) -> None:
        super().__init__(said)
        self.child = child or Child()


class Worker:
    """A fork server with `slots` places, started on first use and again when it has died."""

    def __init__(self, kit: Kit, clouds: Sequence[str], slots: int, log: Path) -> None:
        self.slots = slots
        self._kit = kit
        self._clouds = sorted(set(clouds))
        self._log = log
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(slots):
            self._free.put(slot)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._closed = False
        self._memory = log.parent / f"learnt-{kit.module}.json"
        self._known = _read(self._memory)
        self.running: dict[str, Child] = {}

    @contextlib.contextmanager
    def place(self) -> Generator[int]:
        """A slot of one's own, waited for."""
        slot = self._free.get()
        try:
            yield slot
        finally:
            self._free.put(slot)

    def warm(self) -> None:
        """Start the fork server now rather than with the first stack, which is told if that fails."""
        with self._lock, contextlib.suppress(OSError):
            self._ensure()

    def call(
        self,
        key: str,
        work: Mapping[str, Any],
        *,
        seconds: float | None = None,
        grace: float = 60.0,
        began: Callable[[Child], None] = lambda _: None,
    ) -> tuple[Any, Child]:
        """Have the kit do `work` in a fork, and give what came of it.

        After `seconds` it is asked to stop, and again each `grace`. Raises WorkerDied.
        """
        child = Child()
        reading, writing = os.pipe()
        try:
            self._send({"module": self._kit.module, "function": self._kit.work, "work": work}, writing)
        except OSError as error:
            os.close(reading)
            raise WorkerDied(str(error)) from error
        finally:
            os.close(writing)
        timers = _Timers(child, seconds, grace)
        self.running[key] = child
        try:
            with os.fdopen(reading, encoding="utf-8") as answer, timers:
                first = answer.readline()
                if first:
                    child.pid = int(json.loads(first)["pid"])
                    began(child)
                    if child.stopped:  # while it was being forked
                        child.stop(child.stopped)
                said = answer.readline()
        finally:
            self.running.pop(key, None)
        if not said.endswith("\n"):
            raise WorkerDied(f"process {child.pid}", child)
        told = json.loads(said)
        self._learn(told["learnt"])
        return told["answer"], child

    def _learn(self, entries: Sequence[str]) -> None:
        """Have the fork server ready what a fork missed, and remember it for the next fork server."""
        with self._lock:
            new = [name for name in entries if name not in self._known]
            if not new or self._closed:
                return
            self._known |= set(new)
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.send(json.dumps({"have": new}).encode())
        _write(self._memory, sorted(self._known))

    def stop(self, why: str) -> None:
        """Ask every stack under way to stop."""
        for child in list(self.running.values()):
            child.stop(why)

    def close(self) -> None:
        """End the fork server, and with it whatever still runs."""
        with self._lock:
            self._closed = True
            if self._socket is not None:
                self._socket.close()
            if self._process is not None:
                try:
                    self._process.wait(30)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                    self._process.wait()

    def kill(self) -> None:
        """End the fork server at once; its forks learn it from the kernel."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def _send(self, request: Mapping[str, Any], answer: int) -> None:
        message = json.dumps(request).encode()
        for last in (False, True):
            with self._lock:
                requests = self._ensure()
                try:
                    socket.send_fds(requests, [message], [answer])
                except OSError:
                    if last:
                        raise
                    self._drop()
                else:
                    return

    def _ensure(self) -> socket.socket:
        if self._closed:
            raise OSError("the worker is closed")
        if self._process is not None and self._process.poll() is not None:
            self._drop()
        if self._socket is None:
            self._socket = self._start()
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._socket = self._process = None

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        with self._log.open("ab") as log, theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "scripts.fleet.forks",
                    f"{self._kit.module}:{self._kit.preload}",
                    *self._clouds,
                ],
                cwd=REPO,
                env=environment,
                stdin=theirs.fileno(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        ours.settimeout(START_SECONDS)
        try:
            ready = ours.recv(16)
        except TimeoutError:
            ready = b""
        if ready != b"ready":
            ours.close()
            self._process.kill()
            raise OSError(f"the fork server does not start: {self._log}")
        ours.settimeout(None)
        if wanted := [name for name in sorted(self._known) if self._concerns(name)]:
            ours.send(json.dumps({"have": wanted}).encode())
        return ours

    def _concerns(self, module: str) -> bool:
        """Whether a module is of use here: another cloud's SDK is not."""
        package = module.partition(".")[0]
        cloud = next((cloud for cloud, sdk in SDK_PACKAGES.items() if sdk == package), None)
        return cloud is None or cloud in self._clouds


def _read(file: Path) -> set[str]:
    try:
        return {str(name) for name in json.loads(file.read_text(encoding="utf-8"))}
    except (OSError, ValueError, TypeError):
        return set()


def _write(file: Path, names: Sequence[str]) -> None:
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        draft.write_text(json.dumps(names), encoding="utf-8")
        draft.replace(file)


class _Timers:
    """Asks a child to stop when its time is over, and again until it does."""

    def __init__(self, child: Child, seconds: float | None, grace: float) -> None:
        self._child, self._seconds, self._grace = child, seconds, grace
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._thread = threading.Thread(target=self._watch, daemon=True, name="time limit")
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        wait = self._seconds
        while not self._over.wait(wait):
            self._child.stop("time limit")
            wait = self._grace
