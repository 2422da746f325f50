"""What changes, what is replaced, what is renumbered, what drifts, what is imported."""

# ruff: noqa: E501 - Pulumi programs, as text
from __future__ import annotations

import json
from collections.abc import Callable

from tests.sakura.conftest import Project, Twin

Projects = Callable[..., Project]

SERVER = """
switch = sakura.network.Switch("inner", name="inner")
disk = sakura.compute.Disk("disk", name="disk", size={size})
server = sakura.compute.Server("server", name="server", core={core}, memory={memory}, disks=[disk.id], tags={tags},
    interfaces=[{{"switch_id": switch.id}}], opts=pulumi.ResourceOptions())
pulumi.export("id", server.id)
pulumi.export("now", server.resource_id)
pulumi.export("status", server.status)
"""


def steps(preview: dict) -> dict[str, str]:
    return {s["urn"].rsplit("::", 1)[-1]: s["op"] for s in preview["steps"] if s["op"] != "same"}


def test_a_change_of_plan_keeps_the_resource(project: Project, twin: Twin) -> None:
    project.program(SERVER.format(size=20, core=1, memory=1, tags="['a']"))
    project.ok("up", "--yes", "--skip-preview")
    before = project.outputs()
    assert before["id"] == before["now"]

    project.program(SERVER.format(size=20, core=2, memory=4, tags="['a']"))
    shown = project.run("preview", "--json").stdout
    assert steps(json.loads(shown)) == {"server": "update"}
    assert "shut down and started again to change core, memory" in project.ok("preview")
    project.ok("up", "--yes", "--skip-preview")
    after = project.outputs()
    assert after["id"] == before["id"], "the engine's id never changes"
    assert after["now"] != before["now"]
    assert after["status"] == "up"
    (server,) = twin.of("server")
    assert server["ID"] == after["now"]
    assert f"@previous-id={before['now']}" in server["Tags"]
    assert server["ServerPlan"]["CPU"] == 2
    project.ok("refresh", "--yes", "--skip-preview")
    assert steps(project.preview()) == {}

    # Someone changes the plan once more, behind the engine's back: the tag leads to it.
    with twin.http() as http:
        id_ = after["now"]
        http.request("DELETE", f"/server/{id_}/power", json={"Force": True})
        tags = [t for t in server["Tags"] if not t.startswith("@previous")] + [f"@previous-id={id_}"]
        assert http.put(f"/server/{id_}", json={"Server": {"Tags": tags}}).is_success
        while (
            answer := http.put(f"/server/{id_}/plan", json={"CPU": 1, "MemoryMB": 1024})
        ).status_code == 409:
            pass
        new = answer.json()["Server"]["ID"]
    project.ok("refresh", "--yes", "--skip-preview")
    (recorded,) = (r for r in project.state() if r["type"] == "sakura:compute:Server")
    assert (recorded["id"], recorded["outputs"]["resourceId"]) == (before["id"], new)
    assert steps(project.preview()) == {"server": "update"}
    project.ok("up", "--yes", "--skip-preview")
    assert twin.of("server")[0]["ServerPlan"]["CPU"] == 2
    project.destroy()
    assert twin.counts() == {}


def test_a_larger_disk_is_a_new_disk_in_the_same_server(project: Project, twin: Twin) -> None:
    project.program(SERVER.format(size=20, core=1, memory=1, tags="[]"))
    project.ok("up", "--yes", "--skip-preview")
    (old,), (server,) = twin.of("disk"), twin.of("server")
    project.program(SERVER.format(size=40, core=1, memory=1, tags="[]"))
    assert steps(project.preview())["disk"] in ("replace", "create-replacement", "delete-replaced")
    project.ok("up", "--yes", "--skip-preview")
    (new,) = twin.of("disk")
    assert new["ID"] != old["ID"]
    assert new["SizeMB"] == 40 * 1024
    assert new["Server"]["ID"] == server["ID"] == twin.of("server")[0]["ID"]
    assert twin.of("server")[0]["Instance"]["Status"] == "up"


def test_a_server_that_does_not_shut_down_is_cut_off(project: Project, twin: Twin) -> None:
    project.program(SERVER.format(size=20, core=1, memory=1, tags="['@twin-hangs']"))
    project.ok("up", "--yes", "--skip-preview")
    project.destroy()
    assert twin.counts() == {}


