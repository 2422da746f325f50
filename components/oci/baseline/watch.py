"""Who is told what: the topic of alarms, the events that reach it, and Oracle's announcements."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_oci as oci

from components.oci.baseline import signals
from components.oci.place import Spot
from stacks.plan import CloudPlan


def recipients(plan: CloudPlan) -> Mapping[str, str]:
    """Who gets the alarms by mail, by role: operations and security, once each."""
    found = {role: plan.baseline.contacts[role].email for role in ("operations", "security")}
    return found if found["operations"] != found["security"] else {"operations": found["operations"]}


class Watch:
    """Builds the topic and what is told. `topic` is its OCID."""

    def __init__(self, spot: Spot) -> None:
        """Make it in `spot`; the adopted topic instead where the manifest names one."""
        self._spot = spot
        adopted = spot.adopted("alarms", "topic")
        self.topic = self._topic() if adopted is None else pulumi.Output.from_input(adopted)
        if spot.creates("alarms"):
            for kind in signals.WATCHED:
                self._rule(kind)
        if spot.creates("contacts"):
            self._announcements()

    def _topic(self) -> pulumi.Output[str]:
        spot, plan = self._spot, self._spot.plan
        topic = oci.ons.NotificationTopic(
            spot.child("alarms"),
            compartment_id=spot.compartment,
            name=plan.name("alarms"),
            description="Alarms of the tenant",
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
        for role, email in recipients(plan).items():
            oci.ons.Subscription(
                spot.child("alarms", role),
                compartment_id=spot.compartment,
                topic_id=topic.topic_id,
                protocol="EMAIL",
                endpoint=email,
                freeform_tags=spot.labels(),
                opts=spot.opts(),
            )
        return topic.topic_id

    def _rule(self, kind: str) -> None:
        """Events of `kind` anywhere in the tenancy go to the topic."""
        spot, plan = self._spot, self._spot.plan
        oci.events.Rule(
            spot.child("watch", kind),
            compartment_id=plan.unit,
            display_name=plan.name(kind),
            description=f"Events about {kind}",
            is_enabled=True,
            condition=signals.condition(kind),
            actions={
                "actions": [{"action_type": "ONS", "is_enabled": True, "topic_id": self.topic}],
            },
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )

    def _announcements(self) -> None:
        """Maintenance and faults that Oracle announces reach the contacts."""
        spot, plan = self._spot, self._spot.plan
        oci.announcementsservice.AnnouncementSubscription(
            spot.child("announcements"),
            compartment_id=plan.unit,
            display_name=plan.name("announcements"),
            description="Maintenance and faults",
            ons_topic_id=self.topic,
            preferred_language="ja",
            preferred_time_zone="Asia/Tokyo",
            freeform_tags=spot.labels(),
            opts=spot.opts(),
        )
