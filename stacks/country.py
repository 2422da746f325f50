"""A manifest for every local government: who shares with whom, on which cloud, in which range.

Pure and deterministic: the same wishes and the same manifests that are there already give the same
orders. Each body is placed exactly once an environment, and no two ranges overlap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2s
from ipaddress import IPv4Network
from itertools import groupby
from types import MappingProxyType

from stacks.allotment import Claim, allot, town_hall
from stacks.drafting import Order, Seat, placeholder_unit
from stacks.manifest import Environment, Isolation, PartName, Size
from stacks.registry import LocalGovernment, Registry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.sizing import fit, size_class
from stacks.text import Text

SHARE: Mapping[CloudName, int] = MappingProxyType(
    {"aws": 60, "azure": 15, "google": 10, "oci": 10, "sakura": 5}
)
"""Weights of the clouds when nobody says: this toolkit's own choice, no statistics."""

GROUP, LARGEST_GROUP = 8, 10
"""Bodies in a 共同利用 group at most: by default, and at all (ten networks a project on さくら)."""

MEMBER_PREFIX = 21
"""A member's own network under network isolation, as in the example tenants."""

ADOPTED: Mapping[CloudName, tuple[PartName, ...]] = MappingProxyType(
    {
        "aws": ("audit_log", "configuration_recording", "threat_detection", "posture_management"),
        "azure": ("configuration_recording", "threat_detection", "posture_management"),
        "google": ("configuration_recording", "threat_detection", "posture_management"),
        "oci": ("audit_log", "configuration_recording", "threat_detection", "posture_management"),
    }
)
"""What the official templates have made in a unit when it is handed over (facts: govcloud §1)."""

PACKAGES: Mapping[Size, tuple[str, ...]] = MappingProxyType(
    {
        "small": ("all-in-one",),
        "medium": ("residents-tax", "welfare-servers", "childcare-health"),
        "large": ("residents-tax", "welfare-servers", "childcare-health"),
        "xlarge": ("residents", "tax", "welfare-servers", "childcare-health"),
    }
)
"""Catalogue entries by size class: the larger the body, the more vendors it has."""

PREFECTURE_PACKAGES = ("welfare-servers",)
PREFECTURE_BUSINESSES = frozenset({"public-assistance", "child-rearing-allowance"})
"""Of the 20 businesses, prefectures do these two themselves, for towns and villages without a welfare
office of their own (生活保護法 第19条, 児童扶養手当法 第4条)."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """What is known of one body already; None where it is for us to choose."""

    cloud: CloudName | None = None
    unit: str | None = None
    gateway: str | None = None
    population: int | None = None
    packages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a country is to look like.

    `share` are weights; `gateways` the hubs by prefecture (its two digits) and cloud. `isolation` is
    that of 共同利用: with `account` each body has a stack of its own, with the others a group has one.
    """

    share: Mapping[CloudName, int] = field(default_factory=lambda: SHARE)
    assignments: Mapping[str, Assignment] = field(default_factory=dict)
    gateways: Mapping[tuple[str, CloudName], str] = field(default_factory=dict)
    isolation: Isolation = "account"
    group: int = GROUP
    environments: tuple[Environment, ...] = ("production",)
    schema: str = "../schema/stack.schema.json"


@dataclass(frozen=True, slots=True)
class Existing:
    """What is there already: the bodies placed by environment, ranges allocated and in use elsewhere."""

    placed: frozenset[tuple[str, Environment]] = frozenset()
    allocated: tuple[IPv4Network, ...] = ()
    in_use: tuple[IPv4Network, ...] = ()


@dataclass(frozen=True, slots=True)
class Party:
    """Bodies that go to one cloud together: a 共同利用 group (`number` from 1), or one body (0)."""

    bodies: tuple[LocalGovernment, ...]
    cloud: CloudName
    number: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """A stack to be written: its name, its order, its range."""

    stack: str
    order: Order
    space: IPv4Network


def plan_country(wishes: Wishes, existing: Existing, registry: Registry) -> tuple[Planned, ...]:
    """A stack for each body (or group) and environment that is not placed yet, in order of stack names.

    Raises ValueError when the pool of ranges has no room for all of them.
    """
    # Of the whole country, whoever is placed already: so that a manifest more moves nobody else.
    everybody = parties(wishes, registry)
    placed = {e: {code for code, there in existing.placed if there == e} for e in wishes.environments}
    sites: list[tuple[Environment, Party, tuple[LocalGovernment, ...]]] = [
        (environment, party, bodies)
        for environment in wishes.environments
        for party in everybody
        for bodies in _stacks_of(party, wishes.isolation, placed[environment])
    ]
    numbers = {code: number for number, code in enumerate(registry.governments)}
    claims = [
        Claim(2 * numbers[bodies[0].code] + (environment == "verification"), _prefix(len(bodies), wishes))
        for environment, _, bodies in sites
    ]
    spaces = allot(claims, existing.allocated, existing.in_use)
    prefectures = {b.code[:2]: b for b in registry.governments.values() if b.kind == "prefecture"}
    planned = [
        _planned(environment, party, bodies, space, wishes, numbers, prefectures[bodies[0].code[:2]])
        for (environment, party, bodies), space in zip(sites, spaces, strict=True)
    ]
    return tuple(sorted(planned, key=lambda p: p.stack))


