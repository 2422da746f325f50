"""The whole run on a subscription as it is handed over, by Microsoft's own clients over HTTPS."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from scripts.bootstrap.azure import CLOUD, names
from scripts.bootstrap.run import BlockedError, FailedError
from stacks.azure_roles import HOURS, OWN, SENDS
from tests.bootstrap.azure.conftest import GLASS, SUBJECT, Unit, shape
from tests.bootstrap.azure.fake import ADMIN_ID, ADMIN_SECRET, SUBSCRIPTION, UNIT


def test_a_plan_only_reads_and_names_every_call(unit: Unit) -> None:
    before = shape(unit.azure.world)
    outcome = unit.runner(token_file=unit.pipeline_token()).survey(CLOUD.steps)
    planned = {s.step.id: [c.record() for c in s.before.calls] for s in outcome.steps}
    assert unit.changing() == []
    assert shape(unit.azure.world) == before
    assert [c["operation"] for c in planned["archive"]] == [
        "blob_containers.create",
        "blob_containers.create_or_update_immutability_policy",
        "blob_containers.lock_immutability_policy",
    ]
    assert "<principal of id-jichitai-store>" in json.dumps(planned["keys"])
    assert [c["by"] for c in planned["proof"]] == ["deployer", "deployer"]


def test_whole_run_then_the_pipeline_then_nothing_left_to_do(unit: Unit) -> None:
    began = time.process_time()
    first = unit.run()
    assert first.waiting is not None
    assert first.waiting.step.id == "proof"
    second = unit.run(token_file=unit.pipeline_token())
    assert second.waiting is None
    assert {s.step.id for s in second.steps if s.changed} == {"proof", "evidence"}
    before, sent = shape(unit.azure.world), len(unit.changing())
    third = unit.run()
    assert third.changed == 0
    assert len(unit.changing()) == sent
    assert shape(unit.azure.world) == before
    assert unit.chain.problems() == []
    assert time.process_time() - began < 25


def test_what_was_made_is_safe(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    find, s = unit.azure.find, unit.settings
    account = (find(names.account_id(s)) or {})["properties"]
    assert (account["allowSharedKeyAccess"], account["allowBlobPublicAccess"]) == (False, False)
    assert account["encryption"]["keySource"] == "Microsoft.Keyvault"
    vault = (find(names.vault_id(s)) or {})["properties"]
    assert vault["enablePurgeProtection"] is True
    policy = find(f"{names.container_id(s, 'evidence')}/immutabilityPolicies/default") or {}
    assert policy["properties"]["state"] == "Locked"
    assert policy["properties"]["immutabilityPeriodSinceCreationInDays"] == 7 * 365
    lock = find(f"{names.group(s)}/providers/Microsoft.Authorization/locks/{names.LOCK}") or {}
    assert lock["properties"]["level"] == "CanNotDelete"
    deployer = (find(names.identity_id(s, names.DEPLOYER)) or {})["properties"]["principalId"]
    may = unit.azure.may
    assert may(deployer, "Microsoft.Network/virtualNetworks/write", UNIT)
    assert not may(deployer, "Microsoft.Authorization/locks/delete", UNIT)
    assert not may(deployer, "Microsoft.Storage/storageAccounts/listKeys/action", UNIT)
    assert not may(deployer, "Microsoft.Authorization/roleDefinitions/write", UNIT)
    conditions = [
        a["properties"]["condition"]
        for a in unit.azure.of_type("Microsoft.Authorization/roleAssignments")
        if a["properties"]["roleDefinitionId"].endswith(names.ACCESS_ADMIN)
    ]
    assert conditions == [names.boundary(s)]
    assert names.OWNER not in conditions[0]
    assert names.BLOB_CONTRIBUTOR not in conditions[0]
    assert all(role.guid(s.unit) in conditions[0] for role in OWN.values())
    copies = [v[-1]["data"] for n, v in unit.azure.world.blobs.items() if "/evidence/" in n]
    assert [c.encode("latin-1") for c in copies] == [unit.chain.settled("evidence")]


def test_the_roles_that_components_name_are_made_and_kept_as_they_must_be(unit: Unit) -> None:
    unit.run()
    for role in (SENDS, HOURS):
        made = (unit.azure.find(role.id(SUBSCRIPTION)) or {})["properties"]
        (given,) = made["permissions"]
        assert (tuple(given["actions"]), tuple(given["dataActions"])) == (role.actions, role.data_actions)
        assert given["notActions"] == given["notDataActions"] == []
        assert (made["assignableScopes"], made["roleName"]) == ([UNIT], role.title(SUBSCRIPTION))
    given = unit.azure.world.resources[SENDS.id(SUBSCRIPTION).lower()]["properties"]["permissions"]
    given.append({"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []})
    again = unit.run()
    assert {s.step.id: s.changed for s in again.steps if s.changed} == {"roles": 1}
    made = (unit.azure.find(SENDS.id(SUBSCRIPTION)) or {})["properties"]
    assert [p["actions"] for p in made["permissions"]] == [[]]


def test_a_role_that_somebody_has_is_not_taken_back(unit: Unit) -> None:
    unit.run()
    runner, steps = unit.runner(), {s.id: s for s in CLOUD.steps}
    unit.azure.assign("a-workflow", HOURS.guid(SUBSCRIPTION), UNIT, "hours")
    assert runner.undo(steps["roles"]) == 1
    assert unit.azure.find(HOURS.id(SUBSCRIPTION)) is not None
    assert unit.azure.find(SENDS.id(SUBSCRIPTION)) is None
    assert runner.undo(steps["roles"]) == 0
    again = unit.run()
    assert {s.step.id for s in again.steps if s.changed} == {"roles"}


def test_only_the_named_jobs_come_in(unit: Unit) -> None:
    unit.run()
    for bad in (
        lambda: unit.pipeline_token(f"{SUBJECT}x"),
        lambda: unit.pipeline_token("repo:shinjuku/jichitai:pull_request"),
        lambda: unit.pipeline_token(audience="api://elsewhere"),
        lambda: unit.pipeline_token(seconds=-60),
    ):
        with pytest.raises(FailedError) as caught:
            unit.run(["proof"], token_file=bad())
        assert caught.value.failure.kind in ("invalid", "skew")
    assert unit.run(["proof"], token_file=unit.pipeline_token()).changed == 2


def test_the_first_credential_is_retired_only_after_the_proof_and_is_then_refused(unit: Unit) -> None:
    unit.run()
    assert unit.run(["retire"]).waiting is not None
    unit.run(token_file=unit.pipeline_token())
    done = unit.run(["retire"])
    assert [s.changed for s in done.steps] == [3]
    left = unit.azure.of_type("Microsoft.Authorization/roleAssignments")
    assert ADMIN_ID not in {a["properties"]["principalId"] for a in left}
    assert GLASS in {a["properties"]["principalId"] for a in left}
    with pytest.raises(BlockedError) as caught:
        unit.run()
    assert [p.kind for _, p in caught.value.problems] == ["wrong_unit"]
    assert unit.chain.problems() == []


def test_nobody_retires_the_deployer_or_the_seal(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    deployer = (unit.azure.find(names.identity_id(unit.settings, names.DEPLOYER)) or {})["properties"]
    for wrong in (GLASS, deployer["principalId"]):
        with pytest.raises(BlockedError):
            unit.run(["retire"], options={**unit.settings.options, "retire": wrong})
    with pytest.raises(BlockedError) as caught:
        unit.run(["breakglass"], options={**unit.settings.options, "break_glass": ADMIN_ID})
    assert [p.kind for _, p in caught.value.problems] == ["unsafe"]


def test_undo_takes_back_what_is_ours(unit: Unit) -> None:
    unit.run()
    runner, steps = unit.runner(), {s.id: s for s in CLOUD.steps}
    assert runner.undo(steps["fence"]) == 2
    assert runner.undo(steps["federation"]) == 1
    assert runner.undo(steps["deployer"]) == 5
    with pytest.raises(BlockedError):
        runner.undo(steps["state"])
    again = unit.run()
    assert {s.step.id for s in again.steps if s.changed} == {"fence", "federation", "deployer"}


def test_the_directory_is_looked_at_where_the_agency_lets_us(unit: Unit) -> None:
    hidden = unit.run(["signin"]).steps[0].before
    assert hidden.facts["directory"] == "not visible"
    unit.azure.readers.add(ADMIN_ID)
    bare = unit.run(["signin"]).steps[0].before
    assert bare.facts["mfa_policies"] == []
    assert bare.note is not None
    assert "MFA" in bare.note.en
    unit.azure.access_policies = [
        {"displayName": "all", "state": "enabled", "grantControls": {"builtInControls": ["mfa"]}},
        {"displayName": "try", "state": "disabled", "grantControls": {"builtInControls": ["mfa"]}},
    ]
    good = unit.run(["signin"]).steps[0].before
    assert good.facts["mfa_policies"] == ["all"]
    assert good.note is None


def test_what_up_makes_is_left_to_it(unit: Unit) -> None:
    manifest = json.loads(json.dumps(unit.settings.manifest))
    manifest["clouds"]["azure"]["baseline"] = {}
    unit.run(["providers", "contacts"], manifest=manifest)
    assert unit.azure.of_type("Microsoft.Security/securityContacts") == []


def test_no_secret_is_written_anywhere(unit: Unit, tmp_path: Path) -> None:
    unit.run(token_file=unit.pipeline_token())
    secrets = {e.request.bearer for e in unit.server.requests if e.request.bearer} | {ADMIN_SECRET}
    secrets.add((tmp_path / "token").read_text())
    text = (tmp_path / "evidence.jsonl").read_text()
    assert len(secrets) > 3
    assert not [s for s in secrets if s in text]


def test_the_pipeline_proves_it_alone(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a job: the standard chain finds the deployer, no administrator is there."""
    unit.run()
    principal = _as_the_job(unit, monkeypatch)
    assert unit.run(["proof"], token_file=unit.pipeline_token()).changed == 2
    assert unit.chain.read()[-1]["who"] == principal
    with pytest.raises(BlockedError):  # and it is no administrator
        unit.run(["retire"])


def test_the_pipeline_puts_the_last_records_away(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has retired itself cannot."""
    unit.run(token_file=unit.pipeline_token())
    unit.run(["retire"])
    _as_the_job(unit, monkeypatch)
    assert unit.run(["evidence"]).changed == 1
    copies = [v[-1]["data"].encode("latin-1") for n, v in unit.azure.world.blobs.items() if "/evidence/" in n]
    assert unit.chain.settled("evidence") in copies
    assert b'"retire"' in copies[-1]


def test_what_others_undo_is_done_again_and_goes_on_record(unit: Unit) -> None:
    unit.run(token_file=unit.pipeline_token())
    alarm = unit.azure.of_type("Microsoft.Insights/activityLogAlerts")[0]
    del unit.azure.world.resources[alarm["id"].lower()]
    again = unit.run()
    assert {s.step.id for s in again.steps if s.changed} == {"alarms", "evidence"}


def _as_the_job(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> str:
    deployer = (unit.azure.find(names.identity_id(unit.settings, names.DEPLOYER)) or {})["properties"]
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_CLIENT_ID", deployer["clientId"])
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", unit.pipeline_token())
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential")
    return str(deployer["principalId"])
