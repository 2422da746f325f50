"""`new` and `validate` as people run them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import Clone, Cloning

HAKODATE = "012025-hakodate"


@pytest.fixture(scope="module")
def clone(cloning: Cloning) -> Clone:
    return cloning()


def test_the_examples_are_valid(clone: Clone) -> None:
    done = clone.run("validate", "--json")
    assert done.code == 0
    assert done.document["result"] == "valid"
    assert done.document["files"] == len(list((clone.folder / "stacks" / "tenants").glob("Pulumi.*.yaml")))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            [
                "found: us-east-1",
                "allowed: ap-northeast-1, ap-northeast-3",
                "nearest: ap-northeast-1",
                "what to do:",
            ],
        ),
        (
            "ja",
            [
                "検出値: us-east-1",
                "許容値: ap-northeast-1, ap-northeast-3",
                "近い候補: ap-northeast-1",
                "対処:",
            ],
        ),
    ],
)
def test_a_wrong_manifest_is_shown_with_its_line(
    clone: Clone, tmp_path: Path, language: str, words: list[str]
) -> None:
    text = clone.manifest("131041-shinjuku").read_text(encoding="utf-8")
    bad = tmp_path / "Pulumi.131041-shinjuku.yaml"
    bad.write_text(text.replace("region: ap-northeast-1", "region: us-east-1"), encoding="utf-8")
    done = clone.run("validate", str(bad), "--lang", language)
    assert done.code == 3
    line = 1 + text[: text.index("region: ap-northeast-1")].count("\n")
    assert f"{bad}:{line}:17" in done.out
    assert "region: us-east-1" in done.out
    # The caret stands under the value.
    source, caret = next(
        (a, b) for a, b in zip(done.out.splitlines(), done.out.splitlines()[1:], strict=False) if "^" in b
    )
    assert source.index("us-east-1") == caret.index("^")
    assert all(word in done.out for word in words)


def test_json_has_both_languages_and_the_place(clone: Clone, tmp_path: Path) -> None:
    bad = tmp_path / "draft.yaml"
    bad.write_text("config:\n  jichitai:tenant:\n    code: 010006\n")
    done = clone.run("validate", str(bad), str(tmp_path / "absent.yaml"), "--json")
    assert done.code == 3
    problems = {p["rule"]: p for p in done.document["problems"]}
    quote = problems["quote-it"]
    assert (quote["line"], quote["column"], quote["path"]) == (3, 11, "code")
    assert (quote["found"], quote["nearest"]) == ("010006", '"010006"')
    assert set(quote["message"]) == set(quote["remedy"]) == {"ja", "en"}
    assert problems["unreadable"]["file"] == str(tmp_path / "absent.yaml")


def test_a_file_is_judged_against_the_rest_of_the_fleet(clone: Clone, tmp_path: Path) -> None:
    text = clone.manifest("282014-himeji").read_text(encoding="utf-8").replace("10.72.0.0/18", "10.64.0.0/18")
    bad = tmp_path / "Pulumi.282014-himeji.yaml"
    bad.write_text(text.replace("888899990000", "123456789012"), encoding="utf-8")
    done = clone.run("validate", str(bad), "--json")
    assert {p["rule"] for p in done.document["problems"]} == {"fleet-overlap"}


def test_plain_pulumi_shows_the_errors_alone(cloning: Cloning) -> None:
    clone = cloning()
    clone.edit("131041-shinjuku", {"region: ap-northeast-1": "region: us-east-1", "vlan: 101": "vlan: 5000"})
    engine = clone.run("env", "--cloud", "--json").document | {"JICHITAI_LANG": "en"}

    def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=clone.folder, env=clone.environment(**engine),
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert pulumi("stack", "init", "131041-shinjuku").returncode == 0
    done = pulumi("preview", "-s", "131041-shinjuku")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "clouds.aws.region: `us-east-1` is not a region of AWS in Japan." in said
    assert "nearest: 4094" in said
    assert "Traceback" not in said
    assert "unhandled" not in said


def test_new_writes_what_validates_and_never_overwrites(clone: Clone) -> None:
    file = clone.manifest(HAKODATE)
    done = clone.run(
        "new", "函館市", "--cloud", "aws", "--package", "residents", "--package", "tax", "--lang", "ja"
    )
    assert done.code == 0
    assert "要記入" in done.out
    assert clone.run("validate").code == 0
    written = file.read_bytes()
    again = clone.run("new", "012025", "--cloud", "aws")
    assert again.code == 8
    assert file.read_bytes() == written
    forced = clone.run("new", "012025", "--cloud", "aws", "--force", "--json")
    assert forced.code == 0
    assert forced.document["stack"] == HAKODATE
    assert file.read_bytes() != written
    lines = file.read_text(encoding="utf-8").splitlines()
    assert all("FILL IN" in lines[mark["line"] - 1] for mark in forced.document["fill_in"])
    file.unlink()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["011011"], 2, "011002"),
        (["131042"], 2, '"131041"'),
        (["999999"], 2, "nearest"),
        (["池田町"], 2, "183822"),
        (["Shinjyuku"], 2, "131041"),
        (["012025", "--cloud", "awz"], 2, "nearest: aws"),
        (["012025", "--package", "tax-orakle"], 2, "nearest: tax-oracle"),
        (["012025", "--package", "all-in-one", "--package", "tax"], 2, "name it first"),
        (["012025", "--package", "tax-oracle", "--cloud", "sakura"], 3, "Oracle Database"),
        (["012025", "--unit", "12"], 3, "12 digits"),
        (["012025", "--environment", "prod"], 2, "production or verification"),
    ],
)
def test_new_refuses_with_the_reason_and_writes_nothing(
    clone: Clone, arguments: list[str], code: int, said: str
) -> None:
    before = sorted((clone.folder / "stacks" / "tenants").iterdir())
    done = clone.run("new", *arguments)
    assert done.code == code
    assert said in done.out + done.err
    assert sorted((clone.folder / "stacks" / "tenants").iterdir()) == before
