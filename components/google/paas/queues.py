"""Messages of a package: a topic with its subscription, and a place for those that keep failing."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_gcp as gcp

from components.google import facts
from components.google.paas.members import member
from components.room import Room
from stacks.plan import PackagePlan

MESSAGE_DAYS = 14
"""Days that an unread message is kept (our choice; Pub/Sub's most are 31)."""
FAILURES = 5
"""How often a message may fail before it is put aside: Pub/Sub's least."""


def queue(
    room: Room,
    package: PackagePlan,
    key: pulumi.Output[str],
    accounts: Sequence[pulumi.Output[str]],
    agent: pulumi.Output[str],
) -> pulumi.Output[str]:
    """The queue of `package`, for its own identities; gives the topic's id. `agent` is Pub/Sub itself."""
    plan, name = room.plan, room.plan.name(package.key)
    topics = {kind: _topic(room, package, kind, key) for kind in ("queue", "dead")}
    subscription = gcp.pubsub.Subscription(
        room.child(f"{package.key}-subscription"),
        name=name,
        topic=topics["queue"].id,
        ack_deadline_seconds=300,
        message_retention_duration=facts.seconds(MESSAGE_DAYS),
        expiration_policy={"ttl": ""},
        retry_policy={"minimum_backoff": "10s", "maximum_backoff": "600s"},
        dead_letter_policy={"dead_letter_topic": topics["dead"].id, "max_delivery_attempts": FAILURES},
        enable_exactly_once_delivery=True,
        labels=facts.labels(package.tags),
        opts=room.opts(),
    )
    gcp.pubsub.Subscription(
        room.child(f"{package.key}-dead-kept"),
        name=plan.name(package.key, "dead"),
        topic=topics["dead"].id,
        message_retention_duration=facts.seconds(MESSAGE_DAYS),
        expiration_policy={"ttl": ""},
        labels=facts.labels(package.tags),
        opts=room.opts(),
    )
    # Pub/Sub itself moves what keeps failing.
    writers = [member(account) for account in accounts]
    gcp.pubsub.TopicIAMMember(
        room.child(f"{package.key}-dead-writer"),
        topic=topics["dead"].id,
        role="roles/pubsub.publisher",
        member=agent,
        opts=room.opts(),
    )
    gcp.pubsub.TopicIAMBinding(
        room.child(f"{package.key}-queue-writers"),
        topic=topics["queue"].id,
        role="roles/pubsub.publisher",
        members=writers,
        opts=room.opts(),
    )
    gcp.pubsub.SubscriptionIAMBinding(
        room.child(f"{package.key}-queue-readers"),
        subscription=subscription.name,
        role="roles/pubsub.subscriber",
        members=[*writers, agent],
        opts=room.opts(),
    )
    return topics["queue"].id


def _topic(room: Room, package: PackagePlan, kind: str, key: pulumi.Output[str]) -> gcp.pubsub.Topic:
    plan = room.plan
    return gcp.pubsub.Topic(
        room.child(f"{package.key}-{kind}"),
        name=plan.name(package.key, "" if kind == "queue" else kind),
        kms_key_name=key,
        message_storage_policy={"allowed_persistence_regions": [plan.region], "enforce_in_transit": True},
        labels=facts.labels(package.tags),
        opts=room.opts(),
    )
