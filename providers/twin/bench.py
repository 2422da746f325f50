"""`python -m providers.twin.bench`: how many provider calls a second the twin answers, in how much memory.

The twin runs in its own process on one core, the callers on another; calls go over real gRPC on
loopback, with every check on. Figures are calls per second of the twin's own processor time (what one
core could do if it were not shared) and per second of wall time. `--fill N` stores N resources first
and reports size on disk and memory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from providers.twin import client
from providers.twin.aws.words import token
from providers.twin.caller import Caller, Made
from providers.twin.store import Store
from providers.wire import Value

_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "s3:PutObject",
                "Resource": "*",
            }
        ],
    }
)


def _network(caller: Caller) -> Iterator[Made]:
    """A small network as tenants have it: every reference real, every address checked."""
    vpc = caller.create(token("ec2.Vpc"), "vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"code": "131041"}})
    yield vpc
    for at in range(6):
        zone = "ap-northeast-1" + "acd"[at % 3]
        subnet = caller.create(
            token("ec2.Subnet"),
            f"subnet{at}",
            {"vpcId": vpc.id, "cidrBlock": f"10.0.{at}.0/24", "availabilityZone": zone},
        )
        yield subnet
        table = caller.create(token("ec2.RouteTable"), f"table{at}", {"vpcId": vpc.id})
        yield table
        pair = {"subnetId": subnet.id, "routeTableId": table.id}
        yield caller.create(token("ec2.RouteTableAssociation"), f"association{at}", pair)
    group = caller.create(token("ec2.SecurityGroup"), "group", {"vpcId": vpc.id, "description": "bench"})
    yield group
    for at in range(8):
        rule: dict[str, Value] = {
            "securityGroupId": group.id,
            "ipProtocol": "tcp",
            "fromPort": 1000 + at,
            "toPort": 1000 + at,
            "cidrIpv4": "10.0.0.0/8",
        }
        yield caller.create(token("vpc.SecurityGroupIngressRule"), f"rule{at}", rule)
    key = caller.create(token("kms.Key"), "key", {"description": "bench", "enableKeyRotation": True})
    yield key
    yield caller.create(token("kms.Alias"), "alias", {"name": "alias/bench", "targetKeyId": key.id})
    bucket = caller.create(token("s3.Bucket"), "bucket", {"bucket": f"bench-{caller.config['account']}"})
    yield bucket
    yield caller.create(token("s3.BucketPolicy"), "policy", {"bucket": bucket.id, "policy": _POLICY})


def _life(port: int, unit: int, counts: Counter[str]) -> None:
    """One tenant's life: everything is made, refreshed, compared, changed and deleted again."""
    account = str(unit)
    caller = Caller(
        port, {"region": "ap-northeast-1", "allowedAccountIds": f'["{account}"]', "account": account}
    )
    made = list(_network(caller))
    for one in made:
        caller.read(one)
        caller.diff(one, one.inputs)
    for one in made:
        if "tags" in one.state or "tagsAll" in one.state:
            caller.update(one, {**one.inputs, "tags": {"changed": "yes"}})
            counts["check"] += 1
            counts["update"] += 1
    for one in reversed(made):
        caller.delete(one)
    caller.close()
    counts["check"] += 2 * len(made)
    for kind in ("create", "read", "diff", "delete"):
        counts[kind] += len(made)
    counts["configure"] += 1


def cpu_seconds(pid: int) -> float:
    """Processor seconds a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> tuple[float, float]:
    """Resident megabytes of a process now and at its highest."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    found = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
    return int(found["VmRSS"]) / 1024, int(found["VmHWM"]) / 1024


def _pin(running: client.Running) -> None:
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        for task in Path(f"/proc/{running.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {cores[0]})
        os.sched_setaffinity(0, set(cores[1:]))


def _speed(running: client.Running, lives: int, callers: int) -> dict[str, float]:
    port = running.ports["aws"]
    warm: Counter[str] = Counter()
    _life(port, 900_000_000_000, warm)
    counts: Counter[str] = Counter()
    numbers = iter(range(900_000_000_001, 900_000_000_001 + lives))
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                unit = next(numbers, None)
            if unit is None:
                return
            _life(port, unit, counts)

    began, used = time.monotonic(), cpu_seconds(running.pid)
    threads = [threading.Thread(target=work) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall, cpu = time.monotonic() - began, cpu_seconds(running.pid) - used
    calls = sum(counts.values())
    return {
        "calls": calls,
        "wallSeconds": round(wall, 2),
        "twinCpuSeconds": round(cpu, 2),
        "callsPerSecondOfOneCore": round(calls / cpu),
        "callsPerWallSecond": round(calls / wall),
        "millisecondsPerCall": round(1000 * cpu / calls, 3),
    }


def fill(store: Store, number: int) -> None:
    """Stores that many resources of a tenant's usual shape, in units of 200."""
    body = {
        "arn": "",
        "description": "filled by the benchmark",
        "name": "",
        "policy": _POLICY,
        "region": "ap-northeast-1",
        "tags": {"code": "131041", "environment": "production", "classification": "restricted"},
        "tagsAll": {"code": "131041", "environment": "production", "classification": "restricted"},
        "ownerId": "",
        "vpcId": "vpc-00000000000000000",
    }
    for start in range(0, number, 20_000):
        with store.change():
            for at in range(start, min(number, start + 20_000)):
                unit, id_ = f"{at // 200:012d}", f"sg-{at:017x}"
                arn = f"arn:aws:ec2:ap-northeast-1:{unit}:security-group/{id_}"
                state = {**body, "arn": arn, "name": f"group-{at}", "ownerId": unit}
                inputs = {key: state[key] for key in ("name", "description", "tags", "vpcId")}
                kind = token("ec2.SecurityGroup")
                rid = store.add("aws", unit, "ap-northeast-1", kind, id_, state, inputs, name=f"group-{at}")
                store.set_handles(rid, {arn})
                store.claim(f"aws/{unit}/sg", f"group-{at}", rid)
                if at % 200:
                    store.set_links(rid, {(rid - at % 200, "vpcId"): 1})


def main(arguments: list[str]) -> int:
    """Runs the benchmark and prints one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m providers.twin.bench", description=__doc__)
    parser.add_argument("--lives", type=int, default=20, help="tenants' lives to play")
    parser.add_argument("--callers", type=int, default=4, help="engines at once")
    parser.add_argument("--fill", type=int, default=0, help="store this many resources first")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="twin-bench-"))
    try:
        result: dict[str, object] = {}
        if options.fill:
            store = Store(folder / "store.sqlite")
            began = time.monotonic()
            fill(store, options.fill)
            store.close()
            size = sum(path.stat().st_size for path in folder.glob("store.sqlite*")) / 1e6
            result["filled"] = {
                "resources": options.fill,
                "seconds": round(time.monotonic() - began, 1),
                "diskMegabytes": round(size, 1),
            }
        began = time.monotonic()
        running = client.ensure(folder, idle=600)
        result["startSeconds"] = round(time.monotonic() - began, 2)
        _pin(running)
        result["speed"] = _speed(running, options.lives, options.callers)
        now, peak = _memory(running.pid)
        result["memoryMegabytes"] = {"now": round(now), "peak": round(peak)}
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
    finally:
        client.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
