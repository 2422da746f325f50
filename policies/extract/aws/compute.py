"""Servers, containers, functions, Kubernetes."""

from __future__ import annotations

import json
import re
from typing import Any

from policies.extract.aws.data import current, vcpus
from policies.extract.aws.storage import OLD_VOLUMES, customer_key
from policies.extract.common import moving, secret_in_names, secret_in_script
from policies.facts import (
    UNKNOWN,
    Availability,
    Compute,
    Credential,
    Encryption,
    Exposure,
    Facts,
    Kind,
    Logging,
    Maybe,
    Patching,
    Protection,
)
from policies.props import Props, either, every, known, opposite, plain

OLD_RUNTIMES = re.compile(
    r"^(?:python(?:2|3\.[0-8]$)|nodejs(?:$|[0-9]\.|1[0-68]\.|4|6|8)|ruby2|java8$|dotnet(?:core|[56]$)|go1|provided$)"
)
"""Lambda runtimes that AWS no longer mends (Lambda developer guide, runtime table; general knowledge)."""


def _disks(p: Props) -> tuple[Maybe[bool], Maybe[bool], Maybe[bool]]:
    """Of the disks written inside a server: encrypted, with our key, of a current type."""
    sealed: list[Maybe[bool]] = []
    own: list[Maybe[bool]] = []
    new: list[Maybe[bool]] = []
    for name in ("rootBlockDevice", "ebsBlockDevices", "blockDeviceMappings"):
        blocks = p.blocks(name)
        if blocks is UNKNOWN:
            return UNKNOWN, UNKNOWN, UNKNOWN
        for one in blocks:
            disk = one.block("ebs") if name == "blockDeviceMappings" else one
            if not isinstance(disk, Props):
                continue
            sealed.append(disk.flag("encrypted", False))
            own.append(customer_key(disk.get("kmsKeyId")))
            kind = disk.text("volumeType")
            new.append(None if kind is None else UNKNOWN if kind is UNKNOWN else kind not in OLD_VOLUMES)
    return every(*sealed), every(*own), every(*new)


def server(p: Props) -> Facts:
    """An instance or a launch template."""
    options = p.block("metadataOptions")
    tokens = options.text("httpTokens") if isinstance(options, Props) else options
    off = isinstance(options, Props) and options.get("httpEndpoint") == "disabled"
    interfaces = p.blocks("networkInterfaces")
    public = p.flag("associatePublicIpAddress", False)
    if interfaces is UNKNOWN:
        public = UNKNOWN
    else:
        public = either(public, *(i.flag("associatePublicIpAddress", False) for i in interfaces))
    sealed, own, new = _disks(p)
    return Facts(
        "aws",
        Kind.SERVER,
        exposure=Exposure(public_address=public),
        encryption=Encryption(at_rest=sealed, customer_key=own),
        compute=Compute(
            metadata_token=True if off else UNKNOWN if tokens is UNKNOWN else tokens == "required",
            forwards=opposite(p.flag("sourceDestCheck", True)),
            vcpus=vcpus(p.get("instanceType")),
            current=every(current(p.get("instanceType")), new),
        ),
        credential=Credential(
            in_start_script=secret_in_script(p.raw.get("userData"), p.raw.get("userDataBase64")),
            ssh_key=p.has("keyName"),
        ),
        protection=Protection(deletion=p.flag("disableApiTermination", False)),
    )


def template(p: Props) -> Facts:
    """A launch template: what an instance says, but its protection is the group's business."""
    from dataclasses import replace

    found = server(p)
    return replace(found, purpose="template", protection=None)


def _containers(p: Props) -> list[Props] | Any:
    """The container definitions: a JSON text in a task definition."""
    value = p.get("containerDefinitions")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return UNKNOWN
    if value is UNKNOWN or not isinstance(value, list):
        return UNKNOWN
    blocks = [plain(v) for v in value]
    return [Props(b) for b in blocks] if all(isinstance(b, dict) for b in blocks) else UNKNOWN


def task(p: Props) -> Facts:
    """An ECS task definition."""
    containers = _containers(p)
    volumes = p.blocks("volumes")
    shares = [] if volumes is UNKNOWN else [v.block("efsVolumeConfiguration") for v in volumes]
    sealed = every(
        *(UNKNOWN if s is UNKNOWN else s.flag("transitEncryption", False) for s in shares if s is not None)
    )
    if containers is UNKNOWN:
        return Facts(
            "aws",
            Kind.CONTAINERS,
            purpose="member",
            tags=None,
            credential=Credential(in_environment=UNKNOWN),
            patching=Patching(pinned=UNKNOWN),
            logging=Logging(enabled=UNKNOWN),
        )
    return Facts(
        "aws",
        Kind.CONTAINERS,
        purpose="member",
        encryption=Encryption(in_transit=sealed),
        credential=Credential(
            in_environment=either(*(secret_in_names(c.raw.get("environment")) for c in containers))
        ),
        patching=Patching(pinned=every(*(moving(c.get("image")) for c in containers))),
        logging=Logging(enabled=every(*(c.has("logConfiguration") for c in containers))),
        compute=Compute(privileged=either(*(c.flag("privileged", False) for c in containers))),
    )


