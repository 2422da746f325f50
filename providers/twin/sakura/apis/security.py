"""KMS and SecretManager (`…/tk1a/api/cloud/1.1`), dedicated storage, security control."""

from __future__ import annotations

import re
from typing import Any, Final

from providers.twin.sakura.faults import bad, conflict, missing
from providers.twin.sakura.place import Place, base, merge_common
from providers.twin.sakura.query import select
from providers.twin.sakura.store import Doc

_KEY: Final = r"/kms/keys/(\d+)"
_VAULT: Final = r"/secretmanager/vaults/(\d+)"


def _page(docs: list[Doc], key: str) -> Any:
    return {"Count": len(docs), "From": 0, "Total": len(docs), key: docs}


def _new(place: Place, given: Doc) -> Doc:
    if not given.get("Name"):
        raise bad("Name is required")
    return {
        "ID": place.store.new_id(),
        "Name": given["Name"],
        "Description": given.get("Description") or "",
        "Tags": list(given.get("Tags") or []),
        "CreatedAt": place.now(),
        "ModifiedAt": place.now(),
    }


def _change(place: Place, doc: Doc, given: Doc) -> None:
    for key in ("Name", "Description", "Tags"):
        if given.get(key) is not None:
            doc[key] = given[key]
    doc["ModifiedAt"] = place.now()


def keys(place: Place) -> Any:
    """GET and POST /kms/keys."""
    if place.method == "GET":
        return _page(place.all("kms", ""), "Keys")
    given = place.part("Key")
    origin = given.get("KeyOrigin") or "generated"
    if origin == "imported" and not given.get("PlainKey"):
        raise bad("PlainKey is required")
    doc = _new(place, given)
    doc |= {"ServiceClass": "cloud/kms/key", "KeyOrigin": origin, "LatestVersion": 1, "Status": "active"}
    return 201, {"Key": place.save("kms", doc, "")}


