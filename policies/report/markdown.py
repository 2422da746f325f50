"""Markdown, for a comment on a pull request."""

from __future__ import annotations

from policies.evaluate import Finding, Result
from policies.report.words import SEVERITIES, sorted_findings, summary
from stacks.text import Language, Text

MOST = 100
"""Rows of the table; a comment has a limit (65,536 characters on GitHub)."""


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _row(finding: Finding, language: Language) -> str:
    rule = finding.rule
    detail = finding.detail.say(language) if finding.detail else ""
    cells = (
        SEVERITIES[rule.severity].say(language),
        rule.id,
        f"{rule.title.say(language)} {detail}".strip(),
        f"`{finding.name.replace('`', '')}`",
        rule.remedy.say(language),
    )
    return f"| {' | '.join(_cell(c) for c in cells)} |"


def write(result: Result, language: Language) -> str:
    """The comment's text."""
    found = [f for f in sorted_findings(result) if f.counts]
    mark = "❌" if found else "✅"
    lines = [
        f"### {mark} {Text('ポリシー検査', 'Policy check').say(language)}",
        "",
        summary(result).say(language),
    ]
    if found:
        head = [
            Text("重大さ", "Severity"),
            Text("規則", "Rule"),
            Text("内容", "What"),
            Text("リソース", "Resource"),
            Text("対処", "What to do"),
        ]
        lines += ["", f"| {' | '.join(h.say(language) for h in head)} |", "|---|---|---|---|---|"]
        lines += [_row(f, language) for f in found[:MOST]]
        if len(found) > MOST:
            more = len(found) - MOST
            lines += ["", Text(f"ほか {more} 件。", f"And {more} more.").say(language)]
    if result.notes:
        lines += ["", *(f"- ⚠️ {_cell(n.say(language))}" for n in result.notes[:MOST])]
    return "\n".join(lines) + "\n"
