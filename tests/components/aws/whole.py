"""All five rooms of an example tenant on AWS without the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pulumi

from components.contract import IaasNeeds, PaasNeeds, SaasNeeds
from stacks.plan import CloudPlan
from tests.components.aws.conftest import COMPUTED, Recorder, cloud_plan
from tests.stacks.examples import STACKS as EVERY
from tests.stacks.examples import value_of

STACKS = tuple(stack for stack in EVERY if "aws" in value_of(stack)["clouds"])
Made = Mapping[str, SimpleNamespace]
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "aws:ec2/getVpcs:getVpcs": {"id": "ap-northeast-1", "ids": ["vpc-default"]},
    "aws:ec2/getVpc:getVpc": {"id": "vpc-default", "mainRouteTableId": "rtb-default"},
    "aws:ec2/getAmi:getAmi": {"id": "ami-0a1b2c3d4e5f60718"},
}
_UUID = "12345678-1234-1234-1234-123456789012"
_HERE = "ap-northeast-1:123456789012"
SHAPED: Mapping[str, Mapping[str, Any]] = {
    "aws:networkfirewall/firewall:Firewall": {
        "firewallStatuses": [
            {
                "syncStates": [
                    {"availabilityZone": zone, "attachments": [{"endpointId": f"vpce-{zone}"}]}
                    for zone in ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
                ]
            }
        ]
    },
    "aws:kms/key:Key": {"arn": f"arn:aws:kms:{_HERE}:key/{_UUID}"},
    "aws:acmpca/certificateAuthority:CertificateAuthority": {
        "arn": f"arn:aws:acm-pca:{_HERE}:certificate-authority/{_UUID}",
        "certificateSigningRequest": "request",
    },
    "aws:acmpca/certificate:Certificate": {"certificate": "certificate"},
    "aws:acm/certificate:Certificate": {"arn": f"arn:aws:acm:{_HERE}:certificate/{_UUID}"},
    "aws:ec2/vpc:Vpc": {
        "defaultRouteTableId": "rtb-0a1b2c3d",
        "defaultNetworkAclId": "acl-0a1b2c3d",
        "defaultSecurityGroupId": "sg-0a1b2c3d",
        "mainRouteTableId": "rtb-0a1b2c3d",
    },
    "aws:route53/zone:Zone": {"zoneId": "Z0123456789ABC"},
    "aws:iam/role:Role": {"arn": "arn:aws:iam::123456789012:role/r"},
    "aws:ecs/cluster:Cluster": {"arn": f"arn:aws:ecs:{_HERE}:cluster/c"},
}
"""What AWS answers, in its own shape: models have patterns for what resources name each other by."""
IDS: Mapping[str, str] = {
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:efs/fileSystem:FileSystem": "fs",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ssm/maintenanceWindow:MaintenanceWindow": "mw",
    "aws:directconnect/gateway:Gateway": "",
}


class Shaped(Recorder):
    """Answers with ids in AWS's own shape."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        made, state = super().new_resource(args)
        if args.typ in IDS:
            digits = sha256(args.name.encode()).hexdigest()[:17]
            made = f"{IDS[args.typ]}-{digits}" if IDS[args.typ] else str(UUID(hex=digits.zfill(32)))
        return made, {**state, **SHAPED.get(args.typ, {})}


@cache
def built(stack: str, *, adopted: bool = True) -> Made:
    """Everything that `stack` makes; without `adopted`, in a unit where no template made anything."""
    plan: CloudPlan = cloud_plan(stack)
    if not adopted:
        plan = replace(plan, baseline=replace(plan.baseline, adopted={}))
    return made_of(plan)


def made_of(plan: CloudPlan) -> Made:
    """Everything that `plan` makes."""
    recorder = Shaped(ANSWERS, COMPUTED)

    def program() -> None:
        from components.aws import Baseline, Iaas, Lgwan, Paas, Saas, provider

        provider(plan, pulumi.ResourceOptions())
        baseline = Baseline("baseline", plan)
        lgwan = Lgwan("lgwan", plan, baseline.gives)
        iaas = Iaas("iaas", plan, IaasNeeds(baseline.gives, lgwan.gives))
        lgwan.connect(iaas.gives)
        paas = Paas("paas", plan, PaasNeeds(baseline.gives, iaas.gives))
        Saas("saas", plan, SaasNeeds(baseline.gives, iaas.gives, paas.gives))

    pulumi.runtime.set_mocks(recorder, project="jichitai", stack="test", preview=False)
    pulumi.runtime.test(program)()
    return {name: made for name, made in recorder.resources.items() if made.type.startswith("aws:")}
