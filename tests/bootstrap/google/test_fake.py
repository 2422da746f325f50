"""The fake refuses what Google refuses; otherwise a green run would say nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.bootstrap.google.conftest import Unit
from tests.bootstrap.google.fake import ADMIN, PROJECT

ACCOUNTS = f"/v1/projects/{PROJECT}/serviceAccounts"
POLICY = f"/v3/projects/{PROJECT}"


@pytest.fixture
def client(unit: Unit) -> httpx.Client:
    """The owner, with every service on."""
    unit.google.world.services |= {f"{n}.googleapis.com" for n in ("iam", "cloudkms", "essentialcontacts")}
    token = unit.google.bearers.issue(f"user:{ADMIN}")
    return httpx.Client(base_url=unit.server.url, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"accountIdd": "jichitai-x"}, "Unknown name"),
        ({"accountId": 7}, "no string"),
        ({}, "Required field"),
        ({"accountId": "jichitai-x", "serviceAccount": {"uniqueId": "1"}}, "only the server"),
        ({"accountId": "X"}, "Invalid service account id"),
    ],
)
def test_bodies_that_the_model_does_not_take(client: httpx.Client, body: Any, said: str) -> None:
    answer = client.post(ACCOUNTS, json=body)
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def test_words_parameters_and_patterns(client: httpx.Client) -> None:
    ring = f"/v1/projects/{PROJECT}/locations/asia-northeast1/keyRings"
    assert client.post(f"{ring}?keyRingId=r", json={}).status_code == 200
    key = {"purpose": "ENCRYPT_DECRYPTT"}
    assert "Invalid value" in client.post(f"{ring}/r/cryptoKeys?cryptoKeyId=k", json=key).text
    key = {"purpose": "ENCRYPT_DECRYPT", "destroyScheduledDuration": "30d"}
    assert "no duration" in client.post(f"{ring}/r/cryptoKeys?cryptoKeyId=k", json=key).text
    assert "Cannot bind query parameter" in client.post(f"{ring}?keyRing=r", json={}).text
    assert client.post("/storage/v1/b", json={"name": "abc", "location": "US"}).status_code == 400
    abroad = client.post(f"/storage/v1/b?project={PROJECT}", json={"name": "abc", "location": "US"})
    assert abroad.status_code == 412


def test_who_is_refused_and_how(unit: Unit, client: httpx.Client) -> None:
    assert httpx.get(f"{unit.server.url}{POLICY}").status_code == 401
    stranger = {"Authorization": f"Bearer {unit.google.bearers.issue('user:stranger@example.jp')}"}
    assert httpx.get(f"{unit.server.url}{POLICY}", headers=stranger).status_code == 403
    late = {"Authorization": f"Bearer {unit.google.bearers.issue(f'user:{ADMIN}', -1)}"}
    assert httpx.get(f"{unit.server.url}{POLICY}", headers=late).status_code == 401
    assert client.get(f"{ACCOUNTS}/nobody@{PROJECT}.iam.gserviceaccount.com").status_code == 404
    assert client.get("/v1/projects/x/somethingElse").status_code == 404


def test_policies_are_guarded_by_their_etag_and_version(client: httpx.Client) -> None:
    ask = {"options": {"requestedPolicyVersion": 3}}
    policy = client.post(f"{POLICY}:getIamPolicy", json=ask).json()
    condition = {"title": "t", "expression": "true"}
    bound = {"role": "roles/viewer", "members": [f"user:{ADMIN}"], "condition": condition}
    new = {**policy, "bindings": [*policy["bindings"], bound]}
    assert client.post(f"{POLICY}:setIamPolicy", json={"policy": {**new, "version": 1}}).status_code == 400
    assert client.post(f"{POLICY}:setIamPolicy", json={"policy": {**new, "version": 3}}).status_code == 200
    stale = client.post(f"{POLICY}:setIamPolicy", json={"policy": {**new, "version": 3}})
    assert stale.status_code == 409
    blind = client.post(f"{POLICY}:getIamPolicy", json={}).json()
    assert any("_withcond_" in b["role"] for b in blind["bindings"])
