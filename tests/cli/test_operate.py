"""The engine and the twin, killed, stopped, locked and starved: every bad thing must end well.

A tiny program stands for the tenant: route tables, which a cloud would gladly make twice.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from providers.twin import client
from providers.twin.faults import Fault, put
from providers.twin.process import STORE
from providers.twin.store import Row, Store
from scripts.cli.exits import Exit
from tests.conftest import Clone, Cloning, Ended, wait_for

pytestmark = pytest.mark.xdist_group("operate")

STACK = "163210-funahashi"
UNIT = "777788889999"  # the unit in the stack's own manifest
TABLE = "aws:ec2/routeTable:RouteTable"
PROGRAM = """
import pulumi

class Aws(pulumi.ProviderResource):
    def __init__(self, name):
        super().__init__("aws", name, {"region": "ap-northeast-1", "allowedAccountIds": '["UNIT"]'})

class Iaas(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("jichitai:aws:Iaas", name, None, opts)

aws = Aws("aws")
opts = pulumi.ResourceOptions(parent=Iaas("aws-iaas", pulumi.ResourceOptions(providers=[aws])))
vpc = pulumi.CustomResource("aws:ec2/vpc:Vpc", "vpc", {"cidrBlock": "10.9.0.0/16", "id": None}, opts)
for n in range(COUNT):
    inputs = {"vpcId": vpc.id, "tags": {"n": str(n)}}
    pulumi.CustomResource("aws:ec2/routeTable:RouteTable", f"table-{n}", inputs, opts)
pulumi.export("tenant", {"code": "163210", "name": "舟橋村", "clouds": {"aws": {"unit": "UNIT"}}})
"""


@pytest.fixture
def clone(cloning: Cloning, shared: list[Clone]) -> Iterator[Clone]:
    """One clone for the module, empty again after each test."""
    if not shared:
        shared.append(cloning())
    clone = shared[0]
    clone.protect(STACK, on=False)
    program(clone, 10)
    yield clone
    client.ensure(clone.twin)
    fault(clone, None)
    ended = clone.run("destroy", STACK, "--yes")
    assert ended.code in (Exit.OK, Exit.USAGE), ended.err  # USAGE: nothing had been built
    assert tables(clone) == []


@pytest.fixture(scope="module")
def shared() -> list[Clone]:
    return []


def manifest(clone: Clone) -> str:
    return clone.manifest(STACK).read_text(encoding="utf-8")


def program(clone: Clone, count: int, more: str = "") -> None:
    text = PROGRAM.replace("UNIT", UNIT).replace("COUNT", str(count)) + more
    (clone.folder / "stacks" / "__main__.py").write_text(text, encoding="utf-8")


@contextlib.contextmanager
def store(clone: Clone) -> Iterator[Store]:
    opened = Store(clone.twin / STORE)
    try:
        yield opened
    finally:
        opened.close()


def tables(clone: Clone) -> list[Row]:
    """The route tables of the program that exist in the twin."""
    return [row for row in clone.rows() if row.type == TABLE and row.name.startswith("table-")]


def fault(clone: Clone, wanted: Fault | None) -> None:
    with store(clone) as opened:
        for name, _, _ in opened.faults():
            opened.set_fault(name, None)
        if wanted is not None:
            put(opened, wanted)


SLOW = Fault("slow", "slow", type=TABLE, operations=("create",), seconds=0.7, scale=1)


def assert_nothing_lost_or_doubled(clone: Clone, count: int = 10) -> None:
    recorded = [r["id"] for r in clone.state(STACK)["resources"] if r["type"] == TABLE]
    assert sorted(recorded) == sorted(row.id for row in tables(clone))
    assert len(recorded) == count
    assert not clone.state(STACK).get("pending_operations")


def half_way(clone: Clone, seconds: float = 0.7) -> tuple[subprocess.Popen[str], int]:
    """An `up` in which a table takes `seconds`, with some made and some not; its process and the engine's."""
    client.ensure(clone.twin)
    fault(clone, replace(SLOW, seconds=seconds))
    process = clone.start("up", STACK)
    wait_for(lambda: 3 <= len(tables(clone)) < 10)
    pid = clone.engine_pid()
    assert pid is not None
    return process, pid


def finished(process: subprocess.Popen[str], seconds: float = 60) -> Ended:
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in out + err
    return Ended(process.returncode, out, err)


def test_up_and_again_and_what_it_says(clone: Clone) -> None:
    first = clone.run("up", "舟橋村", "--json")
    assert first.code == Exit.OK, first.err
    document = first.document
    assert document["result"] == "succeeded"
    assert document["target"] == "twin"
    assert document["layers"] == {"iaas": {"create": 11}}
    assert document["outputs"]["tenant"]["name"] == "舟橋村"
    assert Path(document["log"]).is_file()
    again = clone.run("up", STACK, JICHITAI_LANG="ja")
    assert again.code == Exit.OK
    assert "デジタルツイン" in again.err
    assert "iaas 計算基盤" in again.out
    assert "舟橋村" in again.out
    assert f"./jichitai outputs {STACK}" in again.err
    quiet = clone.run("up", STACK, "--quiet")
    assert not re.search(r"^[•✓]", quiet.err, re.MULTILINE), "only warnings are not progress"
    assert clone.run("outputs", STACK, "--json").document == document["outputs"]
    exported = clone.run("export", STACK).document
    assert exported["version"] == 3
    assert len([r for r in exported["deployment"]["resources"] if r["type"] == TABLE]) == 10
    assert_nothing_lost_or_doubled(clone)


def test_the_difference_is_shown_before_and_after(clone: Clone) -> None:
    preview = clone.run("preview", STACK, "--json")
    assert preview.code == Exit.OK, preview.err
    assert len(preview.document["changes"]) == 11
    assert tables(clone) == []
    clone.run("up", STACK)
    (row,) = [r for r in tables(clone) if r.name == "table-4"]
    with store(clone) as opened, opened.change():
        wrong = {"tags": {"n": "tampered"}}
        opened.rewrite(row.rid, {**row.state, **wrong}, {**row.inputs, **wrong})
    drift = clone.run("drift", STACK, "--json")
    assert drift.code == Exit.DIFFERENT
    (change,) = drift.document["changes"]
    assert (change["resource"], change["operation"], change["layer"]) == ("table-4", "update", "iaas")
    assert ("tags.n", "4", "tampered") in [(p["property"], p["old"], p["new"]) for p in change["properties"]]
    text = clone.run("drift", STACK)
    assert "tags.n: 4 → tampered" in text.out
    assert clone.run("up", STACK).code == Exit.OK
    with store(clone) as opened, opened.change():
        opened.remove(row.rid)
    gone = clone.run("drift", STACK, "--json")
    assert [(c["resource"], c["operation"]) for c in gone.document["changes"]] == [("table-4", "delete")]
    assert clone.run("refresh", STACK).code == Exit.OK
    assert clone.run("drift", STACK).code == Exit.OK
    assert clone.run("up", STACK).code == Exit.OK
    assert_nothing_lost_or_doubled(clone)


def test_engine_killed_half_way(clone: Clone) -> None:
    process, pid = half_way(clone)
    os.killpg(pid, signal.SIGKILL)
    ended = finished(process)
    assert ended.code in (Exit.FAILED, Exit.ENGINE)
    time.sleep(1)  # the twin ends what it had begun: a cloud would too
    again = clone.run("up", STACK)
    assert again.code == Exit.OK, again.err
    assert "died half way" in again.err
    assert_nothing_lost_or_doubled(clone)


def test_everything_of_ours_killed_half_way(clone: Clone) -> None:
    process, pid = half_way(clone)
    os.kill(process.pid, signal.SIGKILL)
    os.killpg(pid, signal.SIGKILL)
    process.communicate()
    time.sleep(1)
    again = clone.run("up", STACK)
    assert again.code == Exit.OK, again.err
    assert_nothing_lost_or_doubled(clone)


def test_only_the_command_killed_the_engine_goes_on(clone: Clone) -> None:
    process, pid = half_way(clone, seconds=4)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    second = clone.run("up", STACK)
    assert second.code == Exit.BUSY
    assert str(pid) in second.err
    wait_for(lambda: clone.engine_pid() is None)
    assert clone.run("up", STACK).code == Exit.OK
    assert_nothing_lost_or_doubled(clone)


def test_two_ups_at_once(clone: Clone) -> None:
    first, _ = half_way(clone, seconds=4)
    second = clone.run("up", STACK, "--json")
    assert second.code == Exit.BUSY
    assert second.document["exit"] == Exit.BUSY
    assert f"process {first.pid}" in second.err
    ended = finished(first)
    assert ended.code == Exit.OK, ended.err
    assert_nothing_lost_or_doubled(clone)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c(clone: Clone, times: int) -> None:
    process, pid = half_way(clone)
    began = time.monotonic()
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    ended = finished(process)
    assert time.monotonic() - began < 30
    assert ended.code == Exit.INTERRUPTED, ended.err
    assert "state is saved" in ended.err
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    time.sleep(1)
    again = clone.run("up", STACK)
    assert again.code == Exit.OK, again.err
    assert_nothing_lost_or_doubled(clone)


def test_twin_killed_half_way(clone: Clone) -> None:
    process, _ = half_way(clone)
    running = client.status(clone.twin)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    ended = finished(process)
    assert ended.code == Exit.TWIN, ended.err
    assert "The state is kept" in ended.err
    fault(clone, None)
    again = clone.run("up", STACK)
    assert again.code == Exit.OK, again.err
    assert_nothing_lost_or_doubled(clone)


def test_an_answer_that_got_lost(clone: Clone) -> None:
    """The worst moment for the twin to die: the table is made and nobody was told."""
    assert clone.run("up", STACK).code == Exit.OK
    program(clone, 12)
    process_ids = {row.name for row in tables(clone)}
    fault(clone, replace(SLOW, seconds=5))
    process = clone.start("up", STACK)
    wait_for(lambda: clone.engine_pid() is not None)
    time.sleep(2)
    # What the twin would have done next, had it not been killed: it makes the table.
    (pattern,) = [r for r in tables(clone) if r.name == "table-3"]
    with store(clone) as opened, opened.change():
        inputs = {**pattern.inputs, "tags": {"n": "10"}}
        made = {**pattern.state, "id": "rtb-lost", "tags": {"n": "10"}}
        opened.add("aws", pattern.unit, pattern.region, TABLE, "rtb-lost", made, inputs, name="table-10")
    running = client.status(clone.twin)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)
    assert finished(process).code == Exit.TWIN
    fault(clone, None)
    again = clone.run("up", STACK)
    assert again.code == Exit.OK, again.err
    assert {row.name for row in tables(clone)} - process_ids == {"table-10", "table-11"}
    assert_nothing_lost_or_doubled(clone, 12)


