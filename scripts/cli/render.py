"""Results for people: what was done by layer, what differs, what failed, where to go from here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scripts.cli.console import Console, plain
from scripts.engine.changes import Change
from scripts.engine.events import Step
from scripts.engine.failures import Failure
from scripts.engine.progress import LAYERS, Progress
from stacks.text import Text

if TYPE_CHECKING:
    from rich.table import Table

OPERATIONS: dict[str, Text] = {
    "create": Text("作成", "created"),
    "update": Text("変更", "updated"),
    "replace": Text("作り直し", "replaced"),
    "delete": Text("削除", "deleted"),
    "import": Text("取り込み", "imported"),
    "read": Text("参照", "read"),
    "same": Text("そのまま", "unchanged"),
    "failed": Text("失敗", "failed"),
}
"""The columns of the summary, in order; an operation of another name has a column of its own at the end."""

PLANNED: dict[str, Text] = {
    "create": Text("作成", "create"),
    "update": Text("変更", "update"),
    "replace": Text("作り直し", "replace"),
    "delete": Text("削除", "delete"),
    "import": Text("取り込み", "import"),
}
_SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "magenta"),
    "delete": ("-", "red"),
}
_LAYER_NAMES: dict[str, Text] = {
    "baseline": Text("baseline 基盤", "baseline"),
    "lgwan": Text("lgwan 閉域接続", "lgwan"),
    "iaas": Text("iaas 計算基盤", "iaas"),
    "paas": Text("paas 共通機能", "paas"),
    "saas": Text("saas 業務", "saas"),
    "": Text("その他", "other"),
}
LONGEST = 100
"""Characters of a value in a difference, unless all of it was asked for."""
MANY = 12
"""Properties of one resource that are listed, unless all were asked for."""


def layers_record(progress: Progress) -> dict[str, dict[str, int]]:
    """The counts by layer and operation, for JSON and for the table."""
    found: dict[str, dict[str, int]] = {}
    for layer in (*LAYERS, ""):
        counts = {op: n for (where, op), n in sorted(progress.counts.items()) if where == layer}
        if counts:
            found[layer or "other"] = counts
    return found


def summary_table(progress: Progress, console: Console) -> Table:
    """What was done, by layer and operation."""
    from rich.table import Table

    layers = layers_record(progress)
    known = [op for op in OPERATIONS if any(op in counts for counts in layers.values())]
    more = sorted({op for counts in layers.values() for op in counts} - set(OPERATIONS))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(console.t(Text("層", "layer")))
    for op in (*known, *more):
        table.add_column(console.t(OPERATIONS.get(op, op)), justify="right")
    table.add_column(console.t(Text("計", "total")), justify="right")

    def row(name: str, counts: Mapping[str, int], style: str = "") -> None:
        cells = [str(counts[op]) if counts.get(op) else "·" for op in (*known, *more)]
        table.add_row(name, *cells, str(sum(counts.values())), style=style)

    for layer, counts in layers.items():
        row(console.t(_LAYER_NAMES["" if layer == "other" else layer]), counts)
    totals: dict[str, int] = {}
    for counts in layers.values():
        for op, n in counts.items():
            totals[op] = totals.get(op, 0) + n
    row(console.t(Text("合計", "total")), totals, "bold")
    return table


def changed(steps: Iterable[Step]) -> list[Step]:
    """The steps that change something, by layer, type and name."""
    order = {layer: index for index, layer in enumerate(LAYERS)}
    found = [s for s in steps if s.op not in ("same", "read", "refresh")]
    return sorted(found, key=lambda s: (order.get(s.place.layer, 9), s.place.type, s.place.name))


def show_changes(console: Console, steps: Sequence[Step], *, full: bool) -> None:
    """Each resource that changes, with the properties that do."""
    layer = None
    for step in changed(steps):
        if step.place.layer != layer:
            layer = step.place.layer
            console.line("")
            console.show(f"[bold]{console.t(_LAYER_NAMES.get(layer, layer))}[/]")
        sign, style = _SIGNS.get(step.op, ("•", "cyan"))
        verb = console.t(PLANNED.get(step.op, step.op))
        console.show(f"  [{style}]{sign} {verb}[/] {plain(f'{step.place.kind} {step.place.name}')}")
        shown = step.changes if full else step.changes[:MANY]
        for change in shown:
            console.line(f"      {change_text(change, console, full=full)}")
        if len(step.changes) > len(shown):
            rest = len(step.changes) - len(shown)
            console.line(console.t(Text(f"      ほか {rest} 件（--diff）", f"      {rest} more (--diff)")))


def change_text(change: Change, console: Console, *, full: bool) -> str:
    """One property: `cidr: 10.0.0.0/24 → 10.0.1.0/24`."""
    mark = console.t(Text("（作り直しになる）", " (forces a replacement)")) if change.replaces else ""
    if change.kind == "add":
        return f"+ {change.path}: {value_text(change.new, full=full)}{mark}"
    if change.kind == "delete":
        return f"- {change.path}: {value_text(change.old, full=full)}{mark}"
    old, new = value_text(change.old, full=full), value_text(change.new, full=full)
    return f"~ {change.path}: {old} → {new}{mark}"


def value_text(value: Any, *, full: bool) -> str:
    """A value on one line, shortened unless all of it was asked for."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.replace("\n", "⏎")
    return text if full or len(text) <= LONGEST else f"{text[:LONGEST]}…"


