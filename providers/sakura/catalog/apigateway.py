"""APIゲートウェイ: contracts, services, routes, users, groups, domains, certificates.

Facts: the OpenAPI document of the service (sacloud-sdk-go, api/apigw/openapi).
"""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    ANY,
    BOOL,
    ID,
    INT,
    RESOURCE_ID,
    STR,
    STRING_SET,
    STRINGS,
    Field,
    MapOf,
    Marker,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "CONNECT", "TRACE")
_PROTOCOLS: Final = ("http,https", "http", "https")
_LONGEST_TIMEOUT: Final = 2147483646

_NAME: Final = f(
    "name",
    STR,
    "name",
    "名前（文字、数字、「.」「_」「-」）。",
    "Name: letters, digits, “.”, “_”, “-”.",
    required=True,
    low=1,
    high=255,
    pattern=r"[\w.\-]+",
)
_TAGS: Final = f(
    "tags",
    STRING_SET,
    "tags",
    "タグ（9個まで。1個はプロバイダーが作成中断の復旧に使います）。",
    "Tags, at most 9: the provider needs one to find its own unfinished creations.",
    high=9,
)


def _kind(
    name: str,
    path: str,
    keys: tuple[str, str],
    text: Text,
    terraform: str,
    fields: tuple[Field, ...],
    *,
    flow: str = "gateway",
    marker: Marker = "natural",
    natural_key: tuple[str, ...] = ("name",),
    import_parts: tuple[str, ...] = (),
) -> Resource:
    """A kind; `keys` are those under which one and many come."""
    one, many = keys
    return Resource(
        module="apigateway",
        name=name,
        service="apigw",
        path=path,
        envelope=f"apigw.{one}",
        collection=f"apigw.{many}",
        id_wire="id",
        flow=flow,
        marker=marker,
        natural_key=() if marker == "tags" else natural_key,
        import_parts=import_parts,
        doc=text,
        terraform=(terraform,),
        fields=fields,
    )


SUBSCRIPTION: Final = _kind(
    "Subscription",
    "/subscriptions",
    ("subscription", "subscriptions"),
    Text(
        ja="契約。プランの番号は getPlans で調べます。",
        en="A contract; getPlans tells the numbers of the plans.",
    ),
    "sakura_apigw_subscription",
    (
        _NAME,
        RESOURCE_ID,
        f("planId", STR, "planId", "プラン。", "The plan.", required=True, immutable=True, send="create"),
        out("contractId", ID, "resourceId", "契約のID。", "Id of the contract."),
    ),
    flow="gatewaylisted",
)

_RESTRICTION: Final = Record(
    "IpRestriction",
    (
        f("protocols", STR, "protocols", "プロトコル。", "Protocols.", required=True, choices=_PROTOCOLS),
        f(
            "restrictedBy",
            STR,
            "restrictedBy",
            "許すか、拒むか。",
            "Allow these, or refuse them?",
            required=True,
            choices=("allowIps", "denyIps"),
        ),
        f("ips", STRING_SET, "ips", "IPv4アドレス。", "IPv4 addresses.", required=True, low=1),
    ),
)
_RESTRICTED: Final = f(
    "ipRestriction", _RESTRICTION, "ipRestrictionConfig", "接続元の制限。", "Restriction of sources."
)
_CORS: Final = Record(
    "CorsConfig",
    (
        f("credentials", BOOL, "credentials", "認証情報を許すか。", "Allow credentials?", default=False),
        f("exposedHeaders", STR, "accessControlExposedHeaders", "見せるヘッダー。", "Headers to expose."),
        f("allowHeaders", STR, "accessControlAllowHeaders", "許すヘッダー。", "Headers to allow."),
        f("maxAge", INT, "maxAge", "有効期間（秒）。", "Validity, s.", default=0),
        f(
            "allowMethods",
            STRINGS,
            "accessControlAllowMethods",
            "許すメソッド（なければすべて）。",
            "Methods to allow (all when absent).",
            elements=_METHODS,
        ),
        f(
            "allowOrigins",
            STR,
            "accessControlAllowOrigins",
            "許すオリジン（なければすべて）。",
            "Origins to allow (all when absent).",
        ),
        f(
            "preflightContinue",
            BOOL,
            "preflightContinue",
            "プリフライトもサービスに渡すか。",
            "Pass preflights on to the service?",
            default=False,
        ),
        f(
            "privateNetwork",
            BOOL,
            "privateNetwork",
            "専用ネットワークか。",
            "In a private network?",
            default=False,
        ),
    ),
)
_BUCKET: Final = Record(
    "ObjectStorageConfig",
    (
        f("bucket", STR, "bucketName", "バケット。", "The bucket.", required=True),
        f("folder", STR, "folderName", "フォルダ。", "Folder."),
        f("endpoint", STR, "endpoint", "S3のエンドポイント。", "S3 endpoint.", required=True),
        f("region", STR, "region", "S3のリージョン。", "S3 region.", required=True),
        f("accessKeyId", STR, "accessKeyID", "アクセスキー。", "Access key.", required=True, write_only=True),
        f(
            "secretAccessKey",
            STR,
            "secretAccessKey",
            "そのシークレット。",
            "Its secret.",
            required=True,
            write_only=True,
        ),
        f(
            "documentIndex",
            BOOL,
            "useDocumentIndex",
            "index.htmlを補うか。",
            "Serve index.html for folders?",
            default=True,
        ),
    ),
)


