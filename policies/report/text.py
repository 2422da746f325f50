"""Text for a terminal or a log."""

from __future__ import annotations

from policies.evaluate import Result
from policies.report.words import SEVERITIES, sorted_findings, summary
from stacks.text import Language, Text

MOST = 10
"""Kinds that are not modelled, and notes, which are listed."""


def write(result: Result, language: Language) -> str:
    """Findings worst first, then what could not be told, then one line."""
    lines: list[str] = []
    for one in sorted_findings(result):
        rule = one.rule
        state = ""
        if one.accepted is not None:
            state = Text(
                f"（例外: {one.accepted.key}、{one.accepted.expires} まで）",
                f" (accepted: {one.accepted.key}, until {one.accepted.expires})",
            ).say(language)
        elif one.known:
            state = Text("（既知）", " (known)").say(language)
        lines.append(
            f"{rule.id} [{SEVERITIES[rule.severity].say(language)}] {rule.title.say(language)}{state}"
        )
        lines.append(f"  {one.name}  {one.type}".rstrip())
        lines.append(f"  {one.urn or one.stack}")
        if one.detail is not None:
            lines.append(f"  {one.detail.say(language)}")
        if one.counts:
            lines.append(f"  {Text('理由', 'why').say(language)}: {rule.why.say(language)}")
            lines.append(f"  {Text('対処', 'what to do').say(language)}: {rule.remedy.say(language)}")
            example = rule.example.replace("\n", "\n      ")
            lines.append(f"  {Text('例', 'example').say(language)}: {example}")
        lines.append("")
    if result.unsure:
        lines.append(Text("まだ判定できないもの:", "Cannot be told yet:").say(language))
        lines += [f"  {u.rule.id} {u.name}" for u in result.unsure]
        lines.append("")
    if result.unmodelled:
        kinds = sum(result.unmodelled.values())
        lines.append(
            Text(
                f"種類ごとの規則が無いもの（所在・タグ・秘密だけを検査）: {kinds}件",
                f"Without rules of their own (only place, tags and secrets were judged): {kinds}",
            ).say(language)
        )
        lines += [f"  {n} × {kind}" for kind, n in result.unmodelled.most_common(MOST)]
        more = len(result.unmodelled) - MOST
        if more > 0:
            lines.append(Text(f"  ほか {more} 種類", f"  and {more} more kinds").say(language))
        lines.append("")
    lines += [f"! {note.say(language)}" for note in result.notes]
    lines.append(summary(result).say(language))
    return "\n".join(lines) + "\n"
