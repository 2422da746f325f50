"""200 resources of さくらのクラウド at once, on a twin 60 times as fast; and what the provider weighs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.bench.measure import Figure

SECONDS: Final = 40.0
"""The most that `up` should take."""
MEGABYTES: Final = 120.0
"""The most that the provider should weigh (resident)."""
SPEED: Final = 60.0
_LOOKS: Final = 0.3
"""Seconds between two looks at what the provider weighs."""
_PROVIDER: Final = "providers.sakura"

PROGRAM: Final = """\
import pulumi_sakura as sakura

image = sakura.compute.get_archive(os_type="almalinux").id
rules = [
    {"protocol": "tcp", "source_network": "10.0.0.0/8", "destination_port": "443"},
    {"protocol": "ip", "action": "deny"},
]
switches = [sakura.network.Switch(f"switch{i}", name=f"switch{i}") for i in range(8)]
filters = [sakura.network.PacketFilter(f"filter{i}", name=f"filter{i}", expressions=rules) for i in range(8)]
for i in range(45):
    disk = sakura.compute.Disk(
        f"disk{i}", name=f"disk{i}", size=20, source_archive_id=image, encryption_algorithm="aes256_xts"
    )
    nic = {"switch_id": switches[i % 8].id, "packet_filter_id": filters[i % 8].id}
    sakura.compute.Server(
        f"server{i}", name=f"server{i}", core=1, memory=1, disks=[disk.id],
        disk_edit={"hostname": f"server{i}"}, interfaces=[nic],
    )
for i in range(8):
    on = {"switch_id": switches[i].id, "netmask": 24}
    sakura.database.Database(
        f"db{i}", name=f"db{i}", username="user", password="password-123",
        ip_addresses=[{"ip_address": f"10.{i}.0.5"}], **on,
    )
    sakura.storage.Nfs(f"nfs{i}", name=f"nfs{i}", ip_addresses=[{"ip_address": f"10.{i}.0.6"}], **on)
    inside = {"index": 1, "ip_addresses": [f"10.{i}.0.1"], **on}
    sakura.network.VpcRouter(
        f"router{i}", name=f"router{i}", internet_connection=False, private_interfaces=[inside]
    )
zone = sakura.dns.Dns("zone", zone="example.jp")
for i in range(33):
    sakura.dns.DnsRecord(f"record{i}", dns_id=zone.id, name=f"host{i}", type="A", value="192.0.2.1")
for i in range(36):
    sakura.monitoring.SimpleMonitor(
        f"monitor{i}", target=f"host{i}.example.jp", health_check={"protocol": "ping"}
    )
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One `up`."""

    resources: int
    seconds: float
    megabytes: float
    """The most that the provider's process weighed; 0 where `ps` tells nothing."""


def figures(rounds: int) -> Iterator[Figure]:
    """`up` of 200 resources `rounds` times, each from nothing: the quickest, and the heaviest provider."""
    found: list[Measured] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="jichitai-bench-") as folder:
            found.append(measured(Path(folder)))
    best = min(found, key=lambda one: one.seconds)
    yield Figure(
        "さくら: up, seconds", best.seconds, "s", SECONDS, f"{best.resources} resources, best of {rounds}"
    )
    yield Figure(
        "さくら: provider, resident", max(one.megabytes for one in found), "MB", MEGABYTES, f"{rounds} runs"
    )


def measured(folder: Path) -> Measured:
    """`up` of `PROGRAM` in a project and a twin of its own under `folder`. RuntimeError when it fails."""
    from providers.twin.sakura import client
    from scripts.engine.environment import environment
    from scripts.engine.install import ensure
    from scripts.engine.places import REPO

    (folder / "program").mkdir(parents=True)
    (folder / "program" / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    plugin = json.dumps(str(REPO / "providers" / "sakura"))
    (folder / "Pulumi.yaml").write_text(
        f"name: many\nruntime: {{name: python, options: {{virtualenv: {json.dumps(sys.prefix)}}}}}\n"
        "main: program/\n"
        f"plugins: {{providers: [{{name: sakura, path: {plugin}}}]}}\n",
        encoding="utf-8",
    )
    engine = ensure(lambda _: None)
    running = client.start(folder / "twin", SPEED)
    try:
        base = {k: v for k, v in os.environ.items() if not k.startswith(("SAKURA", "PYTHONDONT"))}
        settings = environment(engine, folder, "twin", base) | running.environment()
        settings |= {"JICHITAI_REPO": str(REPO)}

        def pulumi(*arguments: str) -> tuple[str, float, float]:
            return _run([str(engine.path), *arguments, "--non-interactive"], folder, settings)

        pulumi("stack", "init", "dev")
        _, seconds, megabytes = pulumi("up", "--yes", "--skip-preview")
        exported, _, _ = pulumi("stack", "export")
    finally:
        client.stop(folder / "twin")
    kinds = [one["type"] for one in json.loads(exported)["deployment"]["resources"]]
    return Measured(sum(not kind.startswith("pulumi:") for kind in kinds), seconds, megabytes)


def _run(command: list[str], folder: Path, settings: dict[str, str]) -> tuple[str, float, float]:
    """What it said, how long it took, and the most that a provider under it weighed, MB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=settings, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    weights, done = [0.0], threading.Event()

    def weigh() -> None:
        while not done.wait(_LOOKS):
            weights.append(_weight(process.pid))

    watcher = threading.Thread(target=weigh)
    watcher.start()
    try:
        out, err = process.communicate()
    finally:
        done.set()
        watcher.join()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:3])} failed ({process.returncode}): {(err or out)[-2000:]}")
    return out, time.perf_counter() - began, max(weights)


def _weight(parent: int) -> float:
    """MB of the providers among the children of `parent`."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "ppid=,rss=,args="], capture_output=True, text=True, check=False
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return sum(int(row[1]) / 1024 for row in rows if row[0] == str(parent) and _PROVIDER in row[-1])
