"""ウェブアクセラレータ: parts of a site are documents beside it; some settings are taken by a change only."""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from providers.sakura import convert
from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json

from .document import DocumentFlow

_LATER: Final = ("corsRules", "onetimeUrlSecrets")
"""What the creation of a site does not take (facts: CreateSiteRequest of the official client)."""


class SiteFlow(Flow):
    """Sites."""

    partial_updates = True

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """Empty is sent only where something has to be emptied: the API takes no empty origin beside a
        bucket."""
        body = super().body(job, when, onto)
        now = onto if isinstance(onto, Mapping) else {}
        return {k: v for k, v in body.items() if v not in ("", None) or (when == "update" and now.get(k))}

    def finish(self, job: Job) -> None:
        """What a creation does not take is set by a change."""
        if job.operation == "create" and any(job.inputs.get(name) for name in _LATER):
            self.update(job)

    def fetch_all(self, job: Job, query: Mapping[str, Any] | None = None) -> list[Json]:
        """All sites: the list takes no conditions."""
        return convert.items(job.call("GET", job.collection_path).get("Sites"))

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """A rule that allows nothing is how the API says that there is none."""
        field = job.resource.field("corsRules")
        found = convert.from_wire(field.type, document.get("CORSRules")) or []
        meant = [rule for rule in found if rule.get("allowAll") or rule.get("allowedOrigins")]
        return {"corsRules": meant or None}

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """The records that lead a domain of one's own here, as the official tools word them."""
        subdomain = str(document.get("Subdomain") or "")
        return {"cnameRecordValue": f"{subdomain}.", "txtRecordValue": f"webaccel={subdomain}"}

    def delete(self, job: Job) -> None:
        """A site that still delivers is disabled first."""
        if self.load(job).get("Status") == "enabled":
            job.call("PUT", f"{job.item_path}/status", {"Site": {"Status": "disabled"}})
        super().delete(job)


class PartFlow(DocumentFlow):
    """Certificate, access list, log upload: one document each of a site."""

    def load(self, job: Job) -> dict[str, Json]:
        """The document; ApiError where the API shows its absence by an empty one."""
        found = super().load(job)
        if job.resource.name == "Certificate":
            found = found.get("Current") or {}
        if not any(found.get(key) for key in ("SerialNumber", "ACL", "Bucket")):
            raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.item_path}")
        return dict(found)

    def update(self, job: Job) -> None:
        """A first certificate is posted, later ones are put; the others are always put."""
        with job.shared.document(job.document_key):
            method = "POST" if job.resource.name == "Certificate" and not self._there(job) else "PUT"
            job.call(method, job.item_path, job.wrap(self.body(job, "create")))

    def _there(self, job: Job) -> bool:
        try:
            self.load(job)
        except ApiError as error:
            if error.missing:
                return False
            raise
        return True


class SiteActivationFlow(DocumentFlow):
    """The switch of a site."""

    def update(self, job: Job) -> None:
        """Switch it."""
        wanted = "enabled" if job.inputs.get("enabled", True) else "disabled"
        job.call("PUT", f"{job.item_path}/status", {"Site": {"Status": wanted}})

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Is it on?"""
        return {"enabled": document.get("Status") == "enabled"}

    def delete(self, job: Job) -> None:
        """Switch it off."""
        job.call("PUT", f"{job.item_path}/status", {"Site": {"Status": "disabled"}})
