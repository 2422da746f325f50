"""Events, queues, notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from providers.sakura.model import (
    BOOL,
    DESCRIPTION,
    ICON,
    ID,
    IDS,
    INT,
    NAME,
    RESOURCE_ID,
    STR,
    STRINGS,
    TAGS,
    Field,
    Json,
    ListOf,
    Problem,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text


def _item(
    module: str,
    name: str,
    service: str,
    kind: str,
    ja: str,
    en: str,
    tf: str,
    fields: tuple[Field, ...],
    **rest: Any,
) -> Resource:
    options: dict[str, Any] = {"flow": "plain", "name_field": NAME, **rest}
    first = options.pop("name_field")
    more = tuple(options.pop("more_fixed", ()))
    return Resource(
        module=module,
        name=name,
        service=service,
        path="/commonserviceitem",
        envelope="CommonServiceItem",
        collection="CommonServiceItems",
        fixed=(("Provider.Class", kind), *more),
        marker="tags",
        settings="Settings",
        doc=Text(ja=ja, en=en),
        terraform=(tf,),
        fields=(first, DESCRIPTION, TAGS, ICON, RESOURCE_ID, *fields),
        **options,
    )


QUEUE: Final = _item(
    "messaging",
    "SimpleMqQueue",
    "simplemq",
    "simplemq",
    "シンプルMQのキュー。",
    "A queue of SimpleMQ.",
    "sakura_simple_mq",
    (
        f(
            "visibilityTimeout",
            INT,
            "Settings.VisibilityTimeoutSeconds",
            "取り出しが隠される時間（秒）。",
            "Visibility timeout, s.",
            default=30,
            low=5,
            high=900,
        ),
        f(
            "expireSeconds",
            INT,
            "Settings.ExpireSeconds",
            "保持する時間（秒）。",
            "Seconds that messages are kept.",
            default=345600,
            low=60,
            high=1209600,
        ),
    ),
    flow="twophase",
    delete_before_replace=True,
    name_field=f(
        "name",
        STR,
        "Name",
        "名前（英数字とハイフン、5〜64文字）。",
        "Name: letters, digits, hyphens; 5 to 64.",
        required=True,
        immutable=True,
        low=5,
        high=64,
        pattern="[0-9a-zA-Z]+(-[0-9a-zA-Z]+)*",
    ),
)


def _credentials(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """SimpleMQ takes an API key; the others take a token and its secret."""
    if inputs.get("destination") == "simplemq" and "apiKey" not in inputs and "accessToken" in inputs:
        yield Problem("apiKey", Text(ja="simplemq には apiKey が必要です。", en="simplemq needs apiKey."))


PROCESS: Final = _item(
    "messaging",
    "EventBusProcess",
    "eventbus",
    "eventbusprocessconfiguration",
    "イベントで行うこと。",
    "What an event starts.",
    "sakura_eventbus_process_configuration",
    (
        f(
            "destination",
            STR,
            "Settings.Destination",
            "行き先。",
            "Destination.",
            required=True,
            choices=("simplenotification", "simplemq", "autoscale"),
        ),
        f("parameters", STR, "Settings.Parameters", "引数（JSON）。", "Parameters, JSON.", required=True),
        f("accessToken", STR, "", "アクセストークン。", "Access token.", write_only=True, send="never"),
        f("accessTokenSecret", STR, "", "そのシークレット。", "Its secret.", write_only=True, send="never"),
        f("apiKey", STR, "", "シンプルMQのAPIキー。", "API key of SimpleMQ.", write_only=True, send="never"),
    ),
    flow="eventprocess",
    rules=(_credentials,),
)
SCHEDULE: Final = _item(
    "messaging",
    "EventBusSchedule",
    "eventbus",
    "eventbusschedule",
    "決まった時刻に行うこと。",
    "A schedule.",
    "sakura_eventbus_schedule",
    (
        f(
            "processId",
            ID,
            "Settings.ProcessConfigurationID",
            "行うこと。",
            "What is started.",
            required=True,
        ),
        f(
            "startsAt",
            STR,
            "Settings.StartsAt",
            "開始（ミリ秒の時刻）。",
            "When it starts, ms since 1970.",
            required=True,
        ),
        f("recurringStep", INT, "Settings.RecurringStep", "間隔。", "Step.", low=1),
        f(
            "recurringUnit",
            STR,
            "Settings.RecurringUnit",
            "間隔の単位。",
            "Unit of the step.",
            choices=("min", "hour", "day"),
        ),
        f("crontab", STR, "Settings.Crontab", "cron式。", "cron expression."),
    ),
)
_CONDITION: Final = Record(
    "EventBusCondition",
    (
        f("key", STR, "Key", "項目。", "Key.", required=True, pattern="(?!data$)[a-z0-9]{1,20}"),
        f("op", STR, "Op", "比べ方。", "Operator.", required=True, choices=("eq", "in")),
        f("values", STRINGS, "Values", "値。", "Values.", required=True),
    ),
)
TRIGGER: Final = _item(
    "messaging",
    "EventBusTrigger",
    "eventbus",
    "eventbustrigger",
    "イベントのトリガー。",
    "A trigger.",
    "sakura_eventbus_trigger",
    (
        f("source", STR, "Settings.Source", "送り手。", "Source.", required=True),
        f(
            "processId",
            ID,
            "Settings.ProcessConfigurationID",
            "行うこと。",
            "What is started.",
            required=True,
        ),
        f("types", STRINGS, "Settings.Types", "イベントの種類。", "Types of events."),
        f("conditions", ListOf(_CONDITION), "Settings.Conditions", "条件。", "Conditions."),
    ),
)


def _notice(kind: str) -> tuple[tuple[str, str], ...]:
    # The specification requires the service class in the creation, unlike every other kind of common item.
    return (("ServiceClass", f"cloud/{kind}/2"),)


DESTINATION: Final = _item(
    "monitoring",
    "NotificationDestination",
    "simplenotification",
    "saknoticedestination",
    "シンプル通知の宛先。",
    "A destination of SimpleNotification.",
    "sakura_simple_notification_destination",
    (
        f(
            "type",
            STR,
            "Settings.Type",
            "種類。",
            "Kind.",
            required=True,
            choices=("email", "webhook"),
            immutable=True,
        ),
        f("value", STR, "Settings.Value", "宛先。", "Address.", required=True),
        f("disabled", BOOL, "Settings.Disabled", "止めるか。", "Disabled?", default=False),
    ),
    more_fixed=_notice("saknoticedestination"),
)
GROUP: Final = _item(
    "monitoring",
    "NotificationGroup",
    "simplenotification",
    "saknoticegroup",
    "シンプル通知のグループ。",
    "A group of SimpleNotification.",
    "sakura_simple_notification_group",
    (
        f("destinationIds", IDS, "Settings.Destinations", "宛先。", "Destinations.", required=True),
        f("disabled", BOOL, "Settings.Disabled", "止めるか。", "Disabled?", default=False),
    ),
    more_fixed=_notice("saknoticegroup"),
)
_LABEL: Final = Record(
    "NotificationLabel",
    (
        f("name", STR, "Name", "名前。", "Name.", required=True, high=64),
        f("value", STR, "Value", "値。", "Value.", required=True, high=64),
    ),
)
ROUTING: Final = _item(
    "monitoring",
    "NotificationRouting",
    "simplenotification",
    "saknoticerouting",
    "シンプル通知の経路。",
    "A routing of SimpleNotification.",
    "sakura_simple_notification_routing",
    (
        f("sourceId", ID, "Settings.SourceID", "送り手。", "Source.", required=True),
        f("groupId", ID, "Settings.TargetGroupID", "グループ。", "Group.", required=True),
        f(
            "matchLabels",
            ListOf(_LABEL),
            "Settings.MatchLabels",
            "対象とするラベル。",
            "Labels that must match.",
            empty_is_value=True,
        ),
        out("priority", INT, "Settings.PriorityRank", "優先順位。", "Priority."),
    ),
    more_fixed=_notice("saknoticerouting"),
)

RESOURCES: Final = (QUEUE, PROCESS, SCHEDULE, TRIGGER, DESTINATION, GROUP, ROUTING)
