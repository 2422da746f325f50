"""Monitoring suite, AppRun, IAM and security control: plain JSON APIs with small ways of their own."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.sakura.errors import ApiError, SakuraError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

from . import vault
from .document import DocumentFlow
from .objectstorage import ensure_account


class KeyFlow(Flow):
    """Access keys: the secret is in the answer to the creation and nowhere else.

    So a key of which an interrupted run did not record the secret is deleted and made again.
    """

    discard_unfinished = True

    def make(self, job: Job) -> None:
        """Make the key; object storage wants the site's account first."""
        if job.resource.service == "objectstorage":
            ensure_account(job)
        super().make(job)

    def take_up(self, job: Job) -> None:
        """Never: it is made again."""

    def finish(self, job: Job) -> None:
        """Put the secret into the vault, if any; a key whose secret nobody holds must not stay."""
        held = job.inputs.get("secretVaultId")
        if not held or job.operation != "create":
            return
        (secret,) = (f.name for f in job.resource.fields if f.computed and f.secret)
        try:
            vault.put(job, str(held), self._name(job), str(job.learnt.pop(secret)))
        except SakuraError:
            super().delete(job)
            job.id = ""
            raise

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The vault, of which the service does not know."""
        return {name: job.value(name) for name in ("secretVaultId", "secretName") if job.value(name)}

    def delete(self, job: Job) -> None:
        """Also forget its secret."""
        super().delete(job)
        if job.value("secretVaultId") and job.operation != "create":
            vault.forget(job, str(job.value("secretVaultId")), self._name(job))

    def _name(self, job: Job) -> str:
        return str(job.value("secretName") or job.urn.rsplit("::", 1)[-1])


class StorageFlow(Flow):
    """Storages of the monitoring suite: the days they keep are set by a request of their own."""

    partial_updates = True

    def make(self, job: Job) -> None:
        """The account must have been provisioned once."""
        with job.shared.document("monitoring"):
            answer = job.call("GET", "/management/provisioning/state/")
            logs = answer.get("logs") if isinstance(answer, Mapping) else None
            if isinstance(logs, Mapping) and not logs.get("user_exist"):
                missing = {"system_exist": False, "user_exist": True}
                asked = {"logs": missing, "metrics": missing}
                job.call("POST", "/management/provisioning/initialize/", asked)
        super().make(job)

    def finish(self, job: Job) -> None:
        """Set how many days are kept."""
        wanted = job.inputs.get("expireDays")
        if wanted and self.load(job).get("expire_day") != wanted:
            job.call("POST", f"{job.item_path}set-expire/", {"days": int(wanted)})


_READY: Final = Text(ja="正常（Healthy）", en="Healthy")


class AppRunFlow(Flow):
    """AppRun applications: every change makes a version; the account must exist first."""

    partial_updates = True

    def make(self, job: Job) -> None:
        """Make the account when there is none, then the application."""
        with job.shared.document("apprun"):
            try:
                job.call("GET", "/user")
            except ApiError as error:
                if not error.missing:
                    raise
                job.call("POST", "/user")
        super().make(job)

    def update(self, job: Job) -> None:
        """A new version that takes all traffic."""
        job.call("PATCH", job.item_path, {**self.body(job, "update"), "all_traffic_available": True})

    def finish(self, job: Job) -> None:
        """Wait until the version runs; set who may reach it."""

        def ready() -> bool:
            return str(self.load(job).get("status")).lower() != "deploying"

        job.wait(_READY, ready)
        sources = job.inputs.get("allowedSources")
        if sources or job.old_inputs.get("allowedSources"):
            job.call("PATCH", f"{job.item_path}/packet_filter", _filter(sources or []))

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Who may reach it."""
        answer = job.call("GET", f"{job.item_path}/packet_filter")
        if not answer.get("is_enabled"):
            return {"allowedSources": None}
        found = [f"{s['from_ip']}/{s['from_ip_prefix_length']}" for s in answer.get("settings") or []]
        return {"allowedSources": found or None}


def _filter(sources: list[str]) -> dict[str, Any]:
    settings: list[dict[str, Any]] = []
    for source in sources:
        address, _, length = source.partition("/")
        settings.append({"from_ip": address, "from_ip_prefix_length": int(length or 32)})
    return {"is_enabled": bool(sources), "settings": settings}


class MovedFlow(Flow):
    """Projects and folders: their place in the tree is changed by a request of its own."""

    def finish(self, job: Job) -> None:
        """Move it under the folder asked for."""
        name = "parentFolderId" if job.resource.name == "Project" else "parentId"
        wanted, before = job.inputs.get(name), job.old_inputs.get(name)
        if job.operation != "update" or wanted == before:
            return
        kind = "project" if job.resource.name == "Project" else "folder"
        parent = "parent_folder_id" if kind == "project" else "parent_id"
        job.call(
            "POST", f"/move-{kind}s", {f"{kind}_ids": [int(job.id)], parent: int(wanted) if wanted else None}
        )


