"""Answers to OCI functions (Pulumi invokes), out of the store and the facts of the tenancy."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from providers.twin.behaviour import Refusal
from providers.twin.cloud import Call, Function
from providers.twin.oci import facts
from providers.twin.oci.compute import VNIC
from providers.twin.oci.network import RESOLVER
from providers.twin.oci.words import token
from providers.twin.store import Row
from providers.wire import Value


def _rows(call: Call, kind: str) -> list[Row]:
    found = call.store.rows(cloud="oci", unit=call.session.unit, region=call.region, type_=token(kind))
    return list(found)


def _one(call: Call, kind: str, value: Value) -> Row:
    """The resource with this id; the refusal of OCI when there is none."""
    row = next((row for row in _rows(call, kind) if row.id == value), None)
    if row is None:
        raise Refusal(
            "NotAuthorizedOrNotFound", f"Authorization failed or requested resource not found: {value}", 404
        )
    return row


def _regions(call: Call) -> dict[str, Value]:
    return {
        "id": call.session.unit,
        "regionSubscriptions": [
            {
                "isHomeRegion": name == facts.HOME,
                "regionKey": key,
                "regionName": name,
                "state": "READY",
                "tenancyId": call.session.unit,
            }
            for name, key in facts.DOMESTIC.items()
        ],
    }


def _domains(call: Call) -> dict[str, Value]:
    name = facts.domain(call.session.unit, call.region)
    return {
        "id": name,
        "availabilityDomains": [
            {
                "name": name,
                "id": facts.ocid("availabilitydomain", name),
                "compartmentId": call.arguments.get("compartmentId"),
            }
        ],
    }


def _namespace(call: Call) -> dict[str, Value]:
    name = facts.namespace(call.session.unit)
    return {"id": name, "namespace": name}


def _services(call: Call) -> dict[str, Value]:
    return {
        "id": call.region,
        "services": [
            {"id": row.id, **{k: row.state.get(k) for k in ("name", "cidrBlock", "description")}}
            for row in _rows(call, "Core.Service")
        ],
    }


def _carriers(call: Call) -> dict[str, Value]:
    """The providers that FastConnect has in Japan, as far as something of ours asks for them."""
    offers = (("Microsoft Azure", "ExpressRoute"), ("Equinix", "FABRIC"), ("Megaport", "Service"))
    return {
        "id": call.region,
        "compartmentId": call.arguments.get("compartmentId"),
        "fastConnectProviderServices": [
            {
                "id": facts.ocid("providerservice", f"{provider}/{service}"),
                "providerName": provider,
                "providerServiceName": service,
                "type": "LAYER3" if provider == "Microsoft Azure" else "LAYER2",
                "privatePeeringBgpManagement": "CUSTOMER_MANAGED",
                "providerServiceKeyManagement": "PROVIDER_MANAGED",
                "supportedVirtualCircuitTypes": ["PRIVATE"],
            }
            for provider, service in offers
        ],
    }


def _resolver(call: Call) -> dict[str, Value]:
    vcn = call.arguments.get("vcnId")
    row = next((row for row in _rows(call, RESOLVER) if row.state.get("attachedVcnId") == vcn), None)
    if row is None:
        raise Refusal("NotAuthorizedOrNotFound", f"The VCN {vcn} has no resolver", 404)
    return {"id": str(vcn), "vcnId": vcn, "dnsResolverId": row.id, "state": "AVAILABLE"}


def _images(call: Call) -> dict[str, Value]:
    wanted = {
        key: call.arguments[key]
        for key in ("operatingSystem", "operatingSystemVersion")
        if key in call.arguments
    }
    found = [
        {"id": row.id, **row.state}
        for row in _rows(call, "Core.Image")
        if all(row.state.get(key) == value for key, value in wanted.items())
    ]
    return {"id": call.region, "images": found}


def _instance(call: Call) -> dict[str, Value]:
    row = _one(call, "Core.Instance", call.arguments.get("instanceId"))
    # Only plain values: in answers of OCI's functions nested ones are lists of one.
    plain = {key: value for key, value in row.state.items() if not isinstance(value, (dict, list))}
    return {**plain, "id": row.id, "instanceId": row.id}


def _vnic(call: Call) -> dict[str, Value]:
    row = _one(call, VNIC, call.arguments.get("vnicId"))
    return {**row.state, "id": row.id, "vnicId": row.id, "state": "AVAILABLE", "isPrimary": True}


def _private_ips(call: Call) -> dict[str, Value]:
    wanted = {key: call.arguments[key] for key in ("subnetId", "ipAddress") if call.arguments.get(key)}
    found = [
        {"id": row.id, **row.state}
        for row in _rows(call, "Core.PrivateIp")
        if all(row.state.get(key) == value for key, value in wanted.items())
    ]
    return {"id": call.region, "privateIps": found}


def _bundle(call: Call) -> dict[str, Value]:
    """A secret's value: made up for each secret, never stored."""
    row = _one(call, "Vault.Secret", call.arguments.get("secretId"))
    value = f"Aa1#{facts.letters(row.id, 26)}"
    content = base64.b64encode(value.encode()).decode()
    return {
        "id": row.id,
        "secretId": row.id,
        "versionNumber": "1",
        "secretBundleContents": [{"content": content, "contentType": "BASE64"}],
    }


def _listed(kind: str, key: str) -> Function:
    """The answer of the services that list collections of items: everything of `kind`."""

    def answer(call: Call) -> dict[str, Value]:
        items = [{"id": row.id, **row.state} for row in _rows(call, kind)]
        return {"id": call.region, key: [{"items": items}]}

    return answer


_FUNCTIONS: Mapping[str, Function] = {
    "Identity/getRegionSubscriptions": _regions,
    "Identity/getAvailabilityDomains": _domains,
    "ObjectStorage/getNamespace": _namespace,
    "Core/getServices": _services,
    "Core/getFastConnectProviderServices": _carriers,
    "Core/getCnvDnsResolverAssociation": _resolver,
    "Core/getImages": _images,
    "Core/getInstance": _instance,
    "Core/getVnic": _vnic,
    "Core/getPrivateIps": _private_ips,
    "Secrets/getSecretbundle": _bundle,
    "OsManagementHub/getSoftwareSources": _listed(
        "OsManagementHub.SoftwareSource", "softwareSourceCollections"
    ),
    "CloudGuard/getDetectorRecipes": _listed("CloudGuard.ManagedDetectorRecipe", "detectorRecipeCollections"),
    "CloudGuard/getResponderRecipes": _listed(
        "CloudGuard.ManagedResponderRecipe", "responderRecipeCollections"
    ),
    "CloudGuard/getSecurityPolicies": _listed("CloudGuard.SecurityPolicy", "securityPolicyCollections"),
}


def function(name: str) -> Function | None:
    """The answer to `oci:Core/getServices:getServices` and the like, None when the twin does not model it."""
    return _FUNCTIONS.get(name.removeprefix("oci:").rsplit(":", 1)[0])
