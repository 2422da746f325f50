"""What a Google provider's configuration means, and what the project's organisation allows."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.google.facts import DEFAULT_PROJECT, GLOBAL, TOKYO, ZONES
from providers.twin.scope import Session
from providers.twin.sdk import snake
from providers.wire import Value

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_ZONE = re.compile(r"([a-z]+-[a-z]+\d)-[a-z]")


def session(configuration: Mapping[str, Value]) -> Session:
    """The session for a provider's configuration. Nested values arrive as JSON text."""
    project = str(configuration.get("project") or DEFAULT_PROJECT)
    if not _PROJECT.fullmatch(project):
        raise Refusal("project", f"{project!r} is not a project id: 6 to 30 letters, digits and hyphens")
    labels = configuration.get("defaultLabels") or {}
    if isinstance(labels, str):
        labels = json.loads(labels)
    region = str(configuration.get("region") or TOKYO)
    return Session(project, region, {str(k): str(v) for k, v in labels.items()}, "gcp")


def admit(session: Session, region: str, operation: str) -> None:
    """Refuses places outside Japan, as the organisation policy of a ガバメントクラウド unit does."""
    if region == GLOBAL or region in ZONES:
        return
    raise Refusal(
        "conditionNotMet",
        f"Location {region} violates constraint constraints/gcp.resourceLocations on the resource"
        f" projects/{session.unit} ({operation or 'create'})",
        412,
    )


def home(session: Session, behaviour: Behaviour, inputs: Mapping[str, Value]) -> str:
    """Where a resource lives: its region, its location, its zone's region, else the provider's region."""
    if behaviour.everywhere:
        return GLOBAL
    for property_ in ("region", "location", "zone"):
        value = inputs.get(property_)
        if isinstance(value, str) and value:
            place = value.rsplit("/", 1)[-1].lower()
            zone = _ZONE.fullmatch(place)
            return zone[1] if zone else place
    return session.region


_VERBS = {
    "create": "creating",
    "read": "reading",
    "update": "updating",
    "delete": "deleting",
    "invoke": "calling",
}


def say(refusal: Refusal, verb: str, token: str, name: str, _: Behaviour) -> str:
    """A refusal in the words of the Google provider, with the program's name for the resource in front."""
    what = snake(token.split(":")[-1]).replace("_", " ")
    shown = f"Error {_VERBS[verb]} {what} ({name})"
    if refusal.status == 0:
        return f"{shown}: {refusal.message}"
    return f"{shown}: googleapi: Error {refusal.status}: {refusal.message}, {refusal.code}"
