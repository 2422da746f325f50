"""Closed connections: local routers and service endpoint gateways."""

from __future__ import annotations

from typing import Final

from providers.sakura.catalog.network import STATIC_ROUTE
from providers.sakura.model import (
    BOOL,
    COMMON,
    ID,
    INT,
    RESOURCE_ID,
    STR,
    STRINGS,
    TEXT_BOOL,
    ZONE,
    ListOf,
    Record,
    Resource,
    f,
    out,
)
from stacks.text import Text

_LOCAL_SWITCH: Final = Record(
    "LocalRouterSwitch",
    (
        f(
            "code",
            STR,
            "Code",
            "スイッチのID、または契約のコード。",
            "Id of the switch, or code of the contract.",
            required=True,
        ),
        f("category", STR, "Category", "種類（cloud、vpsなど）。", "Kind (cloud, vps, …).", default="cloud"),
        f("zone", STR, "ZoneID", "ゾーン。", "Zone.", required=True),
    ),
)


_LOCAL_INTERFACE: Final = Record(
    "LocalRouterInterface",
    (
        f("vip", STR, "VirtualIPAddress", "仮想IPアドレス。", "Virtual address.", required=True),
        f(
            "ipAddresses",
            STRINGS,
            "IPAddress",
            "実IPアドレス（2つ）。",
            "The two real addresses.",
            required=True,
            low=2,
            high=2,
        ),
        f(
            "netmask",
            INT,
            "NetworkMaskLen",
            "プレフィックス長。",
            "Prefix length.",
            required=True,
            low=8,
            high=29,
        ),
        f("vrid", INT, "VRID", "VRID。", "VRID.", required=True, low=0, high=255),
    ),
)


_PEER: Final = Record(
    "LocalRouterPeer",
    (
        f("peerId", ID, "ID", "相手のローカルルータのID。", "Id of the peer local router.", required=True),
        f("secretKey", STR, "SecretKey", "相手の鍵。", "The peer's key.", required=True, write_only=True),
        f("enabled", BOOL, "Enabled", "使うか。", "In use?", default=True),
        f("description", STR, "Description", "説明。", "Description.", high=512),
    ),
)


LOCAL_ROUTER: Final = Resource(
    module="network",
    name="LocalRouter",
    service="iaas",
    path="/commonserviceitem",
    envelope="CommonServiceItem",
    collection="CommonServiceItems",
    fixed=(("Provider.Class", "localrouter"),),
    doc=Text(
        ja="ローカルルータ。アカウントやサービスをまたいだ閉域の接続に使います。",
        en="A local router: closed connections between accounts, zones and services.",
    ),
    flow="localrouter",
    marker="tags",
    settings="Settings",
    terraform=("sakura_local_router", "sakuracloud_local_router"),
    notes=(
        Text(
            ja="削除のあと、スイッチが解放されるまで最大で15分ほどかかることがあり、それを待ちます。",
            en="After deletion we wait until its switch has let go, which may take some 15 minutes.",
        ),
    ),
    fields=(
        *COMMON,
        f(
            "switch",
            _LOCAL_SWITCH,
            "Settings.LocalRouter.Switch",
            "つなぐスイッチ。",
            "The switch.",
            required=True,
        ),
        f(
            "interface",
            _LOCAL_INTERFACE,
            "Settings.LocalRouter.Interface",
            "インターフェース。",
            "Its interface.",
            required=True,
        ),
        f("peers", ListOf(_PEER), "Settings.LocalRouter.Peers", "接続の相手。", "Peers.", high=30),
        f(
            "staticRoutes",
            ListOf(STATIC_ROUTE, unordered=True),
            "Settings.LocalRouter.StaticRoutes",
            "静的経路。",
            "Static routes.",
        ),
        out(
            "secretKeys",
            STRINGS,
            "Status.SecretKeys",
            "相手に渡す鍵。状態には残らないので、getLocalRouter で読みます。",
            "Keys to give to peers. The state never holds them: getLocalRouter reads them.",
            secret=True,
            unkept=True,
        ),
    ),
)


_FORWARDING: Final = Record(
    "GatewayDnsForwarding",
    (
        f("enabled", TEXT_BOOL, "Enabled", "使うか。", "In use?", required=True),
        f("privateHostedZone", STR, "PrivateHostedZone", "閉域のDNSゾーン。", "Private DNS zone."),
        f("upstreamDns1", STR, "UpstreamDNS1", "上位のDNS（1）。", "First upstream server."),
        f("upstreamDns2", STR, "UpstreamDNS2", "上位のDNS（2）。", "Second upstream server."),
    ),
)


GATEWAY: Final = Resource(
    module="network",
    name="ServiceEndpointGateway",
    service="seg",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "serviceendpointgateway"), ("Plan", {"ID": 1})),
    doc=Text(
        ja="サービスエンドポイントゲートウェイ。インターネットを通らずに、オブジェクトストレージ、コンテナレジストリ、"
        "モニタリングスイートなどを使うための入口です。",
        en="A service endpoint gateway: object storage, container registry, monitoring suite and more "
        "without the internet.",
    ),
    zoned=True,
    flow="seg",
    settings="Settings",
    import_parts=("zone",),
    terraform=("sakura_seg",),
    delete_before_replace=True,
    natural_key=("switchId",),
    fields=(
        RESOURCE_ID,
        ZONE,
        f(
            "switchId",
            ID,
            "Remark.Switch.ID",
            "つなぐスイッチ。",
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
        f(
            "ipAddresses",
            ListOf(
                Record(
                    "GatewayAddress",
                    (f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),),
                )
            ),
            "Remark.Servers",
            "アドレス。",
            "Its addresses.",
            required=True,
            immutable=True,
            low=1,
            high=2,
        ),
        f(
            "objectStorageEndpoints",
            STRINGS,
            "",
            "オブジェクトストレージのエンドポイント。",
            "Object storage endpoints.",
            send="never",
        ),
        f(
            "containerRegistryEndpoints",
            STRINGS,
            "",
            "コンテナレジストリのエンドポイント。",
            "Container registry endpoints.",
            send="never",
        ),
        f(
            "monitoringSuiteEndpoints",
            STRINGS,
            "",
            "モニタリングスイートのエンドポイント。",
            "Monitoring suite endpoints.",
            send="never",
        ),
        f(
            "aiEngineEndpoints",
            STRINGS,
            "",
            "AI Engineのエンドポイント。",
            "AI Engine endpoints.",
            send="never",
        ),
        f(
            "appRunDedicatedControl",
            BOOL,
            "",
            "AppRun専有型のコントロールプレーン。",
            "AppRun dedicated's control plane.",
            send="never",
            default=False,
        ),
        f(
            "monitoringSuite",
            TEXT_BOOL,
            "Settings.ServiceEndpointGateway.MonitoringSuite.Enabled",
            "ログとメトリクスを送るか。",
            "Send logs and metrics to the monitoring suite?",
            default=False,
        ),
        f(
            "dnsForwarding",
            _FORWARDING,
            "Settings.ServiceEndpointGateway.DNSForwarding",
            "DNSの転送。",
            "DNS forwarding.",
        ),
    ),
)

RESOURCES: Final = (LOCAL_ROUTER, GATEWAY)
