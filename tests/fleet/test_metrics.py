"""Traces and metrics: only where configured, only on loopback, and with what happened in them."""

from __future__ import annotations

import socket
import threading
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from scripts.fleet.metrics import PORT, Metrics
from scripts.fleet.model import Cause, StackResult
from stacks.text import Text

SAID = Text("x", "x")
GOOD = StackResult("131041-a", "up", "changed", datetime.now(UTC), 3.5, 1)
BAD = StackResult(
    "131059-b", "up", "failed", datetime.now(UTC), 7.0, 4, causes=(Cause("transient", SAID, "busy", SAID),)
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def test_nothing_is_told_where_nothing_is_configured() -> None:
    metrics = Metrics({})
    metrics.ended("r", "twin", ("aws",), GOOD)
    metrics.running(1)
    metrics.close()


def test_prometheus_on_loopback() -> None:
    port = free_port()
    metrics = Metrics({PORT: str(port)})
    try:
        metrics.running(2)
        metrics.ended("r", "twin", ("aws", "oci"), GOOD)
        metrics.ended("r", "twin", ("aws",), BAD)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            text = page.read().decode()
        for line in (
            'jichitai_fleet_stacks_total{cloud="oci",operation="up",outcome="changed",target="twin"} 1.0',
            'jichitai_fleet_stacks_total{cloud="aws",operation="up",outcome="failed",target="twin"} 1.0',
            'jichitai_fleet_failures_total{cause="transient",operation="up"} 1.0',
            'jichitai_fleet_stack_seconds_sum{cloud="aws",operation="up"} 10.5',
            "jichitai_fleet_running 2.0",
        ):
            assert line in text
        with pytest.raises(OSError, match=r"."), socket.create_server(("127.0.0.1", port)):
            pass
    finally:
        metrics.close()
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_span_for_each_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        metrics = Metrics()
        metrics.ended("run-1", "twin", ("aws",), GOOD)
        metrics.ended("run-1", "twin", ("aws",), BAD)
        metrics.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    spans = [
        span
        for body in got
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {s.name for s in spans} == {"fleet up"}
    stacks = {a.value.string_value for s in spans for a in s.attributes if a.key == "jichitai.stack"}
    assert stacks == {"131041-a", "131059-b"}
    assert sorted(s.status.message for s in spans) == ["", "transient"]
    assert all(s.end_time_unix_nano - s.start_time_unix_nano > 3e9 for s in spans)
