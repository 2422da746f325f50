"""ENC and KEY: encrypted at rest with our own keys, in transit with current TLS; keys looked after."""

from __future__ import annotations

from policies.facts import Facts, Kind
from policies.join import Estate
from policies.rules.controls import CRYPTO, KEYS, TRANSIT
from policies.rules.record import C, Context, H, M, Outcome, Severity, at_least, at_most, must, rule
from stacks.text import Text

_OWN = (
    "顧客管理の鍵なら、使用を記録し、止め、破棄できます（データの暗号学的消去）。",
    "With a key of our own, its use is recorded and can be stopped, and the data can be erased with it.",
)
_OWN_WAY = ("顧客管理の鍵を指定してください。", "Name a customer-managed key.")
_REST = ("媒体の廃棄や複製の流出に備えます。", "It protects where media are discarded or copies leak.")

_AT_REST: tuple[tuple[str, Severity, list[Kind], str, tuple[str, str], str, str], ...] = (
    ("ENC-002", C, [Kind.DISK, Kind.SERVER], "at_rest", ("ディスク", "Disks"), "aws", "encrypted=True"),
    (
        "ENC-003",
        M,
        [Kind.DISK, Kind.SERVER],
        "customer_key",
        ("ディスク", "Disks"),
        "aws azure google oci sakura",
        "kms_key_id=key.arn",
    ),
    (
        "ENC-004",
        C,
        [Kind.DATABASE],
        "at_rest",
        ("データベース", "Databases"),
        "aws",
        "storage_encrypted=True",
    ),
    (
        "ENC-005",
        H,
        [Kind.DATABASE],
        "customer_key",
        ("データベース", "Databases"),
        "aws azure google sakura",
        "kms_key_id=key.arn",
    ),
    (
        "ENC-006",
        H,
        [Kind.FILES],
        "customer_key",
        ("ファイル共有", "File systems"),
        "aws azure google oci",
        "kms_key_id=key.arn",
    ),
    (
        "ENC-007",
        H,
        [Kind.CACHE, Kind.SEARCH, Kind.WAREHOUSE],
        "at_rest",
        ("キャッシュ・検索・分析基盤", "Caches, search and warehouses"),
        "aws",
        "at_rest_encryption_enabled=True",
    ),
    (
        "ENC-008",
        M,
        [Kind.NOSQL],
        "customer_key",
        ("NoSQL データベース", "NoSQL databases"),
        "aws azure google oci",
        "server_side_encryption={enabled: true, kms_key_arn: key.arn}",
    ),
    (
        "ENC-009",
        M,
        [Kind.QUEUE, Kind.TOPIC, Kind.STREAM],
        "customer_key",
        ("キュー・トピック・ストリーム", "Queues, topics and streams"),
        "aws azure google oci",
        "kms_master_key_id=key.id",
    ),
    (
        "ENC-010",
        M,
        [Kind.LOG_STORE],
        "customer_key",
        ("ログの保管先", "Log stores"),
        "aws google",
        "kms_key_id=key.arn",
    ),
    (
        "ENC-011",
        M,
        [Kind.SECRET],
        "customer_key",
        ("秘密の保管先", "Secrets"),
        "aws google oci sakura",
        "kms_key_id=key.arn",
    ),
    (
        "ENC-012",
        M,
        [Kind.REGISTRY],
        "customer_key",
        ("イメージレジストリ", "Image registries"),
        "aws azure google",
        'encryption_configurations=[{encryption_type: "KMS", kms_key: key.arn}]',
    ),
    (
        "ENC-013",
        H,
        [Kind.BACKUP_VAULT],
        "customer_key",
        ("バックアップの保管庫", "Backup vaults"),
        "aws azure google",
        "kms_key_arn=key.arn",
    ),
    ("ENC-014", H, [Kind.TRAIL], "customer_key", ("監査証跡", "Audit trails"), "aws", "kms_key_id=key.arn"),
    (
        "ENC-015",
        H,
        [Kind.CLUSTER],
        "customer_key",
        ("Kubernetes の秘密", "Kubernetes secrets"),
        "aws azure google oci",
        'encryption_config={resources: ["secrets"], provider: {key_arn: key.arn}}',
    ),
    (
        "ENC-016",
        H,
        [Kind.DISK_DEFAULT],
        "at_rest",
        ("アカウントの新しいディスク", "New disks of the account"),
        "aws",
        "aws.ebs.EncryptionByDefault(…, enabled=True)",
    ),
    (
        "ENC-017",
        H,
        [Kind.IMAGE],
        "at_rest",
        ("イメージとスナップショット", "Images and snapshots"),
        "aws",
        "encrypted=True",
    ),
)
for _id, _severity, _kinds, _field, _what, _clouds, _example in _AT_REST:
    _own = _field == "customer_key"
    rule(
        _id,
        _severity,
        _kinds,
        must(f"encryption.{_field}"),
        (
            f"{_what[0]}を{'顧客管理の鍵で' if _own else ''}暗号化する",
            f"{_what[1]} are encrypted{' with a customer-managed key' if _own else ''}",
        ),
        _OWN if _own else _REST,
        _OWN_WAY
        if _own
        else (
            "暗号化を有効にしてください（作り直しになることがあります）。",
            "Turn encryption on (it may have to be made anew).",
        ),
        _example,
        CRYPTO,
        clouds=_clouds,
    )


