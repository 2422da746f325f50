"""Every resource and function of the provider, by field of the service."""

from __future__ import annotations

from typing import Final

from providers.sakura.catalog import (
    apigateway,
    app,
    closed,
    compute,
    database,
    dns,
    enhancedlb,
    functions,
    iam,
    loadbalancer,
    messaging,
    monitoring,
    network,
    nosql,
    objectstorage,
    security,
    storage,
    vpcrouter,
    webaccel,
)
from providers.sakura.model import Function, Resource

RESOURCES: Final[tuple[Resource, ...]] = (
    *compute.RESOURCES,
    *storage.RESOURCES,
    *network.RESOURCES,
    *vpcrouter.RESOURCES,
    *closed.RESOURCES,
    *loadbalancer.RESOURCES,
    *enhancedlb.RESOURCES,
    *dns.RESOURCES,
    *database.RESOURCES,
    *nosql.RESOURCES,
    *objectstorage.RESOURCES,
    *security.RESOURCES,
    *app.RESOURCES,
    *iam.RESOURCES,
    *monitoring.RESOURCES,
    *messaging.RESOURCES,
    *webaccel.RESOURCES,
    *apigateway.RESOURCES,
)
FUNCTIONS: Final[tuple[Function, ...]] = functions.FUNCTIONS
