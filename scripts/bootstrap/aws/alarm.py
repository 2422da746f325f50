"""The step for the alarms: who used what nobody should use in daily work.

EventBridge sees API calls and sign-ins by way of CloudTrail, each in the region where it was answered:
those of IAM and of the root user's sign-in in us-east-1, whatever our region is (EventBridge user guide,
"AWS service events delivered via CloudTrail"). A rule there passes them on to the home region, which
has the topic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from scripts.bootstrap.aws import access, policies
from scripts.bootstrap.aws.session import AwsSession, Names
from scripts.bootstrap.aws.strangers import foreign
from scripts.bootstrap.calls import Call
from scripts.bootstrap.steps import Context, Finding
from stacks.naming import name
from stacks.text import Text

GLOBAL_REGION: Final = "us-east-1"

RULE_NAME = 64
"""Characters of a rule's name at most (EventBridge API reference, PutRule)."""

NEW_CREDENTIALS = ("CreateAccessKey", "CreateUser", "CreateLoginProfile", "UpdateLoginProfile")
VIA_TRAIL = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"]


def patterns(names: Names) -> Mapping[str, dict[str, Any]]:
    """What raises an alarm, as EventBridge's event patterns."""
    called = {"detail-type": ["AWS API Call via CloudTrail"]}
    return {
        "root": {"detail-type": VIA_TRAIL, "detail": {"userIdentity": {"type": ["Root"]}}},
        "break-glass": called
        | {
            "source": ["aws.sts"],
            "detail": {
                "eventName": [{"prefix": "AssumeRole"}],
                "requestParameters": {"roleArn": [names.role_arn(names.break_glass)]},
            },
        },
        "new-credential": called | {"source": ["aws.iam"], "detail": {"eventName": list(NEW_CREDENTIALS)}},
    }


def look_alarm(c: Context[AwsSession]) -> Finding:
    """The topic, who is told, the rules, and the road from us-east-1 to here."""
    names = c.session.names
    calls: list[Call] = []
    facts: dict[str, Any] = {}
    said = c.session.read(
        "sns", "GetTopicAttributes", TopicArn=names.topic_arn, absent=("NotFound", "NotFoundException")
    )
    if said is None:
        calls += _topic(c)
    else:
        listed = c.session.read("sns", "ListTagsForResource", ResourceArn=names.topic_arn) or {}
        if not access.ours(c, listed.get("Tags")):
            return Finding(facts={"topic": names.topic_arn}, problem=foreign(names.alarm))
        attributes: Mapping[str, str] = said["Attributes"]
        if attributes.get("KmsMasterKeyId") != names.state_key:
            calls.append(_attribute(names, "KmsMasterKeyId", names.state_key))
        if not policies.same(json.loads(attributes["Policy"]), policies.topic(names)):
            calls.append(_attribute(names, "Policy", policies.written(policies.topic(names))))
        facts["topic"] = names.topic_arn
    facts["told"], telling = _told(c, there=said is not None)
    calls += telling
    role = access.look_role(
        c,
        names.alarm,
        policies.service_trust("events.amazonaws.com", names.account),
        Text("警報を国内に転送するロール", "the role that passes alarms on"),
        inline={"forward": policies.forward(names)},
    )
    if role.problem is not None:
        return role
    calls += role.calls
    for region in (c.settings.region, GLOBAL_REGION):
        for part, pattern in patterns(names).items():
            calls += _rule(c, region, part, pattern, facts)
    note = Text(
        "確認メールのリンクを開くまで、警報は届きません。",
        "alarms arrive only after the link in the confirmation mail was opened",
    )
    return Finding(facts=facts, calls=tuple(calls), note=note if _unconfirmed(facts["told"]) else None)


def _topic(c: Context[AwsSession]) -> list[Call]:
    names = c.session.names
    arguments = {
        "Name": names.alarm,
        "Attributes": {
            "KmsMasterKeyId": names.state_key,
            "Policy": policies.written(policies.topic(names)),
        },
        "Tags": access.tags(c),
    }
    return [Call("sns", "CreateTopic", arguments, Text("警報の宛先", "where alarms go"))]


