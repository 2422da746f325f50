"""Every rule, on every cloud it applies to: a program that breaks it is found, one that does not is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from clouds.case import STATE_ONLY, Bad, Cases, Program
from programs import collect
from test_unknowns import broken_by_unknowns

from policies.evaluate import Options, Result, judge
from policies.model import Stack
from policies.rules import RULES
from policies.rules.record import Parameters

CLOUDS = ("aws", "azure", "google", "oci", "sakura")
TODAY = date(2026, 11, 24)


@cache
def cases(cloud: str) -> Cases:
    found: Cases = import_module(f"clouds.{cloud}").CASES
    return found


def judged(cases: Cases, bad: Bad | None, *, verification: bool, whole: bool) -> Result:
    return outcome(bad.program if bad else cases.good, verification, whole)


@cache
def made_by(program: Program) -> Stack:
    """What a program makes."""
    return collect(program)


@cache
def outcome(program: Program, verification: bool, whole: bool) -> Result:
    """A program is run once, however many rules it breaks."""
    stack = made_by(program)
    options = Options(
        parameters=replace(Parameters(), whole_tenant=whole),
        environment="verification" if verification else "production",
        today=TODAY,
        detailed=True,
    )
    result = judge(stack, options)
    assert not result.notes, [n.en for n in result.notes]
    return result


def _bad() -> Iterator[object]:
    for cloud in CLOUDS:
        for bad in cases(cloud).bad:
            # One process a cloud: its SDK is loaded, and each program run, once.
            group = pytest.mark.xdist_group(f"policies-{cloud}")
            yield pytest.param(cloud, bad, id=f"{cloud}-{bad.rule}-{bad.program.__name__}", marks=group)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("cloud", "bad"), list(_bad()))
def test_a_program_that_breaks_a_rule_is_found(cloud: str, bad: Bad) -> None:
    result = judged(cases(cloud), bad, verification=bad.verification, whole=bad.whole)
    assert bad.rule in {f.rule.id for f in result.findings}, sorted({f.rule.id for f in result.findings})


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_program_that_breaks_nothing_has_no_findings(cloud: str) -> None:
    result = judged(cases(cloud), None, verification=False, whole=True)
    assert [(f.rule.id, f.name, f.detail and f.detail.en) for f in result.findings] == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_rule_of_a_cloud_has_both_cases(cloud: str) -> None:
    wanted = {r.id for r in RULES.values() if cloud in r.clouds} - STATE_ONLY
    broken = {b.rule for b in cases(cloud).bad}
    passed: set[str] = set()
    for verification in (False, True):
        result = judged(cases(cloud), None, verification=verification, whole=True)
        passed |= {rule for rule, _, word in result.judged if word == "pass"}
    for program in cases(cloud).also:
        result = judged(cases(cloud), Bad("", program), verification=False, whole=False)
        passed |= {rule for rule, _, word in result.judged if word == "pass"}
    assert broken - set(RULES) == set()
    # A kind whose mere existence is the finding is held by a program that has none of it.
    passed |= {r for r in wanted if _existence(r, cloud)}
    assert (sorted(wanted - broken), sorted(wanted - passed)) == ([], [])


def test_the_alarm_of_a_circuit_on_order_cannot_be_told_yet() -> None:
    from clouds.azure import circuit_on_order, lone_circuit

    ordered = judged(cases("azure"), Bad("", circuit_on_order), verification=False, whole=False)
    assert "LGW-008" in {u.rule.id for u in ordered.unsure}
    assert "LGW-008" not in {f.rule.id for f in ordered.findings}
    there = judged(cases("azure"), Bad("", lone_circuit), verification=False, whole=False)
    assert "LGW-008" in {f.rule.id for f in there.findings}, "once it is there it must have one"


@pytest.mark.parametrize(
    "cloud", [pytest.param(c, marks=pytest.mark.xdist_group(f"policies-{c}")) for c in CLOUDS]
)
def test_no_resource_is_broken_by_a_property_that_is_not_known_yet(cloud: str) -> None:
    """Each property of each resource of each program, nested ones too, as what a preview cannot know."""
    found = cases(cloud)
    programs = dict.fromkeys([found.good, *(b.program for b in found.bad), *found.also])
    resources = {repr((r.type, r.props)): r for p in programs for r in made_by(p).resources if r.custom}
    assert len(resources) > 40
    assert [line for r in resources.values() for line in broken_by_unknowns(r)] == []


def _existence(rule: str, cloud: str) -> bool:
    from policies.rules.exposure import approved
    from policies.rules.record import absent

    # Azure's and Google's peerings have no routes of their own: what is in the other network is reached.
    whole = rule == "NET-010" and cloud in ("azure", "google")
    return whole or RULES[rule].test in (absent, approved)
