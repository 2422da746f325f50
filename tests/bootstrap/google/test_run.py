"""The whole run on a project as it is handed over, by google-auth and Google's client over HTTP."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from scripts.bootstrap.google import CLOUD
from scripts.bootstrap.google.names import account, evidence_bucket, key, state_bucket
from scripts.bootstrap.run import BlockedError, FailedError
from tests.bootstrap.google.conftest import HOLDERS, SUBJECT, Unit, shape
from tests.bootstrap.google.fake import NUMBER, PROJECT

DEPLOYER = f"serviceAccount:jichitai-deployer@{PROJECT}.iam.gserviceaccount.com"
GLASS = f"jichitai-breakglass@{PROJECT}.iam.gserviceaccount.com"


def test_a_plan_only_reads_and_names_every_call(unit: Unit) -> None:
    before = shape(unit.google.world)
    runner = unit.runner(token_file=unit.pipeline_token())
    outcome = runner.survey(CLOUD.steps)
    planned = {s.step.id: [c.record() for c in s.before.calls] for s in outcome.steps}
    assert unit.changing() == []
    assert shape(unit.google.world) == before
    assert [c["operation"] for c in planned["state"]] == ["buckets.insert"]
    assert [c["operation"] for c in planned["archive"]] == ["buckets.insert", "buckets.lockRetentionPolicy"]
    assert [c["by"] for c in planned["proof"]] == ["deployer", "deployer"]
    json.dumps(planned)


def test_whole_run_then_the_pipeline_then_nothing_left_to_do(unit: Unit) -> None:
    began = time.monotonic()
    first = unit.run()
    assert first.waiting is not None
    assert first.waiting.step.id == "proof"
    second = unit.run(token_file=unit.pipeline_token())
    assert second.waiting is None
    assert {s.step.id for s in second.steps if s.changed} == {"proof", "evidence"}
    before, sent = shape(unit.google.world), len(unit.changing())
    third = unit.run()
    assert third.changed == 0
    assert third.waiting is None
    assert len(unit.changing()) == sent
    assert shape(unit.google.world) == before
    assert unit.chain.problems() == []
    assert time.monotonic() - began < 25


def test_what_was_made_is_safe(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    world, settings = unit.google.world, unit.settings
    state = world.things[f"b/{state_bucket(settings)}"]
    assert state["versioning"] == {"enabled": True}
    assert state["iamConfiguration"]["publicAccessPrevention"] == "enforced"
    assert state["encryption"]["defaultKmsKeyName"] == key(settings, "state")
    archive = world.things[f"b/{evidence_bucket(settings)}"]
    assert archive["retentionPolicy"] == {"retentionPeriod": str(7 * 365 * 86_400), "isLocked": True}
    assert world.things[f"projects/{PROJECT}/serviceAccounts/{GLASS}"]["disabled"] is True
    # No key exists but the administrator's own.
    assert {k["email"] for k in world.keys.values()} == {f"gcas-admin@{PROJECT}.iam.gserviceaccount.com"}
    bindings = world.policies[f"projects/{PROJECT}"]["bindings"]
    admin = [b for b in bindings if b["role"] == "roles/resourcemanager.projectIamAdmin"]
    assert "hasOnly" in admin[0]["condition"]["expression"]
    granted = {b["role"] for b in bindings if DEPLOYER in b["members"]}
    assert not granted & {"roles/owner", "roles/editor", "roles/iam.serviceAccountKeyAdmin"}
    # The copy of the evidence is what the file held before it.
    copies = [v[-1]["data"] for n, v in world.objects.items() if evidence_bucket(settings) in n]
    assert copies == [unit.chain.settled("evidence")]


def test_only_the_named_jobs_come_in(unit: Unit) -> None:
    unit.run()
    for bad in (
        unit.pipeline_token("repo:koto/jichitai:environment:productionx"),
        unit.pipeline_token("repo:koto/jichitai:pull_request"),
    ):
        with pytest.raises(FailedError) as caught:
            unit.run(["proof"], token_file=bad)
        assert caught.value.failure.kind == "invalid"
    with pytest.raises(FailedError):
        unit.run(["proof"], token_file=unit.pipeline_token(seconds=-60))
    assert unit.run(["proof"], token_file=unit.pipeline_token(SUBJECT)).changed == 2
    written = [v for n, v in unit.google.world.objects.items() if state_bucket(unit.settings) in n]
    assert [v[-1]["by"] for v in written] == [DEPLOYER]


def test_the_first_key_is_retired_only_after_the_proof_and_is_then_refused(unit: Unit) -> None:
    unit.run()
    early = unit.run(["retire"])
    assert early.waiting is not None
    unit.run(token_file=unit.pipeline_token())
    done = unit.run(["retire"])
    assert [s.changed for s in done.steps] == [3]
    assert unit.google.world.keys == {}
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert caught.value.failure.kind == "invalid"
    assert unit.chain.problems() == []


def test_a_person_loses_every_role_and_that_is_seen(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    unit.sign_in(monkeypatch, "user:admin@gcas.example.go.jp")
    unit.run()
    unit.run(token_file=unit.pipeline_token())
    unit.run(["retire"])
    members = [m for b in unit.google.world.policies[f"projects/{PROJECT}"]["bindings"] for m in b["members"]]
    assert "user:admin@gcas.example.go.jp" not in members
    assert unit.run(["retire"]).changed == 0
    with pytest.raises(BlockedError):
        unit.run()


def test_nobody_retires_the_deployer_or_the_seal(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    for wrong, kind in ((DEPLOYER, "unsafe"), (f"serviceAccount:{GLASS}", "unsafe")):
        with pytest.raises(BlockedError) as caught:
            unit.run(["retire"], options={**unit.settings.options, "retire": wrong})
        assert [p.kind for _, p in caught.value.problems] == [kind]
    same = {**unit.settings.options, "retire": HOLDERS}
    with pytest.raises(BlockedError):
        unit.run(["retire"], options=same)


def test_parts_that_up_makes_are_left_to_it(unit: Unit) -> None:
    manifest = json.loads(json.dumps(unit.settings.manifest))
    manifest["clouds"]["google"]["baseline"] = {}
    outcome = unit.run(manifest=manifest)
    notes = {s.step.id: s.before.note for s in outcome.steps if s.before.note}
    assert {"contacts", "signin"} <= set(notes)
    assert not [n for n in unit.google.world.things if "/contacts/" in n or "/policies/" in n]


def test_the_fence_is_set_where_the_administrator_may(unit: Unit) -> None:
    policy = unit.google.world.policies[f"projects/{PROJECT}"]
    member = f"serviceAccount:gcas-admin@{PROJECT}.iam.gserviceaccount.com"
    policy["bindings"].append({"role": "roles/orgpolicy.policyAdmin", "members": [member]})
    unit.run()
    fence = unit.google.world.things[f"projects/{PROJECT}/policies/gcp.resourceLocations"]
    assert fence["spec"]["rules"][0]["values"]["allowedValues"] == [
        "in:asia-northeast1-locations",
        "in:asia-northeast2-locations",
    ]
    assert unit.run(["fence"]).changed == 0


def test_undo_takes_back_what_is_ours(unit: Unit) -> None:
    unit.run()
    runner = unit.runner()
    steps = {s.id: s for s in CLOUD.steps}
    assert runner.undo(steps["alarms"]) == 5
    assert runner.undo(steps["deployer"]) == 1
    assert runner.undo(steps["federation"]) == 1
    assert not [n for n in unit.google.world.things if "/alertPolicies/" in n]
    assert f"projects/{PROJECT}/serviceAccounts/{account(unit.settings, 'jichitai-deployer')}" not in (
        unit.google.world.things
    )
    with pytest.raises(BlockedError):
        runner.undo(steps["archive"])
    # A pool's name stays for 30 days: the next run brings it back instead of failing.
    again = unit.run()
    assert {s.step.id for s in again.steps if s.changed} == {"federation", "deployer", "alarms"}


def test_no_secret_is_written_anywhere(unit: Unit, tmp_path: Path) -> None:
    unit.run(token_file=unit.pipeline_token())
    secrets = [json.loads((tmp_path / "admin.json").read_text())["private_key"].splitlines()[1]]
    secrets += [e.request.bearer for e in unit.server.requests if e.request.bearer]
    secrets.append((tmp_path / "token").read_text())
    text = (tmp_path / "evidence.jsonl").read_text()
    assert len(secrets) > 50
    assert not [s for s in secrets if s in text]


def test_the_pipeline_proves_it_alone(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a job: the standard chain finds the deployer, no administrator is there."""
    unit.run()
    _as_the_job(unit, monkeypatch)
    assert unit.run(["proof"], token_file=unit.pipeline_token()).changed == 2
    email = account(unit.settings, "jichitai-deployer")
    assert unit.chain.read()[-1]["who"] == f"serviceAccount:{email}"
    with pytest.raises(BlockedError):  # and it is no administrator
        unit.run(["deployer", "breakglass"])


def test_the_pipeline_puts_the_last_records_away(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has retired itself cannot."""
    unit.run(token_file=unit.pipeline_token())
    unit.run(["retire"])
    _as_the_job(unit, monkeypatch)
    assert unit.run(["evidence"]).changed == 1
    bucket = evidence_bucket(unit.settings)
    copies = [v[-1]["data"] for n, v in unit.google.world.objects.items() if bucket in n]
    assert unit.chain.settled("evidence") in copies
    assert b'"retire"' in copies[-1]


def test_what_others_undo_is_done_again_and_goes_on_record(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    alarm = next(n for n in unit.google.world.things if "/alertPolicies/" in n)
    del unit.google.world.things[alarm]
    again = unit.run()
    assert {s.step.id for s in again.steps if s.changed} == {"alarms", "evidence"}


def _as_the_job(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    url = unit.server.url
    provider = f"//iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/jichitai"
    email = account(unit.settings, "jichitai-deployer")
    job = {
        "type": "external_account",
        "audience": f"{provider}/providers/github",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{url}/v1/token",
        "credential_source": {"file": unit.pipeline_token()},
        "service_account_impersonation_url": (
            f"{url}/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
        ),
    }
    file = unit.folder / "job.json"
    file.write_text(json.dumps(job))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
