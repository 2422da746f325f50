"""What the deployer may is what the components need: every part of the SDK in use has its roles, no more."""

from __future__ import annotations

import re

from scripts.bootstrap.google import names
from scripts.bootstrap.steps import Pipeline, Settings
from scripts.engine.places import REPO
from tests.bootstrap.google.conftest import MANIFEST

ABOVE = {"billing", "orgpolicy", "organizations"}
"""Budgets and organisation policies belong to what is above the project; the last is only read."""


def _used() -> set[str]:
    text = "\n".join(f.read_text(encoding="utf-8") for f in (REPO / "components" / "google").rglob("*.py"))
    found = set(re.findall(r"\bgcp\.([a-z0-9]+)\.", text)) | set(re.findall(r"\b(cloudrunv2)\.", text))
    return found - {"config"}


def test_every_part_in_use_has_roles_and_no_other() -> None:
    assert _used() - ABOVE == set(names.DEPLOYER_ROLES)


def test_no_role_of_the_deployer_is_an_owners_or_gives_keys_to_the_state() -> None:
    roles = set(names.deployer_roles()) | set(names.GRANTABLE)
    assert not roles & {
        "roles/owner",
        "roles/editor",
        "roles/iam.serviceAccountKeyAdmin",
        "roles/iam.securityAdmin",
    }
    assert names.IAM_ADMIN not in roles
    assert all(role in names.boundary()["expression"] for role in names.GRANTABLE)


def test_names_fit_google() -> None:
    manifest = {**MANIFEST, "clouds": {"google": {"unit": "a" + "b" * 29, "region": "asia-northeast1"}}}
    settings = Settings("google", "131041-shinjuku", manifest, None)
    for bucket in (names.state_bucket(settings), names.evidence_bucket(settings)):
        assert re.fullmatch(r"[a-z0-9][-a-z0-9]{1,61}[a-z0-9]", bucket)
    pipeline = Pipeline("https://ci.example.jp/a", ("it's \\ one",))
    assert re.fullmatch(r"[a-z0-9-]{4,32}", names.provider_id(pipeline))
    assert names.condition(pipeline) == "assertion.sub in ['it\\'s \\\\ one']"
