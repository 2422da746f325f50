"""A small provider client: speaks to the twin as an engine does, without one. For the benchmark and the
tests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from providers.wire import Value, encode, plain


class CallError(Exception):
    """The provider's error, with its text."""


@dataclass(slots=True)
class Made:
    """A resource as an engine remembers it."""

    urn: str
    id: str
    inputs: dict[str, Value]
    state: dict[str, Value]


@dataclass(slots=True)
class Caller:
    """One provider instance: its own connection, configured once."""

    port: int
    config: Mapping[str, Value] = field(default_factory=dict)
    _channel: Any = None
    stub: Any = None

    def __post_init__(self) -> None:
        # A pool of its own, or gRPC shares one connection among all channels of a process.
        self._channel = grpc.insecure_channel(
            f"127.0.0.1:{self.port}", options=[("grpc.use_local_subchannel_pool", 1)]
        )
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self.stub.Configure(
            provider_pb2.ConfigureRequest(args=encode(self.config), acceptSecrets=True, acceptResources=True)
        )

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def urn(self, token: str, name: str) -> str:
        """The URN of a resource of this caller's imaginary stack."""
        return f"urn:pulumi:test::twin::{token}::{name}"

    def check(
        self, token: str, name: str, inputs: Mapping[str, Value], olds: Mapping[str, Value] | None = None
    ) -> Any:
        """The raw answer to Check."""
        return self.stub.Check(
            provider_pb2.CheckRequest(
                urn=self.urn(token, name),
                news=encode(inputs),
                olds=encode(olds or {}),
                randomSeed=hashlib.sha256(name.encode()).digest(),
            )
        )

    def create(self, token: str, name: str, inputs: Mapping[str, Value], *, preview: bool = False) -> Made:
        """Check and Create; CallError when either says no."""
        checked = self.check(token, name, inputs)
        if checked.failures:
            raise CallError(
                "; ".join(f"{failure.property}: {failure.reason}" for failure in checked.failures)
            )
        urn = self.urn(token, name)
        try:
            made = self.stub.Create(
                provider_pb2.CreateRequest(urn=urn, properties=checked.inputs, preview=preview)
            )
        except grpc.RpcError as error:
            raise CallError(str(error.details())) from error
        return Made(urn, made.id, plain(checked.inputs), plain(made.properties))

    def diff(self, made: Made, inputs: Mapping[str, Value]) -> Any:
        """The raw answer to Diff, after Check."""
        _, _, token, name = made.urn.removeprefix("urn:pulumi:").split("::")
        checked = self.check(token, name, inputs, made.inputs)
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=made.id,
                urn=made.urn,
                olds=encode(made.state),
                news=checked.inputs,
                old_inputs=encode(made.inputs),
            )
        )

    def update(self, made: Made, inputs: Mapping[str, Value], *, preview: bool = False) -> Made:
        """Check and Update."""
        _, _, token, name = made.urn.removeprefix("urn:pulumi:").split("::")
        checked = self.check(token, name, inputs, made.inputs)
        try:
            answer = self.stub.Update(
                provider_pb2.UpdateRequest(
                    id=made.id,
                    urn=made.urn,
                    olds=encode(made.state),
                    news=checked.inputs,
                    old_inputs=encode(made.inputs),
                    preview=preview,
                )
            )
        except grpc.RpcError as error:
            raise CallError(str(error.details())) from error
        return Made(made.urn, made.id, plain(checked.inputs), plain(answer.properties))

    def read(self, made: Made) -> Made:
        """Refresh: an empty id when the resource is gone."""
        try:
            answer = self.stub.Read(
                provider_pb2.ReadRequest(
                    id=made.id, urn=made.urn, properties=encode(made.state), inputs=encode(made.inputs)
                )
            )
        except grpc.RpcError as error:
            raise CallError(str(error.details())) from error
        return Made(made.urn, answer.id, plain(answer.inputs), plain(answer.properties))

    def delete(self, made: Made) -> None:
        """Deletes; CallError when the cloud would not."""
        try:
            self.stub.Delete(
                provider_pb2.DeleteRequest(
                    id=made.id, urn=made.urn, properties=encode(made.state), old_inputs=encode(made.inputs)
                )
            )
        except grpc.RpcError as error:
            raise CallError(str(error.details())) from error

    def invoke(self, token: str, arguments: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """The answer to a function; CallError when there is none."""
        try:
            answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=encode(arguments or {})))
        except grpc.RpcError as error:
            raise CallError(str(error.details())) from error
        if answer.failures:
            raise CallError("; ".join(f"{failure.property}: {failure.reason}" for failure in answer.failures))
        return plain(getattr(answer, "return"))
