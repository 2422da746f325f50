"""The page of a report: one file, nothing fetched, readable without scripts, printable.

Everything is in the page as it is served; the script sorts and filters rows. The policy in its head
lets nothing else run, and nothing be loaded.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from typing import Any

from scripts.fleet.model import Outcome
from scripts.fleet.report import maps
from scripts.fleet.report.schema import Cause, FailureGroup, Group, Line, Report, Stack, Words
from scripts.fleet.report.words import CHANGES, ENVIRONMENTS, KINDS, OPERATIONS, OUTCOMES, TARGETS
from stacks.registry import LocalGovernment
from stacks.text import Language, Text

JAPAN = timezone(timedelta(hours=9), "JST")

GROUPS = 200
"""Groups on a page at most: nobody reviews more by reading."""
LINES = 4000
"""Lines of differences on a page, shared out among the groups: the JSON has all of them."""
FEWEST, MOST = 5, 100
"""Lines of one group at least and at most."""
NAMES = 60
"""Stacks of a group that are named; the table has all of them."""
SLOWEST = 10
REASONS = 400_000
"""Characters of reasons in the table, shared out among the failures, each within these limits:"""
SHORTEST, LONGEST = 120, 600


class _Page:
    """A report being written in one language."""

    def __init__(self, report: Report, known: Mapping[str, LocalGovernment], language: Language) -> None:
        self.report = report
        self.known = known
        self.language: Language = language
        self.names = {s.stack: s.name for s in report.stacks}
        failed = sum(bool(s.causes) for s in report.stacks)
        self.longest = max(SHORTEST, min(LONGEST, REASONS // max(failed, 1)))
        self.numbers = {g.digest: n for n, g in enumerate(report.groups, start=1)}

    def t(self, ja: str, en: str) -> str:
        return escape(ja if self.language == "ja" else en)

    def say(self, text: Text | Words | None) -> str:
        return "" if text is None else escape(text.ja if self.language == "ja" else text.en)

    # The head

    def head(self) -> Iterator[str]:
        report = self.report
        title = f"{self.t('フリート実行報告', 'Fleet run report')}: {self.say(OPERATIONS[report.operation])}"
        yield f"<header><h1>{title}</h1>"
        facts = [
            (self.t("実行", "run"), f"<code>{escape(report.run)}</code>"),
            (self.t("対象", "target"), self.say(TARGETS[report.target])),
            (self.t("選択", "selection"), f"<code>{escape(report.selection)}</code>"),
            (self.t("開始", "started"), _time(report.started)),
            (self.t("終了", "ended"), _time(report.ended) if report.ended else self.t("実行中", "under way")),
            (self.t("所要", "took"), self._took()),
        ]
        yield '<dl class="facts">'
        yield from (f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
        yield "</dl>"
        if report.stopped is not None:
            yield f'<p class="stopped" role="status">{self.say(report.stopped)}</p>'
        yield '<ul class="tally">'
        yield f"<li><b>{len(report.stacks)}</b>{self.t('スタック', 'stacks')}</li>"
        for outcome, name in OUTCOMES.items():
            if count := report.outcomes.get(outcome, 0):
                yield f'<li class="o-{outcome}"><b>{count}</b>{self.say(name)}</li>'
        yield f"</ul><p></p>{maps.bar(report.outcomes)}</header>"

    def _took(self) -> str:
        if self.report.ended is None:
            return "–"
        seconds = (self.report.ended - self.report.started).total_seconds()
        rate = 60 * len(self.report.stacks) / seconds if seconds > 0 else 0
        pace = self.t(f"（毎分{rate:.0f}スタック）", f" ({rate:.0f} stacks a minute)")
        return f"{_duration(seconds)}{pace}"

    # Maps

    def maps(self) -> Iterator[str]:
        report = self.report
        yield f"<section><h2>{self.t('地図', 'Maps')}</h2><div class=maps><figure>"
        yield f'<div class="tiles">{maps.tiles(report.stacks, self.language)}</div>'
        by_prefecture = self.t(
            "都道府県別。数字はスタック数（失敗/全体）。押すと下の表を絞り込む。",
            "By prefecture: failed/all stacks. Press one to narrow the table below.",
        )
        yield f"<figcaption>{by_prefecture}</figcaption></figure><figure>"
        yield maps.bodies(report.stacks, self.known, self.language)
        yield f"<ul class=legend>{''.join(maps.legend(self.language))}</ul>"
        by_body = self.t(
            "団体別。位置は登録簿の座標。四角は都道府県。枠内は南西諸島と小笠原。",
            "By body, at the coordinates in the registry; squares are prefectures. "
            "In frames: the Ryukyu and Ogasawara islands.",
        )
        yield f"<figcaption>{by_body}</figcaption></figure></div></section>"

    # Failures

    def failures(self) -> Iterator[str]:
        if not self.report.failures:
            return
        yield f"<section><h2>{self.t('失敗', 'Failures')}</h2>"
        for number, group in enumerate(self.report.failures, start=1):
            yield from self._failure(group, opened=number <= 3)
        yield "</section>"

    def _failure(self, group: FailureGroup, *, opened: bool) -> Iterator[str]:
        cause = group.cause
        yield f"<details{' open' if opened else ''}><summary><span class=count>{len(group.stacks)}</span>"
        yield f"<h3>{self.say(cause.what)}</h3><span class=names>{escape(cause.place)}</span></summary><div>"
        yield self._cause(cause)
        yield f"<p class=names>{self._named(group.stacks)}</p>"
        command = f"./jichitai fleet {self.report.operation} --failed-in {self.report.run}"
        yield f"<p>{self.t('失敗したものだけをもう一度:', 'Only what failed, once more:')} "
        yield f"<code>{escape(command)}{' --cloud' if self.report.target == 'cloud' else ''}</code></p>"
        yield "</div></details>"

    def _cause(self, cause: Cause) -> str:
        return f"<pre>{escape(cause.why)}</pre><p>{self.t('対処', 'What to do')}: {self.say(cause.do)}</p>"

    def _named(self, stacks: Sequence[str]) -> str:
        links = [f'<a href="#s-{escape(s)}">{escape(self.names.get(s, s))}</a>' for s in stacks[:NAMES]]
        more = len(stacks) - len(links)
        rest = self.t(f" ほか{more}件", f" and {more} more") if more else ""
        return self.t("、", ", ").join(links) + rest

    # Differences

    def groups(self) -> Iterator[str]:
        groups = self.report.groups
        if not groups:
            return
        stacks = sum(len(g.stacks) for g in groups)
        yield f"<section><h2>{self.t('差分のまとまり', 'Groups of equal difference')}</h2><p>"
        yield self.t(
            f"差分のある{stacks}スタックは{len(groups)}通りです。名称・コード・ユニット・アドレス・IDなど"
            "団体ごとに異なるのが当然の値は記号に置き換えて比べています。",
            f"{stacks} stacks differ in {len(groups)} ways. Values that are each body's own (names, codes, "
            "units, addresses, ids) are replaced by signs before they are compared.",
        )
        yield "</p>"
        limit = max(FEWEST, min(MOST, LINES // len(groups)))
        for number, group in enumerate(groups[:GROUPS], start=1):
            yield from self._group(group, number, limit)
        if (more := len(groups) - GROUPS) > 0:
            left = self.t(f"ほか{more}通り（JSON にすべてある）", f"{more} more in the JSON")
            yield f"<p class=none>{left}</p>"
        yield "</section>"

    def _group(self, group: Group, number: int, limit: int) -> Iterator[str]:
        changes = self._changes(group.changes)
        yield f'<details id="g-{number}"><summary><span class=count>{len(group.stacks)}</span>'
        yield f"<h3>{self.t(f'差分 {number}', f'Difference {number}')}: {changes}</h3>"
        yield f"<span class=names>{escape(_gist(group.lines))}</span></summary><div>"
        yield f"<p class=names>{self._named(group.stacks)} "
        yield f'<a href="#all" data-pick="{number}">{self.t("表で見る", "in the table")}</a></p>'
        yield "<div class=wide><table><thead><tr>"
        for title in (
            self.t("操作", "operation"),
            self.t("種類", "type"),
            self.t("名前", "name"),
            self.t("項目", "property"),
            self.t("前", "before"),
            self.t("後", "after"),
        ):
            yield f"<th scope=col>{title}</th>"
        yield "</tr></thead><tbody>"
        yield from (self._line(line) for line in group.lines[:limit])
        yield "</tbody></table></div>"
        if (more := len(group.lines) - limit) > 0:
            left = self.t(f"ほか{more}行（JSON にすべてある）", f"{more} more lines in the JSON")
            yield f"<p class=none>{left}</p>"
        yield "</div></details>"

    def _line(self, line: Line) -> str:
        name = CHANGES.get(line.operation)
        cells = (
            self.say(name) if name else escape(line.operation),
            f"<code>{escape(line.type)}</code>",
            escape(line.name),
            f"<code>{escape(line.property)}</code>" if line.property else "",
            f"<code class=old>{escape(_short(line.old))}</code>" if line.old else "",
            f"<code class=new>{escape(_short(line.new))}</code>" if line.new else "",
        )
        return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"

    def _changes(self, counts: Mapping[str, int]) -> str:
        parts = (f"{self.say(CHANGES[op]) if op in CHANGES else escape(op)} {n}" for op, n in counts.items())
        return self.t("、", ", ").join(parts)

    # Clouds and time

    def clouds(self) -> Iterator[str]:
        counted: dict[str, Counter[Outcome]] = defaultdict(Counter)
        seconds: dict[str, list[float]] = defaultdict(list)
        for stack in self.report.stacks:
            for cloud in stack.clouds:
                counted[cloud][stack.outcome] += 1
                if stack.attempts:
                    seconds[cloud].append(stack.seconds)
        present: list[Outcome] = [o for o in OUTCOMES if self.report.outcomes.get(o)]
        yield f"<section><h2>{self.t('クラウド別と所要時間', 'By cloud, and time taken')}</h2>"
        yield f"<div class=wide><table><thead><tr><th scope=col>{self.t('クラウド', 'cloud')}</th>"
        yield f"<th scope=col class=n>{self.t('計', 'all')}</th>"
        yield from (f"<th scope=col class=n>{self.say(OUTCOMES[o])}</th>" for o in present)
        yield f"<th scope=col class=n>{self.t('中央値', 'median')}</th>"
        yield f"<th scope=col class=n>{self.t('最長', 'longest')}</th></tr></thead><tbody>"
        for cloud, counts in sorted(counted.items()):
            times = sorted(seconds[cloud])
            yield f"<tr><th scope=row>{escape(cloud)}</th><td class=n>{counts.total()}</td>"
            yield from (f"<td class=n>{counts[o] or '–'}</td>" for o in present)
            yield f"<td class=n>{_duration(times[len(times) // 2]) if times else '–'}</td>"
            yield f"<td class=n>{_duration(times[-1]) if times else '–'}</td></tr>"
        yield "</tbody></table></div>"
        slow = sorted((s for s in self.report.stacks if s.attempts), key=lambda s: -s.seconds)[:SLOWEST]
        if slow:
            listed = (
                f'<a href="#s-{escape(s.stack)}">{escape(s.name)}</a> {_duration(s.seconds)}' for s in slow
            )
            yield f"<p>{self.t('最も時間のかかったもの', 'Slowest')}: {self.t('、', ', ').join(listed)}</p>"
        yield "</section>"

    # The table

    def table(self) -> Iterator[str]:
        yield f"<section><h2>{self.t('すべてのスタック', 'All stacks')}</h2>"
        yield from self._filters()
        counted = self.t("{} / {} スタック", "{} of {} stacks")
        yield f'<div class=wide><table id=all><caption id=shown aria-live=polite data-text="{counted}">'
        count = len(self.report.stacks)
        yield f"{self.t(f'{count} スタック', f'{count} stacks')}</caption>"
        yield "<thead><tr>"
        for title, numeric in (
            (self.t("団体・スタック", "body and stack"), False),
            (self.t("種別", "kind"), False),
            (self.t("クラウド", "cloud"), False),
            (self.t("環境", "environment"), False),
            (self.t("結果", "outcome"), False),
            (self.t("秒", "seconds"), True),
            (self.t("変更", "changes"), True),
            (self.t("差分", "difference"), True),
            (self.t("原因・繰り返すコマンド", "cause, and command to repeat"), False),
        ):
            kind = " class=n" if numeric else ""
            yield f"<th scope=col{kind}><button type=button>{title}</button></th>"
        yield "</tr></thead><tbody>"
        yield from (self._row(stack) for stack in self.report.stacks)
        yield "</tbody></table></div></section>"

    def _filters(self) -> Iterator[str]:
        stacks = self.report.stacks
        choices: list[tuple[str, str, list[tuple[str, str]]]] = [
            (
                "prefecture",
                self.t("都道府県", "prefecture"),
                [(p, escape(p)) for p in dict.fromkeys(s.prefecture for s in stacks) if p],
            ),
            ("kind", self.t("種別", "kind"), self._present(KINDS, (s.kind for s in stacks))),
            (
                "cloud",
                self.t("クラウド", "cloud"),
                [(c, escape(c)) for c in sorted({c for s in stacks for c in s.clouds})],
            ),
            ("outcome", self.t("結果", "outcome"), self._present(OUTCOMES, (s.outcome for s in stacks))),
            (
                "group",
                self.t("差分", "difference"),
                [(str(n), f"{n}") for n in range(1, min(len(self.report.groups), GROUPS) + 1)],
            ),
        ]
        yield '<form class="filters" id="filters" hidden>'
        yield f"<label>{self.t('検索', 'search')}<input type=search name=text></label>"
        for name, title, options in choices:
            listed = "".join(f'<option value="{escape(v)}">{label}</option>' for v, label in options)
            yield f"<label>{title}<select name={name}><option value=''>{self.t('すべて', 'all')}</option>"
            yield f"{listed}</select></label>"
        yield f"<button type=reset>{self.t('絞り込みを解除', 'clear')}</button></form>"

    def _present(self, titles: Mapping[Any, Text], values: Iterable[str]) -> list[tuple[str, str]]:
        there = set(values)
        return [(v, self.say(title)) for v, title in titles.items() if v in there]

    def _row(self, stack: Stack) -> str:
        order = list(OUTCOMES).index(stack.outcome)
        changed = sum(c.number for c in stack.changes)
        number = self.numbers.get(stack.group)
        shown = number is not None and number <= GROUPS
        link = f'<a href="#g-{number}">{number}</a>' if shown else str(number or "")
        environment = ENVIRONMENTS[stack.environment]
        cells = (
            f'<td data-v="{stack.code} {escape(stack.stack)}">{escape(stack.name)}<br>'
            f"<small>{escape(stack.stack)}</small></td>",
            f"<td>{self.say(KINDS[stack.kind]) if stack.kind in KINDS else ''}</td>",
            f"<td>{escape(', '.join(stack.clouds))}</td>",
            f"<td>{self.say(environment)}</td>",
            f'<td data-v="{order}"><b class="o-{stack.outcome}">{self.say(OUTCOMES[stack.outcome])}</b></td>',
            f"<td class=n>{stack.seconds:.1f}</td>" if stack.attempts else '<td class=n data-v="-1"></td>',
            f'<td class=n data-v="{changed}">{changed or ""}</td>',
            f'<td class=n data-v="{number or 0}">{link}</td>',
            f"<td>{self._why(stack)}</td>",
        )
        return (
            f'<tr id="s-{escape(stack.stack)}" data-prefecture="{escape(stack.prefecture)}"'
            f' data-kind="{stack.kind}" data-cloud="{escape(" ".join(stack.clouds))}"'
            f' data-outcome="{stack.outcome}" data-group="{number or ""}">{"".join(cells)}</tr>'
        )

    def _why(self, stack: Stack) -> str:
        if stack.skipped is not None:
            return self.say(stack.skipped)
        if stack.outcome not in ("failed", "cancelled"):
            return ""
        causes = "".join(
            f"{self.say(c.what)} <small>{escape(c.place)}</small>"
            f"<pre>{escape(_short(c.why, self.longest))}</pre>"
            for c in stack.causes
        )
        return f"{causes}<code>{escape(stack.command)}</code>" if stack.command else causes


def page(report: Report, known: Mapping[str, LocalGovernment], language: Language) -> str:
    """The report as one HTML document in `language`. `known` are the bodies by code, for the map."""
    script, style = _resource("page.js"), _resource("page.css")
    allowed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    one = _Page(report, known, language)
    title = f"{one.t('フリート実行報告', 'Fleet run report')} {escape(report.run)}"
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>",
        f'<a class="skip" href="#all">{one.t("表へ", "To the table")}</a>',
        *one.head(),
        "<main>",
        *one.failures(),
        *one.maps(),
        *one.groups(),
        *one.clouds(),
        *one.table(),
        "</main>",
        f"<footer>Jichitai · {one.t('時刻は日本時間', 'Times are Japan time')}</footer>",
        f"<script>{script}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts)


def _resource(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _time(moment: datetime) -> str:
    return f'<time datetime="{moment.isoformat()}">{moment.astimezone(JAPAN):%Y-%m-%d %H:%M:%S}</time>'


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _gist(lines: Sequence[Line]) -> str:
    """What a difference is about, in a few words: its properties, else its types."""
    named = Counter(x.property or x.type.rpartition(":")[2] for x in lines)
    first = [name for name, _ in named.most_common(3)]
    return ", ".join(first) + (" …" if len(named) > len(first) else "")


def _short(text: str, longest: int = 160) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
