"""Derives what Google's published API models say of the resources that the twin knows.

    uv pip install --target DIR google-api-python-client      (only here: users never need it)
    python -m scripts.codegen.google DIR/googleapiclient/discovery_cache/documents
    python -m scripts.codegen.google DOCUMENTS --check        exit code 1 when the file is stale

The discovery documents name every schema's properties, enums, patterns and bounds. What is kept are those
facts, by the SDK's own paths, in `providers/twin/google/models.json`: `limits` is what the twin checks,
`unknown` the SDK's properties that the models do not have under that name (the provider's own, or renamed).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from providers.twin.api import Limit
from providers.twin.google.models import FILE
from providers.twin.google.tables import every
from providers.twin.schema import Catalogue, Property

DEPTH = 7
"""Levels that are followed; the deepest limit of the types we use is at six."""

RENAMED: Mapping[str, str] = {
    "allUpdatesRule": "notificationsRule",
    "allows": "allowed",
    "allows[].protocol": "IPProtocol",
    "bootDisk": "disks",
    "bootDisk.initializeParams.size": "diskSizeGb",
    "bootDisk.initializeParams.type": "diskType",
    "bootDisk.initializeParams.image": "sourceImage",
    "bootDisk.kmsKeySelfLink": "diskEncryptionKey.kmsKeyName",
    "certificateManagerCertificates": "sslCertificates",
    "connectionDrainingTimeoutSec": "connectionDraining.drainingTimeoutSec",
    "denies": "denied",
    "denies[].protocol": "IPProtocol",
    "enableAnalytics": "analyticsEnabled",
    "enableLogging": "logConfig.enable",
    "encryptionKeyName": "diskEncryptionConfiguration.kmsKeyName",
    "interconnectAttachment": "linkedInterconnectAttachment",
    "interface": "interfaceName",
    "ipAddress": "IPAddress",
    "ipProtocol": "IPProtocol",
    "lifecycleRules": "lifecycle.rule",
    "permissions": "includedPermissions",
    "policyData": "policy",
    "publicAccessPrevention": "iamConfiguration.publicAccessPrevention",
    "routingMode": "routingConfig.routingMode",
    "settings.diskAutoresize": "storageAutoResize",
    "settings.diskSize": "dataDiskSizeGb",
    "settings.diskType": "dataDiskType",
    "settings.ipConfiguration.pscConfigs": "pscConfig",
    "uniformBucketLevelAccess": "iamConfiguration.uniformBucketLevelAccess.enabled",
}
"""SDK path → where it is in REST, from the same object, where they differ by more than number and case."""

PLACE = frozenset(
    [
        "accountId",
        "backupPlanAssociationId",
        "backupPlanId",
        "backupVaultId",
        "billingAccount",
        "bucket",
        "bucketId",
        "certificateAuthorityId",
        "cluster",
        "clusterId",
        "configId",
        "feedId",
        "firewallPolicy",
        "gatewaySecurityPolicy",
        "instance",
        "instanceId",
        "keyRing",
        "location",
        "managedZone",
        "parent",
        "patchDeploymentId",
        "pool",
        "project",
        "region",
        "repositoryId",
        "roleId",
        "router",
        "secretId",
        "userId",
        "zone",
    ]
)
"""Parts of the address of the thing: in REST they are in the URL."""

OWN = frozenset(
    [
        "allowStoppingForUpdate",
        "deleteDefaultRoutesOnCreate",
        "deleteSwgAutogenRouterOnDestroy",
        "deletionPolicy",
        "deletionProtection",
        "desiredStatus",
        "forceDelete",
        "forceDestroy",
        "forceUpdate",
        "ignoreActiveCertificatesOnDeletion",
        "instances",
        "ignoreBackupPlanReferences",
        "ignoreInactiveDatasources",
        "skipAwaitRollout",
        "skipGracePeriod",
        "skipInitialVersionCreation",
        "uniqueWriterIdentity",
        "billingProject",
    ]
)
"""The provider's own switches, and what REST takes as parameters of a call."""

