"""Servers, disks, archives."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from providers.sakura import convert
from providers.sakura.diff import Change
from providers.sakura.errors import LINGERING, ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from . import power
from .appliance import await_copy
from .network import renumber

_NEEDS_SHUTDOWN: Final = ("core", "memory", "commitment", "interfaces", "disks", "diskEdit", "cdromId")
_PATIENT: Final = frozenset(
    {"disk_is_copying", "still_creating", "disk_is_not_available", "server_is_cleaning"}
)
_PLAN: Final = ("core", "memory", "commitment")


class DiskFlow(Flow):
    """Disks: a copy of an archive or another disk takes time and may fail."""

    def finish(self, job: Job) -> None:
        """Wait for the copy."""
        await_copy(self, job)

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """Sizes are GiB here and MiB there."""
        body = super().body(job, when, onto)
        if when == "create" and job.inputs.get("size"):
            body["SizeMB"] = int(job.inputs["size"]) * 1024
        return body

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """What the disk shall be far from, and its key, stand beside it in the request."""
        asked: dict[str, Json] = {"Disk": body}
        if job.inputs.get("distantFrom"):
            asked["DistantFrom"] = [str(each) for each in job.inputs["distantFrom"]]
        if job.inputs.get("kmsKeyId"):
            asked["KMSKey"] = {"ID": str(job.inputs["kmsKeyId"])}
        return job.call("POST", "/disk", asked, patience=frozenset({"archive_is_incomplete"}))

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The size in GiB."""
        size = convert.get(document, "SizeMB")
        return {"size": int(size) // 1024} if isinstance(size, (int, float)) else {}

    def delete(self, job: Job) -> None:
        """Detach it first, if a server still has it and is down; else wait for the server to let go."""
        server = convert.get(self.load(job), "Server.ID")
        if server not in (convert.ABSENT, None, ""):
            try:
                job.call("DELETE", f"{job.item_path}/to/server")
            except ApiError as error:
                if error.status != 409 and not error.missing:
                    raise  # a server that runs keeps its disk: `super().delete` waits for it
        super().delete(job)


class ArchiveFlow(DiskFlow):
    """Archives made of disks or other archives."""

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """A copy from another zone has an address of its own."""
        source, zone = job.inputs.get("sourceArchiveId"), job.inputs.get("sourceArchiveZone")
        if not (source and zone and zone != job.zone):
            return Flow.send(self, job, body)
        convert.drop(body, "SourceArchive")
        target = ZONE_IDS[job.zone]
        asked = {"Archive": {**body, "Zone": {"ID": target}}}
        path = f"/archive/{source}/to/zone/{target}"
        return job.api.call(job.where, "iaas", "POST", path, zone=str(zone), body=asked)

    def delete(self, job: Job) -> None:
        """Nothing holds an archive."""
        Flow.delete(self, job)


ZONE_IDS: Final = {"tk1a": 21001, "tk1b": 21002, "is1a": 31001, "is1b": 31002, "is1c": 31003, "tk1v": 29001}
"""The numbers of the zones (facts: sakura-api.md §2.3)."""


class AutoBackupFlow(Flow):
    """Automatic backups: they name their disk by a status, and keep the platform's spelling."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the kind of schedule, of which there is one."""
        body = super().body(job, when, onto)
        convert.put(body, "Settings.Autobackup.BackupSpanType", "weekdays")
        return body


class ServerFlow(Flow):
    """Servers: most changes need them down, and a change of plan renumbers them."""

    partial_updates = True

    def notice(self, changes: Iterable[Change]) -> Text | None:
        """A restart is nothing to be surprised by (tf#736, tf#721)."""
        found = sorted({c.path.split(".")[0] for c in changes} & set(_NEEDS_SHUTDOWN))
        if not found:
            return None
        names = ", ".join(found)
        return Text(
            ja=f"{names} を変えるため、サーバーを停止して起動し直します。",
            en=f"The server is shut down and started again to change {names}.",
        )

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With plan and network connections, which only creation takes."""
        body = super().body(job, when, onto)
        if when != "create":
            return body
        body["ServerPlan"] = {**_plan(job), "Generation": int(job.inputs.get("generation") or 200)}
        if job.inputs.get("confidentialVm"):
            body["ServerPlan"]["ConfidentialVM"] = True
        body["ConnectedSwitches"] = [_connected(each) for each in job.inputs.get("interfaces") or []]
        body["WaitDiskMigration"] = True
        return body

    def finish(self, job: Job) -> None:
        """Connect what belongs to it, edit its first disk, and bring the power to what is asked for."""
        if self._must_stop(job, self.load(job)):
            self._stop(job)
        try:
            self._equip(job)
        except ApiError as error:
            if error.code != "server_power_must_be_down":
                raise
            # An interrupted run had it switched on, and it was not up yet when we looked.
            self._boot(job)
            self._stop(job)
            self._equip(job)
        self._power(job)

    def _equip(self, job: Job) -> None:
        self._interfaces(job, self.load(job))
        self._disks(job, self.load(job))
        self._cdrom(job, self.load(job))
        self._edit_disk(job)

    def change(self, job: Job) -> None:
        """Name and tags, then the plan, then the rest."""
        self.update(job)
        current = self.load(job)
        if _plan_differs(_plan(job), current.get("ServerPlan") or {}):
            self._stop(job)
            renumber(self, job, lambda: job.call("PUT", f"{job.item_path}/plan", _plan(job)))
        self.finish(job)

    def take_up(self, job: Job) -> None:
        """Also the plan may have changed since."""
        self.change(job)

    def delete(self, job: Job) -> None:
        """Stop it and delete it; its disks stay, they are resources of their own."""
        self._stop(job)
        self.remove(job, job.item_path, {"WithDisk": []})

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Plan, disks, interfaces and power, as the program writes them."""
        memory = convert.get(document, "ServerPlan.MemoryMB")
        commitment = convert.get(document, "ServerPlan.Commitment")
        found: dict[str, Json] = {
            "core": convert.get(document, "ServerPlan.CPU"),
            "memory": int(memory) // 1024 if isinstance(memory, (int, float)) else None,
            "commitment": commitment if isinstance(commitment, str) else None,
            "disks": [str(d["ID"]) for d in document.get("Disks") or [] if isinstance(d, Mapping)] or None,
        }
        given = job.inputs.get("interfaces") or job.old_inputs.get("interfaces") or []
        listed = [i for i in document.get("Interfaces") or [] if isinstance(i, Mapping)]
        found["interfaces"] = [
            _read_interface(i, given[at] if at < len(given) else {}) for at, i in enumerate(listed)
        ] or None
        found["power"] = "off" if power.status(document) != "up" else "on"
        return {key: value for key, value in found.items() if value is not convert.ABSENT}

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """Where it answers: the addresses of the first interface."""
        first = next((i for i in document.get("Interfaces") or [] if isinstance(i, Mapping)), {})
        address = first.get("IPAddress") or first.get("UserIPAddress")
        found = {
            "ipAddress": address,
            "macAddresses": [
                i["MACAddress"]
                for i in document.get("Interfaces") or []
                if isinstance(i, Mapping) and i.get("MACAddress")
            ],
        }
        return {key: value for key, value in found.items() if value}

    # --- parts
    # ----------------------------------------------------------------------------------------------------

    def _must_stop(self, job: Job, current: Mapping[str, Json]) -> bool:
        if power.status(current) != "up":
            return False
        wanted = job.inputs
        now = self.carried(job, current)
        # One that an interrupted creation left running is edited again: what it was edited to is not known.
        asked_edit = wanted.get("diskEdit") != job.old_inputs.get("diskEdit")
        nics = [_connected(i) for i in wanted.get("interfaces") or []]
        nics_now = [_connected(i) for i in now.get("interfaces") or []]
        return asked_edit or nics != nics_now or (wanted.get("disks") or []) != (now.get("disks") or [])

    def _stop(self, job: Job) -> None:
        power.shut_down(job, lambda: self.load(job), force=bool(job.value("forceShutdown")))

    def _interfaces(self, job: Job, current: Mapping[str, Json]) -> None:
        wanted = job.inputs.get("interfaces") or []
        listed = [i for i in current.get("Interfaces") or [] if isinstance(i, Mapping)]
        for extra in listed[len(wanted) :]:
            job.call("DELETE", f"/interface/{extra['ID']}")
        for at, each in enumerate(wanted):
            if at >= len(listed):
                answer = job.call("POST", "/interface", {"Interface": {"Server": {"ID": job.id}}})
                now: Mapping[str, Json] = answer.get("Interface") or {}
            else:
                now = listed[at]
            _connect(job, now, each)

    def _disks(self, job: Job, current: Mapping[str, Json]) -> None:
        wanted = [str(each) for each in job.inputs.get("disks") or []]
        now = [str(d["ID"]) for d in current.get("Disks") or [] if isinstance(d, Mapping)]
        if wanted == now:
            return
        keep = 0
        while keep < min(len(wanted), len(now)) and wanted[keep] == now[keep]:
            keep += 1
        for disk in now[keep:]:
            job.call("DELETE", f"/disk/{disk}/to/server")
        for disk in wanted[keep:]:
            job.call("PUT", f"/disk/{disk}/to/server/{job.id}", patience=_PATIENT | LINGERING)

    def _cdrom(self, job: Job, current: Mapping[str, Json]) -> None:
        wanted = job.inputs.get("cdromId")
        now = convert.get(current, "Instance.CDROM.ID")
        now = None if now in (convert.ABSENT, None) else str(now)
        if wanted == now:
            return
        if now is not None:
            job.call("DELETE", f"{job.item_path}/cdrom", {"CDROM": {"ID": now}})
        if wanted is not None:
            job.call("PUT", f"{job.item_path}/cdrom", {"CDROM": {"ID": wanted}})

    def _edit_disk(self, job: Job) -> None:
        edit, disks = job.inputs.get("diskEdit"), job.inputs.get("disks")
        unchanged = job.operation == "update" and edit == job.old_inputs.get("diskEdit")
        if not edit or not disks or (unchanged and disks == job.old_inputs.get("disks")):
            return
        body = convert.to_wire(job.resource.field("diskEdit").type, edit)
        body["Background"] = False
        job.call("PUT", f"/disk/{disks[0]}/config", body, patience=_PATIENT)

    def _power(self, job: Job) -> None:
        if job.inputs.get("power", "on") == "off":
            self._stop(job)
            return
        self._boot(job)

    def _boot(self, job: Job) -> None:
        data = job.inputs.get("userData")
        variables = {"UserBootVariables": {"CloudInit": {"UserData": data}}} if data else None
        power.boot(job, lambda: self.load(job), variables)


def _plan(job: Job) -> dict[str, Json]:
    return {
        "CPU": int(job.inputs.get("core") or 1),
        "MemoryMB": int(job.inputs.get("memory") or 1) * 1024,
        "Commitment": str(job.inputs.get("commitment") or "standard"),
    }


def _plan_differs(wanted: Mapping[str, Json], now: Mapping[str, Json]) -> bool:
    return any(now.get(key, wanted[key]) != wanted[key] for key in wanted)


def _connected(interface: Mapping[str, Json]) -> Json:
    switch = interface.get("switchId")
    if switch in (None, "", "disconnect"):
        return None
    return {"Scope": "shared"} if switch == "shared" else {"ID": str(switch)}


def _read_interface(interface: Mapping[str, Json], given: Mapping[str, Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    switch = interface.get("Switch")
    if isinstance(switch, Mapping) and switch:
        found["switchId"] = "shared" if switch.get("Scope") == "shared" else str(switch.get("ID"))
    elif given.get("switchId") == "disconnect":
        found["switchId"] = "disconnect"
    packet_filter = convert.get(interface, "PacketFilter.ID")
    if packet_filter not in (convert.ABSENT, None):
        found["packetFilterId"] = str(packet_filter)
    address = interface.get("UserIPAddress")
    if address and address != "0.0.0.0":  # noqa: S104 - an address in data; nothing listens
        found["userIpAddress"] = address
    return found


def _connect(job: Job, now: Mapping[str, Json], wanted: Mapping[str, Json]) -> None:
    """Bring one interface to what is asked for: switch, shown address, packet filter."""
    number = str(now["ID"])
    seen = _read_interface(now, wanted)
    target = _connected(wanted)
    if _connected(seen) != target:
        if _connected(seen) is not None:
            job.call("DELETE", f"/interface/{number}/to/switch")
        if target is not None:
            place = "shared" if target.get("Scope") == "shared" else target["ID"]
            job.call("PUT", f"/interface/{number}/to/switch/{place}")
    if wanted.get("userIpAddress") != seen.get("userIpAddress"):
        shown = wanted.get("userIpAddress") or ""
        job.call("PUT", f"/interface/{number}", {"Interface": {"UserIPAddress": shown}})
    if wanted.get("packetFilterId") != seen.get("packetFilterId"):
        if seen.get("packetFilterId"):
            job.call("DELETE", f"/interface/{number}/to/packetfilter")
        if wanted.get("packetFilterId"):
            job.call("PUT", f"/interface/{number}/to/packetfilter/{wanted['packetFilterId']}")
