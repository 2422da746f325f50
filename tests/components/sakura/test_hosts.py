"""Addresses, plans and places: pure."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.sakura import facts
from stacks import addressing, hosts
from stacks.addressing import ROLES
from stacks.plan import DatabasePlan
from tests.components.sakura.conftest import sakura_plan
from tests.stacks.examples import AOMORI, BUNKYO, NISEKO

RANGES = st.builds(
    lambda length, at: IPv4Network((0x0A000000 + at * (1 << 16), length)),
    st.integers(addressing.LARGEST, addressing.SMALLEST),
    st.integers(0, 255),
)


@pytest.mark.parametrize("space", [IPv4Network("10.0.0.0/22"), IPv4Network("172.16.8.0/21")], ids=str)
def test_no_two_hosts_share_an_address(space: IPv4Network) -> None:
    seen: dict[IPv4Address, str] = {}
    for role in ROLES:
        for number in range(1, hosts.BLOCK if role != "connect" else max(hosts.NAME_SERVERS) + 1):
            _take(seen, hosts.own(space, role, number), f"{role} {number}")
        if role == "connect":
            continue
        for package in range(hosts.capacity(space)):
            for slot in range(hosts.ZONES):
                for number in range(hosts.BLOCK):
                    _take(seen, hosts.host(space, role, slot, package, number), f"{role} {package} {number}")
        assert all(
            address in hosts.segment(space, role)
            for address, who in seen.items()
            if who.startswith(f"{role} ")
        )


def _take(seen: dict[IPv4Address, str], address: IPv4Address, who: str) -> None:
    assert address not in seen, f"{who} and {seen[address]}"
    seen[address] = who


@given(RANGES)
def test_segments_of_roles_do_not_overlap(space: IPv4Network) -> None:
    segments = [hosts.segment(space, role) for role in ROLES]
    assert all(not a.overlaps(b) for n, a in enumerate(segments) for b in segments[:n])
    assert all(segment.subnet_of(space) for segment in segments)


def test_what_does_not_fit_is_an_error() -> None:
    space = IPv4Network("10.0.0.0/22")
    assert hosts.capacity(space) == 3
    with pytest.raises(ValueError, match="does not fit"):
        hosts.host(space, "mynumber-app", 0, 3, 0)
    with pytest.raises(ValueError, match="does not fit"):
        hosts.host(space, "mynumber-app", 0, 0, hosts.BLOCK)


@pytest.mark.parametrize("stack", [BUNKYO, NISEKO, AOMORI])
def test_every_server_has_a_seat_of_its_own(stack: str) -> None:
    plan = sakura_plan(stack)
    for package in plan.packages.values():
        seats = [
            (place.zone, place.seat)
            for workload in package.workloads.values()
            for place in facts.places(plan, package, workload)
        ]
        assert len(seats) == len(set(seats))
        assert {zone for zone, _ in seats} == set(plan.zones)
        assert all(seat < hosts.SERVERS for _, seat in seats)


def test_a_package_added_at_the_end_moves_nothing() -> None:
    plan = sakura_plan(BUNKYO)
    longer = replace(plan, packages={**plan.packages, "new": next(iter(plan.packages.values()))})
    for package in plan.packages.values():
        assert facts.position(plan, package) == facts.position(longer, package)


def test_plans_are_the_smallest_that_are_enough() -> None:
    assert facts.server_plan(0.5, 1.5) == (1, 2)
    assert facts.server_plan(3, 16) == (4, 16)
    assert facts.disk_size(20) == 20
    assert facts.disk_size(101) == 250
    with pytest.raises(ValueError, match="the most is 32"):
        facts.server_plan(33, 1)
    database = DatabasePlan("postgresql", "16", 2, 8, 400, 5432, True, "app", "dbadmin")
    assert facts.database_plan(database) == "500g"
    with pytest.raises(ValueError, match="1001"):
        facts.database_plan(replace(database, storage_gb=1001))


@pytest.mark.parametrize("stack", [BUNKYO, NISEKO, AOMORI])
def test_tags_leave_the_provider_its_own(stack: str) -> None:
    plan = sakura_plan(stack)
    for package in plan.packages.values():
        tags = (*facts.tenant_tags(plan), *facts.package_tags(package), facts.apart(5))
        assert len(tags) <= facts.TAGS
        assert all(tag.isascii() and len(tag) <= 32 for tag in tags)
        assert all(system in facts.description(package, "database") for system in package.system_ids)
