"""Load balancers: DSR, enhanced, global."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    COMMON,
    ID,
    INT,
    STR,
    TEXT_BOOL,
    TEXT_INT,
    ZONE,
    Json,
    ListOf,
    Problem,
    Record,
    Resource,
    f,
    named,
    out,
    records,
)
from stacks.text import Text

ADDRESS: Final = Record(
    "LoadBalancerAddress", (f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),)
)
_REAL: Final = Record(
    "LoadBalancerServer",
    (
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f(
            "protocol",
            STR,
            "HealthCheck.Protocol",
            "監視の方法。",
            "Health check.",
            required=True,
            choices=("http", "https", "tcp", "ping"),
        ),
        f("path", STR, "HealthCheck.Path", "監視するパス。", "Path to check."),
        f("status", TEXT_INT, "HealthCheck.Status", "期待する応答コード。", "Status expected."),
        f(
            "retry",
            TEXT_INT,
            "HealthCheck.Retry",
            "停止とみなすまでの回数。",
            "Failures before it counts as down.",
        ),
        f("connectTimeout", TEXT_INT, "HealthCheck.ConnectTimeout", "時間切れ（秒）。", "Timeout, s."),
        f("enabled", TEXT_BOOL, "Enabled", "使うか。", "In use?", default=True),
        f("port", TEXT_INT, "Port", "ポート（省略時はVIPと同じ）。", "Port; the VIP's own when absent."),
    ),
)
_VIP: Final = Record(
    "LoadBalancerVip",
    (
        f("vip", STR, "VirtualIPAddress", "仮想IPアドレス。", "Virtual address.", required=True),
        f("port", TEXT_INT, "Port", "ポート。", "Port.", required=True, low=1, high=65535),
        f(
            "delayLoop",
            TEXT_INT,
            "DelayLoop",
            "監視の間隔（秒）。",
            "Seconds between checks.",
            default=10,
            low=10,
            high=2147483647,
        ),
        f("sorryServer", STR, "SorryServer", "全滅したときの行き先。", "Where to go when all are down."),
        f("description", STR, "Description", "説明。", "Description."),
        f("servers", ListOf(_REAL, unordered=True), "Servers", "振り分け先。", "Servers.", high=40),
    ),
)


def _vip_rules(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """HTTP checks need a path and a status."""
    for at, vip in records(inputs.get("vips")):
        for which, server in records(vip.get("servers")):
            if server.get("protocol") in ("http", "https") and not (
                server.get("path") and server.get("status")
            ):
                yield Problem(
                    f"vips[{at}].servers[{which}]",
                    Text(
                        ja="http(s)の監視には path と status が必要です。",
                        en="An http(s) check needs path and status.",
                    ),
                )


LOAD_BALANCER: Final = Resource(
    module="loadbalancer",
    name="LoadBalancer",
    service="iaas",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "loadbalancer"),),
    doc=Text(ja="ロードバランサ（DSR方式）。", en="A load balancer (direct server return)."),
    zoned=True,
    flow="appliance",
    marker="tags",
    settings="Settings",
    import_parts=("zone",),
    rules=(_vip_rules,),
    delete_before_replace=True,
    terraform=("sakura_dsr_lb", "sakuracloud_load_balancer"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "plan",
            named(standard=1, highspec=2),
            "Plan.ID",
            "プラン。",
            "Plan.",
            choices=("standard", "highspec"),
            default="standard",
            immutable=True,
        ),
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
        f("vrid", INT, "Remark.VRRP.VRID", "VRID。", "VRID.", required=True, immutable=True, low=0, high=255),
        f(
            "ipAddresses",
            ListOf(ADDRESS),
            "Remark.Servers",
            "アドレス（冗長化するなら2つ）。",
            "Its addresses, two when redundant.",
            required=True,
            immutable=True,
            low=1,
            high=2,
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
            "vips",
            ListOf(_VIP),
            "Settings.LoadBalancer",
            "仮想IPアドレスごとの設定。",
            "What is balanced.",
            high=20,
        ),
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)


_GSLB_CHECK: Final = Record(
    "GslbHealthCheck",
    (
        f(
            "protocol",
            STR,
            "Protocol",
            "方法。",
            "Protocol.",
            required=True,
            choices=("http", "https", "tcp", "ping"),
        ),
        f("host", STR, "Host", "Hostヘッダ。", "Host header."),
        f("path", STR, "Path", "パス。", "Path."),
        f("status", TEXT_INT, "Status", "期待する応答コード。", "Status expected."),
        f("port", TEXT_INT, "Port", "ポート。", "Port."),
    ),
)
_GSLB_SERVER: Final = Record(
    "GslbServer",
    (
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f("enabled", TEXT_BOOL, "Enabled", "使うか。", "In use?", default=True),
        f("weight", TEXT_INT, "Weight", "重み。", "Weight.", default=1, low=1, high=10000),
    ),
)

GSLB: Final = Resource(
    module="loadbalancer",
    name="Gslb",
    service="iaas",
    path="/commonserviceitem",
    envelope="CommonServiceItem",
    collection="CommonServiceItems",
    fixed=(("Provider.Class", "gslb"),),
    marker="tags",
    settings="Settings",
    doc=Text(ja="GSLB（広域負荷分散）。", en="A GSLB: balancing by DNS."),
    terraform=("sakura_gslb", "sakuracloud_gslb"),
    fields=(
        *COMMON,
        f("healthCheck", _GSLB_CHECK, "Settings.GSLB.HealthCheck", "監視。", "Health check.", required=True),
        f(
            "delayLoop",
            INT,
            "Settings.GSLB.DelayLoop",
            "監視の間隔（秒）。",
            "Interval, s.",
            default=10,
            low=10,
            high=60,
        ),
        f("weighted", TEXT_BOOL, "Settings.GSLB.Weighted", "重みを使うか。", "Weighted?", default=True),
        f("servers", ListOf(_GSLB_SERVER), "Settings.GSLB.Servers", "振り分け先。", "Servers.", high=12),
        f("sorryServer", STR, "Settings.GSLB.SorryServer", "ソーリーサーバー。", "Sorry server."),
        f(
            "monitoringSuiteLog",
            TEXT_BOOL,
            "Settings.GSLB.MonitoringSuiteLog.Enabled",
            "モニタリングスイートへ送るか。",
            "Send logs to the monitoring suite?",
            default=False,
        ),
        out("fqdn", STR, "Status.FQDN", "名前。", "Its name."),
    ),
)

RESOURCES: Final = (LOAD_BALANCER, GSLB)
