"""Keys, secrets, security control."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    BOOL,
    ID,
    INT,
    RESOURCE_ID,
    STR,
    STRINGS,
    TAGS,
    ZONES,
    Field,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_NAME: Final = f("name", STR, "Name", "名前。", "Name.", required=True, low=1, high=255)
_DESCRIPTION: Final = f("description", STR, "Description", "説明。", "Description.", high=512)

KMS_KEY: Final = Resource(
    module="security",
    name="KmsKey",
    service="kms",
    path="/kms/keys",
    envelope="Key",
    collection="Keys",
    flow="kms",
    marker="tags",
    doc=Text(
        ja="KMSの鍵。削除すると取り消せないため、既定では7日後の破棄を予約します。",
        en="A KMS key. Deletion cannot be undone, so by default the destruction is scheduled seven days "
        "ahead.",
    ),
    terraform=("sakura_kms", "sakuracloud_kms"),
    fields=(
        _NAME,
        _DESCRIPTION,
        TAGS,
        RESOURCE_ID,
        f(
            "keyOrigin",
            STR,
            "KeyOrigin",
            "鍵の出所。",
            "Where the key comes from.",
            choices=("generated", "imported"),
            default="generated",
            immutable=True,
        ),
        f(
            "plainKey",
            STR,
            "PlainKey",
            "取り込む鍵（Base64）。",
            "Key to import, Base64.",
            write_only=True,
            send="create",
        ),
        f(
            "status",
            STR,
            "",
            "状態。",
            "Status.",
            choices=("active", "restricted", "suspended"),
            default="active",
            send="never",
            read="Status",
        ),
        f(
            "rotation",
            INT,
            "",
            "増やすと鍵を更新します。",
            "Rotates the key when it is raised.",
            low=1,
            send="never",
        ),
        f(
            "destroyAfterDays",
            INT,
            "",
            "削除から破棄までの日数（7〜14、0は直ちに）。",
            "Days from deletion to destruction, 7 to 14; 0: at once.",
            choices=(0, 7, 8, 9, 10, 11, 12, 13, 14),
            default=7,
            send="never",
            empty_is_value=True,
        ),
        out("latestVersion", INT, "LatestVersion", "鍵の版。", "Version of the key."),
    ),
)

VAULT: Final = Resource(
    module="security",
    name="SecretVault",
    service="secretmanager",
    path="/secretmanager/vaults",
    envelope="Vault",
    collection="Vaults",
    doc=Text(ja="シークレットマネージャーの保管庫。", en="A vault of the secret manager."),
    marker="tags",
    terraform=("sakura_secret_manager",),
    fields=(
        _NAME,
        _DESCRIPTION,
        TAGS,
        RESOURCE_ID,
        f(
            "kmsKeyId",
            ID,
            "KmsKeyID",
            "KMSの鍵。",
            "KMS key.",
            required=True,
            immutable=True,
            refers_to="security:KmsKey",
        ),
    ),
)

SECRET: Final = Resource(
    module="security",
    name="Secret",
    service="secretmanager",
    path="/secretmanager/vaults/{vaultId}/secrets",
    envelope="Secret",
    collection="Secrets",
    flow="secret",
    id_wire="Name",
    import_parts=("vaultId",),
    terraform=("sakura_secret_manager_secret",),
    doc=Text(ja="シークレット。書くたびに新しい版になります。", en="A secret; each write is a new version."),
    fields=(
        f("vaultId", ID, "", "保管庫。", "The vault.", required=True, immutable=True, send="never"),
        f("name", STR, "Name", "名前。", "Name.", required=True, immutable=True, low=1, high=255),
        f("value", STR, "Value", "値。", "The value.", required=True, write_only=True),
        out("version", INT, "LatestVersion", "版。", "Version."),
    ),
)

_KEEP: Final = f(
    "keepOnDelete",
    BOOL,
    "",
    "削除しても、設定を残すか。",
    "Keep the setting when this is deleted?",
    default=False,
    send="never",
)


def _principal(wire: str, *, required: bool) -> Field:
    return f(
        "servicePrincipalId",
        ID,
        wire,
        "評価に使うサービスプリンシパル。",
        "Service principal that evaluates.",
        required=required,
    )


ACTIVATION: Final = Resource(
    module="security",
    name="SecurityControlActivation",
    service="securitycontrol",
    path="/activation",
    item="/activation",
    envelope="",
    collection="",
    flow="activation",
    doc=Text(ja="プロジェクトのセキュリティコントロール。", en="Security control of the project."),
    terraform=("sakura_security_control_activation",),
    fields=(
        _principal("servicePrincipalId", required=True),
        f("enabled", BOOL, "isActive", "使うか。", "On?", default=True),
        _KEEP,
        out(
            "automatedActionLimit",
            INT,
            "automatedActionLimit",
            "自動アクションの上限。",
            "How many automated actions there may be.",
        ),
    ),
)

RULE: Final = Resource(
    module="security",
    name="SecurityControlRule",
    service="securitycontrol",
    path="/evaluation_rules",
    item="/evaluation_rules/{ruleId}",
    envelope="",
    collection="items",
    flow="rule",
    natural_key=("ruleId",),
    doc=Text(ja="セキュリティコントロールの評価ルール。", en="An evaluation rule of security control."),
    terraform=("sakura_security_control_evaluation_rule",),
    delete_before_replace=True,
    fields=(
        f(
            "ruleId",
            STR,
            "rule.evaluationRuleId",
            "ルール。",
            "The rule.",
            required=True,
            immutable=True,
            choices=(
                "server-no-public-ip",
                "disk-encryption-enabled",
                "dba-encryption-enabled",
                "dba-no-public-ip",
                "objectstorage-bucket-acl-changed",
                "objectstorage-bucket-encryption-enabled",
                "nosql-encryption-enabled",
                "elb-logging-enabled",
                "iam-member-operation-detected",
                "addon-datalake-no-public-access",
                "addon-dwh-no-public-access",
                "addon-threat-detection-enabled",
                "addon-threat-detections",
                "addon-vulnerability-detections",
            ),
        ),
        f("enabled", BOOL, "isEnabled", "使うか。", "On?", default=True, empty_is_value=True),
        _principal("rule.parameter.servicePrincipalId", required=False),
        f("zones", STRINGS, "rule.parameter.zones", "調べるゾーン。", "Zones to look at.", elements=ZONES),
        f(
            "sites",
            STRINGS,
            "rule.parameter.sites",
            "調べるサイト（オブジェクトストレージ）。",
            "Sites to look at (object storage).",
            elements=("isk01", "tky01", "arc02"),
        ),
        _KEEP,
        out("description", STR, "description", "説明。", "Description."),
        out("iamRolesRequired", STRINGS, "iamRolesRequired", "必要なロール。", "Roles that it needs."),
    ),
)

_ACTION: Final = Record(
    "SecurityControlActionTarget",
    (
        f(
            "type",
            STR,
            "actionType",
            "種類。",
            "Kind.",
            required=True,
            choices=("simpleNotification", "workflows"),
        ),
        f(
            "servicePrincipalId",
            ID,
            "actionParameter.servicePrincipalId",
            "使うサービスプリンシパル。",
            "Service principal to use.",
            required=True,
        ),
        f(
            "notificationGroupId",
            ID,
            "actionParameter.notificationGroupId",
            "通知グループ。",
            "Notification group.",
        ),
        f("workflowId", ID, "actionParameter.workflowId", "ワークフロー。", "Workflow."),
        f("revisionId", INT, "actionParameter.revisionId", "ワークフローの版。", "Revision of the workflow."),
        f("revisionAlias", STR, "actionParameter.revisionAlias", "版の別名。", "Alias of the revision."),
        f("args", STR, "actionParameter.args", "引数（JSON）。", "Arguments, JSON."),
        f("name", STR, "actionParameter.name", "実行の名前。", "Name of the execution."),
    ),
)

ACTION: Final = Resource(
    module="security",
    name="SecurityControlAction",
    service="securitycontrol",
    path="/automated_actions",
    envelope="",
    collection="items",
    id_wire="automatedActionId",
    marker="description",
    doc=Text(ja="セキュリティコントロールの自動アクション。", en="An automated action of security control."),
    terraform=("sakura_security_control_automated_action",),
    fields=(
        f("name", STR, "name", "名前。", "Name.", required=True),
        f("description", STR, "description", "説明。", "Description.", high=512),
        RESOURCE_ID,
        f("action", _ACTION, "action", "何をするか。", "What to do.", required=True),
        f(
            "executionCondition",
            STR,
            "executionCondition",
            "いつするか（CEL）。",
            "When, in CEL.",
            required=True,
        ),
        f("enabled", BOOL, "isEnabled", "使うか。", "On?", default=True, empty_is_value=True),
        out("createdAt", STR, "createdAt", "作成日時。", "When it was made."),
    ),
)

RESOURCES: Final = (KMS_KEY, VAULT, SECRET, ACTIVATION, RULE, ACTION)
