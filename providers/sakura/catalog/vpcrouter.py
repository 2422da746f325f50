"""VPC routers."""

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
    STRINGS,
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

from .network import STATIC_ROUTE

_PLANS: Final = {"standard": 1, "premium": 2, "highspec": 3, "highspec4000": 4}
"""Plan numbers (facts: sakura-api.md §2.5)."""
_ROUTER: Final = "Settings.Router"

_PUBLIC: Final = Record(
    "VpcRouterPublicInterface",
    (
        f("switchId", ID, "", "ルータのスイッチ。", "The router's switch.", required=True, immutable=True),
        f(
            "ipAddresses",
            STRINGS,
            "",
            "実IPアドレス（2つ）。",
            "The two real addresses.",
            required=True,
            low=2,
            high=2,
        ),
        f("vip", STR, "", "仮想IPアドレス。", "Virtual address.", required=True),
        f("vrid", INT, "", "VRID。", "VRID.", required=True, low=0, high=255),
        f("aliases", STRINGS, "", "IPエイリアス。", "Aliases.", high=19),
    ),
)
_PRIVATE: Final = Record(
    "VpcRouterPrivateInterface",
    (
        f("index", INT, "", "番号（1〜7）。", "Number, 1 to 7.", required=True, low=1, high=7),
        f("switchId", ID, "", "スイッチ。", "The switch.", required=True),
        f(
            "ipAddresses",
            STRINGS,
            "",
            "アドレス（standardは1つ、ほかは2つ）。",
            "One address on standard, two on other plans.",
            required=True,
            low=1,
            high=2,
        ),
        f("vip", STR, "", "仮想IPアドレス（standard以外）。", "Virtual address, not on standard."),
        f("netmask", INT, "", "プレフィックス長。", "Prefix length.", required=True, low=8, high=29),
    ),
)
_RULE: Final = Record(
    "VpcRouterFirewallRule",
    (
        f(
            "protocol",
            STR,
            "",
            "プロトコル。",
            "Protocol.",
            required=True,
            choices=("tcp", "udp", "icmp", "ip"),
        ),
        f("sourceNetwork", STR, "", "送信元。", "Source."),
        f("sourcePort", STR, "", "送信元ポート。", "Source port."),
        f("destinationNetwork", STR, "", "宛先。", "Destination."),
        f("destinationPort", STR, "", "宛先ポート。", "Destination port."),
        f("allow", BOOL, "", "通すか。", "Let pass?", required=True, empty_is_value=True),
        f("logging", BOOL, "", "記録するか。", "Log it?", default=False),
        f("description", STR, "", "説明。", "Description."),
    ),
)
_FIREWALL: Final = Record(
    "VpcRouterFirewall",
    (
        f(
            "interfaceIndex",
            INT,
            "",
            "インターフェースの番号。",
            "Number of the interface.",
            required=True,
            low=0,
            high=7,
            empty_is_value=True,
        ),
        f("direction", STR, "", "向き。", "Direction.", required=True, choices=("receive", "send")),
        f(
            "rules",
            ListOf(_RULE),
            "",
            "ルール（順序に意味があります）。",
            "Rules; their order counts.",
            required=True,
            low=1,
        ),
    ),
)
_NAT: Final = Record(
    "VpcRouterStaticNat",
    (
        f("publicIp", STR, "GlobalAddress", "グローバルアドレス。", "Global address.", required=True),
        f("privateIp", STR, "PrivateAddress", "プライベートアドレス。", "Private address.", required=True),
        f("description", STR, "Description", "説明。", "Description."),
    ),
)
_FORWARD: Final = Record(
    "VpcRouterPortForwarding",
    (
        f("protocol", STR, "Protocol", "プロトコル。", "Protocol.", required=True, choices=("tcp", "udp")),
        f(
            "publicPort",
            TEXT_INT,
            "GlobalPort",
            "外側のポート。",
            "Outer port.",
            required=True,
            low=1,
            high=65535,
        ),
        f("privateIp", STR, "PrivateAddress", "内側のアドレス。", "Inner address.", required=True),
        f(
            "privatePort",
            TEXT_INT,
            "PrivatePort",
            "内側のポート。",
            "Inner port.",
            required=True,
            low=1,
            high=65535,
        ),
        f("description", STR, "Description", "説明。", "Description."),
    ),
)
_DHCP: Final = Record(
    "VpcRouterDhcpServer",
    (
        f(
            "interface",
            STR,
            "Interface",
            "インターフェース（eth1〜eth7）。",
            "Interface, eth1 to eth7.",
            required=True,
            pattern="eth[1-7]",
        ),
        f("rangeStart", STR, "RangeStart", "範囲の先頭。", "Start of the range.", required=True),
        f("rangeStop", STR, "RangeStop", "範囲の末尾。", "End of the range.", required=True),
        f("dnsServers", STRINGS, "DNSServers", "DNSサーバー。", "DNS servers."),
    ),
)
_MAPPING: Final = Record(
    "VpcRouterDhcpMapping",
    (
        f("macAddress", STR, "MACAddress", "MACアドレス。", "MAC address.", required=True),
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
    ),
)
_DNS: Final = Record(
    "VpcRouterDnsForwarding",
    (
        f(
            "interface",
            STR,
            "Interface",
            "インターフェース（eth1〜eth7）。",
            "Interface, eth1 to eth7.",
            required=True,
            pattern="eth[1-7]",
        ),
        f("dnsServers", STRINGS, "DNSServers", "転送先。", "Servers to forward to.", required=True),
    ),
)
_RANGE: Final = (
    f("rangeStart", STR, "RangeStart", "範囲の先頭。", "Start of the range.", required=True),
    f("rangeStop", STR, "RangeStop", "範囲の末尾。", "End of the range.", required=True),
)
_L2TP: Final = Record(
    "VpcRouterL2tp",
    (
        *_RANGE,
        f(
            "preSharedSecret",
            STR,
            "PreSharedSecret",
            "事前共有鍵。",
            "Pre-shared secret.",
            required=True,
            write_only=True,
            high=40,
        ),
    ),
)
_PEER: Final = Record(
    "VpcRouterWireGuardPeer",
    (
        f("name", STR, "Name", "名前。", "Name.", required=True),
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f("publicKey", STR, "PublicKey", "公開鍵。", "Public key.", required=True),
    ),
)
_WIREGUARD: Final = Record(
    "VpcRouterWireGuard",
    (
        f(
            "ipAddress",
            STR,
            "IPAddress",
            "サーバーのアドレス（xxx.xxx.xxx.xxx/nn）。",
            "Server's address with its prefix.",
            required=True,
        ),
        f("peers", ListOf(_PEER), "Peer", "相手。", "Peers."),
    ),
)
_USER: Final = Record(
    "VpcRouterUser",
    (
        f("name", STR, "UserName", "ユーザー名。", "User name.", required=True, low=1, high=20),
        f(
            "password",
            STR,
            "Password",
            "パスワード。",
            "Password.",
            required=True,
            write_only=True,
            low=1,
            high=20,
        ),
    ),
)
_TUNNEL: Final = Record(
    "VpcRouterSiteToSiteVpn",
    (
        f("peer", STR, "Peer", "相手のアドレス。", "Peer's address.", required=True),
        f(
            "preSharedSecret",
            STR,
            "PreSharedSecret",
            "事前共有鍵。",
            "Pre-shared secret.",
            required=True,
            write_only=True,
            high=40,
        ),
        f(
            "remoteId",
            STR,
            "RemoteID",
            "相手のID（通常は相手のアドレス）。",
            "Peer's id, usually its address.",
            required=True,
        ),
        f(
            "routes",
            STRINGS,
            "Routes",
            "相手側のネットワーク。",
            "Networks on the other side.",
            required=True,
        ),
        f(
            "localPrefixes",
            STRINGS,
            "LocalPrefix",
            "こちら側のネットワーク。",
            "Networks on this side.",
            required=True,
        ),
    ),
)
_VPN: Final = Record(
    "VpcRouterVpnParameters",
    (
        f("encryption", STR, "EncryptionAlgo", "暗号。", "Encryption.", choices=("aes128", "aes256")),
        f("hash", STR, "HashAlgo", "ハッシュ。", "Hash.", choices=("sha1", "sha256")),
        f(
            "dhGroup",
            STR,
            "DHGroup",
            "DHグループ。",
            "DH group.",
            choices=("modp1024", "modp2048", "modp3072", "modp4096"),
        ),
        f(
            "ikeLifetime",
            INT,
            "IKE.Lifetime",
            "IKE SAの寿命（秒）。",
            "Lifetime of the IKE SA, s.",
            default=28800,
        ),
        f("dpdInterval", INT, "IKE.DPD.Interval", "DPDの間隔（秒）。", "DPD interval, s.", default=15),
        f("dpdTimeout", INT, "IKE.DPD.Timeout", "DPDの時間切れ（秒）。", "DPD timeout, s.", default=30),
        f(
            "espLifetime",
            INT,
            "ESP.Lifetime",
            "ESP SAの寿命（秒）。",
            "Lifetime of the ESP SA, s.",
            default=1800,
        ),
    ),
)
_MAINTENANCE: Final = Record(
    "VpcRouterMaintenance",
    (
        f("dayOfWeek", STR, "DayOfWeek", "曜日。", "Day of the week.", required=True, choices=DAYS),
        f(
            "hour",
            INT,
            "Hour",
            "時（0〜23）。",
            "Hour, 0 to 23.",
            required=True,
            low=0,
            high=23,
            empty_is_value=True,
        ),
    ),
)