def test_throttled_for_good(clone: Clone) -> None:
    client.ensure(clone.twin)
    fault(clone, Fault("busy", "throttle", type=TABLE, operations=("create",), surfaced=True, scale=0))
    ended = clone.run("up", STACK, "--json")
    assert ended.code == Exit.FAILED
    assert {f["cause"] for f in ended.document["failures"]} == {"transient"}
    assert all(f["layer"] == "iaas" and f["type"] == TABLE for f in ended.document["failures"])
    fault(clone, None)
    assert clone.run("up", STACK).code == Exit.OK
    assert_nothing_lost_or_doubled(clone)


def test_wrong_passphrase(clone: Clone) -> None:
    assert clone.run("up", STACK).code == Exit.OK
    file = clone.folder / ".jichitai" / "passphrase"
    right = file.read_text(encoding="utf-8")
    file.write_text("something else\n", encoding="utf-8")
    ended = clone.run("up", STACK)
    file.write_text(right, encoding="utf-8")
    assert ended.code == Exit.ENGINE
    assert ".jichitai/passphrase" in ended.err
    assert_nothing_lost_or_doubled(clone)


def test_a_bug_in_the_program(clone: Clone) -> None:
    program(clone, 1, "\nraise ValueError('a detail')\n")
    ended = clone.run("up", STACK)
    assert ended.code == Exit.BUG
    assert "ValueError: a detail" in ended.err
    (log,) = [w for w in ended.err.split() if w.endswith("-up.jsonl") and "Log" not in w][:1]
    assert "Traceback" in Path(log).read_text(encoding="utf-8")
    program(clone, 10)


