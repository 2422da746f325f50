"""Hardening and patches of servers: packages of the OS without the internet, a window, a state to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_gcp as gcp

from components.room import Room
from stacks.plan import SchedulePlan

SOURCES: Mapping[str, tuple[str, str]] = {
    "os": ("debian/dists/bookworm", "bookworm"),
    "os-security": ("debian-security/dists/bookworm-security", "bookworm-security"),
}
"""Debian's own repositories by our name: the path that Artifact Registry mirrors, the distribution."""

HARDENING = r"""set -eu
install -d -m 0755 /etc/sysctl.d /etc/ssh/sshd_config.d
printf '%s\n' 'net.ipv4.conf.all.accept_redirects = 0' 'net.ipv4.conf.all.send_redirects = 0' \
  'net.ipv4.conf.all.accept_source_route = 0' 'net.ipv4.tcp_syncookies = 1' \
  'kernel.randomize_va_space = 2' 'fs.suid_dumpable = 0' > /etc/sysctl.d/60-jichitai.conf
printf '%s\n' 'PermitRootLogin no' 'PasswordAuthentication no' 'X11Forwarding no' 'MaxAuthTries 4' \
  > /etc/ssh/sshd_config.d/60-jichitai.conf
sysctl --system >/dev/null
exit 100
"""
"""Settings of CIS Debian Linux 12 that no application depends on. 100 says that it was done (OS policy)."""
HARDENED = r"""test -f /etc/sysctl.d/60-jichitai.conf \
  && test -f /etc/ssh/sshd_config.d/60-jichitai.conf && exit 100
exit 101
"""


@dataclass(frozen=True, slots=True)
class Window:
    """When servers are patched: the day, the hour and minute (Asia/Tokyo), and how long, hours."""

    day: str
    hour: int
    minute: int
    hours: int


def patch_window(schedules: Iterable[SchedulePlan]) -> Window:
    """Sunday 02:00 to 06:00; where servers are stopped at night, Wednesday while all of them run."""
    running = list(schedules)
    if not running:
        return Window("SUNDAY", 2, 0, 4)
    start = max(_minutes(schedule.start) for schedule in running)
    stop = min(_minutes(schedule.stop) for schedule in running)
    return Window("WEDNESDAY", start // 60, start % 60, min(4, max(1, (stop - start) // 60)))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def patching(room: Room, schedules: Iterable[SchedulePlan], key: pulumi.Output[str]) -> None:
    """Mirrors of the OS's packages, the state that servers keep, and the window for patches."""
    plan = room.plan
    mirrors = (
        {name: _mirror(room, name, path, key) for name, (path, _) in SOURCES.items()}
        if (plan.server_image is None)
        else {}
    )
    if mirrors:
        _state(room, mirrors)
    window = patch_window(schedules)
    gcp.osconfig.PatchDeployment(
        room.child("patches"),
        patch_deployment_id=plan.name("patches"),
        description="Security and bug fixes, one server at a time",
        instance_filter={"group_labels": [{"labels": {"servers": plan.prefix}}]},
        patch_config={"reboot_config": "DEFAULT", "apt": {"type": "DIST"}},
        duration=f"{window.hours * 3600}s",
        recurring_schedule={
            "time_zone": {"id": "Asia/Tokyo"},
            "time_of_day": {"hours": window.hour, "minutes": window.minute},
            "weekly": {"day_of_week": window.day},
        },
        rollout={"mode": "ZONE_BY_ZONE", "disruption_budget": {"fixed": 1}},
        opts=room.opts(),
    )


def _mirror(room: Room, name: str, path: str, key: pulumi.Output[str]) -> gcp.artifactregistry.Repository:
    """A mirror of one of Debian's repositories: why patches need no internet."""
    return gcp.artifactregistry.Repository(
        room.child(f"mirror-{name}"),
        repository_id=room.plan.name(name),
        location=room.plan.region,
        format="APT",
        mode="REMOTE_REPOSITORY",
        description="Packages of the OS",
        kms_key_name=key,
        remote_repository_config={
            "apt_repository": {"public_repository": {"repository_base": "DEBIAN", "repository_path": path}}
        },
        opts=room.opts(),
    )


def _state(room: Room, mirrors: Mapping[str, gcp.artifactregistry.Repository]) -> None:
    """What VM Manager keeps on every server: the mirrors as sources, and the hardening."""
    plan = room.plan
    sources: list[Any] = [
        {
            "id": name,
            "repository": {
                "apt": {
                    "archive_type": "DEB",
                    "uri": mirrors[name].name.apply(
                        lambda repository: (
                            f"ar+https://{plan.region}-apt.pkg.dev/projects/{plan.unit}"
                            f"/{repository.rsplit('/', 1)[-1]}"
                        )
                    ),
                    "distribution": distribution,
                    "components": ["main"],
                }
            },
        }
        for name, (_, distribution) in SOURCES.items()
    ]
    settings: Any = {
        "id": "settings",
        "exec": {
            "validate": {"interpreter": "SHELL", "script": HARDENED},
            "enforce": {"interpreter": "SHELL", "script": HARDENING},
        },
    }
    # An assignment holds in one zone.
    for zone in plan.zones:
        gcp.osconfig.OsPolicyAssignment(
            room.child(f"hardening-{zone}"),
            name=plan.name("hardening"),
            location=zone,
            description="Sources of packages and hardening",
            instance_filter={"inclusion_labels": [{"labels": {"servers": plan.prefix}}]},
            os_policies=[
                {
                    "id": "servers",
                    "mode": "ENFORCEMENT",
                    "resource_groups": [
                        {
                            "inventory_filters": [{"os_short_name": "debian"}],
                            "resources": [*sources, settings],
                        }
                    ],
                }
            ],
            rollout={"disruption_budget": {"fixed": 1}, "min_wait_duration": "60s"},
            opts=room.opts(),
        )
