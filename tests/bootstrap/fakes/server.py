"""What the clouds' fakes share: an HTTP server on loopback, a log of its requests, and faults.

A cloud's fake is a function from `Request` to `Answer` (usually a `Router`). The server is real: threads,
keep-alive, TLS where an SDK speaks nothing else, so that the vendor's SDK in front of it is the vendor's
own from its first line to its last, transport and retries included.

    fake = Router(refuse)                      # refuse(status, code, message) in the cloud's own form
    @fake.on("GET", "/v1/things/{name}")
    def thing(request: Request, name: str) -> Answer: ...

    with serving(fake) as server:
        server.fail_at(7, "throttle")          # the 7th request from now on fails, once
        ...
        server.requests                        # what was asked, in order
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

FaultKind = Literal["throttle", "error", "denied", "dropped", "lost"]
FAULTS: tuple[FaultKind, ...] = ("throttle", "error", "denied", "dropped", "lost")
"""How a call fails: 429, 503, 403, the connection ends before the call was done, or after it was done.

The last two are what a client sees of a timeout: it cannot tell whether its call was done.
"""


EVERY_WAY = os.environ.get("JICHITAI_SWEEP") == "all"
"""Whether every request fails in every way (minutes a cloud), or what only reads in one each, in turn."""


def ways(
    index: int,
    *,
    reads: bool,
    again: bool = False,
    changes: tuple[FaultKind, ...] = FAULTS,
    each: int = len(FAULTS),
) -> tuple[FaultKind, ...]:
    """How request number `index` of a sweep is to fail: one that changes something in all of `changes`.

    One that reads leaves nothing behind, whichever it is; so in one of the first `each` ways, in turn, and
    not at all where it was made `again` with nothing changed since (`repeated`).
    """
    if EVERY_WAY:
        return FAULTS
    if again:
        return ()
    return (FAULTS[index % each],) if reads else changes


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case; the path is as it was sent, without the query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded: a slash inside a name is %2F."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        """The query's parameters, decoded."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def one(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return self.query.get(name, [default])[-1]

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None if it is empty. Raises ValueError if it is no JSON."""
        return json.loads(self.body) if self.body else None

    @cached_property
    def form(self) -> Mapping[str, str]:
        """The body as a form."""
        return {k: v[-1] for k, v in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    @property
    def bearer(self) -> str:
        """The bearer token, or ""."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else ""


def repeated(requests: Sequence[Request], reads: Sequence[bool]) -> list[bool]:
    """Which of a run's requests read what was read already, with nothing changed between."""
    found: list[bool] = []
    seen = set[tuple[str, str, bytes]]()
    for request, reading in zip(requests, reads, strict=True):
        if not reading:
            seen.clear()
        what = (request.method, request.target, request.body)
        found.append(reading and what in seen)
        seen.add(what)
    return found


@dataclass(frozen=True)
class Answer:
    """One answer: a body that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def payload(self) -> bytes:
        """What is sent."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Handler = Callable[[Request], Answer]
Refuse = Callable[[int, str, str], Answer]


