"""The provider protocol (pulumirpc.ResourceProvider) over the flows and the catalogue."""

# ruff: noqa: N802, D102, ARG002 - the protocol (pulumi/provider.proto) names and documents the methods
from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from providers.wire import UNKNOWN, Path, decode, encode
from stacks.text import Language, Text, language_of

from . import convert, diff, flows, given, schema, seal, shown, validate
from .catalog import FUNCTIONS, RESOURCES
from .client import Api
from .engine import Engine
from .errors import ConfigError, SakuraError
from .flow import Flow
from .intents import Intents, folder
from .job import Job, Shared
from .lookups import answer
from .model import Function, Json, Problem, Resource
from .settings import CONFIG, Settings, resolve

_RESOURCES: Final = {r.token: r for r in RESOURCES}
_FUNCTIONS: Final = {fn.token: fn for fn in FUNCTIONS}
_KINDS: Final = {
    ("add", False): provider_pb2.PropertyDiff.ADD,
    ("add", True): provider_pb2.PropertyDiff.ADD_REPLACE,
    ("delete", False): provider_pb2.PropertyDiff.DELETE,
    ("delete", True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    ("update", False): provider_pb2.PropertyDiff.UPDATE,
    ("update", True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
_Method = TypeVar("_Method", bound=Callable[..., Any])


class PartlyMadeError(Exception):
    """The resource exists, but what had to follow failed: `answer` is the protocol's detail message."""

    def __init__(self, detail: provider_pb2.ErrorResourceInitFailed, text: str) -> None:
        super().__init__(text)
        self.detail = detail


def _speaks(method: _Method) -> _Method:
    """Turns what a call raises into a gRPC status with a text for people: never a traceback."""

    @functools.wraps(method)
    def wrapped(self: SakuraProvider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except PartlyMadeError as partly:
            detail = any_pb2.Any()
            detail.Pack(partly.detail)
            status = status_pb2.Status(
                code=grpc.StatusCode.UNKNOWN.value[0], message=str(partly), details=[detail]
            )
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
            context.abort(grpc.StatusCode.UNKNOWN, str(partly))
        except SakuraError as error:
            context.abort(grpc.StatusCode.UNKNOWN, error.text.say(self.language))

    return wrapped  # type: ignore[return-value]


class SakuraProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider process of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._settings: Settings | None = None
        self._problem: ConfigError | None = None
        self._shared: Shared | None = None
        self._cancelled = False
        self.language: Language = language_of()

    # --- about the provider
    # -----------------------------------------------------------------------------------------

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=schema.VERSION)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=json.dumps(schema.package(), ensure_ascii=False))

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._engine.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False
        )

    # --- configuration
    # ----------------------------------------------------------------------------------------------

    @_speaks
    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:
        news, secrets = decode(request.news)
        values = given.parsed_config(news)
        found = validate.record_problems(CONFIG, {k: v for k, v in values.items() if k != "version"})
        if not found and not convert.holds_unknown(values):
            try:
                resolve(values)
            except ConfigError as error:
                found = [Problem("", error.text)]
        return provider_pb2.CheckResponse(inputs=encode(news, secrets), failures=self._failures(found))

    @_speaks
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:
        olds, news = decode(request.old_inputs or request.olds)[0], decode(request.news)[0]
        changed = sorted(k for k in {*olds, *news} if olds.get(k) != news.get(k))
        some = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        # No change of the configuration replaces resources: they stay where they are.
        return provider_pb2.DiffResponse(changes=some, diffs=changed)

    @_speaks
    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> Any:
        values = given.parsed_config(decode(request.args)[0])
        self._settings = resolve(convert.known(values))
        self.language = self._settings.language
        self._shared = Shared(Api(self._settings), Intents(folder()))
        if self._cancelled:
            self._shared.api.cancel()
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> Any:
        self.stop()
        return empty_pb2.Empty()

    def stop(self) -> None:
        """Whatever runs ends soon, with what it has made reported."""
        self._cancelled = True
        if self._shared is not None:
            self._shared.api.cancel()

    @property
    def shared(self) -> Shared:
        """What jobs share. ConfigError before Configure."""
        if self._shared is None:
            raise ConfigError(
                Text(ja="プロバイダーが設定されていません。", en="The provider is not configured.")
            )
        return self._shared

    # --- resources
    # --------------------------------------------------------------------------------------------------

    @_speaks
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        news, secrets = decode(request.news)
        news = {name: value for name, value in news.items() if value is not None}
        if self._shared is not None and request.olds.fields:
            self._shared.had(request.urn)
        if self._settings is not None:
            news = given.with_defaults(resource, news, self._settings)
        found = validate.problems(resource, news, exists=bool(request.olds.fields))
        sealed = seal.seal(resource.inputs, news, request.urn)
        marked = {*secrets, *shown.secret_paths(resource.inputs, sealed)}
        return provider_pb2.CheckResponse(inputs=encode(sealed, marked), failures=self._failures(found))

    @_speaks
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> Any:
        resource = self._resource(request.urn)
        olds = decode(request.old_inputs)[0] or decode(request.olds)[0]
        news = decode(request.news)[0]
        self.shared.intents.end(convert.mark_of(request.urn, self.shared.api.settings.owner))
        state_id = str(decode(request.olds)[0].get("resourceId") or "")
        self.shared.record(request.urn, request.id, state_id)
        ignored = set(request.ignoreChanges)
        changes = [c for c in diff.changes(resource, olds, news) if c.path not in ignored]
        replaced = sorted({c.path.split(".")[0] for c in changes if c.replace})
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=sorted({c.path.split(".")[0] for c in changes}),
            replaces=replaced,
            stables=[f.name for f in resource.inputs if f.immutable],
            deleteBeforeReplace=resource.delete_before_replace and bool(replaced),
            hasDetailedDiff=True,
            detailedDiff={
                c.path: provider_pb2.PropertyDiff(kind=_KINDS[c.kind, c.replace], inputDiff=True)
                for c in changes
            },
        )

    @_speaks
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> Any:
        resource, flow = self._kind(request.urn)
        inputs, secrets = decode(request.properties)
        if request.preview:
            seen = {
                **shown.unsealed(resource, inputs),
                **{f.name: UNKNOWN for f in resource.fields if f.computed and not f.unkept},
            }
            return provider_pb2.CreateResponse(properties=encode(seen, secrets))
        job = self._job("create", resource, request.urn, inputs, timeout=request.timeout)
        lacking = [p.text for rule in resource.creation_rules for p in rule(inputs)]
        if lacking:  # a replacement: Check took it for what is there already
            raise SakuraError(
                Text(
                    ja=f"{job.where.say('ja')}: {lacking[0].ja}", en=f"{job.where.say('en')}: {lacking[0].en}"
                )
            )
        try:
            flow.create(job)
            outputs = shown.outputs(flow, job, inputs, flow.load(job))
        except SakuraError as error:
            raise self._partly(flow, job, inputs, secrets, error) if job.id else error from error
        return provider_pb2.CreateResponse(id=job.id, properties=self._encode(resource, outputs, secrets))

    @_speaks
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> Any:
        resource, flow = self._kind(request.urn)
        state, secrets = decode(request.properties)
        old_inputs, input_secrets = decode(request.inputs)
        importing = not state
        if importing:
            state, own = given.parse_import(resource, request.id)
        else:
            own = str(state.get("resourceId") or request.id)
        job = self._job("read", resource, request.urn, {}, state, old_inputs, own, request.timeout)
        found = flow.read(job)
        if found is None:
            return provider_pb2.ReadResponse()
        self.shared.intents.end(job.mark)
        inputs = diff.observed(resource, old_inputs, found, flow.carried(job, found), flow.same_id(job))
        for name in (*resource.import_parts, *resource.natural_key) if importing else ():
            # Parts of the import id, and what the id of a document is: neither need be in what the API gives.
            if job.state.get(name) is not None:
                inputs.setdefault(name, job.state[name])
        if resource.zoned and (importing or "zone" in old_inputs):
            inputs.setdefault("zone", job.zone)
        outputs = shown.outputs(flow, job, inputs, found)
        marked = {*secrets, *input_secrets}
        return provider_pb2.ReadResponse(
            id=job.id if importing else request.id,
            properties=self._encode(resource, outputs, marked),
            inputs=encode(inputs, {*marked, *shown.secret_paths(resource.inputs, inputs)}),
        )

    @_speaks
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> Any:
        resource, flow = self._kind(request.urn)
        state = decode(request.olds)[0]
        old_inputs = decode(request.old_inputs)[0]
        inputs, secrets = decode(request.news)
        notice = flow.notice(diff.changes(resource, old_inputs, inputs))
        if request.preview:
            if notice is not None:
                self._engine.tell(request.urn, notice.say(self.language))
            computed = [f.name for f in resource.fields if f.computed and not f.unkept]
            seen = {name: state.get(name, UNKNOWN) for name in computed}
            if any(
                c.path.split(".")[0] in resource.plan_changes
                for c in diff.changes(resource, old_inputs, inputs)
            ):
                seen["resourceId"] = UNKNOWN
            return provider_pb2.UpdateResponse(
                properties=encode({**shown.unsealed(resource, inputs), **seen}, secrets)
            )
        own = str(state.get("resourceId") or request.id)
        job = self._job("update", resource, request.urn, inputs, state, old_inputs, own, request.timeout)
        try:
            if flow.read(job) is None:  # follows a renumbering that was not recorded
                raise SakuraError(
                    Text(
                        ja=f"{job.where.say('ja')}: 見つかりません。pulumi refresh を実行してください。",
                        en=f"{job.where.say('en')}: it is gone. Run `pulumi refresh`.",
                    )
                )
            flow.change(job)
            outputs = shown.outputs(flow, job, inputs, flow.load(job))
        except SakuraError as error:
            if job.id != own or flow.partial_updates:
                raise self._partly(flow, job, inputs, secrets, error) from error
            raise
        return provider_pb2.UpdateResponse(properties=self._encode(resource, outputs, secrets))

    @_speaks
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> Any:
        resource, flow = self._kind(request.urn)
        state = decode(request.properties)[0]
        old_inputs = decode(request.old_inputs)[0]
        own = str(state.get("resourceId") or request.id)
        job = self._job("delete", resource, request.urn, {}, state, old_inputs, own, request.timeout)
        if flow.read(job) is not None:
            flow.delete(job)
        self.shared.intents.end(job.mark)
        return empty_pb2.Empty()

    @_speaks
    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> Any:
        function = self._function(request.tok)
        asked = decode(request.args)[0]
        asked = {name: value for name, value in asked.items() if value is not None}
        found = validate.record_problems(function.inputs, asked)
        if found:
            return provider_pb2.InvokeResponse(failures=self._failures(found))
        result = answer(function, asked, self.shared)
        marked = shown.secret_paths(function.outputs, result)
        return _returned(encode(result, marked))

    # --- helpers
    # ------------------------------------------------------------------------------------------------------

    def _resource(self, urn: str) -> Resource:
        token = urn.split("::")[2].split("$")[-1]
        found = _RESOURCES.get(token)
        if found is None:
            raise SakuraError(
                Text(
                    ja=f"{token} という種類のリソースはありません。",
                    en=f"There is no kind of resource called {token}.",
                )
            )
        return found

    def _function(self, token: str) -> Function:
        found = _FUNCTIONS.get(token)
        if found is None:
            raise SakuraError(
                Text(ja=f"{token} という関数はありません。", en=f"There is no function {token}.")
            )
        return found

    def _kind(self, urn: str) -> tuple[Resource, Flow]:
        resource = self._resource(urn)
        return resource, flows.of(resource)

    def _job(
        self,
        operation: str,
        resource: Resource,
        urn: str,
        inputs: dict[str, Json],
        state: dict[str, Json] | None = None,
        old_inputs: dict[str, Json] | None = None,
        id_: str = "",
        timeout: float = 0,
    ) -> Job:
        return Job(
            shared=self.shared,
            resource=resource,
            operation=operation,
            urn=urn,
            inputs=seal.unseal(resource.inputs, inputs),
            state=state or {},
            old_inputs=old_inputs or {},
            id=id_,
            timeout=timeout or None,
        )

    def _partly(
        self, flow: Flow, job: Job, inputs: dict[str, Json], secrets: Iterable[Path], error: SakuraError
    ) -> PartlyMadeError:
        """What there is now, for the state, with the reason why it is not finished."""
        outputs = {**shown.unsealed(job.resource, inputs), **job.learnt, "resourceId": job.id}
        try:
            outputs = shown.outputs(flow, job, inputs, flow.load(job))
        except SakuraError as second:
            # The state then holds what was asked for; `refresh` or the next `up` reads the rest.
            self._engine.debug(job.urn, second.text.say(self.language))
        text = error.text.say(self.language)
        detail = provider_pb2.ErrorResourceInitFailed(
            id=job.id,
            properties=self._encode(job.resource, outputs, secrets),
            reasons=[text],
            inputs=encode(inputs, {*secrets, *shown.secret_paths(job.resource.inputs, inputs)}),
        )
        return PartlyMadeError(detail, text)

    def _encode(self, resource: Resource, outputs: Mapping[str, Json], secrets: Iterable[Path]) -> Any:
        return encode(outputs, {*secrets, *shown.secret_paths(resource.fields, outputs)})

    def _failures(self, found: Iterable[Problem]) -> list[provider_pb2.CheckFailure]:
        return [
            provider_pb2.CheckFailure(property=p.property, reason=p.text.say(self.language)) for p in found
        ]


def _returned(result: Any) -> provider_pb2.InvokeResponse:
    """The answer of a function; the protocol's field has the name of a keyword."""
    response = provider_pb2.InvokeResponse()
    getattr(response, "return").CopyFrom(result)
    return response
