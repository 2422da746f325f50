"""IaaS on さくら: closed networks, servers and shared files."""

from __future__ import annotations

import pulumi

from components.contract import IaasNeeds
from components.room import Room
from components.sakura import facts
from components.sakura.iaas.files import file_system
from components.sakura.iaas.network import Network
from components.sakura.iaas.servers import Servers
from components.sakura.machines import MachineGives, Machines, images
from components.sakura.startup import Kind, scripts
from stacks.plan import CloudPlan

TYPE = "jichitai:sakura:Iaas"


def script_kinds(plan: CloudPlan) -> tuple[Kind, ...]:
    """The start-up scripts that the tenant's servers need."""
    kinds: list[Kind] = ["base", "names"]
    if any(facts.kinds(package, "container") for package in plan.packages.values()):
        kinds.append("container")
    if any(network.egress for network in plan.networks.values()):
        kinds.append("proxy")
    return tuple(kinds)


class Iaas(pulumi.ComponentResource):
    """The networks of one tenant, with what runs and is stored in them below the platform services."""

    gives: MachineGives

    def __init__(
        self, name: str, plan: CloudPlan, given: IaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        room = Room(name, plan, self)
        networks = {
            key: Network(room, network, tuple(p for p in plan.packages.values() if p.network == key)).gives
            for key, network in plan.networks.items()
        }
        machines = Machines(
            room,
            given.baseline.keys["data"],
            images(plan.server_image, plan.zones, pulumi.InvokeOptions(parent=self)),
            scripts(room, script_kinds(plan)),
        )
        servers = Servers(machines, networks)
        files = {
            key: file_system(room, package, networks[package.network]).id
            for key, package in plan.packages.items()
            if package.files
        }
        self.gives = MachineGives(
            networks=networks,
            servers=servers.servers,
            files=files,
            # A server has no identity of its own here: what it may use is in keys that operators put on it.
            identities={},
            machines=machines,
        )
        self.register_outputs(
            {
                "networks": {key: network.id for key, network in networks.items()},
                "servers": servers.servers,
                "files": files,
            }
        )
