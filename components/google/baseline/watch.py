"""Who is told what: channels, log entries that ring, findings on a topic."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_gcp as gcp

from components.google.baseline import signals
from components.room import Room
from stacks.plan import ContactPlan


def recipients(contacts: Mapping[str, ContactPlan]) -> Mapping[str, str]:
    """Who gets the alarms by mail, by role: operations and security, once each."""
    found = {role: contacts[role].email for role in ("operations", "security")}
    return found if found["operations"] != found["security"] else {"operations": found["operations"]}


class Watch:
    """Builds channels and alarms. `channel` is operations' own, where later layers' alarms go."""

    def __init__(self, room: Room, key: pulumi.Output[str]) -> None:
        """Make them under `room`; messages are encrypted by `key`."""
        self._room, self._key = room, key
        self._topic: gcp.pubsub.Topic | None = None
        adopted = room.adopted("alarms", "channel")
        if adopted is not None:
            channel = gcp.monitoring.NotificationChannel.get(room.child("alarms"), adopted, opts=room.opts())
            self.channels = [channel.id]
        else:
            self.channels = [
                self._mail(role, email) for role, email in recipients(room.plan.baseline.contacts).items()
            ]
        self.channel = self.channels[0]
        if room.creates("alarms"):
            for name, signal in signals.SIGNALS.items():
                self._listen(name, signal)

    def _mail(self, role: str, email: str) -> pulumi.Output[str]:
        """A channel by mail; gives its id."""
        return gcp.monitoring.NotificationChannel(
            self._room.child(f"alarms-{role}"),
            type="email",
            display_name=self._room.plan.name(role),
            labels={"email_address": email},
            opts=self._room.opts(),
        ).id

    def _listen(self, name: str, signal: signals.Signal) -> None:
        """Entries that match ring, at most once in five minutes."""
        gcp.monitoring.AlertPolicy(
            self._room.child(f"watch-{name}"),
            display_name=self._room.plan.name(name),
            combiner="OR",
            conditions=[{"display_name": name, "condition_matched_log": {"filter": signal.filter}}],
            # A policy on log entries must have a limit, and half an hour is the least it may take to close.
            alert_strategy={"notification_rate_limit": {"period": "300s"}, "auto_close": "1800s"},
            documentation={
                "content": f"{signal.meaning.ja} / {signal.meaning.en}",
                "mime_type": "text/markdown",
            },
            notification_channels=self.channels,
            severity="WARNING",
            opts=self._room.opts(),
        )

    def topic(self) -> gcp.pubsub.Topic:
        """The topic for what other programs take up (findings), made when first asked for."""
        if self._topic is None:
            plan = self._room.plan
            self._topic = gcp.pubsub.Topic(
                self._room.child("alarms-topic"),
                name=plan.name("alarms"),
                kms_key_name=self._key,
                message_storage_policy={"allowed_persistence_regions": [plan.region]},
                opts=self._room.opts(),
            )
            gcp.pubsub.Subscription(
                self._room.child("alarms-kept"),
                name=plan.name("alarms"),
                topic=self._topic.id,
                # Seven days: what arrives on a Friday is there on Monday (our choice).
                message_retention_duration="604800s",
                expiration_policy={"ttl": ""},
                opts=self._room.opts(),
            )
        return self._topic
