"""The plugin process: `pulumi-resource-sakura [ENGINE_ADDRESS]` prints its port and serves until told to
stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent import futures
from pathlib import Path
from typing import Any, Final

if not __package__:
    # A language host runs the folder (PulumiPlugin.yaml), maybe with a Python that has nothing we need.
    launcher = str(Path(__file__).resolve().with_name("pulumi-resource-sakura"))
    os.execv(launcher, [launcher, *sys.argv[1:]])  # noqa: S606 - our own program

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from .engine import Engine
from .provider import SakuraProvider

_WORKERS: Final = 64
"""More than the engine ever asks for at once by default (4 × CPUs); threads that wait cost next to
nothing."""
_PARENT_LOOKS: Final = 1.0


def main() -> int:
    """Serve. The exit code is 0 when told to stop and 1 when the engine was killed."""
    address = sys.argv[1] if len(sys.argv) > 1 else ""
    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(_WORKERS), options=unlimited)
    provider = SakuraProvider(Engine(address))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)
    done = threading.Event()

    def stop(signum: int, frame: Any) -> None:  # noqa: ARG001
        provider.stop()
        done.set()

    # The engine ends its plugins with SIGINT and waits 5 s for one that does not listen.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    parent = os.getppid()
    while not done.wait(_PARENT_LOOKS):
        if os.getppid() != parent:
            # The engine was killed. Nobody would record what we go on to make: stop now; the next run takes
            # it up.
            provider.stop()
            os._exit(1)
    server.stop(grace=2).wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
