"""What an OCI provider's configuration means, and what a tenancy is subscribed to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.oci.facts import DEFAULT_TENANCY, DOMESTIC, GLOBAL, TOKYO
from providers.twin.oci.words import short_of
from providers.twin.scope import Session
from providers.wire import Value

_TENANCY = re.compile(r"ocid1\.tenancy\.oc[0-9]+\.[a-z0-9-]*\.[a-z0-9]+")
_VERBS = {"create": "Create", "read": "Get", "update": "Update", "delete": "Delete", "invoke": "List"}


def session(configuration: Mapping[str, Value]) -> Session:
    """The session for a provider's configuration: the tenancy and the region that it names."""
    tenancy = str(configuration.get("tenancyOcid") or DEFAULT_TENANCY)
    if not _TENANCY.fullmatch(tenancy):
        raise Refusal("tenancyOcid", f"{tenancy!r} is not the OCID of a tenancy")
    return Session(tenancy, str(configuration.get("region") or TOKYO), {}, "oc1")


def admit(session: Session, region: str, operation: str) -> None:
    """Refuses regions that the tenancy is not subscribed to: any but the domestic pair."""
    if (region != GLOBAL and region not in DOMESTIC) or session.region not in DOMESTIC:
        raise Refusal(
            "NotAuthenticated",
            f"The tenancy {session.unit} is not subscribed to {session.region} ({operation or '*'})",
            401,
        )


def home(session: Session, behaviour: Behaviour, inputs: Mapping[str, Value]) -> str:
    """Where a resource lives: the provider's region, or one place for identity."""
    del inputs
    return GLOBAL if behaviour.everywhere else session.region


def say(refusal: Refusal, verb: str, token: str, name: str, behaviour: Behaviour) -> str:
    """A refusal in the words of the OCI provider, with the program's name for the resource in front."""
    del behaviour
    module, kind = short_of(token).split(".")
    status = f"{refusal.status}-" if refusal.status else ""
    return (
        f"{name}: {status}{refusal.code}, {refusal.message}. Service: {module} {kind}. "
        f"Operation Name: {_VERBS[verb]}{kind}"
    )
