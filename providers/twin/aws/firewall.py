"""AWS Network Firewall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.transit import EC2
from providers.twin.aws.words import hold, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_FIREWALL: Final = "arn:{partition}:network-firewall:{region}:{unit}:"


def _firewall_status(scope: Scope) -> Value:
    states = []
    for path, row in scope.targets.items():
        if path.startswith("subnetMappings["):
            endpoint = f"vpce-0{scope.hex(16, row.id)}"
            states.append(
                {
                    "availabilityZone": row.state.get("availabilityZone"),
                    "attachments": [{"endpointId": endpoint, "subnetId": row.id}],
                }
            )
    return [{"syncStates": states, "capacityUsageSummaries": [], "transitGatewayAttachmentSyncStates": []}]


def _firewall_endpoints(scope: Scope) -> None:
    """Routes lead to a firewall's endpoints, so they exist as endpoints of the VPC."""
    for status in scope.state.get("firewallStatuses") or []:
        for state in status["syncStates"]:
            for attachment in state["attachments"]:
                endpoint = attachment["endpointId"]
                scope.make(
                    token("ec2.VpcEndpoint"),
                    endpoint,
                    {
                        "arn": f"{scope.fill(EC2)}vpc-endpoint/{endpoint}",
                        "vpcId": scope.get("vpcId"),
                        "subnetIds": [attachment["subnetId"]],
                        "vpcEndpointType": "GatewayLoadBalancer",
                        "state": "available",
                        "ownerId": scope.unit,
                        "region": scope.region,
                        "tags": {},
                        "tagsAll": {},
                    },
                )


TABLE: Mapping[str, Behaviour] = {
    "networkfirewall.RuleGroup": Behaviour(
        id="{arn}",
        arn=_FIREWALL + "stateful-rulegroup/{name}",
        api="network-firewall:CreateRuleGroup",
        computed={"updateToken": "{uuid}"},
        fixed=props("name type capacity"),
        unique=(
            Unique(
                "fw-rules:{type}",
                "{name}",
                Answer("ResourceAlreadyExistsException", "A rule group named {value} already exists"),
            ),
        ),
        in_use=Answer("InvalidOperationException", "Unable to delete {id}: it is referenced by {value}"),
    ),
    "networkfirewall.FirewallPolicy": Behaviour(
        id="{arn}",
        arn=_FIREWALL + "firewall-policy/{name}",
        api="network-firewall:CreateFirewallPolicy",
        computed={"updateToken": "{uuid}"},
        fixed=props("name"),
        refs=(
            hold("firewallPolicy.statefulRuleGroupReferences[].resourceArn", "networkfirewall.RuleGroup"),
            hold("firewallPolicy.statelessRuleGroupReferences[].resourceArn", "networkfirewall.RuleGroup"),
        ),
        unique=(
            Unique(
                "fw-policy",
                "{name}",
                Answer("ResourceAlreadyExistsException", "A firewall policy named {value} already exists"),
            ),
        ),
        in_use=Answer("InvalidOperationException", "Unable to delete {id}: it is in use by {value}"),
    ),
    "networkfirewall.Firewall": Behaviour(
        id="{arn}",
        arn=_FIREWALL + "firewall/{name}",
        api="network-firewall:CreateFirewall",
        computed={"updateToken": "{uuid}", "firewallStatuses": _firewall_status},
        made=(_firewall_endpoints,),
        fixed=props("name vpcId transitGatewayId"),
        refs=(
            hold("firewallPolicyArn", "networkfirewall.FirewallPolicy"),
            hold("vpcId", "ec2.Vpc"),
            hold("subnetMappings[].subnetId", "ec2.Subnet"),
        ),
        unique=(
            Unique(
                "fw", "{name}", Answer("InvalidRequestException", "A firewall named {value} already exists")
            ),
        ),
        guards=(
            Guard(
                "deleteProtection",
                Answer("InvalidOperationException", "Unable to delete {id}: DeleteProtection is enabled."),
            ),
        ),
    ),
    "networkfirewall.LoggingConfiguration": Behaviour(
        id="{firewallArn}",
        autoname="",
        put=True,
        fixed=props("firewallArn"),
        refs=(part("firewallArn", "networkfirewall.Firewall"),),
    ),
}
