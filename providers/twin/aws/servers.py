"""EC2 instances, launch templates, volumes and Auto Scaling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import free_address
from providers.twin.aws.endpoints import make_interface
from providers.twin.aws.identity import key
from providers.twin.aws.images import image_ids
from providers.twin.aws.words import hold, name, not_found, part, props
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_EC2: Final = "arn:{partition}:ec2:{region}:{unit}:"


def _image(scope: Scope) -> None:
    for path in ("ami", "imageId"):
        image = scope.inputs.get(path)
        if image and not str(image).startswith("resolve:") and image not in image_ids(scope.region):
            raise Refusal("InvalidAMIID.NotFound", f"The image id '[{image}]' does not exist")


def _same_network(scope: Scope) -> None:
    subnet = scope.target("subnetId")
    if subnet is None:
        return
    for path, row in scope.targets.items():
        if path.startswith("vpcSecurityGroupIds[") and row.state.get("vpcId") != subnet.state.get("vpcId"):
            raise Refusal(
                "InvalidGroup.NotFound",
                f"The security group '{row.id}' does not exist in VPC '{subnet.state.get('vpcId')}'",
            )


def _from_subnet(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("subnetId")
        return row.state.get(field) if row is not None else None

    return maker


def _instance_address(scope: Scope) -> str:
    row = scope.target("subnetId")
    return free_address(row.state["cidrBlock"], scope.hex(12)) if row is not None else "172.31.0.10"


def _root(scope: Scope) -> Value:
    return {
        "volumeId": f"vol-0{scope.hex(16, 'root')}",
        "volumeSize": 8,
        "volumeType": "gp3",
        "encrypted": False,
        "deleteOnTermination": True,
        "deviceName": "/dev/xvda",
    }


def _instance_made(scope: Scope) -> None:
    """The root volume's number, and the interface that keeps the subnet."""
    root = scope.state.get("rootBlockDevice")
    if isinstance(root, dict):
        scope.state["rootBlockDevice"] = {**_root(scope), **root}
    for device in scope.state.get("ebsBlockDevices") or []:
        device.setdefault("volumeId", f"vol-0{scope.hex(16, str(device.get('deviceName')))}")
    if scope.get("subnetId"):
        scope.state["primaryNetworkInterfaceId"] = make_interface(
            scope, str(scope.get("subnetId")), "primary", scope.get("vpcSecurityGroupIds") or [], ""
        )


def _instance_reading(scope: Scope) -> None:
    if scope.state.get("availabilityZone") in scope.lost("zone"):
        scope.state["instanceState"] = "stopped"


def _next_version(scope: Scope) -> int:
    return int((scope.old.state.get("latestVersion") or 0) + 1) if scope.old is not None else 1


def _default_version(scope: Scope) -> None:
    if scope.inputs.get("updateDefaultVersion"):
        scope.state["defaultVersion"] = scope.state.get("latestVersion")


