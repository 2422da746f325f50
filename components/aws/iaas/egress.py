"""An approved opening to the internet: only named hosts, only HTTPS, only through the firewall.

Workloads → firewall → NAT → internet, and the same way back. One zone: the three purposes that the
guideline allows (patches, licences, consoles; facts: govcloud §1.6) are no part of the service, and
a second firewall endpoint would double the dearest line of a small town's bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi_aws as aws

from components.aws import facts
from components.aws.iaas import filtering
from components.aws.iaas.acl import network_acl
from components.aws.iaas.site import Site
from components.derive import caller_roles, hosts
from stacks.addressing import Role
from stacks.plan import NetworkPlan, SubnetPlan

CAPACITY = 1000
"""Of the rule group. It can never be changed; a host needs about two, and a tenant names 150 at most."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The egress slot, cut in two: AWS needs the firewall and the NAT in subnets of their own."""

    zone: str
    firewall: IPv4Network
    nat: IPv4Network


def halves(subnets: tuple[SubnetPlan, ...]) -> Halves:
    """The halves of the first egress slot. Raises ValueError if the plan has none."""
    if not subnets:
        raise ValueError("the plan has an exception for the internet, but no egress subnet")
    first = min(subnets, key=lambda subnet: subnet.slot)
    firewall, nat = first.cidr.subnets(prefixlen_diff=1)
    return Halves(first.zone, firewall, nat)


def callers(network: NetworkPlan) -> tuple[SubnetPlan, ...]:
    """The subnets of the workloads that may use the opening."""
    return tuple(subnet for role in caller_roles(network) for subnet in network.of_role(role))