class Refused(Exception):  # noqa: N818 - it is what the cloud says, not a defect
    """Raised inside a fake: the call is answered with a refusal in the cloud's own form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message


class Router:
    """Finds the function for a method and path. One call runs at a time, as in one transaction.

    `step` is what one step of a path may look like (without `:` where a cloud's verbs stand behind one).
    """

    def __init__(self, refuse: Refuse, step: str = "[^/]+") -> None:
        self.refuse, self._step = refuse, step
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = []
        self._lock = threading.RLock()

    def on(self, method: str, template: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
        """Registers a function. `{name}` is one step of the path, `{+name}` is one or several."""

        def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
            self.add(method, template, function)
            return function

        return register

    def add(self, method: str, template: str, function: Callable[..., Answer]) -> None:
        """The same without the decorator. What was added first is tried first."""
        parts = re.split(r"(\{\+?\w+\})", template)
        pattern = "".join(
            f"(?P<{part.strip('{+}')}>{'.+' if part[1] == '+' else self._step})"
            if part.startswith("{")
            else re.escape(part)
            for part in parts
        )
        self._routes.append((method, re.compile(pattern + r"\Z", re.I), function))

    def __call__(self, request: Request) -> Answer:
        """The answer; 404 where no route fits: a fake never pretends."""
        with self._lock:
            try:
                for method, pattern, function in self._routes:
                    if method in (request.method, "*") and (found := pattern.match(request.path)):
                        return function(request, **{k: unquote(v) for k, v in found.groupdict().items()})
                raise Refused(404, "NotFound", f"no such address: {request.method} {request.path}")
            except Refused as refused:
                return self.refuse(refused.status, refused.code, refused.message)


@dataclass(frozen=True)
class Logged:
    """One request and how it was answered; `fault` is "" when nothing was made to fail."""

    request: Request
    status: int
    fault: str


class Server:
    """A fake being served. `refuse` makes the bodies of faults; its codes are the clouds' concern."""

    def __init__(self, handler: Handler, refuse: Refuse, tls: ssl.SSLContext | None = None) -> None:
        self.handler, self.refuse = handler, refuse
        self.requests: list[Logged] = []
        self.broken: list[Exception] = []
        """What a fake itself failed of; `serving` raises it in the end, for the client sees a 500 only."""
        self.counted: Callable[[Request], bool] = lambda request: True
        """Which requests faults count (fetching tokens may be left out)."""
        self._faults: dict[int, FaultKind] = {}
        self._count = 0
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler_class(self))
        if tls is not None:
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def fail_at(self, index: int, kind: FaultKind) -> None:
        """Makes the `index`th counted request from now on (from 0) fail once."""
        with self._lock:
            self._faults[self._count + index] = kind

    def calm(self) -> int:
        """Takes all faults away; returns how many had not struck yet."""
        with self._lock:
            left = len(self._faults)
            self._faults.clear()
            return left

    @property
    def count(self) -> int:
        """How many requests were counted since the server started."""
        return self._count

    def close(self) -> None:
        """Stops serving and waits for it."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def answer(self, request: Request) -> Answer | None:
        """The answer to a request, or None: the connection is to be ended."""
        fault: FaultKind | Literal[""] = ""
        with self._lock:
            if self.counted(request):
                fault = self._faults.pop(self._count, "")
                self._count += 1
        answer = self._handled(request) if fault in ("", "lost") else self._fault(fault)
        with self._lock:
            self.requests.append(Logged(request, answer.status if answer else 0, fault))
        return None if fault == "lost" else answer

    def _handled(self, request: Request) -> Answer | None:
        try:
            return self.handler(request)
        except Exception as error:
            self.broken.append(error)
            return self.refuse(500, "broken", f"the fake itself failed: {error!r}")

    def _fault(self, kind: str) -> Answer | None:
        if kind == "dropped":
            return None
        status, message = {
            "throttle": (429, "too many requests"),
            "error": (503, "the service is unavailable"),
            "denied": (403, "the caller does not have permission"),
        }[kind]
        answer = self.refuse(status, kind, message)
        # SDKs wait as long as this says before they try again; without it, seconds.
        return Answer(answer.status, answer.body, {**answer.headers, "Retry-After": "0"})


@contextlib.contextmanager
def serving(router: Router, tls: ssl.SSLContext | None = None) -> Generator[Server]:
    """A router being served on a free port of loopback."""
    server = Server(router, router.refuse, tls)
    try:
        yield server
    finally:
        server.close()
    if server.broken:
        raise server.broken[0]


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""


def _handler_class(server: Server) -> type[BaseHTTPRequestHandler]:
    class OneConnection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """The log is `Server.requests`."""

        def handle_expect_100(self) -> bool:
            going_on = super().handle_expect_100()
            self.wfile.flush()  # botocore waits a second for it
            return going_on

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                chunks: list[bytes] = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _any(self) -> None:
            body = self._body()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(Request(self.command, self.path, headers, body))
            if answer is None:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            payload = answer.payload
            # A fake with a clock of its own gives a date of its own.
            (self.send_response_only if "Date" in answer.headers else self.send_response)(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "Content-Type" not in answer.headers:
                self.send_header("Content-Type", "application/json; charset=utf-8")
            if "Content-Length" not in answer.headers:
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)
            self.wfile.flush()

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _any  # noqa: N815

    return OneConnection
