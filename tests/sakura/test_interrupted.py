"""Killed in the middle of a creation: the next `up` finishes, and nothing is orphaned.

What the cloud holds is counted after each recovery and compared with an undisturbed run of the same program.
`JICHITAI_SOAK=15 ./jichitai test tests/sakura/test_interrupted.py` kills at 15 moments instead of 3.
"""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.sakura.conftest import Project, Twin

# Kinds that are found again by a tag, by their description, and by a note on disk alone; long chains and
# short ones.
PROGRAM = """
switch = sakura.network.Switch("switch", name="switch", tags=["a"])
filter = sakura.network.PacketFilter("filter", name="filter", expressions=[{"protocol": "ip", "action": "deny"}])
disk = sakura.compute.Disk("disk", name="disk", size=20)
server = sakura.compute.Server("server", name="server", core=1, memory=1, disks=[disk.id], disk_edit={"hostname": "server"},
    interfaces=[{"switch_id": switch.id, "packet_filter_id": filter.id}])
router = sakura.network.VpcRouter("router", name="router",
    private_interfaces=[{"index": 1, "switch_id": switch.id, "ip_addresses": ["10.0.0.1"], "netmask": 24}])
nfs = sakura.storage.Nfs("nfs", name="nfs", switch_id=switch.id, netmask=24, ip_addresses=[{"ip_address": "10.0.0.9"}])
wan = sakura.network.Internet("wan", name="wan")
block = sakura.network.Subnet("block", internet_id=wan.id, netmask=28, next_hop=wan.ip_addresses[0])
bucket = sakura.objectstorage.Bucket("bucket", site="isk01", name="bucket-1")
permission = sakura.objectstorage.Permission("permission", site="isk01", name="pair",
    bucket_controls=[{"bucket": bucket.name, "can_read": True, "can_write": False}])
key = sakura.objectstorage.PermissionKey("key", site="isk01", permission_id=permission.resource_id)
project = sakura.iam.Project("project", code="city", name="city")
routing = sakura.monitoring.LogRouting("routing", publisher_code="vpcrouter", variant="standard",
    log_storage_id=sakura.monitoring.LogStorage("logs", name="logs", expire_days=30).id)
zone = sakura.dns.Dns("zone", zone="example.jp")
hub = sakura.network.LocalRouter("hub", name="hub", switch={"code": sakura.network.Switch("far", name="far", zone="tk1a").id,
    "zone": "tk1a"}, interface={"vip": "10.2.0.1", "ip_addresses": ["10.2.0.2", "10.2.0.3"], "netmask": 24, "vrid": 11})
local = sakura.network.LocalRouter("local", name="local", switch={"code": switch.id, "zone": "is1a"},
    interface={"vip": "10.0.0.2", "ip_addresses": ["10.0.0.3", "10.0.0.4"], "netmask": 24, "vrid": 12},
    peers=[{"peer_id": hub.id, "secret_key": sakura.network.get_local_router_output(id=hub.id).secret_keys[0]}])
record = sakura.dns.DnsRecord("record", dns_id=zone.id, name="www", type="A", value="192.0.2.1")
pulumi.export("secret", key.secret_key)
"""


def moments() -> list[float]:
    """Seconds into the creations at which to kill: spread over all that the program takes to make."""
    count = int(os.environ.get("JICHITAI_SOAK", "3"))
    return [round(0.3 + 2.7 * at / count, 2) for at in range(count)]


