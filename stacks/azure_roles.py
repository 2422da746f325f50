"""The roles of our own on Azure, which `bootstrap` makes and the components only name. Pure data.

Whoever may define roles can rewrite the one that it holds itself, so the pipeline may not: the bootstrap
makes them before it, as the administrator. There is one of each a subscription, for all stacks in it. An
Entra tenant takes 5,000 custom roles of all its subscriptions together, each with a name of its own (Azure
RBAC limits): none is for a package.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class OwnRole:
    """A role by our name for it: `actions` on resources, `data_actions` on what is in them."""

    key: str
    does: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()

    def guid(self, subscription: str) -> str:
        """Its id in a subscription (a GUID): always the same, so that it is known before it is made."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"jichitai-{self.key}:{subscription.lower()}"))

    def id(self, subscription: str) -> str:
        """The id of its definition, as assignments name it."""
        path = "providers/Microsoft.Authorization/roleDefinitions"
        return f"/subscriptions/{subscription}/{path}/{self.guid(subscription)}"

    def title(self, subscription: str) -> str:
        """The name that Azure shows. It has to be the only one of the Entra tenant."""
        return f"Jichitai {self.key} {subscription.lower()}"


_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"

SENDS = OwnRole(
    "handover-sends",
    "Writes files that are handed over",
    data_actions=(f"{_BLOBS}/add/action", f"{_BLOBS}/write"),
)
"""A sender of hand-over makes blobs and writes them. It reads and deletes none, and has nothing to do with
the container: the built-in role that may write blobs may delete containers too, which no condition can take
back (Azure RBAC: conditions are for what is done to blobs)."""

HOURS = OwnRole(
    "hours",
    "Starts and stops servers and databases",
    actions=(
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Microsoft.Compute/virtualMachines/start/action",
        "Microsoft.DBforMySQL/flexibleServers/start/action",
        "Microsoft.DBforMySQL/flexibleServers/stop/action",
        "Microsoft.DBforPostgreSQL/flexibleServers/start/action",
        "Microsoft.DBforPostgreSQL/flexibleServers/stop/action",
    ),
)
"""What starts and stops by the clock in verification environments; it makes, changes and reads nothing."""

OWN: Mapping[str, OwnRole] = MappingProxyType({role.key: role for role in (SENDS, HOURS)})
"""All of them, by our name."""
