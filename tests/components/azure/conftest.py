"""Plans of the example tenants on Azure, and the engine-free run of a whole tenant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest
import yaml

from components.tenant import MunicipalTenant
from stacks.plan import CloudPlan, TenantPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"
WARD, TOWN, SHARED = "131202-nerima", "325252-ama", "330001-okayama-shared"
EXAMPLES = (WARD, TOWN, SHARED)
Made = Mapping[str, SimpleNamespace]
Change = Callable[[dict[str, Any]], None]


def manifest(stack: str) -> dict[str, Any]:
    """An example's manifest as the engine hands it over: JSON, so dates are text."""
    text = (TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    return json.loads(json.dumps(yaml.safe_load(text)["config"]["jichitai:tenant"], default=str))


def tenant_plan(stack: str, change: Change = lambda _: None) -> TenantPlan:
    """The plan of an example, after `change` of its manifest."""
    value = manifest(stack)
    change(value)
    name = f"{stack}-verification" if value["environment"] == "verification" else stack
    return plan(checked(value, stack=name), registry())


@cache
def cloud_plan(stack: str) -> CloudPlan:
    """The Azure part of an example's plan."""
    return tenant_plan(stack).clouds["azure"]


KINDS = {
    "azure-native:compute:VirtualMachine": "Microsoft.Compute/virtualMachines",
    "azure-native:dbforpostgresql:Server": "Microsoft.DBforPostgreSQL/flexibleServers",
}
"""Types whose ids are read by the schedule: they must look real."""


class Recorder(pulumi.runtime.Mocks):
    """Answers as a cloud that takes everything, and remembers what it was given, as it went over the wire."""

    def __init__(self) -> None:
        self.resources: dict[str, SimpleNamespace] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        self.resources[args.name] = SimpleNamespace(type=args.typ, inputs=dict(args.inputs))
        kind = args.typ.split(":")[-1]
        name = next(
            (v for k, v in args.inputs.items() if k.endswith("Name") and k != "resourceGroupName"), args.name
        )
        if kind == "ResourceGroup":
            name = args.inputs["resourceGroupName"]
        if "vaultName" in args.inputs and "keyName" in args.inputs:
            name = args.inputs["keyName"]
        state = {
            **args.inputs,
            "name": args.inputs.get("relativeRecordSetName", name),
            "principalId": f"principal-{args.name}",
            "clientId": f"client-{args.name}",
            "loginServer": "images.azurecr.io",
            "staticIp": "10.0.0.9",
            "defaultDomain": f"{args.name}.japaneast.azurecontainerapps.io",
            "frontendIPConfigurations": [{"privateIPAddress": "10.0.0.10"}],
        }
        # Azure answers with a map where it takes a list.
        if isinstance(state.get("identity"), dict):
            ids = state["identity"].get("userAssignedIdentities") or {}
            state["identity"] = {**state["identity"], "userAssignedIdentities": {i: {} for i in ids}}
        if kind == "Workflow":
            state["identity"] = {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}
        group = args.inputs.get("resourceGroupName", "none")
        vault = f"vaults/{args.inputs['vaultName']}/" if "vaultName" in args.inputs else ""
        kind_path = KINDS.get(args.typ, f"Mock.Kind/{vault}{'keys' if kind == 'Key' else kind.lower() + 's'}")
        return f"/subscriptions/sub/resourceGroups/{group}/providers/{kind_path}/{name}", state

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return {
            "tenantId": "tenant",
            "keyUriWithVersion": "https://keys.vault.azure.net/keys/data/1",
            "ipConfigurations": [{"privateIPAddress": "10.0.0.11"}],
            "principalId": "principal",
        }


def build(plan_: TenantPlan) -> Made:
    """Everything that a tenant makes: name → type, inputs (wire names)."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)

    def go() -> None:
        MunicipalTenant(plan_)

    pulumi.runtime.test(go)()
    return {name: made for name, made in recorder.resources.items() if made.type.startswith("azure-native:")}


@cache
def built(stack: str) -> Made:
    """What an example makes."""
    return build(tenant_plan(stack))


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> str:
    """Each example in turn."""
    return request.param


def of_type(made: Made, token: str) -> dict[str, dict[str, Any]]:
    """Inputs by name of everything of one type (`network:Subnet`)."""
    return {n: m.inputs for n, m in made.items() if m.type == f"azure-native:{token}"}
