"""Switches, routers, packet filters, local routers, gateways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.model import (
    BOOL,
    COMMON,
    DESCRIPTION,
    ID,
    INT,
    NAME,
    RESOURCE_ID,
    STR,
    STRINGS,
    ZONE,
    Json,
    ListOf,
    Problem,
    Record,
    Resource,
    f,
    out,
    records,
)
from stacks.text import Text

_BANDWIDTHS: Final = (
    100,
    250,
    500,
    1000,
    1500,
    2000,
    2500,
    3000,
    3500,
    4000,
    4500,
    5000,
    5500,
    6000,
    6500,
    7000,
    7500,
    8000,
    8500,
    9000,
    9500,
    10000,
)
"""Mbps on sale (Terraform's documentation of `internet`)."""

USER_SUBNET: Final = Record(
    "UserSubnet",
    (
        f("defaultRoute", STR, "DefaultRoute", "既定のゲートウェイ。", "Default gateway.", required=True),
        f(
            "netmask",
            INT,
            "NetworkMaskLen",
            "サブネットマスクの長さ。",
            "Length of the netmask.",
            required=True,
            low=1,
            high=32,
        ),
    ),
)

SWITCH: Final = Resource(
    module="network",
    name="Switch",
    service="iaas",
    path="/switch",
    envelope="Switch",
    collection="Switches",
    doc=Text(
        ja="スイッチ。三層の区画ごとに1つ置き、互いにつながない使い方をします。",
        en="A switch: a layer-2 network of a zone. One a segment keeps the segments apart.",
    ),
    zoned=True,
    flow="switch",
    marker="tags",
    import_parts=("zone",),
    terraform=("sakura_vswitch", "sakuracloud_switch"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "userSubnet",
            USER_SUBNET,
            "UserSubnet",
            "スイッチの中のネットワーク（参考情報）。",
            "The network on it, for reference.",
        ),
        f(
            "bridgeId",
            ID,
            "",
            "つなぐブリッジ。",
            "Bridge to connect to.",
            refers_to="network:Bridge",
            send="never",
        ),
        out("serverCount", INT, "ServerCount", "つながっているサーバーの数。", "Servers on it."),
        out(
            "hybridConnected",
            BOOL,
            "",
            "ローカルルータやハイブリッド接続があるか。",
            "Has it a local router or hybrid connection?",
        ),
    ),
)

INTERNET: Final = Resource(
    module="network",
    name="Internet",
    service="iaas",
    path="/internet",
    envelope="Internet",
    collection="Internet",
    doc=Text(
        ja="ルータ＋スイッチ。グローバルIPアドレスの付くネットワークです。",
        en="A router with a switch: a network with global addresses.",
    ),
    zoned=True,
    flow="internet",
    marker="tags",
    import_parts=("zone",),
    plan_changes=("bandwidth",),
    terraform=("sakura_internet", "sakuracloud_internet"),
    notes=(
        Text(
            ja="帯域を変えるとAPIのIDが新しくなります。リソースはそのまま残り、`resourceId` "
            "が新しいIDになります。",
            en="A change of bandwidth gives a new API id. The resource stays; `resourceId` follows.",
        ),
    ),
    fields=(
        *COMMON,
        ZONE,
        f(
            "netmask",
            INT,
            "NetworkMaskLen",
            "プレフィックス長。",
            "Prefix length.",
            choices=(26, 27, 28),
            default=28,
            immutable=True,
        ),
        f(
            "bandwidth",
            INT,
            "BandWidthMbps",
            "帯域（Mbps）。",
            "Bandwidth, Mbps.",
            choices=_BANDWIDTHS,
            default=100,
            send="create",
        ),
        f("enableIpv6", BOOL, "", "IPv6を使うか。", "Use IPv6?", default=False, send="never"),
        out("switchId", ID, "Switch.ID", "スイッチのID。", "Its switch."),
        out("networkAddress", STR, "", "ネットワークアドレス。", "Network address."),
        out("gateway", STR, "", "ゲートウェイ。", "Gateway."),
        out("ipAddresses", STRINGS, "", "割り当てられたアドレス。", "Assigned addresses."),
    ),
)

SUBNET: Final = Resource(
    module="network",
    name="Subnet",
    service="iaas",
    path="/internet/{internetId}/subnet",
    envelope="Subnet",
    collection="Subnets",
    doc=Text(ja="ルータに足すグローバルアドレスのブロック。", en="More global addresses on a router."),
    zoned=True,
    flow="subnet",
    import_parts=("zone", "internetId"),
    terraform=("sakura_subnet", "sakuracloud_subnet"),
    fields=(
        RESOURCE_ID,
        ZONE,
        f(
            "internetId",
            ID,
            "",
            "ルータ。",
            "The router.",
            required=True,
            immutable=True,
            refers_to="network:Internet",
            send="never",
        ),
        f(
            "netmask",
            INT,
            "NetworkMaskLen",
            "プレフィックス長。",
            "Prefix length.",
            choices=(26, 27, 28),
            required=True,
            immutable=True,
        ),
        f("nextHop", STR, "NextHop", "ネクストホップ。", "Next hop.", required=True),
        out("networkAddress", STR, "NetworkAddress", "ネットワークアドレス。", "Network address."),
        out("switchId", ID, "Switch.ID", "スイッチのID。", "Its switch."),
        out("ipAddresses", STRINGS, "", "割り当てられたアドレス。", "Assigned addresses."),
    ),
)

