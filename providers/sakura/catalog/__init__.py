"""Every resource and function of the provider, by field of the service."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import Function, Resource

from . import (
    app,
    compute,
    database,
    dns,
    functions,
    iam,
    loadbalancer,
    messaging,
    monitoring,
    network,
    objectstorage,
    security,
    vpcrouter,
)

RESOURCES: Final[tuple[Resource, ...]] = (
    *compute.RESOURCES,
    *network.RESOURCES,
    *vpcrouter.RESOURCES,
    *loadbalancer.RESOURCES,
    *dns.RESOURCES,
    *database.RESOURCES,
    *objectstorage.RESOURCES,
    *security.RESOURCES,
    *app.RESOURCES,
    *iam.RESOURCES,
    *monitoring.RESOURCES,
    *messaging.RESOURCES,
)
FUNCTIONS: Final[tuple[Function, ...]] = functions.FUNCTIONS
