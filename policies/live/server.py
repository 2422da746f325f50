"""The engine's Analyzer protocol (pulumi/analyzer.proto), spoken directly.

The policy SDK decodes a resource's properties anew for each policy: with this many rules that costs
more than the run itself. Here a call decodes once and every rule looks at the same facts.
"""

# ruff: noqa: N802, ARG002, D102 - the protocol names and documents the methods
from __future__ import annotations

import gc
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2

from policies.live.protocol import messages, plugins, service
from policies.live.session import Said, Session, level_of
from policies.model import Resource
from policies.rules import RULES
from policies.rules.controls import FRAMEWORKS
from policies.rules.record import Rule, Severity
from policies.settings import PARAMETERS, BadSettings, Level, Settings, read_settings
from stacks.text import Language, Text, language_of

proto: Any = messages
plugin_messages: Any = plugins

NAME = "jichitai"
VERSION = "1.0.0"
_LEVELS: dict[Level, int] = {
    "advisory": proto.ADVISORY,
    "mandatory": proto.MANDATORY,
    "disabled": proto.DISABLED,
    "remediate": proto.REMEDIATE,
}
_NAMES: dict[int, Level] = {number: level for level, number in _LEVELS.items()}
_SEVERITIES = {
    Severity.LOW: proto.POLICY_SEVERITY_LOW,
    Severity.MEDIUM: proto.POLICY_SEVERITY_MEDIUM,
    Severity.HIGH: proto.POLICY_SEVERITY_HIGH,
    Severity.CRITICAL: proto.POLICY_SEVERITY_CRITICAL,
}


def plain(struct: Any) -> dict[str, Any]:
    """A protobuf Struct as Python values; whole numbers as int."""
    return {key: _value(value) for key, value in struct.fields.items()}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "bool_value":
        return value.bool_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [_value(v) for v in value.list_value.values]
    return None


class Pack(service.AnalyzerServicer):
    """The pack as the engine sees it."""

    def __init__(self) -> None:
        self._session = Session()
        self._say: Language = language_of()

    def Handshake(self, request: Any, context: Any) -> Any:
        return proto.AnalyzerHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_messages.PluginInfo(version=VERSION)

    def GetAnalyzerInfo(self, request: Any, context: Any) -> Any:
        return proto.AnalyzerInfo(
            name=NAME,
            version=VERSION,
            displayName="Jichitai",
            supportsConfig=True,
            policies=[self._describe(rule) for rule in RULES.values()],
        )

    def _describe(self, rule: Rule) -> Any:
        info = proto.PolicyInfo(
            name=rule.id,
            displayName=rule.title.say(self._say),
            description=rule.title.say(self._say),
            message=rule.why.say(self._say),
            enforcementLevel=_LEVELS[level_of(rule, {})],
            severity=_SEVERITIES[rule.severity],
            policy_type=proto.POLICY_TYPE_STACK if rule.survey is not None else proto.POLICY_TYPE_RESOURCE,
            remediation_steps=f"{rule.remedy.say(self._say)}\n{rule.example}",
            tags=[f"{c.framework}:{c.id}" for c in rule.controls],
        )
        if rule.controls:
            first = rule.controls[0]
            info.framework.name = FRAMEWORKS[first.framework].say(self._say)
            info.framework.specification = f"{first.id} ({first.confidence.note.say(self._say)})"
        for name in PARAMETERS.get(rule.id, ()):
            schema = (
                {"type": "array", "items": {"type": "string"}}
                if name == "required_tags"
                else {"type": "number"}
            )
            info.configSchema.properties.update({name: schema})
        return info

    def Configure(self, request: Any, context: Any) -> Any:
        levels: dict[str, Level] = {}
        values: dict[str, Any] = {}
        for name, config in request.policyConfig.items():
            levels[name] = _NAMES[config.enforcementLevel]
            values.update(plain(config.properties))
        try:
            taken = read_settings(values)
        except BadSettings as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.text.say(self._say))
            raise
        self._session.configure(Settings(taken.parameters, levels))
        return empty_pb2.Empty()

    def ConfigureStack(self, request: Any, context: Any) -> Any:
        self._session.start(request.stack, dict(request.config), preview=request.dry_run)
        # While the program starts, not when its first resource waits for an answer.
        threading.Thread(target=self._session.prepare, daemon=True).start()
        return proto.AnalyzerStackConfigureResponse()

    def Analyze(self, request: Any, context: Any) -> Any:
        provider = None
        if request.HasField("provider"):
            given = request.provider
            provider = Resource(given.urn, given.type, given.name, plain(given.properties))
        return self._response(self._session.one(_resource(request), provider))

    def AnalyzeStack(self, request: Any, context: Any) -> Any:
        resources = [_resource(r, whole=True) for r in request.resources]
        providers: dict[str, Resource] = {}
        for one in request.resources:
            if one.HasField("provider") and one.provider.urn not in providers:
                given = one.provider
                providers[given.urn] = Resource(given.urn, given.type, given.name, plain(given.properties))
        have = {r.urn for r in resources}
        return self._response(
            self._session.whole([*resources, *(p for u, p in providers.items() if u not in have)])
        )

    def Remediate(self, request: Any, context: Any) -> Any:
        response = proto.RemediateResponse()
        # The engine asks for every resource; properties are decoded only where something may mend them.
        mended = self._session.mend(_resource(request)) if self._session.mends else None
        if mended is not None:
            rule, properties = mended
            struct = struct_pb2.Struct()
            json_format.ParseDict(dict(properties), struct)
            response.remediations.append(
                proto.Remediation(
                    policyName=rule.id,
                    policyPackName=NAME,
                    policyPackVersion=VERSION,
                    description=rule.title.say(self._say),
                    properties=struct,
                )
            )
        return response

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _response(self, said: list[Said]) -> Any:
        return proto.AnalyzeResponse(
            diagnostics=[
                proto.AnalyzeDiagnostic(
                    policyName=one.rule.id,
                    policyPackName=NAME,
                    policyPackVersion=VERSION,
                    description=one.rule.title.say(self._say),
                    message=f"{one.rule.title.say(self._say)}\n{one.text.say(self._say)}",
                    urn=one.urn,
                    enforcementLevel=_LEVELS[one.level],
                    severity=_SEVERITIES[one.rule.severity],
                )
                for one in said
            ]
        )


def _resource(request: Any, *, whole: bool = False) -> Resource:
    """A resource of the engine's. Whether it is a component is told by its type's provider."""
    return Resource(
        urn=request.urn,
        type=request.type,
        name=request.name,
        props=plain(request.properties),
        provider=request.provider.urn if request.HasField("provider") else "",
        dependencies=tuple(request.dependencies) if whole else (),
        property_dependencies={k: tuple(v.urns) for k, v in request.propertyDependencies.items()}
        if whole
        else None,
    )


def serve() -> None:
    """Serve the engine until it goes away. Prints the port; ends with the process."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=1),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    service.add_AnalyzerServicer_to_server(Pack(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    if port == 0:
        sys.exit(Text("127.0.0.1 で待ち受けられません。", "Cannot listen on 127.0.0.1.").say(language_of()))
    server.start()
    gc.freeze()  # what is loaded stays: nothing of it is garbage to be looked for
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        server.stop(grace=0)
