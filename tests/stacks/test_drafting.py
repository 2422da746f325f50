"""`new`: what it writes is valid for every body and cloud, and overlaps nobody."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stacks.addressing import overlaps
from stacks.drafting import (
    MARK,
    POOL,
    PREFIX,
    Order,
    draft,
    free_space,
    package_key,
    placeholder_unit,
    share_out,
)
from stacks.manifest import Environment
from stacks.registry import LocalGovernment, registry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.rules.addresses import own_spaces
from stacks.text import Language
from stacks.validation import File, tenants_of, validate
from tests.stacks.examples import STACKS, TODAY, file_name, text_of

KNOWN = registry()
BODIES = list(KNOWN.governments.values())
FLEET = [File(file_name(stack), text_of(stack).encode()) for stack in STACKS]
ALLOCATED = [space for tenant in tenants_of(FLEET) for _, space in own_spaces(tenant)]
ENVIRONMENTS: tuple[Environment, ...] = ("production", "verification")

CHOICES = (
    ("all-in-one",),
    ("residents", "tax"),
    ("residents-tax", "welfare-asp", "childcare-health"),
    ("tax", "all-in-one"),
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(BODIES),
    st.sampled_from(tuple(name for name, cloud in CLOUDS.items() if cloud.ready)),
    st.sampled_from(ENVIRONMENTS),
    st.sampled_from(CHOICES),
    st.sampled_from(("ja", "en")),
)
def test_a_draft_is_valid_as_it_stands(
    body: LocalGovernment,
    cloud: CloudName,
    environment: Environment,
    packages: tuple[str, ...],
    language: Language,
) -> None:
    assume(CLOUDS[cloud].asp or all(KNOWN.catalogue[p].delivery == "hosted" for p in packages))
    space = free_space(body, environment, KNOWN, ALLOCATED, ())
    assert space is not None
    text = draft(Order(body, cloud, environment, packages, None), space, KNOWN, language)
    name = file_name(body.slug + ("-verification" if environment == "verification" else ""))
    others = [f for f in FLEET if f.name != name]
    assert validate([File(name, text.encode())], others=others, today=TODAY) == []
    marked = [line for line in text.splitlines() if f"# {MARK}" in line]
    assert len(marked) >= 6
    assert all(("要記入" if language == "ja" else "FILL IN") in line for line in marked)


def test_what_was_given_is_not_asked_for() -> None:
    order = Order(BODIES[0], "aws", "production", ("all-in-one",), "123456789012")
    text = draft(order, IPv4Network("10.0.0.0/20"), KNOWN, "en")
    assert 'unit: "123456789012"' in text
    assert "FILL IN: AWS account" not in text


def test_no_two_bodies_are_proposed_the_same_range() -> None:
    spaces = [
        (f"{body.code} {environment}", free_space(body, environment, KNOWN, (), ()))
        for body in BODIES
        for environment in ENVIRONMENTS
    ]
    assert all(space is not None and space.subnet_of(POOL) for _, space in spaces)
    assert overlaps([(owner, space) for owner, space in spaces if space is not None]) == []
    # The pool has a place for each stack of each body.
    assert (1 << (PREFIX - POOL.prefixlen)) >= 2 * len(BODIES)


# Few and small enough that the pool always has a place left.
taken = st.lists(
    st.builds(
        lambda number, length: IPv4Network(((10 << 24) + (number << 12), length), strict=False),
        st.integers(0, 4095),
        st.integers(12, 24),
    ),
    max_size=7,
)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(BODIES), taken, taken)
def test_a_proposal_overlaps_nobody(
    body: LocalGovernment, allocated: list[IPv4Network], in_use: list[IPv4Network]
) -> None:
    space = free_space(body, "production", KNOWN, allocated, in_use)
    assert space is not None
    assert not any(space.overlaps(other) for other in (*allocated, *in_use))
    assert space == free_space(body, "production", KNOWN, allocated, in_use)


def test_an_exhausted_pool_proposes_nothing_and_a_crowded_one_what_is_allocated_to_none() -> None:
    assert free_space(BODIES[0], "production", KNOWN, [POOL], ()) is None
    assert free_space(BODIES[0], "production", KNOWN, (), [POOL]) == IPv4Network("10.0.0.0/20")


def test_businesses_go_to_the_first_that_offers_them_and_none_is_lost() -> None:
    for packages in CHOICES:
        shares, outside = share_out([KNOWN.catalogue[p] for p in packages], KNOWN)
        placed = [b for share in shares.values() for b in share] + list(outside)
        assert sorted(placed) == sorted(KNOWN.businesses)


def test_placeholders_have_the_clouds_form_and_differ() -> None:
    for cloud in CLOUDS.values():
        made = [placeholder_unit(cloud.name, code, e) for code in ("011002", "131041") for e in ENVIRONMENTS]
        assert all(re.fullmatch(cloud.unit, unit) for unit in made)
        assert not any(a == b for a, b in combinations(made, 2))


@pytest.mark.parametrize("entry", [*KNOWN.catalogue, "a-very-long-id-of-a-vendors-package"])
def test_a_package_key_is_a_key(entry: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,14}[a-z0-9]", package_key(entry))
