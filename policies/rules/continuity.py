"""BCK, AVL, DEL: it survives a mistake, a failed zone, a lost region."""

from __future__ import annotations

from collections import defaultdict

from policies.facts import UNKNOWN, Facts, Kind
from policies.join import Estate
from policies.rules.controls import BACKUPS, DISASTER, ERASURE, UPTIME
from policies.rules.record import (
    C,
    Context,
    Control,
    H,
    M,
    Outcome,
    Severity,
    StackTest,
    Test,
    at_least,
    at_most,
    in_production,
    must,
    must_not,
    rule,
)
from policies.rules.recording import whole
from stacks.text import Text

_Row = tuple[str, Severity, list[Kind], Test, tuple[str, str], tuple[str, str], tuple[str, str], str, str]
Answers = list[tuple[Facts | None, Outcome]]


def selected(facts: Facts, selection: Facts) -> Outcome:
    """Whether a backup selection takes a resource: by its id, by one of its tags, or as everything."""
    wanted = selection.backup.selects if selection.backup else None
    if wanted is UNKNOWN or wanted is None:
        return UNKNOWN
    if "*" in wanted or any(handle in wanted for handle in facts.handles):
        return True
    if facts.tags is UNKNOWN:
        return UNKNOWN
    return any(f"{key}={value}" in wanted for key, value in (facts.tags or {}).items())


def _chosen(*kinds: Kind) -> StackTest:
    """Each of `kinds` is in a backup selection, where the stack has any or is a whole tenant."""

    def survey(estate: Estate, context: Context) -> Answers:
        if context.environment != "production":
            return []
        selections = estate.of(Kind.BACKUP_SELECTION)
        if not selections and not whole(estate, context):
            return []
        clouds = {s.cloud for s in selections} | ({"aws"} if whole(estate, context) else set())
        pointed = {f.urn for s in selections for f in estate.linked(s, kinds)}
        answers: Answers = []
        for one in estate.of(*kinds):
            if one.state or one.cloud not in clouds or one.purpose in ("member", "template"):
                continue
            found = [selected(one, s) for s in selections]
            if one.urn in pointed:
                found.append(True)
            answers.append(
                (one, True if True in found else UNKNOWN if any(f is UNKNOWN for f in found) else False)
            )
        return answers

    return survey


def _two_zones(estate: Estate, context: Context) -> Answers:
    """The subnets of a complete production tenant's network lie in two zones or more."""
    if not whole(estate, context) or context.environment != "production":
        return []
    zones: dict[str, set[object]] = defaultdict(set)
    for subnet in estate.of(Kind.SUBNET):
        for network in estate.linked(subnet, (Kind.NETWORK,)):
            if subnet.location and subnet.location.zone:
                zones[network.urn].add(subnet.location.zone)
    answers: Answers = []
    for network in estate.of(Kind.NETWORK):
        found = zones[network.urn]
        if network.state == "" and network.cloud == "aws" and found:
            answers.append((network, UNKNOWN if UNKNOWN in found else len(found) > 1))
    return answers


