"""docs/published-names.md says of every name that a cloud gave where it was looked up, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.azure import builtin
from components.azure.baseline.audit import ACTIVITY
from components.azure.baseline.guards import DEFENDER
from components.google.baseline.guards import ENFORCED, LISTED
from components.oci import facts
from providers.twin.azure import roles

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "published-names.md").read_text(encoding="utf-8")
GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
EVERYTHING = builtin.everything()


def test_every_built_in_of_azure_has_its_row_and_no_row_is_left() -> None:
    rows = re.findall(r"^\| `([0-9a-f-]{36})` \| (.+?) \| .+ \|$", TEXT, re.MULTILINE)
    assert dict(rows) == {one.id: one.title for one in EVERYTHING}
    assert len(rows) == len(EVERYTHING), "no id twice"


@pytest.mark.parametrize("one", EVERYTHING, ids=lambda one: one.title[:40])
def test_a_built_in_of_azure_is_a_guid_and_the_twin_knows_it(one: builtin.Builtin) -> None:
    assert GUID.fullmatch(one.id)
    assert one.title.strip() == one.title != ""
    known = {**dict.fromkeys(roles.POLICIES, ""), **dict.fromkeys(roles.POLICY_SETS, ""), **roles.ROLES}
    assert one.id in known
    assert known[one.id] in ("", one.title)


def test_no_id_of_azures_own_is_written_anywhere_else_in_the_components() -> None:
    ours = "6f1f5a0e-4f0a-5f6b-9a51-6a6963686974"  # the namespace of the GUIDs that we choose ourselves
    found = {
        guid: path.name
        for path in (ROOT / "components" / "azure").rglob("*.py")
        if path.name != "builtin.py"
        for guid in GUID.findall(path.read_text(encoding="utf-8"))
    }
    assert found == {ours: "facts.py"}


def test_constraints_plans_categories_and_zone_policies_are_in_the_table() -> None:
    constraints = re.findall(r"^\| `([a-z]+\.[A-Za-z]+)` \|", TEXT, re.MULTILINE)
    assert sorted(constraints) == sorted((*ENFORCED, *LISTED))
    for name in (*DEFENDER, *ACTIVITY, *facts.ZONE_POLICIES):
        assert f"`{name}`" in TEXT, name
