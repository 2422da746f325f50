"""The first manifest of a body: valid as it stands, with what must be filled in marked by ★.

Pure: the fleet's ranges are given, a text comes out. The range that is proposed depends on the
body, so that two people who start two bodies at once do not propose the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from types import MappingProxyType

from stacks.manifest import Environment, Isolation, PartName
from stacks.naming import name as short_name
from stacks.registry import LocalGovernment, Registry
from stacks.registry.catalogue import Entry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.text import Language, Text

POOL = IPv4Network("10.0.0.0/8")
PREFIX = 20
"""A proposal is a /20: 32 subnets of 128 addresses. The pool holds 4,096, enough for two a body."""

PLACEHOLDER_ON_PREMISES = IPv4Network("192.168.0.0/16")

MARK = "★"


CIRCUITS: Mapping[CloudName, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "aws": (("tokyo", "EqTY2"), ("osaka", "EqOS1")),
        "azure": (("tokyo", "Tokyo2/Equinix"), ("osaka", "Osaka/Equinix")),
        "google": (("first", "AVAILABILITY_DOMAIN_1"), ("second", "AVAILABILITY_DOMAIN_2")),
        "oci": (("first", "Equinix-TY4"), ("second", "NTT-Otemachi")),
        "sakura": (("otemachi", "大手町"), ("kanda", "神田")),
    }
)
"""Two circuits of a body's own by name and location, as the example tenants have them."""

CLOUD_ASN: Mapping[CloudName, int] = MappingProxyType({"azure": 65515})
"""The AS number of the cloud side where the cloud leaves no choice; elsewhere the manifest's default."""

FIRST_VLAN, ROUTER_ASN = 101, 65001
"""VLAN of the first circuit and AS number of the town hall's routers: examples, as in the tenants."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A body's place in a shared tenant: its own ranges, and with network isolation its own network."""

    body: LocalGovernment
    on_premises: IPv4Network
    space: IPv4Network | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody wants a manifest for. `packages` are catalogue ids, at least one.

    `unit` and `gateway` are None while they have not been handed over; `own_circuits` asks for two
    circuits of its own instead of a hub. `adopted` are the parts of the baseline that the official
    templates have made. `businesses` are those that the body does, None for all. A shared tenant has
    an `isolation`, `seats` and, where that is not the body, an `operator`. `origin` is said at the top.
    """

    body: LocalGovernment
    cloud: CloudName
    environment: Environment
    packages: tuple[str, ...]
    unit: str | None
    gateway: str | None = None
    own_circuits: bool = False
    adopted: tuple[PartName, ...] = ()
    population: int | None = None
    on_premises: IPv4Network = PLACEHOLDER_ON_PREMISES
    businesses: frozenset[str] | None = None
    isolation: Isolation | None = None
    seats: tuple[Seat, ...] = ()
    operator: LocalGovernment | None = None
    origin: Text | None = None
    schema: str = "../schema/stack.schema.json"


def placeholder_unit(cloud: CloudName, code: str, environment: Environment) -> str:
    """A unit of the cloud's form that no cloud ever issued, a different one for each stack."""
    digits = f"{'1' if environment == 'verification' else '0'}00000{code}"
    return {
        "aws": digits,
        # Numbers to the cloud itself, so that a leading 0 would be lost.
        "sakura": f"{'1138' if environment == 'verification' else '1137'}00{code}",
        "azure": f"00000000-0000-0000-0000-{digits}",
        "google": f"fill-in-{code}-{environment[0]}",
        "oci": f"ocid1.tenancy.oc1..fillin{digits}",
    }[cloud]


def free_space(
    body: LocalGovernment,
    environment: Environment,
    registry: Registry,
    allocated: Iterable[IPv4Network],
    in_use: Iterable[IPv4Network],
) -> IPv4Network | None:
    """A range that overlaps nothing `allocated` by the fleet and, if there is one, nothing `in_use`
    at any town hall. None where the pool is exhausted.

    Each body has its own place in the pool, where the search starts.
    """
    start = 2 * list(registry.governments).index(body.code) + (environment == "verification")
    count = 1 << (PREFIX - POOL.prefixlen)
    taken = places(allocated)
    avoided = taken | places([*in_use, PLACEHOLDER_ON_PREMISES])
    ordered = [(start + step) % count for step in range(count)]
    for closed in (avoided, taken):
        for place in ordered:
            if place not in closed:
                return IPv4Network((int(POOL.network_address) + (place << (32 - PREFIX)), PREFIX))
    return None