class GroupFlow(Flow):
    """Groups: the list of members is a document of its own."""

    partial_updates = True

    def finish(self, job: Job) -> None:
        """Write the members, when the program lists them."""
        members = job.inputs.get("userIds")
        if members is not None or job.old_inputs.get("userIds"):
            asked = {"compat_users": [{"id": int(each)} for each in members or []]}
            job.call("PUT", f"{job.item_path}/memberships", asked)

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The members."""
        answer = job.call("GET", f"{job.item_path}/memberships")
        found = [str(u["id"]) for u in answer.get("compat_users") or []]
        return {"userIds": found or None}


class SsoFlow(Flow):
    """Single sign-on profiles: assigned to the organisation by a request of its own."""

    def finish(self, job: Job) -> None:
        """Assign, or take back."""
        wanted = bool(job.inputs.get("assigned"))
        if wanted != bool(self.load(job).get("assigned")):
            job.call("POST", f"{job.item_path}/{'assign' if wanted else 'unassign'}")

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Is it assigned?"""
        return {"assigned": bool(document.get("assigned")) or None}

    def delete(self, job: Job) -> None:
        """An assigned profile cannot be deleted."""
        if self.load(job).get("assigned"):
            job.call("POST", f"{job.item_path}/unassign")
        super().delete(job)


class PolicyFlow(DocumentFlow):
    """IAM policies: every role is a preset one, which the API wants said."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """With the kind of every role."""
        body = super().body(job, when, onto)
        for binding in body.get("bindings") or []:
            binding["role"] = {"type": "preset", **binding["role"]}
        return body


class UserFlow(Flow):
    """Users: the address is registered and removed by requests of their own."""

    def finish(self, job: Job) -> None:
        """Bring the mail address."""
        wanted, before = job.inputs.get("email"), job.old_inputs.get("email")
        if job.operation != "update" or wanted == before:
            return
        if wanted:
            job.call("POST", f"{job.item_path}/register-email", {"email": wanted})
        else:
            job.call("POST", f"{job.item_path}/unregister-email")


class PrincipalKeyFlow(Flow):
    """Public keys of service principals: uploaded, listed, switched on and off, never changed."""

    partial_updates = True

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """Uploads have an address of their own."""
        principal = job.inputs["servicePrincipalId"]
        asked = {"public_key": body["public_key"]}
        return job.call("POST", f"/service-principals/{principal}/upload-key", asked)

    def load(self, job: Job) -> dict[str, Json]:
        """Out of the list; ApiError when it is not there."""
        for found in self.fetch_all(job):
            if self.id_of(job, found) == job.id:
                return dict(found)
        raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.collection_path}")

    def update(self, job: Job) -> None:
        """Nothing of a key changes; `finish` switches it."""

    def finish(self, job: Job) -> None:
        """Switch it on or off."""
        wanted = bool(job.inputs.get("enabled", True))
        if wanted != (self.load(job).get("status") == "enabled"):
            job.call("POST", f"{job.item_path}/{'enable' if wanted else 'disable'}")

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Its state; the key as the program writes it, where only blanks differ."""
        known, now = job.value("publicKey"), document.get("public_key")
        same = isinstance(known, str) and isinstance(now, str) and known.split() == now.split()
        return {
            "servicePrincipalId": str(job.value("servicePrincipalId")),
            "publicKey": known if same else now,
            "enabled": document.get("status") == "enabled",
        }

    def _is_ours(self, job: Job, document: Json, before: list[str]) -> bool:
        key = str(document.get("public_key") or "")
        return self.id_of(job, document) not in before and key.split() == str(job.inputs["publicKey"]).split()


class ActivationFlow(DocumentFlow):
    """Security control of the project: made once, then switched."""

    def update(self, job: Job) -> None:
        """Make the activation when there is none, and switch it."""
        principal = job.inputs["servicePrincipalId"]
        try:
            self.load(job)
        except ApiError as error:
            if not error.missing:
                raise
            job.call("POST", job.item_path, {"servicePrincipalId": principal})
        active = job.inputs.get("enabled", True)
        job.call("PUT", job.item_path, {"servicePrincipalId": principal, "isActive": active})

    def delete(self, job: Job) -> None:
        """Switch it off; an activation itself cannot be deleted."""
        if job.state.get("keepOnDelete"):
            return
        asked = {"servicePrincipalId": job.state["servicePrincipalId"], "isActive": False}
        job.call("PUT", job.item_path, asked)


class RuleFlow(DocumentFlow):
    """Evaluation rules: they exist already, and are switched on with parameters."""

    def delete(self, job: Job) -> None:
        """Switch it off."""
        if not job.state.get("keepOnDelete"):
            job.call("PUT", job.item_path, {"rule": {"evaluationRuleId": job.id}, "isEnabled": False})
