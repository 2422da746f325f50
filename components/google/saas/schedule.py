"""When a verification environment runs: containers and databases by Cloud Scheduler.

Servers have schedules of their own, which Compute Engine knows (`iaas.servers`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pulumi
import pulumi_gcp as gcp

from components.google.paas.members import member
from components.room import Room
from stacks.plan import SchedulePlan

ZONE = "Asia/Tokyo"
Way = Literal["start", "stop"]
WAYS: tuple[Way, ...] = ("start", "stop")

PERMISSIONS: tuple[str, ...] = (
    "cloudsql.instances.get",
    "cloudsql.instances.update",
    "run.services.get",
    "run.services.update",
    "run.workerpools.get",
    "run.workerpools.update",
)
"""What starting and stopping takes, and nothing else."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that is started and stopped by one PATCH to `url`, with another body each way."""

    key: str
    url: pulumi.Output[str]
    bodies: Mapping[Way, Mapping[str, Any]]


def cron(schedule: SchedulePlan, way: Way) -> str:
    """When: on working days (Monday to Friday), at the schedule's time, in `ZONE`."""
    hours, minutes = (schedule.start if way == "start" else schedule.stop).split(":")
    return f"{int(minutes)} {int(hours)} * * 1-5"


def body(content: Mapping[str, Any]) -> str:
    """A body as Cloud Scheduler takes it: JSON in base 64."""
    return base64.b64encode(json.dumps(content, sort_keys=True).encode()).decode()


class Scheduler:
    """Collects what is to be started and stopped, then makes one identity and two jobs each."""

    def __init__(self, room: Room) -> None:
        """Make them under `room`."""
        self._room, self._plan = room, room.plan
        self._things: list[tuple[SchedulePlan, Thing]] = []

    def run(
        self, schedule: SchedulePlan, key: str, kind: str, name: pulumi.Output[str], replicas: int
    ) -> None:
        """A Cloud Run service or worker pool: back to its number of instances, down to none."""
        base = (
            f"https://run.googleapis.com/v2/projects/{self._plan.unit}/locations/{self._plan.region}/{kind}/"
        )
        url = pulumi.Output.concat(base, name, "?updateMask=scaling.manualInstanceCount")
        bodies: Mapping[Way, Mapping[str, Any]] = {
            "start": {"scaling": {"manualInstanceCount": replicas}},
            "stop": {"scaling": {"manualInstanceCount": 0}},
        }
        self._things.append((schedule, Thing(key, url, bodies)))

    def database(self, schedule: SchedulePlan, key: str, name: pulumi.Output[str]) -> None:
        """A Cloud SQL instance: on demand of this schedule only."""
        base = f"https://sqladmin.googleapis.com/v1/projects/{self._plan.unit}/instances/"
        bodies: Mapping[Way, Mapping[str, Any]] = {
            "start": {"settings": {"activationPolicy": "ALWAYS"}},
            "stop": {"settings": {"activationPolicy": "NEVER"}},
        }
        self._things.append((schedule, Thing(key, pulumi.Output.concat(base, name), bodies)))

    def finish(self) -> None:
        """Make the jobs of everything that was added; nothing where nothing was."""
        if not self._things:
            return
        plan, room = self._plan, self._room
        account = gcp.serviceaccount.Account(
            room.child("hours-identity"),
            account_id=plan.name("hours", limit=30),
            display_name="Starts and stops what need not run at night",
            opts=room.opts(),
        )
        role = gcp.projects.IAMCustomRole(
            room.child("hours-role"),
            # Letters, digits, dots and underscores only (IAM documentation).
            role_id=f"{plan.prefix}_hours",
            title=plan.name("hours"),
            permissions=list(PERMISSIONS),
            opts=room.opts(),
        )
        may = gcp.projects.IAMMember(
            room.child("hours-may"),
            project=plan.unit,
            role=role.name,
            member=member(account.email),
            opts=room.opts(),
        )
        for schedule, thing in self._things:
            for way in WAYS:
                gcp.cloudscheduler.Job(
                    room.child(f"{thing.key}-{way}"),
                    name=plan.name(thing.key, way),
                    region=plan.region,
                    description=f"{way} {thing.key} on working days",
                    schedule=cron(schedule, way),
                    time_zone=ZONE,
                    attempt_deadline="180s",
                    retry_config={"retry_count": 3, "min_backoff_duration": "30s"},
                    http_target={
                        "uri": thing.url,
                        "http_method": "PATCH",
                        "headers": {"Content-Type": "application/json"},
                        "body": body(thing.bodies[way]),
                        "oauth_token": {
                            "service_account_email": account.email,
                            "scope": "https://www.googleapis.com/auth/cloud-platform",
                        },
                    },
                    opts=room.opts(may),
                )