EMPTY_TOO = {
    (f"gcp:compute/{name[0].lower()}{name[1:]}:{name}", "loadBalancingScheme")
    for name in ("ForwardingRule", "GlobalForwardingRule")
}
"""Enums that the provider lets be empty, which says that the field is not sent: a private endpoint."""


def documents(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The schemas of each API that a record names, by `service:version`. Raises OSError if one is missing."""
    wanted = {record.api.rsplit(":", 1)[0] for record in every().values() if record.api}
    return {
        api: json.loads((folder / f"{api.replace(':', '.')}.json").read_text(encoding="utf-8"))["schemas"]
        for api in sorted(wanted)
    }


def _member(schemas: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The REST property that the SDK property at `path` becomes."""
    steps = RENAMED.get(path, "").split(".") if path in RENAMED else []
    for step in steps:
        found = schema.get("properties", {}).get(step)
        if found is None:
            break
        schema = schemas[found["$ref"]] if "$ref" in found else found
    else:
        if steps:
            return schema
    members: Mapping[str, Any] = schema.get("properties", {})
    last = path.rsplit(".", 1)[-1]
    by_case = {name.lower(): name for name in members}
    for name in (last, last.removesuffix("s"), f"{last}s", last.removesuffix("es")):
        if name.lower() in by_case:
            return members[by_case[name.lower()]]
    return None


def _limit(found: Mapping[str, Any]) -> Limit | None:
    if found.get("enum"):
        return Limit(values=tuple(found["enum"]))
    if found.get("type") == "string" and found.get("pattern"):
        return Limit(pattern=f"^(?:{found['pattern']})$")
    if found.get("type") == "integer" and ("minimum" in found or "maximum" in found):
        bounds = [float(found[key]) if key in found else None for key in ("minimum", "maximum")]
        return Limit(low=bounds[0], high=bounds[1])
    return None


def _walk(
    schemas: Mapping[str, Any],
    schema: Mapping[str, Any],
    members: Mapping[str, Property],
    above: str,
    depth: int,
) -> Iterator[tuple[str, Limit | None]]:
    """Every path below `members`: with its limit, or with None where the models do not know it."""
    for name, property_ in members.items():
        path = f"{above}.{name}" if above else name
        found = _member(schemas, schema, path)
        if found is None:
            yield path, None
            continue
        type_, here = property_.type, path
        while type_.kind == "list" and type_.item is not None:
            # The SDK has lists of one where the API has an object, and the reverse.
            found = found.get("items", found.get("additionalProperties", found))
            type_, here = type_.item, f"{here}[]"
        if found.get("type") == "array" and type_.kind != "list":
            found = found["items"]
        if "$ref" in found:
            found = schemas[found["$ref"]]
        if type_.kind == "obj" and depth < DEPTH:
            yield from _walk(schemas, found, type_.members, here, depth + 1)
        elif type_.kind in ("str", "enum", "int", "num"):
            limit = _limit(found)
            if limit is not None:
                yield here, limit


def derive(folder: Path) -> dict[str, Any]:
    """Limits and unknown properties of every record that names its API."""
    models, catalogue = documents(folder), Catalogue("pulumi_gcp")
    limits: dict[str, dict[str, Any]] = {}
    unknown: dict[str, list[str]] = {}
    for token, record in sorted(every().items()):
        if not record.api:
            continue
        api, name = record.api.rsplit(":", 1)
        found = list(_walk(models[api], models[api][name], catalogue.resource(token).inputs, "", 0))
        kept = {path: limit.form() for path, limit in found if limit is not None}
        if kept:
            limits[token] = {
                path: [[*form[0], ""], *form[1:]] if (token, path) in EMPTY_TOO else form
                for path, form in sorted(kept.items())
            }
        unknown[token] = sorted(path for path, limit in found if limit is None and path not in PLACE | OWN)
    return {"limits": limits, "unknown": unknown}


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or with --check say whether it is what the documents give."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("documents", type=Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    try:
        made = json.dumps(derive(options.documents), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    except (OSError, KeyError) as error:
        sys.stderr.write(f"{options.documents}: {error}\n")
        return 2
    if options.check:
        return int(FILE.read_text(encoding="utf-8") != made)
    FILE.write_text(made, encoding="utf-8")
    sys.stdout.write(f"{FILE}: {len(made):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
