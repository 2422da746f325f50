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


class MemberFlow(Flow):
    """One grant of a project's policy: the policy is one document that each change reads, merges, writes."""

    def create(self, job: Job) -> None:
        """Add the grant; the id is `{role}/{kind of principal}/{id of principal}`."""
        job.id = "/".join(str(job.inputs[name]) for name in ("role", "principalType", "principalId"))
        self._edit(job, present=True)

    def update(self, job: Job) -> None:
        """Nothing of a grant changes in place; one that is lacking is put back."""
        self._edit(job, present=True)

    def delete(self, job: Job) -> None:
        """Take the grant out; whatever else is granted stays."""
        try:
            self._edit(job, present=False)
        except ApiError as error:
            if not error.missing:
                raise

    def read(self, job: Job) -> dict[str, Json] | None:
        """The grant; None when it or its project is gone."""
        try:
            return self.load(job)
        except ApiError as error:
            if error.missing:
                return None
            raise

    def load(self, job: Job) -> dict[str, Json]:
        """Look it up in the policy. ApiError when it is not there."""
        role, kind, principal = _grant(job)
        if (role, kind, principal) not in _grants(job.call("GET", job.item_path)):
            raise ApiError(job.where, 404, "not_found", job.id, "", f"GET {job.item_path}")
        project = str(job.value("projectId"))
        return {"projectId": project, "role": role, "principalType": kind, "principalId": principal}

    def _edit(self, job: Job, *, present: bool) -> None:
        with job.shared.document(job.document_key):
            policy = job.call("GET", job.item_path)
            wanted = [grant for grant in _grants(policy) if grant != _grant(job)]
            if present:
                wanted.append(_grant(job))
            by_role: dict[str, list[Json]] = {}
            for role, kind, principal in wanted:
                by_role.setdefault(role, []).append({"type": kind, "id": int(principal)})
            bindings = [{"role": {"type": "preset", "id": r}, "principals": p} for r, p in by_role.items()]
            job.call("PUT", job.item_path, {**policy, "bindings": bindings})


def _grant(job: Job) -> tuple[str, str, str]:
    role, kind, principal = job.id.split("/", 2)
    return role, kind, principal


def _grants(policy: Json) -> list[tuple[str, str, str]]:
    """Every (role, kind, principal) of a policy."""
    return [
        (str(binding["role"]["id"]), str(who["type"]), str(who["id"]))
        for binding in policy.get("bindings") or []
        for who in binding.get("principals") or []
    ]
