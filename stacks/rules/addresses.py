"""Address spaces: private, of a size that works, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from stacks.addressing import (
    LARGEST,
    PRIVATE,
    RESERVED,
    SMALLEST,
    Overlap,
    is_private,
    overlaps,
)
from stacks.manifest import Tenant
from stacks.problems import Path, Problem, path_text
from stacks.rules.context import Context, rule
from stacks.text import Text

# No town hall owns more than a /8, and 0.0.0.0/0 would be the internet.
WIDEST_ON_PREMISES = 8

NEVER_ON_PREMISES = tuple(
    IPv4Network(n) for n in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
"""This network, loopback, link-local, multicast and above (RFC 6890): nothing routes there."""


def own_spaces(tenant: Tenant) -> Iterator[tuple[Path, IPv4Network]]:
    """The ranges that this tenant allocates from, with their paths: the units' and the members' own."""
    for cloud, unit in tenant.clouds.items():
        yield ("clouds", cloud, "address_space"), unit.address_space
    if tenant.isolation == "network":
        for code, member in tenant.members.items():
            for cloud, space in member.address_space.items():
                yield ("members", code, "address_space", cloud), space


def foreign_ranges(tenant: Tenant) -> Iterator[tuple[Path, IPv4Network]]:
    """The ranges that are in use elsewhere: at the town halls, and those to avoid."""
    for number, network in enumerate(tenant.network.on_premises):
        yield ("network", "on_premises", number), network
    for number, network in enumerate(tenant.network.avoid):
        yield ("network", "avoid", number), network
    for code, member in tenant.members.items():
        for number, network in enumerate(member.on_premises):
            yield ("members", code, "on_premises", number), network


@rule()
def own(context: Context) -> Iterator[Problem]:
    """A tenant's range is private and from /16 to /22."""
    for path, space in own_spaces(context.tenant):
        if not is_private(space):
            yield Problem(
                "not-private",
                path,
                Text(f"{space}はプライベートアドレスではありません。", f"{space} is not private."),
                Text("RFC 1918 の範囲から取ってください。", "Take it from the ranges of RFC 1918."),
                found=str(space),
                allowed=tuple(str(network) for network in PRIVATE),
            )
        if not LARGEST <= space.prefixlen <= SMALLEST:
            near = min(max(space.prefixlen, LARGEST), SMALLEST)
            yield Problem(
                "prefix-length",
                path,
                Text(
                    f"プレフィックス長/{space.prefixlen}は使えません。/{LARGEST}から/{SMALLEST}の範囲です。",
                    f"A prefix length of /{space.prefixlen} does not work: it is /{LARGEST} to /{SMALLEST}.",
                ),
                Text("範囲の大きさを直してください。", "Make the range larger or smaller."),
                found=str(space),
                allowed=(f"/{LARGEST} - /{SMALLEST}",),
                nearest=str(IPv4Network((int(space.network_address), near), strict=False)),
            )
        for reserved in RESERVED:
            if space.overlaps(reserved):
                yield _clash(
                    path,
                    space,
                    Text(
                        f"サーバー上のソフトウェアが使う予約範囲{reserved}", f"the reserved range {reserved}"
                    ),
                )


@rule("clouds", "network", "members", "isolation")
def apart(context: Context) -> Iterator[Problem]:
    """A tenant's ranges overlap neither each other nor what is in use elsewhere."""
    tenant = context.tenant
    mine = dict(own_spaces(tenant))
    ranges = [*mine.items(), *foreign_ranges(tenant)]
    for clash in overlaps([(path_text(path), network) for path, network in ranges]):
        yield from _judge_clash(clash, {path_text(path): path for path, _ in ranges})


def _judge_clash(clash: Overlap, paths: dict[str, Path]) -> Iterator[Problem]:
    first, second = (paths[clash.first], clash.first_range), (paths[clash.second], clash.second_range)
    is_own = ["address_space" in path for path, _ in (first, second)]
    if not any(is_own):
        members = [path[1] for path, _ in (first, second) if path[0] == "members"]
        if len(set(members)) == 2:
            yield _member_ranges(first, second)
        return
    if all(is_own):
        # A member's own range lies inside the unit's, which is checked by itself.
        if first[0][0] != second[0][0] and _cloud_of(first[0]) == _cloud_of(second[0]):
            return
        (path, space), (other, other_space) = second, first
    else:
        (path, space), (other, other_space) = (first, second) if is_own[0] else (second, first)
    where = path_text(other)
    yield _clash(path, space, Text(f"{where} の {other_space}", f"{other_space} of {where}"))


def _cloud_of(own: Path) -> str | int:
    return own[1] if own[0] == "clouds" else own[-1]


