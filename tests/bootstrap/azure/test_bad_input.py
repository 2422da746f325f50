"""Bad input: each is a clear message in both languages, and nothing is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from scripts.bootstrap.azure import CLOUD, names
from scripts.bootstrap.run import BlockedError, FailedError
from scripts.bootstrap.steps import Pipeline
from tests.bootstrap.azure.conftest import Unit, shape
from tests.bootstrap.azure.fake import ADMIN, ADMIN_ID, OTHER, UNIT, refuse


def _refused(unit: Unit, **changes: Any) -> BlockedError:
    before = shape(unit.azure.world)
    with pytest.raises(BlockedError) as caught:
        unit.run(**changes)
    assert unit.changing() == []
    assert shape(unit.azure.world) == before
    for _, problem in caught.value.problems:
        assert problem.what.ja != problem.what.en
        assert problem.do.ja
    return caught.value


def _kinds(error: BlockedError) -> dict[str, str]:
    return {step: problem.kind for step, problem in error.problems}


def test_another_subscription(unit: Unit) -> None:
    manifest = json.loads(json.dumps(unit.settings.manifest))
    manifest["clouds"]["azure"]["unit"] = OTHER
    assert _kinds(_refused(unit, manifest=manifest)) == {"whoami": "wrong_unit"}


def test_a_secret_that_is_wrong_and_a_clock_that_is_wrong(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.azure.skew = 7200
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert caught.value.failure.kind == "skew"
    assert "時計" in caught.value.failure.text.ja
    unit.azure.skew = 0
    unit.azure.world.secrets = {ADMIN: "rotated"}
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert caught.value.failure.kind == "invalid"
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert "az login" in caught.value.failure.text.ja


def test_a_token_that_expires_on_the_way(unit: Unit) -> None:
    runner = unit.runner()
    outcome = runner.survey([s for s in CLOUD.steps if not s.final])
    unit.azure.bearers.revoke(ADMIN_ID)
    with pytest.raises(FailedError) as caught:
        runner.apply(outcome, lambda step: None)
    assert caught.value.failure.kind in ("expired", "invalid")
    assert unit.changing() == []


def test_partial_permissions_are_listed_all_at_once(unit: Unit) -> None:
    for name in [k for k in unit.azure.world.resources if "/roleassignments/" in k]:
        del unit.azure.world.resources[name]
    unit.azure.assign(ADMIN_ID, "acdd72a7-3385-48ef-bd42-f606fba81ae7", UNIT, "reader")
    error = _refused(unit)
    assert {
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.KeyVault/vaults/write",
        "Microsoft.Storage/storageAccounts/write",
        "Microsoft.Insights/activityLogAlerts/write",
    } <= set(error.missing)


def test_what_has_our_names_and_is_not_ours(unit: Unit) -> None:
    add, s = unit.azure.add, unit.settings
    by_hand = {"location": "japaneast", "tags": {"by": "hand"}, "properties": {}}
    add(names.group(s), by_hand)
    add(names.vault_id(s), by_hand)
    add(names.account_id(s), by_hand)
    add(
        names.identity_id(s, names.DEPLOYER), {**by_hand, "properties": {"principalId": "x", "clientId": "y"}}
    )
    found = _kinds(_refused(unit))
    assert found == dict.fromkeys(("group", "keys", "state", "federation", "deployer"), "foreign")


def test_the_name_of_the_account_is_taken_elsewhere(unit: Unit) -> None:
    unit.azure.add(
        f"/subscriptions/{OTHER}/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/"
        + names.account(unit.settings),
        {"location": "japaneast", "properties": {}},
    )
    with pytest.raises(FailedError) as caught:
        unit.run()
    assert "StorageAccountAlreadyTaken" in caught.value.failure.text.ja
    assert unit.chain.problems() == []


def test_half_done_by_hand_is_finished_or_refused(unit: Unit) -> None:
    s = unit.settings
    unit.azure.add(names.group(s), {"location": "japaneast", "tags": s.owner, "properties": {}})
    loose = {"location": "japaneast", "tags": s.owner, "properties": {"tenantId": "t"}}
    unit.azure.add(names.vault_id(s), loose)
    unit.run()
    assert (unit.azure.find(names.vault_id(s)) or {})["properties"]["enablePurgeProtection"] is True
    abroad = {"location": "eastus", "tags": s.owner, "properties": {}}
    unit.azure.add(names.account_id(s), abroad)
    with pytest.raises(BlockedError) as caught:
        unit.run()
    assert _kinds(caught.value)["state"] == "impossible"


def test_nobody_named_for_pipeline_or_emergency_and_too_many_jobs(unit: Unit) -> None:
    options = {"endpoint": unit.server.url}
    found = _kinds(_refused(unit, pipeline=None, options=options))
    assert found == dict.fromkeys(("federation", "deployer", "breakglass", "proof"), "by_hand")
    crowd = Pipeline(unit.azure.issuer.url, tuple(f"repo:a/b:environment:e{n}" for n in range(21)))
    assert _kinds(_refused(unit, pipeline=crowd)) == {"federation": "impossible"}


def test_the_fake_refuses_what_the_models_refuse(unit: Unit) -> None:
    """Otherwise a green run would say nothing."""
    from tests.bootstrap.azure import models

    vault = "Microsoft.KeyVault/vaults"
    assert models.wrong(vault, {"location": "japaneast", "properties": {"tenantId": "t"}}) != []
    account = "Microsoft.Storage/storageAccounts"
    good: dict[str, Any] = {"location": "japaneast", "sku": {"name": "Standard_ZRS"}, "kind": "StorageV2"}
    assert models.wrong(account, good) == []
    for bad in (
        {**good, "kind": "StorageV9"},
        {**good, "properties": {"allowBlobPublicAces": False}},
        {**good, "properties": {"minimumTlsVersion": "TLS9"}},
        {**good, "sku": {}},
    ):
        assert models.wrong(account, bad) != [], bad
    assert refuse(403, "x", "y").status == 403


def test_an_endpoint_elsewhere_is_refused(unit: Unit) -> None:
    settings = replace(unit.settings, options={"endpoint": "https://192.0.2.1:1"})
    with pytest.raises(ValueError, match="loopback"):
        CLOUD.open(settings, unit.runner().recorder)
