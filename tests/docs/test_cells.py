"""The table of cells: fresh, whole, and made of types that the examples really have."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
import yaml

from components import cells as table
from components.cells import CELLS, LAYERS, cells, short, types_of
from scripts.docs.cells import FILES, page
from stacks.registry.clouds import CloudName
from tests.lifecycle.inventories import FOLDER

CLOUDS: tuple[CloudName, ...] = get_args(CloudName)
PACKAGES = {"aws": "aws", "azure": "azure-native", "google": "gcp", "oci": "oci", "sakura": "sakura"}
ADOPTED = {
    "aws": {
        "cfg:DeliveryChannel", "cfg:Recorder", "cfg:RecorderStatus", "guardduty:Detector",
        "guardduty:DetectorFeature", "securityhub:Account", "securityhub:StandardsSubscription",
    },
    "azure": {
        "app:Certificate", "logic:Workflow", "network:AzureFirewall",
        "network:FirewallPolicy", "network:FirewallPolicyRuleCollectionGroup", "network:PublicIPAddress",
        "security:Automation", "security:Pricing",
    },
    "google": set(),
    "oci": {
        "CloudGuard:CloudGuardConfiguration", "CloudGuard:DetectorRecipe", "CloudGuard:ResponderRecipe",
        "CloudGuard:Target",
    },
    "sakura": set(),
}  # fmt: skip
"""What no example makes: parts that the examples adopt, exceptions they do not have. The tests of each
cloud's components (`test_cells.py`) build tenants that have them."""


def inventoried(cloud: CloudName) -> set[str]:
    found: set[str] = set()
    for file in Path(FOLDER).glob("*.yaml"):
        layers = yaml.safe_load(file.read_text(encoding="utf-8"))["layers"]
        found |= {t for counts in layers.values() for t in counts if t.split(":")[0] == PACKAGES[cloud]}
    return {short(token) for token in found}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_types_in_the_table_are_those_of_the_inventories(cloud: CloudName) -> None:
    assert inventoried(cloud) - types_of(cloud) == set(), "in an inventory and in no cell"
    assert types_of(cloud) - inventoried(cloud) == ADOPTED[cloud], "in a cell and in no inventory"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_no_cell_is_missing_or_empty_without_a_reason(cloud: CloudName) -> None:
    found = cells(cloud)
    assert tuple(found) == LAYERS == tuple(CELLS)
    for layer, of_layer in found.items():
        assert tuple(of_layer) == tuple(CELLS[layer])
        for name, cell in of_layer.items():
            assert cell.what.ja, (layer, name)
            assert cell.what.en, (layer, name)
            assert bool(cell.types) != bool(cell.reason), (layer, name)


def test_a_file_that_lacks_a_cell_or_a_reason_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = yaml.safe_load((Path(table.__file__).parent / "aws" / "cells.yaml").read_text("utf-8"))
    file = tmp_path / "oci" / "cells.yaml"
    file.parent.mkdir()
    monkeypatch.setattr(table, "__file__", str(tmp_path / "cells.py"))
    reading = cells.__wrapped__
    del whole["paas"]["oracle"]
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(ValueError, match=r"paas\.oracle"):
        reading("oci")
    whole["paas"]["oracle"] = {"ja": "なし", "en": "None", "types": []}
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    with pytest.raises(ValueError, match=r"paas\.oracle: neither types nor a reason"):
        reading("oci")


def test_the_pages_are_fresh() -> None:
    for language, file in FILES.items():
        assert file.read_text(encoding="utf-8") == page(language), "python -m scripts.docs.cells"
