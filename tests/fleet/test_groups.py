"""Stacks with the same difference are one group, and what sets one apart is never smoothed away."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.fleet.groups import digest_of, failures, grouped, normalised
from scripts.fleet.model import DiffLine, Outcome, StackRef
from tests.fleet.country_examples import refs, run

REFS = refs()
SAMPLE = [ref for ref in REFS if ref.clouds == ("aws",)][:400]


def own_change(ref: StackRef, number: int = 3) -> list[DiffLine]:
    """What a change of a tag and a rule looks like in one stack: its own names, addresses and ids."""
    digits = int(ref.code)
    third = f"10.{digits % 200}.{digits % 16 * 16}.0/24"
    prefix = f"jt{ref.code}{ref.environment[0]}"
    return [
        DiffLine(
            "update",
            "aws:ec2/subnet:Subnet",
            f"aws-iaas-mynumber-app-{n}",
            "tags.owner",
            '"-"',
            f'"{ref.stack} {ref.name} {ref.code}"',
        )
        for n in range(number)
    ] + [
        DiffLine("update", "aws:ec2/securityGroupRule:Rule", "in", "cidr", f'"{third}"', '"0.0.0.0/0"'),
        DiffLine(
            "update",
            "aws:kms/key:Key",
            f"key-{prefix}",
            "policy",
            f'"arn:aws:iam::{ref.units[0]}:root"',
            f'"arn:aws:iam::{ref.units[0]}:role/{prefix}backup vpc-0{digits:016x}"',
        ),
    ]


@given(st.lists(st.sampled_from(SAMPLE), min_size=2, max_size=40, unique=True), st.randoms())
@settings(max_examples=40)
def test_one_change_of_many_stacks_is_one_group(stacks: list[StackRef], random: object) -> None:
    diffs = {ref.stack: own_change(ref) for ref in stacks}
    for lines in diffs.values():
        random.shuffle(lines)  # pyright: ignore[reportAttributeAccessIssue]
    summary = run(dict.fromkeys(diffs, "changed"), diffs=diffs)
    (group,) = grouped(summary.results, summary.diffs)
    assert group.stacks == tuple(sorted(diffs))
    assert group.changes == {"update": 5}
    said = {(x.old, x.new) for x in group.lines}
    assert ('"<address 1>/24"', '"0.0.0.0/0"') in said, "an opening to everybody is everybody's business"
    assert not any(ref.code in text for ref in stacks for pair in said for text in pair)


outcomes = st.sampled_from(["changed", "unchanged", "failed"])


@given(st.dictionaries(st.sampled_from(SAMPLE), st.tuples(outcomes, st.integers(1, 4)), max_size=40))
@settings(max_examples=40)
def test_groups_are_a_partition_of_the_stacks_that_differ(plan: dict[StackRef, tuple[Outcome, int]]) -> None:
    diffs = {r.stack: own_change(r, n) for r, (outcome, n) in plan.items() if outcome == "changed"}
    summary = run({ref.stack: outcome for ref, (outcome, _) in plan.items()}, diffs=diffs)
    groups = grouped(summary.results, summary.diffs)
    assert sorted(s for g in groups for s in g.stacks) == sorted(diffs)
    assert len(groups) == len({n for o, n in plan.values() if o == "changed"})
    assert [len(g.stacks) for g in groups] == sorted((len(g.stacks) for g in groups), reverse=True)
    assert len({g.digest for g in groups}) == len(groups)


def test_an_outlier_stays_by_itself() -> None:
    stacks = SAMPLE[:20]
    odd = {
        "another's account": ('"arn:aws:iam::000000000000:root"', "000000000000"),
        "a public address": ('"203.0.113.9/32"', "203.0.113.9"),
        "a wider range": ('"10.0.0.0/8"', "<address 1>/8"),
        "an administrator's role": ('"b24988ac-6180-42a0-ab88-20f7382dd24c"', "b24988ac"),
    }
    for what, (value, shown) in odd.items():
        diffs = {ref.stack: own_change(ref) for ref in stacks}
        for ref in stacks[:2]:  # two of them: an id of one stack alone is taken for its own
            diffs[ref.stack][-1] = replace(diffs[ref.stack][-1], new=value)
        summary = run(dict.fromkeys(diffs, "changed"), diffs=diffs)
        groups = grouped(summary.results, summary.diffs)
        assert [len(g.stacks) for g in groups] == [18, 2], what
        assert any(shown in x.new for x in groups[1].lines), what


def test_which_of_two_addresses_is_meant_is_not_lost() -> None:
    ref = SAMPLE[0]
    moved = DiffLine("update", "t", "n", "cidr", '"10.1.0.0/24"', '"10.2.0.0/24"')
    same = replace(moved, new='"10.1.0.0/25"')
    assert normalised([moved], ref)[0].new == '"<address 2>/24"'
    assert normalised([same], ref)[0].new == '"<address 1>/25"'


def test_a_short_name_is_replaced_as_a_word_only() -> None:
    tsu = next(ref for ref in REFS if ref.stack.endswith("-tsu") and ref.name == "三重県津市")
    line = DiffLine("update", "t", "tsu", "p", '"tsumugi TSU tsu-web"', f'"津市 {tsu.name}"')
    (found,) = normalised([line], tsu)
    assert (found.name, found.old) == ("<romaji>", '"tsumugi <romaji> <romaji>-web"')
    assert found.new == '"<name> <name>"'


lines = st.builds(
    DiffLine,
    st.sampled_from(["create", "update"]),
    st.text(max_size=5),
    st.text(max_size=5),
    st.text(max_size=5),
)


@given(st.lists(lines, max_size=8))
def test_a_digest_does_not_depend_on_the_order(some: list[DiffLine]) -> None:
    ref = SAMPLE[0]
    assert digest_of(normalised(some, ref)) == digest_of(normalised(list(reversed(some)), ref))
    assert normalised(normalised(some, ref), ref) == normalised(some, ref)
    assert (digest_of(some) == "") == (some == [])


def test_failures_are_grouped_by_their_cause() -> None:
    stacks = [ref.stack for ref in SAMPLE[:12]]
    summary = run(dict.fromkeys(stacks, "failed"))
    other = replace(summary.results[0].causes[0], cause="quota", why="LimitExceeded")
    results = [replace(summary.results[0], causes=(other,)), *summary.results[1:]]
    groups = failures(results, {ref.stack: ref for ref in SAMPLE})
    assert [(g.cause.cause, len(g.stacks)) for g in groups] == [("denied", 11), ("quota", 1)]
