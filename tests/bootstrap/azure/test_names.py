"""What the deployer may is what the components need: every SDK part in use has its provider, no more."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

from components.azure.builtin import ROLES
from scripts.bootstrap.azure import names
from scripts.bootstrap.steps import Settings
from scripts.engine.places import REPO
from stacks.azure_roles import OWN
from tests.bootstrap.azure.conftest import MANIFEST


def _used() -> set[str]:
    text = "\n".join(f.read_text(encoding="utf-8") for f in (REPO / "components" / "azure").rglob("*.py"))
    found = set(re.findall(r"(?<!components\.)\bazure\.([a-z]+)\.", text))
    for line in re.findall(r"^from pulumi_azure_native import (.+)$", text, re.M):
        found |= {name.strip() for name in line.strip("()").split(",")}
    if "Microsoft.DBforMySQL" in text:  # made by a deployment stack's template
        found.add("dbformysql")
    return found & set(_modules())


def _modules() -> list[str]:
    spec = find_spec("pulumi_azure_native")
    assert spec is not None
    places = list(spec.submodule_search_locations or ())
    return [d.name for d in Path(places[0]).iterdir() if d.is_dir()]


def test_every_part_in_use_has_its_providers_and_no_other() -> None:
    assert _used() == set(names.NAMESPACES)


def test_names_fit_azure() -> None:
    settings = Settings("azure", "131041-shinjuku", MANIFEST, None)
    assert re.fullmatch(r"[a-z0-9]{3,24}", names.account(settings))
    assert re.fullmatch(r"[a-z][a-z0-9-]{1,22}[a-z0-9]", names.vault(settings))
    assert len(names.credential("x" * 300)) <= 120
    assert names.assignment("/A", "b", "C") == names.assignment("/a", "B", "c")


def test_the_roles_that_the_components_grant_may_be_granted_and_no_other() -> None:
    settings = Settings("azure", "131041-shinjuku", MANIFEST, None)
    ours = {role.guid(settings.unit) for role in OWN.values()}
    assert {role.id for role in ROLES.values()} == set(names.GRANTABLE)
    assert set(names.grantable(settings)) == set(names.GRANTABLE) | ours
    assert len(ours) == len(OWN)
    assert all(f"{guid}" in names.boundary(settings) for guid in names.grantable(settings))


def test_our_roles_can_grant_nothing_and_are_one_a_subscription() -> None:
    for role in OWN.values():
        assert role.guid("A") == role.guid("a") != role.guid("b")
        assert len(role.title(str(UUID(int=0)))) <= 128
        every = (*role.actions, *role.data_actions)
        assert every
        assert not [a for a in every if "*" in a or a.startswith("Microsoft.Authorization/")]
