"""Database appliances, enhanced databases, NoSQL, NFS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    BOOL,
    COMMON,
    DAYS,
    ID,
    INT,
    STR,
    STRING_SET,
    ZONE,
    Json,
    ListOf,
    MapOf,
    Problem,
    Record,
    Resource,
    f,
    named,
    out,
)
from stacks.text import Text

from .loadbalancer import ADDRESS

_PLANS: Final = {"10g": 10, "30g": 30, "90g": 90, "240g": 240, "500g": 500, "1t": 1000}
"""Plan numbers (facts: sakura-api.md §2.5); the redundant and replica plans are one more."""
HOUR: Final = "([0-1][0-9]|2[0-3]):(00|15|30|45)"
_BACKUP: Final = Record(
    "DatabaseBackup",
    (
        f(
            "daysOfWeek",
            STRING_SET,
            "DayOfWeek",
            "曜日。",
            "Days of the week.",
            required=True,
            elements=DAYS,
            low=1,
        ),
        f(
            "time",
            STR,
            "Time",
            "時刻（HH:mm、15分単位）。",
            "Time, HH:mm in quarters of an hour.",
            required=True,
            pattern=HOUR,
        ),
        f("rotate", INT, "Rotate", "残す数。", "How many are kept.", default=8, low=1, high=8),
    ),
)
_CONTINUOUS: Final = Record(
    "DatabaseContinuousBackup",
    (
        f(
            "connect",
            STR,
            "Connect",
            "NFSの場所（nfs://アドレス/パス）。",
            "NFS, as nfs://address/path.",
            required=True,
            pattern="nfs://.+",
        ),
        f(
            "daysOfWeek",
            STRING_SET,
            "DayOfWeek",
            "曜日。",
            "Days of the week.",
            required=True,
            elements=DAYS,
            low=1,
        ),
        f(
            "time",
            STR,
            "Time",
            "時刻（HH:mm、15分単位）。",
            "Time, HH:mm in quarters of an hour.",
            required=True,
            pattern=HOUR,
        ),
        f("rotate", INT, "Rotate", "残す数。", "How many are kept.", default=8, low=1, high=8),
    ),
)
_NETWORK: Final = (
    f(
        "switchId",
        ID,
        "Remark.Switch.ID",
        "スイッチ。",
        "The switch.",
        required=True,
        immutable=True,
        refers_to="network:Switch",
    ),
    f(
        "netmask",
        INT,
        "Remark.Network.NetworkMaskLen",
        "プレフィックス長。",
        "Prefix length.",
        required=True,
        immutable=True,
        low=8,
        high=29,
    ),
    f("gateway", STR, "Remark.Network.DefaultRoute", "ゲートウェイ。", "Gateway.", immutable=True),
    f(
        "ipAddresses",
        ListOf(ADDRESS),
        "Remark.Servers",
        "アドレス。",
        "Its addresses.",
        required=True,
        immutable=True,
        low=1,
        high=2,
    ),
)
DISK_ENCRYPTION: Final = (
    f(
        "encryptionAlgorithm",
        STR,
        "Disk.EncryptionAlgorithm",
        "ディスクの暗号化。",
        "Encryption of its disk.",
        choices=("none", "aes256_xts"),
        default="none",
        immutable=True,
        send="create",
    ),
    f(
        "kmsKeyId",
        ID,
        "Disk.EncryptionKey.KMSKeyID",
        "暗号化に使うKMSの鍵。",
        "KMS key of the encryption.",
        immutable=True,
        send="create",
    ),
)
_C: Final = "Settings.DBConf.Common"


def _password(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """Somebody must know the password: the program, or a vault."""
    if "password" not in inputs and "passwordVaultId" not in inputs:
        yield Problem(
            "password",
            Text(
                ja="password か passwordVaultId のどちらかが必要です。",
                en="Give either password or passwordVaultId.",
            ),
        )


def _encryption(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """A key without encryption protects nothing."""
    if inputs.get("kmsKeyId") and inputs.get("encryptionAlgorithm", "none") == "none":
        yield Problem(
            "kmsKeyId",
            Text(
                ja="encryptionAlgorithm に aes256_xts が必要です。",
                en="Needs encryptionAlgorithm aes256_xts.",
            ),
        )


DATABASE: Final = Resource(
    module="database",
    name="Database",
    service="iaas",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "database"),),
    doc=Text(
        ja="データベースアプライアンス（PostgreSQL、MariaDB）。",
        en="A database appliance: PostgreSQL or MariaDB.",
    ),
    zoned=True,
    flow="database",
    marker="tags",
    settings="Settings",
    import_parts=("zone",),
    rules=(_encryption,),
    creation_rules=(_password,),
    delete_before_replace=True,
    terraform=("sakura_database", "sakuracloud_database"),
    notes=(
        Text(
            ja="Oracle Database のマネージドサービスはこのクラウドにありません。"
            "サーバーの上で動かしてください。",
            en="This cloud has no managed Oracle Database: run it on servers.",
        ),
    ),
    fields=(
        *COMMON,
        ZONE,
        f(
            "type",
            STR,
            "Remark.DBConf.Common.DatabaseName",
            "種類。",
            "Kind.",
            choices=("postgres", "MariaDB"),
            default="postgres",
            immutable=True,
        ),
        f(
            "version",
            STR,
            "Remark.DBConf.Common.DatabaseVersion",
            "版。",
            "Version.",
            immutable=True,
            api_chooses=True,
        ),
        f(
            "plan",
            named(**_PLANS),
            "Plan.ID",
            "プラン。",
            "Plan.",
            choices=tuple(_PLANS),
            default="10g",
            immutable=True,
        ),
        *_NETWORK,
        f("port", INT, f"{_C}.ServicePort", "ポート。", "Port.", low=1024, high=65535, api_chooses=True),
        f(
            "sourceRanges",
            STRING_SET,
            f"{_C}.SourceNetwork",
            "接続を許すネットワーク。",
            "Networks that may connect.",
        ),
        f(
            "username",
            STR,
            f"{_C}.DefaultUser",
            "既定のユーザー。",
            "Default user.",
            required=True,
            immutable=True,
            low=3,
            high=20,
        ),
        f(
            "password",
            STR,
            f"{_C}.UserPassword",
            "そのパスワード。省略時は作って passwordVaultId に入れます。",
            "Its password; when absent one is made and put into passwordVaultId.",
            write_only=True,
            low=8,
            high=128,
        ),
        f(
            "passwordVaultId",
            ID,
            "",
            "作ったパスワードを入れるシークレットマネージャーの保管庫。"
            "名前は「{name}-user」と「{name}-replica」です。"
            "値は状態にもプログラムにも現れません。",
            "Vault of the secret manager for passwords made here, under {name}-user and {name}-replica. "
            "Their values are in neither state nor program.",
            immutable=True,
            send="never",
            refers_to="security:SecretVault",
        ),
        f(
            "replicaUser",
            STR,
            f"{_C}.ReplicaUser",
            "複製用のユーザー。",
            "User of replication.",
            immutable=True,
        ),
        f(
            "replicaPassword",
            STR,
            f"{_C}.ReplicaPassword",
            "そのパスワード。",
            "Its password.",
            write_only=True,
        ),
        f("backup", _BACKUP, "Settings.DBConf.Backup", "バックアップ。", "Backups."),
        f(
            "continuousBackup",
            _CONTINUOUS,
            "Settings.DBConf.Backupv2",
            "NFSへの継続的なバックアップ。",
            "Continuous backups to NFS.",
        ),
        f("parameters", MapOf(STR), "", "RDBMSのパラメータ。", "Parameters of the database.", send="never"),
        f(
            "monitoringSuite",
            BOOL,
            "Settings.MonitoringSuite.Enabled",
            "モニタリングスイートへ送るか。",
            "Send to the monitoring suite?",
            default=False,
        ),
        *DISK_ENCRYPTION,
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)

REPLICA: Final = Resource(
    module="database",
    name="DatabaseReadReplica",
    service="iaas",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "database"),),
    doc=Text(ja="データベースのリードレプリカ。", en="A read replica of a database appliance."),
    zoned=True,
    flow="replica",
    marker="tags",
    settings="Settings",
    import_parts=("zone",),
    delete_before_replace=True,
    terraform=("sakura_database_read_replica", "sakuracloud_database_read_replica"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "masterId",
            ID,
            "Settings.DBConf.Replication.Appliance.ID",
            "元のデータベース。",
            "The master.",
            required=True,
            immutable=True,
            refers_to="database:Database",
        ),
        *_NETWORK,
        *DISK_ENCRYPTION,
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)


NFS: Final = Resource(
    module="storage",
    name="Nfs",
    service="iaas",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "nfs"),),
    doc=Text(ja="NFSアプライアンス。", en="An NFS appliance."),
    zoned=True,
    flow="nfs",
    marker="tags",
    import_parts=("zone",),
    delete_before_replace=True,
    terraform=("sakura_nfs", "sakuracloud_nfs"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "plan",
            STR,
            "",
            "種類。",
            "Kind.",
            choices=("hdd", "ssd"),
            default="ssd",
            immutable=True,
            send="never",
        ),
        f("size", INT, "", "大きさ（GiB）。", "Size, GiB.", default=100, immutable=True, send="never"),
        *_NETWORK,
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)

RESOURCES: Final = (DATABASE, REPLICA, NFS)
