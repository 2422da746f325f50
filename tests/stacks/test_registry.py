"""The 1,788 local governments, the 20 businesses, the catalogue."""

# ruff: noqa: E501 - tables read best with a row a line

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.problems import Problems
from stacks.registry import LocalGovernment, find, registry
from stacks.registry.businesses import load_businesses
from stacks.registry.catalogue import PACKAGES, load_catalogue, read_entry
from stacks.registry.clouds import CLOUDS
from stacks.registry.governments import NORTHERN_VILLAGES, check_digit, city_of_ward

GOVERNMENTS = registry().governments


def test_every_local_government_is_there_once() -> None:
    assert Counter(g.kind for g in GOVERNMENTS.values()) == {
        "prefecture": 47,
        "city": 792,
        "town": 743,
        "special_ward": 23,
        "village": 183,
    }
    assert len(GOVERNMENTS) == 1788
    assert len({g.prefecture for g in GOVERNMENTS.values()}) == 47
    assert list(GOVERNMENTS) == sorted(GOVERNMENTS)


def test_every_check_digit_is_right() -> None:
    assert [code for code in GOVERNMENTS if check_digit(code[:5]) != code[5]] == []


@given(st.sampled_from(sorted(GOVERNMENTS)), st.integers(0, 4), st.integers(1, 9))
def test_a_check_digit_sees_a_wrong_digit(code: str, place: int, by: int) -> None:
    # Sums of weights 6..2 times a difference of 1..9 are 0 modulo 11 for no place; the digits 10
    # and 11 share one check digit with 0 and 1, so that a few pairs do collide (JIS X 0402).
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    total = sum(int(d) * w for d, w in zip(wrong[:5], (6, 5, 4, 3, 2), strict=True))
    right = sum(int(d) * w for d, w in zip(code[:5], (6, 5, 4, 3, 2), strict=True))
    assert total % 11 != right % 11
    collides = {(11 - total % 11) % 10, (11 - right % 11) % 10} == {(11 - right % 11) % 10}
    assert (check_digit(wrong[:5]) == code[5]) is collides


@pytest.mark.parametrize("text", ["1234", "123456", "12a45", "１２３４５"])
def test_a_check_digit_is_of_five_digits(text: str) -> None:
    with pytest.raises(ValueError, match="five digits"):
        check_digit(text)


def test_names_are_usable_in_stack_names() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", g.romaji) for g in GOVERNMENTS.values())
    assert all(-90 < g.latitude < 90 and g.url.startswith("http") for g in GOVERNMENTS.values())


@pytest.mark.parametrize(
    ("code", "city"),
    [
        ("011011", "札幌市"),
        ("041017", "仙台市"),
        ("141011", "横浜市"),
        ("141313", "川崎市"),
        ("141518", "相模原市"),
        ("221384", "浜松市"),
        ("271021", "大阪市"),
        ("271411", "堺市"),
        ("401315", "福岡市"),
    ],
)
def test_a_ward_belongs_to_its_designated_city(code: str, city: str) -> None:
    found = city_of_ward(code, GOVERNMENTS)
    assert found is not None
    assert found.name == city


def test_no_local_government_is_taken_for_a_ward() -> None:
    assert [g.name for g in GOVERNMENTS.values() if city_of_ward(g.code, GOVERNMENTS)] == []


def test_the_northern_villages_have_codes_but_are_not_here() -> None:
    assert [code for code in NORTHERN_VILLAGES if check_digit(code[:5]) != code[5]] == []
    assert not NORTHERN_VILLAGES.keys() & GOVERNMENTS.keys()


@pytest.mark.parametrize(
    "query",
    [
        "131041", "13104", "新宿区", "新宿", "東京都新宿区", "shinjuku", "SHINJUKU", "ｓｈｉｎｊｕｋｕ", "１３１０４１",
        "しんじゅくく", "シンジュクク", "しんじゅく", "131041-shinjuku", "131041-shinjuku-verification", " 新宿区 ",
    ],
)  # fmt: skip
def test_one_body_by_any_of_its_names(query: str) -> None:
    assert [g.code for g in find(query)] == ["131041"]


@pytest.mark.parametrize(
    ("query", "prefectures"),
    [
        ("池田町", ["北海道", "福井県", "長野県", "岐阜県"]),
        ("府中市", ["東京都", "広島県"]),
        ("伊達市", ["北海道", "福島県"]),
        ("府中", ["東京都", "広島県", "広島県"]),
    ],
)
def test_an_ambiguous_name_lists_every_candidate(query: str, prefectures: list[str]) -> None:
    assert [g.prefecture for g in find(query)] == prefectures


@pytest.mark.parametrize("query", ["", " ", "存在しない市", "999999", "市"])
def test_nothing_is_found_for_nobodys_name(query: str) -> None:
    assert find(query) == ()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(GOVERNMENTS.values())))
def test_every_body_is_found_by_each_of_its_names(body: LocalGovernment) -> None:
    for name in (body.code, body.name, body.full_name, body.kana, body.romaji, body.slug):
        assert body in find(name)
    assert find(body.code) == find(body.slug) == (body,)


