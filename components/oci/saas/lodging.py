"""The SaaS layer as its parts see it: place, what came before, and what every package gets of it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_oci as oci

from components.contract import NetworkGives, SaasNeeds
from components.derive import app_role
from components.oci.facts import first_key
from components.oci.place import Place
from components.oci.saas.alarms import PENDING, Alarm
from stacks.plan import PackagePlan

TTL = 300
"""Seconds that a name may be remembered."""


@dataclass(frozen=True, slots=True)
class Lodging:
    """Where packages are put up."""

    place: Place
    given: SaasNeeds

    def network(self, package: PackagePlan) -> NetworkGives:
        """The network that `package` lives in."""
        return self.given.iaas.networks[package.network]

    def subnet(self, package: PackagePlan) -> pulumi.Output[str]:
        """The subnet of the package's segment for what people reach and what answers them."""
        network = self.place.plan.networks[package.network]
        return self.network(package).subnets[first_key(network, app_role(package))]

    def group(self, package: PackagePlan, what: str) -> pulumi.Output[str]:
        """The group `<package>-<what>`."""
        return self.network(package).groups[f"{package.key}-{what}"]

    def server_address(self, server: pulumi.Output[str]) -> pulumi.Output[str]:
        """The private address of a server."""
        return oci.core.get_instance_output(
            instance_id=server, opts=pulumi.InvokeOutputOptions(parent=self.place.parent)
        ).private_ip

    def vnic_address(self, vnic: pulumi.Output[str]) -> pulumi.Output[str]:
        """The private address of a network interface."""
        return oci.core.get_vnic_output(
            vnic_id=vnic, opts=pulumi.InvokeOutputOptions(parent=self.place.parent)
        ).private_ip_address

    def record(self, package: PackagePlan, address: pulumi.Input[str]) -> None:
        """The package's private name."""
        oci.dns.Rrset(
            self.place.child(package.key, "name"),
            zone_name_or_id=self.network(package).zone,
            domain=package.host,
            rtype="A",
            items=[{"domain": package.host, "rtype": "A", "rdata": address, "ttl": TTL}],
            opts=self.place.opts(),
        )

    def alarm(self, package: PackagePlan, what: str, alarm: Alarm, resource: pulumi.Output[str]) -> None:
        """One alarm to the tenant's topic."""
        place, key = self.place, f"{package.key}-{what}"
        where = place.gives(alarm.layer)
        oci.monitoring.Alarm(
            place.child(key, "alarm"),
            compartment_id=place.compartment,
            metric_compartment_id=where,
            display_name=place.plan.name(key, limit=255),
            namespace=alarm.namespace,
            query=resource.apply(alarm.query),
            severity=alarm.severity,
            pending_duration=PENDING,
            body=f"{key}: {alarm.description.ja} / {alarm.description.en}",
            destinations=[place.baseline.alarms],
            is_enabled=True,
            freeform_tags=place.labels(package),
            opts=place.opts(),
        )


def url(package: PackagePlan) -> str:
    """Where people reach `package`."""
    port = package.asp_port if package.delivery == "asp" else 443
    return f"https://{package.host}/" if port == 443 else f"https://{package.host}:{port}/"
