"""Servers, containers, load balancers, registries, schedules and Systems Manager."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from providers.twin.aws.cidr import free_address
from providers.twin.aws.facts import IMAGES, LOAD_BALANCER_ZONES
from providers.twin.aws.identity import key, role
from providers.twin.aws.images import image_ids
from providers.twin.aws.network import make_interface
from providers.twin.aws.policies import policy
from providers.twin.aws.words import hold, name, not_found, part, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.twin.wire import Value

_EC2: Final = "arn:{partition}:ec2:{region}:{unit}:"
_ELB: Final = "arn:{partition}:elasticloadbalancing:{region}:{unit}:"
_ECS: Final = "arn:{partition}:ecs:{region}:{unit}:"
_NO_CLUSTER: Final = Answer("ClusterNotFoundException", "Cluster not found.")
_NO_REPOSITORY: Final = Answer("RepositoryNotFoundException", "The repository with name '{value}' does not exist in the registry with id '{unit}'")
_NO_BALANCER: Final = Answer("LoadBalancerNotFound", "One or more load balancers not found: {value}")
_NO_GROUP: Final = Answer("TargetGroupNotFound", "One or more target groups not found: {value}")
_NO_LISTENER: Final = Answer("ListenerNotFound", "One or more listeners not found: {value}")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# EC2


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
            raise Refusal("InvalidGroup.NotFound", f"The security group '{row.id}' does not exist in VPC '{subnet.state.get('vpcId')}'")


def _from_subnet(field: str) -> Value:
    def maker(scope: Scope) -> Value:
        row = scope.target("subnetId")
        return row.state.get(field) if row is not None else None

    return maker


def _instance_address(scope: Scope) -> str:
    row = scope.target("subnetId")
    return free_address(row.state["cidrBlock"], scope.hex(12)) if row is not None else "172.31.0.10"


def _root(scope: Scope) -> Value:
    return {"volumeId": f"vol-0{scope.hex(16, 'root')}", "volumeSize": 8, "volumeType": "gp3", "encrypted": False,
            "deleteOnTermination": True, "deviceName": "/dev/xvda"}


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


# Load balancers


def _balancer_kind(scope: Scope) -> str:
    return {"network": "net", "gateway": "gwy"}.get(str(scope.get("loadBalancerType")), "app")


def _balancer_arn(scope: Scope) -> str:
    return scope.fill(_ELB + f"loadbalancer/{_balancer_kind(scope)}/{{name}}/{{hex16}}")


def _after(text: Value, mark: str) -> str:
    return str(text).split(mark, 1)[-1]


def _balancer_dns(scope: Scope) -> str:
    inside = "internal-" if scope.get("internal") else ""
    if _balancer_kind(scope) == "net":
        return scope.fill("{name}-{hex16}.elb.{region}.amazonaws.com")
    return inside + scope.fill("{name}-{digits10}.{region}.elb.amazonaws.com")


def _balancer_zone(scope: Scope) -> Value:
    zones = LOAD_BALANCER_ZONES.get(scope.region)
    return zones[_balancer_kind(scope) == "net"] if zones else None


def _balancer_vpc(scope: Scope) -> Value:
    row = scope.target("subnets") or scope.target("subnetMappings")
    return row.state.get("vpcId") if row is not None else None


def _two_zones(scope: Scope) -> None:
    zones = [row.state.get("availabilityZone") for path, row in scope.targets.items() if path.startswith(("subnets[", "subnetMappings["))]
    if _balancer_kind(scope) == "app" and len(set(zones)) < 2:
        raise Refusal("ValidationError", "At least two subnets in two different Availability Zones must be specified")
    if len(zones) != len(set(zones)):
        raise Refusal("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
    if len(str(scope.get("name"))) > 32 or str(scope.get("name")).startswith("internal-"):
        raise Refusal("ValidationError", f"Load balancer name '{scope.get('name')}' is not valid: at most 32 characters, not beginning with internal-")


def _balancer_made(scope: Scope) -> None:
    subnets = scope.all("subnets[]") or scope.all("subnetMappings[].subnetId")
    scope.state.setdefault("subnets", subnets)
    for at, subnet in enumerate(subnets):
        make_interface(scope, subnet, f"elb{at}", scope.get("securityGroups") or [], f"ELB {scope.state['arnSuffix']}")


def _listener(scope: Scope) -> None:
    if scope.get("protocol") in ("HTTPS", "TLS") and not scope.inputs.get("certificateArn"):
        raise Refusal("ValidationError", f"A certificate must be specified for {scope.get('protocol')} listeners")
    certificate = scope.target("certificateArn")
    if certificate is not None and certificate.state.get("status") != "ISSUED" and not _is_validated(scope, certificate.rid):
        raise Refusal("UnsupportedCertificate", f"The certificate '{certificate.id}' must have a fully-qualified domain name, a supported signature, and a supported key size.")


def _is_validated(scope: Scope, certificate: int) -> bool:
    return any(row.type == token("acm.CertificateValidation") for row in scope.store.linked(certificate))


def _listener_arn(scope: Scope) -> str:
    return str(scope.get("loadBalancerArn")).replace(":loadbalancer/", ":listener/") + f"/{scope.hex(16)}"


def _ssl(scope: Scope) -> Value:
    return "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09" if scope.get("protocol") in ("HTTPS", "TLS") else None


def _rule_priority(scope: Scope) -> Value:
    return int(scope.hex(3), 16) + 1


def _health(scope: Scope) -> Value:
    return {"enabled": True, "healthyThreshold": 5, "interval": 30, "path": "/", "port": "traffic-port", "protocol": "HTTP",
            "timeout": 5, "unhealthyThreshold": 2, "matcher": "200"}


# Containers


def _containers(scope: Scope) -> None:
    text = scope.inputs.get("containerDefinitions")
    try:
        found = json.loads(str(text))
        names = [container["name"] for container in found]
        images = [container["image"] for container in found]
    except (ValueError, TypeError, KeyError):
        raise Refusal("ClientException", "Container definitions must be a JSON list of objects with a name and an image.") from None
    if not names or len(names) != len(set(names)) or not all(images):
        raise Refusal("ClientException", "Container definitions need unique names and images.")
    if "FARGATE" in (scope.inputs.get("requiresCompatibilities") or []):
        if scope.inputs.get("networkMode") != "awsvpc":
            raise Refusal("ClientException", "When networkMode=awsvpc is not set, requiresCompatibilities FARGATE is not allowed.")
        pair = (str(scope.inputs.get("cpu")), int(float(str(scope.inputs.get("memory") or 0))))
        if pair[0] not in _FARGATE or pair[1] not in _FARGATE[pair[0]]:
            raise Refusal("ClientException", "No Fargate configuration exists for given values: " f"{pair[0]} CPU, {pair[1]} memory.")


_FARGATE: Mapping[str, frozenset[int]] = {
    # "Amazon ECS task definition parameters for Fargate": task size.
    "256": frozenset({512, 1024, 2048}),
    "512": frozenset(range(1024, 4097, 1024)),
    "1024": frozenset(range(2048, 8193, 1024)),
    "2048": frozenset(range(4096, 16385, 1024)),
    "4096": frozenset(range(8192, 30721, 1024)),
    "8192": frozenset(range(16384, 61441, 4096)),
    "16384": frozenset(range(32768, 122881, 8192)),
}


def _revision(scope: Scope) -> Value:
    family = str(scope.get("family"))
    revisions = [int(row.state.get("revision") or 0) for row in scope.rows(token("ecs.TaskDefinition")) if row.state.get("family") == family]
    return max(revisions, default=0) + 1


def _task_arn(scope: Scope) -> str:
    scope.state["revision"] = _revision(scope)
    scope.state["arnWithoutRevision"] = scope.fill(_ECS + "task-definition/{family}")
    return f"{scope.state['arnWithoutRevision']}:{scope.state['revision']}"


def _cluster_name(scope: Scope) -> str:
    row = scope.target("cluster")
    return row.state.get("name", "default") if row is not None else "default"


def _service_arn(scope: Scope) -> str:
    return scope.fill(_ECS + f"service/{_cluster_name(scope)}/{{name}}")


def _service(scope: Scope) -> None:
    task = scope.target("taskDefinition")
    if task is not None and task.state.get("networkMode") == "awsvpc" and not scope.inputs.get("networkConfiguration"):
        raise Refusal("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    for at, balancer in enumerate(scope.inputs.get("loadBalancers") or []):
        group = scope.target(f"loadBalancers[{at}].targetGroupArn")
        if group is not None and not any(row.type in (token("lb.Listener"), token("lb.ListenerRule")) for row in scope.store.linked(group.rid)):
            raise Refusal("InvalidParameterException", f"The target group with targetGroupArn {balancer['targetGroupArn']} does not have an associated load balancer.")


def _forced(scope: Scope) -> None:
    if scope.inputs.get("forceDelete"):
        scope.state["images"] = 0


# Systems Manager and schedules


def _json(path: str, code: str) -> Value:
    def rule(scope: Scope) -> None:
        if scope.get("documentFormat") in ("YAML", "TEXT"):
            return
        try:
            json.loads(str(scope.inputs.get(path)))
        except ValueError:
            raise Refusal(code, f"the {path} is not valid JSON") from None

    return rule


def _parameter_arn(scope: Scope) -> str:
    value = str(scope.get("name"))
    return scope.fill("arn:{partition}:ssm:{region}:{unit}:parameter") + (value if value.startswith("/") else f"/{value}")


def _bump(scope: Scope) -> Value:
    return int((scope.old.state.get("version") or 0) + 1) if scope.old is not None else 1


def _window(scope: Scope) -> None:
    if int(scope.get("cutoff") or 0) >= int(scope.get("duration") or 0):
        raise Refusal("ValidationException", "Cutoff must be less than Duration")


def _secure_only(scope: Scope) -> None:
    if scope.get("type") == "StringList" and str(scope.inputs.get("value") or "x") == "":
        raise Refusal("ValidationException", "Parameter value can't be empty")


_TASK_WINDOW = Answer("DoesNotExistException", "Maintenance window {value} does not exist")


TABLE: Mapping[str, Behaviour] = {
    "ec2.Instance": Behaviour(
        id="i-{hex17}", arn=_EC2 + "instance/{id}", api="ec2:RunInstances", autoname="",
        defaults={"sourceDestCheck": True, "monitoring": False, "disableApiTermination": False, "disableApiStop": False, "ebsOptimized": False, "tenancy": "default",
                  "instanceInitiatedShutdownBehavior": "stop", "getPasswordData": False, "hibernation": False},
        computed={
            "availabilityZone": _from_subnet("availabilityZone"), "privateIp": _instance_address, "instanceState": "running", "rootBlockDevice": _root,
            "privateDns": lambda s: f"ip-{str(s.get('privateIp')).replace('.', '-')}.{s.region}.compute.internal",
            "metadataOptions": lambda _: {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 2, "instanceMetadataTags": "disabled", "httpProtocolIpv6": "disabled"},
        },
        fixed=_set("ami availabilityZone subnetId keyName placementGroup tenancy hostId privateIp rootBlockDevice.encrypted rootBlockDevice.kmsKeyId ebsBlockDevices"),
        refs=(hold("subnetId", "ec2.Subnet"), hold("vpcSecurityGroupIds[]", "ec2.SecurityGroup"), name("iamInstanceProfile", "iam.InstanceProfile", missing=Answer(
            "InvalidParameterValue", "Value ({value}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")),
            key("rootBlockDevice.kmsKeyId"), key("ebsBlockDevices[].kmsKeyId"), name("launchTemplate.id", "ec2.LaunchTemplate"), name("launchTemplate.name", "ec2.LaunchTemplate")),
        rules=(_image, _same_network), made=(_instance_made,), reading=(_instance_reading,), missing=not_found("InvalidInstanceID.NotFound", "instance ID"),
        guards=(Guard("disableApiTermination", Answer("OperationNotPermitted", "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.")),),
    ),
    "ec2.LaunchTemplate": Behaviour(
        id="lt-{hex17}", arn=_EC2 + "launch-template/{id}", api="ec2:CreateLaunchTemplate", computed={"latestVersion": _next_version, "defaultVersion": lambda _: 1}, fresh=_set("latestVersion"),
        fixed=_set("name namePrefix"), rules=(_image,), changed=(_default_version,), handles=("{name}",),
        refs=(name("vpcSecurityGroupIds[]", "ec2.SecurityGroup"), name("iamInstanceProfile.name", "iam.InstanceProfile"), name("iamInstanceProfile.arn", "iam.InstanceProfile"),
              key("blockDeviceMappings[].ebs.kmsKeyId"), name("networkInterfaces[].securityGroups[]", "ec2.SecurityGroup"), name("networkInterfaces[].subnetId", "ec2.Subnet")),
        unique=(Unique("launch-template", "{name}", Answer("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")),),
        missing=Answer("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID {value}, does not exist."),
    ),
    "ec2.VolumeAttachment": Behaviour(id="vai-{digits10}", autoname="", fixed=_set("deviceName instanceId volumeId"), refs=(part("instanceId", "ec2.Instance"), hold("volumeId", "ebs.Volume"))),
    "ec2.InstanceMetadataDefaults": Behaviour(id="{region}", api="ec2:ModifyInstanceMetadataDefaults", autoname="", put=True),
    "ec2.SerialConsoleAccess": Behaviour(id="{region}", autoname="", put=True, defaults={"enabled": True}),
    "ec2.ImageBlockPublicAccess": Behaviour(id="{region}", autoname="", put=True),
    "ec2.VpcBlockPublicAccessOptions": Behaviour(id="{region}", api="ec2:ModifyVpcBlockPublicAccessOptions", autoname="", put=True, computed={"awsAccountId": "{unit}", "awsRegion": "{region}"}),
    "ebs.EncryptionByDefault": Behaviour(id="{region}", autoname="", put=True, defaults={"enabled": True}),
    "ebs.DefaultKmsKey": Behaviour(id="{keyArn}", autoname="", put=True, fixed=_set("keyArn"), refs=(key("keyArn"),)),
    "ebs.SnapshotBlockPublicAccess": Behaviour(id="{region}", autoname="", put=True),
    "ebs.Volume": Behaviour(
        id="vol-{hex17}", arn=_EC2 + "volume/{id}", api="ec2:CreateVolume", autoname="", computed={"type": "gp2", "encrypted": lambda _: False, "size": lambda _: 8, "createTime": "{now}"},
        fixed=_set("availabilityZone encrypted kmsKeyId snapshotId multiAttachEnabled"), refs=(key("kmsKeyId"),), missing=not_found("InvalidVolume.NotFound", "volume"),
        in_use=Answer("VolumeInUse", "Volume {id} is currently attached to {value}"),
    ),
    "lb.LoadBalancer": Behaviour(
        id="{arn}", arn=_balancer_arn, api="elbv2:CreateLoadBalancer", defaults={"loadBalancerType": "application", "enableDeletionProtection": False, "idleTimeout": 60, "enableHttp2": True},
        computed={"arnSuffix": lambda s: _after(s.get("arn"), ":loadbalancer/"), "dnsName": _balancer_dns, "zoneId": _balancer_zone, "vpcId": _balancer_vpc, "ipAddressType": "ipv4", "internal": lambda _: False},
        fixed=_set("name namePrefix internal loadBalancerType"), rules=(_two_zones,), made=(_balancer_made,),
        refs=(hold("subnets[]", "ec2.Subnet"), hold("subnetMappings[].subnetId", "ec2.Subnet"), hold("securityGroups[]", "ec2.SecurityGroup"),
              name("accessLogs.bucket", "s3.Bucket", missing=Answer("InvalidConfigurationRequest", "Access Denied for bucket: {value}. Please check S3bucket permission"))),
        unique=(Unique("lb", "{name}", Answer("DuplicateLoadBalancerName", "A load balancer with the same name '{value}' exists, but with different settings")),),
        guards=(Guard("enableDeletionProtection", Answer("OperationNotPermitted", "Load balancer '{id}' cannot be deleted because deletion protection is enabled")),),
        missing=_NO_BALANCER, in_use=Answer("ResourceInUse", "Load balancer '{id}' is currently in use by another service"),
    ),
    "lb.TargetGroup": Behaviour(
        id="{arn}", arn=_ELB + "targetgroup/{name}/{hex16}", api="elbv2:CreateTargetGroup", defaults={"targetType": "instance", "deregistrationDelay": 300, "slowStart": 0},
        computed={"arnSuffix": lambda s: "targetgroup/" + _after(s.get("arn"), ":targetgroup/"), "healthCheck": _health, "protocolVersion": lambda s: "HTTP1" if s.get("protocol") in ("HTTP", "HTTPS") else None,
                  "loadBalancingAlgorithmType": "round_robin", "ipAddressType": "ipv4", "loadBalancingCrossZoneEnabled": "use_load_balancer_configuration"},
        fixed=_set("name namePrefix port protocol protocolVersion targetType vpcId ipAddressType"), refs=(hold("vpcId", "ec2.Vpc"),),
        unique=(Unique("tg", "{name}", Answer("DuplicateTargetGroupName", "A target group with the same name '{value}' exists, but with different settings")),),
        missing=_NO_GROUP, in_use=Answer("ResourceInUse", "Target group '{id}' is currently in use by a listener or a rule"),
    ),
    "lb.Listener": Behaviour(
        id="{arn}", arn=_listener_arn, api="elbv2:CreateListener", autoname="", computed={"sslPolicy": _ssl, "protocol": "HTTP"}, fixed=_set("loadBalancerArn"), rules=(_listener,),
        refs=(part("loadBalancerArn", "lb.LoadBalancer", missing=_NO_BALANCER), hold("defaultActions[].targetGroupArn", "lb.TargetGroup", missing=_NO_GROUP),
              hold("defaultActions[].forward.targetGroups[].arn", "lb.TargetGroup", missing=_NO_GROUP),
              hold("certificateArn", "acm.Certificate", missing=Answer("CertificateNotFound", "Certificate ARN '{value}' is not valid"))),
        unique=(Unique("listener:{loadBalancerArn}", "{port}", Answer("DuplicateListener", "A listener already exists on this port for this load balancer '{loadBalancerArn}'")),), missing=_NO_LISTENER,
    ),
    "lb.ListenerRule": Behaviour(
        id="{arn}", arn=lambda s: str(s.get("listenerArn")).replace(":listener/", ":listener-rule/") + f"/{s.hex(16)}", api="elbv2:CreateRule", autoname="", computed={"priority": _rule_priority}, fixed=_set("listenerArn"),
        refs=(part("listenerArn", "lb.Listener", missing=_NO_LISTENER), hold("actions[].targetGroupArn", "lb.TargetGroup", missing=_NO_GROUP)),
        unique=(Unique("rule:{listenerArn}", "{priority}", Answer("PriorityInUse", "Priority '{value}' is currently in use")),),
    ),
    "lb.ListenerCertificate": Behaviour(id="{listenerArn}_{certificateArn}", autoname="", fixed=_set("listenerArn certificateArn"), refs=(part("listenerArn", "lb.Listener", missing=_NO_LISTENER), hold("certificateArn", "acm.Certificate"))),
    "lb.TargetGroupAttachment": Behaviour(
        id="{targetGroupArn}-{alnum26}", api="elbv2:RegisterTargets", autoname="", fixed=_set("targetGroupArn targetId port availabilityZone"), refs=(part("targetGroupArn", "lb.TargetGroup", missing=_NO_GROUP),),
    ),
    "ecs.Cluster": Behaviour(
        id="{arn}", arn=_ECS + "cluster/{name}", api="ecs:CreateCluster", fixed=_set("name"), computed={"settings": lambda _: [{"name": "containerInsights", "value": "disabled"}]}, handles=("{name}",),
        exists=Answer("InvalidParameterException", "Cluster {value} exists"), in_use=Answer("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."), missing=_NO_CLUSTER,
        refs=(key("configuration.executeCommandConfiguration.kmsKeyId"),),
    ),
    "ecs.ClusterCapacityProviders": Behaviour(id="{clusterName}", autoname="", put=True, fixed=_set("clusterName"), refs=(part("clusterName", "ecs.Cluster", missing=_NO_CLUSTER),)),
    "ecs.CapacityProvider": Behaviour(id="{arn}", arn=_ECS + "capacity-provider/{name}", fixed=_set("name autoScalingGroupProvider.autoScalingGroupArn"), refs=(hold("autoScalingGroupProvider.autoScalingGroupArn", "autoscaling.Group"),)),
    "ecs.TaskDefinition": Behaviour(
        id="{family}", arn=_task_arn, api="ecs:RegisterTaskDefinition", autoname="", put=True, rules=(_containers,), handles=("{family}:{revision}", "{arnWithoutRevision}"),
        fixed=_set("containerDefinitions family cpu memory networkMode executionRoleArn taskRoleArn requiresCompatibilities volumes runtimePlatform ephemeralStorage placementConstraints pidMode ipcMode proxyConfiguration"),
        refs=(role("executionRoleArn"), role("taskRoleArn"), name("volumes[].efsVolumeConfiguration.fileSystemId", "efs.FileSystem")),
        missing=Answer("ClientException", "Unable to describe task definition {value}."),
    ),
    "ecs.Service": Behaviour(
        id=_service_arn, arn=_service_arn, api="ecs:CreateService", rules=(_service,), defaults={"desiredCount": 0, "schedulingStrategy": "REPLICA", "deploymentMaximumPercent": 200, "deploymentMinimumHealthyPercent": 100},
        computed={"cluster": _ECS + "cluster/default", "launchType": "EC2", "platformVersion": lambda s: "LATEST" if s.get("launchType") == "FARGATE" else None, "iamRole": "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
                  "availabilityZoneRebalancing": "ENABLED"},
        fixed=_set("name cluster launchType schedulingStrategy enableEcsManagedTags"),
        refs=(hold("cluster", "ecs.Cluster", missing=_NO_CLUSTER), name("taskDefinition", "ecs.TaskDefinition"), hold("networkConfiguration.subnets[]", "ec2.Subnet"),
              hold("networkConfiguration.securityGroups[]", "ec2.SecurityGroup"), hold("loadBalancers[].targetGroupArn", "lb.TargetGroup", missing=_NO_GROUP)),
        unique=(Unique("service:{cluster}", "{name}", Answer("InvalidParameterException", "Creation of service was not idempotent.")),),
        missing=Answer("ServiceNotFoundException", "Service not found."),
    ),
    "ecr.Repository": Behaviour(
        arn="arn:{partition}:ecr:{region}:{unit}:repository/{name}", api="ecr:CreateRepository", defaults={"imageTagMutability": "MUTABLE", "forceDelete": False},
        computed={"registryId": "{unit}", "repositoryUrl": "{unit}.dkr.ecr.{region}.amazonaws.com/{name}"}, fixed=_set("name encryptionConfigurations"), refs=(key("encryptionConfigurations[].kmsKey"),), handles=("{name}",),
        unique=(Unique("repository", "{name}", Answer("RepositoryAlreadyExistsException", "The repository with name '{value}' already exists in the registry with id '{unit}'")),), missing=_NO_REPOSITORY,
        gone=(_forced,), guards=(),
    ),
    "ecr.LifecyclePolicy": Behaviour(id="{repository}", autoname="", put=True, computed={"registryId": "{unit}"}, fixed=_set("repository policy"), refs=(part("repository", "ecr.Repository", missing=_NO_REPOSITORY),), rules=(_json("policy", "InvalidParameterException"),)),
    "ecr.RepositoryPolicy": Behaviour(id="{repository}", autoname="", put=True, computed={"registryId": "{unit}"}, fixed=_set("repository"), refs=(part("repository", "ecr.Repository", missing=_NO_REPOSITORY),)),
    "ecr.RegistryPolicy": Behaviour(id="{unit}", autoname="", put=True, computed={"registryId": "{unit}"}),
    "ecr.RegistryScanningConfiguration": Behaviour(id="{unit}", api="ecr:PutRegistryScanningConfiguration", autoname="", put=True, computed={"registryId": "{unit}"}),
    "ecr.ReplicationConfiguration": Behaviour(id="{unit}", autoname="", put=True, computed={"registryId": "{unit}"}),
    "ecr.PullThroughCacheRule": Behaviour(id="{ecrRepositoryPrefix}", autoname="", computed={"registryId": "{unit}"}, fixed=_set("ecrRepositoryPrefix upstreamRegistryUrl"), exists=Answer("PullThroughCacheRuleAlreadyExistsException", "A pull through cache rule {value} exists")),
    "autoscaling.Group": Behaviour(
        arn="arn:{partition}:autoscaling:{region}:{unit}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}", api="autoscaling:CreateAutoScalingGroup", fixed=_set("name namePrefix"), handles=("{name}",),
        computed={"desiredCapacity": lambda s: s.get("minSize"), "healthCheckType": "EC2", "defaultCooldown": lambda _: 300, "serviceLinkedRoleArn": "arn:{partition}:iam::{unit}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"},
        refs=(hold("vpcZoneIdentifiers[]", "ec2.Subnet"), hold("launchTemplate.id", "ec2.LaunchTemplate"), hold("targetGroupArns[]", "lb.TargetGroup")),
        unique=(Unique("asg", "{name}", Answer("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name {value} already exists")),), missing=Answer("ValidationError", "AutoScalingGroup name not found - {value}"),
    ),
    "autoscaling.Schedule": Behaviour(id="{scheduledActionName}", arn="arn:{partition}:autoscaling:{region}:{unit}:scheduledUpdateGroupAction:{uuid}:autoScalingGroupName/{autoscalingGroupName}:scheduledActionName/{scheduledActionName}", autoname="", put=True, fixed=_set("autoscalingGroupName scheduledActionName"), refs=(part("autoscalingGroupName", "autoscaling.Group"),)),
    "autoscaling.Policy": Behaviour(arn="arn:{partition}:autoscaling:{region}:{unit}:scalingPolicy:{uuid}:autoScalingGroupName/{autoscalingGroupName}:policyName/{name}", fixed=_set("name autoscalingGroupName"), refs=(part("autoscalingGroupName", "autoscaling.Group"),)),
    "appautoscaling.Target": Behaviour(
        id="{resourceId}", arn="arn:{partition}:application-autoscaling:{region}:{unit}:scalable-target/{hex34}", api="application-autoscaling:RegisterScalableTarget", autoname="", put=True,
        computed={"roleArn": "arn:{partition}:iam::{unit}:role/aws-service-role/{serviceNamespace}.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling"},
        fixed=_set("resourceId scalableDimension serviceNamespace"), missing=Answer("ObjectNotFoundException", "No scalable target registered for {value}"),
    ),
    "appautoscaling.Policy": Behaviour(id="{name}", arn="arn:{partition}:autoscaling:{region}:{unit}:scalingPolicy:{uuid}:resource/{serviceNamespace}/{resourceId}:policyName/{name}", fixed=_set("name resourceId scalableDimension serviceNamespace"), refs=(part("resourceId", "appautoscaling.Target"),), defaults={"policyType": "StepScaling"}),
    "appautoscaling.ScheduledAction": Behaviour(
        id="{name}-{serviceNamespace}-{resourceId}", arn="arn:{partition}:autoscaling:{region}:{unit}:scheduledAction:{uuid}:resource/{serviceNamespace}/{resourceId}:scheduledActionName/{name}", api="application-autoscaling:PutScheduledAction", put=True,
        fixed=_set("name resourceId scalableDimension serviceNamespace"), refs=(part("resourceId", "appautoscaling.Target"),), defaults={"timezone": "UTC"},
    ),
    "lambda.Function": Behaviour(
        arn="arn:{partition}:lambda:{region}:{unit}:function:{name}", api="lambda:CreateFunction", handles=("{name}",), defaults={"memorySize": 128, "timeout": 3, "packageType": "Zip", "publish": False, "reservedConcurrentExecutions": -1},
        computed={"invokeArn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations", "qualifiedArn": "{arn}:$LATEST", "version": "$LATEST", "lastModified": "{now}", "architectures": lambda _: ["x86_64"], "codeSha256": "{alnum44}"},
        fixed=_set("name packageType"), refs=(role("role"), hold("vpcConfig.subnetIds[]", "ec2.Subnet"), hold("vpcConfig.securityGroupIds[]", "ec2.SecurityGroup"), key("kmsKeyArn"), name("s3Bucket", "s3.Bucket")),
        unique=(Unique("function", "{name}", Answer("ResourceConflictException", "Function already exist: {value}", 409)),), missing=Answer("ResourceNotFoundException", "Function not found: {value}", 404),
    ),
    "lambda.Permission": Behaviour(id="{statementId}", autoname="", computed={"statementId": "terraform-{alnum26}"}, fixed=_set("statementId action function principal sourceArn sourceAccount"), refs=(part("function", "lambda.Function"),)),
    "lambda.EventSourceMapping": Behaviour(id="{uuid}", arn="arn:{partition}:lambda:{region}:{unit}:event-source-mapping:{id}", autoname="", computed={"uuid": "{id}", "state": "Enabled", "functionArn": lambda s: (row := s.target("functionName")) and row.state.get("arn"), "lastModified": "{now}"}, fixed=_set("eventSourceArn"), refs=(part("functionName", "lambda.Function"),)),
    "resourcegroups.Group": Behaviour(
        arn="arn:{partition}:resource-groups:{region}:{unit}:group/{name}", api="resource-groups:CreateGroup", fixed=_set("name"), exists=Answer("BadRequestException", "Group {value} already exists"),
    ),
    "scheduler.ScheduleGroup": Behaviour(
        arn="arn:{partition}:scheduler:{region}:{unit}:schedule-group/{name}", api="scheduler:CreateScheduleGroup", fixed=_set("name namePrefix"), computed={"creationDate": "{now}", "lastModificationDate": "{now}", "state": "ACTIVE"},
        exists=Answer("ConflictException", "Schedule group {value} already exists.", 409), missing=Answer("ResourceNotFoundException", "Schedule group {value} does not exist.", 404),
    ),
    "scheduler.Schedule": Behaviour(
        id="{groupName}/{name}", arn="arn:{partition}:scheduler:{region}:{unit}:schedule/{groupName}/{name}", api="scheduler:CreateSchedule", defaults={"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
        computed={"actionAfterCompletion": "NONE"}, fixed=_set("name namePrefix groupName"), refs=(part("groupName", "scheduler.ScheduleGroup"), role("target.roleArn"), key("kmsKeyArn")),
        exists=Answer("ConflictException", "Schedule {value} already exists.", 409),
    ),
    "ssm.PatchBaseline": Behaviour(
        id="pb-{hex17}", arn="arn:{partition}:ssm:{region}:{unit}:patchbaseline/{id}", api="ssm:CreatePatchBaseline", defaults={"operatingSystem": "WINDOWS", "approvedPatchesComplianceLevel": "UNSPECIFIED"}, computed={"rejectedPatchesAction": "ALLOW_AS_DEPENDENCY"},
        fixed=_set("operatingSystem"), in_use=Answer("ResourceInUseException", "Patch baseline {id} is in use by {value}"), missing=Answer("DoesNotExistException", "Patch baseline {value} does not exist."),
    ),
    "ssm.PatchGroup": Behaviour(
        id="{patchGroup},{baselineId}", api="ssm:RegisterPatchBaselineForPatchGroup", autoname="", fixed=_set("baselineId patchGroup"), refs=(hold("baselineId", "ssm.PatchBaseline"),),
        exists=Answer("AlreadyExistsException", "Patch group {value} is already registered."),
    ),
    "ssm.DefaultPatchBaseline": Behaviour(id="{operatingSystem}", autoname="", put=True, fixed=_set("operatingSystem"), refs=(hold("baselineId", "ssm.PatchBaseline"),)),
    "ssm.MaintenanceWindow": Behaviour(
        id="mw-{hex17}", api="ssm:CreateMaintenanceWindow", defaults={"enabled": True, "allowUnassociatedTargets": False}, rules=(_window,), missing=_TASK_WINDOW,
    ),
    "ssm.MaintenanceWindowTarget": Behaviour(id="{uuid}", api="ssm:RegisterTargetWithMaintenanceWindow", fixed=_set("windowId resourceType"), refs=(part("windowId", "ssm.MaintenanceWindow", missing=_TASK_WINDOW),)),
    "ssm.MaintenanceWindowTask": Behaviour(
        id="{uuid}", arn="arn:{partition}:ssm:{region}:{unit}:windowtask/{id}", api="ssm:RegisterTaskWithMaintenanceWindow", computed={"windowTaskId": "{id}", "maxConcurrency": "1", "maxErrors": "1"}, defaults={"priority": 1}, fixed=_set("windowId taskType"),
        refs=(part("windowId", "ssm.MaintenanceWindow", missing=_TASK_WINDOW), role("serviceRoleArn")),
    ),
    "ssm.Parameter": Behaviour(
        id="{name}", arn=_parameter_arn, api="ssm:PutParameter", computed={"version": _bump, "tier": "Standard", "dataType": "text", "keyId": lambda s: "alias/aws/ssm" if s.get("type") == "SecureString" else None}, fresh=_set("version"),
        fixed=_set("name dataType"), refs=(key("keyId"),), rules=(_secure_only,), unique=(Unique("parameter", "{name}", Answer("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")),),
        missing=Answer("ParameterNotFound", "Parameter {value} not found."), handles=("{name}",),
    ),
    "ssm.Document": Behaviour(
        arn="arn:{partition}:ssm:{region}:{unit}:document/{name}", api="ssm:CreateDocument", defaults={"documentFormat": "JSON"}, rules=(_json("content", "InvalidDocumentContent"),), handles=("{name}",),
        computed={"createdDate": "{now}", "defaultVersion": "1", "latestVersion": "1", "documentVersion": "1", "hash": "{hex64}", "hashType": "Sha256", "owner": "{unit}", "schemaVersion": "2.2", "status": "Active", "platformTypes": lambda _: ["Windows", "Linux", "MacOS"]},
        fixed=_set("name documentType"), exists=Answer("DocumentAlreadyExists", "Document with name {value} already exists."), missing=Answer("InvalidDocument", "Document with name {value} does not exist."),
    ),
    "ssm.Association": Behaviour(
        id="{uuid}", arn="arn:{partition}:ssm:{region}:{unit}:association/{id}", api="ssm:CreateAssociation", autoname="", computed={"associationId": "{id}", "documentVersion": "$DEFAULT"}, fixed=_set("name automationTargetParameterName"),
    ),
    "ssm.ServiceSetting": Behaviour(
        id="{settingId}", arn=lambda s: str(s.get("settingId")) if str(s.get("settingId")).startswith("arn:") else s.fill("arn:{partition}:ssm:{region}:{unit}:servicesetting{settingId}"), autoname="", put=True, computed={"status": "Customized"}, fixed=_set("settingId"),
    ),
    "ssm.ResourceDataSync": Behaviour(id="{name}", fixed=_set("name s3Destination"), refs=(name("s3Destination.bucketName", "s3.Bucket"),)),
}

__all__ = ["IMAGES", "TABLE", "policy"]
