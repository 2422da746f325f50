"""The baseline on OCI: compartments and permissions, keys, record, guards, budget, alarms, backup.

The child tenancy is adopted as it was handed over; everything of ours hangs under one compartment of it.
Identity, budgets and quotas are made in the tenancy's home region, wherever the tenant itself is.
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.contract import BaselineGives
from components.oci.access import elsewhere
from components.oci.baseline.audit import Audit
from components.oci.baseline.backup import backup
from components.oci.baseline.guard import Guard
from components.oci.baseline.identity import Identity
from components.oci.baseline.keys import Keys
from components.oci.baseline.watch import Watch, recipients
from components.oci.place import Spot
from components.room import Room
from stacks.plan import CloudPlan, KeyPurpose

TYPE = "jichitai:oci:Baseline"

ALERTS: tuple[tuple[str, int], ...] = (("ACTUAL", 80), ("FORECAST", 100))
"""Kind and percent of the month's budget at which people are told (our choice)."""


def home_region(plan: CloudPlan, parent: pulumi.Resource) -> str:
    """The tenancy's home region, the only one that takes changes of identity."""
    found = oci.identity.get_region_subscriptions(
        tenancy_id=plan.unit, opts=pulumi.InvokeOptions(parent=parent)
    )
    return next((r.region_name for r in found.region_subscriptions if r.is_home_region), plan.region)


class Baseline(pulumi.ComponentResource):
    """What every layer stands on, in one tenancy."""

    gives: BaselineGives

    def __init__(self, name: str, plan: CloudPlan, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, None, opts)
        room = Room(name, plan, self)
        recovery = elsewhere(room, plan.recovery_region)
        home = None if home_region(plan, self) == plan.region else recovery
        identity = Identity(room, home)
        spot = Spot(name, plan, self, identity.places["baseline"])
        keys = Keys(spot, recovery)
        # After the permission to use them: whoever encrypts with a key waits until it may.
        usable: Mapping[KeyPurpose, pulumi.Output[str]] = {
            purpose: identity.after_policies(key) for purpose, key in keys.keys.items()
        }
        audit = Audit(spot, usable["logs"])
        watch = Watch(spot)
        Guard(spot, identity.places["tenant"], home)
        self._budget(spot, home)
        self.gives = BaselineGives(
            keys=usable,
            alarms=watch.topic,
            vault=backup(spot),
            archive=audit.archive,
            places={
                **identity.places,
                "vault": keys.vault,
                "key-endpoint": keys.endpoint,
                "recovery-key": identity.after_policies(keys.recovery),
                "namespace": audit.namespace,
                "logs": audit.group,
            },
        )
        self.register_outputs({"archive": audit.archive, "compartments": dict(identity.places)})

    def _budget(self, spot: Spot, home: pulumi.ProviderResource | None) -> None:
        """The month's budget of the whole tenancy.

        OCI counts in the currency of its rate card, and is not told which the manifest means.
        """
        plan = spot.plan
        if not spot.creates("budget"):
            return
        budget = oci.budget.Budget(
            spot.child("budget"),
            compartment_id=plan.unit,
            display_name=plan.name("budget"),
            description="The whole tenancy, each month",
            amount=plan.baseline.budget.amount,
            reset_period="MONTHLY",
            target_type="COMPARTMENT",
            targets=[plan.unit],
            freeform_tags=spot.labels(),
            opts=spot.opts(provider=home),
        )
        for kind, percent in ALERTS:
            oci.budget.Rule(
                spot.child("budget", kind.lower(), str(percent)),
                budget_id=budget.id,
                display_name=plan.name("budget", kind.lower(), str(percent)),
                type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
                recipients=",".join(
                    sorted({plan.baseline.contacts["billing"].email, *recipients(plan).values()})
                ),
                message=f"予算の{percent}% / {percent}% of the budget ({kind.lower()})",
                freeform_tags=spot.labels(),
                opts=spot.opts(provider=home),
            )


__all__ = ["ALERTS", "Baseline", "home_region"]
