"""`fleet init`: everybody placed once, nowhere twice, nothing that is somebody's overwritten."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.fleet.assignments import assignments, hubs, share
from scripts.fleet.country import existing, is_untouched, plan, stamped, write
from stacks.addressing import RESERVED, overlaps
from stacks.allotment import TOWN_HALLS, Claim, allot, town_hall
from stacks.country import (
    SHARE,
    Assignment,
    Existing,
    Planned,
    Wishes,
    example_gateways,
    parties,
    plan_country,
)
from stacks.drafting import POOL, draft
from stacks.manifest import Environment
from stacks.problems import Problems
from stacks.registry import registry
from stacks.registry.clouds import CLOUDS, CloudName
from stacks.rules.addresses import own_spaces
from stacks.validation import File, tenants_of, validate
from tests.stacks.examples import TENANTS, TODAY

KNOWN = registry()
CODES = list(KNOWN.governments)
EXAMPLES = [File.at(f) for f in sorted(TENANTS.glob("Pulumi.*.yaml"))]


def files_of(planned: tuple[Planned, ...], language: str = "ja") -> list[File]:
    return [
        File(
            f"Pulumi.{p.stack}.yaml",
            draft(p.order, p.space, KNOWN, "ja" if language == "ja" else "en").encode(),
        )
        for p in planned
    ]


def placed(planned: tuple[Planned, ...]) -> Counter[tuple[str, Environment]]:
    return Counter(
        (code, p.order.environment)
        for p in planned
        for code in ([s.body.code for s in p.order.seats] or [p.order.body.code])
    )


def test_a_manifest_for_each_of_the_1788_and_every_one_is_valid() -> None:
    planned = plan_country(Wishes(gateways=example_gateways()), Existing(), KNOWN)
    assert len(planned) == len({p.stack for p in planned}) == 1788
    assert placed(planned) == Counter({(code, "production"): 1 for code in CODES})
    files = files_of(planned)
    assert validate(files, today=TODAY) == []
    clouds = Counter(p.order.cloud for p in planned)
    for cloud, weight in SHARE.items():
        assert abs(clouds[cloud] - 1788 * weight / 100) <= 1
    shared = [p for p in planned if p.order.isolation]
    assert {p.order.body.kind for p in shared} == {"town", "village"}
    assert len(shared) == 743 + 183
    assert {p.order.own_circuits for p in planned if p.order.body.kind == "prefecture"} == {True}
    assert all(p.order.gateway for p in shared)
    # The other language says the same.
    english = files_of(planned[:200], "en")
    assert validate(english, today=TODAY) == []
    assert all(a.data != b.data for a, b in zip(files, english, strict=False))


def test_the_same_wishes_give_the_same_country() -> None:
    assert plan_country(Wishes(), Existing(), KNOWN) == plan_country(Wishes(), Existing(), KNOWN)


# A region's worth of bodies is left to place: whole countries are for the test above.
some = st.lists(st.sampled_from(CODES), min_size=1, max_size=60, unique=True)
shares = st.dictionaries(st.sampled_from(list(CLOUDS)), st.integers(1, 100), min_size=1)
isolations = st.sampled_from(["account", "network", "application"])
ranges = st.lists(
    st.builds(
        lambda number, length: IPv4Network(((10 << 24) + (number << 10), length), strict=False),
        st.integers(0, (1 << 14) - 1),
        st.integers(12, 24),
    ),
    max_size=6,
)
given_clouds = st.dictionaries(st.sampled_from(CODES), st.sampled_from(list(CLOUDS)), max_size=30)


@settings(max_examples=25)
@given(some, shares, isolations, st.integers(1, 10), ranges, given_clouds, st.booleans())
def test_whoever_is_left_is_placed_once_and_no_range_overlaps(
    left: list[str],
    weights: dict[CloudName, int],
    isolation: str,
    group: int,
    allocated: list[IPv4Network],
    fixed: dict[str, CloudName],
    both: bool,
) -> None:
    environments: tuple[Environment, ...] = ("production", "verification") if both else ("production",)
    there = frozenset((code, e) for e in environments for code in CODES if code not in left)
    wishes = Wishes(
        share=weights,
        assignments={code: Assignment(cloud=cloud) for code, cloud in fixed.items()},
        isolation=isolation,  # pyright: ignore[reportArgumentType]
        group=group,
        environments=environments,
    )
    before = Existing(there, tuple(allocated), ())
    planned = plan_country(wishes, before, KNOWN)
    assert placed(planned) == Counter({(code, e): 1 for code in left for e in environments})
    owned = [(f"planned {n}", p.space) for n, p in enumerate(planned)]
    owned += [(f"allocated {n}", a) for n, a in enumerate(allocated)]
    assert not [o for o in overlaps(owned) if "planned" in o.first or "planned" in o.second]
    assert all(p.space.subnet_of(POOL) for p in planned)
    for p in planned:
        assert p.order.cloud == fixed.get(p.order.body.code, p.order.cloud)
        if p.order.isolation == "network":
            inside = [seat.space for seat in p.order.seats]
            assert all(space is not None and space.subnet_of(p.space) for space in inside)
    assert planned == plan_country(wishes, before, KNOWN)
    assert validate(files_of(planned), today=TODAY) == []


@settings(max_examples=60)
@given(
    st.lists(st.builds(Claim, st.integers(0, 4095), st.integers(16, 20)), max_size=80),
    ranges,
    ranges,
)
def test_claims_never_get_what_another_has(
    claims: list[Claim], allocated: list[IPv4Network], in_use: list[IPv4Network]
) -> None:
    try:
        spaces = allot(claims, allocated, in_use)
    except ValueError:
        # Refused only where there is too little: half the pool is free of what is allocated.
        assert sum(c.size for c in claims) + sum(max(1, a.num_addresses >> 12) for a in allocated) > 1024
        return
    assert [s.prefixlen for s in spaces] == [c.prefix for c in claims]
    owned = [(f"c{n}", s) for n, s in enumerate(spaces)]
    assert overlaps(owned) == []
    assert not any(s.overlaps(a) for s in spaces for a in allocated)


def test_no_two_town_halls_are_proposed_the_same_range() -> None:
    halls = [town_hall(n) for n in range(len(CODES))]
    assert overlaps([(str(n), h) for n, h in enumerate(halls)]) == []
    assert all(h.subnet_of(TOWN_HALLS) and not any(h.overlaps(r) for r in RESERVED) for h in halls)
    with pytest.raises(ValueError, match="no range is left"):
        town_hall(2000)


def test_the_pool_of_a_country_with_verification_is_large_enough_and_no_larger() -> None:
    both = Wishes(environments=("production", "verification"))
    assert len({p.space for p in plan_country(both, Existing(), KNOWN)}) == 2 * 1788
    with pytest.raises(ValueError, match="is left"):
        plan_country(both, Existing(allocated=(IPv4Network("10.0.0.0/10"),)), KNOWN)


def test_groups_are_of_one_prefecture_and_one_cloud_and_nearly_equal() -> None:
    wishes = Wishes(group=6)
    made = [p for p in parties(wishes, KNOWN) if p.number]
    for party in made:
        assert len({b.prefecture for b in party.bodies}) == 1
        assert 1 <= len(party.bodies) <= 6
    of_nagano = [len(p.bodies) for p in made if p.bodies[0].prefecture == "長野県"]
    assert max(of_nagano) - min(of_nagano) <= 1
    assert len({(p.bodies[0].prefecture, p.number) for p in made}) == len(made)


def test_a_manifest_more_moves_nobody_else() -> None:
    before = {p.stack: p for p in plan_country(Wishes(), Existing(), KNOWN)}
    placed_now = frozenset({("131041", "production"), ("204137", "production")})
    after = {p.stack: p for p in plan_country(Wishes(), Existing(placed_now), KNOWN)}
    assert set(before) - set(after) == {"131041-shinjuku", "204137-tenryu"}
    assert all(before[stack] == p for stack, p in after.items())


def test_population_decides_packages_where_it_is_known() -> None:
    yokohama, tiny = "141003", "012271"  # a designated city; 歌志内市, the smallest city
    wishes = Wishes(
        assignments={tiny: Assignment(population=2700), "131041": Assignment(packages=("residents",))}
    )
    by_code = {p.order.body.code: p.order for p in plan_country(wishes, Existing(), KNOWN)}
    assert by_code[yokohama].packages == ("residents", "tax", "welfare-servers", "childcare-health")
    assert by_code[tiny].packages == ("all-in-one",)
    assert by_code[tiny].population == 2700
    assert by_code["131041"].packages == ("residents",)


FEW = replace(
    KNOWN, governments={c: b for c, b in KNOWN.governments.items() if b.prefecture in ("東京都", "鳥取県")}
)
"""A country of two prefectures, where the whole one would only take longer."""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    shutil.copytree(TENANTS, tmp_path / "stacks" / "tenants")
    return tmp_path


def tokyo(planned: Planned) -> bool:
    return planned.order.body.prefecture == "東京都"


def test_a_country_is_planned_around_the_committed_stacks(repo: Path) -> None:
    folder = repo / ".jichitai" / "fleet" / "tenants"
    country = plan(Wishes(), folder, repo, KNOWN, "ja")
    assert country.problems == ()
    done = write(country)
    assert len(done.new) == len(country.planned)
    there = existing(tenants_of([*EXAMPLES, *(File.at(f) for f in folder.iterdir())]))
    both = Counter(code for code, environment in there.placed if environment == "production")
    assert both == Counter(CODES)
    of_examples = existing(tenants_of(EXAMPLES)).placed
    assert not {(p.order.body.code, p.order.environment) for p in country.planned} & of_examples
    # Once more, after half of it was lost: the same files, byte for byte.
    texts = {f.name: f.read_bytes() for f in folder.iterdir()}
    for file in sorted(folder.iterdir())[::2]:
        file.unlink()
    again = write(plan(Wishes(), folder, repo, KNOWN, "ja"))
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == texts
    assert again.unchanged == len(texts) // 2
    assert again.rewritten == again.removed == ()


def test_what_somebody_edited_is_kept_and_planned_around(repo: Path) -> None:
    folder = repo / "elsewhere"
    write(plan(Wishes(), folder, repo, FEW, "ja"), tokyo)
    mine = folder / "Pulumi.131016-chiyoda.yaml"
    text = mine.read_text(encoding="utf-8")
    own = next(iter(own_spaces(next(iter(tenants_of([File.at(mine)]))))))[1]
    other = IPv4Network((int(own.network_address) + 4096, 20))  # the place of somebody else
    mine.write_text(text.replace(str(own), str(other)), encoding="utf-8")
    broken = folder / "Pulumi.131024-chuo.yaml"
    broken.write_text("config: [", encoding="utf-8")
    kept = {f: f.read_bytes() for f in (mine, broken)}
    country = plan(Wishes(share={"azure": 1}), folder, repo, FEW, "en")
    done = write(country)
    assert {f: f.read_bytes() for f in kept} == kept
    assert set(country.kept) == set(kept)
    assert len(done.rewritten) > 30, "those that nobody touched follow the new wishes"
    assert not any(p.space.overlaps(other) for p in country.planned)
    assert country.problems == ()


def test_what_the_plan_has_no_use_for_is_removed_unless_edited(repo: Path) -> None:
    folder = repo / "elsewhere"
    write(plan(Wishes(), folder, repo, FEW, "ja"))
    edited = folder / "Pulumi.133035-mizuho.yaml"
    edited.write_bytes(edited.read_bytes() + b"# mine\n")
    done = write(plan(Wishes(isolation="network"), folder, repo, FEW, "ja"))
    assert done.removed
    assert edited.exists()
    assert edited.name not in done.removed
    left = {f.name for f in folder.iterdir()}
    assert not left & set(done.removed)
    there = existing(tenants_of([*EXAMPLES, *(File.at(f) for f in folder.iterdir())]))
    assert Counter(c for c, e in there.placed if c in FEW.governments and e == "production") == Counter(
        FEW.governments.keys()
    )


@given(st.lists(st.text()), st.integers(0, 10_000), st.characters(codec="utf-8"))
def test_any_change_makes_a_file_somebodys_own(lines: list[str], place: int, put: str) -> None:
    ours = stamped("\n".join(["# head", *lines, ""]))
    assert is_untouched(ours.encode())
    place %= len(ours)
    assert not is_untouched((ours[:place] + put + ours[place:]).encode())
    assert not is_untouched((ours[:place] + ours[place + 1 :]).encode())


def test_assignments_and_hubs_as_spreadsheets_write_them() -> None:
    data = (
        "\ufeffcode,cloud,unit,population,packages\r\n"
        '131041,aws,111122223333,"350,000",residents-tax welfare-servers childcare-health\r\n'
        "012033,sakura,,,\r\n"
    ).encode()
    found = assignments("a.csv", data, KNOWN)
    assert found["131041"] == Assignment(
        "aws", "111122223333", None, 350_000, ("residents-tax", "welfare-servers", "childcare-health")
    )
    assert found["012033"] == Assignment("sakura")
    hub = (
        b"prefecture,cloud,gateway\n" + "東京都,aws,tgw-0a1b2c3d4e5f60718\n13,sakura,113703265678\n".encode()
    )
    assert hubs("h.csv", hub, KNOWN) == {
        ("13", "aws"): "tgw-0a1b2c3d4e5f60718",
        ("13", "sakura"): "113703265678",
    }
    assert share("aws=60, sakura=40,oci=0") == {"aws": 60, "sakura": 40}


def test_every_mistake_of_a_table_is_told_at_once_with_its_line() -> None:
    data = (
        b"code,cloud,unit,popluation\n"
        b"12033,aws,,\n"  # a leading 0 lost
        b"131041,awz,,\n"
        b"131042,aws,,\n"  # wrong check digit
        b"131059,aws,12-34,\n"
        b"131067,,111122223333,\n"
        b"131075,aws,,\n"
        b"131075,aws,,\n"
        b",aws,,\n"
    )
    with pytest.raises(Problems) as wrong:
        assignments("a.csv", data, KNOWN)
    told = {(p.rule, p.line): p for p in wrong.value.problems}
    assert set(told) == {
        ("unknown-column", 1),
        ("wrong-code", 2),
        ("unknown-cloud", 3),
        ("check-digit", 4),
        ("wrong-id", 5),
        ("cloud-missing", 6),
        ("code-twice", 8),
        ("missing", 9),
    }
    assert told["wrong-code", 2].nearest == "012033"
    assert told["unknown-column", 1].nearest == "population"
    assert all(p.file == "a.csv" for p in wrong.value.problems)


@pytest.mark.parametrize("text", ["aws", "aws=x", "aws=60,gpc=40", "", "aws=0"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problems):
        share(text)
