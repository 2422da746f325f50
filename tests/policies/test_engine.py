"""The policies on a tenant that the real engine has built on the twin: clean, live, broken in many ways."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))

from mutations import measure

from policies.evaluate import Options, judge
from policies.read import read_document
from policies.rules.record import Parameters
from policies.tenant import parameters_of
from tests.conftest import ONE_STATE, Cloning

pytestmark = pytest.mark.xdist_group("policies-engine")
STACK = "131041-shinjuku"
MISSES = 0.03
"""The issue's limit: at least 97 % of mutations are caught."""


@pytest.fixture(scope="module")
def clone(cloning: Cloning) -> Any:
    made = cloning(**ONE_STATE)
    up = made.run("up", STACK, "--yes", "--quiet")
    assert up.code == 0, up.err
    return made


@pytest.fixture(scope="module")
def state(clone: Any) -> dict[str, Any]:
    exported = clone.run("export", STACK)
    assert exported.code == 0
    found: dict[str, Any] = exported.document
    return found


def test_a_built_tenant_is_clean(clone: Any) -> None:
    done = clone.run("check", STACK, "--json")
    assert (done.code, done.document["findings"], done.document["notes"]) == (0, [], [])
    assert done.document["resources"] > 100


def test_the_pack_is_on_and_stops_what_a_rule_forbids(clone: Any, tmp_path: Path) -> None:
    config = tmp_path / "levels.json"
    config.write_text(json.dumps({"RET-001": {"enforcementLevel": "mandatory", "log_days": 4000}}))
    stopped = clone.run("preview", STACK, JICHITAI_POLICY_CONFIG=str(config))
    assert stopped.code == 10, stopped.err
    assert "RET-001" in stopped.err
    assert clone.run("preview", STACK, JICHITAI_POLICY_CONFIG=str(config), JICHITAI_POLICIES="off").code == 0


def plain(clone: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pulumi ARGUMENTS` on the stack, as docs/plain-pulumi.md says: by the environment and no launcher."""
    said = clone.run("env").out + clone.run("twin", "env").out
    config = f".jichitai/config/Pulumi.{STACK}.yaml"
    line = ["pulumi", *arguments, "--stack", STACK, "--config-file", config, "--non-interactive"]
    return subprocess.run(
        ["bash", "-ec", f"{said}\n{shlex.join(line)}"],
        cwd=clone.folder,
        env=clone.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_plain_pulumi_takes_the_pack_by_its_folder_with_levels_and_remediation(
    clone: Any, tmp_path: Path
) -> None:
    """`--policy-pack policies`: through the language host, with the engine's own configuration of a pack."""
    file = tmp_path / "levels.json"

    def preview(**levels: Any) -> subprocess.CompletedProcess[str]:
        file.write_text(json.dumps(levels))
        return plain(
            clone, "preview", "--diff", "--policy-pack", "policies", "--policy-pack-config", str(file)
        )

    stopped = preview(**{"RET-001": {"enforcementLevel": "mandatory", "log_days": 700}})
    assert stopped.returncode != 0
    assert "RET-001" in stopped.stdout + stopped.stderr
    mended = preview(
        **{
            "RET-001": {"enforcementLevel": "remediate", "log_days": 700},
            "KEY-002": {"enforcementLevel": "advisory", "rotation_days": 30},
            "BCK-002": {"enforcementLevel": "disabled", "backup_days": 4000},
        }
    )
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert "=> 731" in mended.stdout, "the log groups' retention, as CloudWatch takes it"
    assert "KEY-002" in mended.stdout, "told, and nothing stopped"
    assert "BCK-002" not in mended.stdout


def test_most_ways_of_breaking_a_tenant_are_caught(state: dict[str, Any]) -> None:
    manifest = yaml.safe_load(
        (Path(__file__).parents[2] / "stacks" / "tenants" / f"Pulumi.{STACK}.yaml").read_text(
            encoding="utf-8"
        )
    )
    options = Options(
        parameters=parameters_of(manifest["config"]["jichitai:tenant"], Parameters()),
        environment="production",
    )

    def findings(resources: list[Any]) -> set[tuple[str, str]]:
        stacks, notes = read_document({"deployment": {"manifest": {}, "resources": resources}}, "x")
        result = judge(stacks[0], options, notes)
        assert not result.notes
        return {(f.rule.id, f.urn) for f in result.findings}

    total, missed = measure(state["deployment"], findings)
    print(f"{total} mutations, {1 - len(missed) / total:.1%} caught; missed: {missed}")
    assert total >= 400
    assert len(missed) <= total * MISSES, missed


def test_evidence_opens_in_a_browser(clone: Any, tmp_path: Path) -> None:
    page = tmp_path / "evidence.html"
    done = clone.run("evidence", STACK, "-o", str(page))
    assert done.code == 0, done.err
    data = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert {r["result"] for c in data["controls"] for r in c["rules"]} <= {"pass", "none"}
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium on this machine")
    dom = subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}/profile",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert "管理策別 証跡" in dom
    assert dom.count("<h3>") >= len(data["controls"])
    pdf = tmp_path / "evidence.pdf"
    subprocess.run(
        [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path}/profile",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ],
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert pdf.read_bytes().startswith(b"%PDF")


def test_broken_inputs_end_well(clone: Any, state: dict[str, Any], tmp_path: Path) -> None:
    good, bad, half = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "half.json"
    good.write_text(json.dumps(state))
    bad.write_text("{")
    state["deployment"]["resources"].append({"urn": 3})
    half.write_text(json.dumps(state))
    assert clone.run("check", "--file", str(good)).code == 0
    assert clone.run("check", "--file", str(bad)).code == 11
    assert clone.run("check", "--file", str(tmp_path / "none.json")).code == 11
    assert clone.run("check", "--file", str(good), "--file", str(bad)).code == 11
    told = clone.run("check", "--file", str(half))
    assert told.code == 11
    assert "resources[" in told.out
    assert clone.run("check").code == 2


def test_a_baseline_holds_what_is_known(clone: Any, tmp_path: Path) -> None:
    log = {
        "urn": "urn:pulumi:s::p::aws:sqs/queue:Queue::q",
        "type": "aws:sqs/queue:Queue",
        "custom": True,
        "inputs": {"region": "ap-northeast-1"},
    }
    file, baseline = tmp_path / "x.json", tmp_path / "baseline.json"
    file.write_text(json.dumps({"deployment": {"manifest": {}, "resources": [log]}}))
    assert clone.run("check", "--file", str(file)).code == 10
    assert clone.run("check", "--file", str(file), "--fail-on", "critical").code == 0
    assert clone.run("check", "--file", str(file), "--baseline", str(baseline), "--write-baseline").code == 0
    assert clone.run("check", "--file", str(file), "--baseline", str(baseline)).code == 0
