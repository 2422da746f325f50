"""Switching servers and appliances on and off (facts: sakura-api.md §2.6).

The first request may be refused for a while with still_creating; requests are repeated while nothing has
moved; a 409 after one that was accepted means that it is under way. An orderly shutdown may never end: after
a time the power is cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from providers.sakura import convert
from providers.sakura.errors import PASSING, ApiError, WaitTimeoutError
from providers.sakura.job import Job
from providers.sakura.model import Json
from stacks.text import Text

_AGAIN: Final = 4
"""A request is repeated after this many poll intervals: 20 s by default, as the official client does."""
UP: Final = Text(ja="起動済み", en="up")
DOWN: Final = Text(ja="停止済み", en="down")


def status(document: Json) -> str:
    """up, down or cleaning."""
    value = convert.get(document, "Instance.Status")
    return value.lower() if isinstance(value, str) else ""


def boot(job: Job, load: Callable[[], Json], variables: Mapping[str, Any] | None = None) -> None:
    """Switch on and wait until it is up. `variables` goes with the request (cloud-init's user data)."""
    _drive(job, load, "up", UP, lambda: job.call("PUT", f"{job.item_path}/power", variables))


def shut_down(job: Job, load: Callable[[], Json], *, force: bool) -> None:
    """Switch off and wait until it is down: in an orderly way first unless `force`, then by cutting the
    power."""
    off = f"{job.item_path}/power"
    if not force:
        try:
            _drive(
                job, load, "down", DOWN, lambda: job.call("DELETE", off), job.api.settings.shutdown_timeout
            )
        except WaitTimeoutError:
            force = True
    if force:
        _drive(job, load, "down", DOWN, lambda: job.call("DELETE", off, {"Force": True}))


def _drive(
    job: Job,
    load: Callable[[], Json],
    goal: str,
    words: Text,
    request: Callable[[], Any],
    timeout: float | None = None,
) -> None:
    accepted = False
    sent = float("-inf")

    def reached() -> bool:
        nonlocal accepted, sent
        now = status(load())
        if now == goal or (goal == "down" and now == ""):
            return True
        if time.monotonic() - sent < job.api.settings.poll_interval * _AGAIN:
            return False
        try:
            request()
            accepted = True
            sent = time.monotonic()
        except ApiError as error:
            under_way = accepted and error.status == 409
            moved = error.code in ("server_power_must_be_down", "server_power_must_be_up", "conflict")
            if not (under_way or moved or error.code in PASSING):
                raise
            sent = time.monotonic() if under_way else sent
        return False

    job.wait(words, reached, timeout=timeout)
