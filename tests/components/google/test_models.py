"""Every planned resource passes the published model of its API (Google's discovery documents)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from providers.twin.check import check
from providers.twin.google.models import limits, unknown
from providers.twin.google.tables import every
from providers.twin.schema import Catalogue
from tests.components.google.conftest import STACKS, Made

TYPES = every()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return Catalogue("pulumi_gcp", folder=tmp_path_factory.mktemp("cache"), limits=limits)


def _paths(value: Any, above: str = "") -> Iterator[str]:
    """Every path of a resource's inputs, as the models write them."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            path = f"{above}.{name}" if above else str(name)
            yield path
            yield from _paths(item, path)
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{above}[]")


@pytest.mark.parametrize("stack", STACKS)
def test_every_planned_resource_passes_the_model_of_its_api(
    build: Callable[..., Made], catalogue: Catalogue, stack: str
) -> None:
    wrong: list[str] = []
    for name, resource in build(stack).items():
        if not resource.type.startswith("gcp:"):
            continue
        assert resource.type in TYPES, f"{name}: the twin has no table for {resource.type}"
        failures = check(catalogue.resource(resource.type), resource.inputs)
        wrong += [f"{name} ({resource.type}): {failure.reason.en}" for failure in failures]
        theirs = {re.sub(r"\[\d+\]", "[]", path) for path in _paths(resource.inputs)}
        strange = sorted(theirs & unknown(resource.type))
        wrong += [f"{name} ({resource.type}): {path} is in no published model" for path in strange]
    assert wrong == [], "\n".join(wrong)


def test_a_value_that_the_model_does_not_have_is_named_with_what_it_has(catalogue: Catalogue) -> None:
    kind = "gcp:cloudrunv2/service:Service"
    (failure,) = check(catalogue.resource(kind), {"location": "l", "ingress": "INTERNAL", "template": {}})
    assert failure.path == "ingress"
    assert "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER" in failure.reason.en
    assert "scaling.scalingMode" in unknown("gcp:cloudrunv2/workerPool:WorkerPool")
