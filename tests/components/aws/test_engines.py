"""Which database serves which plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.paas import engines
from stacks.plan import DatabasePlan, SchedulePlan

SMALL = DatabasePlan("postgresql", "16", 2, 8, 100, 5432, False, "app", "dbadmin")
VERSIONS = {"postgresql": ("15", "16", "17"), "mysql": ("8.0", "8.4"), "oracle": ("19", "21")}
CLASSES = {
    c.name: c for c in (*engines.OPEN_SOURCE, *engines.AURORA, *engines.ORACLE_SE2, *engines.ORACLE_EE)
}


@st.composite
def databases(draw: st.DrawFn) -> DatabasePlan:
    """Every database that a catalogue entry may ask for."""
    engine = draw(st.sampled_from(sorted(VERSIONS)))
    return DatabasePlan(
        engine=engine,  # type: ignore[arg-type]
        version=draw(st.sampled_from(VERSIONS[engine])),
        vcpu=draw(st.integers(1, 96)),
        memory_gb=draw(st.integers(1, 768)),
        storage_gb=draw(st.integers(20, 64_000)),
        port=1,
        multi_zone=draw(st.booleans()),
        database="app",
        administrator="dbadmin",
    )


@given(databases())
def test_every_database_of_a_catalogue_has_a_class_that_is_large_enough(database: DatabasePlan) -> None:
    made = engines.shape(database)
    chosen = CLASSES[made.instance_class]
    assert chosen.vcpu >= database.vcpu
    assert chosen.memory_gb >= database.memory_gb


@given(databases())
def test_aurora_is_taken_where_it_exists_and_pays(database: DatabasePlan) -> None:
    made = engines.shape(database)
    assert made.aurora == (
        database.vcpu >= 8
        and (database.engine, database.version) != ("mysql", "8.4")
        and database.engine != "oracle"
    )
    assert made.engine.startswith("aurora-") == made.aurora


@given(databases())
def test_no_database_takes_a_client_without_encryption(database: DatabasePlan) -> None:
    made = engines.shape(database)
    values = {parameter.name: parameter.value for parameter in made.parameters}
    forced = {
        "postgresql": values.get("rds.force_ssl") == "1",
        "mysql": values.get("require_secure_transport") == "1",
        "oracle": engines.ORACLE_ENCRYPTION["SQLNET.ENCRYPTION_SERVER"] == "REQUIRED",
    }
    assert forced[database.engine]
    assert made.logs


@given(databases())
def test_a_volume_grows_at_least_ten_percent_or_not_at_all(database: DatabasePlan) -> None:
    limit = engines.shape(database).storage_max_gb
    if limit is not None:
        assert database.storage_gb * 1.1 <= limit <= 65_536


@pytest.mark.parametrize(
    ("vcpu", "memory_gb", "engine", "license_model"),
    [
        (2, 16, "oracle-se2", "license-included"),
        (16, 128, "oracle-se2", "license-included"),
        (17, 128, "oracle-ee", "bring-your-own-license"),
        (16, 129, "oracle-ee", "bring-your-own-license"),
    ],
)
def test_oracle_is_se2_with_its_licence_up_to_sixteen_threads(
    vcpu: int, memory_gb: int, engine: str, license_model: str
) -> None:
    made = engines.shape(replace(SMALL, engine="oracle", version="19", vcpu=vcpu, memory_gb=memory_gb))
    assert (made.engine, made.license, made.family) == (engine, license_model, f"{engine}-19")


def test_oracle_from_21c_on_is_the_container_architecture() -> None:
    made = engines.shape(replace(SMALL, engine="oracle", version="21"))
    assert (made.engine, made.family) == ("oracle-se2-cdb", "oracle-se2-cdb-21")


def test_names_of_engines_and_families_are_those_of_aws() -> None:
    made = [
        engines.shape(SMALL),
        engines.shape(replace(SMALL, vcpu=8)),
        engines.shape(replace(SMALL, engine="mysql", version="8.4", vcpu=8)),
        engines.shape(replace(SMALL, engine="mysql", version="8.0", vcpu=8)),
    ]
    assert [(m.engine, m.family) for m in made] == [
        ("postgres", "postgres16"),
        ("aurora-postgresql", "aurora-postgresql16"),
        ("mysql", "mysql8.4"),
        ("aurora-mysql", "aurora-mysql8.0"),
    ]


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


@given(st.integers(0, 23), st.integers(0, 59))
def test_a_database_that_sleeps_at_night_is_backed_up_by_day(hour: int, minute: int) -> None:
    """Backup an hour after the start, maintenance after the backup, both half an hour or more, in UTC."""
    made = engines.windows(SchedulePlan(f"{hour:02}:{minute:02}", "20:00"))
    begin, end = made.backup.split("-")
    start = (hour * 60 + minute - 9 * 60) % 1440
    assert (_minutes(begin) - start) % 1440 == 60
    assert (_minutes(end) - _minutes(begin)) % 1440 == 30
    first, last = (part.split(":", 1) for part in made.maintenance.split("-"))
    assert (_minutes(first[1]) - start) % 1440 == 120
    assert (_minutes(last[1]) - _minutes(first[1])) % 1440 == 60
    # Always Wednesday in Japan: what is before 15:00 UTC belongs to the same day there.
    days = {"tue": 1, "wed": 2, "thu": 3}
    japan = (days[first[0]] * 1440 + _minutes(first[1]) + 9 * 60) // 1440
    assert japan == 2 + (hour * 60 + minute + 120) // 1440


def test_at_night_aws_backup_and_rds_keep_out_of_each_others_way() -> None:
    """AWS Backup starts from 16:00 to 17:00 UTC; it takes nothing in the hour before RDS starts its own."""
    made = engines.windows(None)
    begin, _ = made.backup.split("-")
    assert _minutes(begin) - 60 >= 17 * 60
