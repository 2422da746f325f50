"""Answers to Google functions (Pulumi invokes), out of the store and the facts of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from providers.twin.behaviour import Refusal
from providers.twin.cloud import Call, Function
from providers.twin.google.facts import BILLING, GLOBAL, ORGANISATION, ZONES
from providers.twin.google.identity import KEY_GONE, RING_GONE, project_number
from providers.twin.google.words import token
from providers.twin.store import Row
from providers.wire import Value


def _own(call: Call, argument: str = "project") -> str:
    """The project that is asked about: this one, for of others nothing can be seen."""
    wanted = str(call.arguments.get(argument) or call.session.unit).removeprefix("projects/")
    if wanted not in (call.session.unit, project_number(call.session.unit)):
        raise Refusal("forbidden", f"The caller does not have permission on project '{wanted}'", 403)
    return call.session.unit


def _project(call: Call) -> dict[str, Value]:
    unit = _own(call, "projectId")
    return {
        "id": f"projects/{unit}",
        "projectId": unit,
        "name": unit,
        "number": project_number(unit),
        "billingAccount": BILLING,
        "orgId": ORGANISATION.split("/")[1],
        "autoCreateNetwork": True,
        "deletionPolicy": "PREVENT",
    }


def _client(call: Call) -> dict[str, Value]:
    return {
        "project": call.session.unit,
        "region": call.session.region,
        "zone": ZONES.get(call.session.region, ("",))[0],
        "defaultLabels": dict(call.session.default_tags),
        "id": f"projects/{call.session.unit}",
    }


def _storage_agent(call: Call) -> dict[str, Value]:
    address = f"service-{project_number(_own(call))}@gs-project-accounts.iam.gserviceaccount.com"
    return {"emailAddress": address, "member": f"serviceAccount:{address}", "id": address}


def _log_keys(call: Call) -> dict[str, Value]:
    unit = _own(call)
    return {
        "id": f"projects/{unit}/cmekSettings",
        "name": f"projects/{unit}/cmekSettings",
        "serviceAccountId": f"cmek-p{project_number(unit)}@gcp-sa-logging.iam.gserviceaccount.com",
    }


def _rows(call: Call, kind: str, region: str = GLOBAL) -> list[Row]:
    found = call.store.rows(cloud="gcp", unit=call.session.unit, region=region, type_=kind)
    return sorted(found, key=lambda row: row.id)


def _networks(call: Call) -> dict[str, Value]:
    unit = _own(call)
    names = [row.state.get("name") for row in _rows(call, token("compute.Network"))]
    return {"networks": names, "id": f"projects/{unit}", "selfLink": f"projects/{unit}/global/networks"}


def _zones(call: Call) -> dict[str, Value]:
    region = str(call.arguments.get("region") or call.session.region)
    return {"names": list(ZONES.get(region, ())), "id": f"projects/{call.session.unit}/regions/{region}"}


def _rings(call: Call) -> dict[str, Value]:
    unit, place = _own(call), str(call.arguments["location"])
    rows = [row for kind in (token("kms.KeyRing"), RING_GONE) for row in _rows(call, kind, place)]
    return {
        "id": f"projects/{unit}/locations/{place}/keyRings",
        "keyRings": [{"id": row.id, "name": row.id} for row in rows],
    }


def _keys(call: Call) -> dict[str, Value]:
    """The keys of a ring; those that were destroyed are still there, and say so."""
    ring = str(call.arguments["keyRing"])
    place = ring.split("/")[3]
    found: list[dict[str, Value]] = []
    for kind, state in ((token("kms.CryptoKey"), "ENABLED"), (KEY_GONE, "DESTROY_SCHEDULED")):
        for row in _rows(call, kind, place):
            if row.id.startswith(f"{ring}/cryptoKeys/"):
                primary = {"name": f"{row.id}/cryptoKeyVersions/1", "state": state}
                found.append({"id": row.id, "name": row.state.get("name"), "primaries": [primary]})
    return {"id": ring, "keys": found}


_ANSWERS: Mapping[str, Callable[[Call], dict[str, Value]]] = {
    "gcp:organizations/getProject:getProject": _project,
    "gcp:organizations/getClientConfig:getClientConfig": _client,
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": _storage_agent,
    "gcp:logging/getProjectCmekSettings:getProjectCmekSettings": _log_keys,
    "gcp:compute/getNetworks:getNetworks": _networks,
    "gcp:compute/getZones:getZones": _zones,
    "gcp:kms/getKeyRings:getKeyRings": _rings,
    "gcp:kms/getCryptoKeys:getCryptoKeys": _keys,
}


def function(name: str) -> Function | None:
    """The answer to a function token, None when the twin does not model it."""
    return _ANSWERS.get(name)


def every() -> tuple[str, ...]:
    """All functions by token."""
    return tuple(_ANSWERS)