def places(networks: Iterable[IPv4Network]) -> set[int]:
    """The numbers of the pool's /20s that any of `networks` touches."""
    found: set[int] = set()
    base, shift = int(POOL.network_address), 32 - PREFIX
    for network in networks:
        if network.overlaps(POOL):
            first = max(int(network.network_address), base)
            last = min(int(network.broadcast_address), int(POOL.broadcast_address))
            found.update(range((first - base) >> shift, ((last - base) >> shift) + 1))
    return found


def share_out(
    packages: Sequence[Entry], registry: Registry, wanted: frozenset[str] | None = None
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The businesses that each entry takes, the first that offers one winning, and those that no
    entry offers: they stay on premises for now. Of `wanted` ones only, where that is not None."""
    left = dict.fromkeys(b for b in registry.businesses if wanted is None or b in wanted)
    shares: dict[str, tuple[str, ...]] = {}
    for entry in packages:
        shares[entry.id] = tuple(b for b in entry.businesses if b in left)
        for business in shares[entry.id]:
            del left[business]
    placed = {b for share in shares.values() for b in share}
    return shares, tuple(b for b in registry.businesses if b not in placed)


def draft(order: Order, space: IPv4Network, registry: Registry, language: Language) -> str:
    """The text of the stack file for `order`, in the range `space`, with comments in `language`."""
    entries = [registry.catalogue[p] for p in order.packages]
    shares, outside = share_out(entries, registry, order.businesses)
    lines = [
        f"# yaml-language-server: $schema={order.schema}",
        *_comments(order.origin or _head(order), language),
        "config:",
        "  jichitai:tenant:",
        *(f"    {line}".rstrip() for line in _tenant(order, space, language)),
        "",
        "    packages:" + _note(_PACKAGES, language),
        *(f"      {line}" for line in _packages(order, entries, shares, language)),
    ]
    if outside:
        lines += ["", "    on_premises:" + _note(_OUTSIDE, language), *(f"      - {b}" for b in outside)]
    lines += ["", *(f"    {line}" for line in _people(order, language))]
    return "\n".join(lines) + "\n"


def _tenant(order: Order, space: IPv4Network, language: Language) -> Iterator[str]:
    cloud, note = CLOUDS[order.cloud], lambda text: _note(text, language)
    region = next(iter(cloud.regions.values()))
    yield f'code: "{order.body.code}"' + note(_CODE)
    yield f"environment: {order.environment}"
    if order.isolation is not None:
        yield "usage: shared"
        yield f"isolation: {order.isolation}"
    if order.population is not None:
        yield f"population: {order.population}"
    yield ""
    yield "clouds:"
    yield f"  {order.cloud}:"
    if order.unit is None:
        placeholder = placeholder_unit(order.cloud, order.body.code, order.environment)
        yield f'    unit: "{placeholder}"' + note(_fill(cloud.unit_title))
    else:
        yield f'    unit: "{order.unit}"' + note(cloud.unit_title)
    yield f"    region: {region.name}" + note(_region(tuple(cloud.regions)))
    yield f"    zones: [{', '.join(_quoted(z) for z in region.zones[:2])}]"
    yield f"    address_space: {space}" + note(_SPACE)
    yield "    lgwan:"
    yield from (f"      {line}" for line in _lgwan(order, language))
    if order.adopted:
        yield "    baseline:" + note(_BASELINE)
        yield from (f"      {part}: adopted" for part in order.adopted)
    else:
        yield "    # baseline:" + note(_BASELINE)
        yield "    #   audit_log: adopted"
        yield "    #   configuration_recording: adopted"
        yield "    #   threat_detection: adopted"
    yield ""
    yield "network:"
    yield "  on_premises:"
    yield f"    - {order.on_premises}" + note(_fill(_ON_PREMISES))
    if order.seats:
        yield ""
        yield "members:"
        for seat in order.seats:
            yield f'  "{seat.body.code}":' + note(Text(seat.body.full_name, seat.body.romaji.capitalize()))
            yield f"    on_premises: [{seat.on_premises}]" + note(_fill(_ON_PREMISES))
            if seat.space is not None:
                yield f"    address_space: {{{order.cloud}: {seat.space}}}"


def _lgwan(order: Order, language: Language) -> Iterator[str]:
    cloud = CLOUDS[order.cloud]
    if not order.own_circuits:
        yield "mode: hub" + _note(_MODE, language)
        if order.gateway is not None:
            yield f'gateway: "{order.gateway}"'
        else:
            yield f"# gateway: {cloud.gateway_example}" + _note(_fill(cloud.gateway_title), language)
        return
    yield "mode: own" + _note(_MODE, language)
    if order.cloud in CLOUD_ASN:
        yield f"asn: {CLOUD_ASN[order.cloud]}"
    yield "circuits:" + _note(_fill(_CIRCUITS), language)
    for number, (name, location) in enumerate(CIRCUITS[order.cloud]):
        line = f"location: {location}, vlan: {FIRST_VLAN + number}, asn: {ROUTER_ASN}"
        yield f"  {name}: {{{line}}}"


def _packages(
    order: Order, entries: Sequence[Entry], shares: Mapping[str, tuple[str, ...]], language: Language
) -> Iterator[str]:
    for entry in entries:
        yield f"{package_key(entry.id)}:"
        yield f"  catalogue: {entry.id}" + _note(Text(entry.title.ja, entry.title.en), language)
        yield f"  cloud: {order.cloud}"
        if entry.delivery == "asp":
            yield "  # endpoint:" + _note(_fill(_ENDPOINT), language)
        if shares[entry.id] != entry.businesses:
            yield "  businesses:"
            yield from (f"    - {business}" for business in shares[entry.id])


def package_key(entry: str) -> str:
    """A package's key for a catalogue entry: its id, shortened where keys are."""
    return short_name(entry, limit=16)


def _people(order: Order, language: Language) -> Iterator[str]:
    person = Text("運用担当者", "Operations").say(language)
    who = order.operator or order.body
    organisation = who.full_name if language == "ja" else who.romaji.capitalize()
    yield "contacts:"
    yield "  operations:"
    yield f"    name: {person}" + _note(_fill(Text("担当者の氏名", "name of the person in charge")), language)
    yield f"    organisation: {organisation}"
    email = f"fill-in@{who.romaji}.example.lg.jp"
    yield f"    email: {email}" + _note(_fill(Text("警報が届く宛先", "where alarms go")), language)
    phone = _note(_fill(Text("国際形式の電話番号", "phone number in international form")), language)
    yield '    phone: "+810000000000"' + phone
    if order.environment == "verification":
        yield ""
        yield "protect: false" + _note(_PROTECT, language)


def _fill(what: Text) -> Text:
    return Text(f"{MARK} 要記入: {what.ja}", f"{MARK} FILL IN: {what.en}")


def _note(text: Text, language: Language) -> str:
    return f" # {text.say(language)}"


def _comments(text: Text, language: Language) -> Iterator[str]:
    return (f"# {line}" for line in text.say(language).splitlines())


def _quoted(text: str) -> str:
    """A zone that would be read as a number in quotes, any other as it is."""
    return f'"{text}"' if text.isdigit() else text


def _head(order: Order) -> Text:
    body, kind = order.body, Text("検証", "verification")
    if order.environment == "production":
        kind = Text("本番", "production")
    return Text(
        f"{body.full_name}({body.code})・{kind.ja}。{MARK} の行を埋め、./jichitai validate で確かめる。\n"
        "項目の説明は docs/manifest.ja.md。",
        f"{body.romaji.capitalize()} ({body.full_name}, {body.code}), {kind.en}. "
        f"Fill in the lines with {MARK}, then run ./jichitai validate.\n"
        "docs/manifest.md explains every field.",
    )


def _region(regions: tuple[str, ...]) -> Text:
    names = " / ".join(regions)
    return Text(f"国内リージョン: {names}", f"domestic regions: {names}")


_CODE = Text("全国地方公共団体コード。必ず引用符で囲む", "code of the local government, always in quotes")
_SPACE = Text(
    "空いている範囲の提案。後から変えられない。庁内と重ならないことを確かめる",
    "a free range is proposed; it cannot change later: make sure that the town hall does not use it",
)
_MODE = Text(
    "hub: 県などの集約ハブ。own: 自団体の専用線2本(circuits)",
    "hub: the prefecture's, say. own: two circuits of this body's own (`circuits`)",
)
_BASELINE = Text(
    "払い出し時に公式テンプレートが作ったものは adopted にする",
    "what the official templates made at hand-over is adopted",
)
_CIRCUITS = Text(
    "発注中。接続拠点・VLAN・AS番号は例。開通したら id を書く",
    "on order: locations, VLANs and AS numbers are examples; give each its `id` when it is there",
)
_ON_PREMISES = Text("庁内・LGWAN側で使っている範囲", "ranges in use at the town hall and on LGWAN")
_PACKAGES = Text("20業務をちょうど1回ずつ割り当てる", "each of the 20 businesses is placed exactly once")
_OUTSIDE = Text(
    "どのパッケージにも無い業務。当面は庁内(特定移行支援システム)",
    "businesses of no package: they stay outside for now",
)
_ENDPOINT = Text("ベンダーのエンドポイントサービス名", "the vendor's endpoint service")
_PROTECT = Text("検証なので destroy を許す", "a verification environment may be destroyed")