TABLE: Mapping[str, Behaviour] = {
    "ec2.Instance": Behaviour(
        id="i-{hex17}",
        arn=_EC2 + "instance/{id}",
        api="ec2:RunInstances",
        autoname="",
        defaults={
            "sourceDestCheck": True,
            "monitoring": False,
            "disableApiTermination": False,
            "disableApiStop": False,
            "ebsOptimized": False,
            "tenancy": "default",
            "instanceInitiatedShutdownBehavior": "stop",
            "getPasswordData": False,
            "hibernation": False,
        },
        computed={
            "availabilityZone": _from_subnet("availabilityZone"),
            "privateIp": _instance_address,
            "instanceState": "running",
            "rootBlockDevice": _root,
            "privateDns": lambda s: (
                f"ip-{str(s.get('privateIp')).replace('.', '-')}.{s.region}.compute.internal"
            ),
            "metadataOptions": lambda _: {
                "httpEndpoint": "enabled",
                "httpTokens": "required",
                "httpPutResponseHopLimit": 2,
                "instanceMetadataTags": "disabled",
                "httpProtocolIpv6": "disabled",
            },
        },
        fixed=props(
            "ami availabilityZone subnetId keyName placementGroup tenancy hostId privateIp"
            " rootBlockDevice.encrypted rootBlockDevice.kmsKeyId ebsBlockDevices"
        ),
        refs=(
            hold("subnetId", "ec2.Subnet"),
            hold("vpcSecurityGroupIds[]", "ec2.SecurityGroup"),
            name(
                "iamInstanceProfile",
                "iam.InstanceProfile",
                missing=Answer(
                    "InvalidParameterValue",
                    "Value ({value}) for parameter iamInstanceProfile.name is invalid. Invalid IAM"
                    " Instance Profile name",
                ),
            ),
            key("rootBlockDevice.kmsKeyId"),
            key("ebsBlockDevices[].kmsKeyId"),
            name("launchTemplate.id", "ec2.LaunchTemplate"),
            name("launchTemplate.name", "ec2.LaunchTemplate"),
        ),
        rules=(_image, _same_network),
        made=(_instance_made,),
        reading=(_instance_reading,),
        missing=not_found("InvalidInstanceID.NotFound", "instance ID"),
        guards=(
            Guard(
                "disableApiTermination",
                Answer(
                    "OperationNotPermitted",
                    "The instance '{id}' may not be terminated. Modify its 'disableApiTermination'"
                    " instance attribute and try again.",
                ),
            ),
        ),
    ),
    "ec2.LaunchTemplate": Behaviour(
        id="lt-{hex17}",
        arn=_EC2 + "launch-template/{id}",
        api="ec2:CreateLaunchTemplate",
        computed={"latestVersion": _next_version, "defaultVersion": lambda _: 1},
        fresh=props("latestVersion"),
        fixed=props("name namePrefix"),
        rules=(_image,),
        changed=(_default_version,),
        handles=("{name}",),
        refs=(
            name("vpcSecurityGroupIds[]", "ec2.SecurityGroup"),
            name("iamInstanceProfile.name", "iam.InstanceProfile"),
            name("iamInstanceProfile.arn", "iam.InstanceProfile"),
            key("blockDeviceMappings[].ebs.kmsKeyId"),
            name("networkInterfaces[].securityGroups[]", "ec2.SecurityGroup"),
            name("networkInterfaces[].subnetId", "ec2.Subnet"),
        ),
        unique=(
            Unique(
                "launch-template",
                "{name}",
                Answer(
                    "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."
                ),
            ),
        ),
        missing=Answer(
            "InvalidLaunchTemplateId.NotFound",
            "The specified launch template, with template ID {value}, does not exist.",
        ),
    ),
    "ec2.VolumeAttachment": Behaviour(
        id="vai-{digits10}",
        autoname="",
        fixed=props("deviceName instanceId volumeId"),
        refs=(part("instanceId", "ec2.Instance"), hold("volumeId", "ebs.Volume")),
    ),
    "ec2.InstanceMetadataDefaults": Behaviour(
        id="{region}", api="ec2:ModifyInstanceMetadataDefaults", autoname="", put=True
    ),
    "ec2.SerialConsoleAccess": Behaviour(id="{region}", autoname="", put=True, defaults={"enabled": True}),
    "ec2.ImageBlockPublicAccess": Behaviour(id="{region}", autoname="", put=True),
    "ec2.VpcBlockPublicAccessOptions": Behaviour(
        id="{region}",
        api="ec2:ModifyVpcBlockPublicAccessOptions",
        autoname="",
        put=True,
        computed={"awsAccountId": "{unit}", "awsRegion": "{region}"},
    ),
    "ebs.EncryptionByDefault": Behaviour(id="{region}", autoname="", put=True, defaults={"enabled": True}),
    "ebs.DefaultKmsKey": Behaviour(
        id="{keyArn}", autoname="", put=True, fixed=props("keyArn"), refs=(key("keyArn"),)
    ),
    "ebs.SnapshotBlockPublicAccess": Behaviour(id="{region}", autoname="", put=True),
    "ebs.Volume": Behaviour(
        id="vol-{hex17}",
        arn=_EC2 + "volume/{id}",
        api="ec2:CreateVolume",
        autoname="",
        computed={"type": "gp2", "encrypted": lambda _: False, "size": lambda _: 8, "createTime": "{now}"},
        fixed=props("availabilityZone encrypted kmsKeyId snapshotId multiAttachEnabled"),
        refs=(key("kmsKeyId"),),
        missing=not_found("InvalidVolume.NotFound", "volume"),
        in_use=Answer("VolumeInUse", "Volume {id} is currently attached to {value}"),
    ),
    "autoscaling.Group": Behaviour(
        arn="arn:{partition}:autoscaling:{region}:{unit}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
        api="autoscaling:CreateAutoScalingGroup",
        fixed=props("name namePrefix"),
        handles=("{name}",),
        computed={
            "desiredCapacity": lambda s: s.get("minSize"),
            "healthCheckType": "EC2",
            "defaultCooldown": lambda _: 300,
            "serviceLinkedRoleArn": "arn:{partition}:iam::{unit}:role/aws-service-role"
            "/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        },
        refs=(
            hold("vpcZoneIdentifiers[]", "ec2.Subnet"),
            hold("launchTemplate.id", "ec2.LaunchTemplate"),
            hold("targetGroupArns[]", "lb.TargetGroup"),
        ),
        unique=(
            Unique(
                "asg",
                "{name}",
                Answer(
                    "AlreadyExists",
                    "AutoScalingGroup by this name already exists - A group with the name {value}"
                    " already exists",
                ),
            ),
        ),
        missing=Answer("ValidationError", "AutoScalingGroup name not found - {value}"),
    ),
    "autoscaling.Schedule": Behaviour(
        id="{scheduledActionName}",
        arn="arn:{partition}:autoscaling:{region}:{unit}:scheduledUpdateGroupAction:{uuid}"
        ":autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}",
        autoname="",
        put=True,
        fixed=props("autoscalingGroupName scheduledActionName"),
        refs=(part("autoscalingGroupName", "autoscaling.Group"),),
    ),
    "autoscaling.Policy": Behaviour(
        arn="arn:{partition}:autoscaling:{region}:{unit}:scalingPolicy:{uuid}:autoScalingGroupName"
        "/{autoscalingGroupName}:policyName/{name}",
        fixed=props("name autoscalingGroupName"),
        refs=(part("autoscalingGroupName", "autoscaling.Group"),),
    ),
}