def _buckets(estate: Estate, _: Context) -> list[tuple[Facts | None, Outcome]]:
    """Every bucket but those a load balancer logs to: AWS delivers to no bucket with a key of ours."""
    logged = {f.urn for lb in estate.of(Kind.LOAD_BALANCER) for f in estate.linked(lb, (Kind.BUCKET,))}
    return [
        (b, b.encryption.customer_key if b.encryption else None)
        for b in estate.of(Kind.BUCKET)
        if b.urn not in logged
    ]


rule(
    "ENC-001",
    H,
    [Kind.BUCKET],
    _buckets,
    ("バケットを顧客管理の鍵で暗号化する", "Buckets are encrypted with a customer-managed key"),
    _OWN,
    _OWN_WAY,
    "aws.s3.BucketServerSideEncryptionConfiguration(…, kms_master_key_id=key.arn)",
    CRYPTO,
    clouds="aws azure google oci sakura",
    stack=True,
)

_WIRE = (
    "閉域でも、回線や機器で読まれることがあります。",
    "Even on closed lines, circuits and devices can be read.",
)
_IN_TRANSIT: tuple[tuple[str, Severity, list[Kind], tuple[str, str], str, str], ...] = (
    (
        "ENC-020",
        H,
        [Kind.LISTENER, Kind.LOAD_BALANCER],
        ("ロードバランサーは TLS で受ける", "Load balancers take TLS"),
        "aws azure google oci sakura",
        'protocol="HTTPS", certificate_arn=…',
    ),
    (
        "ENC-022",
        H,
        [Kind.BUCKET],
        ("バケットは TLS だけで受ける", "Buckets take TLS only"),
        "aws azure",
        '{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}',
    ),
    (
        "ENC-023",
        H,
        [Kind.DATABASE],
        ("データベースへの接続は TLS を必須にする", "Databases require TLS"),
        "azure google aws",
        'parameters=[{name: "rds.force_ssl", value: "1"}]',
    ),
    (
        "ENC-024",
        H,
        [Kind.CACHE, Kind.SEARCH, Kind.STREAM, Kind.WAREHOUSE],
        ("データサービスの通信を暗号化する", "Data services encrypt their traffic"),
        "aws azure google",
        "transit_encryption_enabled=True",
    ),
    (
        "ENC-025",
        M,
        [Kind.FILES, Kind.CONTAINERS],
        ("ファイル共有の通信を暗号化する", "File shares encrypt their traffic"),
        "aws azure",
        'volumes=[{efs_volume_configuration: {transit_encryption: "ENABLED", …}}]',
    ),
    (
        "ENC-026",
        M,
        [Kind.API, Kind.FUNCTION, Kind.CONTAINERS, Kind.CDN],
        ("Web の入口は HTTPS だけにする", "Web entrances take HTTPS only"),
        "azure",
        "https_only=True",
    ),
)
for _id, _severity, _kinds, _title, _clouds, _example in _IN_TRANSIT:
    rule(
        _id,
        _severity,
        _kinds,
        must("encryption.in_transit"),
        _title,
        _WIRE,
        ("TLS を必須にしてください。", "Require TLS."),
        _example,
        TRANSIT,
        clouds=_clouds,
    )
