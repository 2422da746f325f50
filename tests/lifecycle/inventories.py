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

from policies.evaluate import Options, Result, judge
from policies.read import read_document
from policies.rules.record import Parameters
from policies.tenant import environment_said, parameters_of
from scripts.cli.states import manifest_of
from scripts.docs.inventory import inventory
from scripts.engine.places import REPO

FOLDER = REPO / "tests" / "inventory"
AGAIN = "JICHITAI_WRITE_INVENTORY=1 ./jichitai test tests/lifecycle"
HEAD = f"# Written by: {AGAIN}\n"


def judged(deployment: Mapping[str, Any], stack: str) -> Result:
    """What the policies say of `stack` as it was built, by its manifest but without its exceptions."""
    manifest = manifest_of(stack)
    assert manifest is not None
    stacks, notes = read_document({"deployment": deployment}, stack, stack)
    parameters = parameters_of(manifest, Parameters())
    return judge(stacks[0], Options(parameters=parameters, environment=environment_said(manifest)), notes)


def clean(deployment: Mapping[str, Any], stack: str) -> None:
    """No rule finds anything, nothing is left undecided, and nothing could not be read."""
    result = judged(deployment, stack)
    assert [(f.rule.id, f.name, f.detail and f.detail.en) for f in result.findings] == []
    assert [(u.rule.id, u.name) for u in result.unsure] == []
    assert [n.en for n in result.notes] == []
    assert result.resources > 50


def holds(deployment: Mapping[str, Any], stack: str) -> None:
    """Compare what `stack` is made of with its file, or write the file where that is asked for.

    On whichever cloud, it is also clean in the eyes of the policies.
    """
    clean(deployment, stack)
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
