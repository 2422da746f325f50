"""IaaS on OCI: closed networks, private endpoints, servers and shared files."""

from __future__ import annotations

from dataclasses import replace

import pulumi

from components.contract import IaasGives, IaasNeeds
from components.derive import hosted, runs
from components.oci import facts, grants
from components.oci.iaas.files import Files
from components.oci.iaas.network import Network
from components.oci.iaas.servers import Servers
from components.oci.place import place
from stacks.plan import CloudPlan

TYPE = "jichitai:oci:Iaas"


class Iaas(pulumi.ComponentResource):
    """The networks of one tenant, with what runs and is stored in them below the platform services."""

    gives: IaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: IaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        spot = place("iaas", name, plan, self, given.baseline)
        networks = {key: Network(spot, network, given.lgwan).gives for key, network in plan.networks.items()}
        servers = Servers(spot, networks).servers
        files = Files(spot, networks)
        made = {p.key: files.build(p) for p in hosted(plan) if p.files}
        networks = {
            key: replace(
                network,
                endpoints={
                    **network.endpoints,
                    **{
                        facts.files_endpoint(p): files.targets[p]
                        for p in made
                        if plan.packages[p].network == key
                    },
                },
            )
            for key, network in networks.items()
        }
        self.gives = IaasGives(
            networks=networks,
            servers=servers,
            files=made,
            identities={
                p.key: pulumi.Output.from_input(grants.group_name(plan, p))
                for p in hosted(plan)
                if runs(p, "server")
            },
        )
        self.register_outputs(
            {
                "networks": {key: network.id for key, network in networks.items()},
                "servers": servers,
                "files": made,
            }
        )
