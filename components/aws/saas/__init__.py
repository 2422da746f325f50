"""The packages on AWS: what people reach.

A hosted package gets an internal load balancer of its own: its group (`<key>-entry`), certificate,
logs and alarms then belong to one vendor, and one vendor's change cannot touch another's entrance.
A package at the vendor's side gets a private endpoint to it.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.paas import databases, engines
from components.aws.saas import alarms, hours
from components.aws.saas.entrance import Entrance, Entrances
from components.aws.saas.lodging import Lodging, servers_of, tags, url
from components.aws.saas.schedule import Scheduler
from components.aws.saas.tasks import Tasks
from components.contract import SaasGives, SaasNeeds
from components.derive import hosted
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan


class Saas(pulumi.ComponentResource):
    """The packages of one tenant on AWS."""

    gives: SaasGives

    def __init__(
        self, name: str, plan: CloudPlan, given: SaasNeeds, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("jichitai:aws:Saas", name, None, opts)
        self._plan = plan
        self._given = given
        self._room = Room(name, plan, self)
        self._lodging = Lodging(self._room, given)
        self._hours = Scheduler(self._room, given.baseline.keys["data"])

        packages = hosted(plan)
        vendors = [p for p in plan.packages.values() if p.delivery == "asp"]
        entrances = Entrances(self._lodging, [p for p in packages if p.exposed])
        tasks = Tasks(self._lodging, self._hours)
        for package in packages:
            entrance = entrances.build(package, package.exposed) if package.exposed else None
            tasks.build(package, entrance)
            self._servers(package, entrance)
            self._data(package)
        for package in vendors:
            if package.endpoint:
                self._vendor(package, package.endpoint)
        self._hours.finish()
        awaiting = tuple(p.key for p in vendors if not p.endpoint)
        urls = {
            p.key: pulumi.Output.from_input(url(p))
            for p in (*packages, *vendors)
            if p.exposed or (p.delivery == "asp" and p.key not in awaiting)
        }
        self.gives = SaasGives(urls=urls, awaiting=awaiting)
        self.register_outputs({"urls": urls})

    # --- servers ---------------------------------------------------------------------------------

    def _servers(self, package: PackagePlan, entrance: Entrance | None) -> None:
        """Put the exposed servers behind the entrance, and all servers on the package's hours."""
        mine: dict[str, pulumi.Output[str]] = {}
        for workload in package.workloads.values():
            if workload.kind != "server":
                continue
            servers = servers_of(self._given.iaas.servers, package, workload)
            mine |= servers
            if workload.exposed and entrance is not None:
                for key, server in servers.items():
                    aws.lb.TargetGroupAttachment(
                        self._room.child(f"{key}-target"),
                        target_group_arn=entrance.group.arn,
                        target_id=server,
                        port=workload.port,
                        opts=self._room.opts(),
                    )
        if package.schedule and mine:
            prefix = f"arn:aws:ec2:{self._plan.region}:{self._plan.unit}:instance/"
            arns = tuple(pulumi.Output.concat(prefix, server) for server in mine.values())
            self._hours.add(package.schedule, hours.servers(f"{package.key}-servers", mine, arns))

    # --- data ------------------------------------------------------------------------------------

    def _data(self, package: PackagePlan) -> None:
        """Alarms and hours of what the package keeps."""
        plan, key = self._plan, package.key
        if package.database:
            made, name = engines.shape(package.database), databases.identifier(plan, package)
            alarm = alarms.cluster() if made.aurora else alarms.instance(package.database.storage_gb)
            dimension = "DBClusterIdentifier" if made.aurora else "DBInstanceIdentifier"
            self._lodging.alarm(f"{key}-database", alarm, {dimension: self._given.paas.databases[key].id})
            if package.schedule:
                kind = "cluster" if made.aurora else "db"
                arn = f"arn:aws:rds:{plan.region}:{plan.unit}:{kind}:{name}"
                thing = hours.database(f"{key}-database", name, arn, aurora=made.aurora)
                self._hours.add(package.schedule, thing)
        if package.queue:
            self._lodging.alarm(f"{key}-queue", alarms.queue(), {"QueueName": plan.name(key, limit=80)})

    # --- a package at the vendor's ---------------------------------------------------------------

    def _vendor(self, package: PackagePlan, service: str) -> None:
        """The private endpoint to the vendor's service, with the package's private name."""
        name = self._plan.name(package.key)
        endpoint = aws.ec2.VpcEndpoint(
            self._room.child(f"{package.key}-endpoint"),
            vpc_id=self._lodging.network(package).id,
            service_name=service,
            vpc_endpoint_type="Interface",
            subnet_ids=self._lodging.subnets(package),
            security_group_ids=[self._lodging.network(package).groups[f"{package.key}-entry"]],
            # The name is ours, so that it does not depend on what the vendor has proved to own.
            private_dns_enabled=False,
            tags=tags(package, name),
            opts=self._room.opts(),
        )
        first = endpoint.dns_entries.apply(lambda entries: entries[0])
        self._lodging.record(
            package,
            first.apply(lambda entry: entry.dns_name or ""),
            first.apply(lambda entry: entry.hosted_zone_id or ""),
            check=False,
        )
