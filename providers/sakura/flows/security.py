"""Keys and secrets."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json

_SHORTEST_PENDING: Final = 7
"""Fewest days before a destruction that is scheduled (OpenAPI of KMS: PendingDays 7 to 14)."""


class KmsFlow(Flow):
    """Keys: rotation and status are requests of their own; deletion can be scheduled, and cannot be
    undone."""

    partial_updates = True

    def finish(self, job: Job) -> None:
        """Bring the status, and rotate when the program counts one more rotation."""
        current = self.load(job)
        wanted = job.inputs.get("status") or "active"
        if current.get("Status") != wanted:
            job.call("POST", f"{job.item_path}/status", {"Key": {"Status": wanted}})
        before, after = job.old_inputs.get("rotation"), job.inputs.get("rotation")
        if job.operation == "update" and after is not None and after != before:
            job.call("POST", f"{job.item_path}/rotate")

    def delete(self, job: Job) -> None:
        """Schedule the destruction, unless `destroyAfterDays` is 0: then the key is gone at once."""
        days = job.state.get("destroyAfterDays")
        days = _SHORTEST_PENDING if days is None else int(days)
        if days == 0:
            super().delete(job)
            return
        job.call("POST", f"{job.item_path}/schedule-destruction", {"Key": {"PendingDays": days}})

    def read(self, job: Job) -> dict[str, Json] | None:
        """A key whose destruction is scheduled counts as gone."""
        found = super().read(job)
        return None if found and found.get("Status") == "pending_destruction" else found


class SecretFlow(Flow):
    """Secrets: addressed by name in the body; every write is a new version; the value is never read back."""

    def create(self, job: Job) -> None:
        """Write the first version."""
        job.id = str(job.inputs["name"])
        self.update(job)

    def change(self, job: Job) -> None:
        """Write the next version."""
        self.update(job)

    def update(self, job: Job) -> None:
        """Write a version."""
        job.call("POST", job.collection_path, {"Secret": {"Name": job.id, "Value": job.inputs["value"]}})

    def read(self, job: Job) -> dict[str, Json] | None:
        """None when the vault or the secret is gone."""
        try:
            return self.load(job)
        except ApiError as error:
            if error.missing:
                return None
            raise

    def load(self, job: Job) -> dict[str, Json]:
        """Name and version, out of the list; ApiError when it is not there."""
        answer = job.call("GET", job.collection_path)
        for secret in answer.get("Secrets") or []:
            if isinstance(secret, Mapping) and secret.get("Name") == job.id:
                return dict(secret)
        raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.collection_path}")

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """The vault is in the address, not in the answer."""
        return {"vaultId": str(job.value("vaultId"))}

    def delete(self, job: Job) -> None:
        """Delete all versions."""
        self.remove(job, job.collection_path, {"Secret": {"Name": job.id}})
