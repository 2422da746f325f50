"""What is wrong with an input, said so that its author can mend it.

A problem has everything that a person, an editor and a pipeline want: where it is (file, line,
column, path), what was found, what is allowed, the nearest valid value, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from stacks.text import Language, Text

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong. `rule` is a stable id for programs; `line` and `column` count from 1."""

    rule: str
    path: Path
    message: Text
    remedy: Text
    found: str | None = None
    allowed: tuple[str | Text, ...] = ()
    nearest: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, as far as they are known."""
        known = [str(part) for part in (self.file, self.line, self.column) if part is not None]
        return ":".join(known)

    @property
    def yaml_path(self) -> str:
        """The path as people write it: `clouds.aws.zones[1]`."""
        return path_text(self.path)

    def lines(self, language: Language) -> list[str]:
        """The problem as plain lines: where and what, then the details that exist."""
        head = " ".join(part for part in (self.place, self.yaml_path) if part)
        message = self.message.say(language)
        found = [f"{head}: {message}" if head else message]
        if self.found is not None:
            found.append(f"  {LABELS['found'].say(language)}: {self.found}")
        if self.allowed:
            found.append(
                f"  {LABELS['allowed'].say(language)}: {', '.join(say(a, language) for a in self.allowed)}"
            )
        if self.nearest is not None:
            found.append(f"  {LABELS['nearest'].say(language)}: {self.nearest}")
        found.append(f"  {LABELS['remedy'].say(language)}: {self.remedy.say(language)}")
        return found

    def record(self) -> dict[str, Any]:
        """The problem for JSON, both languages in it."""
        return {
            "rule": self.rule,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "path": self.yaml_path,
            "found": self.found,
            "allowed": [a if isinstance(a, str) else {"ja": a.ja, "en": a.en} for a in self.allowed],
            "nearest": self.nearest,
            "message": {"ja": self.message.ja, "en": self.message.en},
            "remedy": {"ja": self.remedy.ja, "en": self.remedy.en},
        }


LABELS = {
    "found": Text("検出値", "found"),
    "allowed": Text("許容値", "allowed"),
    "nearest": Text("近い候補", "nearest"),
    "remedy": Text("対処", "what to do"),
}


class Problems(Exception):  # noqa: N818 - a verdict on an input, not an error of ours
    """All problems of an input, at once. Its text is complete and for people."""

    def __init__(self, problems: Sequence[Problem], language: Language = "en") -> None:
        self.problems = tuple(problems)
        self.language: Language = language
        super().__init__("\n".join(line for p in problems for line in p.lines(language)))


def say(value: str | Text, language: Language) -> str:
    """A value as it is, a description in the reader's language."""
    return value if isinstance(value, str) else value.say(language)


def path_text(path: Path) -> str:
    """`clouds.aws.zones[1]` for `("clouds", "aws", "zones", 1)`; keys with dots are in brackets too."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif "." in part:
            text += f'["{part}"]'
        else:
            text += f".{part}" if text else part
    return text


def unknown(rule: str, path: Path, found: str, valid: Iterable[str], what: Text) -> Problem:
    """The problem that `found` is none of `valid`, `what` saying of what kind those are."""
    allowed = tuple(valid)
    near = nearest(found, allowed)
    return Problem(
        rule,
        path,
        Text(f"{what.ja}「{found}」はありません。", f"There is no {what.en} `{found}`."),
        Text(
            f"「{near}」の誤りではありませんか。許容値のいずれかに直してください。",
            f"Did you mean `{near}`? Use one of the allowed values.",
        )
        if near
        else Text("許容値のいずれかに直してください。", "Use one of the allowed values."),
        found=found,
        allowed=allowed,
        nearest=near,
    )


def nearest(found: str, valid: Iterable[str], cutoff: float = 0.55) -> str | None:
    """The valid value most like `found`, or None where none is like it.

    Likeness is difflib's ratio, in lower case, 0 to 1. Of equals the first wins.
    """
    wanted = found.lower()
    matcher: SequenceMatcher[str] = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    best, best_ratio = None, cutoff
    for value in valid:
        matcher.set_seq1(value.lower())
        if matcher.real_quick_ratio() <= best_ratio or matcher.quick_ratio() <= best_ratio:
            continue
        if (ratio := matcher.ratio()) > best_ratio:
            best, best_ratio = value, ratio
    return best
