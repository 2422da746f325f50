"""IaaS on AWS: closed networks, private endpoints, servers and shared files."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws import facts
from components.aws.files import file_system
from components.aws.network import Network, flow_log_group
from components.aws.servers import Servers
from components.aws.site import Site
from components.contract import IaasGives, IaasNeeds
from stacks.plan import CloudPlan

TYPE = "jichitai:aws:Iaas"


def flow_log_policy(plan: CloudPlan) -> str:
    """What flow logs may be written to: the groups of this tenant's networks."""
    groups = [
        facts.log_group_arn(plan.region, plan.unit, flow_log_group(plan.prefix, key)) for key in plan.networks
    ]
    return facts.document(
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": groups,
        },
        {
            "Effect": "Allow",
            # AWS lists all groups or none.
            "Action": "logs:DescribeLogGroups",
            "Resource": f"arn:aws:logs:{plan.region}:{plan.unit}:log-group:*",
        },
    )


def internet_block(plan: CloudPlan) -> str:
    """How the account blocks internet gateways: wholly, or all but what NAT sends out for an exception."""
    opened = any(network.egress for network in plan.networks.values())
    return "block-ingress" if opened else "block-bidirectional"


class Iaas(pulumi.ComponentResource):
    """The networks of one tenant, with what runs and is stored in them below the platform services."""

    gives: IaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: IaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        site = Site(name, plan, self, given.baseline)
        if plan.baseline.creates("account_guards"):
            aws.ec2.VpcBlockPublicAccessOptions(
                site.child("internet-block"),
                internet_gateway_block_mode=internet_block(plan),
                opts=site.opts(),
            )
        writer = self._flow_log_writer(site)
        networks = {
            key: Network(
                site, network, tuple(p for p in plan.packages.values() if p.network == key), writer
            ).gives
            for key, network in plan.networks.items()
        }
        servers = Servers(
            site,
            {key: network.subnets for key, network in networks.items()},
            {key: network.groups for key, network in networks.items()},
        )
        files = {
            key: file_system(
                site,
                plan.networks[package.network],
                package,
                networks[package.network].subnets,
                networks[package.network].groups[f"{key}-files"],
            )
            for key, package in plan.packages.items()
            if package.files and package.delivery == "hosted"
        }
        self.gives = IaasGives(
            networks=networks, servers=servers.servers, files=files, identities=servers.identities
        )
        self.register_outputs(
            {
                "networks": {key: network.id for key, network in networks.items()},
                "servers": servers.servers,
                "files": files,
            }
        )

    @staticmethod
    def _flow_log_writer(site: Site) -> aws.iam.Role:
        """What flow logs are written as, for all networks."""
        plan = site.plan
        role = aws.iam.Role(
            site.child("flow-log-role"),
            name=plan.name("flow-log", limit=64),
            assume_role_policy=facts.trust(
                "vpc-flow-logs.amazonaws.com",
                plan.unit,
                f"arn:aws:ec2:{plan.region}:{plan.unit}:vpc-flow-log/*",
            ),
            opts=site.opts(),
        )
        aws.iam.RolePolicy(
            site.child("flow-log-policy"),
            name="write",
            role=role.name,
            policy=flow_log_policy(plan),
            opts=site.opts(),
        )
        return role
