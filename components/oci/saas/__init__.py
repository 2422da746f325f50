"""The packages on OCI: what people reach.

A hosted package gets a private load balancer of its own: its group (`<key>-entry`), certificate, logs and
alarms then belong to one vendor, and one vendor's change cannot touch another's entrance. A package at the
vendor's side gets a private address of ours that leads to it and to nothing else.
"""

from __future__ import annotations

import pulumi

from components.contract import SaasGives, SaasNeeds
from components.derive import hosted, replicas
from components.oci.paas import engines
from components.oci.place import place
from components.oci.saas import alarms
from components.oci.saas.containers import Containers
from components.oci.saas.entrance import Entrances
from components.oci.saas.hours import Hours
from components.oci.saas.lodging import Lodging, url
from components.oci.saas.vendor import vendor
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:oci:Saas"


class Saas(pulumi.ComponentResource):
    """The packages of one tenant on OCI."""

    gives: SaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: SaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._plan = plan
        self._lodging = Lodging(place("saas", name, plan, self, given.baseline), given)
        self._hours = Hours(self._lodging.place)

        entrances = Entrances(self._lodging)
        containers = Containers(self._lodging, entrances)
        for package in hosted(plan):
            entrance = entrances.build(package, package.exposed) if package.exposed else None
            for key, made in containers.build(package, entrance).items():
                self._hours.add(package, key, made)
            self._servers(package, entrance, entrances)
            self._data(package)
        vendors = [p for p in plan.packages.values() if p.delivery == "asp"]
        for package in vendors:
            if package.endpoint:
                vendor(self._lodging, package, package.endpoint)
        self._hours.finish()
        awaiting = tuple(p.key for p in vendors if not p.endpoint)
        urls = {
            p.key: pulumi.Output.from_input(url(p))
            for p in (*hosted(plan), *vendors)
            if p.exposed or (p.delivery == "asp" and p.key not in awaiting)
        }
        self.gives = SaasGives(urls=urls, awaiting=awaiting)
        self.register_outputs({"urls": urls})

    def _servers(self, package: PackagePlan, entrance: str | None, entrances: Entrances) -> None:
        """Put the exposed servers behind the entrance, and all servers on the package's hours."""
        for one in replicas([package], "server"):
            server = self._lodging.given.iaas.servers[one.key]
            if one.workload.exposed and entrance is not None:
                entrances.behind(package, one.key, self._lodging.server_address(server), one.workload.port)
            self._hours.add(package, one.key, server)

    def _data(self, package: PackagePlan) -> None:
        """Alarms and hours of what the package keeps."""
        paas = self._lodging.given.paas
        if package.database:
            made = paas.databases[package.key].id
            self._lodging.alarm(package, "database", alarms.database(engines.service(package.database)), made)
            self._hours.add(package, f"{package.key}-database", made)
        if package.queue:
            self._lodging.alarm(package, "queue", alarms.queue(), paas.queues[package.key])
