"""200 resources at once, with waits as on the platform but 60 times faster; and what the provider weighs.

The weight has a limit (120 MB). Times are printed and never judged: a machine of CI is anybody's.
`pytest -s tests/sakura/test_speed.py` shows them.
"""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

from providers.twin.sakura import client
from tests.sakura.conftest import Project, Twin
from tests.sakura.test_interrupted import processes

MEGABYTES = 120.0
SPEED = 60.0

PROGRAM = """
image = sakura.compute.get_archive(os_type="almalinux").id
rules = [{"protocol": "tcp", "source_network": "10.0.0.0/8", "destination_port": "443"}, {"protocol": "ip", "action": "deny"}]
switches = [sakura.network.Switch(f"switch{i}", name=f"switch{i}") for i in range(8)]
filters = [sakura.network.PacketFilter(f"filter{i}", name=f"filter{i}", expressions=rules) for i in range(8)]
for i in range(45):
    disk = sakura.compute.Disk(f"disk{i}", name=f"disk{i}", size=20, source_archive_id=image, encryption_algorithm="aes256_xts")
    server = sakura.compute.Server(f"server{i}", name=f"server{i}", core=1, memory=1, disks=[disk.id],
        disk_edit={"hostname": f"server{i}"}, interfaces=[{"switch_id": switches[i % 8].id, "packet_filter_id": filters[i % 8].id}])
for i in range(8):
    on = dict(switch_id=switches[i].id, netmask=24, ip_addresses=[{"ip_address": f"10.{i}.0.5"}])
    sakura.database.Database(f"db{i}", name=f"db{i}", username="user", password="password-123", **on)
    sakura.storage.Nfs(f"nfs{i}", name=f"nfs{i}", switch_id=switches[i].id, netmask=24, ip_addresses=[{"ip_address": f"10.{i}.0.6"}])
    sakura.network.VpcRouter(f"router{i}", name=f"router{i}", internet_connection=False, private_interfaces=[
        {"index": 1, "switch_id": switches[i].id, "ip_addresses": [f"10.{i}.0.1"], "netmask": 24}])
zone = sakura.dns.Dns("zone", zone="example.jp")
for i in range(33):
    sakura.dns.DnsRecord(f"record{i}", dns_id=zone.id, name=f"host{i}", type="A", value="192.0.2.1")
for i in range(36):
    sakura.monitoring.SimpleMonitor(f"monitor{i}", target=f"host{i}.example.jp", health_check={"protocol": "ping"})
"""


def heaviest(pid: int, done: threading.Event) -> list[float]:
    """The provider's resident megabytes, sampled."""
    found: list[float] = []
    while not done.wait(0.2):
        for child, args in processes(pid):
            if "providers.sakura" in args:
                status = Path(f"/proc/{child}/status")
                text = status.read_text(encoding="utf-8") if status.exists() else ""
                found += [
                    int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS")
                ]
    return found


def test_two_hundred_resources_at_once(projects, tmp_path: Path) -> None:
    folder = tmp_path / "realistic"
    twin = Twin(client.start(folder, SPEED))
    try:
        project: Project = projects("many", **twin.running.environment())
        project.program(PROGRAM)
        done = threading.Event()
        weights: list[float] = []
        began = time.monotonic()
        process = project.start("up", "--yes", "--skip-preview")
        watcher = threading.Thread(target=lambda: weights.extend(heaviest(process.pid, done)))
        watcher.start()
        out, _ = process.communicate(timeout=170)
        seconds = time.monotonic() - began
        done.set()
        watcher.join()
        assert process.returncode == 0, out[-3000:]
        assert len(project.state()) == 202, "200 resources, the stack, the provider"
        print(f"up: {seconds:.1f} s; provider: {max(weights):.0f} MB")
        assert max(weights) <= MEGABYTES
    finally:
        client.stop(folder)


def test_the_provider_starts_and_ends() -> None:
    program = Path(__file__).parents[2] / "providers" / "sakura" / "pulumi-resource-sakura"
    times = []
    for _ in range(3):
        began = time.monotonic()
        process = subprocess.Popen([str(program)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        times.append(time.monotonic() - began)
        process.terminate()
        process.wait(timeout=10)
    print(f"start: {min(times):.2f} s")
