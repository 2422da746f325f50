"""The programs a host runs: each in a process group of its own, none left behind.

A group of its own, because the engine interrupts the host's whole group at the end of a run: a
program in that group would print a KeyboardInterrupt trace over the user's screen.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

GRACE_SECONDS = 0.5
"""From SIGTERM to SIGKILL. Python dies of SIGTERM at once; the engine itself waits 5 s for us."""

Stream = Literal["stdout", "stderr"]


class Child:
    """A running program and its descendants."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self) -> int:
        """Wait for the end; the exit code, negative when a signal ended it (-15: SIGTERM)."""
        return self._process.wait()

    def terminate(self) -> None:
        """End the whole group: politely, then after `GRACE_SECONDS` for certain. Idempotent."""
        if self._process.poll() is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def chunks(self) -> Iterator[tuple[Stream, bytes]]:
        """What the program writes, as it writes it, until both streams close."""
        with selectors.DefaultSelector() as ready:
            for name, pipe in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
                if pipe is not None:
                    ready.register(pipe, selectors.EVENT_READ, name)
            while ready.get_map():
                for key, _ in ready.select():
                    data = os.read(key.fd, 65536)
                    if data:
                        yield key.data, data
                    else:
                        ready.unregister(key.fileobj)

    def close(self) -> None:
        """Release the pipes."""
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


class Children:
    """Every program of this host, so that the host can end them when it ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Child] = set()
        self._closed = False

    @contextlib.contextmanager
    def running(
        self, command: Sequence[str], cwd: Path, environment: Mapping[str, str], *, piped: bool
    ) -> Generator[Child]:
        """Start `command`; leaving the block ends it and its descendants.

        `piped` gives the output to `Child.chunks`; otherwise the program writes straight to
        this process's own streams, which the engine reads.

        Raises OSError when the program cannot be started, RuntimeError when the host is ending.
        """
        pipe = subprocess.PIPE if piped else None
        with self._lock:
            if self._closed:
                raise RuntimeError("the language host is shutting down")
            child = Child(
                subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=dict(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=pipe,
                    stderr=pipe,
                    process_group=0,
                )
            )
            self._running.add(child)
        try:
            yield child
        finally:
            child.terminate()
            child.close()
            with self._lock:
                self._running.discard(child)

    def terminate(self) -> None:
        """End all that runs now; more may be started."""
        with self._lock:
            running = list(self._running)
        for child in running:
            child.terminate()

    def close(self) -> None:
        """End all that runs and start nothing more."""
        with self._lock:
            self._closed = True
        self.terminate()
