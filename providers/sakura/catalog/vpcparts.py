"""The parts of which the settings of a VPC router are made."""

from __future__ import annotations

from typing import Final

from providers.sakura.model import (
    BOOL,
    DAYS,
    ID,
    INT,
    STR,
    STRINGS,
    TEXT_INT,
    ListOf,
    Record,
    f,
)

PUBLIC: Final = Record(
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


PRIVATE: Final = Record(
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


RULE: Final = Record(
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


FIREWALL: Final = Record(
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
            ListOf(RULE),
            "",
            "ルール（順序に意味があります）。",
            "Rules; their order counts.",
            required=True,
            low=1,
        ),
    ),
)


NAT: Final = Record(
    "VpcRouterStaticNat",
    (
        f("publicIp", STR, "GlobalAddress", "グローバルアドレス。", "Global address.", required=True),
        f("privateIp", STR, "PrivateAddress", "プライベートアドレス。", "Private address.", required=True),
        f("description", STR, "Description", "説明。", "Description."),
    ),
)


FORWARD: Final = Record(
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


DHCP: Final = Record(
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


MAPPING: Final = Record(
    "VpcRouterDhcpMapping",
    (
        f("macAddress", STR, "MACAddress", "MACアドレス。", "MAC address.", required=True),
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
    ),
)


DNS: Final = Record(
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


RANGE: Final = (
    f("rangeStart", STR, "RangeStart", "範囲の先頭。", "Start of the range.", required=True),
    f("rangeStop", STR, "RangeStop", "範囲の末尾。", "End of the range.", required=True),
)


L2TP: Final = Record(
    "VpcRouterL2tp",
    (
        *RANGE,
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


PEER: Final = Record(
    "VpcRouterWireGuardPeer",
    (
        f("name", STR, "Name", "名前。", "Name.", required=True),
        f("ipAddress", STR, "IPAddress", "アドレス。", "Address.", required=True),
        f("publicKey", STR, "PublicKey", "公開鍵。", "Public key.", required=True),
    ),
)


WIREGUARD: Final = Record(
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
        f("peers", ListOf(PEER), "Peer", "相手。", "Peers."),
    ),
)


USER: Final = Record(
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


TUNNEL: Final = Record(
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


VPN: Final = Record(
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


MAINTENANCE: Final = Record(
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
