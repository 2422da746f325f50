"""A child tenancy as it is handed over: what Oracle and the official templates leave in a new one.

The bodies of the official templates are not public. What is modelled is what the public record names: audit
retention, Cloud Guard over the whole tenancy, one administrator (who signs in through GCAS and is in no
domain of the tenancy's); and what every tenancy has: Oracle's services, images and managed recipes.
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.oci import facts
from providers.twin.oci.facts import DOMESTIC, GLOBAL, HOME, ocid
from providers.twin.oci.words import token
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.wire import Value


class _Unit:
    """Writes resources that nobody's program made into one tenancy."""

    def __init__(self, store: Store, session: Session) -> None:
        self.store = store
        self.unit = session.unit

    def add(
        self, region: str, kind: str, id_: str, state: Mapping[str, Value], *, templates: bool = False
    ) -> int:
        """Adds one resource; `templates` marks what the official templates made."""
        body = {"compartmentId": self.unit, "state": "ACTIVE", **state}
        if templates:
            body["managedByTemplates"] = True
        return self.store.add("oci", self.unit, region, token(kind), id_, body, {})


def seed(store: Store, session: Session) -> None:
    """Fills a tenancy that has just been handed over."""
    unit = _Unit(store, session)
    unit.add(GLOBAL, "Identity.Compartment", session.unit, {"name": "root", "description": "The tenancy"})
    for region in DOMESTIC:
        _oracle(unit, region)
        _templates(unit, region)


def _oracle(unit: _Unit, region: str) -> None:
    """What Oracle offers in every tenancy of a region."""
    key = DOMESTIC[region]
    for name, label in (
        (f"All {key} Services In Oracle Services Network", facts.services_label(region)),
        (f"OCI {key} Object Storage", f"oci-{key.lower()}-objectstorage"),
    ):
        state = {"name": name, "cidrBlock": label, "description": name}
        unit.add(region, "Core.Service", ocid("service", name, region), state)
    image = "Oracle-Linux-9.6-2026.10.31-0"
    unit.add(
        region,
        "Core.Image",
        ocid("image", image, region),
        {
            "displayName": image,
            "operatingSystem": "Oracle Linux",
            "operatingSystemVersion": "9",
            "state": "AVAILABLE",
            "timeCreated": "2026-11-01T00:00:00Z",
        },
    )
    for name in facts.SOFTWARE:
        unit.add(
            region,
            "OsManagementHub.SoftwareSource",
            ocid("osmhsoftwaresource", name, region),
            {"displayName": name, "archType": "X86_64", "osFamily": "ORACLE_LINUX_9", "vendorName": "ORACLE"},
        )
    for detector, name in facts.DETECTORS.items():
        unit.add(
            region,
            "CloudGuard.ManagedDetectorRecipe",
            ocid("cloudguarddetectorrecipe", f"{unit.unit}{name}", region),
            {"displayName": name, "detector": detector, "owner": "ORACLE"},
        )
    unit.add(
        region,
        "CloudGuard.ManagedResponderRecipe",
        ocid("cloudguardresponderrecipe", unit.unit, region),
        {"displayName": "OCI Responder Recipe (Oracle Managed)", "owner": "ORACLE"},
    )
    for name in facts.ZONE_POLICIES:
        unit.add(
            region,
            "CloudGuard.SecurityPolicy",
            ocid("cloudguardsecuritypolicy", name, region),
            {"friendlyName": name, "displayName": name, "owner": "ORACLE"},
        )


def _templates(unit: _Unit, region: str) -> None:
    """What the official templates switch on from above."""
    if region == HOME:
        unit.add(region, "Audit.Configuration", unit.unit, {"retentionPeriodDays": 365}, templates=True)
    unit.add(
        region,
        "CloudGuard.CloudGuardConfiguration",
        unit.unit,
        {"status": "ENABLED", "reportingRegion": HOME},
        templates=True,
    )
    if region == HOME:
        target = unit.add(
            region,
            "CloudGuard.Target",
            ocid("cloudguardtarget", unit.unit, region),
            {
                "displayName": "gcas-tenancy",
                "targetResourceId": unit.unit,
                "targetResourceType": "COMPARTMENT",
            },
            templates=True,
        )
        unit.store.claim(f"oci/{unit.unit}/{region}/cloudguardtarget", unit.unit, target)
