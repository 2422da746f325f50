"""Azure as the twin plays it."""

from __future__ import annotations

from providers.twin.azure.functions import function
from providers.twin.azure.handover import seed
from providers.twin.azure.session import admit, foreign, home, report, say, session
from providers.twin.azure.tables import behaviour
from providers.twin.behaviour import Answer
from providers.twin.cloud import Cloud

AZURE = Cloud(
    name="azure-native",
    package="pulumi_azure_native",
    behaviour=behaviour,
    functions=function,
    session=session,
    seed=seed,
    admit=admit,
    say=say,
    home=home,
    zone_lost=Answer(
        "ZonalAllocationFailed",
        "Allocation failed. We do not have sufficient capacity for the requested size in zone {value}.",
        409,
    ),
    region_lost=Answer("RequestTimeout", "dial tcp: i/o timeout: the region {value} does not answer", 0),
    foreign=foreign,
    report=report,
    whole_ids=True,
    zone="zones",
    tags=("tags", "tagsAll"),
    # Only what is given says where a thing is: nothing is filled in.
    region="",
)
