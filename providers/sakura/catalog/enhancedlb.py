"""Enhanced load balancers."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    BOOL,
    COMMON,
    INT,
    STR,
    STRINGS,
    ListOf,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_CHECK: Final = Record(
    "EnhancedLbHealthCheck",
    (
        f("protocol", STR, "Protocol", "方法。", "Protocol.", required=True, choices=("http", "tcp")),
        f("path", STR, "Path", "パス。", "Path."),
        f("host", STR, "Host", "Hostヘッダ。", "Host header."),
        f("delayLoop", INT, "DelayLoop", "間隔（秒）。", "Interval, s.", default=10, low=10, high=60),
        f("port", INT, "Port", "ポート（tcp）。", "Port, for tcp."),
    ),
)


_HEADER: Final = Record(
    "EnhancedLbHeader",
    (
        f("header", STR, "Header", "名前。", "Name.", required=True),
        f("value", STR, "Value", "値。", "Value.", required=True),
    ),
)


_BIND: Final = Record(
    "EnhancedLbBindPort",
    (
        f("proxyMode", STR, "ProxyMode", "方式。", "Mode.", required=True, choices=("http", "https", "tcp")),
        f("port", INT, "Port", "ポート。", "Port.", required=True, low=1, high=65535),
        f(
            "redirectToHttps",
            BOOL,
            "RedirectToHttps",
            "httpsへ転送するか。",
            "Redirect to https?",
            default=False,
        ),
        f("supportHttp2", BOOL, "SupportHttp2", "HTTP/2を使うか。", "Support HTTP/2?", default=False),
        f("sslPolicy", STR, "SSLPolicy", "TLSの方針。", "TLS policy."),
        f("responseHeaders", ListOf(_HEADER), "AddResponseHeader", "応答に足すヘッダ。", "Headers to add."),
    ),
)


_BACKEND: Final = Record(
    "EnhancedLbServer",
    (
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f("port", INT, "Port", "ポート。", "Port.", required=True, low=1, high=65535),
        f("group", STR, "ServerGroup", "グループ。", "Group.", high=10),
        f("enabled", BOOL, "Enabled", "使うか。", "In use?", default=True),
        f("tls", BOOL, "ProxySSL", "TLSで接続するか。", "Connect with TLS?", default=False),
    ),
)


_RULE: Final = Record(
    "EnhancedLbRule",
    (
        f("host", STR, "Host", "ホスト。", "Host."),
        f("path", STR, "Path", "パス。", "Path."),
        f("sourceIps", STR, "SourceIPs", "送信元。", "Sources."),
        f("requestHeaderName", STR, "RequestHeaderName", "調べるヘッダ。", "Header to look at."),
        f("requestHeaderValue", STR, "RequestHeaderValue", "その値。", "Its value."),
        f(
            "requestHeaderIgnoreCase",
            BOOL,
            "RequestHeaderValueIgnoreCase",
            "大文字小文字を無視するか。",
            "Ignore case?",
            default=False,
        ),
        f(
            "requestHeaderNotMatch",
            BOOL,
            "RequestHeaderValueNotMatch",
            "一致しないときに使うか。",
            "Apply when it does not match?",
            default=False,
        ),
        f("group", STR, "ServerGroup", "グループ。", "Group."),
        f(
            "action",
            STR,
            "Action",
            "動作。",
            "Action.",
            choices=("forward", "redirect", "fixed"),
            default="forward",
        ),
        f("redirectLocation", STR, "RedirectLocation", "転送先。", "Where to redirect."),
        f(
            "redirectStatus",
            STR,
            "RedirectStatusCode",
            "転送のコード。",
            "Status of a redirect.",
            choices=("301", "302"),
        ),
        f(
            "fixedStatus",
            STR,
            "FixedStatusCode",
            "固定応答のコード。",
            "Status of a fixed answer.",
            choices=("200", "403", "503"),
        ),
        f("fixedContentType", STR, "FixedContentType", "固定応答の種類。", "Content type of a fixed answer."),
        f("fixedBody", STR, "FixedMessageBody", "固定応答の本文。", "Body of a fixed answer."),
    ),
)


_PEM: Final = (
    f(
        "serverCert",
        STR,
        "ServerCertificate",
        "サーバー証明書（PEM）。",
        "Server certificate (PEM).",
        required=True,
    ),
    f(
        "intermediateCert",
        STR,
        "IntermediateCertificate",
        "中間証明書（PEM）。",
        "Intermediate certificate (PEM).",
    ),
    f(
        "privateKey",
        STR,
        "PrivateKey",
        "秘密鍵（PEM）。",
        "Private key (PEM).",
        required=True,
        write_only=True,
    ),
)


_CERTIFICATE: Final = Record(
    "EnhancedLbCertificate",
    (
        *(
            f(
                x.name,
                x.type,
                f"PrimaryCert.{x.wire}",
                x.doc.ja,
                x.doc.en,
                required=x.required,
                write_only=x.write_only,
            )
            for x in _PEM
        ),
        f(
            "additional",
            ListOf(Record("EnhancedLbAdditionalCertificate", _PEM)),
            "AdditionalCerts",
            "追加の証明書。",
            "More certificates.",
        ),
    ),
)


_ACME: Final = Record(
    "EnhancedLbLetsEncrypt",
    (
        f(
            "enabled",
            BOOL,
            "Enabled",
            "使うか（規約に同意したことになります）。",
            "In use? Accepts its terms.",
            required=True,
        ),
        f("commonName", STR, "CommonName", "名前。", "Common name."),
        f("subjectAltNames", ListOf(STR, codec="joined"), "SubjectAltNames", "別名。", "Other names."),
    ),
)


_SORRY: Final = Record(
    "EnhancedLbSorryServer",
    (
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f("port", INT, "Port", "ポート。", "Port."),
    ),
)


_SYSLOG: Final = Record(
    "EnhancedLbSyslog",
    (
        f("server", STR, "Server", "サーバー。", "Server.", required=True),
        f("port", INT, "Port", "ポート。", "Port.", default=514),
    ),
)


_P: Final = "Settings.ProxyLB"


ENHANCED_LB: Final = Resource(
    module="loadbalancer",
    name="EnhancedLB",
    service="iaas",
    path="/commonserviceitem",
    envelope="CommonServiceItem",
    collection="CommonServiceItems",
    fixed=(("Provider.Class", "proxylb"),),
    flow="enhancedlb",
    marker="tags",
    doc=Text(ja="エンハンスドロードバランサ。", en="An enhanced load balancer."),
    settings="Settings",
    plan_changes=("plan",),
    terraform=(
        "sakura_enhanced_lb",
        "sakura_enhanced_lb_acme",
        "sakuracloud_proxylb",
        "sakuracloud_proxylb_acme",
    ),
    notes=(
        Text(
            ja="プランを変えるとAPIのIDが新しくなります（`resourceId`）。",
            en="A change of plan gives a new API id (`resourceId`).",
        ),
    ),
    fields=(
        *COMMON,
        f(
            "plan",
            INT,
            "",
            "性能（cps）。",
            "Capacity, cps.",
            choices=(100, 500, 1000, 5000, 10000, 50000, 100000, 400000),
            default=100,
            send="never",
        ),
        f(
            "region",
            STR,
            "Status.Region",
            "リージョン。",
            "Region.",
            choices=("tk1", "is1", "anycast"),
            default="is1",
            immutable=True,
        ),
        f(
            "vipFailover",
            BOOL,
            "Status.UseVIPFailover",
            "VIPフェイルオーバーを使うか。",
            "Use VIP fail-over?",
            default=False,
            immutable=True,
        ),
        f("healthCheck", _CHECK, f"{_P}.HealthCheck", "監視。", "Health check.", required=True),
        f("bindPorts", ListOf(_BIND), f"{_P}.BindPorts", "待ち受け。", "Listeners.", required=True, low=1),
        f("servers", ListOf(_BACKEND), f"{_P}.Servers", "実サーバー。", "Servers."),
        f("rules", ListOf(_RULE), f"{_P}.Rules", "振り分けの規則。", "Rules."),
        f("sorryServer", _SORRY, f"{_P}.SorryServer", "ソーリーサーバー。", "Sorry server."),
        f("letsEncrypt", _ACME, f"{_P}.LetsEncrypt", "Let's Encrypt。", "Let's Encrypt."),
        f("certificate", _CERTIFICATE, "", "証明書。", "Certificates.", send="never"),
        f(
            "stickySession",
            BOOL,
            f"{_P}.StickySession.Enabled",
            "同じサーバーへ送り続けるか。",
            "Sticky sessions?",
            default=False,
        ),
        f(
            "timeout",
            INT,
            f"{_P}.Timeout.InactiveSec",
            "無通信で切る時間（秒）。",
            "Inactivity timeout, s.",
            default=10,
            low=10,
            high=600,
        ),
        f("gzip", BOOL, f"{_P}.Gzip.Enabled", "圧縮するか。", "Compress?", default=False),
        f(
            "proxyProtocol",
            BOOL,
            f"{_P}.ProxyProtocol.Enabled",
            "プロキシプロトコルv2を使うか。",
            "Use proxy protocol v2?",
            default=False,
        ),
        f(
            "backendKeepAlive",
            STR,
            f"{_P}.BackendHttpKeepAlive.Mode",
            "実サーバーとの持続接続。",
            "Keep-alive with servers.",
            choices=("safe", "aggressive"),
        ),
        f(
            "originGuardToken",
            STR,
            f"{_P}.OriginGuard.Token",
            "オリジンガードのトークン。",
            "Origin guard's token.",
            write_only=True,
            low=8,
            high=32,
        ),
        f(
            "strictRule",
            BOOL,
            f"{_P}.StrictRule.Enabled",
            "規則に合わない要求を拒むか。",
            "Refuse requests that no rule matches?",
            default=False,
        ),
        f("syslog", _SYSLOG, f"{_P}.Syslog", "ログの送り先。", "Where logs go."),
        f(
            "monitoringSuiteLog",
            BOOL,
            f"{_P}.MonitoringSuiteLog.Enabled",
            "モニタリングスイートへ送るか。",
            "Send logs to the monitoring suite?",
            default=False,
        ),
        out("fqdn", STR, "Status.FQDN", "名前。", "Its name."),
        out("vip", STR, "Status.VirtualIPAddress", "仮想IPアドレス。", "Its address."),
        out(
            "proxyNetworks",
            STRINGS,
            "Status.ProxyNetworks",
            "実サーバーへの接続元。",
            "Where its connections come from.",
        ),
    ),
)

RESOURCES: Final = (ENHANCED_LB,)
