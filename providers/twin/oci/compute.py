"""Compute and its care: servers, containers, volume backups, patches, scans, sessions, schedules."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from providers.twin.behaviour import Behaviour, Refusal
from providers.twin.oci.facts import FAULT_DOMAINS, FLEXIBLE, domain
from providers.twin.oci.words import hold, name, part, thing, token
from providers.twin.scope import Scope
from providers.wire import Value


def free_address(cidr: str, seed: str) -> str:
    """An address in a subnet's range: OCI keeps the first two and the last for itself."""
    found = ipaddress.IPv4Network(cidr)
    usable = max(found.num_addresses - 3, 1)
    return str(found.network_address + 2 + int(seed, 16) % usable)


def in_subnet(path: str, label: str = "ip") -> Value:
    """A maker: an address in the subnet that the property at `path` names."""

    def maker(scope: Scope) -> Value:
        row = scope.target(path)
        return free_address(str(row.state["cidrBlock"]), scope.hex(12, label)) if row is not None else None

    return maker


def placed(scope: Scope) -> None:
    """The availability domain is one of the tenancy's in this region, the fault domain one of its three."""
    wanted = scope.get("availabilityDomain")
    known = domain(scope.unit, scope.region)
    if wanted is not None and wanted != known:
        raise Refusal("InvalidParameter", f"availabilityDomain '{wanted}' is unknown here; there is {known}")
    fault = scope.inputs.get("faultDomain")
    if fault is not None and fault not in FAULT_DOMAINS:
        raise Refusal("InvalidParameter", f"faultDomain '{fault}' is none of {', '.join(FAULT_DOMAINS)}")


def shaped(scope: Scope) -> None:
    """A flexible shape wants OCPUs, and memory within what they may have."""
    shape, config = str(scope.get("shape")), scope.get("shapeConfig") or {}
    if shape not in FLEXIBLE:
        raise Refusal(
            "InvalidParameter", f"shape '{shape}' is not available; there are {', '.join(FLEXIBLE)}"
        )
    most, low, high = FLEXIBLE[shape]
    count = float(config.get("ocpus") or 0)
    if not 1 <= count <= most:
        raise Refusal("InvalidParameter", f"shapeConfig.ocpus must be between 1 and {most} for {shape}")
    memory = float(config.get("memoryInGbs") or count * 16)
    if not count * low <= memory <= count * high:
        raise Refusal(
            "InvalidParameter",
            f"shapeConfig.memoryInGBs {memory:g} must be between {low} and {high} for each OCPU",
        )


def _boot(scope: Scope) -> None:
    """A server is born with a boot volume and an address."""
    volume = scope.fill("ocid1.bootvolume.oc1.{region}.aaaaaaaa{alnum52boot}")
    details = scope.get("sourceDetails") or {}
    scope.make(
        token("Core.BootVolume"),
        volume,
        {
            "compartmentId": scope.get("compartmentId"),
            "sizeInGbs": str(details.get("bootVolumeSizeInGbs") or "50"),
            "kmsKeyId": details.get("kmsKeyId"),
            "state": "AVAILABLE",
        },
    )
    scope.state["bootVolumeId"] = volume


def _private(scope: Scope) -> None:
    subnet = scope.target("createVnicDetails.subnetId")
    public = str((scope.get("createVnicDetails") or {}).get("assignPublicIp")).lower() == "true"
    if subnet is not None and public and subnet.state.get("prohibitPublicIpOnVnic"):
        raise Refusal("InvalidParameter", f"The subnet {subnet.id} prohibits public IPs on VNICs")


def _vnics(scope: Scope) -> None:
    """Container instances say which network interface each of their vnics became."""
    made = []
    for at, vnic in enumerate(scope.get("vnics") or []):
        subnet = scope.find(token("Core.Subnet"), vnic.get("subnetId"))
        address = vnic.get("privateIp") or (
            free_address(str(subnet.state["cidrBlock"]), scope.hex(12, f"vnic{at}"))
            if subnet is not None
            else None
        )
        id_ = f"ocid1.vnic.oc1.{scope.region}.aaaaaaaa{scope.letters(52, f'vnic{at}')}"
        made.append({**vnic, "vnicId": id_, "privateIp": address})
        scope.make(
            token(VNIC),
            id_,
            {
                "privateIpAddress": address,
                "subnetId": vnic.get("subnetId"),
                "nsgIds": vnic.get("nsgIds") or [],
            },
        )
    scope.state["vnics"] = made
    scope.state["containers"] = [
        {
            **one,
            "containerId": f"ocid1.computecontainer.oc1.{scope.region}.aaaaaaaa{scope.letters(52, f'c{at}')}",
        }
        for at, one in enumerate(scope.get("containers") or [])
    ]


VNIC = "Core.Vnic"


