"""Google Cloud as the twin plays it."""

from __future__ import annotations

from providers.twin.behaviour import Answer
from providers.twin.cloud import Cloud
from providers.twin.google.functions import function
from providers.twin.google.handover import seed
from providers.twin.google.models import limits
from providers.twin.google.session import admit, home, say, session
from providers.twin.google.tables import behaviour

GOOGLE = Cloud(
    name="gcp",
    package="pulumi_gcp",
    behaviour=behaviour,
    functions=function,
    session=session,
    seed=seed,
    admit=admit,
    say=say,
    home=home,
    zone_lost=Answer(
        "ZONE_RESOURCE_POOL_EXHAUSTED",
        "The zone '{value}' does not have enough resources available to fulfill the request. Try a"
        " different zone, or try again later.",
        503,
    ),
    region_lost=Answer("unavailable", "Post: dial tcp: i/o timeout: the region {value} does not answer", 0),
    zone="zone",
    tags=("labels", "effectiveLabels"),
    limits=limits,
)
