"""Plans of the example tenants on Google Cloud, and the engine-free run of the five rooms."""

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

from components.contract import IaasNeeds, PaasNeeds, SaasNeeds
from stacks.plan import CloudPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[3] / "stacks" / "tenants"
STACKS = (
    "013676-okushiri",
    "131083-koto",
    "131083-koto-verification",
    "221007-shizuoka",
    "370002-kagawa-shared",
)
Made = dict[str, SimpleNamespace]
"""What a run made, by name: type, inputs, and the id it was read by, if it was adopted."""

ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "gcp:organizations/getProject:getProject": {
        "number": "123456789012",
        "billingAccount": "012345-678901-ABCDEF",
    },
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": {
        "member": "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    },
    "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": {
        "serviceAccountId": "cmek-p123456789012@gcp-sa-logging.iam.gserviceaccount.com"
    },
    "gcp:kms/getKeyRings:getKeyRings": {"keyRings": []},
    "gcp:compute/getNetworks:getNetworks": {"networks": ["default"]},
}
COMPUTED: Mapping[str, Mapping[str, Any]] = {
    "gcp:projects/serviceIdentity:ServiceIdentity": {"member": "serviceAccount:agent"},
    "gcp:sql/databaseInstance:DatabaseInstance": {
        "pscServiceAttachmentLink": "projects/t/serviceAttachments/a"
    },
    "gcp:compute/interconnectAttachment:InterconnectAttachment": {
        "cloudRouterIpAddress": "169.254.1.1/29",
        "customerRouterIpAddress": "169.254.1.2/29",
    },
    "gcp:artifactregistry/repository:Repository": {"registryUri": "registry/images"},
    "gcp:securitycenter/v2ProjectNotificationConfig:V2ProjectNotificationConfig": {
        "serviceAccount": "scc@agent"
    },
    "gcp:logging/projectSink:ProjectSink": {"writerIdentity": "serviceAccount:sink@agent"},
}


@cache
def cloud_plan(stack: str) -> CloudPlan:
    """The Google part of an example tenant's plan."""
    text = (TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    # As the engine hands it over: JSON, so dates are text.
    value = json.loads(json.dumps(yaml.safe_load(text)["config"]["jichitai:tenant"], default=str))
    return plan(checked(value, stack=stack), registry()).clouds["google"]


def whole(value: Any) -> Any:
    """`value` with whole numbers as integers: the protocol of the mocks knows only floating point."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Recorder(pulumi.runtime.Mocks):
    """Answers as a cloud that takes everything, and remembers what it was given."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        self.answers = answers
        self.resources: Made = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        assert args.name not in self.resources, f"two resources named {args.name}"
        inputs = whole(dict(args.inputs))
        self.resources[args.name] = SimpleNamespace(type=args.typ, inputs=inputs, adopted=args.resource_id)
        state: dict[str, Any] = {
            "selfLink": f"https://mock/{args.name}",
            "email": f"{inputs.get('accountId')}@unit.iam.gserviceaccount.com",
            "etag": "e",
            "name": args.name,
            **COMPUTED.get(args.typ, {}),
            **inputs,
        }
        if args.typ == "gcp:serviceaccount/account:Account":
            state["member"] = f"serviceAccount:{state['email']}"
        if args.typ == "gcp:compute/address:Address":
            state["address"] = "10.0.0.9"
        if args.typ == "gcp:filestore/instance:Instance":
            state["networks"] = [{**inputs["networks"][0], "ipAddresses": ["10.0.0.8"]}]
        if args.typ == "gcp:alloydb/instance:Instance":
            state["pscInstanceConfig"] = {"serviceAttachmentLink": "projects/t/serviceAttachments/b"}
        return args.resource_id or f"{args.name}-id", state

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        return dict(self.answers.get(args.token, {}))


_MADE: dict[str, Made] = {}
"""Runs of the examples as they are: what they make is only looked at."""


@pytest.fixture
def build() -> Callable[..., Made]:
    """All five rooms of an example tenant; `change` changes its plan first."""

    def go(stack: str, answers: Mapping[str, Mapping[str, Any]] = ANSWERS, **change: Any) -> Made:
        # Here, so that the tests of pure functions do not wait for the SDK.
        from components.google import Baseline, Iaas, Lgwan, Paas, Saas, provider

        plain = answers is ANSWERS and not change
        if plain and stack in _MADE:
            return _MADE[stack]
        made = replace(cloud_plan(stack), **change)
        recorder = Recorder(answers)

        def program() -> None:
            provider(made, pulumi.ResourceOptions())
            baseline = Baseline("baseline", made)
            lgwan = Lgwan("lgwan", made, baseline.gives)
            iaas = Iaas("iaas", made, IaasNeeds(baseline.gives, lgwan.gives))
            lgwan.connect(iaas.gives)
            paas = Paas("paas", made, PaasNeeds(baseline.gives, iaas.gives))
            Saas("saas", made, SaasNeeds(baseline.gives, iaas.gives, paas.gives))

        pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
        pulumi.runtime.test(program)()
        if plain:
            _MADE[stack] = recorder.resources
        return recorder.resources

    return go


@pytest.fixture
def google_plan() -> Callable[[str], CloudPlan]:
    return cloud_plan
