"""The provider protocol (pulumirpc.ResourceProvider) over one cloud of the twin.

One event loop serves every engine. The protocol has no field that says which configuration a call belongs
to, so configurations are kept by connection: each provider instance of each engine attaches over its own.
"""

# ruff: noqa: N802, D102, ARG002 - the protocol (pulumi/provider.proto) names and documents the methods
from __future__ import annotations

import asyncio
import contextlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from providers.twin import check as checks
from providers.twin.behaviour import GENERIC, Refusal
from providers.twin.diff import Change, deletes_first, diff
from providers.twin.faults import Fault
from providers.twin.schema import Schema
from providers.twin.scope import Session
from providers.twin.sdk import SdkError
from providers.twin.seal import unseal
from providers.twin.store import StoreError
from providers.twin.world import ASSUMED, Outcome, World
from providers.wire import Path, Value, decode, encode, has_unknown, plain
from stacks.text import Language, Text, language_of

_SESSIONS = 20_000
"""Connections remembered: more than engines run at once for a whole country."""
_PIECES: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


@dataclass(slots=True)
class Peer:
    """One connection: its configuration, its engine, and whether it has asked to stop."""

    session: Session | None = None
    engine: str = ""
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)


class _AbortError(Exception):
    """Ends a call with a status and a text for the user."""

    def __init__(self, status: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one cloud. `touch` is called at every request, for the idle clock."""

    def __init__(
        self, world: World, language: Language | None = None, touch: Callable[[], None] = lambda: None
    ):
        self.world = world
        self.language: Language = language or language_of()
        self._touch = touch
        self._peers: OrderedDict[str, Peer] = OrderedDict()
        self._channels: dict[str, grpc.aio.Channel] = {}

    # Talking

    def _peer(self, context: Any) -> Peer:
        self._touch()
        name = context.peer()
        peer = self._peers.get(name)
        if peer is None:
            peer = self._peers[name] = Peer()
            while len(self._peers) > _SESSIONS:
                self._peers.popitem(last=False)
        return peer

    def _session(self, context: Any) -> Session:
        peer = self._peer(context)
        if peer.session is None:
            raise _AbortError(
                grpc.StatusCode.FAILED_PRECONDITION,
                self._say(
                    Text(
                        ja="この接続は設定されていません（ツインが再起動された可能性があります）。もう一度実行してください",
                        en="this connection is not configured (the twin may have been restarted); run again",
                    )
                ),
            )
        return peer.session

    def _say(self, text: Text) -> str:
        return text.say(self.language)

    async def _log(self, peer: Peer, urn: str, message: str) -> None:
        """Shows a remark in the engine's output; a remark that cannot be shown is no reason to fail."""
        if not peer.engine:
            return
        channel = self._channels.get(peer.engine)
        if channel is None:
            channel = self._channels[peer.engine] = grpc.aio.insecure_channel(peer.engine)
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message, urn=urn)
        with contextlib.suppress(grpc.aio.AioRpcError):
            stub: Any = engine_pb2_grpc.EngineStub(channel)
            await stub.Log(request, timeout=2)

    async def _remark(self, context: Any, urn: str, outcome: Outcome) -> None:
        for token in outcome.remarks:
            if token.startswith(ASSUMED):
                what = token.removeprefix(ASSUMED)
                text = Text(
                    ja=f"ツインは {what} を、他者（回線事業者・ハブ運用者など）から引き渡し済みとみなします",
                    en=f"the twin takes {what} as delivered by others (carrier, hub operator, …)",
                )
                await self._log(self._peer(context), urn, self._say(text))
                continue
            text = Text(
                ja=f"ツインは {token} の固有の動作を再現していません。入力検査と一般的な動作だけを行います",
                en=f"the twin does not model {token}: it checks inputs and behaves generically",
            )
            await self._log(self._peer(context), urn, self._say(text))

    async def _answer(self, context: Any, work: Callable[[], Awaitable[Any]]) -> Any:
        """Runs a handler; what goes wrong becomes a status with a text for people, never a traceback."""
        try:
            return await work()
        except _AbortError as abort:
            await context.abort(abort.status, abort.text)
        except SdkError as error:
            await context.abort(grpc.StatusCode.NOT_FOUND, str(error))
        except StoreError as error:
            text = Text(
                ja=f"ツインの保存先に書き込めません: {error}。ディスクの空きと権限を確かめてください",
                en=f"the twin cannot write its store: {error}; check disk space and permissions",
            )
            await context.abort(grpc.StatusCode.UNAVAILABLE, self._say(text))

    def _refused(self, refusal: Refusal, verb: str, token: str, name: str) -> _AbortError:
        behaviour = self.world.behaviour(token)
        return _AbortError(
            grpc.StatusCode.UNKNOWN, self.world.cloud.say(refusal, verb, token, name, behaviour)
        )

    # Life

    async def Handshake(self, request: Any, context: Any) -> Any:
        self._peer(context).engine = request.engine_address
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    async def Attach(self, request: Any, context: Any) -> Any:
        self._peer(context).engine = request.address
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        self._touch()
        return plugin_pb2.PluginInfo(version=self.world.catalogue.version)

    async def GetMapping(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingResponse()

    async def GetMappings(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetMappingsResponse()

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        self._peer(context)
        response = provider_pb2.CheckResponse(inputs=request.news)
        news = plain(request.news)
        if not has_unknown(news):
            try:
                self.world.cloud.session(news)
            except Refusal as refusal:
                response.failures.add(property=refusal.code, reason=refusal.message)
        return response

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        changes = diff(GENERIC, plain(request.old_inputs), plain(request.news), request.ignoreChanges)
        kind = provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind, diffs=_tops(changes))

    async def Configure(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            peer = self._peer(context)
            arguments = plain(request.args)
            if not arguments:
                arguments = {key.split(":")[-1]: value for key, value in request.variables.items()}
            try:
                peer.session = self.world.cloud.session(arguments)
            except Refusal as refusal:
                raise _AbortError(grpc.StatusCode.INVALID_ARGUMENT, refusal.message) from refusal
            return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

        return await self._answer(context, work)

    async def Cancel(self, request: Any, context: Any) -> Any:
        peer = self._peer(context)
        peer.cancelled.set()
        return empty_pb2.Empty()

    # Inputs

    async def Check(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            self._peer(context)
            token, name = _token_and_name(request.urn)
            inputs, secrets = decode(request.news)
            schema = self.world.catalogue.resource(token)
            # An odd but legal shape: a policy given as an object goes to the cloud as JSON text.
            for key, value in inputs.items():
                if isinstance(value, dict) and _takes_json(schema, key) and not has_unknown(value):
                    inputs[key] = json.dumps(value)
            settled = self.world.settle(token, name, inputs, plain(request.olds), request.randomSeed)
            hidden = {path[0] for path in secrets} | {
                key for key, found in schema.inputs.items() if found.secret
            }
            response = provider_pb2.CheckResponse()
            encode(settled, secrets, into=response.inputs)
            for failure in checks.check(schema, settled):
                reason = self._say(failure.reason)
                if failure.path.split(".")[0].split("[")[0] in hidden:
                    reason = self._say(_hidden(failure.path))
                response.failures.add(property=failure.path, reason=reason)
            return response

        return await self._answer(context, work)

    async def Diff(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token, _ = _token_and_name(request.urn)
            behaviour = self.world.behaviour(token)
            olds, news = plain(request.old_inputs), plain(request.news)
            changes = diff(behaviour, olds, news, request.ignoreChanges)
            if not changes:
                merged = self.world.merged_tags(session, token, news, plain(request.olds))
                changes = diff(behaviour, *merged, request.ignoreChanges)
            response = provider_pb2.DiffResponse(
                changes=provider_pb2.DiffResponse.DIFF_SOME
                if changes
                else provider_pb2.DiffResponse.DIFF_NONE,
                diffs=_tops(changes),
                replaces=sorted({_top(change.path) for change in changes if change.replaces}),
                hasDetailedDiff=True,
                stables=sorted({"arn"} & self.world.catalogue.resource(token).computed),
            )
            for change in changes:
                response.detailedDiff[change.path].kind = _PIECES[change.kind, change.replaces]
                response.detailedDiff[change.path].inputDiff = change.path.split(".")[0] in news
            if response.replaces:
                response.deleteBeforeReplace = deletes_first(behaviour, olds, news)
            return response

        return await self._answer(context, work)

    # Changes

    async def Create(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token, name = _token_and_name(request.urn)
            inputs, secrets = decode(request.properties)
            response = provider_pb2.CreateResponse()
            if request.preview:
                encode(self.world.foresee(session, token, inputs), secrets, into=response.properties)
                return response
            outcome = await self._act(
                context,
                request,
                "create",
                token,
                name,
                request.timeout,
                lambda: self.world.create(session, token, name, inputs, secrets),
            )
            response.id = outcome.id
            self._fill(response.properties, outcome.state, inputs, secrets)
            await self._remark(context, request.urn, outcome)
            return response

        return await self._answer(context, work)

    async def Update(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token, name = _token_and_name(request.urn)
            inputs, secrets = decode(request.news)
            olds, old_secrets = decode(request.olds)
            response = provider_pb2.UpdateResponse()
            if request.preview:
                state = self.world.foresee_update(session, token, olds, plain(request.old_inputs), inputs)
                encode(state, secrets | old_secrets, into=response.properties)
                return response
            outcome = await self._act(
                context,
                request,
                "update",
                token,
                name,
                request.timeout,
                lambda: self.world.update(session, token, name, request.id, inputs, secrets),
            )
            self._fill(response.properties, outcome.state, {**olds, **inputs}, secrets)
            return response

        return await self._answer(context, work)

    async def Delete(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token, name = _token_and_name(request.urn)
            state = plain(request.properties)
            await self._act(
                context,
                request,
                "delete",
                token,
                name,
                request.timeout,
                lambda: self.world.delete(session, token, name, request.id, state),
            )
            return empty_pb2.Empty()

        return await self._answer(context, work)

    async def Read(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token, name = _token_and_name(request.urn)
            state, state_secrets = decode(request.properties)
            inputs, secrets = decode(request.inputs)
            outcome = await self._act(
                context,
                request,
                "read",
                token,
                name,
                0,
                lambda: self.world.read(session, token, name, request.id, state, inputs),
            )
            response = provider_pb2.ReadResponse(id=outcome.id)
            if outcome.id:
                self._fill(response.properties, outcome.state, {**state, **inputs}, state_secrets)
                known = outcome.inputs
                self._fill(response.inputs, known, inputs, secrets)
            return response

        return await self._answer(context, work)

    async def Invoke(self, request: Any, context: Any) -> Any:
        async def work() -> Any:
            session = self._session(context)
            token = request.tok
            arguments = plain(request.args)
            schema = self.world.catalogue.function(token)
            response = provider_pb2.InvokeResponse()
            for failure in checks.check(schema, arguments):
                response.failures.add(property=failure.path, reason=self._say(failure.reason))
            if response.failures:
                return response
            result = await self._act(
                context,
                request,
                "invoke",
                token,
                token,
                0,
                lambda: self.world.invoke(session, token, arguments),
            )
            if result is None:
                raise _AbortError(grpc.StatusCode.UNIMPLEMENTED, self._say(_unmodelled(token)))
            encode(result, into=getattr(response, "return"))
            return response

        return await self._answer(context, work)

    # Parts

    async def _act(
        self,
        context: Any,
        request: Any,
        operation: str,
        token: str,
        name: str,
        timeout: float,
        act: Callable[[], Any],
    ) -> Any:
        """Performs one operation, with whatever fault is in force for it."""
        urn = getattr(request, "urn", "")
        fault = self.world.faults.hit(self.world.cloud.name, operation, token, urn)
        if fault is not None:
            await self._suffer(context, fault, operation, token, name, timeout)
        try:
            result = act()
        except Refusal as refusal:
            raise self._refused(refusal, operation, token, name) from refusal
        if fault is not None and fault.kind == "lost-reply":
            lost = Refusal("RequestCanceled", "the connection was closed before the answer arrived", 0)
            raise self._refused(lost, operation, token, name)
        return result

    async def _suffer(
        self, context: Any, fault: Fault, operation: str, token: str, name: str, timeout: float
    ) -> None:
        """Lives through the part of a fault that comes before the operation; may end the call."""
        peer = self._peer(context)
        if fault.kind == "throttle":
            await asyncio.sleep(fault.retry_seconds())
            if fault.surfaced:
                refusal = Refusal("ThrottlingException", "Rate exceeded", 400)
                raise self._refused(refusal, operation, token, name)
        elif fault.kind == "transient":
            refusal = Refusal(
                "ServiceUnavailable", "The service is unavailable. Please try again shortly.", 503
            )
            raise self._refused(refusal, operation, token, name)
        elif fault.kind == "slow":
            await self._wait(peer, fault.seconds * fault.scale, operation, token, name)
        elif fault.kind == "stuck":
            # An engine gives no timeout unless the program set one; then only cancelling ends the wait.
            await self._wait(peer, timeout if timeout > 0 else None, operation, token, name)
            refusal = Refusal(
                "OperationTimeout",
                f"timeout while waiting for state to become 'available' (timeout: {timeout:g}s)",
                0,
            )
            raise self._refused(refusal, operation, token, name)

    async def _wait(self, peer: Peer, seconds: float | None, operation: str, token: str, name: str) -> None:
        try:
            await asyncio.wait_for(peer.cancelled.wait(), seconds)
        except TimeoutError:
            return
        raise self._refused(Refusal("RequestCanceled", "request context canceled", 0), operation, token, name)

    def _fill(
        self, struct: Any, stored: Mapping[str, Value], known: Mapping[str, Value], secrets: frozenset[Path]
    ) -> None:
        """Writes stored properties to the wire, with secrets put back and marked."""
        places: set[Path] = set(secrets)
        restored = unseal(stored, known, self.world.store.key, places)
        encode(restored, places, into=struct)


def _unmodelled(token: str) -> Text:
    return Text(
        ja=f"ツインは関数 {token} を再現していません。実際のクラウドで実行するか、使わない形にしてください",
        en=f"the twin does not model the function {token}; run against the real cloud, or do without it",
    )


def _hidden(path: str) -> Text:
    return Text(
        ja=f"`{path}` の値は使えません（秘密の値のため表示しません）",
        en=f"the value of `{path}` is not allowed (not shown: it is secret)",
    )


def _token_and_name(urn: str) -> tuple[str, str]:
    """The resource's own type and name out of `urn:pulumi:stack::project::parent$type::name`."""
    _, _, types, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    return types.rsplit("$", 1)[-1], name


def _takes_json(schema: Schema, key: str) -> bool:
    found = schema.inputs.get(key)
    return (
        found is not None
        and found.type.kind == "one"
        and any(choice.kind == "str" for choice in found.type.choices)
    )


def _top(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def _tops(changes: list[Change]) -> list[str]:
    return sorted({_top(change.path) for change in changes})
