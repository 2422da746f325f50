"""The HTTP server: takes requests apart, checks who asks, finds the handler, answers as the services do."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from providers.twin.sakura import access
from providers.twin.sakura.apis import gateway, iam, monitoring, objectstorage, s3, security, webaccel
from providers.twin.sakura.faults import Fault, Refused, missing
from providers.twin.sakura.iaas import plain, routes
from providers.twin.sakura.place import ZONES, Handler, Place, shown
from providers.twin.sakura.query import parse
from providers.twin.sakura.store import Store

_Table = tuple[tuple[tuple[str, ...], re.Pattern[str], Handler], ...]
_ZONED: Final = re.compile(
    r"/cloud/zone/(\w+)/api/(cloud/1\.[01]|system/1\.0|monitoring/1\.0|objectstorage/1\.0|securitycontrol/1\.0|webaccel/1\.0)(/.*)"
)
_GLOBAL: Final = re.compile(r"/cloud/api/(iam/1\.0|apprun/1\.0/apprun/api|apigw/1\.0)(/.*)")
_TABLES: Final[dict[str, tuple[str, _Table]]] = {
    "monitoring/1.0": ("monitoring", monitoring.ROUTES),
    "objectstorage/1.0": ("objectstorage", objectstorage.ROUTES),
    "securitycontrol/1.0": ("iam", security.CONTROL_ROUTES),
    "webaccel/1.0": ("iaas", webaccel.ROUTES),
    "iam/1.0": ("iam", iam.ROUTES),
    "apprun/1.0/apprun/api": ("apprun", iam.APPRUN_ROUTES),
    "apigw/1.0": ("apigw", gateway.ROUTES),
}
_TOKEN_PATH: Final = "/service-principals/oauth2/token"  # noqa: S105 - a path
_COPIES: Final = {"fail-copy": "failed", "stuck": "stuck"}


class Drop(Exception):  # noqa: N818 - the connection is cut on purpose
    """The request was carried out; the connection is cut before the answer."""


class Twin:
    """What every request shares."""

    def __init__(self, store: Store, speed: float) -> None:
        self.store, self.speed = store, speed
        self.calls = 0
        with store.lock, store.transaction():
            if store.meta("seeded", "") != "yes":
                for zone in ZONES:
                    plain.seed(self._place(zone))
                plain.seed_global(self._place("is1a"))
                store.set_meta("seeded", "yes")

    def _place(self, zone: str) -> Place:
        return Place(self.store, zone, "", "", None, None, self.speed)

    def answer(self, method: str, target: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, Any]:
        """Status and body for a request. Drop when the connection is to be cut."""
        path, _, query = target.partition("?")
        if path.startswith("/s3/"):
            with self.store.lock, self.store.transaction():
                return s3.s3(self.store, method, target, headers, raw)
        serial = secrets.token_hex(16)
        form = "iaas"
        try:
            form, table, place = self._locate(method, unquote(path), query)
            place.headers = headers
            place.body = _body(headers, raw)
            with self.store.lock:
                self.calls += 1
                self._authorize("iam" if table is iam.ROUTES else form, place, headers)
                drop = self._strike(place)
            # Outside the lock, so that a slow call does not hold up the others.
            if isinstance(drop, float):
                time.sleep(drop)
            with self.store.lock, self.store.transaction():
                status, body = self._carry_out(table, place)
        except Refused as refused:
            return refused.status, refused.body(form, serial)
        if drop is True:
            raise Drop
        return status, self._finish(form, headers, shown(body))

    def _locate(self, method: str, path: str, query: str) -> tuple[str, _Table | None, Place]:
        match = _ZONED.fullmatch(path)
        if match:
            zone, api, rest = match.groups()
            if zone not in ZONES:
                raise Refused(404, "resource_path_not_found", "ゾーンが見つかりません。")
            place = Place(self.store, zone, method, rest, parse(query), None, self.speed)
            if api in _TABLES:
                form, table = _TABLES[api]
                return form, table, place
            head = rest.split("/", 2)[1]
            if head in ("kms", "secretmanager"):
                return "kms", security.CLOUD_ROUTES, place
            if head == "dedicatedstoragecontract":
                return "iaas", security.CLOUD_ROUTES, place
            return "iaas", None, place
        match = _GLOBAL.fullmatch(path)
        if match:
            form, table = _TABLES[match[1]]
            return form, table, Place(self.store, "is1a", method, match[2], parse(query), None, self.speed)
        raise Refused(404, "resource_path_not_found", "リソースのパスが見つかりません。")

    def _authorize(self, api: str, place: Place, headers: Mapping[str, str]) -> None:
        """Refused (401, 403) without credentials for this. The token endpoint checks its assertion itself."""
        if place.path == _TOKEN_PATH:
            return
        who = access.caller(self.store, headers)
        access.permit(self.store, who, api, place.method, place.path)

    def _strike(self, place: Place) -> bool | float:
        """Carry out the failures that were asked for: True to drop, seconds to wait, else False."""
        found: bool | float = False
        for name, body, struck in self.store.faults():
            fault = Fault.read(name, body)
            if (fault.times and struck >= fault.times) or not fault.strikes(
                place.method, f"/{place.zone}{place.path}"
            ):
                continue
            self.store.struck(name)
            if fault.effect == "refuse":
                raise Refused(fault.status, fault.code, "要求された障害です。（twin）")
            if fault.effect in _COPIES:
                place.copy_outcome = _COPIES[fault.effect]
            else:
                found = True if fault.effect == "drop" else fault.seconds
        return found

    def _carry_out(self, table: _Table | None, place: Place) -> tuple[int, Any]:
        result = routes.handle(place) if table is None else _dispatch(table, place)
        return result if isinstance(result, tuple) else (200, result)

    def _finish(self, form: str, headers: Mapping[str, str], body: Any) -> Any:
        if form != "iaas" or not isinstance(body, dict):
            return body
        body = {**body, "is_ok": True}
        if any(isinstance(v, dict) for v in body.values()):
            body.setdefault("Success", True)
        return _numbers(body) if headers.get("X-Sakura-Bigint-As-Int") == "1" else body


def _dispatch(table: _Table, place: Place) -> Any:
    seen = False
    for methods, pattern, handler in table:
        match = pattern.fullmatch(place.path)
        if match:
            seen = True
            if place.method in methods:
                return handler(place, *match.groups())
    if seen:
        raise Refused(405, "method_not_allowed", "この操作はできません。")
    raise missing()


def _body(headers: Mapping[str, str], raw: bytes) -> Any:
    if not raw:
        return None
    if headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode()))
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Refused(400, "bad_request", "リクエストの形式が正しくありません。") from error


def _numbers(value: Any) -> Any:
    """Ids as numbers, for those who ask for it (X-Sakura-Bigint-As-Int)."""
    if isinstance(value, dict):
        return {
            k: int(v) if k == "ID" and isinstance(v, str) and v.isdigit() else _numbers(v)
            for k, v in value.items()
        }
    return [_numbers(v) for v in value] if isinstance(value, list) else value


def _json(body: Any) -> s3.Reply:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    return s3.Reply(content, {"Content-Type": "application/json; charset=utf-8"})


def server(twin: Twin, port: int) -> ThreadingHTTPServer:
    """The server, bound to loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing: requests carry credentials."""

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, body = twin.answer(self.command, self.path, dict(self.headers.items()), raw)
            except Drop:
                self.close_connection = True
                self.connection.close()
                return
            reply = body if isinstance(body, s3.Reply) else _json(body)
            self.send_response(status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            if status != 204 and self.command != "HEAD":
                self.wfile.write(reply.content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 256

    return Server(("127.0.0.1", port), Handler)
