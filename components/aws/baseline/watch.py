"""Who is told what: the topic of alarms, the events and log lines that reach it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws.baseline import documents, signals
from components.room import Room
from stacks.plan import ContactPlan


def recipients(contacts: Mapping[str, ContactPlan]) -> Mapping[str, str]:
    """Who gets the alarms by mail, by role: operations and security, once each."""
    found = {role: contacts[role].email for role in ("operations", "security")}
    return found if found["operations"] != found["security"] else {"operations": found["operations"]}


class Watch:
    """Builds the topic and what is told. `topic` is its ARN."""

    def __init__(self, room: Room, key: pulumi.Output[str], group: pulumi.Output[str] | None) -> None:
        """Make it under `room`, encrypted by `key`; `group` is the trail's log group, if it is at hand."""
        self._room = room
        self.topic = self._alarms(key, group)

    def _alarms(self, key: pulumi.Output[str], group: pulumi.Output[str] | None) -> pulumi.Output[str]:
        """The topic, who hears of it, and what is told; gives the topic's ARN."""
        adopted = self._room.adopted("alarms", "topic")
        if adopted is not None:
            return aws.sns.Topic.get(self._room.child("alarms"), adopted, opts=self._room.opts()).arn
        plan = self._room.plan
        topic = aws.sns.Topic(
            self._room.child("alarms"),
            name=plan.name("alarms"),
            kms_master_key_id=key,
            opts=self._room.opts(),
        )
        policy = aws.sns.TopicPolicy(
            self._room.child("alarms-policy"),
            arn=topic.arn,
            policy=documents.topic_policy(plan),
            opts=self._room.opts(),
        )
        for role, email in recipients(plan.baseline.contacts).items():
            aws.sns.TopicSubscription(
                self._room.child(f"alarms-{role}"),
                topic=topic.arn,
                protocol="email",
                endpoint=email,
                opts=self._room.opts(),
            )
        # From its policy, so that whoever publishes there waits until it may.
        arn = policy.arn
        if self._room.creates("alarms"):
            self._watch("calls", signals.call_pattern(with_conduct=group is None), arn)
            self._watch("findings", signals.finding_pattern(), arn)
            if group is not None:
                for name, signal in signals.LOG_SIGNALS.items():
                    self._listen(name, signal, group, arn)
        return arn

    def _watch(self, what: str, pattern: str, topic: pulumi.Output[str]) -> None:
        """Events that match `pattern` go to the topic."""
        rule = aws.cloudwatch.EventRule(
            self._room.child(f"watch-{what}"),
            name=self._room.plan.name(what),
            event_pattern=pattern,
            opts=self._room.opts(),
        )
        aws.cloudwatch.EventTarget(
            self._room.child(f"watch-{what}-target"),
            rule=rule.name,
            target_id="alarms",
            arn=topic,
            input_transformer=aws.cloudwatch.EventTargetInputTransformerArgs(input_template=signals.NOTICE),
            opts=self._room.opts(),
        )

    def _listen(
        self, name: str, signal: signals.LogSignal, group: pulumi.Output[str], topic: pulumi.Output[str]
    ) -> None:
        """Lines of the trail's log that match raise an alarm."""
        space = f"jichitai/{self._room.plan.prefix}"
        metric = aws.cloudwatch.LogMetricFilter(
            self._room.child(name),
            name=self._room.plan.name(name),
            log_group_name=group,
            pattern=signal.pattern,
            metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                name=name, namespace=space, value="1", default_value="0"
            ),
            opts=self._room.opts(),
        )
        aws.cloudwatch.MetricAlarm(
            self._room.child(f"{name}-alarm"),
            name=self._room.plan.name(name),
            alarm_description=f"{signal.meaning.ja} / {signal.meaning.en}",
            namespace=space,
            metric_name=name,
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=signal.threshold,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic],
            opts=self._room.opts(metric),
        )
