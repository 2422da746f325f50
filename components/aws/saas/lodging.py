"""The SaaS layer as its parts see it: room, what came before, and what every package gets of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.saas import alarms
from components.contract import NetworkGives, SaasNeeds
from components.derive import app_role
from components.room import Room
from stacks.plan import PackagePlan, WorkloadPlan


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where packages are put up."""

    room: Room
    given: SaasNeeds

    def network(self, package: PackagePlan) -> NetworkGives:
        """The network that `package` lives in."""
        return self.given.iaas.networks[package.network]

    def subnets(self, package: PackagePlan) -> list[pulumi.Output[str]]:
        """The subnets of the package's segment for what people reach and what answers them."""
        subnets = self.network(package).subnets
        return [subnets[s.key] for s in self.room.plan.networks[package.network].of_role(app_role(package))]

    def record(
        self,
        package: PackagePlan,
        target: pulumi.Input[str],
        zone: pulumi.Input[str],
        *,
        check: bool,
    ) -> None:
        """The package's private name. `check`: answer only while a target is well."""
        aws.route53.Record(
            self.room.child(f"{package.key}-name"),
            zone_id=self.network(package).zone,
            name=package.host,
            type="A",
            aliases=[{"name": target, "zone_id": zone, "evaluate_target_health": check}],
            opts=self.room.opts(),
        )

    def alarm(self, key: str, what: alarms.Alarm, values: Mapping[str, pulumi.Input[str]]) -> None:
        """One alarm to the tenant's topic, when it rings and when it is over."""
        queries: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
            {
                "id": metric.id,
                "metric": {
                    "namespace": metric.namespace,
                    "metric_name": metric.name,
                    "stat": metric.stat,
                    "period": alarms.PERIOD,
                    "dimensions": {name: values[name] for name in metric.dimensions},
                },
            }
            for metric in what.metrics
        ]
        topic = self.given.baseline.alarms
        aws.cloudwatch.MetricAlarm(
            self.room.child(f"{key}-alarm"),
            name=self.room.plan.name(key, limit=255),
            alarm_description=f"{what.description.ja} / {what.description.en}",
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=alarms.PERIODS,
            treat_missing_data="notBreaching",
            metric_queries=[
                *queries,
                {"id": "unwell", "expression": what.expression, "label": key, "return_data": True},
            ],
            alarm_actions=[topic],
            ok_actions=[topic],
            opts=self.room.opts(),
        )


def tags(package: PackagePlan, name: str) -> Mapping[str, str]:
    """The tags of a package's resource, and the `Name` that the console shows."""
    return {**package.tags, "Name": name}


def servers_of(
    servers: Mapping[str, pulumi.Output[str]], package: PackagePlan, workload: WorkloadPlan
) -> Mapping[str, pulumi.Output[str]]:
    """The servers of one workload out of all, which are named `<package>-<workload>-<n>`."""
    prefix = f"{package.key}-{workload.key}-"
    return {
        key: server
        for key, server in servers.items()
        if key.startswith(prefix) and key.removeprefix(prefix).isdigit()
    }


def url(package: PackagePlan) -> str:
    """Where people reach `package`."""
    port = package.asp_port if package.delivery == "asp" else 443
    return f"https://{package.host}/" if port == 443 else f"https://{package.host}:{port}/"
