"""LOG and RET: what happened is recorded, whole, unchangeable, long enough, and somebody is told."""

from __future__ import annotations

from policies.facts import UNKNOWN, Facts, Kind
from policies.join import Estate
from policies.rules.controls import ALERTS, AUDIT, KEEPING
from policies.rules.record import (
    C,
    Context,
    H,
    L,
    M,
    Outcome,
    Severity,
    StackTest,
    Test,
    at_least,
    at_most,
    in_production,
    must,
    rule,
)

_Row = tuple[str, Severity, list[Kind], Test, tuple[str, str], tuple[str, str], tuple[str, str], str, str]
Answers = list[tuple[Facts | None, Outcome]]


def whole(estate: Estate, context: Context) -> bool:
    """Whether the stack is to be judged as a complete tenant."""
    said = context.parameters.whole_tenant
    return estate.whole if said is None else said


def clouds_in(estate: Estate) -> set[str]:
    """The clouds that the stack uses."""
    return {f.cloud for f in estate.facts if f.kind is not Kind.PROVIDER}


def there_is(*kinds: Kind, clouds: str, part: str) -> StackTest:
    """A complete tenant has at least one of `kinds` on each of `clouds` that it uses, made or adopted.

    `part` is the baseline's name of it.
    """

    def survey(estate: Estate, context: Context) -> Answers:
        if not whole(estate, context):
            return []
        have = {f.cloud for f in estate.of(*kinds)}
        have |= {c for c in clouds.split() if f"{c}:{part}" in context.parameters.adopted}
        return [(None, cloud in have) for cloud in sorted(clouds_in(estate) & set(clouds.split()))]

    return survey


def _told(estate: Estate, _: Context) -> Answers:
    """Every topic that alarms go to has a subscription, where the stack makes the topic."""
    used = _pointed(estate, (Kind.ALARM, Kind.BUDGET), Kind.TOPIC)
    heard = _pointed(estate, (Kind.SUBSCRIPTION,), Kind.TOPIC)
    return [(t, t.urn in heard) for t in estate.of(Kind.TOPIC) if t.urn in used and not t.state]


def _pointed(estate: Estate, sources: tuple[Kind, ...], target: Kind) -> set[str]:
    """URNs of the `target` kind that something of `sources` points at."""
    return {f.urn for one in estate.of(*sources) for f in estate.linked(one, (target,))}


def _archives(estate: Estate) -> list[Facts]:
    """The buckets that trails and log sinks write to, and those that say they are archives."""
    used = _pointed(estate, (Kind.TRAIL, Kind.LOG_SINK), Kind.BUCKET)
    return [b for b in estate.of(Kind.BUCKET) if b.urn in used or b.purpose == "archive"]


def _trail_locked(estate: Estate, context: Context) -> Answers:
    """The bucket that a trail or log sink writes to cannot be changed for a year, where the stack makes it."""
    answers: Answers = []
    for bucket in _archives(estate):
        days = bucket.retention.lock_days if bucket.retention else None
        answers.append(
            (
                bucket,
                UNKNOWN if days is UNKNOWN else days is not None and days >= context.parameters.lock_days,
            )
        )
    return answers


def _archive_kept(estate: Estate, context: Context) -> Answers:
    """The same buckets keep what they have for the archive's years: expiry none, or late enough."""
    answers: Answers = []
    for bucket in _archives(estate):
        days = bucket.retention.expiry_days if bucket.retention else None
        answers.append(
            (bucket, UNKNOWN if days is UNKNOWN else days is None or days >= context.parameters.archive_days)
        )
    return answers


