"""What is asked of the tenancy itself: things that differ from tenancy to tenancy or are Oracle's own."""

from __future__ import annotations

import pulumi
import pulumi_oci as oci

from components.oci.place import Place


def domain(place: Place, provider: pulumi.ProviderResource | None = None) -> pulumi.Output[str]:
    """The availability domain of the region: one in each Japanese region, named by the tenancy."""
    found = oci.identity.get_availability_domains_output(
        compartment_id=place.plan.unit,
        opts=pulumi.InvokeOutputOptions(parent=place.parent, provider=provider),
    )
    return found.availability_domains.apply(lambda domains: str(domains[0].name))
