"""The identity of a package, whichever layer made it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_azure_native as azure

from components.azure import facts


@dataclass(frozen=True, slots=True)
class Who:
    """A user-assigned identity: its id, name, object id (for rights) and client id (for tokens)."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    principal_id: pulumi.Output[str]
    client_id: pulumi.Output[str]

    @classmethod
    def made(cls, identity: azure.managedidentity.UserAssignedIdentity) -> Who:
        """An identity of this layer."""
        return cls(identity.id, identity.name, identity.principal_id, identity.client_id)

    @classmethod
    def known(cls, parent: pulumi.Resource, resource: pulumi.Output[str]) -> Who:
        """An identity of another layer, by its id."""
        found = azure.managedidentity.get_user_assigned_identity_output(
            resource_group_name=resource.apply(facts.group_of),
            resource_name=resource.apply(facts.last),
            opts=pulumi.InvokeOutputOptions(parent=parent),
        )
        return cls(resource, resource.apply(facts.last), found.principal_id, found.client_id)