_ON = ("有効にしてください。", "Turn it on.")
_RECORD = (
    "事故のとき、何が起きたかを示せるのは記録だけです。",
    "After an incident only records can show what happened.",
)
_LOGS: tuple[_Row, ...] = (
    (
        "LOG-001",
        C,
        [Kind.TRAIL],
        must("logging.enabled"),
        ("監査証跡を止めない", "Audit trails are running"),
        _RECORD,
        _ON,
        "enable_logging=True",
        "aws",
    ),
    (
        "LOG-002",
        H,
        [Kind.TRAIL],
        must("logging.complete"),
        ("監査証跡は全リージョンの全操作をとる", "Audit trails record every region and service"),
        (
            "使っていないリージョンでの操作こそ不正の兆しです。",
            "What happens in a region nobody uses is the sign of an intruder.",
        ),
        _ON,
        "is_multi_region_trail=True, include_global_service_events=True",
        "aws",
    ),
    (
        "LOG-003",
        H,
        [Kind.TRAIL],
        must("logging.validated"),
        ("監査証跡の改ざんを検出する", "Audit trails are validated"),
        ("書き換えられた証跡は証拠になりません。", "A trail that may have been rewritten proves nothing."),
        _ON,
        "enable_log_file_validation=True",
        "aws",
    ),
    (
        "LOG-005",
        M,
        [Kind.DATABASE],
        must("logging.enabled"),
        ("データベースのログを外に出す", "Databases export their logs"),
        ("誰がデータを読んだかの記録です。", "It is the record of who read the data."),
        ("監査・エラーログの出力を有効にしてください。", "Export the audit and error logs."),
        'enabled_cloudwatch_logs_exports=["postgresql"]',
        "aws azure google sakura",
    ),
    (
        "LOG-006",
        M,
        [Kind.LOAD_BALANCER],
        must("logging.enabled"),
        ("ロードバランサーのアクセスログをとる", "Load balancers log access"),
        _RECORD,
        _ON,
        "access_logs={bucket: logs.bucket, enabled: true}",
        "aws",
    ),
    (
        "LOG-007",
        H,
        [Kind.CLUSTER],
        must("logging.enabled"),
        ("Kubernetes の監査ログをとる", "Kubernetes clusters log what is done to them"),
        _RECORD,
        _ON,
        'enabled_cluster_log_types=["api", "audit", "authenticator"]',
        "aws azure google",
    ),
    (
        "LOG-008",
        M,
        [Kind.CONTAINERS, Kind.FUNCTION],
        must("logging.enabled"),
        ("コンテナのログを集める", "Containers send their logs somewhere"),
        ("コンテナが消えるとログも消えます。", "A container's logs vanish with it."),
        ("ログの送り先を指定してください。", "Name where logs go."),
        "logConfiguration: {logDriver: awslogs, …}",
        "aws",
    ),
    (
        "LOG-009",
        H,
        [Kind.RECORDER],
        must("logging.complete"),
        ("構成の記録は全種類をとる", "Configuration recording covers every type"),
        ("漏れた種類の変更は追えません。", "Changes of what is left out cannot be traced."),
        ("対象を全種類にしてください。", "Record all supported types."),
        "recording_group={all_supported: true}",
        "aws",
    ),
    (
        "LOG-010",
        H,
        [Kind.DETECTOR, Kind.POSTURE],
        must("logging.enabled"),
        ("脅威検知を止めない", "Threat detection is on"),
        ("侵入は平均して長く気付かれません。", "Intrusions go unnoticed for long."),
        _ON,
        "enable=True",
        "aws azure oci",
    ),
    (
        "LOG-011",
        M,
        [Kind.ALARM],
        must("logging.notifies"),
        ("アラームは誰かに知らせる", "Alarms tell somebody"),
        ("鳴っても届かないアラームは無いのと同じです。", "An alarm nobody hears is none."),
        ("通知先を指定してください。", "Name where it goes."),
        "alarm_actions=[topic.arn]",
        "aws azure google oci",
    ),
    (
        "LOG-012",
        M,
        [Kind.ALARM],
        must("logging.enabled"),
        ("アラームを止めない", "Alarms are enabled"),
        ("止めたままのアラームは忘れられます。", "A disabled alarm is forgotten."),
        _ON,
        "actions_enabled=True",
        "aws azure google oci",
    ),
    (
        "LOG-013",
        M,
        [Kind.FIREWALL],
        must("logging.enabled"),
        ("ファイアウォールの記録をとる", "Firewalls log"),
        _RECORD,
        _ON,
        "aws.networkfirewall.LoggingConfiguration(…)",
        "aws",
    ),
)
for _row in _LOGS:
    _name, _severity, _kinds, _check, _title, _why, _way, _example, _clouds = _row
    _set = ALERTS if _name in ("LOG-010", "LOG-011", "LOG-012") else AUDIT
    rule(_name, _severity, _kinds, _check, _title, _why, _way, _example, _set, clouds=_clouds)