def _clash(path: Path, space: IPv4Network, other: Text) -> Problem:
    return Problem(
        "overlap",
        path,
        Text(f"{space}は{other.ja}と重なっています。", f"{space} overlaps {other.en}."),
        Text(
            "どことも重ならない範囲にしてください(`./jichitai new` は空いている範囲を提案します)。",
            "Choose a range that overlaps nothing (`./jichitai new` proposes a free one).",
        ),
        found=str(space),
        allowed=(Text("他と重ならない範囲", "a range that overlaps no other"),),
    )


def _member_ranges(first: tuple[Path, IPv4Network], second: tuple[Path, IPv4Network]) -> Problem:
    return Problem(
        "member-ranges-overlap",
        second[0],
        Text(
            f"{second[1]}は構成団体{first[0][1]}の{first[1]}と重なり、経路を決められません。",
            f"{second[1]} overlaps {first[1]} of member {first[0][1]}: no route could tell them apart.",
        ),
        Text(
            "重ならない範囲にするか、アカウント分離にしてください。",
            "Renumber one, or use account isolation.",
        ),
        found=str(second[1]),
        allowed=(Text("構成団体の間で重ならない範囲", "ranges that no other member uses"),),
    )


@rule("clouds", "isolation")
def inside(context: Context) -> Iterator[Problem]:
    """Under network isolation each member's range lies inside the unit's."""
    tenant = context.tenant
    if tenant.isolation != "network":
        return
    for code, member in tenant.members.items():
        for cloud, space in member.address_space.items():
            unit = tenant.clouds.get(cloud)
            if unit is not None and not space.subnet_of(unit.address_space):
                yield Problem(
                    "member-outside",
                    ("members", code, "address_space", cloud),
                    Text(
                        f"{space}が{cloud}の範囲{unit.address_space}の外にあります。",
                        f"{space} lies outside {unit.address_space}, the unit's range on {cloud}.",
                    ),
                    Text("ユニットの範囲の中から取ってください。", "Take it from the unit's range."),
                    found=str(space),
                    allowed=(Text(f"{unit.address_space} の内側", f"inside {unit.address_space}"),),
                )


@rule()
def on_premises(context: Context) -> Iterator[Problem]:
    """Ranges of the town hall are real ones: never the whole internet by another name."""
    for path, network in foreign_ranges(context.tenant):
        wide = network.prefixlen < WIDEST_ON_PREMISES
        if not wide and not any(network.overlaps(never) for never in NEVER_ON_PREMISES):
            continue
        yield Problem(
            "on-premises-range",
            path,
            Text(
                f"{network}は庁内の範囲として広すぎます。"
                if wide
                else f"{network}は経路のない特別な範囲です。",
                f"{network} is too wide for a town hall."
                if wide
                else f"{network} is special: nothing routes there.",
            ),
            Text("実際に使っている範囲を書いてください。", "Write the ranges that are really in use."),
            found=str(network),
            allowed=(Text("実在する庁内・LGWANの範囲(/8以下の広さ)", "real ranges, /8 or smaller"),),
        )


@rule("network", "members")
def names(context: Context) -> Iterator[Problem]:
    """On-premises name servers can be reached, and do not answer for our own domain."""
    tenant = context.tenant
    dns = tenant.network.dns
    reachable = [*tenant.network.on_premises, *(r for m in tenant.members.values() for r in m.on_premises)]
    for domain, servers in dns.on_premises.items():
        base: Path = ("network", "dns", "on_premises", domain)
        if domain == dns.domain:
            yield Problem(
                "domain-twice",
                base,
                Text(
                    f"「{domain}」はこのテナント自身のドメインです。",
                    f"`{domain}` is the tenant's own domain.",
                ),
                Text("どちらかを別のドメインにしてください。", "Use another domain for one of the two."),
                found=domain,
                allowed=(Text(f"{domain} 以外", f"any but {domain}"),),
            )
        if not servers:
            yield Problem(
                "no-name-server",
                base,
                Text(f"「{domain}」のネームサーバーがありません。", f"`{domain}` has no name server."),
                Text(
                    "アドレスを1つ以上書くか、行を削除してください。",
                    "Give one address or more, or delete the line.",
                ),
                allowed=(Text("庁内のIPv4アドレス", "IPv4 addresses on premises"),),
            )
        for number, server in enumerate(servers):
            if not any(server in network for network in reachable):
                yield Problem(
                    "name-server-unreachable",
                    (*base, number),
                    Text(
                        f"ネームサーバー{server}が on_premises のどの範囲にもありません。",
                        f"The name server {server} is in none of the `on_premises` ranges.",
                    ),
                    Text(
                        "アドレスか network.on_premises を直してください。",
                        "Mend the address or `network.on_premises`.",
                    ),
                    found=str(server),
                    allowed=tuple(str(network) for network in reachable),
                )


RULES = (own, apart, inside, on_premises, names)
