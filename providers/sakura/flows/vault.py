"""Secrets that the provider makes or learns, in a vault of the secret manager instead of in the state."""

from __future__ import annotations

from providers.sakura.errors import ApiError
from providers.sakura.job import Job


def put(job: Job, vault: str, name: str, value: str) -> None:
    """Write a secret, or its next version."""
    secret = {"Name": name, "Value": value}
    job.api.call(job.where, "secretmanager", "POST", _path(vault), body={"Secret": secret})


def forget(job: Job, vault: str, name: str) -> None:
    """Delete a secret; one that is gone, with its vault or alone, is fine."""
    try:
        job.api.call(job.where, "secretmanager", "DELETE", _path(vault), body={"Secret": {"Name": name}})
    except ApiError as error:
        if not error.missing:
            raise


def _path(vault: str) -> str:
    return f"/secretmanager/vaults/{vault}/secrets"