def _attribute(names: Names, name: str, value: str) -> Call:
    arguments = {"TopicArn": names.topic_arn, "AttributeName": name, "AttributeValue": value}
    return Call("sns", "SetTopicAttributes", arguments, Text("警報の宛先の設定", "settings of the topic"))


def _told(c: Context[AwsSession], *, there: bool) -> tuple[dict[str, str], list[Call]]:
    """Who is told, with the state of the subscription, and the calls for who is not yet."""
    names = c.session.names
    wanted = sorted({c.settings.contact("security")["email"], c.settings.contact("operations")["email"]})
    found: dict[str, str] = {}
    if there:
        said = c.session.read("sns", "ListSubscriptionsByTopic", TopicArn=names.topic_arn) or {}
        found = {s["Endpoint"]: s["SubscriptionArn"] for s in said.get("Subscriptions", [])}
    return found, [
        Call(
            "sns",
            "Subscribe",
            {"TopicArn": names.topic_arn, "Protocol": "email", "Endpoint": email},
            Text("警報を受け取る人", "who is told"),
        )
        for email in wanted
        if email not in found
    ]


def _unconfirmed(told: Mapping[str, str]) -> bool:
    return not told or any(not arn.startswith("arn:") for arn in told.values())


def _rule(
    c: Context[AwsSession], region: str, part: str, pattern: dict[str, Any], facts: dict[str, Any]
) -> list[Call]:
    """A rule and its target: the topic at home, the home region's bus elsewhere."""
    names = c.session.names
    service = "events" if region == c.settings.region else f"events@{region}"
    rule = name(names.stack, part, limit=RULE_NAME)
    target: dict[str, Any] = {"Id": "alarm", "Arn": names.topic_arn}
    if region != c.settings.region:
        target = {"Id": "alarm", "Arn": names.bus_arn, "RoleArn": names.role_arn(names.alarm)}
    said = c.session.read(service, "DescribeRule", Name=rule, absent=("ResourceNotFoundException",))
    calls: list[Call] = []
    there = said is not None and said.get("State") == "ENABLED"
    if not there or not policies.same(json.loads((said or {})["EventPattern"]), pattern):
        arguments: dict[str, Any] = {
            "Name": rule,
            "State": "ENABLED",
            "EventPattern": policies.written(pattern),
        }
        if said is None:
            arguments["Tags"] = access.tags(c)
        calls.append(Call(service, "PutRule", arguments, Text(f"警報: {part}", f"an alarm: {part}")))
    targets = []
    if said is not None:
        targets = (c.session.read(service, "ListTargetsByRule", Rule=rule) or {}).get("Targets", [])
    facts[f"{part}@{region}"] = (said or {}).get("State")
    if not any(all(t.get(k) == v for k, v in target.items()) for t in targets):
        arguments = {"Rule": rule, "Targets": [target]}
        calls.append(Call(service, "PutTargets", arguments, Text("警報の宛先", "where it goes")))
    return calls


def undo_alarm(c: Context[AwsSession]) -> tuple[Call, ...]:
    """Take the rules, the topic and the role away, where they are ours."""
    names = c.session.names
    why = Text("警報を外す", "the alarms are taken away")
    calls: list[Call] = []
    for region in (c.settings.region, GLOBAL_REGION):
        service = "events" if region == c.settings.region else f"events@{region}"
        for part in patterns(names):
            rule = name(names.stack, part, limit=RULE_NAME)
            if c.session.read(service, "DescribeRule", Name=rule, absent=("ResourceNotFoundException",)):
                calls.append(Call(service, "RemoveTargets", {"Rule": rule, "Ids": ["alarm"]}, why))
                calls.append(Call(service, "DeleteRule", {"Name": rule}, why))
    listed = c.session.read(
        "sns",
        "ListTagsForResource",
        ResourceArn=names.topic_arn,
        absent=("ResourceNotFound", "ResourceNotFoundException", "NotFound"),
    )
    if listed is not None and access.ours(c, listed.get("Tags")):
        calls.append(Call("sns", "DeleteTopic", {"TopicArn": names.topic_arn}, why))
    return (*calls, *access.undo_role(c, names.alarm))
