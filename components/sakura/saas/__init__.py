"""The packages on さくら: their containers on servers, and the load balancer that people reach them by."""

from __future__ import annotations

import pulumi

from components.contract import SaasGives, SaasNeeds
from components.room import Room
from components.sakura import facts
from components.sakura.iaas.servers import package_variables, seat
from components.sakura.machines import Machine, MachineGives, Machines
from components.sakura.paas import package_environment
from components.sakura.saas.entrance import Entrance
from components.sakura.startup import Variables
from stacks.plan import CloudPlan, PackagePlan, WorkloadPlan

TYPE = "jichitai:sakura:Saas"


class Saas(pulumi.ComponentResource):
    """The packages of one tenant."""

    gives: SaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: SaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        iaas = given.iaas
        if not isinstance(iaas, MachineGives):
            raise TypeError("the packages of this cloud need what its own IaaS layer gives")
        self._room, self._plan, self._given = Room(name, plan, self), plan, given
        self._machines = Machines(self._room, iaas.machines.key, iaas.machines.images, iaas.machines.scripts)
        for package in plan.packages.values():
            for workload in facts.kinds(package, "container"):
                self._containers(package, workload)
        for key in plan.networks:
            Entrance(self._room, plan.networks[key], iaas.networks[key])
        self.gives = SaasGives(
            urls={
                key: pulumi.Output.from_input(f"https://{package.host}/")
                for key, package in plan.packages.items()
                if package.exposed
            }
        )
        self.register_outputs({"urls": self.gives.urls})

    def _containers(self, package: PackagePlan, workload: WorkloadPlan) -> None:
        """One workload: a server for each replica, each with one container."""
        plan = facts.container_plan(workload)
        told = self._told(package, workload)
        for place in facts.places(self._plan, package, workload):
            machine = Machine(
                key=f"{package.key}-{workload.key}-{place.number + 1}",
                number=place.number,
                core=plan.core,
                memory=plan.memory,
                disk_gb=max(workload.disk_gb, 20),
                description=facts.description(package, workload.key),
                tags=facts.package_tags(package),
                scripts={"base": package_variables(self._plan, package, workload), "container": told},
            )
            self._machines.build(
                machine, seat(self._plan, self._given.iaas.networks[package.network], package, place)
            )

    def _told(self, package: PackagePlan, workload: WorkloadPlan) -> pulumi.Output[Variables]:
        """What the container script is told."""
        environment = pulumi.Output.all(
            **package_environment(self._plan, self._given.paas, package),
            WORKLOAD=workload.key,
            PORT=str(workload.port),
        )
        image = pulumi.Output.concat(self._given.paas.registries[package.key], ":", package.version)
        return pulumi.Output.all(image, environment).apply(
            lambda known: {
                "name": workload.key,
                "image": known[0],
                "port": str(workload.port),
                "environment": " ".join(f"{name}={value}" for name, value in sorted(known[1].items())),
            }
        )
