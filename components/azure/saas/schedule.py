"""Start and stop of what costs by the hour, in verification environments.

Containers need none of this: their scale knows the hours. Servers and databases are started and stopped
by a workflow without any code, as an identity that may do just that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.azure.place import Place
from stacks.azure_roles import HOURS
from stacks.plan import SchedulePlan

VERSIONS: Mapping[str, str] = {
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.DBforPostgreSQL/flexibleServers": "2024-08-01",
    "Microsoft.DBforMySQL/flexibleServers": "2023-12-30",
}
"""API versions of the calls."""

STOPS: Mapping[str, str] = {"Microsoft.Compute/virtualMachines": "deallocate"}
"""How a type is stopped so that it costs nothing, where that is not `stop`."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def kind_of(resource: str) -> str:
    """The type in a resource id."""
    parts = resource.split("/")
    return f"{parts[6]}/{parts[7]}"


def definition(verb: str, clock: str, resources: Mapping[str, str]) -> Mapping[str, Any]:
    """The workflow that calls `verb` (`start`, `stop`) of `resources` (ids by key) at `clock` on weekdays."""
    hour, minute = clock.split(":")
    actions = {}
    for key, resource in resources.items():
        kind = kind_of(resource)
        call = STOPS.get(kind, "stop") if verb == "stop" else "start"
        uri = f"https://management.azure.com{resource}/{call}?api-version={VERSIONS[kind]}"
        actions[key.replace("-", "_")] = {
            "type": "Http",
            "runAfter": {},
            "inputs": {
                "method": "POST",
                "uri": uri,
                "authentication": {
                    "type": "ManagedServiceIdentity",
                    "audience": "https://management.azure.com/",
                },
            },
        }
    return {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "triggers": {
            "hours": {
                "type": "Recurrence",
                "recurrence": {
                    "frequency": "Week",
                    "interval": 1,
                    "timeZone": "Tokyo Standard Time",
                    "schedule": {"weekDays": list(WEEKDAYS), "hours": [int(hour)], "minutes": [int(minute)]},
                },
            }
        },
        "actions": actions,
    }


class Scheduler:
    """Collects what has hours, and makes one workflow for each hour."""

    def __init__(self, place: Place) -> None:
        """Make them in `place` once `finish` is called."""
        self._place = place
        self._found: dict[SchedulePlan, dict[str, pulumi.Output[str]]] = {}

    def add(self, schedule: SchedulePlan | None, key: str, resource: pulumi.Output[str]) -> None:
        """`resource` (an id) runs by `schedule`; None is always."""
        if schedule is not None:
            self._found.setdefault(schedule, {})[key] = resource

    def finish(self) -> None:
        """Make the workflows, if anything has hours."""
        for number, (schedule, resources) in enumerate(self._found.items()):
            for verb, clock in (("start", schedule.start), ("stop", schedule.stop)):
                self._workflow(f"{verb}-{number}", verb, clock, resources)

    def _workflow(
        self,
        name: str,
        verb: str,
        clock: str,
        resources: Mapping[str, pulumi.Output[str]],
    ) -> None:
        place, plan = self._place, self._place.plan
        made = azure.logic.Workflow(
            place.child("hours", name),
            resource_group_name=place.group,
            workflow_name=plan.name("hours", name, limit=80),
            location=plan.region,
            state="Enabled",
            identity={"type": azure.logic.ManagedServiceIdentityType.SYSTEM_ASSIGNED},
            definition=pulumi.Output.all(**resources).apply(lambda known: definition(verb, clock, known)),
            tags=place.tags(),
            opts=place.opts(),
        )
        azure.authorization.RoleAssignment(
            place.child("hours", name, "may"),
            role_assignment_name=facts.guid(plan.unit, plan.prefix, "hours", name),
            role_definition_id=HOURS.id(plan.unit),
            principal_id=made.identity.apply(lambda i: str(i.principal_id if i else "")),
            principal_type="ServicePrincipal",
            scope=facts.subscription(plan),
            opts=place.opts(),
        )
