"""What most resources do: create, read, change, delete, each safe to interrupt and to repeat.

A resource whose API asks for more overrides one of the steps; see `flows`.
"""

# ruff: noqa: ARG002 - every step of a flow takes the same, whether it needs it or not
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from stacks.text import Text

from . import convert
from .diff import Change
from .errors import LINGERING, ApiError, SakuraError
from .job import Job
from .model import Field, Json

RENUMBERED: Final = frozenset({"compute:Server", "network:Internet", "loadbalancer:EnhancedLB"})
"""Kinds whose plan change gives a new id."""
_GONE: Final = Text(ja="消えた", en="gone")
_HASH_TRIES: Final = 3
_PAGE: Final = 500
_LATER_LOOKS: Final = 12
"""Looks, a poll interval apart (a minute by default), for what is listed late; routers take some ten
seconds."""


class Flow:
    """The plain behaviour; stateless, so one object serves every request."""

    # Is a half-made resource of no use, so that it is deleted and made again (its secret was shown once)?
    discard_unfinished = False
    # May a change stop half-way, so that the state must say what there is?
    partial_updates = False
    # Is a new one listed only some time after its creation, so that looking once is not enough?
    appears_later = False

    # --- create
    # -------------------------------------------------------------------------------------------------

    def create(self, job: Job) -> None:
        """Make it, or take up what an interrupted run made; sets `job.id`.

        After the id is known any error leaves the resource in place: the provider reports it as partly made,
        and the next run goes on with `finish`, which may be repeated.
        """
        found = self.unfinished(job)
        if found is not None and self.discard_unfinished:
            job.id = self.id_of(job, found)
            self.delete(job)
            found, job.id = None, ""
        if found is None:
            self.make(job)
        else:
            job.id = self.id_of(job, found)
            self.take_up(job)
        self.finish(job)

    def make(self, job: Job) -> None:
        """Send the creation and take the id from the answer."""
        self.note_intent(job)
        body = convert.with_mark(job.resource, self.body(job, "create"), job.mark)
        try:
            answer = self.send(job, body)
        except ApiError as error:
            found = self.unfinished(job, fresh=True) if error.unsure else None
            if found is None:
                if not error.unsure:
                    job.shared.intents.end(job.mark)  # refused: nothing was made
                raise
            job.id = self.id_of(job, found)
            if not self.discard_unfinished:
                return
            self.delete(job)
            job.id = ""
            answer = self.send(job, body)
        self.learn(job, answer)

    def send(self, job: Job, body: dict[str, Json]) -> Json:
        """The request that creates: `body` in its envelope."""
        return job.call("POST", job.collection_path, job.wrap(body))

    def learn(self, job: Job, answer: Json) -> None:
        """Take the id, and what is shown only once, from the answer to the creation."""
        document = job.unwrap(answer)
        job.id = self.id_of(job, document)
        if not job.id:
            raise SakuraError(
                Text(
                    ja=f"{job.where.say('ja')}: APIの応答にIDがありません。",
                    en=f"{job.where.say('en')}: the API's answer holds no id.",
                )
            )
        secrets = [f for f in job.resource.fields if f.computed and f.secret and not f.unkept]
        job.learnt.update(convert.values_of(secrets, document))

    def take_up(self, job: Job) -> None:
        """Bring what an interrupted run made to what is asked for now."""
        if job.resource.update != "none":
            self.update(job)

    def finish(self, job: Job) -> None:
        """What follows the creation: waits, settings, power. Must be repeatable."""

    def body(self, job: Job, when: str, onto: Json = None) -> dict[str, Json]:
        """The resource's object for a request."""
        return convert.document(job.resource, self.current_ids(job), when, onto)

    def id_of(self, job: Job, document: Mapping[str, Json]) -> str:
        """The API's id in `document`."""
        value = convert.get(document, job.resource.id_wire)
        return "" if value is convert.ABSENT or value is None else str(value)

    # --- finding what was interrupted
    # -----------------------------------------------------------------------------

    def unfinished(self, job: Job, *, fresh: bool = False) -> dict[str, Json] | None:
        """What an interrupted creation of this very resource left behind; None when nothing did."""
        recorded = job.shared.recorded(job.urn)
        if job.api.settings.adopt_within <= 0 or recorded is None:
            return None
        begun = job.shared.intents.before(job.mark)
        if job.resource.marker == "natural" and begun is None:
            return None
        looks = _LATER_LOOKS if self.appears_later and begun is not None else 1
        for look in range(looks):
            found = self._look(job, begun or [], recorded, fresh=fresh or look > 0 or looks > 1)
            if found is not None or look + 1 == looks:
                return found
            job.api.sleep(job.api.settings.poll_interval)
        return None

    def _look(self, job: Job, begun: list[str], recorded: set[str], *, fresh: bool) -> dict[str, Json] | None:
        resource = job.resource
        if resource.marker == "natural":
            candidates = (d for d in self.listed(job, fresh=True) if self._is_ours(job, d, begun))
        else:
            candidates = (d for d in self.listed(job, fresh=fresh) if convert.has_mark(resource, d, job.mark))
        for document in candidates:
            # A replacement is made while what it replaces, with the same mark, still exists.
            if self.id_of(job, document) in recorded:
                continue
            key = f"{resource.token}:{job.zone}:{job.collection_path}:{self.id_of(job, document)}"
            if self._is_young(job, document) and job.shared.claim(key):
                return document
        return None

    def _is_ours(self, job: Job, document: Json, before: list[str]) -> bool:
        if self.id_of(job, document) in before:
            return False
        wanted = {n: job.inputs.get(n) for n in job.resource.natural_key}
        fields = [job.resource.field(n) for n in wanted]
        values = convert.values_of(fields, document)
        return all(str(values.get(n)) == str(v) for n, v in wanted.items() if job.resource.field(n).wire)

    def _is_young(self, job: Job, document: Json) -> bool:
        for path in ("CreatedAt", "created_at", "createdAt"):
            stamp = convert.get(document, path)
            if isinstance(stamp, str) and stamp:
                try:
                    made = datetime.fromisoformat(stamp)
                except ValueError:
                    return False
                return abs(time.time() - made.timestamp()) <= job.api.settings.adopt_within
        return job.resource.marker == "natural"

    def note_intent(self, job: Job) -> None:
        """Leave a note on disk that this is about to be created, where no mark can say so."""
        if job.resource.marker == "natural":
            job.shared.intents.begin(job.mark, [self.id_of(job, d) for d in self.listed(job, fresh=True)])
        elif self.appears_later:
            job.shared.intents.begin(job.mark, [])

    def listed(self, job: Job, *, fresh: bool) -> list[Json]:
        """Everything of this kind that there is; from this process's memory unless `fresh`."""
        key = f"{job.resource.token}:{job.zone}:{job.collection_path}"
        if not fresh and (seen := job.shared.seen(key)) is not None:
            return seen
        found = self.fetch_all(job)
        return found if fresh else job.shared.remember(key, found)

    def fetch_all(self, job: Job, query: Mapping[str, Any] | None = None) -> list[Json]:
        """Ask the API for all of this kind, page by page."""
        resource = job.resource
        conditions = {path: value for path, value in resource.fixed if path in _FILTERS}
        found: list[Json] = []
        iaas = bool(resource.envelope) and resource.envelope[:1].isupper()
        while True:
            asked: dict[str, Any] = {}
            if iaas:
                asked = {"From": len(found), "Count": _PAGE, **({"Filter": conditions} if conditions else {})}
            answer = job.call("GET", job.collection_path, query={**asked, **(query or {})} or None)
            page = _items(answer, resource.collection)
            found.extend(page)
            total = answer.get("Total") if isinstance(answer, Mapping) else None
            if not iaas or not page or not isinstance(total, int) or len(found) >= total:
                return found

    # --- read
    # ---------------------------------------------------------------------------------------------------

    def read(self, job: Job) -> dict[str, Json] | None:
        """The API's document now; None when it is gone. Follows a renumbering."""
        try:
            return self.load(job)
        except ApiError as error:
            if not error.missing:
                raise
        if not job.resource.plan_changes:
            return None
        renumbered = self.successor(job, job.resource.path, job.id)
        if renumbered is None:
            return None
        job.id = str(renumbered.get("ID"))
        return self.load(job)

    def load(self, job: Job) -> dict[str, Json]:
        """The API's document. ApiError when there is none."""
        return job.unwrap(job.call("GET", job.item_path))

    def carried(self, job: Job, document: Json) -> dict[str, Json]:
        """Input properties that the records' wire paths cannot express, as they are now."""
        return {}

    def computed(self, job: Job, document: Json) -> dict[str, Json]:
        """Output properties that the records' wire paths cannot express."""
        return {}

    # --- update
    # -------------------------------------------------------------------------------------------------

    def update(self, job: Job) -> None:
        """Change it to what is asked for; the whole settings are read, merged and written under a lock."""
        with job.shared.document(job.document_key):
            self.merge(job, lambda current: self.body(job, "update", current))

    def change(self, job: Job) -> None:
        """What the engine's Update does: the change, and whatever an interrupted creation still lacks."""
        self.update(job)
        self.finish(job)

    def notice(self, changes: Iterable[Change]) -> Text | None:
        """What the user should know, in a preview, of what these changes bring about."""
        return None

    def merge(self, job: Job, change: Callable[[dict[str, Json]], dict[str, Json]]) -> dict[str, Json]:
        """Read, change, write; again, a bounded number of times, when someone else wrote meanwhile.

        Gives the document as it was before.
        """
        for attempt in range(1, _HASH_TRIES + 1):
            current = self.load(job)
            body = change(current)
            keep_hidden_tags(current, body)
            given = current.get("SettingsHash")
            if (
                given
                and job.resource.settings
                and convert.get(body, job.resource.settings) is not convert.ABSENT
            ):
                body["SettingsHash"] = given
            try:
                job.call(job.resource.update, job.item_path, job.wrap(body))
            except ApiError as error:
                if error.code != "original_hash_mismatch" or attempt == _HASH_TRIES:
                    raise
                continue
            return current
        raise AssertionError  # the last attempt returned or raised

    # --- delete
    # -------------------------------------------------------------------------------------------------

    def delete(self, job: Job) -> None:
        """Delete it; waits, within the configured time, for what still uses it to go. Gone already is
        fine."""
        self.remove(job, job.item_path)

    def remove(self, job: Job, path: str, body: Any = None) -> None:
        """DELETE, waiting while the API says that something is still connected."""
        last: list[ApiError] = []

        def gone() -> bool:
            try:
                job.call("DELETE", path, body)
            except ApiError as error:
                if error.missing:
                    return True
                if error.code in LINGERING:
                    last[:] = [error]
                    return False
                raise
            return True

        try:
            job.api.wait(job.where, _GONE, gone, job.timeout, on_change=True)
        except SakuraError as error:
            if last and not isinstance(error, ApiError):
                raise last[0] from error  # what still uses it says more than how long we waited
            raise

    # --- ids that change
    # ------------------------------------------------------------------------------------------

    def successor(self, job: Job, path: str, old: str) -> dict[str, Json] | None:
        """The resource under `path` that was `old` before its plan was changed."""
        query = {"Filter": {"Tags.Name": [[convert.previous_id_tag(old)]]}}
        answer = job.call("GET", path, query=query)
        for items in answer.values() if isinstance(answer, Mapping) else ():
            for item in items if isinstance(items, list) else ():
                if convert.previous_id_tag(old) in (item.get("Tags") or []):
                    return dict(item)
        return None

    def same_id(self, job: Job) -> Callable[[Field, Json, Json], bool]:
        """For diffs: is the new id what the old one was renumbered to?"""

        def check(field: Field, old: Json, new: Json) -> bool:
            if field.refers_to not in RENUMBERED:
                return False
            found = self.successor(job, _paths(field.refers_to), str(old))
            return found is not None and str(found.get("ID")) == str(new)

        return check

    def current_ids(self, job: Job) -> dict[str, Json]:
        """The inputs, with ids of renumbered resources replaced by those of now."""
        inputs = dict(job.inputs)
        for field in job.resource.inputs:
            old = inputs.get(field.name)
            if field.refers_to in RENUMBERED and isinstance(old, str):
                inputs[field.name] = self.current_id(job, field.refers_to, old)
        return inputs

    def current_id(self, job: Job, kind: str, old: str) -> str:
        """The id by which the API knows now what was `old` when the program learnt its id."""
        path = _paths(kind)
        try:
            job.call("GET", f"{path}/{old}")
        except ApiError as error:
            if not error.missing:
                raise
            found = self.successor(job, path, old)
            return str(found["ID"]) if found else old
        return old


_FILTERS: Final = ("Class", "Provider.Class")


def _paths(kind: str) -> str:
    return {"compute:Server": "/server", "network:Internet": "/internet"}.get(kind, "/commonserviceitem")


def _items(answer: Json, collection: str) -> list[Json]:
    if isinstance(answer, list):
        return answer
    items = convert.get(answer, collection)
    return items if isinstance(items, list) else []


def keep_hidden_tags(current: Mapping[str, Json], body: dict[str, Json]) -> None:
    """Carry the tags that platform and provider put there over into a change of the visible ones."""
    if "Tags" in body and isinstance(body["Tags"], list):
        shown = convert.clean({"tags": list(current.get("Tags") or [])}).get("tags", [])
        hidden = [t for t in current.get("Tags") or [] if t not in shown]
        body["Tags"] = [*body["Tags"], *hidden][:10]
