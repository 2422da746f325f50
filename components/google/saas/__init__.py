"""The packages on Google Cloud: what people reach.

A hosted package gets an internal load balancer of its own: its address, certificate, logs and alarms
then belong to one vendor, and one vendor's change cannot touch another's entrance. A package at the
vendor's side gets a private endpoint to it.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.contract import SaasGives, SaasNeeds
from components.google import facts
from components.google.saas import alarms
from components.google.saas.containers import Containers
from components.google.saas.entrance import Entrances
from components.google.saas.lodging import Lodging, url
from components.google.saas.schedule import Scheduler
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan

TYPE = "jichitai:google:Saas"


class Saas(pulumi.ComponentResource):
    """The packages of one tenant on Google Cloud."""

    gives: SaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: SaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(TYPE, name, None, opts)
        self._plan, self._given, self._room = plan, given, Room(name, plan, self)
        self._lodging = Lodging(self._room, given)
        self._hours = Scheduler(self._room)
        hosted = [p for p in plan.packages.values() if p.delivery == "hosted"]
        vendors = [p for p in plan.packages.values() if p.delivery == "asp"]
        entrances = Entrances(self._lodging, hosted)
        containers = Containers(self._lodging, self._hours)
        for package in hosted:
            service = containers.build(package)
            if package.exposed:
                entrances.build(package, package.exposed, service)
            self._data(package)
        for package in vendors:
            if package.endpoint:
                self._vendor(package, package.endpoint)
        self._hours.finish()
        awaiting = tuple(p.key for p in vendors if not p.endpoint)
        urls = {
            p.key: pulumi.Output.from_input(url(p))
            for p in (*hosted, *vendors)
            if p.exposed or (p.delivery == "asp" and p.key not in awaiting)
        }
        self.gives = SaasGives(urls=urls, awaiting=awaiting)
        self.register_outputs({"urls": urls})

    def _data(self, package: PackagePlan) -> None:
        """Alarms and hours of what the package keeps."""
        key = package.key
        if package.database:
            database = self._given.paas.databases[key]
            if facts.uses_alloydb(package.database):
                self._lodging.alarm(f"{key}-database", alarms.alloydb(self._plan.name(key, "primary")))
            else:
                name = f"{self._plan.unit}:{self._plan.name(key, 'db')}"
                self._lodging.alarm(f"{key}-database", alarms.cloud_sql(name))
                if package.schedule:
                    self._hours.database(package.schedule, f"{key}-database", database.id)
        if package.queue:
            self._lodging.alarm(f"{key}-queue", alarms.queue(self._plan.name(key)))

    def _vendor(self, package: PackagePlan, service: str) -> None:
        """The private endpoint to the vendor's service, with the package's private name."""
        address = self._lodging.address(package)
        gcp.compute.ForwardingRule(
            self._room.child(f"{package.key}-endpoint"),
            name=self._plan.name(package.key),
            region=self._plan.region,
            network=self._lodging.network(package).id,
            ip_address=address.id,
            target=service,
            load_balancing_scheme="",
            allow_psc_global_access=False,
            labels=facts.labels(package.tags),
            opts=self._room.opts(),
        )
        self._lodging.record(package, address.address)