def _timeout(name: str, ja: str, en: str) -> Field:
    return f(name, INT, name, ja, en, default=60000, low=1, high=_LONGEST_TIMEOUT)


SERVICE: Final = _kind(
    "Service",
    "/services",
    ("service", "services"),
    Text(ja="サービス（要求を渡す先）。", en="A service: where requests are passed on to."),
    "sakura_apigw_service",
    (
        _NAME,
        _TAGS,
        RESOURCE_ID,
        f(
            "subscriptionId",
            STR,
            "subscription.id",
            "契約。",
            "The contract.",
            required=True,
            immutable=True,
            send="create",
            refers_to="apigateway:Subscription",
        ),
        f("protocol", STR, "protocol", "プロトコル。", "Protocol.", required=True, choices=("http", "https")),
        f("host", STR, "host", "ホスト名かIPアドレス。", "Host name or address.", required=True, high=253),
        f("path", STR, "path", "パス。", "Path.", default="/", pattern=r"/[a-zA-Z0-9_\-/!.*'()]*"),
        f("port", INT, "port", "ポート。", "Port.", low=0, high=65535, api_chooses=True),
        f("retries", INT, "retries", "再試行の回数。", "Retries.", default=5, low=0, high=32767),
        _timeout("connectTimeout", "接続の制限時間（ミリ秒）。", "Time to connect, ms."),
        _timeout("writeTimeout", "送信の制限時間（ミリ秒）。", "Time to write, ms."),
        _timeout("readTimeout", "受信の制限時間（ミリ秒）。", "Time to read, ms."),
        f(
            "authentication",
            STR,
            "authentication",
            "認証の方法。",
            "How callers prove who they are.",
            default="none",
            choices=("none", "basic", "hmac", "jwt", "oidc"),
        ),
        f("oidcId", STR, "oidc.id", "OIDC認証のID（oidcのとき）。", "Id of the OIDC setting (with oidc)."),
        f("cors", _CORS, "corsConfig", "CORS。", "CORS."),
        f("objectStorage", _BUCKET, "objectStorageConfig", "バケットに渡すとき。", "When a bucket answers."),
        out("routeHost", STR, "routeHost", "割り当てられたホスト名。", "The host name that was given."),
    ),
    marker="tags",
)
ROUTE: Final = _kind(
    "Route",
    "/services/{serviceId}/routes",
    ("route", "routes"),
    Text(ja="ルート（どの要求をサービスに渡すか）。", en="A route: which requests a service gets."),
    "sakura_apigw_route",
    (
        f(
            "serviceId",
            STR,
            "serviceId",
            "サービス。",
            "The service.",
            required=True,
            immutable=True,
            send="never",
            refers_to="apigateway:Service",
        ),
        _NAME,
        _TAGS,
        RESOURCE_ID,
        f(
            "protocols",
            STR,
            "protocols",
            "プロトコル。",
            "Protocols.",
            choices=_PROTOCOLS,
            default="http,https",
        ),
        f(
            "path",
            STR,
            "path",
            "パス（「~/」で始めると正規表現）。",
            "Path (a regular expression after “~/”).",
            high=255,
        ),
        f("hosts", STRING_SET, "hosts", "ホスト名。", "Host names.", api_chooses=True),
        f(
            "methods",
            STRING_SET,
            "methods",
            "メソッド（なければすべて）。",
            "Methods (all when absent).",
            elements=_METHODS,
        ),
        f(
            "httpsRedirectStatus",
            INT,
            "httpsRedirectStatusCode",
            "httpsへ導くときの応答。",
            "Status that leads to https.",
            choices=(301, 302, 303, 307, 308, 426),
            default=426,
        ),
        f(
            "regexPriority",
            INT,
            "regexPriority",
            "正規表現の優先度。",
            "Priority of the expression.",
            default=0,
            low=0,
            high=255,
        ),
        f("stripPath", BOOL, "stripPath", "パスを除いて渡すか。", "Strip the path?", default=True),
        f("preserveHost", BOOL, "preserveHost", "元のHostを渡すか。", "Keep the Host header?", default=False),
        f("requestBuffering", BOOL, "requestBuffering", "要求を溜めるか。", "Buffer requests?", default=True),
        f(
            "responseBuffering",
            BOOL,
            "responseBuffering",
            "応答を溜めるか。",
            "Buffer responses?",
            default=True,
        ),
        _RESTRICTED,
        f(
            "groupIds",
            STRING_SET,
            "",
            "使ってよいグループ（なければ制限しません）。",
            "Groups that may use it (anybody when absent).",
            send="never",
        ),
        f(
            "requestTransformation",
            MapOf(ANY),
            "",
            "要求の変換（APIの形のまま）。",
            "What is changed in requests, in the API's own form.",
            send="never",
        ),
        f(
            "responseTransformation",
            MapOf(ANY),
            "",
            "応答の変換（APIの形のまま）。",
            "What is changed in responses, in the API's own form.",
            send="never",
        ),
    ),
    flow="gatewayroute",
    marker="tags",
    import_parts=("serviceId",),
)

