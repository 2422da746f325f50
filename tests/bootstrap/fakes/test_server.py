"""The fakes' own server: routes, TLS, and what a client sees of each fault."""

from __future__ import annotations

from pathlib import Path

import httpx
import jwt
import pytest

from tests.bootstrap.fakes.identity import Bearers, Issuer
from tests.bootstrap.fakes.server import (
    EVERY_WAY,
    FAULTS,
    Answer,
    FaultKind,
    Refused,
    Request,
    Router,
    repeated,
    serving,
    ways,
)
from tests.bootstrap.fakes.tls import authority


def _fake() -> tuple[Router, list[str]]:
    fake = Router(lambda status, code, message: Answer(status, {"code": code, "message": message}))
    made: list[str] = []

    @fake.on("PUT", "/things/{name}")
    def put(request: Request, name: str) -> Answer:
        made.append(name)
        return Answer(201, {"name": name, "body": request.json})

    @fake.on("GET", "/all/{+path}")
    def get(request: Request, path: str) -> Answer:
        if path == "secret/x":
            raise Refused(403, "Forbidden", "not yours")
        return Answer(body={"path": path, "q": request.one("q")})

    return fake, made


def test_routes_bodies_and_refusals() -> None:
    fake, made = _fake()
    with serving(fake) as server, httpx.Client(base_url=server.url) as client:
        assert client.put("/things/a%2Fb", json=[1]).json() == {"name": "a/b", "body": [1]}
        assert client.get("/all/x/y?q=%E5%8C%BA").json() == {"path": "x/y", "q": "区"}
        assert client.get("/all/secret/x").status_code == 403
        assert client.get("/elsewhere").json()["code"] == "NotFound"
        assert client.put("/things/c", content=(b for b in (b"[", b"2]"))).json()["body"] == [2]
        assert made == ["a/b", "c"]
        assert [logged.status for logged in server.requests] == [201, 200, 403, 404, 201]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_strikes_once_and_only_a_lost_answer_was_done(kind: FaultKind) -> None:
    fake, made = _fake()
    with serving(fake) as server, httpx.Client(base_url=server.url) as client:
        server.fail_at(1, kind)
        client.put("/things/a")
        statuses = {"throttle": 429, "error": 503, "denied": 403}
        if kind in statuses:
            answer = client.put("/things/b")
            assert answer.status_code == statuses[kind]
            assert answer.headers["retry-after"] == "0"
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                client.put("/things/b")
        assert client.put("/things/c").status_code == 201
        assert made == (["a", "b", "c"] if kind == "lost" else ["a", "c"])
        assert [logged.fault for logged in server.requests] == ["", kind, ""]
        assert server.calm() == 0


def test_tls_is_trusted_by_the_bundle_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls = authority(tmp_path)
    fake, _ = _fake()
    with serving(fake, tls.server) as server:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{server.url}/all/x")
        for name, value in tls.environment.items():
            monkeypatch.setenv(name, value)
        assert httpx.get(f"{server.url}/all/x").json()["path"] == "x"


def test_tokens_expire_and_are_revoked() -> None:
    bearers, issuer = Bearers(), Issuer("https://gitlab.example.jp")
    token = bearers.issue("admin")
    assert bearers.who(token) == "admin"
    assert bearers.who(bearers.issue("admin", -1)) == ""
    bearers.revoke("admin")
    assert bearers.who(token) == ""
    assert issuer.verify(issuer.token("repo:a/b", "aud"), "aud")["sub"] == "repo:a/b"
    with pytest.raises(jwt.ExpiredSignatureError):
        issuer.verify(issuer.token("repo:a/b", "aud", seconds=-60), "aud")
    with pytest.raises(jwt.InvalidSignatureError):
        issuer.verify(Issuer("https://other.example").token("repo:a/b", "aud"), "aud")


def test_what_is_read_again_with_nothing_changed_between() -> None:
    asked = [Request(m, "/a", {}) for m in ("GET", "GET", "PUT", "GET", "GET")]
    reads = [r.method == "GET" for r in asked]
    assert repeated(asked, reads) == [False, True, False, False, True]
    other = [Request("POST", "/", {}, body) for body in (b"1", b"2", b"1")]
    assert repeated(other, [True, True, True]) == [False, False, True]
    assert ways(0, reads=True, again=True) == (FAULTS if EVERY_WAY else ())
    assert ways(1, reads=True) == (FAULTS if EVERY_WAY else (FAULTS[1],))
    assert ways(1, reads=False) == FAULTS
