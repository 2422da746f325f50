"""One thing that the engine asked for, with all that carrying it out needs."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from stacks.text import Text

from . import convert
from .client import Api
from .errors import Where
from .intents import Intents
from .model import Json, Resource

_PART = re.compile(r"\{(\w+)\}")


class Shared:
    """What all jobs of one provider process share: the API, locks, what was seen and claimed."""

    def __init__(self, api: Api, intents: Intents) -> None:
        self.api, self.intents = api, intents
        self._lock = threading.Lock()
        self._documents: dict[str, threading.Lock] = {}
        self._claimed: set[str] = set()
        self._seen: dict[str, list[Json]] = {}
        self._recorded: dict[str, set[str]] = {}
        self._had: set[str] = set()

    def had(self, urn: str) -> None:
        """The engine has something under `urn` already (it said so in Check), maybe to be replaced."""
        with self._lock:
            self._had.add(urn)

    def record(self, urn: str, *ids: str) -> None:
        """The engine has `ids` in its state under `urn`: they are no unfinished creations."""
        with self._lock:
            self._recorded.setdefault(urn, set()).update(filter(None, ids))

    def recorded(self, urn: str) -> set[str] | None:
        """The ids that the engine has under `urn`; None when it has something and we never heard which."""
        with self._lock:
            known = self._recorded.get(urn)
            return None if known is None and urn in self._had else set(known or ())

    @contextmanager
    def document(self, key: str) -> Generator[None]:
        """Hold the lock of a document that several resources, or several requests, write whole."""
        with self._lock:
            lock = self._documents.setdefault(key, threading.Lock())
        with lock:
            yield

    def claim(self, key: str) -> bool:
        """Take an id for one resource of this run; False when another has it."""
        with self._lock:
            if key in self._claimed:
                return False
            self._claimed.add(key)
            return True

    def seen(self, key: str) -> list[Json] | None:
        """A list that was fetched before, in this process."""
        with self._lock:
            return self._seen.get(key)

    def remember(self, key: str, documents: list[Json]) -> list[Json]:
        """Keep a list that was fetched."""
        with self._lock:
            return self._seen.setdefault(key, documents)


@dataclass(slots=True, kw_only=True)
class Job:
    """One request. `inputs` are plain and unsealed; `state` is what we returned last; `id` is the API's id
    now."""

    shared: Shared
    resource: Resource
    operation: str
    urn: str
    inputs: dict[str, Json] = field(default_factory=dict[str, Json])
    state: dict[str, Json] = field(default_factory=dict[str, Json])
    old_inputs: dict[str, Json] = field(default_factory=dict[str, Json])
    id: str = ""
    # Seconds that the program gives this resource (customTimeouts); None: the provider's own.
    timeout: float | None = None
    # Values that only this request learnt (a secret shown once), for the outputs.
    learnt: dict[str, Json] = field(default_factory=dict[str, Json])

    @property
    def api(self) -> Api:
        """The API."""
        return self.shared.api

    @property
    def zone(self) -> str:
        """The zone where the resource lives."""
        if not self.resource.zoned:
            return ""
        return str(self.inputs.get("zone") or self.state.get("zone") or self.api.settings.zone)

    @property
    def name(self) -> str:
        """What to call it in messages: its name, else the program's."""
        return str(
            self.inputs.get("name") or self.state.get("name") or self.urn.rsplit("::", 1)[-1] or self.id
        )

    @property
    def where(self) -> Where:
        """For messages."""
        return Where(self.operation, f"{self.resource.module}:{self.resource.name}", self.name, self.zone)

    @property
    def mark(self) -> str:
        """The mark of this resource's creation."""
        return convert.mark_of(self.urn, self.api.settings.owner)

    def value(self, name: str) -> Json:
        """A property: as asked for, else as it was."""
        found = self.inputs.get(name)
        return self.state.get(name) if found is None else found

    def path(self, template: str) -> str:
        """`template` with its `{property}` parts filled in; `{id}` is the resource's own."""
        return _PART.sub(lambda m: self.id if m[1] == "id" else str(self.value(m[1])), template)

    @property
    def collection_path(self) -> str:
        """Where the resource's kind is listed and created."""
        return self.path(self.resource.path)

    @property
    def item_path(self) -> str:
        """Where the resource itself is."""
        template = self.resource.item
        return self.path(template) if template else self.path(_one(self.resource.path))

    @property
    def document_key(self) -> str:
        """Names the resource for the document lock."""
        return f"{self.resource.service}:{self.zone}:{self.item_path}"

    def call(self, method: str, path: str, body: Any = None, **rest: Any) -> Json:
        """A request to the resource's service and zone. Raises what `Api.call` raises."""
        return self.api.call(
            self.where, self.resource.service, method, path, zone=self.zone, body=body, **rest
        )

    def wait(self, goal: Text, look: Callable[[], bool], *, timeout: float | None = None) -> None:
        """Look until `look` says yes. WaitTimeoutError when that takes too long."""
        self.api.wait(self.where, goal, look, self.timeout if timeout is None else timeout)

    def unwrap(self, answer: Json) -> dict[str, Json]:
        """The resource's own object out of an answer."""
        inner = answer
        for key in filter(None, self.resource.envelope.split(".")):
            inner = inner.get(key) if isinstance(inner, Mapping) else None
        return dict(inner) if isinstance(inner, Mapping) else {}

    def wrap(self, document: Mapping[str, Json]) -> Json:
        """An envelope around the resource's own object."""
        key = self.resource.envelope
        return {key: document} if key and key != "data" and "." not in key else document


def _one(collection: str) -> str:
    """The usual path of one resource: `/x/{id}`, and `/x/{id}/` where paths end in a slash."""
    return f"{collection}{{id}}/" if collection.endswith("/") else f"{collection}/{{id}}"
