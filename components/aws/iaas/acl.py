"""Network ACLs from their rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.iaas.filtering import Acl, AclRule
from components.aws.iaas.site import Site


def network_acl(
    site: Site, network: str, role: str, vpc: aws.ec2.Vpc, rules: Acl, subnets: Sequence[pulumi.Input[str]]
) -> aws.ec2.NetworkAcl:
    """The ACL of the subnets of `role` in `network`, with `rules`."""
    return aws.ec2.NetworkAcl(
        site.child(network, role, "acl"),
        vpc_id=vpc.id,
        subnet_ids=subnets,
        ingress=[aws.ec2.NetworkAclIngressArgs(**_arguments(rule)) for rule in rules.ingress],
        egress=[aws.ec2.NetworkAclEgressArgs(**_arguments(rule)) for rule in rules.egress],
        tags=site.tags(network, role),
        opts=site.opts(),
    )


def _arguments(rule: AclRule) -> dict[str, Any]:
    """A rule as both directions take it."""
    made: dict[str, Any] = {
        "rule_no": rule.number,
        "action": rule.action,
        "protocol": rule.protocol,
        "cidr_block": str(rule.cidr),
        "from_port": rule.low,
        "to_port": rule.high,
    }
    if rule.icmp:
        made |= {"icmp_type": rule.icmp[0], "icmp_code": rule.icmp[1]}
    return made
