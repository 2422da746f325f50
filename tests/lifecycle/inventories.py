"""Inventories: what a tenant is made of, as small YAML files that a person reviews.

`JICHITAI_WRITE_INVENTORY=1 ./jichitai test tests/lifecycle` writes them anew; `git diff` then shows
what a change of the components means for each tenant.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from scripts.docs.inventory import inventory
from scripts.engine.places import REPO

FOLDER = REPO / "tests" / "inventory"
AGAIN = "JICHITAI_WRITE_INVENTORY=1 ./jichitai test tests/lifecycle"
HEAD = f"# Written by: {AGAIN}\n"


def holds(deployment: Mapping[str, Any], stack: str) -> None:
    """Compare what `stack` is made of with its file, or write the file where that is asked for."""
    found = inventory({"deployment": deployment})
    file = FOLDER / f"{stack}.yaml"
    if os.environ.get("JICHITAI_WRITE_INVENTORY"):
        written(file, found)
    assert file.exists(), f"no inventory of {stack}: {AGAIN}"
    assert yaml.safe_load(file.read_text(encoding="utf-8")) == found, f"if this is meant: {AGAIN}"


def written(file: Path, found: Mapping[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    text = yaml.safe_dump(dict(found), allow_unicode=True, sort_keys=False, width=100)
    file.write_text(HEAD + text, encoding="utf-8")
