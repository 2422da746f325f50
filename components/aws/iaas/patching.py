"""Hardening and patches of servers: a baseline, a group, and a window in which they are installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pulumi
import pulumi_aws as aws

from components.aws.iaas.site import Site
from stacks.plan import SchedulePlan

PATCH_TAG = "PatchGroup"
"""The tag by which Patch Manager finds a server's baseline (Systems Manager user guide)."""


@dataclass(frozen=True, slots=True)
class Window:
    """When servers are patched: a cron of Systems Manager (Asia/Tokyo), hours it lasts, hours of cut-off."""

    schedule: str
    hours: int
    cutoff: int


def patch_window(schedules: Iterable[SchedulePlan]) -> Window:
    """Sunday 02:00 to 06:00; where servers are stopped at night, Wednesday while all of them run."""
    running = list(schedules)
    if not running:
        return Window("cron(0 2 ? * SUN *)", 4, 1)
    start = max(_minutes(schedule.start) for schedule in running)
    stop = min(_minutes(schedule.stop) for schedule in running)
    hours = min(4, max(1, (stop - start) // 60))
    return Window(f"cron({start % 60} {start // 60} ? * WED *)", hours, 1 if hours > 1 else 0)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


T = TypeVar("T")


def batches(items: Sequence[T]) -> list[Sequence[T]]:
    """`items` in lists as long as Systems Manager takes for one target of a task: 50 (API reference)."""
    return [items[start : start + 50] for start in range(0, len(items), 50)]


def patching(
    site: Site,
    servers: Sequence[pulumi.Output[str]],
    schedules: Sequence[SchedulePlan],
    log: aws.cloudwatch.LogGroup,
) -> None:
    """Hardening once; missing patches are looked for, installed and reported in the window.

    `servers` are the ids of those that carry PATCH_TAG, `schedules` when they run if not always.
    """
    target = f"tag:{PATCH_TAG}"
    if site.plan.server_image is None:
        aws.ssm.Association(
            site.child("hardening"),
            name="AWSEC2-ConfigureSTIG",
            association_name=site.plan.name("hardening", limit=128),
            # No schedule: once for each server, when it first reports.
            parameters={"Level": "High", "InstallPackages": "No", "SetDoDConsentBanner": "No"},
            targets=[aws.ssm.AssociationTargetArgs(key=target, values=[site.plan.prefix])],
            compliance_severity="HIGH",
            opts=site.opts(),
        )
    baseline = aws.ssm.PatchBaseline(
        site.child("patch-baseline"),
        name=site.plan.name("servers", limit=128),
        description="Security and bug fixes, a week after their release",
        operating_system="AMAZON_LINUX_2023",
        approval_rules=[
            _approve("Security", ("Critical", "Important"), "CRITICAL"),
            _approve("Security", ("Medium", "Low"), "MEDIUM"),
            _approve("Bugfix", ("*",), "LOW"),
        ],
        tags=site.tags("servers"),
        opts=site.opts(),
    )
    aws.ssm.PatchGroup(
        site.child("patch-group"),
        baseline_id=baseline.id,
        patch_group=site.plan.prefix,
        opts=site.opts(),
    )
    _install(site, servers, patch_window(schedules), log)


def _install(
    site: Site, servers: Sequence[pulumi.Output[str]], when: Window, log: aws.cloudwatch.LogGroup
) -> None:
    """The maintenance window: one server at a time, and no further after a failure."""
    window = aws.ssm.MaintenanceWindow(
        site.child("patch-window"),
        name=site.plan.name("patches", limit=128),
        schedule=when.schedule,
        schedule_timezone="Asia/Tokyo",
        duration=when.hours,
        cutoff=when.cutoff,
        tags=site.tags("patches"),
        opts=site.opts(),
    )
    command = aws.ssm.MaintenanceWindowTaskTaskInvocationParametersRunCommandParametersArgs(
        comment="Install approved patches",
        parameters=[
            aws.ssm.MaintenanceWindowTaskTaskInvocationParametersRunCommandParametersParameterArgs(
                name=name, values=[value]
            )
            for name, value in (("Operation", "Install"), ("RebootOption", "RebootIfNeeded"))
        ],
        timeout_seconds=600,
        cloudwatch_config=aws.ssm.MaintenanceWindowTaskTaskInvocationParametersRunCommandParametersCloudwatchConfigArgs(
            cloudwatch_log_group_name=log.name, cloudwatch_output_enabled=True
        ),
    )
    aws.ssm.MaintenanceWindowTask(
        site.child("patch-task"),
        window_id=window.id,
        name=site.plan.name("patches", limit=128),
        task_type="RUN_COMMAND",
        task_arn="AWS-RunPatchBaseline",
        priority=1,
        max_concurrency="1",
        max_errors="0",
        targets=[
            aws.ssm.MaintenanceWindowTaskTargetArgs(key="InstanceIds", values=ids) for ids in batches(servers)
        ],
        task_invocation_parameters=aws.ssm.MaintenanceWindowTaskTaskInvocationParametersArgs(
            run_command_parameters=command
        ),
        opts=site.opts(),
    )


def _approve(kind: str, severities: Sequence[str], level: str) -> aws.ssm.PatchBaselineApprovalRuleArgs:
    """Approve patches of `kind` and `severities` seven days after their release."""
    return aws.ssm.PatchBaselineApprovalRuleArgs(
        approve_after_days=7,
        compliance_level=level,
        patch_filters=[
            aws.ssm.PatchBaselineApprovalRulePatchFilterArgs(key="CLASSIFICATION", values=[kind]),
            aws.ssm.PatchBaselineApprovalRulePatchFilterArgs(key="SEVERITY", values=severities),
        ],
    )
