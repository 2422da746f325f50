"""SARIF 2.1.0 (OASIS), for code scanning."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from policies.evaluate import Finding, Result
from policies.report.words import sorted_findings
from policies.rules import RULES
from policies.rules.record import Rule, Severity
from stacks.text import Language

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "2.0"}
"""`security-severity`, which code scanning sorts by: within its bands of the same names."""


def _rule(rule: Rule, language: Language) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": rule.title.say(language)},
        "fullDescription": {"text": rule.why.say(language)},
        "help": {"text": f"{rule.remedy.say(language)}\n{rule.example}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {
            "security-severity": SCORES[rule.severity],
            "tags": ["security", *(f"{c.framework}:{c.id}" for c in rule.controls)],
        },
    }


def _place(stack: str, result: Result) -> str:
    """The file to show a stack's findings at, as a URI: its manifest, or what it was read from."""
    source = result.sources.get(stack)
    if source is None:
        return quote(f"stacks/tenants/Pulumi.{stack}.yaml")
    return (
        Path(source).as_uri() if Path(source).is_absolute() else quote("stdin" if source == "-" else source)
    )


def _result(finding: Finding, whole: Result, index: dict[str, int], language: Language) -> dict[str, Any]:
    rule = finding.rule
    said = f"{rule.title.say(language)}: {finding.name}"
    if finding.detail is not None:
        said += f" — {finding.detail.say(language)}"
    found: dict[str, Any] = {
        "ruleId": rule.id,
        "ruleIndex": index[rule.id],
        "level": LEVELS[rule.severity],
        "message": {"text": said},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _place(finding.stack, whole)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {
                        "name": finding.name,
                        "fullyQualifiedName": finding.urn or finding.stack,
                        "kind": "resource",
                    }
                ],
            }
        ],
        "partialFingerprints": {"jichitai/v1": finding.fingerprint},
    }
    if any(f.known for f in whole.findings):  # of all results or of none (3.27.24)
        found["baselineState"] = "unchanged" if finding.known else "new"
    if finding.accepted is not None:
        found["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": finding.accepted.reason}
        ]
    return found


def write(result: Result, language: Language) -> str:
    """The log as text."""
    rules = list(RULES.values())
    index = {rule.id: i for i, rule in enumerate(rules)}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jichitai",
                        "rules": [_rule(r, language) for r in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(f, result, index, language) for f in sorted_findings(result)],
                "invocations": [
                    {
                        "executionSuccessful": not result.notes,
                        "toolExecutionNotifications": [
                            {"level": "warning", "message": {"text": n.say(language)}} for n in result.notes
                        ],
                    }
                ],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"
