"""Kinds under /commonserviceitem that ask for more than create, read, update, delete."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.sakura import convert
from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from .network import renumber


class TwoPhaseFlow(Flow):
    """Kinds whose creation takes no settings: they are given right after."""

    partial_updates = True

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """Settings only go with a change."""
        body = super().body(job, when, onto)
        if when == "create":
            body.pop("Settings", None)
        return body

    def finish(self, job: Job) -> None:
        """Give the settings."""
        self.update(job)

    def change(self, job: Job) -> None:
        """Once is enough."""
        self.update(job)

    def take_up(self, job: Job) -> None:
        """`finish` writes everything."""


class LocalRouterFlow(TwoPhaseFlow):
    """Local routers: the switch first, then peers and routes in a second change, or the API answers 400."""

    def update(self, job: Job) -> None:
        """Two changes: the connection, then what needs it."""
        with job.shared.document(job.document_key):
            self.merge(job, lambda current: self._phase(job, current, peers=False))
            self.merge(job, lambda current: self._phase(job, current, peers=True))

    def _phase(self, job: Job, current: Mapping[str, Json], *, peers: bool) -> dict[str, Json]:
        body = self.body(job, "update", current)
        settings = convert.get(body, "Settings.LocalRouter")
        settings = settings if isinstance(settings, dict) else {}
        for key in ("Peers", "StaticRoutes"):
            if not peers:
                settings[key] = convert.items(convert.get(current, f"Settings.LocalRouter.{key}"))
            settings[key] = [_with_text_id(each) for each in settings.get(key) or []]
        convert.put(body, "Settings.LocalRouter", settings)
        return body

    def delete(self, job: Job) -> None:
        """Delete it, and wait until its switch has let go: the switch cannot be deleted before
        (libsacloud#479)."""
        switch = convert.get(self.load(job), "Settings.LocalRouter.Switch")
        super().delete(job)
        if isinstance(switch, Mapping) and switch.get("Category") == "cloud" and switch.get("Code"):
            _await_release(job, str(switch["Code"]), str(switch.get("ZoneID") or ""))


def _with_text_id(given: Json) -> Json:
    """A peer's id is read as a number and written as a text only (libsacloud#479)."""
    return {**given, "ID": str(given["ID"])} if isinstance(given, Mapping) and "ID" in given else given


def _await_release(job: Job, switch: str, zone: str) -> None:
    def free() -> bool:
        try:
            answer = job.api.call(job.where, "iaas", "GET", f"/switch/{switch}", zone=zone)
        except ApiError as error:
            if error.missing:
                return True
            raise
        return convert.get(answer, "Switch.HybridConnection.ID") in (convert.ABSENT, None, "")

    job.wait(Text(ja="スイッチから切り離し済み", en="let go by its switch"), free)


_SPEED: Final = "cloud/proxylb/{kind}/{plan}"


class EnhancedLbFlow(Flow):
    """Enhanced load balancers: the plan renumbers them, certificates have an address of their own."""

    partial_updates = True

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the plan as a service class, and what the API wants even when it is empty."""
        body = super().body(job, when, onto)
        if when == "create":
            body["ServiceClass"] = _service_class(job)
        settings = body.setdefault("Settings", {}).setdefault("ProxyLB", {})
        for key in ("BindPorts", "Servers", "Rules"):
            settings.setdefault(key, [])
        settings.setdefault("SorryServer", {"IPAddress": "", "Port": None})
        sticky = settings.get("StickySession")
        if isinstance(sticky, dict) and sticky.get("Enabled"):
            sticky["Method"] = "cookie"
        return body

    def update(self, job: Job) -> None:
        """The whole settings, then the plan."""
        super().update(job)
        if str(self.load(job).get("ServiceClass")) != _service_class(job):
            change = {"CommonServiceItem": {"ServiceClass": _service_class(job)}}
            renumber(self, job, lambda: job.call("PUT", f"{job.item_path}/plan", change))

    def finish(self, job: Job) -> None:
        """Put the certificates."""
        certificate = job.inputs.get("certificate")
        if certificate and certificate != job.old_inputs.get("certificate"):
            field = job.resource.field("certificate")
            job.call(
                "PUT",
                f"{job.item_path}/proxylb/sslcertificate",
                {"ProxyLB": convert.to_wire(field.type, certificate)},
            )
        elif not certificate and job.old_inputs.get("certificate"):
            job.call("DELETE", f"{job.item_path}/proxylb/sslcertificate")

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The plan, out of the service class; where Let's Encrypt's names are one text, a list."""
        plan = str(document.get("ServiceClass") or "").rsplit("/", 1)[-1]
        return {"plan": int(plan)} if plan.isdigit() else {}


def _service_class(job: Job) -> str:
    kind = "anycast" if job.inputs.get("region") == "anycast" else "plain"
    return _SPEED.format(kind=kind, plan=int(job.inputs.get("plan") or 100))


class RegistryFlow(Flow):
    """Container registries: users have addresses of their own, and passwords are never read back."""

    partial_updates = True

    def finish(self, job: Job) -> None:
        """Add, change and remove users until they are as asked for."""
        users = f"{job.item_path}/containerregistry/users"
        wanted = {str(u["name"]): u for u in job.inputs.get("users") or []}
        before = {str(u["name"]): u for u in job.old_inputs.get("users") or []}
        now = {str(u.get("username")): u for u in self._users(job)}
        for name in sorted(now.keys() - wanted.keys()):
            job.call("DELETE", f"{users}/{name}")
        for name, user in wanted.items():
            asked = {"username": name, "password": user.get("password"), "permission": user["permission"]}
            asked = {"ContainerRegistry": {k: v for k, v in asked.items() if v is not None}}
            if name not in now:
                job.call("POST", users, asked)
            elif before.get(name) != user or now[name].get("permission") != user["permission"]:
                job.call("PUT", f"{users}/{name}", asked)

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The users, without passwords."""
        found = [
            {"name": str(u.get("username")), "permission": u.get("permission")} for u in self._users(job)
        ]
        return {"users": found or None}

    def _users(self, job: Job) -> list[dict[str, Json]]:
        answer = job.call("GET", f"{job.item_path}/containerregistry/users")
        users = convert.get(answer, "ContainerRegistry.Users")
        users = convert.get(answer, "ContainerRegistry.users") if users is convert.ABSENT else users
        return [u for u in users if isinstance(u, dict)] if isinstance(users, list) else []


class EnhancedDbFlow(Flow):
    """Enhanced databases: password and allowed networks are set by requests of their own."""

    partial_updates = True

    def finish(self, job: Job) -> None:
        """Set the password when it is new, and the networks."""
        if job.inputs["password"] and (
            job.operation == "create" or job.old_inputs.get("password") != _sealed(job)
        ):
            asked = {"CommonServiceItem": {"Config": {"EnhancedDB": {"password": job.inputs["password"]}}}}
            job.call("PUT", f"{job.item_path}/enhanceddb/set-password", asked)
        config = {"allowed_networks": list(job.inputs.get("allowedNetworks") or [])}
        job.call(
            "PUT",
            f"{job.item_path}/enhanceddb/config",
            {"CommonServiceItem": {"Config": {"EnhancedDB": config}}},
        )

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The networks."""
        answer = job.call("GET", f"{job.item_path}/enhanceddb/config")
        networks = _first(answer, "EnhancedDB.allowed_networks", "EnhancedDB.AllowedNetworks")
        return {"allowedNetworks": list(networks) or None} if isinstance(networks, list) else {}


def _sealed(job: Job) -> Json:
    from providers.sakura import seal

    return seal.seal(job.resource.inputs, {"password": job.inputs["password"]}, job.urn)["password"]


def _first(document: Json, *paths: str) -> Json:
    for path in paths:
        found = convert.get(document, path)
        if found is not convert.ABSENT:
            return found
    return None


class EventProcessFlow(Flow):
    """What an event starts: its credentials are set by a request of their own, and never read back."""

    partial_updates = True

    def finish(self, job: Job) -> None:
        """Set the credentials."""
        token, secret, key = (job.inputs.get(n) for n in ("accessToken", "accessTokenSecret", "apiKey"))
        asked: dict[str, Json] = (
            {"APIKey": key} if key else {"AccessToken": token, "AccessTokenSecret": secret}
        )
        if key or (token and secret):
            job.call("PUT", f"{job.item_path}/eventbus/processconfiguration/set-secret", {"Secret": asked})