def changes_record(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The changes for JSON."""
    return [
        {
            "operation": s.op,
            "layer": s.place.layer or None,
            "cloud": s.place.cloud or None,
            "type": s.place.type,
            "resource": s.place.name,
            "urn": s.urn,
            "properties": [c.record() for c in s.changes],
        }
        for s in changed(steps)
    ]


def show_failures(console: Console, failures: Sequence[Failure], log: str) -> None:
    """Each failure: what, where, why, what to do. A bug's whole story is in the log."""
    for failure in failures:
        console.say(failure.what, "bad")
        if failure.place is not None:
            console.detail(Text("場所:", "where:"), str(failure.place))
        console.detail(Text("理由:", "why:"), failure.why)
        console.detail(Text("対処:", "what to do:"), failure.do)
        if failure.cause == "program":
            console.detail(Text("ログ:", "log:"), log)


def show_tenant(console: Console, summary: Mapping[str, Any]) -> None:
    """What came out: units, what is still on order, and where people reach each package."""
    from rich.table import Table

    name = f"{summary.get('name', '')} ({summary.get('code', '')}) {summary.get('environment', '')}"
    console.show(f"[bold]{plain(name)}[/]")
    for cloud, part in (summary.get("clouds") or {}).items():
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 2))
        table.add_row(cloud, f"{part.get('unit', '')}  {part.get('region', '')}")
        for key, cidr in (part.get("networks") or {}).items():
            table.add_row(console.t(Text("ネットワーク", "network")), f"{key}  {cidr}")
        lgwan = part.get("lgwan") or {}
        waiting: list[str] = list(lgwan.get("awaiting") or ())
        label = console.t(Text("LGWAN 接続", "LGWAN"))
        if waiting:
            listed = ", ".join(waiting)
            table.add_row(label, plain(console.t(Text(f"回線待ち: {listed}", f"awaiting circuit: {listed}"))))
        else:
            table.add_row(label, console.t(Text("接続済み", "connected")))
        for key, end in sorted((lgwan.get("ends") or {}).items()):
            told = Text(f"相手に伝えるID（{key}）: {end}", f"id for the other side ({key}): {end}")
            table.add_row("", plain(console.t(told)))
        ordered = console.t(Text("ベンダーのエンドポイント待ち", "awaiting the vendor's endpoint"))
        for package in (part.get("packages") or {}).get("awaiting") or ():
            table.add_row(package, ordered)
        for package, url in sorted((part.get("urls") or {}).items()):
            table.add_row(package, plain(str(url)))
        console.show(table)
