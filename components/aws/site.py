"""Where a resource of the IaaS layer belongs: its component, the plan, and what the baseline gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.contract import BaselineGives
from stacks.plan import CloudPlan


@dataclass(frozen=True, slots=True)
class Site:
    """The component under which resources are made. Their names start with `name`."""

    name: str
    plan: CloudPlan
    baseline: BaselineGives
    parent: pulumi.Resource

    def child(self, *parts: str) -> str:
        """The engine's name of a child: `<component>-<parts>`."""
        return "-".join((self.name, *parts))

    def opts(self, **more: Any) -> pulumi.ResourceOptions:
        """Options of a child."""
        return pulumi.ResourceOptions(parent=self.parent, **more)

    def tags(self, *parts: str, more: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """The `Name` that the console shows, and `more`."""
        return {"Name": self.plan.name(*parts, limit=255), **(more or {})}
