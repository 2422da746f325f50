"""Resources that are one document at a known address: written whole, never created (IAM policies, password
rules)."""

from __future__ import annotations

from collections.abc import Mapping

from providers.sakura.errors import ApiError
from providers.sakura.flow import Flow
from providers.sakura.job import Job
from providers.sakura.model import Json


class DocumentFlow(Flow):
    """PUT makes and changes it; deleting puts back `resource.reset`, or sends DELETE when there is none."""

    def create(self, job: Job) -> None:
        """Write the document. Its id is the last property in its address, or its name where there is one
        only."""
        job.id = self.identity(job)
        self.change(job)

    def identity(self, job: Job) -> str:
        """The id: the property that tells this document from others of its kind."""
        names = job.resource.natural_key
        return str(job.value(names[-1])) if names else job.resource.name

    def read(self, job: Job) -> dict[str, Json] | None:
        """The document; None when what it belongs to is gone."""
        for name in job.resource.natural_key[-1:]:
            if job.value(name) is None:
                job.state[name] = job.id
        return super().read(job)

    def load(self, job: Job) -> dict[str, Json]:
        """The document as it is."""
        return job.unwrap(job.call("GET", job.item_path))

    def update(self, job: Job) -> None:
        """Write it whole, under its lock: two of ours never overwrite each other."""
        with job.shared.document(job.document_key):
            method = "PUT" if job.resource.update == "none" else job.resource.update
            job.call(method, job.item_path, job.wrap(self.body(job, "create")))

    def delete(self, job: Job) -> None:
        """Put back what was there by default, or remove it."""
        reset = job.resource.reset
        if reset is None:
            self.remove(job, job.item_path)
            return
        try:
            job.call("PUT", job.item_path, job.wrap(reset) if isinstance(reset, Mapping) else reset)
        except ApiError as error:
            if not error.missing:
                raise
