"""Object storage."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    BOOL,
    ID,
    RESOURCE_ID,
    SECRET_VAULT,
    STR,
    Field,
    ListOf,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

SITES: Final = ("isk01", "tky01", "arc02")


def _site(wire: str = "") -> Field:
    return f(
        "site", STR, wire, "サイト。", "Site.", required=True, immutable=True, choices=SITES, send="never"
    )


def _bucket() -> Field:
    return f("bucket", STR, "", "バケット。", "The bucket.", required=True, immutable=True, send="never")


BUCKET: Final = Resource(
    module="objectstorage",
    name="Bucket",
    service="objectstorage",
    path="/{site}/v2/buckets",
    envelope="data",
    collection="data",
    doc=Text(
        ja="バケット。サイトのアカウントがなければ作ります。条件付き書き込みはできません。",
        en="A bucket; the site's account is made with the first. There are no conditional writes.",
    ),
    flow="bucket",
    natural_key=("name",),
    id_wire="name",
    import_parts=("site",),
    update="none",
    delete_before_replace=True,
    terraform=("sakura_object_storage_bucket",),
    fields=(
        f(
            "name",
            STR,
            "name",
            "名前（全体で一意）。",
            "Name, unique in the whole service.",
            required=True,
            immutable=True,
            low=3,
            high=63,
            pattern="[a-z][a-z0-9-]*[a-z0-9]",
        ),
        _site(),
        f(
            "plan",
            STR,
            "plan.type",
            "種類。",
            "Kind.",
            choices=("standard", "archive"),
            immutable=True,
            api_chooses=True,
        ),
        RESOURCE_ID,
        out(
            "contractId",
            ID,
            "resource_id",
            "契約のID（監視の経路で使います）。",
            "Id of its contract, for routings.",
        ),
        out("endpoint", STR, "", "S3のエンドポイント。", "S3 endpoint."),
    ),
)

ENCRYPTION: Final = Resource(
    module="objectstorage",
    name="BucketEncryption",
    service="objectstorage",
    path="/{site}/v2/buckets/{bucket}/encryption",
    item="/{site}/v2/buckets/{bucket}/encryption",
    envelope="data",
    collection="data",
    flow="bucketplan",
    natural_key=("bucket",),
    doc=Text(ja="バケットの暗号化。", en="Encryption of a bucket."),
    import_parts=("site",),
    terraform=("sakura_object_storage_bucket_encryption_config",),
    fields=(
        _site(),
        _bucket(),
        f("kmsKeyId", ID, "kms_key_id", "KMSの鍵。", "KMS key.", required=True, refers_to="security:KmsKey"),
    ),
)

REPLICATION: Final = Resource(
    module="objectstorage",
    name="BucketReplication",
    service="objectstorage",
    path="/fed/v1/buckets/{bucket}/replication",
    item="/fed/v1/buckets/{bucket}/replication",
    envelope="data",
    collection="data",
    flow="bucketplan",
    natural_key=("bucket",),
    doc=Text(
        ja="バケットの複製（石狩と東京の間など）。",
        en="Replication of a bucket, for instance between 石狩 and 東京.",
    ),
    terraform=("sakura_object_storage_bucket_replication_config",),
    fields=(
        _bucket(),
        f(
            "destinationBucket",
            STR,
            "dest_bucket",
            "複製先のバケット。",
            "Bucket to copy to.",
            required=True,
            immutable=True,
            read="dest_bucket.name",
        ),
        out("status", STR, "config_status", "状態。", "State."),
    ),
    delete_before_replace=True,
)

VERSIONING: Final = Resource(
    module="objectstorage",
    name="BucketVersioning",
    service="objectstorage",
    path="",
    envelope="",
    collection="",
    flow="versioning",
    natural_key=("bucket",),
    doc=Text(
        ja="バケットのバージョニング（S3 APIで設定します）。", en="Versioning of a bucket, set through S3."
    ),
    import_parts=("site",),
    terraform=("sakura_object_storage_bucket_versioning",),
    notes=(
        Text(
            ja="削除しても、バージョニングはそのまま残ります。", en="Deleting it leaves versioning as it is."
        ),
    ),
    fields=(
        _site(),
        _bucket(),
        f("enabled", BOOL, "", "使うか。", "On?", default=True, send="never"),
        f(
            "accessKey",
            STR,
            "",
            "アクセスキー。省略すると、そのときだけ作って消します。",
            "Access key; when absent one is made for the moment and deleted.",
            write_only=True,
            send="never",
        ),
        f(
            "secretKey",
            STR,
            "",
            "シークレットキー。",
            "Secret key.",
            write_only=True,
            send="never",
        ),
        f(
            "endpoint",
            STR,
            "",
            "S3のエンドポイント（省略時はサイトのもの）。",
            "S3 endpoint; the site's own when absent.",
            send="never",
        ),
    ),
)

_CONTROL: Final = Record(
    "BucketControl",
    (
        f("bucket", STR, "bucket_name", "バケット。", "The bucket.", required=True),
        f("canRead", BOOL, "can_read", "読めるか。", "May read?", required=True, empty_is_value=True),
        f("canWrite", BOOL, "can_write", "書けるか。", "May write?", required=True, empty_is_value=True),
    ),
)

PERMISSION: Final = Resource(
    module="objectstorage",
    name="Permission",
    service="objectstorage",
    path="/{site}/v2/permissions",
    envelope="data",
    collection="data",
    doc=Text(
        ja="パーミッション。バケットごとに読み書きを許します。",
        en="A permission: which buckets may be read and written.",
    ),
    natural_key=("name",),
    id_wire="id",
    import_parts=("site",),
    terraform=("sakura_object_storage_permission",),
    fields=(
        _site(),
        RESOURCE_ID,
        f("name", STR, "display_name", "名前。", "Name.", required=True, low=1),
        f(
            "bucketControls",
            ListOf(_CONTROL, unordered=True),
            "bucket_controls",
            "バケットごとの許可。",
            "Permissions by bucket.",
            required=True,
            low=1,
        ),
    ),
)


def _key(name: str, path: str, ja: str, en: str, more: tuple[Field, ...], parts: tuple[str, ...]) -> Resource:
    return Resource(
        module="objectstorage",
        name=name,
        service="objectstorage",
        path=path,
        envelope="data",
        collection="data",
        flow="accesskey",
        doc=Text(ja=ja, en=en),
        id_wire="id",
        update="none",
        import_parts=parts,
        terraform=("sakura_object_storage_permission",) if more else (),
        fields=(
            _site(),
            *more,
            *SECRET_VAULT,
            RESOURCE_ID,
            out("accessKey", STR, "id", "アクセスキー。", "Access key."),
            out("secretKey", STR, "secret", "シークレットキー。", "Secret key.", secret=True),
        ),
    )


PERMISSION_KEY: Final = _key(
    "PermissionKey",
    "/{site}/v2/permissions/{permissionId}/keys",
    "パーミッションのアクセスキー。",
    "An access key of a permission.",
    (
        f(
            "permissionId",
            ID,
            "",
            "パーミッション。",
            "The permission.",
            required=True,
            immutable=True,
            send="never",
        ),
    ),
    ("site", "permissionId"),
)
ACCESS_KEY: Final = _key(
    "AccessKey",
    "/{site}/v2/account/keys",
    "サイトのアカウントのアクセスキー（すべてのバケットを扱えます）。",
    "An access key of the site's account: it may do everything with every bucket.",
    (),
    ("site",),
)

RESOURCES: Final = (BUCKET, ENCRYPTION, REPLICATION, VERSIONING, PERMISSION, PERMISSION_KEY, ACCESS_KEY)
