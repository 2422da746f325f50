"""What people see: results on standard output, everything on the way on standard error.

With `--json` standard output carries one document and nothing else; with `--quiet` the way is
silent. Colours follow the terminal and NO_COLOR (https://no-color.org).
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from scripts.cli.exits import Trouble
from stacks.text import Language, Text, language_of

if TYPE_CHECKING:
    from rich.console import Console as Rich
    from rich.console import RenderableType

WIDTH = 110
"""Columns where there is no terminal to ask: tables stay readable in a log."""

_MARKS = {"good": ("✓", "green"), "bad": ("✗", "red"), "note": ("•", "cyan"), "warning": ("!", "yellow")}


class Console:
    """Where a command writes. `json` and `quiet` are the command's own options."""

    def __init__(self, *, json: bool = False, quiet: bool = False, language: Language | None = None) -> None:
        self.json = json
        self.quiet = quiet
        self.language: Language = language or language_of()
        self.began = time.monotonic()
        self.told = False
        """Whether the command has said how it ended."""

    def t(self, text: Text | str) -> str:
        """`text` in the reader's language."""
        return text if isinstance(text, str) else text.say(self.language)

    @cached_property
    def out(self) -> Rich:
        """Standard output, for results."""
        return _rich(sys.stdout)

    @cached_property
    def err(self) -> Rich:
        """Standard error, for everything on the way."""
        return _rich(sys.stderr)

    @property
    def live(self) -> bool:
        """Whether the way can be drawn in place rather than line by line."""
        return not self.quiet and self.err.is_terminal and not self.err.is_dumb_terminal

    def say(self, text: Text | str, mark: str = "note") -> None:
        """Tell something on the way. Silent with `--quiet`, except for warnings."""
        if self.quiet and mark not in ("bad", "warning"):
            return
        sign, style = _MARKS[mark]
        self.err.print(f"[{style}]{sign}[/] {plain(self.t(text))}", highlight=False, soft_wrap=True)

    def detail(self, label: Text, text: Text | str) -> None:
        """A line below what was said: `why: …`."""
        body = self.t(text).replace("\n", "\n    ")
        self.err.print(f"  [dim]{self.t(label)}[/] {plain(body)}", highlight=False, soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Show a result. With `--json` nothing is shown: the document says it."""
        if not self.json:
            self.out.print(renderable, highlight=False)

    def line(self, text: Text | str) -> None:
        """One line of a result, never folded."""
        if not self.json:
            self.out.print(plain(self.t(text)), highlight=False, soft_wrap=True)

    def document(self, content: Mapping[str, Any] | list[Any]) -> None:
        """The one JSON document of a command, on standard output."""
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")
        sys.stdout.flush()

    def trouble(self, trouble: Trouble) -> None:
        """What, where, why, and what to do. With `--json` a document says it too."""
        self.err.print(f"[bold red]✗ {plain(self.t(trouble.what))}[/]", highlight=False, soft_wrap=True)
        for label, text in self._details(trouble):
            self.detail(label, text)
        if self.json and not trouble.reported:
            self.document({"result": "failed", "exit": int(trouble.exit), "error": trouble.record()})

    def _details(self, trouble: Trouble) -> list[tuple[Text, Text | str]]:
        found: list[tuple[Text, Text | str]] = []
        if trouble.where:
            found.append((Text(ja="場所:", en="where:"), trouble.where))
        if trouble.why:
            found.append((Text(ja="理由:", en="why:"), trouble.why))
        if trouble.do:
            found.append((Text(ja="対処:", en="what to do:"), trouble.do))
        return found


def plain(text: str) -> str:
    """`text` with rich's own markup made harmless."""
    return text.replace("[", "\\[")


def _rich(stream: TextIO) -> Rich:
    from rich.console import Console as Rich

    terminal = stream.isatty()
    width = None if terminal or "COLUMNS" in os.environ else WIDTH
    return Rich(file=stream, width=width, emoji=False)


_current: Console | None = None


def begin(*, json: bool = False, quiet: bool = False) -> Console:
    """The console of the command that starts now."""
    global _current
    _current = Console(json=json, quiet=quiet)
    return _current


def current() -> Console:
    """The console of the running command; a plain one before any has begun."""
    return _current or Console()
