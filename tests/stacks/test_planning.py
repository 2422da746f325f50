"""The plan: what it holds for the examples, and what never changes as a tenant grows."""

from __future__ import annotations

import json
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.plan import BudgetPlan, CloudPlan, NetworkPlan, TenantPlan
from stacks.planning import plan
from stacks.registry import registry
from stacks.validation import checked
from tests.stacks.examples import (
    HIMEJI,
    MATSUE,
    NAGANO,
    NISEKO,
    ONOMICHI,
    SHINJUKU,
    SHIZUOKA,
    STACKS,
    TODAY,
    value_of,
)

KNOWN = registry()
ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")


def planned(value: Any, stack: str) -> TenantPlan:
    return plan(checked(value, stack=stack, today=TODAY), KNOWN)


PLANS = {stack: planned(value_of(stack), stack) for stack in STACKS}


def aws(stack: str) -> CloudPlan:
    return PLANS[stack].clouds["aws"]


def networks() -> list[tuple[str, NetworkPlan]]:
    return [(s, n) for s, p in PLANS.items() for c in p.clouds.values() for n in c.networks.values()]


def test_the_typical_tenant_has_twenty_businesses_in_three_packages() -> None:
    made = aws(SHINJUKU)
    assert list(made.packages) == ["residents", "welfare", "children"]
    assert sorted(b for p in made.packages.values() for b in p.businesses) == sorted(KNOWN.businesses)
    assert made.lgwan.awaiting == ()
    assert {"audit_log", "configuration_recording", "threat_detection"} <= set(made.baseline.adopted)
    assert made.recovery_region == "ap-northeast-3"
    assert made.baseline.retention.archive_days == 2555
    assert 6 <= len(made.handovers) <= 10


def test_hand_overs_are_between_two_packages_and_each_has_a_prefix_of_its_own() -> None:
    for tenant in PLANS.values():
        for cloud in tenant.clouds.values():
            for handover in cloud.handovers:
                assert handover.sender != handover.receiver
                assert handover.sender_business in cloud.packages[handover.sender].businesses
                assert handover.receiver_business in cloud.packages[handover.receiver].businesses
            prefixes = [h.prefix for h in cloud.handovers]
            assert len(prefixes) == len(set(prefixes))
            assert not any(a.startswith(b) for a in prefixes for b in prefixes if a != b)


@pytest.mark.parametrize(("stack", "network"), networks())
def test_subnets_are_disjoint_and_meet_nothing_in_use(stack: str, network: NetworkPlan) -> None:
    subnets = [subnet.cidr for subnet in network.subnets.values()]
    assert all(subnet.subnet_of(network.cidr) for subnet in subnets)
    assert not any(a.overlaps(b) for a, b in combinations(subnets, 2))
    assert not any(network.cidr.overlaps(used) for used in network.on_premises)


def test_no_two_networks_of_the_fleet_overlap() -> None:
    assert not any(a.cidr.overlaps(b.cidr) for (_, a), (_, b) in combinations(networks(), 2))


@pytest.mark.parametrize(("stack", "network"), networks())
def test_no_flow_crosses_the_segments(stack: str, network: NetworkPlan) -> None:
    for flow in network.flows:
        ends = [
            network.groups[p.key].role.split("-")[0] for p in (flow.source, flow.target) if p.kind == "group"
        ]
        assert len({end for end in ends if end in {"mynumber", "lgwan"}}) <= 1


@pytest.mark.parametrize(("stack", "network"), networks())
def test_flows_are_between_what_exists_and_never_the_internet(stack: str, network: NetworkPlan) -> None:
    assert network.flows
    for flow in network.flows:
        for peer in (flow.source, flow.target):
            if peer.kind == "group":
                assert peer.key in network.groups
                assert peer.ranges
            assert IPv4Network("0.0.0.0/0") not in peer.ranges
        assert flow.reason.isascii()
        if flow.target.key == "internet-exception":
            assert network.egress


def test_the_internet_is_open_only_where_the_manifest_says() -> None:
    opened = {stack for stack, network in networks() if network.egress}
    assert opened == {HIMEJI, MATSUE, NISEKO, SHIZUOKA}
    assert {s for s, n in networks() if n.of_role("egress")} == opened


def test_network_isolation_gives_each_member_a_network_that_reaches_its_own_ranges() -> None:
    made = aws(NAGANO)
    assert list(made.networks) == ["204137", "204145", "204153"]
    assert {p.network for p in made.packages.values()} == set(made.networks)
    for network in made.networks.values():
        others = [n for n in made.networks.values() if n is not network]
        assert not any(a.overlaps(b) for n in others for a in network.on_premises for b in n.on_premises)


def test_an_asp_has_an_endpoint_and_nothing_of_its_own() -> None:
    asp = aws(ONOMICHI).packages["welfare"]
    assert asp.endpoint
    assert not asp.workloads
    assert asp.database is None
    groups = aws(ONOMICHI).networks["main"].groups
    assert [g for g in groups if g.startswith("welfare-")] == ["welfare-entry"]


