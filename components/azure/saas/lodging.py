"""The SaaS layer as its parts see it: place, what came before, and what every package gets of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from components.azure import facts, gives
from components.azure.place import Place
from components.azure.saas.alarms import DATABASE_QUERY, DATABASES, Alarm
from components.contract import IaasGives, NetworkGives
from stacks.plan import PackagePlan


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where packages are put up."""

    place: Place
    baseline: gives.BaselineGives
    iaas: IaasGives
    paas: gives.PaasGives

    def network(self, package: PackagePlan) -> NetworkGives:
        """The network that `package` lives in."""
        return self.iaas.networks[package.network]

    def record(self, package: PackagePlan, address: pulumi.Input[str], what: str = "name") -> None:
        """The package's private name, in the zone of its network."""
        plan = self.place.plan
        domain = plan.networks[package.network].dns.domain
        azure.privatedns.PrivateRecordSet(
            self.place.child(package.key, what),
            resource_group_name=facts.network_group(plan, package.network),
            private_zone_name=self.network(package).zone,
            relative_record_set_name=package.host.removesuffix(f".{domain}"),
            record_type="A",
            ttl=300,
            a_records=[{"ipv4_address": address}],
            opts=self.place.opts(),
        )

    def alarm(self, key: str, what: Alarm, target: pulumi.Input[str]) -> None:
        """One alarm on a metric of `target` to the tenant's action group."""
        monitor, metric = azure.monitor, what.metric
        dimensions = (
            [
                monitor.MetricDimensionArgs(
                    name=metric.dimension[0], operator="Include", values=[metric.dimension[1]]
                )
            ]
            if metric.dimension
            else None
        )
        monitor.MetricAlert(
            self.place.child(key, "alarm"),
            resource_group_name=self.place.group,
            rule_name=self.place.plan.name(key),
            location="global",
            description=f"{what.meaning.ja} / {what.meaning.en}",
            enabled=True,
            severity=2,
            scopes=[target],
            evaluation_frequency="PT5M",
            window_size="PT15M",
            auto_mitigate=True,
            criteria=monitor.MetricAlertSingleResourceMultipleMetricCriteriaArgs(
                odata_type="Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                all_of=[
                    monitor.MetricCriteriaArgs(
                        criterion_type="StaticThresholdCriterion",
                        name="metric",
                        metric_namespace=metric.space,
                        metric_name=metric.name,
                        operator=metric.operator,
                        threshold=metric.threshold,
                        time_aggregation=metric.statistic,
                        dimensions=dimensions,
                    )
                ],
            ),
            actions=[{"action_group_id": self.baseline.alarms}],
            tags=self.place.tags(),
            opts=self.place.opts(),
        )

    def databases_alarm(self) -> None:
        """One alarm for all databases: it tells which is busy, or nearly full."""
        place, name = self.place, self.place.plan.name("databases")
        azure.monitor.ScheduledQueryRule(
            place.child("databases-alarm"),
            resource_group_name=place.group,
            rule_name=name,
            display_name=name,
            location=place.plan.region,
            description=f"{DATABASES.ja} / {DATABASES.en}",
            enabled=True,
            severity=2,
            scopes=[self.baseline.workspace],
            evaluation_frequency="PT5M",
            window_size="PT15M",
            # The table exists only once the first metric has arrived.
            skip_query_validation=True,
            criteria={
                "all_of": [
                    {
                        "query": DATABASE_QUERY,
                        "resource_id_column": "_ResourceId",
                        "time_aggregation": "Count",
                        "operator": "GreaterThanOrEqual",
                        "threshold": 3,
                        "failing_periods": {
                            "number_of_evaluation_periods": 1,
                            "min_failing_periods_to_alert": 1,
                        },
                    }
                ]
            },
            actions={"action_groups": [self.baseline.alarms]},
            tags=place.tags(),
            opts=place.opts(),
        )
