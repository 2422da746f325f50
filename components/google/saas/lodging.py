"""The SaaS layer as its parts see it: room, what came before, and what every package gets of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.contract import NetworkGives, SaasNeeds
from components.derive import app_role
from components.google import facts
from components.google.iaas.files import subnet
from components.google.saas.alarms import Alarm
from components.room import Room
from stacks.plan import PackagePlan


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where packages are put up."""

    room: Room
    given: SaasNeeds

    def network(self, package: PackagePlan) -> NetworkGives:
        """The network that `package` lives in."""
        return self.given.iaas.networks[package.network]

    def subnet(self, package: PackagePlan) -> pulumi.Output[str]:
        """The subnet of the package's segment for what people reach and what answers them."""
        return subnet(self.network(package), app_role(package))

    def address(self, package: PackagePlan, purpose: str | None = None) -> gcp.compute.Address:
        """The private address that people reach `package` at."""
        return gcp.compute.Address(
            self.room.child(f"{package.key}-address"),
            name=self.room.plan.name(package.key),
            region=self.room.plan.region,
            subnetwork=self.subnet(package),
            address_type="INTERNAL",
            purpose=purpose,
            labels=facts.labels(package.tags),
            opts=self.room.opts(),
        )

    def record(self, package: PackagePlan, address: pulumi.Input[str]) -> None:
        """The package's private name."""
        gcp.dns.RecordSet(
            self.room.child(f"{package.key}-name"),
            managed_zone=self.network(package).zone,
            name=f"{package.host}.",
            type="A",
            ttl=300,
            rrdatas=[address],
            opts=self.room.opts(),
        )

    def alarm(self, key: str, what: Alarm) -> None:
        """One alarm to operations, when it rings and when it is over."""
        gcp.monitoring.AlertPolicy(
            self.room.child(f"{key}-alarm"),
            display_name=self.room.plan.name(key),
            combiner="OR",
            conditions=[
                {
                    "display_name": metric.name,
                    "condition_threshold": {
                        "filter": metric.filter,
                        "comparison": "COMPARISON_GT",
                        "threshold_value": metric.limit,
                        "duration": what.duration,
                        "aggregations": [
                            {
                                "alignment_period": "300s",
                                "per_series_aligner": metric.aligner,
                                "cross_series_reducer": metric.reducer,
                            }
                        ],
                        # A stopped thing has no figures and is silent.
                        "evaluation_missing_data": "EVALUATION_MISSING_DATA_INACTIVE",
                        "trigger": {"count": 1},
                    },
                }
                for metric in what.metrics
            ],
            documentation={
                "content": f"{what.description.ja} / {what.description.en}",
                "mime_type": "text/markdown",
            },
            notification_channels=[self.given.baseline.alarms],
            severity="ERROR",
            opts=self.room.opts(),
        )


def url(package: PackagePlan) -> str:
    """Where people reach `package`."""
    port = package.asp_port if package.delivery == "asp" else 443
    return f"https://{package.host}/" if port == 443 else f"https://{package.host}:{port}/"
