"""IAM: projects, folders, groups, users, policies, principals, keys, single sign-on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    BOOL,
    ID,
    ID_SET,
    INT,
    INT_ID,
    RESOURCE_ID,
    SECRET_VAULT,
    STR,
    STRING_SET,
    STRINGS,
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

_NAME: Final = f("name", STR, "name", "名前。", "Name.", required=True, low=1, high=64)
_DESCRIPTION: Final = f("description", STR, "description", "説明。", "Description.", default="", high=512)


def _plain(
    name: str, path: str, ja: str, en: str, tf: str, fields: tuple[Field, ...], flow: str = "plain"
) -> Resource:
    return Resource(
        module="iam",
        name=name,
        service="iam",
        path=path,
        envelope="",
        collection="items",
        id_wire="id",
        marker="description",
        flow=flow,
        doc=Text(ja=ja, en=en),
        terraform=(tf,),
        fields=fields,
    )


PROJECT: Final = _plain(
    "Project",
    "/projects",
    "プロジェクト。",
    "A project.",
    "sakura_iam_project",
    (
        f(
            "code",
            STR,
            "code",
            "コード（一意）。",
            "Code, unique.",
            required=True,
            immutable=True,
            low=1,
            high=64,
        ),
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f("parentFolderId", INT_ID, "parent_folder_id", "親のフォルダ。", "Folder above.", send="create"),
        out("status", STR, "status", "状態。", "State."),
    ),
    "moved",
)
FOLDER: Final = _plain(
    "Folder",
    "/folders",
    "フォルダ。",
    "A folder.",
    "sakura_iam_folder",
    (
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f("parentId", INT_ID, "parent_id", "親のフォルダ。", "Folder above.", send="create"),
    ),
    "moved",
)
GROUP: Final = _plain(
    "Group",
    "/groups",
    "グループ。",
    "A group.",
    "sakura_iam_group",
    (
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f(
            "userIds",
            ID_SET,
            "",
            "ユーザー（書けば、全員をここで管理します）。",
            "Members; when given, all of them are kept here.",
            send="never",
        ),
    ),
    "iamgroup",
)
USER: Final = _plain(
    "User",
    "/compat/users",
    "ユーザー。",
    "A user.",
    "sakura_iam_user",
    (
        f("code", STR, "code", "コード（一意）。", "Code, unique.", required=True, immutable=True),
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f("password", STR, "password", "パスワード。", "Password.", required=True, write_only=True),
        f("email", STR, "email", "メールアドレス。", "Mail address.", send="create"),
    ),
    "iamuser",
)
PRINCIPAL: Final = _plain(
    "ServicePrincipal",
    "/service-principals",
    "サービスプリンシパル。",
    "A service principal.",
    "sakura_iam_service_principal",
    (
        f("projectId", INT_ID, "project_id", "プロジェクト。", "The project.", required=True, immutable=True),
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
    ),
)


def _public_only(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    key = inputs.get("publicKey")
    if isinstance(key, str) and "-----BEGIN PUBLIC KEY-----" not in key:
        yield Problem(
            "publicKey",
            Text(
                ja="公開鍵（PEM、BEGIN PUBLIC KEY）を渡してください。秘密鍵は手元から出さないでください。",
                en="Give a public key (PEM, BEGIN PUBLIC KEY). A private key must not leave its owner.",
            ),
        )


PRINCIPAL_KEY: Final = Resource(
    module="iam",
    name="ServicePrincipalKey",
    service="iam",
    path="/service-principals/{servicePrincipalId}/keys",
    envelope="",
    collection="items",
    id_wire="id",
    flow="principalkey",
    update="none",
    natural_key=("servicePrincipalId", "publicKey"),
    import_parts=("servicePrincipalId",),
    doc=Text(
        ja="サービスプリンシパルの公開鍵。秘密鍵は持ち主の手元だけにあり、ここには現れません。",
        en="A public key of a service principal. The private key stays with its owner, and is nowhere here.",
    ),
    rules=(_public_only,),
    fields=(
        f(
            "servicePrincipalId",
            ID,
            "",
            "サービスプリンシパル。",
            "The service principal.",
            required=True,
            immutable=True,
            send="never",
            refers_to="iam:ServicePrincipal",
        ),
        f(
            "publicKey",
            STR,
            "public_key",
            "公開鍵（PEM、RSA 2048〜4096ビット）。",
            "Public key (PEM, RSA of 2048 to 4096 bits).",
            required=True,
            immutable=True,
        ),
        f(
            "enabled",
            BOOL,
            "",
            "使えるか。",
            "May it be used?",
            default=True,
            send="never",
            empty_is_value=True,
        ),
        RESOURCE_ID,
        out("kid", STR, "kid", "鍵のID（JWTのkid）。", "Key id, the kid of JWTs."),
        out("expiresAt", STR, "key_expires_at", "期限。", "When it ends."),
    ),
)
API_KEY: Final = Resource(
    module="iam",
    name="ProjectApiKey",
    service="iam",
    path="/compat/api-keys",
    envelope="",
    collection="items",
    id_wire="id",
    marker="description",
    flow="accesskey",
    doc=Text(
        ja="プロジェクトのAPIキー。シークレットは作成時にだけ得られます。",
        en="An API key of a project; its secret is shown once.",
    ),
    terraform=("sakura_iam_project_apikey",),
    fields=(
        f("projectId", INT_ID, "project_id", "プロジェクト。", "The project.", required=True, immutable=True),
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f("iamRoles", STRING_SET, "iam_roles", "ロール。", "Roles.", required=True),
        f(
            "serverId",
            ID,
            "server_resource_id",
            "使えるサーバーを限るとき、そのID。",
            "Server to which its use is limited.",
        ),
        f(
            "zoneId",
            STR,
            "zone_id",
            "使えるゾーンを限るとき、その番号。",
            "Zone to which its use is limited.",
        ),
        *SECRET_VAULT,
        out("accessToken", STR, "access_token", "アクセストークン。", "Access token."),
        out(
            "accessTokenSecret", STR, "access_token_secret", "そのシークレット。", "Its secret.", secret=True
        ),
    ),
)
SSO: Final = _plain(
    "Sso",
    "/sso-profiles",
    "シングルサインオンのプロファイル。",
    "A single sign-on profile.",
    "sakura_iam_sso",
    (
        _NAME,
        _DESCRIPTION,
        RESOURCE_ID,
        f(
            "idpEntityId",
            STR,
            "idp_entity_id",
            "IdPのエンティティID。",
            "Entity id of the IdP.",
            required=True,
        ),
        f("idpLoginUrl", STR, "idp_login_url", "IdPのログインURL。", "Login URL of the IdP.", required=True),
        f(
            "idpLogoutUrl",
            STR,
            "idp_logout_url",
            "IdPのログアウトURL。",
            "Logout URL of the IdP.",
            required=True,
        ),
        f(
            "idpCertificate",
            STR,
            "idp_certificate",
            "IdPの証明書（PEM）。",
            "Certificate of the IdP (PEM).",
            required=True,
        ),
        f(
            "assigned",
            BOOL,
            "",
            "組織に割り当てるか。",
            "Assigned to the organisation?",
            default=False,
            send="never",
        ),
        out("spEntityId", STR, "sp_entity_id", "こちらのエンティティID。", "Entity id on this side."),
        out("spAcsUrl", STR, "sp_acs_url", "こちらのACS URL。", "ACS URL on this side."),
    ),
    "sso",
)

_WHO: Final = Record(
    "PolicyPrincipal",
    (
        f(
            "type",
            STR,
            "type",
            "種類。",
            "Kind.",
            required=True,
            choices=("user", "group", "service-principal"),
        ),
        f("id", INT_ID, "id", "ID。", "Id.", required=True),
    ),
)
_BINDING: Final = Record(
    "PolicyBinding",
    (
        f("role", STR, "role.id", "ロール（プリセット）。", "Role, a preset one.", required=True),
        f(
            "principals",
            ListOf(_WHO, unordered=True),
            "principals",
            "与える相手。",
            "Who gets it.",
            required=True,
        ),
    ),
)


def _policy(name: str, item: str, ja: str, en: str, tf: str, more: tuple[Field, ...] = ()) -> Resource:
    return Resource(
        module="iam",
        name=name,
        service="iam",
        path=item,
        item=item,
        envelope="",
        collection="",
        flow="policy",
        natural_key=tuple(x.name for x in more),
        doc=Text(ja=ja, en=en),
        terraform=(tf,),
        reset={"bindings": []},
        notes=(
            Text(
                ja="全体で1つの文書です。ここに書かない割り当ては消えます。",
                en="One document: what is not listed here is removed.",
            ),
        ),
        fields=(
            *more,
            f(
                "bindings",
                ListOf(_BINDING, unordered=True),
                "bindings",
                "割り当て。",
                "Bindings.",
                required=True,
                empty_is_value=True,
            ),
        ),
    )


PROJECT_POLICY: Final = _policy(
    "ProjectPolicy",
    "/projects/{projectId}/iam-policy",
    "プロジェクトのIAMポリシー。",
    "IAM policy of a project.",
    "sakura_iam_policy",
    (f("projectId", ID, "", "プロジェクト。", "The project.", required=True, immutable=True, send="never"),),
)
PROJECT_MEMBER: Final = Resource(
    module="iam",
    name="ProjectMember",
    service="iam",
    path="/projects/{projectId}/iam-policy",
    item="/projects/{projectId}/iam-policy",
    envelope="",
    collection="",
    flow="member",
    id_wire="",
    import_parts=("projectId",),
    natural_key=("projectId",),
    doc=Text(
        ja="プロジェクトのIAMポリシーの割り当て1つ。ほかの割り当てはそのままです。",
        en="One grant in a project's IAM policy; all other grants stay as they are.",
    ),
    notes=(
        Text(
            ja="IDは `{role}/{principalType}/{principalId}` の形です。"
            "ProjectPolicy と同じプロジェクトでは使わないでください。",
            en="Its id has the form `{role}/{principalType}/{principalId}`. "
            "Do not use it beside a ProjectPolicy.",
        ),
    ),
    fields=(
        f("projectId", INT_ID, "projectId", "プロジェクト。", "The project.", required=True, immutable=True),
        f(
            "role",
            STR,
            "role",
            "ロール（プリセット）。",
            "Role, a preset one.",
            required=True,
            immutable=True,
        ),
        f(
            "principalType",
            STR,
            "principalType",
            "種類。",
            "Kind.",
            required=True,
            immutable=True,
            choices=("user", "group", "service-principal"),
        ),
        f("principalId", INT_ID, "principalId", "ID。", "Id.", required=True, immutable=True),
    ),
)
FOLDER_POLICY: Final = _policy(
    "FolderPolicy",
    "/folders/{folderId}/iam-policy",
    "フォルダのIAMポリシー。",
    "IAM policy of a folder.",
    "sakura_iam_policy",
    (f("folderId", ID, "", "フォルダ。", "The folder.", required=True, immutable=True, send="never"),),
)
ORGANIZATION_POLICY: Final = _policy(
    "OrganizationPolicy",
    "/organization-iam-policy",
    "組織のIAMポリシー。",
    "IAM policy of the organisation.",
    "sakura_iam_policy",
)
ORGANIZATION_ID_POLICY: Final = _policy(
    "OrganizationIdPolicy",
    "/organization-id-policy",
    "組織のIDポリシー。",
    "Id policy of the organisation.",
    "sakura_iam_organization_id_policy",
)

PASSWORD_POLICY: Final = Resource(
    module="iam",
    name="PasswordPolicy",
    service="iam",
    path="/organization-password-policy",
    item="/organization-password-policy",
    envelope="",
    collection="",
    flow="document",
    doc=Text(ja="組織のパスワードの規則。", en="Password rules of the organisation."),
    terraform=("sakura_iam_auth",),
    reset={
        "min_length": 12,
        "require_uppercase": False,
        "require_lowercase": False,
        "require_symbols": False,
    },
    fields=(
        f(
            "minLength",
            INT,
            "min_length",
            "最短の文字数。",
            "Fewest characters.",
            required=True,
            low=8,
            high=64,
        ),
        f(
            "requireUppercase",
            BOOL,
            "require_uppercase",
            "大文字が要るか。",
            "Must it have upper case?",
            required=True,
            empty_is_value=True,
        ),
        f(
            "requireLowercase",
            BOOL,
            "require_lowercase",
            "小文字が要るか。",
            "Must it have lower case?",
            required=True,
            empty_is_value=True,
        ),
        f(
            "requireSymbols",
            BOOL,
            "require_symbols",
            "記号が要るか。",
            "Must it have symbols?",
            required=True,
            empty_is_value=True,
        ),
    ),
)

AUTH_POLICY: Final = Resource(
    module="iam",
    name="AuthPolicy",
    service="iam",
    path="/organization-auth-conditions",
    item="/organization-auth-conditions",
    envelope="",
    collection="",
    flow="document",
    doc=Text(ja="組織の認証の条件。", en="Conditions of authentication of the organisation."),
    terraform=("sakura_iam_auth",),
    reset={
        "ip_restriction": {"mode": "allow_all"},
        "require_two_factor_auth": {"enabled": False},
        "datetime_restriction": {"after": None, "before": None},
    },
    fields=(
        f(
            "ipMode",
            STR,
            "ip_restriction.mode",
            "接続元の制限。",
            "Restriction of sources.",
            required=True,
            choices=("allow_all", "allow_list"),
        ),
        f(
            "sourceNetworks",
            STRINGS,
            "ip_restriction.source_network",
            "許す接続元。",
            "Sources that are allowed.",
        ),
        f(
            "requireTwoFactor",
            BOOL,
            "require_two_factor_auth.enabled",
            "二要素認証が要るか。",
            "Is a second factor required?",
            required=True,
            empty_is_value=True,
        ),
        f("notBefore", STR, "datetime_restriction.after", "いつから。", "Not before."),
        f("notAfter", STR, "datetime_restriction.before", "いつまで。", "Not after."),
    ),
)

RESOURCES: Final = (
    PROJECT,
    FOLDER,
    GROUP,
    USER,
    PRINCIPAL,
    PRINCIPAL_KEY,
    API_KEY,
    SSO,
    PROJECT_POLICY,
    PROJECT_MEMBER,
    FOLDER_POLICY,
    ORGANIZATION_POLICY,
    ORGANIZATION_ID_POLICY,
    PASSWORD_POLICY,
    AUTH_POLICY,
)
