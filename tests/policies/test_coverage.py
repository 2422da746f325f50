"""The extractors know every kind of resource that the components make, on all five clouds."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policies.extract import identify, modelled, table
from policies.extract.plain import PLAIN
from policies.facts import CLOUDS, Cloud

INVENTORIES = sorted((Path(__file__).parents[1] / "inventory").glob("*.yaml"))


def kinds() -> set[str]:
    """Every type in the example tenants' inventories, which the lifecycle tests hold to what is built."""
    found: set[str] = set()
    for file in INVENTORIES:
        for layer in yaml.safe_load(file.read_text(encoding="utf-8"))["layers"].values():
            found |= set(layer)
    return {k for k in found if not k.startswith(("jichitai:", "pulumi:pulumi:"))}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_kind_that_the_components_make_is_known(cloud: Cloud) -> None:
    made = {k for k in kinds() if identify(k)[0] == cloud}
    assert len(made) > 40
    assert sorted(k for k in made if not modelled(k)) == []
    judged = {k for k in made if identify(k)[1] in table(cloud)}
    assert len(judged) > len(made) / 3, "most are not merely named"


def test_no_kind_of_the_components_is_of_no_cloud() -> None:
    assert sorted(k for k in kinds() if identify(k)[0] == "other") == []


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_judged_is_not_also_said_to_have_nothing_to_judge(cloud: Cloud) -> None:
    assert PLAIN[cloud] & set(table(cloud)) == set()
    assert not modelled({"azure": "azure-native", "google": "gcp"}.get(cloud, cloud) + ":new/thing:Thing")
