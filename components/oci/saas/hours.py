"""When a verification environment runs: the Resource Scheduler starts and stops what a package has."""

from __future__ import annotations

from typing import Literal, get_args

import pulumi
import pulumi_oci as oci

from components.oci.place import Place
from stacks.plan import PackagePlan, SchedulePlan

Way = Literal["start", "stop"]
WEEKDAYS = "MON-FRI"


def expression(schedule: SchedulePlan, way: Way) -> str:
    """When, as cron: on working days, at the schedule's time; the schedule's zone says whose."""
    hours, minutes = (schedule.start if way == "start" else schedule.stop).split(":")
    return f"{int(minutes)} {int(hours)} * * {WEEKDAYS}"


class Hours:
    """Collects what is to be started and stopped, then makes two schedules a package."""

    def __init__(self, place: Place) -> None:
        """Make them in `place`."""
        self._place = place
        self._things: dict[str, dict[str, pulumi.Output[str]]] = {}

    def add(self, package: PackagePlan, key: str, thing: pulumi.Output[str]) -> None:
        """Let `thing` run by the package's schedule, if it has one."""
        if package.schedule:
            self._things.setdefault(package.key, {})[key] = thing

    def finish(self) -> None:
        """Make the schedules of everything that was added; nothing where nothing was."""
        for key, things in self._things.items():
            package = self._place.plan.packages[key]
            for way in get_args(Way):
                if package.schedule:
                    self._schedule(package, package.schedule, way, things)

    def _schedule(
        self, package: PackagePlan, schedule: SchedulePlan, way: Way, things: dict[str, pulumi.Output[str]]
    ) -> None:
        place = self._place
        oci.resourcescheduler.Schedule(
            place.child(package.key, way),
            compartment_id=place.compartment,
            display_name=place.plan.name(package.key, way),
            description=f"{way} {package.key} on working days",
            action=f"{way.upper()}_RESOURCE",
            recurrence_type="CRON",
            recurrence_details=expression(schedule, way),
            local_time_zone="Asia/Tokyo",
            resources=[{"id": things[name]} for name in sorted(things)],
            freeform_tags=place.labels(package),
            opts=place.opts(),
        )
