"""HTTP to the API: one call, with a rate limit, bounded retries and cancellation."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from stacks.text import Text

from .auth import Authorization
from .errors import ApiError, CancelledError, WaitTimeoutError, Where, read_error
from .services import SERVICES, base_url
from .settings import Settings

_HEADERS: Final = {
    # Without the first, some resources answer 403 access_xhr_or_apikey; the second is what the official
    # client sends, so that ids come as it is tested to read them (we read both forms).
    "X-Requested-With": "XMLHttpRequest",
    "X-Sakura-Bigint-As-Int": "1",
    "User-Agent": "pulumi-resource-sakura",
}


class Api:
    """The API as one caller sees it. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._cancel = threading.Event()
        self._changed = threading.Condition()
        self._changes = 0
        self._pace = threading.Lock()
        self._next = 0.0
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        self._http = httpx.Client(timeout=settings.request_timeout, limits=limits, headers=dict(_HEADERS))
        if settings.language == "ja":
            self._http.headers["Accept-Language"] = "ja"
        self.authorization = Authorization(settings, self._http, self._token_url())

    def _token_url(self) -> str:
        if self.settings.token_endpoint or not self.settings.principal:
            return self.settings.token_endpoint
        return self.url("iam", "", "/service-principals/oauth2/token")

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def cancel(self) -> None:
        """Stop: whatever waits or is about to call raises CancelledError."""
        self._cancel.set()
        self._announce()

    def url(self, service: str, zone: str, path: str) -> str:
        """The full address of `path` on `service`."""
        s = self.settings
        return base_url(service, zone or s.default_zone, s.api_root_url, s.endpoints) + path

    def call(
        self,
        where: Where,
        service: str,
        method: str,
        path: str,
        *,
        zone: str = "",
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        patience: frozenset[str] = frozenset(),
    ) -> Any:
        """The decoded answer (None when empty).

        Passing errors (see `errors`) and the codes in `patience` are tried again, at most `retryMax` times,
        after an exponential, jittered pause or what Retry-After asks for. A POST whose outcome is unknown is
        not: the caller must look first. ApiError when refused, CancelledError when the engine says so.
        """
        url = self.url(service, zone, path) + _query(service, query)
        again = 0
        while True:
            try:
                answer = self._send(where, method, url, body)
            except ApiError as error:
                passing = error.passing or error.code in patience or error.unsure
                if not passing or (error.unsure and method == "POST") or again >= self.settings.retry_max:
                    raise
                again += 1
                self._pause_before_retry(again, error)
                continue
            if method != "GET":
                self._announce()
            return answer

    def _send(self, where: Where, method: str, url: str, body: Any) -> Any:
        shown = f"{method} {url.split('?', 1)[0]}"
        answer = self._answer(where, method, url, body, shown)
        if answer.status_code == 401 and self.settings.principal:
            self.authorization.forget()
            answer = self._answer(where, method, url, body, shown)
        decoded = _decode(answer)
        if answer.is_success and not (isinstance(decoded, dict) and decoded.get("is_fatal")):
            return decoded
        code, message, serial = read_error(answer.status_code, decoded)
        after = answer.headers.get("Retry-After", "")
        raise ApiError(where, answer.status_code, code, message, serial, shown, retry_after=after)

    def _answer(self, where: Where, method: str, url: str, body: Any, shown: str) -> httpx.Response:
        self._wait_turn()
        headers = {"Authorization": self.authorization.header()}
        content = None
        if body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        try:
            return self._http.request(method, url, content=content, headers=headers)
        except httpx.ConnectError as error:
            raise ApiError(where, 0, "", _reason(error), "", shown, sent=False) from error
        except httpx.HTTPError as error:
            raise ApiError(where, 0, "", _reason(error), "", shown) from error

    def _wait_turn(self) -> None:
        if self._cancel.is_set():
            raise CancelledError
        if self.settings.rate_limit <= 0:
            return
        with self._pace:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + 1 / self.settings.rate_limit
        if mine > now:
            self.sleep(mine - now)

    def _pause_before_retry(self, again: int, error: ApiError) -> None:
        s = self.settings
        asked = error.retry_after
        pause = min(s.retry_wait_max, s.retry_wait_min * 2 ** (again - 1))
        pause = min(float(asked), s.retry_wait_max) if asked.isdigit() else pause
        self.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not secrecy

    def sleep(self, seconds: float) -> None:
        """Pause. CancelledError when the engine says so meanwhile."""
        if self._cancel.wait(seconds):
            raise CancelledError

    def wait(
        self,
        where: Where,
        goal: Text,
        look: Callable[[], bool],
        timeout: float | None = None,
        *,
        on_change: bool = False,
    ) -> None:
        """Look until `look` says yes.

        Between looks we pause, jittered, up to `pollInterval`: short at first, since much is quick. With
        `on_change`, a change that this provider itself makes ends the pause, so a switch goes as soon as its
        last server has gone. WaitTimeoutError, naming `goal`, after `timeout` seconds (default: the
        configured one).
        """
        limit = self.settings.timeout if timeout is None else timeout
        end = time.monotonic() + limit
        pause = self.settings.poll_interval / 8
        while True:
            seen = self._changes
            if look():
                return
            if time.monotonic() >= end:
                raise WaitTimeoutError(
                    Text(
                        ja=f"{where.say('ja')}: {limit:.0f}秒待ちましたが「{goal.ja}」になりませんでした。"
                        "もう一度実行すると続きから進みます。長くかかるときは timeout を延ばしてください。",
                        en=f"{where.say('en')}: not “{goal.en}” after {limit:.0f} s. Run again to go on "
                        "from here; "
                        "raise `timeout` where it takes longer.",
                    )
                )
            seconds = pause * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not secrecy
            if on_change:
                with self._changed:
                    if self._changes == seen:
                        self._changed.wait(seconds)
                seconds = 0
            self.sleep(seconds)
            pause = min(pause * 1.5, self.settings.poll_interval)

    def _announce(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()


def _query(service: str, query: Mapping[str, Any] | None) -> str:
    if not query:
        return ""
    if SERVICES[service].form == "iaas":
        # The condition is the whole query string: JSON, percent-encoded once.
        return "?" + quote(json.dumps(query, ensure_ascii=False, separators=(",", ":")), safe="")
    return "?" + "&".join(f"{quote(str(k), safe='')}={quote(str(v), safe='')}" for k, v in query.items())


def _decode(answer: httpx.Response) -> Any:
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