def parties(wishes: Wishes, registry: Registry) -> list[Party]:
    """Every body in a party, each with its cloud: the weights are met as closely as groups allow.

    Which party goes where is decided by a hash of its first code, so that every prefecture has a
    mixture, and the same one each time.
    """
    bodies = list(registry.governments.values())
    fixed: dict[str, CloudName] = {
        code: given.cloud for code, given in wishes.assignments.items() if given.cloud is not None
    }
    made: list[Party] = []
    waiting: list[tuple[tuple[LocalGovernment, ...], int]] = []
    counts: Counter[CloudName] = Counter()
    for group, number in _companies(wishes, bodies, fixed):
        cloud = fixed.get(group[0].code)
        if cloud is None:
            waiting.append((group, number))
        else:
            made.append(Party(group, cloud, number))
            counts[cloud] += len(group)
    total, weights = len(bodies), sum(wishes.share.values())
    # The large groups first, so that single bodies can even out what is left.
    for group, number in sorted(waiting, key=lambda g: (-len(g[0]), _shuffled(g[0][0].code))):
        cloud = _most_wanting(
            [c for c in wishes.share if all(_can(c, b, wishes, registry) for b in group)],
            {c: weight * total / weights - counts[c] for c, weight in wishes.share.items()},
        )
        made.append(Party(group, cloud, number))
        counts[cloud] += len(group)
    return sorted(made, key=lambda p: p.bodies[0].code)


def _most_wanting(able: Sequence[CloudName], wanting: Mapping[CloudName, float]) -> CloudName:
    """The cloud that lacks most of its share; AWS, which can run everything, where none is able."""
    if not able:
        return "aws"
    return max(able, key=lambda c: wanting[c])


