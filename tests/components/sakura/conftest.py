"""Plans of the example tenants, and the engine-free run of the whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from stacks.plan import CloudPlan, TenantPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked
from tests.stacks.examples import TODAY, value_of


@cache
def tenant_plan(stack: str) -> TenantPlan:
    value = json.loads(json.dumps(value_of(stack), default=str))
    return plan(checked(value, stack=stack, today=TODAY), registry())


def sakura_plan(stack: str) -> CloudPlan:
    """The part of an example tenant's plan that is on さくら."""
    return tenant_plan(stack).clouds["sakura"]


class Recorder(pulumi.runtime.Mocks):
    """Answers as a cloud that takes everything, and remembers what it was given."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.resources: dict[str, SimpleNamespace] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        self.resources[args.name] = SimpleNamespace(type=args.typ, inputs=dict(args.inputs))
        computed = {
            "switchId": "outside",
            "ipAddresses": ["198.51.100.4", "198.51.100.5", "198.51.100.6"],
            "fqdn": "images.sakuracr.jp",
        }
        return f"{args.name}-id", {**computed, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        if args.token == "sakura:iam:getAccount":
            return {"accountId": self.account}
        assert args.token == "sakura:compute:getArchive"
        return {"id": f"archive-{args.args['zone']}-{args.args.get('name') or args.args.get('osType')}"}


Building = Callable[..., dict[str, SimpleNamespace]]


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Building:
    """Builds a tenant against mocks; gives what it made: name → type and inputs."""
    monkeypatch.setenv("JICHITAI_SAKURA_HUB_KEY", "the-hub's-key")

    def go(tenant: TenantPlan, account: str | None = None) -> dict[str, SimpleNamespace]:
        from components.tenant import MunicipalTenant

        recorder = Recorder(account or tenant.clouds["sakura"].unit)
        pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
        pulumi.runtime.test(lambda: MunicipalTenant(tenant).summary)()
        return recorder.resources

    return go
