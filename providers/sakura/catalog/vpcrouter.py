"""VPC routers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from providers.sakura.catalog.vpcparts import (
    DHCP,
    DNS,
    FIREWALL,
    FORWARD,
    L2TP,
    MAINTENANCE,
    MAPPING,
    NAT,
    PRIVATE,
    PUBLIC,
    RANGE,
    TUNNEL,
    USER,
    VPN,
    WIREGUARD,
)
from providers.sakura.model import (
    COMMON,
    INT,
    STR,
    TEXT_BOOL,
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
            PUBLIC,
            "",
            "外側のインターフェース（standard以外）。",
            "Public interface, not on standard.",
            send="never",
        ),
        f(
            "privateInterfaces",
            ListOf(PRIVATE, unordered=True),
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
            ListOf(FIREWALL, unordered=True),
            "",
            "ファイアウォール。",
            "Firewalls.",
            send="never",
        ),
        f(
            "staticNat",
            ListOf(NAT, unordered=True),
            f"{_ROUTER}.StaticNAT.Config",
            "静的NAT。",
            "Static NAT.",
        ),
        f(
            "portForwardings",
            ListOf(FORWARD, unordered=True),
            f"{_ROUTER}.PortForwarding.Config",
            "ポート転送。",
            "Port forwarding.",
        ),
        f(
            "dhcpServers",
            ListOf(DHCP, unordered=True),
            f"{_ROUTER}.DHCPServer.Config",
            "DHCPサーバー。",
            "DHCP servers.",
        ),
        f(
            "dhcpMappings",
            ListOf(MAPPING, unordered=True),
            f"{_ROUTER}.DHCPStaticMapping.Config",
            "DHCPの固定割り当て。",
            "Fixed DHCP addresses.",
        ),
        f("dnsForwarding", DNS, f"{_ROUTER}.DNSForwarding", "DNSの転送。", "DNS forwarding."),
        f(
            "pptp",
            Record("VpcRouterPptp", RANGE),
            f"{_ROUTER}.PPTPServer.Config",
            "PPTPサーバー。",
            "PPTP server.",
        ),
        f("l2tp", L2TP, f"{_ROUTER}.L2TPIPsecServer.Config", "L2TP/IPsecサーバー。", "L2TP/IPsec server."),
        f(
            "wireGuard",
            WIREGUARD,
            f"{_ROUTER}.WireGuardServer.Config",
            "WireGuardサーバー。",
            "WireGuard server.",
        ),
        f(
            "users",
            ListOf(USER, unordered=True),
            f"{_ROUTER}.RemoteAccessUsers.Config",
            "リモートアクセスのユーザー。",
            "Remote access users.",
        ),
        # Before the tunnels: both lie in one object, and what is written first is the whole of it.
        f(
            "vpnParameters",
            VPN,
            f"{_ROUTER}.SiteToSiteIPsecVPN",
            "拠点間VPNのパラメータ。",
            "Parameters of the site-to-site VPNs.",
        ),
        f(
            "siteToSiteVpns",
            ListOf(TUNNEL, unordered=True),
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
            MAINTENANCE,
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
