"""Sizes, names and conditions, worked out by hand from Google's documentation."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.google import facts
from components.google.baseline.audit import archive_lifecycle
from components.google.baseline.guards import by_mail
from components.google.baseline.keys import ring_name
from components.google.iaas.egress import matcher
from components.google.lgwan.circuits import accepting, bandwidth
from components.google.paas.members import short_name
from components.google.saas.schedule import body, cron
from stacks.plan import ContactPlan, EgressPlan, RetentionPlan, SchedulePlan


@pytest.mark.parametrize(
    ("vcpu", "memory", "tier"),
    [
        (2, 8, "db-custom-2-8192"),
        (4, 32, "db-custom-6-32768"),  # 8 GiB a virtual CPU are too many: 6.5 are the most
        (1, 1, "db-custom-1-3840"),
        (3, 8, "db-custom-4-8192"),  # one or an even number
        (8, 64, "db-custom-10-65536"),
    ],
)
def test_custom_tiers_of_cloud_sql(vcpu: int, memory: int, tier: str) -> None:
    assert facts.sql_tier(vcpu, memory) == tier


@given(st.integers(1, 96), st.integers(1, 600))
def test_a_tier_is_possible_and_never_too_small(vcpu: int, memory: int) -> None:
    try:
        cpus, megabytes = map(int, facts.sql_tier(vcpu, memory).split("-")[2:])
    except ValueError:
        assert -(-memory * 1024 // facts.SQL_MOST_MB_PER_CPU) > 94
        return
    assert cpus >= vcpu
    assert megabytes >= memory * 1024
    assert cpus == 1 or cpus % 2 == 0
    assert megabytes % 256 == 0
    assert megabytes <= cpus * facts.SQL_MOST_MB_PER_CPU


@pytest.mark.parametrize(
    ("vcpu", "memory", "limits"),
    [(1, 2, ("1", "2Gi")), (1, 8, ("2", "8Gi")), (2, 16, ("4", "16Gi")), (4, 32, ("8", "32Gi"))],
)
def test_cloud_run_wants_cpus_for_memory(vcpu: float, memory: float, limits: tuple[str, str]) -> None:
    found = facts.run_limits(vcpu, memory)
    assert (found["cpu"], found["memory"]) == limits


def test_what_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="Cloud Run"):
        facts.run_limits(1, 33)
    with pytest.raises(ValueError, match="N2"):
        facts.machine_type(129, 8)
    with pytest.raises(ValueError, match="AlloyDB"):
        facts.alloydb_cpus(2, 1025)
    with pytest.raises(ValueError, match="VLAN attachment"):
        bandwidth(100_001)


def test_the_cheapest_machine_that_is_enough() -> None:
    assert facts.machine_type(2, 8).name == "n2-standard-2"
    assert facts.machine_type(2, 16).name == "n2-highmem-2"
    assert facts.machine_type(2, 2).name == "n2-highcpu-2"
    assert bandwidth(1000) == "BPS_1G"
    assert bandwidth(51) == "BPS_100M"


def test_labels_fit_and_stay_different() -> None:
    ids = "-".join(f"{number:03}" for number in range(20))
    first, second = facts.labels({"a": ids}), facts.labels({"a": ids + "-021"})
    assert len(first["a"]) <= 63
    assert first != second
    assert facts.labels({"usage": "Shared Network"}) == {"usage": "shared-network"}


def test_a_ring_whose_keys_are_gone_is_left_behind() -> None:
    assert ring_name("keys", {}) == "keys"
    assert ring_name("keys", {"keys": ()}) == "keys"
    assert ring_name("keys", {"keys": ("ENABLED", "DESTROY_SCHEDULED")}) == "keys"
    gone = ("DESTROY_SCHEDULED", "DESTROYED")
    assert ring_name("keys", {"keys": gone}) == "keys-2"
    assert ring_name("keys", {"keys": gone, "keys-2": gone}) == "keys-3"
    assert ring_name("keys", {"keys": gone, "keys-2": ("ENABLED",)}) == "keys-2"


def test_an_address_is_a_contact_once() -> None:
    def contact(email: str) -> ContactPlan:
        return ContactPlan("n", "o", "t", email, None)

    found = by_mail({"operations": contact("a@x"), "security": contact("b@x"), "billing": contact("a@x")})
    assert found["a@x"] == ("BILLING", "SUSPENSION", "TECHNICAL", "TECHNICAL_INCIDENTS")
    assert found["b@x"] == ("SECURITY",)


def test_users_of_identities() -> None:
    address = "jt131083p-tax@lg-131083-example.iam.gserviceaccount.com"
    assert short_name(address, "postgresql") == "jt131083p-tax@lg-131083-example.iam"
    assert short_name(address, "mysql") == "jt131083p-tax"


def test_expressions() -> None:
    egress = EgressPlan("patch", ("a.example", 'b".example'), "x", date(2029, 1, 1))
    assert matcher(egress) == 'host() == "a.example" || host() == "b\\".example"'
    assert accepting((IPv4Network("10.0.0.0/16"),)) == (
        "destination.inAnyRange([prefix('10.0.0.0/16').orLonger()])"
    )


def test_hours() -> None:
    schedule = SchedulePlan("08:30", "20:00")
    assert cron(schedule, "start") == "30 8 * * 1-5"
    assert cron(schedule, "stop") == "0 20 * * 1-5"
    assert body({"b": 1, "a": 2}) == "eyJhIjogMiwgImIiOiAxfQ=="


def test_logs_are_never_kept_shorter_than_searchable() -> None:
    assert archive_lifecycle(RetentionPlan(365, 2555, 35)) == (365, 2555)
    assert archive_lifecycle(RetentionPlan(400, 365, 35)) == (None, 400)
