"""The life of resources on the real engine, through the provider's own process and real HTTP."""

from __future__ import annotations

import json
import os
import subprocess

from providers.sakura.catalog import RESOURCES
from scripts.engine.model import Engine
from scripts.engine.places import REPO
from tests.sakura.conftest import Project, Twin

SMALL = """
switch = sakura.network.Switch("inner", name="inner", description="内側", tags=["a", "b"])
filter = sakura.network.PacketFilter("filter", name="filter", expressions=[
    {"protocol": "tcp", "source_network": "10.0.0.0/8", "destination_port": "443", "action": "allow"},
    {"protocol": "ip", "action": "deny"},
])
disk = sakura.compute.Disk("disk", name="disk", size=20, encryption_algorithm="aes256_xts")
server = sakura.compute.Server("server", name="server", core=1, memory=1, disks=[disk.id], interfaces=[
    {"switch_id": switch.id, "packet_filter_id": filter.id, "user_ip_address": "10.0.0.5"},
])
pulumi.export("server", server.resource_id)
pulumi.export("status", server.status)
"""


def test_the_life_of_a_server(project: Project, twin: Twin) -> None:
    project.program(SMALL)
    seen = project.preview()
    assert seen["changeSummary"] == {"create": 5}
    assert twin.counts() == {}, "a preview makes nothing"
    project.ok("up", "--yes", "--skip-preview")
    assert project.outputs()["status"] == "up"
    assert {k: v for k, v in twin.counts().items() if k != "bearer"} == {
        "disk": 1,
        "interface": 1,
        "packetfilter": 1,
        "server": 1,
        "switch": 1,
    }
    assert project.preview()["changeSummary"] == {"same": 5}
    project.ok("refresh", "--yes", "--skip-preview")
    assert project.preview()["changeSummary"] == {"same": 5}
    project.destroy()
    assert twin.counts() == {}


def test_other_languages_can_have_the_schema(engine: Engine) -> None:
    done = subprocess.run(
        [str(engine.path), "package", "get-schema", "providers/sakura"],
        cwd=REPO,
        env=os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["name"] == "sakura"
    assert len(found["resources"]) == len(RESOURCES)
    assert not (REPO / "providers" / "sakura" / ".venv").exists(), "nothing is installed for it"
