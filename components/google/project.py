"""What the project that was handed over is: its number, its billing account."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from components.room import Room


@dataclass(frozen=True, slots=True)
class Project:
    """Number and billing account of a project."""

    number: pulumi.Output[str]
    billing: pulumi.Output[str]

    def agent(self, service: str) -> pulumi.Output[str]:
        """The member that is Google's own service agent, of those that are there once a service is on:
        `service-<number>@<service>.iam.gserviceaccount.com`."""
        return pulumi.Output.concat(
            "serviceAccount:service-", self.number, f"@{service}.iam.gserviceaccount.com"
        )


class Agents:
    """The service agents that exist once somebody asks for them: nobody can be let in who is not there."""

    def __init__(self, room: Room) -> None:
        """They are asked for under `room`."""
        self._room = room
        self._members: dict[str, pulumi.Output[str]] = {}

    def member(self, service: str) -> pulumi.Output[str]:
        """The agent of `service`, as permissions name it."""
        if service not in self._members:
            self._members[service] = gcp.projects.ServiceIdentity(
                self._room.child(f"agent-{service}"),
                service=f"{service}.googleapis.com",
                opts=self._room.opts(),
            ).member
        return self._members[service]


def project(room: Room) -> Project:
    """Asks the cloud about the tenant's project."""
    found = gcp.organizations.get_project_output(
        project_id=room.plan.unit, opts=pulumi.InvokeOutputOptions(parent=room.parent)
    )
    return Project(found.number, found.billing_account)
