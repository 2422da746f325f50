"""What an Azure provider's configuration means, and what the subscription's policies allow."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from providers.twin.azure.words import location_of
from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.scope import Session
from providers.wire import Value

DOMESTIC = ("japaneast", "japanwest")
GLOBAL = "global"
DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)")


def session(configuration: Mapping[str, Value]) -> Session:
    """The session for a provider's configuration."""
    unit = str(configuration.get("subscriptionId") or DEFAULT_SUBSCRIPTION)
    if not _UUID.fullmatch(unit):
        raise Refusal("subscriptionId", f"{unit!r} is not a subscription id: a UUID is expected")
    return Session(unit.lower(), location_of(configuration.get("location")) or DOMESTIC[0], partition="azure")


def tenant_of(unit: str) -> str:
    """The Entra tenant that a subscription trusts: the agency's, one for all units."""
    del unit
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, "govcloud.example.go.jp"))


def principal_of(id_: str) -> str:
    """The object id of a managed identity in Entra ID."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"principal:{id_}"))


def client_of(id_: str) -> str:
    """The client (application) id of a managed identity."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"client:{id_}"))


def admit(session: Session, region: str, operation: str) -> None:
    """Refuses what the policies above a ガバメントクラウド subscription refuse: locations outside Japan."""
    del operation
    if region in (GLOBAL, *DOMESTIC):
        return
    raise Refusal(
        "RequestDisallowedByPolicy",
        f"Resource was disallowed by policy. Policy identifiers: 'Allowed locations'. Location '{region}'"
        f" is not allowed in subscription {session.unit}; allowed: {', '.join(DOMESTIC)}.",
        403,
    )


def home(session: Session, behaviour: Behaviour, inputs: Mapping[str, Value]) -> str:
    """Where a resource lives: its own location; what has none belongs to its parent or to the whole."""
    del session, behaviour
    location = inputs.get("location")
    return location_of(location) if isinstance(location, str) and location else GLOBAL


def foreign(value: str, unit: str) -> bool:
    """Whether an id is in another subscription."""
    found = _SUBSCRIPTION.match(value)
    return found is not None and found[1].lower() != unit.lower()


def report(state: dict[str, Value]) -> None:
    """Identities are given as a list of ids, and reported as a map with what Entra ID calls them."""
    identity = state.get("identity")
    if not isinstance(identity, dict):
        return
    given = identity.get("userAssignedIdentities")
    if isinstance(given, (list, dict)):
        known = {
            str(id_): {"principalId": principal_of(str(id_)), "clientId": client_of(str(id_))}
            for id_ in given
        }
        state["identity"] = {**identity, "userAssignedIdentities": known}


def say(refusal: Refusal, verb: str, token: str, name: str, behaviour: Behaviour) -> str:
    """A refusal in the words of azure-native: what the service answered, as it answered."""
    del behaviour
    if refusal.status == 0:
        return f"{verb} {token} ({name}): {refusal.code}: {refusal.message}"
    return (
        f"{verb} {token} ({name}): autorest/azure: Service returned an error. Status={refusal.status}"
        f' Code="{refusal.code}" Message="{refusal.message}"'
    )
