"""Calls to a cloud as data: what `--plan` shows is what is sent, by construction.

A step does not call the cloud to change it; it returns the calls that are to be made, and the runner
makes them. Every request that leaves, reading or changing, passes the `Recorder`, to which each cloud's
module connects its SDK where requests are about to be sent (an event hook of botocore, a pipeline
policy of azure-core, an adapter of requests, a subclass of oci's client, an event hook of httpx).
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from stacks.text import Text

MASK = "***"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is sent and never shown, logged or kept."""

    value: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class Later:
    """A value that is not known until an earlier call has answered.

    `call` is the `id` of a call of the same finding or, as `step/id`, of an earlier step; `path` are the
    keys that lead to the value in its answer; `label` stands for it in a plan: `<ARN of the key>`.
    """

    label: str
    call: str
    path: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request that changes the cloud.

    `service` and `operation` are the cloud's own names (`kms`, `CreateKey`); `arguments` are JSON values,
    `Later` and `Secret` among them at any depth. `id` is needed where a `Later` refers to the call. `by`
    names another identity that the session can act as (the deployer, in the proof); empty: our own.
    """

    service: str
    operation: str
    arguments: Mapping[str, Any]
    why: Text
    id: str = ""
    by: str = ""

    def record(self) -> dict[str, Any]:
        """The call for people and JSON: secrets masked, what is not known yet in angle brackets."""
        return {
            "service": self.service,
            "operation": self.operation,
            "arguments": shown(self.arguments),
            **({"by": self.by} if self.by else {}),
            "why": {"ja": self.why.ja, "en": self.why.en},
        }


@dataclass(frozen=True, slots=True)
class Made:
    """A request that was answered. `request_id` is the cloud's, for its support and its audit log."""

    service: str
    operation: str
    changes: bool
    status: int
    request_id: str

    def record(self) -> dict[str, Any]:
        """The request for the evidence."""
        return {
            "service": self.service,
            "operation": self.operation,
            "status": self.status,
            "request_id": self.request_id,
        }


class NotAllowedError(AssertionError):
    """A request that would change the cloud while only looking is allowed: a mistake in a step."""


class Recorder:
    """Sees every request. Lets none that changes anything pass, except within `changing()`."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.sent = 0
        self._changing = False
        self._lock = threading.Lock()

    @contextmanager
    def changing(self) -> Generator[None]:
        """While the runner makes a planned call, and only then, may the cloud be changed."""
        self._changing = True
        try:
            yield
        finally:
            self._changing = False

    def before(self, service: str, operation: str, *, changes: bool) -> None:
        """To be called before a request is sent. Raises NotAllowedError; nothing is sent then."""
        if changes and not self._changing:
            raise NotAllowedError(f"{service}:{operation} would change the cloud while looking")
        with self._lock:
            self.sent += 1

    def after(
        self, service: str, operation: str, *, changes: bool, status: int, request_id: str | None
    ) -> None:
        """To be called with the answer, be it good or bad."""
        with self._lock:
            self.made.append(Made(service, operation, changes, status, request_id or ""))

    def changes_since(self, mark: int) -> list[Made]:
        """The answered requests that change something, from `made[mark]` on."""
        return [m for m in self.made[mark:] if m.changes]


def shown(value: Any) -> Any:
    """`value` as it may be shown: secrets masked, what comes later in angle brackets."""
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, Later):
        return f"<{value.label}>"
    if isinstance(value, Mapping):
        return {k: shown(v) for k, v in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [shown(v) for v in cast("Sequence[Any]", value)]
    return value


def resolved(value: Any, answers: Mapping[str, Any], step: str) -> Any:
    """`value` as it is sent: secrets unwrapped, what came later filled in from `answers` (`step/id`).

    Raises KeyError where an answer is missing: the step referred to a call that was not made.
    """
    if isinstance(value, Secret):
        return value.value
    if isinstance(value, Later):
        found = answers[value.call if "/" in value.call else f"{step}/{value.call}"]
        for key in value.path:
            found = found[key]
        return found
    if isinstance(value, Mapping):
        return {k: resolved(v, answers, step) for k, v in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [resolved(v, answers, step) for v in cast("Sequence[Any]", value)]
    return value
