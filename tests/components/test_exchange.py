"""An exchange provider between AWS and Google Cloud: each end is a circuit, and only the calls pass."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from components.derive import beyond
from stacks.addressing import block
from stacks.plan import CloudPlan, TenantPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked
from tests.components.aws.whole import made_of
from tests.components.google import conftest as google
from tests.stacks.examples import SHINJUKU, value_of

KOTO = "131083-koto"


@pytest.fixture(scope="module")
def tenant() -> TenantPlan:
    """江東区 with one of its packages on AWS, and Equinix between the two."""
    value: dict[str, Any] = json.loads(json.dumps(value_of(KOTO), default=str))
    aws = json.loads(json.dumps(value_of(SHINJUKU), default=str))["clouds"]["aws"]
    value["clouds"]["aws"] = aws | {"unit": "210987654321", "address_space": "10.210.0.0/20"}
    first, *_, last = value["packages"]
    value["packages"][last]["cloud"] = "aws"
    attachment = next(iter(value["clouds"]["google"]["lgwan"]["circuits"].values()))
    value["joins"] = {
        "exchange": {
            "provider": "exchange",
            "ends": {
                "aws": {"location": "EqTY2", "id": "dxcon-ffe0a1ff", "vlan": 900, "asn": 65070},
                "google": attachment | {"id": attachment["id"] + "-exchange", "vlan": 900, "asn": 65070},
            },
            "allow": {first: [last]},
        }
    }
    return plan(checked(value, stack=KOTO), registry())


def theirs(part: CloudPlan) -> IPv4Network:
    (network,) = part.networks.values()
    return block(network.cidr, "mynumber-app")


def test_the_end_on_aws_is_one_more_circuit(tenant: TenantPlan) -> None:
    part, other = tenant.clouds["aws"], tenant.clouds["google"]
    made = made_of(part)
    interfaces = {
        m.inputs["connectionId"] for m in made.values() if m.type.endswith(":TransitVirtualInterface")
    }
    assert "dxcon-ffe0a1ff" in interfaces
    (ranges,) = (m.inputs for m in made.values() if m.type.endswith(":ManagedPrefixList"))
    assert str(theirs(other)) in {entry["cidr"] for entry in ranges["entries"]}
    assert ranges["maxEntries"] == len(ranges["entries"]) == len(beyond(part.networks["main"]))
    open_to = {
        name
        for name, m in made.items()
        if m.type.endswith(":SecurityGroup")
        for rule in m.inputs.get("ingress") or []
        if str(theirs(other)) in (rule.get("cidrBlocks") or [])
    }
    assert len(open_to) == 1, "the entrance of the package that is called, and nothing else"
    assert next(iter(open_to)).endswith("-entry")


def test_the_end_on_google_learns_and_lets_through_what_the_call_needs(
    tenant: TenantPlan, build: Any
) -> None:
    part, other = tenant.clouds["google"], tenant.clouds["aws"]
    fields = ("lgwan", "joins", "networks", "packages", "handovers")
    made = build(KOTO, **{field: getattr(part, field) for field in fields})
    assert any(name.endswith("-circuit-exchange") for name in made)
    policies = [m.inputs for m in made.values() if m.type.endswith(":RouterRoutePolicy")]
    assert str(theirs(other)) in json.dumps(policies)
    out = [
        m.inputs
        for m in made.values()
        if m.type.endswith("compute/firewall:Firewall")
        and str(theirs(other)) in (m.inputs.get("destinationRanges") or [])
    ]
    assert [(rule["direction"], rule["allows"][0]["ports"]) for rule in out] == [("EGRESS", ["443"])]


build = google.build