@pytest.mark.parametrize(
    ("stack", "awaiting"),
    [("014583-higashikawa", ("gateway",)), ("392103-shimanto", ("first", "second")), (HIMEJI, ())],
)
def test_what_is_on_order_is_named(stack: str, awaiting: tuple[str, ...]) -> None:
    assert aws(stack).lgwan.awaiting == awaiting


def test_only_verification_has_a_schedule() -> None:
    for stack, tenant in PLANS.items():
        scheduled = [
            p.schedule is not None
            for c in tenant.clouds.values()
            for p in c.packages.values()
            if p.delivery == "hosted"
        ]
        assert all(scheduled) if stack.endswith("-verification") else not any(scheduled)


def test_tags_are_ascii_codes() -> None:
    for tenant in PLANS.values():
        for cloud in tenant.clouds.values():
            tags = [*cloud.tags.items(), *(t for p in cloud.packages.values() for t in p.tags.items())]
            assert all(key.isascii() and value.isascii() and len(value) <= 256 for key, value in tags)


Choice = tuple[tuple[str, ...], tuple[str, ...], bool]
choices: st.SearchStrategy[Choice] = st.tuples(
    st.sets(st.sampled_from(ZONES), min_size=2).map(lambda s: tuple(sorted(s))),
    st.sets(st.sampled_from(["residents", "welfare", "children"])).map(lambda s: tuple(sorted(s))),
    st.booleans(),
)


def grown(choice: Choice) -> CloudPlan:
    """新宿区 with these zones and packages; what no package serves stays on premises."""
    zones, packages, opened = choice
    value = json.loads(json.dumps(value_of(SHINJUKU)))
    value["clouds"]["aws"]["zones"] = list(zones)
    value["packages"] = {key: value["packages"][key] for key in packages}
    placed = {b for p in value["packages"].values() for b in KNOWN.catalogue[p["catalogue"]].businesses}
    value["on_premises"] = [b for b in KNOWN.businesses if b not in placed]
    if opened:
        value["internet"] = {
            "patch": {"destinations": ["a.example"], "reason": "x", "approver": "y", "expires": "2027-01-01"}
        }
    return planned(value, SHINJUKU).clouds["aws"]


@settings(max_examples=60, deadline=None)
@given(choices, choices)
def test_growing_moves_no_subnet_and_no_name(before: Choice, after: Choice) -> None:
    one, other = grown(before), grown(after)
    for key in one.networks["main"].subnets.keys() & other.networks["main"].subnets.keys():
        assert one.networks["main"].subnets[key] == other.networks["main"].subnets[key]
    zones = set(before[0]) & set(after[0])
    for zone in zones:
        held = [{s.key for s in p.networks["main"].subnets.values() if s.zone == zone} for p in (one, other)]
        # A role may come (egress), none goes or changes its slot.
        assert held[0] ^ held[1] <= {f"egress-{ZONES.index(zone)}"}
    for key in one.packages.keys() & other.packages.keys():
        assert one.packages[key].host == other.packages[key].host
    assert one.prefix == other.prefix
    shared = {h.key for h in one.handovers} & {h.key for h in other.handovers}
    assert {h for h in one.handovers if h.key in shared} == {h for h in other.handovers if h.key in shared}


@settings(max_examples=30, deadline=None)
@given(choices)
def test_the_same_manifest_gives_the_same_plan(choice: Choice) -> None:
    assert grown(choice) == grown(choice)


@pytest.mark.parametrize("stack", STACKS)
def test_a_plan_takes_at_most_twenty_milliseconds(stack: str) -> None:
    import time

    tenant = checked(value_of(stack), stack=stack, today=TODAY)
    times: list[float] = []
    for _ in range(9):
        started = time.process_time()
        plan(tenant, KNOWN)
        times.append(time.process_time() - started)
    assert min(times) <= 0.020


def test_a_budget_is_in_the_currency_of_the_bill() -> None:
    def budget(stack: str, **said: int) -> BudgetPlan:
        value = value_of(stack)
        ((cloud, unit),) = value["clouds"].items()
        for key in ("budget_usd", "budget_jpy"):
            unit.pop(key, None)
        unit |= said
        return planned(value, stack).clouds[cloud].baseline.budget

    assert budget("131041-shinjuku") == BudgetPlan(10_000, "USD")
    assert budget("131041-shinjuku", budget_usd=20_000) == BudgetPlan(20_000, "USD")
    assert budget("131202-nerima") == BudgetPlan(1_500_000, "JPY")
    assert budget("131202-nerima", budget_usd=20_000) == BudgetPlan(20_000, "USD")
    assert budget("131202-nerima", budget_jpy=3_000_000) == BudgetPlan(3_000_000, "JPY")