def test_drift_is_seen_and_mended(project: Project, twin: Twin) -> None:
    project.program(
        SERVER.format(size=20, core=1, memory=1, tags="['a']")
        + """
filter = sakura.network.PacketFilter("filter", name="filter", expressions=[{"protocol": "tcp", "destination_port": "443"}, {"protocol": "ip", "action": "deny"}])
router = sakura.network.VpcRouter("router", name="router", internet_connection=False,
    private_interfaces=[{"index": 1, "switch_id": switch.id, "ip_addresses": ["10.0.0.1"], "netmask": 24}])
gone = sakura.network.Switch("gone", name="gone")
"""
    )
    project.ok("up", "--yes", "--skip-preview")
    (server,), (filter_,), (router,) = twin.of("server"), twin.of("packetfilter"), twin.of("appliance")
    gone = next(s for s in twin.of("switch") if s["Name"] == "gone")
    twin.tamper("server", "is1a", server["ID"], "Tags", ["b"])
    twin.tamper("packetfilter", "is1a", filter_["ID"], "Expression", [{"Protocol": "ip", "Action": "allow"}])
    router_settings = {**router["Settings"]["Router"], "InternetConnection": {"Enabled": "True"}}
    twin.tamper("appliance", "is1a", router["ID"], "Settings.Router", router_settings)
    with twin.http() as http:
        assert http.delete(f"/switch/{gone['ID']}").is_success
    project.ok("refresh", "--yes", "--skip-preview")
    assert steps(project.preview()) == {
        "server": "update",
        "filter": "update",
        "router": "update",
        "gone": "create",
    }
    project.ok("up", "--yes", "--skip-preview")
    (server,), (filter_,), (router,) = twin.of("server"), twin.of("packetfilter"), twin.of("appliance")
    assert server["Tags"] == ["a"]
    assert [e["Action"] for e in filter_["Expression"]] == ["allow", "deny"]
    assert router["Settings"]["Router"]["InternetConnection"]["Enabled"] == "False"
    assert router["_applied"] == router["Settings"], "settings that are not applied have no effect"
    assert steps(project.preview()) == {}


def test_settings_that_we_do_not_know_stay(project: Project, twin: Twin) -> None:
    program = """
sakura.loadbalancer.Gslb("gslb", name="gslb", description="{text}", health_check={{"protocol": "ping"}})
"""
    project.program(program.format(text="一"))
    project.ok("up", "--yes", "--skip-preview")
    (gslb,) = twin.of("commonserviceitem")
    twin.tamper("commonserviceitem", "", gslb["ID"], "Settings.GSLB.Future", {"Enabled": "True"})
    project.program(program.format(text="二"))
    project.ok("up", "--yes", "--skip-preview")
    (gslb,) = twin.of("commonserviceitem")
    assert gslb["Description"] == "二"
    assert gslb["Settings"]["GSLB"]["Future"] == {"Enabled": "True"}


def test_records_of_others_in_a_zone_stay(project: Project, twin: Twin) -> None:
    program = """
zone = sakura.dns.Dns("zone", zone="example.jp", description="{text}")
for name in ("a", "b", "c", "d"):
    sakura.dns.DnsRecord(name, dns_id=zone.id, name=name, type="A", value="192.0.2.1", ttl={ttl})
"""
    project.program(program.format(text="一", ttl=300))
    project.ok("up", "--yes", "--skip-preview")
    (zone,) = twin.of("commonserviceitem")
    records = zone["Settings"]["DNS"]["ResourceRecordSets"]
    assert sorted(r["Name"] for r in records) == ["a", "b", "c", "d"], "four at once, one document"
    foreign = {"Name": "x", "Type": "TXT", "RData": "someone else's"}
    twin.tamper("commonserviceitem", "", zone["ID"], "Settings.DNS.ResourceRecordSets", [*records, foreign])
    project.program(program.format(text="二", ttl=600))
    project.ok("up", "--yes", "--skip-preview")
    (zone,) = twin.of("commonserviceitem")
    records = zone["Settings"]["DNS"]["ResourceRecordSets"]
    assert foreign in records
    assert {r["TTL"] for r in records if r != foreign} == {600}
    project.destroy()
    assert twin.counts() == {}