def test_nothing_invalid_reaches_the_engine(clone: Clone) -> None:
    right = manifest(clone)
    clone.edit(STACK, {'code: "163210"': 'code: "163211"'})
    ended = clone.run("up", STACK, "--json")
    clone.manifest(STACK).write_text(right, encoding="utf-8")
    assert ended.code == Exit.INVALID
    problems = ended.document["error"]["problems"]
    assert problems[0]["path"].endswith("code")
    line = next(n for n, text in enumerate(right.splitlines(), 1) if "code:" in text)
    assert f"Pulumi.{STACK}.yaml:{line}:" in ended.err
    assert "163210" in ended.err
    assert clone.engine_pid() is None
    assert tables(clone) == []


def test_protected_and_asked(clone: Clone) -> None:
    assert clone.run("up", STACK).code == Exit.OK
    clone.protect(STACK, on=True)
    protected = clone.run("destroy", STACK, "--yes")
    assert protected.code == Exit.REFUSED
    assert "protect: false" in protected.err
    clone.protect(STACK, on=False)
    assert clone.run("destroy", STACK).code == Exit.REFUSED, "no terminal to ask on"
    assert answered(clone, "no\n", "destroy", STACK) == Exit.REFUSED
    assert_nothing_lost_or_doubled(clone)
    assert answered(clone, "163210\n", "destroy", STACK) == Exit.OK
    assert tables(clone) == []


