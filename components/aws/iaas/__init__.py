"""IaaS on AWS: closed networks, private endpoints, servers and shared files."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.iaas.files import file_system
from components.aws.iaas.network import Network
from components.aws.iaas.servers import Servers
from components.aws.iaas.site import Site
from components.contract import IaasGives, IaasNeeds
from stacks.plan import CloudPlan

TYPE = "jichitai:aws:Iaas"


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
        networks = {
            key: Network(site, network, tuple(p for p in plan.packages.values() if p.network == key)).gives
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
