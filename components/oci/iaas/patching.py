"""Care of servers: a profile that they register with, updates in a weekly window, scans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pulumi
import pulumi_oci as oci

from components.oci.place import Place
from stacks.plan import SchedulePlan

LINUX = {"arch_type": "X86_64", "os_family": "ORACLE_LINUX_9", "vendor_name": "ORACLE"}
NIGHT = (18, 0)
"""03:00 on Sunday in Tokyo, as UTC on Saturday: when a production tenant is patched (our choice)."""
SATURDAY = 5


def window(schedules: Sequence[SchedulePlan]) -> tuple[int, int, int]:
    """Weekday (Monday is 0), hour and minute in UTC of the weekly window.

    In the night of Sunday where servers never rest; an hour after the start on Monday where they stand
    still from Friday to Monday.
    """
    if not schedules:
        return SATURDAY, *NIGHT
    hours, minutes = max(schedule.start for schedule in schedules).split(":")
    local = datetime(2001, 1, 1, int(hours), int(minutes), tzinfo=UTC) + timedelta(hours=1 - 9)
    return local.weekday(), local.hour, local.minute


def next_time(now: datetime, at: tuple[int, int, int]) -> str:
    """The first window after `now`, as the API writes times."""
    weekday, hour, minute = at
    day = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    day += timedelta(days=(weekday - now.weekday()) % 7)
    if day <= now:
        day += timedelta(days=7)
    return day.isoformat().replace("+00:00", "Z")


def patching(place: Place, schedules: Sequence[SchedulePlan]) -> None:
    """The group that all servers of the tenant register with, and its weekly job."""
    plan = place.plan
    sources = oci.osmanagementhub.get_software_sources_output(
        compartment_id=plan.unit,
        arch_types=[LINUX["arch_type"]],
        os_families=[LINUX["os_family"]],
        vendor_name=LINUX["vendor_name"],
        software_source_types=["VENDOR"],
        opts=pulumi.InvokeOutputOptions(parent=place.parent),
    ).software_source_collections.apply(lambda found: [s.id for c in found for s in c.items])
    group = oci.osmanagementhub.ManagedInstanceGroup(
        place.child("patched"),
        compartment_id=place.compartment,
        display_name=plan.name("servers"),
        description="All servers of the tenant",
        software_source_ids=sources,
        arch_type=LINUX["arch_type"],
        os_family=LINUX["os_family"],
        vendor_name=LINUX["vendor_name"],
        freeform_tags=place.labels(),
        opts=place.opts(),
    )
    oci.osmanagementhub.Profile(
        place.child("patched", "profile"),
        compartment_id=place.compartment,
        display_name=plan.name("servers"),
        description="What a new server registers with",
        profile_type="GROUP",
        managed_instance_group_id=group.id,
        registration_type="OCI_LINUX",
        is_default_profile=True,
        freeform_tags=place.labels(),
        opts=place.opts(),
    )
    oci.osmanagementhub.ScheduledJob(
        place.child("patched", "weekly"),
        compartment_id=place.compartment,
        display_name=plan.name("patches"),
        description="Security updates, then a reboot",
        schedule_type="RECURRING",
        recurring_rule="FREQ=WEEKLY;INTERVAL=1",
        time_next_execution=next_time(datetime.now(UTC), window(schedules)),
        managed_instance_group_ids=[group.id],
        operations=[
            {"operation_type": "UPDATE_SECURITY"},
            {"operation_type": "REBOOT", "reboot_timeout_in_mins": 60},
        ],
        freeform_tags=place.labels(),
        # The service moves it on from week to week.
        opts=place.opts(ignore=["timeNextExecution"]),
    )


def scanning(place: Place) -> None:
    """Every server of the tenant is scanned each day, against the CIS benchmark too."""
    plan = place.plan
    recipe = oci.vulnerabilityscanning.HostScanRecipe(
        place.child("scan"),
        compartment_id=place.compartment,
        display_name=plan.name("scan"),
        agent_settings={
            "scan_level": "STANDARD",
            "agent_configuration": {"vendor": "OCI", "cis_benchmark_settings": {"scan_level": "STRICT"}},
        },
        port_settings={"scan_level": "STANDARD"},
        schedule={"type": "DAILY"},
        freeform_tags=place.labels(),
        opts=place.opts(),
    )
    oci.vulnerabilityscanning.HostScanTarget(
        place.child("scanned"),
        compartment_id=place.compartment,
        display_name=plan.name("servers"),
        host_scan_recipe_id=recipe.id,
        target_compartment_id=place.compartment,
        freeform_tags=place.labels(),
        opts=place.opts(),
    )
