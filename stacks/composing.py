"""From bytes to a tree of YAML nodes, or to the one problem that stands in the way.

Everything that could hurt is stopped here: files that are too large, no UTF-8, levels of nesting
that would overflow the parser's stack.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import yaml
from yaml._yaml import CParser  # PyYAML's libyaml parser; the stubs do not name it

from stacks.problems import Problem
from stacks.text import Text

MAX_BYTES = 256 * 1024
"""A manifest has a few kilobytes. A quarter of a megabyte leaves room and bounds the work."""
MAX_NODES = 20_000
"""Values in one file after aliases are expanded: what stops a "billion laughs"."""
MAX_DEPTH = 24
"""Nesting. The deepest field of a manifest is at eight."""

_OPENERS = re.compile(r"[\[{]|[-?:]\s")
SAFE_OPENERS = 2_000
"""Below this many marks that may open a level, the depth is harmless; above, it is measured first."""
TAG = "tag:yaml.org,2002:"
PLAIN = "plain"
KNOWN_TAGS = frozenset(
    (PLAIN, *(TAG + kind for kind in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")))
)


class _Loader(CParser):
    """libyaml's parser without PyYAML's resolution of plain scalars: that is done here."""

    def resolve(self, kind: type[yaml.Node], value: str, implicit: Any) -> str:  # noqa: ARG002
        if kind is yaml.ScalarNode:
            return PLAIN if implicit[0] else f"{TAG}str"
        return f"{TAG}map" if kind is yaml.MappingNode else f"{TAG}seq"

    def descend_resolver(self, parent: Any, index: Any) -> None:
        """Nothing: no path resolvers."""

    def ascend_resolver(self) -> None:
        """Nothing: no path resolvers."""


class Refused(Exception):  # noqa: N818 - a verdict on the input, not an error of ours
    """A YAML text that cannot become a value; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.rule)
        self.problem = problem


def refusal(rule: str, node: yaml.Node | None, message: Text, remedy: Text, **more: Any) -> Problem:
    """A problem at a node of the tree, or at the beginning of the file."""
    line = node.start_mark.line + 1 if node else 1
    column = node.start_mark.column + 1 if node else 1
    return Problem(rule, (), message, remedy, line=line, column=column, **more)


def empty() -> Problem:
    """That there is nothing in the file but comments."""
    return refusal(
        "yaml-empty",
        None,
        Text("ファイルが空です。", "The file is empty."),
        Text(
            "`./jichitai new 団体コード --cloud aws` で雛形を作れます。",
            "`./jichitai new CODE --cloud aws` writes one to start from.",
        ),
    )


def decode(data: bytes) -> tuple[str | None, Problem | None]:
    """The text of a file, without a byte order mark, or why it is none."""
    if len(data) > MAX_BYTES:
        return None, refusal(
            "file-too-large",
            None,
            Text(
                f"ファイルが大きすぎます({len(data):,}バイト)。",
                f"The file is too large ({len(data):,} bytes).",
            ),
            Text("マニフェストだけを書いてください。", "Keep nothing but the manifest in it."),
            allowed=(f"<= {MAX_BYTES:,} bytes",),
        )
    try:
        return data.decode("utf-8-sig"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        column = error.start - (data[: error.start].rfind(b"\n") + 1) + 1
        problem = refusal(
            "not-utf8",
            None,
            Text("UTF-8の文字ではありません。", "This is not UTF-8 text."),
            Text(
                "エディターで文字コードをUTF-8(BOMなし)にして保存し直してください。",
                "Save the file again as UTF-8 (without a byte order mark).",
            ),
            found=f"0x{data[error.start]:02X}",
            allowed=("UTF-8",),
        )
        return None, replace(problem, line=line, column=column)


def compose(text: str) -> yaml.Node | None:
    """The tree of the one document in `text`, or None where there is none. Raises Refused."""
    try:
        # libyaml's composer recurses in C without a limit: 100,000 brackets end the process.
        if len(_OPENERS.findall(text)) > SAFE_OPENERS:
            _check_depth(text)
        return _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise Refused(_syntax(error, text)) from None
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        # libyaml counts bytes.
        before = text.encode()[: position if isinstance(position, int) else 0].decode(errors="ignore")
        raise Refused(
            replace(
                refusal(
                    "yaml-character",
                    None,
                    Text(
                        "YAMLに書けない制御文字があります。",
                        "There is a control character that YAML does not allow.",
                    ),
                    Text("その文字を削除してください。", "Delete the character."),
                ),
                line=before.count("\n") + 1,
                column=len(before) - (before.rfind("\n") + 1) + 1,
            )
        ) from None


def _check_depth(text: str) -> None:
    depth, parser = 0, CParser(text)
    while (event := parser.get_event()) is not None:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise Refused(_too_deep(event.start_mark.line + 1, event.start_mark.column + 1))


def _too_deep(line: int, column: int) -> Problem:
    return Problem(
        "yaml-too-large",
        (),
        Text(f"入れ子が{MAX_DEPTH}段を超えています。", f"There are more than {MAX_DEPTH} levels of nesting."),
        Text("マニフェストを簡潔にしてください。", "Keep the manifest plain."),
        line=line,
        column=column,
    )


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    lines = text.splitlines()
    written = lines[line - 1] if line <= len(lines) else ""
    what = " ".join(part for part in (error.context, error.problem) if part)
    remedy = Text(
        "この行の前後で、字下げ(半角空白2つ)、コロンの後の空白、引用符と括弧の対応を確かめてください。",
        "Around this line, check the indentation (two spaces), the space after each colon, and that "
        "quotes and brackets are closed.",
    )
    if "\t" in written[: len(written) - len(written.lstrip())] or "\\t" in (error.problem or ""):
        remedy = Text(
            "字下げにタブは使えません。半角空白2つに置き換えてください。",
            "Tabs cannot indent. Use two spaces instead.",
        )
    elif "expected a single document" in what:
        remedy = Text(
            "「---」で区切られた2つ目以降の文書を削除してください。",
            "Delete every document after the first `---`.",
        )
    return Problem(
        "yaml-syntax",
        (),
        Text(f"YAMLとして読めません({what})。", f"This is not YAML: {what}."),
        remedy,
        found=written.strip()[:80] or None,
        line=line,
        column=column,
    )
