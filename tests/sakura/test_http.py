"""The client against the twin over real HTTP: signing in, retrying, giving up, stopping; and the twin's own
manners."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from providers.sakura.client import Api
from providers.sakura.errors import ApiError, CancelledError, ConfigError, Where
from providers.sakura.services import base_url
from providers.sakura.settings import resolve
from tests.sakura.conftest import Twin

WHERE = Where("create", "network:Switch", "内側", "is1a")


def api(twin: Twin, **more: str) -> Api:
    return Api(resolve({}, twin.running.environment() | {"HOME": str(twin.folder)} | more))


def switch(api_: Api, name: str = "a", **rest: Any) -> dict[str, Any]:
    answer = api_.call(WHERE, "iaas", "POST", "/switch", zone="is1a", body={"Switch": {"Name": name, **rest}})
    return answer["Switch"]


# --- retries
# ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"), [(503, "busy"), (423, "locked"), (409, "still_creating"), (429, "")]
)
def test_what_passes_is_tried_again(twin: Twin, status: int, code: str) -> None:
    twin.fault("passing", method="POST", path="/switch", status=status, code=code, times=3)
    assert switch(api(twin))["ID"]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "limit_count_in_account"),
        (409, "original_hash_mismatch"),
        (503, "disk_stock_run_out"),
        (400, "invalid_format"),
        (403, "forbidden"),
    ],
)
def test_what_does_not_pass_is_asked_once(twin: Twin, status: int, code: str) -> None:
    twin.fault("final", method="POST", path="/switch", status=status, code=code, times=1)
    with pytest.raises(ApiError) as refused:
        switch(api(twin))
    assert refused.value.code == code
    assert switch(api(twin))["ID"], "the one failure was met by the one request"


def test_retries_are_bounded(twin: Twin) -> None:
    twin.fault("always", method="GET", path="/switch", status=503, code="busy", times=0)
    began = time.monotonic()
    with pytest.raises(ApiError):
        api(twin, SAKURA_RETRY_MAX="3").call(WHERE, "iaas", "GET", "/switch", zone="is1a")
    assert time.monotonic() - began < 5


def test_an_error_names_all_that_is_needed(twin: Twin) -> None:
    twin.fault("quota", method="POST", path="/switch", status=409, code="limit_count_in_account", times=1)
    with pytest.raises(ApiError) as refused:
        switch(api(twin))
    for language, words in (("ja", ("作成", "上限の緩和")), ("en", ("create", "higher limit"))):
        said = refused.value.text.say(language)
        for part in (
            "network:Switch",
            "内側",
            "is1a",
            "409",
            "limit_count_in_account",
            refused.value.serial,
            *words,
        ):
            assert part in said
    assert len(refused.value.serial) == 32


def test_nothing_listens_and_wrong_credentials_are_explained(twin: Twin) -> None:
    with pytest.raises(ApiError) as refused:
        switch(api(twin, SAKURA_ACCESS_TOKEN_SECRET="wrong"))
    assert refused.value.code == "unauthorized"
    assert "wrong" not in refused.value.text.en
    with pytest.raises(ConfigError) as without:
        switch(Api(resolve({}, {"SAKURA_API_ROOT_URL": twin.running.root, "HOME": str(twin.folder)})))
    assert "SAKURA_ACCESS_TOKEN" in without.value.text.ja
    nowhere = "http://127.0.0.1:1/cloud/zone"
    with pytest.raises(ApiError) as silent:
        switch(api(twin, SAKURA_API_ROOT_URL=nowhere, SAKURA_RETRY_MAX="1"))
    assert silent.value.status == 0
    assert not silent.value.unsure, "what was never sent cannot have been carried out"


def test_stopping_ends_a_wait_at_once(twin: Twin) -> None:
    from stacks.text import Text

    client = api(twin)
    threading.Timer(0.3, client.cancel).start()
    began = time.monotonic()
    with pytest.raises(CancelledError):
        client.wait(WHERE, Text(ja="済み", en="done"), lambda: False, 60)
    assert time.monotonic() - began < 5
    with pytest.raises(CancelledError):
        switch(client)


def test_calls_keep_to_the_rate(twin: Twin) -> None:
    client = api(twin, SAKURA_PULUMI_RATE_LIMIT="50")
    began = time.monotonic()
    for _ in range(26):
        client.call(WHERE, "iaas", "GET", "/bridge", zone="is1a")
    assert time.monotonic() - began >= 25 / 50


# --- signing in
# -------------------------------------------------------------------------------------------------------


def test_a_service_principal_signs_in_and_is_preferred(twin: Twin, tmp_path: Path) -> None:
    basic = api(twin)

    def iam(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return basic.call(Where("create"), "iam", "POST", path, body=body)

    project = iam("/projects", {"code": "city", "name": "city", "description": ""})
    principal = iam("/service-principals", {"project_id": project["id"], "name": "ci", "description": ""})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    uploaded = iam(f"/service-principals/{principal['id']}/upload-key", {"public_key": public.decode()})
    file = tmp_path / "key.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    signed = {
        "SAKURA_SERVICE_PRINCIPAL_ID": str(principal["id"]),
        "SAKURA_SERVICE_PRINCIPAL_KEY_KID": uploaded["kid"],
        "SAKURA_PRIVATE_KEY_PATH": str(file),
        "SAKURA_ACCESS_TOKEN_SECRET": "not used: the principal is preferred",
    }
    client = api(twin, **signed)
    assert client.authorization.header().startswith("Bearer ")
    assert switch(client)["ID"]
    # A token that the API no longer knows is replaced by a new one, once.
    with pytest.raises(ApiError):
        switch(api(twin, **(signed | {"SAKURA_SERVICE_PRINCIPAL_KEY_KID": "unknown"})))
    from providers.twin.sakura import client as inside

    bearer = client.authorization.header().removeprefix("Bearer ")
    inside.remove(twin.folder, "bearer", "", bearer)
    assert switch(client, "b")["ID"]


def test_where_settings_come_from(tmp_path: Path) -> None:
    profile = tmp_path / ".usacloud" / "city"
    profile.mkdir(parents=True)
    body = {"AccessToken": "from-profile", "AccessTokenSecret": "s", "Zone": "tk1b"}
    (profile / "config.json").write_text(json.dumps(body), encoding="utf-8")
    home = {"HOME": str(tmp_path)}
    assert resolve({"profile": "city"}, home).token == "from-profile"
    (tmp_path / ".usacloud" / "current").write_text("city\n", encoding="utf-8")
    assert resolve({}, home).zone == "tk1b"
    assert resolve({}, home | {"SAKURACLOUD_ACCESS_TOKEN": "old"}).token == "old"
    assert (
        resolve({}, home | {"SAKURACLOUD_ACCESS_TOKEN": "old", "SAKURA_ACCESS_TOKEN": "new"}).token == "new"
    )
    assert resolve({"token": "stack"}, home | {"SAKURA_ACCESS_TOKEN": "new"}).token == "stack"
    with pytest.raises(ConfigError, match="nowhere"):
        resolve({"profile": "nowhere"}, home)
    with pytest.raises(ConfigError):
        resolve({"zone": "tk9z"}, {})
    with pytest.raises(ConfigError):
        resolve({"rateLimit": -1}, {})


@pytest.mark.parametrize(
    "url", ["http://example.jp/cloud/zone", "http://127.0.0.1.example.jp/", "ftp://127.0.0.1/"]
)
def test_credentials_never_travel_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigError):
        resolve({}, {"SAKURA_API_ROOT_URL": url})
    with pytest.raises(ConfigError):
        resolve({}, {"SAKURA_ENDPOINTS_KMS": url})


def test_addresses_are_the_official_ones() -> None:
    root = resolve({}, {}).api_root_url
    assert base_url("iaas", "tk1a", root, {}) == "https://secure.sakura.ad.jp/cloud/zone/tk1a/api/cloud/1.1"
    assert base_url("iam", "", root, {}) == "https://secure.sakura.ad.jp/cloud/api/iam/1.0"
    assert (
        base_url("monitoring", "", root, {})
        == "https://secure.sakura.ad.jp/cloud/zone/is1a/api/monitoring/1.0"
    )
    assert base_url("kms", "", root, {"KMS": "http://localhost:18081/"}) == "http://localhost:18081"
    with pytest.raises(ConfigError):
        base_url("iam", "", "http://127.0.0.1:1/elsewhere", {})


# --- the twin's manners
# -----------------------------------------------------------------------------------------------


def test_the_twin_answers_as_the_api_does(twin: Twin) -> None:
    with twin.http() as http:
        made = http.post("/switch", json={"Switch": {"Name": "a", "Tags": ["x", "y"]}})
        assert made.status_code == 201
        assert made.json()["is_ok"] is True
        id_ = made.json()["Switch"]["ID"]
        assert len(id_) == 12
        as_numbers = http.get(f"/switch/{id_}", headers={"X-Sakura-Bigint-As-Int": "1"}).json()
        assert as_numbers["Switch"]["ID"] == int(id_)
        http.post("/switch", json={"Switch": {"Name": "b", "Tags": ["x"]}})

        def found(condition: dict[str, Any]) -> list[str]:
            answer = http.get("/switch?" + quote(json.dumps(condition))).json()
            return [s["Name"] for s in answer["Switches"]]

        assert found({"Filter": {"Tags.Name": [["x", "y"]]}}) == ["a"]
        assert found({"Filter": {"Name": "b"}}) == ["b"]
        assert found({"From": 1, "Count": 1}) == ["b"]
        assert found({"Sort": ["-Name"]}) == ["b", "a"]
        assert http.get("/switch?%7Bbroken").json()["error_code"] == "invalid_format"
        assert http.get("/nothing/here").json()["error_code"] == "resource_path_not_found"
        assert http.patch(f"/switch/{id_}", json={}).status_code == 405
        assert http.get("/switch/999999999999").json()["error_code"] == "not_found"
        assert http.post("/switch", json={"Switch": {}}).status_code == 400
    with twin.http("tk1a") as other:
        assert other.get(f"/switch/{id_}").status_code == 404, "zones are apart"


def test_the_twin_refuses_what_the_api_refuses(twin: Twin) -> None:
    with twin.http() as http:

        def code(method: str, path: str, body: Any = None) -> str:
            return http.request(method, path, json=body).json()["error_code"]

        switch_id = http.post("/switch", json={"Switch": {"Name": "a"}}).json()["Switch"]["ID"]
        server = {
            "Name": "s",
            "ServerPlan": {"CPU": 1, "MemoryMB": 1024},
            "ConnectedSwitches": [{"ID": switch_id}],
        }
        server_id = http.post("/server", json={"Server": server}).json()["Server"]["ID"]
        assert code("DELETE", f"/switch/{switch_id}") == "disconnect_b4_delete"
        assert http.put(f"/server/{server_id}/power").is_success
        while http.get(f"/server/{server_id}").json()["Server"]["Instance"]["Status"] != "up":
            time.sleep(0.02)
        assert code("DELETE", f"/server/{server_id}") == "server_power_must_be_down"
        assert (
            code("PUT", f"/server/{server_id}/plan", {"CPU": 2, "MemoryMB": 4096})
            == "server_power_must_be_down"
        )
        assert (
            code("POST", "/server", {"Server": server | {"ServerPlan": {"CPU": 99, "MemoryMB": 1}}})
            == "param_res_not_found"
        )
        item = {"Name": "example.jp", "Provider": {"Class": "dns"}, "Status": {"Zone": "example.jp"}}
        assert http.post("/commonserviceitem", json={"CommonServiceItem": item}).status_code == 201
        assert code("POST", "/commonserviceitem", {"CommonServiceItem": item}) == "res_already_exists"
        stale = {"CommonServiceItem": {"Settings": {}, "SettingsHash": "old"}}
        dns_id = http.get("/commonserviceitem").json()["CommonServiceItems"][0]["ID"]
        assert code("PUT", f"/commonserviceitem/{dns_id}", stale) == "original_hash_mismatch"


def test_the_twin_remembers_what_it_said(tmp_path: Path) -> None:
    """kill -9 of the twin loses nothing that was answered."""
    import os
    import signal

    from providers.twin.sakura import client as inside

    running = inside.start(tmp_path, 600)
    made = switch(api(Twin(running)))
    os.kill(running.pid, signal.SIGKILL)
    while inside.status(tmp_path) is not None:
        time.sleep(0.02)
    again = inside.start(tmp_path, 600)
    try:
        assert (again.token, again.secret) == (running.token, running.secret)
        with Twin(again).http() as http:
            assert http.get(f"/switch/{made['ID']}").status_code == 200
        assert inside.start(tmp_path, 600).pid == again.pid, "one twin a folder"
    finally:
        inside.stop(tmp_path)
