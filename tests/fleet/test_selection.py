"""Which stacks are meant: OR within a kind of criterion, AND between them, and what was misspelt."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.fleet.git import changed_paths
from scripts.fleet.model import Outcome, StackRef
from scripts.fleet.selection import Selection, affected, select
from scripts.fleet.stacks import stack_refs
from stacks.problems import Problems
from stacks.registry import registry
from tests.fleet.country_examples import FakeRuns, refs, run

KNOWN = registry()
REFS = refs()
BY_STACK = {ref.stack: ref for ref in REFS}


def chosen(selection: Selection, runs: FakeRuns | None = None, changed: tuple[str, ...] = ()) -> list[str]:
    found = select(selection, REFS, KNOWN, runs=runs, changed=lambda _: changed)
    return [ref.stack for ref in found]


def test_nothing_asked_is_everything_in_order() -> None:
    assert chosen(Selection()) == [ref.stack for ref in REFS]
    assert Selection().is_empty
    assert not Selection(everything=True).is_empty


prefectures = st.lists(st.sampled_from(["東京都", "大阪", "27", "hokkaido", "沖縄県"]), max_size=3)
kinds = st.lists(st.sampled_from(["city", "町", "village", "特別区", "prefecture"]), max_size=3)
clouds = st.lists(st.sampled_from(["aws", "azure", "google,oci", "sakura"]), max_size=3)
packages = st.lists(st.sampled_from(["all-in-one", "tax", "welfare-servers"]), max_size=2)

PREFECTURES = {"東京都": "東京都", "大阪": "大阪府", "27": "大阪府", "hokkaido": "北海道", "沖縄県": "沖縄県"}
KINDS = {"町": "town", "特別区": "special_ward"}


@given(prefectures, kinds, clouds, packages)
def test_criteria_of_one_kind_widen_and_different_kinds_narrow(
    in_prefectures: list[str], of_kinds: list[str], on: list[str], with_packages: list[str]
) -> None:
    named = {c for value in on for c in value.split(",")}

    def meant(ref: StackRef) -> bool:
        return (
            (not in_prefectures or ref.prefecture in {PREFECTURES[p] for p in in_prefectures})
            and (not of_kinds or ref.kind in {KINDS.get(k, k) for k in of_kinds})
            and (not named or bool(named & set(ref.clouds)))
            and (not with_packages or bool(set(with_packages) & set(ref.packages)))
        )

    selection = Selection(
        prefecture=tuple(in_prefectures), kind=tuple(of_kinds), cloud=tuple(on), package=tuple(with_packages)
    )
    assert chosen(selection) == [ref.stack for ref in REFS if meant(ref)]


def test_people_are_named_by_code_name_reading_stack_or_pattern() -> None:
    shinjuku = ["131041-shinjuku"]
    for word in ("131041", "新宿区", "東京都新宿区", "shinjuku", "しんじゅく", "131041-shinjuku"):
        assert chosen(Selection(who=(word,))) == shinjuku
    assert chosen(Selection(who=("13104?-*",))) == shinjuku
    assert len(chosen(Selection(who=("13*",), kind=("特別区",)))) == 23
    assert len(chosen(Selection(who=("府中市",)))) == 2, "a name of two bodies means both"
    assert chosen(Selection(who=("府中市",), prefecture=("広島",))) == ["342084-fuchu"]


def test_a_body_is_found_in_the_stack_that_it_shares() -> None:
    shared = replace(BY_STACK["204137-tenryu"], stack="204137-tenryu-shared", members=("204137", "204145"))
    found = select(Selection(who=("泰阜村",)), [shared], KNOWN, runs=None, changed=lambda _: ())
    assert found == (shared,)


def test_every_misspelling_is_told_at_once_with_the_nearest_word() -> None:
    wrong = Selection(
        who=("新宿苦", "shinjukuu"),
        prefecture=("東京府",),
        kind=("citty",),
        cloud=("awz",),
        package=("taxx",),
    )
    with pytest.raises(Problems) as told:
        chosen(wrong)
    near = {p.found: p.nearest for p in told.value.problems}
    assert near["citty"] == "city"
    assert near["awz"] == "aws"
    assert near["taxx"] == "tax"
    assert near["新宿苦"] == "新宿区"
    assert near["shinjukuu"] == "shinjuku"
    assert near["東京府"] in ("東京都", "京都府", "東京")
    assert all(p.message.ja and p.message.en for p in told.value.problems)


def test_a_body_without_a_manifest_is_told_how_to_make_one() -> None:
    with pytest.raises(Problems) as told:
        select(Selection(who=("札幌市",)), REFS[-5:], KNOWN, runs=None, changed=lambda _: ())
    assert "fleet init 011002" in told.value.problems[0].remedy.en


def test_what_a_run_did_not_finish() -> None:
    names = [ref.stack for ref in REFS[:6]]
    ways: tuple[Outcome, ...] = ("failed", "changed", "unchanged", "skipped", "cancelled", "waiting")
    first = run(dict(zip(names, ways, strict=True)), name="20261124-050000-up-0001", operation="up")
    runs = FakeRuns((first,))
    assert chosen(Selection(failed_in="latest"), runs) == [names[0], names[4], names[5]]
    assert chosen(Selection(failed_in=str(first.run), prefecture=("北海道",)), runs) == [
        names[0],
        names[4],
        names[5],
    ]
    with pytest.raises(Problems) as told:
        chosen(Selection(failed_in="20261124-050000-up-0002"), runs)
    assert told.value.problems[0].nearest == str(first.run)
    with pytest.raises(Problems):
        chosen(Selection(failed_in="latest"), FakeRuns())


def test_drifted_is_what_the_newest_look_says() -> None:
    a, b, c = (ref.stack for ref in REFS[:3])
    old = run({a: "changed", b: "changed", c: "changed"}, operation="drift", name="1-drift")
    mended = run({b: "changed"}, operation="up", name="2-up")
    failed = run({a: "failed"}, operation="up", name="3-up")
    looked = run({c: "unchanged"}, operation="drift", name="4-drift")
    assert chosen(Selection(drifted=True), FakeRuns((looked, failed, mended, old))) == [a]
    assert chosen(Selection(drifted=True), FakeRuns()) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docs/fleet.md", lambda _: False),
        ("tests/fleet/test_selection.py", lambda _: False),
        ("scripts/cli/app.py", lambda _: False),
        ("components/aws/iaas.py", lambda ref: "aws" in ref.clouds),
        ("components/sakura/iaas/filtering.py", lambda ref: "sakura" in ref.clouds),
        ("providers/sakura/provider.py", lambda ref: "sakura" in ref.clouds),
        ("components/tenant.py", lambda _: True),
        ("stacks/planning.py", lambda _: True),
        ("requirements.lock", lambda _: True),
        ("stacks/registry/packages/tax.yaml", lambda ref: "tax" in ref.packages),
        ("tenants/Pulumi.131041-shinjuku.yaml", lambda ref: ref.stack == "131041-shinjuku"),
    ],
)
def test_what_a_change_concerns(path: str, expected: object) -> None:
    assert callable(expected)
    assert affected([path], REFS) == {ref.stack for ref in REFS if expected(ref)}


def test_the_words_of_a_selection_mean_the_same_selection() -> None:
    selection = Selection(who=("131041",), prefecture=("東京都",), cloud=("aws",), drifted=True)
    assert str(selection) == "131041 --prefecture 東京都 --on aws --drifted"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    for arguments in (["init", "-q"], ["config", "user.email", "a@example.jp"], ["config", "user.name", "a"]):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    folder = tmp_path / "stacks" / "tenants"
    folder.mkdir(parents=True)
    (tmp_path / ".gitignore").write_text(".jichitai/\n", encoding="utf-8")
    for number, stack in enumerate(("131041-shinjuku", "131059-bunkyo-verification")):
        (folder / f"Pulumi.{stack}.yaml").write_text(manifest(stack, number), encoding="utf-8")
    subprocess.run(["git", "-C", str(tmp_path), "add", "-A"], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "commit", "-qm", "a"], check=True)
    return tmp_path


def manifest(stack: str, number: int) -> str:
    environment = "verification" if stack.endswith("verification") else "production"
    return (
        "config:\n  jichitai:tenant:\n"
        f'    code: "{stack[:6]}"\n    environment: {environment}\n'
        f'    clouds:\n      aws: {{unit: "11112222{number:04}"}}\n'
        "    packages:\n      a: {catalogue: tax, cloud: aws}\n"
    )


def test_what_changed_since_a_reference_is_git_s_to_say(repo: Path) -> None:
    assert changed_paths(repo, "HEAD") == frozenset()
    (repo / "stacks" / "tenants" / "Pulumi.131041-shinjuku.yaml").write_text("x", encoding="utf-8")
    (repo / "stacks" / "tenants" / "Pulumi.131067-台東.yaml").write_text("x", encoding="utf-8")
    assert changed_paths(repo, "HEAD") == {
        "stacks/tenants/Pulumi.131041-shinjuku.yaml",
        "stacks/tenants/Pulumi.131067-台東.yaml",
    }
    for reference in ("no-such-branch", "--output=/tmp/x"):
        with pytest.raises(Problems) as told:
            changed_paths(repo, reference)
        assert told.value.problems[0].found == reference


def test_the_index_follows_the_files(repo: Path) -> None:
    first, second = stack_refs(repo)
    assert (first.stack, first.code, first.units, first.packages) == (
        "131041-shinjuku",
        "131041",
        ("111122220000",),
        ("tax",),
    )
    assert (first.name, first.prefecture, first.kind) == ("東京都新宿区", "東京都", "special_ward")
    assert second.environment == "verification"
    assert stack_refs(repo) == (first, second)
    # A manifest that cannot be read is there all the same, and one that fleet init wrote too.
    second.path.write_text("config: [", encoding="utf-8")
    made = repo / ".jichitai" / "fleet" / "tenants" / "Pulumi.011002-sapporo.yaml"
    made.parent.mkdir(parents=True)
    made.write_text(manifest("011002-sapporo", 7), encoding="utf-8")
    # A committed file wins over a generated one of the same name.
    (made.parent / first.path.name).write_text(manifest("131041-shinjuku", 9), encoding="utf-8")
    sapporo, same, broken = stack_refs(repo)
    assert same == first
    assert sapporo.path == made
    assert (broken.stack, broken.code, broken.clouds) == ("131059-bunkyo-verification", "131059", ())
    assert broken.environment == "verification"
    (repo / ".jichitai" / "fleet" / "index.json").write_text(
        '{"version": 1, "files": {"a": 1}', encoding="utf-8"
    )
    assert stack_refs(repo) == (sapporo, same, broken)
    made.unlink()
    assert stack_refs(repo) == (same, broken)