def service(p: Props) -> Facts:
    """An ECS service. How many run matters where people reach it: behind a load balancer.

    A daemon has as many as there are machines; a batch may be alone.
    """
    alone = p.get("schedulingStrategy") == "DAEMON" or p.has("loadBalancers") is False
    return Facts(
        "aws",
        Kind.CONTAINERS,
        exposure=Exposure(public_address=p.flag_at("networkConfiguration", "assignPublicIp", default=False)),
        availability=Availability(replicas=None if alone else p.number("desiredCount", 0)),
    )


def app_runner(p: Props) -> Facts:
    """An App Runner service: public unless its ingress says otherwise."""
    public = p.flag_at("networkConfiguration", "ingressConfiguration", "isPubliclyAccessible", default=True)
    return Facts("aws", Kind.CONTAINERS, exposure=Exposure(public_address=public))


def function(p: Props) -> Facts:
    """A Lambda function."""
    runtime = p.text("runtime")
    return Facts(
        "aws",
        Kind.FUNCTION,
        handles=known(p.get("name")),
        credential=Credential(in_environment=secret_in_names(_variables(p))),
        patching=Patching(
            supported=None
            if runtime is None
            else UNKNOWN
            if runtime is UNKNOWN
            else OLD_RUNTIMES.match(str(runtime)) is None
        ),
        exposure=Exposure(anonymous=False),
    )


def _variables(p: Props) -> Any:
    block = p.block("environment")
    return block.get("variables") if isinstance(block, Props) else block


def function_url(p: Props) -> Facts:
    """The URL of a function."""
    kind = p.text("authorizationType", "NONE")
    target = p.get("functionName")
    return Facts(
        "aws",
        Kind.FUNCTION,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.FUNCTION,
        of_property="functionName",
        exposure=Exposure(anonymous=UNKNOWN if kind is UNKNOWN else kind == "NONE"),
    )


def permission(p: Props) -> Facts:
    """Who may call a function."""
    principal = p.get("principal")
    tied = either(*(p.has(n) for n in ("sourceAccount", "sourceArn", "principalOrgId")))
    target = p.get("function")
    return Facts(
        "aws",
        Kind.FUNCTION,
        of=UNKNOWN if target is UNKNOWN else known(target),
        of_kind=Kind.FUNCTION,
        of_property="function",
        exposure=Exposure(
            anonymous=UNKNOWN if principal is UNKNOWN else principal == "*" and tied is not True
        ),
    )


def kubernetes(p: Props) -> Facts:
    """An EKS cluster."""
    access = p.block("vpcConfig")
    logs = p.texts("enabledClusterLogTypes")
    return Facts(
        "aws",
        Kind.CLUSTER,
        exposure=Exposure(
            public_access=access.flag("endpointPublicAccess", True) if isinstance(access, Props) else UNKNOWN
        ),
        encryption=Encryption(customer_key=p.has("encryptionConfig")),
        logging=Logging(enabled=UNKNOWN if logs is UNKNOWN else "audit" in logs),
        patching=Patching(supported=_kubernetes_version(p.get("version"))),
        protection=Protection(deletion=p.flag("deletionProtection", False)),
    )


def _kubernetes_version(version: Any) -> Maybe[bool]:
    if version is None or version is UNKNOWN:
        return version
    found = re.match(r"1\.(\d+)", str(version))
    return None if found is None else int(found[1]) >= 30


def light(p: Props) -> Facts:
    """A Lightsail instance: always on the internet."""
    return Facts(
        "aws",
        Kind.SERVER,
        exposure=Exposure(public_address=True),
        credential=Credential(in_start_script=secret_in_script(p.raw.get("userData"))),
    )


def schedule(_: Props) -> Facts:
    """Something that starts and stops, or acts, at set times."""
    return Facts("aws", Kind.SCHEDULE)


TABLE = {
    "ec2:instance": server,
    "ec2:spotinstancerequest": server,
    "ec2:launchtemplate": template,
    "ec2:launchconfiguration": template,
    "lightsail:instance": light,
    "ec2:keypair": lambda _: Facts("aws", Kind.KEY_PAIR),
    "ecs:taskdefinition": task,
    "ecs:service": service,
    "apprunner:service": app_runner,
    "lambda:function": function,
    "lambda:functionurl": function_url,
    "lambda:permission": permission,
    "eks:cluster": kubernetes,
    "scheduler:schedule": schedule,
    "autoscaling:schedule": schedule,
}
