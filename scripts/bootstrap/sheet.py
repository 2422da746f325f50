"""The hand-over sheet (引継書): what was done to a unit, from its evidence, for people and for the file.

In Japanese, printable, one HTML file without scripts or outside files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from policies.report.evidence import STYLE
from scripts.bootstrap.evidence import Break, digest
from scripts.bootstrap.steps import Step
from stacks.text import Text

EVENTS = {
    "begin": "開始",
    "done": "完了",
    "failed": "失敗",
    "interrupted": "中断",
    "undone": "取り消し",
    "healed": "修復（途切れた行を除去）",
}


def html(
    unit: str,
    stack: str,
    lines: Sequence[bytes],
    breaks: Sequence[Break],
    steps: Sequence[Step[Any]],
    made: str,
) -> str:
    """The sheet of one unit. `lines` are the evidence's, `made` when the sheet was made."""
    records: list[Mapping[str, Any]] = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue  # `breaks` says so
    titles = {step.id: step for step in steps}
    head = digest(lines[-1]) if lines else "-"
    whole = (
        '<span class="pass">つながっています</span>'
        if not breaks
        else f'<span class="fail">{len(breaks)} か所で切れています</span>'
    )
    parts = [
        '<!doctype html>\n<html lang="ja">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy"',
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>引継書 {escape(stack)}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        "<h1>ユニット引継書</h1>",
        f"<p>対象: {escape(stack)}（{escape(unit)}）<br>作成: {escape(made)}<br>"
        f"記録: {len(records)} 行、連鎖: {whole}<br>末尾のハッシュ: <small>{head}</small></p>",
        '<p class="note">この引継書は証跡（JSON Lines）から作られています。証跡が正本です。'
        "確かめるには ./jichitai bootstrap verify を実行します。</p>",
        _breaks(breaks),
        _summary(records, titles),
        "<h2>手順ごとの記録</h2>",
    ]
    parts += [_record(record, titles) for record in records]
    parts.append("</body>\n</html>\n")
    return "\n".join(parts)


def _breaks(breaks: Sequence[Break]) -> str:
    if not breaks:
        return ""
    items = "".join(f"<li>{b.line} 行目: {escape(b.what.ja)}</li>" for b in breaks)
    return f'<h3 class="fail">連鎖の切れ目</h3><ul>{items}</ul>'


def _summary(records: Sequence[Mapping[str, Any]], titles: Mapping[str, Step[Any]]) -> str:
    last: dict[str, Mapping[str, Any]] = {}
    for record in records:
        if record.get("step"):
            last[str(record["step"])] = record
    rows = ""
    for name, step in titles.items():
        record = last.get(name)
        event = str(record["event"]) if record else ""
        css = {"done": "pass", "undone": "accepted", "": "none"}.get(event, "fail")
        word = EVENTS.get(event, "記録なし（変更不要）")
        undo = step.undo.ja if isinstance(step.undo, Text) else f"--undo {name} で取り消せます。"
        rows += (
            f"<tr><td>{escape(step.title.ja)}<br><small>{name}</small></td><td>{escape(step.why.ja)}</td>"
            f'<td class="{css}">{word}</td><td>{escape(str(record["at"]) if record else "-")}</td>'
            f"<td>{escape(undo)}</td></tr>"
        )
    head = "".join(f"<th>{h}</th>" for h in ("手順", "目的", "結果", "日時（UTC）", "取り消し"))
    return f"<h2>手順の一覧</h2><table><tr>{head}</tr>{rows}</table>"


def _record(record: Mapping[str, Any], titles: Mapping[str, Step[Any]]) -> str:
    step = titles.get(str(record.get("step")))
    title = step.title.ja if step else str(record.get("step") or "証跡")
    event = EVENTS.get(str(record.get("event")), str(record.get("event")))
    facts = ""
    for name, label in (("before", "前"), ("after", "後"), ("reason", "理由")):
        if name in record:
            text = json.dumps(record[name], ensure_ascii=False) if name != "reason" else str(record[name])
            facts += f"<tr><th>{label}</th><td>{escape(text)}</td></tr>"
    requests = record.get("requests", [])
    calls = ""
    if requests:
        items = "".join(
            f"<li>{escape(r['service'])}:{escape(r['operation'])}（{r['status']}）"
            f" <small>{escape(r['request_id'])}</small></li>"
            for r in requests
        )
        calls = f"<details><summary>呼び出し {len(requests)}</summary><ul>{items}</ul></details>"
    table = f"<table>{facts}</table>" if facts else ""
    return (
        f"<h3>{record.get('n')}. {escape(title)}: {escape(event)}</h3>"
        f"<p><small>{escape(str(record.get('at')))}　{escape(str(record.get('who')))}"
        f"　{escape(str(record.get('operator', '')))}</small></p>{table}{calls}"
    )
