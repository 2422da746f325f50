"""How the engine reaches the tenancy."""

from __future__ import annotations

import pulumi
import pulumi_oci as oci

from components.room import Room
from stacks.plan import CloudPlan

AUTOMATIC_TAGS = ["Oracle-Tags.CreatedBy", "Oracle-Tags.CreatedOn"]
"""Tags that every tenancy puts on everything by itself: no drift of ours."""


def provider(plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> oci.Provider:
    """The provider of one child tenancy in the tenant's region. Credentials come from the user's profile."""
    return oci.Provider(
        "oci",
        tenancy_ocid=plan.unit,
        region=plan.region,
        ignore_defined_tags=AUTOMATIC_TAGS,
        opts=opts,
    )


def elsewhere(room: Room, region: str, what: str = "") -> oci.Provider:
    """The same tenancy in another region, for one room (and `what` in it): OCI's resources have no region
    of their own."""
    return oci.Provider(
        room.child(f"{what}-{region}" if what else region),
        tenancy_ocid=room.plan.unit,
        region=region,
        ignore_defined_tags=AUTOMATIC_TAGS,
        opts=pulumi.ResourceOptions(parent=room.parent),
    )
