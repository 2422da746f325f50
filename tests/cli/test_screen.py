"""What is drawn while the engine runs and after it, in both languages, on a terminal and off it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console as Rich

from scripts.cli import render
from scripts.cli.console import Console
from scripts.cli.live import EVERY, Screen, following
from scripts.engine.changes import Change
from scripts.engine.events import Diagnostic, Place, Registering, Step, read
from scripts.engine.failures import failures_of
from scripts.engine.progress import Progress
from stacks.text import Language, Text

DATA = Path(__file__).parent / "data"
TITLE = Text("構築", "up")
URN = "urn:pulumi:s::jichitai::jichitai:aws:Paas$aws:rds/instance:Instance::db"


def screen_of(
    language: Language, *, terminal: bool = False, quiet: bool = False
) -> tuple[Console, io.StringIO]:
    console = Console(language=language, quiet=quiet)
    page = io.StringIO()
    both = Rich(file=page, width=100, force_terminal=terminal, color_system=None, emoji=False)
    console.__dict__.update(out=both, err=both)
    return console, page


def recorded(name: str) -> Progress:
    progress = Progress()
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        if (event := read(line)) is not None:
            progress.take(event)
    return progress


def step(phase: str, op: str = "create", name: str = "db", changes: tuple[Change, ...] = ()) -> Step:
    urn = URN.replace("::db", f"::{name}")
    return Step(phase, op, urn, Place("paas", "aws", "aws:rds/instance:Instance", name), True, changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("language", "word"), [("ja", "作成中"), ("en", "creating")])
def test_a_plain_line_has_count_time_and_the_step_under_way(language: Language, word: str) -> None:
    console, _ = screen_of(language)
    progress = Progress()
    for _ in range(3):
        progress.take(Registering(real=True))
    progress.take(step("begin", name="a"))
    progress.take(step("end", name="a"))
    progress.take(step("begin"))
    progress.take(step("begin", name="c"))
    line = Screen(console, TITLE).line(progress)
    assert re.fullmatch(rf"{TITLE.say(language)}  1/3  0 s  {word}  paas / rds.Instance db \(\+1\)", line)


def test_plain_lines_come_every_few_seconds_and_never_with_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("scripts.cli.live.time.monotonic", lambda: now[0])
    for quiet, expected in ((False, 3), (True, 0)):
        now[0] = 0.0
        console, page = screen_of("en", quiet=quiet)
        with following(console, TITLE) as screen:
            screen.began = 0.0
            for _ in range(200):  # ten seconds
                now[0] += 0.05
                screen.look(Progress())
        assert page.getvalue().count("\n") == expected
    assert EVERY == 3


def test_on_a_terminal_it_is_drawn_in_place_and_wiped() -> None:
    console, page = screen_of("ja", terminal=True)
    with following(console, TITLE) as screen:
        assert screen.live is not None
        progress = Progress(expected=2)
        progress.take(step("begin"))
        screen.look(progress)
        screen.live.refresh()
    drawn = page.getvalue()
    assert "作成中  paas / rds.Instance db" in drawn
    assert "0/2" in drawn
    assert drawn.endswith(("\x1b[2K", "\x1b[1A\x1b[2K", "\x1b[?25h")) or "\x1b[2K" in drawn


def test_failures_are_told_as_they_come() -> None:
    console, page = screen_of("en")
    screen = Screen(console, TITLE)
    progress = Progress()
    progress.take(step("begin"))
    progress.take(Diagnostic("error", "api error QuotaExceeded: no more\nsecond line", URN))
    progress.take(step("failed"))
    screen.look(progress)
    screen.look(progress)
    assert page.getvalue() == "✗ paas / rds.Instance db: api error QuotaExceeded: no more\n"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_summary_adds_up(language: Language) -> None:
    console, page = screen_of(language)
    progress = recorded("drift")
    console.show(render.summary_table(progress, console))
    rows = page.getvalue().splitlines()
    assert render.OPERATIONS["update"].say(language) in rows[0]
    assert rows[1].split()[-4:] == ["1", "1", "4", "6"]
    assert rows[-1].split()[-1] == "6"
    assert render.layers_record(progress) == {"baseline": {"delete": 1, "same": 4, "update": 1}}


def test_a_difference_is_shown_to_the_property_and_shortened() -> None:
    console, page = screen_of("en")
    long = "x" * 300
    changes = (
        Change("cidrBlock", "update", "10.0.0.0/16", "10.1.0.0/16", replaces=True),
        Change("policy", "add", None, long),
        Change("tags.old", "delete", "v[1]", None),
        *(Change(f"tags.n{n:02}", "add", None, n) for n in range(20)),
    )
    steps = [step("end", "replace", "a", changes), step("end", "same", "b")]
    render.show_changes(console, steps, full=False)
    short = page.getvalue()
    assert "± replace rds.Instance a" in short
    assert "~ cidrBlock: 10.0.0.0/16 → 10.1.0.0/16 (forces a replacement)" in short
    assert f"+ policy: {'x' * 100}…" in short
    assert "- tags.old: v[1]" in short
    assert "11 more (--diff)" in short
    assert "Instance b" not in short
    render.show_changes(console, steps, full=True)
    assert long in page.getvalue().replace("\n", "")
    assert "n19" in page.getvalue()


@pytest.mark.parametrize(
    ("language", "words"), [("ja", ("場所:", "理由:", "対処:")), ("en", ("where:", "why:"))]
)
def test_a_failure_has_all_four_parts(language: Language, words: tuple[str, ...]) -> None:
    console, page = screen_of(language)
    render.show_failures(console, failures_of(recorded("failed"), "", 1), "/log")
    said = page.getvalue()
    assert all(word in said for word in words)
    assert "VpcLimitExceeded: too many" in said


@pytest.mark.parametrize(
    ("language", "waiting", "vendor"),
    [
        ("ja", "回線待ち: east", "ベンダーのエンドポイント待ち"),
        ("en", "awaiting circuit: east", "awaiting the vendor's endpoint"),
    ],
)
def test_what_came_out_says_what_is_still_on_order(language: Language, waiting: str, vendor: str) -> None:
    console, page = screen_of(language)
    part: dict[str, Any] = {
        "unit": "111122223333",
        "region": "ap-northeast-1",
        "networks": {"main": "10.0.0.0/20"},
        "lgwan": {"mode": "own", "awaiting": ["east"], "ends": {"main": "113000000009"}},
        "packages": {"awaiting": ["welfare"]},
        "urls": {"tax": "https://tax.example.internal/"},
    }
    summary = {"name": "新宿区", "code": "131041", "environment": "production", "clouds": {"aws": part}}
    render.show_tenant(console, summary)
    said = page.getvalue()
    assert waiting in said
    assert re.search(rf"welfare +{vendor}", said)
    assert "https://tax.example.internal/" in said
    assert re.search(r"(相手に伝えるID|id for the other side).*main.*: 113000000009", said)


def test_colours_follow_the_terminal_and_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = io.StringIO()
    coloured.isatty = lambda: True  # type: ignore[method-assign]
    for no_color, expected in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", no_color)
        monkeypatch.setattr("sys.stderr", coloured)
        coloured.truncate(0)
        Console(language="en").say("hello", "good")
        assert ("\x1b[32m" in coloured.getvalue()) is expected
