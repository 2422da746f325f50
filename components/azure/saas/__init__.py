"""The packages on Azure: what people reach.

A hosted package in containers is reached through its environment's private address, one on servers
through an internal load balancer of its own; one at the vendor's through a private endpoint to it.
"""

from __future__ import annotations

import pulumi

from components.azure import gives
from components.azure.place import lean, place
from components.azure.saas.entrance import balancer, vendor
from components.azure.saas.lodging import Lodging
from components.azure.saas.schedule import Scheduler
from components.azure.saas.tasks import Tasks
from components.contract import SaasGives, SaasNeeds
from components.derive import of_workload, url
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:azure:Saas"


class Saas(pulumi.ComponentResource):
    """The packages of one tenant on Azure."""

    gives: SaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: SaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, lean(opts))
        self._lodging = Lodging(
            place(name, plan, self, "packages"),
            gives.baseline(given.baseline),
            given.iaas,
            gives.paas(given.paas),
        )
        self._hours = Scheduler(self._lodging.place)
        tasks = Tasks(self._lodging)
        urls: dict[str, pulumi.Output[str]] = {}
        awaiting: list[str] = []
        for key, package in plan.packages.items():
            if package.delivery == "asp":
                if package.endpoint is None:
                    awaiting.append(key)
                    continue
                vendor(self._lodging, package, package.endpoint)
                urls[key] = pulumi.Output.from_input(url(package))
                continue
            reached = tasks.build(package)
            if reached is not None:
                urls[key] = reached
            self._servers(package, urls)
            self._database(package)
        self._hours.finish()
        if self._lodging.paas.databases:
            self._lodging.databases_alarm()
        self.gives = SaasGives(urls=urls, awaiting=tuple(awaiting))
        self.register_outputs({"urls": urls})

    def _servers(self, package: PackagePlan, urls: dict[str, pulumi.Output[str]]) -> None:
        """The entrance before the exposed servers, and the hours of all."""
        for workload in package.workloads.values():
            if workload.kind != "server":
                continue
            mine = of_workload(self._lodging.iaas.servers, package, workload)
            if workload.exposed:
                balancer(self._lodging, package, workload, mine)
                urls[package.key] = pulumi.Output.from_input(url(package))
            for key, server in mine.items():
                self._hours.add(package.schedule, key, server)

    def _database(self, package: PackagePlan) -> None:
        """Hours of the database."""
        if package.database is None:
            return
        self._hours.add(
            package.schedule, f"{package.key}-database", self._lodging.paas.databases[package.key].id
        )