def _volumes(scope: Scope) -> None:
    known = {volume.get("name") for volume in scope.inputs.get("volumes") or []}
    for container in scope.inputs.get("containers") or []:
        for mount in container.get("volumeMounts") or []:
            if mount.get("volumeName") not in known:
                raise Refusal(
                    "InvalidParameter", f"volumeMounts: there is no volume {mount.get('volumeName')}"
                )


def _cron(scope: Scope) -> None:
    if scope.get("recurrenceType") == "CRON" and len(str(scope.get("recurrenceDetails")).split()) != 5:
        raise Refusal("InvalidParameter", "recurrenceDetails is not a cron expression of five fields")
    if not scope.get("resources") and not scope.get("resourceFilters"):
        raise Refusal("InvalidParameter", "either resources or resourceFilters is required")


_SCHEDULED = (
    "Core.Instance",
    "ContainerEngine.ContainerInstance",
    "Psql.DbSystem",
    "Mysql.MysqlDbSystem",
    "Database.AutonomousDatabase",
)

TABLE: Mapping[str, Behaviour] = {
    "Core.Instance": thing(
        "instance",
        state="RUNNING",
        computed={
            "privateIp": in_subnet("createVnicDetails.subnetId"),
            "launchMode": "PARAVIRTUALIZED",
        },
        refs=(
            name("sourceDetails.sourceId", "Core.Image"),
            name("sourceDetails.kmsKeyId", "Kms.Key"),
            hold("createVnicDetails.subnetId", "Core.Subnet"),
            hold("createVnicDetails.nsgIds[]", "Core.NetworkSecurityGroup"),
        ),
        rules=(placed, shaped, _private),
        made=(_boot,),
    ),
    "Core.Image": thing(
        "image",
        outside=r"ocid1\.image\.oc1\.[a-z0-9-]+\.[a-z0-9]+",
        arrival={"state": "AVAILABLE", "displayName": "custom"},
    ),
    "Core.BootVolume": thing("bootvolume", state="AVAILABLE"),
    "Core.VolumeBackupPolicy": thing("volumebackuppolicy"),
    "Core.VolumeBackupPolicyAssignment": thing(
        "volumebackuppolicyassignment",
        refs=(
            part("assetId", "Core.BootVolume", "Core.Volume"),
            hold("policyId", "Core.VolumeBackupPolicy"),
            name("xrcKmsKeyId", "Kms.Key", anywhere=True),
        ),
    ),
    "ContainerEngine.ContainerInstance": thing(
        "computecontainerinstance",
        computed={
            "containerCount": lambda s: len(s.get("containers") or []),
            "volumeCount": lambda s: len(s.get("volumes") or []),
            "tenantId": "{unit}",
        },
        refs=(
            hold("vnics[].subnetId", "Core.Subnet"),
            hold("vnics[].nsgIds[]", "Core.NetworkSecurityGroup"),
            hold("volumes[].export.id", "FileStorage.Export"),
            hold("volumes[].mountTarget.id", "FileStorage.MountTarget"),
        ),
        rules=(placed, shaped, _volumes),
        made=(_vnics,),
    ),
    "OsManagementHub.ManagedInstanceGroup": thing(
        "osmhmanagedinstancegroup",
        computed={"managedInstanceCount": lambda _: 0, "pendingJobCount": lambda _: 0},
        refs=(name("softwareSourceIds[]", "OsManagementHub.SoftwareSource"),),
    ),
    "OsManagementHub.Profile": thing(
        "osmhprofile",
        computed={"profileVersion": "1", "isServiceProvidedProfile": lambda _: False},
        refs=(hold("managedInstanceGroupId", "OsManagementHub.ManagedInstanceGroup"),),
    ),
    "OsManagementHub.ScheduledJob": thing(
        "osmhscheduledjob",
        refs=(name("managedInstanceGroupIds[]", "OsManagementHub.ManagedInstanceGroup"),),
    ),
    "VulnerabilityScanning.HostScanRecipe": thing("vsshostscanrecipe"),
    "VulnerabilityScanning.HostScanTarget": thing(
        "vsshostscantarget",
        refs=(
            hold("hostScanRecipeId", "VulnerabilityScanning.HostScanRecipe"),
            name("targetCompartmentId", "Identity.Compartment"),
        ),
    ),
    "Bastion.Bastion": thing(
        "bastion",
        computed={
            "privateEndpointIpAddress": in_subnet("targetSubnetId"),
            "targetVcnId": lambda s: (r := s.target("targetSubnetId")) and r.state.get("vcnId"),
            "maxSessionsAllowed": lambda _: 20,
        },
        refs=(hold("targetSubnetId", "Core.Subnet"),),
    ),
    "ResourceScheduler.Schedule": thing(
        "resourceschedule",
        refs=(name("resources[].id", *_SCHEDULED),),
        rules=(_cron,),
    ),
}
