"""Trouble on request: repeatable, and gone when it is taken away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import empty_pb2
from hypothesis import given
from hypothesis import strategies as st

from providers.twin import faults
from providers.twin.aws.words import token
from providers.twin.caller import Caller, CallError
from providers.twin.faults import Fault, FaultError
from providers.twin.store import Store

TOPIC, VPC, SUBNET = token("sns.Topic"), token("ec2.Vpc"), token("ec2.Subnet")


@pytest.fixture(autouse=True)
def _calm(store: Store) -> Iterator[None]:
    yield
    for name, _, _ in store.faults():
        store.set_fault(name, None)


def test_a_throttled_call_is_retried_by_the_provider_and_succeeds(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("t", "throttle", type=TOPIC, scale=0.002))
    began = time.monotonic()
    assert caller.create(TOPIC, "t", {}).id
    assert time.monotonic() - began >= 31 * 0.002


def test_throttling_that_outlasts_the_retries_reaches_the_user(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("t", "throttle", type=TOPIC, scale=0, surfaced=True, operations=("create",)))
    with pytest.raises(CallError, match="ThrottlingException: Rate exceeded"):
        caller.create(TOPIC, "t", {})
    assert caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"}).id, "other types are not affected"


def test_a_transient_error_hits_the_calls_it_names(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("t", "transient", type="aws:sns/*", operations=("create",), calls=(2,)))
    assert caller.create(TOPIC, "a", {}).id
    with pytest.raises(CallError, match="StatusCode: 503"):
        caller.create(TOPIC, "b", {})
    assert caller.create(TOPIC, "b", {}).id


def test_a_lost_reply_has_had_its_effect(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("t", "lost-reply", type=TOPIC, operations=("create",), times=1))
    with pytest.raises(CallError, match="before the answer arrived"):
        caller.create(TOPIC, "a", {"name": "lost"})
    with pytest.raises(CallError, match="already exists"):
        caller.create(TOPIC, "a", {"name": "lost"})


def test_a_stuck_operation_ends_when_it_is_cancelled(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("t", "stuck", type=TOPIC, operations=("create",)))
    failed: list[str] = []

    def create() -> None:
        try:
            caller.create(TOPIC, "a", {})
        except CallError as error:
            failed.append(str(error))

    thread = threading.Thread(target=create)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    caller.stub.Cancel(empty_pb2.Empty())
    thread.join(5)
    assert "request context canceled" in failed[0]


def test_a_lost_zone_starts_nothing_new(caller: Caller, store: Store) -> None:
    vpc = caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"})
    zones = ("ap-northeast-1a", "ap-northeast-1c")
    subnets = [
        caller.create(
            SUBNET, zone, {"vpcId": vpc.id, "cidrBlock": f"10.0.{at}.0/24", "availabilityZone": zone}
        )
        for at, zone in enumerate(zones)
    ]
    faults.put(store, Fault("z", "zone", where=zones[0]))
    images = {"owners": ["amazon"], "filters": [{"name": "name", "values": ["al2023-*-x86_64"]}]}
    image = caller.invoke("aws:ec2/getAmi:getAmi", images)["id"]
    instance = {"ami": image, "instanceType": "t3.micro"}
    with pytest.raises(CallError, match="InsufficientInstanceCapacity"):
        caller.create(token("ec2.Instance"), "a", {**instance, "subnetId": subnets[0].id})
    assert caller.create(token("ec2.Instance"), "c", {**instance, "subnetId": subnets[1].id}).id


def test_a_lost_region_does_not_answer(caller: Caller, store: Store) -> None:
    faults.put(store, Fault("r", "region", where="ap-northeast-3"))
    with pytest.raises(CallError, match="does not answer"):
        caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16", "region": "ap-northeast-3"})
    assert caller.create(VPC, "v", {"cidrBlock": "10.0.0.0/16"}).id


def test_a_lost_circuit_is_down_until_it_is_back(caller: Caller, store: Store) -> None:
    connection = token("directconnect.Connection")
    made = caller.create(connection, "c", {"bandwidth": "1Gbps", "location": "EqTY2"})
    faults.put(store, Fault("c", "circuit", where=made.id))
    assert caller.read(made).state["state"] == "down"
    store.set_fault("c", None)
    assert caller.read(made).state["state"] == made.state["state"]


@given(st.integers(), st.floats(0, 1), st.integers(1, 500))
def test_the_same_seed_meets_the_same_faults(seed: int, probability: float, number: int) -> None:
    first = Fault("x", "slow", probability=probability, seed=seed)
    assert first.hits(number) == Fault("x", "slow", probability=probability, seed=seed).hits(number)


def test_half_the_calls_is_about_half() -> None:
    fault = Fault("x", "slow", probability=0.5, seed=7)
    assert 400 < sum(fault.hits(number) for number in range(1, 1001)) < 600


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "sideways"},
        {"kind": "slow", "colour": "red"},
        {"kind": "slow", "operations": ["dance"]},
        {"kind": "zone"},
        {"kind": "slow", "probability": 2},
    ],
)
def test_faults_that_make_no_sense_are_refused_in_both_languages(body: dict[str, object]) -> None:
    with pytest.raises(FaultError) as error:
        faults.parse("x", body)
    assert error.value.text.ja != error.value.text.en


def test_faults_come_from_files_too(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    path.write_text(
        "night:\n  kind: throttle\n  type: 'aws:ec2/*'\nday: {kind: zone, where: ap-northeast-1a}\n"
    )
    assert [fault.name for fault in faults.load(path)] == ["night", "day"]
    path.write_text("- not\n- a\n- map\n")
    with pytest.raises(FaultError):
        faults.load(path)