def processes(parent: int) -> list[tuple[int, str]]:
    """Everything under a process, with its command line."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
    found, todo = [], {str(parent)}
    while todo:
        layer = [(pid, args) for pid, ppid, args in rows if ppid in todo]
        found += [(int(pid), args) for pid, args in layer]
        todo = {pid for pid, _ in layer}
    return found


_CALM: dict[str, int] = {}
"""What an undisturbed run makes: the same for every test of this process."""


def undisturbed(projects: Callable[..., Project], twin: Twin) -> dict[str, int]:
    if _CALM:
        return _CALM
    project = projects("calm")
    project.program(PROGRAM)
    project.ok("up", "--yes", "--skip-preview")
    _CALM.update(twin.counts())
    project.destroy()
    assert twin.counts() == {}
    return _CALM


def recovered(project: Project) -> None:
    """What a user does after a crash: release the lock, `up`."""
    project.run("cancel", "--yes")
    project.ok("up", "--yes", "--skip-preview")
    assert project.outputs()["secret"], "a secret that was shown once is not lost"


@pytest.mark.parametrize("victim", ["provider", "engine"])
def test_kill_at_any_time_orphans_nothing(victim: str, projects, twin: Twin) -> None:
    expected = undisturbed(projects, twin)
    # Slow answers spread the creations out, so that each kill meets another one half-way.
    twin.fault("slow", effect="delay", method="POST|PUT", seconds=0.15, times=0)
    for at, seconds in enumerate(moments()):
        # What passes by itself strikes too, in the run that is killed or in the one that recovers.
        twin.fault("busy", method="POST|PUT|DELETE", status=503, code="busy", times=3)
        twin.fault("creating", method="PUT", path="/power$", status=409, code="still_creating", times=2)
        twin.fault("throttled", method="GET", status=429, code="too_many_request", times=3)
        project = projects(f"{victim}-{at}")
        project.program(PROGRAM)
        process = project.start("up", "--yes", "--skip-preview")
        wait_for(lambda: bool(twin.counts()), 60)
        time.sleep(seconds)
        plugin = [pid for pid, args in processes(process.pid) if "providers.sakura" in args]
        if victim == "provider":
            for pid in plugin:
                os.kill(pid, signal.SIGKILL)
            process.communicate(timeout=120)
        else:
            process.kill()
            process.communicate(timeout=60)
            wait_for(lambda plugin=plugin: not any(alive(pid) for pid in plugin), 15)
        recovered(project)
        assert twin.counts() == expected, f"killed {seconds} s into the creations"
        project.destroy()
        assert twin.counts() == {}


def test_lost_answers_orphan_nothing(projects, twin: Twin) -> None:
    expected = undisturbed(projects, twin)
    project = projects("lost")
    project.program(PROGRAM)
    # Every creation is carried out, and the first answer to each is lost.
    for kind in ("switch", "packetfilter", "disk", "server", "appliance", "internet", "commonserviceitem"):
        twin.fault(f"lost-{kind}", effect="drop", method="POST", path=f"/{kind}$", times=1)
    twin.fault("lost-bucket", effect="drop", method="PUT", path="/fed/v1/buckets/", times=1)
    twin.fault("lost-key", effect="drop", method="POST", path="/permissions/.*/keys$", times=1)
    project.ok("up", "--yes", "--skip-preview")
    assert twin.counts() == expected
    assert project.outputs()["secret"], "a secret whose only answer was lost is made anew"
    project.destroy()
    assert twin.counts() == {}


def test_what_fails_half_way_is_kept_and_finished(projects, twin: Twin) -> None:
    project = projects("half")
    project.program(PROGRAM)
    twin.fault(
        "no-power", method="PUT", path="/server/.*/power", status=503, code="boot_failure_in_group", times=0
    )
    done = project.run("up", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "boot_failure_in_group" in done.stdout
    (server,) = (r for r in project.state() if r["type"] == "sakura:compute:Server")
    assert server["id"] == twin.of("server")[0]["ID"], "what was made is in the state"
    assert server["initErrors"]
    from providers.twin.sakura import client

    client.clear_faults(twin.folder)
    project.ok("up", "--yes", "--skip-preview")
    assert twin.of("server")[0]["Instance"]["Status"] == "up"
    assert len(twin.of("server")) == 1


def test_a_failed_copy_is_made_again(project: Project, twin: Twin) -> None:
    twin.fault("bad-copy", effect="fail-copy", method="POST", path="/(disk|appliance)$", times=2)
    project.program(
        """
switch = sakura.network.Switch("switch", name="switch")
disk = sakura.compute.Disk("disk", name="disk", size=20)
sakura.storage.Nfs("nfs", name="nfs", switch_id=switch.id, netmask=24, ip_addresses=[{"ip_address": "10.0.0.9"}])
"""
    )
    project.ok("up", "--yes", "--skip-preview")
    assert {k: v for k, v in twin.counts().items() if k in ("disk", "appliance")} == {
        "disk": 1,
        "appliance": 1,
    }
    assert {d["Availability"] for d in (*twin.of("disk"), *twin.of("appliance"))} == {"available"}


def test_an_interrupt_ends_cleanly_and_goes_on_next_time(projects, twin: Twin) -> None:
    project = projects("interrupted")
    project.program(PROGRAM)
    twin.fault("stuck", effect="stuck", method="POST", path="/disk$", times=1)
    process = project.start("up", "--yes", "--skip-preview")
    wait_for(lambda: bool(twin.of("disk")), 60)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert "Traceback" not in out
    (disk,) = twin.of("disk")
    twin.tamper("disk", "is1a", disk["ID"], "Availability", "available")
    project.ok("up", "--yes", "--skip-preview")
    assert [d["ID"] for d in twin.of("disk")] == [disk["ID"]]


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
