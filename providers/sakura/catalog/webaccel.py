"""ウェブアクセラレータ (WebAccel): sites, their certificates, access lists, log upload and activation.

Facts: github.com/sacloud/webaccel-api-go (in sacloud-sdk-go), api/webaccel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    BOOL,
    ID,
    INT,
    NAME,
    RESOURCE_ID,
    STR,
    STRINGS,
    TEXT_BIT,
    Field,
    Json,
    ListOf,
    Problem,
    Record,
    Resource,
    Rule,
    Scalar,
    f,
    out,
    records,
)
from stacks.text import Text

_PROTOCOL: Final = Scalar("string", "named_text", (("http+https", 0), ("https", 1), ("https-redirect", 2)))
_ORIGIN: Final = Scalar("string", "named_text", (("web", 0), ("bucket", 1)))
_COMPRESSION: Final = Scalar("string", "named_text", (("gzip", 1), ("br+gzip", 3)))


def _words(scalar: Scalar) -> tuple[str, ...]:
    return tuple(word for word, _ in scalar.names)


def _of_origin(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """A web origin and a bucket each want properties of their own."""
    kind = inputs.get("originType")
    needed = {"web": ("origin", "originProtocol"), "bucket": ("bucket", "accessKeyId", "secretAccessKey")}
    for name in needed.get(str(kind), ()):
        if inputs.get(name) is None:
            yield Problem(
                name,
                Text(ja=f"originType が {kind} のとき必須です。", en=f"Required when originType is {kind}."),
            )


def _of_domain(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    if inputs.get("domainType") == "own_domain" and inputs.get("domain") is None:
        yield Problem(
            "domain",
            Text(ja="独自ドメイン（own_domain）では必須です。", en="Required when domainType is own_domain."),
        )


def _of_cors(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    for at, rule in records(inputs.get("corsRules")):
        if bool(rule.get("allowAll")) == bool(rule.get("allowedOrigins")):
            yield Problem(
                f"corsRules[{at}]",
                Text(
                    ja="allowAll と allowedOrigins は、どちらか一方だけを指定してください。",
                    en="Give either allowAll or allowedOrigins, and not both.",
                ),
            )


_CORS: Final = Record(
    "CorsRule",
    (
        f(
            "allowAll",
            BOOL,
            "AllowsAnyOrigin",
            "すべてのオリジンを許すか。",
            "Allow every origin?",
            default=False,
        ),
        f("allowedOrigins", STRINGS, "AllowedOrigins", "許すオリジン。", "Origins that are allowed.", high=4),
    ),
)
SITE: Final = Resource(
    module="webaccel",
    name="Site",
    service="webaccel",
    path="/site",
    envelope="Site",
    collection="Sites",
    flow="webaccelsite",
    natural_key=("name",),
    doc=Text(
        ja="ウェブアクセラレータのサイト。作っただけでは配信されません（Activation で有効にします）。",
        en="A site of the content delivery network; it delivers once an Activation enables it.",
    ),
    terraform=("sakura_webaccel", "sakuracloud_webaccel"),
    rules=(_of_origin, _of_domain, _of_cors),
    fields=(
        NAME,
        RESOURCE_ID,
        f(
            "domainType",
            STR,
            "DomainType",
            "ドメインの種類。",
            "Kind of domain.",
            required=True,
            immutable=True,
            choices=("own_domain", "subdomain"),
        ),
        f(
            "domain",
            STR,
            "Domain",
            "独自ドメイン。",
            "The domain of one's own.",
            immutable=True,
            api_chooses=True,
        ),
        f(
            "requestProtocol",
            _PROTOCOL,
            "RequestProtocol",
            "受け付けるプロトコル。",
            "Protocols that are taken.",
            required=True,
            choices=_words(_PROTOCOL),
        ),
        f(
            "originType",
            _ORIGIN,
            "OriginType",
            "オリジンの種類。",
            "Kind of origin.",
            required=True,
            choices=_words(_ORIGIN),
        ),
        f("origin", STR, "Origin", "オリジンのホスト名かIPアドレス。", "Host name or address of the origin."),
        f(
            "originProtocol",
            STR,
            "OriginProtocol",
            "オリジンへのプロトコル。",
            "Protocol to the origin.",
            choices=("http", "https"),
        ),
        f("hostHeader", STR, "HostHeader", "オリジンへのHostヘッダー。", "Host header to the origin."),
        f("bucket", STR, "BucketName", "オリジンのバケット。", "Bucket of the origin."),
        f("s3Endpoint", STR, "S3Endpoint", "S3のホスト名。", "Host name of S3."),
        f("s3Region", STR, "S3Region", "S3のリージョン。", "Region of S3."),
        f(
            "documentIndex",
            TEXT_BIT,
            "DocIndex",
            "index.htmlを補うか。",
            "Serve index.html for folders?",
            default=False,
        ),
        f(
            "accessKeyId",
            STR,
            "AccessKeyID",
            "バケットのアクセスキー。",
            "Access key of the bucket.",
            write_only=True,
        ),
        f(
            "secretAccessKey",
            STR,
            "SecretAccessKey",
            "そのシークレット。",
            "Its secret.",
            write_only=True,
        ),
        f(
            "defaultCacheTtl",
            INT,
            "DefaultCacheTTL",
            "キャッシュの既定の期間（秒、-1は無効）。",
            "Seconds to cache by default (-1: not).",
            default=-1,
            low=-1,
            high=604800,
        ),
        f(
            "varySupport",
            TEXT_BIT,
            "VarySupport",
            "Varyヘッダーに従うか。",
            "Heed the Vary header?",
            default=False,
        ),
        f(
            "compression",
            _COMPRESSION,
            "NormalizeAE",
            "Accept-Encodingの正規化。",
            "Normalisation of Accept-Encoding.",
            default="gzip",
            choices=_words(_COMPRESSION),
        ),
        f(
            "corsRules",
            ListOf(_CORS),
            "CORSRules",
            "CORSの規則（1つまで）。",
            "CORS rules, at most one.",
            send="update",
            high=1,
        ),
        f(
            "onetimeUrlSecrets",
            STRINGS,
            "OnetimeURLSecrets",
            "ワンタイムURLのシークレット。",
            "Secrets of one-time URLs.",
            send="update",
            write_only=True,
            high=2,
        ),
        out("subdomain", STR, "Subdomain", "割り当てられたサブドメイン。", "The subdomain that was given."),
        out(
            "cnameRecordValue",
            STR,
            "",
            "独自ドメインのCNAMEの値。",
            "Value of the CNAME of one's own domain.",
        ),
        out(
            "txtRecordValue",
            STR,
            "",
            "所有の確認のためのTXTの値。",
            "Value of the TXT record that proves ownership.",
        ),
    ),
)


def _site() -> Field:
    return f(
        "siteId",
        ID,
        "",
        "サイト。",
        "The site.",
        required=True,
        immutable=True,
        send="never",
        refers_to="webaccel:Site",
    )


def _part(
    name: str,
    path: str,
    ja: str,
    en: str,
    fields: tuple[Field, ...],
    *,
    envelope: str = "",
    terraform: tuple[str, ...] = (),
    rules: tuple[Rule, ...] = (),
) -> Resource:
    return Resource(
        module="webaccel",
        name=name,
        service="webaccel",
        path=f"/site/{{siteId}}/{path}",
        item=f"/site/{{siteId}}/{path}",
        envelope=envelope,
        collection="",
        flow="webaccelpart",
        natural_key=("siteId",),
        doc=Text(ja=ja, en=en),
        terraform=terraform,
        rules=rules,
        fields=(_site(), *fields),
    )


CERTIFICATE: Final = _part(
    "Certificate",
    "certificate",
    "サイトのサーバー証明書。",
    "Server certificate of a site.",
    (
        f(
            "certificateChain",
            STR,
            "CertificateChain",
            "証明書と中間証明書（PEM）。",
            "The certificate and its chain (PEM).",
            required=True,
            write_only=True,
        ),
        f("privateKey", STR, "Key", "秘密鍵（PEM）。", "Private key (PEM).", required=True, write_only=True),
        out("serialNumber", STR, "SerialNumber", "シリアル番号。", "Serial number."),
        out("commonName", STR, "Subject.CommonName", "コモンネーム。", "Common name."),
        out("dnsNames", STRINGS, "DNSNames", "証明するホスト名。", "Host names that it certifies."),
        out("sha256Fingerprint", STR, "SHA256Fingerprint", "SHA-256の指紋。", "SHA-256 fingerprint."),
        out(
            "notBefore", INT, "NotBefore", "有効期間の始まり（ミリ秒）。", "Start of validity, ms since 1970."
        ),
        out("notAfter", INT, "NotAfter", "有効期間の終わり（ミリ秒）。", "End of validity, ms since 1970."),
    ),
    envelope="Certificate",
    terraform=("sakura_webaccel_certificate", "sakuracloud_webaccel_certificate"),
)
ACL: Final = _part(
    "Acl",
    "acl",
    "サイトへの接続元の制限。",
    "Who may reach a site.",
    (
        f(
            "acl",
            STR,
            "ACL",
            "規則（1行に1つ、「deny all」など）。",
            "Rules, one a line, such as “deny all”.",
            required=True,
        ),
    ),
    terraform=("sakura_webaccel_acl", "sakuracloud_webaccel_acl"),
)
LOG_UPLOAD: Final = _part(
    "LogUpload",
    "log-upload-config",
    "アクセスログをオブジェクトストレージに送る設定。",
    "Upload of access logs to object storage.",
    (
        f(
            "status",
            STR,
            "Status",
            "状態。",
            "State.",
            default="enabled",
            choices=("enabled", "disabled"),
        ),
        f("bucket", STR, "Bucket", "バケット。", "The bucket.", required=True),
        f(
            "endpoint",
            STR,
            "Endpoint",
            "S3のエンドポイント。",
            "S3 endpoint.",
            default="https://s3.isk01.sakurastorage.jp",
        ),
        f("region", STR, "Region", "S3のリージョン。", "S3 region.", default="jp-north-1"),
        f(
            "accessKeyId",
            STR,
            "AccessKeyID",
            "アクセスキー。",
            "Access key.",
            required=True,
            write_only=True,
        ),
        f(
            "secretAccessKey",
            STR,
            "SecretAccessKey",
            "そのシークレット。",
            "Its secret.",
            required=True,
            write_only=True,
        ),
    ),
    envelope="SiteLogUploadConfig",
    terraform=("sakura_webaccel", "sakuracloud_webaccel"),
)
ACTIVATION: Final = Resource(
    module="webaccel",
    name="Activation",
    service="webaccel",
    path="/site/{siteId}",
    item="/site/{siteId}",
    envelope="Site",
    collection="",
    flow="webaccelactivation",
    natural_key=("siteId",),
    doc=Text(
        ja="サイトの有効化。消すと無効になります。",
        en="Whether a site delivers; deleting this disables it.",
    ),
    terraform=("sakura_webaccel_activation", "sakuracloud_webaccel_activation"),
    fields=(
        _site(),
        f(
            "enabled",
            BOOL,
            "",
            "有効か。",
            "Does it deliver?",
            default=True,
            send="never",
            empty_is_value=True,
        ),
    ),
)

RESOURCES: Final = (SITE, CERTIFICATE, ACL, LOG_UPLOAD, ACTIVATION)
