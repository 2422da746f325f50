"""What counts as domestic, in each cloud's own way of writing where: regions, zones, pairs of regions."""

from __future__ import annotations

from datetime import date

import pytest

from policies.evaluate import Options, judge
from policies.facts import Facts, Kind, Line
from policies.join import Estate
from policies.model import Resource, Stack
from policies.rules import RULES
from policies.rules.location import domestic
from policies.rules.record import Context, Parameters

CONTEXT = Context(Parameters(), "production", date(2026, 11, 24))
AT_HOME = {
    "aws": ("ap-northeast-1", "ap-northeast-3", "ap-northeast-1a", "ap-northeast-3c"),
    "azure": ("japaneast", "japanwest", "Japan East", "JapanWest"),
    "google": ("asia-northeast1", "asia-northeast2", "asia-northeast1-a", "ASIA-NORTHEAST2"),
    "oci": ("ap-tokyo-1", "ap-osaka-1"),
    "sakura": ("is1a", "is1b", "tk1a", "tk1b", "tky01", "isk01"),
}
ABROAD = {
    "aws": ("ap-northeast-2", "us-east-1", "ap-northeast-11", "ap-northeast-1-tpe-1a", "ap-southeast-1a"),
    "azure": ("koreacentral", "japaneast2", "jpe", "eastasia", "global2"),
    "google": ("asia-northeast3", "asia-northeast10", "asia-northeast3-a", "asia", "US", "EU", "nam4"),
    "oci": ("ap-seoul-1", "ap-tokyo-10", "us-ashburn-1", "nrt"),
    "sakura": ("is1c", "tk1v", "us1a"),
}


@pytest.mark.parametrize(("cloud", "region"), [(c, r) for c, found in AT_HOME.items() for r in found])
def test_at_home(cloud: str, region: str) -> None:
    assert domestic(cloud, region, CONTEXT)


@pytest.mark.parametrize(("cloud", "region"), [(c, r) for c, found in ABROAD.items() for r in found])
def test_abroad(cloud: str, region: str) -> None:
    assert not domestic(cloud, region, CONTEXT)


@pytest.mark.parametrize(("region", "found"), [("ASIA1", False), ("ASIA", True), ("asia-northeast1", False)])
def test_a_bucket_in_the_domestic_pair_of_regions_is_at_home(region: str, found: bool) -> None:
    kind = "gcp:storage/bucket:Bucket"
    bucket = Resource(f"urn:pulumi:s::p::{kind}::b", kind, "b", {"location": region})
    findings = {f.rule.id for f in judge(Stack("s", (bucket,)), Options()).findings}
    assert ({"LOC-001", "LOC-004"} & findings != set()) is found


def circuits(*places: str | None) -> list[object]:
    made = tuple(
        Facts("aws", Kind.CIRCUIT, urn=str(i), line=Line(place=place)) for i, place in enumerate(places)
    )
    survey = RULES["LGW-002"].survey
    assert survey is not None
    return [answer for _, answer in survey(Estate("s", made), CONTEXT)]


def test_two_circuits_are_apart_only_where_their_places_are_said_and_differ() -> None:
    assert circuits("EqTY2", "AtTY4") == [True]
    assert circuits("EqTY2", "EqTY2") == [False]
    assert circuits("EqTY2", " eqty2 ") == [False], "one place, written in two ways"
    assert circuits("EqTY2", None) == [], "a place that is not said may be the same"
    assert circuits(None, None) == []
    assert circuits("EqTY2") == []
