"""The monitoring suite."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    ANY,
    BOOL,
    ID,
    INT,
    INT_ID,
    RESOURCE_ID,
    STR,
    Field,
    ListOf,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_NAME: Final = f("name", STR, "name", "名前。", "Name.", required=True, low=1, high=64)
_DESCRIPTION: Final = f("description", STR, "description", "説明。", "Description.", high=512)


def _make(
    name: str, path: str, ja: str, en: str, tf: str, fields: tuple[Field, ...], **rest: object
) -> Resource:
    options = {"flow": "plain", "id_wire": "uid", "marker": "natural", "update": "PATCH", **rest}
    return Resource(
        module="monitoring",
        name=name,
        service="monitoring",
        path=path,
        envelope="",
        collection="results",
        doc=Text(ja=ja, en=en),
        terraform=(f"sakura_monitoring_suite_{tf}",),
        fields=fields,
        **options,  # type: ignore[arg-type]
    )


def _storage(name: str, path: str, ja: str, en: str, tf: str, more: tuple[Field, ...], flow: str) -> Resource:
    return _make(
        name,
        path,
        ja,
        en,
        tf,
        (_NAME, _DESCRIPTION, RESOURCE_ID, *more),
        flow=flow,
        id_wire="resource_id",
        marker="description",
    )


_SYSTEM: Final = f(
    "isSystem",
    BOOL,
    "is_system",
    "システム用か。",
    "For the system?",
    default=False,
    immutable=True,
    empty_is_value=True,
)
_KEPT: Final = f(
    "expireDays",
    INT,
    "",
    "残す日数（1〜730）。",
    "Days kept, 1 to 730.",
    low=1,
    high=730,
    send="never",
    read="expire_day",
)
_STORE: Final = (
    f(
        "classification",
        STR,
        "classification",
        "共用か専有か。",
        "Shared or dedicated.",
        choices=("shared", "dedicated"),
        default="shared",
        immutable=True,
    ),
    f("kmsKeyId", INT_ID, "kms_key_id", "KMSの鍵。", "KMS key.", immutable=True),
    f(
        "servicePrincipalId",
        INT_ID,
        "service_principal_id",
        "鍵を使うサービスプリンシパル。",
        "Service principal that uses the key.",
    ),
    _KEPT,
)
_INGEST: Final = out("ingestEndpoint", STR, "endpoints.ingester.address", "送り先。", "Where to send to.")

LOG_STORAGE: Final = _storage(
    "LogStorage",
    "/logs/storages/",
    "ログストレージ。",
    "A log storage.",
    "log_storage",
    (_SYSTEM, *_STORE, _INGEST),
    "storage",
)
METRIC_STORAGE: Final = _storage(
    "MetricStorage",
    "/metrics/storages/",
    "メトリクスストレージ。",
    "A metric storage.",
    "metric_storage",
    (_SYSTEM, out("ingestEndpoint", STR, "endpoints.address", "送り先。", "Where to send to.")),
    "storage",
)
TRACE_STORAGE: Final = _storage(
    "TraceStorage",
    "/traces/storages/",
    "トレースストレージ。",
    "A trace storage.",
    "trace_storage",
    (*_STORE, _INGEST),
    "storage",
)


def _routing(name: str, kind: str, storage: str, wire: str, ja: str, en: str) -> Resource:
    holder = wire.removesuffix("_id")
    return _make(
        name,
        f"/{kind}/routings/",
        ja,
        en,
        f"{'log' if kind == 'logs' else 'metric'}_routing",
        (
            RESOURCE_ID,
            f(
                "publisherCode",
                STR,
                "publisher_code",
                "送り手（サービス）。",
                "Publisher: the service.",
                required=True,
                read="publisher.code",
            ),
            f("variant", STR, "variant", "種類。", "Variant.", required=True),
            f(
                "sourceId",
                INT_ID,
                "resource_id",
                "送り手のリソース（省略時は全体）。",
                "Resource that sends; all of them when absent.",
            ),
            f(
                storage,
                INT_ID,
                wire,
                "送り先のストレージ。",
                "Storage to send to.",
                required=True,
                read=f"{holder}.resource_id",
            ),
        ),
    )


LOG_ROUTING: Final = _routing(
    "LogRouting", "logs", "logStorageId", "log_storage_id", "ログの経路。", "A routing of logs."
)
METRIC_ROUTING: Final = _routing(
    "MetricRouting",
    "metrics",
    "metricStorageId",
    "metrics_storage_id",
    "メトリクスの経路。",
    "A routing of metrics.",
)


def _key(name: str, kind: str, ja: str, en: str) -> Resource:
    return _make(
        name,
        f"/{kind}/storages/{{storageId}}/keys/",
        ja,
        en,
        f"{kind.removesuffix('s')}_storage_access_key",
        (
            f(
                "storageId",
                ID,
                "",
                "ストレージ。",
                "The storage.",
                required=True,
                immutable=True,
                send="never",
            ),
            f("description", STR, "description", "説明。", "Description.", high=256),
            RESOURCE_ID,
            out("token", STR, "token", "トークン。", "Token.", secret=True, unkept=True),
            out("secret", STR, "secret", "シークレット。", "Secret.", secret=True, unkept=True),
        ),
        marker="description",
        import_parts=("storageId",),
    )


LOG_KEY: Final = _key(
    "LogStorageAccessKey", "logs", "ログストレージのアクセスキー。", "An access key of a log storage."
)
METRIC_KEY: Final = _key(
    "MetricStorageAccessKey",
    "metrics",
    "メトリクスストレージのアクセスキー。",
    "An access key of a metric storage.",
)
TRACE_KEY: Final = _key(
    "TraceStorageAccessKey",
    "traces",
    "トレースストレージのアクセスキー。",
    "An access key of a trace storage.",
)

_P: Final = "/alerts/projects/{projectId}"
_PROJECT: Final = f(
    "projectId",
    ID,
    "",
    "アラートプロジェクト。",
    "The alert project.",
    required=True,
    immutable=True,
    send="never",
)

ALERT_PROJECT: Final = _storage(
    "AlertProject",
    "/alerts/projects/",
    "アラートプロジェクト。",
    "An alert project.",
    "alert_project",
    (),
    "plain",
)
ALERT_RULE: Final = _make(
    "AlertRule",
    f"{_P}/rules/",
    "アラートの規則。",
    "An alert rule.",
    "alert_rule",
    (
        _PROJECT,
        RESOURCE_ID,
        f("name", STR, "name", "名前。", "Name.", required=True, high=256),
        f(
            "metricStorageId",
            INT_ID,
            "metrics_storage_id",
            "メトリクスストレージ。",
            "The metric storage.",
            required=True,
        ),
        f("query", STR, "query", "式（PromQL）。", "Query, PromQL.", required=True, low=1, high=4096),
        f("format", STR, "format", "表示の形式。", "Format.", high=256),
        f("template", STR, "template", "表示の雛形。", "Template.", high=256),
        f("enabledWarning", BOOL, "enabled_warning", "警告を出すか。", "Warn?", default=False),
        f(
            "enabledCritical",
            BOOL,
            "enabled_critical",
            "重大を出すか。",
            "Raise critical alerts?",
            default=False,
        ),
        f(
            "thresholdWarning",
            STR,
            "threshold_warning",
            "警告の条件（>90 など）。",
            "Condition of a warning, such as >90.",
        ),
        f("thresholdCritical", STR, "threshold_critical", "重大の条件。", "Condition of a critical alert."),
        f(
            "durationWarning",
            INT,
            "threshold_duration_warning",
            "続いたら警告とする秒数。",
            "Seconds until a warning.",
            default=60,
        ),
        f(
            "durationCritical",
            INT,
            "threshold_duration_critical",
            "続いたら重大とする秒数。",
            "Seconds until a critical alert.",
            default=60,
        ),
        out("open", BOOL, "open", "いま発報しているか。", "Is it open now?"),
    ),
    import_parts=("projectId",),
    natural_key=("name",),
)
LOG_MEASURE_RULE: Final = _make(
    "AlertLogMeasureRule",
    f"{_P}/log-measure-rules/",
    "ログを数えてメトリクスにする規則。",
    "A rule that counts logs into metrics.",
    "alert_log_measure_rule",
    (
        _PROJECT,
        RESOURCE_ID,
        f("name", STR, "name", "名前。", "Name.", required=True, pattern="[a-z0-9_-]*", high=256),
        f("description", STR, "description", "説明。", "Description.", high=256),
        f(
            "logStorageId",
            INT_ID,
            "log_storage_id",
            "ログストレージ。",
            "The log storage.",
            required=True,
            read="log_storage.resource_id",
        ),
        f(
            "metricStorageId",
            INT_ID,
            "metrics_storage_id",
            "メトリクスストレージ。",
            "The metric storage.",
            required=True,
            read="metrics_storage.resource_id",
        ),
        f(
            "rule",
            ANY,
            "rule",
            "数える条件（APIの形のまま）。",
            "What is counted, in the API's own form.",
            required=True,
        ),
    ),
    import_parts=("projectId",),
    marker="description",
)
_SERVICE: Final = ("SAKURA_SIMPLE_NOTICE", "SAKURA_EVENT_BUS")
ALERT_TARGET: Final = _make(
    "AlertTarget",
    f"{_P}/notification-targets/",
    "アラートの通知先。",
    "Where alerts go.",
    "alert_notification_target",
    (
        _PROJECT,
        RESOURCE_ID,
        f("serviceType", STR, "service_type", "種類。", "Kind.", required=True, choices=_SERVICE),
        f("url", STR, "url", "URL（通知先を指します）。", "URL of the destination.", high=1024),
        f("description", STR, "description", "説明。", "Description.", high=80),
    ),
    import_parts=("projectId",),
    marker="description",
)
_LABEL: Final = Record(
    "AlertLabel",
    (
        f("name", STR, "name", "名前。", "Name.", required=True),
        f("value", STR, "value", "値。", "Value.", required=True),
    ),
)
ALERT_ROUTING: Final = _make(
    "AlertRouting",
    f"{_P}/notification-routings/",
    "アラートの通知の経路。",
    "A routing of alerts.",
    "alert_notification_routing",
    (
        _PROJECT,
        RESOURCE_ID,
        f(
            "targetId",
            STR,
            "notification_target_uid",
            "通知先。",
            "The target.",
            required=True,
            read="notification_target.uid",
        ),
        f(
            "matchLabels",
            ListOf(_LABEL, unordered=True),
            "match_labels",
            "対象とするラベル。",
            "Labels that must match.",
            empty_is_value=True,
        ),
        f(
            "resendIntervalMinutes",
            INT,
            "resend_interval_minutes",
            "再通知の間隔（分）。",
            "Minutes between notifications.",
            low=0,
            high=720,
            default=0,
        ),
    ),
    import_parts=("projectId",),
)
DASHBOARD: Final = _storage(
    "Dashboard", "/dashboards/projects/", "ダッシュボード。", "A dashboard.", "dashboard", (), "plain"
)

RESOURCES: Final = (
    LOG_STORAGE,
    METRIC_STORAGE,
    TRACE_STORAGE,
    LOG_ROUTING,
    METRIC_ROUTING,
    LOG_KEY,
    METRIC_KEY,
    TRACE_KEY,
    ALERT_PROJECT,
    ALERT_RULE,
    LOG_MEASURE_RULE,
    ALERT_TARGET,
    ALERT_ROUTING,
    DASHBOARD,
)