_KEEP = ("バックアップの保持日数を延ばしてください。", "Keep backups longer.")
_BACKUP: tuple[_Row, ...] = (
    (
        "BCK-001",
        C,
        [Kind.DATABASE, Kind.NOSQL, Kind.FILES, Kind.CACHE, Kind.WAREHOUSE],
        at_least("backup.days", 1),
        ("自動バックアップを止めない", "Automatic backups are on"),
        (
            "非機能要件の標準の RPO は1営業日前と報告されています（二次資料）。",
            "The standard's RPO is reported as one business day (secondary source).",
        ),
        ("自動バックアップを有効にしてください。", "Turn automatic backups on."),
        "backup_retention_period=35",
        "aws azure google sakura",
    ),
    (
        "BCK-002",
        H,
        [Kind.DATABASE, Kind.BACKUP_PLAN],
        at_least("backup.days", "backup_days"),
        ("バックアップを7日以上残す", "Backups are kept for at least 7 days"),
        ("壊れたデータに気付くまでの日数です。", "That is how long it may take to notice broken data."),
        _KEEP,
        "backup_retention_period=35",
        "aws azure google sakura",
    ),
    (
        "BCK-003",
        H,
        [Kind.BACKUP_PLAN],
        must("backup.elsewhere"),
        ("もう一つの国内リージョンに写しを置く", "Backups are copied to the second domestic region"),
        (
            "非機能要件の標準の外部保管は1か所と報告されています（二次資料）。",
            "The standard is reported to ask for one remote site (secondary source).",
        ),
        ("大阪（または東京）への複製を加えてください。", "Add a copy to the other region."),
        "copy_actions=[{destination_vault_arn: osaka.arn}]",
        "aws oci",
    ),
    (
        "BCK-004",
        H,
        [Kind.BACKUP_PLAN],
        at_most("backup.hours", "backup_hours", Text("時間", "hours")),
        ("毎日バックアップする", "Backups are daily"),
        ("RPO 1営業日を守る頻度です。", "It is what an RPO of one business day needs."),
        ("毎日以上の頻度にしてください。", "Back up every day or more often."),
        'schedule="cron(0 16 * * ? *)"',
        "aws azure google",
    ),
    (
        "BCK-005",
        H,
        [Kind.BACKUP_VAULT],
        must("backup.locked"),
        ("バックアップを消せないようにする", "Backups cannot be deleted"),
        ("身代金攻撃は最初にバックアップを消します。", "Ransomware deletes backups first."),
        ("保管庫をロックしてください。", "Lock the vault."),
        "aws.backup.VaultLockConfiguration(…, min_retention_days=7)",
        "aws azure google",
    ),
    (
        "BCK-006",
        M,
        [Kind.NOSQL, Kind.DATABASE],
        must("backup.point_in_time"),
        ("任意の時点に戻せるようにする", "Any point in time can be restored"),
        ("誤った処理の直前に戻せます。", "It brings back the moment before a wrong batch."),
        ("ポイントインタイムリカバリを有効にしてください。", "Turn point-in-time recovery on."),
        "point_in_time_recovery={enabled: true}",
        "aws google azure",
    ),
    (
        "BCK-007",
        H,
        [Kind.DATABASE],
        in_production(must("backup.final")),
        ("削除のときに最後の写しを残す", "A last copy is kept when a database is deleted"),
        ("誤って削除しても戻せます。", "A mistaken deletion can be undone."),
        ("最終スナップショットを取ってください。", "Take a final snapshot."),
        "skip_final_snapshot=False",
        "aws",
    ),
    (
        "BCK-008",
        H,
        [Kind.BUCKET],
        must("protection.versions"),
        ("バケットの版を残す", "Buckets keep versions"),
        ("上書きも削除も元に戻せます。", "Overwriting and deleting can be undone."),
        ("バージョニングを有効にしてください。", "Turn versioning on."),
        'versioning_configuration={status: "Enabled"}',
        "aws azure google oci sakura",
    ),
    (
        "BCK-009",
        M,
        [Kind.DATABASE],
        in_production(must("backup.elsewhere")),
        (
            "本番データベースの写しをもう一つのリージョンに置く",
            "Production databases are copied to the second region",
        ),
        ("リージョンごと失われたときの備えです。", "It is for the loss of a whole region."),
        ("地理冗長バックアップを有効にしてください。", "Turn geo-redundant backup on."),
        'geo_redundant_backup="Enabled"',
        "azure",
    ),
)
_MULTI = ("一つのゾーンの障害で業務が止まります。", "One failed zone would stop the business.")
_AVAILABLE: tuple[_Row, ...] = (
    (
        "AVL-001",
        H,
        [Kind.DATABASE],
        in_production(at_least("availability.zones", 2, Text("ゾーン", "zones"))),
        ("本番データベースを複数ゾーンに置く", "Production databases span zones"),
        _MULTI,
        ("マルチゾーンにしてください。", "Make it multi-zone."),
        "multi_az=True",
        "aws azure google",
    ),
    (
        "AVL-002",
        H,
        [Kind.LOAD_BALANCER],
        in_production(at_least("availability.zones", 2, Text("ゾーン", "zones"))),
        ("本番ロードバランサーを複数ゾーンに置く", "Production load balancers span zones"),
        _MULTI,
        ("別のゾーンのサブネットを加えてください。", "Add a subnet of another zone."),
        "subnets=[a.id, c.id]",
        "aws",
    ),
    (
        "AVL-003",
        M,
        [Kind.CONTAINERS],
        in_production(at_least("availability.replicas", 2, Text("個", "replicas"))),
        ("本番コンテナを2つ以上動かす", "Production containers run at least twice"),
        _MULTI,
        ("数を2以上にしてください。", "Run two or more."),
        "desired_count=2",
        "aws azure google",
    ),
    (
        "AVL-004",
        M,
        [Kind.CACHE, Kind.SEARCH, Kind.WAREHOUSE],
        in_production(at_least("availability.zones", 2, Text("ゾーン", "zones"))),
        ("本番のキャッシュ・検索を複数ゾーンに置く", "Production caches and search span zones"),
        _MULTI,
        ("マルチゾーンにしてください。", "Make it multi-zone."),
        "automatic_failover_enabled=True, multi_az_enabled=True",
        "aws",
    ),
    (
        "AVL-005",
        M,
        [Kind.ENDPOINT],
        in_production(at_least("availability.zones", 2, Text("ゾーン", "zones"))),
        ("本番のエンドポイントを複数ゾーンに置く", "Production endpoints span zones"),
        _MULTI,
        ("別のゾーンのサブネットを加えてください。", "Add a subnet of another zone."),
        "subnet_ids=[a.id, c.id]",
        "aws",
    ),
    (
        "AVL-006",
        H,
        [Kind.RESOLVER],
        at_least("availability.replicas", 2, Text("個", "addresses")),
        ("名前解決の口を2つ以上持つ", "Resolver endpoints have two addresses"),
        ("名前が引けなければ、何も使えません。", "Without names nothing works."),
        ("アドレスを2つ以上にしてください。", "Give it two or more addresses."),
        "ip_addresses=[…, …]",
        "aws",
    ),
    (
        "AVL-007",
        M,
        [Kind.TARGET],
        must("availability.checked"),
        ("ロードバランサーに健全性を確かめさせる", "Load balancers check health"),
        ("壊れたサーバーに振り続けます。", "It would go on sending people to a broken server."),
        ("ヘルスチェックを設定してください。", "Set a health check."),
        'health_check={path: "/health"}',
        "aws google",
    ),
)
_GUARD = ("一つの誤操作で住民データが消えます。", "One mistake would delete residents' data.")
_DELETION: tuple[_Row, ...] = (
    (
        "DEL-001",
        H,
        [Kind.DATABASE],
        in_production(must("protection.deletion")),
        ("本番データベースの削除を防ぐ", "Production databases are protected against deletion"),
        _GUARD,
        ("削除保護を有効にしてください。", "Turn deletion protection on."),
        "deletion_protection=True",
        "aws google",
    ),
    (
        "DEL-002",
        M,
        [Kind.LOAD_BALANCER, Kind.CLUSTER],
        in_production(must("protection.deletion")),
        ("本番の入口の削除を防ぐ", "Production entrances are protected against deletion"),
        ("消えると業務が止まります。", "Without it the business stops."),
        ("削除保護を有効にしてください。", "Turn deletion protection on."),
        "enable_deletion_protection=True",
        "aws google",
    ),
    (
        "DEL-003",
        H,
        [Kind.BUCKET, Kind.BACKUP_VAULT, Kind.REGISTRY],
        in_production(must_not("protection.forced")),
        ("中身ごと削除させない", "Nothing is deleted with all that is in it"),
        _GUARD,
        ("force の指定を外してください。", "Do not force deletion."),
        "force_destroy=False",
        "aws google",
    ),
    (
        "DEL-004",
        M,
        [Kind.NOSQL, Kind.WAREHOUSE, Kind.SEARCH],
        in_production(must("protection.deletion")),
        ("本番のデータストアの削除を防ぐ", "Production data stores are protected against deletion"),
        _GUARD,
        ("削除保護を有効にしてください。", "Turn deletion protection on."),
        "deletion_protection_enabled=True",
        "aws google",
    ),
    (
        "DEL-005",
        M,
        [Kind.SERVER],
        in_production(must("protection.deletion")),
        ("本番サーバーの終了を防ぐ", "Production servers are protected against termination"),
        ("終了すると、つながったディスクも消えることがあります。", "Termination may take the disks along."),
        ("終了保護を有効にしてください。", "Turn termination protection on."),
        "disable_api_termination=True",
        "aws google",
    ),
)


