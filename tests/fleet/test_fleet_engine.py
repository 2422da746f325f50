"""The fleet on the real engine and the twin: mixed clouds, killed parts, what single commands see."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import Any

import pytest

from providers.twin import client
from scripts.cli.exits import Exit
from scripts.fleet.soak import parents, victims
from tests.conftest import Clone, Cloning, wait_for

AWS, OCI = "163210-funahashi", "014591-biei"
STACKS = (AWS, OCI)


def fleet(clone: Clone, *arguments: str, code: Exit = Exit.OK) -> dict[str, Any]:
    ended = clone.run("fleet", *arguments, "--json")
    assert ended.code == code, (ended.err, ended.out[-4000:])
    return ended.document


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {one["stack"]: one["outcome"] for one in document["stacks"]}


def recorded(clone: Clone, stack: str) -> list[str]:
    return [
        f"{r['type']} {r['id']}"
        for r in clone.state(stack)["resources"]
        if r.get("custom") and not r.get("external") and not r["type"].startswith("pulumi:")
    ]


@pytest.mark.xdist_group("fleet-life")
def test_the_life_of_a_small_fleet_beside_single_commands(cloning: Cloning) -> None:
    clone = cloning()
    seen = fleet(clone, "preview", *STACKS, "--jobs", "2")
    assert outcomes(seen) == dict.fromkeys(STACKS, "changed")
    assert not clone.rows() or not [row for row in clone.rows() if row.name], "a preview makes nothing"
    again = fleet(clone, "preview", *STACKS)
    assert outcomes(again) == dict.fromkeys(STACKS, "skipped")
    assert {s["digest"] for s in again["stacks"]} == {s["digest"] for s in seen["stacks"]}, (
        "what it found stays"
    )

    up = fleet(clone, "up", *STACKS, "--canary", "1", "--jobs", "2")
    assert outcomes(up) == dict.fromkeys(STACKS, "changed")
    planned = {s["stack"]: s["changes"] for s in seen["stacks"]}
    assert {s["stack"]: s["changes"] for s in up["stacks"]} == planned, "the preview was right"
    assert outcomes(fleet(clone, "up", *STACKS)) == dict.fromkeys(STACKS, "skipped")
    assert outcomes(fleet(clone, "up", *STACKS, "--no-skip")) == dict.fromkeys(STACKS, "unchanged")

    # A single command sees the same stacks; what it changes is not skipped over.
    single = clone.run("up", AWS, "--json")
    assert single.code == Exit.OK
    assert single.document["changes"] == []
    group = next(row for row in clone.rows() if row.type == "aws:cloudwatch/logGroup:LogGroup" and row.name)
    assert clone.run("twin", "tamper", group.id, "--type", group.type, "--set", "retentionInDays=1").code == 0
    drift = fleet(clone, "drift", *STACKS, code=Exit.DIFFERENT)
    assert outcomes(drift) == {AWS: "changed", OCI: "unchanged"}
    assert clone.run("refresh", AWS).code == Exit.OK
    mended = outcomes(fleet(clone, "up", *STACKS))
    assert mended == {AWS: "changed", OCI: "skipped"}, "the state is not what it was"

    # Protected: nothing is torn down; then all of it is.
    refused = fleet(clone, "destroy", AWS, "--yes", code=Exit.FAILED)
    assert refused["stacks"][0]["causes"][0]["cause"] == "protected"
    for stack in STACKS:
        clone.protect(stack, on=False)
    fleet(clone, "up", *STACKS)
    assert outcomes(fleet(clone, "destroy", *STACKS, "--yes")) == dict.fromkeys(STACKS, "changed")
    assert [row for row in clone.rows() if row.name] == []
    assert outcomes(fleet(clone, "destroy", AWS, "--yes")) == {AWS: "skipped"}


@pytest.mark.xdist_group("fleet-killed")
def test_engine_twin_worker_and_coordinator_are_killed_and_nothing_is_lost_or_doubled(
    cloning: Cloning,
) -> None:
    clone = cloning()
    chance = random.Random(7)
    wanted = ["engine", "twin", "fork", "coordinator", "worker", "engine"]
    arguments = ["fleet", "up", *STACKS, "--canary", "0", "--jobs", "2", "--retries", "9", "--no-policies"]
    process = clone.start(*arguments)
    for kind in wanted:
        time.sleep(chance.uniform(0.5, 2.0))
        if process.poll() is not None:
            process = clone.start("fleet", "resume")
        kill(clone, process, kind)
    process.communicate()
    until = time.monotonic() + 240
    while (ended := clone.run("fleet", "resume", "--json")).code != Exit.OK:
        assert time.monotonic() < until, ended.err
    assert set(outcomes(ended.document).values()) <= {"changed", "unchanged"}
    assert outcomes(fleet(clone, "up", *STACKS, "--no-skip", "--no-policies")) == dict.fromkeys(
        STACKS, "unchanged"
    )
    everything = sorted(line for stack in STACKS for line in recorded(clone, stack))
    assert everything == sorted(f"{row.type} {row.id}" for row in clone.rows() if row.name)
    assert clone.engine_pid() is None, "no stack is left locked"
    assert outcomes(fleet(clone, "drift", *STACKS)) == dict.fromkeys(STACKS, "unchanged")


def kill(clone: Clone, process: subprocess.Popen[str], kind: str) -> None:
    """Kill one part of a running fleet, once there is one."""

    def there() -> bool:
        return process.poll() is not None or bool(found())

    def found() -> list[int]:
        if kind == "twin":
            running = client.status(clone.twin)
            return [running.pid] if running is not None else []
        return victims(process.pid, parents()).get(kind, [])

    wait_for(there, seconds=120)
    for pid in found()[:1]:
        if process.poll() is None or kind == "twin":
            os.kill(pid, signal.SIGKILL)


@pytest.mark.xdist_group("fleet-life")
def test_ctrl_c_lets_what_runs_finish_and_resume_does_the_rest(cloning: Cloning) -> None:
    clone = cloning()
    process = clone.start("fleet", "preview", *STACKS, "--jobs", "1", "--json")
    wait_for(lambda: "fork" in victims(process.pid, parents()), seconds=120)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == Exit.INTERRUPTED, err
    assert "Traceback" not in out + err
    assert "Stopping" in err
    assert clone.engine_pid() is None
    resumed = fleet(clone, "resume")
    assert outcomes(resumed) == dict.fromkeys(STACKS, "changed")
