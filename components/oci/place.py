"""A layer on OCI as its parts see it: a room, and the compartment that it fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.contract import BaselineGives
from components.room import Room
from stacks.plan import CloudPlan, PackagePlan


@dataclass(frozen=True, slots=True)
class Spot(Room):
    """A room whose children lie in `compartment`."""

    compartment: pulumi.Output[str]

    def child(self, what: str, *more: str) -> str:
        """The engine's name of a child: `<component>-<what>-<more>`."""
        return "-".join((self.name, what, *more))

    def opts(
        self,
        *after: pulumi.Resource,
        keep: bool = False,
        ignore: Sequence[str] = (),
        provider: pulumi.ProviderResource | None = None,
    ) -> pulumi.ResourceOptions:
        """Options of a child; changes of the properties in `ignore` do not count."""
        options = Room.opts(self, *after, keep=keep)
        options.ignore_changes = list(ignore) or None
        if provider is not None:
            options.provider = provider
        return options

    def labels(
        self, package: PackagePlan | None = None, more: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """The free-form tags of a resource: the tenant's, the package's, and `more`."""
        return labels(self.plan, package, more)

    def owner(self, package: PackagePlan) -> dict[str, str]:
        """The defined tag by which policies know what belongs to `package`."""
        return {owner_tag(self.plan): package.key}


@dataclass(frozen=True, slots=True)
class Place(Spot):
    """A spot whose children are encrypted with the baseline's keys."""

    baseline: BaselineGives

    def gives(self, what: str) -> pulumi.Output[str]:
        """One of the things of the unit that the baseline gave (`BaselineGives.places`)."""
        return self.baseline.places[what]


def place(layer: str, name: str, plan: CloudPlan, parent: pulumi.Resource, given: BaselineGives) -> Place:
    """The place of `layer` (`lgwan`, `iaas`, `paas`, `saas`)."""
    return Place(name, plan, parent, given.places[layer], given)


def labels(
    plan: CloudPlan, package: PackagePlan | None = None, more: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Free-form tags: the tenant's, the package's over them, and `more`. OCI takes ten on a resource."""
    return {**plan.tags, **(package.tags if package else {}), **(more or {})}


def owner_tag(plan: CloudPlan) -> str:
    """The key of the defined tag that says which package something belongs to: `<namespace>.package`."""
    return f"{plan.prefix}.{OWNER}"


OWNER = "package"
