"""Patches of servers: a weekly window in which Azure installs what is missing.

Packages of the operating system come from their makers' sites, so a server finds them only with the
approved exception `patch`, or from an image that is renewed instead (`server_image`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi_azure_native as azure

from components.azure.place import Place
from stacks.plan import SchedulePlan

BEGINS = "2026-04-05"
"""The first day that a window may open: a Sunday in the past, never to be changed."""


@dataclass(frozen=True, slots=True)
class Window:
    """When servers are patched: day, start (`HH:MM`, Tokyo), and how long (`HH:MM`)."""

    day: str
    start: str
    length: str


def patch_window(schedules: Iterable[SchedulePlan]) -> Window:
    """Sunday 02:00, four hours less five minutes (Azure's most); where servers sleep, Wednesday by day."""
    running = list(schedules)
    if not running:
        return Window("Sunday", "02:00", "03:55")
    start = max(schedule.start for schedule in running)
    stop = min(schedule.stop for schedule in running)
    minutes = max(90, min(235, _minutes(stop) - _minutes(start)))
    return Window("Wednesday", start, f"{minutes // 60:02d}:{minutes % 60:02d}")


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def patching(place: Place, schedules: Iterable[SchedulePlan]) -> None:
    """The window, and the assignment of every server of the resource group to it."""
    plan, window = place.plan, patch_window(schedules)
    configuration = azure.maintenance.MaintenanceConfiguration(
        place.child("patch-window"),
        resource_group_name=place.group,
        resource_name_=plan.name("patches"),
        location=plan.region,
        maintenance_scope="InGuestPatch",
        visibility="Custom",
        start_date_time=f"{BEGINS} {window.start}",
        duration=window.length,
        time_zone="Tokyo Standard Time",
        recur_every=f"1Week {window.day}",
        extension_properties={"InGuestPatchMode": "User"},
        install_patches={
            "reboot_setting": "IfRequired",
            "linux_parameters": {"classifications_to_include": ["Critical", "Security"]},
        },
        tags=place.tags(),
        opts=place.opts(),
    )
    azure.maintenance.ConfigurationAssignmentsForResourceGroup(
        place.child("patch-servers"),
        resource_group_name=place.group,
        configuration_assignment_name=plan.name("patches"),
        location=plan.region,
        maintenance_configuration_id=configuration.id,
        filter={
            "resource_types": ["Microsoft.Compute/virtualMachines"],
            "locations": [plan.region],
            "os_types": ["Linux"],
        },
        opts=place.opts(),
    )
