"""What a stack is made of, small enough to review: counts by layer and type, and chosen values.

An inventory is read from an exported state. It is what lifecycle tests compare with the YAML files
in `tests/inventory/`, and what the picture of the layers is drawn from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LAYERS: tuple[str, ...] = ("Baseline", "Lgwan", "Iaas", "Paas", "Saas")

CHOSEN: Mapping[str, tuple[str, ...]] = {
    "aws:cloudtrail/trail:Trail": ("enableLogFileValidation", "isMultiRegionTrail"),
    "aws:ec2/vpc:Vpc": ("cidrBlock",),
    "aws:ec2/subnet:Subnet": ("availabilityZone", "cidrBlock", "mapPublicIpOnLaunch"),
    "aws:kms/key:Key": ("enableKeyRotation", "deletionWindowInDays", "region"),
    "aws:rds/instance:Instance": (
        "engine",
        "instanceClass",
        "multiAz",
        "storageEncrypted",
        "manageMasterUserPassword",
        "deletionProtection",
        "backupRetentionPeriod",
    ),
    "aws:rds/cluster:Cluster": (
        "engine",
        "storageEncrypted",
        "manageMasterUserPassword",
        "deletionProtection",
        "backupRetentionPeriod",
    ),
    "aws:lb/loadBalancer:LoadBalancer": ("internal", "enableDeletionProtection"),
    "aws:ec2/instance:Instance": ("instanceType", "associatePublicIpAddress", "disableApiTermination"),
    "aws:directconnect/transitVirtualInterface:TransitVirtualInterface": ("connectionId", "vlan", "bgpAsn"),
    "aws:backup/vault:Vault": ("region",),
    "azure-native:network:VirtualNetwork": ("addressSpace",),
    "azure-native:network:Subnet": ("addressPrefix", "defaultOutboundAccess"),
    "azure-native:network:ExpressRouteCircuit": ("serviceProviderProperties",),
    "azure-native:compute:VirtualMachine": ("hardwareProfile", "zones"),
    "azure-native:storage:StorageAccount": ("sku", "publicNetworkAccess", "allowSharedKeyAccess"),
    "azure-native:dbforpostgresql:Server": ("version", "sku", "backup", "highAvailability"),
    "azure-native:app:ManagedEnvironment": ("workloadProfiles", "publicNetworkAccess", "zoneRedundant"),
    "azure-native:app:ContainerApp": ("workloadProfileName",),
    "azure-native:containerregistry:Registry": ("publicNetworkAccess", "anonymousPullEnabled"),
    "oci:Core/vcn:Vcn": ("cidrBlocks",),
    "oci:Core/subnet:Subnet": ("cidrBlock", "prohibitPublicIpOnVnic", "prohibitInternetIngress"),
    "oci:Core/instance:Instance": ("shape", "shapeConfig", "faultDomain"),
    "oci:Core/virtualCircuit:VirtualCircuit": ("crossConnectMappings", "bandwidthShapeName", "customerAsn"),
    "oci:Kms/vault:Vault": ("vaultType",),
    "oci:Kms/key:Key": ("isAutoRotationEnabled", "protectionMode", "keyShape"),
    "oci:ObjectStorage/bucket:Bucket": ("accessType", "versioning"),
    "oci:LoadBalancer/loadBalancer:LoadBalancer": ("isPrivate", "isDeleteProtectionEnabled"),
    "oci:Psql/dbSystem:DbSystem": ("dbVersion", "shape", "instanceCount", "instanceOcpuCount"),
    "oci:Mysql/mysqlDbSystem:MysqlDbSystem": ("mysqlVersion", "shapeName", "isHighlyAvailable"),
    "oci:Database/autonomousDatabase:AutonomousDatabase": ("dbVersion", "computeCount", "source"),
    "gcp:compute/instance:Instance": ("machineType", "zone", "deletionProtection"),
    "gcp:compute/interconnectAttachment:InterconnectAttachment": ("interconnect", "type", "vlanTag8021q"),
    "gcp:compute/network:Network": ("autoCreateSubnetworks", "deleteDefaultRoutesOnCreate"),
    "gcp:compute/subnetwork:Subnetwork": ("ipCidrRange", "purpose", "region"),
    "gcp:filestore/instance:Instance": ("tier", "location"),
    "gcp:kms/cryptoKey:CryptoKey": ("rotationPeriod",),
    "gcp:sql/databaseInstance:DatabaseInstance": ("databaseVersion", "region", "deletionProtection"),
    "gcp:storage/bucket:Bucket": ("location", "publicAccessPrevention", "uniformBucketLevelAccess"),
}
"""The values that matter most to a reviewer, by type. Everything else is in the state itself."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a state: the layer that made it, its type, its logical name, its inputs."""

    layer: str
    type: str
    name: str
    inputs: Mapping[str, Any]


def resources(state: Mapping[str, Any]) -> Iterator[Resource]:
    """The clouds' own resources in an exported `state`, without components, providers and stack."""
    for resource in state["deployment"].get("resources") or ():
        if not resource.get("custom") or resource["type"].startswith("pulumi:"):
            continue
        chain, name = resource["urn"].split("::")[2:4]
        yield Resource(_layer(chain), resource["type"], name, resource.get("inputs") or {})


def _layer(chain: str) -> str:
    """The layer in a URN's chain of types: `…$jichitai:aws:Baseline$aws:…` is `Baseline`."""
    names = (link.rsplit(":", 1)[-1] for link in chain.split("$") if link.startswith("jichitai:"))
    return next((name for name in names if name in LAYERS), "Tenant")


def inventory(state: Mapping[str, Any]) -> dict[str, Any]:
    """Counts by layer and type, and the chosen values by type and name; plain data, sorted."""
    found = list(resources(state))
    layers = {
        layer: dict(sorted(Counter(r.type for r in found if r.layer == layer).items()))
        for layer in (*LAYERS, "Tenant")
    }
    values: dict[str, dict[str, Any]] = {}
    for resource in sorted(found, key=lambda r: (r.type, r.name)):
        chosen = {
            key: resource.inputs[key] for key in CHOSEN.get(resource.type, ()) if key in resource.inputs
        }
        if chosen:
            values.setdefault(resource.type, {})[resource.name] = chosen
    return {
        "total": len(found),
        "layers": {layer: counts for layer, counts in layers.items() if counts},
        "values": values,
    }
