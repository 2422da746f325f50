"""Appliances: they are copied first, then take settings, then run (facts: sakura-api.md §2.6)."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from providers.sakura import convert
from providers.sakura.errors import ApiError, SakuraError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from . import power, vault

AVAILABLE: Final = Text(ja="利用可能", en="available")
_COPIES: Final = 3
"""A copy that fails is deleted and made again, at most this often, as the official client does."""


def await_copy(flow: Flow, job: Job) -> None:
    """Wait until the copy is done; one that fails is deleted and made again. SakuraError when none
    succeeds."""
    for _ in range(_COPIES):
        if _copied(flow, job):
            return
        job.api.sleep(job.api.settings.poll_interval * 2)  # 10 s by default: an early DELETE is refused
        job.call("DELETE", job.item_path, patience=frozenset({"conflict"}))
        job.id = ""
        flow.make(job)
    if not _copied(flow, job):
        raise SakuraError(
            Text(
                ja=f"{job.where.say('ja')}: コピーが{_COPIES}回失敗しました。別のゾーンかプランで試すか、"
                "障害情報を確認してください。",
                en=f"{job.where.say('en')}: the copy failed {_COPIES} times. Try another zone or plan, "
                "or look at the service status.",
            )
        )


def _copied(flow: Flow, job: Job) -> bool:
    seen: list[str] = []

    def settled() -> bool:
        try:
            seen.append(str(flow.load(job).get("Availability") or "available"))
        except ApiError as error:
            if error.missing:
                return False  # just created: the API does not list it yet
            raise
        return seen[-1] in ("available", "failed", "discontinued")

    job.wait(AVAILABLE, settled)
    return seen[-1] == "available"


class ApplianceFlow(Flow):
    """Those that start by themselves: load balancer, database, NFS."""

    needs_power = False
    partial_updates = True

    def finish(self, job: Job) -> None:
        """Wait for the copy, give the settings that creation does not take, and wait until it runs."""
        await_copy(self, job)
        self.prepare(job)
        if self.needs_power:
            power.boot(job, lambda: self.load(job))
        else:
            job.wait(power.UP, lambda: power.status(self.load(job)) == "up")

    def prepare(self, job: Job) -> None:
        """What must be done before it runs."""

    def update(self, job: Job) -> None:
        """Write name, tags and settings, then apply the settings: without that nothing takes effect
        (tf#38)."""
        super().update(job)
        if job.resource.settings:
            job.call("PUT", f"{job.item_path}/config")

    def delete(self, job: Job) -> None:
        """Stop it, then delete it."""
        power.shut_down(job, lambda: self.load(job), force=True)
        super().delete(job)


class NfsFlow(ApplianceFlow):
    """NFS: the plan's number comes from a table that the service publishes as a note."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the plan's number."""
        body = super().body(job, when, onto)
        if when == "create":
            wanted = str(job.inputs.get("plan") or "ssd"), int(job.inputs.get("size") or 100)
            body["Plan"] = {"ID": _plan_of(job, *wanted)}
        return body

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Kind and size, out of the plan's number."""
        number = str(convert.get(document, "Plan.ID"))
        for kind, plans in _plans(job).items():
            for plan in plans:
                if str(plan.get("planId")) == number:
                    return {"plan": kind.lower(), "size": int(plan["size"])}
        return {name: job.state[name] for name in ("plan", "size") if name in job.state}


def _plans(job: Job) -> dict[str, list[Mapping[str, Any]]]:
    key = f"sys-nfs:{job.zone}"
    notes = job.shared.seen(key)
    if notes is None:
        query = {"Filter": {"Name": "sys-nfs", "Class": "json"}}
        notes = job.shared.remember(key, job.call("GET", "/note", query=query).get("Notes", []))
    # One note a zone, told apart by a tag; the official client looks for the same.
    mine = [n for n in notes if isinstance(n, Mapping) and f"@zone={job.zone}" in (n.get("Tags") or [])]
    for note in mine or notes:
        content = note.get("Content") if isinstance(note, Mapping) else None
        if isinstance(content, str) and content:
            return dict(json.loads(content)["plans"])
    return {}


def _plan_of(job: Job, kind: str, size: int) -> str:
    plans = _plans(job).get(kind.upper(), [])
    for plan in plans:
        if int(plan["size"]) == size and plan.get("availability", "available") == "available":
            return str(plan["planId"])
    sizes = ", ".join(str(p["size"]) for p in plans)
    raise SakuraError(
        Text(
            ja=f"{job.where.say('ja')}: NFSのプラン {kind} {size} GiB はこのゾーンにありません。"
            f"使えるサイズ: {sizes}",
            en=f"{job.where.say('en')}: there is no NFS plan {kind} {size} GiB in this zone. Sizes: {sizes}",
        )
    )


_PASSWORDS: Final = (
    ("UserPassword", "password", "username", "user"),
    ("ReplicaPassword", "replicaPassword", "replicaUser", "replica"),
)
"""Passwords made where the program gives none: key of the API, input, input of the user, end of the name."""
_COMMON: Final = "Settings.DBConf.Common"


class DatabaseFlow(ApplianceFlow):
    """Databases: RDBMS parameters have an address of their own, and passwords may be made here."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With passwords that are made now, where a vault is to hold them."""
        body = super().body(job, when, onto)
        if when == "create":
            self._make_passwords(job, body)
        return body

    def _make_passwords(self, job: Job, body: dict[str, Json]) -> None:
        """Written into the vault first: a password that nobody holds must never be in use."""
        for key, given, user, ending in _PASSWORDS if job.inputs.get("passwordVaultId") else ():
            if job.inputs.get(user) and not job.inputs.get(given):
                made = secrets.token_urlsafe(24)
                vault.put(job, str(job.inputs["passwordVaultId"]), f"{job.inputs['name']}-{ending}", made)
                convert.put(body, f"{_COMMON}.{key}", made)

    def delete(self, job: Job) -> None:
        """Also forget the passwords that were made for it."""
        super().delete(job)
        for _, _, _, ending in _PASSWORDS if job.value("passwordVaultId") else ():
            vault.forget(job, str(job.value("passwordVaultId")), f"{job.value('name')}-{ending}")

    def finish(self, job: Job) -> None:
        """Also set the parameters, once it runs."""
        super().finish(job)
        wanted = job.inputs.get("parameters")
        if wanted or job.old_inputs.get("parameters"):
            job.call(
                "PUT", f"{job.item_path}/database/parameter", {"Parameter": {"Attr": dict(wanted or {})}}
            )
            job.call("PUT", f"{job.item_path}/config")

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The parameters, where some are set, and the vault, which the API does not know of."""
        held = job.value("passwordVaultId")
        kept: dict[str, Json] = {"passwordVaultId": held} if held else {}
        if not (
            job.inputs.get("parameters") or job.old_inputs.get("parameters") or job.state.get("parameters")
        ):
            return kept
        answer = job.call("GET", f"{job.item_path}/database/parameter")
        attr = convert.get(answer, "Database.Parameter.Attr")
        found = {"parameters": {k: str(v) for k, v in attr.items()}} if isinstance(attr, Mapping) else {}
        return {**kept, **found}


class ReplicaFlow(ApplianceFlow):
    """Read replicas: most of what they need is taken from their master."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the master's engine, plan and replication user."""
        body = super().body(job, when, onto)
        if when != "create":
            return body
        master_id = job.inputs["masterId"]
        master = job.call("GET", f"/appliance/{master_id}")["Appliance"]
        common = convert.get(master, "Remark.DBConf.Common")
        convert.put(body, "Remark.DBConf.Common", common if isinstance(common, Mapping) else {})
        settings = convert.get(master, "Settings.DBConf.Common")
        settings = settings if isinstance(settings, Mapping) else {}
        if not settings.get("ReplicaUser"):
            raise SakuraError(
                Text(
                    ja=f"{job.where.say('ja')}: 元のデータベース {master_id} に replicaUser "
                    "が設定されていません。",
                    en=f"{job.where.say('en')}: the master {master_id} has no replicaUser.",
                )
            )
        convert.put(
            body,
            "Settings.DBConf.Replication",
            {
                "Model": "Async-Replica",
                "Appliance": {"ID": master_id},
                "IPAddress": convert.get(master, "Remark.Servers.0.IPAddress"),
                "Port": settings.get("ServicePort") or 5432,
                "User": settings["ReplicaUser"],
                **({"Password": settings["ReplicaPassword"]} if settings.get("ReplicaPassword") else {}),
            },
        )
        # A replica's plan has the number after its master's (facts: sakura-api.md §2.5).
        convert.put(body, "Plan.ID", int(convert.get(master, "Plan.ID")) // 10 * 10 + 1)
        return body


class NosqlFlow(ApplianceFlow):
    """NoSQL: its addresses stand in two places of the creation."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the addresses on the user's switch."""
        body = super().body(job, when, onto)
        if when != "create":
            return body
        addresses = job.inputs["ipAddresses"]
        plan = convert.get(body, "Plan.ID")
        body["ServiceClass"] = (
            _NOSQL_CLASSES[int(plan)] if plan is not convert.ABSENT else _NOSQL_CLASSES[51143]
        )
        body.setdefault("Plan", {"ID": 51143})
        convert.put(body, "Remark.Servers", [{"UserIPAddress": each} for each in addresses])
        body["UserInterfaces"] = [
            {
                "Switch": {"ID": job.inputs["switchId"]},
                **{f"UserIPAddress{at}": each for at, each in enumerate(addresses, 1)},
                "UserSubnet": {
                    "DefaultRoute": job.inputs["gateway"],
                    "NetworkMaskLen": job.inputs["netmask"],
                },
            }
        ]
        return body


_NOSQL_CLASSES: Final = {
    51142: "cloud/nosql/plan/1",
    51143: "cloud/nosql/plan/2",
    51144: "cloud/nosql/plan/3",
}


class GatewayFlow(ApplianceFlow):
    """Service endpoint gateway: made bare, then configured, then switched on."""

    needs_power = True

    def prepare(self, job: Job) -> None:
        """Give the settings: creation takes none."""
        self.update(job)

    def change(self, job: Job) -> None:
        """Settings once, then the rest."""
        self.finish(job)

    def take_up(self, job: Job) -> None:
        """`finish` writes everything."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the list of services, which every write must hold whole."""
        body = super().body(job, when, onto)
        if when == "create":
            return body
        services: list[Json] = []
        for name, kind in _GATEWAY_SERVICES.items():
            endpoints = job.inputs.get(name)
            if endpoints:
                services.append({"Type": kind, "Config": {"Endpoints": list(endpoints)}})
        if job.inputs.get("appRunDedicatedControl"):
            services.append({"Type": "AppRunDedicatedControlPlane", "Config": {"Mode": "Managed"}})
        convert.put(body, "Settings.ServiceEndpointGateway.EnabledServices", services)
        return body

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The services, each in its own property."""
        found: dict[str, Json] = dict.fromkeys((*_GATEWAY_SERVICES, "appRunDedicatedControl"))
        listed = convert.get(document, "Settings.ServiceEndpointGateway.EnabledServices")
        for service in convert.items(listed):
            if service.get("Type") == "AppRunDedicatedControlPlane":
                found["appRunDedicatedControl"] = True
            for name, kind in _GATEWAY_SERVICES.items():
                if service.get("Type") == kind:
                    found[name] = list(convert.get(service, "Config.Endpoints") or [])
        return found


_GATEWAY_SERVICES: Final = {
    "objectStorageEndpoints": "ObjectStorage",
    "containerRegistryEndpoints": "ContainerRegistry",
    "monitoringSuiteEndpoints": "MonitoringSuite",
    "aiEngineEndpoints": "AIEngine",
}
