"""Security groups, their rules, and managed prefix lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws import cidr
from providers.twin.aws.network import EC2, PREFIX_LIST_MISSING
from providers.twin.aws.words import hold, not_found, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

GROUP_MISSING: Final = not_found("InvalidGroup.NotFound", "security group")


_GROUP_IN_USE = Answer("DependencyViolation", "resource {id} has a dependent object")


def _entries_fit(scope: Scope) -> None:
    if len(scope.get("entries") or []) > int(scope.get("maxEntries") or 0):
        raise Refusal(
            "PrefixListMaxEntriesExceeded",
            "You've reached the maximum number of entries for the prefix list.",
        )


def _default_of(kind: str, vpc_property: str = "vpcId") -> Value:
    """An id maker: the default `kind` of the VPC that the resource names (or of the default VPC)."""

    def maker(scope: Scope) -> str:
        vpc_id = scope.inputs.get(vpc_property)
        vpc = scope.find(token("ec2.Vpc"), vpc_id) if vpc_id else None
        if vpc is None:
            vpc = next((row for row in scope.rows(token("ec2.Vpc")) if row.state.get("isDefault")), None)
        for row in scope.store.owned(vpc.rid) if vpc is not None else ():
            if row.type == token(kind):
                scope.state["vpcId"] = row.state["vpcId"]
                scope.state["arn"] = row.state["arn"]
                return row.id
        raise Refusal("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")

    return maker


def _one_peer(scope: Scope) -> None:
    peers = [
        key
        for key in ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
        if scope.inputs.get(key)
    ]
    if len(peers) != 1:
        raise Refusal(
            "InvalidParameterCombination",
            "exactly one of cidrIpv4, cidrIpv6, prefixListId, referencedSecurityGroupId must be given",
        )
    if scope.inputs.get("cidrIpv4"):
        cidr.network(str(scope.inputs["cidrIpv4"]), "InvalidParameterValue")


_PEER = "{cidrIpv4}{cidrIpv6}{prefixListId}{referencedSecurityGroupId}"


def _group_rule(api: str) -> Behaviour:
    return Behaviour(
        id="sgr-{hex17}",
        arn=EC2 + "security-group-rule/{id}",
        api=api,
        autoname="",
        computed={"securityGroupRuleId": "{id}"},
        fixed=props("securityGroupId"),
        refs=(
            part("securityGroupId", "ec2.SecurityGroup"),
            hold("referencedSecurityGroupId", "ec2.SecurityGroup"),
            hold("prefixListId", "ec2.ManagedPrefixList", missing=PREFIX_LIST_MISSING),
        ),
        unique=(
            Unique(
                "{kind}:{securityGroupId}",
                "{ipProtocol}/{fromPort}/{toPort}/" + _PEER,
                Answer(
                    "InvalidPermission.Duplicate",
                    f'the specified rule "peer: {_PEER}, {{ipProtocol}}, from port: {{fromPort}}, to'
                    f" port: {{toPort}},"
                    ' ALLOW" already exists',
                ),
            ),
        ),
        rules=(_one_peer,),
        missing=not_found("InvalidSecurityGroupRuleId.NotFound", "security group rule ID"),
    )


TABLE: Mapping[str, Behaviour] = {
    "ec2.SecurityGroup": Behaviour(
        id="sg-{hex17}",
        arn=EC2 + "security-group/{id}",
        api="ec2:CreateSecurityGroup",
        computed={
            "ownerId": "{unit}",
            "vpcId": lambda s: next(
                (r.id for r in s.rows(token("ec2.Vpc")) if r.state.get("isDefault")), None
            ),
        },
        fixed=props("name namePrefix description vpcId"),
        refs=(
            hold("vpcId", "ec2.Vpc"),
            hold("ingress[].securityGroups[]", "ec2.SecurityGroup"),
            hold("egress[].securityGroups[]", "ec2.SecurityGroup"),
            hold("ingress[].prefixListIds[]", "ec2.ManagedPrefixList"),
            hold("egress[].prefixListIds[]", "ec2.ManagedPrefixList"),
        ),
        unique=(
            Unique(
                "sg:{vpcId}",
                "{name}",
                Answer(
                    "InvalidGroup.Duplicate", "The security group '{value}' already exists for VPC '{vpcId}'"
                ),
            ),
        ),
        missing=GROUP_MISSING,
        in_use=_GROUP_IN_USE,
    ),
    "ec2.SecurityGroupRule": Behaviour(
        id="sgrule-{digits10}",
        api="ec2:AuthorizeSecurityGroupIngress",
        autoname="",
        computed={"securityGroupRuleId": "sgr-{hex17}"},
        fixed=props(
            "type securityGroupId protocol fromPort toPort cidrBlocks ipv6CidrBlocks prefixListIds self"
            " sourceSecurityGroupId"
        ),
        refs=(
            part("securityGroupId", "ec2.SecurityGroup"),
            hold("sourceSecurityGroupId", "ec2.SecurityGroup"),
            hold("prefixListIds[]", "ec2.ManagedPrefixList"),
        ),
    ),
    "vpc.SecurityGroupIngressRule": _group_rule("ec2:AuthorizeSecurityGroupIngress"),
    "vpc.SecurityGroupEgressRule": _group_rule("ec2:AuthorizeSecurityGroupEgress"),
    "ec2.DefaultSecurityGroup": Behaviour(
        id=_default_of("ec2.SecurityGroup"),
        autoname="",
        put=True,
        computed={"ownerId": "{unit}", "name": "default", "description": "default VPC security group"},
        fixed=props("vpcId"),
        refs=(part("vpcId", "ec2.Vpc"),),
    ),
    "ec2.ManagedPrefixList": Behaviour(
        id="pl-{hex17}",
        arn=EC2 + "prefix-list/{id}",
        api="ec2:CreateManagedPrefixList",
        computed={
            "ownerId": "{unit}",
            "version": lambda s: int((s.old.state.get("version") or 0) + 1) if s.old else 1,
        },
        fresh=props("version"),
        fixed=props("addressFamily"),
        rules=(_entries_fit,),
        missing=PREFIX_LIST_MISSING,
        in_use=Answer(
            "DependencyViolation", "The prefix list '{id}' is referenced by {value} and cannot be deleted."
        ),
    ),
    "ec2.ManagedPrefixListEntry": Behaviour(
        id="{prefixListId},{cidr}",
        autoname="",
        fixed=props("cidr prefixListId"),
        refs=(part("prefixListId", "ec2.ManagedPrefixList"),),
    ),
}