def test_the_businesses_are_twenty_in_official_order() -> None:
    businesses = list(registry().businesses.values())
    assert [b.order for b in businesses] == list(range(1, 21))
    assert [b.name.ja for b in businesses][:4] == ["住民基本台帳", "印鑑登録", "戸籍", "戸籍の附票"]
    assert businesses[-1].name.ja == "子ども・子育て支援"
    ids = [i for b in businesses for i in b.system_ids]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"0[0-3][0-9]", i) for i in ids)


def test_the_catalogue_has_each_kind_of_package() -> None:
    entries = registry().catalogue.values()
    every = set(registry().businesses)
    assert any(set(e.businesses) == every for e in entries)
    assert {e.database.engine for e in entries if e.database} == {"postgresql", "mysql", "oracle"}
    assert {w.kind for e in entries for w in e.workloads.values()} == {"container", "server"}
    assert {e.delivery for e in entries} == {"hosted", "asp"}
    assert any(e.files for e in entries)
    assert any(e.queue for e in entries)
    assert all("例示" in e.vendor.ja and "xample" in e.vendor.en for e in entries)


BAD_ENTRIES = [
    ("title: {ja: あ, en: a}", "title: {ja: あ}", "missing", "title.en"),
    ("id: tax-oracle", "id: tax-orakle", "entry-file", "id"),
    ("- fixed-asset-tax", "- fixed-aset-tax", "unknown-business", "businesses[2]"),
    ("- fixed-asset-tax", "- light-vehicle-tax", "entry-business-twice", "businesses[3]"),
    ("engine: oracle", "engine: db2", "not-a-choice", "database.engine"),
    ('version: "19"', "version: 19", "quote-it", "database.version"),
    ("delivery: hosted", "delivery: asp", "entry-asp", "workloads"),
    ("fixed-asset-tax: [", "school-enrolment: [", "entry-receives", "receives.school-enrolment"),
    ("  app:", "  bb: {kind: server, exposed: true, sizes: {small: {vcpu: 1, memory_gb: 2, replicas: 1}}}\n  app:",
     "entry-exposed", "workloads"),
    ("workloads:\n", "workloads: {}\nx:\n", "unknown-field", "x"),
    ("    small: {vcpu: 2, memory_gb: 16, storage_gb: 200}\n    large: {vcpu: 8, memory_gb: 64, storage_gb: 1000}",
     "    {}", "entry-sizes", "database.sizes"),
    ("vcpu: 2, memory_gb: 16", "vcpu: 0, memory_gb: 16", "wrong-value", "database.sizes.small.vcpu"),
    ("vcpu: 2, memory_gb: 8", "vcpu: 0, memory_gb: 8", "wrong-value", "workloads.app.sizes.small.vcpu"),
]  # fmt: skip


def test_a_hosted_entry_runs_something() -> None:
    text = (
        (PACKAGES / "welfare-asp.yaml")
        .read_text(encoding="utf-8")
        .replace("delivery: asp", "delivery: hosted")
    )
    _, problems = read_entry("welfare-asp.yaml", text.encode(), load_businesses())
    assert [(p.rule, p.yaml_path, p.line) for p in problems] == [("entry-workloads", "delivery", 6)]


@pytest.mark.parametrize(("old", "new", "rule", "path"), BAD_ENTRIES)
def test_a_wrong_entry_says_where(old: str, new: str, rule: str, path: str) -> None:
    text = (PACKAGES / "tax-oracle.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^title: .*$", "title: {ja: あ, en: a}", text, flags=re.MULTILINE)
    assert old in text
    entry, problems = read_entry("tax-oracle.yaml", text.replace(old, new, 1).encode(), load_businesses())
    assert entry is None
    assert (rule, path) in [(p.rule, p.yaml_path) for p in problems]
    assert all(p.line and p.message.ja != p.message.en for p in problems)


def test_all_wrong_entries_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("id: one\n")
    (tmp_path / "two.yaml").write_text("id: [\n")
    with pytest.raises(Problems) as caught:
        load_catalogue(load_businesses(), tmp_path)
    assert {p.file for p in caught.value.problems} == {"one.yaml", "two.yaml"}


def test_examples_of_units_and_ids_have_their_own_forms() -> None:
    for cloud in CLOUDS.values():
        assert re.fullmatch(cloud.unit, cloud.unit_example)
        assert re.fullmatch(cloud.gateway, cloud.gateway_example)
        region = next(iter(cloud.regions))
        forms = [*cloud.ids.values(), *(f for part in cloud.adoptable.values() for f in part.values())]
        for form in (f.in_unit(cloud.unit_example, region) for f in forms):
            assert re.fullmatch(form.pattern, form.example), form.example


def test_every_region_is_domestic_and_recovers_in_the_other() -> None:
    for cloud in CLOUDS.values():
        assert len(cloud.regions) == 2
        for region in cloud.regions.values():
            assert region.recovery in cloud.regions
            assert region.recovery != region.name
            assert len(region.zones) <= 4
