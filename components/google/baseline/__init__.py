"""The baseline of one Google Cloud project: what must hold before anything is built in it.

A part that is `adopted` exists already (the official templates or the organisation made it) and is
left alone. What later layers need of it is taken by the ids that the manifest gives, and made where
it gives none:

| part | ids |
|---|---|
| keys | `logs` `data` `backup` `messages`: crypto keys |
| audit_log | `bucket`: an immutable bucket for logs |
| alarms | `channel`: a notification channel |
| backup | `vault`: a backup vault |
"""

from __future__ import annotations

import pulumi

from components.contract import BaselineGives
from components.google.baseline.audit import Audit
from components.google.baseline.backup import backup_vault
from components.google.baseline.guards import guards
from components.google.baseline.keys import Keys
from components.google.baseline.watch import Watch
from components.google.project import Agents, project
from components.room import Room
from stacks.plan import CloudPlan

TYPE = "jichitai:google:Baseline"


class Baseline(pulumi.ComponentResource):
    """Record, guards, keys, alarms, backup of one project. `gives` is for the later layers."""

    gives: BaselineGives

    def __init__(self, name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        room = Room(name, plan, self)
        known = project(room)
        agents = Agents(room)
        keys = Keys(room, known, agents).gives
        audit = Audit(room, keys, agents)
        watch = Watch(room, keys["messages"])
        vault = backup_vault(room, keys["backup"])
        guards(room, known, watch)
        self.gives = BaselineGives(keys=keys, alarms=watch.channel, vault=vault, archive=audit.archive)
        self.register_outputs(
            {"keys": keys, "alarms": watch.channel, "vault": vault, "archive": audit.archive}
        )
