"""Every planned resource passes the published models of AWS (the SDK's files, botocore's API models)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.cells import short, types_of
from providers.twin.aws.tables import behaviour
from providers.twin.check import check
from providers.twin.schema import Catalogue
from tests.components.aws.whole import STACKS, built


def _operation(token: str) -> str:
    record = behaviour(token)
    return record.api if record else ""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue("pulumi_aws", _operation)


def whole(value: Any) -> Any:
    """`value` with whole numbers as integers: the protocol of the mocks knows only floating point."""
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@pytest.mark.parametrize("stack", STACKS)
def test_every_planned_resource_passes_the_published_model(catalogue: Catalogue, stack: str) -> None:
    wrong: list[str] = []
    for name, resource in built(stack).items():
        assert behaviour(resource.type) is not None, f"{name}: the twin has no record of {resource.type}"
        failures = check(catalogue.resource(resource.type), whole(resource.inputs))
        wrong += [f"{name} ({resource.type}) {failure.path}: {failure.reason.en}" for failure in failures]
    assert wrong == [], "\n".join(wrong)


def test_a_baseline_that_nobody_made_passes_too(catalogue: Catalogue) -> None:
    made = built(STACKS[0], adopted=False)
    assert {"cloudtrail:Trail", "guardduty:Detector"} <= {short(m.type) for m in made.values()}
    wrong = [
        f"{name} {failure.path}: {failure.reason.en}"
        for name, resource in made.items()
        for failure in check(catalogue.resource(resource.type), whole(resource.inputs))
    ]
    assert wrong == [], "\n".join(wrong)


def test_a_value_that_the_model_does_not_have_is_named_with_what_it_has(catalogue: Catalogue) -> None:
    kind = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
    (missing,) = check(catalogue.resource(kind), {})
    assert missing.path == "backupVaultName"
    (wrong,) = check(catalogue.resource("aws:ec2/instance:Instance"), {"instanceType": "m6i.huge"})
    assert wrong.path == "instanceType"
    assert "m6i.large" in wrong.reason.en
    (strange,) = check(catalogue.resource("aws:ec2/vpc:Vpc"), {"cidrBlok": "10.0.0.0/16"})
    assert "cidrBlock" in strange.reason.en


def test_every_cell_is_made_and_everything_made_has_a_cell() -> None:
    made = {short(m.type) for stack in STACKS for m in built(stack).values()}
    made |= {short(m.type) for m in built(STACKS[0], adopted=False).values()}
    assert types_of("aws") == made
