"""Plans of the example tenants, and the engine-free run of a layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

from components.contract import BaselineGives, IaasGives, NetworkGives, PaasNeeds, SaasNeeds
from stacks.plan import CloudPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"


@cache
def cloud_plan(stack: str) -> CloudPlan:
    """The AWS part of an example tenant's plan."""
    text = (TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    # As the engine hands it over: JSON, so dates are text.
    value = json.loads(json.dumps(yaml.safe_load(text)["config"]["jichitai:tenant"], default=str))
    tenant = checked(value, stack=stack)
    return plan(tenant, registry()).clouds["aws"]


@pytest.fixture
def aws_plan() -> Callable[[str], CloudPlan]:
    return cloud_plan


class Recorder(pulumi.runtime.Mocks):
    """Answers as a cloud that takes everything, and remembers what it was given."""

    def __init__(
        self, answers: Mapping[str, Mapping[str, Any]], computed: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.answers = answers
        self.computed = computed
        self.resources: dict[str, SimpleNamespace] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        self.resources[args.name] = SimpleNamespace(
            type=args.typ, inputs=dict(args.inputs), adopted=args.resource_id
        )
        state: dict[str, Any] = {
            **self.computed.get(args.typ, {}),
            "arn": f"arn:aws:mock:::{args.name}",
            "transitGatewayAttachmentId": f"{args.name}-attachment",
        }
        return args.resource_id or f"{args.name}-id", {
            **state,
            **self.computed.get(args.typ, {}),
            **args.inputs,
        }

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return dict(self.answers.get(args.token, {}))


@pytest.fixture
def run() -> Callable[..., dict[str, SimpleNamespace]]:
    """Runs `build` against mocks; gives what it made: name → type, inputs, adopted (the id read, if any).

    `answers` are those of functions, `computed` what the cloud adds to a resource, both by type token.
    """

    def go(
        build: Callable[[], object],
        answers: Mapping[str, Mapping[str, Any]] | None = None,
        computed: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> dict[str, SimpleNamespace]:
        recorder = Recorder(answers or {}, computed or {})
        pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
        pulumi.runtime.test(build)()
        return recorder.resources

    return go


COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "aws:rds/instance:Instance": {"masterUserSecrets": [{"secretArn": "arn:password"}], "address": "db"},
    "aws:rds/cluster:Cluster": {"masterUserSecrets": [{"secretArn": "arn:password"}], "endpoint": "db"},
    "aws:ecr/repository:Repository": {"repositoryUrl": "registry/images"},
    "aws:sqs/queue:Queue": {"url": "https://queue"},
    "aws:lb/loadBalancer:LoadBalancer": {"dnsName": "lb", "zoneId": "Z", "arnSuffix": "app/lb"},
    "aws:lb/targetGroup:TargetGroup": {"arnSuffix": "targetgroup/tg"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"dnsEntries": [{"dnsName": "vpce", "hostedZoneId": "ZE"}]},
}


def _out(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def below(plan: CloudPlan) -> tuple[BaselineGives, IaasGives]:
    """What stands for the layers below."""
    keys = {k: _out(f"arn:key/{k}") for k in ("logs", "data", "backup", "messages")}
    servers = {
        f"{p.key}-{w.key}-{n + 1}": _out(f"i-{p.key}-{w.key}-{n + 1}")
        for p in plan.packages.values()
        for w in p.workloads.values()
        if w.kind == "server"
        for n in range(w.replicas)
    }
    networks = {
        key: NetworkGives(
            id=_out(f"vpc-{key}"),
            subnets={s: _out(f"subnet-{key}-{s}") for s in network.subnets},
            groups={g: _out(f"sg-{g}") for g in network.groups},
            route_tables={},
            zone=_out(f"zone-{key}"),
            endpoints={"s3": _out(f"vpce-{key}")},
        )
        for key, network in plan.networks.items()
    }
    return BaselineGives(keys, _out("arn:topic"), _out("vault"), _out("archive")), IaasGives(  # type: ignore[arg-type]
        networks=networks,
        servers=servers,
        files={p.key: _out(f"fs-{p.key}") for p in plan.packages.values() if p.files},
        identities={
            p.key: _out(f"server-{p.key}")
            for p in plan.packages.values()
            if any(w.kind == "server" for w in p.workloads.values())
        },
    )


@pytest.fixture
def platform(
    aws_plan: Callable[[str], CloudPlan], run: Callable[..., dict[str, SimpleNamespace]]
) -> Callable[..., dict[str, SimpleNamespace]]:
    """PaaS and SaaS of an example tenant; `change` changes its plan first."""
    # Here, so that the tests of pure functions do not wait for the SDK.
    from components.aws.paas import Paas
    from components.aws.saas import Saas

    def go(stack: str, **change: Any) -> dict[str, SimpleNamespace]:
        plan = replace(aws_plan(stack), **change)

        def program() -> None:
            baseline, iaas = below(plan)
            paas = Paas("paas", plan, PaasNeeds(baseline, iaas))
            Saas("saas", plan, SaasNeeds(baseline, iaas, paas.gives))

        return run(program, computed=COMPUTED)

    return go
