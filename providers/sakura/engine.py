"""What we say to the engine outside of answers: lines beside a resource in its display."""

from __future__ import annotations

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc


class Engine:
    """The engine that started us; silent where there is none (tests that call us directly)."""

    def __init__(self, address: str = "") -> None:
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self.connect(address)

    def connect(self, address: str) -> None:
        """Speak to the engine at `address`."""
        if address and self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def tell(self, urn: str, message: str) -> None:
        """A line for the user beside the resource."""
        self._log(engine_pb2.INFO, urn, message)

    def debug(self, urn: str, message: str) -> None:
        """A line that only `--debug` shows."""
        self._log(engine_pb2.DEBUG, urn, message)

    def _log(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, message: str) -> None:
        if self._stub is None:
            return
        try:
            self._stub.Log(engine_pb2.LogRequest(severity=severity, urn=urn, message=message), timeout=5)
        except grpc.RpcError:
            self._stub = None  # the engine is going away; what was to be said is said by the result
