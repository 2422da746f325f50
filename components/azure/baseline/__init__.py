"""The baseline of one subscription: what must hold before anything is built in it.

A part that is `adopted` exists already (the official templates made it) and is left alone. What
later layers need of it is taken by the ids that the manifest gives, and made where it gives none:

| part | ids |
|---|---|
| keys | `logs` `data` `backup` `messages` `recovery`: resource ids of keys in a vault |
| audit_log | `workspace`: id of a Log Analytics workspace; `storage`: id of an immutable storage account |
| alarms | `action_group`: id of an action group |
| backup | `vault`: id of a Recovery Services vault with a policy named `daily` |

Azure makes no default network, so `default_network` is nothing to do: what it makes by itself, the
Network Watcher of a region, is what flow logs hang on.
"""

from __future__ import annotations

import pulumi

from components.azure.baseline.audit import Audit
from components.azure.baseline.backup import Backup
from components.azure.baseline.guards import Guards
from components.azure.baseline.keys import Keys
from components.azure.baseline.watch import Watch
from components.azure.gives import BaselineGives
from components.azure.logs import diagnostics
from components.azure.place import lean, place, tenant
from stacks.plan import CloudPlan

TYPE = "jichitai:azure:Baseline"


class Baseline(pulumi.ComponentResource):
    """Record, guards, keys, alarms, backup of one subscription. `gives` is for the later layers."""

    gives: BaselineGives

    def __init__(self, name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, lean(opts))
        room = place(name, plan, self, "baseline")
        keys = Keys(room, tenant(self))
        audit = Audit(room, keys.ids["logs"])
        for what, vault in keys.vaults.items():
            diagnostics(room, f"vault-{what}", vault.id, audit.workspace)
        topic = Watch(room, audit.workspace).topic
        backup = Backup(room, keys.ids["backup"])
        Guards(room, audit.workspace, topic)
        self.gives = BaselineGives(
            keys=keys.ids,
            alarms=topic,
            vault=backup.vault,
            archive=audit.archive,
            workspace=audit.workspace,
            recovery_key=keys.recovery,
        )
        self.register_outputs(
            {"keys": keys.ids, "alarms": topic, "vault": backup.vault, "archive": audit.archive}
        )
