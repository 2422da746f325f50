"""docs/sakura-lessons.md names places that exist: files of the provider, and tests by their names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    line.split(" | ")
    for line in (ROOT / "docs" / "sakura-lessons.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


def test_every_lesson_is_honoured_somewhere_and_shown_by_a_test() -> None:
    assert [int(row[0].strip("| ")) for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 50
    for number, lesson, where, shown in ROWS:
        assert " / " in lesson, f"{number}: both languages"
        for file in where.split(", "):
            assert (ROOT / file).is_file(), f"{number}: {file}"
        for test in shown.removesuffix(" |").split(", "):
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{number}: {test}"
