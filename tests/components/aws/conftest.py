"""Plans of the example tenants, and the engine-free run of a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

from stacks.plan import CloudPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"


@cache
def cloud_plan(stack: str) -> CloudPlan:
    """The AWS part of an example tenant's plan."""
    text = (TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    tenant = checked(yaml.safe_load(text)["config"]["jichitai:tenant"], stack=stack)
    return plan(tenant, registry()).clouds["aws"]


@pytest.fixture
def aws_plan() -> Callable[[str], CloudPlan]:
    return cloud_plan


class Recorder(pulumi.runtime.Mocks):
    """Answers as a cloud that takes everything, and remembers what it was given."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self.answers = answers
        self.resources: dict[str, SimpleNamespace] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        self.resources[args.name] = SimpleNamespace(
            type=args.typ, inputs=dict(args.inputs), adopted=args.resource_id
        )
        state = {
            "arn": f"arn:aws:mock:::{args.name}",
            "transitGatewayAttachmentId": f"{args.name}-attachment",
        }
        return args.resource_id or f"{args.name}-id", {**state, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return dict(self.answers.get(args.token, {}))


@pytest.fixture
def run() -> Callable[..., dict[str, SimpleNamespace]]:
    """Runs `build` against mocks; gives what it made: name → type, inputs, adopted (the id read, if any)."""

    def go(
        build: Callable[[], object], answers: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, SimpleNamespace]:
        recorder = Recorder(answers or {})
        pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
        pulumi.runtime.test(build)()
        return recorder.resources

    return go
