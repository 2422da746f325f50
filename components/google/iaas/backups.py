"""What goes into the backup vault every night: whole servers, shared files."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.room import Room

SERVERS = "compute.googleapis.com/Instance"
FILES = "file.googleapis.com/Instance"


class Backups:
    """One plan for each kind of thing, made for the first of its kind."""

    def __init__(self, room: Room, vault: pulumi.Output[str]) -> None:
        """Plans are made under `room`, into `vault`."""
        self._room, self._vault = room, vault
        self._plans: dict[str, pulumi.Output[str]] = {}

    def cover(self, key: str, kind: str, id_: pulumi.Output[str]) -> None:
        """Let the thing `id_` of `kind` be backed up."""
        plan = self._room.plan
        gcp.backupdisasterrecovery.BackupPlanAssociation(
            self._room.child(f"{key}-backup"),
            backup_plan_association_id=plan.name(key),
            location=plan.region,
            resource_type=kind,
            resource=id_,
            backup_plan=self._plan(kind),
            opts=self._room.opts(),
        )

    def _plan(self, kind: str) -> pulumi.Output[str]:
        if kind not in self._plans:
            plan, name = self._room.plan, kind.split(".")[0]
            self._plans[kind] = gcp.backupdisasterrecovery.BackupPlan(
                self._room.child(f"backups-{name}"),
                backup_plan_id=plan.name("backups", name),
                location=plan.region,
                resource_type=kind,
                backup_vault=self._vault,
                backup_rules=[
                    {
                        "rule_id": "daily",
                        "backup_retention_days": plan.baseline.retention.backup_days,
                        "standard_schedule": {
                            "recurrence_type": "DAILY",
                            "time_zone": "Asia/Tokyo",
                            "backup_window": {"start_hour_of_day": 1, "end_hour_of_day": 7},
                        },
                    }
                ],
                opts=self._room.opts(),
            ).id
        return self._plans[kind]
