# ruff: noqa: N802 - the monitor's methods are named by its protocol
"""Running ordinary Pulumi programs against mocks, to judge what they make as the engine would see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import mocks as pulumi_mocks

from policies.model import Resource, Stack, name_of


class _Mocks(pulumi.runtime.Mocks):
    """A cloud that takes everything, with an id for each resource."""

    def __init__(
        self, answers: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.answers = answers
        self.computed = computed

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        more = self.computed.get(args.typ, {})
        arn = (
            {"arn": f"arn:aws:mock:ap-northeast-1:111122223333:{args.name}"}
            if args.typ.startswith("aws:")
            else {}
        )
        return args.resource_id or f"{args.name}-id", {**arn, **more, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return dict(self.answers.get(args.token, {}))


class _Monitor(pulumi_mocks.MockMonitor):
    """Keeps each registration as it went over the wire."""

    def __init__(self, mocks: _Mocks) -> None:
        super().__init__(mocks)
        self.made: list[Resource] = []

    def RegisterResource(self, request: Any) -> Any:
        response = super().RegisterResource(request)
        self._keep(request, response.urn, response.id, request.object, request.propertyDependencies, False)
        return response

    def ReadResource(self, request: Any) -> Any:
        response = super().ReadResource(request)
        self._keep(request, response.urn, request.id, request.properties, {}, True)
        return response

    def _keep(self, request: Any, urn: str, id_: str, struct: Any, needs: Any, external: bool) -> None:
        inputs = json_format.MessageToDict(struct)
        state = self.resources[urn].state if urn in self.resources else {}
        arn = {"arn": state["arn"]} if isinstance(state, dict) and "arn" in state else {}
        self.made.append(
            Resource(
                urn=urn,
                type=request.type,
                name=name_of(urn),
                props={**arn, **_plain(inputs)},
                id=id_,
                provider=request.provider.rpartition("::")[0],
                dependencies=tuple(request.dependencies),
                property_dependencies={k: tuple(v.urns) for k, v in needs.items()},
                custom=bool(getattr(request, "custom", True)),
                external=external,
            )
        )


def _plain(value: Any) -> Any:
    """Whole numbers as the engine's JSON has them."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def collect(
    program: Callable[[], object],
    stack: str = "131041-shinjuku",
    answers: Mapping[str, Mapping[str, Any]] | None = None,
    computed: Mapping[str, Mapping[str, Any]] | None = None,
) -> Stack:
    """What `program` registers, as a stack."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks = _Mocks(answers or {}, computed or {})
    monitor = _Monitor(mocks)
    pulumi.runtime.set_mocks(mocks, project="test", stack=stack, preview=False, monitor=monitor)
    pulumi.runtime.test(program)()
    loop.close()
    return Stack(stack, tuple(monitor.made))


def exported(stack: Stack) -> str:
    """A stack as `pulumi stack export` writes it."""
    return json.dumps(
        {
            "version": 3,
            "deployment": {
                "manifest": {"version": "v3"},
                "resources": [
                    {
                        "urn": r.urn,
                        "type": r.type,
                        "custom": r.custom,
                        "id": r.id,
                        "inputs": dict(r.props),
                        "outputs": dict(r.props),
                        "provider": f"{r.provider}::id" if r.provider else "",
                        "dependencies": list(r.dependencies),
                        "propertyDependencies": {k: list(v) for k, v in r.property_dependencies.items()},
                        **({"external": True} if r.external else {}),
                    }
                    for r in stack.resources
                ],
            },
        }
    )


__all__ = ["collect", "exported"]
