"""OpenTelemetry traces and Prometheus metrics of a coordinator, where they are configured.

Traces go to OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT), as OpenTelemetry's own documents say.
JICHITAI_FLEET_METRICS_PORT opens `http://127.0.0.1:PORT/metrics`; there is no way to open it to others.
Where neither is set nothing is imported.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from scripts.fleet.model import StackResult, Target

PORT = "JICHITAI_FLEET_METRICS_PORT"
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Seconds that a stack takes: from a preview on the twin to a first build on a cloud."""


class Metrics:
    """What is told to others of each stack that ends here. Does nothing where nothing is configured."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._tracer: Any = _tracer() if any(environment.get(name) for name in ENDPOINTS) else None
        self._prometheus = _Prometheus(int(environment[PORT])) if environment.get(PORT) else None

    def ended(self, run: str, target: Target, clouds: tuple[str, ...], result: StackResult) -> None:
        """A stack has ended."""
        if self._prometheus is not None:
            self._prometheus.ended(target, clouds, result)
        if self._tracer is not None:
            self._trace(run, target, clouds, result)

    def running(self, number: int) -> None:
        """So many stacks are under way here."""
        if self._prometheus is not None:
            self._prometheus.running.set(number)

    def close(self) -> None:
        """Send what is left, and listen no more."""
        if self._tracer is not None:
            self._tracer.provider.shutdown()
        if self._prometheus is not None:
            self._prometheus.close()

    def _trace(self, run: str, target: Target, clouds: tuple[str, ...], result: StackResult) -> None:
        from opentelemetry.trace import Status, StatusCode

        if result.started is None:
            return
        begin = int(result.started.timestamp() * 1e9)
        span = self._tracer.tracer.start_span(
            f"fleet {result.operation}",
            start_time=begin,
            attributes={
                "jichitai.run": run,
                "jichitai.stack": result.stack,
                "jichitai.operation": result.operation,
                "jichitai.target": target,
                "jichitai.clouds": list(clouds),
                "jichitai.outcome": result.outcome,
                "jichitai.attempts": result.attempts,
            },
        )
        if result.outcome == "failed":
            cause = result.causes[0] if result.causes else None
            span.set_status(Status(StatusCode.ERROR, cause.cause if cause else ""))
        span.end(begin + int(timedelta(seconds=result.seconds).total_seconds() * 1e9))


class _Traced:
    def __init__(self, provider: Any, tracer: Any) -> None:
        self.provider, self.tracer = provider, tracer


def _tracer() -> _Traced:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "jichitai-fleet"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return _Traced(provider, provider.get_tracer("jichitai.fleet"))


class _Prometheus:
    """Counters of this process, on a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

        registry = CollectorRegistry()
        self.stacks = Counter(
            "jichitai_fleet_stacks",
            "Stacks that have ended",
            ["operation", "target", "cloud", "outcome"],
            registry=registry,
        )
        self.failures = Counter(
            "jichitai_fleet_failures", "Causes of failures", ["operation", "cause"], registry=registry
        )
        self.seconds = Histogram(
            "jichitai_fleet_stack_seconds",
            "Seconds that stacks took",
            ["operation", "cloud"],
            buckets=BUCKETS,
            registry=registry,
        )
        self.running = Gauge("jichitai_fleet_running", "Stacks under way here", registry=registry)
        self._server, self._thread = start_http_server(port, addr="127.0.0.1", registry=registry)

    def ended(self, target: Target, clouds: tuple[str, ...], result: StackResult) -> None:
        for cloud in clouds:
            self.stacks.labels(result.operation, target, cloud, result.outcome).inc()
            self.seconds.labels(result.operation, cloud).observe(result.seconds)
        for cause in result.causes:
            self.failures.labels(result.operation, cause.cause).inc()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
