"""When a verification environment runs: what EventBridge Scheduler starts and stops, and as what. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi

from components.aws.facts import Statement
from components.aws.grants import allow
from stacks.plan import SchedulePlan

ZONE = "Asia/Tokyo"
Way = Literal["start", "stop"]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be started and stopped.

    `calls` is the AWS call (`service:operation`) each way, `inputs` what it is called with,
    `actions` the permissions, `arns` on what.
    """

    key: str
    calls: Mapping[Way, str]
    inputs: Mapping[Way, Mapping[str, Any]]
    actions: tuple[str, ...]
    arns: tuple[pulumi.Input[str], ...]


def service(key: str, cluster: pulumi.Input[str], arn: pulumi.Input[str], replicas: int) -> Thing:
    """An ECS service: back to its number of tasks, down to none."""
    calls: Mapping[Way, str] = {"start": "ecs:updateService", "stop": "ecs:updateService"}
    return Thing(
        key=key,
        calls=calls,
        inputs={
            "start": {"Cluster": cluster, "Service": arn, "DesiredCount": replicas},
            "stop": {"Cluster": cluster, "Service": arn, "DesiredCount": 0},
        },
        actions=("ecs:UpdateService",),
        arns=(arn,),
    )


def servers(key: str, ids: Mapping[str, pulumi.Input[str]], arns: tuple[pulumi.Input[str], ...]) -> Thing:
    """The servers of a package together."""
    named = {"InstanceIds": [ids[name] for name in sorted(ids)]}
    return Thing(
        key=key,
        calls={"start": "ec2:startInstances", "stop": "ec2:stopInstances"},
        inputs={"start": named, "stop": named},
        actions=("ec2:StartInstances", "ec2:StopInstances"),
        arns=arns,
    )


def database(key: str, identifier: str, arn: str, *, aurora: bool) -> Thing:
    """A database: an RDS instance or a whole Aurora cluster."""
    kind = "Cluster" if aurora else "Instance"
    named = {f"Db{kind}Identifier": identifier}
    return Thing(
        key=key,
        calls={"start": f"rds:startDB{kind}", "stop": f"rds:stopDB{kind}"},
        inputs={"start": named, "stop": named},
        actions=(f"rds:StartDB{kind}", f"rds:StopDB{kind}"),
        arns=(arn,),
    )


def expression(schedule: SchedulePlan, way: Way) -> str:
    """When: on working days (Monday to Friday), at the schedule's time, in `ZONE`."""
    hours, minutes = (schedule.start if way == "start" else schedule.stop).split(":")
    return f"cron({int(minutes)} {int(hours)} ? * MON-FRI *)"


def target(call: str) -> str:
    """The ARN by which the scheduler makes an AWS call."""
    return f"arn:aws:scheduler:::aws-sdk:{call}"


def permissions(things: tuple[Thing, ...], key: pulumi.Input[str]) -> tuple[Statement, ...]:
    """What the scheduler's role may do: start and stop these things, and read its own schedules' key."""
    return (*(allow(t.actions, t.arns) for t in things), allow(["kms:Decrypt"], [key]))
