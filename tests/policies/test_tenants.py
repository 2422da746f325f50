"""Every example tenant is clean, without exceptions."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from programs import collect

from policies.evaluate import Options, judge
from policies.rules.record import Parameters
from policies.tenant import environment_said, parameters_of
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked

TENANTS = Path(__file__).parents[2] / "stacks" / "tenants"
ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
COMPUTED: dict[str, dict[str, Any]] = {
    "aws:ec2/eip:Eip": {"allocationId": "eipalloc-1"},
    "aws:rds/instance:Instance": {"masterUserSecrets": [{"secretArn": "arn:password"}], "address": "db"},
    "aws:rds/cluster:Cluster": {"masterUserSecrets": [{"secretArn": "arn:password"}], "endpoint": "db"},
    "aws:ecr/repository:Repository": {"repositoryUrl": "registry/images"},
    "aws:sqs/queue:Queue": {"url": "https://queue"},
    "aws:lb/loadBalancer:LoadBalancer": {"dnsName": "lb", "zoneId": "Z", "arnSuffix": "app/lb"},
    "aws:lb/targetGroup:TargetGroup": {"arnSuffix": "targetgroup/tg"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"dnsEntries": [{"dnsName": "vpce", "hostedZoneId": "ZE"}]},
    "aws:networkfirewall/firewall:Firewall": {
        "firewallStatuses": [
            {
                "syncStates": [
                    {"availabilityZone": z, "attachments": [{"endpointId": "vpce-1", "subnetId": "s"}]}
                    for z in ZONES
                ]
            }
        ]
    },
}
ANSWERS: dict[str, dict[str, Any]] = {
    "aws:ec2/getVpcs:getVpcs": {"ids": [], "id": "x"},
    "aws:ec2/getAmi:getAmi": {"id": "ami-1", "imageId": "ami-1", "rootDeviceName": "/dev/sda1"},
}


def _aws() -> list[str]:
    """The example stacks whose tenants use AWS alone: those that mocks can build here."""
    names = []
    for file in sorted(TENANTS.glob("Pulumi.*.yaml")):
        text = yaml.safe_load(file.read_text(encoding="utf-8"))
        if set(text["config"]["jichitai:tenant"]["clouds"]) == {"aws"}:
            names.append(file.name.removeprefix("Pulumi.").removesuffix(".yaml"))
    return names


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("stack", _aws())
def test_an_example_tenant_has_no_findings(stack: str) -> None:
    text = yaml.safe_load((TENANTS / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    manifest = json.loads(json.dumps(text["config"]["jichitai:tenant"], default=str))
    planned = plan(checked(manifest, stack=stack), registry())

    def program() -> None:
        from components.tenant import MunicipalTenant

        MunicipalTenant(planned)

    made = collect(program, stack, ANSWERS, COMPUTED)
    result = judge(
        made,
        Options(parameters=parameters_of(manifest, Parameters()), environment=environment_said(manifest)),
    )
    assert result.resources > 80
    assert not result.notes
    assert [(f.rule.id, f.name, f.detail and f.detail.en) for f in result.findings] == []
