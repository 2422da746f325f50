"""A room on Azure: the component, its plan, and the resource group that its children live in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pulumi
import pulumi_azure_native as azure

from components.azure import facts
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan


def lean(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Options of a layer whose children carry no aliases of other API versions.

    azure-native puts 20 to 60 on each resource, which is most of what a preview costs. They matter only
    to stacks made with older versions of the SDK; ours were all made with unversioned types.
    """
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(transformations=[_no_aliases]))


def _no_aliases(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
    if not args.type_.startswith("azure-native:"):
        return None
    args.opts.aliases = [a for a in args.opts.aliases or [] if not getattr(a, "type_", None)]
    return pulumi.ResourceTransformationResult(args.props, args.opts)


@dataclass(frozen=True, slots=True)
class Place(Room):
    """A room whose children live in the resource group `group`, in the plan's region."""

    group: pulumi.Input[str]

    def child(self, what: str, *more: str) -> str:
        """The engine's name of a child: `<component>-<what>-<more>`."""
        return "-".join((self.name, what, *more))

    def kept(self, *after: pulumi.Resource, ignore: Sequence[str] = ()) -> pulumi.ResourceOptions:
        """Options of a child that the engine refuses to delete from a protected tenant."""
        options = self.opts(*after, keep=True)
        options.ignore_changes = list(ignore) or None
        return options

    def tags(self, package: PackagePlan | None = None) -> Mapping[str, str]:
        """The tenant's tags, and the package's. Azure has none by default: each resource says its own."""
        return {**self.plan.tags, **(package.tags if package else {})}

    def inside(self, group: pulumi.Input[str]) -> Place:
        """The same room with its children in another resource group."""
        return replace(self, group=group)


def place(name: str, plan: CloudPlan, parent: pulumi.Resource, group: facts.Group) -> Place:
    """The room `name` with a resource group of its own."""
    room = Room(name, plan, parent)
    return Place(name, plan, parent, resource_group(room, group, facts.group_name(plan, group)))


def resource_group(room: Room, what: str, name: str, region: str | None = None) -> pulumi.Output[str]:
    """A resource group; gives its name."""
    return azure.resources.ResourceGroup(
        room.child(f"{what}-group"),
        resource_group_name=name,
        location=region or room.plan.region,
        tags=room.plan.tags,
        opts=room.opts(),
    ).name


def identity(
    place: Place, what: str, name: str, region: str | None = None
) -> azure.managedidentity.UserAssignedIdentity:
    """An identity without any secret: whoever carries it is known by Azure itself."""
    return azure.managedidentity.UserAssignedIdentity(
        place.child(what),
        resource_group_name=place.group,
        resource_name_=name,
        location=region or place.plan.region,
        tags=place.tags(),
        opts=place.opts(),
    )


def grant(
    place: Place,
    what: str,
    role: pulumi.Input[str],
    principal: pulumi.Input[str],
    scope: pulumi.Input[str],
    condition: str | None = None,
) -> azure.authorization.RoleAssignment:
    """`principal` (an object id) has the `role` (its definition's id) at `scope`, under `condition`."""
    return azure.authorization.RoleAssignment(
        place.child(what),
        role_assignment_name=facts.guid(place.plan.unit, place.plan.prefix, place.name, what),
        role_definition_id=role,
        principal_id=principal,
        principal_type="ServicePrincipal",
        scope=scope,
        condition=condition,
        condition_version="2.0" if condition else None,
        opts=place.opts(),
    )


def after(value: pulumi.Output[str], *before: pulumi.CustomResource) -> pulumi.Output[str]:
    """`value`, known only once `before` are there: whoever takes it waits for them."""
    return pulumi.Output.all(value, *(resource.id for resource in before)).apply(lambda known: str(known[0]))


def key_of(key: pulumi.Output[str]) -> tuple[pulumi.Output[str], pulumi.Output[str], pulumi.Output[str]]:
    """Vault address, name and address (without a version) of a key by its id."""
    return (
        key.apply(lambda k: facts.Key.of(k).vault_uri),
        key.apply(lambda k: facts.Key.of(k).name),
        key.apply(lambda k: facts.Key.of(k).uri),
    )


def tenant(parent: pulumi.Resource) -> pulumi.Output[str]:
    """The Entra tenant that the subscription trusts."""
    found = azure.authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=parent))
    return found.tenant_id