_BASIC: Final = Record(
    "BasicAuth",
    (
        f("username", STR, "userName", "ユーザー名。", "User name.", required=True),
        f("password", STR, "password", "パスワード。", "Password.", required=True, write_only=True),
    ),
)
_JWT: Final = Record(
    "JwtAuth",
    (
        f("key", STR, "key", "鍵の名前。", "Name of the key.", required=True),
        f("secret", STR, "secret", "シークレット。", "The secret.", required=True, write_only=True),
        f(
            "algorithm",
            STR,
            "algorithm",
            "署名の方法。",
            "Signature.",
            required=True,
            choices=("HS256", "HS384", "HS512"),
        ),
    ),
)
_HMAC: Final = Record(
    "HmacAuth",
    (
        f("username", STR, "userName", "ユーザー名。", "User name.", required=True),
        f("secret", STR, "secret", "シークレット。", "The secret.", required=True, write_only=True),
    ),
)
AUTHENTICATION: Final = Record(
    "UserAuthentication",
    (
        f("basic", _BASIC, "basicAuth", "Basic認証。", "Basic authentication."),
        f("jwt", _JWT, "jwt", "JWT。", "JWT."),
        f("hmac", _HMAC, "hmacAuth", "HMAC。", "HMAC."),
    ),
)
USER: Final = _kind(
    "User",
    "/users",
    ("user", "users"),
    Text(ja="ユーザー（サービスを呼ぶ人や機器）。", en="A user: who calls services."),
    "sakura_apigw_user",
    (
        _NAME,
        _TAGS,
        RESOURCE_ID,
        f("customId", STR, "customID", "呼ぶ側での番号。", "The caller's own number."),
        _RESTRICTED,
        f("groupIds", STRING_SET, "", "入れるグループ。", "Groups to belong to.", send="never"),
        f("authentication", AUTHENTICATION, "", "認証情報。", "Credentials.", send="never"),
    ),
    flow="gatewayuser",
    marker="tags",
)
GROUP: Final = _kind(
    "Group",
    "/groups",
    ("group", "groups"),
    Text(ja="ユーザーのグループ。", en="A group of users."),
    "sakura_apigw_group",
    (_NAME, _TAGS, RESOURCE_ID),
    marker="tags",
)
DOMAIN: Final = _kind(
    "Domain",
    "/domains",
    ("domain", "domains"),
    Text(ja="独自ドメイン。", en="A domain of one's own."),
    "sakura_apigw_domain",
    (
        f("domainName", STR, "domainName", "ドメイン名。", "Domain name.", required=True, immutable=True),
        RESOURCE_ID,
        f(
            "certificateId",
            STR,
            "certificateId",
            "証明書。",
            "The certificate.",
            refers_to="apigateway:Certificate",
        ),
        out("certificateName", STR, "certificateName", "証明書の名前。", "Name of the certificate."),
    ),
    flow="gatewaylisted",
    natural_key=("domainName",),
)


def _pair(name: str, wire: str, ja: str, en: str) -> Field:
    record = Record(
        f"{name.capitalize()}Pair",
        (
            f(
                "certificate",
                STR,
                "cert",
                "証明書（PEM）。",
                "Certificate (PEM).",
                required=True,
                write_only=True,
            ),
            f(
                "privateKey",
                STR,
                "key",
                "秘密鍵（PEM）。",
                "Private key (PEM).",
                required=True,
                write_only=True,
            ),
        ),
    )
    return f(name, record, wire, ja, en)


CERTIFICATE: Final = _kind(
    "Certificate",
    "/certificates",
    ("certificate", "certificates"),
    Text(ja="サーバー証明書（RSA、ECDSA）。", en="Server certificates, RSA and ECDSA."),
    "sakura_apigw_cert",
    (
        _NAME,
        RESOURCE_ID,
        _pair("rsa", "rsa", "RSAの証明書。", "The RSA certificate."),
        _pair("ecdsa", "ecdsa", "ECDSAの証明書。", "The ECDSA certificate."),
        out("rsaExpiresAt", STR, "rsa.expiredAt", "RSAの期限。", "When the RSA one ends."),
        out("ecdsaExpiresAt", STR, "ecdsa.expiredAt", "ECDSAの期限。", "When the ECDSA one ends."),
    ),
    flow="gatewaylisted",
)

RESOURCES: Final = (SUBSCRIPTION, SERVICE, ROUTE, USER, GROUP, DOMAIN, CERTIFICATE)
