"""JUnit XML: a suite a stack, a case a rule that was applied."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from policies.evaluate import Finding, Result
from policies.rules import RULES
from stacks.text import Language


def _clean(text: str) -> str:
    """`text` without the characters that XML 1.0 cannot hold."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or (ord(c) >= 0x20 and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff")
    )


def _case(rule: str, findings: list[Finding], unsure: list[str], language: Language) -> list[str]:
    title = RULES[rule].title.say(language)
    name = quoteattr(_clean(f"{rule} {title}"))
    lines = [f"    <testcase classname={quoteattr(RULES[rule].family)} name={name}>"]
    counted = [f for f in findings if f.counts]
    if counted:
        body = "\n".join(
            f"{f.urn or f.stack}{f' — {f.detail.say(language)}' if f.detail else ''}" for f in counted
        )
        said = f"{len(counted)} × {RULES[rule].severity}"
        lines.append(
            f"      <failure type={quoteattr(str(RULES[rule].severity))} message={quoteattr(said)}>"
            f"{escape(_clean(body))}</failure>"
        )
    elif findings or unsure:
        why = "accepted or known" if findings else "cannot be told yet"
        lines.append(f"      <skipped message={quoteattr(why)}/>")
    lines.append("    </testcase>")
    return lines


def write(result: Result, language: Language) -> str:
    """The report as text."""
    body: list[str] = []
    total = failed = skipped = 0
    for stack in result.stacks or ["-"]:
        mine: dict[str, list[Finding]] = {}
        for finding in result.findings:
            if finding.stack == stack:
                mine.setdefault(finding.rule.id, []).append(finding)
        unsure: dict[str, list[str]] = {}
        for one in result.unsure:
            if one.stack == stack:
                unsure.setdefault(one.rule.id, []).append(one.urn)
        names = [r for r in RULES if r in mine or r in unsure or r in result.passed]
        fails = sum(any(f.counts for f in mine.get(r, ())) for r in names)
        skips = sum(not any(f.counts for f in mine.get(r, ())) and (r in mine or r in unsure) for r in names)
        total, failed, skipped = total + len(names), failed + fails, skipped + skips
        body.append(
            f'  <testsuite name={quoteattr(_clean(stack))} tests="{len(names)}" failures="{fails}" '
            f'errors="0" skipped="{skips}">'
        )
        for name in names:
            body += _case(name, mine.get(name, []), unsure.get(name, []), language)
        body.append("  </testsuite>")
    head = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="jichitai" tests="{total}" failures="{failed}" errors="0" skipped="{skipped}">',
    ]
    return "\n".join([*head, *body, "</testsuites>"]) + "\n"
