"""The twin as a process: one a directory, on loopback, gone when nobody has called for a while."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import grpc
import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc

from providers.twin.cloud import Cloud
from providers.twin.server import Provider
from providers.twin.store import Store, StoreError
from providers.twin.world import World
from stacks.text import Text, language_of

MESSAGE_BYTES = 400 * 1024 * 1024
"""The largest message the engine itself sends (sdk/go/common/util/rpcutil, 400 MB)."""
HOST = "127.0.0.1"
STORE = "store.sqlite"
FILE = "twin.json"
LOCK = "twin.lock"


class AlreadyRunningError(Exception):
    """Another twin holds this directory."""


def hold(folder: Path) -> int:
    """Takes the directory's lock for the life of this process; AlreadyRunningError when another has it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    for _ in range(25):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            time.sleep(0.02)  # `client.status` takes the lock for an instant to see whether it is free
        else:
            return handle
    os.close(handle)
    raise AlreadyRunningError(str(folder))


async def serve(folder: Path, clouds: Sequence[Cloud], idle: float = 0, ports: Sequence[int] = ()) -> None:
    """Serves `clouds` until SIGTERM, SIGINT, or `idle` seconds without a call (0: for ever).

    Writes `twin.json` (pid, ports by cloud, start time) once it answers, and removes it at the end.
    """
    handle = hold(folder)
    store = Store(folder / STORE)
    last = time.monotonic()

    def touch() -> None:
        nonlocal last
        last = time.monotonic()

    servers: list[grpc.aio.Server] = []
    bound: dict[str, int] = {}
    options = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.so_reuseport", 0),  # two twins must never share a port unnoticed
    ]
    for number, cloud in enumerate(clouds):
        server = grpc.aio.server(options=options)
        provider = Provider(World(cloud, store), touch=touch)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
        wanted = ports[number] if number < len(ports) else 0
        bound[cloud.name] = server.add_insecure_port(f"{HOST}:{wanted}")
        await server.start()
        servers.append(server)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _announce(folder, bound)
    try:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(idle, 5) if idle else None)
            if idle and time.monotonic() - last > idle:
                break
    finally:
        (folder / FILE).unlink(missing_ok=True)
        await asyncio.gather(*(server.stop(grace=1) for server in servers))
        store.close()
        os.close(handle)


def _announce(folder: Path, ports: dict[str, int]) -> None:
    """Writes `twin.json` in one step, so that a reader never sees half of it."""
    draft = folder / f"{FILE}.{os.getpid()}"
    draft.write_text(json.dumps({"pid": os.getpid(), "ports": ports, "started": time.time()}), "utf-8")
    draft.replace(folder / FILE)


def main(folder: Path, clouds: Sequence[Cloud], idle: float) -> int:
    """Runs the twin in this process; gives the exit code: 0 ended, 3 another runs already, 4 no store."""
    language = language_of()
    try:
        asyncio.run(serve(folder, clouds, idle))
    except AlreadyRunningError:
        text = Text(ja=f"{folder} のツインはすでに動いています", en=f"a twin already runs in {folder}")
        sys.stderr.write(f"{text.say(language)}\n")
        return 3
    except (StoreError, OSError) as error:
        text = Text(
            ja=f"ツインを始められません: {error}。ディスクの空きと権限を確かめてください",
            en=f"the twin cannot start: {error}; check disk space and permissions",
        )
        sys.stderr.write(f"{text.say(language)}\n")
        return 4
    return 0
