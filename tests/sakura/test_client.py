"""What goes over the wire, what each name of the environment does: a server writes down what it is asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from providers.sakura import convert, diff
from providers.sakura.catalog import RESOURCES
from providers.sakura.client import Api
from providers.sakura.errors import PASSING, ApiError, Where
from providers.sakura.settings import CONFIG, Settings, resolve

WHERE = Where("read", "network:Switch", "内側", "is1a")
BY_TOKEN = {r.token: r for r in RESOURCES}


class Scribe:
    """A server that writes down requests and answers as it is told; 200 and {} when it is told nothing."""

    def __init__(self) -> None:
        scribe, self.asked, self.answers = self, [], []  # type: ignore[var-annotated]

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                """Say nothing."""

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                scribe.asked.append((self.command, self.path, dict(self.headers.items()), body))
                status, headers, answer = scribe.answers.pop(0) if scribe.answers else (200, {}, {})
                content = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/cloud/zone"

    def api(self, **more: str) -> Api:
        environment = {"SAKURA_API_ROOT_URL": self.root, "SAKURA_ACCESS_TOKEN": "t", "HOME": "/nonexistent"}
        quick = {"SAKURA_ACCESS_TOKEN_SECRET": "s", "SAKURA_PULUMI_RETRY_WAIT_MIN": "0.01"}
        return Api(resolve({}, environment | quick | more))


@pytest.fixture
def scribe() -> Iterator[Scribe]:
    made = Scribe()
    yield made
    made.server.shutdown()
    made.server.server_close()


def error(status: int, code: str) -> tuple[int, dict[str, str], dict[str, Any]]:
    return status, {}, {"is_fatal": True, "error_code": code, "error_msg": "だめです", "serial": "s"}


def test_headers_and_the_query_are_the_official_ones(scribe: Scribe) -> None:
    query = {"From": 0, "Filter": {"Name": "a b", "Tags.Name": [["x"]]}}
    scribe.api(SAKURA_LANGUAGE="ja").call(WHERE, "iaas", "GET", "/switch", zone="tk1a", query=query)
    scribe.api().call(WHERE, "iaas", "POST", "/switch", zone="tk1a", body={"Switch": {"Name": "内側"}})
    (_, path, get, body), (_, _, post, sent) = scribe.asked
    place, _, asked = path.partition("?")
    assert place == "/cloud/zone/tk1a/api/cloud/1.1/switch"
    assert json.loads(unquote(asked)) == query
    assert "+" not in asked, "a blank is %20"
    assert get["X-Requested-With"] == "XMLHttpRequest"
    assert get["X-Sakura-Bigint-As-Int"] == "1"
    assert get["Accept-Language"] == "ja"
    assert "gzip" in get["Accept-Encoding"]
    assert get["Authorization"].startswith("Basic ")
    assert (body, "Content-Type" in get) == (b"", False)
    assert post["Content-Type"] == "application/json"
    assert json.loads(sent) == {"Switch": {"Name": "内側"}}


def test_every_service_can_be_led_elsewhere(scribe: Scribe) -> None:
    elsewhere = f"{scribe.root.removesuffix('/cloud/zone')}/mock"
    api = scribe.api(SAKURA_ENDPOINTS_KMS=elsewhere, SAKURA_ENDPOINTS_IAAS=elsewhere + "/{zone}/")
    assert api.url("kms", "", "/kms/keys") == f"{elsewhere}/kms/keys"
    assert api.url("iaas", "tk1b", "/server") == f"{elsewhere}/tk1b/server"
    assert api.url("iam", "", "/projects").startswith(scribe.root.removesuffix("/zone") + "/api/iam/1.0")
    assert api.url("webaccel", "", "/site").endswith("/is1a/api/webaccel/1.0/site")
    assert api.url("apigw", "", "/plans").endswith("/cloud/api/apigw/1.0/plans")


def test_a_pause_that_the_service_asks_for_is_kept(scribe: Scribe) -> None:
    scribe.answers += [(429, {"Retry-After": "1"}, {"message": "slowly"})]
    began = time.monotonic()
    scribe.api().call(WHERE, "iaas", "GET", "/switch", zone="is1a")
    assert time.monotonic() - began >= 0.75
    scribe.answers += [(429, {"Retry-After": "3600"}, {"message": "slowly"})]
    scribe.api(SAKURA_PULUMI_RETRY_WAIT_MAX="0.05").call(WHERE, "iaas", "GET", "/switch", zone="is1a")
    assert len(scribe.asked) == 4, "never longer than the longest pause that is configured"


@pytest.mark.parametrize("code", sorted(PASSING))
def test_each_code_that_passes_is_tried_again(scribe: Scribe, code: str) -> None:
    scribe.answers += [error(409, code), error(503, code)]
    method = "GET" if code == "apiproxy_timeout" else "PUT"
    scribe.api().call(WHERE, "iaas", method, "/switch/1", zone="is1a")
    assert len(scribe.asked) == 3


def test_a_creation_whose_end_is_unknown_is_not_repeated(scribe: Scribe) -> None:
    scribe.answers += [error(504, "apiproxy_timeout_non_get")]
    with pytest.raises(ApiError) as unsure:
        scribe.api().call(WHERE, "iaas", "POST", "/switch", zone="is1a", body={})
    assert unsure.value.unsure
    assert len(scribe.asked) == 1


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (409, "limit_count_in_zone", ("緩和", "higher limit")),
        (403, "disabled_in_sandbox", ("サンドボックス", "sandbox")),
        (409, "original_hash_mismatch", ("ほかの人", "Someone else")),
        (402, "payment_registration", ("支払い", "payment")),
        (409, "disconnect_b4_delete", ("つながって", "connected")),
        (409, "switch_hybrid_connected", ("15分", "15 minutes")),
        (401, "", ("アクセストークン", "access token")),
        (403, "forbidden", ("権限", "role")),
    ],
)
def test_what_to_do_is_said_in_both_languages(status: int, code: str, words: tuple[str, str]) -> None:
    said = ApiError(WHERE, status, code, "API", "serial-1", "GET /x")
    assert not said.passing
    for language, word in zip(("ja", "en"), words, strict=True):
        text = said.text.say(language)  # type: ignore[arg-type]
        assert all(part in text for part in (word, "内側", "is1a", "serial-1", code))


NAMES = {f.wire: f.name for f in CONFIG if f.wire}
NUMBERS = {f.name for f in fields(Settings) if f.type in ("float", "int")}


@pytest.mark.parametrize("prefix", ["SAKURA_", "SAKURACLOUD_"])
@pytest.mark.parametrize("wire", sorted(set(NAMES) - {"PROFILE", "PRIVATE_KEY_PATH"}))
def test_every_name_of_the_environment_counts(prefix: str, wire: str) -> None:
    attribute = convert_name(NAMES[wire])
    given = {"ZONE": "tk1b", "DEFAULT_ZONE": "tk1a", "LANGUAGE": "ja"}.get(
        wire, "7" if attribute in NUMBERS else "https://example.jp/cloud/zone"
    )
    found = getattr(resolve({}, {f"{prefix}{wire}": given, "HOME": "/nonexistent"}), attribute)
    assert found == (7 if attribute in NUMBERS else given)


def convert_name(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def test_a_router_that_does_not_say_is_connected_to_the_internet() -> None:
    """terraform#1236: where `InternetConnection` is missing, it is on; importing must not turn it off."""
    resource = BY_TOKEN["sakura:network:VpcRouter"]
    field = resource.field("internetConnection")
    assert diff.canonical(field, None) is True
    assert convert.from_wire(field.type, "False") is False
