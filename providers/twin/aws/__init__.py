"""AWS as the twin plays it."""

from __future__ import annotations

from providers.twin.aws.functions import function
from providers.twin.aws.handover import seed
from providers.twin.aws.session import admit, home, say, session
from providers.twin.aws.tables import behaviour
from providers.twin.behaviour import Answer
from providers.twin.cloud import Cloud

AWS = Cloud(
    name="aws",
    package="pulumi_aws",
    behaviour=behaviour,
    functions=function,
    session=session,
    seed=seed,
    admit=admit,
    say=say,
    home=home,
    zone_lost=Answer(
        "InsufficientInstanceCapacity",
        "We currently do not have sufficient capacity in the Availability Zone you requested ({value})."
        " Please try"
        " again in another Availability Zone.",
        500,
    ),
    region_lost=Answer(
        "RequestError",
        "send request failed: dial tcp: lookup in {value} timed out: the region does not answer",
        0,
    ),
)
