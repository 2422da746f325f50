"""Evidence for an auditor: control by control, in Japanese, printable, without scripts or outside files."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from html import escape
from typing import Any

from policies.evaluate import Result
from policies.model import name_of
from policies.report.words import SEVERITIES
from policies.rules import RULES
from policies.rules.controls import FRAMEWORKS
from policies.rules.record import Confidence

RESULTS = {
    "fail": "不適合",
    "accepted": "例外（承認済み）",
    "unknown": "未判定",
    "pass": "適合",
    "none": "対象なし",
}
"""Worst first."""
_NOTE = (
    "対応づけは本ツールの提案です。「未確認」「二次資料」とあるものは原典を確認していません。"
    "ここに無い管理策（組織・人・物理など）は、この報告の対象外です。"
)


def document(result: Result, now: datetime | None = None) -> dict[str, Any]:
    """The evidence as data: `controls` each with its rules, each with the resources and their results."""
    per_rule: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for rule, urn, word in result.judged:
        if word != "fail":
            per_rule[rule][word].append({"urn": urn, "name": name_of(urn)})
    for finding in result.findings:
        word = "accepted" if finding.accepted else "fail"
        per_rule[finding.rule.id][word].append(
            {
                "urn": finding.urn or finding.stack,
                "name": finding.name,
                "stack": finding.stack,
                "detail": finding.detail.ja if finding.detail else None,
                "exception": finding.accepted.record() if finding.accepted else None,
                "fingerprint": finding.fingerprint,
            }
        )
    controls: dict[tuple[str, str], dict[str, Any]] = {}
    for rule in RULES.values():
        found = per_rule.get(rule.id, {})
        entry = {
            "id": rule.id,
            "title": rule.title.ja,
            "severity": str(rule.severity),
            "result": worst(found),
            "counts": {word: len(found.get(word, ())) for word in RESULTS if word != "none"},
            "resources": {word: found[word] for word in RESULTS if found.get(word)},
            "remedy": rule.remedy.ja,
        }
        for control in rule.controls:
            held = controls.setdefault(
                (control.framework, control.id),
                {
                    "framework": control.framework,
                    "framework_name": FRAMEWORKS[control.framework].ja,
                    "id": control.id,
                    "confidence": str(control.confidence),
                    "confidence_note": control.confidence.note.ja,
                    "rules": [],
                },
            )
            held["rules"].append(entry)
    order = list(FRAMEWORKS)
    listed = sorted(controls.values(), key=lambda c: (order.index(c["framework"]), _numbers(c["id"])))
    for one in listed:
        one["result"] = next(word for word in RESULTS if any(r["result"] == word for r in one["rules"]))
    return {
        "made": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "stacks": result.stacks,
        "resources": result.resources,
        "note": _NOTE,
        "controls": listed,
        "exceptions": [{"stack": stack, **one.record()} for stack, one in result.accepted],
        "not_modelled": dict(sorted(result.unmodelled.items())),
        "notes": [n.ja for n in result.notes],
    }


def _numbers(text: str) -> tuple[tuple[int, str], ...]:
    """Ids in the order of their numbers: 9.2.1 before 12.1.2."""
    return tuple((int(p) if p.isdigit() else 10**6, p) for p in text.split("."))


def worst(found: dict[str, list[dict[str, Any]]]) -> str:
    """The worst word that has any resource."""
    return next((word for word in RESULTS if found.get(word)), "none")


STYLE = """
:root { color-scheme: light; }
body { font: 14px/1.6 "Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic", Meiryo, sans-serif;
  margin: 2rem auto; max-width: 68rem; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; border-bottom: 2px solid #334; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { border: 1px solid #c4c9d0; padding: .3rem .5rem; text-align: left; vertical-align: top; }
th { background: #eef1f5; } td.n { text-align: right; white-space: nowrap; }
.pass { color: #0a6b2d; } .fail { color: #a40d1e; font-weight: bold; }
.unknown, .accepted { color: #7a5200; } .none { color: #59636e; }
.note { background: #f6f8fa; border-left: 4px solid #59636e; padding: .5rem 1rem; }
small { color: #59636e; } ul { margin: .2rem 0; padding-left: 1.2rem; } li { overflow-wrap: anywhere; }
details > summary { cursor: pointer; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h3, tr { break-inside: avoid; }
  h2 { break-before: page; } details > * { display: block; } a { color: inherit; } }
"""
"""The look of a page that is filed: readable on paper, nothing loaded from elsewhere."""


def html(found: dict[str, Any]) -> str:
    """The evidence as one HTML file."""
    stacks = "、".join(escape(s) for s in found["stacks"]) or "-"
    parts = [
        '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>管理策別 証跡 {stacks}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        "<h1>管理策別 証跡</h1>",
        f"<p>対象: {stacks}（{found['resources']} リソース）<br>作成: {escape(found['made'])}</p>",
        f'<p class="note">{escape(found["note"])}</p>',
        _summary(found["controls"]),
        _exceptions(found["exceptions"]),
    ]
    framework = ""
    for control in found["controls"]:
        if control["framework"] != framework:
            framework = control["framework"]
            parts.append(f"<h2>{escape(control['framework_name'])}</h2>")
        parts.append(_control(control))
    parts.append(_rest(found))
    parts.append("</body>\n</html>\n")
    return "\n".join(parts)


def _word(result: str) -> str:
    return f'<span class="{result}">{RESULTS[result]}</span>'


def _summary(controls: list[dict[str, Any]]) -> str:
    counts: dict[str, dict[str, int]] = {}
    for control in controls:
        row = counts.setdefault(control["framework_name"], dict.fromkeys(RESULTS, 0))
        row[control["result"]] += 1
    head = "".join(f"<th>{name}</th>" for name in RESULTS.values())
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td class=n>{n}</td>' for n in row.values())}</tr>"
        for name, row in counts.items()
    )
    return f"<h3>概要（管理策の数）</h3><table><tr><th>基準</th>{head}</tr>{rows}</table>"


def _exceptions(exceptions: list[dict[str, Any]]) -> str:
    if not exceptions:
        return "<h3>例外</h3><p>登録された例外はありません。</p>"
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(str(one[key] or '-'))}</td>"
            for key in ("stack", "key", "rule", "resource", "reason", "approver", "expires")
        )
        + "</tr>"
        for one in exceptions
    )
    head = "".join(f"<th>{h}</th>" for h in ("スタック", "名前", "規則", "対象", "理由", "承認者", "期限"))
    return f"<h3>例外</h3><table><tr>{head}</tr>{rows}</table>"


def _control(control: dict[str, Any]) -> str:
    sure = control["confidence_note"]
    doubt = " ⚠" if control["confidence"] == Confidence.UNVERIFIED else ""
    rows = "".join(_rule(rule) for rule in control["rules"])
    return (
        f"<h3>{escape(control['id'])}　{_word(control['result'])}　<small>{escape(sure)}{doubt}</small></h3>"
        "<table><tr><th>規則</th><th>内容</th><th>重大さ</th><th>結果</th><th>適合</th><th>不適合</th>"
        f"<th>例外</th><th>未判定</th></tr>{rows}</table>"
    )


def _rule(rule: dict[str, Any]) -> str:
    counts = rule["counts"]
    severity = next(t.ja for s, t in SEVERITIES.items() if s == rule["severity"])
    lists = ""
    for word in ("fail", "accepted", "unknown", "pass"):
        entries = rule["resources"].get(word)
        if entries:
            items = "".join(
                f"<li>{escape(e['name'] or '-')}"
                + (f"（{escape(e['detail'])}）" if e.get("detail") else "")
                + f" <small>{escape(e['urn'])}</small></li>"
                for e in entries
            )
            is_open = " open" if word == "fail" else ""
            lists += f"<details{is_open}><summary>{RESULTS[word]} {len(entries)}</summary><ul>{items}</ul></details>"
    remedy = f"<br>対処: {escape(rule['remedy'])}" if rule["result"] == "fail" else ""
    cells = "".join(f"<td class=n>{counts[w]}</td>" for w in ("pass", "fail", "accepted", "unknown"))
    return (
        f"<tr><td>{rule['id']}</td><td>{escape(rule['title'])}{remedy}{lists}</td><td>{severity}</td>"
        f"<td>{_word(rule['result'])}</td>{cells}</tr>"
    )


def _rest(found: dict[str, Any]) -> str:
    parts: list[str] = []
    if found["not_modelled"]:
        items = "".join(f"<li>{escape(k)}: {n}</li>" for k, n in found["not_modelled"].items())
        parts.append(
            f"<h2>種類ごとの規則が無いもの</h2><p>所在・タグ・秘密だけを検査しました。</p><ul>{items}</ul>"
        )
    if found["notes"]:
        parts.append(
            "<h2>読めなかったもの</h2><ul>"
            + "".join(f"<li>{escape(n)}</li>" for n in found["notes"])
            + "</ul>"
        )
    return "\n".join(parts)
