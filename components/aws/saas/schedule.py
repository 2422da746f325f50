"""The schedules of a verification environment: starts and stops by EventBridge Scheduler."""

from __future__ import annotations

from typing import get_args

import pulumi
import pulumi_aws as aws

from components.aws import facts, grants
from components.aws.saas import hours
from components.aws.saas.hours import Thing, Way
from components.room import Room
from stacks.plan import SchedulePlan

RETRIES = 3
"""How often a call that failed is made again, within `RETRY_SECONDS`."""
RETRY_SECONDS = 1800


class Scheduler:
    """Collects what is to be started and stopped, then makes one group, one role and two schedules each."""

    def __init__(self, room: Room, key: pulumi.Input[str]) -> None:
        """Make them under `room`; `key` encrypts what the schedules say."""
        self._room = room
        self._plan = room.plan
        self._key = key
        self._things: list[tuple[SchedulePlan, Thing]] = []

    def add(self, schedule: SchedulePlan, thing: Thing) -> None:
        """Let `thing` run by `schedule`."""
        self._things.append((schedule, thing))

    def finish(self) -> None:
        """Make the schedules of everything that was added; nothing where nothing was."""
        if not self._things:
            return
        plan = self._plan
        group = aws.scheduler.ScheduleGroup(
            self._room.child("hours"), name=plan.name("hours", limit=64), opts=self._room.opts()
        )
        source = f"arn:aws:scheduler:{plan.region}:{plan.unit}:schedule-group/{plan.name('hours', limit=64)}"
        role = aws.iam.Role(
            self._room.child("hours-role"),
            name=plan.name("hours", limit=64),
            assume_role_policy=facts.trust("scheduler.amazonaws.com", plan.unit, source),
            opts=self._room.opts(),
        )
        allowed = aws.iam.RolePolicy(
            self._room.child("hours-policy"),
            name="hours",
            role=role.name,
            policy=grants.policy(hours.permissions(tuple(thing for _, thing in self._things), self._key)),
            opts=self._room.opts(),
        )
        arn = pulumi.Output.all(role.arn, allowed.id).apply(lambda known: known[0])
        for schedule, thing in self._things:
            for way in get_args(Way):
                self._schedule(schedule, thing, way, group, arn)

    def _schedule(
        self,
        schedule: SchedulePlan,
        thing: Thing,
        way: Way,
        group: aws.scheduler.ScheduleGroup,
        role: pulumi.Output[str],
    ) -> None:
        aws.scheduler.Schedule(
            self._room.child(f"{thing.key}-{way}"),
            name=self._plan.name(thing.key, way, limit=64),
            group_name=group.name,
            description=f"{way} {thing.key} on working days",
            schedule_expression=hours.expression(schedule, way),
            schedule_expression_timezone=hours.ZONE,
            kms_key_arn=self._key,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": hours.target(thing.calls[way]),
                "role_arn": role,
                "input": pulumi.Output.json_dumps(thing.inputs[way], sort_keys=True),
                "retry_policy": {
                    "maximum_retry_attempts": RETRIES,
                    "maximum_event_age_in_seconds": RETRY_SECONDS,
                },
            },
            opts=self._room.opts(),
        )