def _plan_rules(inputs: Mapping[str, Json]) -> Iterator[Problem]:
    """Redundant plans need a switch and two addresses; standard takes one, on the shared segment."""
    plan = inputs.get("plan", "standard")
    if plan not in _PLANS:
        return  # not known yet
    redundant = plan != "standard"
    required = Text(ja="standard以外のプランでは必須です。", en="Required by every plan but standard.")
    if redundant and inputs.get("publicInterface") is None:
        yield Problem("publicInterface", required)
    if not redundant and inputs.get("publicInterface") is not None:
        refused = Text(ja="standardプランでは指定できません。", en="Not available on plan standard.")
        yield Problem("publicInterface", refused)
    count = 2 if redundant else 1
    for at, each in records(inputs.get("privateInterfaces")):
        addresses = each.get("ipAddresses")
        if isinstance(addresses, list) and len(addresses) != count:
            yield Problem(
                f"privateInterfaces[{at}].ipAddresses",
                Text(
                    ja=f"このプランではアドレスが{count}つ必要です。",
                    en=f"This plan takes {'two addresses' if redundant else 'one address'}.",
                ),
            )
        if redundant and each.get("vip") is None:
            yield Problem(f"privateInterfaces[{at}].vip", required)


VPC_ROUTER: Final = Resource(
    module="network",
    name="VpcRouter",
    service="iaas",
    path="/appliance",
    envelope="Appliance",
    collection="Appliances",
    fixed=(("Class", "vpcrouter"),),
    doc=Text(
        ja="VPCルータ。`internetConnection: false` でインターネットへの出口を閉じられます。",
        en="A VPC router. `internetConnection: false` closes the way to the internet.",
    ),
    zoned=True,
    flow="vpcrouter",
    marker="tags",
    settings="Settings",
    import_parts=("zone",),
    rules=(_plan_rules,),
    terraform=("sakura_vpn_router", "sakuracloud_vpc_router"),
    fields=(
        *COMMON,
        ZONE,
        f(
            "plan",
            named(**_PLANS),
            "Plan.ID",
            "プラン。",
            "Plan.",
            choices=tuple(_PLANS),
            default="standard",
            immutable=True,
        ),
        f(
            "version",
            INT,
            "Remark.Router.VPCRouterVersion",
            "版。",
            "Version.",
            default=2,
            immutable=True,
            choices=(1, 2),
        ),
        f(
            "publicInterface",
            _PUBLIC,
            "",
            "外側のインターフェース（standard以外）。",
            "Public interface, not on standard.",
            send="never",
        ),
        f(
            "privateInterfaces",
            ListOf(_PRIVATE, unordered=True),
            "",
            "内側のインターフェース。",
            "Private interfaces.",
            send="never",
        ),
        f(
            "internetConnection",
            TEXT_BOOL,
            f"{_ROUTER}.InternetConnection.Enabled",
            "インターネットへの接続。",
            "Connection to the internet.",
            default=True,
        ),
        f(
            "firewalls",
            ListOf(_FIREWALL, unordered=True),
            "",
            "ファイアウォール。",
            "Firewalls.",
            send="never",
        ),
        f(
            "staticNat",
            ListOf(_NAT, unordered=True),
            f"{_ROUTER}.StaticNAT.Config",
            "静的NAT。",
            "Static NAT.",
        ),
        f(
            "portForwardings",
            ListOf(_FORWARD, unordered=True),
            f"{_ROUTER}.PortForwarding.Config",
            "ポート転送。",
            "Port forwarding.",
        ),
        f(
            "dhcpServers",
            ListOf(_DHCP, unordered=True),
            f"{_ROUTER}.DHCPServer.Config",
            "DHCPサーバー。",
            "DHCP servers.",
        ),
        f(
            "dhcpMappings",
            ListOf(_MAPPING, unordered=True),
            f"{_ROUTER}.DHCPStaticMapping.Config",
            "DHCPの固定割り当て。",
            "Fixed DHCP addresses.",
        ),
        f("dnsForwarding", _DNS, f"{_ROUTER}.DNSForwarding", "DNSの転送。", "DNS forwarding."),
        f(
            "pptp",
            Record("VpcRouterPptp", _RANGE),
            f"{_ROUTER}.PPTPServer.Config",
            "PPTPサーバー。",
            "PPTP server.",
        ),
        f("l2tp", _L2TP, f"{_ROUTER}.L2TPIPsecServer.Config", "L2TP/IPsecサーバー。", "L2TP/IPsec server."),
        f(
            "wireGuard",
            _WIREGUARD,
            f"{_ROUTER}.WireGuardServer.Config",
            "WireGuardサーバー。",
            "WireGuard server.",
        ),
        f(
            "users",
            ListOf(_USER, unordered=True),
            f"{_ROUTER}.RemoteAccessUsers.Config",
            "リモートアクセスのユーザー。",
            "Remote access users.",
        ),
        # Before the tunnels: both lie in one object, and what is written first is the whole of it.
        f(
            "vpnParameters",
            _VPN,
            f"{_ROUTER}.SiteToSiteIPsecVPN",
            "拠点間VPNのパラメータ。",
            "Parameters of the site-to-site VPNs.",
        ),
        f(
            "siteToSiteVpns",
            ListOf(_TUNNEL, unordered=True),
            f"{_ROUTER}.SiteToSiteIPsecVPN.Config",
            "拠点間VPN。",
            "Site-to-site VPNs.",
        ),
        f(
            "staticRoutes",
            ListOf(STATIC_ROUTE, unordered=True),
            f"{_ROUTER}.StaticRoutes.Config",
            "静的経路。",
            "Static routes.",
        ),
        f("syslogHost", STR, f"{_ROUTER}.SyslogHost", "ログの送り先。", "Where logs go."),
        f(
            "scheduledMaintenance",
            _MAINTENANCE,
            f"{_ROUTER}.ScheduledMaintenance",
            "定期メンテナンス。",
            "Scheduled maintenance.",
        ),
        f(
            "monitoringSuite",
            TEXT_BOOL,
            f"{_ROUTER}.MonitoringSuite.Enabled",
            "モニタリングスイートへ送るか。",
            "Send to the monitoring suite?",
            default=False,
        ),
        out("publicIp", STR, "", "外側のアドレス。", "Public address."),
        out("availability", STR, "Availability", "状態。", "State."),
    ),
)

RESOURCES: Final = (VPC_ROUTER,)
