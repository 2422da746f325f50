"""Finding the stack that is meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.cli.exits import Exit, Trouble
from scripts.cli.related import related
from scripts.cli.target import Environment, Target, resolve
from stacks.registry.governments import load_governments
from stacks.registry.search import find

BODIES = tuple(load_governments().values())
STACKS = {
    "131041-shinjuku",
    "131041-shinjuku-verification",
    "163210-funahashi",
    "200000-nagano-shared",
}


def found(query: str, environment: Environment | None = None) -> str:
    return resolve(
        query, environment, verb="up", stacks=STACKS, find=lambda word: find(word, BODIES), bodies=BODIES
    ).stack


def refused(query: str, environment: Environment | None = None) -> Trouble:
    with pytest.raises(Trouble) as caught:
        found(query, environment)
    assert caught.value.exit == Exit.USAGE
    return caught.value


@pytest.mark.parametrize(
    "query",
    [
        *("131041", "新宿区", "shinjuku", "131041-shinjuku", "１３１０４１", "SHINJUKU", "しんじゅくく"),
        *("東京都新宿区", "stacks/tenants/Pulumi.131041-shinjuku.yaml"),
    ],
)
def test_every_way_to_say_shinjuku(query: str) -> None:
    assert found(query) == "131041-shinjuku"
    assert found(query, "verification") == "131041-shinjuku-verification"


def test_the_stack_of_verification_by_its_own_name() -> None:
    assert found("131041-shinjuku-verification") == "131041-shinjuku-verification"
    assert Target("131041-shinjuku-verification").environment == "verification"
    assert Target("131041-shinjuku").environment == "production"


def test_a_shared_tenant_is_meant_where_its_host_has_no_other() -> None:
    assert found("200000") == "200000-nagano-shared"
    assert found("200000-nagano-shared") == "200000-nagano-shared"


@pytest.mark.parametrize(("name", "count"), [("府中市", 2), ("伊達市", 2), ("池田町", 4)])
def test_an_ambiguous_name_lists_every_candidate_with_its_command(name: str, count: int) -> None:
    trouble = refused(name)
    for listed in (trouble.why.ja, trouble.why.en):  # type: ignore[union-attr]
        rows = re.findall(r"^(\d{6})  (\S+) (\S+)  \./jichitai up (\d{6})$", listed, re.MULTILINE)
        assert len(rows) == count
        assert all(code == again and own == name for code, _, own, again in rows)


def test_an_unknown_name_gets_the_nearest() -> None:
    trouble = refused("shinjukuu")
    assert "131041" in trouble.why.en  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("query", "said", "remedy"),
    [
        ("131042", "検査数字が違います", "131041"),
        ("131042-shinjuku", "検査数字が違います", "131041"),
        ("141011", "横浜市」の行政区", "141003"),
        ("137777", "団体コード「137777」", "131075"),
    ],
)
def test_a_code_that_is_none_says_why(query: str, said: str, remedy: str) -> None:
    trouble = refused(query)
    assert said in trouble.what.ja
    assert remedy in trouble.do.ja  # type: ignore[union-attr]


def test_a_misspelt_stack_gets_the_nearest() -> None:
    trouble = refused("131041-shinjuku-verificatio")
    assert "./jichitai up 131041-shinjuku-verification" in trouble.why.ja  # type: ignore[union-attr]


def test_a_body_without_a_manifest_is_told_how_to_make_one() -> None:
    trouble = refused("札幌市")
    assert "./jichitai new 011002 --cloud aws" in trouble.do.ja  # type: ignore[union-attr]
    other = refused("163210", "verification")
    assert "--environment verification" in other.do.en  # type: ignore[union-attr]
    assert "163210-funahashi" in other.why.en  # type: ignore[union-attr]


def test_only_files_that_can_clash_are_judged_with_a_stack(tmp_path: Path) -> None:
    def file(name: str, unit: str, space: str) -> Path:
        path = tmp_path / f"Pulumi.{name}.yaml"
        path.write_text(f"clouds:\n  aws:\n    unit: '{unit}'\n    address_space: {space}\n")
        return path

    own = file("a", "111111111111", "10.1.0.0/16")
    inside = file("b", "222222222222", "10.1.4.0/22")
    same_unit = file("c", "111111111111", "10.2.0.0/16")
    far = file("d", "333333333333", "10.3.0.0/16")
    assert related(own, [own, inside, same_unit, far]) == [inside, same_unit]
    opaque = tmp_path / "Pulumi.e.yaml"
    opaque.write_text("clouds: *elsewhere\n")
    assert related(opaque, [own, far]) == [own, far]