class Egress:
    """Builds the opening of one network."""

    def __init__(
        self, site: Site, network: NetworkPlan, vpc: aws.ec2.Vpc, tables: Mapping[Role, aws.ec2.RouteTable]
    ) -> None:
        """Make the opening and lead the `tables` of the calling blocks to it."""
        self._site, self._plan, self._network, self._vpc = site, site.plan, network, vpc
        place = halves(network.of_role("egress"))
        self._callers = callers(network)
        inside = self._subnet("firewall", place.firewall, place.zone)
        outside = self._subnet("nat", place.nat, place.zone)
        rules = filtering.egress_acl(network, [subnet.cidr for subnet in self._callers])
        network_acl(site, network.key, "egress", vpc, rules, [inside.id, outside.id])

        gateway = aws.ec2.InternetGateway(
            self._child("internet"), vpc_id=vpc.id, tags=self._tags("internet"), opts=site.opts()
        )
        firewall = self._firewall(inside)
        endpoint = firewall.firewall_statuses.apply(_endpoint)
        nat = self._nat(outside, gateway)
        self._table(
            "firewall", inside, [aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", nat_gateway_id=nat.id)]
        )
        self._table(
            "nat",
            outside,
            [
                aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=gateway.id),
                # Answers too pass the firewall. A route inside the VPC must name a whole subnet.
                *(
                    aws.ec2.RouteTableRouteArgs(cidr_block=str(subnet.cidr), vpc_endpoint_id=endpoint)
                    for subnet in self._callers
                ),
            ],
        )
        for role in caller_roles(network):
            aws.ec2.Route(
                self._child(role, "to-firewall"),
                route_table_id=tables[role].id,
                destination_cidr_block="0.0.0.0/0",
                vpc_endpoint_id=endpoint,
                opts=site.opts(),
            )

    def _child(self, *parts: str) -> str:
        return self._site.child(self._network.key, "egress", *parts)

    def _tags(self, *parts: str) -> Mapping[str, str]:
        return self._site.tags(self._network.key, "egress", *parts)

    def _subnet(self, part: str, cidr: IPv4Network, zone: str) -> aws.ec2.Subnet:
        return aws.ec2.Subnet(
            self._child(part),
            vpc_id=self._vpc.id,
            cidr_block=str(cidr),
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=self._tags(part),
            opts=self._site.opts(),
        )

    def _table(self, part: str, subnet: aws.ec2.Subnet, routes: list[aws.ec2.RouteTableRouteArgs]) -> None:
        """The route table of one half."""
        table = aws.ec2.RouteTable(
            self._child(part, "routes"),
            vpc_id=self._vpc.id,
            routes=routes,
            tags=self._tags(part),
            opts=self._site.opts(),
        )
        aws.ec2.RouteTableAssociation(
            self._child(part, "association"),
            route_table_id=table.id,
            subnet_id=subnet.id,
            opts=self._site.opts(),
        )

    def _nat(self, subnet: aws.ec2.Subnet, gateway: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        """The NAT, on the tenant's one public address: an origin that the other side can allow."""
        address = aws.ec2.Eip(
            self._child("address"),
            domain="vpc",
            tags=self._tags("nat"),
            opts=self._site.opts(gateway),
        )
        return aws.ec2.NatGateway(
            self._child("nat-gateway"),
            subnet_id=subnet.id,
            allocation_id=address.allocation_id,
            tags=self._tags("nat"),
            opts=self._site.opts(gateway),
        )

    def _firewall(self, subnet: aws.ec2.Subnet) -> aws.networkfirewall.Firewall:
        """The firewall: approved hosts by the name in the TLS handshake; all else is dropped and logged."""
        site, key = self._site, self._site.baseline.keys["data"]
        group = aws.networkfirewall.RuleGroup(
            self._child("hosts"),
            name=self._plan.name(self._network.key, "egress", "hosts", limit=128),
            type="STATEFUL",
            capacity=CAPACITY,
            rule_group=aws.networkfirewall.RuleGroupRuleGroupArgs(
                rule_variables=aws.networkfirewall.RuleGroupRuleGroupRuleVariablesArgs(
                    ip_sets=[
                        aws.networkfirewall.RuleGroupRuleGroupRuleVariablesIpSetArgs(
                            key="HOME_NET",
                            ip_set=aws.networkfirewall.RuleGroupRuleGroupRuleVariablesIpSetIpSetArgs(
                                definitions=[str(s.cidr) for s in self._callers]
                            ),
                        )
                    ]
                ),
                rules_source=aws.networkfirewall.RuleGroupRuleGroupRulesSourceArgs(
                    rules_source_list=aws.networkfirewall.RuleGroupRuleGroupRulesSourceRulesSourceListArgs(
                        generated_rules_type="ALLOWLIST",
                        target_types=["TLS_SNI"],
                        targets=hosts(self._network.egress),
                    )
                ),
                stateful_rule_options=aws.networkfirewall.RuleGroupRuleGroupStatefulRuleOptionsArgs(
                    rule_order="STRICT_ORDER"
                ),
            ),
            encryption_configuration=aws.networkfirewall.RuleGroupEncryptionConfigurationArgs(
                type="CUSTOMER_KMS", key_id=key
            ),
            tags=self._tags("hosts"),
            opts=site.opts(),
        )
        policy = aws.networkfirewall.FirewallPolicy(
            self._child("policy"),
            name=self._plan.name(self._network.key, "egress", limit=128),
            firewall_policy=aws.networkfirewall.FirewallPolicyFirewallPolicyArgs(
                stateless_default_actions=["aws:forward_to_sfe"],
                stateless_fragment_default_actions=["aws:drop"],
                # "Established": the TCP handshake has to pass before there is a TLS name to judge.
                stateful_default_actions=["aws:drop_established", "aws:alert_established"],
                stateful_engine_options=aws.networkfirewall.FirewallPolicyFirewallPolicyStatefulEngineOptionsArgs(
                    rule_order="STRICT_ORDER", stream_exception_policy="DROP"
                ),
                stateful_rule_group_references=[
                    aws.networkfirewall.FirewallPolicyFirewallPolicyStatefulRuleGroupReferenceArgs(
                        resource_arn=group.arn, priority=1
                    )
                ],
            ),
            encryption_configuration=aws.networkfirewall.FirewallPolicyEncryptionConfigurationArgs(
                type="CUSTOMER_KMS", key_id=key
            ),
            tags=self._tags("policy"),
            opts=site.opts(),
        )
        firewall = aws.networkfirewall.Firewall(
            self._child("network-firewall"),
            name=self._plan.name(self._network.key, "egress", limit=128),
            firewall_policy_arn=policy.arn,
            vpc_id=self._vpc.id,
            subnet_mappings=[aws.networkfirewall.FirewallSubnetMappingArgs(subnet_id=subnet.id)],
            # Never protected: an exception that has expired must be closed, protected tenant or not.
            delete_protection=False,
            subnet_change_protection=self._plan.protect,
            encryption_configuration=aws.networkfirewall.FirewallEncryptionConfigurationArgs(
                type="CUSTOMER_KMS", key_id=key
            ),
            tags=self._tags("firewall"),
            opts=site.opts(),
        )
        self._logging(firewall)
        return firewall

    def _logging(self, firewall: aws.networkfirewall.Firewall) -> None:
        """What was refused, and every flow."""
        groups = {
            kind: aws.cloudwatch.LogGroup(
                self._child(kind, "log-group"),
                # The service adds its permission to one policy of 5,120 characters, which names with
                # this prefix do not fill (CloudWatch Logs user guide, vended logs).
                name=f"/aws/vendedlogs/{self._plan.prefix}/{self._network.key}/firewall-{kind}",
                kms_key_id=self._site.baseline.keys["logs"],
                retention_in_days=facts.log_retention(self._plan.baseline.retention.log_days),
                tags=self._tags(kind),
                opts=self._site.opts(),
            )
            for kind in ("alert", "flow")
        }
        aws.networkfirewall.LoggingConfiguration(
            self._child("logging"),
            firewall_arn=firewall.arn,
            logging_configuration=aws.networkfirewall.LoggingConfigurationLoggingConfigurationArgs(
                log_destination_configs=[
                    aws.networkfirewall.LoggingConfigurationLoggingConfigurationLogDestinationConfigArgs(
                        log_type=kind.upper(),
                        log_destination_type="CloudWatchLogs",
                        log_destination={"logGroup": group.name},
                    )
                    for kind, group in groups.items()
                ]
            ),
            opts=self._site.opts(),
        )


def _endpoint(statuses: Sequence[aws.networkfirewall.outputs.FirewallFirewallStatus]) -> str:
    """The firewall's endpoint in its one subnet. Raises ValueError if AWS reports none."""
    found = [
        attachment.endpoint_id
        for status in statuses
        for state in status.sync_states or ()
        for attachment in state.attachments or ()
        if attachment.endpoint_id
    ]
    if not found:
        raise ValueError("the network firewall reports no endpoint")
    return found[0]