IPV4_PTR: Final = Resource(
    module="network",
    name="IPv4Ptr",
    service="iaas",
    path="/ipaddress",
    item="/ipaddress/{ipAddress}",
    envelope="IPAddress",
    collection="IPAddress",
    doc=Text(ja="グローバルアドレスの逆引き。", en="Reverse DNS name of a global address."),
    zoned=True,
    flow="ipv4ptr",
    natural_key=("ipAddress",),
    import_parts=("zone",),
    terraform=("sakura_ipv4_ptr", "sakuracloud_ipv4_ptr"),
    delete_before_replace=True,
    fields=(
        RESOURCE_ID,
        ZONE,
        f("ipAddress", STR, "IPAddress", "アドレス。", "The address.", required=True, immutable=True),
        f("hostname", STR, "HostName", "ホスト名（FQDN）。", "Host name (FQDN).", required=True),
    ),
)

EXPRESSION: Final = Record(
    "PacketFilterExpression",
    (
        f(
            "protocol",
            STR,
            "Protocol",
            "プロトコル。",
            "Protocol.",
            required=True,
            choices=("http", "https", "tcp", "udp", "icmp", "fragment", "ip"),
        ),
        f("sourceNetwork", STR, "SourceNetwork", "送信元のアドレスかCIDR。", "Source address or CIDR."),
        f("sourcePort", STR, "SourcePort", "送信元ポート（1024、1024-2048）。", "Source port or range."),
        f(
            "destinationPort",
            STR,
            "DestinationPort",
            "宛先ポート（1024、1024-2048）。",
            "Destination port or range.",
        ),
        f(
            "action",
            STR,
            "Action",
            "通すか捨てるか。",
            "Let pass or drop?",
            choices=("allow", "deny"),
            default="allow",
        ),
        f("description", STR, "Description", "説明。", "Description.", high=512),
    ),
)


def _ports(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """Ports mean something with tcp and udp only; the API answers invalid_param_comb otherwise."""
    for at, rule in records(inputs.get("expressions")):
        if rule.get("protocol") not in ("tcp", "udp") and (
            rule.get("sourcePort") or rule.get("destinationPort")
        ):
            yield Problem(
                f"expressions[{at}]",
                Text(ja="ポートは tcp か udp のときだけ指定できます。", en="Ports go with tcp and udp only."),
            )


PACKET_FILTER: Final = Resource(
    module="network",
    name="PacketFilter",
    service="iaas",
    path="/packetfilter",
    envelope="PacketFilter",
    collection="PacketFilters",
    doc=Text(
        ja="パケットフィルタ。ルールは順に調べられ、全体で1つの文書として書き換えられます。",
        en="A packet filter for interfaces of servers: rules in order, one document.",
    ),
    zoned=True,
    flow="packetfilter",
    marker="description",
    import_parts=("zone",),
    rules=(_ports,),
    terraform=("sakura_packet_filter", "sakura_packet_filter_rules", "sakuracloud_packet_filter"),
    fields=(
        NAME,
        DESCRIPTION,
        RESOURCE_ID,
        ZONE,
        f(
            "expressions",
            ListOf(EXPRESSION),
            "Expression",
            "ルール（順序に意味があります）。",
            "Rules; their order counts.",
        ),
        out("expressionHash", STR, "ExpressionHash", "ルールのハッシュ。", "Hash of the rules."),
    ),
)

BRIDGE: Final = Resource(
    module="network",
    name="Bridge",
    service="iaas",
    path="/bridge",
    envelope="Bridge",
    collection="Bridges",
    doc=Text(
        ja="ブリッジ。ゾーンの間でスイッチを第2層でつなぎます。",
        en="A bridge: connects switches of several zones on layer 2.",
    ),
    zoned=True,
    marker="description",
    import_parts=("zone",),
    terraform=("sakura_bridge", "sakuracloud_bridge"),
    fields=(NAME, DESCRIPTION, RESOURCE_ID, ZONE),
)

STATIC_ROUTE: Final = Record(
    "StaticRoute",
    (
        f("prefix", STR, "Prefix", "宛先のCIDR。", "Destination, CIDR.", required=True),
        f("nextHop", STR, "NextHop", "ネクストホップ。", "Next hop.", required=True),
    ),
)


RESOURCES: Final = (SWITCH, INTERNET, SUBNET, IPV4_PTR, PACKET_FILTER, BRIDGE)
