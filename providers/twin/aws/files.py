"""EFS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import free_address
from providers.twin.aws.endpoints import make_interface
from providers.twin.aws.identity import key
from providers.twin.aws.policies import policy
from providers.twin.aws.words import hold, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Refusal
from providers.twin.scope import Scope
from providers.wire import Value

_EFS: Final = "arn:{partition}:elasticfilesystem:{region}:{unit}:"


_NO_SYSTEM: Final = Answer("FileSystemNotFound", "File system '{value}' does not exist.", 404)


def _mount_zone(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("subnetId")
        return row.state.get(field) if row is not None else None

    return maker


def _mount_address(scope: Scope) -> str:
    row = scope.target("subnetId")
    return free_address(row.state["cidrBlock"], scope.hex(12)) if row is not None else ""


def _one_target_a_zone(scope: Scope) -> None:
    system, subnet = scope.target("fileSystemId"), scope.target("subnetId")
    if system is None or subnet is None or scope.old is not None:
        return
    for row in scope.store.linked(system.rid):
        if row.type == token("efs.MountTarget") and row.state.get("availabilityZoneName") == subnet.state.get(
            "availabilityZone"
        ):
            raise Refusal("MountTargetConflict", "mount target already exists in this AZ", 409)


def _mount_made(scope: Scope) -> None:
    groups = scope.get("securityGroups") or []
    subnet = str(scope.get("subnetId"))
    scope.state["networkInterfaceId"] = make_interface(
        scope, subnet, "eni", groups, f"EFS mount target {scope.id}"
    )


def _system_arn(scope: Scope) -> str:
    return scope.fill(_EFS + "file-system/{fileSystemId}")


TABLE: Mapping[str, Behaviour] = {
    "efs.FileSystem": Behaviour(
        id="fs-{hex17}",
        arn=_EFS + "file-system/{id}",
        api="efs:CreateFileSystem",
        autoname="",
        defaults={"performanceMode": "generalPurpose", "throughputMode": "bursting", "encrypted": False},
        computed={
            "dnsName": "{id}.efs.{region}.amazonaws.com",
            "ownerId": "{unit}",
            "creationToken": "terraform-{alnum26}",
            "protection": lambda _: {"replicationOverwrite": "ENABLED"},
        },
        fixed=props("encrypted kmsKeyId performanceMode creationToken availabilityZoneName"),
        refs=(key("kmsKeyId"),),
        missing=_NO_SYSTEM,
        in_use=Answer("FileSystemInUse", "The file system '{id}' is in use: {value}", 409),
    ),
    "efs.MountTarget": Behaviour(
        id="fsmt-{hex17}",
        api="efs:CreateMountTarget",
        autoname="",
        computed={
            "availabilityZoneName": _mount_zone("availabilityZone"),
            "availabilityZoneId": _mount_zone("availabilityZoneId"),
            "dnsName": "{fileSystemId}.efs.{region}.amazonaws.com",
            "ipAddress": _mount_address,
            "ownerId": "{unit}",
            "mountTargetDnsName": "{availabilityZoneName}.{fileSystemId}.efs.{region}.amazonaws.com",
            "fileSystemArn": _system_arn,
            "ipAddressType": "IPV4_ONLY",
        },
        fixed=props("fileSystemId subnetId ipAddress ipAddressType"),
        rules=(_one_target_a_zone,),
        made=(_mount_made,),
        refs=(
            hold("fileSystemId", "efs.FileSystem"),
            hold("subnetId", "ec2.Subnet"),
            hold("securityGroups[]", "ec2.SecurityGroup"),
        ),
        delete_first=True,
    ),
    "efs.AccessPoint": Behaviour(
        id="fsap-{hex17}",
        arn=_EFS + "access-point/{id}",
        api="efs:CreateAccessPoint",
        autoname="",
        computed={"ownerId": "{unit}", "fileSystemArn": _system_arn},
        fixed=props("fileSystemId posixUser rootDirectory"),
        refs=(part("fileSystemId", "efs.FileSystem"),),
    ),
    "efs.BackupPolicy": Behaviour(
        id="{fileSystemId}",
        autoname="",
        put=True,
        fixed=props("fileSystemId"),
        refs=(part("fileSystemId", "efs.FileSystem"),),
    ),
    "efs.FileSystemPolicy": Behaviour(
        id="{fileSystemId}",
        autoname="",
        put=True,
        fixed=props("fileSystemId"),
        refs=(part("fileSystemId", "efs.FileSystem"),),
        rules=(policy("policy", "resource", "InvalidPolicyException"),),
    ),
    "efs.ReplicationConfiguration": Behaviour(
        id="{sourceFileSystemId}",
        autoname="",
        fixed=props("sourceFileSystemId destination"),
        refs=(hold("sourceFileSystemId", "efs.FileSystem"),),
        computed={
            "creationTime": "{now}",
            "sourceFileSystemRegion": "{region}",
            "sourceFileSystemArn": _EFS + "file-system/{sourceFileSystemId}",
            "originalSourceFileSystemArn": _EFS + "file-system/{sourceFileSystemId}",
        },
    ),
}
