"""Every planned resource passes the published model of Azure, and is one that the twin knows."""

from __future__ import annotations

from typing import Any

import pytest

from providers.twin.azure import published
from providers.twin.azure.tables import behaviour
from providers.twin.behaviour import holes
from tests.components.azure.conftest import SHARED, TOWN, WARD, build, built, tenant_plan

UNPUBLISHED = {"azure-native:security:SecurityContact"}
"""Types whose model no published package has in the version that the SDK speaks."""
STEPS = frozenset({"resourceGroupName", "scope", "scopeId", "resourceUri", "recordType"})


def verification(manifest: dict[str, Any]) -> None:
    """Hours, an exception for the internet, a vendor's service: what the examples have not."""
    manifest["environment"] = "verification"
    manifest["internet"] = {
        "patch": {
            "approver": "CISO",
            "expires": "2027-03-31",
            "destinations": ["azure.archive.ubuntu.com"],
            "reason": "patches",
        }
    }


def problems(made: Any) -> list[str]:
    found: list[str] = []
    for name, resource in made.items():
        record = behaviour(resource.type)
        assert record is not None, f"the twin has no record of {resource.type}"
        assert isinstance(record.id, str)
        steps = frozenset(holes(record.id)[1::2]) | STEPS
        assert published.modelled(resource.type) or resource.type in UNPUBLISHED, resource.type
        found += [
            f"{name} ({resource.type}) {w}" for w in published.wrong(resource.type, resource.inputs, steps)
        ]
    return found


@pytest.mark.parametrize("stack", [WARD, TOWN, SHARED])
def test_every_planned_resource_passes_the_published_model(stack: str) -> None:
    assert problems(built(stack)) == []


def test_a_verification_environment_with_an_exception_passes_too() -> None:
    assert problems(build(tenant_plan(WARD, verification))) == []


def test_the_models_refuse_what_they_must() -> None:
    token, steps = "azure-native:network:Subnet", frozenset({"subnetName"})
    assert [w.path for w in published.wrong(token, {"addressPrefx": "10.0.0.0/24"}, steps)] == [
        "addressPrefx"
    ]
    (wrong,) = published.wrong(token, {"privateEndpointNetworkPolicies": "Perhaps"}, steps)
    assert "Enabled" in wrong.allowed
    (wrong,) = published.wrong(token, {"provisioningState": "Succeeded"}, steps)
    assert wrong.found == "read-only property"
    nested = {"delegations": [{"name": "x", "serviceNme": "y"}]}
    assert [w.path for w in published.wrong(token, nested, steps)] == ["delegations[0].serviceNme"]
