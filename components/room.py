"""A layer as its parts see it: the component they hang under, and the plan they follow."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from stacks.plan import CloudPlan, Part


@dataclass(frozen=True, slots=True)
class Room:
    """The component under which resources are made. Their names start with `name`."""

    name: str
    plan: CloudPlan
    parent: pulumi.Resource

    def child(self, what: str) -> str:
        """The engine's name of a child: `<component>-<what>`."""
        return f"{self.name}-{what}"

    def opts(self, *after: pulumi.Resource, keep: bool = False) -> pulumi.ResourceOptions:
        """Options of a child that comes after `after`.

        `keep`: while the tenant is protected, the engine itself refuses to delete it.
        """
        return pulumi.ResourceOptions(
            parent=self.parent, depends_on=list(after), protect=True if keep and self.plan.protect else None
        )

    def creates(self, part: Part) -> bool:
        """Whether `part` of the baseline is ours to make."""
        return self.plan.baseline.creates(part)

    def adopted(self, part: Part, what: str) -> str | None:
        """The id that the manifest gives for `what` of an adopted part."""
        return self.plan.baseline.adopted.get(part, {}).get(what)
