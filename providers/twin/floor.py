"""What gRPC itself costs in Python: a provider that answers Create with nothing, served in two ways.

`python -m providers.twin.floor` measures both; it is why the twin is served by one event loop (docs/adr).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from providers.wire import encode

_CALLS = 4000


class _Loop(provider_pb2_grpc.ResourceProviderServicer):
    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        return provider_pb2.CreateResponse(id="x", properties=request.properties)


class _Threads(provider_pb2_grpc.ResourceProviderServicer):
    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 - the protocol's
        return provider_pb2.CreateResponse(id="x", properties=request.properties)


async def _serve_loop() -> None:
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Loop(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def _serve_threads() -> None:
    server = grpc.server(ThreadPoolExecutor(8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Threads(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _measure(kind: str) -> float:
    """Processor milliseconds a call of a server of this kind."""
    from providers.twin.bench import cpu_seconds

    command = [sys.executable, "-m", "providers.twin.floor", kind]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    try:
        port = int(process.stdout.readline()) if process.stdout else 0
        properties = encode({"cidrBlock": "10.0.0.0/16", "tags": {"code": "131041"}, "list": ["a", "b"]})
        request = provider_pb2.CreateRequest(urn="urn:pulumi:a::b::c::d", properties=properties)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)

            def call(_: int) -> None:
                stub.Create(request)

            with ThreadPoolExecutor(4) as callers:
                list(callers.map(call, range(200)))
                before = cpu_seconds(process.pid)
                list(callers.map(call, range(_CALLS)))
                return 1000 * (cpu_seconds(process.pid) - before) / _CALLS
    finally:
        process.terminate()
        process.wait(10)


def main(arguments: list[str]) -> int:
    """Measures both kinds, or serves the one that is named."""
    if arguments == ["loop"]:
        asyncio.run(_serve_loop())
    elif arguments == ["threads"]:
        _serve_threads()
    else:
        began = time.monotonic()
        found = {kind: round(_measure(kind), 3) for kind in ("loop", "threads")}
        result = {
            "millisecondsPerCall": found,
            "threadsOverLoop": round(found["threads"] / found["loop"], 2),
            "seconds": round(time.monotonic() - began, 1),
        }
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
