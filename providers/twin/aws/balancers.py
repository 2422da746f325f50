"""Elastic Load Balancing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.twin.aws.endpoints import make_interface
from providers.twin.aws.facts import LOAD_BALANCER_ZONES
from providers.twin.aws.words import hold, name, part, props, token
from providers.twin.behaviour import Answer, Behaviour, Guard, Refusal, Unique
from providers.twin.scope import Scope
from providers.wire import Value

_ELB: Final = "arn:{partition}:elasticloadbalancing:{region}:{unit}:"


_NO_BALANCER: Final = Answer("LoadBalancerNotFound", "One or more load balancers not found: {value}")


NO_GROUP: Final = Answer("TargetGroupNotFound", "One or more target groups not found: {value}")


_NO_LISTENER: Final = Answer("ListenerNotFound", "One or more listeners not found: {value}")


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
    zones = [
        row.state.get("availabilityZone")
        for path, row in scope.targets.items()
        if path.startswith(("subnets[", "subnetMappings["))
    ]
    if _balancer_kind(scope) == "app" and len(set(zones)) < 2:
        raise Refusal(
            "ValidationError", "At least two subnets in two different Availability Zones must be specified"
        )
    if len(zones) != len(set(zones)):
        raise Refusal(
            "InvalidConfigurationRequest",
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
        )
    if len(str(scope.get("name"))) > 32 or str(scope.get("name")).startswith("internal-"):
        raise Refusal(
            "ValidationError",
            f"Load balancer name '{scope.get('name')}' is not valid: at most 32 characters, not"
            f" beginning with internal-",
        )


def _balancer_made(scope: Scope) -> None:
    subnets = scope.all("subnets[]") or scope.all("subnetMappings[].subnetId")
    scope.state.setdefault("subnets", subnets)
    for at, subnet in enumerate(subnets):
        make_interface(
            scope, subnet, f"elb{at}", scope.get("securityGroups") or [], f"ELB {scope.state['arnSuffix']}"
        )


def _listener(scope: Scope) -> None:
    if scope.get("protocol") in ("HTTPS", "TLS") and not scope.inputs.get("certificateArn"):
        raise Refusal(
            "ValidationError", f"A certificate must be specified for {scope.get('protocol')} listeners"
        )
    certificate = scope.target("certificateArn")
    if (
        certificate is not None
        and certificate.state.get("status") != "ISSUED"
        and not _is_validated(scope, certificate.rid)
    ):
        raise Refusal(
            "UnsupportedCertificate",
            f"The certificate '{certificate.id}' must have a fully-qualified domain name, a supported"
            f" signature, and a supported key size.",
        )


def _is_validated(scope: Scope, certificate: int) -> bool:
    return any(row.type == token("acm.CertificateValidation") for row in scope.store.linked(certificate))


def _listener_arn(scope: Scope) -> str:
    return str(scope.get("loadBalancerArn")).replace(":loadbalancer/", ":listener/") + f"/{scope.hex(16)}"


def _ssl(scope: Scope) -> Value:
    return "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09" if scope.get("protocol") in ("HTTPS", "TLS") else None


def _rule_priority(scope: Scope) -> Value:
    return int(scope.hex(3), 16) + 1


def _health(_: Scope) -> Value:
    return {
        "enabled": True,
        "healthyThreshold": 5,
        "interval": 30,
        "path": "/",
        "port": "traffic-port",
        "protocol": "HTTP",
        "timeout": 5,
        "unhealthyThreshold": 2,
        "matcher": "200",
    }


TABLE: Mapping[str, Behaviour] = {
    "lb.LoadBalancer": Behaviour(
        id="{arn}",
        arn=_balancer_arn,
        api="elbv2:CreateLoadBalancer",
        defaults={
            "loadBalancerType": "application",
            "enableDeletionProtection": False,
            "idleTimeout": 60,
            "enableHttp2": True,
        },
        computed={
            "arnSuffix": lambda s: _after(s.get("arn"), ":loadbalancer/"),
            "dnsName": _balancer_dns,
            "zoneId": _balancer_zone,
            "vpcId": _balancer_vpc,
            "ipAddressType": "ipv4",
            "internal": lambda _: False,
        },
        fixed=props("name namePrefix internal loadBalancerType"),
        rules=(_two_zones,),
        made=(_balancer_made,),
        refs=(
            hold("subnets[]", "ec2.Subnet"),
            hold("subnetMappings[].subnetId", "ec2.Subnet"),
            hold("securityGroups[]", "ec2.SecurityGroup"),
            name(
                "accessLogs.bucket",
                "s3.Bucket",
                missing=Answer(
                    "InvalidConfigurationRequest",
                    "Access Denied for bucket: {value}. Please check S3bucket permission",
                ),
            ),
        ),
        unique=(
            Unique(
                "lb",
                "{name}",
                Answer(
                    "DuplicateLoadBalancerName",
                    "A load balancer with the same name '{value}' exists, but with different settings",
                ),
            ),
        ),
        guards=(
            Guard(
                "enableDeletionProtection",
                Answer(
                    "OperationNotPermitted",
                    "Load balancer '{id}' cannot be deleted because deletion protection is enabled",
                ),
            ),
        ),
        missing=_NO_BALANCER,
        in_use=Answer("ResourceInUse", "Load balancer '{id}' is currently in use by another service"),
    ),
    "lb.TargetGroup": Behaviour(
        id="{arn}",
        arn=_ELB + "targetgroup/{name}/{hex16}",
        api="elbv2:CreateTargetGroup",
        defaults={"targetType": "instance", "deregistrationDelay": 300, "slowStart": 0},
        computed={
            "arnSuffix": lambda s: "targetgroup/" + _after(s.get("arn"), ":targetgroup/"),
            "healthCheck": _health,
            "protocolVersion": lambda s: "HTTP1" if s.get("protocol") in ("HTTP", "HTTPS") else None,
            "loadBalancingAlgorithmType": "round_robin",
            "ipAddressType": "ipv4",
            "loadBalancingCrossZoneEnabled": "use_load_balancer_configuration",
        },
        fixed=props("name namePrefix port protocol protocolVersion targetType vpcId ipAddressType"),
        refs=(hold("vpcId", "ec2.Vpc"),),
        unique=(
            Unique(
                "tg",
                "{name}",
                Answer(
                    "DuplicateTargetGroupName",
                    "A target group with the same name '{value}' exists, but with different settings",
                ),
            ),
        ),
        missing=NO_GROUP,
        in_use=Answer("ResourceInUse", "Target group '{id}' is currently in use by a listener or a rule"),
    ),
    "lb.Listener": Behaviour(
        id="{arn}",
        arn=_listener_arn,
        api="elbv2:CreateListener",
        autoname="",
        computed={"sslPolicy": _ssl, "protocol": "HTTP"},
        fixed=props("loadBalancerArn"),
        rules=(_listener,),
        refs=(
            part("loadBalancerArn", "lb.LoadBalancer", missing=_NO_BALANCER),
            hold("defaultActions[].targetGroupArn", "lb.TargetGroup", missing=NO_GROUP),
            hold("defaultActions[].forward.targetGroups[].arn", "lb.TargetGroup", missing=NO_GROUP),
            hold(
                "certificateArn",
                "acm.Certificate",
                missing=Answer("CertificateNotFound", "Certificate ARN '{value}' is not valid"),
            ),
        ),
        unique=(
            Unique(
                "listener:{loadBalancerArn}",
                "{port}",
                Answer(
                    "DuplicateListener",
                    "A listener already exists on this port for this load balancer '{loadBalancerArn}'",
                ),
            ),
        ),
        missing=_NO_LISTENER,
    ),
    "lb.ListenerRule": Behaviour(
        id="{arn}",
        arn=lambda s: str(s.get("listenerArn")).replace(":listener/", ":listener-rule/") + f"/{s.hex(16)}",
        api="elbv2:CreateRule",
        autoname="",
        computed={"priority": _rule_priority},
        fixed=props("listenerArn"),
        refs=(
            part("listenerArn", "lb.Listener", missing=_NO_LISTENER),
            hold("actions[].targetGroupArn", "lb.TargetGroup", missing=NO_GROUP),
        ),
        unique=(
            Unique(
                "rule:{listenerArn}",
                "{priority}",
                Answer("PriorityInUse", "Priority '{value}' is currently in use"),
            ),
        ),
    ),
    "lb.ListenerCertificate": Behaviour(
        id="{listenerArn}_{certificateArn}",
        autoname="",
        fixed=props("listenerArn certificateArn"),
        refs=(
            part("listenerArn", "lb.Listener", missing=_NO_LISTENER),
            hold("certificateArn", "acm.Certificate"),
        ),
    ),
    "lb.TargetGroupAttachment": Behaviour(
        id="{targetGroupArn}-{alnum26}",
        api="elbv2:RegisterTargets",
        autoname="",
        fixed=props("targetGroupArn targetId port availabilityZone"),
        refs=(part("targetGroupArn", "lb.TargetGroup", missing=NO_GROUP),),
    ),
}
