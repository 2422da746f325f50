"""DNS: a zone is one document, which zone and record resources must not both own (tf-sakura#51); monitors."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping

from providers.sakura import convert
from providers.sakura.errors import ApiError, SakuraError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

_SETS = "Settings.DNS.ResourceRecordSets"


class DnsFlow(Flow):
    """Zones. Records that the program does not list here belong to DnsRecord resources, and are left
    alone."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the zone's name where creation wants it, and the records of others as they are."""
        body = super().body(job, when, onto)
        if when == "create":
            body["Status"] = {"Zone": job.inputs["zone"]}
        elif not self._owns(job):
            now = convert.get(onto, _SETS)
            convert.put(body, _SETS, [] if now is convert.ABSENT else now)
        return body

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Records of others are not ours to report."""
        importing = job.operation == "read" and not job.old_inputs and not job.state
        return {} if importing or self._owns(job) else {"records": None}

    def _owns(self, job: Job) -> bool:
        return any(values.get("records") is not None for values in (job.inputs, job.old_inputs))


class MonitorFlow(Flow):
    """Simple monitors: their name is what they watch."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the name, and Slack on when there is an address for it."""
        body = super().body(job, when, onto)
        if when == "create":
            body["Name"] = job.inputs["target"]
        webhook = job.inputs.get("notifySlackWebhook")
        convert.put(body, "Settings.SimpleMonitor.NotifySlack.Enabled", "True" if webhook else "False")
        return body


class DnsRecordFlow(Flow):
    """One record set of a zone: the zone is one document, so each change reads it, merges and writes it back.

    A zone that lists its own `records` and record resources would be two owners of one document
    (tf-sakura#51): the record refuses such a zone's records only where they collide.
    """

    def create(self, job: Job) -> None:
        """Add the record; the id is `{zone id}/{type}/{name}/{value}`."""
        job.id = _record_id(job.inputs)
        self._edit(job, [], _record(job.inputs))

    def update(self, job: Job) -> None:
        """Only the time to live changes in place."""
        self._edit(job, [_key(job.state)], _record(job.inputs))

    def change(self, job: Job) -> None:
        """The same."""
        self.update(job)

    def delete(self, job: Job) -> None:
        """Take the record out."""
        self._edit(job, [_key(job.state)], None)

    def read(self, job: Job) -> dict[str, Json] | None:
        """The record, with the zone's id beside it; None when either is gone."""
        try:
            return self.load(job)
        except ApiError as error:
            if error.missing:
                return None
            raise

    def load(self, job: Job) -> dict[str, Json]:
        """Look it up in the zone. ApiError when it is not there."""
        zone = self._zone(job)
        wanted = (
            _key(job.inputs or job.state) if (job.inputs or job.state).get("type") else _key_of_id(job.id)
        )
        for record in _records(zone):
            if _wire_key(record) == wanted:
                return {**record, "DnsId": str(job.value("dnsId"))}
        raise ApiError(job.where, 404, "not_found", " ".join(wanted), "", f"GET {self._path(job)}")

    def _path(self, job: Job) -> str:
        return f"/commonserviceitem/{job.value('dnsId')}"

    def _zone(self, job: Job) -> dict[str, Json]:
        return dict(job.call("GET", self._path(job))["CommonServiceItem"])

    def _edit(self, job: Job, gone: list[tuple[str, str, str]], record: dict[str, Json] | None) -> None:
        with job.shared.document(f"dns:{job.value('dnsId')}"):
            for last in (False, False, True):
                zone = self._zone(job)
                drop = [*gone, *([_wire_key(record)] if record else [])]
                kept = [r for r in _records(zone) if _wire_key(r) not in drop]
                settings = {**(zone.get("Settings") or {})}
                settings["DNS"] = {
                    **(settings.get("DNS") or {}),
                    "ResourceRecordSets": kept + ([record] if record else []),
                }
                asked = {
                    "CommonServiceItem": {"Settings": settings, "SettingsHash": zone.get("SettingsHash")}
                }
                try:
                    job.call("PUT", self._path(job), asked)
                except ApiError as error:
                    if last or error.code != "original_hash_mismatch":
                        raise
                    continue
                return


def _records(zone: Mapping[str, Json]) -> list[dict[str, Json]]:
    found = convert.get(zone, "Settings.DNS.ResourceRecordSets")
    return [r for r in found if isinstance(r, dict)] if isinstance(found, list) else []


def _record(inputs: Mapping[str, Json]) -> dict[str, Json]:
    record: dict[str, Json] = {"Name": inputs["name"], "Type": inputs["type"], "RData": _data(inputs)}
    if inputs.get("ttl"):
        record["TTL"] = int(inputs["ttl"])
    return record


def _data(inputs: Mapping[str, Json]) -> str:
    if inputs["type"] == "MX" and inputs.get("priority") is not None:
        return f"{int(inputs['priority'])} {inputs['value']}"
    if inputs["type"] == "SRV":
        numbers = " ".join(str(int(inputs.get(k) or 0)) for k in ("priority", "weight", "port"))
        return f"{numbers} {inputs['value']}"
    return str(inputs["value"])


def _key(inputs: Mapping[str, Json]) -> tuple[str, str, str]:
    return str(inputs["name"]), str(inputs["type"]), _data(inputs)


def _wire_key(record: Mapping[str, Json]) -> tuple[str, str, str]:
    return str(record.get("Name")), str(record.get("Type")), str(record.get("RData"))


def _record_id(inputs: Mapping[str, Json]) -> str:
    name, kind, data = _key(inputs)
    return f"{inputs['dnsId']}/{kind}/{name}/{data}"


def _key_of_id(id_: str) -> tuple[str, str, str]:
    parts = id_.split("/", 3)
    parts = parts[1:] if len(parts) == 4 else parts
    if len(parts) != 3:
        raise SakuraError(
            Text(ja=f"レコードのIDの形が違います: {id_}", en=f"This is not the form of a record's id: {id_}")
        )
    return parts[1], parts[0], parts[2]
