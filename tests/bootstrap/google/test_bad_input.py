"""Bad input: each is a clear message in both languages, and nothing is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scripts.bootstrap.google import CLOUD
from scripts.bootstrap.google.names import evidence_bucket, state_bucket
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.steps import Settings
from tests.bootstrap.google.conftest import Unit, shape
from tests.bootstrap.google.fake import PROJECT


def _refused(unit: Unit, **changes: Any) -> BlockedError:
    before = shape(unit.google.world)
    with pytest.raises(BlockedError) as caught:
        unit.run(**changes)
    assert unit.changing() == []
    assert shape(unit.google.world) == before
    for _, problem in caught.value.problems:
        assert problem.what.ja != problem.what.en
        assert problem.do.ja
    return caught.value


def _kinds(error: BlockedError) -> dict[str, str]:
    return {step: problem.kind for step, problem in error.problems}


def test_another_project(unit: Unit) -> None:
    manifest = json.loads(json.dumps(unit.settings.manifest))
    manifest["clouds"]["google"]["unit"] = "gov-999999-prod"
    assert _kinds(_refused(unit, manifest=manifest)) == {"whoami": "wrong_unit"}


def test_a_project_that_is_being_deleted(unit: Unit) -> None:
    unit.google.world.things[f"projects/{PROJECT}"]["state"] = "DELETE_REQUESTED"
    assert _kinds(_refused(unit)) == {"whoami": "wrong_unit"}


def test_expired_token(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit.sign_in(monkeypatch, "user:admin@gcas.example.go.jp")
    unit.google.bearers.revoke("user:admin@gcas.example.go.jp")
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert caught.value.failure.kind in ("expired", "invalid", "transient")
    assert unit.changing() == []


def test_no_credentials_at_all(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(unit.folder / "nothing"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert "gcloud auth application-default login" in caught.value.failure.text.ja


def test_clock_skew(unit: Unit) -> None:
    unit.google.skew = 7200
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert caught.value.failure.kind == "skew"
    assert "時計" in caught.value.failure.text.ja


def test_partial_permissions_are_listed_all_at_once(unit: Unit) -> None:
    policy = unit.google.world.policies[f"projects/{PROJECT}"]
    policy["bindings"] = [b for b in policy["bindings"] if b["role"] != "roles/owner"] + [
        {
            "role": "roles/viewer",
            "members": [f"serviceAccount:gcas-admin@{PROJECT}.iam.gserviceaccount.com"],
        }
    ]
    error = _refused(unit)
    unseen = {step for step, problem in error.problems if problem.kind == "impossible"}
    assert "signin" in unseen
    assert {"cloudkms.keyRings.create", "serviceusage.services.enable"} <= set(error.missing)


def test_what_has_our_names_and_is_not_ours(unit: Unit) -> None:
    world = unit.google.world
    world.services |= {"iam.googleapis.com", "cloudkms.googleapis.com"}
    ring = f"projects/{PROJECT}/locations/asia-northeast1/keyRings/jichitai-bootstrap"
    world.things[ring] = {"name": ring}
    world.things[f"{ring}/cryptoKeys/state"] = {"purpose": "ENCRYPT_DECRYPT", "labels": {"by": "hand"}}
    world.things[f"b/{state_bucket(unit.settings)}"] = {"location": "ASIA-NORTHEAST1", "labels": {}}
    unit.google.add_account(f"jichitai-deployer@{PROJECT}.iam.gserviceaccount.com")
    pool = f"projects/{PROJECT}/locations/global/workloadIdentityPools/jichitai"
    world.things[pool] = {"name": pool, "state": "ACTIVE", "description": "by hand"}
    found = _kinds(_refused(unit))
    assert found == dict.fromkeys(("keys", "state", "federation", "deployer"), "foreign")


def test_half_done_by_hand_is_finished_or_refused(unit: Unit) -> None:
    world, owner = unit.google.world, unit.settings.owner
    loose: dict[str, Any] = {"location": "ASIA-NORTHEAST1", "labels": owner, "metageneration": "1"}
    world.things[f"b/{state_bucket(unit.settings)}"] = {**loose, "name": state_bucket(unit.settings)}
    unit.run()
    assert world.things[f"b/{state_bucket(unit.settings)}"]["versioning"] == {"enabled": True}
    abroad = {**loose, "location": "US", "name": evidence_bucket(unit.settings)}
    world.things[f"b/{evidence_bucket(unit.settings)}"] = abroad
    with pytest.raises(BlockedError) as caught:
        unit.run()
    assert _kinds(caught.value) == {"archive": "impossible"}


def test_nobody_named_for_pipeline_or_emergency(unit: Unit) -> None:
    options = {"endpoint": unit.server.url}
    found = _kinds(_refused(unit, pipeline=None, options=options))
    assert found == dict.fromkeys(("federation", "deployer", "breakglass", "proof"), "by_hand")


def test_strangers_in_the_project(unit: Unit) -> None:
    policy = unit.google.world.policies[f"projects/{PROJECT}"]
    policy["bindings"].append({"role": "roles/viewer", "members": ["user:someone@gmail.com"]})
    assert _kinds(_refused(unit)) == {"signin": "unsafe"}


def test_an_endpoint_elsewhere_is_refused(unit: Unit) -> None:
    settings: Settings = replace(unit.settings, options={"endpoint": "http://192.0.2.1:1"})
    with pytest.raises(ValueError, match="loopback"):
        CLOUD.open(settings, unit.runner().recorder)