def _companies(
    wishes: Wishes, bodies: Sequence[LocalGovernment], fixed: Mapping[str, CloudName]
) -> Iterator[tuple[tuple[LocalGovernment, ...], int]]:
    """Who goes with whom: small towns and villages of a prefecture (and of one cloud, where that is
    given) in groups of nearly equal size; everybody else alone."""
    sharing = [b for b in bodies if _small(b, wishes)]
    yield from (((b,), 0) for b in bodies if not _small(b, wishes))
    for _, of_prefecture in groupby(sharing, key=lambda b: b.code[:2]):
        number = 0
        mixed = sorted(of_prefecture, key=lambda b: (fixed.get(b.code, ""), b.code))
        for _, together in groupby(mixed, key=lambda b: fixed.get(b.code, "")):
            members = list(together)
            count = -(-len(members) // wishes.group)
            for part in range(count):
                number += 1
                start, end = part * len(members) // count, (part + 1) * len(members) // count
                yield tuple(members[start:end]), number


def _small(body: LocalGovernment, wishes: Wishes) -> bool:
    return body.kind in ("town", "village") and size_of(body, wishes) == "small"


def size_of(body: LocalGovernment, wishes: Wishes) -> Size:
    """The size class by the population that is given, else by kind; a designated city is `xlarge`."""
    given = wishes.assignments.get(body.code)
    if given is not None and given.population is not None:
        return size_class(given.population, body.kind)
    return "xlarge" if is_designated(body) else size_class(None, body.kind)


def is_designated(body: LocalGovernment) -> bool:
    """Whether it is a 政令指定都市: numbers 100, 130, 140, 150 within its prefecture (JIS X 0402)."""
    return body.kind == "city" and "100" <= body.code[2:5] < "200"


def packages_of(body: LocalGovernment, wishes: Wishes) -> tuple[str, ...]:
    """The catalogue entries of a body: those assigned to it, else by kind and size."""
    given = wishes.assignments.get(body.code)
    if given is not None and given.packages is not None:
        return given.packages
    return PREFECTURE_PACKAGES if body.kind == "prefecture" else PACKAGES[size_of(body, wishes)]


def _can(cloud: CloudName, body: LocalGovernment, wishes: Wishes, registry: Registry) -> bool:
    """Whether the cloud can run what the body has."""
    offers = CLOUDS[cloud]
    size = size_of(body, wishes)
    for name in packages_of(body, wishes):
        entry = registry.catalogue[name]
        if entry.delivery == "asp" and not offers.asp:
            return False
        if not {w.kind for w in entry.workloads.values()} <= offers.workloads:
            return False
        if entry.database is not None:
            if entry.database.engine not in offers.engines:
                return False
            most = offers.largest_database_gb
            if most is not None and fit(entry.database.sizes, size).storage_gb > most:
                return False
    return True


def _shuffled(code: str) -> bytes:
    return blake2s(code.encode(), digest_size=8).digest()


def _stacks_of(
    party: Party, isolation: Isolation, placed: Collection[str]
) -> Iterator[tuple[LocalGovernment, ...]]:
    """The bodies of each stack that a party needs, without those that are placed already."""
    left = tuple(body for body in party.bodies if body.code not in placed)
    if party.number and isolation != "account":
        if left:
            yield left
    else:
        yield from ((body,) for body in left)


def _prefix(members: int, wishes: Wishes) -> int:
    """The prefix length of a stack's range: a /20, or room for a /21 for each member's own network."""
    if members == 1 or wishes.isolation != "network":
        return 20
    return min(20, MEMBER_PREFIX - (members - 1).bit_length())


def _planned(
    environment: Environment,
    party: Party,
    bodies: tuple[LocalGovernment, ...],
    space: IPv4Network,
    wishes: Wishes,
    numbers: Mapping[str, int],
    prefecture: LocalGovernment,
) -> Planned:
    body, shared = bodies[0], party.number > 0
    given = wishes.assignments.get(body.code, Assignment())
    own_network = shared and wishes.isolation == "network"
    ranges: Iterable[IPv4Network | None] = (
        space.subnets(new_prefix=MEMBER_PREFIX) if own_network else [None] * len(bodies)
    )
    stack = body.slug
    if shared and wishes.isolation != "account":
        stack += "-shared"
    if environment == "verification":
        stack += "-verification"
    order = Order(
        body=body,
        cloud=party.cloud,
        environment=environment,
        packages=packages_of(body, wishes),
        unit=given.unit if environment == "production" else None,
        gateway=given.gateway or wishes.gateways.get((body.code[:2], party.cloud)),
        own_circuits=_has_circuits(body) and given.gateway is None,
        adopted=ADOPTED.get(party.cloud, ()),
        population=given.population,
        on_premises=town_hall(numbers[(prefecture if shared else body).code]),
        businesses=PREFECTURE_BUSINESSES if body.kind == "prefecture" else None,
        isolation=wishes.isolation if shared else None,
        seats=tuple(
            Seat(b, town_hall(numbers[b.code]), network) for b, network in zip(bodies, ranges, strict=False)
        )
        if shared
        else (),
        operator=prefecture if shared else None,
        origin=_origin(environment, party, body),
        schema=wishes.schema,
    )
    return Planned(stack, order, space)


def _has_circuits(body: LocalGovernment) -> bool:
    """Prefectures and designated cities have circuits of their own; everybody else uses the hub that the
    prefecture runs."""
    return body.kind == "prefecture" or is_designated(body)


def _origin(environment: Environment, party: Party, body: LocalGovernment) -> Text:
    kind = Text("本番", "production") if environment == "production" else Text("検証", "verification")
    ja = [f"{body.full_name}({body.code})・{kind.ja}。./jichitai fleet init が作成した。"]
    name = body.romaji.capitalize()
    en = [f"{name} ({body.full_name}, {body.code}), {kind.en}; made by ./jichitai fleet init."]
    if party.number:
        count = len(party.bodies)
        ja.append(f"共同利用: {body.prefecture}の第{party.number}グループ({count}団体)。")
        en.append(f"Shared use: group {party.number} of {body.prefecture}, {count} bodies.")
    ja.append("★ の行を埋めて使う。編集したファイルは、以後 fleet init に上書きされない。")
    en.append("Fill in the lines with ★. Once edited, fleet init never overwrites this file.")
    return Text("\n".join(ja), "\n".join(en))


def example_gateway(cloud: CloudName, prefecture: str) -> str:
    """An id of the right form for a prefecture's hub (`prefecture`: two digits) that nobody ever issued."""
    digest = blake2s(f"{prefecture}-{cloud}".encode(), digest_size=16).hexdigest()
    return {
        "aws": f"tgw-{digest[:17]}",
        "azure": f"/subscriptions/{placeholder_unit('azure', f'{prefecture}0000', 'production')}"
        "/resourceGroups/hub/providers/Microsoft.Network/virtualHubs/lgwan",
        "google": f"projects/lg-hub-{prefecture}/locations/global/hubs/lgwan",
        "oci": f"ocid1.drg.oc1.ap-tokyo-1.aaaaaaaa{digest}",
        "sakura": f"1137{int(digest, 16) % 10**8:08}",
    }[cloud]


def example_gateways() -> Mapping[tuple[str, CloudName], str]:
    """A made-up hub for every prefecture on every cloud: for the twin."""
    prefectures = [f"{number:02}" for number in range(1, 48)]
    return MappingProxyType({(p, cloud): example_gateway(cloud, p) for p in prefectures for cloud in CLOUDS})
