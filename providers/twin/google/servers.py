"""Servers, disks' schedules, backups, and what VM Manager keeps of them."""

from __future__ import annotations

from collections.abc import Mapping

from providers.twin.behaviour import Behaviour
from providers.twin.google.facts import ZONES
from providers.twin.google.network import named, take_address
from providers.twin.google.words import bad, compute, hold, item, keeps, key, part, protected
from providers.twin.scope import Scope


def _zone(scope: Scope) -> None:
    zone = str(scope.get("zone") or scope.get("location") or "")
    if zone not in ZONES.get(scope.region, ()):
        raise bad(f"'{zone}' is not a zone: {', '.join(ZONES.get(scope.region, ()))}")


def _attach(scope: Scope) -> None:
    """Each interface gets an address of its subnet, and the boot disk its names."""
    subnet = scope.target("networkInterfaces[0].subnetwork")
    if scope.old is None and subnet is not None:
        first = dict((scope.inputs.get("networkInterfaces") or [{}])[0])
        scope.targets["subnetwork"] = subnet
        scope.inputs["_address"] = first.get("networkIp")
        scope.state["networkInterfaces"] = [{**first, "network": subnet.state.get("network")}]
        take_address(scope, "_address")
        scope.state["networkInterfaces"][0]["networkIp"] = scope.state.pop("_address")
        scope.inputs.pop("_address")


def _snapshot(scope: Scope) -> None:
    place = scope.get("snapshotSchedulePolicy.snapshotProperties.storageLocations")
    for wanted in [place] if isinstance(place, str) else place or []:
        if wanted not in ZONES:
            raise bad(f"storage location '{wanted}' is not allowed by constraints/gcp.resourceLocations")


def _retention(scope: Scope) -> None:
    """Backups of a plan stay at least as long as the vault wants them to."""
    vault = scope.target("backupVault")
    if vault is None:
        return
    least = int(str(vault.state.get("backupMinimumEnforcedRetentionDuration", "0s"))[:-1]) // 86_400
    for rule in scope.get("backupRules") or []:
        if int(rule.get("backupRetentionDays") or 0) < least:
            raise bad(
                f"backup retention of {rule.get('backupRetentionDays')} days is below the vault's {least}"
            )


_BACKUP = "projects/{unit}/locations/{location}/"

TABLE: Mapping[str, Behaviour] = {
    "compute.Instance": compute(
        "zones/{zone}/instances/{name}",
        "Instance",
        "name zone hostname bootDisk.initializeParams bootDisk.kmsKeySelfLink canIpForward"
        " networkInterfaces.subnetwork",
        refs=(
            hold("networkInterfaces[].subnetwork", "compute.Subnetwork"),
            hold("serviceAccount.email", "serviceaccount.Account"),
            key("bootDisk.kmsKeySelfLink"),
            hold("bootDisk.initializeParams.resourcePolicies", "compute.ResourcePolicy"),
            hold("resourcePolicies", "compute.ResourcePolicy"),
        ),
        computed={
            "cpuPlatform": "Intel Ice Lake",
            "currentStatus": "RUNNING",
            "instanceId": "{digits19}",
            "creationTimestamp": "{now}",
            "labelFingerprint": "{alnum12}",
            "metadataFingerprint": "{alnum12}",
            "tagsFingerprint": "{alnum12}",
        },
        guards=protected(),
        rules=(named, _zone, _attach, keeps("networkInterfaces")),
    ),
    "compute.ResourcePolicy": compute(
        "regions/{region}/resourcePolicies/{name}",
        "ResourcePolicy",
        "name region snapshotSchedulePolicy instanceSchedulePolicy groupPlacementPolicy",
        rules=(named, _snapshot),
    ),
    "backupdisasterrecovery.BackupVault": item(
        _BACKUP + "backupVaults/{backupVaultId}",
        "backupdr",
        "backupdr:v1:BackupVault",
        "location backupVaultId accessRestriction encryptionConfig",
        autoname="",
        refs=(key("encryptionConfig.kmsKeyName"),),
        computed={
            "name": _BACKUP + "backupVaults/{backupVaultId}",
            "state": "ACTIVE",
            "createTime": "{now}",
            "deletable": lambda _: True,
            "serviceAccount": "bdr-{digits12}@gcp-sa-backupdr.iam.gserviceaccount.com",
            "uid": "{uuid}",
            "etag": "{alnum12}",
        },
    ),
    "backupdisasterrecovery.BackupPlan": item(
        _BACKUP + "backupPlans/{backupPlanId}",
        "backupdr",
        "backupdr:v1:BackupPlan",
        "location backupPlanId resourceType backupVault",
        autoname="",
        refs=(hold("backupVault", "backupdisasterrecovery.BackupVault"),),
        computed={"name": _BACKUP + "backupPlans/{backupPlanId}", "createTime": "{now}"},
        rules=(_retention,),
    ),
    "backupdisasterrecovery.BackupPlanAssociation": item(
        _BACKUP + "backupPlanAssociations/{backupPlanAssociationId}",
        "backupdr",
        "backupdr:v1:BackupPlanAssociation",
        "location backupPlanAssociationId resource resourceType",
        autoname="",
        refs=(
            hold("backupPlan", "backupdisasterrecovery.BackupPlan"),
            part("resource", "compute.Instance", "filestore.Instance"),
        ),
        computed={
            "name": _BACKUP + "backupPlanAssociations/{backupPlanAssociationId}",
            "createTime": "{now}",
        },
    ),
    "osconfig.PatchDeployment": item(
        "projects/{unit}/patchDeployments/{patchDeploymentId}",
        "osconfig",
        "osconfig:v1:PatchDeployment",
        "patchDeploymentId instanceFilter patchConfig duration oneTimeSchedule recurringSchedule rollout"
        " description",
        autoname="",
        everywhere=True,
        computed={"name": "projects/{unit}/patchDeployments/{patchDeploymentId}", "createTime": "{now}"},
    ),
    "osconfig.OsPolicyAssignment": item(
        "projects/{unit}/locations/{location}/osPolicyAssignments/{name}",
        "osconfig",
        "osconfig:v1:OSPolicyAssignment",
        "name location",
        computed={
            "baseline": lambda _: True,
            "rolloutState": "SUCCEEDED",
            "revisionId": "{uuid}",
            "uid": "{uuid}",
        },
        rules=(_zone,),
    ),
}
