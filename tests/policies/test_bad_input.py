"""`check --file` and what people give it: huge states, broken ones, other tools' JSON, unknown kinds."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest

from policies.read import read_text
from scripts.cli.exits import Exit

REPO = Path(__file__).parents[2]
RECORDED = REPO / "tests" / "recorded" / "131041-shinjuku.json.gz"
MEBIBYTE = 2**20
SIZE = 100 * MEBIBYTE
MEMORY = 1536 * MEBIBYTE
"""Ten to fifteen times the file: what parsed JSON takes in Python. Seen: 527 MiB."""
SECONDS = 120
"""Of the processor. Seen: 3 to 6."""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    memory: int
    seconds: float

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.out)


def check(*arguments: str) -> Ended:
    """`./jichitai check ARGUMENTS`, with the memory (bytes) and processor time that it took."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JICHITAI_", "LC_", "LANG"))}
    with TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scripts.cli", "check", *arguments],
            cwd=REPO,
            env=environment | {"JICHITAI_LANG": "en", "PYTHONPATH": str(REPO)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        out = said.read().decode()
    assert "Traceback" not in out
    return Ended(process.returncode, out, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)


def pieces() -> Iterator[str]:
    """The resources of a recorded tenant as JSON, over and over, as other tenants', up to 100 MiB."""
    document = json.loads(gzip.decompress(RECORDED.read_bytes()))
    resources = json.dumps(document["deployment"]["resources"], ensure_ascii=False)[1:-1]
    written = 0
    while written < SIZE:
        piece = resources.replace("urn:pulumi:131041-shinjuku::", f"urn:pulumi:copy-{written}::")
        written += len(piece.encode())
        yield piece


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("huge") / "state.json"
    with file.open("w", encoding="utf-8") as opened:
        opened.write('{"version": 3, "deployment": {"manifest": {}, "resources": [')
        for number, piece in enumerate(pieces()):
            opened.write(f"{', ' if number else ''}{piece}")
        opened.write("]}}")
    return file


@pytest.mark.xdist_group("policies-huge")
def test_a_state_of_100_mebibytes_is_judged_whole_in_bounded_memory_and_time(huge: Path) -> None:
    assert huge.stat().st_size >= SIZE
    done = check("--file", str(huge), "--json")
    found = done.document
    assert found["resources"] > 20_000
    assert found["notes"] == []
    assert done.code in (Exit.OK, Exit.FINDINGS)
    assert done.memory < MEMORY
    assert done.seconds < SECONDS


@pytest.mark.xdist_group("policies-huge")
def test_a_huge_state_that_is_cut_off_says_where_it_breaks(huge: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.json"
    with huge.open("rb") as whole:
        cut.write_bytes(whole.read(SIZE // 2))
    done = check("--file", str(cut))
    assert done.code == Exit.UNREADABLE
    assert str(cut) in done.out
    assert "It is not readable as JSON" in done.out
    assert "char " in done.out, "the place in the file"
    assert done.memory < MEMORY
    assert done.seconds < SECONDS


FOREIGN = {
    "package.json": {"name": "x", "dependencies": {"left-pad": "1.0.0"}},
    "terraform.tfstate": {"version": 4, "terraform_version": "1.9.0", "resources": {"a": 1}},
    "template.json": {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"B": {"Type": "AWS::S3::Bucket"}},
    },
    "pod.json": {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []}},
    "sarif.json": {"version": "2.1.0", "runs": []},
}


def test_json_of_other_tools_is_refused_with_what_to_give_and_the_rest_judged(tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_bytes(gzip.decompress(RECORDED.read_bytes()))
    files = [good]
    for name, content in FOREIGN.items():
        files.append(tmp_path / name)
        files[-1].write_text(json.dumps(content), encoding="utf-8")
    done = check(*(word for file in files for word in ("--file", str(file))))
    assert done.code in (Exit.UNREADABLE, Exit.FINDINGS)
    for name in FOREIGN:
        assert name in done.out
    assert "pulumi stack export" in done.out
    assert "1 stack" in done.out, "the good one was judged"
    alone = check("--file", str(files[1]), "--json")
    assert alone.code == Exit.UNREADABLE


def test_a_terraform_state_is_never_a_silent_pass(tmp_path: Path) -> None:
    """Its resources are a list too: each is told as broken, and the end is not 0."""
    file = tmp_path / "terraform.tfstate"
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "b", "instances": []}
    file.write_text(json.dumps({"version": 4, "resources": [resource]}), encoding="utf-8")
    assert check("--file", str(file)).code == Exit.UNREADABLE


def test_kinds_that_nobody_knows_are_named_and_judged_as_far_as_they_can_be(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    strange = [
        {"urn": f"urn:pulumi:s::p::{kind}::x", "type": kind, "custom": True, "inputs": inputs}
        for kind, inputs in (
            ("aws:quantum/computer:Computer", {"region": "us-east-1"}),
            ("datadog:index/monitor:Monitor", {"apiKey": "0123456789abcdef"}),
            ("my:own:Thing", {"anything": [1, {"deep": None}]}),
        )
    ]
    file.write_text(json.dumps({"deployment": {"manifest": {}, "resources": strange}}), encoding="utf-8")
    done = check("--file", str(file), "--json")
    assert done.code == Exit.FINDINGS
    assert set(done.document["not_modelled"]) == {r["type"] for r in strange}
    assert {f["rule"] for f in done.document["findings"]} >= {"LOC-001", "STA-001"}
    text = check("--file", str(file)).out
    assert "aws:quantum/computer:Computer" in text


def test_reading_keeps_the_collector_as_it_was() -> None:
    import gc

    for state in (gc.enable, gc.disable):
        state()
        before = gc.isenabled()
        with pytest.raises(Exception, match="JSON"):
            read_text("{", "x")
        assert gc.isenabled() is before
    gc.enable()
