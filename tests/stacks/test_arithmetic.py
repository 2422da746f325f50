"""Addresses, names, sizes: the pure parts of a plan."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks import addressing, naming, sizing
from stacks.addressing import ROLES, SLOTS

spaces = st.builds(
    lambda length, seed: IPv4Network(((10 << 24) + (seed << (32 - length)) % (1 << 24), length)),
    st.integers(addressing.LARGEST, addressing.SMALLEST),
    st.integers(0, 1 << 14),
)
networks = st.builds(
    lambda address, length: IPv4Network((address, length), strict=False),
    st.integers(10 << 24, (10 << 24) + (1 << 20)),
    st.integers(12, 30),
)
owned = st.lists(st.tuples(st.sampled_from("abcdef"), networks), max_size=20)


@given(spaces)
def test_slots_are_disjoint_and_inside(space: IPv4Network) -> None:
    slots = [addressing.slot(space, role, index) for role in ROLES for index in range(SLOTS)]
    assert all(slot.subnet_of(space) for slot in slots)
    assert not any(a.overlaps(b) for a, b in combinations(slots, 2))
    # Nothing of the range is lost: 32 slots of a 32nd part.
    assert sum(slot.num_addresses for slot in slots) == space.num_addresses


@given(spaces, st.sampled_from(ROLES), st.integers(0, SLOTS - 1))
def test_a_slot_lies_in_its_roles_block(space: IPv4Network, role: addressing.Role, index: int) -> None:
    assert addressing.slot(space, role, index).subnet_of(addressing.block(space, role))


def test_the_order_of_roles_is_the_address_plan() -> None:
    # A change here moves the subnets of every tenant that exists.
    assert str(addressing.slot(IPv4Network("10.64.0.0/20"), "mynumber-app", 0)) == "10.64.0.0/25"
    assert str(addressing.slot(IPv4Network("10.64.0.0/20"), "lgwan-data", 1)) == "10.64.6.128/25"
    assert str(addressing.slot(IPv4Network("10.64.0.0/20"), "egress", 3)) == "10.64.13.128/25"


@pytest.mark.parametrize("index", [-1, 4, 100])
def test_there_is_no_other_slot(index: int) -> None:
    with pytest.raises(ValueError, match=r"not in 0\.\.3"):
        addressing.slot(IPv4Network("10.0.0.0/16"), "connect", index)


@given(owned)
def test_overlaps_are_those_of_brute_force(ranges: list[tuple[str, IPv4Network]]) -> None:
    found = {
        frozenset([(o.first, o.first_range), (o.second, o.second_range)]) for o in addressing.overlaps(ranges)
    }
    brute = {frozenset([a, b]) for a, b in combinations(ranges, 2) if a[0] != b[0] and a[1].overlaps(b[1])}
    assert found == brute


@given(st.lists(networks, max_size=12))
def test_a_summary_has_the_same_addresses(ranges: list[IPv4Network]) -> None:
    summary = addressing.summarise(ranges)
    assert list(summary) == sorted(summary)
    assert not any(a.overlaps(b) for a, b in combinations(summary, 2))
    assert all(any(r.subnet_of(s) for s in summary) for r in ranges)
    assert all(any(r.subnet_of(s) for r in ranges) for s in summary if s in ranges)


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("10.0.0.0/8", True),
        ("172.31.0.0/16", True),
        ("172.32.0.0/16", False),
        ("192.168.255.0/24", True),
        ("8.0.0.0/5", False),
        ("100.64.0.0/10", False),
    ],
)
def test_private_is_rfc_1918(text: str, private: bool) -> None:
    assert addressing.is_private(IPv4Network(text)) is private


parts = st.lists(st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True), min_size=1, max_size=6)


@given(parts, st.integers(12, 63))
def test_a_name_fits_and_is_stable(words: list[str], limit: int) -> None:
    made = naming.name(*words, limit=limit)
    assert len(made) <= limit
    assert re.fullmatch(r"[a-z][a-z0-9-]*[a-z0-9]|[a-z]", made)
    assert made == naming.name(*words, limit=limit)
    if len("-".join(words)) <= limit:
        assert made == "-".join(words)


@given(parts, parts, st.integers(12, 30))
def test_names_differ_where_their_parts_do(one: list[str], other: list[str], limit: int) -> None:
    same = "-".join(one) == "-".join(other)
    assert (naming.name(*one, limit=limit) == naming.name(*other, limit=limit)) is same


def test_a_name_needs_room() -> None:
    with pytest.raises(ValueError, match="no room"):
        naming.name("a", limit=11)


def test_a_prefix_has_nine_characters() -> None:
    assert naming.prefix("131041", "production") == "jt131041p"
    assert naming.prefix("131041", "verification") == "jt131041v"


@pytest.mark.parametrize(
    ("population", "kind", "size"),
    [
        (1, "city", "small"),
        (19_999, "city", "small"),
        (20_000, "village", "medium"),
        (100_000, "town", "large"),
        (500_000, "town", "xlarge"),
        (None, "village", "small"),
        (None, "special_ward", "large"),
        (None, "prefecture", "large"),
    ],
)
def test_size_follows_population_then_kind(population: int | None, kind: str, size: str) -> None:
    assert sizing.size_class(population, kind) == size


@given(st.sets(st.sampled_from(sizing.SIZES), min_size=1), st.sampled_from(sizing.SIZES))
def test_the_smallest_that_is_enough_is_taken(offered: set[sizing.Size], wanted: sizing.Size) -> None:
    rank = sizing.SIZES.index
    taken = sizing.fit({size: size for size in offered}, wanted)
    enough = [size for size in offered if rank(size) >= rank(wanted)]
    assert taken == (min(enough, key=rank) if enough else max(offered, key=rank))


def test_nothing_fits_nothing() -> None:
    with pytest.raises(ValueError, match="no size"):
        sizing.fit({}, "small")