_MISSING = (
    "作るか、公式テンプレートのものを adopted にしてください。",
    "Make it, or adopt what the official templates made.",
)
for _name, _severity, _kinds2, _title, _clouds, _part in (
    (
        "LOG-020",
        C,
        (Kind.TRAIL, Kind.LOG_SINK),
        ("テナントに監査証跡がある", "The tenant has an audit trail"),
        "aws azure google oci",
        "audit_log",
    ),
    (
        "LOG-021",
        H,
        (Kind.RECORDER, Kind.POSTURE),
        ("テナントに構成の記録がある", "The tenant records its configuration"),
        "aws",
        "configuration_recording",
    ),
    (
        "LOG-022",
        H,
        (Kind.DETECTOR,),
        ("テナントに脅威検知がある", "The tenant has threat detection"),
        "aws azure google oci",
        "threat_detection",
    ),
    (
        "LOG-024",
        H,
        (Kind.ALARM,),
        ("テナントにアラームがある", "The tenant has alarms"),
        "aws azure google oci",
        "alarms",
    ),
):
    rule(
        _name,
        _severity,
        _kinds2,
        there_is(*_kinds2, clouds=_clouds, part=_part),
        _title,
        _RECORD,
        _MISSING,
        "baseline: {audit_log: created}",
        ALERTS if _kinds2[0] is Kind.ALARM else AUDIT,
        clouds=_clouds,
        stack=True,
    )
rule(
    "LOG-004",
    H,
    [Kind.BUCKET],
    _trail_locked,
    ("監査ログの保管先を変更できないようにする", "What logs are archived in cannot be changed"),
    ("攻撃者が最初に消すのは足跡です。", "Tracks are the first thing an intruder removes."),
    ("オブジェクトロック（保持ポリシー）を1年以上にしてください。", "Lock objects for a year or more."),
    "aws.s3.BucketObjectLockConfiguration(…, default_retention={mode: COMPLIANCE, days: 365})",
    KEEPING,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "LOG-025",
    M,
    [Kind.TOPIC],
    _told,
    ("アラームの通知先に受け手がいる", "The topic that alarms go to has a subscriber"),
    ("受け手のいないトピックは誰にも届きません。", "A topic without subscribers reaches nobody."),
    ("連絡先を購読させてください。", "Subscribe the contacts."),
    'aws.sns.TopicSubscription(…, protocol="email", endpoint=…)',
    ALERTS,
    clouds="aws oci",
    stack=True,
)
rule(
    "RET-001",
    H,
    [Kind.LOG_STORE],
    at_least("retention.days", "log_days"),
    ("ログを1年以上残す", "Logs are kept for at least a year"),
    ("侵入に気付くまで何か月もかかることがあります。", "It may take months before an intrusion is noticed."),
    ("保存期間を365日以上にしてください。", "Keep them for 365 days or more."),
    "retention_in_days=365",
    KEEPING,
    clouds="aws azure google oci sakura",
    remediable=True,
)
rule(
    "RET-002",
    H,
    [Kind.BUCKET],
    _archive_kept,
    ("保管用バケットは7年残す", "Archives are kept for seven years"),
    ("保管年数はマニフェストの retention に合わせます。", "The years are those of the manifest's retention."),
    ("有効期限を延ばすか、無くしてください。", "Lengthen the expiry or remove it."),
    "expiration={days: 2555}",
    KEEPING,
    clouds="aws azure google oci",
    stack=True,
)
rule(
    "RET-003",
    M,
    [Kind.BUCKET, Kind.SECRET, Kind.BACKUP_VAULT, Kind.KEY],
    in_production(at_least("retention.recover_days", "recover_days")),
    ("削除したものを7日は戻せるようにする", "What was deleted can be brought back for a week"),
    ("誤操作も攻撃も、気付くのは後日です。", "Mistakes and attacks are noticed days later."),
    ("論理削除の期間を延ばしてください。", "Lengthen the soft-delete period."),
    "delete_retention_policy={enabled: true, days: 14}",
    KEEPING,
    clouds="azure aws google",
)
rule(
    "RET-004",
    L,
    [Kind.LOG_STORE],
    at_most("retention.days", 3660),
    ("ログを無期限に溜めない", "Logs are not kept for ever"),
    (
        "個人情報を含む記録を目的なく持ち続けないためです。費用も増え続けます。",
        "Records hold personal data, and cost grows without end.",
    ),
    ("保存期間を決めてください。", "Decide on a period."),
    "retention_in_days=2557",
    KEEPING,
    clouds="aws",
    remediable=True,
)
