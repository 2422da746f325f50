"""ECS, ECR, Lambda and Application Auto Scaling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from providers.twin.aws.balancers import NO_GROUP
from providers.twin.aws.identity import key, role
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Hook, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_ECS: Final = "arn:{partition}:ecs:{region}:{unit}:"


_NO_CLUSTER: Final = Answer("ClusterNotFoundException", "Cluster not found.")


_NO_REPOSITORY: Final = Answer(
    "RepositoryNotFoundException",
    "The repository with name '{value}' does not exist in the registry with id '{unit}'",
)


def _containers(scope: Scope) -> None:
    text = scope.inputs.get("containerDefinitions")
    try:
        found = json.loads(str(text))
        names = [container["name"] for container in found]
        images = [container["image"] for container in found]
    except (ValueError, TypeError, KeyError):
        raise Refusal(
            "ClientException",
            "Container definitions must be a JSON list of objects with a name and an image.",
        ) from None
    if not names or len(names) != len(set(names)) or not all(images):
        raise Refusal("ClientException", "Container definitions need unique names and images.")
    if "FARGATE" in (scope.inputs.get("requiresCompatibilities") or []):
        if scope.inputs.get("networkMode") != "awsvpc":
            raise Refusal(
                "ClientException",
                "When networkMode=awsvpc is not set, requiresCompatibilities FARGATE is not allowed.",
            )
        pair = (str(scope.inputs.get("cpu")), int(float(str(scope.inputs.get("memory") or 0))))
        if pair[0] not in _FARGATE or pair[1] not in _FARGATE[pair[0]]:
            raise Refusal(
                "ClientException",
                f"No Fargate configuration exists for given values: {pair[0]} CPU, {pair[1]} memory.",
            )


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
    revisions = [
        int(row.state.get("revision") or 0)
        for row in scope.rows(token("ecs.TaskDefinition"))
        if row.state.get("family") == family
    ]
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
    if (
        task is not None
        and task.state.get("networkMode") == "awsvpc"
        and not scope.inputs.get("networkConfiguration")
    ):
        raise Refusal(
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        )
    for at, balancer in enumerate(scope.inputs.get("loadBalancers") or []):
        group = scope.target(f"loadBalancers[{at}].targetGroupArn")
        if group is not None and not any(
            row.type in (token("lb.Listener"), token("lb.ListenerRule"))
            for row in scope.store.linked(group.rid)
        ):
            raise Refusal(
                "InvalidParameterException",
                f"The target group with targetGroupArn {balancer['targetGroupArn']} does not have an"
                f" associated load balancer.",
            )


def _forced(scope: Scope) -> None:
    if scope.inputs.get("forceDelete"):
        scope.state["images"] = 0


def json_text(path: str, code: str) -> Hook:
    """A rule: the text at `path` is JSON."""

    def rule(scope: Scope) -> None:
        if scope.get("documentFormat") in ("YAML", "TEXT"):
            return
        try:
            json.loads(str(scope.inputs.get(path)))
        except ValueError:
            raise Refusal(code, f"the {path} is not valid JSON") from None

    return rule


TABLE: Mapping[str, Behaviour] = {
    "ecs.Cluster": Behaviour(
        id="{arn}",
        arn=_ECS + "cluster/{name}",
        api="ecs:CreateCluster",
        fixed=props("name"),
        computed={"settings": lambda _: [{"name": "containerInsights", "value": "disabled"}]},
        handles=("{name}",),
        exists=Answer("InvalidParameterException", "Cluster {value} exists"),
        in_use=Answer(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        ),
        missing=_NO_CLUSTER,
        refs=(key("configuration.executeCommandConfiguration.kmsKeyId"),),
    ),
    "ecs.ClusterCapacityProviders": Behaviour(
        id="{clusterName}",
        autoname="",
        put=True,
        fixed=props("clusterName"),
        refs=(part("clusterName", "ecs.Cluster", missing=_NO_CLUSTER),),
    ),
    "ecs.CapacityProvider": Behaviour(
        id="{arn}",
        arn=_ECS + "capacity-provider/{name}",
        fixed=props("name autoScalingGroupProvider.autoScalingGroupArn"),
        refs=(hold("autoScalingGroupProvider.autoScalingGroupArn", "autoscaling.Group"),),
    ),
    "ecs.TaskDefinition": Behaviour(
        id="{family}",
        arn=_task_arn,
        api="ecs:RegisterTaskDefinition",
        autoname="",
        put=True,
        rules=(_containers,),
        handles=("{family}:{revision}", "{arnWithoutRevision}"),
        fixed=props(
            "containerDefinitions family cpu memory networkMode executionRoleArn taskRoleArn"
            " requiresCompatibilities volumes runtimePlatform ephemeralStorage placementConstraints"
            " pidMode ipcMode proxyConfiguration"
        ),
        refs=(
            role("executionRoleArn"),
            role("taskRoleArn"),
            name("volumes[].efsVolumeConfiguration.fileSystemId", "efs.FileSystem"),
        ),
        missing=Answer("ClientException", "Unable to describe task definition {value}."),
    ),
    "ecs.Service": Behaviour(
        id=_service_arn,
        arn=_service_arn,
        api="ecs:CreateService",
        rules=(_service,),
        defaults={
            "desiredCount": 0,
            "schedulingStrategy": "REPLICA",
            "deploymentMaximumPercent": 200,
            "deploymentMinimumHealthyPercent": 100,
        },
        computed={
            "cluster": _ECS + "cluster/default",
            "launchType": "EC2",
            "platformVersion": lambda s: "LATEST" if s.get("launchType") == "FARGATE" else None,
            "iamRole": "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "availabilityZoneRebalancing": "ENABLED",
        },
        fixed=props("name cluster launchType schedulingStrategy enableEcsManagedTags"),
        refs=(
            hold("cluster", "ecs.Cluster", missing=_NO_CLUSTER),
            name("taskDefinition", "ecs.TaskDefinition"),
            hold("networkConfiguration.subnets[]", "ec2.Subnet"),
            hold("networkConfiguration.securityGroups[]", "ec2.SecurityGroup"),
            hold("loadBalancers[].targetGroupArn", "lb.TargetGroup", missing=NO_GROUP),
        ),
        unique=(
            Unique(
                "service:{cluster}",
                "{name}",
                Answer("InvalidParameterException", "Creation of service was not idempotent."),
            ),
        ),
        missing=Answer("ServiceNotFoundException", "Service not found."),
    ),
    "ecr.Repository": Behaviour(
        arn="arn:{partition}:ecr:{region}:{unit}:repository/{name}",
        api="ecr:CreateRepository",
        defaults={"imageTagMutability": "MUTABLE", "forceDelete": False},
        computed={"registryId": "{unit}", "repositoryUrl": "{unit}.dkr.ecr.{region}.amazonaws.com/{name}"},
        fixed=props("name encryptionConfigurations"),
        refs=(key("encryptionConfigurations[].kmsKey"),),
        handles=("{name}",),
        unique=(
            Unique(
                "repository",
                "{name}",
                Answer(
                    "RepositoryAlreadyExistsException",
                    "The repository with name '{value}' already exists in the registry with id '{unit}'",
                ),
            ),
        ),
        missing=_NO_REPOSITORY,
        gone=(_forced,),
        guards=(),
    ),
    "ecr.LifecyclePolicy": Behaviour(
        id="{repository}",
        autoname="",
        put=True,
        computed={"registryId": "{unit}"},
        fixed=props("repository policy"),
        refs=(part("repository", "ecr.Repository", missing=_NO_REPOSITORY),),
        rules=(json_text("policy", "InvalidParameterException"),),
    ),
    "ecr.RepositoryPolicy": Behaviour(
        id="{repository}",
        autoname="",
        put=True,
        computed={"registryId": "{unit}"},
        fixed=props("repository"),
        refs=(part("repository", "ecr.Repository", missing=_NO_REPOSITORY),),
    ),
    "ecr.RegistryPolicy": Behaviour(id="{unit}", autoname="", put=True, computed={"registryId": "{unit}"}),
    "ecr.RegistryScanningConfiguration": Behaviour(
        id="{unit}",
        api="ecr:PutRegistryScanningConfiguration",
        autoname="",
        put=True,
        computed={"registryId": "{unit}"},
    ),
    "ecr.ReplicationConfiguration": Behaviour(
        id="{unit}", autoname="", put=True, computed={"registryId": "{unit}"}
    ),
    "ecr.PullThroughCacheRule": Behaviour(
        id="{ecrRepositoryPrefix}",
        autoname="",
        computed={"registryId": "{unit}"},
        fixed=props("ecrRepositoryPrefix upstreamRegistryUrl"),
        exists=Answer(
            "PullThroughCacheRuleAlreadyExistsException", "A pull through cache rule {value} exists"
        ),
    ),
    "appautoscaling.Target": Behaviour(
        id="{resourceId}",
        arn="arn:{partition}:application-autoscaling:{region}:{unit}:scalable-target/{hex34}",
        api="application-autoscaling:RegisterScalableTarget",
        autoname="",
        put=True,
        computed={
            "roleArn": "arn:{partition}:iam::{unit}:role/aws-service-role"
            "/{serviceNamespace}.application-autoscaling.amazonaws.com"
            "/AWSServiceRoleForApplicationAutoScaling"
        },
        fixed=props("resourceId scalableDimension serviceNamespace"),
        missing=Answer("ObjectNotFoundException", "No scalable target registered for {value}"),
    ),
    "appautoscaling.Policy": Behaviour(
        id="{name}",
        arn="arn:{partition}:autoscaling:{region}:{unit}:scalingPolicy:{uuid}:resource"
        "/{serviceNamespace}/{resourceId}:policyName/{name}",
        fixed=props("name resourceId scalableDimension serviceNamespace"),
        refs=(part("resourceId", "appautoscaling.Target"),),
        defaults={"policyType": "StepScaling"},
    ),
    "appautoscaling.ScheduledAction": Behaviour(
        id="{name}-{serviceNamespace}-{resourceId}",
        arn="arn:{partition}:autoscaling:{region}:{unit}:scheduledAction:{uuid}:resource"
        "/{serviceNamespace}/{resourceId}:scheduledActionName/{name}",
        api="application-autoscaling:PutScheduledAction",
        put=True,
        fixed=props("name resourceId scalableDimension serviceNamespace"),
        refs=(part("resourceId", "appautoscaling.Target"),),
        defaults={"timezone": "UTC"},
    ),
    "lambda.Function": Behaviour(
        arn="arn:{partition}:lambda:{region}:{unit}:function:{name}",
        api="lambda:CreateFunction",
        handles=("{name}",),
        defaults={
            "memorySize": 128,
            "timeout": 3,
            "packageType": "Zip",
            "publish": False,
            "reservedConcurrentExecutions": -1,
        },
        computed={
            "invokeArn": "arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}"
            "/invocations",
            "qualifiedArn": "{arn}:$LATEST",
            "version": "$LATEST",
            "lastModified": "{now}",
            "architectures": lambda _: ["x86_64"],
            "codeSha256": "{alnum44}",
        },
        fixed=props("name packageType"),
        refs=(
            role("role"),
            hold("vpcConfig.subnetIds[]", "ec2.Subnet"),
            hold("vpcConfig.securityGroupIds[]", "ec2.SecurityGroup"),
            key("kmsKeyArn"),
            name("s3Bucket", "s3.Bucket"),
        ),
        unique=(
            Unique(
                "function",
                "{name}",
                Answer("ResourceConflictException", "Function already exist: {value}", 409),
            ),
        ),
        missing=Answer("ResourceNotFoundException", "Function not found: {value}", 404),
    ),
    "lambda.Permission": Behaviour(
        id="{statementId}",
        autoname="",
        computed={"statementId": "terraform-{alnum26}"},
        fixed=props("statementId action function principal sourceArn sourceAccount"),
        refs=(part("function", "lambda.Function"),),
    ),
    "lambda.EventSourceMapping": Behaviour(
        id="{uuid}",
        arn="arn:{partition}:lambda:{region}:{unit}:event-source-mapping:{id}",
        autoname="",
        computed={
            "uuid": "{id}",
            "state": "Enabled",
            "functionArn": lambda s: (row := s.target("functionName")) and row.state.get("arn"),
            "lastModified": "{now}",
        },
        fixed=props("eventSourceArn"),
        refs=(part("functionName", "lambda.Function"),),
    ),
}
