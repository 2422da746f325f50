"""The pipelines in docs/ run what they say: their own commands, on the twin."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml

from scripts.docs.policies import main as pages
from tests.conftest import ONE_STATE, Cloning

DOCS = Path(__file__).parents[2] / "docs" / "pipelines"
pytestmark = pytest.mark.xdist_group("policies-engine")


def commands(name: str) -> list[str]:
    """The lines of a pipeline that run ./jichitai."""
    text = yaml.safe_load((DOCS / name).read_text(encoding="utf-8"))
    if name.startswith("github"):
        lines = [s["run"] for s in text["jobs"]["check"]["steps"] if "run" in s]
    else:
        lines = [*text["policy"]["script"], *text["policy"]["after_script"]]
    return [line for line in lines if line.startswith("./jichitai")]


@pytest.mark.parametrize("name", ["github-actions.yaml", "gitlab-ci.yaml"])
def test_a_pipeline_runs(name: str, cloning: Cloning) -> None:
    clone = cloning(**ONE_STATE)
    lines = commands(name)
    assert len(lines) >= 5
    for line in lines:
        words = shlex.split(line.replace("$TENANT", "131041"))
        done = clone.run(*words[1:])
        assert done.code == 0, (line, done.err)
    assert (clone.folder / "evidence.html").exists()


def test_the_pages_of_the_rules_are_as_the_rules_are() -> None:
    assert pages(["--check"]) == 0