def key(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /kms/keys/:id."""
    doc = place.find("kms", id_, "")
    if place.method == "DELETE":
        _require_unused(place, id_)
        place.delete("kms", doc, "")
        return 204, None
    if place.method == "PUT":
        _change(place, doc, place.part("Key"))
        place.save("kms", doc, "")
    return {"Key": doc}


def _require_unused(place: Place, id_: str) -> None:
    if any(v["KmsKeyID"] == id_ for v in place.all("vault", "")):
        raise conflict("conflict", "the key is used by a vault")


def key_action(place: Place, id_: str, action: str) -> Any:
    """POST /kms/keys/:id/{rotate,status,schedule-destruction}."""
    doc = place.find("kms", id_, "")
    if action == "rotate":
        doc["LatestVersion"] += 1
    elif action == "status":
        wanted = place.part("Key").get("Status")
        if wanted not in ("active", "restricted", "suspended"):
            raise bad("Status is invalid")
        doc["Status"] = wanted
    else:
        days = int(place.part("Key").get("PendingDays") or 0)
        if not 7 <= days <= 14:
            raise bad("PendingDays must be 7 to 14")
        _require_unused(place, id_)
        doc |= {"Status": "pending_destruction", "_platform": True}
    place.save("kms", doc, "")
    return {"Key": doc}


def vaults(place: Place) -> Any:
    """GET and POST /secretmanager/vaults."""
    if place.method == "GET":
        return _page(place.all("vault", ""), "Vaults")
    given = place.part("Vault")
    key_doc = place.store.get("kms", "", str(given.get("KmsKeyID")))
    if key_doc is None or key_doc["Status"] != "active":
        raise bad("KmsKeyID is invalid")
    doc = _new(place, given)
    doc |= {"KmsKeyID": str(given["KmsKeyID"]), "_secrets": {}}
    return 201, {"Vault": place.save("vault", doc, "")}


def vault(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /secretmanager/vaults/:id."""
    doc = place.find("vault", id_, "")
    if place.method == "DELETE":
        place.delete("vault", doc, "")
        return 204, None
    if place.method == "PUT":
        _change(place, doc, place.part("Vault"))
        place.save("vault", doc, "")
    return {"Vault": doc}


def secrets_of(place: Place, id_: str) -> Any:
    """GET, POST, DELETE /secretmanager/vaults/:id/secrets: the name is in the body."""
    doc = place.find("vault", id_, "")
    held: dict[str, int] = doc["_secrets"]
    if place.method == "GET":
        return _page([{"Name": n, "LatestVersion": v} for n, v in sorted(held.items())], "Secrets")
    name = str(place.part("Secret").get("Name") or "")
    if place.method == "DELETE":
        if held.pop(name, None) is None:
            raise missing()
        doc.get("_values", {}).pop(name, None)
        place.save("vault", doc, "")
        return 204, None
    if not name or "Value" not in place.part("Secret"):
        raise bad("Name and Value are required")
    held[name] = held.get(name, 0) + 1
    # As the service does: a value is kept only as its vault's key has encrypted it.
    sealed = _cipher(place, doc).encrypt(str(place.part("Secret")["Value"]).encode()).decode()
    doc.setdefault("_values", {}).setdefault(name, []).append(sealed)
    place.save("vault", doc, "")
    return 201, {"Secret": {"Name": name, "LatestVersion": held[name]}}


def unveil(place: Place, id_: str) -> Any:
    """POST /secretmanager/vaults/:id/secrets/unveil."""
    doc = place.find("vault", id_, "")
    given = place.part("Secret")
    name = str(given.get("Name") or "")
    values = doc.get("_values", {}).get(name)
    if not values:
        raise missing()
    version = int(given.get("Version") or len(values))
    if not 1 <= version <= len(values):
        raise missing()
    value = _cipher(place, doc).decrypt(values[version - 1].encode()).decode()
    return {"Secret": {"Name": name, "Version": version, "Value": value}}


def _cipher(place: Place, vault_doc: Doc) -> Any:
    """The vault's key at work. Refused (409) while it is not active."""
    from cryptography.fernet import Fernet

    key_doc = place.find("kms", vault_doc["KmsKeyID"], "")
    if key_doc["Status"] != "active":
        raise conflict("conflict", "the key is not active")
    if "_material" not in key_doc:
        key_doc["_material"] = Fernet.generate_key().decode()
        place.save("kms", key_doc, "")
    return Fernet(key_doc["_material"])


# --- dedicated storage
# ------------------------------------------------------------------------------------------------


def contracts(place: Place) -> Any:
    """GET and POST /dedicatedstoragecontract."""
    if place.method == "GET":
        found, start, total = select(place.all("dedicatedstorage", ""), place.query)
        return {"From": start, "Count": len(found), "Total": total, "DedicatedStorageContracts": found}
    given = place.part("DedicatedStorageContract")
    doc = base(place, given)
    doc |= {
        "Plan": {"ID": (given.get("Plan") or {}).get("ID"), "Name": "専有ストレージ"},
        "Storage": {"ID": 1},
    }
    return 201, {"DedicatedStorageContract": place.save("dedicatedstorage", doc, "")}


def contract(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /dedicatedstoragecontract/:id."""
    doc = place.find("dedicatedstorage", id_, "")
    if place.method == "DELETE":
        place.delete("dedicatedstorage", doc, "")
    elif place.method == "PUT":
        merge_common(place, doc, place.part("DedicatedStorageContract"))
        place.save("dedicatedstorage", doc, "")
    return {"DedicatedStorageContract": doc}


CLOUD_ROUTES: Final = (
    (("GET", "POST"), re.compile("/kms/keys"), keys),
    (("GET", "PUT", "DELETE"), re.compile(_KEY), key),
    (("POST",), re.compile(_KEY + "/(rotate|status|schedule-destruction)"), key_action),
    (("GET", "POST"), re.compile("/secretmanager/vaults"), vaults),
    (("GET", "PUT", "DELETE"), re.compile(_VAULT), vault),
    (("GET", "POST", "DELETE"), re.compile(_VAULT + "/secrets"), secrets_of),
    (("POST",), re.compile(_VAULT + "/secrets/unveil"), unveil),
    (("GET", "POST"), re.compile("/dedicatedstoragecontract"), contracts),
    (("GET", "PUT", "DELETE"), re.compile(r"/dedicatedstoragecontract/(\d+)"), contract),
)

# --- security control
# -------------------------------------------------------------------------------------------------

_ZONED: Final = (
    "server-no-public-ip",
    "disk-encryption-enabled",
    "dba-encryption-enabled",
    "dba-no-public-ip",
    "nosql-encryption-enabled",
    "addon-threat-detection-enabled",
)
_RULES: Final = (
    *_ZONED,
    "objectstorage-bucket-acl-changed",
    "objectstorage-bucket-encryption-enabled",
    "elb-logging-enabled",
    "iam-member-operation-detected",
    "addon-datalake-no-public-access",
    "addon-dwh-no-public-access",
    "addon-threat-detections",
    "addon-vulnerability-detections",
)


def activation(place: Place) -> Any:
    """GET, POST, PUT /activation."""
    doc = place.store.get("activation", "", "1")
    if place.method == "GET":
        if doc is None:
            raise missing()
        return doc
    given = place.body if isinstance(place.body, dict) else {}
    if not given.get("servicePrincipalId"):
        raise bad("servicePrincipalId is required")
    if place.store.get("iam/service-principals", "", str(given["servicePrincipalId"])) is None:
        raise bad("the service principal does not exist")
    if place.method == "POST":
        if doc is not None:
            raise conflict("conflict", "security control is activated already")
        doc = {"ID": "1", "isActive": True, "automatedActionLimit": 10}
    elif doc is None:
        raise missing()
    doc |= {
        "servicePrincipalId": str(given["servicePrincipalId"]),
        "isActive": bool(given.get("isActive", True)),
        "_platform": True,
    }
    return (201 if place.method == "POST" else 200), place.store.put("activation", "", "1", doc)


def _rule(place: Place, id_: str) -> Doc:
    if id_ not in _RULES:
        raise missing()
    found = place.store.get("evaluationrule", "", id_)
    return found or {
        "rule": {"evaluationRuleId": id_},
        "description": id_,
        "iamRolesRequired": ["resource-viewer"],
        "isEnabled": False,
    }


def rules(place: Place) -> Any:
    """GET /evaluation_rules."""
    return {"items": [_rule(place, r) for r in _RULES]}


def rule(place: Place, id_: str) -> Any:
    """GET and PUT /evaluation_rules/:id."""
    doc = _rule(place, id_)
    if place.method == "PUT":
        given = place.body if isinstance(place.body, dict) else {}
        parameter = (given.get("rule") or {}).get("parameter") or {}
        if parameter.get("zones") and id_ not in _ZONED:
            raise bad("zones do not go with this rule")
        doc |= {
            "rule": {"evaluationRuleId": id_, **({"parameter": parameter} if parameter else {})},
            "isEnabled": bool(given.get("isEnabled")),
        }
        place.store.put("evaluationrule", "", id_, {**doc, "_platform": not doc["isEnabled"]})
    return doc


def actions(place: Place) -> Any:
    """GET and POST /automated_actions."""
    if place.method == "GET":
        return {"items": place.all("automatedaction", "")}
    given = place.body if isinstance(place.body, dict) else {}
    for name in ("name", "action", "executionCondition"):
        if not given.get(name):
            raise bad(f"{name} is required")
    id_ = place.store.new_id()
    doc = {
        **given,
        "automatedActionId": id_,
        "createdAt": place.now(),
        "isEnabled": bool(given.get("isEnabled", True)),
    }
    return 201, place.store.put("automatedaction", "", id_, doc)


def action(place: Place, id_: str) -> Any:
    """GET, PUT, DELETE /automated_actions/:id."""
    doc = place.find("automatedaction", id_, "")
    if place.method == "DELETE":
        place.store.remove("automatedaction", "", id_)
        return 204, None
    if place.method == "PUT":
        doc |= {k: v for k, v in (place.body or {}).items() if k not in ("automatedActionId", "createdAt")}
        place.store.put("automatedaction", "", id_, doc)
    return doc


CONTROL_ROUTES: Final = (
    (("GET", "POST", "PUT"), re.compile("/activation"), activation),
    (("GET",), re.compile("/evaluation_rules"), rules),
    (("GET", "PUT"), re.compile(r"/evaluation_rules/([\w-]+)"), rule),
    (("GET", "POST"), re.compile("/automated_actions"), actions),
    (("GET", "PUT", "DELETE"), re.compile(r"/automated_actions/(\d+)"), action),
)
