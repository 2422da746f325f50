"""OCI as the twin plays it."""

from __future__ import annotations

from providers.twin.behaviour import Answer
from providers.twin.cloud import Cloud
from providers.twin.oci.functions import function
from providers.twin.oci.handover import seed
from providers.twin.oci.session import admit, home, say, session
from providers.twin.oci.tables import behaviour

OCI = Cloud(
    name="oci",
    package="pulumi_oci",
    behaviour=behaviour,
    functions=function,
    session=session,
    seed=seed,
    admit=admit,
    say=say,
    home=home,
    zone="faultDomain",
    tags=("freeformTags", "freeformTagsAll"),
    zone_lost=Answer("InternalError", "Out of host capacity in {value}.", 500),
    region_lost=Answer("RequestError", "can not send request: dial tcp: lookup in {value}: i/o timeout", 0),
)