rule(
    "ENC-021",
    H,
    [
        Kind.LISTENER,
        Kind.BUCKET,
        Kind.DATABASE,
        Kind.API,
        Kind.FUNCTION,
        Kind.CONTAINERS,
        Kind.CACHE,
        Kind.SEARCH,
        Kind.CDN,
    ],
    at_least("encryption.tls", "tls", Text("", "")),
    ("TLS 1.2 以上だけを受ける", "Only TLS 1.2 or later is taken"),
    ("古い版は解読されています。", "Older versions are broken."),
    ("最低版を TLS 1.2 にしてください。", "Set the lowest version to TLS 1.2."),
    'ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06"',
    TRANSIT,
    clouds="aws azure google",
)

_KEYS: tuple[
    tuple[str, Severity, object, tuple[str, str], tuple[str, str], tuple[str, str], str, str], ...
] = (
    (
        "KEY-001",
        H,
        must("keycare.rotation"),
        ("鍵を自動で更新する", "Keys rotate"),
        ("漏れた鍵で読める期間を限ります。", "It limits what a leaked key can read."),
        ("自動更新を有効にしてください。", "Turn rotation on."),
        "enable_key_rotation=True",
        "aws azure google oci",
    ),
    (
        "KEY-002",
        M,
        at_most("keycare.rotation_days", "rotation_days"),
        ("鍵を1年以内に更新する", "Keys rotate within a year"),
        ("長い周期は更新しないのと変わりません。", "A long period is as good as none."),
        ("周期を短くしてください。", "Shorten the period."),
        "rotation_period_in_days=365",
        "aws azure google oci",
    ),
    (
        "KEY-003",
        H,
        at_least("keycare.deletion_days", "key_deletion_days"),
        ("鍵の削除に猶予を置く", "Keys have a waiting period before they are gone"),
        (
            "鍵を失えば、データもバックアップも二度と読めません。",
            "Without the key neither data nor backups can ever be read.",
        ),
        ("猶予期間を延ばしてください。", "Lengthen the period."),
        "deletion_window_in_days=30",
        "aws azure google sakura",
    ),
    (
        "KEY-004",
        H,
        must("keycare.purge_protected"),
        ("鍵の保管庫の完全削除を防ぐ", "Vaults of keys are protected against purging"),
        ("完全削除は猶予を飛ばします。", "Purging skips the waiting period."),
        ("消去保護を有効にしてください。", "Turn purge protection on."),
        "enable_purge_protection=True",
        "azure",
    ),
    (
        "KEY-005",
        H,
        must("keycare.enabled"),
        ("使う鍵を無効にしない", "Keys in use are enabled"),
        ("無効な鍵のデータは読めません。", "Data under a disabled key cannot be read."),
        ("有効にしてください。", "Enable it."),
        "is_enabled=True",
        "aws",
    ),
    (
        "KEY-006",
        M,
        must("keycare.strong"),
        ("十分な長さの鍵を使う", "Keys are strong enough"),
        (
            "2048 ビット未満の RSA と 1024 ビットの鍵は推奨されません（CRYPTREC・NIST の一般知識）。",
            "RSA below 2048 bits is no longer advised.",
        ),
        ("RSA 2048 以上か AES-256 にしてください。", "Use RSA 2048 or more, or AES-256."),
        "key_size=2048",
        "azure oci",
    ),
)
for _id, _severity, _check, _title, _why, _way, _example, _clouds in _KEYS:
    rule(_id, _severity, [Kind.KEY], _check, _title, _why, _way, _example, KEYS, clouds=_clouds)  # type: ignore[arg-type]