def answered(clone: Clone, answer: str, *arguments: str) -> int:
    """The exit code of a command that is run on a terminal where `answer` is typed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        clone.command(*arguments),
        cwd=clone.folder,
        env=clone.environment(),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, answer.encode())
    _, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "163210" in err
    return process.returncode


def test_the_real_cloud_is_never_touched_without_a_word(clone: Clone) -> None:
    for verb in ("up", "refresh"):
        ended = clone.run(verb, STACK, "--cloud")
        assert ended.code == Exit.REFUSED
        assert "--yes" in ended.err
    assert not (clone.folder / ".jichitai" / "state" / "cloud").exists()


PULUMI = """#!/bin/sh
# Stands for a Pulumi that the user has: notes what it is asked, and with what in its environment.
if [ "$1" = version ]; then echo v3.300.0; exit; fi
echo "$@" >> "$NOTES/asked"
env > "$NOTES/environment"
"""


def test_the_real_cloud_never_gets_the_twin(clone: Clone, tmp_path: Path) -> None:
    for name, text in (("pulumi", PULUMI), ("pulumi-language-python", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    told = {"PATH": path, "NOTES": str(tmp_path), "PULUMI_DEBUG_PROVIDERS": "aws:1"}
    ended = clone.run("up", STACK, "--cloud", "--yes", **told)
    assert ended.code == Exit.OK, ended.err
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[-1].startswith("up --skip-preview --yes --non-interactive")
    assert STACK in asked[-1]
    seen = (tmp_path / "environment").read_text(encoding="utf-8")
    assert "PULUMI_BACKEND_URL=" in seen
    assert "PULUMI_DEBUG_PROVIDERS" not in seen
    assert "twin" not in ended.err
    assert tables(clone) == []


FULL = 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"'


def test_disk_full(clone: Clone) -> None:
    """The state is on a disk of 64 KiB: in a namespace of our own we may mount one."""
    folder = clone.folder / ".jichitai" / "state"
    folder.mkdir(parents=True, exist_ok=True)
    own = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL, str(folder)]
    if subprocess.run([*own, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("user namespaces are off on this machine")
    done = subprocess.run(
        [*own, *clone.command("up", STACK)],
        cwd=clone.folder, env=clone.environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.DISK, done.stderr
    assert "The disk is full" in done.stderr
    assert str(folder) in done.stderr
    assert tables(clone) == []
