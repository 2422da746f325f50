"""YAML: read as the engine reads it; whatever cannot be read says where and why."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.engine.install import ensure
from stacks.composing import MAX_BYTES, MAX_NODES
from stacks.reading import read
from tests.stacks.examples import SHINJUKU, problems_of, text_of

# What Pulumi's CLI 3.259 gives a program for each way to write a scalar.
SCALARS: dict[str, Any] = {
    "010006": 4102, "019999": 19999, "0o17": 15, "0x1F": 31, "0b11": 3, "1_000": 1000, "+5": 5, "-0": 0,
    "-010": -8, "00": 0, "0o8": "0o8", "_1": "_1", "20:00": "20:00", "20:30:15": "20:30:15", "yes": "yes",
    "on": "on", "off": "off", "y": "y", "no": "no", "True": True, "FALSE": False, "~": None, "Null": None,
    "": None, "1.50": 1.5, "1e3": 1000, "5.": 5, ".5": 0.5, "8.4": 8.4, "2026.10": 2026.1, "1.2.3": "1.2.3",
    "1e400": "1e400", "9223372036854775807": 9223372036854776000,
    "18446744073709551616": 18446744073709552000, "-9223372036854775809": -9223372036854776000,
    "0xffffffffffffffffffff": "0xffffffffffffffffffff",
    "0777777777777777777777777777777": 7.777777777777778e29, "9" * 400: "9" * 400, "0" * 30: 0,
    "=": "=", "2027-03-31": "2027-03-31 00:00:00 +0000 UTC",
    "2027-3-1": "2027-03-01 00:00:00 +0000 UTC", "2027-13-01": "2027-13-01", '"012345"': "012345",
    "'yes'": "yes", "!!str 012": "012", "10.64.0.0/20": "10.64.0.0/20", "０１": "０１",
}  # fmt: skip


def value(text: str) -> Any:
    document, problems = read("a.yaml", text.encode())
    assert problems == []
    assert document is not None
    return document.value


@pytest.mark.parametrize(("written", "got"), SCALARS.items())
def test_a_scalar_is_what_the_program_will_get(written: str, got: Any) -> None:
    made = value(f"key: {written}\n")["key"]
    assert made == got
    assert type(made) is type(got)


def test_the_engine_itself_reads_them_so(tmp_path: Path) -> None:
    engine = ensure(lambda _: None)
    (tmp_path / "Pulumi.yaml").write_text("name: reading\nruntime: python\n")
    lines = "\n".join(f"    k{n}: {written}" for n, written in enumerate(SCALARS))
    keys = (
        "    010006: octal\n    yes: word\n    1.5: float\n    m: {a: &x {k: 1}, b: *x, c: {<<: *x, d: 2}}\n"
    )
    text = f"config:\n  reading:t:\n{lines}\n{keys}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("PULUMI_")},
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }

    def run(*arguments: str) -> str:
        return subprocess.run(
            [str(engine.path), *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip

    run("stack", "init", "s")
    (tmp_path / "Pulumi.s.yaml").write_text(text + (tmp_path / "Pulumi.s.yaml").read_text())
    theirs = json.loads(run("config", "-s", "s", "--json"))["reading:t"]["objectValue"]
    assert value(text)["config"]["reading:t"] == theirs


BAD_TEXTS: list[tuple[str, bytes, str, int, int]] = [
    ("open bracket", b"a: [\n", "yaml-syntax", 2, 1),
    ("tab", b"a:\n\tb: 1\n", "yaml-syntax", 2, 1),
    ("two colons", b"a: b: c\n", "yaml-syntax", 1, 5),
    ("two documents", b"---\na: 1\n---\nb: 1\n", "yaml-syntax", 3, 1),
    ("unknown alias", b"a: *b\n", "yaml-syntax", 1, 4),
    ("null byte", b"a: \x00\n", "yaml-character", 1, 4),
    ("control", "あ: \x01\n".encode(), "yaml-character", 1, 4),
    ("latin 1", b"a: 1\nb: caf\xe9\n", "not-utf8", 2, 7),
    ("utf 16", "a: 1".encode("utf-16"), "not-utf8", 1, 1),
    ("empty", b"", "yaml-empty", 1, 1),
    ("comments", b"# nothing\n\n", "yaml-empty", 1, 1),
    ("binary", bytes(range(128, 256)), "not-utf8", 1, 1),
    ("huge", b"a: " + b"x" * MAX_BYTES, "file-too-large", 1, 1),
    ("many", b"- 1\n" * (MAX_NODES + 1), "yaml-too-large", 20_000, 3),
    ("brackets", b"[" * 100_000 + b"]" * 100_000, "yaml-too-large", 1, 25),
    ("dashes", b"- " * 60_000, "yaml-too-large", 1, 49),
    ("circle", b"a: &a\n  b: *a\n", "yaml-too-large", 1, 4),
    ("tag", b"a: !secret 1\n", "yaml-tag", 1, 4),
    ("python tag", b"a: !!python/object/apply:os.system [id]\n", "yaml-tag", 1, 4),
    ("map as key", b"? {a: 1}\n: 2\n", "yaml-key", 1, 3),
    ("twice", b"a: 1\nb: 2\na: 3\n", "yaml-duplicate-key", 3, 1),
    ("twice as number", b"8: 1\n010: 2\n", "yaml-duplicate-key", 2, 1),
]


@pytest.mark.parametrize(
    ("data", "rule", "line", "column"), [b[1:] for b in BAD_TEXTS], ids=[b[0] for b in BAD_TEXTS]
)
def test_what_cannot_be_read_says_where(data: bytes, rule: str, line: int, column: int) -> None:
    _, problems = read("a.yaml", data)
    assert [(p.rule, p.file, p.line, p.column) for p in problems][:1] == [(rule, "a.yaml", line, column)]
    assert all(p.message.ja != p.message.en and p.remedy.ja != p.remedy.en for p in problems)


def test_a_bomb_of_aliases_is_defused() -> None:
    lines = ["a: &a [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"{c}: &{c} [{','.join([f'*{p}'] * 10)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)]
    _, problems = read("bomb.yaml", "\n".join(lines).encode())
    assert [p.rule for p in problems] == ["yaml-too-large"]


def test_the_tab_and_its_cure_are_named() -> None:
    _, problems = read("a.yaml", b"a:\n\tb: 1\n")
    assert "タブ" in problems[0].remedy.ja
    assert "Tabs" in problems[0].remedy.en


def test_a_mark_of_byte_order_is_no_part_of_the_text() -> None:
    assert value("\N{ZERO WIDTH NO-BREAK SPACE}a: 1\n") == {"a": 1}


def test_aliases_and_merges_are_read_as_the_engine_does() -> None:
    text = text_of(SHINJUKU).replace(
        "      residents:\n        catalogue", "      residents:\n        <<: *where\n        catalogue"
    )
    text = text.replace(
        "      welfare:\n        catalogue: welfare-servers\n        cloud: aws",
        "      welfare: &where\n        catalogue: welfare-servers\n        cloud: aws",
    )
    # An anchor is defined before it is used: welfare comes first.
    first, second = text.index("      residents:\n        <<"), text.index("      welfare: &where")
    end = text.index("      children:")
    text = text[:first] + text[second:end] + text[first:second] + text[end:]
    assert problems_of(text) == []


NO_MANIFEST = [
    ("[]", "", None),
    ("config: []", "config", None),
    ("config:\n  aws:region: ap-northeast-1", "config", None),
    ("config:\n  jichitai:tenent: {}", "config.jichitai:tenent", "config.jichitai:tenant"),
    ("confg:\n  jichitai:tenant: {}", "confg", "config.jichitai:tenant"),
]


@pytest.mark.parametrize(("text", "path", "near"), NO_MANIFEST)
def test_a_file_without_a_manifest_says_where_it_belongs(text: str, path: str, near: str | None) -> None:
    problems = problems_of(text)
    assert [(p.rule, p.yaml_path, p.nearest) for p in problems] == [("no-manifest", path, near)]
    assert problems[0].allowed == ("config.jichitai:tenant",)


def test_what_pulumi_itself_keeps_in_the_file_is_left_alone() -> None:
    extra = "encryptionsalt: v1:abc\nsecretsprovider: passphrase\nconfig:\n  aws:region: ap-northeast-1\n"
    assert problems_of(re.sub("^config:\n", extra, text_of(SHINJUKU), flags=re.MULTILINE)) == []


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_end_well(data: bytes) -> None:
    document, problems = read("a.yaml", data)
    assert document is not None or problems
    assert all(p.line is not None and p.column is not None for p in problems)


@settings(max_examples=300, deadline=None)
@given(st.text("ab:-[]{}&*!|>%#\"' \n?,01", max_size=60))
def test_any_text_ends_well(text: str) -> None:
    document, problems = read("a.yaml", text.encode())
    assert document is not None or problems
    if document is not None:
        json.dumps(document.value)