IMPORTED = {
    "switch": ("switch", "tk1a/{}"),
    "filter": ("packetfilter", "tk1a/{}"),
    "server": ("server", "tk1a/{}"),
    "disk": ("disk", "tk1a/{}"),
    "router": ("appliance", "tk1a/{}"),
    "zone": ("commonserviceitem", "{}"),
    "permission": ("permission", "isk01/{}"),
    "key": ("kms", "{}"),
}
ORIGINAL = """
ids = {}
def o(name): return pulumi.ResourceOptions(import_=ids.get(name))
at = dict(zone="tk1a")
switch = sakura.network.Switch("switch", name="switch", tags=["a", "b"], description="説明", opts=o("switch"), **at)
filter = sakura.network.PacketFilter("filter", name="filter", description="許可", expressions=[
    {"protocol": "tcp", "source_network": "10.0.0.0/8", "destination_port": "443"}, {"protocol": "ip", "action": "deny"}], opts=o("filter"), **at)
disk = sakura.compute.Disk("disk", name="disk", size=40, encryption_algorithm="aes256_xts", opts=o("disk"), **at)
server = sakura.compute.Server("server", name="server", core=2, memory=4, disks=[disk.id],
    interfaces=[{"switch_id": switch.id, "packet_filter_id": filter.id}], opts=o("server"), **at)
router = sakura.network.VpcRouter("router", name="router", internet_connection=False,
    static_nat=[{"public_ip": "192.0.2.1", "private_ip": "10.0.0.9"}],
    private_interfaces=[{"index": 2, "switch_id": switch.id, "ip_addresses": ["10.0.0.1"], "netmask": 24}],
    firewalls=[{"interface_index": 2, "direction": "send", "rules": [{"protocol": "ip", "allow": False}]}], opts=o("router"), **at)
zone = sakura.dns.Dns("zone", zone="example.jp", opts=o("zone"),
    records=[{"name": "www", "type": "A", "value": "192.0.2.1", "ttl": 60}])
bucket = sakura.objectstorage.Bucket("bucket", site="isk01", name="bucket-1", opts=o("bucket"))
sakura.objectstorage.Permission("permission", site="isk01", name="pair", opts=o("permission"),
    bucket_controls=[{"bucket": bucket.name, "can_read": True, "can_write": False}])
sakura.security.KmsKey("key", name="key", opts=o("key"))
"""


def test_what_is_imported_is_what_was_made(projects: Projects, twin: Twin) -> None:
    first = projects("first")
    first.program(ORIGINAL)
    first.ok("up", "--yes", "--skip-preview")
    count = twin.counts()
    ids = {name: form.format(_id(twin, kind)) for name, (kind, form) in IMPORTED.items()}
    second = projects("second")
    second.program(ORIGINAL.replace("ids = {}", f"ids = {ids | {'bucket': 'isk01/bucket-1'}}"))
    shown = second.preview()
    others = {n: op for n, op in steps(shown).items() if op != "import"}
    assert others == {"second-dev": "create"}, second.ok("preview", "--diff")
    second.ok("up", "--yes", "--skip-preview")
    assert twin.counts() == count
    second.program(ORIGINAL)
    assert steps(second.preview()) == {}
    inputs = {r["urn"].rsplit("::", 1)[-1]: (r["id"], r.get("inputs")) for r in first.state() if r.get("id")}
    taken = {r["urn"].rsplit("::", 1)[-1]: (r["id"], r.get("inputs")) for r in second.state() if r.get("id")}
    for name in (*ids, "bucket"):
        assert taken[name][0] == inputs[name][0], "the id is the API's own"


def _id(twin: Twin, kind: str) -> str:
    (document,) = twin.of(kind)
    return str(document.get("ID") or document["id"])


def test_an_import_id_of_another_form_is_explained(project: Project) -> None:
    project.program("")
    done = project.run("import", "sakura:network:Subnet", "x", "113000000000", "--yes", "--skip-preview")
    assert done.returncode != 0
    assert "{zone}/{internetId}/{id}" in done.stdout + done.stderr


def test_lookups_find_what_is_there(project: Project) -> None:
    project.program(
        """
made = sakura.network.Switch("inner", name="inner", tags=["net"])
found = sakura.network.get_switch_output(name=made.name)
pulumi.export("same", pulumi.Output.all(made.id, found.id).apply(lambda ids: ids[0] == ids[1]))
pulumi.export("zones", sorted(z.name for z in sakura.compute.get_zones().zones))
pulumi.export("ubuntu", sakura.compute.get_archive(os_type="ubuntu").name)
pulumi.export("iso", sakura.compute.get_cdrom(name="Ubuntu Server 24.04 LTS 64bit").size)
pulumi.export("prices", len(sakura.compute.get_prices(prefix="cloud/plan").prices))
pulumi.export("account", sakura.iam.get_account().account_code)
"""
    )
    project.ok("up", "--yes", "--skip-preview")
    outputs = project.outputs()
    assert outputs["same"] is True
    assert outputs["zones"] == ["is1a", "is1b", "is1c", "tk1a", "tk1b", "tk1v"]
    assert outputs["ubuntu"].startswith("Ubuntu")
    assert outputs["prices"] == 2
    assert outputs["account"] == "twin"
    # The SDK turns the refusal of a lookup into an exception of the program; what it says is ours.
    project.program(
        "try:\n    sakura.network.get_switch(name='nowhere')\n"
        "except Exception as error:\n    pulumi.log.error(str(error))\n"
    )
    done = project.run("preview")
    assert "nothing matches name=nowhere" in done.stdout + done.stderr
