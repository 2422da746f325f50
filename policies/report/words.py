"""Words that several reports share."""

from __future__ import annotations

from types import MappingProxyType

from policies.evaluate import Finding, Result
from policies.rules.record import Severity
from stacks.text import Text

SEVERITIES = MappingProxyType(
    {
        Severity.CRITICAL: Text("致命的", "critical"),
        Severity.HIGH: Text("高", "high"),
        Severity.MEDIUM: Text("中", "medium"),
        Severity.LOW: Text("低", "low"),
    }
)
ORDER = tuple(Severity)


def sorted_findings(result: Result) -> list[Finding]:
    """Worst first, then by rule and resource."""
    return sorted(result.findings, key=lambda f: (ORDER.index(f.rule.severity), f.rule.id, f.stack, f.urn))


def summary(result: Result) -> Text:
    """One sentence on how it went."""
    count = len(result.open)
    accepted = sum(f.accepted is not None for f in result.findings)
    known = sum(f.known for f in result.findings)
    unsure = len(result.unsure)
    stacks = len(result.stacks)
    return Text(
        f"{stacks}スタック・{result.resources}リソース: 指摘 {count}件、例外 {accepted}件、"
        f"既知 {known}件、まだ判定できない {unsure}件。",
        f"{stacks} stack{'s' * (stacks != 1)}, {result.resources} resources: {count} "
        f"finding{'s' * (count != 1)}, {accepted} accepted, {known} known, {unsure} that cannot be told yet.",
    )
