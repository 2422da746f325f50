"""The two maps of the page: a tile a prefecture, a point a body."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from scripts.fleet.report.places import FRAMES, HEIGHT, TILES, WIDTH, point
from scripts.fleet.report.schema import Stack
from scripts.fleet.report.words import OUTCOMES
from stacks.registry import LocalGovernment
from stacks.text import Language, Text

ORDER = list(OUTCOMES)
BAD = ("failed", "cancelled")
RADIUS, MARK = 3.1, 6.0
"""Map units: a point's radius, and half the diagonal of the diamond that marks a failure."""


def bar(counts: Mapping[str, int]) -> str:
    """The outcomes as parts of a bar. A picture of figures that are written beside it."""
    total = sum(counts.values()) or 1
    parts = (
        f'<i class="o-{o}" style="width:{100 * counts[o] / total:.2f}%"></i>' for o in ORDER if counts.get(o)
    )
    return f'<span class="bar" aria-hidden="true">{"".join(parts)}</span>'


def tiles(stacks: Sequence[Stack], language: Language) -> str:
    """A tile for each prefecture: how many stacks it has, and how they fared."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for stack in stacks:
        counted[stack.prefecture][stack.outcome] += 1
    return "\n".join(_tile(name, place, counted[name], language) for name, place in TILES.items())


def _tile(name: str, place: tuple[int, int], counts: Counter[str], language: Language) -> str:
    column, row = place
    total = sum(counts.values())
    said = ", ".join(f"{OUTCOMES[o].say(language)} {counts[o]}" for o in ORDER if counts[o])
    label = Text(f"{name}: {total}スタック", f"{name}: {total} stacks").say(language)
    bad = sum(counts[o] for o in BAD)
    figure = f"{bad}/{total}" if bad else str(total)
    short = name if name == "北海道" else name[:-1]
    return (
        f'<button type="button" data-prefecture="{name}" aria-pressed="false"'
        f' style="grid-area:{row}/{column}"{" class=bad" if bad else ""}'
        f' title="{escape(label)} {escape(said)}" aria-label="{escape(label)} {escape(said)}">'
        f"{short}<span>{figure}</span>{bar(counts) if total else ''}</button>"
    )


def bodies(stacks: Sequence[Stack], known: Mapping[str, LocalGovernment], language: Language) -> str:
    """A point for each body, coloured by the stack that wants most attention; failures are diamonds."""
    worst: dict[str, Stack] = {}
    for stack in stacks:
        for code in stack.members or [stack.code]:
            seen = worst.get(code)
            if seen is None or ORDER.index(stack.outcome) < ORDER.index(seen.outcome):
                worst[code] = stack
    label = Text(f"日本地図: {len(worst)}団体", f"map of Japan: {len(worst)} bodies").say(language)
    # What wants attention is drawn last, so that nothing hides it.
    drawn = sorted(worst.items(), key=lambda item: -ORDER.index(item[1].outcome))
    parts = [
        f'<rect class="frame" x="{f.left}" y="{f.top}" width="{w}" height="{h}" rx="3"/>'
        for f in FRAMES
        for w, h in (f.size,)
    ]
    parts += [_point(code, stack, known, language) for code, stack in drawn if code in known]
    return (
        f'<svg class="japan" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(label)}">'
        + "\n".join(parts)
        + "</svg>"
    )


def _point(code: str, stack: Stack, known: Mapping[str, LocalGovernment], language: Language) -> str:
    body = known[code]
    x, y = point(body.latitude, body.longitude)
    name = escape(f"{body.full_name}: {OUTCOMES[stack.outcome].say(language)}")
    data = f'class="o-{stack.outcome}" data-o="{stack.outcome}" data-s="{escape(stack.stack)}"'
    return (
        f"{_shape(x, y, stack.outcome, data, square=body.kind == 'prefecture')}<title>{name}</title></path>"
    )


def _shape(x: float, y: float, outcome: str, data: str, *, square: bool) -> str:
    """The start tag of a point: a diamond for a failure, a square for a prefecture's, else a disc."""
    if outcome in BAD:
        path = f"M{x:g} {y - MARK:g}l{MARK:g} {MARK:g}-{MARK:g} {MARK:g}-{MARK:g}-{MARK:g}z"
    elif square:
        path = f"M{x - RADIUS:g} {y - RADIUS:g}h{2 * RADIUS:g}v{2 * RADIUS:g}h-{2 * RADIUS:g}z"
    else:
        half = f"a{RADIUS:g} {RADIUS:g} 0 1 0"
        path = f"M{x - RADIUS:g} {y:g}{half} {2 * RADIUS:g} 0{half}-{2 * RADIUS:g} 0z"
    return f'<path {data} d="{path}">'


def legend(language: Language) -> Iterator[str]:
    """What the colours and shapes mean, one line each."""
    for outcome, title in OUTCOMES.items():
        mark = _shape(8, 8, outcome, f'class="o-{outcome}"', square=False)
        svg = f'<svg viewBox="0 0 16 16" aria-hidden="true">{mark}</path></svg>'
        yield f"<li>{svg}{escape(title.say(language))}</li>"