def _add(rows: tuple[_Row, ...], controls: tuple[Control, ...]) -> None:
    for name, severity, kinds, check, title, why, way, example, clouds in rows:
        chosen = DISASTER if name in ("BCK-003", "BCK-009") else controls
        rule(name, severity, kinds, check, title, why, way, example, chosen, clouds=clouds)


_add(_BACKUP, BACKUPS)
_add(_AVAILABLE, UPTIME)
_add(_DELETION, ERASURE)

for _name, _severity, _kinds, _title, _clouds in (
    (
        "BCK-010",
        H,
        (Kind.DATABASE,),
        ("データベースをバックアップの対象に入れる", "Databases are in a backup selection"),
        "aws",
    ),
    (
        "BCK-011",
        H,
        (Kind.SERVER,),
        ("サーバーをバックアップの対象に入れる", "Servers are in a backup selection"),
        "aws azure google",
    ),
    (
        "BCK-012",
        H,
        (Kind.FILES,),
        ("ファイル共有をバックアップの対象に入れる", "File systems are in a backup selection"),
        "aws",
    ),
):
    rule(
        _name,
        _severity,
        _kinds,
        _chosen(*_kinds),
        _title,  # type: ignore[arg-type]
        ("計画があっても、対象に入っていなければ残りません。", "A plan keeps only what is selected."),
        (
            "バックアップ選択のタグ（backup=daily）を付けるか、選択に加えてください。",
            "Tag it as the selection wants (backup=daily), or add it.",
        ),
        'tags={"backup": "daily"}',
        BACKUPS,
        clouds=_clouds,
        stack=True,
    )
rule(
    "AVL-008",
    H,
    [Kind.NETWORK],
    _two_zones,
    ("本番のサブネットを2つ以上のゾーンに置く", "Production subnets lie in two zones"),
    _MULTI,
    ("別のゾーンにもサブネットを作ってください。", "Make subnets in another zone too."),
    "zones: [ap-northeast-1a, ap-northeast-1c]",
    UPTIME,
    clouds="aws",
    stack=True,
)
