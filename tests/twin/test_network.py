"""Address, reference and in-use logic against a simple oracle."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from providers.twin.aws import AWS
from providers.twin.aws.words import token
from providers.twin.behaviour import Refusal
from providers.twin.scope import Session
from providers.twin.store import Store
from providers.twin.world import World

VPC, SUBNET, TABLE = token("ec2.Vpc"), token("ec2.Subnet"), token("ec2.RouteTable")
ASSOCIATION = token("ec2.RouteTableAssociation")
_UNITS = itertools.count(200_000_000_000)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(tmp_path_factory.mktemp("network") / "store.sqlite")
    yield World(AWS, store)
    store.close()


def _session() -> Session:
    return Session(str(next(_UNITS)), "ap-northeast-1")


@st.composite
def _ranges(draw: st.DrawFn) -> ipaddress.IPv4Network:
    prefix = draw(st.integers(16, 28))
    address = draw(st.integers(0, 2**18 - 1)) | int(ipaddress.IPv4Address("10.0.0.0"))
    return ipaddress.IPv4Network((address, prefix), strict=False)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_ranges(), min_size=1, max_size=14))
def test_subnets_are_taken_exactly_when_they_fit_and_are_free(
    world: World, wanted: list[ipaddress.IPv4Network]
) -> None:
    session = _session()
    whole = ipaddress.IPv4Network("10.0.0.0/16")
    vpc = world.create(session, VPC, "vpc", {"cidrBlock": str(whole)})
    taken: list[ipaddress.IPv4Network] = []
    for number, network in enumerate(wanted):
        inside = network.subnet_of(whole)
        free = not any(network.overlaps(other) for other in taken)
        inputs = {"vpcId": vpc.id, "cidrBlock": str(network)}
        if inside and free:
            world.create(session, SUBNET, f"s{number}", inputs)
            taken.append(network)
        else:
            with pytest.raises(Refusal) as refusal:
                world.create(session, SUBNET, f"s{number}", inputs)
            expected = "InvalidSubnet.Conflict" if inside else "InvalidSubnet.Range"
            assert refusal.value.code == expected


_STEPS = st.tuples(st.sampled_from(["make", "drop"]), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STEPS, max_size=30))
def test_nothing_goes_while_it_is_held(  # noqa: C901 - the oracle is one list of cases
    world: World, steps: list[tuple[str, int, int]]
) -> None:
    """Subnets hold the VPC, associations hold route tables; the oracle is four sets."""
    session = _session()
    vpc = world.create(session, VPC, "vpc", {"cidrBlock": "10.0.0.0/16"})
    subnets: dict[int, str] = {}
    tables: dict[int, str] = {}
    associations: dict[int, int] = {}
    for action, at, other in steps:
        if action == "make" and at not in subnets:
            inputs = {"vpcId": vpc.id, "cidrBlock": f"10.0.{at}.0/24"}
            subnets[at] = world.create(session, SUBNET, f"s{at}", inputs).id
        elif action == "make" and other not in tables:
            tables[other] = world.create(session, TABLE, f"t{other}", {"vpcId": vpc.id}).id
        elif action == "make" and at in associations:
            pair = {"subnetId": subnets[at], "routeTableId": tables[other]}
            with pytest.raises(Refusal, match="AlreadyAssociated"):
                world.create(session, ASSOCIATION, "again", pair)
        elif action == "make":
            pair = {"subnetId": subnets[at], "routeTableId": tables[other]}
            world.create(session, ASSOCIATION, f"a{at}", pair)
            associations[at] = other
        elif other in tables and other in associations.values():
            with pytest.raises(Refusal, match="DependencyViolation"):
                world.delete(session, TABLE, "t", tables[other], {})
        elif other in tables:
            world.delete(session, TABLE, "t", tables.pop(other), {})
        elif at in subnets:
            # A subnet takes its association with it, as EC2 does.
            world.delete(session, SUBNET, "s", subnets.pop(at), {})
            associations.pop(at, None)
        elif subnets or tables:
            with pytest.raises(Refusal, match="DependencyViolation"):
                world.delete(session, VPC, "vpc", vpc.id, {})
    for table in set(associations.values()):
        with pytest.raises(Refusal, match="DependencyViolation"):
            world.delete(session, TABLE, "t", tables[table], {})
    for subnet in subnets.values():
        world.delete(session, SUBNET, "s", subnet, {})
    for table in tables.values():
        world.delete(session, TABLE, "t", table, {})
    world.delete(session, VPC, "vpc", vpc.id, {})
    assert world.read(session, VPC, "vpc", vpc.id, {}, {}).id == ""


def test_a_vpc_of_another_region_does_not_exist_here(world: World) -> None:
    session = _session()
    far = world.create(session, VPC, "far", {"cidrBlock": "10.0.0.0/16", "region": "ap-northeast-3"})
    with pytest.raises(Refusal, match=r"InvalidVpcID\.NotFound"):
        world.create(session, SUBNET, "s", {"vpcId": far.id, "cidrBlock": "10.0.0.0/24"})
    near = {"vpcId": far.id, "cidrBlock": "10.0.0.0/24", "region": "ap-northeast-3"}
    subnet = world.create(session, SUBNET, "s", near)
    assert subnet.state["arn"].startswith("arn:aws:ec2:ap-northeast-3:")
    assert subnet.state["availabilityZone"] == "ap-northeast-3a"


def test_units_do_not_see_each_other(world: World) -> None:
    vpc = world.create(_session(), VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    stranger = _session()
    with pytest.raises(Refusal, match=r"InvalidVpcID\.NotFound"):
        world.create(stranger, SUBNET, "s", {"vpcId": vpc.id, "cidrBlock": "10.0.0.0/24"})
    assert world.read(stranger, VPC, "v", vpc.id, {}, {}).id == ""


def test_a_refused_creation_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    world, session = World(AWS, store), _session()
    world.hand_over(session)
    before = store.size()
    with pytest.raises(Refusal):
        world.create(session, VPC, "v", {"cidrBlock": "10.0.0.0/8"})
    assert store.size() == before
    assert world.create(session, VPC, "v", {"cidrBlock": "10.0.0.0/16"}).id
    store.close()
