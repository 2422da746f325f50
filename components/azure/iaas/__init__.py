"""IaaS on Azure: closed networks, private endpoints, servers and shared files."""

from __future__ import annotations

import pulumi

from components.azure import facts, gives
from components.azure.iaas.files import file_system
from components.azure.iaas.network import Network
from components.azure.iaas.servers import Servers
from components.azure.place import Place, lean, resource_group
from components.contract import IaasGives, IaasNeeds, NetworkGives
from components.derive import hosted
from components.room import Room
from stacks.plan import CloudPlan

TYPE = "jichitai:azure:Iaas"


class Iaas(pulumi.ComponentResource):
    """The networks of one tenant, with what runs and is stored in them below the platform services."""

    gives: IaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: IaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, lean(opts))
        baseline = gives.baseline(given.baseline)
        room = Room(name, plan, self)
        places: dict[str, Place] = {}
        networks: dict[str, NetworkGives] = {}
        for key, network in plan.networks.items():
            group = resource_group(room, key, facts.network_group(plan, key))
            places[key] = Place(name, plan, self, group)
            networks[key] = Network(places[key], network, baseline).gives
        servers = Servers(name, plan, self, baseline, networks)
        files = {
            p.key: file_system(places[p.network], p, baseline.keys["data"], networks[p.network])
            for p in hosted(plan)
            if p.files
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
