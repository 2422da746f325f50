"""The IaaS layer as its parts see it: a room, with what the baseline gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.contract import BaselineGives
from components.room import Room


@dataclass(frozen=True, slots=True)
class Site(Room):
    """A room whose children are encrypted with the baseline's keys, and seen in the console by name."""

    baseline: BaselineGives

    def child(self, what: str, *more: str) -> str:
        """The engine's name of a child: `<component>-<what>-<more>`."""
        return "-".join((self.name, what, *more))

    def opts(
        self, *after: pulumi.Resource, keep: bool = False, ignore: Sequence[str] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a child, as of any room; changes of the properties in `ignore` do not count."""
        options = Room.opts(self, *after, keep=keep)
        options.ignore_changes = list(ignore) or None
        return options

    def tags(self, *parts: str, more: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """The `Name` that the console shows, and `more`."""
        return {"Name": self.plan.name(*parts, limit=255), **(more or {})}
