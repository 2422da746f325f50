"""When somebody is called, and when a verification environment runs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.saas import alarms, hours
from stacks.plan import SchedulePlan

ALL = (alarms.service(), alarms.instance(100), alarms.cluster(), alarms.queue())


@pytest.mark.parametrize("alarm", ALL)
def test_an_alarm_uses_every_metric_it_pays_for_and_no_other(alarm: alarms.Alarm) -> None:
    words = set(re.findall(r"[a-z_]+", alarm.expression))
    assert words == {metric.id for metric in alarm.metrics}


@pytest.mark.parametrize("alarm", ALL)
def test_an_alarm_speaks_both_languages(alarm: alarms.Alarm) -> None:
    assert re.search(r"[ぁ-ん]", alarm.description.ja)
    assert alarm.description.en.isascii()


@given(st.integers(20, 64_000))
def test_a_volume_calls_at_a_tenth(storage_gb: int) -> None:
    found = re.search(r"free < (\d+)", alarms.instance(storage_gb).expression)
    assert found
    assert abs(int(found[1]) - storage_gb * 1024**3 / 10) <= 1


@given(st.integers(0, 23), st.integers(0, 59))
def test_hours_are_those_of_the_manifest_on_working_days(hour: int, minute: int) -> None:
    schedule = SchedulePlan(f"{hour:02}:{minute:02}", "20:05")
    assert hours.expression(schedule, "start") == f"cron({minute} {hour} ? * MON-FRI *)"
    assert hours.expression(schedule, "stop") == "cron(5 20 ? * MON-FRI *)"


def test_each_thing_is_stopped_by_its_own_call_and_may_be_by_nothing_else() -> None:
    things = (
        hours.service("web", "arn:cluster", "arn:service", 4),
        hours.servers("app", {"b": "i-2", "a": "i-1"}, ("arn:i-1", "arn:i-2")),
        hours.database("db", "jt1", "arn:db", aurora=False),
        hours.database("cluster", "jt2", "arn:cluster:jt2", aurora=True),
    )
    assert [t.calls["stop"] for t in things] == [
        "ecs:updateService",
        "ec2:stopInstances",
        "rds:stopDBInstance",
        "rds:stopDBCluster",
    ]
    assert [dict(t.inputs["stop"]) for t in things] == [
        {"Cluster": "arn:cluster", "Service": "arn:service", "DesiredCount": 0},
        {"InstanceIds": ["i-1", "i-2"]},
        {"DbInstanceIdentifier": "jt1"},
        {"DbClusterIdentifier": "jt2"},
    ]
    assert things[0].inputs["start"]["DesiredCount"] == 4
    made = hours.permissions(things, "arn:key")
    allowed = {(action, arn) for s in made for action in s["Action"] for arn in s["Resource"]}
    assert ("rds:StopDBCluster", "arn:cluster:jt2") in allowed
    assert ("rds:StopDBInstance", "arn:cluster:jt2") not in allowed
    assert not [s for s in made if "*" in s["Resource"] or "*" in str(s["Action"])]
