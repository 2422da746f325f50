"""IaaS on Google Cloud: closed networks, private endpoints, servers and shared files."""

from __future__ import annotations

import pulumi

from components.contract import IaasGives, IaasNeeds
from components.google.iaas.backups import Backups
from components.google.iaas.files import Files
from components.google.iaas.network import Network
from components.google.iaas.servers import Servers
from components.room import Room
from stacks.plan import CloudPlan

TYPE = "jichitai:google:Iaas"


class Iaas(pulumi.ComponentResource):
    """The networks of one tenant, with what runs and is stored in them below the platform services."""

    gives: IaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: IaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        room = Room(name, plan, self)
        networks = {
            key: Network(room, network, tuple(p for p in plan.packages.values() if p.network == key)).gives
            for key, network in plan.networks.items()
        }
        backups = Backups(room, given.baseline.vault)
        subnets = {key: network.subnets for key, network in networks.items()}
        servers = Servers(room, given.baseline, subnets, backups)
        files = Files(room, given.baseline.keys["data"], networks, backups).gives
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
